use crate::domain::RemoteId;
use crate::plan::{Assumptions, Forecast, PAGE_LEN};
use crate::state::{ConnectionId, RunId, RunRow, StateError, Undoable, View};

/// What undoing a run would do, from the ledger alone.
#[derive(Debug, Clone)]
pub struct UndoPlan {
    pub run: RunRow,
    /// The connection that the run wrote to; `None`: it never sent anything.
    pub connection: Option<(ConnectionId, RemoteId)>,
    pub undoable: Undoable,
    pub forecast: Forecast,
}

impl UndoPlan {
    /// There is nothing to delete, and no deletion to read back.
    pub fn is_empty(&self) -> bool {
        self.undoable.orders + self.undoable.deleted == 0
    }
}

/// Why a run can't be undone: it is not known to be this job's.
#[derive(Debug, thiserror::Error)]
pub enum UndoRefusal {
    #[error(
        "there is no run {0} in the state of this account; nothing was deleted\n  hint: `ordersync status --runs 50` shows the runs there are"
    )]
    NoSuchRun(RunId),
    #[error(
        "run {run} is of job {job}, not of {asked}; nothing was deleted\n  hint: `ordersync status {asked}` shows its last run"
    )]
    OtherJob { run: RunId, job: String, asked: String },
    #[error(
        "a switch of the connection of {job} to `{to}` was interrupted; nothing was deleted\n  hint: `ordersync connection switch {job} --to {to}` resumes it; undo after it"
    )]
    SwitchOpen { job: String, to: &'static str },
    #[error(transparent)]
    State(#[from] StateError),
}

/// Plans the undoing of a run of a job. Sends nothing, writes nothing.
///
/// # Errors
/// When the run is not this job's, or the state can't be read.
pub fn plan_undo(
    view: &View,
    job: &str,
    run: RunId,
    terms: Assumptions,
) -> Result<UndoPlan, UndoRefusal> {
    let (Some(row), Some(origin)) = (view.run(run)?, view.origin(run)?) else {
        return Err(UndoRefusal::NoSuchRun(run));
    };
    if origin.job != job {
        return Err(UndoRefusal::OtherJob { run, job: origin.job, asked: job.to_owned() });
    }
    let Some((connection, remote)) = origin.connection else {
        let forecast = Forecast::new(0, terms);
        return Ok(UndoPlan {
            run: row,
            connection: None,
            undoable: Undoable::default(),
            forecast,
        });
    };
    if let Some(open) = view.open_switch(connection)? {
        return Err(UndoRefusal::SwitchOpen { job: job.to_owned(), to: open.to.word() });
    }
    let undoable = view.undoable(run, connection)?;
    let known = view.orders_listed(connection)?;
    // A check of the connection, its orders, one delete each, and its orders again. The first page
    // of a list comes before the others.
    let pages = |orders: u64| orders.div_ceil(PAGE_LEN).saturating_sub(1);
    let others = pages(known) + pages(known.saturating_sub(undoable.orders));
    let forecast = Forecast::new(undoable.orders + others, terms).after(3);
    Ok(UndoPlan { run: row, connection: Some((connection, remote)), undoable, forecast })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Fingerprint, OrderKey};
    use crate::state::{
        Kind, OrderIntent, OrderOutcome, RunStart, SeenConnection, Settled, Settlement, Store,
    };

    #[test]
    fn the_lists_that_an_undo_reads_contain_accepted_orders() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path(), "main").unwrap();
        let connection = store.record_connection(&SeenConnection::example("5")).unwrap();
        let start = RunStart { job: "shop", kind: Kind::Backfill, export: [1; 16], mapping: "" };
        let run = store.begin(&start).unwrap().id;
        store.set_connection(run, connection).unwrap();
        for number in 0..2 * PAGE_LEN {
            let key = OrderKey::parse(&number.to_string()).unwrap();
            let fingerprint = Fingerprint::from_i64(1);
            let intent = OrderIntent {
                key: key.clone(),
                fingerprint: Some(fingerprint),
                customer: None,
                cart: None,
            };
            store.intend_orders(run, connection, &[intent]).unwrap();
            let outcome = OrderOutcome::Accepted { is_new: true, batch: 1 };
            let orders = vec![Settled { key, fingerprint, outcome, digest: None }];
            let settlement = Settlement { orders, ..Settlement::default() };
            store.settle(run, connection, &settlement).unwrap();
        }
        let view = store.view().unwrap();
        let plan = plan_undo(&view, "shop", run, Assumptions::new(5.0, 8)).unwrap();
        // The connection, two pages of its orders, each delete, and a page without orders.
        assert_eq!(plan.forecast.total(), 1 + 2 + 2 * PAGE_LEN + 1);
    }
}
