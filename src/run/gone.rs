//! Orders that no longer exist in the shop are deleted at ActiveCampaign, if the policy says so.

use super::bulk::AcceptedOrders;
use super::pulls::{GoneOrders, keys_of};
use super::undo::{DeleteOutcome, Deleting, ListedAs, UndoError};
use super::{Job, Sample};
use crate::activecampaign::Client;
use crate::domain::{Gone, OrderKey, RemoteId};
use crate::state::{
    ConnectionId, CreatedOrder, DeletePurpose, HeldOrders, LetterCounts, RunId, StateHandle, Store,
};
use std::fmt;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

const NOT_DELETED: &str = "gone from the shop, and not deleted at ActiveCampaign";

/// Up to this many are deleted, whatever their share is.
const FEW: usize = 10;

/// The result for orders that no longer exist in the shop. Those without an entry in the ledger are
/// not counted.
#[derive(Debug, Default)]
pub struct GoneReport {
    /// The keys of those that were deleted.
    pub deleted: Vec<String>,
    /// The keys of those that were not: each run tries again.
    pub left: Vec<String>,
    /// Those of them that ActiveCampaign refuses to delete. They are new in the run that is refused
    /// first.
    pub refused: LetterCounts,
    /// Too many to delete without confirmation.
    pub too_many: Option<TooManyGone>,
    /// The run was of an approved plan, which deletes nothing.
    pub is_withheld: bool,
    /// Why it did not finish; the next run continues.
    pub error: Option<UndoError>,
}

/// More orders are gone from the shop than the policy allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyGone {
    /// Gone from the shop, or missing from its last full pull.
    pub gone: u64,
    /// All that were loaded.
    pub loaded: u64,
    /// What `policy.gone_max_percent` allows.
    pub percent_max: u32,
}

impl fmt::Display for TooManyGone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { gone, loaded, percent_max } = self;
        write!(
            f,
            "{gone} of {loaded} orders are gone from the shop or missing from its last full pull, more than policy.gone_max_percent = {percent_max} allows"
        )
    }
}

impl GoneReport {
    /// Orders are left for another reason than a refusal by ActiveCampaign.
    pub fn is_unfinished(&self) -> bool {
        self.left.len() as u64 > self.refused.all || self.error.is_some()
    }

    fn log(&self, job: &Job) {
        let name = &job.name;
        if let Some(too_many) = self.too_many {
            tracing::warn!(
                job = name,
                "{too_many}; none was deleted at ActiveCampaign. If they are to be deleted, raise it for one run"
            );
        }
        if !self.deleted.is_empty() {
            tracing::info!(
                job = name,
                "orders deleted at ActiveCampaign, as they are gone from the shop: {}",
                self.deleted.len()
            );
        }
        if let Some(error) = &self.error {
            tracing::warn!(job = name, "orders that are gone from the shop: {error}");
        }
    }
}

/// A plan does not name orders to delete, so a run of an approved plan deletes none.
pub(super) fn withheld(job: &Job) -> Option<GoneReport> {
    (job.rules.policy.gone == Gone::Delete)
        .then(|| GoneReport { is_withheld: true, ..GoneReport::default() })
}

/// Deletes the gone orders of a completely loaded job, if the policy says so. Only deletes an id of
/// the ledger while ActiveCampaign has the order with that key under it.
pub(super) async fn delete_gone(
    job: &Job,
    run: RunId,
    state: &StateHandle,
    client: &Client,
    cancel: &CancellationToken,
) -> Option<GoneReport> {
    if job.rules.policy.gone != Gone::Delete {
        return None;
    }
    let mut report = GoneReport::default();
    let found = delete_all(job, run, state, client, cancel, &mut report).await;
    report.error = found.err();
    report.log(job);
    Some(report)
}

/// The ledger's entries of orders that a full pull did not contain.
struct InLedger {
    /// Gone from the shop.
    held: HeldOrders,
    /// How many are still to be requested from the shop.
    suspected: usize,
    /// How many orders it has in total.
    known: u64,
}

async fn delete_all(
    job: &Job,
    run: RunId,
    state: &StateHandle,
    client: &Client,
    cancel: &CancellationToken,
    report: &mut GoneReport,
) -> Result<(), UndoError> {
    let gone = match job.gone() {
        Ok(gone) => gone,
        Err(error) => {
            tracing::warn!(job = job.name, "{error}");
            return Ok(());
        }
    };
    let origin = state.call(move |store| store.view()?.origin(run)).await?;
    let Some((connection, remote)) = origin.and_then(|origin| origin.connection) else {
        return Ok(());
    };
    let lookups = Lookups { state, client, cancel, connection, remote: &remote };
    let InLedger { held, suspected, known } = lookups.settle(gone, job.in_flight_max).await?;
    report.left = held.keys().cloned().collect();
    for order in held.accepted {
        tracing::warn!(
            order,
            "gone from the shop, and not visible at ActiveCampaign yet; a later sync deletes it"
        );
    }
    let orders = held.known;
    let percent_max = job.rules.policy.gone_max_percent;
    // A full pull only requests some of many missing orders; the limit applies to all of them.
    let all = orders.len() + suspected;
    if !orders.is_empty() && all > FEW && all as u64 > known * u64::from(percent_max) / 100 {
        report.too_many = Some(TooManyGone { gone: all as u64, loaded: known, percent_max });
        return Ok(());
    }
    let (client, state, halt) = (client.clone(), state.clone(), cancel.child_token());
    let purpose = DeletePurpose::Gone;
    let deleting = Deleting { client, state, run, connection, remote, halt, purpose };
    for order in orders {
        delete_one(&deleting, order, report).await?;
    }
    Ok(())
}

/// Where orders that no longer exist in the shop are looked up.
struct Lookups<'a> {
    state: &'a StateHandle,
    client: &'a Client,
    cancel: &'a CancellationToken,
    connection: ConnectionId,
    remote: &'a RemoteId,
}

impl Lookups<'_> {
    /// The ledger's entries of these orders, after those without an id were looked up.
    async fn settle(&self, gone: GoneOrders, in_flight_max: usize) -> Result<InLedger, UndoError> {
        let Self { state, client, cancel, connection, remote } = *self;
        let (keys, suspected) = (keys_of(&gone.found), keys_of(&gone.suspected));
        let gone = keys.clone();
        let held = state.call(move |store| store.held_among(connection, &gone)).await?;
        if !held.accepted.is_empty() {
            let sample = Sample::ALL;
            AcceptedOrders { state, client, cancel, in_flight_max, connection, remote, sample }
                .look(0)
                .await?;
        }
        self.settle_in_doubt(&held.in_doubt).await?;
        let ledger = state.call(move |store| {
            Ok(InLedger {
                held: store.held_among(connection, &keys)?,
                suspected: store.held_among(connection, &suspected)?.keys().count(),
                known: store.orders_known_but_carts(connection)?,
            })
        });
        Ok(ledger.await?)
    }

    /// Orders whose create got no answer because the run was interrupted. Looks each up by its key
    /// until lists must show it: notes the id of an existing one, and removes the others from the
    /// ledger. If a lookup does not decide, the order stays in doubt.
    async fn settle_in_doubt(&self, keys: &[String]) -> Result<(), UndoError> {
        let mut absent: Vec<_> = keys.iter().filter_map(|key| OrderKey::parse(key).ok()).collect();
        let mut delays = self.client.lookup_delays();
        loop {
            for key in std::mem::take(&mut absent) {
                if self.is_absent(&key).await? {
                    absent.push(key);
                }
            }
            let Some(delay) = delays.next().filter(|_| !absent.is_empty()) else { break };
            let waited = self.cancel.run_until_cancelled(sleep(delay)).await;
            waited.ok_or(UndoError::Interrupted)?;
        }
        let connection = self.connection;
        for key in absent {
            let key = key.ledger_text().into_owned();
            self.state.call(move |store| store.drop_from_ledger(connection, &key)).await?;
        }
        Ok(())
    }

    /// Whether ActiveCampaign does not list the order, or not yet. Notes the id of one that exists.
    async fn is_absent(&self, key: &OrderKey) -> Result<bool, UndoError> {
        let looking = self.cancel.run_until_cancelled(self.client.order_by_key(self.remote, key));
        let found = looking.await.ok_or(UndoError::Interrupted)?;
        match found.map_err(UndoError::from) {
            Ok(None) => Ok(true),
            Ok(Some(order)) => {
                let (connection, key) = (self.connection, key.clone());
                let note = move |store: &mut Store| store.note_found(connection, &key, &order.id);
                self.state.call(note).await?;
                Ok(false)
            }
            Err(UndoError::Target(failure)) => {
                tracing::warn!(
                    order = key.as_str(),
                    "gone from the shop, and whether ActiveCampaign has it could not be found out ({failure}); a later sync looks again"
                );
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

async fn delete_one(
    deleting: &Deleting,
    order: CreatedOrder,
    report: &mut GoneReport,
) -> Result<(), UndoError> {
    let key = order.key.clone();
    match deleting.carry_out(order, ListedAs::NotAtAll).await? {
        DeleteOutcome::Deleted | DeleteOutcome::Gone => {
            report.left.retain(|left| *left != key);
            report.deleted.push(key);
        }
        DeleteOutcome::Foreign(key) => {
            tracing::warn!(
                order = key,
                "gone from the shop, and its id at ActiveCampaign is another order's now: there is nothing to delete, and the ledger has it no more"
            );
            report.left.retain(|left| *left != key);
            let connection = deleting.connection;
            deleting.state.call(move |store| store.drop_from_ledger(connection, &key)).await?;
        }
        DeleteOutcome::Undecided(key, reason) => {
            tracing::warn!(order = key, reason, "{NOT_DELETED}");
        }
        DeleteOutcome::Refused(key, reason) => {
            tracing::warn!(order = key, reason, "{NOT_DELETED}");
            let (run, connection) = (deleting.run, deleting.connection);
            let found = deleting
                .state
                .call(move |store| store.view()?.is_delete_refused_before(run, connection, &key));
            report.refused.all += 1;
            report.refused.new += u64::from(!found.await?);
        }
    }
    Ok(())
}
