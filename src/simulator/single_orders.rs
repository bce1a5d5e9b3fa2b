//! A local shop whose API answers single orders by their ids, as ExpertSender and Fast do.

use super::faulty_socket::ConnectionFault;
use super::host_faults::HostFault;
use super::loopback::Loopback;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri, header};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Which API the shop has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SingleOrderApi {
    /// `GET /orders/{id}` with `x-api-key`.
    ExpertSender,
    /// `POST /fast/v1/read` with `FASTSESSION`.
    Fast,
}

/// A shop on a loopback port. It stops when it is dropped.
pub struct SingleOrders {
    server: Loopback,
    shop: Arc<Mutex<Shop>>,
}

struct Shop {
    api: SingleOrderApi,
    token: String,
    /// Totals in hundredths, by id.
    orders: BTreeMap<String, u64>,
    /// Every answer is about this order.
    echoes: Option<String>,
    /// How the next requests fail.
    failures: VecDeque<HostFault>,
    requests: usize,
    violations: Vec<String>,
}

impl SingleOrders {
    pub async fn start(
        api: SingleOrderApi,
        token: &str,
        orders: BTreeMap<String, u64>,
    ) -> io::Result<Self> {
        let token = token.to_owned();
        let (failures, violations) = (VecDeque::new(), Vec::new());
        let shop = Shop { api, token, orders, echoes: None, failures, requests: 0, violations };
        let shop = Arc::new(Mutex::new(shop));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&shop));
        Ok(Self { server: Loopback::serve(router).await?, shop })
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.server.address)
    }

    pub fn requests(&self) -> usize {
        lock(&self.shop).requests
    }

    /// What a correct client never does.
    pub fn violations(&self) -> Vec<String> {
        lock(&self.shop).violations.clone()
    }

    /// Fails the next request in this way, after those already queued.
    pub fn fail_next(&self, fault: HostFault) {
        lock(&self.shop).failures.push_back(fault);
    }

    /// Answers every request with this order.
    pub fn echo(&self, id: &str) {
        lock(&self.shop).echoes = Some(id.to_owned());
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
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let ((status, body), fault) = {
        let mut shop = lock(&shop);
        shop.requests += 1;
        let answer = match shop.api {
            SingleOrderApi::ExpertSender => shop.expertsender(&method, &uri, &headers),
            SingleOrderApi::Fast => shop.fast(&method, &uri, &headers, &body),
        };
        (answer, shop.failures.pop_front())
    };
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    match fault {
        Some(fault) => fault.over(response, &connection).await,
        None => response,
    }
}

impl Shop {
    fn is_admitted(&self, headers: &HeaderMap, name: &str) -> bool {
        headers.get(name).and_then(|value| value.to_str().ok()) == Some(self.token.as_str())
    }

    fn total_of(&self, id: &str) -> Option<(String, u64)> {
        let id = self.echoes.as_deref().unwrap_or(id);
        self.orders.get(id).map(|total| (id.to_owned(), *total))
    }

    fn expertsender(
        &mut self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> (StatusCode, Value) {
        let problem = |status: StatusCode| {
            let title = status.canonical_reason().unwrap_or_default();
            (status, json!({"type": "about:blank", "title": title, "status": status.as_u16()}))
        };
        let id = uri.path().strip_prefix("/orders/").unwrap_or_default();
        if *method != Method::GET || id.is_empty() || uri.query().is_some() {
            self.violations.push(format!("{method} {uri}"));
        }
        if !self.is_admitted(headers, "x-api-key") {
            return problem(StatusCode::UNAUTHORIZED);
        }
        let Some((id, total)) = self.total_of(&id.replace("%20", " ").replace("%2F", "/")) else {
            return problem(StatusCode::NOT_FOUND);
        };
        let order = json!({"status": 200, "data": {
            "id": id, "date": "2026-02-03T10:10:01Z", "status": "Completed", "currency": "EUR",
            "totalValue": total as f64 / 100.0, "returnsValue": 0,
            "customer": {"id": 5, "email": format!("buyer-{total}@example.com"), "crmId": id},
            "products": [{"id": "p1", "name": "Mug", "price": total as f64 / 100.0, "quantity": 1, "returned": 0}],
        }});
        (StatusCode::OK, order)
    }

    fn fast(
        &mut self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
    ) -> (StatusCode, Value) {
        let refusal =
            |status: StatusCode| (status, json!({"code": 16, "message": "refused", "details": []}));
        let sent: Value = serde_json::from_slice(body).unwrap_or_default();
        let is_question = sent["type"] == "ENTITY_TYPE_ORDER" && sent["app_id"].is_string();
        if *method != Method::POST || uri.path() != "/fast/v1/read" || !is_question {
            self.violations.push(format!("{method} {uri}"));
        }
        if !self.is_admitted(headers, "fastsession") {
            return refusal(StatusCode::UNAUTHORIZED);
        }
        let external = sent["order"]["external_order_id"].as_str();
        let internal = sent["order"]["order_id"]["value"].as_str();
        if external.is_some() == internal.is_some() {
            self.violations.push("not exactly one form of id".to_owned());
        }
        let Some((id, total)) = self.total_of(external.or(internal).unwrap_or_default()) else {
            return refusal(StatusCode::NOT_FOUND);
        };
        let order = json!({"type": "ENTITY_TYPE_ORDER", "order": {"order": {
            "id": {"value": format!("fast-{id}")}, "external_id": id, "order_type": "ORDER_TYPE_ORDER",
            "currency_code": "EUR", "status": "ORDER_STATUS_COMPLETE", "total_amount": total as f64 / 100.0,
            "lines": [{"external_product_id": "p1", "quantity": 1, "unit_price": total as f64 / 100.0, "name": "Mug"}],
        }}, "user": {"user": {"id": {"value": "u-1"}, "email": format!("buyer-{total}@example.com")}}});
        (StatusCode::OK, order)
    }
}
