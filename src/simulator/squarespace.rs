//! A local Squarespace shop: its Commerce API as far as orders are read, strict and stateful.
//!
//! A cursor is a position in a list that is selected again for each page, so that an order that
//! leaves the list shifts those after it.

use super::any_shop::System;
use super::shop_host::{
    HostedShop, Shop, ShopRequest, SimulatedOrder, SimulatedShop, json, simple_order, system,
};
use axum::http::{Response, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

/// A shop on a loopback port.
pub type Squarespace = HostedShop<Cursors>;

pub(super) static SYSTEM: System = system::<Cursors>();

const TOKEN: &str = "sq_simulator";
const PAGE_LEN: usize = 50;

/// How the shop behaves.
#[derive(Debug, Clone)]
pub struct SquarespaceOptions {
    pub token: String,
    /// Requests that are refused with 429, as after 300 in a minute.
    pub throttled: u32,
    /// The bounds of lists do not count.
    pub ignores_bounds: bool,
    /// Every next page has the same cursor.
    pub repeats_cursors: bool,
}

impl Default for SquarespaceOptions {
    fn default() -> Self {
        Self {
            token: TOKEN.to_owned(),
            throttled: 0,
            ignores_bounds: false,
            repeats_cursors: false,
        }
    }
}

/// An order of the simulated shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SquarespaceOrder {
    pub id: u64,
    pub created: Timestamp,
    pub modified: Timestamp,
    /// In hundredths.
    pub total: u64,
}

impl SimulatedOrder for SquarespaceOrder {
    simple_order!(modified);
}

impl SquarespaceOrder {
    fn new(id: u64, at: Timestamp) -> Self {
        Self { id, created: at, modified: at, total: 1000 + id }
    }

    /// As the API shows it.
    fn view(&self) -> Value {
        let money = |hundredths: u64| {
            let value = format!("{}.{:02}", hundredths / 100, hundredths % 100);
            json!({ "value": value, "currency": "EUR" })
        };
        let date = |at: Timestamp| format!("{at:.3}");
        json!({
            "id": self.id.to_string(), "orderNumber": self.id.to_string(),
            "createdOn": date(self.created), "modifiedOn": date(self.modified), "channel": "web",
            "testmode": false, "customerEmail": format!("buyer{}@example.com", self.id),
            "billingAddress": {"firstName": "Buyer", "lastName": self.id.to_string()},
            "fulfillmentStatus": "PENDING", "lineItems": [{
                "id": format!("{}-1", self.id), "variantId": null, "productId": "mug", "sku": "MUG",
                "productName": "Mug", "quantity": 1, "unitPricePaid": money(self.total),
                "variantOptions": null, "imageUrl": null, "lineItemType": "PHYSICAL_PRODUCT",
            }],
            "shippingLines": [], "discountLines": [], "subtotal": money(self.total),
            "shippingTotal": money(0), "discountTotal": money(0), "taxTotal": money(0),
            "refundedTotal": money(0), "grandTotal": money(self.total),
        })
    }
}

/// The place in a list of each cursor, by its number.
#[derive(Debug, Default)]
pub struct Cursors(Vec<Place>);

#[derive(Debug, Clone, Copy)]
struct Place {
    after: Timestamp,
    before: Timestamp,
    /// Orders on earlier pages.
    skipped: usize,
}

impl SimulatedShop for Cursors {
    const NAME: &'static str = "squarespace";
    const SECRETS: &'static [(&'static str, &'static str)] = &[("token", TOKEN)];
    /// A list of the far future and a page.
    const IDLE_REQUESTS: [usize; 2] = [2, 2];

    type Options = SquarespaceOptions;
    type Order = SquarespaceOrder;

    fn variant(_: u64) -> SquarespaceOptions {
        SquarespaceOptions::default()
    }

    fn new(_: &SquarespaceOptions) -> Self {
        Self::default()
    }

    fn answer(shop: &mut Shop<Self>, request: &ShopRequest) -> Response<String> {
        if request.header("user-agent").is_none_or(str::is_empty) {
            shop.violation("without User-Agent");
            return refusal(StatusCode::BAD_REQUEST, "User-Agent is required.");
        }
        if request.header("authorization") != Some(&format!("Bearer {}", shop.options.token)) {
            return refusal(StatusCode::UNAUTHORIZED, "You are not authorized to do that.");
        }
        if shop.options.throttled > 0 {
            shop.options.throttled -= 1;
            return refusal(StatusCode::TOO_MANY_REQUESTS, "Too many requests.");
        }
        let resource = request.uri.path().strip_prefix("/1.0/commerce/orders");
        match resource {
            Some("") => match shop.place(request) {
                Ok(place) => shop.list(place),
                Err(what) => {
                    shop.violation(what.clone());
                    refusal(StatusCode::BAD_REQUEST, &what)
                }
            },
            Some(rest) if request.pairs.is_empty() => {
                let id = rest.trim_start_matches('/').parse().ok();
                match id.and_then(|id: u64| shop.orders.get(&id)) {
                    Some(order) => json(StatusCode::OK, &order.view()),
                    None => refusal(StatusCode::NOT_FOUND, "Order was not found."),
                }
            }
            _ => {
                shop.violation(format!("unknown resource {}", request.uri));
                refusal(StatusCode::NOT_FOUND, "Not found.")
            }
        }
    }

    fn inject_own_fault(shop: &mut Shop<Self>, _: u64) {
        shop.options.throttled += 1;
    }
}

impl Shop<Cursors> {
    /// Where the requested page begins: by a cursor, or by both dates.
    fn place(&self, request: &ShopRequest) -> Result<Place, String> {
        let known = ["modifiedAfter", "modifiedBefore", "cursor"];
        if let Some((name, _)) = request.pairs.iter().find(|(name, _)| !known.contains(&&**name)) {
            return Err(format!("Unknown parameter {name}."));
        }
        let date = |name| -> Result<Option<Timestamp>, String> {
            let Some(text) = request.parameter(name) else { return Ok(None) };
            let moment = text.strip_suffix('Z').and_then(|_| text.parse().ok());
            moment.map(Some).ok_or_else(|| format!("{name} is not a date in UTC."))
        };
        match (request.parameter("cursor"), date("modifiedAfter")?, date("modifiedBefore")?) {
            (Some(cursor), None, None) => {
                let number: Option<usize> = cursor.parse().ok();
                let place = number.and_then(|number| self.own.0.get(number));
                place.copied().ok_or_else(|| "The cursor is invalid.".to_owned())
            }
            (None, Some(after), Some(before)) => Ok(Place { after, before, skipped: 0 }),
            (None, None, None) => {
                let (after, before) = (Timestamp::MIN, Timestamp::MAX);
                Ok(Place { after, before, skipped: 0 })
            }
            _ => Err("Give both dates, or a cursor alone.".to_owned()),
        }
    }

    /// The newest change comes first.
    fn list(&mut self, place: Place) -> Response<String> {
        let is_in = |order: &&SquarespaceOrder| {
            self.options.ignores_bounds || (place.after..place.before).contains(&order.modified)
        };
        let mut selected: Vec<&SquarespaceOrder> = self.orders.values().filter(is_in).collect();
        selected.sort_by_key(|order| (std::cmp::Reverse(order.modified), order.id));
        let page = selected.iter().skip(place.skipped).take(PAGE_LEN);
        let views: Vec<Value> = page.map(|order| order.view()).collect();
        let skipped = place.skipped + PAGE_LEN;
        let has_next = skipped < selected.len();
        let number = if self.options.repeats_cursors { 0 } else { self.own.0.len() };
        let cursor = has_next.then(|| number.to_string());
        if has_next {
            self.own.0.push(Place { skipped, ..place });
        }
        let url = cursor.as_ref().map(|cursor| format!("https://api.example.com/?cursor={cursor}"));
        json(
            StatusCode::OK,
            &json!({
                "result": views,
                "pagination": {
                    "hasNextPage": has_next, "nextPageCursor": cursor, "nextPageUrl": url,
                },
            }),
        )
    }
}

fn refusal(status: StatusCode, message: &str) -> Response<String> {
    let body = json!({
        "type": "INVALID_REQUEST_ERROR", "subtype": null, "message": message, "details": null,
        "contextId": "simulator",
    });
    json(status, &body)
}
