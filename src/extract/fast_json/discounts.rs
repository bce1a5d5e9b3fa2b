//! What was taken off an order, and what was paid back.

use super::fields::{Discount, Node};
use crate::domain::SourceDiscount;
use crate::extract::decimal;
use crate::extract::json::{Fields, is_true};

/// Coupons and the discounts of lines, those only that were applied; a coupon that is told again at
/// the lines it was spread over counts once.
pub fn discounts(stated: &Node<'_>, fields: &mut Fields) -> Vec<SourceDiscount> {
    let mut found = Vec::new();
    for coupon in fields.list(&stated.coupons, "coupons") {
        found.extend(applied(coupon, fields));
    }
    let coupons: Vec<String> = found.iter().map(|coupon| coupon.name.clone()).collect();
    for line in fields.list(&stated.lines, "lines") {
        for discount in fields.list(&line.discounts, "discounts") {
            found.extend(
                applied(discount, fields).filter(|discount| !coupons.contains(&discount.name)),
            );
        }
    }
    found
}

fn applied(discount: &Discount<'_>, fields: &mut Fields) -> Option<SourceDiscount> {
    let amount = fields.text(discount.total_amount, "discounts");
    if !is_true(discount.applied) || amount.is_empty() {
        return None;
    }
    let name = fields.first([(discount.code, "discounts"), (discount.description, "discounts")]);
    let kind = fields.text(discount.kind, "discounts");
    Some(SourceDiscount {
        name: if name.is_empty() { "Discount".to_owned() } else { name },
        amount,
        of_shipping: kind.eq_ignore_ascii_case("DISCOUNT_TYPE_SHIPPING") || kind == "3",
    })
}

/// What was refunded. Whether tax and shipping are part of a refund's amount Fast does not say:
/// where they are stated the sum stays unknown, which `net` refuses.
pub fn refunded(stated: &Node<'_>, fields: &mut Fields) -> String {
    let mut amounts = Vec::new();
    for refund in fields.list(&stated.refunds, "refunds") {
        for part in [refund.tax, refund.shipping] {
            let part = fields.text(part, "refunds");
            if !part.is_empty() && decimal::parse(&part) != Some(0) {
                return "unknown".to_owned();
            }
        }
        amounts.push(fields.text(refund.amount, "refunds"));
    }
    decimal::sum(amounts)
}
