//! After a canary: its orders, read back one by one.

use super::exit::CliError;
use crate::activecampaign::Client;
use crate::extract::Export;
use crate::run::{CheckedOrder, Job, Selection, Verification, verify_sample};
use crate::state::View;
use std::collections::BTreeSet;
use std::path::Path;

/// What a canary's orders look like at the target.
pub(super) struct CanaryReport {
    pub verification: Verification,
    pub orders: Vec<CheckedOrder>,
}

/// Reads the orders of a canary back and compares them line by line.
///
/// # Errors
/// When either side can't be read.
pub(super) async fn look(
    (job, export): (&Job, &Export),
    (account, state_dir): (&str, &Path),
    client: &Client,
    keys: &BTreeSet<String>,
) -> Result<CanaryReport, CliError> {
    let view = View::open(state_dir, account)?;
    let (verification, orders) =
        verify_sample(job, export, view, client, (Selection::Keys(keys), None)).await?;
    Ok(CanaryReport { verification, orders })
}
