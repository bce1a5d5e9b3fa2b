use super::jobs::unanswered;
use super::times;
use crate::activecampaign::Traffic;
use crate::daemon::{AccountStatus, AccountView};
use crate::report::{count, duration, many};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};
use std::time::Duration;

/// An account: why it can't send, if it can't, and what was sent.
pub(super) fn card(account: &AccountView, now: Timestamp) -> Markup {
    let (class, word) = match account.unanswered_for {
        Some(_) => ("warn", "not answering"),
        None => status(&account.status),
    };
    html! {
        section.card aria-label=(format!("Account {}", account.account)) {
            div.head { h3 { (account.account) } span class=(format!("badge {class}")) { (word) } }
            dl {
                dt { "Breaker" } dd { (breaker(account, now)) }
                dt { "Throttle" } dd { (throttle(account)) }
                dt { "Requests in flight" } dd { (count(account.in_flight)) }
                @if let Some(traffic) = &account.traffic { (sent(traffic)) }
            }
        }
    }
}

fn status(status: &AccountStatus) -> (&'static str, &'static str) {
    match status {
        AccountStatus::Idle => ("good", "idle"),
        AccountStatus::Running => ("good", "running"),
        AccountStatus::Verifying { .. } => ("good", "verifying"),
        AccountStatus::WaitsForLock { .. } => ("warn", "waiting for another process"),
        AccountStatus::Unavailable { .. } => ("warn", "unavailable"),
        AccountStatus::Refused { .. } => ("bad", "refused"),
    }
}

fn breaker(account: &AccountView, now: Timestamp) -> String {
    let zone = TimeZone::system();
    if let Some(silence) = account.unanswered_for {
        return unanswered(silence, now, &zone);
    }
    match &account.status {
        AccountStatus::Idle | AccountStatus::Running => "closed: requests are sent".to_owned(),
        AccountStatus::Verifying { job, since } => {
            format!("closed: {job} is verified, since {}", times::instant(*since, &zone))
        }
        AccountStatus::WaitsForLock { since } => {
            format!(
                "another process writes to the account, since {}",
                times::instant(*since, &zone)
            )
        }
        AccountStatus::Unavailable { until } => {
            format!(
                "open: ActiveCampaign is unavailable; next try at {}",
                times::coming(*until, now, &zone)
            )
        }
        AccountStatus::Refused { until } => {
            format!(
                "open: ActiveCampaign refused access; next try at {}",
                times::coming(*until, now, &zone)
            )
        }
    }
}

fn throttle(account: &AccountView) -> String {
    let pace = account.traffic.as_ref().map(|traffic| traffic.requests_per_second);
    let pace =
        pace.map_or("nothing sent yet".to_owned(), |pace| format!("{pace:.1} requests/s allowed"));
    match account.pause_left {
        Duration::ZERO => pace,
        left => format!("{pace}; a pause, {} left", duration(left)),
    }
}

fn sent(traffic: &Traffic) -> Markup {
    html! {
        dt { "Requests sent" } dd { (count(traffic.total)) ", " (count(traffic.succeeded)) " succeeded" }
        @if traffic.batches > 0 {
            dt { "Batches" } dd {
                (count(traffic.batches)) " with " (many(traffic.batch_orders, "order"))
                @if traffic.batches_divided > 0 { ", " (count(traffic.batches_divided)) " divided" }
            }
        }
        dt { "Rate-limited" } dd {
            (many(traffic.throttled, "time")) "; total waiting " (duration(Duration::from_millis(traffic.paused_ms)))
        }
        @if !traffic.dispositions.is_empty() {
            dt { "Failed" } dd {
                @for (n, (disposition, times)) in traffic.dispositions.iter().enumerate() {
                    @if n > 0 { ", " }
                    (count(*times)) " " (disposition_text(disposition))
                }
            }
        }
    }
}

fn disposition_text(disposition: &str) -> &str {
    match disposition {
        "again" => "retried",
        "look_up" | "unclear" => "with unknown outcome",
        "exists" => "duplicates",
        "gone" | "relation_gone" => "for deleted records",
        "stop" => "fatal",
        other => other,
    }
}
