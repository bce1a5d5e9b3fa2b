use crate::domain::{
    Amount, Currency, Customer, CustomerKey, Email, Historical, Line, Moment, Order, OrderKey,
};

pub(crate) fn tests_order(key: &str) -> Order {
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
