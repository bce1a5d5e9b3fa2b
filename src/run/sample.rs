use super::planned_record::RecordVerdict;
use super::remote_fetch::mirrored;
use super::verification::Sample;
use super::verification_log::VerificationLog;
use super::verify::{OrderComparison, existing_connection, reading_of};
use super::{Job, Mismatch, Verification, VerificationSink, VerifyError};
use crate::activecampaign::{Client, RemoteProduct};
use crate::domain::{Order, RemoteId};
use crate::extract::Export;
use crate::plan::{Decision, Fingerprints};
use crate::state::{MatchedOrder, View};
use std::collections::BTreeSet;

/// Which orders are looked at.
#[derive(Debug, Clone, Copy)]
pub enum Selection<'a> {
    Part(Sample),
    /// Those of these keys, as the ledger writes them.
    Keys(&'a BTreeSet<String>),
}

impl Selection<'_> {
    fn sample(self) -> Option<Sample> {
        match self {
            Self::Part(sample) => Some(sample),
            Self::Keys(_) => None,
        }
    }

    fn holds(self, order: &Order, fingerprints: &Fingerprints) -> bool {
        match self {
            Self::Part(sample) => sample.holds(&fingerprints.order(&order.key)),
            Self::Keys(keys) => keys.contains(&*order.key.ledger_text()),
        }
    }
}

/// One order that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedOrder {
    pub order: String,
    /// Total and currency, as people write them.
    pub total: String,
    pub products: usize,
    /// `None`: it is not at the target.
    pub remote_id: Option<RemoteId>,
    pub is_same: bool,
}

/// Reads back some of the orders one by one, line by line: what lists don't tell. It takes two
/// requests for each, and can't find what is at the target alone. `record`: where what is found of
/// each order is written down.
///
/// # Errors
/// When either side can't be read to its end: what was not looked at is never called verified.
pub async fn verify_sample(
    job: &Job,
    export: &Export,
    view: View,
    client: &Client,
    (choice, record): (Selection<'_>, Option<VerificationSink<'_>>),
) -> Result<(Verification, Vec<CheckedOrder>), VerifyError> {
    let (connection, remote) = existing_connection(job, &view, client).await?;
    let begin = |record| VerificationLog::begin(record, &job.name, connection, choice.sample());
    let mut findings = record.map(begin).transpose()?;
    let mut looked = Vec::new();
    let mut result = Verification { job: job.name.clone(), ..Verification::default() };
    let reader = reading_of(job, export, &view)?;
    let fingerprints = Fingerprints::new(view.hash_key()?);
    let comparison = OrderComparison { view: &view, connection, fingerprints, balance: None };
    for judged in reader {
        let judged = judged?;
        let RecordVerdict::Decided(Decision::Send(step)) = judged.verdict else { continue };
        let order = &step.order;
        if !choice.holds(order, &comparison.fingerprints) {
            continue;
        }
        result.expected += 1;
        let there = client.order_by_key(&remote, &order.key).await.map_err(VerifyError::Target)?;
        let id = there.as_ref().map(|order| order.id.clone());
        result.at_target += u64::from(there.is_some());
        let remote_id = id.clone();
        let there = there.map(|there| MatchedOrder {
            order: mirrored(there, &comparison.fingerprints),
            copies: Vec::new(),
        });
        let mut found = comparison.compare(&judged.label, order, there, &mut result)?;
        if let (Some([]), Some(id)) = (found.as_deref(), id) {
            let products = client.products_of(&id).await.map_err(VerifyError::Target)?;
            if !is_same(order, &products) {
                result.matching -= 1;
                let (source, target) = (order.lines.len().to_string(), products.len().to_string());
                result.differ(
                    &judged.label,
                    Mismatch::Products,
                    format!("{source} lines"),
                    format!("{target} lines, not the same"),
                );
                found = Some(vec![Mismatch::Products]);
            }
        }
        if let (Some(found), Some(findings)) = (&found, &mut findings) {
            findings.take(&order.key, found, comparison.is_kept(job, order)?)?;
        }
        if matches!(choice, Selection::Keys(_)) {
            let total = order.currency.format_minor(order.total.minor().into());
            looked.push(CheckedOrder {
                order: judged.label,
                total: format!("{total} {}", order.currency),
                products: order.lines.len(),
                remote_id,
                is_same: found.is_none_or(|found| found.is_empty()),
            });
        }
    }
    if let Some(findings) = findings {
        findings.end(&result)?;
    }
    Ok((result, looked))
}

/// Whether the lines are the same, in whatever order.
fn is_same(order: &Order, products: &[RemoteProduct]) -> bool {
    let mut ours: Vec<_> = order
        .lines
        .iter()
        .map(|line| {
            (
                line.id.as_str(),
                line.name.as_str(),
                Some(line.price.minor()),
                Some(u64::from(line.quantity)),
            )
        })
        .collect();
    let mut theirs: Vec<_> = products
        .iter()
        .map(|line| (line.externalid.as_str(), line.name.as_str(), line.price_minor, line.quantity))
        .collect();
    ours.sort_unstable();
    theirs.sort_unstable();
    ours == theirs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_all_of_the_orders_and_each_once() {
        let hashes = (0..1000_u32).map(|n| {
            let mut hash = [0; 16];
            hash[..4].copy_from_slice(&n.wrapping_mul(2_654_435_761).to_be_bytes());
            hash
        });
        for hash in hashes {
            let parts = (1..=7).filter(|part| Sample { part: *part, of: 7 }.holds(&hash));
            assert_eq!(parts.count(), 1);
        }
    }

    #[test]
    fn a_sample_is_a_part_of_a_whole() {
        assert_eq!("2/7".parse(), Ok(Sample { part: 2, of: 7 }));
        for bad in ["", "7", "0/7", "8/7", "1/0", "a/b", "-1/7"] {
            assert!(bad.parse::<Sample>().is_err(), "{bad}");
        }
    }
}
