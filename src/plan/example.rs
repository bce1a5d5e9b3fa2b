use crate::domain::{Position, ShownValue};

/// The most examples stored for one count.
pub const EXAMPLES_MAX: usize = 5;

/// The location of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The order's number or id as the export writes it; may be blank.
    pub order: String,
    pub position: Position,
    /// The field with the error, if there is one.
    pub field: Option<&'static str>,
    /// The value found there.
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
    /// Counts one; `example` is only called while there is room for it.
    pub fn add(&mut self, example: impl FnOnce() -> Example) {
        self.count += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(example());
        }
    }
}
