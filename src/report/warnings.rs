//! What a person should know before the first write, in whole sentences.

use super::meaning::counted;
use super::text::count;
use crate::domain::{Reason, Status};
use crate::run::Preview;
use jiff::Zoned;
use serde_json::{Value, json};

/// Something a person should look at before sending anything.
pub(super) struct Warning {
    /// Stable, for scripts.
    code: &'static str,
    /// The key of the settings that decides it, where one does.
    setting: Option<String>,
    pub text: String,
}

/// The warnings of a plan made `now`.
pub(super) fn warnings(preview: &Preview, now: &Zoned) -> Vec<Warning> {
    let tally = &preview.tally;
    let mut warnings = Vec::from_iter(of_statuses(preview));
    let mut warn = |code, setting: Option<&str>, text| {
        let setting = setting.map(|key| format!("jobs.{}.{key}", preview.job));
        warnings.push(Warning { code, setting, text });
    };
    for less in &preview.shrinkage {
        warn("export_shrank", Some("export"), less.to_string());
    }
    if tally.customers_new > 0 {
        let text = format!(
            "{} customers would be created; ActiveCampaign makes a contact of each address it does not have yet, and \
             contacts count towards the limit of its plan",
            count(tally.customers_new)
        );
        warn("contacts", None, text);
    }
    if let Some(last) = tally.last_order.filter(|last| last.timestamp() > now.timestamp()) {
        let text = format!("the latest order is dated in the future, {last}; is the time zone right?");
        warn("future_dates", Some("time_zone"), text);
    }
    if let Some(duplicates) = tally.invalid_reasons.get(&Reason::Duplicate) {
        let records = count(duplicates.count);
        let text = format!("{records} records repeat an order of the same file; the first of each is taken");
        warn("duplicates", None, text);
    }
    warnings
}

/// The same for scripts.
pub(super) fn warnings_json(preview: &Preview, now: &Zoned) -> Vec<Value> {
    let json =
        |warning: Warning| json!({ "code": warning.code, "setting": warning.setting, "text": warning.text });
    warnings(preview, now).into_iter().map(json).collect()
}

/// A shop whose customers pay on delivery has nothing but pending orders; the usual statuses would load none of them.
fn of_statuses(preview: &Preview) -> Option<Warning> {
    let orders: u64 = counted(preview).map(|(_, count, _)| count).sum();
    let counting: u64 = counted(preview).filter(|(_, _, counts)| *counts).map(|(_, count, _)| count).sum();
    let pending = counted(preview).find(|(word, _, counts)| *word == Status::Pending.word() && !counts);
    let pending = pending.map_or(0, |(_, count, _)| count);
    let setting = format!("jobs.{}.policy.statuses", preview.job);
    let (code, text) = match (orders, counting) {
        (0, _) => return None,
        (_, 0) if pending == 0 => {
            let text = format!("none of the {} orders has a status that counts by {setting}", count(orders));
            ("no_status_counts", text)
        }
        (_, counting) if counting == 0 || pending * 2 > orders => {
            let text = format!(
                "{} of {} orders are pending, and {setting} leaves them out; where customers pay on delivery or by \
                 transfer these are sales, and \"pending\" belongs into that list",
                count(pending),
                count(orders)
            );
            ("pending_left_out", text)
        }
        _ => return None,
    };
    Some(Warning { code, setting: Some(setting), text })
}
