//! How much of an order was refunded.

use super::fields::{Order, Transaction};
use crate::extract::decimal;
use crate::extract::json::Fields;

/// The refunds that went through, added up; where none is listed, what the total was lowered by.
///
/// A refund may be stated in the currency the buyer paid in. Such an amount is never added to one
/// in the shop's: the lowered total is asked then, and where that is not stated the amount stays
/// unknown, which `net` refuses.
pub fn refunded(order: &Order<'_>, total: &str, currency: &str, fields: &mut Fields) -> String {
    let lowered_by = |fields: &mut Fields| {
        decimal::excess(total, &fields.text(order.current_total_price, "current_total_price"))
    };
    let mut amounts = Vec::new();
    let mut is_foreign = false;
    for refund in fields.list(&order.refunds, "refunds") {
        for transaction in fields.list(&refund.transactions, "refunds") {
            if went_through(transaction, fields) {
                let stated = fields.text(transaction.currency, "refunds");
                is_foreign |= !stated.is_empty() && !stated.eq_ignore_ascii_case(currency);
                amounts.push(fields.text(transaction.amount, "refunds"));
            }
        }
    }
    if !is_foreign && !amounts.is_empty() {
        return decimal::sum(amounts);
    }
    match lowered_by(fields) {
        unknown if unknown.is_empty() && is_foreign => "unknown".to_owned(),
        lowered => lowered,
    }
}

fn went_through(transaction: &Transaction<'_>, fields: &mut Fields) -> bool {
    let is = |text: String, word: &str| text.eq_ignore_ascii_case(word);
    is(fields.text(transaction.kind, "refunds"), "refund")
        && is(fields.text(transaction.status, "refunds"), "success")
}
