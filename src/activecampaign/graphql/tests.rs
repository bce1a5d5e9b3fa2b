use super::*;
use crate::domain::{
    Amount, Currency, Customer, CustomerKey, Discount, DiscountKind, Email, Historical, Line,
    Moment, Order, PriceReading,
};
use jiff::tz::TimeZone;

fn order() -> Order {
    let email = Email::parse("ann@example.com").unwrap();
    let amount = |minor| Amount::from_minor(minor).unwrap();
    let line = Line {
        id: "p-1".into(),
        name: "Blue shirt".into(),
        price: amount(1050),
        is_price_rounded: false,
        quantity: 2,
        sku: "".into(),
        category: "Wear".into(),
        image_url: "".into(),
        product_url: "".into(),
    };
    let discount =
        Discount { name: "SPRING".into(), kind: DiscountKind::Order, amount: amount(100) };
    Order {
        key: OrderKey::parse("1001").unwrap(),
        cart: None,
        source: Historical,
        customer: Customer {
            key: CustomerKey::guest(&email),
            email,
            accepts_marketing: Some(true),
        },
        number: "".into(),
        lines: vec![line],
        discounts: vec![discount],
        order_url: "".into(),
        shipping_method: "".into(),
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

fn sent(price: PriceReading, kept: Option<&KeptCustomer>) -> String {
    let form =
        BulkForm { schema: OrderSchema::documented(), connection: RemoteId::new("178"), price };
    form.order(&SentOrder { order: &order(), kept }).unwrap().get().to_owned()
}

#[test]
fn an_order_is_sent_in_the_fields_of_the_schema_with_exact_decimals_and_nothing_blank() {
    assert_eq!(
        sent(PriceReading::Unit, None),
        r#"{"acceptsMarketing":true,"creationSource":"HISTORICAL","currency":"EUR","discounts":[{"discountAmount":1.00,"name":"SPRING","type":"ORDER"}],"discountsAmount":1.00,"email":"ann@example.com","finalAmount":20.00,"legacyConnectionId":178,"lineItems":[{"category":"Wear","name":"Blue shirt","priceAmount":10.50,"quantity":2,"storeBaseProductId":"p-1"}],"normalizedStatus":"COMPLETED","orderNumber":"1001","storeCreatedDate":"2024-01-31T10:11:12+01:00","storeCustomerId":"guest:ann@example.com","storeOrderId":"1001"}"#
    );
    assert!(sent(PriceReading::LineTotal, None).contains(r#""priceAmount":21.00"#));
    let kept = KeptCustomer { email: "bob@example.com".to_owned(), key: "7".to_owned() };
    let kept = sent(PriceReading::Unit, Some(&kept));
    assert!(!kept.contains("ann@example.com"), "the order keeps its customer: {kept}");
    assert!(kept.contains(r#""email":"bob@example.com""#), "{kept}");
    assert!(kept.contains(r#""storeCustomerId":"7""#) && !kept.contains("accepts"), "{kept}");
}

#[test]
fn of_the_text_of_an_error_only_words_of_the_schema_and_known_ones_are_kept() {
    let words = |text| words_of(text, &OrderSchema::documented());
    let text = "ann@example.com: the name Blue shirt of Zoe Quux is not valid (2000)";
    assert_eq!(words(text), "the_name_of_is_not_valid");
    assert_eq!(words("finalAmount must not be odd"), "finalAmount_must_not_be_odd");
    assert_eq!(words("Zoe Quux"), "refused");
}

#[test]
fn a_receipt_counts_only_for_the_order_that_was_sent() {
    let receipt = |key: &str, total: &str| GraphqlOrder {
        key: key.to_owned(),
        connection: "178".to_owned(),
        total: total.to_owned(),
        currency: None,
        email: "Ann@example.com".to_owned(),
        customer: String::new(),
    };
    let order = order();
    let sent = SentOrder { order: &order, kept: None };
    let shows = |found: &GraphqlOrder| found.shows(&sent, &RemoteId::new("178"));
    assert!(shows(&receipt("1001", "20.0")) && shows(&receipt("1001", "20")));
    assert!(!shows(&receipt("1002", "20.0")), "another order");
    assert!(!shows(&receipt("1001", "200")), "another total");
    assert!(!receipt("1001", "20").shows(&sent, &RemoteId::new("9")), "another connection");
    let kept = KeptCustomer { email: "bob@example.com".to_owned(), key: String::new() };
    let of_bob = SentOrder { order: &order, kept: Some(&kept) };
    let found = receipt("1001", "20");
    assert!(!found.shows(&of_bob, &RemoteId::new("178")), "another customer");
}

#[test]
fn errors_are_of_the_form_of_an_order_or_of_the_server() {
    let error = |message: &str, classification: &str| GraphqlError {
        message: message.to_owned(),
        classification: classification.to_owned(),
        ..GraphqlError::default()
    };
    let schema = OrderSchema::documented();
    let judge = |error| judge_errors(&[error], &|word| schema.has_name(word));
    let judged = |message, classification| judge(error(message, classification));
    let named = |text: &str| {
        let extensions = vec![("orders[3]-storeOrderId-7".to_owned(), text.to_owned())];
        judge(GraphqlError { extensions, ..error("Validation errors", "") })
    };
    assert_eq!(judge_errors(&[], &|_| true), GraphqlVerdict::NoErrors);
    assert_eq!(judged("Validation errors", ""), GraphqlVerdict::NotStored);
    let form = "Variable 'orders' has an invalid value: 'orders[3]' contains a field not in";
    assert_eq!(judged(form, "ValidationError"), GraphqlVerdict::Stop);
    assert_eq!(judged(form, ""), GraphqlVerdict::Stop);
    assert_eq!(
        judged("Validation error (FieldUndefined@[x])", "ValidationError"),
        GraphqlVerdict::Stop
    );
    let null = "Field 'x' of variable 'orders' has coerced Null value for NonNull type 'String!'";
    assert_eq!(judged(null, "ValidationError"), GraphqlVerdict::Stop);
    assert_eq!(judged("Validation errors", "ValidationError"), GraphqlVerdict::NotStored);
    assert_eq!(judged("Too many orders", "ValidationError"), GraphqlVerdict::Refused);
    let of_one = GraphqlError { has_path: true, ..error("the total is odd", "ValidationError") };
    assert_eq!(judge(of_one), GraphqlVerdict::NotStored);
    assert_eq!(
        judged("Exception while fetching data", "DataFetchingException"),
        GraphqlVerdict::Unclear
    );
    assert_eq!(named("email is not valid"), GraphqlVerdict::NotStored);
    assert_eq!(named("creationSource must be REAL_TIME"), GraphqlVerdict::Stop, "of every order");
    let of_both = "of legacyConnectionId 178 the email is not valid";
    assert_eq!(named(of_both), GraphqlVerdict::NotStored);
}

#[test]
fn an_error_of_the_server_that_names_an_order_is_not_about_its_values() {
    let body = serde_json::json!({ "errors": [
        { "message": "Exception while fetching data", "path": ["bulkUpsertOrders", 0] },
    ] });
    let answer = Answer::read(body.to_string().as_bytes()).unwrap();
    assert!(!answer.errors[0].is_of_values());
}

#[test]
fn a_question_that_failed_has_no_answer() {
    let error = |message: &str, classification: &str| GraphqlError {
        message: message.to_owned(),
        classification: classification.to_owned(),
        ..GraphqlError::default()
    };
    let judged = |message, classification| judge_query_errors(&[error(message, classification)]);
    assert_eq!(judged("Internal Server Error", "INTERNAL_ERROR"), GraphqlVerdict::Unclear);
    assert_eq!(judged("x", "ValidationError"), GraphqlVerdict::Stop);
    assert!(error("no such order", "NOT_FOUND").is_absence());
    assert!(error("x", "BadFaithIntrospection").refuses_introspection());
    assert!(error("Introspection is disabled", "").refuses_introspection());
    assert!(!error("Internal Server Error", "").refuses_introspection());
}
