use super::super::faulty_socket::ConnectionFault;
use super::super::host_faults::HostFault;
use super::super::loopback::Loopback;
use super::order::ShopifyOrder;
use super::shop::Shop;
use super::{Access, BulkEnd, ShopifyOptions, VERSION};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

const TOKEN_HEADER: &str = "x-shopify-access-token";
/// Points of each request.
const COST: f64 = 10.0;

/// A shop on a loopback port, and its results on another one. They stop when it is dropped.
pub struct Shopify {
    admin: Loopback,
    _files: Loopback,
    desk: Arc<Mutex<Desk>>,
}

/// What a shop does before it answers a request.
type Change = Box<dyn FnOnce(&mut BTreeMap<u64, ShopifyOrder>) + Send>;

/// The network and the limits between the shop and its clients.
struct Desk {
    shop: Shop,
    requests: Vec<String>,
    in_flight: u32,
    /// By the number of the request, from 1.
    changes: VecDeque<(usize, Change)>,
    /// How the next requests fail, if they do.
    failures: VecDeque<Option<HostFault>>,
    /// Tokens that were granted, with the requests that each is still good for.
    tokens: BTreeMap<String, u32>,
    points: f64,
    points_at: Instant,
    was_throttled: bool,
}

impl Shopify {
    /// # Errors
    /// When no port is free.
    pub async fn start(options: ShopifyOptions, orders: Vec<ShopifyOrder>) -> io::Result<Self> {
        let points = f64::from(options.points_max);
        let shop = Shop {
            options,
            orders: orders.into_iter().map(|order| (order.id, order)).collect(),
            operations: BTreeMap::new(),
            ends: VecDeque::new(),
            violations: Vec::new(),
            files_url: String::new(),
        };
        let desk = Arc::new(Mutex::new(Desk {
            shop,
            requests: Vec::new(),
            in_flight: 0,
            changes: VecDeque::new(),
            failures: VecDeque::new(),
            tokens: BTreeMap::new(),
            points,
            points_at: Instant::now(),
            was_throttled: false,
        }));
        let files = Router::new().fallback(file).with_state(Arc::clone(&desk));
        let files = Loopback::serve(files).await?;
        lock(&desk).shop.files_url = format!("http://{}", files.address);
        let admin = Router::new().fallback(answer).with_state(Arc::clone(&desk));
        Ok(Self { admin: Loopback::serve(admin).await?, _files: files, desk })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.admin.address)
    }

    /// Every request so far: method and path, and the first root field of a question.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.desk).requests.clone()
    }

    /// What no good client does.
    pub fn violations(&self) -> Vec<String> {
        lock(&self.desk).shop.violations.clone()
    }

    pub fn orders(&self) -> Vec<ShopifyOrder> {
        lock(&self.desk).shop.orders.values().cloned().collect()
    }

    /// How many operations were started.
    pub fn operations(&self) -> usize {
        lock(&self.desk).shop.operations.len()
    }

    /// Changes the shop now.
    pub fn change(&self, change: impl FnOnce(&mut BTreeMap<u64, ShopifyOrder>)) {
        change(&mut lock(&self.desk).shop.orders);
    }

    /// Changes the shop right before it answers its request of this number, counted from 1.
    pub fn change_before(
        &self,
        request: usize,
        change: impl FnOnce(&mut BTreeMap<u64, ShopifyOrder>) + Send + 'static,
    ) {
        lock(&self.desk).changes.push_back((request, Box::new(change)));
    }

    /// Fails the request after so many in this way; no other fault may be announced.
    pub fn fail_at(&self, after: usize, fault: HostFault) {
        let failures = &mut lock(&self.desk).failures;
        failures.extend(std::iter::repeat_n(None, after).chain([Some(fault)]));
    }

    /// Fails the next request in this way, behind those already announced.
    pub fn fail_next(&self, fault: HostFault) {
        lock(&self.desk).failures.push_back(Some(fault));
    }

    /// Ends the next operation in this way, behind those already announced.
    pub fn end_next(&self, end: BulkEnd) {
        lock(&self.desk).shop.ends.push_back(end);
    }

    pub fn set(&self, change: impl FnOnce(&mut ShopifyOptions)) {
        change(&mut lock(&self.desk).shop.options);
    }
}

fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(
    State(desk): State<Arc<Mutex<Desk>>>,
    ConnectInfo(connection): ConnectInfo<ConnectionFault>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    {
        let mut desk = lock(&desk);
        desk.in_flight += 1;
        if desk.in_flight > 1 {
            desk.shop.violations.push("two requests at once".to_owned());
        }
    }
    // Others get a chance to send a second request at the same time.
    tokio::task::yield_now().await;
    let (response, fault) = {
        let mut desk = lock(&desk);
        desk.in_flight -= 1;
        let (status, answer) = desk.serve(&method, &uri, &headers, &body);
        let mut response = Response::new(Body::from(answer.to_string()));
        *response.status_mut() = status;
        let version = desk.shop.options.served_version;
        let date = desk.shop.now().to_zoned(TimeZone::UTC);
        let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert("x-shopify-api-version", HeaderValue::from_static(version));
        headers.extend(date.parse().ok().map(|date| (header::DATE, date)));
        (response, desk.failures.pop_front().flatten())
    };
    match fault {
        Some(fault) => fault.over(response, &connection).await,
        None => response,
    }
}

/// A result, under an address that is signed and needs nothing else.
async fn file(
    State(desk): State<Arc<Mutex<Desk>>>,
    ConnectInfo(connection): ConnectInfo<ConnectionFault>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    if lock(&desk).stalls() {
        std::future::pending::<()>().await;
    }
    let (response, fault) = {
        let mut desk = lock(&desk);
        let response = desk.file(&method, &uri, &headers);
        (response, desk.failures.pop_front().flatten())
    };
    match fault {
        Some(fault) => fault.over(response, &connection).await,
        None => response,
    }
}

/// As the storage answers.
fn refusal(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::from("<?xml version='1.0'?><Error/>"));
    *response.status_mut() = status;
    response
}

impl Desk {
    /// Notes a request, and changes the shop as was announced.
    fn begin(&mut self, request: String) {
        self.requests.push(request);
        while self.changes.front().is_some_and(|(number, _)| *number <= self.requests.len()) {
            if let Some((_, change)) = self.changes.pop_front() {
                change(&mut self.shop.orders);
            }
        }
    }

    fn file(&mut self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response<Body> {
        self.begin(format!("{method} {}", uri.path()));
        if headers.contains_key(TOKEN_HEADER) || headers.contains_key(header::AUTHORIZATION) {
            self.shop.violations.push("the token was sent to another host".to_owned());
            return refusal(StatusCode::BAD_REQUEST);
        }
        let id: u64 = uri.path().rsplit('/').next().and_then(|id| id.parse().ok()).unwrap_or(0);
        let signature = format!("X-Goog-Signature=signature-{id}");
        if uri.query() != Some(signature.as_str()) || *method != Method::GET {
            self.shop.violations.push("an address that was not granted".to_owned());
            return refusal(StatusCode::FORBIDDEN);
        }
        if self.shop.options.expired_urls > 0 {
            self.shop.options.expired_urls -= 1;
            return refusal(StatusCode::FORBIDDEN);
        }
        let result = self.shop.operations.get(&id).and_then(|operation| operation.result.as_ref());
        match result {
            Some(result) => Response::new(Body::from(result.text.clone())),
            None => refusal(StatusCode::NOT_FOUND),
        }
    }

    /// Whether this download is never answered.
    fn stalls(&mut self) -> bool {
        let left = &mut self.shop.options.stalled_downloads;
        let stalls = *left > 0;
        *left = left.saturating_sub(1);
        stalls
    }

    fn serve(
        &mut self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
    ) -> (StatusCode, Value) {
        let sent: Value = serde_json::from_slice(body).unwrap_or_default();
        let question = sent["query"].as_str().unwrap_or_default();
        let first_word = question.split(['{', '(']).nth(1).unwrap_or_default().trim();
        self.begin(format!("{method} {} {first_word}", uri.path()));
        if *method != Method::POST || uri.query().is_some() {
            self.shop.violations.push(format!("{method} {uri}"));
        }
        if uri.path() == "/admin/oauth/access_token" {
            return self.grant(&sent);
        }
        if uri.path() != format!("/admin/api/{VERSION}/graphql.json") {
            self.shop.violations.push(format!("unknown address {}", uri.path()));
            return (StatusCode::NOT_FOUND, json!({ "errors": "Not Found" }));
        }
        if !self.is_let_in(headers) {
            let text =
                "[API] Invalid API key or access token (unrecognized login or wrong password)";
            return (StatusCode::UNAUTHORIZED, json!({ "errors": text }));
        }
        (StatusCode::OK, self.charge(question, &sent["variables"]))
    }

    /// A token for an app's own id and secret.
    fn grant(&mut self, sent: &Value) -> (StatusCode, Value) {
        let Access::Client { id, secret, requests_per_token, expires_in } =
            &self.shop.options.access
        else {
            return (StatusCode::BAD_REQUEST, json!({ "error": "app_not_installed" }));
        };
        if sent["grant_type"] != "client_credentials" || sent["client_id"] != *id {
            return (StatusCode::BAD_REQUEST, json!({ "error": "shop_not_permitted" }));
        }
        if sent["client_secret"] != *secret {
            return (StatusCode::UNAUTHORIZED, json!({ "error": "invalid_client" }));
        }
        let token = format!("shpca_granted_{}", self.tokens.len() + 1);
        self.tokens.insert(token.clone(), *requests_per_token);
        let scope = self.shop.options.scopes.join(",");
        (StatusCode::OK, json!({ "access_token": token, "scope": scope, "expires_in": expires_in }))
    }

    fn is_let_in(&mut self, headers: &HeaderMap) -> bool {
        let sent = headers.get(TOKEN_HEADER).and_then(|value| value.to_str().ok());
        let Some(sent) = sent else { return false };
        match &self.shop.options.access {
            Access::Token(token) => sent == token,
            Access::Client { .. } => match self.tokens.get_mut(sent) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    true
                }
                _ => false,
            },
        }
    }

    /// Answers a question if there are points for it.
    fn charge(&mut self, question: &str, variables: &Value) -> Value {
        let (most, rate) = (
            f64::from(self.shop.options.points_max),
            f64::from(self.shop.options.points_per_second),
        );
        let now = Instant::now();
        let back = now.duration_since(self.points_at).as_secs_f64() * rate;
        (self.points, self.points_at) = ((self.points + back).min(most), now);
        let is_throttled = self.points < COST;
        if is_throttled && self.was_throttled {
            self.shop.violations.push("asked again before the points were back".to_owned());
        }
        self.was_throttled = is_throttled;
        let status = json!({ "maximumAvailable": most, "currentlyAvailable": self.points.floor(), "restoreRate": rate });
        let cost = json!({ "requestedQueryCost": COST, "actualQueryCost": COST, "throttleStatus": status });
        if is_throttled {
            let error = json!({ "message": "Throttled", "extensions": { "code": "THROTTLED" } });
            return json!({ "errors": [error], "extensions": { "cost": cost } });
        }
        self.points -= COST;
        let mut answer = self.shop.answer(question, variables);
        answer["extensions"]["cost"] = cost;
        answer
    }
}
