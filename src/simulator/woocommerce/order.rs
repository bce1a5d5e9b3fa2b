use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// An order of the simulated shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopOrder {
    pub id: u64,
    /// `processing`, `completed`, `trash` and so on.
    pub status: String,
    pub created: Timestamp,
    pub modified: Timestamp,
    /// In hundredths.
    pub total: u64,
    pub email: String,
    /// The refunds, in hundredths each.
    pub refunds: Vec<u64>,
}

impl ShopOrder {
    /// A completed order, changed when it was created.
    pub fn new(id: u64, created: Timestamp) -> Self {
        Self {
            id,
            status: "completed".to_owned(),
            created,
            modified: created,
            total: 1000 + id,
            email: format!("buyer{id}@example.com"),
            refunds: Vec::new(),
        }
    }

    /// As the API of a site in this zone shows it.
    pub(super) fn view(&self, zone: &TimeZone) -> Value {
        let date = |moment: Timestamp, zone: &TimeZone| {
            moment.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S").to_string()
        };
        let local = |moment| date(moment, zone);
        let utc = |moment| date(moment, &TimeZone::UTC);
        let total = decimal(self.total);
        let refunds = self.refunds.iter().enumerate().map(|(n, refund)| {
            json!({ "id": 1_000_000 + self.id * 100 + n as u64, "reason": "", "total": format!("-{}", decimal(*refund)) })
        });
        let address = json!({
            "first_name": "Buyer", "last_name": self.id.to_string(), "company": "", "address_1": "Long Road 1",
            "address_2": "", "city": "Springfield", "state": "", "postcode": "12345", "country": "US",
            "email": self.email, "phone": "",
        });
        let mut view = CONSTANT.clone();
        let own = json!({
            "id": self.id, "number": self.id.to_string(), "order_key": format!("wc_order_{}", self.id),
            "status": self.status, "total": total, "billing": address, "shipping": address,
            "date_created": local(self.created), "date_created_gmt": utc(self.created),
            "date_paid": local(self.created), "date_paid_gmt": utc(self.created),
            "date_modified": local(self.modified), "date_modified_gmt": utc(self.modified),
            "line_items": [self.line(&total)], "refunds": refunds.collect::<Vec<_>>(),
        });
        if let (Value::Object(view), Value::Object(own)) = (&mut view, own) {
            view.extend(own);
        }
        view
    }

    fn line(&self, total: &str) -> Value {
        json!({
            "id": self.id * 10, "name": "Mug", "product_id": 7, "variation_id": 0, "quantity": 1, "tax_class": "",
            "subtotal": total, "subtotal_tax": "0.00", "total": total, "total_tax": "0.00", "taxes": [],
            "meta_data": [], "sku": "MUG", "price": (self.total as f64) / 100.0,
        })
    }
}

fn decimal(hundredths: u64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// The constant fields of the shop's orders.
static CONSTANT: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "parent_id": 0, "currency": "EUR", "version": "9.9.0", "prices_include_tax": true,
        "discount_total": "0.00", "discount_tax": "0.00", "shipping_total": "0.00", "shipping_tax": "0.00",
        "cart_tax": "0.00", "total_tax": "0.00", "customer_id": 0, "payment_method": "bacs",
        "payment_method_title": "Bank transfer", "transaction_id": "", "customer_ip_address": "192.0.2.1",
        "customer_user_agent": "", "created_via": "checkout", "customer_note": "", "cart_hash": "",
        "date_completed": null, "date_completed_gmt": null, "meta_data": [], "tax_lines": [],
        "shipping_lines": [], "fee_lines": [], "coupon_lines": [],
    })
});
