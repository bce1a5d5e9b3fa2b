use super::super::any_shop::Change;
use super::super::shop_host::{
    self, Shop, ShopRequest, SimulatedOrder, SimulatedShop, simple_order,
};
use super::bulk::Operation;
use super::checkout::Checkouts;
use super::order::ShopifyOrder;
use super::{Access, BulkEnd, ShopifyOptions, VERSION};
use axum::http::{HeaderValue, Method, Response, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use tokio::time::Instant;

const TOKEN_HEADER: &str = "x-shopify-access-token";
/// Points of each request.
const COST: f64 = 10.0;

/// The state of a shop in addition to its orders.
pub struct Admin {
    pub(super) operations: BTreeMap<u64, Operation>,
    /// How the next operations end.
    pub(super) ends: VecDeque<BulkEnd>,
    /// Tokens that were granted, with the requests that each is still good for.
    tokens: BTreeMap<String, u32>,
    pub(super) checkouts: Checkouts,
    points: f64,
    points_at: Instant,
    was_throttled: bool,
}

impl SimulatedShop for Admin {
    const NAME: &'static str = "shopify";
    const SECRETS: &'static [(&'static str, &'static str)] = &[("token", "shpat_simulator")];
    /// The query for changes.
    const IDLE_REQUESTS: [usize; 2] = [1, 1];
    const HAS_FILES: bool = true;
    /// GraphQL is sent by POST.
    const READS_BY_GET: bool = false;

    type Options = ShopifyOptions;
    type Order = ShopifyOrder;

    fn variant(number: u64) -> ShopifyOptions {
        ShopifyOptions {
            polls: (number % 4) as u32,
            busy_starts: (number / 4 % 2) as u32,
            expired_urls: (number / 8 % 2) as u32,
            children_first: number.is_multiple_of(3),
            ..ShopifyOptions::default()
        }
    }

    fn new(options: &ShopifyOptions) -> Self {
        Self {
            operations: BTreeMap::new(),
            ends: VecDeque::new(),
            tokens: BTreeMap::new(),
            checkouts: Checkouts::default(),
            points: f64::from(options.points_max),
            points_at: Instant::now(),
            was_throttled: false,
        }
    }

    /// Method and path, and the first root field of a query.
    fn log_line(request: &ShopRequest) -> String {
        let (method, path) = (&request.method, request.uri.path());
        if request.is_for_files {
            return format!("{method} {path}");
        }
        let sent: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let query = sent["query"].as_str().unwrap_or_default();
        let first_word = query.split(['{', '(']).nth(1).unwrap_or_default().trim();
        format!("{method} {path} {first_word}")
    }

    fn answer(shop: &mut Shop<Self>, request: &ShopRequest) -> Response<String> {
        if request.is_for_files {
            return shop.file(request);
        }
        let (status, answer) = shop.serve(request);
        let mut response = shop_host::json(status, &answer);
        let version = HeaderValue::from_static(shop.options.served_version);
        response.headers_mut().insert("x-shopify-api-version", version);
        response
    }

    fn follow(shop: &mut Shop<Self>, change: Change, is_new: bool) {
        if shop.options.has_checkouts {
            shop.own.checkouts.follow(change, is_new);
        }
    }

    fn carts(shop: &Shop<Self>) -> BTreeMap<u64, Option<u64>> {
        shop.own.checkouts.carts(|order| shop.orders.contains_key(&order))
    }

    fn stalls(shop: &mut Shop<Self>, request: &ShopRequest) -> bool {
        let left = &mut shop.options.stalled_downloads;
        let stalls = request.is_for_files && *left > 0;
        *left -= u32::from(stalls);
        stalls
    }

    fn inject_own_fault(shop: &mut Shop<Self>, nth: u64) {
        let ends = [BulkEnd::TimedOut, BulkEnd::Canceled, BulkEnd::ShortFile, BulkEnd::Orphans];
        shop.own.ends.push_back(ends[nth as usize % ends.len()]);
    }
}

impl SimulatedOrder for ShopifyOrder {
    simple_order!(updated);

    fn vary(&mut self) {
        self.lines = 1 + self.total % 3;
    }
}

impl super::Shopify {
    /// How many operations were started.
    pub fn operations(&self) -> usize {
        self.with_own(|own| own.operations.len())
    }

    /// Ends the next operation in this way, after those already queued.
    pub fn end_next(&self, end: BulkEnd) {
        self.with_own(|own| own.ends.push_back(end));
    }
}

/// As the storage answers.
fn refusal(status: StatusCode) -> Response<String> {
    shop_host::text(status, "application/xml", "<?xml version='1.0'?><Error/>".to_owned())
}

impl Shop<Admin> {
    /// A result, under a signed address that needs no credentials.
    fn file(&mut self, request: &ShopRequest) -> Response<String> {
        let ShopRequest { method, uri, headers, .. } = request;
        if headers.contains_key(TOKEN_HEADER) || headers.contains_key(header::AUTHORIZATION) {
            self.violations.push("the token was sent to another host".to_owned());
            return refusal(StatusCode::BAD_REQUEST);
        }
        let id: u64 = uri.path().rsplit('/').next().and_then(|id| id.parse().ok()).unwrap_or(0);
        let signature = format!("X-Goog-Signature=signature-{id}");
        if uri.query() != Some(signature.as_str()) || *method != Method::GET {
            self.violations.push("an address that was not granted".to_owned());
            return refusal(StatusCode::FORBIDDEN);
        }
        if self.options.expired_urls > 0 {
            self.options.expired_urls -= 1;
            return refusal(StatusCode::FORBIDDEN);
        }
        let result = self.own.operations.get(&id).and_then(|operation| operation.result.as_ref());
        match result {
            Some(result) => Response::new(result.text.clone()),
            None => refusal(StatusCode::NOT_FOUND),
        }
    }

    fn serve(&mut self, request: &ShopRequest) -> (StatusCode, Value) {
        let ShopRequest { method, uri, .. } = request;
        let sent: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let query = sent["query"].as_str().unwrap_or_default();
        if *method != Method::POST || uri.query().is_some() {
            self.violation(format!("{method} {uri}"));
        }
        if uri.path() == "/admin/oauth/access_token" {
            return self.grant(&sent);
        }
        if uri.path() != format!("/admin/api/{VERSION}/graphql.json") {
            self.violation(format!("unknown address {}", uri.path()));
            return (StatusCode::NOT_FOUND, json!({ "errors": "Not Found" }));
        }
        if !self.is_admitted(request.header(TOKEN_HEADER)) {
            let text =
                "[API] Invalid API key or access token (unrecognized login or wrong password)";
            return (StatusCode::UNAUTHORIZED, json!({ "errors": text }));
        }
        (StatusCode::OK, self.charge(query, &sent["variables"]))
    }

    /// A token for an app's id and secret.
    fn grant(&mut self, sent: &Value) -> (StatusCode, Value) {
        let Access::Client { id, secret, requests_per_token, expires_in } = &self.options.access
        else {
            return (StatusCode::BAD_REQUEST, json!({ "error": "app_not_installed" }));
        };
        if sent["grant_type"] != "client_credentials" || sent["client_id"] != *id {
            return (StatusCode::BAD_REQUEST, json!({ "error": "shop_not_permitted" }));
        }
        if sent["client_secret"] != *secret {
            return (StatusCode::UNAUTHORIZED, json!({ "error": "invalid_client" }));
        }
        let token = format!("shpca_granted_{}", self.own.tokens.len() + 1);
        self.own.tokens.insert(token.clone(), *requests_per_token);
        let scope = self.options.scopes.join(",");
        (StatusCode::OK, json!({ "access_token": token, "scope": scope, "expires_in": expires_in }))
    }

    fn is_admitted(&mut self, sent: Option<&str>) -> bool {
        let Some(sent) = sent else { return false };
        match &self.options.access {
            Access::Token(token) => sent == token,
            Access::Client { .. } => match self.own.tokens.get_mut(sent) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    true
                }
                _ => false,
            },
        }
    }

    /// Answers a query if there are points for it.
    fn charge(&mut self, query: &str, variables: &Value) -> Value {
        let (most, rate) =
            (f64::from(self.options.points_max), f64::from(self.options.points_per_second));
        let now = Instant::now();
        let back = now.duration_since(self.own.points_at).as_secs_f64() * rate;
        (self.own.points, self.own.points_at) = ((self.own.points + back).min(most), now);
        let is_throttled = self.own.points < COST;
        if is_throttled && self.own.was_throttled {
            self.violations.push("asked again before the points were back".to_owned());
        }
        self.own.was_throttled = is_throttled;
        let status = json!({ "maximumAvailable": most, "currentlyAvailable": self.own.points.floor(), "restoreRate": rate });
        let cost = json!({ "requestedQueryCost": COST, "actualQueryCost": COST, "throttleStatus": status });
        if is_throttled {
            let error = json!({ "message": "Throttled", "extensions": { "code": "THROTTLED" } });
            return json!({ "errors": [error], "extensions": { "cost": cost } });
        }
        self.own.points -= COST;
        let mut answer = self.answer(query, variables);
        answer["extensions"]["cost"] = cost;
        answer
    }
}
