use super::text::{columns, count, printable};
use crate::run::Adoption;
use serde_json::{Value, json};

pub fn adoption_json(adoption: &Adoption) -> Value {
    json!({ "adoption": {
        "job": adoption.job,
        "read": adoption.read,
        "adopted": adoption.adopted,
        "differing": adoption.differing,
        "absent": adoption.absent,
        "known": adoption.known,
        "left_out_at_target": adoption.left_out,
        "extra": adoption.extra,
        "at_target": adoption.at_target,
        "customers": adoption.customers,
        "differences_by_kind": adoption.differences.differences.iter()
            .map(|(found, n)| json!({ "kind": found.code(), "count": n })).collect::<Vec<_>>(),
        "requests": { "total": adoption.requests },
    } })
}

pub fn adoption_text(adoption: &Adoption) -> String {
    let line = |name: &str, n: u64, note: &str| vec![name.to_owned(), count(n), note.to_owned()];
    let mut text = format!(
        "Adopted {}: {} orders at the target, {} requests, none of them a write\n",
        adoption.job,
        count(adoption.at_target),
        count(adoption.requests)
    );
    text.push_str(&columns(
        "<><",
        &[
            line("adopted", adoption.adopted, "as the export has them: nothing will be sent"),
            line("differing", adoption.differing, "the next run updates them"),
            line("absent", adoption.absent, "in the export only: the next run creates them"),
            line("known", adoption.known, "the ledger had them already"),
            line(
                "left out",
                adoption.left_out,
                "at the target, but filtered or invalid in the export now",
            ),
            line("extra", adoption.extra, "at the target, and not in the export: left alone"),
            line("customers", adoption.customers, "whose ids are known again"),
        ],
    ));
    let examples = adoption.differences.examples.iter().take(10);
    let rows: Vec<Vec<String>> = examples
        .map(|d| {
            let sides = format!("export: {}, target: {}", d.source, d.target);
            vec![d.found.code().to_owned(), printable(&d.order), printable(&sides)]
        })
        .collect();
    text.push_str(&columns("<<<", &rows));
    text
}
