//! `SourceOrder` to a typed `Order`, or every reason why not. Pure: no file, clock, network or
//! database.

mod amounts;
mod completeness;
mod lines;
mod order;
mod parts;

pub use order::{stated_currency, transform};

use crate::domain::{Moment, Notes, Order, Policy, RecordError, Status};
use jiff::tz::TimeZone;

/// Increased when the same record with the same rules is mapped to another order than before: then
/// the program caused the change, not the shop. The tests of `transform/order` that name whole
/// payloads show such a change.
pub const VERSION: u32 = 1;

/// How a job's records become orders.
#[derive(Debug, Clone)]
pub struct Rules {
    pub policy: Policy,
    /// The zone of dates without an offset.
    pub zone: TimeZone,
    /// The settings state the zone; otherwise it is the default.
    pub is_zone_set: bool,
    /// Orders placed before this are filtered.
    pub from: Option<Moment>,
    /// Orders placed at or after this are filtered.
    pub to: Option<Moment>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            zone: TimeZone::UTC,
            is_zone_set: false,
            from: None,
            to: None,
        }
    }
}

/// The result for a source order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapped {
    Order(Box<Order>, Notes),
    Filtered(Filter),
    /// Every reason why it can't be sent; at least one.
    Invalid(Vec<RecordError>),
}

/// The rule that left a record out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Filter {
    /// Its status is not among those that count.
    Status(Status),
    /// It was refunded in full, and `refunds` filters such orders.
    Refunded,
    /// It states no e-mail address, and `missing_email` filters such orders.
    MissingEmail,
    /// It was placed outside the requested dates.
    Dates,
    /// Another copy of the order counts: a newer one, that of a later file, or an identical one.
    Superseded,
    /// The export says that it was deleted at its source.
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
