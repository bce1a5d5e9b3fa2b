use super::super::shop_host::{
    Shop, ShopRequest, SimulatedOrder, SimulatedShop, simple_order, text,
};
use super::list::{InvalidParameter, ListQuery};
use super::order::ShopOrder;
use super::{Cache, Permalinks, WooOptions};
use axum::http::{HeaderMap, Response, StatusCode, header};
use base64::prelude::{BASE64_STANDARD, Engine};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The answers in the cache in front of a shop, by its request keys.
#[derive(Default)]
pub struct WooCache(BTreeMap<String, Response<String>>);

impl SimulatedShop for WooCache {
    const NAME: &'static str = "woocommerce";
    const SECRETS: &'static [(&'static str, &'static str)] =
        &[("key", "ck_simulator"), ("secret", "cs_simulator")];
    /// An empty page and three others.
    const IDLE_REQUESTS: [usize; 2] = [4, 4];

    type Options = WooOptions;
    type Order = ShopOrder;

    fn variant(number: u64) -> WooOptions {
        let zone = ["UTC", "Europe/Berlin", "Asia/Kolkata"][(number % 3) as usize];
        WooOptions {
            orders_at_once_max: [100, 60, 100, 7][(number % 4) as usize],
            hides_totals: number % 7 == 5,
            prints_notice: number % 6 == 5,
            cache: if number % 5 == 4 { Cache::ByAddress } else { Cache::None },
            zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC),
            ..WooOptions::default()
        }
    }

    fn folder(options: &WooOptions) -> String {
        let slash = if options.folder.is_empty() { "" } else { "/" };
        format!("{slash}{}", options.folder)
    }

    fn new(_: &WooOptions) -> Self {
        Self::default()
    }

    /// Method, path and query, without the values of keys.
    fn log_line(request: &ShopRequest) -> String {
        let is_key = |name: &str| name.starts_with("consumer_");
        let shown = request.pairs.iter().map(|(name, value)| {
            if is_key(name) { format!("{name}=…") } else { format!("{name}={value}") }
        });
        let shown: Vec<String> = shown.collect();
        format!("{} {}?{}", request.method, request.uri.path(), shown.join("&"))
    }

    /// The answer, or the cached one.
    fn answer(shop: &mut Shop<Self>, request: &ShopRequest) -> Response<String> {
        let (path, pairs) = (request.uri.path(), &request.pairs);
        let address = match shop.options.cache {
            Cache::None => None,
            Cache::ByAddress => Some(format!("{path}?{pairs:?}")),
            Cache::ByPath => Some(path.to_owned()),
        };
        if let Some(kept) = address.as_ref().and_then(|address| shop.own.0.get(address)) {
            return kept.clone();
        }
        let response = shop.serve(path, pairs, &request.headers);
        if let Some(address) = address.filter(|_| response.status() == StatusCode::OK) {
            shop.own.0.insert(address, response.clone());
        }
        response
    }
}

impl SimulatedOrder for ShopOrder {
    simple_order!(modified);
}

impl Shop<WooCache> {
    fn serve(
        &mut self,
        path: &str,
        pairs: &[(String, String)],
        headers: &HeaderMap,
    ) -> Response<String> {
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
        let body = format!("{notice}{body}");
        let mut response = text(status, "application/json; charset=UTF-8", body);
        let headers = response.headers_mut();
        if let Some((total, per_page)) = total.filter(|_| !self.options.hides_totals) {
            headers.insert("x-wp-total", total.into());
            headers.insert("x-wp-totalpages", total.div_ceil(per_page).into());
        }
        response
    }
}

fn page(status: StatusCode, html: &str) -> Response<String> {
    text(status, "text/html; charset=UTF-8", html.to_owned())
}
