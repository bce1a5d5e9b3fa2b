//! Tracks the writes of a client over time, to detect concurrent writes for one key, and creates
//! repeated without a lookup.

use super::call::{Call, Resource, scalar};
use super::graphql::Request;
use super::store::Store;
use super::violations::{Rule, Violations};
use std::collections::{HashMap, HashSet};

/// The subject of a write: a record of the shop.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct RecordKey {
    resource: Resource,
    /// Id of the connection; for a connection its service.
    scope: String,
    external: String,
}

impl RecordKey {
    fn new(resource: Resource, scope: impl ToString, external: String) -> Self {
        Self { resource, scope: scope.to_string(), external }
    }

    /// The key of an order, or a different one for a cart.
    fn order(
        scope: impl ToString,
        externalid: Option<String>,
        checkout: Option<String>,
    ) -> Option<Self> {
        let external = externalid.or_else(|| Some(format!("cart {}", checkout?)))?;
        Some(Self::new(Resource::Order, scope, external))
    }

    /// The keys that a write is about; none when it names none.
    pub fn all_of(call: &Call, store: &Store) -> Vec<Self> {
        let of_graphql = call
            .order_keys()
            .filter_map(|(connection, id)| Self::order(connection, Some(id), None));
        // A key twice in a batch is a separate violation.
        let distinct: HashSet<Self> = of_graphql.collect();
        distinct.into_iter().chain(Self::of(call, store)).collect()
    }

    fn of(call: &Call, store: &Store) -> Option<Self> {
        let route = call.route.as_ref().filter(|_| call.writes())?;
        let id = route.id_number();
        match (route.resource, &route.id) {
            (Resource::Order, Some(_)) => {
                let row = store.orders.get(id)?;
                Self::order(
                    row.connectionid,
                    row.externalid.clone(),
                    row.externalcheckoutid.clone(),
                )
            }
            (Resource::Customer, Some(_)) => {
                let row = store.customers.get(id)?;
                let external = Some(row.externalid.clone()).filter(|key| !key.is_empty());
                Some(Self::new(
                    Resource::Customer,
                    row.connectionid,
                    external.unwrap_or_else(|| row.email.to_lowercase()),
                ))
            }
            (_, None) => Self::of_create(call, route.resource),
            _ => None,
        }
    }

    fn of_create(call: &Call, resource: Resource) -> Option<Self> {
        let sent = call.sent()?;
        let text = |name| scalar(sent.get(name)).filter(|text| !text.is_empty());
        match resource {
            Resource::Order => {
                Self::order(text("connectionid")?, text("externalid"), text("externalcheckoutid"))
            }
            Resource::Customer => {
                let external = text("externalid")
                    .or_else(|| text("email").map(|email| email.to_lowercase()))?;
                Some(Self::new(resource, text("connectionid")?, external))
            }
            Resource::Connection => {
                Some(Self::new(resource, text("service")?, text("externalid")?))
            }
            Resource::Product
            | Resource::Contact
            | Resource::User
            | Resource::Root
            | Resource::Graphql => None,
        }
    }
}

/// A completely answered list, and what the client knows from it.
pub(super) struct Lookup {
    resource: Resource,
    scope: Option<String>,
    external: Option<String>,
    email: Option<String>,
    /// Whether the list reached its last row.
    ends: bool,
}

impl Lookup {
    /// The lookups of a request; none if it is neither a list nor a query of orders.
    pub fn all_of(call: &Call, ends: bool) -> Vec<Self> {
        let of_graphql = call.request().map(Request::lookups).unwrap_or_default();
        let of_graphql = of_graphql.into_iter().map(|(scope, external)| Self {
            resource: Resource::Order,
            scope,
            external,
            email: None,
            ends,
        });
        of_graphql.chain(Self::of(call, ends)).collect()
    }

    fn of(call: &Call, ends: bool) -> Option<Self> {
        let route =
            call.route.as_ref().filter(|route| call.method == "GET" && route.id.is_none())?;
        let filter = |name| call.filter(name).map(str::to_owned);
        let scope = if route.resource == Resource::Connection { "service" } else { "connectionid" };
        let cart = || filter("externalcheckoutid").map(|cart| format!("cart {cart}"));
        Some(Self {
            resource: route.resource,
            scope: filter(scope),
            external: filter("externalid").or_else(cart),
            email: filter("email").map(|email| email.to_lowercase()),
            ends,
        })
    }

    /// Whether the client now knows if this record exists. A list without the key only shows that
    /// at its end.
    fn matches(&self, key: &RecordKey, email: Option<&str>) -> bool {
        if self.resource != key.resource
            || self.scope.as_ref().is_some_and(|scope| *scope != key.scope)
        {
            return false;
        }
        match (&self.external, &self.email) {
            (Some(external), _) => *external == key.external,
            (None, Some(searched)) => *searched == key.external || email == Some(searched),
            (None, None) => self.ends,
        }
    }
}

/// A create that may or may not have been stored, as far as the client can know.
struct UnknownCreate {
    request: u64,
    email: Option<String>,
}

/// Writes in progress, and creates with an unknown outcome.
#[derive(Default)]
pub(super) struct WriteTracker {
    in_progress: HashMap<RecordKey, u64>,
    unknown: HashMap<RecordKey, UnknownCreate>,
}

impl WriteTracker {
    /// A write about this key has come.
    pub fn begin(&mut self, call: &Call, key: &RecordKey, violations: &mut Violations) {
        let number = call.number;
        if let Some(other) = self.in_progress.insert(key.clone(), number) {
            let detail = format!(
                "request {other} for the same {} was not answered yet",
                key.resource.wrapper()
            );
            violations.add(number, Rule::TwoWrites, detail);
        }
        if call.method == "POST"
            && let Some(unknown) = self.unknown.remove(key)
        {
            let detail = format!(
                "the end of request {} for the same {} was unknown, and it was not looked up",
                unknown.request,
                key.resource.wrapper()
            );
            violations.add(number, Rule::RepeatedCreate, detail);
        }
    }

    /// The write is answered, or never will be.
    pub fn end(&mut self, number: u64, key: &RecordKey) {
        if self.in_progress.get(key) == Some(&number) {
            self.in_progress.remove(key);
        }
    }

    /// Whether no write is in progress.
    #[cfg(test)]
    pub fn is_idle(&self) -> bool {
        self.in_progress.is_empty()
    }

    /// The client can't know the outcome of this create.
    pub fn lost(&mut self, request: u64, key: RecordKey, email: Option<String>) {
        self.unknown
            .insert(key, UnknownCreate { request, email: email.map(|email| email.to_lowercase()) });
    }

    pub fn looked_up(&mut self, lookup: &Lookup) {
        self.unknown.retain(|key, unknown| !lookup.matches(key, unknown.email.as_deref()));
    }
}
