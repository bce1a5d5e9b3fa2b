use serde::Serialize;
use std::fmt;

/// How many violations are kept one by one; further ones only count.
const KEPT_MAX: usize = 1_000;

/// Something that a correct client never does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Number of the request, from 1.
    pub at_request: u64,
    pub rule: Rule,
    /// The details: fields, ids and order keys, never personal data.
    pub detail: String,
}

/// The rules that a client is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A token was in the URL.
    TokenInUrl,
    /// A request came while an announced pause was running.
    Paused,
    /// Two concurrent writes for one order or one customer.
    TwoWrites,
    /// A create was repeated, without a lookup, after one without a visible answer.
    RepeatedCreate,
    /// An update left out the products of an order that had some, which deletes them.
    ProductsDropped,
    /// An amount or a quantity was not a whole number.
    NotAnInteger,
    /// An order came with a source other than 0, or a creation source other than HISTORICAL.
    SourceNotZero,
    /// An optional field was sent as null or blank.
    BlankField,
    /// An order was attached to a customer that the account itself keeps, one for each e-mail
    /// address, as the sum over its connections.
    PseudoCustomer,
    /// An order was attached to a customer of another connection.
    ForeignCustomer,
    /// An order has another e-mail address than its customer.
    EmailDiffers,
    /// The body has an undocumented field.
    UnknownField,
    /// A list was filtered by an undocumented field.
    UnknownFilter,
    /// A date came without an offset from UTC.
    DateWithoutOffset,
    /// An order was sent with an address or with notes.
    PersonalData,
    /// A number was sent as a text, or a text as a number.
    WrongJsonType,
    /// An amount has more decimals than its currency.
    AmountTooFine,
    /// One request asked for several types.
    SeveralIntrospections,
    /// One batch has the same order twice.
    SameKeyTwice,
    /// A batch has more orders than documented.
    BatchTooLong,
    /// Orders of one connection were written by REST and by GraphQL, without a switch.
    MixedPaths,
}

/// The name that it has in JSON.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {}: {}: {}", self.at_request, self.rule, self.detail)
    }
}

/// All violations so far.
#[derive(Debug, Default)]
pub(super) struct Violations {
    pub kept: Vec<Violation>,
    pub total: u64,
}

impl Violations {
    pub fn add(&mut self, at_request: u64, rule: Rule, detail: impl Into<String>) {
        self.total += 1;
        if self.kept.len() < KEPT_MAX {
            self.kept.push(Violation { at_request, rule, detail: detail.into() });
        }
    }
}
