//! Compares an `Order` with its ledger entry and decides on a `Step`. Pure: carries nothing out.

mod changes;
mod digest;
mod distribution;
mod example;
mod fingerprint;
mod forecast;
mod policy_effects;
mod step;
mod summary;

pub use changes::{Change, ChangeCause, Changes};
pub use distribution::{Month, MonthTotal, PRODUCTS_MAX};
pub use example::{EXAMPLES_MAX, Example, ExampleCount};
pub use fingerprint::Fingerprints;
pub use forecast::{Assumptions, Forecast};
pub use policy_effects::MismatchTotal;
pub use step::{Action, Decision, PriorWrite, Step, decide};
pub use summary::{
    BatchCost, BatchLengths, BatchTerms, CartSteps, Consent, CurrencyTotal, LeftOutBy, PlanSummary,
    Totals,
};

#[cfg(test)]
pub(crate) fn tests_order(key: &str) -> crate::domain::Order {
    use crate::domain::{
        Amount, Currency, Customer, CustomerKey, Email, Historical, Line, Moment, Order, OrderKey,
    };
    let email = Email::parse("ann@example.com").unwrap();
    let amount = |minor| Amount::from_minor(minor).unwrap();
    Order {
        key: OrderKey::parse(key).unwrap(),
        cart: None,
        source: Historical,
        customer: Customer { key: CustomerKey::guest(&email), email, accepts_marketing: None },
        number: format!("#{key}").into(),
        lines: vec![Line {
            id: "SKU-1".into(),
            name: "Pogo Stick".into(),
            price: amount(5409),
            is_price_rounded: false,
            quantity: 1,
            sku: "".into(),
            category: "".into(),
            image_url: "".into(),
            product_url: "".into(),
        }],
        discounts: vec![],
        order_url: "".into(),
        shipping_method: "".into(),
        total: amount(5409),
        shipping: None,
        tax: None,
        discount: None,
        currency: Currency::parse("USD").unwrap(),
        created_at: Moment::parse("2024-01-31T10:11:12-05:00", &jiff::tz::TimeZone::UTC).unwrap(),
        updated_at: None,
        abandoned_at: None,
    }
}
