use super::super::shop_host::{self, Shop, ShopRequest, SimulatedShop, text};
use super::list::{ListQuery, Refusal, page_of_parts};
use super::quota::Admission;
use super::{BigCommerceOptions, BigCommerceOrder, Quota};
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

const FOLDER: &str = "/stores/simulator";

impl SimulatedShop for Quota {
    const NAME: &'static str = "bigcommerce";
    const SECRETS: &'static [(&'static str, &'static str)] = &[("token", "bc_simulator")];
    /// Three ends of lists and a count; and of six orders a page, a count, and the lines of two.
    const IDLE_REQUESTS: [usize; 2] = [8, 4];

    type Options = BigCommerceOptions;
    type Order = BigCommerceOrder;

    fn variant(number: u64) -> BigCommerceOptions {
        BigCommerceOptions {
            quota: [450, 150, 40][(number % 3) as usize],
            taken_by_others: [0, 20][(number % 2) as usize],
            excludes_bounds: number.is_multiple_of(4),
            orders_at_once_max: [250, 250, 60, 7][(number % 4) as usize],
            ..BigCommerceOptions::default()
        }
    }

    fn folder(_: &BigCommerceOptions) -> String {
        FOLDER.to_owned()
    }

    fn new(_: &BigCommerceOptions) -> Self {
        Self::new()
    }

    fn answer(shop: &mut Shop<Self>, request: &ShopRequest) -> Response<String> {
        if shop.options.overloaded > 0 {
            shop.options.overloaded -= 1;
            return errors(too_many_requests());
        }
        // The first request of a pull.
        if request.uri.path().ends_with("/count")
            && request.parameter("max_date_modified").is_none()
        {
            shop.own.begin_client();
        }
        let (quota, others) = (shop.options.quota, shop.options.taken_by_others);
        let Admission { is_admitted, is_too_soon } = shop.own.admit(quota, others);
        if is_too_soon {
            shop.violation("took what is left of the quota for other apps");
        }
        let mut response = if is_admitted {
            shop.serve(request).unwrap_or_else(errors)
        } else {
            errors(too_many_requests())
        };
        let is_seen = !shop.is_answer_at_risk();
        shop.own.note_answer(is_seen);
        shop.own.show(response.headers_mut());
        response
    }

    fn inject_own_fault(shop: &mut Shop<Self>, nth: u64) {
        shop.options.overloaded = 1 + (nth % 2) as u32;
    }
}

impl Shop<Quota> {
    fn serve(&mut self, request: &ShopRequest) -> Result<Response<String>, Refusal> {
        if request.header("accept") != Some("application/json") {
            self.violation("without Accept, the answer is XML");
            let xml = "<?xml version=\"1.0\"?><orders/>".to_owned();
            return Ok(text(StatusCode::OK, "application/xml", xml));
        }
        if request.header("x-auth-token") != Some(self.options.token.as_str()) {
            return Err((401, "Unauthorized".to_owned()));
        }
        if self.options.lacks_scope {
            return Err((403, "You don't have a required scope to access the endpoint".to_owned()));
        }
        if self.options.is_suspended {
            return Err((503, "This store is suspended.".to_owned()));
        }
        let path = request.uri.path().strip_prefix(FOLDER).unwrap_or_default();
        let path: Vec<&str> = path.split('/').skip(1).collect();
        match path.as_slice() {
            ["v2", "orders"] => self.list(request),
            ["v2", "orders", "count"] => self.count(request),
            ["v2", "orders", id] => self.one(request, id),
            ["v2", "orders", id, part] => self.part(request, id, part),
            _ => {
                self.violation(format!("unknown address {}", request.uri));
                Err(not_found())
            }
        }
    }

    fn selected(&self, query: &ListQuery) -> Vec<BigCommerceOrder> {
        let all = self.orders.values();
        all.filter(|order| query.selects(order, &self.options)).cloned().collect()
    }

    fn list(&mut self, request: &ShopRequest) -> Result<Response<String>, Refusal> {
        let query = ListQuery::read(request, false, &mut self.violations)?;
        let listed = query.page_of(self.selected(&query));
        let include = request.parameter("include");
        if listed.len() as u64 > self.options.orders_at_once_max {
            return Err((504, "Gateway Timeout".to_owned()));
        }
        let is_faulty = |order: &BigCommerceOrder| self.options.unlistable.contains(&order.id);
        if include.is_some() && listed.iter().any(is_faulty) {
            return Err((500, "Internal Server Error".to_owned()));
        }
        Ok(filled(listed.iter().map(|order| shown(order, request)).collect()))
    }

    fn count(&mut self, request: &ShopRequest) -> Result<Response<String>, Refusal> {
        let query = ListQuery::read(request, true, &mut self.violations)?;
        let count = (self.selected(&query).len() as u64).saturating_sub(self.options.counts_less);
        Ok(shop_host::json(StatusCode::OK, &json!({ "count": count, "statuses": [] })))
    }

    fn find(&self, id: &str) -> Result<BigCommerceOrder, Refusal> {
        let order = id.parse().ok().and_then(|id: u64| self.orders.get(&id));
        let order = order.ok_or_else(not_found)?;
        if self.options.broken.contains(&order.id) {
            return Err((500, "Internal Server Error".to_owned()));
        }
        Ok(order.clone())
    }

    fn one(&mut self, request: &ShopRequest, id: &str) -> Result<Response<String>, Refusal> {
        Ok(shop_host::json(StatusCode::OK, &shown(&self.find(id)?, request)))
    }

    fn part(
        &mut self,
        request: &ShopRequest,
        id: &str,
        part: &str,
    ) -> Result<Response<String>, Refusal> {
        let order = self.find(id)?;
        let all = match part {
            "products" => order.products(),
            "coupons" => order.coupons(),
            _ => {
                self.violation(format!("unknown address {}", request.uri));
                return Err(not_found());
            }
        };
        let at_once_max = self.options.parts_at_once_max;
        Ok(filled(page_of_parts(request, all, at_once_max, &mut self.violations)?))
    }
}

fn shown(order: &BigCommerceOrder, request: &ShopRequest) -> Value {
    let is_object = request.parameter("consignment_structure") == Some("object");
    order.view(request.parameter("include"), is_object)
}

/// A list, or 204 for an empty one.
fn filled(list: Vec<Value>) -> Response<String> {
    if list.is_empty() {
        return text(StatusCode::NO_CONTENT, "application/json", String::new());
    }
    shop_host::json(StatusCode::OK, &Value::Array(list))
}

fn too_many_requests() -> Refusal {
    (429, "Too many requests".to_owned())
}

fn not_found() -> Refusal {
    (404, "The requested resource was not found.".to_owned())
}

fn errors((status, message): Refusal) -> Response<String> {
    let body = json!([{ "status": status, "message": message }]);
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    shop_host::json(code, &body)
}
