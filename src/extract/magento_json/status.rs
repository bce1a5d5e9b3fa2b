//! Magento's words for what became of an order. `state` is one of a fixed set; `status` is the
//! shop's own text, and asked only where no state is stated.

use super::fields::Order;
use crate::domain::{Reason, Status};
use crate::extract::decimal;
use crate::extract::json::Fields;

/// `closed` is what Magento calls an order whose whole amount was refunded; one of which a part was
/// keeps its state.
pub fn status(stated: &Order<'_>, refunded: &str, fields: &mut Fields) -> Option<Status> {
    let word =
        fields.first([(stated.state, "state"), (stated.status, "status")]).to_ascii_lowercase();
    let status = match word.as_str() {
        "new" | "pending" | "pending_payment" | "payment_review" | "fraud" | "holded" => {
            Status::Pending
        }
        "processing" | "complete" => match decimal::parse(refunded) {
            Some(amount) if amount > 0 => Status::PartiallyRefunded,
            _ => Status::Paid,
        },
        "closed" => Status::Refunded,
        "canceled" | "cancelled" => Status::Cancelled,
        _ => {
            fields.add(Reason::UnknownStatus, "state");
            return None;
        }
    };
    Some(status)
}
