//! Abandoned checkouts, which appear, change, become orders and expire as the shop's orders change.

use super::super::any_shop::Change;
use super::order::{date, money};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Numbers of checkouts that an order completes, and of those that stay abandoned.
const COMPLETED_FROM: u64 = 10_000;
const LEFT_FROM: u64 = 20_000;
/// One in this many orders completes an abandoned checkout, and next to another one a checkout
/// stays abandoned.
const EVERY: u64 = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    id: u64,
    created: Timestamp,
    pub(super) updated: Timestamp,
    completed: Option<Timestamp>,
    /// In hundredths.
    total: u64,
}

impl Checkout {
    fn new(id: u64, at: Timestamp) -> Self {
        Self { id, created: at, updated: at, completed: None, total: 700 + id }
    }

    pub(super) fn created(&self) -> Timestamp {
        self.created
    }

    pub(super) fn gid(&self) -> String {
        format!("gid://shopify/AbandonedCheckout/{}", self.id)
    }

    /// As the API shows it, with all its fields.
    pub(super) fn view(&self, sees_addresses: bool) -> Value {
        let Self { id, total, .. } = self;
        // The same buyer abandons and completes it.
        let buyer = id % COMPLETED_FROM;
        let address = json!({ "emailAddress": format!("buyer{buyer}@example.com"), "marketingState": "NOT_SUBSCRIBED" });
        let customer = json!({ "id": format!("gid://shopify/Customer/{buyer}"), "defaultEmailAddress": address });
        let token = token_of(*id);
        let line = json!({
            "__typename": "AbandonedCheckoutLineItem", "id": format!("gid://shopify/AbandonedCheckoutLineItem/{id}01"),
            "title": "Mug", "sku": "MUG-1", "quantity": 1, "originalUnitPriceSet": money(*total),
            "variant": {"id": "gid://shopify/ProductVariant/1"}, "product": {"id": "gid://shopify/Product/7"},
        });
        json!({
            "__typename": "AbandonedCheckout", "id": self.gid(), "name": format!("#{id}"),
            "abandonedCheckoutUrl": format!("https://simulator.myshopify.com/1/checkouts/ac/{token}/recover?key=0f{id}"),
            "createdAt": date(self.created), "updatedAt": date(self.updated), "completedAt": self.completed.map(date),
            "customer": sees_addresses.then_some(customer), "totalPriceSet": money(*total), "totalTaxSet": money(0),
            "totalDiscountSet": money(0), "lineItems": {"edges": [{"node": line}]},
        })
    }
}

/// The token of a checkout's cart.
fn token_of(checkout: u64) -> String {
    format!("hWN-cart-token-{checkout}")
}

/// The token of the cart that an order completed, if any.
pub(super) fn token_of_order(order: u64) -> Option<String> {
    order.is_multiple_of(EVERY).then(|| token_of(COMPLETED_FROM + order))
}

/// The checkouts of a shop.
#[derive(Debug, Default)]
pub struct Checkouts {
    pub(super) listed: BTreeMap<u64, Checkout>,
    /// Checkouts that the shop no longer lists.
    expired: BTreeSet<u64>,
}

impl Checkouts {
    /// Some placed orders complete a checkout that was abandoned with the previous order; next to
    /// others a checkout is abandoned, which changes and expires with them.
    pub(super) fn follow(&mut self, change: Change, is_new: bool) {
        match change {
            Change::Put { id, at, .. } if is_new && id.is_multiple_of(EVERY) => {
                let checkout = COMPLETED_FROM + id;
                if let Some(checkout) = self.listed.get_mut(&checkout) {
                    (checkout.completed, checkout.updated) = (Some(at), at);
                }
                self.leave(checkout + EVERY, at);
            }
            Change::Put { id, total, at } if id % EVERY == 1 => {
                if is_new {
                    self.leave(LEFT_FROM + id, at);
                } else if let Some(checkout) = self.listed.get_mut(&(LEFT_FROM + id)) {
                    (checkout.total, checkout.updated) = (total, at);
                }
            }
            Change::Delete { id } => {
                let checkout = LEFT_FROM + id;
                if self.listed.remove(&checkout).is_some() {
                    self.expired.insert(checkout);
                }
            }
            Change::Put { .. } | Change::Silent { .. } => {}
        }
    }

    fn leave(&mut self, id: u64, at: Timestamp) {
        self.expired.remove(&id);
        self.listed.entry(id).or_insert_with(|| Checkout::new(id, at));
    }

    /// The carts that an account may have; one with a total, in hundredths, must be there.
    /// `has_order`: whether the shop has an order.
    pub(super) fn carts(&self, has_order: impl Fn(u64) -> bool) -> BTreeMap<u64, Option<u64>> {
        // An order that was deleted before it was pulled completes no cart.
        let may_be_left = |checkout: &Checkout| match checkout.completed {
            Some(_) => (!has_order(checkout.id - COMPLETED_FROM)).then_some(None),
            None => Some(Some(checkout.total)),
        };
        let listed = self.listed.values();
        let listed = listed.filter_map(|checkout| Some((checkout.id, may_be_left(checkout)?)));
        listed.chain(self.expired.iter().map(|id| (*id, None))).collect()
    }
}
