use crate::domain::{LoadPath, Order};
use crate::extract::Export;
use crate::plan::{Decision, Fingerprints};
use crate::run::bulk::path_of;
use crate::run::ledger::Ledger;
use crate::run::plan_reader::PlanReader;
use crate::run::planned_record::{KeptDetails, RecordVerdict};
use crate::run::reading_error::ReadingError;
use crate::run::records::Records;
use crate::run::{ConnectionSpec, Job};
use crate::state::{ConnectionId, OpenSwitch, StateError, View};
use std::collections::BTreeSet;

/// Records after which any suitable order is used, and no better one is searched for.
const LOOK_MAX: usize = 50_000;
/// Orders that GraphQL never accepted, among which one is searched for.
const BY_REST_MAX: usize = 10_000;

/// What a change of path would do, from the ledger alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchPlan {
    pub job: String,
    pub service: String,
    pub externalid: String,
    pub connection: ConnectionId,
    pub from: LoadPath,
    pub to: LoadPath,
    /// Orders of the connection that the ledger knows.
    pub orders: u64,
    pub task: SwitchTask,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SwitchTask {
    /// Its orders are on that path already.
    Nothing,
    /// The connection has no order, so none can get a second record.
    Note,
    /// One order is sent. `resumed`: it may have been sent already, before an interruption.
    Canary { resumed: Option<OpenSwitch> },
    /// A change to the other path was interrupted, and is rolled back.
    GoBack(OpenSwitch),
}

/// Why the path can't be changed now. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum SwitchRefusal {
    #[error(
        "no order was loaded to the connection {service}/{externalid} yet, so there is nothing to switch\n  hint: set load = \"{to}\" in [jobs.{job}]; the first backfill decides the path"
    )]
    NothingLoaded { job: String, service: String, externalid: String, to: &'static str },
    #[error(
        "the last write of {orders} orders was cut off, and only the path that they were sent by can say what became of them; nothing was sent\n  hint: `ordersync sync {job}` with load = \"{from}\" settles them; then switch"
    )]
    InDoubt { job: String, orders: u64, from: &'static str },
    #[error(
        "no order of the export is at ActiveCampaign as it is in the export and with its customer, so none can be sent to try the other path; nothing was sent\n  hint: `ordersync sync {job}` with load = \"{from}\" first; then switch"
    )]
    NoOrder { job: String, from: &'static str },
    #[error(
        "order {order} was sent by an interrupted switch, and is not in the export any more as it was loaded\n  hint: `ordersync connection switch {job} --to {from}` goes back"
    )]
    CanaryChanged { job: String, order: String, from: &'static str },
    #[error(transparent)]
    Reading(#[from] ReadingError),
    #[error(transparent)]
    State(#[from] StateError),
}

/// Plans the change. Sends nothing, writes nothing.
///
/// # Errors
/// When the connection has nothing to switch, or is not settled.
pub fn plan_switch(view: &View, job: &Job, to: LoadPath) -> Result<SwitchPlan, SwitchRefusal> {
    let ConnectionSpec { service, externalid, .. } = &job.connection;
    let found = view.connection(service, externalid)?;
    let known = found.map(|(id, _)| Ok::<_, StateError>((id, path_of(view, id)?))).transpose()?;
    let Some((connection, Some(from))) = known else {
        return Err(SwitchRefusal::NothingLoaded {
            job: job.name.clone(),
            service: service.clone(),
            externalid: externalid.clone(),
            to: to.word(),
        });
    };
    let orders = view.orders_listed(connection)?;
    let is_empty = orders == 0 && view.knows_every_order(connection)?;
    let task = match view.open_switch(connection)? {
        Some(open) if open.to == to => SwitchTask::Canary { resumed: Some(open) },
        Some(open) => SwitchTask::GoBack(open),
        None if from == to => SwitchTask::Nothing,
        None if is_empty => SwitchTask::Note,
        None => SwitchTask::Canary { resumed: None },
    };
    let in_doubt = view.orders_in_doubt(connection)?;
    if in_doubt > 0 && matches!(task, SwitchTask::Note | SwitchTask::Canary { resumed: None }) {
        return Err(SwitchRefusal::InDoubt {
            job: job.name.clone(),
            orders: in_doubt,
            from: from.word(),
        });
    }
    Ok(SwitchPlan {
        job: job.name.clone(),
        service: service.clone(),
        externalid: externalid.clone(),
        connection,
        from,
        to,
        orders,
        task,
    })
}

/// The order to send: one whose export and ledger agree, including its customer, so that it does
/// not change. For GraphQL, one that it never accepted is preferred, as others prove nothing about
/// those; then one of single units, whose prices can't be misread.
///
/// # Errors
/// When there is none; when the export or the state can't be read.
pub fn canary_order(
    job: &Job,
    export: &Export,
    view: View,
    plan: &SwitchPlan,
) -> Result<Option<Box<Order>>, SwitchRefusal> {
    let SwitchTask::Canary { resumed } = &plan.task else { return Ok(None) };
    let fingerprints = Fingerprints::new(view.hash_key()?);
    let connection = Some(plan.connection);
    let by_rest = match plan.to {
        LoadPath::Bulk => view.orders_by_rest_alone(plan.connection, BY_REST_MAX)?,
        LoadPath::Rest => BTreeSet::new(),
    };
    let ledger = Ledger { view, connection, fingerprints, resumed: None };
    let records = Records::inline(export.read(), job.rules.policy.order_key);
    let mut reader = PlanReader::new(records, job.rules.clone(), ledger);
    reader.keep(KeptDetails { orders: true, ..KeptDetails::default() });
    let (mut best, mut looked): (Option<(Fitness, _)>, _) = (None, 0);
    while let Some(judged) = reader.next() {
        let judged = judged?;
        looked += 1;
        let is_enough = best.as_ref().is_some_and(|(it, _)| it.is_telling || by_rest.is_empty());
        if looked > LOOK_MAX && is_enough {
            break;
        }
        let RecordVerdict::Decided(Decision::Unchanged) = judged.verdict else { continue };
        let Some(order) = judged.details.order else { continue };
        if order.key.is_cart() || order.cart.is_some() || reader.is_moved(&order)? {
            continue;
        }
        let key = order.key.ledger_text();
        match resumed {
            Some(open) if key == open.key => return Ok(Some(order)),
            Some(_) => continue,
            None => {}
        }
        let is_telling = by_rest.contains(&*key);
        let is_unambiguous = order.lines.iter().all(|line| line.quantity == 1);
        let fitness = Fitness { is_telling, is_unambiguous };
        if is_unambiguous && (is_telling || by_rest.is_empty()) {
            return Ok(Some(order));
        }
        if best.as_ref().is_none_or(|(other, _)| *other < fitness) {
            best = Some((fitness, order));
        }
    }
    let (job, from) = (plan.job.clone(), plan.from.word());
    match (best, resumed) {
        (Some((_, order)), _) => Ok(Some(order)),
        (None, None) => Err(SwitchRefusal::NoOrder { job, from }),
        (None, Some(open)) => {
            Err(SwitchRefusal::CanaryChanged { job, order: open.key.clone(), from })
        }
    }
}

/// How suitable an order is for testing a path; greater is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Fitness {
    /// GraphQL never accepted it.
    is_telling: bool,
    /// All its lines have quantity 1.
    is_unambiguous: bool,
}
