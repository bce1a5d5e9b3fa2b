//! How long a plan takes and when it ends, with its assumptions, and at other rates.

#[cfg(test)]
mod tests;

use super::text::{columns, count, duration, many, millis};
use crate::plan::Forecast;
use crate::run::{CompareProgress, Preview};
use jiff::{SignedDuration, Zoned};
use serde_json::{Value, json};
use std::time::Duration;

/// Rate limits that are compared, in requests per second.
const ALLOWED: [f64; 3] = [1.0, 2.0, 5.0];
/// A plan that takes longer is also given in nights.
const NIGHT: Duration = Duration::from_secs(6 * 3600);

/// How long it takes and when it ends, in a sentence.
pub(super) fn forecast_text(preview: &Preview, now: &Zoned) -> String {
    let forecast = &preview.forecast;
    if forecast.requests == 0 {
        return "Forecast: nothing to send.".to_owned();
    }
    let ends = ends(forecast, &in_zone(preview, now));
    let ends = ends.map(|(at, zone)| format!(", done about {at} ({zone})")).unwrap_or_default();
    let batches = forecast.batch_max.map(|orders| format!(", batches of up to {orders} orders,"));
    format!(
        "Forecast: {}{} at {}{:.1} a second {} {}{ends}.",
        many(forecast.requests, "request"),
        batches.unwrap_or_default(),
        if forecast.in_turn > 0 { "up to " } else { "" },
        forecast.requests_per_second(),
        if forecast.requests == 1 { "takes" } else { "take" },
        duration(forecast.duration())
    )
}

/// The same with its assumptions and the table of other rates, as lines.
pub(super) fn forecast_lines(preview: &Preview, now: &Zoned) -> String {
    let mut text = format!("{}\n", forecast_text(preview, now));
    if preview.forecast.requests == 0 {
        return text;
    }
    let head = ["requests_per_second", "kept", "takes", "done about"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(pace_rows(preview, now)).collect();
    text.push_str(&columns("<><<", &rows));
    for line in nights(&preview.forecast).into_iter().chain(assumptions(&preview.forecast)) {
        text.push_str(&format!("  {line}\n"));
    }
    text
}

/// For each rate: the account's limit per second, the rate that is used, the duration and the end.
pub(super) fn pace_rows(preview: &Preview, now: &Zoned) -> Vec<Vec<String>> {
    let (own, now) = (preview.forecast.terms.allowed_per_second, in_zone(preview, now));
    let row = |forecast: Forecast| {
        let allowed = forecast.terms.allowed_per_second;
        let mark = if allowed == own { " (as set)" } else { "" };
        let ends = ends(&forecast, &now).map(|(at, _)| at).unwrap_or_default();
        let kept = format!("{:.2}", forecast.requests_per_second());
        vec![format!("{allowed}{mark}"), kept, duration(forecast.duration()), ends]
    };
    paces(&preview.forecast).into_iter().map(row).collect()
}

/// In nights, if it does not fit into one.
pub(super) fn nights(forecast: &Forecast) -> Option<String> {
    let runs = forecast.runs_of(NIGHT);
    (runs > 1).then(|| {
        format!("In nights of 6 h (`backfill --max-duration 6h`): {} of them.", count(runs))
    })
}

/// What a backfill with `--max-duration` shows beforehand.
pub fn runs_text(forecast: &Forecast, duration_max: Duration) -> Option<String> {
    let runs = forecast.runs_of(duration_max);
    let within = duration(duration_max);
    (runs > 1).then(|| format!("Stopped after {within} each time, it takes {} runs.", count(runs)))
}

/// The duration of a canary of this many orders, with and without reading it back.
pub fn canary_forecast_text(forecast: &Forecast, orders: usize) -> String {
    let orders = orders as u64;
    // The connection; then each order, its products and its discounts.
    let reading = Forecast::new(0, forecast.terms).after(orders.saturating_mul(3) + 1);
    format!(
        "Canary: {} in up to {}, {}; then {} to read back, {}.",
        many(orders, "order"),
        many(forecast.total(), "request"),
        duration(forecast.duration()),
        count(reading.total()),
        duration(reading.duration())
    )
}

/// The duration of reading back `orders` from ActiveCampaign: in pages of a list, or one by one
/// with their lines.
pub fn reading_text(job: &str, orders: u64, by_line: u64, forecast: &Forecast) -> String {
    let lines = match by_line {
        0 => String::new(),
        n => format!(", {} of them line by line,", count(n)),
    };
    format!(
        "{job}: reading {} back{lines} takes about {} and {} if each answer takes {} s",
        many(orders, "order"),
        many(forecast.total(), "request"),
        duration(forecast.duration()),
        seconds(forecast.terms.round_trip)
    )
}

/// The duration of a query, of which `sent` requests have shown how much is left to read.
pub fn asking_text(account: &str, sent: u64, left: &Forecast) -> String {
    format!(
        "{account}: asking ActiveCampaign what exists already, reading only: {}, about {}",
        many(sent + left.total(), "request"),
        duration(left.duration())
    )
}

/// Progress of reading back.
pub fn reading_progress_text(progress: CompareProgress) -> String {
    let listed = |what: &str, listed: u64, total: Option<u64>| {
        let of = total.map_or_else(String::new, |total| format!(" of {}", count(total)));
        format!("{}{of} {what} listed", count(listed))
    };
    match progress {
        CompareProgress::Orders { listed: n, total } => listed("orders", n, total),
        CompareProgress::Customers { listed: n, total } => listed("customers", n, total),
        CompareProgress::Contacts { listed: n, total } => listed("contacts", n, total),
        CompareProgress::Lines(orders) => format!("{} orders compared line by line", count(orders)),
    }
}

/// The assumptions of the forecast, one sentence each.
pub(super) fn assumptions(forecast: &Forecast) -> Vec<String> {
    let terms = &forecast.terms;
    let connection = match forecast.one_by_one {
        0 => String::new(),
        n => format!("; and {} to find or make the connection", count(n)),
    };
    let (round_trip, in_flight) = (seconds(terms.round_trip), terms.in_flight_max);
    let answers = if terms.is_bound_by_answers() {
        format!("that allows {:.2} requests a second", forecast.requests_per_second())
    } else {
        format!("speed drops only if responses exceed {} s", seconds(terms.round_trip_max()))
    };
    let counted = match forecast.batch_max {
        None => "a request for each new customer, order to write and lookup".to_owned(),
        Some(orders) => format!(
            "a request for each batch, of 10 orders at first and of {orders} later, and what is read before and after them; {} \
             of them one after the other, and {} in which copies are waited for",
            count(forecast.in_turn),
            duration(forecast.waits)
        ),
    };
    let mut all = vec![
        format!("Counted: {counted}{connection}."),
        format!(
            "Assumed: {:.2} of the {} requests a second that the account allows, used by nothing else; no throttling or \
             retries; nothing of what is to be created exists yet (each would take one or two requests more).",
            terms.pace(),
            terms.allowed_per_second
        ),
        format!(
            "Assumed: {round_trip} s per response; with at most {in_flight} in flight (in_flight_max), {answers}."
        ),
    ];
    if forecast.unsure > 0 {
        all.push(format!(
            "Unsure: {} of the requests are needed only if the last requests of an earlier run were lost.",
            count(forecast.unsure)
        ));
    }
    all
}

/// The `forecast` of `plan --json`: `duration_ms` is the time of `requests` alone, and `ends` also
/// includes `connection_ms`.
pub(super) fn forecast_json(preview: &Preview, now: &Zoned) -> Value {
    let (forecast, now) = (&preview.forecast, in_zone(preview, now));
    let terms = &forecast.terms;
    // Without anything to send, the connection is not looked up.
    let connecting = forecast.after(if forecast.requests == 0 { 0 } else { forecast.one_by_one });
    let paces = paces(forecast).into_iter().map(|forecast| {
        json!({
            "allowed_per_second": forecast.terms.allowed_per_second,
            "requests_per_second": forecast.requests_per_second(),
            "duration_ms": millis(forecast.after_those()),
            "ends": ends_json(&forecast, &now),
        })
    });
    json!({
        "requests": forecast.requests,
        "requests_per_second": forecast.requests_per_second(),
        "duration_ms": millis(forecast.after_those()),
        "ends": ends_json(forecast, &now),
        "connection_requests": connecting.one_by_one,
        "connection_ms": millis(connecting.before()),
        "in_turn_requests": forecast.in_turn,
        "waits_ms": millis(forecast.waits),
        "unsure_requests": forecast.unsure,
        "orders_in_batch_max": forecast.batch_max,
        "allowed_per_second": terms.allowed_per_second,
        "in_flight_max": terms.in_flight_max,
        "round_trip_ms": millis(terms.round_trip),
        "round_trip_max_ms": millis(terms.round_trip_max()),
        "paces": paces.collect::<Vec<_>>(),
        "assumptions": assumptions(forecast),
    })
}

/// The sum over the jobs of one account, which run one after the other, if there are several; with
/// the name of the account.
pub fn together_text(plans: &[(String, &Preview)], now: &Zoned) -> String {
    let mut text = String::new();
    for (account, all) in by_account(plans).into_iter().filter(|(_, all)| all.len() > 1) {
        let (requests, takes) = sums(&all);
        if requests == 0 {
            continue;
        }
        let at = all.last().map_or_else(|| now.clone(), |preview| in_zone(preview, now));
        let ends = end_after(takes, &at).map(|end| format!(", done about {}", shown(&end)));
        text.push_str(&format!(
            "Together: {} jobs write to {account}, one after the other: {} {} {}{}\n",
            all.len(),
            many(requests, "request"),
            if requests == 1 { "takes" } else { "take" },
            duration(takes),
            ends.unwrap_or_default()
        ));
    }
    text
}

/// The same for scripts, of every account.
pub fn together_json(plans: &[(String, &Preview)], now: &Zoned) -> Value {
    let line = |(account, all): (&str, Vec<&Preview>)| {
        let (requests, takes) = sums(&all);
        let ends = end_after(takes, now).map(|end| end.timestamp().to_string());
        json!({ "account": account, "requests": requests, "duration_ms": millis(takes), "ends": ends })
    };
    by_account(plans).into_iter().map(line).collect()
}

fn by_account<'a>(plans: &'a [(String, &'a Preview)]) -> Vec<(&'a str, Vec<&'a Preview>)> {
    let mut accounts: Vec<(&str, Vec<&Preview>)> = Vec::new();
    for (account, preview) in plans {
        match accounts.iter_mut().find(|(name, _)| name == account) {
            Some((_, all)) => all.push(*preview),
            None => accounts.push((account, vec![*preview])),
        }
    }
    accounts
}

/// The requests and the time of all plans.
fn sums(all: &[&Preview]) -> (u64, Duration) {
    let takes = |sum: Duration, preview: &&Preview| sum.saturating_add(taken(&preview.forecast));
    (
        all.iter().map(|preview| preview.forecast.requests).sum(),
        all.iter().fold(Duration::ZERO, takes),
    )
}

/// Without anything to send, a run does not even look up the connection.
fn taken(forecast: &Forecast) -> Duration {
    if forecast.requests == 0 { Duration::ZERO } else { forecast.duration() }
}

/// The forecast at each rate that is compared, and at the account's own.
fn paces(forecast: &Forecast) -> Vec<Forecast> {
    let own = forecast.terms.allowed_per_second;
    let mut allowed = ALLOWED.to_vec();
    if !allowed.contains(&own) {
        allowed.push(own);
    }
    allowed.sort_by(f64::total_cmp);
    allowed.into_iter().map(|allowed| forecast.at(allowed)).collect()
}

fn in_zone(preview: &Preview, now: &Zoned) -> Zoned {
    now.with_time_zone(preview.rules.zone.clone())
}

/// When it ends: the local time with its offset from UTC, and the zone, with a note if clocks
/// change before.
fn ends(forecast: &Forecast, now: &Zoned) -> Option<(String, String)> {
    let end = end_after(taken(forecast), now)?;
    let zone = end.time_zone().iana_name().unwrap_or("the job's time zone").to_owned();
    let zone =
        if end.offset() == now.offset() { zone } else { format!("{zone}, clocks change before") };
    Some((shown(&end), zone))
}

fn shown(end: &Zoned) -> String {
    end.strftime("%Y-%m-%d %H:%M %:z").to_string()
}

fn ends_json(forecast: &Forecast, now: &Zoned) -> Option<String> {
    end_after(taken(forecast), now).map(|end| end.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
}

/// `None` beyond the range of the calendar.
fn end_after(takes: Duration, now: &Zoned) -> Option<Zoned> {
    now.checked_add(SignedDuration::try_from(takes).ok()?).ok()
}

fn seconds(time: Duration) -> String {
    let digits = if time < Duration::from_millis(100) { 3 } else { 1 };
    format!("{:.digits$}", time.as_secs_f64())
}
