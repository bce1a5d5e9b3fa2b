//! What the state contains about an order: its attempts, and the results of verifications.

use super::text::{columns, count, local_ms, printable};
use crate::domain::{Answer, Attempt, Operation};
use crate::run::{Known, Mismatch, VerificationStatus};
use crate::state::{LastWrite, Remembered, RunId, VerificationRow};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

pub(super) fn ledger_json(known: &Known, zone: &TimeZone) -> Value {
    json!({
        "key": known.key,
        "remote_id": known.remote_id.as_ref().map(|id| id.as_str()),
        "last_write": last_write_json(known.last_write.as_ref()),
        "attempts": known.attempts.iter().map(|past| attempt_json(past, zone)).collect::<Vec<_>>(),
        "attempts_not_kept": not_kept(&known.attempts),
        "verification": verified_json(&known.verified, zone),
    })
}

pub(super) fn last_write_json(write: Option<&LastWrite>) -> Value {
    write.map_or(
        Value::Null,
        |write| json!({ "run": write.run, "created_run": write.created_run, "outcome": write.outcome }),
    )
}

fn attempt_json(past: &Remembered, zone: &TimeZone) -> Value {
    let Attempt { operation, answer, id, batch } = &past.attempt;
    let (word, status, code) = match answer {
        Answer::Done => ("done", None, None),
        Answer::Absent => ("absent", None, None),
        Answer::Failed { disposition, status, code } => {
            (disposition.as_str(), *status, code.as_deref())
        }
    };
    json!({
        "n": past.n,
        "at": local_ms(past.at_ms, zone),
        "run": (past.run != 0).then_some(past.run),
        "what": operation.word(),
        "answer": word,
        "status": status,
        "code": code,
        "remote_id": id.as_ref().map(|id| id.as_str()),
        "batch": batch,
    })
}

/// How many attempts are missing before the last one.
fn not_kept(attempts: &[Remembered]) -> u64 {
    attempts.last().map_or(0, |last| last.n.saturating_sub(attempts.len() as u64))
}

fn sample_text(by: &VerificationRow) -> Option<String> {
    by.sample.map(|(part, of)| format!("{part}/{of}"))
}

fn ended_ms(by: &VerificationRow) -> i64 {
    by.ended_ms.unwrap_or(by.started_ms)
}

fn verified_json(verified: &VerificationStatus, zone: &TimeZone) -> Value {
    match verified {
        VerificationStatus::Never => json!({ "is": "never" }),
        VerificationStatus::NotCompared { last } => json!({
            "is": "not_compared", "last_verification": local_ms(ended_ms(last), zone), "sample": sample_text(last),
        }),
        VerificationStatus::Compared { by, differs, is_written_since } => json!({
            "is": if differs.is_empty() { "equal" } else { "different" },
            "at": local_ms(ended_ms(by), zone),
            "sample": sample_text(by),
            "differs": differs.iter().map(|found| found.word()).collect::<Value>(),
            "written_since": is_written_since,
        }),
        VerificationStatus::Queued { at_ms, differs, is_written_since } => json!({
            "is": "different",
            "at": local_ms(*at_ms, zone),
            "sample": null,
            "differs": differs.split_whitespace().collect::<Value>(),
            "written_since": is_written_since,
        }),
    }
}

pub(super) fn ledger_text(known: &Known, zone: &TimeZone) -> String {
    let mut text = format!("\nKey {} in the ledger\n", printable(&known.key));
    match (&known.remote_id, &known.last_write) {
        (Some(id), _) => text.push_str(&format!("  in ActiveCampaign as id {id}\n")),
        (None, Some(_)) => text.push_str("  not known to be in ActiveCampaign\n"),
        (None, None) => text.push_str("  not in ActiveCampaign, as far as is known\n"),
    }
    if let Some(write) = &known.last_write {
        let outcome = write.outcome.unwrap_or("sent, no response recorded");
        text.push_str(&format!("  last write: {outcome}, by {}", by(write.run)));
        if let Some(run) = write.created_run.filter(|run| *run != write.run) {
            text.push_str(&format!("; created by {}", by(run)));
        }
        text.push('\n');
    }
    text.push_str(&format!("  verified: {}\n", verified_text(known, zone)));
    text.push_str(&attempts_text(&known.attempts, zone));
    text
}

fn by(run: RunId) -> String {
    match run {
        0 => "adopt".to_owned(),
        run => format!("run {run}"),
    }
}

fn attempts_text(attempts: &[Remembered], zone: &TimeZone) -> String {
    if attempts.is_empty() {
        return "  attempts: none recorded\n".to_owned();
    }
    let rows: Vec<Vec<String>> = attempts
        .iter()
        .map(|past| {
            let run = match (past.run, past.attempt.operation) {
                (0, _) => String::new(),
                (run, Operation::Delete | Operation::Restore) => format!("undo of run {run}"),
                (run, _) => format!("run {run}"),
            };
            let what = past.attempt.operation.meaning();
            let what = match past.attempt.batch {
                Some(orders) => format!("{what}, in a batch of {orders}"),
                None => what.to_owned(),
            };
            let at = local_ms(past.at_ms, zone);
            vec![past.n.to_string(), at, run, what, answer_text(&past.attempt)]
        })
        .collect();
    let left_out = match not_kept(attempts) {
        0 => String::new(),
        n => format!(", {} older ones not kept", count(n)),
    };
    format!("  attempts{left_out}:\n{}", columns("><<<<", &rows))
}

fn answer_text(attempt: &Attempt) -> String {
    let id = attempt.id.as_ref().map(|id| format!("id {id}"));
    match &attempt.answer {
        Answer::Done if attempt.operation == Operation::Switch => "queued".to_owned(),
        Answer::Done => id.unwrap_or_default(),
        Answer::Absent => "not there".to_owned(),
        Answer::Failed { disposition, status, code } => {
            let answered = match (attempt.operation, status, code) {
                (Operation::Repair, _, code) => {
                    return format!("queued, as it differs: {}", code.as_deref().unwrap_or("?"));
                }
                (_, Some(status), Some(code)) => format!("{status} ({code})"),
                (_, Some(status), None) => status.to_string(),
                (_, None, Some(code)) => format!("no answer ({code})"),
                (_, None, None) => "no answer".to_owned(),
            };
            format!("{answered}: {}", disposition_text(disposition))
        }
    }
}

/// The meaning of a disposition, in a few words.
fn disposition_text(disposition: &str) -> &str {
    match disposition {
        "again" => "not processed",
        "look_up" => "unknown whether it was processed",
        "exists" => "ActiveCampaign has a record with this key",
        "unclear" => "refused without a reason",
        "gone" => "no longer exists",
        "relation_gone" => "its customer or connection no longer exists",
        "refused" => "refused",
        "stop" => "the run had to end",
        other => other,
    }
}

fn verified_text(known: &Known, zone: &TimeZone) -> String {
    let since = |is_written: &bool| match &known.last_write {
        _ if !is_written => String::new(),
        Some(write) => format!("; written again by {} and not verified since", by(write.run)),
        None => "; written again and not verified since".to_owned(),
    };
    match &known.verified {
        VerificationStatus::Never => "not yet".to_owned(),
        VerificationStatus::NotCompared { last } => {
            let at = local_ms(ended_ms(last), zone);
            match sample_text(last) {
                Some(sample) => {
                    format!("not yet; it is not in the sample {sample} compared on {at}")
                }
                None => format!("not yet; the verification of {at} did not compare it"),
            }
        }
        VerificationStatus::Compared { by, differs, is_written_since } => {
            let found = if differs.is_empty() {
                "the same on both sides".to_owned()
            } else {
                format!("it differed: {}", codes(differs))
            };
            let depth = match by.sample {
                None if differs.is_empty() => "by lists, which don't show its lines".to_owned(),
                None => "by lists".to_owned(),
                Some((1, 1)) => "line by line".to_owned(),
                Some((part, of)) => format!("line by line, part {part}/{of}"),
            };
            let at = local_ms(ended_ms(by), zone);
            format!("{found}, on {at}, compared {depth}{}", since(is_written_since))
        }
        VerificationStatus::Queued { at_ms, differs, is_written_since } => {
            let differs = differs.replace(' ', ", ");
            format!(
                "it differed: {differs}, on {}{}",
                local_ms(*at_ms, zone),
                since(is_written_since)
            )
        }
    }
}

fn codes(differs: &[Mismatch]) -> String {
    differs.iter().map(|found| found.word()).collect::<Vec<_>>().join(", ")
}
