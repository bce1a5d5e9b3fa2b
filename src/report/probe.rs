use super::labelled_text::ColumnTable;
use super::text::{count, duration, many, millis, printable};
use crate::domain::ProbeAnswer;
use crate::run::{
    Asked, AskedOutcome, GRAPHQL_ORDERS_MAX, LeftRecord, PERSONS, ProbeReport, QUESTIONS, Question,
    REST_ORDERS_MAX,
};
use crate::state::RunEnd;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The stored answers, each with its time, in milliseconds since 1970.
type Stored = [(ProbeAnswer, i64)];

fn stored<'a>(known: &'a Stored, question: &Question) -> Option<&'a (ProbeAnswer, i64)> {
    known.iter().find(|(answer, _)| answer.question == question.id)
}

pub fn probe_json(account: &str, report: &ProbeReport, known: &Stored) -> Value {
    let questions = report.asked.iter().map(|asked| asked_json(asked, known));
    let left = report.left.iter().map(|left| json!({ "kind": left.kind, "id": left.id }));
    let outcome =
        if report.writes || report.error.is_some() { report.end().word() } else { "read" };
    json!({ "probe": {
        "account": account,
        "outcome": outcome,
        "questions": questions.collect::<Vec<_>>(),
        "earlier_removed": report.earlier,
        "removed": {
            "orders": report.removed.orders,
            "customers": report.removed.customers,
            "contacts": report.removed.contacts,
            "connections": report.removed.connections,
        },
        "left": left.collect::<Vec<_>>(),
        "requests": report.requests,
        "duration_ms": millis(report.elapsed),
    } })
}

fn asked_json(Asked { question, outcome }: &Asked, known: &Stored) -> Value {
    let stored = stored(known, question);
    let answer = stored.map(|(answer, _)| answer);
    let unanswered = match outcome {
        AskedOutcome::Unanswered(why) => Some(why),
        _ => None,
    };
    json!({
        "id": question.id,
        "asks": question.asks,
        "needs_write": question.writes(),
        "asked_now": !matches!(outcome, AskedOutcome::NotAsked),
        "answer": answer.map(|answer| &answer.word),
        "number": answer.and_then(|answer| answer.number),
        "unit": question.unit,
        "means": answer.map(|answer| question.meaning(&answer.word)),
        "answered_ms": stored.map(|(_, at_ms)| at_ms),
        "unanswered": unanswered,
    })
}

/// The description of a probe that may write.
pub fn probe_writes_text() -> String {
    let writes = QUESTIONS.iter().filter(|question| question.writes()).count() as u64;
    format!(
        "Create two connections, {} with made-up addresses and up to {} for {}, and remove them again, \
         except that GraphQL may still show the {} that it is sent, as it has no way to delete them",
        many(PERSONS, "customer"),
        many(REST_ORDERS_MAX + GRAPHQL_ORDERS_MAX, "order"),
        many(writes, "question"),
        many(GRAPHQL_ORDERS_MAX, "order")
    )
}

/// `width`: columns of the terminal; `None`: no wrapping.
pub fn probe_text(
    account: &str,
    report: &ProbeReport,
    known: &Stored,
    width: Option<usize>,
) -> String {
    let rows: Vec<Vec<String>> = report
        .asked
        .iter()
        .map(|asked| vec![asked.question.asks.to_owned(), answer_text(asked, known)])
        .collect();
    let took = format!("{}, {}", many(report.requests.total, "request"), duration(report.elapsed));
    let end = match report.end() {
        RunEnd::Finished if report.writes => String::new(),
        RunEnd::Finished => ", reading only".to_owned(),
        end => format!(", {}", end.word()),
    };
    let mut text = format!("Probe of {}{end} ({took})\n\n", printable(account));
    text.push_str(&ColumnTable { align: "<<", head: &[], lead: 1, rows: &rows }.text(width));
    text.push('\n');
    if !report.writes {
        text.push_str(&format!(
            "{}: that needs --write. It is for a sandbox account.\n",
            probe_writes_text()
        ));
        text.push_str(&left_text(account, &report.left));
        return text;
    }
    if report.earlier > 0 {
        text.push_str("What an earlier probe left was removed first.\n");
    }
    let removed = &report.removed;
    text.push_str(&format!(
        "Removed: {}, {}, {}, {}.\n",
        many(removed.orders, "order"),
        many(removed.customers, "customer"),
        many(removed.contacts, "contact"),
        many(removed.connections, "connection")
    ));
    text.push_str(&left_text(account, &report.left));
    text
}

fn answer_text(Asked { question, outcome }: &Asked, known: &Stored) -> String {
    if let AskedOutcome::Unanswered(why) = outcome {
        return format!("no answer: {}", printable(why));
    }
    let Some((answer, _)) = stored(known, question) else { return "not asked".to_owned() };
    let mut text = printable(&answer.word);
    if let (Some(number), Some(unit)) = (answer.number, question.unit) {
        let number = u64::try_from(number).unwrap_or_default();
        text.push_str(&format!(", {} {unit}", count(number)));
    }
    let meaning = question.meaning(&answer.word);
    if !meaning.is_empty() {
        text.push_str(&format!(": {meaning}"));
    }
    if matches!(outcome, AskedOutcome::NotAsked) {
        text.push_str(" (asked before)");
    }
    text
}

/// Ids of one kind that are named in the text.
const IDS_MAX: usize = 5;

/// The remaining records, by kind.
fn left_text(account: &str, left: &[LeftRecord]) -> String {
    let by_next = format!(
        "Still there, and removed by `ordersync probe {} --write`, connection",
        printable(account)
    );
    let mut kinds: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for record in left {
        kinds.entry(record.kind).or_default().push(&record.id);
    }
    let mut text = String::new();
    for (kind, ids) in kinds {
        let name = match kind {
            "graphql_order" => "GraphQL shows, and has no way to delete,",
            "connection" => by_next.as_str(),
            other => &format!("Could not be removed, {other}"),
        };
        let shown: Vec<String> = ids.iter().take(IDS_MAX).map(|id| printable(id)).collect();
        text.push_str(&format!("{name} {}", shown.join(", ")));
        if let more @ 1.. = ids.len() - shown.len() {
            text.push_str(&format!(" and {more} more, which --json names"));
        }
        text.push('\n');
    }
    text
}
