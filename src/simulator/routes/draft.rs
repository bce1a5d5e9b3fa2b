use crate::simulator::call::Resource;
use crate::simulator::fields::FieldReader;
use crate::simulator::reply::Problem;
use crate::simulator::store::{Discount, Order, Product};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

const REQUIRED: &[&str] = &["email", "totalPrice", "currency", "connectionid", "customerid"];

/// The fields of an order that a request sent.
pub(in crate::simulator) struct Draft {
    pub externalid: Option<String>,
    pub externalcheckoutid: Option<String>,
    pub source: Option<i64>,
    pub email: Option<String>,
    pub currency: Option<String>,
    pub connectionid: Option<u64>,
    pub customerid: Option<u64>,
    total: Option<i64>,
    shipping: Option<i64>,
    tax: Option<i64>,
    discount: Option<i64>,
    order_url: Option<String>,
    shipping_method: Option<String>,
    order_number: Option<String>,
    placed: Option<Timestamp>,
    changed: Option<Timestamp>,
    abandoned: Option<Timestamp>,
    products: Option<Vec<Product>>,
    discounts: Option<Vec<Discount>>,
}

impl Draft {
    /// Reads the fields of a new order: required ones must be there.
    pub fn of_new(sent: &Map<String, Value>, zone: &TimeZone) -> Result<Self, Vec<Problem>> {
        let mut sheet = FieldReader::new(Resource::Order, sent);
        sheet.require(REQUIRED);
        if !sheet.has("orderDate") {
            sheet.require(&["externalCreatedDate"]);
        }
        let is_cart = !sheet.has("externalid");
        if is_cart && !sheet.has("externalcheckoutid") {
            sheet.require(&["externalid"]);
        } else if is_cart && !sheet.has("abandoned_date") {
            sheet.require(&["abandonedDate"]);
        }
        Self::read(sheet, zone)
    }

    /// Reads the fields of a change: all may be missing.
    pub fn of_change(sent: &Map<String, Value>, zone: &TimeZone) -> Result<Self, Vec<Problem>> {
        Self::read(FieldReader::new(Resource::Order, sent), zone)
    }

    fn read(mut sheet: FieldReader<'_>, zone: &TimeZone) -> Result<Self, Vec<Problem>> {
        let draft = Self {
            externalid: sheet.text("externalid"),
            externalcheckoutid: sheet.text("externalcheckoutid"),
            source: sheet.integer("source"),
            email: if sheet.has("email") { sheet.email() } else { None },
            currency: sheet.text("currency").map(|code| code.to_ascii_uppercase()),
            connectionid: sheet.id("connectionid"),
            customerid: sheet.id("customerid"),
            total: sheet.integer("totalPrice"),
            shipping: sheet.integer("shippingAmount"),
            tax: sheet.integer("taxAmount"),
            discount: sheet.integer("discountAmount"),
            order_url: sheet.text("orderUrl"),
            shipping_method: sheet.text("shippingMethod"),
            order_number: sheet.text("orderNumber"),
            placed: sheet
                .moment("externalCreatedDate", zone)
                .or_else(|| sheet.moment("orderDate", zone)),
            changed: sheet.moment("externalUpdatedDate", zone),
            abandoned: sheet
                .moment("abandonedDate", zone)
                .or_else(|| sheet.moment("abandoned_date", zone)),
            products: products(&mut sheet),
            discounts: discounts(&mut sheet),
        };
        if draft
            .currency
            .as_ref()
            .is_some_and(|code| code.len() != 3 || !code.bytes().all(|b| b.is_ascii_uppercase()))
        {
            sheet.invalid("currency");
        }
        if draft.source.is_some_and(|source| source > 1) {
            sheet.invalid("source");
        }
        if sheet.problems.is_empty() { Ok(draft) } else { Err(sheet.problems) }
    }

    /// The order that this draft of a new one describes.
    pub fn into_order(self, id: u64, now: Timestamp) -> Order {
        let mut order = Order {
            id,
            connectionid: self.connectionid.unwrap_or_default(),
            customerid: self.customerid.unwrap_or_default(),
            // The account's default is unknown; this is the dangerous one.
            source: 1,
            placed: now,
            state: 1,
            created: now,
            updated: now,
            ..Order::default()
        };
        let is_cart = self.externalid.is_none();
        self.apply(&mut order, now);
        if is_cart {
            order.state = if order.abandoned.is_some_and(|moment| moment <= now) { 2 } else { 0 };
        }
        order
    }

    /// Changes an order: fields that were not sent stay; products and discounts are replaced by
    /// those that were sent, if any.
    pub fn apply(self, order: &mut Order, now: Timestamp) {
        if order.externalid.is_none()
            && order.externalcheckoutid.is_some()
            && self.externalid.is_some()
        {
            order.state = 3;
        }
        keep(&mut order.source, self.source);
        keep(&mut order.email, self.email);
        keep(&mut order.currency, self.currency);
        keep(&mut order.total, self.total);
        keep(&mut order.order_url, self.order_url);
        keep(&mut order.shipping_method, self.shipping_method);
        keep(&mut order.order_number, self.order_number);
        keep(&mut order.placed, self.placed);
        order.externalid = self.externalid.or(order.externalid.take());
        order.externalcheckoutid = self.externalcheckoutid.or(order.externalcheckoutid.take());
        order.shipping = self.shipping.or(order.shipping);
        order.tax = self.tax.or(order.tax);
        order.discount = self.discount.or(order.discount);
        order.changed = self.changed.or(order.changed);
        order.abandoned = self.abandoned.or(order.abandoned);
        order.products = self.products.unwrap_or_default();
        order.discounts = self.discounts.unwrap_or_default();
        order.updated = now;
    }
}

fn keep<T>(field: &mut T, sent: Option<T>) {
    if let Some(sent) = sent {
        *field = sent;
    }
}

fn products(sheet: &mut FieldReader<'_>) -> Option<Vec<Product>> {
    let read = |(n, sent)| {
        let mut line = FieldReader::entry(Resource::Order, "orderProducts", n, sent);
        line.require(&["name", "price", "quantity"]);
        let product = Product {
            id: 0,
            externalid: line.text("externalid"),
            name: line.text("name").unwrap_or_default(),
            price: line.integer("price").unwrap_or_default(),
            quantity: line.integer("quantity").unwrap_or_default(),
            category: line.text("category"),
            sku: line.text("sku"),
            description: line.text("description"),
            image_url: line.text("imageUrl"),
            product_url: line.text("productUrl"),
        };
        (product, line.problems)
    };
    let (products, problems): (Vec<_>, Vec<_>) =
        sheet.list("orderProducts")?.into_iter().enumerate().map(read).unzip();
    sheet.problems.extend(problems.into_iter().flatten());
    Some(products)
}

fn discounts(sheet: &mut FieldReader<'_>) -> Option<Vec<Discount>> {
    let read = |(n, sent)| {
        let mut entry = FieldReader::entry(Resource::Order, "orderDiscounts", n, sent);
        let kind = entry.text("type");
        if kind.as_ref().is_some_and(|kind| kind != "order" && kind != "shipping") {
            entry.invalid("type");
        }
        let amount = entry.integer("discountAmount").unwrap_or_default();
        (Discount { id: 0, name: entry.text("name"), kind, amount }, entry.problems)
    };
    let (discounts, problems): (Vec<_>, Vec<_>) =
        sheet.list("orderDiscounts")?.into_iter().enumerate().map(read).unzip();
    sheet.problems.extend(problems.into_iter().flatten());
    Some(discounts)
}
