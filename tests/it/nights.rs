//! A shop whose orders change from day to day, the account that it is loaded into, and the settings
//! between them.

use crate::world::{Told, World};
use jiff::{Timestamp, ToSpan};
use ordersync::simulator::shopify::{Shopify, ShopifyOptions, ShopifyOrder};
use ordersync::simulator::woocommerce::{ShopOrder, WooCommerce, WooOptions};
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;
use tokio::runtime::Runtime;

pub const SECRET: &str = "cs_canary_secret_77";

pub enum Shop {
    Woo(WooCommerce),
    Shopify(Shopify),
}

impl Shop {
    fn url(&self) -> String {
        match self {
            Self::Woo(shop) => shop.url(),
            Self::Shopify(shop) => shop.url(),
        }
    }

    /// How many requests it received.
    pub fn requests(&self) -> usize {
        match self {
            Self::Woo(shop) => shop.requests().len(),
            Self::Shopify(shop) => shop.requests().len(),
        }
    }

    pub fn violations(&self) -> Vec<String> {
        match self {
            Self::Woo(shop) => shop.violations(),
            Self::Shopify(shop) => shop.violations(),
        }
    }

    /// The total of each order, in hundredths.
    pub fn totals(&self) -> BTreeMap<u64, u64> {
        match self {
            Self::Woo(shop) => shop.orders().iter().map(|order| (order.id, order.total)).collect(),
            Self::Shopify(shop) => {
                shop.orders().iter().map(|order| (order.id, order.total)).collect()
            }
        }
    }

    /// Gives an order another total; one that is not there is placed.
    pub fn put(&self, id: u64, total: u64, now: Timestamp) {
        match self {
            Self::Woo(shop) => shop.change(|orders| {
                let order = orders.entry(id).or_insert_with(|| ShopOrder::new(id, now));
                (order.total, order.modified) = (total, now);
            }),
            Self::Shopify(shop) => shop.change(|orders| {
                let order = orders.entry(id).or_insert_with(|| ShopifyOrder::new(id, now));
                (order.total, order.updated, order.lines) = (total, now, 1 + total % 3);
            }),
        }
    }

    /// Deletes an order for good.
    pub fn delete(&self, id: u64) {
        match self {
            Self::Woo(shop) => shop.change(|orders| drop(orders.remove(&id))),
            Self::Shopify(shop) => shop.change(|orders| drop(orders.remove(&id))),
        }
    }

    fn set_clock(&self, ahead_s: i64) {
        match self {
            Self::Woo(shop) => shop.set(|options| options.clock_ahead_s = ahead_s),
            Self::Shopify(shop) => shop.set(|options| options.clock_ahead_s = ahead_s),
        }
    }

    /// Its table in the settings, but for the address.
    fn settings(&self) -> &'static str {
        match self {
            Self::Woo(_) => {
                "from = \"woocommerce\"\nkey_file = \"key\"\nsecret_file = \"secret\"\n"
            }
            Self::Shopify(_) => "from = \"shopify\"\ntoken_file = \"shopify-token\"\n",
        }
    }
}

/// A shop, the account it is loaded into, and the settings between them.
pub struct Nights {
    pub world: World,
    pub shop: Shop,
    /// How far the shop's clock is ahead: a night passes as it moves on.
    ahead_s: Cell<i64>,
    _runtime: Runtime,
}

impl Nights {
    /// With a shop at WooCommerce.
    pub fn of(orders: u64) -> Self {
        Self::of_woo(World::new(), orders)
    }

    pub fn shopify(orders: u64) -> Self {
        Self::of_shopify(World::new(), orders)
    }

    pub fn of_woo(world: World, orders: u64) -> Self {
        Self::with(world, |first| {
            let orders = (1..=orders).map(|id| ShopOrder::new(id, first + (id as i64).hours()));
            let orders = orders.collect();
            let options = WooOptions { secret: SECRET.to_owned(), ..WooOptions::default() };
            async { Shop::Woo(WooCommerce::start(options, orders).await.unwrap()) }
        })
    }

    pub fn of_shopify(world: World, orders: u64) -> Self {
        Self::with(world, |first| {
            let orders = (1..=orders).map(|id| ShopifyOrder::new(id, first + (id as i64).hours()));
            let orders = orders.collect();
            async {
                Shop::Shopify(Shopify::start(ShopifyOptions::default(), orders).await.unwrap())
            }
        })
    }

    fn with<S: Future<Output = Shop>>(world: World, start: impl FnOnce(Timestamp) -> S) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let shop = runtime.block_on(start("2026-01-01T00:00:00Z".parse().unwrap()));
        let settings = std::fs::read_to_string(world.path("ordersync.toml")).unwrap();
        let settings = settings.replace("export = [\"exports/*\"]\n", "")
            + &format!("\n[jobs.shop.pull]\nurl = \"{}\"\n{}", shop.url(), shop.settings());
        std::fs::write(world.path("ordersync.toml"), settings).unwrap();
        for (file, text) in
            [("key", "ck_simulator\n"), ("secret", SECRET), ("shopify-token", "shpat_simulator\n")]
        {
            std::fs::write(world.path(file), text).unwrap();
        }
        Self { world, shop, ahead_s: Cell::new(0), _runtime: runtime }
    }

    /// Changes a text in the settings.
    pub fn set(&self, from: &str, to: &str) {
        let settings = std::fs::read_to_string(self.world.path("ordersync.toml")).unwrap();
        assert!(settings.contains(from), "{from}: {settings}");
        let settings = settings.replacen(from, to, 1);
        std::fs::write(self.world.path("ordersync.toml"), settings).unwrap();
    }

    pub fn woo(&self) -> &WooCommerce {
        match &self.shop {
            Shop::Woo(shop) => shop,
            Shop::Shopify(_) => panic!("another shop"),
        }
    }

    pub fn run(&self, args: &[&str]) -> Told {
        self.world.run(args)
    }

    pub fn done(&self, args: &[&str]) -> Told {
        let told = self.run(args);
        assert_eq!(told.code, 0, "{args:?}: {}\n{}", told.out, told.err);
        told
    }

    /// The total of each order that the account holds, each once.
    pub fn loaded(&self) -> BTreeMap<u64, u64> {
        let target = self.world.target();
        let orders = target["ecomOrders"].as_array().unwrap();
        let mut loaded: BTreeMap<u64, u64> = BTreeMap::new();
        for order in orders {
            let text = |name: &str| match &order[name] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let before = loaded
                .insert(text("externalid").parse().unwrap(), text("totalPrice").parse().unwrap());
            assert!(before.is_none(), "twice: {order}");
        }
        loaded
    }

    /// The account holds the shop's orders with their totals, each once.
    pub fn assert_loaded(&self) {
        assert_eq!(self.loaded(), self.shop.totals());
        assert_eq!(self.shop.violations(), [""; 0]);
    }

    /// The shop's day: an order changes and one is new.
    pub fn day(&self, n: u64) {
        let now = self.pass(1200) - 600.seconds();
        self.shop.put(n, 50_000 + n, now);
        let id = self.shop.totals().len() as u64 + 1;
        self.shop.put(id, 1000 + id, now);
    }

    /// Moves the shop's clock on; returns what it shows.
    pub fn pass(&self, seconds: i64) -> Timestamp {
        self.ahead_s.set(self.ahead_s.get() + seconds);
        self.shop.set_clock(self.ahead_s.get());
        Timestamp::now() + self.ahead_s.get().seconds()
    }

    pub fn windows(&self) -> Vec<Value> {
        let told = self.done(&["--json", "--quiet", "pulls", "list"]);
        told.json().as_array().unwrap().clone()
    }
}
