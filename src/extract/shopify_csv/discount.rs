//! The one discount an export row states, whether it lowered the shipping price, and what the goods
//! cost before it.

use crate::domain::{SourceDiscount, SourceOrder, Text};
use crate::extract::decimal;

/// The order's discount, if there is one: a code with its amount (zero counts), or an amount above
/// zero of a manual discount without a code.
pub fn of(order: &SourceOrder, code: Text) -> Option<SourceDiscount> {
    let amount = &order.discount;
    let is_zero = amount.bytes().all(|b| matches!(b, b'0' | b'.' | b'-'));
    if amount.is_empty() || (code.is_empty() && is_zero) {
        return None;
    }
    Some(SourceDiscount {
        of_shipping: is_of_shipping(order),
        amount: amount.clone(),
        name: if code.is_empty() { "Discount".into() } else { code },
    })
}

/// A free-shipping code does not change `Shipping`, so the order adds up only if the discount is
/// subtracted from subtotal and shipping. Prices include the taxes in some shops and not in others,
/// so both sums are tried. If unclear, the discount is on the goods, as in nearly every order.
fn is_of_shipping(order: &SourceOrder) -> bool {
    let amounts = (|| {
        Some((
            decimal::parse(&order.discount)?,
            decimal::parse(&order.shipping)?,
            decimal::parse(&order.subtotal)?,
            decimal::parse(&order.total)?,
        ))
    })();
    let Some((discount, shipping, subtotal, total)) = amounts else {
        return false;
    };
    let taxes = [0, decimal::parse(&order.tax).unwrap_or(0)];
    let adds_up = |less: i128| taxes.iter().any(|tax| subtotal + shipping + tax - less == total);
    discount > 0 && discount == shipping && !adds_up(0) && adds_up(discount)
}

/// The lowest price that the goods can have had before the discount. `Subtotal` is their price
/// after it, which does not show that a truncated file lost rows worth up to the discount.
///
/// A part of the discount may have lowered the shipping price instead: at most the amount by which
/// subtotal, shipping and taxes exceed the total, and nothing if that excess equals taxes that the
/// prices include. `None` if nothing is to be added, or an amount is not a number.
pub fn goods_before(order: &SourceOrder) -> Option<Text> {
    let stated = |text: &str| if text.is_empty() { Some(0) } else { decimal::parse(text) };
    // Most orders have none, so this comes before the other amounts are parsed.
    let discount = stated(&order.discount).filter(|discount| *discount > 0)?;
    let (shipping, tax) = (stated(&order.shipping)?, stated(&order.tax)?);
    let charges = stated(&order.charges)?;
    let (subtotal, total) = (decimal::parse(&order.subtotal)?, decimal::parse(&order.total)?);
    let above_total = subtotal + shipping + tax + charges - total;
    let most = discount.min(shipping);
    let of_shipping = match above_total {
        above if above > most && above == tax => 0,
        above => above.clamp(0, most),
    };
    let of_goods = discount - of_shipping;
    (of_goods > 0).then(|| decimal::print(subtotal + of_goods))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(
        subtotal: &str,
        shipping: &str,
        tax: &str,
        discount: &str,
        total: &str,
    ) -> SourceOrder {
        SourceOrder {
            subtotal: subtotal.into(),
            shipping: shipping.into(),
            tax: tax.into(),
            discount: discount.into(),
            total: total.into(),
            ..SourceOrder::default()
        }
    }

    fn of_shipping(subtotal: &str, shipping: &str, tax: &str, discount: &str, total: &str) -> bool {
        of(&order(subtotal, shipping, tax, discount, total), "CODE".into()).unwrap().of_shipping
    }

    #[test]
    fn a_discount_is_of_shipping_only_where_the_sums_show_it() {
        assert!(of_shipping("80.00", "12.00", "0.00", "12.00", "80.00"));
        assert!(of_shipping("80.00", "12.00", "7.5", "12.0000", "87.50"), "tax on top");
        assert!(of_shipping("8000", "1200", "", "1200", "8000"), "no minor unit");
        assert!(!of_shipping("80.00", "12.00", "0.00", "12.00", "92.00"), "the goods were lowered");
        assert!(!of_shipping("80.00", "12.00", "12.00", "12.00", "92.00"), "adds up as it stands");
        assert!(!of_shipping("80.00", "12.00", "0.00", "5.00", "87.00"));
        assert!(!of_shipping("80.00", "0.00", "0.00", "0.00", "80.00"));
        for odd in ["", "x", "1,5", "-1", "1e3", "9999999999999999999999", "0.00001"] {
            assert!(!of_shipping(odd, "12.00", "0.00", "12.00", "80.00"), "{odd}");
        }
    }

    #[test]
    fn a_discount_needs_an_amount_and_gets_a_name() {
        let named = |amount: &str, code: &str| {
            of(&order("", "", "", amount, ""), code.into()).map(|d| (d.name, d.amount))
        };
        let some = |name: &str, amount: &str| Some((Text::from(name), Text::from(amount)));
        assert_eq!(named("5.00", "SPRING"), some("SPRING", "5.00"));
        assert_eq!(named("0.00", "SPRING"), some("SPRING", "0.00"));
        assert_eq!(named("5.00", ""), some("Discount", "5.00"));
        assert_eq!(named("0.00", ""), None);
        assert_eq!(named("", ""), None);
        assert_eq!(named("", "SPRING"), None);
    }

    #[test]
    fn the_price_before_a_discount_is_at_least_what_the_sums_show() {
        let before = |subtotal: &str, shipping: &str, tax: &str, discount: &str, total: &str| {
            goods_before(&order(subtotal, shipping, tax, discount, total)).unwrap_or_default()
        };
        assert_eq!(before("80.00", "12.00", "", "20.00", "92.00"), "100");
        assert_eq!(before("80.00", "12.00", "7.50", "20.00", "99.50"), "100", "tax on top");
        assert_eq!(before("80.00", "12.00", "15.00", "20.00", "92.00"), "100", "tax within");
        assert_eq!(
            before("80.00", "5.00", "5.00", "5.00", "85.00"),
            "",
            "tax within, or on top and free shipping"
        );
        assert_eq!(
            before("80.00", "12.00", "7.50", "20.00", "90.00"),
            "90.5",
            "no more than that is sure"
        );
        assert_eq!(before("80.00", "12.00", "", "12.00", "80.00"), "", "of the shipping");
        assert_eq!(before("80.00", "12.00", "", "32.00", "80.00"), "100", "of goods and shipping");
        assert_eq!(before("80.00", "0.00", "", "20.00", "82.50"), "100", "with a tip");
        assert_eq!(before("80.00", "0.00", "", "0.00", "80.00"), "");
        for odd in ["", "x", "1,5"] {
            assert_eq!(before(odd, "0.00", "", "20.00", "80.00"), "", "{odd}");
        }
    }
}
