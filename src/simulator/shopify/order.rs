use super::ProtectedData;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// An order of the simulated shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopifyOrder {
    pub id: u64,
    pub created: Timestamp,
    pub updated: Timestamp,
    /// In hundredths, over all lines.
    pub total: u64,
    /// How many lines it has, each of one piece.
    pub lines: u64,
    /// Blank for an order without one.
    pub email: String,
}

impl ShopifyOrder {
    /// An order of two lines, changed when it was created.
    pub fn new(id: u64, created: Timestamp) -> Self {
        let email = format!("buyer{id}@example.com");
        Self { id, created, updated: created, total: 1000 + id, lines: 2, email }
    }

    pub(super) fn gid(&self) -> String {
        format!("gid://shopify/Order/{}", self.id)
    }

    /// As the API shows it, with all its fields. Lists of nodes are `{"edges": [{"node": …}]}`.
    pub(super) fn view(&self, protected: ProtectedData) -> Value {
        let is_approved = protected == ProtectedData::Approved;
        let customer = json!({
            "id": format!("gid://shopify/Customer/{}", self.id), "emailMarketingConsent": {"marketingState": "NOT_SUBSCRIBED"},
        });
        let lines = (1..=self.lines).map(|n| json!({ "node": self.line(n) }));
        json!({
            "__typename": "Order", "id": self.gid(), "name": format!("#{}", self.id),
            "email": Some(&self.email).filter(|email| is_approved && !email.is_empty()), "createdAt": date(self.created), "updatedAt": date(self.updated),
            "cancelledAt": null, "displayFinancialStatus": "PAID", "test": false, "sourceName": "web", "currencyCode": "EUR",
            "customer": is_approved.then_some(customer), "totalPriceSet": money(self.total), "subtotalPriceSet": money(self.total),
            "totalTaxSet": money(0), "totalShippingPriceSet": money(0), "totalDiscountsSet": money(0), "totalRefundedSet": money(0),
            "subtotalLineItemsQuantity": self.lines, "shippingLine": null, "lineItems": {"edges": lines.collect::<Vec<_>>()},
        })
    }

    /// The first line costs the rest of the total.
    fn line(&self, n: u64) -> Value {
        let each = self.total / self.lines;
        let price = if n == 1 { self.total - each * (self.lines - 1) } else { each };
        json!({
            "__typename": "LineItem", "id": format!("gid://shopify/LineItem/{}{n:02}", self.id), "name": format!("Mug {n}"),
            "sku": format!("MUG-{n}"), "quantity": 1, "originalUnitPriceSet": money(price),
            "variant": {"id": format!("gid://shopify/ProductVariant/{n}")}, "product": {"id": "gid://shopify/Product/7"},
            "discountAllocations": [],
        })
    }
}

pub(super) fn date(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(super) fn money(hundredths: u64) -> Value {
    let amount = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    json!({ "shopMoney": { "amount": amount, "currencyCode": "EUR" } })
}
