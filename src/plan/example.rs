use crate::domain::{Position, ShownValue};

/// Most examples kept of one thing that is counted.
pub const EXAMPLES_MAX: usize = 5;

/// Where to look for one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The order's number or id as the export writes it; may be blank.
    pub order: String,
    pub position: Position,
    /// The field at fault, where it is one.
    pub field: Option<&'static str>,
    /// What was found there.
    pub value: ShownValue,
}

impl Example {
    pub fn new(order: impl Into<String>, position: Position) -> Self {
        Self { order: order.into(), position, field: None, value: ShownValue::default() }
    }
}

/// How many orders, and the first few of them.
#[derive(Debug, Clone, Default)]
pub struct ExampleCount {
    pub count: u64,
    pub examples: Vec<Example>,
}

impl ExampleCount {
    /// Counts one; `example` is asked for only while there is room for it.
    pub fn add(&mut self, example: impl FnOnce() -> Example) {
        self.count += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(example());
        }
    }
}
