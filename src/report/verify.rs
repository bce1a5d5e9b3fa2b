use super::text::{columns, count, printable};
use crate::run::Verification;
use serde_json::{Value, json};

pub fn verification_json(verifications: &[Verification]) -> Value {
    let one = |v: &Verification| {
        json!({
            "job": v.job,
            "expected": v.expected,
            "at_target": v.at_target,
            "matching": v.matching,
            "left_out_at_target": v.left_out,
            "from_elsewhere": v.from_elsewhere,
            "queued_for_sync": v.queued,
            "differences": v.differences_count(),
            "differences_by_kind": v.differences.iter()
                .map(|(found, n)| json!({ "kind": found.code(), "count": n })).collect::<Vec<_>>(),
            "examples": v.examples.iter().map(|d| json!({
                "order": d.order, "kind": d.found.code(), "source": d.source, "target": d.target,
            })).collect::<Vec<_>>(),
        })
    };
    json!({ "verifications": verifications.iter().map(one).collect::<Vec<_>>() })
}

pub fn verification_text(v: &Verification) -> String {
    let mut text = format!(
        "Verified {}: {} orders expected, {} at the target, {} the same on both sides, {} differences\n",
        v.job,
        count(v.expected),
        count(v.at_target),
        count(v.matching),
        count(v.differences_count())
    );
    if v.left_out > 0 {
        text.push_str(&format!(
            "  {} orders at the target are in the export too, but are filtered or invalid there now\n",
            count(v.left_out)
        ));
    }
    if v.from_elsewhere > 0 {
        text.push_str(&format!(
            "  {} orders at the target were loaded by us from another export\n",
            count(v.from_elsewhere)
        ));
    }
    if v.queued > 0 {
        text.push_str(&format!("  {} orders are written again by the next sync\n", count(v.queued)));
    }
    let rows: Vec<Vec<String>> = v
        .examples
        .iter()
        .map(|d| {
            let sides = [("export", &d.source), ("target", &d.target)];
            let sides = sides
                .iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(side, text)| format!("{side}: {text}"));
            vec![
                d.found.code().to_owned(),
                printable(&d.order),
                printable(&sides.collect::<Vec<_>>().join(", ")),
            ]
        })
        .collect();
    text.push_str(&columns("<<<", &rows));
    text
}
