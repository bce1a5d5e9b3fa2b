//! A shop whose orders change from day to day, the account that it is loaded into, and the settings
//! between them.

use crate::world::{Finished, World};
use jiff::{Timestamp, ToSpan};
use ordersync::simulator::any_shop::{AnyShop, Change};
use ordersync::simulator::shops::shop_named;
use ordersync::simulator::woocommerce::WooCommerce;
use serde_json::Value;
use std::any::Any;
use std::cell::Cell;
use std::collections::BTreeMap;
use tokio::runtime::Runtime;

pub const SECRET: &str = "cs_canary_secret_77";

/// A shop, the account it is loaded into, and the settings between them.
pub struct Nights {
    pub world: World,
    pub shop: Box<dyn AnyShop>,
    /// How far the shop's clock is ahead: advancing it lets a night pass.
    ahead_s: Cell<i64>,
    _runtime: Runtime,
}

/// The total of each order and of each abandoned cart in an account, each once.
pub struct Loaded {
    pub orders: BTreeMap<u64, u64>,
    pub carts: BTreeMap<u64, u64>,
}

impl Loaded {
    /// From what the simulated account shows.
    pub fn of(account: &Value) -> Self {
        let mut loaded = Self { orders: BTreeMap::new(), carts: BTreeMap::new() };
        for record in account["ecomOrders"].as_array().unwrap() {
            let number = |name: &str| match &record[name] {
                Value::String(text) => text.parse().ok(),
                other => other.as_u64(),
            };
            let (kind, key) = match number("externalid") {
                Some(id) => (&mut loaded.orders, id),
                None => (&mut loaded.carts, number("externalcheckoutid").unwrap()),
            };
            let before = kind.insert(key, number("totalPrice").unwrap());
            assert!(before.is_none(), "twice: {record}");
        }
        loaded
    }

    /// Asserts exactly the shop's orders, every required cart, and none that became an order.
    pub fn assert_is(&self, shop: &dyn AnyShop) {
        assert_eq!(self.orders, shop.totals());
        let carts = shop.carts();
        for (id, total) in &self.carts {
            let known = carts.get(id);
            assert!(
                known.is_some_and(|known| known.is_none_or(|known| known == *total)),
                "cart {id}: {known:?}"
            );
        }
        for id in carts.iter().filter_map(|(id, total)| total.map(|_| id)) {
            assert!(self.carts.contains_key(id), "cart {id} is missing");
        }
    }
}

impl Nights {
    /// With a shop at WooCommerce.
    pub fn of(orders: u64) -> Self {
        Self::of_woo(World::new(), orders)
    }

    pub fn shopify(orders: u64) -> Self {
        Self::with(World::new(), "shopify", orders)
    }

    pub fn of_woo(world: World, orders: u64) -> Self {
        let nights = Self::with(world, "woocommerce", orders);
        nights.woo().set(|options| options.secret = SECRET.to_owned());
        std::fs::write(nights.world.path("shop-secret"), SECRET).unwrap();
        nights
    }

    /// With a shop of the system of this name.
    pub fn with(world: World, system: &str, orders: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let system = shop_named(system).unwrap();
        let first: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let orders = (1..=orders).map(|id| (id, first + (id as i64).hours())).collect();
        let shop = runtime.block_on((system.start)(orders, 0)).unwrap();
        let settings = std::fs::read_to_string(world.path("ordersync.toml")).unwrap();
        let mut settings = settings.replace("export = [\"exports/*\"]\n", "")
            + &format!(
                "\n[jobs.shop.pull]\nurl = \"{}\"\nfrom = \"{}\"\n",
                shop.url(),
                system.name
            );
        for (key, secret) in system.secrets {
            settings += &format!("{key}_file = \"shop-{key}\"\n");
            std::fs::write(world.path(&format!("shop-{key}")), secret).unwrap();
        }
        for (key, text) in system.texts {
            settings += &format!("{key} = \"{text}\"\n");
        }
        std::fs::write(world.path("ordersync.toml"), settings).unwrap();
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
        self.shop_as()
    }

    /// The shop, with what only its system has.
    pub fn shop_as<S: AnyShop>(&self) -> &S {
        (&*self.shop as &dyn Any).downcast_ref().expect("a shop of this system")
    }

    pub fn run(&self, args: &[&str]) -> Finished {
        self.world.run(args)
    }

    pub fn done(&self, args: &[&str]) -> Finished {
        let ended = self.run(args);
        assert_eq!(ended.code, 0, "{args:?}: {}\n{}", ended.out, ended.err);
        ended
    }

    /// The total of each order in the account, each once.
    pub fn loaded(&self) -> BTreeMap<u64, u64> {
        Loaded::of(&self.world.target()).orders
    }

    /// The account contains the shop's orders and carts with their totals, each once.
    pub fn assert_loaded(&self) {
        Loaded::of(&self.world.target()).assert_is(&*self.shop);
        assert_eq!(self.shop.violations(), [""; 0]);
    }

    /// A day of the shop: an order changes and one is new.
    pub fn day(&self, n: u64) {
        let now = self.pass(1200) - 600.seconds();
        self.put(n, 50_000 + n, now);
        let id = self.shop.totals().len() as u64 + 1;
        self.put(id, 1000 + id, now);
    }

    /// Gives an order another total; a new one is placed if it does not exist.
    pub fn put(&self, id: u64, total: u64, at: Timestamp) {
        self.shop.apply(Change::Put { id, total, at });
    }

    /// Deletes an order permanently.
    pub fn delete(&self, id: u64) {
        self.shop.apply(Change::Delete { id });
    }

    /// Advances the shop's clock; returns its time.
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
