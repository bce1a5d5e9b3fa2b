//! ActiveCampaign's GraphQL for orders: many of them in one request. The same transport, pace, retries
//! and judge as everything else.

mod answer;
mod payload;
mod schema;

pub use payload::{BulkForm, UnknownFields};
pub use schema::OrderSchema;

use super::client::{Client, Turn};
use super::disposition::{FatalError, GraphqlVerdict, RequestKind, judge_errors};
use super::exchange::Request;
use super::failure::Failure;
use super::wire::{Id, text_of};
use crate::domain::{Order, OrderKey, RemoteId};
use answer::Answer;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fmt::Write;

const ROUTE: &str = "/ecom/graphql";
/// The largest body that is sent, in bytes. ActiveCampaign's limit is not documented.
pub const BODY_LEN_MAX: usize = 512 * 1024;
/// Orders of one read-back: some servers allow 500 fields an operation.
pub const READ_BACK_MAX: usize = 50;

/// A variable may be declared stricter than the argument it is for.
const UPSERT: &str = "mutation ($orders: [OrderInput!]!) { bulkUpsertOrders(orders: $orders) \
     { storeOrderId legacyConnectionId normalizedStatus finalAmount email } }";
const ORDER_FIELDS: &str = "storeOrderId legacyConnectionId finalAmount currency email";

/// An order as GraphQL shows it. Texts it does not state are empty.
#[derive(Clone, PartialEq, Eq)]
pub struct GraphqlOrder {
    pub key: String,
    pub connection: String,
    /// As it came: a decimal, perhaps with zeros at its end.
    pub total: String,
    /// `None`: it was not asked for.
    pub currency: Option<String>,
    pub email: String,
}

/// What one order of a batch came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BulkReply {
    /// The receipt is the order that was sent.
    Accepted,
    /// An error names this order: what it says, in plain words of no record.
    Named(String),
    /// Nothing was stored, and another order or the whole batch is the cause.
    NotStored,
    /// It may have been stored.
    Unclear,
}

impl GraphqlOrder {
    fn read(value: &Value) -> Self {
        Self {
            key: text_of(value, "storeOrderId"),
            connection: text_of(value, "legacyConnectionId"),
            total: text_of(value, "finalAmount"),
            currency: value.get("currency").map(|_| text_of(value, "currency")),
            email: text_of(value, "email"),
        }
    }

    /// Whether it shows what was sent, in all that it states.
    pub fn shows(&self, order: &Order, connection: &RemoteId) -> bool {
        let or_unstated = |found: &str, sent: &str| found.is_empty() || found == sent;
        let total = order.currency.format_minor(order.total.minor().into());
        self.key == order.key.as_str()
            && or_unstated(&self.connection, connection.as_str())
            && (self.total.is_empty() || is_same_decimal(&self.total, &total))
            && self.currency.as_ref().is_none_or(|found| {
                found.is_empty() || found.eq_ignore_ascii_case(order.currency.code())
            })
            && or_unstated(&self.email.to_lowercase(), order.customer.email.as_str())
    }
}

/// `10.5` and `10.50` are one amount.
fn is_same_decimal(a: &str, b: &str) -> bool {
    let plain = |text: &str| match text.split_once('.') {
        Some((whole, rest)) => (whole.to_owned(), rest.trim_end_matches('0').to_owned()),
        None => (text.to_owned(), String::new()),
    };
    plain(a) == plain(b)
}

/// A batch of orders, ready to be sent.
pub struct BulkBody {
    body: Vec<u8>,
}

impl BulkBody {
    /// `orders`: each with whether its customer is sent too.
    ///
    /// # Errors
    /// When the schema requires what no order has.
    pub fn new(form: &BulkForm, orders: &[(&Order, bool)]) -> Result<Self, UnknownFields> {
        let orders = orders.iter().map(|(order, with_customer)| form.order(order, *with_customer));
        let orders = orders.collect::<Result<Vec<_>, _>>()?;
        let body =
            serde_json::to_vec(&BatchJson { query: UPSERT, variables: Variables { orders } });
        Ok(Self { body: body.unwrap_or_default() })
    }

    pub fn is_too_long(&self) -> bool {
        self.body.len() > BODY_LEN_MAX
    }
}

#[derive(serde::Serialize)]
struct BatchJson {
    query: &'static str,
    variables: Variables,
}

#[derive(serde::Serialize)]
struct Variables {
    orders: Vec<Box<serde_json::value::RawValue>>,
}

impl Turn<'_> {
    /// Creates or replaces these orders, which were sent to `connection`: a reply for each.
    ///
    /// # Errors
    /// See [`super::Disposition`]; then it is the same for all of them.
    pub async fn upsert_orders(
        self,
        batch: BulkBody,
        orders: &[&Order],
        connection: &RemoteId,
    ) -> Result<Vec<BulkReply>, Failure> {
        let name = "upsert_orders";
        let request = request(RequestKind::BulkUpsert, name, batch.body);
        let answer = self.send(&request, Answer::read).await?;
        let verdict = judge_errors(&answer.errors);
        if verdict == GraphqlVerdict::Stop {
            return Err(Failure::stopped(name, FatalError::Schema));
        }
        let receipts = answer.field("bulkUpsertOrders").and_then(Value::as_array);
        let receipts: Vec<GraphqlOrder> = receipts
            .into_iter()
            .flatten()
            .filter(|receipt| receipt.is_object())
            .map(GraphqlOrder::read)
            .collect();
        let reply = |(index, order): (usize, &&Order)| {
            let key = order.key.as_str();
            if receipts.iter().any(|receipt| receipt.shows(order, connection)) {
                return BulkReply::Accepted;
            }
            let named = answer.errors.iter().find_map(|error| error.text_about(key, index));
            match named {
                Some(text) => BulkReply::Named(plain_words(text, order)),
                None if verdict == GraphqlVerdict::NotStored && receipts.is_empty() => {
                    BulkReply::NotStored
                }
                None => BulkReply::Unclear,
            }
        };
        Ok(orders.iter().enumerate().map(reply).collect())
    }
}

impl Client {
    /// Which of up to [`READ_BACK_MAX`] orders GraphQL shows; what it does not show may still be on
    /// its way.
    ///
    /// # Errors
    /// When no answer came within the attempts, or the run must end.
    pub async fn orders_by_key(
        &self,
        connection: &RemoteId,
        keys: &[&OrderKey],
    ) -> Result<Vec<Option<GraphqlOrder>>, Failure> {
        let (mut head, mut fields) = ("query ($c: Int!".to_owned(), String::new());
        let mut variables = json!({ "c": Id(connection) });
        for (n, key) in keys.iter().enumerate() {
            let _ = write!(head, ", $k{n}: String!");
            let _ = write!(
                fields,
                " o{n}: getOrder(legacyConnectionId: $c, storeOrderId: $k{n}) {{ {ORDER_FIELDS} }}"
            );
            variables[format!("k{n}")] = key.as_str().into();
        }
        let body = json!({ "query": format!("{head}) {{{fields} }}"), "variables": variables });
        let answer = self.query("read_orders", &body).await?;
        let found = |n| answer.field(&format!("o{n}")).map(GraphqlOrder::read);
        Ok((0..keys.len()).map(found).collect())
    }

    /// One question, repeated until it is answered.
    async fn query(&self, name: &'static str, body: &Value) -> Result<Answer, Failure> {
        let request = request(RequestKind::Query, name, body.to_string().into_bytes());
        self.read(&request, Answer::read).await
    }
}

fn request(kind: RequestKind, name: &'static str, body: Vec<u8>) -> Request {
    Request { kind, name, route: ROUTE, path: ROUTE.to_owned(), body: Some(body) }
}

/// The longest text kept of an error.
const TEXT_LEN_MAX: usize = 100;

/// A text of an error as one word, without anything that the order states: it may quote the order.
fn plain_words(text: &str, order: &Order) -> String {
    let mut own = HashSet::new();
    collect_words(&serde_json::to_value(order).unwrap_or_default(), &mut own);
    let is_of_order = |word: &str| own.contains(&word.to_lowercase());
    let words = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| word.len() > 1);
    let mut plain = String::new();
    for word in words.filter(|word| !is_of_order(word)) {
        if plain.len() + word.len() >= TEXT_LEN_MAX {
            break;
        }
        if !plain.is_empty() {
            plain.push('_');
        }
        plain.push_str(word);
    }
    if plain.is_empty() { "refused".to_owned() } else { plain }
}

fn collect_words(value: &Value, words: &mut HashSet<String>) {
    match value {
        Value::String(text) => {
            let parts = text.split(|c: char| !c.is_ascii_alphabetic());
            words.extend(parts.map(str::to_lowercase));
        }
        Value::Array(parts) => parts.iter().for_each(|part| collect_words(part, words)),
        Value::Object(fields) => fields.values().for_each(|part| collect_words(part, words)),
        _ => {}
    }
}

impl std::fmt::Debug for GraphqlOrder {
    /// Hides the address.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GraphqlOrder").field("key", &self.key).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
