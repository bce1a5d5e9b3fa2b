use super::wire::{id_of, number_of, text_of};
use crate::domain::{Moment, OrderKey, RemoteId};
use jiff::tz::TimeZone;
use serde_json::Value;
use std::fmt;

/// A connection as ActiveCampaign holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub id: RemoteId,
    pub service: String,
    pub externalid: String,
    pub name: String,
    /// The shop's address; may be empty.
    pub link_url: String,
    /// A native integration of ActiveCampaign: not ours to write into.
    pub is_internal: bool,
    /// New contacts of this connection join this list.
    pub list_id: Option<String>,
}

/// A connection to create.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct NewConnection {
    pub service: String,
    pub externalid: String,
    pub name: String,
    #[serde(rename = "logoUrl")]
    pub logo_url: String,
    #[serde(rename = "linkUrl")]
    pub link_url: String,
}

/// An order as ActiveCampaign holds it. Texts it does not state are empty.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteOrder {
    pub id: RemoteId,
    pub externalid: String,
    /// Of a cart, before it became an order.
    pub externalcheckoutid: String,
    pub connection: RemoteId,
    pub customer: RemoteId,
    pub email: String,
    pub currency: String,
    /// In minor units of the currency.
    pub total_minor: Option<i64>,
    /// Tax, as the total; `None` if none is stated.
    pub tax_minor: Option<i64>,
    /// When the shop took the order.
    pub created_at: Option<Moment>,
    /// ActiveCampaign's own count; whether it counts lines or pieces differs.
    pub products: Option<u64>,
    /// 0 historical, 1 real time.
    pub source: Option<i64>,
    /// When ActiveCampaign changed the record last, as it came: another text after each write.
    pub updated: String,
}

impl RemoteOrder {
    /// Its identifier in the number space of a key.
    pub fn text_of(&self, key: &OrderKey) -> &str {
        if key.is_cart() { &self.externalcheckoutid } else { &self.externalid }
    }

    /// As [`OrderKey::ledger_text`] of the key it would have.
    pub fn ledger_text(&self) -> String {
        if self.is_order() { self.externalid.clone() } else { self.checkout_text() }
    }

    /// As [`OrderKey::ledger_text`] of the cart that became this order.
    pub fn cart_text(&self) -> Option<String> {
        (self.is_order() && !self.externalcheckoutid.is_empty()).then(|| self.checkout_text())
    }

    fn checkout_text(&self) -> String {
        format!(" {}", self.externalcheckoutid)
    }

    /// It has an `externalid`; without, it is a cart.
    pub fn is_order(&self) -> bool {
        !self.externalid.is_empty()
    }
}

/// A customer as ActiveCampaign holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteCustomer {
    pub id: RemoteId,
    pub connection: RemoteId,
    pub externalid: String,
    pub email: String,
}

/// A contact of the account.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteContact {
    pub id: RemoteId,
    pub email: String,
}

/// A line of an order as ActiveCampaign holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteProduct {
    pub id: RemoteId,
    pub externalid: String,
    pub name: String,
    /// Of one unit, in minor units.
    pub price_minor: Option<i64>,
    pub quantity: Option<u64>,
    /// `None`: the answer does not say.
    pub sku: Option<String>,
    /// As `sku`.
    pub category: Option<String>,
}

/// A discount of an order as ActiveCampaign holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteDiscount {
    pub id: RemoteId,
    /// `order` or `shipping`.
    pub kind: String,
    pub amount_minor: Option<i64>,
    /// Empty if the account stores none.
    pub name: String,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The records that match the request; ActiveCampaign may send others too.
    pub records: Vec<T>,
    /// Length of the whole list, if ActiveCampaign states it.
    pub total: Option<u64>,
}

/// A kind of record ActiveCampaign lists.
pub trait Record: Sized {
    /// The list's path.
    const ROUTE: &'static str;
    /// The list's name in an answer.
    const LIST: &'static str;

    /// `None` for what has no id.
    fn read(value: &Value) -> Option<Self>;

    fn id(&self) -> &RemoteId;
}

impl Record for Connection {
    const ROUTE: &'static str = "/connections";
    const LIST: &'static str = "connections";

    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            id: id_of(value, "id")?,
            service: text_of(value, "service"),
            externalid: text_of(value, "externalid"),
            name: text_of(value, "name"),
            link_url: text_of(value, "linkUrl"),
            is_internal: matches!(text_of(value, "isInternal").as_str(), "1" | "true"),
            list_id: Some(text_of(value, "listId")).filter(|id| !matches!(id.as_str(), "" | "0")),
        })
    }

    fn id(&self) -> &RemoteId {
        &self.id
    }
}

impl Record for RemoteOrder {
    const ROUTE: &'static str = "/ecomOrders";
    const LIST: &'static str = "ecomOrders";

    fn read(value: &Value) -> Option<Self> {
        // Answers have both names, or either one.
        let date = ["externalCreatedDate", "orderDate"].map(|key| text_of(value, key));
        Some(Self {
            id: id_of(value, "id")?,
            externalid: text_of(value, "externalid"),
            externalcheckoutid: text_of(value, "externalcheckoutid"),
            connection: RemoteId::new(text_of(value, "connectionid")),
            customer: RemoteId::new(text_of(value, "customerid")),
            email: text_of(value, "email"),
            currency: text_of(value, "currency"),
            total_minor: number_of(value, "totalPrice"),
            tax_minor: number_of(value, "taxAmount"),
            created_at: date.iter().find_map(|text| Moment::parse(text, &TimeZone::UTC).ok()),
            products: number_of(value, "totalProducts"),
            source: number_of(value, "source"),
            updated: text_of(value, "updatedDate"),
        })
    }

    fn id(&self) -> &RemoteId {
        &self.id
    }
}

impl Record for RemoteCustomer {
    const ROUTE: &'static str = "/ecomCustomers";
    const LIST: &'static str = "ecomCustomers";

    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            id: id_of(value, "id")?,
            connection: RemoteId::new(text_of(value, "connectionid")),
            externalid: text_of(value, "externalid"),
            email: text_of(value, "email"),
        })
    }

    fn id(&self) -> &RemoteId {
        &self.id
    }
}

impl RemoteCustomer {
    /// ActiveCampaign's aggregate over all customers with one address, or the remainder of a
    /// deleted contact: no order may be attached to either.
    pub(super) fn is_pseudo(&self) -> bool {
        self.connection.as_str() == "0" || matches!(self.externalid.as_str(), "" | "0")
    }
}

impl Record for RemoteContact {
    const ROUTE: &'static str = "/contacts";
    const LIST: &'static str = "contacts";

    fn read(value: &Value) -> Option<Self> {
        Some(Self { id: id_of(value, "id")?, email: text_of(value, "email") })
    }

    fn id(&self) -> &RemoteId {
        &self.id
    }
}

impl Record for RemoteProduct {
    const ROUTE: &'static str = "/ecomOrderProducts";
    const LIST: &'static str = "ecomOrderProducts";

    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            id: id_of(value, "id")?,
            externalid: text_of(value, "externalid"),
            name: text_of(value, "name"),
            price_minor: number_of(value, "price"),
            quantity: number_of(value, "quantity"),
            sku: value.get("sku").map(|_| text_of(value, "sku")),
            category: value.get("category").map(|_| text_of(value, "category")),
        })
    }

    fn id(&self) -> &RemoteId {
        &self.id
    }
}

impl Record for RemoteDiscount {
    const ROUTE: &'static str = "/ecomOrderDiscounts";
    const LIST: &'static str = "ecomOrderDiscounts";

    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            id: id_of(value, "id")?,
            kind: text_of(value, "type"),
            amount_minor: number_of(value, "discountAmount"),
            name: text_of(value, "name"),
        })
    }

    fn id(&self) -> &RemoteId {
        &self.id
    }
}

/// Hides the e-mail address.
impl fmt::Debug for RemoteOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteOrder")
            .field("id", &self.id)
            .field("externalid", &self.externalid)
            .field("connection", &self.connection)
            .field("customer", &self.customer)
            .field("currency", &self.currency)
            .field("total_minor", &self.total_minor)
            .field("created_at", &self.created_at)
            .field("products", &self.products)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// Hides the e-mail address, which the key of a guest repeats.
impl fmt::Debug for RemoteCustomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteCustomer")
            .field("id", &self.id)
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}
