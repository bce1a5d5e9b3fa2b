//! Changes of orders since they were written: which fields, old and new values, and causes.

use super::comparison::Comparison;
use super::examples::{example_json, example_text};
use super::text::{count, count_row, printable};
use crate::domain::{Field, FieldChange, FieldValue};
use crate::plan::{Change, ChangeCause, Changes};
use crate::run::{Preview, SettingChange, SinceRun};
use serde_json::{Value, json};

/// Changes shown per example.
const SHOWN_MAX: usize = 6;

/// The `difference` of `plan --since-run --json`.
pub fn since_json(preview: &Preview, since: &SinceRun) -> Value {
    let settings = since.settings.as_ref().map(|settings| {
        let of_one = |change: &SettingChange| json!({ "name": change.name, "from": change.before, "to": change.now });
        settings.iter().map(of_one).collect::<Vec<_>>()
    });
    json!({
        "since_run": since.run,
        "known": since.known(),
        "unchanged": since.unchanged,
        "changed": since.changes.orders,
        "by_field": by_field_json(&since.changes),
        "fields_unknown": since.changes.fields_unknown,
        "by_why": causes(&since.changes)
            .map(|(why, n)| json!({ "why": why.word(), "count": n })).collect::<Vec<_>>(),
        "examples": since.changes.examples.iter().map(|(example, change)| {
            let mut one = example_json(preview, example);
            one["why"] = change.why.map(ChangeCause::word).into();
            one["changes"] = changes_json(&change.fields);
            one
        }).collect::<Vec<_>>(),
        "left_out": since.left_out.iter()
            .map(|((is, reason), n)| json!({ "is": is, "reason": reason, "count": n })).collect::<Vec<_>>(),
        "left_out_examples": since.left_out_examples.iter().map(|(example, (is, reason))| {
            let mut one = example_json(preview, example);
            (one["is"], one["reason"]) = ((*is).into(), (*reason).into());
            one
        }).collect::<Vec<_>>(),
        "gone": since.gone,
        "gone_examples": since.gone_examples,
        "written_later": since.written_later,
        "new": since.new,
        "settings": settings,
    })
}

/// The causes of these changes, each with its number of orders.
fn causes(changes: &Changes) -> impl Iterator<Item = (ChangeCause, u64)> {
    ChangeCause::ALL.into_iter().filter_map(move |why| Some((why, *changes.by_why.get(&why)?)))
}

fn by_field_json(changes: &Changes) -> Value {
    changes.by_field.iter().map(|(field, n)| json!({ "field": field.word(), "count": n })).collect()
}

/// For a plan without a comparison: what is known about its updates.
pub(super) fn changes_counted_json(changes: &Changes) -> Value {
    json!({ "orders": changes.orders, "by_field": by_field_json(changes), "fields_unknown": changes.fields_unknown })
}

/// Amounts are in minor units; a field that the payload lacked is null; if the old value was not
/// stored, neither is shown.
pub(super) fn changes_json(fields: &[FieldChange]) -> Value {
    let of_one = |change: &FieldChange| {
        let is_kept = (change.from, change.to) != (FieldValue::NotKept, FieldValue::NotKept);
        json!({ "field": change.field.word(), "from": held_json(change.from), "to": held_json(change.to), "kept": is_kept })
    };
    fields.iter().map(of_one).collect()
}

fn held_json(held: FieldValue) -> Value {
    match held {
        FieldValue::Money(amount, _) => amount.minor().into(),
        FieldValue::Currency(currency) => currency.code().into(),
        FieldValue::Date(at) => at.to_string().into(),
        FieldValue::Count(n) => n.into(),
        FieldValue::Absent | FieldValue::NotKept => Value::Null,
    }
}

/// The comparison as text.
pub fn since_comparison(preview: &Preview, since: &SinceRun) -> Comparison {
    let title = format!(
        "Since run {} of {}: what became of the orders loaded by it or by an earlier run",
        since.run, preview.job
    );
    let mut comparison = Comparison { title, ..Comparison::default() };
    let besides = format!(
        "besides: {} written by later runs, {} new",
        count(since.written_later),
        count(since.new)
    );
    comparison.add("", known_rows(since), vec![besides]);
    comparison.add("Settings", Vec::new(), settings_lines(since));
    add_changes(&mut comparison, preview, &since.changes);
    let left_out = since.left_out_examples.iter().map(|(example, (is, reason))| {
        format!("{}: {is}, {reason}", example_text(preview, example))
    });
    comparison.add("In ActiveCampaign, and left out now", Vec::new(), left_out.collect());
    let keys: Vec<String> = since.gone_examples.iter().map(|key| printable(key)).collect();
    let more = if since.gone > keys.len() as u64 { ", …" } else { "" };
    let gone = (!keys.is_empty()).then(|| format!("{}{more}", keys.join(", ")));
    comparison.add(
        "In ActiveCampaign, and no longer in the export",
        Vec::new(),
        Vec::from_iter(gone),
    );
    comparison
}

fn known_rows(since: &SinceRun) -> Vec<Vec<String>> {
    let mut rows = vec![
        count_row("as they were", since.unchanged, "nothing to send"),
        count_row("would change", since.changes.orders, "see below"),
    ];
    for ((is, reason), n) in &since.left_out {
        rows.push(count_row(
            "left out now",
            *n,
            &format!("{is}: {reason}; the orders in ActiveCampaign are kept"),
        ));
    }
    let gone = "no longer in the export; the orders in ActiveCampaign are kept";
    rows.push(count_row("gone", since.gone, gone));
    rows.push(count_row("known then", since.known(), "the sum of these"));
    rows
}

fn settings_lines(since: &SinceRun) -> Vec<String> {
    let Some(settings) = &since.settings else {
        return vec!["that run stored none to compare with".to_owned()];
    };
    if settings.is_empty() {
        return vec!["unchanged".to_owned()];
    }
    let shown = |text: &str| if text.is_empty() { "none".to_owned() } else { printable(text) };
    let line = |change: &SettingChange| {
        format!("{}: {} → {}", printable(&change.name), shown(&change.before), shown(&change.now))
    };
    settings.iter().map(line).collect()
}

fn add_changes(comparison: &mut Comparison, preview: &Preview, changes: &Changes) {
    let mut fields: Vec<_> = changes
        .by_field
        .iter()
        .map(|(field, n)| vec![field.meaning().to_owned(), count(*n)])
        .collect();
    if changes.fields_unknown > 0 {
        fields.push(vec!["not known".to_owned(), count(changes.fields_unknown)]);
    }
    comparison.add("What would change", fields, Vec::new());
    let whys = causes(changes)
        .map(|(why, n)| vec![why.word().to_owned(), count(n), why.meaning().to_owned()]);
    comparison.add("Why", whys.collect(), Vec::new());
    let examples = changes.examples.iter();
    let examples = examples.map(|(example, change)| {
        format!("{}: {}", example_text(preview, example), change_text(change))
    });
    comparison.add("Examples", Vec::new(), examples.collect());
}

/// Orders by the field that changed, on one line; empty if nothing changed.
pub(super) fn fields_line(changes: &Changes) -> String {
    let mut fields: Vec<(&Field, &u64)> = changes.by_field.iter().collect();
    fields.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    let mut parts: Vec<String> =
        fields.into_iter().map(|(field, n)| format!("{} {}", field.meaning(), count(*n))).collect();
    if changes.fields_unknown > 0 {
        parts.push(format!("not known {}", count(changes.fields_unknown)));
    }
    parts.join(", ")
}

/// One order's changes, on one line.
fn change_text(change: &Change) -> String {
    let mut parts: Vec<String> = change.fields.iter().take(SHOWN_MAX).map(field_text).collect();
    match change.fields.len() {
        0 => parts.push("changed fields not known".to_owned()),
        n if n > SHOWN_MAX => parts.push(format!("and {} more", n - SHOWN_MAX)),
        _ => {}
    }
    let why = change.why.map(|why| format!(" ({})", why.word())).unwrap_or_default();
    format!("{}{why}", parts.join(", "))
}

fn field_text(change: &FieldChange) -> String {
    let word = change.field.meaning();
    match (change.from, change.to) {
        (FieldValue::NotKept, FieldValue::NotKept) => format!("{word} (the old value is not kept)"),
        (from, to) => format!("{word} {} → {}", held_text(from), held_text(to)),
    }
}

fn held_text(held: FieldValue) -> String {
    match held {
        FieldValue::Money(amount, currency) => {
            format!("{} {currency}", currency.format_minor(amount.minor().into()))
        }
        FieldValue::Currency(currency) => currency.to_string(),
        FieldValue::Date(at) => at.to_string(),
        FieldValue::Count(n) => count(n),
        FieldValue::Absent => "none".to_owned(),
        FieldValue::NotKept => "(not kept)".to_owned(),
    }
}
