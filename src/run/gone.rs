//! Orders that are gone from the shop: deleted at ActiveCampaign, where the policy says so.

use super::Job;
use super::bulk::AcceptedOrders;
use super::undo::{DeleteOutcome, Deleting, ListedAs, Purpose, UndoError};
use crate::activecampaign::Client;
use crate::domain::{Gone, OrderKey};
use crate::state::{CreatedOrder, RunId, StateHandle};
use tokio_util::sync::CancellationToken;

/// So few are deleted whatever share they are.
const FEW: usize = 10;

/// What became of the orders that are gone from the shop. Those without an entry in the ledger are
/// not counted.
#[derive(Debug, Default)]
pub struct GoneReport {
    /// The keys of those that were deleted.
    pub deleted: Vec<String>,
    /// The keys of those that were not: each run tries again.
    pub left: Vec<String>,
    /// Too many to delete without being asked: how many, of how many loaded.
    pub too_many: Option<(u64, u64)>,
    /// The run was of an approved plan, which deletes nothing.
    pub is_withheld: bool,
    /// Why it did not finish; the next run goes on.
    pub error: Option<UndoError>,
}

impl GoneReport {
    /// Nothing is left at ActiveCampaign that should not be there.
    pub fn is_clean(&self) -> bool {
        self.left.is_empty() && self.error.is_none()
    }

    fn log(&self, job: &Job) {
        let name = &job.name;
        if let Some((gone, known)) = self.too_many {
            tracing::warn!(
                job = name,
                "{gone} of {known} orders are gone from the shop, more than policy.gone_max_percent = {} allows; none was deleted at ActiveCampaign. If they are to be deleted, raise it for one run",
                job.rules.policy.gone_max_percent
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

/// A plan names no order to delete, so a run of an approved plan deletes none.
pub(super) fn withheld(job: &Job) -> Option<GoneReport> {
    (job.rules.policy.gone == Gone::Delete)
        .then(|| GoneReport { is_withheld: true, ..GoneReport::default() })
}

/// Deletes the gone orders of a job that was loaded to its end, where the policy says so. Only under
/// the key and id of the ledger, and only while ActiveCampaign has that order under the id.
pub(super) async fn delete_gone(
    job: &Job,
    run: RunId,
    (state, client): (&StateHandle, &Client),
    cancel: &CancellationToken,
) -> Option<GoneReport> {
    if job.rules.policy.gone != Gone::Delete {
        return None;
    }
    let mut report = GoneReport::default();
    let found = delete_all(job, run, (state, client), cancel, &mut report).await;
    report.error = found.err();
    report.log(job);
    Some(report)
}

async fn delete_all(
    job: &Job,
    run: RunId,
    (state, client): (&StateHandle, &Client),
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
    let keys = gone.iter().filter_map(|id| OrderKey::parse(&id.to_string()).ok());
    let keys: Vec<String> = keys.map(|key| key.ledger_text().into_owned()).collect();
    let origin = state.call(move |store| store.view()?.origin(run)).await?;
    let Some((connection, remote)) = origin.and_then(|origin| origin.connection) else {
        return Ok(());
    };
    let (in_flight_max, gone) = (job.in_flight_max, keys.clone());
    let hidden = state.call(move |store| store.accepted_among(connection, &gone)).await?;
    if !hidden.is_empty() {
        AcceptedOrders { state, client, cancel, in_flight_max, connection, remote: &remote }
            .look()
            .await?;
    }
    let found = state.call(move |store| {
        let hidden = store.accepted_among(connection, &keys)?;
        Ok((store.sent_among(connection, &keys)?, store.orders_known(connection)?, hidden))
    });
    let (orders, known, hidden) = found.await?;
    report.left = orders.iter().map(|order| order.key.clone()).collect();
    for order in hidden {
        tracing::warn!(
            order,
            "gone from the shop, and not visible at ActiveCampaign yet; a later sync deletes it"
        );
        report.left.push(order);
    }
    let share_max = known * u64::from(job.rules.policy.gone_max_percent) / 100;
    if orders.len() > FEW && orders.len() as u64 > share_max {
        report.too_many = Some((orders.len() as u64, known));
        return Ok(());
    }
    let (client, state, halt) = (client.clone(), state.clone(), cancel.child_token());
    let purpose = Purpose::Gone;
    let deleting = Deleting { client, state, run, connection, remote, halt, purpose };
    for order in orders {
        delete_one(&deleting, order, report).await?;
    }
    Ok(())
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
        DeleteOutcome::Foreign(key) => tracing::warn!(
            order = key,
            "gone from the shop, and its id at ActiveCampaign is another order's now; left alone"
        ),
        DeleteOutcome::Refused(key, reason) => tracing::warn!(
            order = key,
            reason,
            "gone from the shop, and not deleted at ActiveCampaign"
        ),
    }
    Ok(())
}
