//! The connections to which a probe writes: two that no shop has, each with a customer and invented
//! orders.

use super::prober::{Prober, Tried};
use super::report::NoAnswer;
use crate::activecampaign::{
    BulkBody, BulkForm, BulkReply, BulkTrial, OrderSchema, OrderTrial, RemoteOrder, SentOrder,
};
use crate::domain::{
    Amount, Currency, Customer, CustomerKey, Email, Historical, Line, Moment, Order, OrderKey,
    PriceReading, RemoteId, Text,
};
use crate::run::ConnectionSpec;
use jiff::tz::TimeZone;
use serde_json::Value;
use std::cell::RefCell;
use std::ops::Deref;

/// The service of the probe's connections: everything with it may be removed.
pub const PROBE_SERVICE: &str = "ordersync-probe";
/// The number of an invented person, from 1.
pub const PERSONS: u64 = 4;

/// A connection, and the customer of its orders.
pub(super) struct TestShop {
    pub(super) connection: RemoteId,
    pub(super) customer: RemoteId,
    person: u64,
}

/// Asks the questions that write.
pub(super) struct TestShops<'a> {
    pub(super) prober: &'a Prober<'a>,
    /// Its orders come by REST.
    pub(super) shop: TestShop,
    /// Its orders come by GraphQL.
    pub(super) bulk: TestShop,
    /// Orders that REST created.
    pub(super) created: RefCell<Vec<RemoteId>>,
    /// Orders that GraphQL may have accepted.
    pub(super) sent: RefCell<Vec<OrderKey>>,
    /// Those among them that REST has shown.
    pub(super) copied: RefCell<Vec<OrderKey>>,
    schema: RefCell<Option<OrderSchema>>,
}

impl<'a> Deref for TestShops<'a> {
    type Target = Prober<'a>;

    fn deref(&self) -> &Prober<'a> {
        self.prober
    }
}

/// The probe's connection of this number.
pub(super) fn connection_spec(number: u8) -> ConnectionSpec {
    ConnectionSpec {
        service: PROBE_SERVICE.to_owned(),
        externalid: format!("{PROBE_SERVICE}-{number}"),
        name: "ordersync probe".to_owned(),
        link_url: "https://example.com".to_owned(),
        logo_url: "https://example.com/logo.png".to_owned(),
    }
}

/// The e-mail address of an invented person.
pub(super) fn address(person: u64) -> String {
    format!("{PROBE_SERVICE}-{person}@example.com")
}

pub(super) fn customer(person: u64, email_of: u64) -> Result<Customer, NoAnswer> {
    let email = Email::parse(&address(email_of)).map_err(|_| bad_constant())?;
    let key = CustomerKey::registered(&format!("{PROBE_SERVICE}-{person}"));
    Ok(Customer { key, email, accepts_marketing: None })
}

pub(super) fn amount(minor: i64) -> Result<Amount, NoAnswer> {
    Amount::from_minor(minor).ok_or_else(bad_constant)
}

pub(super) fn line(name: &str, quantity: u32, price_minor: i64) -> Result<Line, NoAnswer> {
    Ok(Line {
        id: format!("{PROBE_SERVICE}-{name}").into(),
        name: name.into(),
        price: amount(price_minor)?,
        is_price_rounded: false,
        quantity,
        sku: Text::default(),
        category: Text::default(),
        image_url: Text::default(),
        product_url: Text::default(),
    })
}

pub(super) fn key(name: &str) -> Result<OrderKey, NoAnswer> {
    OrderKey::parse(&format!("{PROBE_SERVICE}-{name}")).map_err(|_| bad_constant())
}

/// A constant of this file is invalid for its type.
fn bad_constant() -> NoAnswer {
    NoAnswer::because("constant")
}

impl TestShop {
    /// Creates the customer of a connection.
    pub(super) async fn open(
        prober: &Prober<'_>,
        connection: RemoteId,
        person: u64,
    ) -> Result<Self, NoAnswer> {
        let customer = customer(person, person)?;
        let create = prober.send(async |turn| turn.create_customer(&connection, &customer).await);
        let customer = create.await?.taken()?;
        Ok(Self { connection, customer, person })
    }

    /// An order of one unit at 10.00.
    pub(super) fn order(&self, name: &str) -> Result<Order, NoAnswer> {
        Ok(Order {
            key: key(name)?,
            cart: None,
            source: Historical,
            customer: customer(self.person, self.person)?,
            number: Text::default(),
            lines: vec![line("a", 1, 1_000)?],
            discounts: Vec::new(),
            order_url: Text::default(),
            shipping_method: Text::default(),
            total: amount(1_000)?,
            shipping: None,
            tax: None,
            discount: None,
            currency: Currency::parse("USD").map_err(|_| bad_constant())?,
            created_at: Moment::parse("2020-01-01T00:00:00Z", &TimeZone::UTC)
                .map_err(|_| bad_constant())?,
            updated_at: None,
            abandoned_at: None,
        })
    }
}

impl<'a> TestShops<'a> {
    pub(super) fn new(prober: &'a Prober<'a>, shop: TestShop, bulk: TestShop) -> Self {
        let (created, sent, copied, schema) = Default::default();
        Self { prober, shop, bulk, created, sent, copied, schema }
    }

    /// Creates an order by REST.
    pub(super) async fn create(&self, order: &Order) -> Result<Tried<RemoteId>, NoAnswer> {
        self.create_with(order, &[]).await
    }

    /// The same with other fields.
    pub(super) async fn create_with(
        &self,
        order: &Order,
        fields: &[(&'static str, Value)],
    ) -> Result<Tried<RemoteId>, NoAnswer> {
        let TestShop { connection, customer, .. } = &self.shop;
        self.create_as(&OrderTrial { connection, customer, order, fields }).await
    }

    pub(super) async fn create_as(
        &self,
        trial: &OrderTrial<'_>,
    ) -> Result<Tried<RemoteId>, NoAnswer> {
        let tried = self.send(async |turn| turn.try_order(trial).await).await?;
        if let Tried::Taken(id) = &tried {
            self.created.borrow_mut().push(id.clone());
        }
        Ok(tried)
    }

    /// The record of an id in REST.
    pub(super) async fn record(&self, id: &RemoteId) -> Result<RemoteOrder, NoAnswer> {
        let found = self.read(self.client.order(id)).await?;
        found.ok_or_else(|| NoAnswer::because("not_found"))
    }

    /// Sends orders in one batch.
    pub(super) async fn upsert(&self, orders: &[Order]) -> Result<Tried<Vec<BulkReply>>, NoAnswer> {
        let schema = self.schema().await?;
        let connection = self.bulk.connection.clone();
        let form = BulkForm { schema, connection, price: PriceReading::Unit };
        let sent: Vec<SentOrder<'_>> =
            orders.iter().map(|order| SentOrder { order, kept: None }).collect();
        let body = || BulkBody::new(&form, &sent);
        body().map_err(|_| NoAnswer::because("unknown_fields"))?;
        let tried = self.send(async |turn| match body() {
            Ok(body) => turn.upsert_orders(body, &sent, &form).await,
            Err(_) => Ok(Vec::new()),
        });
        let tried = tried.await;
        let may_be_stored = |index: usize| match &tried {
            Ok(Tried::Taken(replies)) => {
                matches!(replies.get(index), Some(BulkReply::Accepted | BulkReply::Unclear))
            }
            Ok(Tried::Refused) => false,
            Err(_) => true,
        };
        let stored = orders.iter().enumerate().filter(|(index, _)| may_be_stored(*index));
        self.sent.borrow_mut().extend(stored.map(|(_, order)| order.key.clone()));
        tried
    }

    /// Sends one order by GraphQL in a form that no load uses.
    pub(super) async fn try_bulk(
        &self,
        order: &Order,
        trial: BulkTrial,
    ) -> Result<Tried<()>, NoAnswer> {
        let schema = self.schema().await?;
        let connection = self.bulk.connection.clone();
        let form = BulkForm { schema, connection, price: PriceReading::Unit };
        let sent = SentOrder { order, kept: None };
        let body = || {
            BulkBody::of_trial(&form, &sent, trial)
                .ok_or_else(|| NoAnswer::because("unknown_fields"))
        };
        body()?;
        self.sent.borrow_mut().push(order.key.clone());
        self.send(async |turn| match body() {
            Ok(body) => turn.try_bulk(body).await,
            Err(_) => Ok(()),
        })
        .await
    }

    async fn schema(&self) -> Result<OrderSchema, NoAnswer> {
        if let Some(schema) = &*self.schema.borrow() {
            return Ok(schema.clone());
        }
        let schema = self.read(self.client.order_schema()).await?;
        Ok(self.schema.borrow_mut().insert(schema).clone())
    }

    /// Sends one order by GraphQL, which must be accepted.
    pub(super) async fn accepted(&self, order: &Order) -> Result<(), NoAnswer> {
        let replies = self.upsert(std::slice::from_ref(order)).await?.taken()?;
        match replies.as_slice() {
            [BulkReply::Accepted] => Ok(()),
            [BulkReply::Named(text)] => Err(NoAnswer::because(text)),
            _ => Err(NoAnswer::because("not_accepted")),
        }
    }

    /// The REST record of an order that was sent by GraphQL, once it exists.
    pub(super) async fn copy_of(&self, key: &OrderKey) -> Result<RemoteOrder, NoAnswer> {
        let connection = &self.bulk.connection;
        let look = async || self.read(self.client.order_by_key(connection, key)).await;
        let copy = self.look(look).await?.ok_or_else(|| NoAnswer::because("not_visible"))?;
        self.copied.borrow_mut().push(key.clone());
        Ok(copy)
    }
}
