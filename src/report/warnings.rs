//! What the operator should know before the first write, in whole sentences.

use super::examples::{example_json, example_text};
use super::policy_effects::{assumed_lines, counted, differ_text};
use super::reasons::money_text;
use super::text::{count, is_are, many, size};
use crate::domain::{MovedCustomer, Reason, Status};
use crate::plan::Example;
use crate::run::{Overlap, Preview};
use crate::state::ConnectionOwner;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Something to check before anything is sent.
pub(super) struct Warning {
    /// Stable, for scripts.
    code: &'static str,
    /// The setting that affects it, if there is one.
    setting: Option<String>,
    pub text: String,
    /// The first few records it is about.
    examples: Vec<Example>,
}

impl Warning {
    /// The sentence, with an example record.
    pub(super) fn with_example(&self, preview: &Preview) -> String {
        match self.examples.first() {
            Some(example) => format!("{} ({})", self.text, example_text(preview, example)),
            None => self.text.clone(),
        }
    }
}

/// Differences in orders below this are ignored.
const RECORDS_FEW: u64 = 20;

/// The warnings of a plan, the most severe first.
pub(super) fn warnings(preview: &Preview) -> Vec<Warning> {
    let mut all = Warnings { job: &preview.job, all: Vec::new() };
    of_connection(&mut all, preview);
    of_disk(&mut all, preview);
    all.all.extend(of_statuses(preview));
    of_policy(&mut all, preview);
    of_refunds(&mut all, preview);
    of_earlier_runs(&mut all, preview);
    of_orders(&mut all, preview);
    of_contacts(&mut all, preview);
    all.all
}

/// What `check` shows about an export in addition to its files: assumptions, and what the policy
/// lacks.
pub fn data_notes(preview: &Preview) -> Vec<String> {
    let mut all = Warnings { job: &preview.job, all: Vec::new() };
    all.all.extend(of_statuses(preview));
    of_policy(&mut all, preview);
    let assumed = assumed_lines(preview).into_iter().map(|line| format!("assumed: {line}"));
    assumed.chain(all.all.into_iter().map(|warning| warning.text)).collect()
}

/// The same for scripts.
pub(super) fn warnings_json(preview: &Preview) -> Vec<Value> {
    let json = |warning: Warning| {
        json!({
            "code": warning.code,
            "setting": warning.setting,
            "text": warning.text,
            "examples": warning.examples.iter().map(|example| example_json(preview, example)).collect::<Vec<_>>(),
        })
    };
    warnings(preview).into_iter().map(json).collect()
}

struct Warnings<'a> {
    job: &'a str,
    all: Vec<Warning>,
}

impl Warnings<'_> {
    fn add(&mut self, code: &'static str, setting: Option<&str>, text: String) {
        self.with(code, setting, text, &[]);
    }

    fn with(
        &mut self,
        code: &'static str,
        setting: Option<&str>,
        text: String,
        examples: &[Example],
    ) {
        let setting = setting.map(|key| format!("jobs.{}.{key}", self.job));
        self.all.push(Warning { code, setting, text, examples: examples.to_vec() });
    }
}

fn of_disk(all: &mut Warnings<'_>, preview: &Preview) {
    let disk = &preview.disk;
    let text = if disk.is_below_floor() {
        format!(
            "{} are free on the disk of the state, and {} are kept free: no run begins until there is space",
            size(disk.free_bytes.unwrap_or_default()),
            size(disk.free_min_bytes)
        )
    } else if disk.is_too_much() {
        format!(
            "the state needs about {} and may use {} of its disk: a run stops when that is used up, and resumes once there is space",
            size(disk.bytes),
            size(disk.usable_bytes().unwrap_or_default())
        )
    } else {
        return;
    };
    all.all.push(Warning {
        code: "low_disk",
        setting: Some("state.free_min_mb".to_owned()),
        text,
        examples: Vec::new(),
    });
}

/// A plan sends no request; it knows what an earlier `check` or run learned.
fn of_connection(all: &mut Warnings<'_>, preview: &Preview) {
    let history = &preview.history;
    let what = format!("the connection {}/{}", history.connection.0, history.connection.1);
    let sends = preview.summary.create + preview.summary.update > 0;
    match &history.asked {
        Some((asked, at)) if asked.owner == ConnectionOwner::Native => {
            let text = format!(
                "{what} belongs to one of ActiveCampaign's own integrations{}; a run stops there, because writing into it would mix \
                 two sources: choose another service or externalid",
                seen_on(*at)
            );
            all.add("native_connection", Some("connection.externalid"), text);
        }
        None if sends && !history.is_connected => {
            let text = format!(
                "not checked yet: does {what} belong to one of ActiveCampaign's own integrations, and do its new \
                 contacts join a list? Run `ordersync check {}`",
                preview.job
            );
            all.add("connection_unknown", None, text);
        }
        _ => {}
    }
}

/// In UTC, so that the page, the text and the JSON of a plan are consistent.
fn seen_on(at_ms: i64) -> String {
    let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
    format!(", as of {} (UTC)", at.strftime("%Y-%m-%d"))
}

/// A shop whose customers pay on delivery has only pending orders; the usual statuses would load
/// none of them.
fn of_statuses(preview: &Preview) -> Option<Warning> {
    let orders: u64 = counted(preview).map(|(_, count, _)| count).sum();
    let counting: u64 =
        counted(preview).filter(|(_, _, counts)| *counts).map(|(_, count, _)| count).sum();
    let pending =
        counted(preview).find(|(word, _, counts)| *word == Status::Pending.word() && !counts);
    let pending = pending.map_or(0, |(_, count, _)| count);
    let setting = format!("jobs.{}.policy.statuses", preview.job);
    let (code, text) = match (orders, counting) {
        (0, _) => return None,
        (_, 0) if pending == 0 => {
            let text = match orders {
                1 => format!("the one order has no status that counts by {setting}"),
                _ => format!(
                    "none of the {} orders has a status that counts by {setting}",
                    count(orders)
                ),
            };
            ("no_status_counts", text)
        }
        (_, counting) if counting == 0 || pending * 2 > orders => {
            let text = format!(
                "{} of {} {} pending, and {setting} leaves them out; where customers pay on delivery or by transfer \
                 these are sales, and \"pending\" belongs into that list",
                count(pending),
                many(orders, "order"),
                is_are(pending)
            );
            ("pending_left_out", text)
        }
        _ => return None,
    };
    Some(Warning { code, setting: Some(setting), text, examples: Vec::new() })
}

/// Fields that a policy setting depends on, but the export does not state.
fn of_policy(all: &mut Warnings<'_>, preview: &Preview) {
    let effects = &preview.summary.policy_effects;
    let warnings = [
        (
            "status_assumed",
            "policy.statuses",
            effects.status_assumed,
            "has no status; they are taken for paid, so cancelled or unpaid orders may be among them: export the status too",
        ),
        (
            "cancelled_unknown",
            "policy.statuses",
            effects.cancelled_unknown,
            "has no field that says whether they were cancelled, and cancelled orders would be sent: export it too",
        ),
        (
            "test_unknown",
            "policy.statuses",
            effects.test_unknown,
            "has no field that says whether they are tests, and test orders would be sent: export it too",
        ),
        (
            "refunds_unknown",
            "policy.refunds",
            effects.refunds_unknown(),
            "may state no refunds, as no order of their file has a refunded amount; if the file lacks the column, refunded \
             orders keep their full total",
        ),
        (
            "current_total_assumed",
            "policy.total",
            effects.current_total_assumed,
            "states no current total, and the total as ordered is sent",
        ),
    ];
    for (code, setting, orders, text) in warnings {
        if orders > 0 {
            let orders = many(orders, "order");
            all.add(code, Some(setting), format!("for {orders} the export {text}"));
        }
    }
}

/// Orders that are sent without their refund.
fn of_refunds(all: &mut Warnings<'_>, preview: &Preview) {
    let refunds = &preview.summary.refunds_ignored;
    let orders: u64 = refunds.values().map(|total| total.orders).sum();
    if orders > 0 {
        let were = if orders == 1 { "was" } else { "were" };
        let text = format!(
            "{} {were} refunded, {} in all, and the total as ordered is sent; `refunds = \"net\"` sends what remains",
            many(orders, "order"),
            money_text(refunds)
        );
        all.add("refunds_ignored", Some("policy.refunds"), text);
    }
}

/// Differences from earlier runs of the job.
fn of_earlier_runs(all: &mut Warnings<'_>, preview: &Preview) {
    for less in &preview.shrinkage {
        all.add("export_shrank", Some("export"), less.to_string());
    }
    let read = preview.summary.read;
    // A shrunk file is reported already.
    if let Some(before) = preview.history.read_before.filter(|_| preview.shrinkage.is_empty())
        && read.abs_diff(before) >= RECORDS_FEW
    {
        let had = format!(
            "the export has {}, and the last finished run read {}",
            records(read),
            count(before)
        );
        if read.saturating_mul(2) < before {
            let text = format!("{had}; what is missing is not looked at: is it the whole export?");
            all.add("far_fewer_records", Some("export"), text);
        } else if before.saturating_mul(2) < read - preview.summary.superseded() {
            all.add(
                "far_more_records",
                Some("export"),
                format!("{had}; is it the same shop's export?"),
            );
        }
    }
    let new: Vec<String> = preview
        .history
        .currencies_new
        .iter()
        .map(|currency| {
            let orders = preview.summary.totals.get(currency).map_or(0, |total| total.orders);
            format!("{currency} ({})", many(orders, "order"))
        })
        .collect();
    if !new.is_empty() {
        let text = format!(
            "no run of this job has sent an order in {} before; is it right?",
            new.join(", ")
        );
        all.add("currency_new", None, text);
    }
}

/// Anomalies of single orders.
fn of_orders(all: &mut Warnings<'_>, preview: &Preview) {
    let (summary, odd) = (&preview.summary, &preview.summary.anomalies);
    if let Some(last) = summary.last_order.filter(|_| odd.future.count > 0) {
        let n = odd.future.count;
        let latest = if n > 1 { ", the latest" } else { ":" };
        let text = format!(
            "{} {} dated in the future{latest} {last}; is the time zone right?",
            many(n, "order"),
            is_are(n)
        );
        all.with("future_dates", Some("time_zone"), text, &odd.future.examples);
    }
    if let Some(duplicates) = summary.invalid_reasons.get(&Reason::Duplicate) {
        let repeats = if duplicates.count == 1 { "repeats" } else { "repeat" };
        let text = format!(
            "{} {repeats} an order that is earlier in the same file and differs; the first one is used",
            records(duplicates.count)
        );
        all.with("duplicates", None, text, &duplicates.examples);
    }
    let differing = &summary.policy_effects.totals_differ;
    if differing.count() > 0 {
        let (has, sent) = if differing.count() == 1 {
            ("has a total that is", "it is")
        } else {
            ("have totals that are", "they are")
        };
        let text = format!(
            "{} {has} not the sum of the parts ({}); {sent} sent as the export states",
            many(differing.count(), "order"),
            differ_text(preview)
        );
        let examples: Vec<Example> =
            differing.examples.iter().map(|(example, _, _)| example.clone()).collect();
        all.with("totals_differ", None, text, &examples);
    }
    if odd.other_address.count > 0 {
        let has = if odd.other_address.count == 1 { "has" } else { "have" };
        let text = format!(
            "{} {has} another address than an earlier order of the same customer; ActiveCampaign keeps one address for a \
             customer, the first it is sent",
            many(odd.other_address.count, "order")
        );
        all.with("two_addresses", Some("policy.customers"), text, &odd.other_address.examples);
    }
    of_moved_customers(all, preview);
}

/// Orders that ActiveCampaign has under another customer than the export states.
fn of_moved_customers(all: &mut Warnings<'_>, preview: &Preview) {
    let odd = &preview.summary.anomalies;
    let recreates = preview.rules.policy.moved_customer == MovedCustomer::Recreate;
    let kinds = [
        ("customer_address", &odd.moved_by_address, "their e-mail address changed"),
        (
            "customer_key",
            &odd.moved_by_key,
            "the export identifies customers in another way than before",
        ),
    ];
    for (code, moved, why) in kinds {
        if moved.count == 0 {
            continue;
        }
        let what = if recreates {
            "are deleted and created again for their customer of now"
        } else {
            "keep their customer at ActiveCampaign, which doesn't move orders, and only their other fields are updated"
        };
        let text = format!("{} to update: {why}; they {what}", many(moved.count, "order"));
        all.with(code, Some("policy.moved_customer"), text, &moved.examples);
    }
}

/// Effects on marketing.
fn of_contacts(all: &mut Warnings<'_>, preview: &Preview) {
    let new = preview.summary.customers_new;
    if new == 0 {
        return;
    }
    let contacts = preview.existing.as_ref().and_then(|existing| existing.contacts);
    let text = match contacts {
        Some(Overlap { to_create, found, .. }) => format!(
            "{} would be created; contacts count towards the limit of ActiveCampaign's plan",
            many(to_create - found, "contact")
        ),
        None => format!(
            "up to {} would be created; ActiveCampaign creates a contact for each e-mail address it does not know yet, and contacts \
             count towards the limit of its plan; `plan --ask` asks how many exist already",
            many(new, "customer")
        ),
    };
    all.add("contacts", None, text);
    let history = &preview.history;
    if let Some((asked, at)) = &history.asked
        && let Some(list) = &asked.list_id
    {
        let text = format!(
            "new contacts of the connection {}/{} join the list with id {}{}; what ActiveCampaign does when a contact \
             joins it would be done for each",
            history.connection.0,
            history.connection.1,
            super::text::printable(list),
            seen_on(*at)
        );
        all.add("contacts_join_list", None, text);
    }
}

fn records(n: u64) -> String {
    many(n, "record")
}
