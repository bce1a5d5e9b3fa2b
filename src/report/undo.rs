use super::text::{columns, count, count_row, duration, many, millis, printable};
use crate::run::{UndoPlan, UndoReport};
use serde_json::{Value, json};

/// Keys shown of one kind; all of them are in the JSON.
const KEYS_MAX: usize = 20;

pub fn undo_plan_json(plan: &UndoPlan) -> Value {
    json!({ "undo": {
        "run": plan.run.id,
        "job": plan.run.job,
        "outcome": if plan.is_empty() { "nothing_left" } else { "planned" },
        "orders": plan.undoable.orders,
        "written_since": plan.undoable.written_since,
        "deleted_before": plan.undoable.deleted,
        "leaves": leaves_json(plan),
        "forecast": {
            "requests": plan.forecast.total(),
            "requests_per_second": plan.forecast.requests_per_second(),
            "duration_ms": millis(plan.forecast.duration()),
        },
    } })
}

fn leaves_json(plan: &UndoPlan) -> Value {
    json!({
        "updated": plan.run.counts.updated,
        "adopted": plan.run.counts.adopted,
        "customers": plan.run.customers_created,
    })
}

pub fn undo_plan_text(plan: &UndoPlan) -> String {
    let (run, undoable) = (&plan.run, &plan.undoable);
    let head = format!("Undo run {} ({} of {})", run.id, run.kind, run.job);
    let mut rows = vec![count_row("to delete", undoable.orders, "orders that it created")];
    if undoable.written_since > 0 {
        rows.push(count_row(
            "of these",
            undoable.written_since,
            "a later run has written to; they go as well",
        ));
    }
    if undoable.deleted > 0 {
        rows.push(count_row("deleted", undoable.deleted, "before, and not yet read back"));
    }
    if undoable.unconfirmed > 0 {
        rows.push(count_row(
            "unclear",
            undoable.unconfirmed,
            "it was about to create when it was killed: left alone",
        ));
    }
    if plan.is_empty() {
        rows[0] = count_row("to delete", 0, "nothing left: the ledger has no order created by it");
        return format!("{head}\n{}{}", columns("<><", &rows), leaves_text(plan));
    }
    format!(
        "{head}\n{}{}  about {}, {} at up to {:.2} a second\n",
        columns("<><", &rows),
        leaves_text(plan),
        many(plan.forecast.total(), "request"),
        duration(plan.forecast.duration()),
        plan.forecast.requests_per_second()
    )
}

fn leaves_text(plan: &UndoPlan) -> String {
    format!(
        "  leaves alone: {} it only updated (their earlier content is not known), {} adopted ones, {} it created, and all contacts\n",
        many(plan.run.counts.updated, "order"),
        count(plan.run.counts.adopted),
        many(plan.run.customers_created, "customer")
    )
}

pub fn undo_json(plan: &UndoPlan, report: &UndoReport) -> Value {
    json!({ "undo": {
        "run": report.run,
        "job": report.job,
        "outcome": report.end().word(),
        "orders": report.planned,
        "deleted": report.deleted,
        "gone": report.gone,
        "deleted_before": plan.undoable.deleted,
        "left": report.left,
        "leaves": leaves_json(plan),
        "foreign": report.foreign,
        "refused": report.refused.iter()
            .map(|(order, reason)| json!({ "order": order, "reason": reason })).collect::<Vec<_>>(),
        "unconfirmed": report.unconfirmed,
        "still_there": report.still_there,
        "made_again": report.made_again,
        "verified": report.is_clean(),
        "requests": report.requests,
        "duration_ms": millis(report.elapsed),
    } })
}

pub fn undo_text(plan: &UndoPlan, report: &UndoReport) -> String {
    let mut text = format!(
        "Undo of run {} {} after {}: {}\n  {} deleted, {} gone already",
        report.run,
        report.end().word(),
        duration(report.elapsed),
        many(report.requests.total, "request"),
        many(report.deleted, "order"),
        count(report.gone)
    );
    text.push_str(match report.left {
        Some(_) if report.still_there.is_empty() => "; read back: none of them is there any more\n",
        Some(_) => "; read back: some are still there\n",
        None => "; not read back yet, run it again\n",
    });
    let refused: Vec<String> =
        report.refused.iter().map(|(order, reason)| format!("{order} ({reason})")).collect();
    for (keys, what) in [
        (&report.still_there, "still in ActiveCampaign; run it again"),
        (&refused, "that ActiveCampaign refused to delete"),
        (&report.foreign, "with an id that belongs to another order now; left alone"),
        (
            &report.unconfirmed,
            "that may be of this run, which was killed while it created them; look at them in ActiveCampaign",
        ),
    ] {
        if !keys.is_empty() {
            let shown: Vec<String> = keys.iter().take(KEYS_MAX).map(|key| printable(key)).collect();
            let dots = if keys.len() > KEYS_MAX { ", …" } else { "" };
            let orders = many(keys.len() as u64, "order");
            text.push_str(&format!("  {orders} {what}: {}{dots}\n", shown.join(", ")));
        }
    }
    if report.made_again > 0 {
        text.push_str(&format!(
            "  {} of them were made again since, under another id\n",
            count(report.made_again)
        ));
    }
    text.push_str(&leaves_text(plan));
    text
}
