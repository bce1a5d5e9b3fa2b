use super::*;
use crate::activecampaign::disposition::GraphqlError;
use crate::domain::{
    Amount, Currency, Customer, CustomerKey, Discount, DiscountKind, Email, Historical, Line,
    Moment, PriceReading,
};
use jiff::tz::TimeZone;

fn order() -> Order {
    let email = Email::parse("ann@example.com").unwrap();
    let amount = |minor| Amount::from_minor(minor).unwrap();
    let line = Line {
        id: "p-1".to_owned(),
        name: "Blue shirt".to_owned(),
        price: amount(1050),
        is_price_rounded: false,
        quantity: 2,
        sku: String::new(),
        category: "Wear".to_owned(),
        image_url: String::new(),
        product_url: String::new(),
    };
    let discount =
        Discount { name: "SPRING".to_owned(), kind: DiscountKind::Order, amount: amount(100) };
    Order {
        key: OrderKey::parse("1001").unwrap(),
        cart: None,
        source: Historical,
        customer: Customer {
            key: CustomerKey::guest(&email),
            email,
            accepts_marketing: Some(true),
        },
        number: String::new(),
        lines: vec![line],
        discounts: vec![discount],
        order_url: String::new(),
        shipping_method: String::new(),
        total: amount(2000),
        shipping: None,
        tax: Some(amount(320)),
        discount: Some(amount(100)),
        currency: Currency::parse("EUR").unwrap(),
        created_at: Moment::parse("2024-01-31 10:11:12 +0100", &TimeZone::UTC).unwrap(),
        updated_at: None,
        abandoned_at: None,
    }
}

fn sent(price: PriceReading, with_customer: bool) -> String {
    let form =
        BulkForm { schema: OrderSchema::documented(), connection: RemoteId::new("178"), price };
    form.order(&order(), with_customer).unwrap().get().to_owned()
}

#[test]
fn an_order_is_sent_in_the_fields_of_the_schema_with_exact_decimals_and_nothing_blank() {
    assert_eq!(
        sent(PriceReading::Unit, true),
        r#"{"acceptsMarketing":true,"creationSource":"HISTORICAL","currency":"EUR","discounts":[{"discountAmount":1.00,"name":"SPRING","type":"ORDER"}],"discountsAmount":1.00,"email":"ann@example.com","finalAmount":20.00,"legacyConnectionId":178,"lineItems":[{"category":"Wear","name":"Blue shirt","priceAmount":10.50,"quantity":2,"storeBaseProductId":"p-1"}],"normalizedStatus":"COMPLETED","orderNumber":"1001","storeCreatedDate":"2024-01-31T10:11:12+01:00","storeCustomerId":"guest:ann@example.com","storeOrderId":"1001"}"#
    );
    assert!(sent(PriceReading::LineTotal, true).contains(r#""priceAmount":21.00"#));
    let kept = sent(PriceReading::Unit, false);
    assert!(!kept.contains("ann@example.com"), "the order keeps its customer: {kept}");
}

#[test]
fn what_an_error_quotes_of_an_order_is_left_out() {
    let text = "ann@example.com: the name Blue shirt is not valid (2000)";
    assert_eq!(plain_words(text, &order()), "the_name_is_not_valid");
    assert_eq!(plain_words("ann", &order()), "refused");
}

#[test]
fn a_receipt_counts_only_for_the_order_that_was_sent() {
    let receipt = |key: &str, total: &str| GraphqlOrder {
        key: key.to_owned(),
        connection: "178".to_owned(),
        total: total.to_owned(),
        currency: None,
        email: "Ann@example.com".to_owned(),
    };
    let shows = |found: &GraphqlOrder| found.shows(&order(), &RemoteId::new("178"));
    assert!(shows(&receipt("1001", "20.0")) && shows(&receipt("1001", "20")));
    assert!(!shows(&receipt("1002", "20.0")), "another order");
    assert!(!shows(&receipt("1001", "200")), "another total");
    assert!(!receipt("1001", "20").shows(&order(), &RemoteId::new("9")), "another connection");
}

#[test]
fn errors_are_of_the_document_of_an_order_or_of_the_server() {
    let error = |message: &str, classification: &str| GraphqlError {
        message: message.to_owned(),
        classification: classification.to_owned(),
        ..GraphqlError::default()
    };
    let judged = |message, classification| judge_errors(&[error(message, classification)]);
    assert_eq!(judge_errors(&[]), GraphqlVerdict::NoErrors);
    assert_eq!(judged("Validation errors", ""), GraphqlVerdict::NotStored);
    assert_eq!(
        judged("Variable 'orders' has an invalid value", "ValidationError"),
        GraphqlVerdict::NotStored
    );
    assert_eq!(
        judged("Validation error (FieldUndefined@[x])", "ValidationError"),
        GraphqlVerdict::Stop
    );
    assert_eq!(
        judged("Exception while fetching data", "DataFetchingException"),
        GraphqlVerdict::Unclear
    );
}
