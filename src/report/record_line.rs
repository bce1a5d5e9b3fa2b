//! Every record of a plan, one a line.

use super::against::values_json;
use super::difference::changes_json;
use super::examples;
use crate::domain::{OrderKey, RecordError};
use crate::plan::{Action, ChangeCause, Decision};
use crate::run::{PlannedRecord, RecordVerdict, ValueChange};
use serde_json::{Value, json};
use std::io::{self, Write};

/// A line of `plan --jsonl`: the decision on one record, and why. No personal data.
pub fn record_json(job: &str, files: &[impl ToString], judged: &PlannedRecord) -> Value {
    let mut line = fate_json(job, files, judged);
    if let Some(change) = &judged.change {
        line["changes"] = changes_json(&change.fields);
        line["why"] = change.why.map(ChangeCause::word).into();
    }
    line
}

/// The same for a plan that is compared with a saved one: `changes` are those since then, and
/// absent if there are none. Addresses are masked unless `reveal`.
pub fn compared_record_json(
    job: &str,
    files: &[impl ToString],
    judged: &PlannedRecord,
    changes: &[ValueChange],
    reveal: bool,
) -> Value {
    let mut line = fate_json(job, files, judged);
    if !changes.is_empty() {
        line["changes"] = values_json(changes, reveal);
    }
    line
}

fn fate_json(job: &str, files: &[impl ToString], judged: &PlannedRecord) -> Value {
    let (action, reasons) = fate_of(&judged.verdict);
    let position = judged.position;
    let file = usize::try_from(position.file).ok().and_then(|index| files.get(index));
    let mut line = json!({
        "job": job,
        "action": action,
        "order": judged.label,
        "key": judged.key.as_ref().map(|key| key.as_str()),
        "file": file.map(ToString::to_string),
        "line": position.line,
        "record": examples::record_json(position),
        "reasons": reasons,
    });
    if judged.key.as_ref().is_some_and(OrderKey::is_cart) {
        line["cart"] = true.into();
    }
    line
}

/// Writes the lines of `plan --payloads`: the job, with the body of a new customer and that of the
/// order, as they would be sent, without the ids that only ActiveCampaign knows. Nothing for a
/// record that is not sent. Contains personal data.
pub fn write_payload(job: &str, record: &PlannedRecord, out: &mut impl Write) -> io::Result<()> {
    let Some(payload) = &record.details.payload else { return Ok(()) };
    if let RecordVerdict::Decided(Decision::Send(step)) = &record.verdict
        && record.details.is_new_customer
    {
        begin_body(job, "ecomCustomer", out)?;
        serde_json::to_writer(&mut *out, &step.order.customer)?;
        out.write_all(b"}\n")?;
    }
    begin_body(job, "ecomOrder", out)?;
    out.write_all(payload)?;
    out.write_all(b"}\n")
}

fn begin_body(job: &str, name: &str, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"{\"job\":")?;
    serde_json::to_writer(&mut *out, job)?;
    write!(out, ",\"{name}\":")
}

/// The word for the decision on a record, with the reasons if it is left out.
pub(super) fn fate_of(verdict: &RecordVerdict) -> (&'static str, Vec<Value>) {
    match verdict {
        RecordVerdict::Decided(Decision::Send(step)) => match step.action {
            Action::Create => ("create", Vec::new()),
            Action::Update(_) => ("update", Vec::new()),
            Action::LookUp(_) => ("look_up", Vec::new()),
        },
        RecordVerdict::Decided(Decision::Unchanged) | RecordVerdict::Settled => {
            ("unchanged", Vec::new())
        }
        RecordVerdict::Decided(Decision::Different) => ("different", Vec::new()),
        RecordVerdict::Decided(Decision::StillRefused) => ("refused", Vec::new()),
        RecordVerdict::Filtered(filter) => ("filtered", vec![json!({ "reason": filter.code() })]),
        RecordVerdict::Invalid(faults) => ("invalid", faults.iter().map(reason_json).collect()),
    }
}

fn reason_json(fault: &RecordError) -> Value {
    let line = (fault.line > 0).then_some(fault.line);
    json!({
        "reason": fault.reason.word(), "field": fault.field, "line": line, "value": fault.value.get(),
    })
}
