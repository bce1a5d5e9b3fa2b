use crate::domain::{Fault, Moment, Order, Status};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// What a job's settings say about meaning.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Orders of these kinds count; the rest is filtered.
    pub statuses: BTreeSet<Status>,
    pub refunds: Refunds,
    /// Of dates in the export that state no offset.
    pub zone: TimeZone,
    /// Orders placed before this are filtered.
    pub from: Option<Moment>,
    /// Orders placed at or after this are filtered.
    pub to: Option<Moment>,
}

/// What a refund does to the total that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Refunds {
    /// The total stays as ordered.
    #[default]
    Original,
    /// The total is less what was refunded, and not below zero.
    Net,
}

/// What became of a source order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapped {
    Order(Box<Order>),
    Filtered(Filter),
    /// Every reason why it can't be sent, at least one.
    Invalid(Vec<Fault>),
}

/// The rule that left a record out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Filter {
    /// Its status is not among those that count.
    Status(Status),
    /// It was placed outside the dates asked for.
    Dates,
    /// A later file of the export, or a later record of a stream, holds the same order; that one is taken.
    Superseded,
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
            Self::Dates => "outside_dates",
            Self::Superseded => "superseded",
        }
    }
}
