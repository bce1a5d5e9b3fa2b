//! The shop itself: its answers to queries.

use super::super::shop_host::Shop;
use super::bulk::{self, CHECKOUTS, Operation};
use super::checkout::{Checkout, token_of_order};
use super::graphql::{Document, Field, parse};
use super::order::ShopifyOrder;
use super::schema::project;
use super::search::{Search, Searched};
use super::server::Admin;
use super::{BulkEnd, ProtectedData};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

/// Orders older than this require `read_all_orders`.
const VISIBLE: SignedDuration = SignedDuration::from_hours(60 * 24);
/// The most orders of one answer.
const FIRST_MAX: u64 = 250;
/// Bulk operations of an app that may run concurrently.
const RUNNING_MAX: usize = 5;
/// The default limit of counts.
const COUNT_LIMIT: usize = 10_000;

/// The parts of an answer other than its data.
#[derive(Default)]
struct Remarks {
    errors: Vec<Value>,
    warnings: Vec<Value>,
}

impl Remarks {
    fn refuse(&mut self, path: &str, message: &str) {
        let extensions = json!({ "code": "ACCESS_DENIED" });
        self.errors.push(json!({ "message": message, "path": [path], "extensions": extensions }));
    }
}

impl Shop<Admin> {
    /// Answers a query; the cost is added by the server.
    pub(super) fn answer(&mut self, text: &str, variables: &Value) -> Value {
        let document = match parse(text, variables) {
            Ok(document) => document,
            Err(fault) => return self.mistake(fault),
        };
        let (mut data, mut remarks) = (Map::new(), Remarks::default());
        for field in &document.fields {
            let value = if document.is_mutation {
                self.mutation(field)
            } else {
                self.root(field, &mut remarks)
            };
            match value.and_then(|value| project(&value, field)) {
                Ok(value) => data.insert(field.shown.clone(), value),
                Err(fault) => return self.mistake(fault),
            };
        }
        let mut answer = json!({ "data": data });
        if !remarks.errors.is_empty() {
            answer["errors"] = Value::Array(remarks.errors);
        }
        if !remarks.warnings.is_empty() {
            answer["extensions"] = json!({ "search": remarks.warnings });
        }
        answer
    }

    fn mistake(&mut self, fault: String) -> Value {
        self.violations.push(fault.clone());
        json!({ "errors": [{ "message": fault }] })
    }

    fn root(&mut self, field: &Field, remarks: &mut Remarks) -> Result<Value, String> {
        match field.name.as_str() {
            "shop" => {
                let id = format!("gid://shopify/Shop/{}", self.options.shop_id);
                Ok(json!({ "id": id, "myshopifyDomain": self.options.shop_domain }))
            }
            "currentAppInstallation" => {
                let scopes = self.options.scopes.iter().map(|scope| json!({ "handle": scope }));
                Ok(json!({ "accessScopes": scopes.collect::<Vec<_>>() }))
            }
            "orders" => self.list(field, remarks),
            "ordersCount" => {
                Ok(counted(field, self.select(field.text("query"), remarks, "ordersCount").len()))
            }
            CHECKOUTS => {
                let first = first_of(field)?;
                let mut edges = self.checkouts(field.text("query"), remarks);
                edges.truncate(first);
                Ok(
                    json!({ "edges": edges.into_iter().map(|node| json!({ "node": node })).collect::<Vec<_>>() }),
                )
            }
            "abandonedCheckoutsCount" => {
                Ok(counted(field, self.checkouts(field.text("query"), remarks).len()))
            }
            "nodes" => {
                let ids = field.arguments.get("ids").and_then(Value::as_array);
                let ids = ids.ok_or("nodes without ids")?;
                if ids.len() as u64 > FIRST_MAX {
                    return Err(format!("{} ids at once", ids.len()));
                }
                Ok(ids.iter().map(|id| self.node(id.as_str().unwrap_or_default())).collect())
            }
            "bulkOperation" => {
                let id = field.text("id").ok_or("bulkOperation without an id")?;
                Ok(self.poll(id))
            }
            "currentBulkOperation" => {
                self.violations.push("currentBulkOperation may be another client's".to_owned());
                let last = self.own.operations.values().last().map(Operation::gid);
                Ok(last.map_or(Value::Null, |id| self.poll(&id)))
            }
            name => Err(format!("Field '{name}' doesn't exist on type 'QueryRoot'")),
        }
    }

    /// An order by its id, as far as it can be seen.
    fn node(&self, id: &str) -> Value {
        let protected = self.options.protected;
        let order = self.visible().find(|order| order.gid() == id);
        order.map_or(Value::Null, |order| order.view(protected))
    }

    fn visible(&self) -> impl Iterator<Item = &ShopifyOrder> {
        let has_all = self.options.scopes.contains(&"read_all_orders");
        let oldest = self.now().checked_sub(VISIBLE).unwrap_or(Timestamp::MIN);
        self.orders.values().filter(move |order| has_all || order.created >= oldest)
    }

    /// The orders that a search finds; none, with an error, for an app that may see none.
    fn select(
        &mut self,
        query: Option<&str>,
        remarks: &mut Remarks,
        path: &str,
    ) -> Vec<ShopifyOrder> {
        if !self.options.scopes.contains(&"read_orders") {
            remarks.refuse(
                path,
                "Access denied for orders field. Required access: `read_orders` access scope.",
            );
            return Vec::new();
        }
        if self.options.protected == ProtectedData::NoOrders {
            remarks.refuse(path, "This app is not approved to access the Order object. See https://shopify.dev/docs/apps/launch/protected-customer-data");
            return Vec::new();
        }
        let search = self.search(query, remarks, path);
        let ignores = self.options.ignores_search;
        let (indexed, has_checkouts) = (self.indexed(), self.options.has_checkouts);
        let selects = |order: &ShopifyOrder| {
            let cart_token = token_of_order(order.id).filter(|_| has_checkouts);
            let ShopifyOrder { created, updated, .. } = *order;
            search.selects(&Searched { created, updated, cart_token: cart_token.as_deref() })
        };
        self.visible()
            .filter(|order| order.updated <= indexed && (ignores || selects(order)))
            .cloned()
            .collect()
    }

    fn search(&mut self, query: Option<&str>, remarks: &mut Remarks, path: &str) -> Search {
        let search = Search::parse(query.unwrap_or_default(), &self.options.zone);
        for warning in &search.warnings {
            self.violations.push(warning.clone());
            remarks.warnings.push(json!({ "path": [path], "query": query, "warnings": [{ "field": "query", "message": warning }] }));
        }
        search
    }

    /// Searches find no later change.
    fn indexed(&self) -> Timestamp {
        let lag = SignedDuration::from_secs(self.options.index_lag_s);
        self.now().checked_sub(lag).unwrap_or(Timestamp::MIN)
    }

    /// The checkouts that a search finds, as the API shows them.
    fn checkouts(&mut self, query: Option<&str>, remarks: &mut Remarks) -> Vec<Value> {
        if !self.options.scopes.contains(&"read_orders") || !self.options.manages_checkouts {
            remarks.refuse(
                CHECKOUTS,
                "Access denied for abandonedCheckouts field. Required access: `read_orders` access scope. Also: The user must have manage_abandoned_checkouts permission.",
            );
            return Vec::new();
        }
        let search = self.search(query, remarks, CHECKOUTS);
        if search.is_of_orders() {
            self.violation("checkouts searched by what only orders have");
        }
        let sees_addresses = self.options.protected == ProtectedData::Approved
            && self.options.scopes.contains(&"read_customers");
        let indexed = self.indexed();
        let selects = |checkout: &&Checkout| {
            let (created, updated) = (checkout.created(), checkout.updated);
            updated <= indexed && search.selects(&Searched { created, updated, cart_token: None })
        };
        let listed = self.own.checkouts.listed.values();
        listed.filter(selects).map(|checkout| checkout.view(sees_addresses)).collect()
    }

    fn list(&mut self, field: &Field, remarks: &mut Remarks) -> Result<Value, String> {
        let first = first_of(field)?;
        let mut selected = self.select(field.text("query"), remarks, "orders");
        match field.text("sortKey") {
            Some("CREATED_AT") => selected.sort_by_key(|order| order.created),
            Some("UPDATED_AT") => selected.sort_by_key(|order| order.updated),
            other => return Err(format!("sortKey {other:?}")),
        }
        let protected = self.options.protected;
        if protected == ProtectedData::NoFields && !selected.is_empty() {
            remarks.refuse("orders", "This app is not approved to use the email field. See https://shopify.dev/docs/apps/launch/protected-customer-data");
        }
        let shown = selected.iter().take(first);
        let edges: Vec<Value> =
            shown.map(|order| json!({ "node": order.view(protected) })).collect();
        Ok(json!({ "edges": edges }))
    }

    fn mutation(&mut self, field: &Field) -> Result<Value, String> {
        if field.name != "bulkOperationRunQuery" {
            return Err(format!("{} in a pull", field.name));
        }
        let text = field.text("query").ok_or("a bulk operation without a query")?.to_owned();
        let refused = |message: String, code: &str| json!({ "bulkOperation": null, "userErrors": [{ "field": null, "message": message, "code": code }] });
        let query = match parse(&text, &Value::Null) {
            Ok(query) => query,
            Err(fault) => return Ok(refused(self.noted(fault), "INVALID")),
        };
        if let Some(fault) = bulk::objection(&query) {
            return Ok(refused(self.noted(fault), "INVALID"));
        }
        if self.options.busy_starts > 0 {
            self.options.busy_starts -= 1;
            return Ok(refused("A bulk query operation for this app and shop is already in progress: gid://shopify/BulkOperation/1.".to_owned(), "OPERATION_IN_PROGRESS"));
        }
        let running = self.own.operations.values().filter(|operation| operation.result.is_none());
        if running.count() + self.options.foreign_operations >= RUNNING_MAX {
            self.options.foreign_operations = self.options.foreign_operations.saturating_sub(1);
            let message = "The limit of bulk operations at once is reached.".to_owned();
            return Ok(refused(message, "LIMIT_REACHED"));
        }
        self.judge_bulk(&query);
        let id = 1000 + self.own.operations.len() as u64;
        let operation = Operation {
            id,
            query,
            is_grouped: field.arguments.get("groupObjects") == Some(&Value::Bool(true)),
            polls_left: self.options.polls,
            end: self.own.ends.pop_front().unwrap_or(BulkEnd::Completed),
            result: None,
        };
        let mut view = operation.view("");
        view["status"] = json!("CREATED");
        self.own.operations.insert(id, operation);
        Ok(json!({ "bulkOperation": view, "userErrors": [] }))
    }

    fn noted(&mut self, fault: String) -> String {
        self.violations.push(fault.clone());
        fault
    }

    /// A range over a field that is not the sort key may time out.
    fn judge_bulk(&mut self, query: &Document) {
        let root = query.fields.first();
        let sorts = root.and_then(|root| root.text("sortKey"));
        // Checkouts have no key for the time of a change.
        let is_of_checkouts = root.is_some_and(|root| root.name == CHECKOUTS);
        let wanted = if is_of_checkouts { "ID" } else { "UPDATED_AT" };
        if sorts != Some(wanted) {
            self.violations.push(format!("a bulk query sorted by {sorts:?}"));
        }
        if root.is_some_and(|root| root.arguments.contains_key("first")) {
            self.violations.push("first in a bulk query has no effect".to_owned());
        }
    }

    /// The view of an operation, which advances with each poll.
    fn poll(&mut self, gid: &str) -> Value {
        let id = gid.rsplit('/').next().and_then(|id| id.parse().ok()).unwrap_or(0);
        let Some(mut operation) = self.own.operations.remove(&id) else { return Value::Null };
        if operation.polls_left > 0 {
            operation.polls_left -= 1;
        } else if operation.result.is_none() {
            let query = operation.root().and_then(|root| root.text("query")).map(str::to_owned);
            let mut unseen = Remarks::default();
            let views: Vec<Value> = if operation.root().is_some_and(|root| root.name == CHECKOUTS) {
                self.checkouts(query.as_deref(), &mut unseen)
            } else {
                let selected = self.select(query.as_deref(), &mut unseen, "orders");
                selected.iter().map(|order| order.view(self.options.protected)).collect()
            };
            if !unseen.errors.is_empty() {
                operation.end = BulkEnd::AccessDenied;
            }
            match bulk::result_of(&operation, &views, self.options.children_first) {
                Ok(result) => operation.result = Some(result),
                Err(fault) => self.violations.push(fault),
            }
        }
        let url = format!("{}/results/{id}?X-Goog-Signature=signature-{id}", self.files_url);
        let view = operation.view(&url);
        self.own.operations.insert(id, operation);
        view
    }
}

fn first_of(field: &Field) -> Result<usize, String> {
    let first = field.arguments.get("first").and_then(Value::as_u64);
    match first.ok_or_else(|| format!("{} without first", field.name))? {
        first @ 0..=FIRST_MAX => Ok(first as usize),
        first => Err(format!("first: {first}")),
    }
}

/// As far as it is limited.
fn counted(field: &Field, count: usize) -> Value {
    let is_limited = !field.arguments.contains_key("limit") && count > COUNT_LIMIT;
    let (count, precision) = if is_limited { (COUNT_LIMIT, "AT_LEAST") } else { (count, "EXACT") };
    json!({ "count": count, "precision": precision })
}
