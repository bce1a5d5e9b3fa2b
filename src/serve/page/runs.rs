use super::times;
use crate::report::{count, duration};
use crate::serve::snapshot::JobSnapshot;
use crate::state::{Counts, RunRow};
use jiff::Timestamp;
use maud::{Markup, html};
use std::time::Duration;

/// The last runs with their counts, whose sum is the number of records read.
pub(super) fn table(job: &JobSnapshot, rows: &[RunRow], now: Timestamp) -> Markup {
    html! {
        h4 { "Last runs" }
        @if rows.is_empty() { p.soft { "None yet." } } @else {
            div.wide { table.runs {
                thead { tr {
                    th scope="col" { "Run" }
                    th scope="col" { "Kind" }
                    th scope="col" { "Begun" }
                    th.number scope="col" { "At work" }
                    th scope="col" { "End" }
                    th.number scope="col" { "Read" }
                    @for (part, _) in Counts::default().named() { th.number scope="col" { (part) } }
                    th.number scope="col" { "pending" }
                } }
                tbody { @for row in rows { (line(job, row, now)) } }
            } }
        }
    }
}

fn line(job: &JobSnapshot, row: &RunRow, now: Timestamp) -> Markup {
    // The one run without an outcome while the daemon runs the job, even before it settled
    // anything.
    let is_running = job.running().is_some() && row.outcome.is_none();
    let pending = if is_running { job.pending() } else { row.pending };
    let end = match &row.outcome {
        _ if is_running => "running",
        Some(_) if row.undone_ms.is_some() => "undone since",
        Some(outcome) => outcome.word(),
        None => "interrupted, or run by another process",
    };
    html! {
        tr {
            th scope="row" { (row.id) }
            td data-name="Kind" { (row.kind) }
            td data-name="Begun" title=(times::coming(Timestamp::from_millisecond(row.started_ms).unwrap_or(now), now, &job.zone)) {
                (times::instant_ms(row.started_ms, &job.zone))
            }
            td.number data-name="At work" { (duration(Duration::from_millis(row.active_ms))) }
            td data-name="End" { (end) }
            td.number data-name="Read" { (count(row.counts.sum() + pending)) }
            @for (part, records) in row.counts.named() { td.number data-name=(part) { (count(records)) } }
            td.number data-name="pending" { (count(pending)) }
        }
    }
}
