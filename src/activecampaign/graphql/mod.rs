//! ActiveCampaign's GraphQL API for orders: many of them in one request, with the same transport,
//! rate limit, retries and classification of failures as REST.

mod answer;
mod errors;
mod payload;
mod schema;
mod trial;

pub use payload::{BulkForm, KeptCustomer, SentOrder, UnknownFields};
pub use schema::OrderSchema;
pub use trial::{BulkMutation, BulkTrial};

use super::client::{Client, Turn};
use super::disposition::{Disposition, FatalError, RequestKind};
use super::exchange::Request;
use super::failure::Failure;
use super::wire::{Id, text_of};
use crate::domain::{Amount, Currency, OrderKey, RemoteId};
use answer::Answer;
use errors::{GraphqlError, GraphqlVerdict, judge_errors, judge_query_errors};
use serde_json::{Value, json};
use std::fmt::Write;

const ROUTE: &str = "/ecom/graphql";
/// The largest body that is sent, in bytes. ActiveCampaign's limit is not documented.
pub const BODY_LEN_MAX: usize = 512 * 1024;
/// Orders of one read-back: some servers allow 500 fields an operation.
pub const READ_BACK_MAX: usize = 50;

/// A variable may have a stricter type than its argument.
const UPSERT: &str = "mutation ($orders: [OrderInput!]!) { bulkUpsertOrders(orders: $orders) \
     { storeOrderId legacyConnectionId normalizedStatus finalAmount email } }";
/// The documentation has the page inside the filter. Filters are ANDed.
const SEARCH: &str = "query ($c: Int!, $k: String!) { searchOrder(filter: { \
     legacyConnectionId: { value: $c, filterOperator: EQ }, \
     storeOrderId: { value: $k, filterOperator: EQ }, pagination: { limit: 100 } }) \
     { storeOrderId legacyConnectionId } }";
const ORDER_FIELDS: &str =
    "storeOrderId legacyConnectionId finalAmount currency email storeCustomerId";

/// An order as GraphQL shows it. Texts it does not state are empty.
#[derive(Clone, PartialEq, Eq)]
pub struct GraphqlOrder {
    pub key: String,
    pub connection: String,
    /// As received: a decimal, perhaps with trailing zeros.
    pub total: String,
    /// `None`: it was not asked for.
    pub currency: Option<String>,
    pub email: String,
    /// The shop's id of the customer.
    pub customer: String,
}

/// The outcome of one order of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BulkReply {
    /// The receipt is the order that was sent.
    Accepted,
    /// An error names this order and is about its values: its text, reduced to known words.
    Named(String),
    /// Nothing was stored, and another order or the whole batch is the cause.
    NotStored,
    /// The whole batch was refused for an unknown reason, perhaps its length.
    BatchRefused,
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
            customer: text_of(value, "storeCustomerId"),
        }
    }

    /// Whether everything that it states is what was sent.
    pub fn shows(&self, sent: &SentOrder<'_>, connection: &RemoteId) -> bool {
        let order = sent.order;
        let or_unstated = |found: &str, sent: &str| found.is_empty() || found == sent;
        self.key == order.key.as_str()
            && or_unstated(&self.connection, connection.as_str())
            && self.shows_total(order.total, order.currency)
            && self.currency.as_ref().is_none_or(|found| {
                found.is_empty() || found.eq_ignore_ascii_case(order.currency.code())
            })
            && or_unstated(&self.email.to_lowercase(), &sent.email().to_lowercase())
    }

    /// Whether it shows this total, or none.
    pub fn shows_total(&self, total: Amount, currency: Currency) -> bool {
        let total = currency.format_minor(total.minor().into());
        self.total.is_empty() || is_same_decimal(&self.total, &total)
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
    /// # Errors
    /// When the schema requires fields that no order has.
    pub fn new(form: &BulkForm, orders: &[SentOrder<'_>]) -> Result<Self, UnknownFields> {
        let orders = orders.iter().map(|order| form.order(order)).collect::<Result<Vec<_>, _>>()?;
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
    /// Creates or replaces these orders, from which `batch` was built: a reply for each.
    ///
    /// # Errors
    /// See [`super::Disposition`]; then it is the same for all of them.
    pub async fn upsert_orders(
        self,
        batch: BulkBody,
        orders: &[SentOrder<'_>],
        form: &BulkForm,
    ) -> Result<Vec<BulkReply>, Failure> {
        let name = "upsert_orders";
        let request = request(RequestKind::BulkUpsert, name, batch.body);
        self.account.counters.count(|traffic| {
            traffic.batches += 1;
            traffic.batch_orders += orders.len() as u64;
        });
        let answer = self.send(&request, Answer::read).await?;
        let verdict = judge_errors(&answer.errors, &|word| form.schema.has_name(word));
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
        // Errors without data concern the request; nothing was carried out.
        let is_refused = matches!(verdict, GraphqlVerdict::Refused | GraphqlVerdict::Unclear)
            && !answer.data.is_object();
        let reply = |(index, sent): (usize, &SentOrder<'_>)| {
            let key = sent.order.key.as_str();
            if receipts.iter().any(|receipt| receipt.shows(sent, &form.connection)) {
                return BulkReply::Accepted;
            }
            let of_values = answer.errors.iter().filter(|error| error.is_of_values());
            let named = of_values.filter_map(|error| error.text_about(key, index)).next();
            // An error of a request with one order is one of that order.
            let alone = answer
                .errors
                .first()
                .filter(|_| verdict == GraphqlVerdict::Refused && orders.len() == 1);
            match named.or(alone.map(|error| &*error.message)) {
                Some(text) => BulkReply::Named(words_of(text, &form.schema)),
                None if verdict == GraphqlVerdict::NotStored && receipts.is_empty() => {
                    BulkReply::NotStored
                }
                None if is_refused && orders.len() > 1 => BulkReply::BatchRefused,
                None => BulkReply::Unclear,
            }
        };
        Ok(orders.iter().enumerate().map(reply).collect())
    }
}

impl Client {
    /// Up to [`READ_BACK_MAX`] orders as GraphQL shows them; a missing one may still appear.
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
        let answer = self.query("read_orders", &body, GraphqlError::is_absence).await?;
        let found = |n| answer.field(&format!("o{n}")).map(GraphqlOrder::read);
        Ok((0..keys.len()).map(found).collect())
    }

    /// How many orders with this key a GraphQL search finds on a connection; `None` if the account
    /// does not support the search.
    pub async fn count_by_search(
        &self,
        connection: &RemoteId,
        key: &OrderKey,
    ) -> Result<Option<usize>, Failure> {
        let variables = json!({ "c": Id(connection), "k": key.as_str() });
        let body = json!({ "query": SEARCH, "variables": variables });
        let answer = match self.query("search_order", &body, |_| false).await {
            Ok(answer) => answer,
            Err(Failure { disposition: Disposition::Stop(FatalError::Schema), .. }) => {
                return Ok(None);
            }
            Err(failure) => return Err(failure),
        };
        let found = answer.field("searchOrder").and_then(Value::as_array);
        let is_it = |order: &&Value| {
            let order = GraphqlOrder::read(order);
            order.key == key.as_str() && order.connection == connection.as_str()
        };
        Ok(found.map(|found| found.iter().filter(is_it).count()))
    }

    /// Sends a query, and repeats it until it is answered without errors: a failed one proves
    /// neither "no such order" nor "no introspection". `is_answer` selects errors that are answers.
    async fn query(
        &self,
        name: &'static str,
        body: &Value,
        is_answer: impl Fn(&GraphqlError) -> bool,
    ) -> Result<Answer, Failure> {
        let request = request(RequestKind::Query, name, body.to_string().into_bytes());
        let read = |body: &[u8]| {
            let mut answer = Answer::read(body)?;
            answer.errors.retain(|error| !is_answer(error));
            match judge_query_errors(&answer.errors) {
                GraphqlVerdict::NoErrors | GraphqlVerdict::Stop => Ok(answer),
                GraphqlVerdict::NotStored | GraphqlVerdict::Refused | GraphqlVerdict::Unclear => {
                    Err("answer_with_errors")
                }
            }
        };
        let answer = self.read(&request, read).await?;
        if answer.errors.is_empty() {
            Ok(answer)
        } else {
            Err(Failure::stopped(name, FatalError::Schema))
        }
    }
}

fn request(kind: RequestKind, name: &'static str, body: Vec<u8>) -> Request {
    Request::to(kind, name, ROUTE).with(body)
}

/// The longest text kept of an error, in bytes.
const TEXT_LEN_MAX: usize = 100;

/// Words of errors that are kept in addition to names of fields.
const WORDS: &[&str] = &[
    "a",
    "allowed",
    "an",
    "and",
    "at",
    "be",
    "blank",
    "by",
    "characters",
    "currency",
    "date",
    "decimal",
    "digits",
    "duplicate",
    "email",
    "empty",
    "even",
    "exceeds",
    "expected",
    "field",
    "format",
    "formed",
    "greater",
    "in",
    "integer",
    "invalid",
    "is",
    "iso",
    "large",
    "least",
    "length",
    "less",
    "limit",
    "long",
    "maximum",
    "minimum",
    "missing",
    "most",
    "must",
    "negative",
    "not",
    "null",
    "number",
    "odd",
    "of",
    "one",
    "only",
    "or",
    "out",
    "positive",
    "range",
    "required",
    "short",
    "small",
    "than",
    "the",
    "to",
    "too",
    "unknown",
    "url",
    "valid",
    "value",
    "well",
    "with",
    "zero",
];

/// A text of an error as one word. It may quote the order, so only names of the schema and known
/// words are kept.
fn words_of(text: &str, schema: &OrderSchema) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let is_kept =
        |word: &&str| schema.has_name(word) || WORDS.contains(&&*word.to_ascii_lowercase());
    let mut kept = String::new();
    for word in words.filter(is_kept) {
        if kept.len() + word.len() >= TEXT_LEN_MAX {
            break;
        }
        if !kept.is_empty() {
            kept.push('_');
        }
        kept.push_str(word);
    }
    if kept.is_empty() { "refused".to_owned() } else { kept }
}

impl std::fmt::Debug for GraphqlOrder {
    /// Hides the e-mail address.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GraphqlOrder").field("key", &self.key).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
