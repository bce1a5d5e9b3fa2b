use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// An order of the simulated shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MagentoOrder {
    pub id: u64,
    /// The store view in which it was placed.
    pub store_id: u64,
    pub state: &'static str,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// In hundredths.
    pub total: u64,
    pub email: String,
}

impl MagentoOrder {
    /// A completed order, changed when it was created.
    pub fn new(id: u64, created: Timestamp) -> Self {
        Self {
            id,
            store_id: 1,
            state: "complete",
            created,
            updated: created,
            total: 1000 + id,
            email: format!("buyer{id}@example.com"),
        }
    }

    /// The value that a list compares with a filter.
    pub(super) fn field(&self, name: &str) -> Option<Field> {
        Some(match name {
            "entity_id" => Field::Number(self.id),
            "store_id" => Field::Number(self.store_id),
            "created_at" => Field::Date(in_utc(self.created)),
            "updated_at" => Field::Date(in_utc(self.updated)),
            _ => return None,
        })
    }

    /// As the API shows it.
    pub(super) fn view(&self) -> Value {
        let total = self.total as f64 / 100.0;
        let address = json!({
            "address_type": "billing", "city": "Springfield", "country_id": "US", "email": self.email,
            "firstname": "Buyer", "lastname": self.id.to_string(), "postcode": "12345",
            "street": ["Long Road 1"], "telephone": "0000", "entity_id": self.id * 2, "parent_id": self.id,
        });
        json!({
            "base_currency_code": "EUR", "base_grand_total": total, "billing_address": address,
            "created_at": in_utc(self.created), "customer_email": self.email, "customer_is_guest": 1,
            "discount_amount": 0, "entity_id": self.id, "grand_total": total,
            "increment_id": format!("{:09}", self.id), "items": [{
                "item_id": self.id * 10, "order_id": self.id, "product_type": "simple", "product_id": 7,
                "sku": "MUG", "name": "Mug", "price": total, "qty_ordered": 1, "row_total": total,
                "discount_amount": 0,
            }],
            "order_currency_code": "EUR", "payment": {"method": "checkmo", "amount_ordered": total},
            "shipping_amount": 0, "shipping_incl_tax": 0, "shipping_description": "Flat Rate - Fixed",
            "state": self.state, "status": self.state, "store_id": self.store_id,
            "store_name": "Main Website\nMain Website Store\nDefault Store View", "subtotal": total,
            "tax_amount": 0, "updated_at": in_utc(self.updated),
            "extension_attributes": {"shipping_assignments": []},
        })
    }
}

/// A field of an order, as lists compare it.
pub(super) enum Field {
    Number(u64),
    Date(String),
}

/// In whole seconds, as the database keeps it.
fn in_utc(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
