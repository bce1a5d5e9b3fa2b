use super::times;
use crate::activecampaign::Traffic;
use crate::daemon::{AccountStatus, AccountView};
use crate::report::{count, duration};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};
use std::time::Duration;

/// An account: what keeps it from sending, if anything, and what was sent.
pub(super) fn card(account: &AccountView, now: Timestamp) -> Markup {
    let (class, word) = status(&account.status);
    html! {
        section.card aria-label=(format!("Account {}", account.account)) {
            div.head { h3 { (account.account) } span class=(format!("badge {class}")) { (word) } }
            dl {
                dt { "Breaker" } dd { (breaker(&account.status, now)) }
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
        AccountStatus::WaitsForLock { .. } => ("warn", "waits for another process"),
        AccountStatus::Away { .. } => ("warn", "target away"),
        AccountStatus::Refused { .. } => ("bad", "refused"),
    }
}

fn breaker(status: &AccountStatus, now: Timestamp) -> String {
    let zone = TimeZone::system();
    match status {
        AccountStatus::Idle | AccountStatus::Running => "closed: requests may leave".to_owned(),
        AccountStatus::WaitsForLock { since } => {
            format!(
                "another process writes to the account, since {}",
                times::instant(*since, &zone)
            )
        }
        AccountStatus::Away { until } => {
            format!(
                "open: the target is away; asked again at {}",
                times::coming(*until, now, &zone)
            )
        }
        AccountStatus::Refused { until } => {
            format!(
                "open: the target refused us; nothing is sent before {}",
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
        dt { "Requests sent" } dd { (count(traffic.total)) ", of which well " (count(traffic.succeeded)) }
        dt { "Answers of 429" } dd {
            (count(traffic.throttled)) ", all pauses " (duration(Duration::from_millis(traffic.paused_ms)))
        }
        @if !traffic.dispositions.is_empty() {
            dt { "Not well" } dd {
                @for (n, (verdict, times)) in traffic.dispositions.iter().enumerate() {
                    @if n > 0 { ", " }
                    (verdict) " " (count(*times))
                }
            }
        }
    }
}
