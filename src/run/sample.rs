use super::lines::{compare_lines, read_lines};
use super::order_comparison::OrderComparison;
use super::planned_record::RecordVerdict;
use super::remote_fetch::mirrored;
use super::verification_log::{bits_of, sums_of};
use super::verify::{existing_connection, reading_of};
use super::{Job, Sample, Verification, VerifyError};
use crate::activecampaign::Client;
use crate::domain::RemoteId;
use crate::extract::Export;
use crate::plan::{Decision, Fingerprints};
use crate::state::{MatchedOrder, RunId, StateHandle, Store};
use std::collections::BTreeSet;

/// One order that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedOrder {
    pub order: String,
    /// Total and currency, as people write them.
    pub total: String,
    pub products: usize,
    /// `None`: it is not in ActiveCampaign.
    pub remote_id: Option<RemoteId>,
    pub is_same: bool,
}

/// The canary whose orders are read back.
pub struct CanaryToRead<'a> {
    pub run: RunId,
    /// As the ledger writes them.
    pub keys: &'a BTreeSet<String>,
}

/// Reads back the orders of a canary one by one and line by line, and stores the result as a
/// verification. It takes three requests per order.
///
/// # Errors
/// When either side can't be read to its end: an order that was not checked never counts
/// as verified.
pub async fn verify_orders(
    job: &Job,
    export: &Export,
    state: &StateHandle,
    client: &Client,
    canary: CanaryToRead<'_>,
) -> Result<(Verification, Vec<CheckedOrder>), VerifyError> {
    let view = state.call(|store| store.view()).await?;
    let mut compared = Vec::new();
    let (connection, remote) = existing_connection(job, &view, client).await?;
    let mut checked = Vec::new();
    let mut result =
        Verification { job: job.name.clone(), lines: Some(Sample::ALL), ..Verification::default() };
    let reader = reading_of(job, export, &view)?;
    let fingerprints = Fingerprints::new(view.hash_key()?);
    let comparison = OrderComparison { view: &view, connection, fingerprints, balance: None };
    for judged in reader {
        let judged = judged?;
        let RecordVerdict::Decided(Decision::Send(step)) = judged.verdict else { continue };
        let order = &step.order;
        if !canary.keys.contains(&*order.key.ledger_text()) {
            continue;
        }
        result.expected += 1;
        let there = client.order_by_key(&remote, &order.key).await.map_err(VerifyError::Target)?;
        let remote_id = there.as_ref().map(|order| order.id.clone());
        result.at_target += u64::from(there.is_some());
        let there = there.map(|there| MatchedOrder {
            order: mirrored(there, &comparison.fingerprints),
            copies: Vec::new(),
        });
        let mut found = comparison.compare(&judged.label, order, there, &mut result)?;
        if let (Some(found), Some(id)) = (&mut found, &remote_id) {
            let lines = read_lines(client, id).await.map_err(VerifyError::Target)?;
            compare_lines(&judged.label, order, &lines, found, &mut result);
            result.line_by_line += 1;
        }
        let total = order.currency.format_minor(order.total.minor().into());
        let found = found.unwrap_or_default();
        compared.push((order.key.clone(), bits_of(&found)));
        checked.push(CheckedOrder {
            order: judged.label.into(),
            total: format!("{total} {}", order.currency),
            products: order.lines.len(),
            remote_id,
            is_same: found.is_empty(),
        });
    }
    let (name, sums) = (job.name.clone(), sums_of(&result));
    let keep = move |store: &mut Store| {
        store.keep_read_back(&name, connection, canary.run, &compared, &sums)
    };
    state.call(keep).await?;
    Ok((result, checked))
}
