use super::text::{columns, count_row, many, printable};
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
            .map(|(found, n)| json!({ "kind": found.word(), "count": n })).collect::<Value>(),
        "requests": { "total": adoption.requests },
    } })
}

pub fn adoption_text(adoption: &Adoption) -> String {
    let mut text = format!(
        "Adopted {}: {} in ActiveCampaign, {}, none of them a write\n",
        adoption.job,
        many(adoption.at_target, "order"),
        many(adoption.requests, "request")
    );
    text.push_str(&columns(
        "<><",
        &[
            count_row("adopted", adoption.adopted, "as the export has them: nothing will be sent"),
            count_row("differing", adoption.differing, "the next run updates them"),
            count_row("absent", adoption.absent, "in the export only: the next run creates them"),
            count_row("known", adoption.known, "the ledger had them already"),
            count_row(
                "left out",
                adoption.left_out,
                "in ActiveCampaign, but filtered or invalid in the export now",
            ),
            count_row(
                "extra",
                adoption.extra,
                "in ActiveCampaign, and not in the export: left alone",
            ),
            count_row("customers", adoption.customers, "whose ids are known again"),
        ],
    ));
    let examples = adoption.differences.examples.iter().take(10);
    let rows: Vec<Vec<String>> = examples
        .map(|d| {
            let sides = format!("export: {}, target: {}", d.source, d.target);
            vec![d.found.word().to_owned(), printable(&d.order), printable(&sides)]
        })
        .collect();
    text.push_str(&columns("<<<", &rows));
    text
}
