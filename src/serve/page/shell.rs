use super::{accounts, fleet, jobs, times};
use crate::daemon::AccountView;
use crate::serve::snapshot::{JobSnapshot, Process, Snapshot};
use jiff::tz::TimeZone;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("status.css");
const SCRIPT: &str = include_str!("status.js");

/// Allows the page's own style and script only; a test checks that the hashes are those of
/// `status.css` and `status.js`.
pub(in crate::serve) const POLICY: &str = "default-src 'none'; style-src 'sha256-ZeTNsN13CE3wxYX1rFKSFoYs/PG4CIB2h4SOAAtAsyY='; script-src 'sha256-ggHoCBzYgghIIPZY9HiRcV5WZVVuTtjY+MiEpYT27Ok='; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The whole page; a browser without scripts reloads it.
pub(in crate::serve) fn whole(snapshot: &Snapshot) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title(snapshot)) }
                // Empty, so that no browser requests one.
                link rel="icon" href="data:,";
                noscript { meta http-equiv="refresh" content="15"; }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "ordersync" }
                    p #state role="status" { "Reload to update." }
                }
                main #live { (parts(snapshot)) }
                footer { p { "ordersync " (env!("CARGO_PKG_VERSION")) ". Read-only page; use `ordersync` on the command line to act." } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// The part of the page that changes.
pub(in crate::serve) fn live(snapshot: &Snapshot) -> String {
    parts(snapshot).into_string()
}

fn title(snapshot: &Snapshot) -> String {
    match snapshot.jobs.iter().filter(|job| job.running().is_some()).count() {
        0 => "ordersync".to_owned(),
        n => format!("({n}) ordersync"),
    }
}

fn parts(snapshot: &Snapshot) -> Markup {
    html! {
        @if let Some(process) = &snapshot.process { (process_text(process, snapshot)) }
        @if let Some(view) = &snapshot.fleet { (fleet::section(view, snapshot.at)) }
        h2 { "Jobs" }
        @for job in &snapshot.jobs { (jobs::card(job, account_of(snapshot, job), snapshot.at)) }
        h2 { "Accounts" }
        div.cards { @for account in &snapshot.accounts { (accounts::card(account, snapshot.at)) } }
    }
}

fn account_of<'a>(snapshot: &'a Snapshot, job: &JobSnapshot) -> Option<&'a AccountView> {
    snapshot.accounts.iter().find(|account| account.account == job.account)
}

fn process_text(process: &Process, snapshot: &Snapshot) -> Markup {
    let zone = TimeZone::system();
    html! {
        p.soft {
            "As of " (times::instant(snapshot.at, &zone)) ", running for "
            (times::span(snapshot.at.duration_since(process.started))) "."
        }
        @if !process.is_alive {
            p.bad role="alert" { strong { "Stuck: " } "a run makes no progress and waits for nothing known." }
        }
        @if !process.is_current {
            p.warn role="alert" { strong { "Old settings: " } "the changed settings file has a fault, so the previous settings stay in effect. See the log." }
        }
    }
}
