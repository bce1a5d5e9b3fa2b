use super::text::{columns, count, count_row, duration, many, millis, printable};
use crate::plan::{Forecast, PlanSummary};
use crate::run::{Batches, GoneReport, Progress, RunReport, TooManyGone};
use crate::state::{Counts, LetterCounts, RunEnd, RunRow};
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;

/// Keys of orders named in one line.
const KEYS_SHOWN: usize = 10;

/// `backfill --json` and `sync --json`, by the names of the interface.
pub fn runs_json(reports: &[RunReport]) -> Value {
    let one = |report: &RunReport| {
        let mut run = run_json(&report.row);
        let met = &report.dead_letters;
        run["dead_letters"] = json!({ "all": met.all, "new": met.new });
        run["plan"] = report.row.plan.clone().into();
        if let Some(read) = &report.read_back {
            run["not_visible"] = read.not_visible.into();
            run["read_back"] = read.sample.to_string().into();
            run["not_read_back"] = read.not_read.into();
        }
        if let Some(gone) = &report.gone {
            run["gone"] = json!({
                "deleted": gone.deleted, "left": gone.left, "withheld": gone.is_withheld,
                "too_many": gone.too_many.map(|too_many| {
                    let TooManyGone { gone, loaded, percent_max } = too_many;
                    json!({ "gone": gone, "loaded": loaded, "percent_max": percent_max })
                }),
            });
        }
        run["warnings"] = report.shrinkage.iter().map(ToString::to_string).collect();
        run
    };
    json!({ "runs": reports.iter().map(one).collect::<Value>() })
}

pub(super) fn run_json(row: &RunRow) -> Value {
    let run = json!({
        "run": row.id,
        "job": row.job,
        "kind": row.kind,
        "outcome": row.outcome,
        "read": row.read(),
        "pending": row.pending,
        "customers": { "created": row.customers_created, "adopted": row.customers_adopted },
        "requests": row.requests,
        "duration_ms": row.active_ms,
    });
    with_counts(run, &row.counts)
}

/// Adds the counts, each by its name.
fn with_counts(mut object: Value, counts: &Counts) -> Value {
    for (name, n) in counts.named() {
        object[name] = n.into();
    }
    object
}

/// A run as text: every count, including zeros.
pub fn run_text(report: &RunReport) -> String {
    let row = &report.row;
    let customers_counted = row.customers_created + row.customers_adopted;
    let customers = if report.read_back.is_some() && customers_counted == 0 {
        "orders, each with its customer".to_owned()
    } else {
        format!(
            "orders, with {} customers created and {} adopted",
            count(row.customers_created),
            count(row.customers_adopted)
        )
    };
    let meaning = |name| match name {
        "created" => customers.as_str(),
        "adopted" => "already in ActiveCampaign",
        "unchanged" => "already loaded, no change",
        "filtered" => "excluded by the policy or a date limit, or an older copy",
        "invalid" => "not sent",
        "refused" => "rejected by ActiveCampaign",
        _ => "",
    };
    let mut rows: Vec<Vec<String>> =
        row.counts.named().iter().map(|(name, n)| count_row(name, *n, meaning(*name))).collect();
    rows.push(count_row("pending", row.pending, "read, outcome not known yet"));
    if let Some(read) = &report.read_back {
        if read.not_visible > 0 {
            let meaning = "accepted, not visible in ActiveCampaign yet; the next run looks again";
            rows.push(count_row("not visible", read.not_visible, meaning));
        }
        if read.not_read > 0 {
            let meaning = format!("accepted, and not of the sample {} (bulk_sample)", read.sample);
            rows.push(count_row("not read back", read.not_read, &meaning));
        }
    }
    rows.push(count_row("read", row.read(), "the sum of these"));
    if let Some(gone) = &report.gone {
        rows.extend(gone_rows(gone));
        if gone.is_withheld {
            rows.push(count_row("deleted", 0, GONE_WITHHELD));
        }
    }
    let end = row.outcome.map_or("running", RunEnd::word);
    format!(
        "Run {} ({} of {}) {end} after {}: {}\n{}",
        row.id,
        row.kind,
        row.job,
        duration(Duration::from_millis(row.active_ms)),
        requests_text(row),
        columns("<><", &rows)
    )
}

/// How a run of an approved plan treats orders that no longer exist in the shop.
const GONE_WITHHELD: &str =
    "a run with --plan deletes no orders; the next sync deletes those gone from the shop";

/// Orders of the ledger that no longer exist in the shop.
fn gone_rows(gone: &GoneReport) -> impl Iterator<Item = Vec<String>> {
    let left = match gone.too_many {
        Some(too_many) => too_many.to_string(),
        None => "gone from the shop; the next run tries again".to_owned(),
    };
    let deleted = "gone from the shop".to_owned();
    let kinds = [("deleted", &gone.deleted, deleted), ("not deleted", &gone.left, left)];
    kinds.into_iter().filter(|(_, keys, _)| !keys.is_empty()).map(|(name, keys, meaning)| {
        let shown = keys.iter().take(KEYS_SHOWN).map(|key| printable(key)).collect::<Vec<_>>();
        let more = if keys.len() > KEYS_SHOWN { ", …" } else { "" };
        count_row(name, keys.len() as u64, &format!("{meaning}: {}{more}", shown.join(", ")))
    })
}

/// What a run did not send, and where to find it.
pub fn letters_met_text(job: &str, met: LetterCounts) -> String {
    let accepted = match met.all - met.new {
        0 => String::new(),
        accepted => format!(", {} of them accepted", count(accepted)),
    };
    format!(
        "{} not sent{accepted}; `ordersync dead-letters list {job}` shows why",
        many(met.all, "record")
    )
}

/// The orders of a job's export that a run or an earlier one loaded, and those to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrdersLeft {
    pub loaded: u64,
    pub to_go: u64,
}

impl OrdersLeft {
    /// As the plan before the run counted them.
    pub fn of_plan(summary: &PlanSummary) -> Self {
        let loaded = summary.unchanged + summary.different;
        Self { loaded, to_go: summary.create + summary.update }
    }

    /// After a run that began with these.
    pub fn after(self, report: &RunReport) -> Self {
        let orders = &report.orders;
        Self {
            loaded: self.loaded + orders.written(),
            to_go: self.to_go.saturating_sub(orders.sum()),
        }
    }
}

/// `51 of 1,330 orders loaded, 1,279 to go`
impl fmt::Display for OrdersLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = many(self.loaded + self.to_go, "order");
        write!(f, "{} of {all} loaded, {} to go", count(self.loaded), count(self.to_go))
    }
}

/// The same for scripts.
pub fn orders_left_json(left: OrdersLeft) -> Value {
    json!({ "loaded": left.loaded, "to_go": left.to_go })
}

/// The progress of an unfinished run.
pub fn stopped_text(report: &RunReport, left: Option<OrdersLeft>) -> String {
    let progress = match left {
        Some(left) => left.to_string(),
        None => format!("{} done", many(report.row.counts.sum(), "record")),
    };
    format!("stopped. {progress}. Run it again to continue.")
}

fn requests_text(row: &RunRow) -> String {
    let requests = &row.requests;
    let rate = match (requests.total, row.active_ms) {
        (0 | 1, _) | (_, 0) => String::new(),
        (total, ms) => format!(", {:.2} a second", total as f64 * 1000.0 / ms as f64),
    };
    format!(
        "{}{rate}, {} retried, {} throttled",
        many(requests.total, "request"),
        count(requests.retried),
        count(requests.throttled)
    )
}

/// Requests a second since the run began in this process.
pub(super) fn rate_of(progress: &Progress) -> f64 {
    let seconds = progress.elapsed.as_secs_f64();
    if seconds > 0.0 { progress.requests.total as f64 / seconds } else { 0.0 }
}

/// The forecast's rate has as much weight as the measured one until this much time has passed, or
/// this part of the whole.
const FORECAST_COUNTS: Duration = Duration::from_secs(60);
const FORECAST_COUNTS_SHARE: u32 = 4;
/// Requests after which the share of unplanned ones counts as typical.
const TYPICAL: f64 = 50.0;

/// The time left, if there is a forecast: at first the forecast, then increasingly the measured
/// rate.
fn left_of(progress: &Progress, forecast: Option<&Forecast>) -> Option<Duration> {
    let forecast = forecast?;
    let (planned, done) = (forecast.total() as f64, progress.planned_done as f64);
    let sent = progress.requests.total as f64;
    let unplanned = (sent - done - progress.in_flight as f64).max(0.0);
    let to_come = unplanned / (done + TYPICAL) * (planned - done).max(0.0);
    let left = (planned + unplanned + to_come - sent).max(0.0);
    let trusted = FORECAST_COUNTS.min(forecast.duration() / FORECAST_COUNTS_SHARE);
    let trusted = trusted.saturating_sub(progress.elapsed).as_secs_f64();
    let (requests, span) = progress.recent;
    let counted = requests as f64 + forecast.average_per_second() * trusted;
    let rate = counted / (span.as_secs_f64() + trusted);
    if rate > 0.0 { Duration::try_from_secs_f64(left / rate).ok() } else { None }
}

/// The forecast and actual duration of an ended run, for this process' share of it.
pub fn forecast_held_text(report: &RunReport, forecast: &Forecast) -> String {
    format!(
        "  forecast {} in {}, took {} in {}\n",
        many(forecast.total(), "request"),
        duration(forecast.duration()),
        count(report.sent.total),
        duration(report.elapsed)
    )
}

/// The same for scripts.
pub fn forecast_held_json(report: &RunReport, forecast: &Forecast) -> Value {
    json!({
        "requests": forecast.total(),
        "duration_ms": millis(forecast.duration()),
        "requests_taken": report.sent.total,
        "duration_taken_ms": millis(report.elapsed),
    })
}

/// A run in progress. The most important part comes first: a narrow terminal cuts off the end.
pub struct ProgressText {
    /// `shop backfill: 162 of 20,000 orders`, or without the orders if they are not planned.
    pub done: String,
    /// The time left, the rate, and the outcomes of the records.
    pub rest: String,
    has_orders: bool,
}

impl ProgressText {
    pub fn line(&self) -> String {
        let Self { done, rest, has_orders } = self;
        format!("{done}{} {rest}", if *has_orders { "," } else { ":" })
    }
}

/// A run in progress, with the forecast of its plan, if there is one.
pub fn progress_text(
    progress: &Progress,
    forecast: Option<&Forecast>,
    left: Option<OrdersLeft>,
) -> ProgressText {
    let mut done = format!("{} {}", progress.job, progress.kind.word());
    if let Some(OrdersLeft { loaded, to_go }) = left {
        let orders = (loaded + progress.counts.written()).min(loaded + to_go);
        let all = many(loaded + to_go, "order");
        done.push_str(&format!(": {} of {all}", count(orders)));
    }
    ProgressText { done, rest: progress_rest(progress, forecast), has_orders: left.is_some() }
}

fn progress_rest(progress: &Progress, forecast: Option<&Forecast>) -> String {
    let counts = &progress.counts;
    let left = left_of(progress, forecast).map(|left| format!("{} left, ", duration(left)));
    let mut line = format!("{}{:.1} requests/s", left.unwrap_or_default(), rate_of(progress));
    if let Some(batches) = progress.batches.filter(|batches| batches.sent > 0) {
        line.push_str(&format!(", {}", batches_text(&batches)));
    }
    if progress.requests.throttled > 0 {
        line.push_str(&format!(", throttled {} times", count(progress.requests.throttled)));
    }
    line.push_str(&format!(
        "; {} created, {} updated",
        count(counts.created),
        count(counts.updated)
    ));
    if counts.adopted > 0 {
        line.push_str(&format!(", {} adopted", count(counts.adopted)));
    }
    line.push_str(&format!(
        ", {} refused of {} read, {} in flight",
        count(counts.refused),
        count(progress.read),
        progress.in_flight
    ));
    line
}

/// The number and lengths of sent batches.
fn batches_text(batches: &Batches) -> String {
    let Batches { sent, divided, .. } = *batches;
    let what = if sent == 1 { "batch" } else { "batches" };
    let each = many(batches.orders_each(), "order");
    let divided =
        if divided > 0 { format!(" ({} divided)", count(divided)) } else { String::new() };
    format!("{} {what} of {each}{divided}", count(sent))
}

/// The same for scripts.
pub fn progress_json(progress: &Progress, forecast: Option<&Forecast>) -> Value {
    let value = json!({
        "job": progress.job,
        "run": progress.run,
        "kind": progress.kind.word(),
        "read": progress.read,
        "in_flight": progress.in_flight,
        "requests": {
            "total": progress.requests.total,
            "retried": progress.requests.retried,
            "throttled": progress.requests.throttled,
            "planned": forecast.map(Forecast::total),
        },
        "batches": progress.batches.map(|batches| json!({
            "sent": batches.sent,
            "orders": batches.orders,
            "divided": batches.divided,
        })),
        "requests_per_second": rate_of(progress),
        "duration_ms": millis(progress.elapsed),
        "left_ms": left_of(progress, forecast).map(millis),
    });
    json!({ "progress": with_counts(value, &progress.counts) })
}
