use super::times;
use crate::daemon::{FleetNode, FleetView};
use crate::report::{backlog_text, count, duration, many};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, html};

/// The fleet as this daemon last saw it.
pub(super) fn section(fleet: &FleetView, now: Timestamp) -> Markup {
    html! {
        h2 { "Fleet" }
        section.card aria-label="Fleet" {
            dl {
                dt { "This node" } dd { (fleet.node) ", holds " (many(fleet.leases.len() as u64, "account")) }
                dt { "Backlog" } dd { (backlog_text(fleet.backlog)) }
                dt { "As of" } dd { (times::coming(fleet.at, now, &TimeZone::system())) }
            }
            @if fleet.is_draining {
                p.warn role="alert" { strong { "Drained: " } "this node takes no account and hands over those it has." }
            }
            div.wide {
                table {
                    thead { tr { th scope="col" { "Node" } th scope="col" { "State" } th.number scope="col" { "Leases" } th scope="col" { "Heard of" } th scope="col" { "Since" } } }
                    tbody { @for node in &fleet.nodes { (row(node)) } }
                }
            }
        }
    }
}

fn row(node: &FleetNode) -> Markup {
    let class = match node.state() {
        "active" => "good",
        "lost" => "bad",
        _ => "warn",
    };
    html! {
        tr {
            td { (node.name) }
            td class=(class) { (node.state()) }
            td.number { (count(node.leases)) }
            td { (duration(node.seen)) " ago" }
            td { (times::instant(node.since, &TimeZone::system())) }
        }
    }
}
