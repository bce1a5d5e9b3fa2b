//! What a check examined and found, as text and as JSON.

use super::error::CliError;
use super::exit::Exit;
use super::fault::Fault;
use super::paint::Paint;
use crate::report;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Columns of the word on the left, including a space.
const WEIGHT_LEN: usize = 6;

/// What was examined and found.
pub(super) struct Findings {
    lines: Vec<FindingLine>,
    exit: Exit,
}

struct FindingLine {
    weight: Weight,
    /// With the hint, if there is one.
    text: String,
    /// Of a fault.
    fault: Option<Fault>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Weight {
    Fault,
    /// Worth a look by an operator, but it stops nothing.
    Doubtful,
    Good,
}

impl Weight {
    /// In display order.
    const ALL: [Self; 3] = [Self::Fault, Self::Doubtful, Self::Good];

    fn word(self) -> &'static str {
        match self {
            Self::Good => "ok   ",
            Self::Doubtful => "note ",
            Self::Fault => "FAULT",
        }
    }

    fn painted(self, paint: Paint) -> String {
        match self {
            Self::Good => paint.good(self.word()),
            Self::Doubtful => paint.doubtful(self.word()),
            Self::Fault => paint.bad(self.word()),
        }
    }
}

impl Findings {
    pub(super) fn new() -> Self {
        Self { lines: Vec::new(), exit: Exit::Done }
    }

    pub(super) fn good(&mut self, text: String) {
        self.lines.push(FindingLine { weight: Weight::Good, text, fault: None });
    }

    pub(super) fn doubtful(&mut self, text: String) {
        self.lines.push(FindingLine { weight: Weight::Doubtful, text, fault: None });
    }

    pub(super) fn bad(&mut self, exit: Exit, text: String) {
        self.add(exit, Fault::of_text(exit.word(), &text), text);
    }

    /// Each fault of an error. `what` comes before each, as in `jobs.shop: `.
    pub(super) fn error(&mut self, what: &str, error: &CliError) {
        for fault in error.faults() {
            let text = format!("{what}{fault}");
            self.add(error.exit, fault, text);
        }
    }

    fn add(&mut self, exit: Exit, fault: Fault, text: String) {
        self.exit = self.exit.worse(exit);
        self.lines.push(FindingLine { weight: Weight::Fault, text, fault: Some(fault) });
    }

    pub(super) fn exit(&self) -> Exit {
        self.exit
    }

    pub(super) fn faults(&self) -> usize {
        self.lines.iter().filter(|finding| finding.weight == Weight::Fault).count()
    }

    /// `effective`: the settings, as far as they could be read.
    pub(super) fn json(&self, effective: Option<&str>) -> Value {
        let lines = self.lines.iter().map(|FindingLine { weight, text, fault }| {
            let (ok, note) = (*weight != Weight::Fault, *weight == Weight::Doubtful);
            let mut line = json!({ "ok": ok, "note": note, "finding": text });
            if let Some(fault) = fault {
                line["fault"] = fault.json();
            }
            line
        });
        json!({
            "faults": self.faults(), "exit": self.exit.code(), "code": self.exit.word(),
            "findings": lines.collect::<Value>(), "effective": effective,
        })
    }

    /// The verdict, then faults, doubts and the rest; wrapped to a terminal.
    pub(super) fn text(&self, paint: Paint, width: Option<usize>) -> String {
        let verdict = match self.faults() {
            0 => paint.good("No fault found."),
            1 => paint.bad("1 fault."),
            n => paint.bad(&format!("{n} faults.")),
        };
        let mut text = format!("{verdict}\n\n");
        let room = width.map(|width| width.saturating_sub(WEIGHT_LEN).max(24));
        for weight in Weight::ALL {
            for finding in self.lines.iter().filter(|finding| finding.weight == weight) {
                let lines = finding.text.lines().flat_map(|line| report::wrapped(line, room));
                for (n, line) in lines.enumerate() {
                    let word = if n == 0 { weight.painted(paint) } else { "     ".to_owned() };
                    let _ = writeln!(text, "{word} {line}");
                }
            }
        }
        text
    }
}
