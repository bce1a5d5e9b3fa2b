use crate::domain::{Order, SourceOrder};
use crate::plan::Decision;
use crate::report::explain::masked;
use crate::report::telling::Telling;
use crate::report::text::printable;
use crate::run::{Judged, Judgement};

/// Invalid records shown one by one; all of them are counted.
const INVALID_MAX: usize = 5_000;

/// A kind of order: its title, and how it is told.
type OfKind = (&'static str, fn(&Order) -> bool);

/// Of which kinds of orders a sample is shown, in this order.
const KINDS: [OfKind; 6] = [
    ("The first order", |_| true),
    ("With a discount", |order| !order.discounts.is_empty()),
    ("With several products", |order| order.lines.len() > 1),
    ("In a currency without cents, or with thousandths", |order| order.currency.exponent() != 2),
    ("With an account at the shop", |order| !order.customer.key.is_guest()),
    ("An abandoned cart", |order| order.key.is_cart()),
];

/// What a page shows of single records. Its memory does not grow with the export.
#[derive(Debug, Default)]
pub struct Detail {
    reveals: bool,
    pub(super) samples: Vec<Sample>,
    /// For each of the kinds, whether it has been met.
    met: [bool; KINDS.len()],
    pub(super) invalid: Vec<InvalidRecord>,
    pub(super) invalid_more: u64,
    /// What the plan differs in from what it is held against.
    pub difference: Option<Telling>,
}

/// An order as its export states it, and as it would be sent.
#[derive(Debug)]
pub(super) struct Sample {
    pub title: &'static str,
    pub file: usize,
    pub line: u64,
    pub source: Vec<(String, String)>,
    pub payload: String,
}

#[derive(Debug)]
pub(super) struct InvalidRecord {
    pub order: String,
    pub file: usize,
    pub line: u64,
    /// Code, field, advice.
    pub reasons: Vec<(&'static str, Option<&'static str>, &'static str)>,
}

impl Detail {
    /// `reveals` shows addresses as they are.
    pub fn new(reveals: bool) -> Self {
        Self { reveals, ..Self::default() }
    }

    /// Takes from a record what a page shows of it.
    pub fn take(&mut self, judged: &Judged) {
        let file = usize::try_from(judged.position.file).unwrap_or(usize::MAX);
        match &judged.verdict {
            Judgement::Invalid(_) if self.invalid.len() == INVALID_MAX => self.invalid_more += 1,
            Judgement::Invalid(faults) => self.invalid.push(InvalidRecord {
                order: printable(&judged.label),
                file,
                line: faults.iter().map(|fault| fault.line).max().unwrap_or(0).max(judged.position.line),
                reasons: faults
                    .iter()
                    .map(|fault| (fault.reason.code(), fault.field, fault.reason.advice()))
                    .collect(),
            }),
            Judgement::Decided(Decision::Send(step)) => self.sample(judged, &step.order, file),
            _ => {}
        }
    }

    fn sample(&mut self, judged: &Judged, order: &Order, file: usize) {
        let Some(source) = &judged.source else { return };
        let new = KINDS.iter().zip(&mut self.met).find(|((_, is), met)| !**met && is(order));
        let Some(((title, _), met)) = new else { return };
        *met = true;
        self.samples.push(Sample {
            title,
            file,
            line: judged.position.line,
            source: self.fields_of(source),
            payload: self.payload_of(order),
        });
    }

    fn payload_of(&self, order: &Order) -> String {
        let body = match self.reveals {
            true => serde_json::to_value(order).unwrap_or_default(),
            false => masked(order),
        };
        format!("{:#}", serde_json::json!({ "ecomOrder": body }))
    }

    /// The fields that are not blank, by the names this program gives them.
    fn fields_of(&self, source: &SourceOrder) -> Vec<(String, String)> {
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut add = |name: &str, text: &str| {
            if !text.is_empty() {
                fields.push((name.to_owned(), printable(&self.shown(text))));
            }
        };
        add("id", &source.id);
        add("number", &source.number);
        add("checkout id", &source.checkout_id);
        add("email", &source.email);
        add("customer id", &source.customer_id);
        add("created", &source.created_at);
        add("updated", &source.updated_at);
        add("abandoned", &source.abandoned_at);
        add("status", source.status.map_or("", |status| status.word()));
        add("currency", &source.currency);
        add("total", &source.total);
        add("subtotal", &source.subtotal);
        add("shipping", &source.shipping);
        add("tax", &source.tax);
        add("discount", &source.discount);
        add("refunded", &source.refunded);
        add("shipping method", &source.shipping_method);
        for (n, discount) in source.discounts.iter().enumerate() {
            add(&format!("discount {}", n + 1), &format!("{}: {}", discount.name, discount.amount));
        }
        for (n, line) in source.lines.iter().enumerate() {
            let id = if line.id.is_empty() { &line.sku } else { &line.id };
            let text = format!("{} × {} at {} ({id})", line.quantity, line.name, line.unit_price);
            add(&format!("product {}", n + 1), &text);
        }
        fields
    }

    /// A text, without the address that may be in it.
    fn shown(&self, text: &str) -> String {
        match (self.reveals, text.split_once('@')) {
            (false, Some((local, domain))) => {
                let first = |part: &str| part.chars().next().map(String::from).unwrap_or_default();
                format!("{}***@{}***", first(local), first(domain))
            }
            _ => text.to_owned(),
        }
    }
}
