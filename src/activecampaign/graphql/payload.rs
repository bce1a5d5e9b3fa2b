//! An order as the bulk path sends it: only fields that the schema has, and no blank values.

use super::super::wire::Id;
use super::schema::{InputType, OrderSchema};
use crate::domain::{
    Currency, Discount, DiscountKind, Historical, Line, Order, PriceReading, RemoteId,
};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use std::collections::BTreeMap;

/// How orders are written for one connection.
#[derive(Debug, Clone)]
pub struct BulkForm {
    pub schema: OrderSchema,
    pub connection: RemoteId,
    pub price: PriceReading,
}

/// The customer that ActiveCampaign has an order under, if that differs from the order's: it stays
/// there.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptCustomer {
    pub email: String,
    /// The shop's id of the customer; empty if it is not known.
    pub key: String,
}

/// An order, and the customer that it is sent for.
#[derive(Clone, Copy)]
pub struct SentOrder<'a> {
    pub order: &'a Order,
    pub kept: Option<&'a KeptCustomer>,
}

impl SentOrder<'_> {
    pub(super) fn email(&self) -> &str {
        self.kept.map_or(self.order.customer.email.as_str(), |kept| &kept.email)
    }
}

impl std::fmt::Debug for KeptCustomer {
    /// Hides the e-mail address.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeptCustomer(..)")
    }
}

/// Fields that the schema requires and for which no order has a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("ActiveCampaign's GraphQL requires fields that ordersync does not know: {}", .0.join(", "))]
pub struct UnknownFields(pub Vec<String>);

/// The only `creationSource` this program can write, as [`Historical`] is the only `source`.
fn creation_source(_: Historical) -> &'static str {
    "HISTORICAL"
}

/// The fields of one object, limited to those that the schema has.
struct InputFields<'a> {
    ty: &'a InputType,
    values: BTreeMap<&'static str, Box<RawValue>>,
}

impl<'a> InputFields<'a> {
    fn of(ty: &'a InputType) -> Self {
        Self { ty, values: BTreeMap::new() }
    }

    fn set(&mut self, name: &'static str, value: &impl Serialize) {
        if self.ty.has(name)
            && let Ok(value) = to_raw_value(value)
        {
            self.values.insert(name, value);
        }
    }

    /// Blank texts are left out: the account refuses some of them.
    fn text(&mut self, name: &'static str, text: &str) {
        if !text.trim().is_empty() {
            self.set(name, &text);
        }
    }

    /// A JSON number of the exact digits.
    fn amount(&mut self, name: &'static str, minor: impl Into<i128>, currency: Currency) {
        if let Ok(digits) = RawValue::from_string(currency.format_minor(minor.into())) {
            self.set(name, &digits);
        }
    }

    fn missing(&self) -> impl Iterator<Item = String> {
        let missing = self.ty.required().filter(|name| !self.values.contains_key(name));
        missing.map(str::to_owned)
    }
}

impl BulkForm {
    /// The order as an element of `$orders`.
    ///
    /// # Errors
    /// When the schema requires fields that no order has.
    pub(super) fn order(&self, sent: &SentOrder<'_>) -> Result<Box<RawValue>, UnknownFields> {
        let order = sent.order;
        let (mut parts, mut missing) = (Vec::new(), Vec::new());
        for line in &order.lines {
            let fields = self.line(line, order.currency);
            missing.extend(fields.missing());
            parts.push(fields.values);
        }
        let mut fields = InputFields::of(&self.schema.order);
        fields.text("storeOrderId", order.key.as_str());
        fields.set("legacyConnectionId", &Id(&self.connection));
        fields.set("storeCreatedDate", &order.created_at);
        fields.amount("finalAmount", order.total.minor(), order.currency);
        fields.text("email", sent.email());
        match (sent.kept, order.customer.accepts_marketing) {
            (Some(kept), _) => fields.text("storeCustomerId", &kept.key),
            (None, accepts) => {
                fields.text("storeCustomerId", order.customer.key.as_str());
                if let Some(accepts) = accepts {
                    fields.set("acceptsMarketing", &accepts);
                }
            }
        }
        let number = if order.number.is_empty() { order.key.as_str() } else { &order.number };
        fields.text("orderNumber", number);
        fields.text("cartId", order.cart.as_ref().map_or("", |cart| cart.as_str()));
        fields.set("creationSource", &creation_source(order.source));
        fields.set("suppressAutomations", &true);
        fields.set("normalizedStatus", &"COMPLETED");
        if let Some(at) = order.updated_at {
            fields.set("storeModifiedDate", &at);
        }
        if !parts.is_empty() {
            fields.set("lineItems", &parts);
        }
        self.discounts(order, &mut fields);
        fields.text("currency", order.currency.code());
        fields.text("shippingMethod", &order.shipping_method);
        fields.text("orderUrl", &order.order_url);
        if let Some(shipping) = order.shipping {
            fields.amount("shippingAmount", shipping.minor(), order.currency);
        }
        missing.extend(fields.missing());
        missing.sort_unstable();
        missing.dedup();
        if !missing.is_empty() {
            return Err(UnknownFields(missing));
        }
        to_raw_value(&fields.values).map_err(|_| UnknownFields(Vec::new()))
    }

    fn line(&self, line: &Line, currency: Currency) -> InputFields<'_> {
        let price = match self.price {
            PriceReading::Unit => i128::from(line.price.minor()),
            PriceReading::LineTotal => line.price.times(line.quantity),
        };
        let mut fields = InputFields::of(&self.schema.line);
        if self.schema.line.required().any(|name| name == "legacyConnectionId") {
            fields.set("legacyConnectionId", &Id(&self.connection));
        }
        fields.text("storeBaseProductId", &line.id);
        fields.text("name", &line.name);
        fields.set("quantity", &line.quantity);
        fields.amount("priceAmount", price, currency);
        fields.text("sku", &line.sku);
        fields.text("category", &line.category);
        fields.text("imageUrl", &line.image_url);
        fields.text("productUrl", &line.product_url);
        fields
    }

    fn discounts(&self, order: &Order, fields: &mut InputFields<'_>) {
        let of = |discount: &Discount| {
            let mut fields = InputFields::of(&self.schema.discount);
            fields.text("name", &discount.name);
            let kind = match discount.kind {
                DiscountKind::Order => "ORDER",
                DiscountKind::Shipping => "SHIPPING",
            };
            fields.set("type", &kind);
            fields.amount("discountAmount", discount.amount.minor(), order.currency);
            fields.values
        };
        let parts: Vec<_> = order.discounts.iter().map(of).collect();
        if !parts.is_empty() {
            fields.set("discounts", &parts);
        }
        // The documentation lists both names; a schema has one of them.
        if let Some(discount) = order.discount {
            for name in ["discountsAmount", "discountAmount"] {
                fields.amount(name, discount.minor(), order.currency);
            }
        }
    }
}
