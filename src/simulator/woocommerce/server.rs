use super::super::faulty_socket::ConnectionFault;
use super::super::host_faults::HostFault;
use super::super::loopback::Loopback;
use super::list::{InvalidParameter, ListQuery};
use super::order::ShopOrder;
use super::{Cache, Permalinks, WooOptions};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri, header};
use base64::prelude::{BASE64_STANDARD, Engine};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A shop on a loopback port. It stops when it is dropped.
pub struct WooCommerce {
    server: Loopback,
    shop: Arc<Mutex<Shop>>,
}

/// What a shop does before it answers a request.
type Change = Box<dyn FnOnce(&mut BTreeMap<u64, ShopOrder>) + Send>;

struct Shop {
    options: WooOptions,
    orders: BTreeMap<u64, ShopOrder>,
    requests: Vec<String>,
    violations: Vec<String>,
    in_flight: u32,
    /// By the number of the request, from 1.
    changes: VecDeque<(usize, Change)>,
    /// How the next requests fail, if they do.
    failures: VecDeque<Option<HostFault>>,
    /// What the cache has kept, by what it knows requests by.
    cached: BTreeMap<String, Response<String>>,
}

impl WooCommerce {
    /// # Errors
    /// When no port is free.
    pub async fn start(options: WooOptions, orders: Vec<ShopOrder>) -> io::Result<Self> {
        let shop = Arc::new(Mutex::new(Shop {
            options,
            orders: orders.into_iter().map(|order| (order.id, order)).collect(),
            requests: Vec::new(),
            violations: Vec::new(),
            in_flight: 0,
            changes: VecDeque::new(),
            failures: VecDeque::new(),
            cached: BTreeMap::new(),
        }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shop));
        Ok(Self { server: Loopback::serve(router).await?, shop })
    }

    /// The shop's address, with its folder, without a slash at the end.
    pub fn url(&self) -> String {
        let folder = &lock(&self.shop).options.folder;
        let slash = if folder.is_empty() { "" } else { "/" };
        format!("http://{}{slash}{folder}", self.server.address)
    }

    /// Every request so far, as method, path and query without the values of keys.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.shop).requests.clone()
    }

    /// What no good client does.
    pub fn violations(&self) -> Vec<String> {
        lock(&self.shop).violations.clone()
    }

    pub fn orders(&self) -> Vec<ShopOrder> {
        lock(&self.shop).orders.values().cloned().collect()
    }

    /// Changes the shop now.
    pub fn change(&self, change: impl FnOnce(&mut BTreeMap<u64, ShopOrder>)) {
        change(&mut lock(&self.shop).orders);
    }

    /// Changes the shop right before it answers its request of this number, counted from 1.
    pub fn change_before(
        &self,
        request: usize,
        change: impl FnOnce(&mut BTreeMap<u64, ShopOrder>) + Send + 'static,
    ) {
        lock(&self.shop).changes.push_back((request, Box::new(change)));
    }

    /// Fails the request after so many in this way; no other fault may be announced.
    pub fn fail_at(&self, after: usize, fault: HostFault) {
        let failures = &mut lock(&self.shop).failures;
        failures.extend(std::iter::repeat_n(None, after).chain([Some(fault)]));
    }

    /// Fails the next request in this way, behind those already announced.
    pub fn fail_next(&self, fault: HostFault) {
        lock(&self.shop).failures.push_back(Some(fault));
    }

    pub fn set(&self, change: impl FnOnce(&mut WooOptions)) {
        change(&mut lock(&self.shop).options);
    }
}

fn lock(shop: &Mutex<Shop>) -> MutexGuard<'_, Shop> {
    shop.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(
    State(shop): State<Arc<Mutex<Shop>>>,
    ConnectInfo(connection): ConnectInfo<ConnectionFault>,
    method: Method,
    uri: Uri,
    Query(pairs): Query<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response<Body> {
    {
        let mut shop = lock(&shop);
        shop.in_flight += 1;
        if shop.in_flight > 1 {
            shop.violations.push("two requests at once".to_owned());
        }
    }
    // Others get a chance to send a second request at the same time.
    tokio::task::yield_now().await;
    let (response, fault) = {
        let mut shop = lock(&shop);
        shop.in_flight -= 1;
        let response = shop.respond(&method, uri.path(), &pairs, &headers);
        (response.map(Body::from), shop.failures.pop_front().flatten())
    };
    match fault {
        Some(fault) => fault.over(response, &connection).await,
        None => response,
    }
}

impl Shop {
    /// The answer, or the one to the same request that the cache has kept.
    fn respond(
        &mut self,
        method: &Method,
        path: &str,
        pairs: &[(String, String)],
        headers: &HeaderMap,
    ) -> Response<String> {
        self.begin(method, path, pairs);
        let address = match self.options.cache {
            Cache::None => None,
            Cache::ByAddress => Some(format!("{path}?{pairs:?}")),
            Cache::ByPath => Some(path.to_owned()),
        };
        if let Some(kept) = address.as_ref().and_then(|address| self.cached.get(address)) {
            return kept.clone();
        }
        let response = self.serve(method, path, pairs, headers);
        let response = self.dated(response);
        if let Some(address) = address.filter(|_| response.status() == StatusCode::OK) {
            self.cached.insert(address, response.clone());
        }
        response
    }

    /// Notes a request, and changes the shop as was announced.
    fn begin(&mut self, method: &Method, path: &str, pairs: &[(String, String)]) {
        let shown: Vec<String> = pairs
            .iter()
            .map(|(name, value)| {
                if name.starts_with("consumer_") {
                    format!("{name}=…")
                } else {
                    format!("{name}={value}")
                }
            })
            .collect();
        self.requests.push(format!("{method} {path}?{}", shown.join("&")));
        while self.changes.front().is_some_and(|(number, _)| *number <= self.requests.len()) {
            if let Some((_, change)) = self.changes.pop_front() {
                change(&mut self.orders);
            }
        }
    }

    fn serve(
        &mut self,
        method: &Method,
        path: &str,
        pairs: &[(String, String)],
        headers: &HeaderMap,
    ) -> Response<String> {
        if *method != Method::GET {
            self.violations.push(format!("{method} in a pull"));
        }
        let Some(resource) = self.resource(path, pairs) else {
            return if self.options.permalinks == Permalinks::Plain {
                page(StatusCode::OK, "<html><body>Welcome to our shop</body></html>")
            } else {
                page(StatusCode::NOT_FOUND, "<html><body>Not found</body></html>")
            };
        };
        if !self.is_authorised(pairs, headers) {
            let body = json!({
                "code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot list resources.", "data": {"status": 401},
            });
            return self.json(StatusCode::UNAUTHORIZED, &body, None);
        }
        match resource.strip_prefix("orders") {
            Some("") => self.list(pairs),
            Some(rest) if rest.starts_with('/') => self.one(rest.trim_start_matches('/')),
            _ => {
                self.violations.push(format!("unknown resource {resource}"));
                let body = json!({"code": "rest_no_route", "message": "No route was found.", "data": {"status": 404}});
                self.json(StatusCode::NOT_FOUND, &body, None)
            }
        }
    }

    /// What follows `wc/v3/`, if the address is one of the API.
    fn resource(&self, path: &str, pairs: &[(String, String)]) -> Option<String> {
        let path = path.trim_start_matches('/');
        let path = path.strip_prefix(self.options.folder.as_str())?.trim_start_matches('/');
        let route = match self.options.permalinks {
            Permalinks::Pretty => path.strip_prefix("wp-json/")?.to_owned(),
            Permalinks::Index => path.strip_prefix("index.php/wp-json/")?.to_owned(),
            Permalinks::Plain => {
                let (_, route) = pairs.iter().find(|(name, _)| name == "rest_route")?;
                route.trim_start_matches('/').to_owned()
            }
        };
        Some(route.strip_prefix("wc/v3/")?.to_owned())
    }

    fn is_authorised(&mut self, pairs: &[(String, String)], headers: &HeaderMap) -> bool {
        let WooOptions { key, secret, strips_authorization, .. } = &self.options;
        let has =
            |name: &str, wanted: &str| pairs.iter().any(|(n, value)| n == name && value == wanted);
        if pairs.iter().any(|(name, _)| name == "consumer_secret") {
            if !strips_authorization {
                self.violations.push("a secret in the address without need".to_owned());
            }
            return has("consumer_key", &self.options.key)
                && has("consumer_secret", &self.options.secret);
        }
        let wanted = format!("Basic {}", BASE64_STANDARD.encode(format!("{key}:{secret}")));
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        !strips_authorization && sent == Some(wanted.as_str())
    }

    fn list(&mut self, pairs: &[(String, String)]) -> Response<String> {
        let query = match ListQuery::read(pairs, &self.options, &mut self.violations) {
            Ok(query) => query,
            Err(InvalidParameter(name)) => {
                self.violations.push(format!("invalid parameter {name}"));
                let body = json!({
                    "code": "rest_invalid_param", "message": format!("Invalid parameter(s): {name}"),
                    "data": {"status": 400, "params": {name: "invalid"}},
                });
                return self.json(StatusCode::BAD_REQUEST, &body, None);
            }
        };
        let selected = query.select(self.orders.values());
        let listed = query.page_of(&selected);
        let is_whole = query.has_all_fields();
        if is_whole && query.per_page().min(selected.len() as u64) > self.options.orders_at_once_max
        {
            return page(StatusCode::GATEWAY_TIMEOUT, "<html><body>504</body></html>");
        }
        let is_faulty = |order: &&ShopOrder| self.options.unlistable.contains(&order.id);
        if is_whole && listed.iter().any(is_faulty) {
            return page(
                StatusCode::INTERNAL_SERVER_ERROR,
                "<p>There has been a critical error on this website.</p>",
            );
        }
        let views: Vec<Value> = listed
            .iter()
            .filter(|order| !self.options.unreadable.contains(&order.id))
            .map(|order| query.view(order, &self.options.zone))
            .collect();
        let total = (selected.len() as u64, query.per_page());
        self.json(StatusCode::OK, &Value::Array(views), Some(total))
    }

    fn one(&self, id: &str) -> Response<String> {
        let id = self.options.echoes.or_else(|| id.parse().ok());
        let order = id.and_then(|id| self.orders.get(&id));
        match order {
            Some(order) if self.options.broken.contains(&order.id) => page(
                StatusCode::INTERNAL_SERVER_ERROR,
                "<p>There has been a critical error on this website.</p>",
            ),
            Some(order) => self.json(StatusCode::OK, &order.view(&self.options.zone), None),
            None => {
                let body = json!({"code": "woocommerce_rest_shop_order_invalid_id", "message": "Invalid ID.", "data": {"status": 404}});
                self.json(StatusCode::NOT_FOUND, &body, None)
            }
        }
    }

    /// With the totals of a list: its orders, and how many are on a page.
    fn json(
        &self,
        status: StatusCode,
        body: &Value,
        total: Option<(u64, u64)>,
    ) -> Response<String> {
        let notice = "<br />\n<b>Deprecated</b>: Creation of dynamic property in <b>/srv/shop/plugin.php</b> on line <b>7</b><br />\n";
        let notice = if self.options.prints_notice { notice } else { "" };
        let mut response = Response::new(format!("{notice}{body}"));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            header::HeaderValue::from_static("application/json; charset=UTF-8"),
        );
        if let Some((total, per_page)) = total.filter(|_| !self.options.hides_totals) {
            headers.insert("x-wp-total", total.into());
            headers.insert("x-wp-totalpages", total.div_ceil(per_page).into());
        }
        response
    }

    fn dated(&self, mut response: Response<String>) -> Response<String> {
        let ahead = SignedDuration::from_secs(self.options.clock_ahead_s);
        let now = Timestamp::now().checked_add(ahead).unwrap_or_default().to_zoned(TimeZone::UTC);
        let text = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        if let Ok(date) = text.parse() {
            response.headers_mut().insert(header::DATE, date);
        }
        response
    }
}

fn page(status: StatusCode, html: &str) -> Response<String> {
    let mut response = Response::new(html.to_owned());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html; charset=UTF-8"));
    response
}
