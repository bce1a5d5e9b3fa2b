//! A shop whose orders change from day to day, the account that it is loaded into, and the settings
//! between them.

use crate::world::{Finished, World};
use jiff::{Timestamp, ToSpan};
pub use ordersync::simulator::any_shop::AnyShop as Shop;
use ordersync::simulator::any_shop::Change;
use ordersync::simulator::shopify::{Shopify, ShopifyOptions, ShopifyOrder};
use ordersync::simulator::woocommerce::{ShopOrder, WooCommerce, WooOptions};
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;
use tokio::runtime::Runtime;

pub const SECRET: &str = "cs_canary_secret_77";

/// Its table in the settings, but for the address.
fn settings_of(shop: &Shop) -> &'static str {
    match shop {
        Shop::Woo(_) => "from = \"woocommerce\"\nkey_file = \"key\"\nsecret_file = \"secret\"\n",
        Shop::Shopify(_) => "from = \"shopify\"\ntoken_file = \"shopify-token\"\n",
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
            + &format!("\n[jobs.shop.pull]\nurl = \"{}\"\n{}", shop.url(), settings_of(&shop));
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

    pub fn run(&self, args: &[&str]) -> Finished {
        self.world.run(args)
    }

    pub fn done(&self, args: &[&str]) -> Finished {
        let ended = self.run(args);
        assert_eq!(ended.code, 0, "{args:?}: {}\n{}", ended.out, ended.err);
        ended
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
        self.put(n, 50_000 + n, now);
        let id = self.shop.totals().len() as u64 + 1;
        self.put(id, 1000 + id, now);
    }

    /// Gives an order another total; one that is not there is placed.
    pub fn put(&self, id: u64, total: u64, at: Timestamp) {
        self.shop.apply(Change::Put { id, total, at });
    }

    /// Deletes an order for good.
    pub fn delete(&self, id: u64) {
        self.shop.apply(Change::Delete { id });
    }

    /// Moves the shop's clock on; returns what it shows.
    pub fn pass(&self, seconds: i64) -> Timestamp {
        self.ahead_s.set(self.ahead_s.get() + seconds);
        self.shop.set_clock(self.ahead_s.get());
        Timestamp::now() + self.ahead_s.get().seconds()
    }

    pub fn windows(&self) -> Vec<Value> {
        let ended = self.done(&["--json", "--quiet", "pulls", "list"]);
        ended.json().as_array().unwrap().clone()
    }
}
