use crate::domain::{
    Currency, Customers, MissingEmail, Moment, Notes, Order, OrderId, RecordError, Refunds,
    Rounding, Status, Total,
};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// Raised where the same record under the same rules would be sent as another order than before:
/// then it was the program that changed it, and not the shop. The tests of `transform/order` that
/// name whole payloads show such a change.
pub const VERSION: u32 = 1;

/// What a job's settings say about meaning.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Orders of these kinds count; the rest is filtered.
    pub statuses: BTreeSet<Status>,
    pub refunds: Refunds,
    pub total: Total,
    pub missing_email: MissingEmail,
    /// Of orders whose export names none; never in place of one that is named.
    pub currency: Option<Currency>,
    pub rounding: Rounding,
    pub order_key: OrderId,
    pub customers: Customers,
    /// Of orders whose export states no date; never in place of one that can't be read.
    pub default_date: Option<Moment>,
    /// Of products whose export states none.
    pub category: Option<String>,
    /// Of dates in the export that state no offset.
    pub zone: TimeZone,
    /// Orders placed before this are filtered.
    pub from: Option<Moment>,
    /// Orders placed at or after this are filtered.
    pub to: Option<Moment>,
}

/// What the settings say where they say nothing.
impl Default for Rules {
    fn default() -> Self {
        Self {
            statuses: [Status::Paid, Status::PartiallyRefunded, Status::Refunded].into(),
            refunds: Refunds::default(),
            total: Total::default(),
            missing_email: MissingEmail::default(),
            currency: None,
            rounding: Rounding::default(),
            order_key: OrderId::default(),
            customers: Customers::default(),
            default_date: None,
            category: None,
            zone: TimeZone::UTC,
            from: None,
            to: None,
        }
    }
}

impl Rules {
    /// Whether orders of this status are sent, as far as the status decides it.
    pub fn counts(&self, status: Status) -> bool {
        let skips = self.refunds == Refunds::Skip && status == Status::Refunded;
        self.statuses.contains(&status) && !skips
    }

    /// What an order's status is does not matter then, and it need not be known.
    pub fn takes_every_status(&self) -> bool {
        self.statuses.len() == Status::ALL.len()
    }
}

/// What became of a source order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapped {
    Order(Box<Order>, Notes),
    Filtered(Filter),
    /// Every reason why it can't be sent, at least one.
    Invalid(Vec<RecordError>),
}

/// The rule that left a record out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Filter {
    /// Its status is not among those that count.
    Status(Status),
    /// Its money all went back, and `refunds` leaves such orders out.
    Refunded,
    /// It states no address, and `missing_email` leaves such orders out.
    MissingEmail,
    /// It was placed outside the dates asked for.
    Dates,
    /// A later file of the export, or a later record of a stream, holds the same order; that one is
    /// taken.
    Superseded,
    /// It was deleted at its source, which the export says of it.
    Deleted,
}

impl Filter {
    /// The stable name in reports.
    pub fn code(self) -> &'static str {
        match self {
            Self::Status(Status::Pending) => "status_pending",
            Self::Status(Status::Paid) => "status_paid",
            Self::Status(Status::PartiallyRefunded) => "status_partially_refunded",
            Self::Status(Status::Refunded) => "status_refunded",
            Self::Status(Status::Cancelled) => "status_cancelled",
            Self::Status(Status::Failed) => "status_failed",
            Self::Status(Status::Draft) => "status_draft",
            Self::Status(Status::Test) => "status_test",
            Self::Refunded => "fully_refunded",
            Self::MissingEmail => "missing_email",
            Self::Dates => "outside_dates",
            Self::Superseded => "superseded",
            Self::Deleted => "deleted_at_source",
        }
    }
}
