//! What the demos have in common: the account, and the promises that they end with.

use super::output;
use crate::simulator::{Rule, Summary};
use serde_json::{Value, json};
use std::path::Path;

/// Known to nobody but the simulator of this process.
pub(super) const TOKEN: &str = "demo-token";
pub(super) const ACCOUNT: &str = "demo";
pub(super) const JOB: &str = "shop";
/// Requests a second that the account allows.
pub(super) const RATE: u32 = 5;

/// How loud a demo is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice {
    pub json: bool,
    pub quiet: bool,
}

impl Voice {
    /// What is shown on the way.
    pub(super) fn say(self, text: &str) {
        if !self.json && !self.quiet {
            output::show(text);
        }
    }

    /// The end. Who asked for quiet need not see the text of a success.
    pub(super) fn end(
        self,
        is_success: bool,
        json: impl FnOnce() -> Value,
        text: impl FnOnce() -> String,
    ) {
        if self.json || !self.quiet || !is_success {
            output::print_result(self.json, json, text);
        }
    }
}

/// What the account received, and which promises were kept.
pub(super) fn last_word(summary: &Summary, promises: &[(String, bool)], dir: &Path) -> String {
    let mut text =
        format!("\nWhat the simulated account received\n\n{summary}\n\nWhat was promised\n");
    for (promise, kept) in promises {
        text.push_str(&format!("  {} {promise}\n", if *kept { "kept  " } else { "BROKEN" }));
    }
    text.push_str(&format!("\nExport, settings and state are in {}\n", dir.display()));
    text
}

pub(super) fn promises_json(promises: &[(String, bool)]) -> Value {
    promises.iter().map(|(text, kept)| json!({ "promise": text, "kept": kept })).collect()
}

/// Requests that leave in good time arrive closer together where the machine pauses for a
/// moment, and then the account refuses one and asks for a pause that others on their way know
/// nothing of. That is printed above, and is no fault of theirs.
pub(super) fn has_faults(summary: &Summary) -> bool {
    summary.violations.iter().any(|violation| violation.rule != Rule::Paused)
}
