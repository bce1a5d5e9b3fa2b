//! Checks the body and the query of a request against the documentation, whether or not the account
//! accepts it.

use super::call::{Call, Resource};
use super::fields::integer_of;
use super::store::{Connection, Contact, Customer, Order, Row, Store};
use super::violations::{Rule, Violations};
use jiff::Timestamp;
use serde_json::{Map, Value};

const CONNECTION: &[&str] = &[
    "service",
    "externalid",
    "name",
    "logoUrl",
    "linkUrl",
    "listId",
    "listid",
    "status",
    "syncStatus",
];
const CUSTOMER: &[&str] =
    &["connectionid", "externalid", "email", "acceptsMarketing", "first_name", "last_name"];
const ORDER: &[&str] = &[
    "externalid",
    "externalcheckoutid",
    "source",
    "email",
    "orderProducts",
    "orderDiscounts",
    "orderUrl",
    "shippingMethod",
    "orderNumber",
    "totalPrice",
    "shippingAmount",
    "taxAmount",
    "discountAmount",
    "currency",
    "connectionid",
    "customerid",
    "externalCreatedDate",
    "orderDate",
    "externalUpdatedDate",
    "abandonedDate",
    "abandoned_date",
];
const PRODUCT: &[&str] = &[
    "externalid",
    "name",
    "price",
    "quantity",
    "category",
    "sku",
    "description",
    "imageUrl",
    "productUrl",
];
const DISCOUNT: &[&str] = &["name", "type", "discountAmount"];

/// Rules that a trial may break to learn how the account reacts.
pub(super) const TRIED: &[Rule] = &[
    Rule::ProductsDropped,
    Rule::NotAnInteger,
    Rule::BlankField,
    Rule::ForeignCustomer,
    Rule::EmailDiffers,
];

/// Adds every violation of this request.
pub(super) fn judge(call: &Call, store: &Store, is_trial: bool, violations: &mut Violations) {
    let Some(route) = &call.route else { return };
    let mut note = |rule, detail: String| {
        if !(is_trial && TRIED.contains(&rule)) {
            violations.add(call.number, rule, detail);
        }
    };
    if call.method == "GET" {
        if route.id.is_none() {
            judge_filters(call, route.resource, &mut note);
        }
        return;
    }
    let Some(sent) = call.sent() else { return };
    let wrapper = route.resource.wrapper();
    for name in call.body.as_ref().and_then(Value::as_object).into_iter().flat_map(Map::keys) {
        if name != wrapper {
            note(Rule::UnknownField, format!("{} beside {wrapper}", short(name)));
        }
    }
    match route.resource {
        Resource::Connection => judge_fields(sent, CONNECTION, wrapper, &mut note),
        Resource::Customer => judge_fields(sent, CUSTOMER, wrapper, &mut note),
        Resource::Order => judge_order(call, sent, store, &mut note),
        Resource::Product
        | Resource::Contact
        | Resource::User
        | Resource::Root
        | Resource::Graphql => {}
    }
}

type Report<'a> = &'a mut dyn FnMut(Rule, String);

fn judge_filters(call: &Call, resource: Resource, note: Report<'_>) {
    let knows: fn(&str) -> bool = match resource {
        Resource::Connection => Connection::knows,
        Resource::Customer => Customer::knows,
        Resource::Order => Order::knows,
        Resource::Contact => Contact::knows,
        Resource::Product | Resource::User | Resource::Root | Resource::Graphql => |_| false,
    };
    for (name, _) in call.filters().chain(call.orders()).filter(|(name, _)| !knows(name)) {
        note(Rule::UnknownFilter, format!("{} of {}", short(name), resource.wrapper()));
    }
}

/// Unknown and blank fields, and dates without offset.
fn judge_fields(sent: &Map<String, Value>, known: &[&str], wherein: &str, note: Report<'_>) {
    for (name, value) in sent {
        if !known.contains(&name.as_str()) {
            note(Rule::UnknownField, format!("{} in {wherein}", short(name)));
        }
        if value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()) {
            note(Rule::BlankField, format!("{} in {wherein}", short(name)));
        } else if (name.ends_with("Date") || name.ends_with("_date"))
            && value.as_str().is_some_and(|text| text.parse::<Timestamp>().is_err())
        {
            note(Rule::DateWithoutOffset, format!("{} in {wherein}", short(name)));
        }
    }
}

fn judge_integers(sent: &Map<String, Value>, names: &[&str], wherein: &str, note: Report<'_>) {
    for name in names {
        if let Some(value) = sent.get(*name)
            && !value.is_null()
            && integer_of(value).is_none()
        {
            note(Rule::NotAnInteger, format!("{name} in {wherein}"));
        }
    }
}

fn judge_order(call: &Call, sent: &Map<String, Value>, store: &Store, note: Report<'_>) {
    judge_fields(sent, ORDER, "ecomOrder", note);
    judge_integers(
        sent,
        &["totalPrice", "shippingAmount", "taxAmount", "discountAmount"],
        "ecomOrder",
        note,
    );
    let entries = |list| sent.get(list).and_then(Value::as_array).into_iter().flatten();
    for product in entries("orderProducts").filter_map(Value::as_object) {
        judge_fields(product, PRODUCT, "orderProducts", note);
        judge_integers(product, &["price", "quantity"], "orderProducts", note);
    }
    for discount in entries("orderDiscounts").filter_map(Value::as_object) {
        judge_fields(discount, DISCOUNT, "orderDiscounts", note);
        judge_integers(discount, &["discountAmount"], "orderDiscounts", note);
    }
    match sent.get("source").map(integer_of) {
        Some(Some(0)) => {}
        Some(_) => note(Rule::SourceNotZero, "source is not 0".to_owned()),
        None => note(
            Rule::SourceNotZero,
            "source is missing; the account's default is unknown".to_owned(),
        ),
    }
    judge_relations(call, sent, store, note);
}

/// Checks what an order says about its customer, and what an update does to its products.
fn judge_relations(call: &Call, sent: &Map<String, Value>, store: &Store, note: Report<'_>) {
    let stored = (call.method == "PUT")
        .then(|| call.route.as_ref().and_then(|route| store.orders.get(route.id_number())))
        .flatten();
    if let Some(order) = stored
        && !order.products.is_empty()
        && !sent.contains_key("orderProducts")
    {
        note(
            Rule::ProductsDropped,
            format!("order {} had {} products", order.key(), order.products.len()),
        );
    }
    let id = |name| sent.get(name).and_then(integer_of).and_then(|id| u64::try_from(id).ok());
    let Some(customer) = id("customerid")
        .or(stored.map(|order| order.customerid))
        .and_then(|customer| store.customers.get(customer))
    else {
        return;
    };
    let connection = id("connectionid").or(stored.map(|order| order.connectionid));
    if customer.is_pseudo() {
        note(Rule::PseudoCustomer, format!("customer {}", customer.id));
    } else if connection.is_some_and(|connection| connection != customer.connectionid) {
        note(
            Rule::ForeignCustomer,
            format!("customer {} is of connection {}", customer.id, customer.connectionid),
        );
    }
    let email = sent.get("email").and_then(Value::as_str);
    if email.is_some_and(|email| email.to_lowercase() != customer.email.to_lowercase()) {
        note(Rule::EmailDiffers, format!("customer {} has another address", customer.id));
    }
}

/// A name invented by the client, truncated to a readable length.
fn short(name: &str) -> String {
    name.chars().take(40).collect()
}
