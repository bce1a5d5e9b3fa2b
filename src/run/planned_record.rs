use super::pipeline::ByteSize;
use crate::domain::{
    Order, OrderDigest, OrderKey, Position, Reason, RecordError, SourceOrder, Text,
};
use crate::extract::{content_of, is_damaged};
use crate::plan::{Change, Decision, Example};
use crate::state::RunId;
use crate::transform::Filter;

/// The decision on one record, before anything is sent.
#[derive(Debug)]
pub struct PlannedRecord {
    pub position: Position,
    /// The name of the order in reports.
    pub label: Text,
    /// The order's key, if it has one.
    pub key: Option<OrderKey>,
    pub verdict: RecordVerdict,
    /// The digest of an order that is to be written, if requested.
    pub digest: Option<Box<OrderDigest>>,
    /// The changes of an order that was loaded before, if requested.
    pub change: Option<Change>,
    /// The run that wrote the order last, if requested and the order was loaded before; 0 stands
    /// for `adopt`.
    pub written_by: Option<RunId>,
    pub details: Details,
}

/// Details of a record that a plan only keeps on request; see [`KeptDetails`].
#[derive(Debug, Default)]
pub struct Details {
    /// The record as in the export.
    pub source: Option<Box<SourceOrder>>,
    /// The payload of an order that is to be sent.
    pub payload: Option<Vec<u8>>,
    /// The order is the first one of a new customer, who is created before it.
    pub is_new_customer: bool,
    /// A valid order that is not to be sent.
    pub order: Option<Box<Order>>,
}

/// Which details of each record a plan keeps.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeptDetails {
    pub sources: bool,
    pub payloads: bool,
    pub orders: bool,
}

#[derive(Debug)]
pub enum RecordVerdict {
    Decided(Decision),
    Filtered(Filter),
    Invalid(Vec<RecordError>),
    /// This run settled it already, before it was interrupted.
    Settled,
}

/// Why an order that was loaded before is no longer sent: `filtered`, `invalid` or `refused`, and
/// the reason's name.
pub type LeftOut = (&'static str, &'static str);

impl PlannedRecord {
    pub(super) fn example(&self) -> Example {
        Example::new(self.label.clone(), self.position)
    }
}

impl RecordVerdict {
    /// Another record of the order counts.
    pub(super) fn is_repeat(&self) -> bool {
        match self {
            Self::Filtered(filter) => *filter == Filter::Superseded,
            Self::Invalid(faults) => faults.iter().any(|fault| fault.reason == Reason::Duplicate),
            Self::Decided(_) | Self::Settled => false,
        }
    }

    pub(super) fn left_out(&self) -> Option<LeftOut> {
        match self {
            Self::Filtered(filter) => Some(("filtered", filter.code())),
            Self::Invalid(faults) => {
                Some(("invalid", faults.first().map_or("", |fault| fault.reason.word())))
            }
            Self::Decided(Decision::StillRefused) => Some(("refused", "refused_before")),
            Self::Decided(_) | Self::Settled => None,
        }
    }
}

impl ByteSize for PlannedRecord {
    fn byte_size(&self) -> usize {
        let Details { source, payload, .. } = &self.details;
        let source = source.as_ref().map_or(0, |source| source.byte_size());
        size_of_val(self) + source + payload.as_ref().map_or(0, Vec::len)
    }
}

/// Which order a record is about.
pub(super) struct RecordIdentity {
    pub label: Text,
    pub key: Option<OrderKey>,
    /// A hash of what the record states; equal for identical copies.
    pub content: u32,
}

impl RecordIdentity {
    /// Cells of a damaged row may be in the wrong column: its number may be an e-mail address, so
    /// it has neither a label nor a key.
    pub(super) fn of(source: &SourceOrder) -> Self {
        if is_damaged(source) {
            return Self { label: Text::default(), key: None, content: 0 };
        }
        let content = content_of(source) as u32;
        Self { label: shown(source.label()), key: source.key().ok(), content }
    }
}

/// The name of a valid order in reports.
pub(super) fn label_of(order: &Order) -> Text {
    shown(if order.number.is_empty() { order.key.as_str() } else { &order.number })
}

/// An order's number as it may be stored and shown. One that doesn't look like a number may be
/// personal data in the wrong column.
fn shown(label: &str) -> Text {
    const NUMBER_LEN_MAX: usize = 64;
    let odd = |c: char| c == '@' || c == ',' || c.is_control();
    let is_odd = if label.is_ascii() {
        label.bytes().any(|b| odd(char::from(b)))
    } else {
        label.contains(odd)
    };
    if label.len() > NUMBER_LEN_MAX || is_odd { Text::default() } else { label.into() }
}
