use super::super::shop_host::{
    Shop, ShopRequest, SimulatedOrder, SimulatedShop, json, simple_order, text,
};
use super::order::MagentoOrder;
use super::search::Search;
use super::signature::{Signed, verify};
use super::{CONSUMER_KEY, CONSUMER_SECRET, ListFault, MagentoOptions, TOKEN, TOKEN_SECRET};
use axum::http::{Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeSet, VecDeque};

/// The memory of a shop.
#[derive(Default)]
pub struct MagentoMemory {
    /// Nonces of admitted requests.
    nonces: BTreeSet<String>,
    /// How the next lists fail.
    list_faults: VecDeque<ListFault>,
}

impl SimulatedShop for MagentoMemory {
    const NAME: &'static str = "magento";
    const SECRETS: &'static [(&'static str, &'static str)] =
        &[("secret", CONSUMER_SECRET), ("token", TOKEN), ("token_secret", TOKEN_SECRET)];
    const TEXTS: &'static [(&'static str, &'static str)] = &[("consumer_key", CONSUMER_KEY)];
    /// A page and a count.
    const IDLE_REQUESTS: [usize; 2] = [2, 2];

    type Options = MagentoOptions;
    type Order = MagentoOrder;

    fn variant(number: u64) -> MagentoOptions {
        let hard: BTreeSet<u64> = [3, 4, 17, 60].into();
        MagentoOptions {
            page_size_max: [300, 300, 50][(number % 3) as usize],
            orders_at_once_max: [300, 60, 300, 7][(number % 4) as usize],
            unlistable: if number % 5 == 4 { hard.clone() } else { BTreeSet::new() },
            unshowable: if number % 7 == 6 { hard } else { BTreeSet::new() },
            is_english: number.is_multiple_of(2),
            ..MagentoOptions::default()
        }
    }

    fn new(_: &MagentoOptions) -> Self {
        Self::default()
    }

    fn answer(shop: &mut Shop<Self>, request: &ShopRequest) -> Response<String> {
        if !request.header("accept").is_some_and(|kinds| kinds.contains("application/json")) {
            shop.violation("without Accept, answers are XML");
            return text(StatusCode::OK, "application/xml", "<response/>".to_owned());
        }
        let Some(resource) = request.uri.path().strip_prefix("/rest/V1/") else {
            return page(StatusCode::NOT_FOUND, "Whoops, our bad...");
        };
        if let Err(refusal) = shop.admit(request) {
            return json(StatusCode::UNAUTHORIZED, &refusal);
        }
        match resource.strip_prefix("orders") {
            Some("") => shop.list(request.uri.query().unwrap_or_default()),
            Some(rest) if rest.starts_with('/') => shop.one(rest.trim_start_matches('/')),
            _ => {
                shop.violation(format!("unknown resource {resource}"));
                let body = json!({"message": "Request does not match any route."});
                json(StatusCode::NOT_FOUND, &body)
            }
        }
    }

    fn inject_own_fault(shop: &mut Shop<Self>, nth: u64) {
        let faults = [ListFault::Report, ListFault::NoItems, ListFault::OneMore];
        shop.own.list_faults.push_back(faults[nth as usize % faults.len()]);
    }
}

impl SimulatedOrder for MagentoOrder {
    simple_order!(updated);
}

impl Shop<MagentoMemory> {
    fn admit(&mut self, request: &ShopRequest) -> Result<(), Value> {
        let sent = request.header("authorization").unwrap_or_default();
        let is_known = if let Some(token) = sent.strip_prefix("Bearer ") {
            self.options.takes_bearer && token == self.options.token
        } else if let Some(own) = sent.strip_prefix("OAuth ") {
            let host = request.header("host").unwrap_or_default();
            let signed = Signed {
                method: request.method.as_str(),
                address: format!("http://{host}{}", request.uri.path()),
                query: request.uri.query().unwrap_or_default(),
                header: own,
                token: self.options.token,
            };
            let now_s = self.now().as_second();
            let verified = verify(&signed, now_s, &mut self.own.nonces);
            verified.map_err(|refusal| json!({ "message": refusal }))?;
            true
        } else {
            false
        };
        if is_known && self.options.has_resource {
            return Ok(());
        }
        Err(json!({
            "message": "The consumer isn't authorized to access %resources.",
            "parameters": {"resources": "Magento_Sales::actions_view"},
        }))
    }

    fn list(&mut self, query: &str) -> Response<String> {
        let search = match Search::read(query, &mut self.violations) {
            Ok(search) => search,
            Err(refusal) => return json(StatusCode::BAD_REQUEST, &refusal),
        };
        if search.page_size.is_some_and(|size| size > self.options.page_size_max) {
            let body = json!({
                "message": "Maximum SearchCriteria pageSize is %max",
                "parameters": {"max": self.options.page_size_max},
            });
            return json(StatusCode::BAD_REQUEST, &body);
        }
        let selected = search.select(self.orders.values(), self.options.ignores);
        let listed = search.page_of(&selected);
        let has = |ids: &BTreeSet<u64>| listed.iter().find(|order| ids.contains(&order.id));
        if listed.len() as u64 > self.options.orders_at_once_max {
            return page(StatusCode::GATEWAY_TIMEOUT, "504");
        }
        if let Some(order) = has(&self.options.unlistable) {
            return json(
                StatusCode::INTERNAL_SERVER_ERROR,
                &json!({
                    "message": format!("Item (Magento\\Sales\\Model\\Order) with the same ID \"{}\" already exists.", order.id),
                }),
            );
        }
        let fault = self.own.list_faults.pop_front();
        if has(&self.options.unshowable).is_some() || fault == Some(ListFault::NoItems) {
            let message =
                "The product that was requested doesn't exist. Verify the product and try again.";
            return json(StatusCode::OK, &json!({ "message": message }));
        }
        if fault == Some(ListFault::Report) {
            return self.report();
        }
        let total = selected.len() + usize::from(fault == Some(ListFault::OneMore));
        let is_shown = |order: &&&MagentoOrder| !self.options.left_out.contains(&order.id);
        let views = listed.iter().filter(is_shown).map(|order| match search.fields {
            Some(_) => json!({ "entity_id": order.id }),
            None => order.view(),
        });
        let views: Vec<Value> = views.collect();
        let body = match search.fields {
            Some(_) => json!({ "items": views, "total_count": total }),
            None => json!({
                "items": views, "search_criteria": {"page_size": search.page_size}, "total_count": total,
            }),
        };
        json(StatusCode::OK, &body)
    }

    fn one(&self, id: &str) -> Response<String> {
        let id = self.options.echoes.or_else(|| id.parse().ok());
        match id.and_then(|id| self.orders.get(&id)) {
            Some(order) if self.options.broken.contains(&order.id) => self.report(),
            Some(order) => json(StatusCode::OK, &order.view()),
            None => {
                let message = if self.options.is_english {
                    "The entity that was requested doesn't exist. Verify the entity and try again."
                } else {
                    "Die angeforderte Entität existiert nicht."
                };
                json(StatusCode::NOT_FOUND, &json!({ "message": message }))
            }
        }
    }

    /// The answer to any error in production mode.
    fn report(&self) -> Response<String> {
        let message = if self.options.is_english {
            "Internal Error. Details are available in Magento log file. Report ID: %1"
        } else {
            "Interner Fehler. Report-ID: %1"
        };
        let body = json!({ "message": message, "parameters": ["webapi-6566a3"] });
        json(StatusCode::INTERNAL_SERVER_ERROR, &body)
    }
}

fn page(status: StatusCode, title: &str) -> Response<String> {
    text(status, "text/html; charset=UTF-8", format!("<html><body>{title}</body></html>"))
}
