use super::super::shop_host::{SimulatedOrder, simple_order};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// Lines of a consignment in an answer about orders.
const LINES_SHOWN_MAX: usize = 50;

/// An order of the simulated shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BigCommerceOrder {
    pub id: u64,
    pub created: Timestamp,
    pub modified: Timestamp,
    /// In hundredths.
    pub total: u64,
    /// How many lines it has, each with quantity 1. If there are several, the last one is a
    /// download.
    pub lines: u64,
    /// The amount of a coupon, in hundredths.
    pub coupon: u64,
    /// Deleted in the admin: only in the list of deleted orders.
    pub is_deleted: bool,
    /// Answers show its consignments without lines, and without a warning.
    pub hides_lines: bool,
    pub email: String,
}

impl BigCommerceOrder {
    /// An order of two lines, changed when it was created.
    pub fn new(id: u64, created: Timestamp) -> Self {
        Self {
            id,
            created,
            modified: created,
            total: 1000 + id,
            lines: 2,
            coupon: 0,
            is_deleted: false,
            hides_lines: false,
            email: format!("buyer{id}@example.com"),
        }
    }

    /// As a list shows it. `include` and `is_object` choose how its consignments are shown.
    pub(super) fn view(&self, include: Option<&str>, is_object: bool) -> Value {
        let link = |name: &str| {
            let resource = format!("/orders/{}/{name}", self.id);
            json!({ "url": format!("https://api.bigcommerce.com{resource}"), "resource": resource })
        };
        let consignments = match include {
            Some("consignments.line_items") if is_object => self.consignments(),
            Some("consignments.line_items") => json!([self.consignments()]),
            _ => link("consignments"),
        };
        json!({
            "id": self.id, "customer_id": 0, "date_created": date(self.created), "date_modified": date(self.modified),
            "status_id": 10, "status": "Completed", "subtotal_inc_tax": amount(self.total + self.coupon),
            "shipping_cost_inc_tax": "0.0000", "handling_cost_inc_tax": "0.0000", "total_inc_tax": amount(self.total),
            "total_tax": "0.0000", "items_total": self.lines, "payment_method": "Manual", "refunded_amount": "0.0000",
            "currency_id": 1, "currency_code": "EUR", "currency_exchange_rate": "1.0000000000", "default_currency_id": 1,
            "default_currency_code": "EUR", "discount_amount": "0.0000", "coupon_discount": amount(self.coupon),
            "is_email_opt_in": false, "is_deleted": self.is_deleted, "order_source": "storefront",
            "billing_address": { "first_name": "Buyer", "last_name": self.id.to_string(), "email": self.email },
            "products": link("products"), "shipping_addresses": link("shipping_addresses"), "coupons": link("coupons"),
            "consignments": consignments,
        })
    }

    fn consignments(&self) -> Value {
        let mut shipped = self.products();
        let downloads: Vec<Value> =
            if self.lines > 1 { shipped.pop().into_iter().collect() } else { Vec::new() };
        let is_cut = shipped.len() > LINES_SHOWN_MAX;
        shipped.truncate(LINES_SHOWN_MAX);
        let shown = |lines: Vec<Value>| if self.hides_lines { Vec::new() } else { lines };
        let mut shipping = json!({
            "id": self.id, "first_name": "Buyer", "shipping_method": "Flat Rate", "items_total": self.lines,
            "line_items": shown(shipped),
        });
        if is_cut {
            let message = "Not all line items are returned; use /v2/orders/{order_id}/products.";
            shipping["__warning__"] = json!({ "message": message });
        }
        let downloads = json!([{ "recipient_email": self.email, "line_items": shown(downloads) }]);
        json!({
            "pickups": [], "shipping": [shipping], "downloads": downloads, "email": { "gift_certificates": [] },
        })
    }

    /// The first line costs the rest of the total.
    pub(super) fn products(&self) -> Vec<Value> {
        let sum = self.total + self.coupon;
        let each = sum / self.lines;
        let price = |n: u64| if n == 1 { sum - each * (self.lines - 1) } else { each };
        let line = |n: u64| {
            json!({
                "id": self.id * 1000 + n, "order_id": self.id, "product_id": 100 + n, "variant_id": 200 + n,
                "name": format!("Mug {n}"), "sku": format!("MUG-{n}"), "type": "physical", "quantity": 1,
                "base_price": amount(price(n)), "price_ex_tax": amount(price(n)), "price_inc_tax": amount(price(n)),
            })
        };
        (1..=self.lines).map(line).collect()
    }

    pub(super) fn coupons(&self) -> Vec<Value> {
        let coupon = json!({
            "id": self.id, "coupon_id": 9, "order_id": self.id, "code": "WELCOME", "amount": "10.0000", "type": 0,
            "discount": amount(self.coupon),
        });
        if self.coupon > 0 { vec![coupon] } else { Vec::new() }
    }
}

impl SimulatedOrder for BigCommerceOrder {
    simple_order!(modified);

    /// Some become long, some get a coupon.
    fn vary(&mut self) {
        let total = self.total;
        self.lines = if total.is_multiple_of(7) { 50 + total % 9 } else { 1 + total % 3 };
        self.coupon = if total.is_multiple_of(5) { 150 } else { 0 };
        self.hides_lines = total.is_multiple_of(11);
    }
}

fn amount(hundredths: u64) -> String {
    format!("{}.{:02}00", hundredths / 100, hundredths % 100)
}

fn date(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}
