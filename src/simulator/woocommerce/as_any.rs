use super::super::any_shop::{AnyShop, Change, System};
use super::super::host_faults::HostFault;
use super::{Cache, ShopOrder, WooCommerce, WooOptions};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

pub(in super::super) static SYSTEM: System = System {
    name: "woocommerce",
    secrets: &[("key", "ck_simulator"), ("secret", "cs_simulator")],
    texts: &[],
    start: |orders, variant| {
        let orders = orders.into_iter().map(|(id, at)| ShopOrder::new(id, at)).collect();
        Box::pin(async move {
            let shop: Box<dyn AnyShop> =
                Box::new(WooCommerce::start(options(variant), orders).await?);
            Ok(shop)
        })
    },
};

fn options(variant: u64) -> WooOptions {
    let zone = ["UTC", "Europe/Berlin", "Asia/Kolkata"][(variant % 3) as usize];
    WooOptions {
        orders_at_once_max: [100, 60, 100, 7][(variant % 4) as usize],
        hides_totals: variant % 7 == 5,
        prints_notice: variant % 6 == 5,
        cache: if variant % 5 == 4 { Cache::ByAddress } else { Cache::None },
        zone: TimeZone::get(zone).unwrap_or(TimeZone::UTC),
        ..WooOptions::default()
    }
}

impl AnyShop for WooCommerce {
    fn url(&self) -> String {
        Self::url(self)
    }

    fn requests(&self) -> usize {
        Self::requests(self).len()
    }

    fn violations(&self) -> Vec<String> {
        Self::violations(self)
    }

    fn totals(&self) -> BTreeMap<u64, u64> {
        self.orders().iter().map(|order| (order.id, order.total)).collect()
    }

    fn apply(&self, change: Change) {
        self.change(|orders| changed(orders, change));
    }

    fn call_before(&self, request: usize, call: Box<dyn FnOnce() + Send>) {
        self.change_before(request, move |_| call());
    }

    fn apply_before(&self, request: usize, change: Change) {
        self.change_before(request, move |orders| changed(orders, change));
    }

    fn fail_next(&self, fault: HostFault) {
        Self::fail_next(self, fault);
    }

    fn set_clock(&self, ahead_s: i64) {
        self.set(|options| options.clock_ahead_s = ahead_s);
    }
}

fn changed(orders: &mut BTreeMap<u64, ShopOrder>, change: Change) {
    match change {
        Change::Put { id, total, at } => {
            let order = orders.entry(id).or_insert_with(|| ShopOrder::new(id, at));
            (order.total, order.modified) = (total, at);
        }
        Change::Delete { id } => drop(orders.remove(&id)),
        Change::Silent { id, total } => {
            orders.entry(id).and_modify(|order| order.total = total);
        }
    }
}
