use super::fields::{fields_of, inert, payload_of};
use crate::domain::{Order, Position, RecordError};
use crate::plan::Decision;
use crate::report::comparison::Comparison;
use crate::report::text::printable;
use crate::run::{PlannedRecord, RecordVerdict};

/// Invalid records that are listed; all of them are counted.
const INVALID_MAX: usize = 5_000;

/// A kind of order: its title, and how it is recognised.
type OfKind = (&'static str, fn(&Order) -> bool);

/// The kinds of orders of which a sample is shown, in this order.
const KINDS: [OfKind; 6] = [
    ("The first order", |_| true),
    ("With a discount", |order| !order.discounts.is_empty()),
    ("With several products", |order| order.lines.len() > 1),
    ("In a currency without cents, or with thousandths", |order| order.currency.exponent() != 2),
    ("With an account at the shop", |order| !order.customer.key.is_guest()),
    ("An abandoned cart", |order| order.key.is_cart()),
];

/// The single records that a page shows. Its memory does not grow with the export.
#[derive(Debug, Default)]
pub struct PageDetail {
    reveals: bool,
    pub(super) samples: Vec<SampleOrder>,
    /// For each of the kinds, whether one was found.
    met: [bool; KINDS.len()],
    pub(super) invalid: Vec<InvalidRecord>,
    pub(super) invalid_more: u64,
    /// The difference from the plan it is compared with.
    pub difference: Option<Comparison>,
}

/// An order as in the export, and as it would be sent.
#[derive(Debug)]
pub(super) struct SampleOrder {
    pub title: &'static str,
    pub file: usize,
    pub position: Position,
    pub source: Vec<(String, String)>,
    pub payload: String,
}

#[derive(Debug)]
pub(super) struct InvalidRecord {
    pub order: String,
    pub file: usize,
    pub position: Position,
    pub reasons: Vec<RecordError>,
}

impl PageDetail {
    /// `reveals` shows e-mail addresses unmasked.
    pub fn new(reveals: bool) -> Self {
        Self { reveals, ..Self::default() }
    }

    /// Adds a record to the page.
    pub fn take(&mut self, judged: &PlannedRecord) {
        let file = usize::try_from(judged.position.file).unwrap_or(usize::MAX);
        match &judged.verdict {
            RecordVerdict::Invalid(_) if self.invalid.len() == INVALID_MAX => {
                self.invalid_more += 1
            }
            RecordVerdict::Invalid(faults) => {
                let lines = faults.iter().map(|fault| fault.line);
                self.invalid.push(InvalidRecord {
                    order: inert(&printable(&judged.label)),
                    file,
                    position: Position {
                        line: lines.fold(judged.position.line, u64::max),
                        ..judged.position
                    },
                    reasons: faults.clone(),
                })
            }
            RecordVerdict::Decided(Decision::Send(step)) => self.sample(judged, &step.order, file),
            _ => {}
        }
    }

    fn sample(&mut self, judged: &PlannedRecord, order: &Order, file: usize) {
        let Some(source) = &judged.details.source else { return };
        let new = KINDS.iter().zip(&mut self.met).find(|((_, is), met)| !**met && is(order));
        let Some(((title, _), met)) = new else { return };
        *met = true;
        self.samples.push(SampleOrder {
            title,
            file,
            position: judged.position,
            source: fields_of(source, self.reveals),
            payload: payload_of(order, self.reveals),
        });
    }
}
