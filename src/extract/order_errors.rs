//! The errors of one order: each reason once per field.

use crate::domain::{Reason, RecordError, SourceOrder, add_once};

/// The errors of an order that is being read.
pub struct OrderErrors {
    pub found: Vec<RecordError>,
    /// The line at which the order begins.
    line: u64,
}

impl OrderErrors {
    pub fn begun_at(line: u64) -> Self {
        Self { found: Vec::new(), line }
    }

    pub fn add(&mut self, reason: Reason, field: &'static str, at_line: u64) {
        self.push(RecordError::of(reason, field), at_line);
    }

    pub fn push(&mut self, error: RecordError, at_line: u64) {
        push(&mut self.found, error, self.line, at_line);
    }
}

/// Adds an error to an order whose position is known.
pub fn add_error(order: &mut SourceOrder, error: RecordError, at_line: u64) {
    push(&mut order.faults, error, order.position.line, at_line);
}

/// Names the line only if it is not the order's first.
fn push(errors: &mut Vec<RecordError>, error: RecordError, first_line: u64, at_line: u64) {
    add_once(errors, if at_line == first_line { error } else { error.at_line(at_line) });
}
