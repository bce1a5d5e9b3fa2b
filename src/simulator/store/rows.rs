use super::table::Row;
use jiff::Timestamp;

/// The record of a shop.
#[derive(Clone, Default)]
pub(in crate::simulator) struct Connection {
    pub id: u64,
    pub service: String,
    pub externalid: String,
    pub name: String,
    /// One of the account's own integrations, which no other client should write to.
    pub is_internal: bool,
    pub logo_url: String,
    pub link_url: String,
    pub list_id: Option<String>,
    pub status: String,
    pub sync_status: String,
    pub created: Timestamp,
    pub updated: Timestamp,
}

impl Connection {
    /// A new connection.
    pub fn new(id: u64, service: String, externalid: String, now: Timestamp) -> Self {
        Self {
            id,
            service,
            externalid,
            status: "1".to_owned(),
            sync_status: "0".to_owned(),
            created: now,
            updated: now,
            ..Self::default()
        }
    }
}

impl Row for Connection {
    const INDEXED: &'static [&'static str] = &[];
    const SEARCHED: &'static [&'static str] = &["service", "externalid"];

    fn id(&self) -> u64 {
        self.id
    }

    fn field(&self, name: &str) -> Option<String> {
        match name {
            "service" => Some(self.service.clone()),
            "externalid" => Some(self.externalid.clone()),
            _ => None,
        }
    }
}

/// A person whom the account may write to; contacts count towards its plan.
pub(in crate::simulator) struct Contact {
    pub id: u64,
    pub email: String,
}

impl Row for Contact {
    const INDEXED: &'static [&'static str] = &["email"];

    fn id(&self) -> u64 {
        self.id
    }

    fn field(&self, name: &str) -> Option<String> {
        (name == "email").then(|| self.email.clone())
    }
}

/// A customer of one connection; with connection 0 the account's own sum over an e-mail address.
#[derive(Clone, Default)]
pub(in crate::simulator) struct Customer {
    pub id: u64,
    pub connectionid: u64,
    pub externalid: String,
    pub email: String,
    pub accepts_marketing: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub revenue: i64,
    pub orders: i64,
    pub products: i64,
    pub updated: Timestamp,
}

impl Customer {
    /// A new customer.
    pub fn new(
        id: u64,
        connectionid: u64,
        externalid: String,
        email: String,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            connectionid,
            externalid,
            email,
            accepts_marketing: "0".to_owned(),
            updated: now,
            ..Self::default()
        }
    }

    /// Whether it is the account's own sum over an e-mail address, to which no order may be
    /// attached.
    pub fn is_pseudo(&self) -> bool {
        self.connectionid == 0
    }
}

impl Row for Customer {
    const INDEXED: &'static [&'static str] = &["externalid", "email", "connectionid"];

    fn id(&self) -> u64 {
        self.id
    }

    fn field(&self, name: &str) -> Option<String> {
        match name {
            "externalid" => Some(self.externalid.clone()),
            "email" => Some(self.email.clone()),
            "connectionid" => Some(self.connectionid.to_string()),
            _ => None,
        }
    }
}

/// An order, or a cart while it has no `externalid`. Amounts are minor units.
#[derive(Clone, Default)]
pub(in crate::simulator) struct Order {
    pub id: u64,
    pub connectionid: u64,
    pub customerid: u64,
    pub externalid: Option<String>,
    pub externalcheckoutid: Option<String>,
    pub source: i64,
    pub email: String,
    pub currency: String,
    pub total: i64,
    pub shipping: Option<i64>,
    pub tax: Option<i64>,
    pub discount: Option<i64>,
    pub order_url: String,
    pub shipping_method: String,
    pub order_number: String,
    pub placed: Timestamp,
    pub changed: Option<Timestamp>,
    pub abandoned: Option<Timestamp>,
    /// 0 pending, 1 completed, 2 abandoned, 3 recovered.
    pub state: u8,
    pub products: Vec<Product>,
    pub discounts: Vec<Discount>,
    pub created: Timestamp,
    pub updated: Timestamp,
}

impl Order {
    /// Whether it counts as a purchase: carts don't.
    pub fn is_bought(&self) -> bool {
        matches!(self.state, 1 | 3)
    }

    /// The shop's key that identifies it.
    pub fn key(&self) -> String {
        self.externalid.clone().or_else(|| self.externalcheckoutid.clone()).unwrap_or_default()
    }

    pub fn quantity(&self) -> i64 {
        self.products.iter().map(|product| product.quantity).fold(0, i64::saturating_add)
    }
}

impl Row for Order {
    const INDEXED: &'static [&'static str] =
        &["externalid", "externalcheckoutid", "email", "connectionid", "customerid"];
    const SEARCHED: &'static [&'static str] = &["state", "external_created_date"];

    fn id(&self) -> u64 {
        self.id
    }

    fn field(&self, name: &str) -> Option<String> {
        match name {
            "externalid" => self.externalid.clone(),
            "externalcheckoutid" => self.externalcheckoutid.clone(),
            "email" => Some(self.email.clone()),
            "connectionid" => Some(self.connectionid.to_string()),
            "customerid" => Some(self.customerid.to_string()),
            "state" => Some(self.state.to_string()),
            "external_created_date" => Some(self.placed.to_string()),
            _ => None,
        }
    }
}

/// A line of an order. The price is in minor units, for one unit.
#[derive(Clone)]
pub(in crate::simulator) struct Product {
    pub id: u64,
    pub externalid: Option<String>,
    pub name: String,
    pub price: i64,
    pub quantity: i64,
    pub category: Option<String>,
    pub sku: Option<String>,
    pub description: Option<String>,
    pub image_url: Option<String>,
    pub product_url: Option<String>,
}

/// A discount of an order, in minor units.
#[derive(Clone)]
pub(in crate::simulator) struct Discount {
    pub id: u64,
    pub name: Option<String>,
    /// `order` or `shipping`.
    pub kind: Option<String>,
    pub amount: i64,
}
