//! Compares an `Order` with its ledger entry and decides on a `Step`. Pure: carries nothing out.

mod changes;
mod digest;
mod distribution;
mod example;
mod fingerprint;
mod forecast;
mod policy_effects;
mod step;
mod summary;

pub use changes::{Change, ChangeCause, Changes};
pub use distribution::{Month, MonthTotal, PRODUCTS_MAX};
pub use example::{EXAMPLES_MAX, Example, ExampleCount};
pub use fingerprint::Fingerprints;
pub use forecast::{Assumptions, Forecast};
pub use policy_effects::MismatchTotal;
pub use step::{Action, Decision, PriorWrite, Step, decide};
pub use summary::{
    BatchCost, BatchLengths, BatchTerms, CartSteps, Consent, CurrencyTotal, LeftOutBy, PAGE_LEN,
    PlanSummary, Totals,
};

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::tests_order;
