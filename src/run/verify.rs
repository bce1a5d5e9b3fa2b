use super::Job;
use super::reading::{Judgement, Ledger, Reading, ReadingError};
use super::reflection::{ReflectionError, reflect};
use crate::activecampaign::{Client, Failure};
use crate::domain::{CustomerKey, CustomerMemory, Order, Reason};
use crate::extract::Export;
use crate::plan::{Decision, Fingerprints};
use crate::state::{ConnectionId, Mirrored, StateError, View};
use crate::transform::Filter;
use std::collections::BTreeMap;

/// Differences told one by one; all of them are counted.
const EXAMPLES_MAX: usize = 100;

/// What source and target have in common, and what not.
#[derive(Debug, Clone, Default)]
pub struct Verification {
    pub job: String,
    /// Valid orders of the export.
    pub expected: u64,
    /// Orders of the connection at the target.
    pub at_target: u64,
    pub matching: u64,
    /// Orders the target holds that the export has too, but that a rule leaves out or that are invalid now.
    pub left_out: u64,
    pub differences: BTreeMap<Found, u64>,
    pub examples: Vec<Difference>,
}

/// One order that is not the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub order: String,
    pub found: Found,
    pub source: String,
    pub target: String,
}

/// What differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Found {
    /// In the export, not at the target.
    Missing,
    /// At the target, not in the export.
    Extra,
    Total,
    Currency,
    Date,
    Products,
    Customer,
}

impl Found {
    /// The stable name in reports.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Total => "total",
            Self::Currency => "currency",
            Self::Date => "date",
            Self::Products => "products",
            Self::Customer => "customer",
        }
    }
}

impl Verification {
    pub fn differences_count(&self) -> u64 {
        self.differences.values().sum()
    }

    fn differ(&mut self, order: &str, found: Found, source: String, target: String) {
        *self.differences.entry(found).or_default() += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(Difference { order: order.to_owned(), found, source, target });
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Reading(#[from] ReadingError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("the target's orders could not be listed: {0}")]
    Target(Failure),
    #[error("nothing has been loaded for this job yet\n  hint: run `ordersync backfill` first")]
    NothingLoaded,
}

impl From<ReflectionError> for VerifyError {
    fn from(error: ReflectionError) -> Self {
        match error {
            ReflectionError::Target(failure) => Self::Target(failure),
            ReflectionError::State(error) => Self::State(error),
        }
    }
}

/// Reads back every order of the job's connection and holds it against the export, in both directions.
///
/// # Errors
/// When either side can't be read to its end: what was not looked at is never called verified.
pub async fn verify(
    job: &Job,
    export: &Export,
    view: View,
    client: &Client,
) -> Result<Verification, VerifyError> {
    let spec = &job.connection;
    let (connection, remote) =
        view.connection(&spec.service, &spec.externalid)?.ok_or(VerifyError::NothingLoaded)?;
    let fingerprints = Fingerprints::new(view.hash_key()?);
    let mut mirror = reflect(client, &remote, &fingerprints).await?;
    let mut result =
        Verification { job: job.name.clone(), at_target: mirror.len()?, ..Verification::default() };
    let ledger_view = view;
    let ledger = Ledger { view: View::empty()?, connection: None, fingerprints, resumed: None };
    let mut reading = Reading::new(export.read(), job.rules.clone(), ledger);
    let comparison = Comparison {
        view: &ledger_view,
        connection,
        fingerprints: Fingerprints::new(ledger_view.hash_key()?),
    };
    while let Some(judged) = reading.next() {
        let judged = judged?;
        match (judged.verdict, judged.key) {
            (Judgement::Decided(Decision::Send(step)), _) => {
                result.expected += 1;
                let there = mirror.meet(&step.order.key.ledger_text())?;
                comparison.compare(&judged.label, &step.order, there, &mut result)?;
            }
            // The order itself is another record's.
            (Judgement::Filtered(Filter::Superseded), _) => {}
            (Judgement::Invalid(faults), _)
                if faults.iter().any(|fault| fault.reason == Reason::Duplicate) => {}
            (_, Some(key)) => result.left_out += u64::from(mirror.meet(&key.ledger_text())?.is_some()),
            (_, None) => {}
        }
    }
    let extra = mirror.unmet_count()?;
    if extra > 0 {
        for order in mirror.unmet(u32::try_from(EXAMPLES_MAX).unwrap_or(u32::MAX))? {
            result.differ(order.key.trim_start(), Found::Extra, String::new(), format!("id {}", order.id));
        }
        result.differences.insert(Found::Extra, extra);
    }
    Ok(result)
}

/// Holds orders of the export against what the target lists of them.
pub(super) struct Comparison<'a> {
    pub view: &'a View,
    pub connection: ConnectionId,
    pub fingerprints: Fingerprints,
}

impl Comparison<'_> {
    pub(super) fn compare(
        &self,
        label: &str,
        order: &Order,
        there: Option<Mirrored>,
        result: &mut Verification,
    ) -> Result<(), StateError> {
        let Some(there) = there else {
            result.differ(label, Found::Missing, "in the export".to_owned(), String::new());
            return Ok(());
        };
        let before = result.differences_count();
        let (code, total) = (order.currency.code(), order.total.minor());
        if there.total_minor != Some(total) {
            let target = there
                .total_minor
                .map_or_else(|| "none".to_owned(), |minor| order.currency.format_minor(minor.into()));
            result.differ(label, Found::Total, order.currency.format_minor(total.into()), target);
        }
        if !there.currency.eq_ignore_ascii_case(code) {
            result.differ(label, Found::Currency, code.to_owned(), there.currency.clone());
        }
        let created = order.created_at.timestamp().as_second();
        if there.created_s != Some(created) {
            let target = there.created_s.and_then(|s| jiff::Timestamp::from_second(s).ok());
            let target = target.map_or_else(|| "none".to_owned(), |at| at.to_string());
            result.differ(label, Found::Date, order.created_at.to_string(), target);
        }
        let lines = order.lines.len() as u64;
        let units: u64 = order.lines.iter().map(|line| u64::from(line.quantity)).sum();
        if there.products.is_some_and(|n| n != lines && n != units) {
            let target = there.products.unwrap_or_default().to_string();
            result.differ(label, Found::Products, lines.to_string(), target);
        }
        self.compare_customer(label, order, &there, result)?;
        if result.differences_count() == before {
            result.matching += 1;
        }
        Ok(())
    }

    /// The address on the order, and the customer it hangs on.
    fn compare_customer(
        &self,
        label: &str,
        order: &Order,
        there: &Mirrored,
        result: &mut Verification,
    ) -> Result<(), StateError> {
        let address = self.fingerprints.customer(&CustomerKey::guest(&order.customer.email));
        let key = self.fingerprints.customer(&order.customer.key);
        let wrong_id = match self.view.customer(self.connection, &key)? {
            CustomerMemory::Known(id) => id != there.customer,
            CustomerMemory::Unknown | CustomerMemory::Intended => false,
        };
        if address != there.email_hash || wrong_id {
            let target = format!("customer {}", there.customer);
            result.differ(label, Found::Customer, "the buyer of the order".to_owned(), target);
        }
        Ok(())
    }
}
