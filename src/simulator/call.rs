use super::graphql::{GraphqlError, Request, key_of};
use axum::http::request::Parts;
use axum::http::{Method, Uri};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// One request under `/api/3`, read.
pub(super) struct Call {
    /// Its number since the start, from 1; 0 until it is admitted.
    pub number: u64,
    pub method: Method,
    /// Path under `/api/3`; the whole path if it is elsewhere.
    pub path: String,
    /// The route of the path; `None` if it is unknown.
    pub route: Option<Route>,
    pub query: Vec<(String, String)>,
    /// The JSON body; `None` if there is none, or it isn't JSON.
    pub body: Option<Value>,
    /// Length of the body in bytes, as far as it was read.
    pub body_len: usize,
    /// The body, read as GraphQL; `None` on every other path.
    pub graphql: Option<Result<Request, GraphqlError>>,
    /// The orders of GraphQL mutations, as they were sent.
    pub orders: Vec<Value>,
    /// The beginning of links: `http://host/api/3`.
    pub base: String,
    /// The `Api-Token` sent.
    pub token: Option<String>,
    pub now: Timestamp,
}

/// The resources of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Resource {
    Connection,
    Customer,
    Order,
    Product,
    Contact,
    User,
    Root,
    Graphql,
}

/// The route of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub resource: Resource,
    /// The id in the path, as it was written.
    pub id: Option<String>,
    /// The last part of `/resource/id/sub`.
    pub sub: Option<String>,
}

impl Route {
    /// Reads a path under `/api/3`; `None` if it is unknown.
    pub fn parse(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (resource, id, sub) = match parts[..] {
            [] => (Resource::Root, None, None),
            ["users", "me"] => (Resource::User, None, None),
            ["ecom", "graphql"] => (Resource::Graphql, None, None),
            [name] => (Resource::named(name)?, None, None),
            [name, id] => (Resource::named(name)?, Some(id), None),
            [name, id, sub] => {
                let resource = Resource::named(name)?;
                (resource, Some(id), Some(resource.sub(sub)?))
            }
            _ => return None,
        };
        Some(Self { resource, id: id.map(str::to_owned), sub: sub.map(str::to_owned) })
    }

    /// The key that wraps one record in JSON.
    pub fn wrapper(&self) -> &'static str {
        self.resource.wrapper()
    }

    /// The id as a number; anything else matches no record.
    pub fn id_number(&self) -> u64 {
        self.id.as_deref().and_then(|id| id.parse().ok()).unwrap_or(0)
    }

    pub fn allows(&self, method: &Method) -> bool {
        let writable =
            matches!(self.resource, Resource::Connection | Resource::Customer | Resource::Order)
                && self.sub.is_none();
        match (method.as_str(), &self.id) {
            (method, _) if self.resource == Resource::Graphql => method == "POST",
            ("GET", _) => true,
            ("POST", None) => writable,
            ("DELETE", Some(_)) if self.resource == Resource::Contact => true,
            ("PUT" | "DELETE", Some(_)) => writable,
            _ => false,
        }
    }
}

impl Resource {
    fn named(name: &str) -> Option<Self> {
        match name {
            "connections" => Some(Self::Connection),
            "ecomCustomers" => Some(Self::Customer),
            "ecomOrders" => Some(Self::Order),
            "ecomOrderProducts" => Some(Self::Product),
            "contacts" => Some(Self::Contact),
            _ => None,
        }
    }

    fn sub(self, name: &str) -> Option<&str> {
        let known: &[&str] = match self {
            Self::Connection => &["options", "customers"],
            Self::Customer => &["connection", "orders"],
            Self::Order => {
                &["connection", "customer", "orderProducts", "orderDiscounts", "orderActivities"]
            }
            Self::Product => &["ecomOrder"],
            Self::Contact | Self::User | Self::Root | Self::Graphql => &[],
        };
        known.contains(&name).then_some(name)
    }

    /// The key that wraps one record in JSON.
    pub fn wrapper(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Customer => "ecomCustomer",
            Self::Order => "ecomOrder",
            Self::Product => "ecomOrderProduct",
            Self::Contact => "contact",
            Self::User => "user",
            Self::Root | Self::Graphql => "",
        }
    }

    /// The name in "No Result found for … with id n".
    pub fn class(self) -> &'static str {
        match self {
            Self::Connection => "Connection",
            Self::Customer => "EcomCustomer",
            Self::Order => "EcomOrder",
            Self::Product => "EcomOrderProduct",
            Self::Contact => "Subscriber",
            Self::User | Self::Root | Self::Graphql => "User",
        }
    }
}

impl Call {
    /// Reads the head of a request.
    pub fn new(head: &Parts) -> Self {
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        let whole = head.uri.path();
        let under =
            whole.strip_prefix("/api/3").filter(|path| path.is_empty() || path.starts_with('/'));
        Self {
            number: 0,
            method: head.method.clone(),
            path: under.unwrap_or(whole).to_owned(),
            route: under.and_then(Route::parse),
            query: query_of(&head.uri),
            body: None,
            body_len: 0,
            graphql: None,
            orders: Vec::new(),
            base: format!("http://{}/api/3", header("host").unwrap_or("localhost")),
            token: header("api-token").map(str::to_owned),
            now: Timestamp::now(),
        }
    }

    /// Reads the body; without bytes it was too large to be read.
    pub fn read_body(&mut self, bytes: Option<&[u8]>) {
        self.body_len = bytes.map_or(usize::MAX, <[u8]>::len);
        self.body = bytes.and_then(|bytes| serde_json::from_slice(bytes).ok());
        if self.route.as_ref().is_some_and(|route| route.resource == Resource::Graphql) {
            self.graphql = self.body.as_ref().map(Request::read);
            self.orders = self.request().map(Request::orders).unwrap_or_default();
        }
    }

    /// The GraphQL request, if it could be read.
    pub fn request(&self) -> Option<&Request> {
        self.graphql.as_ref()?.as_ref().ok()
    }

    /// Connection and store order id of each order of a GraphQL mutation.
    pub fn order_keys(&self) -> impl Iterator<Item = (String, String)> {
        self.orders.iter().filter_map(key_of)
    }

    /// The fields sent, when the body is wrapped as it should be.
    pub fn sent(&self) -> Option<&Map<String, Value>> {
        self.body.as_ref()?.get(self.route.as_ref()?.wrapper())?.as_object()
    }

    pub fn writes(&self) -> bool {
        matches!(self.method.as_str(), "POST" | "PUT" | "DELETE")
    }

    /// The value of `filters[name]`.
    pub fn filter(&self, name: &str) -> Option<&str> {
        self.filters().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    pub fn filters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.bracketed("filters[")
    }

    pub fn orders(&self) -> impl Iterator<Item = (&str, &str)> {
        self.bracketed("orders[")
    }

    fn bracketed<'a>(&'a self, start: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.query.iter().filter_map(move |(name, value)| {
            Some((name.strip_prefix(start)?.strip_suffix(']')?, value.as_str()))
        })
    }

    /// A whole number in the query.
    pub fn number_in_query(&self, name: &str) -> Option<usize> {
        self.query.iter().find(|(field, _)| field == name)?.1.parse().ok()
    }
}

/// The pairs of a query string, decoded; none if it can't be read.
fn query_of(uri: &Uri) -> Vec<(String, String)> {
    axum::extract::Query::try_from_uri(uri).map(|query| query.0).unwrap_or_default()
}

/// A text or a whole number, as text: ids are sent in both forms.
pub(super) fn scalar(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_resources_and_their_parts() {
        let route = Route::parse("/ecomOrders/12/orderProducts").unwrap();
        assert_eq!(
            (route.resource, route.id_number(), route.sub.as_deref()),
            (Resource::Order, 12, Some("orderProducts"))
        );
        assert_eq!(Route::parse("/ecomOrder"), None);
        assert_eq!(Route::parse("/ecomOrders/12/secrets"), None);
        assert!(!Route::parse("/ecomOrders").unwrap().allows(&Method::PUT));
        assert!(!Route::parse("/ecomOrderProducts/3").unwrap().allows(&Method::DELETE));
    }
}
