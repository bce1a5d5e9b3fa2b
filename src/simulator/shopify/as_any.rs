use super::super::any_shop::{AnyShop, Change, System};
use super::super::host_faults::HostFault;
use super::{BulkEnd, Shopify, ShopifyOptions, ShopifyOrder};
use std::collections::BTreeMap;

pub(in super::super) static SYSTEM: System = System {
    name: "shopify",
    secrets: &[("token", "shpat_simulator")],
    texts: &[],
    start: |orders, variant| {
        let orders = orders.into_iter().map(|(id, at)| ShopifyOrder::new(id, at)).collect();
        Box::pin(async move {
            let shop: Box<dyn AnyShop> = Box::new(Shopify::start(options(variant), orders).await?);
            Ok(shop)
        })
    },
};

fn options(variant: u64) -> ShopifyOptions {
    if variant == 0 {
        return ShopifyOptions::default();
    }
    ShopifyOptions {
        polls: (variant % 4) as u32,
        busy_starts: (variant / 4 % 2) as u32,
        expired_urls: (variant / 8 % 2) as u32,
        children_first: variant.is_multiple_of(3),
        ..ShopifyOptions::default()
    }
}

impl AnyShop for Shopify {
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

    fn fail_as_itself(&self, nth: u64) {
        let ends = [BulkEnd::TimedOut, BulkEnd::Canceled, BulkEnd::ShortFile, BulkEnd::Orphans];
        self.end_next(ends[nth as usize % ends.len()]);
    }

    fn set_clock(&self, ahead_s: i64) {
        self.set(|options| options.clock_ahead_s = ahead_s);
    }
}

fn changed(orders: &mut BTreeMap<u64, ShopifyOrder>, change: Change) {
    match change {
        Change::Put { id, total, at } => {
            let order = orders.entry(id).or_insert_with(|| ShopifyOrder::new(id, at));
            (order.total, order.updated, order.lines) = (total, at, 1 + total % 3);
        }
        Change::Delete { id } => drop(orders.remove(&id)),
        Change::Silent { id, total } => {
            orders.entry(id).and_modify(|order| order.total = total);
        }
    }
}
