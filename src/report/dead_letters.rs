use super::labelled_text::{ColumnTable, fitted};
use super::reasons::advice;
use super::text::{count, local_ms, many, printable};
use crate::state::{Acceptance, DeadLetter, LetterCounts, LetterReason, Stage};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The codes of a letter's reasons, without fields.
pub fn reason_codes(letter: &DeadLetter) -> impl Iterator<Item = &str> {
    letter.reasons.0.iter().map(|reason| reason.code.as_str())
}

fn by_reason(letters: &[DeadLetter]) -> Vec<(String, u64)> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for code in letters.iter().flat_map(reason_codes) {
        *counts.entry(code).or_default() += 1;
    }
    let mut counts: Vec<(String, u64)> =
        counts.into_iter().map(|(code, n)| (code.to_owned(), n)).collect();
    counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    counts
}

pub(super) fn letter_json(letter: &DeadLetter) -> Value {
    let reasons = letter.reasons.0.iter().map(|LetterReason { code, field }| {
        json!({ "reason": code, "field": field, "advice": advice(code) })
    });
    json!({
        "job": letter.job,
        "order": letter.record,
        "number": letter.number,
        "stage": letter.stage.word(),
        "reasons": reasons.collect::<Vec<_>>(),
        "file": letter.file,
        "line": letter.line,
        "status": letter.status,
        "attempts": letter.attempts,
        "first_run": letter.first_run,
        "last_run": letter.last_run,
        "accepted": letter.accepted.as_ref().map(|accepted| json!({
            "at": local_ms(accepted.at_ms, &TimeZone::UTC),
            "note": accepted.note,
        })),
    })
}

/// A letter with several reasons counts in each of them.
pub fn letters_json(letters: &[DeadLetter]) -> Value {
    json!({
        "total": letters.len(),
        "reasons": by_reason(letters).iter()
            .map(|(code, n)| json!({ "reason": code, "count": n, "advice": advice(code) })).collect::<Vec<_>>(),
        "dead_letters": letters.iter().map(letter_json).collect::<Vec<_>>(),
    })
}

/// Counts by reason, then up to `at_most` letters. `width`: columns of the terminal; `None`: no
/// wrapping.
pub fn letters_text(letters: &[DeadLetter], at_most: usize, width: Option<usize>) -> String {
    if letters.is_empty() {
        return "No dead letters.\n".to_owned();
    }
    let new = letters.iter().filter(|letter| letter.accepted.is_none()).count() as u64;
    let counts = LetterCounts { all: letters.len() as u64, new };
    let mut text = format!("{}\n", letter_counts_text(counts));
    let reasons = by_reason(letters).into_iter();
    let rows: Vec<Vec<String>> = reasons
        .map(|(code, n)| vec![count(n), printable(&code), advice(&code).to_owned()])
        .collect();
    text.push_str(&ColumnTable { align: "><<", head: &[], lead: 2, rows: &rows }.text(width));
    let head = ["job", "order", "stage", "reasons", "where", "attempts", "runs"];
    let shown = letters.iter().take(at_most).map(|letter| {
        vec![
            letter.job.clone(),
            printable(name_of(letter)),
            match letter.accepted {
                Some(_) => format!("{}, accepted", letter.stage),
                None => letter.stage.word().to_owned(),
            },
            printable(&letter.reasons.to_string()),
            printable(&format!("{}:{}", letter.file, letter.line)),
            letter.attempts.to_string(),
            format!("{}-{}", letter.first_run, letter.last_run),
        ]
    });
    let rows: Vec<Vec<String>> = shown.collect();
    text.push('\n');
    text.push_str(&ColumnTable { align: "<<<<<><", head: &head, lead: 2, rows: &rows }.text(width));
    if letters.len() > at_most {
        let more = count((letters.len() - at_most) as u64);
        text.push_str(&format!(
            "  … and {more} more; `ordersync dead-letters export` gives all of them\n"
        ));
    }
    fitted(&text, width)
}

/// `3 dead letters, 2 of them accepted`
pub(super) fn letter_counts_text(counts: LetterCounts) -> String {
    let all = many(counts.all, "dead letter");
    match counts.all - counts.new {
        0 => all,
        accepted if accepted == counts.all => format!("{all}, accepted"),
        accepted => format!("{all}, {} of them accepted", count(accepted)),
    }
}

fn name_of(letter: &DeadLetter) -> &str {
    if letter.number.is_empty() { &letter.record } else { &letter.number }
}

/// The result of `dead-letters accept`. `chosen`: the selected ones.
pub fn accepted_text(chosen: u64, accepted: u64) -> String {
    if chosen == 0 {
        return "No dead letter is like that, so none is accepted.\n".to_owned();
    }
    let before = match chosen - accepted {
        0 => String::new(),
        n => format!("; {} had been accepted before", count(n)),
    };
    format!("{} accepted{before}\n", many(accepted, "dead letter"))
}

/// How many refused orders will be sent again, how many are looked up by every run anyway, and how
/// many records are invalid.
pub fn retried_text(retried: u64, looked_up_anyway: u64, invalid: u64) -> String {
    let [retried, looked_up_anyway, invalid] = [retried, looked_up_anyway, invalid].map(count);
    format!(
        "{retried} refused orders will be sent again by the next sync\n\
         {looked_up_anyway} more are looked up by every run anyway\n\
         {invalid} invalid ones are read again by every run: fix them in the shop and export again\n"
    )
}

/// One letter, with advice for each reason.
pub fn letter_text(letter: &DeadLetter, width: Option<usize>) -> String {
    let mut text = format!(
        "{} of {}, key {}: {}\n  {}:{}, seen in {}, {}",
        printable(name_of(letter)),
        letter.job,
        printable(&letter.record),
        match letter.stage {
            Stage::Invalid => "invalid, never sent",
            Stage::Refused => "not accepted by ActiveCampaign",
        },
        printable(&letter.file),
        letter.line,
        match (letter.first_run, letter.last_run) {
            (first, last) if first == last => format!("run {first}"),
            (first, last) => format!("runs {first} to {last}"),
        },
        many(letter.attempts.into(), "request")
    );
    if let Some(status) = letter.status {
        text.push_str(&format!(", last response {status}"));
    }
    text.push('\n');
    if let Some(Acceptance { at_ms, note }) = &letter.accepted {
        let note = note.as_ref().map(|note| format!(": {}", printable(note)));
        let at = local_ms(*at_ms, &TimeZone::UTC);
        text.push_str(&format!("  accepted {at}{}\n", note.unwrap_or_default()));
    }
    let rows: Vec<Vec<String>> = letter
        .reasons
        .0
        .iter()
        .map(|reason| vec![printable(&reason.to_string()), advice(&reason.code).to_owned()])
        .collect();
    text.push_str(&ColumnTable { align: "<<", head: &[], lead: 1, rows: &rows }.text(width));
    fitted(&text, width)
}

/// One object per line.
pub fn letters_jsonl(letters: &[DeadLetter]) -> String {
    letters.iter().map(|letter| format!("{}\n", letter_json(letter))).collect()
}

/// With a header, for a spreadsheet.
pub fn letters_csv(letters: &[DeadLetter]) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "job",
        "order",
        "number",
        "stage",
        "reasons",
        "file",
        "line",
        "status",
        "attempts",
        "first_run",
        "last_run",
        "accepted",
        "note",
    ])?;
    for letter in letters {
        let accepted = letter.accepted.as_ref();
        let status = letter.status.map_or_else(String::new, |status| status.to_string());
        writer.write_record([
            inert(&letter.job),
            inert(&letter.record),
            inert(&letter.number),
            letter.stage.word().to_owned(),
            inert(&letter.reasons.to_string()),
            inert(&letter.file),
            letter.line.to_string(),
            status,
            letter.attempts.to_string(),
            letter.first_run.to_string(),
            letter.last_run.to_string(),
            accepted.map_or_else(String::new, |by| local_ms(by.at_ms, &TimeZone::UTC)),
            accepted.and_then(|by| by.note.as_deref()).map(inert).unwrap_or_default(),
        ])?;
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A cell that no spreadsheet evaluates as a formula, whatever a shop's order number begins with.
fn inert(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(number: &str, reasons: &str) -> DeadLetter {
        DeadLetter {
            job: "shop".into(),
            record: number.trim_start_matches('#').into(),
            stage: Stage::Invalid,
            number: number.into(),
            file: "orders.csv".into(),
            line: 7,
            reasons: reasons.into(),
            status: None,
            attempts: 0,
            first_run: 1,
            last_run: 2,
            accepted: None,
        }
    }

    #[test]
    fn every_cell_that_a_spreadsheet_would_run_is_made_a_text() {
        for number in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"] {
            let csv = letters_csv(&[letter(number, "missing_email")]).unwrap();
            assert!(csv.contains(&format!("'{number}")), "{csv}");
        }
        let csv = letters_csv(&[letter("#1001", "missing_email")]).unwrap();
        assert_eq!(
            csv.lines().nth(1),
            Some("shop,1001,#1001,invalid,missing_email,orders.csv,7,,0,1,2,,")
        );
    }

    #[test]
    fn a_letter_with_two_reasons_counts_in_both() {
        let letters =
            [letter("#1", "bad_money(total) missing_email"), letter("#2", "missing_email")];
        let counts = [("missing_email".to_owned(), 2), ("bad_money".to_owned(), 1)];
        assert_eq!(by_reason(&letters), counts);
    }
}
