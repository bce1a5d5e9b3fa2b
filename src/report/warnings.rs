//! What a person should know before the first write, in whole sentences.

use super::text::count;
use crate::domain::Reason;
use crate::run::Preview;
use jiff::Zoned;

/// The warnings of a plan; none is the usual case but for the first.
pub(super) fn warnings(preview: &Preview, now: &Zoned) -> Vec<String> {
    let tally = &preview.tally;
    let mut warnings = Vec::new();
    if tally.customers_new > 0 {
        warnings.push(format!(
            "{} customers would be created. ActiveCampaign makes a contact of each address it does not have yet, and contacts count towards the limit of its plan.",
            count(tally.customers_new)
        ));
    }
    if let Some(last) = tally.last_order
        && last.timestamp() > now.timestamp()
    {
        warnings
            .push(format!("The latest order is dated in the future: {last}. Is the job's time_zone right?"));
    }
    if let Some(duplicates) = tally.invalid_reasons.get(&Reason::Duplicate) {
        warnings.push(format!(
            "{} records repeat an order of the same file; the first of each is taken.",
            count(duplicates.count)
        ));
    }
    warnings
}
