//! A job that pulls its shop: the shop's nights, from its API to the account.

mod gone;

use crate::daemon::EVERY_SECOND;
use crate::nights::{Nights, SECRET};
use crate::process::Process;
use crate::resume::wait_for_requests;
use crate::world::{Finished, World, files_below, until};
use jiff::ToSpan;
use ordersync::simulator::bigcommerce::BigCommerce;
use ordersync::simulator::host_faults::HostFault;
use ordersync::simulator::magento::{CONSUMER_SECRET, Magento, TOKEN, TOKEN_SECRET};
use ordersync::simulator::shopify::{ProtectedData, Shopify};
use ordersync::simulator::shops::SHOPS;
use ordersync::simulator::single_orders::{SingleOrderApi, SingleOrders};
use ordersync::simulator::squarespace::Squarespace;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[test]
fn each_night_loads_what_changed_and_nothing_else() {
    for system in SHOPS {
        each_night_loads(&Nights::with(World::new(), system.name, 230), system.idle_requests);
    }
}

/// `quiet`: the requests to the shop in a night without changes, with and without the last days'
/// changes in the overlap.
fn each_night_loads(nights: &Nights, quiet: [usize; 2]) {
    let ended = nights.run(&["plan"]);
    assert_eq!(ended.code, 2, "{}", ended.out);
    assert!(
        ended.err.contains("nothing was pulled yet") && ended.err.contains("ordersync pull shop"),
        "{}",
        ended.err
    );

    let plan = nights.done(&["--json", "--quiet", "plan", "--pull"]).json();
    let carts = nights.shop.carts().len();
    assert_eq!(plan["plans"][0]["create"], 230 + carts, "{plan:#}");
    assert_eq!(nights.world.summary().requests, 0);
    nights.done(&["--quiet", "backfill"]);
    nights.assert_loaded();
    nights.done(&["--quiet", "verify", "shop"]);

    for n in 1..=3 {
        nights.day(n);
        nights.done(&["--quiet", "sync"]);
        nights.assert_loaded();
        nights.done(&["--quiet", "verify", "shop"]);
    }

    // The overlap contains the last days' changes twice, and then nothing.
    let [within_overlap, quiet] = quiet;
    for (seconds, requests) in [(600, within_overlap), (7200, within_overlap), (7200, quiet)] {
        nights.pass(seconds);
        let (asked, sent) = (nights.shop.requests(), nights.world.summary().requests);
        nights.done(&["--quiet", "sync"]);
        assert_eq!(nights.shop.requests() - asked, requests, "{seconds}");
        assert_eq!(nights.world.summary().requests, sent);
    }
    assert!(nights.windows().iter().all(|window| window["loaded"] == true));
}

#[test]
fn check_proves_what_a_pull_needs() {
    let nights = Nights::of(12);
    let ended = nights.done(&["check"]);
    for proof in [
        "the WooCommerce REST API wc/v3 is reached, and takes the credentials",
        "answers, with 12 orders, the oldest of 2026-01-01",
        "one in the future has no orders",
        "orders show their e-mail address",
        "its clock differs from this machine's by",
        "a full pull takes about 9 kB of disk",
        "nothing was pulled yet",
    ] {
        assert!(ended.out.contains(proof), "{proof}: {}", ended.out);
    }
    assert_eq!(nights.shop.violations(), [""; 0]);
    // As WordPress answers during an update. A pull waits, a check reports it immediately.
    let updating = HostFault::Busy { status: 503, retry_after: "600".to_owned() };
    nights.woo().fail_next(updating);
    let ended = nights.run(&["check"]);
    assert_eq!(ended.code, 6, "{}", ended.out);
    assert!(ended.out.contains("is busy or down and asks for a pause of 600 s"), "{}", ended.out);
    nights.woo().set(|options| options.is_old = true);
    assert!(nights.done(&["check"]).out.contains("ignores modified_after"));
    nights.woo().set(|options| options.key = "ck_other".to_owned());
    let ended = nights.run(&["check"]);
    assert_eq!(ended.code, 5, "{}", ended.out);
    assert!(ended.out.contains("refuses the key with 401"), "{}", ended.out);
}

#[test]
fn check_proves_what_a_pull_of_bigcommerce_needs() {
    let nights = Nights::with(World::new(), "bigcommerce", 12);
    let ended = nights.done(&["check"]);
    for proof in [
        "the BigCommerce orders API v2 is reached, and takes the credentials",
        "answers, with 12 orders, the oldest of 2026-01-01",
        "one in the future has no orders",
        "orders show their e-mail address",
    ] {
        assert!(ended.out.contains(proof), "{proof}: {}", ended.out);
    }
    assert_eq!(nights.shop.violations(), [""; 0]);
    let shop: &BigCommerce = nights.shop_as();
    shop.set(|options| options.ignores_dates = true);
    assert!(nights.done(&["check"]).out.contains("ignores min_date_modified"));
    shop.set(|options| options.lacks_scope = true);
    let ended = nights.run(&["check"]);
    assert_eq!(ended.code, 5, "{}", ended.out);
    assert!(ended.out.contains("the scope Orders, read-only"), "{}", ended.out);
    nights.set("/stores/simulator", "");
    let ended = nights.run(&["check"]);
    assert_eq!(ended.code, 2, "{}", ended.out);
    assert!(ended.out.contains("https://api.bigcommerce.com/stores/HASH"), "{}", ended.out);
}

#[test]
fn check_proves_what_a_pull_of_shopify_needs() {
    let nights = Nights::shopify(12);
    let ended = nights.done(&["check"]);
    for proof in [
        "the Shopify Admin API 2026-10 is reached",
        "the scopes read_orders, read_all_orders, read_customers",
        "answers, with 12 orders, the oldest of 2026-01-01",
        "orders show their e-mail address",
    ] {
        assert!(ended.out.contains(proof), "{proof}: {}", ended.out);
    }
    let shop: &Shopify = nights.shop_as();
    shop.set(|options| options.protected = ProtectedData::NoFields);
    let ended = nights.run(&["check"]);
    assert_eq!(ended.code, 5, "{}", ended.out);
    assert!(ended.out.contains("protected customer data"), "{}", ended.out);
    shop.set(|options| options.scopes = vec!["read_orders"]);
    shop.set(|options| options.protected = ProtectedData::Approved);
    assert!(nights.run(&["check"]).out.contains("read_all_orders"));
    let sent = nights.world.summary().requests;
    let ended = nights.run(&["--quiet", "backfill"]);
    assert_eq!(ended.code, 5, "{}", ended.err);
    assert_eq!(nights.world.summary().requests, sent);
}

#[test]
fn check_proves_what_a_pull_of_checkouts_needs() {
    let nights = Nights::with(World::new(), "shopify-checkouts", 12);
    let ended = nights.done(&["check"]);
    let proof =
        "the scopes read_orders, read_all_orders, read_customers, manage_abandoned_checkouts";
    assert!(ended.out.contains(proof), "{}", ended.out);
    assert_eq!(nights.shop.violations(), [""; 0]);
    nights.shop_as::<Shopify>().set(|options| options.manages_checkouts = false);
    let ended = nights.run(&["check"]);
    assert_eq!(ended.code, 5, "{}", ended.out);
    assert!(ended.out.contains("the permission to manage abandoned checkouts"), "{}", ended.out);
}

/// A cart that became an order is one record, whichever night it does so in.
#[test]
fn a_checkout_that_is_pulled_becomes_its_order() {
    let nights = Nights::with(World::new(), "shopify-checkouts", 14);
    let pulled = nights.done(&["pull"]).out;
    assert!(pulled.contains("14 orders and ") && pulled.contains(" abandoned carts"), "{pulled}");
    nights.done(&["--quiet", "backfill"]);
    nights.assert_loaded();
    let record = |key: &str, id: &str| {
        let target = nights.world.target();
        let orders = target["ecomOrders"].as_array().unwrap();
        let found = orders.iter().find(|order| order[key] == id);
        found.map(|order| order["id"].as_str().unwrap().to_owned())
    };
    let cart = record("externalcheckoutid", "10015").unwrap();
    assert_eq!(record("externalid", "15"), None);
    let now = nights.pass(1200) - 600.seconds();
    nights.put(15, 5000, now);
    nights.done(&["--quiet", "sync"]);
    nights.assert_loaded();
    assert_eq!(record("externalid", "15"), Some(cart));
    // It is no longer loaded, neither as an order nor as a cart.
    let writes = nights.world.summary().writes;
    nights.done(&["--quiet", "pull", "--full"]);
    nights.done(&["--quiet", "sync"]);
    nights.assert_loaded();
    assert_eq!(nights.world.summary().writes, writes);
    nights.done(&["--quiet", "verify", "shop"]);
}

#[test]
fn check_proves_what_a_pull_of_magento_needs() {
    let nights = Nights::with(World::new(), "magento", 12);
    let ended = nights.done(&["check"]);
    for proof in [
        "the Magento REST API V1 is reached",
        "answers, with 12 orders, the oldest of 2026-01-01",
        "one in the future has no orders",
        "orders show their e-mail address",
    ] {
        assert!(ended.out.contains(proof), "{proof}: {}", ended.out);
    }
    let shop: &Magento = nights.shop_as();
    shop.set(|options| options.ignores = Some("updated_at"));
    assert!(nights.done(&["check"]).out.contains("the shop ignores updated_at"));
    nights.set("consumer_key = ", "# consumer_key = ");
    let ended = nights.run(&["check"]);
    assert_eq!(ended.code, 5, "{}", ended.out);
    assert!(ended.out.contains("set consumer_key, secret_file and token_secret_file"));
    for secret in [CONSUMER_SECRET, TOKEN, TOKEN_SECRET] {
        assert!(!ended.out.contains(secret), "{}", ended.out);
    }
    assert_eq!(shop.violations(), [""; 0]);
}

#[test]
fn check_proves_what_a_pull_of_squarespace_needs() {
    let nights = Nights::with(World::new(), "squarespace", 12);
    let ended = nights.done(&["check"]);
    for proof in [
        "the Squarespace Commerce API 1.0 is reached, and takes the credentials",
        "answers, with 12 orders, the oldest of 2026-01-01",
        "one in the future has no orders",
        "orders show their e-mail address",
    ] {
        assert!(ended.out.contains(proof), "{proof}: {}", ended.out);
    }
    let shop: &Squarespace = nights.shop_as();
    assert_eq!(shop.violations(), [""; 0]);
    shop.set(|options| options.ignores_bounds = true);
    let ended = nights.run(&["check"]);
    assert_eq!(ended.code, 1, "{}", ended.out);
    assert!(ended.out.contains("ignores modifiedAfter and modifiedBefore"), "{}", ended.out);
    shop.set(|options| options.token = "another".to_owned());
    let ended = nights.run(&["check"]);
    assert_eq!(ended.code, 5, "{}", ended.out);
    assert!(ended.out.contains("the permission Orders, Read Only"), "{}", ended.out);
    assert!(!ended.out.contains("sq_simulator"), "{}", ended.out);
}

#[test]
fn a_pulled_window_is_loaded_before_anything_else_is_pulled() {
    let nights = Nights::of(20);
    nights.done(&["--quiet", "pull"]);
    let asked = nights.shop.requests();
    nights.day(3);
    nights.done(&["--quiet", "backfill"]);
    assert_eq!(nights.shop.requests(), asked);
    nights.done(&["--quiet", "sync"]);
    nights.assert_loaded();
}

#[test]
fn a_full_pull_replaces_the_windows_before_it_once_it_was_loaded() {
    let nights = Nights::of(20);
    nights.done(&["--quiet", "backfill"]);
    nights.day(1);
    nights.done(&["--quiet", "sync"]);
    nights.day(2);
    nights.done(&["--quiet", "pull", "--full"]);
    assert_eq!(nights.windows().len(), 3);
    nights.done(&["--quiet", "sync"]);
    nights.assert_loaded();
    let windows = nights.windows();
    assert_eq!((windows.len(), windows[0]["extent"].as_str()), (1, Some("full")));
}

#[test]
fn a_window_that_was_damaged_before_it_was_loaded_is_pulled_again() {
    let nights = Nights::of(20);
    nights.done(&["--quiet", "pull"]);
    let window = nights.windows().remove(0);
    let file = Path::new(window["dir"].as_str().unwrap()).join("000001.json.gz");
    std::fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(400).unwrap();
    let ended = nights.run(&["plan"]);
    assert_eq!(ended.code, 2, "{}", ended.out);
    assert!(ended.err.contains("000001.json.gz: is not what was pulled"), "{}", ended.err);
    let ended = nights.done(&["backfill"]);
    assert!(ended.err.contains("everything is pulled again"), "{}", ended.err);
    nights.assert_loaded();
    assert_eq!(nights.windows().len(), 1);
}

/// Deleting a refund does not count as a modification of the order.
#[test]
fn a_refund_that_was_deleted_is_found_by_the_next_full_pull() {
    let nights = Nights::of_woo(World::new().policy("refunds = \"net\"\n"), 12);
    nights.done(&["--quiet", "backfill"]);
    let now = nights.pass(1200) - 600.seconds();
    nights.woo().change(|orders| {
        let order = orders.get_mut(&7).unwrap();
        (order.refunds, order.modified) = (vec![500], now);
    });
    nights.done(&["--quiet", "sync"]);
    assert_eq!(nights.loaded()[&7], 507);
    // So that the overlap of the next night does not reach back to the refund.
    nights.pass(7200);
    nights.done(&["--quiet", "sync"]);
    nights.woo().change(|orders| orders.get_mut(&7).unwrap().refunds.clear());
    nights.pass(7200);
    nights.done(&["--quiet", "sync"]);
    assert_eq!(nights.loaded()[&7], 507);
    nights.done(&["--quiet", "pull", "--full"]);
    nights.done(&["--quiet", "sync"]);
    nights.assert_loaded();
    nights.done(&["--quiet", "verify", "shop"]);
}

#[test]
fn without_keeping_orders_leave_the_disk_once_loaded() {
    let nights = Nights::of(60);
    nights.set("from =", "keep = \"none\"\nfrom =");
    nights.done(&["--quiet", "backfill"]);
    nights.assert_loaded();
    let files = |window: &serde_json::Value| {
        std::fs::read_dir(window["dir"].as_str().unwrap()).unwrap().count()
    };
    let windows = nights.windows();
    assert_eq!((windows.len(), files(&windows[0])), (1, 1));
    assert_eq!((&windows[0]["loaded"], &windows[0]["bytes"]), (&true.into(), &0.into()));

    let ended = nights.run(&["verify", "shop"]);
    assert_eq!(ended.code, 2, "{}", ended.out);
    assert!(
        ended.err.contains("removed once they were loaded") && ended.err.contains("--pull"),
        "{}",
        ended.err
    );
    nights.done(&["--quiet", "verify", "shop", "--pull"]);
    assert!(!nights.world.path("pulls/shop/aside").exists());
    nights.done(&["check"]);
    for n in 1..=3 {
        nights.day(n);
        nights.done(&["--quiet", "sync"]);
        nights.assert_loaded();
    }
    assert!(nights.windows().iter().all(|window| files(window) == 1));
    nights.pass(7200);
    nights.done(&["--quiet", "verify", "shop", "--pull"]);
}

#[test]
fn a_signal_ends_what_comes_after_a_pull() {
    let nights = Nights::of(20);
    nights.done(&["--quiet", "backfill"]);
    let sent = nights.world.summary().requests;
    nights.world.hold_from(1);
    let mut command = nights.world.command(&["verify", "shop", "--pull"]);
    let mut verify = Process::start(&mut command);
    assert!(wait_for_requests(&nights.world, verify.child(), sent + 1));
    verify.signal("INT");
    verify.ends(130);
}

#[test]
fn a_second_comparison_with_the_shop_leaves_the_first_one_alone() {
    let nights = Nights::of(20);
    nights.done(&["--quiet", "backfill"]);
    let sent = nights.world.summary().requests;
    nights.world.hold_from(1);
    let mut command = nights.world.command(&["verify", "shop", "--pull"]);
    let mut first = Process::start(&mut command);
    assert!(wait_for_requests(&nights.world, first.child(), sent + 1));
    let second = nights.run(&["verify", "shop", "--pull"]);
    assert_eq!(second.code, 2, "{}\n{}", second.out, second.err);
    assert!(second.err.contains("aside: another process is pulling"), "{}", second.err);
    nights.world.simulator.release();
    first.ends(0);
    assert!(!nights.world.path("pulls/shop/aside").exists());
}

#[test]
fn the_demo_shows_a_shop_that_changes_between_two_nights() {
    for from in SHOPS.map(|system| system.name) {
        let world = World::new();
        let ended = world.run(&["demo", "--pull", "--from", from, "--dir", "demo"]);
        assert_eq!(ended.code, 0, "{}\n{}", ended.out, ended.err);
        assert_eq!(ended.out.matches("  kept   ").count(), 9, "{}", ended.out);
        assert!(ended.out.contains("gone from the shop: 7"), "{}", ended.out);
        assert!(ended.out.contains(", 1 order is gone from the shop.\n"), "{}", ended.out);
        assert!(!ended.out.contains(" 1 orders "), "{}", ended.out);
        assert!(ended.out.contains("the account holds the shop's 14 orders"), "{}", ended.out);
        // A machine that stalls this process may let seven requests arrive within one second.
        let warned = |line: &&str| line.contains("WARN") && !line.contains("(429)");
        assert_eq!(ended.err.lines().find(warned), None, "{}", ended.err);
    }
}

#[test]
fn a_quiet_demo_prints_nothing_about_a_success() {
    let world = World::new();
    for (n, more) in [&["--orders", "3"][..], &["--pull"]].into_iter().enumerate() {
        let dir = format!("demo{n}");
        let ended = world.run(&[&["--quiet", "demo", "--dir", &dir], more].concat());
        assert_eq!((ended.code, &ended.out[..]), (0, ""), "{more:?}: {}", ended.err);
    }
}

#[test]
fn a_daemon_pulls_and_loads_by_its_schedule() {
    let nights = Nights::of_woo(World::new().job(EVERY_SECOND), 30);
    let daemon = Process::daemon(&nights.world);
    until("the shop is loaded", || nights.loaded() == nights.shop.totals());
    nights.day(1);
    until("the day's changes are loaded", || nights.loaded() == nights.shop.totals());
    daemon.stop(0);
    nights.assert_loaded();
}

#[test]
fn a_key_in_the_address_is_in_nothing_that_is_written_or_said() {
    let nights = Nights::of(120);
    nights.woo().set(|options| options.strips_authorization = true);
    nights.set("from =", "key_in_query = true\nfrom =");
    let mut said = String::new();
    let mut note = |ended: Finished| said.push_str(&(ended.out + &ended.err));
    for args in [&["-v", "pull"][..], &["-v", "backfill"], &["-v", "check"], &["pulls", "list"]] {
        note(nights.done(args));
    }
    nights.woo().fail_next(HostFault::Page(418));
    note(nights.run(&["-v", "pull"]));
    nights.woo().set(|options| options.key = "ck_other".to_owned());
    note(nights.run(&["-v", "pull"]));
    note(nights.run(&["--json", "check"]));
    assert!(said.contains("refuses the key with 401"), "{said}");
    for secret in [SECRET, "ck_simulator", "consumer_secret="] {
        assert!(!said.contains(secret), "{secret}: {said}");
        for (path, bytes) in files_below(&nights.world.path("pulls")) {
            let unpacked = std::io::read_to_string(flate2::read::GzDecoder::new(&bytes[..]));
            let text = unpacked.unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into_owned());
            assert!(!text.contains(secret), "{secret} in {}", path.display());
        }
        for (path, bytes) in nights.world.state_files() {
            assert!(
                !String::from_utf8_lossy(&bytes).contains(secret),
                "{secret} in {}",
                path.display()
            );
        }
    }
}

/// Kills the program at each of its requests to the shop, then at some of those to the account.
#[test]
fn wherever_a_night_is_killed_the_next_one_makes_it_whole() {
    killed_nights(&Nights::of(210));
    killed_nights(&Nights::shopify(60));
    killed_nights(&Nights::with(World::new(), "magento", 60));
}

fn killed_nights(nights: &Nights) {
    nights.done(&["--quiet", "backfill"]);
    for night in 1..=8_u64 {
        nights.day(night);
        let (asked, sent) = (nights.shop.requests(), nights.world.summary().requests);
        let mut child = nights.world.start(&["--quiet", "sync"]);
        let is_reached = || match night {
            1..=4 => nights.shop.requests() >= asked + night as usize - 1,
            _ => nights.world.summary().requests >= sent + night - 4,
        };
        until("the program gets there or ends", || {
            is_reached() || child.try_wait().unwrap().is_some()
        });
        nights.world.kill(child);
        nights.done(&["--quiet", "sync"]);
        // The killed one may have pulled a window: then that was loaded separately.
        nights.done(&["--quiet", "sync"]);
        nights.assert_loaded();
    }
    nights.done(&["--quiet", "verify", "shop"]);
}

#[test]
fn neither_key_nor_address_leaves_the_pulled_files() {
    let nights = Nights::of(5);
    let mut ended = nights.done(&["-v", "pull"]);
    ended.err.push_str(&nights.done(&["-v", "backfill"]).err);
    ended.err.push_str(&nights.done(&["check"]).out);
    for private in [SECRET, "ck_simulator", "buyer1@example.com"] {
        assert!(
            !ended.out.contains(private) && !ended.err.contains(private),
            "{private}: {}",
            ended.err
        );
        for (path, bytes) in nights.world.state_files() {
            let found = bytes.windows(private.len()).any(|window| window == private.as_bytes());
            assert!(!found, "{private} in {}", path.display());
        }
    }
    let window = nights.windows().remove(0);
    let dir = Path::new(window["dir"].as_str().unwrap()).to_owned();
    let manifest = std::fs::read_to_string(dir.join("manifest.json")).unwrap();
    assert!(!manifest.contains("@") && !manifest.contains("cs_"), "{manifest}");
    for entry in std::fs::read_dir(&dir).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(
            path.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{}",
            path.display()
        );
    }
}

#[test]
fn an_order_that_the_shop_can_not_deliver_holds_back_the_exit_code_alone() {
    let nights = Nights::of(30);
    nights.woo().set(|options| {
        options.unlistable = [7].into();
        options.broken = [7].into();
    });
    let ended = nights.run(&["--quiet", "backfill"]);
    assert_eq!(ended.code, 3, "{}\n{}", ended.out, ended.err);
    assert_eq!(nights.world.target()["ecomOrders"].as_array().unwrap().len(), 29);
    nights.woo().set(|options| {
        options.unlistable.clear();
        options.broken.clear();
    });
    nights.pass(600);
    nights.done(&["--quiet", "sync"]);
    nights.assert_loaded();
}

#[test]
fn a_pull_into_a_folder_of_ones_own_is_an_export_like_any_other() {
    let nights = Nights::of(12);
    let to = nights.world.path("mine");
    let ended = nights.done(&["--quiet", "pull", "shop", "--to", to.to_str().unwrap()]);
    assert!(ended.out.contains("12 orders"), "{}", ended.out);
    assert!(nights.windows().is_empty());

    let settings = std::fs::read_to_string(nights.world.path("ordersync.toml")).unwrap();
    let (settings, _) = settings.split_once("\n[jobs.shop.pull]").unwrap();
    let settings = settings
        .replace("account = \"main\"\n", "account = \"main\"\nexport = [\"mine/*/*.gz\"]\n");
    std::fs::write(nights.world.path("ordersync.toml"), settings).unwrap();
    nights.done(&["--quiet", "backfill"]);
    nights.assert_loaded();
}

/// The orders of a list of ids, from the shop's answers to ActiveCampaign.
#[test]
fn orders_are_pulled_by_their_ids_and_loaded() {
    for (api, keys) in [
        (SingleOrderApi::ExpertSender, "from = \"expertsender\"\ntoken_file = \"secret\""),
        (SingleOrderApi::Fast, "from = \"fast\"\nsession_file = \"secret\"\napp_id = \"app\""),
    ] {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let orders = (1..=9).map(|n| (format!("A-{n}"), 1000 + n)).collect();
        let shop = runtime.block_on(SingleOrders::start(api, SECRET, orders)).unwrap();
        let world = World::new().policy("default_date = \"2026-02-03\"\n");
        let settings = std::fs::read_to_string(world.path("ordersync.toml")).unwrap();
        let settings = settings.replace("export = [\"exports/*\"]\n", "")
            + &format!("\n[jobs.shop.pull]\n{keys}\nurl = \"{}\"\nids = \"ids.txt\"\n", shop.url());
        std::fs::write(world.path("ordersync.toml"), settings).unwrap();
        std::fs::write(world.path("secret"), SECRET).unwrap();
        std::fs::write(world.path("ids.txt"), "A-1\nA-2\nA-3\nB-1\n").unwrap();
        let ended = world.run(&["--quiet", "backfill"]);
        assert_eq!(ended.code, 0, "{}\n{}", ended.out, ended.err);
        assert_eq!(world.target()["ecomOrders"].as_array().unwrap().len(), 3);

        std::fs::write(world.path("ids.txt"), "A-1\nA-2\nA-3\nA-9\n").unwrap();
        let ended = world.run(&["--quiet", "sync"]);
        assert_eq!(ended.code, 0, "{}\n{}", ended.out, ended.err);
        assert_eq!(world.target()["ecomOrders"].as_array().unwrap().len(), 4);
        assert_eq!(shop.violations(), [""; 0]);
    }
}
