//! What became of an order, in BigCommerce's words.

use super::fields::Order;
use crate::domain::{Reason, Status};
use crate::extract::json::{Fields, is_true};

/// The statuses by their numbers, with their words; a store may rename them, but not renumber them.
const STATUSES: [(&str, &str, Status); 15] = [
    ("0", "Incomplete", Status::Draft),
    ("1", "Pending", Status::Pending),
    ("2", "Shipped", Status::Paid),
    ("3", "Partially Shipped", Status::Paid),
    ("4", "Refunded", Status::Refunded),
    ("5", "Cancelled", Status::Cancelled),
    ("6", "Declined", Status::Failed),
    ("7", "Awaiting Payment", Status::Pending),
    ("8", "Awaiting Pickup", Status::Paid),
    ("9", "Awaiting Shipment", Status::Paid),
    ("10", "Completed", Status::Paid),
    ("11", "Awaiting Fulfillment", Status::Paid),
    ("12", "Manual Verification Required", Status::Pending),
    // The buyer wants the money back, and whether it goes back is open.
    ("13", "Disputed", Status::Pending),
    ("14", "Partially Refunded", Status::PartiallyRefunded),
];

/// The gateway that a store tries out its checkout with.
const TEST_GATEWAY: &str = "Test Payment Gateway";

/// A test is a test whatever else is said of it, and an order that was deleted (or archived, which
/// is the same there) counts as cancelled. `None`, with a fault, for a status that is not known.
pub fn read(stated: &Order<'_>, fields: &mut Fields) -> Option<Status> {
    if fields.text(stated.payment_method, "payment_method").eq_ignore_ascii_case(TEST_GATEWAY) {
        return Some(Status::Test);
    }
    if is_true(stated.is_deleted) {
        return Some(Status::Cancelled);
    }
    let number = fields.text(stated.status_id, "status_id");
    let word = fields.text(stated.status, "status");
    let known = STATUSES.iter().find(|(id, name, _)| match number.as_str() {
        "" => name.eq_ignore_ascii_case(&word),
        number => *id == number,
    });
    if known.is_none() {
        fields.add(Reason::UnknownStatus, "status_id");
    }
    known.map(|(_, _, status)| *status)
}
