//! A job that pulls its shop: the shop's nights, from its API to the account.

use crate::daemon::EVERY_SECOND;
use crate::nights::{Nights, SECRET, Shop};
use crate::process::Process;
use crate::undo::rename;
use crate::world::{Finished, World, files_below, until};
use ordersync::simulator::host_faults::HostFault;
use ordersync::simulator::shopify::ProtectedData;
use ordersync::simulator::single_orders::{SingleOrderApi, SingleOrders};
use ordersync::simulator::{Fault, Kind};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[test]
fn each_night_loads_what_changed_and_nothing_else() {
    each_night_loads(Nights::of(230), 4);
    each_night_loads(Nights::shopify(230), 1);
}

/// `requests`: those of a night without changes, to the shop.
fn each_night_loads(nights: Nights, requests: usize) {
    let ended = nights.run(&["plan"]);
    assert_eq!(ended.code, 2, "{}", ended.out);
    assert!(
        ended.err.contains("nothing was pulled yet") && ended.err.contains("ordersync pull shop"),
        "{}",
        ended.err
    );

    let plan = nights.done(&["--json", "--quiet", "plan", "--pull"]).json();
    assert_eq!(plan["plans"][0]["create"], 230, "{plan:#}");
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

    // The overlap holds the last day's changes, and then nothing.
    nights.pass(7200);
    let asked = nights.shop.requests();
    nights.done(&["--quiet", "sync"]);
    assert!(nights.shop.requests() - asked <= 5);
    nights.pass(7200);
    let (asked, sent) = (nights.shop.requests(), nights.world.summary().requests);
    nights.done(&["--quiet", "sync"]);
    assert_eq!(nights.shop.requests() - asked, requests);
    // One looks whether the connection is still there.
    assert!(nights.world.summary().requests - sent <= 1);
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
    nights.woo().set(|options| options.is_old = true);
    assert!(nights.done(&["check"]).out.contains("ignores modified_after"));
    nights.woo().set(|options| options.key = "ck_other".to_owned());
    let ended = nights.run(&["check"]);
    assert_eq!(ended.code, 5, "{}", ended.out);
    assert!(ended.out.contains("refuses the key with 401"), "{}", ended.out);
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
    let Shop::Shopify(shop) = &nights.shop else { panic!() };
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
fn what_was_pulled_and_not_loaded_is_loaded_before_anything_is_pulled() {
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
fn orders_that_are_gone_from_the_shop_are_deleted_where_the_policy_says_so() {
    for start in [Nights::of_woo, Nights::of_shopify] {
        let nights = start(World::new().policy("gone = \"delete\"\n"), 60);
        nights.done(&["--quiet", "backfill"]);
        (3..6).for_each(|id| nights.delete(id));
        nights.pass(1200);
        let ended = nights.done(&["pull", "--full"]);
        assert!(ended.out.contains("3 orders are gone from the shop"), "{}", ended.out);
        let ended = nights.done(&["sync"]);
        let line = "gone from the shop: 3, 4, 5\n";
        let has_line = |word: &str| {
            ended.out.lines().any(|row| row.contains(word) && row.ends_with(line.trim_end()))
        };
        assert!(has_line("deleted"), "{}", ended.out);
        nights.assert_loaded();
        let ended = nights.done(&["explain", "shop", "4"]);
        assert!(ended.out.contains("delete"), "{}", ended.out);

        // Most of a shop at once is a fault of the shop, until somebody says otherwise.
        (6..40).for_each(|id| nights.delete(id));
        nights.pass(1200);
        nights.done(&["--quiet", "pull", "--full"]);
        let ended = nights.run(&["sync"]);
        assert_eq!(ended.code, 3, "{}", ended.err);
        assert!(ended.err.contains("34 of 57 orders are gone from the shop"), "{}", ended.err);
        assert_eq!(nights.loaded().len(), 57);
        let run = &nights.run(&["--json", "--quiet", "sync"]).json()["runs"][0];
        assert_eq!(run["gone"]["left"].as_array().unwrap().len(), 34, "{run:#}");
        // Another full pull, before it or after a run, knows of them too.
        for _ in 0..2 {
            nights.pass(1200);
            nights.done(&["--quiet", "pull", "--full"]);
        }
        nights.set("gone = \"delete\"\n", "gone = \"delete\"\ngone_max_percent = 60\n");
        nights.done(&["--quiet", "sync"]);
        nights.assert_loaded();
        nights.done(&["--quiet", "verify", "shop"]);
        // Nothing is left to be undone of what is gone.
        nights.done(&["--quiet", "undo", "shop", "--run", "1", "--dry-run"]);
    }
}

#[test]
fn orders_that_were_only_reported_are_deleted_once_the_policy_says_so() {
    let nights = Nights::of_woo(World::new().policy("gone = \"report\"\n"), 20);
    nights.done(&["--quiet", "backfill"]);
    (3..6).for_each(|id| nights.delete(id));
    for _ in 0..2 {
        nights.pass(1200);
        nights.done(&["--quiet", "pull", "--full"]);
        nights.done(&["--quiet", "sync"]);
    }
    assert_eq!(nights.loaded().len(), 20);
    nights.set("gone = \"report\"", "gone = \"delete\"");
    nights.pass(1200);
    nights.done(&["--quiet", "pull", "--full"]);
    nights.done(&["--quiet", "sync"]);
    nights.assert_loaded();
}

/// A job that deletes, in whose shop these orders are gone since it was loaded.
fn nights_with_gone(orders: u64, gone: std::ops::Range<u64>) -> Nights {
    let policy = "gone = \"delete\"\ngone_max_percent = 20\n";
    let nights = Nights::of_woo(World::new().policy(policy), orders);
    nights.done(&["--quiet", "backfill"]);
    gone.for_each(|id| nights.delete(id));
    nights.pass(1200);
    nights.done(&["--quiet", "pull", "--full"]);
    nights
}

#[test]
fn the_limit_is_for_all_missing_orders_however_few_were_asked_for() {
    let nights = nights_with_gone(60, 1..12);
    let windows = nights.windows();
    let dir = windows.last().unwrap()["dir"].as_str().unwrap();
    let path = Path::new(dir).join("manifest.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let edited = text.replace("\"missing\": []", "\"missing\": [20, 21, 22]");
    assert_ne!(edited, text);
    std::fs::write(&path, edited).unwrap();
    let ended = nights.run(&["sync"]);
    assert_eq!(ended.code, 3, "{}", ended.err);
    assert!(ended.err.contains("14 of 60 orders are gone"), "{}", ended.err);
    assert_eq!(nights.loaded().len(), 60);
    std::fs::write(&path, text).unwrap();
    nights.done(&["--quiet", "sync"]);
    nights.assert_loaded();
}

#[test]
fn a_gone_order_whose_id_is_another_orders_now_is_no_ones_any_more() {
    let nights = nights_with_gone(20, 3..5);
    let orders = nights.world.target()["ecomOrders"].as_array().unwrap().clone();
    let order = orders.iter().find(|order| order["externalid"] == "3").unwrap();
    rename(&nights.world, order["id"].as_str().unwrap(), "900");
    let ended = nights.done(&["sync"]);
    assert!(ended.err.contains("is another order's now"), "{}", ended.err);
    let ended = nights.done(&["sync"]);
    assert!(!ended.err.contains("another order's"), "{}", ended.err);
    let loaded = nights.loaded();
    assert!(loaded.contains_key(&900) && !loaded.contains_key(&4), "{loaded:?}");
}

#[test]
fn a_gone_order_that_is_refused_fails_the_run_that_fail_on_says() {
    let nights = nights_with_gone(20, 3..4);
    let refuse = || {
        let fault = Fault::new(Kind::ErrorsMissing).on("DELETE", "/ecomOrders").key("3");
        nights.world.simulator.inject(fault);
    };
    for (args, code) in [
        (&["sync"][..], 3),
        (&["sync"], 0),
        (&["sync", "--fail-on", "any"], 3),
        (&["sync", "--fail-on", "never"], 0),
    ] {
        refuse();
        let ended = nights.run(args);
        assert_eq!(ended.code, code, "{args:?}: {}", ended.err);
        assert!(ended.out.contains("not deleted"), "{}", ended.out);
    }
    nights.done(&["sync"]);
    nights.assert_loaded();
}

#[test]
fn a_full_pull_of_almost_nothing_is_said_to_be_less() {
    for keep in ["export", "none"] {
        let nights = Nights::of(60);
        nights.set("from =", &format!("keep = \"{keep}\"\nfrom ="));
        nights.done(&["--quiet", "backfill"]);
        (11..=60).for_each(|id| nights.delete(id));
        nights.pass(1200);
        nights.done(&["--quiet", "pull", "--full"]);
        let text = "the last full pull has 10 orders and the one before had 60";
        let ended = nights.done(&["--json", "sync"]);
        assert!(ended.err.contains(text), "{keep}: {}", ended.err);
        let warning = ended.json()["runs"][0]["warnings"][0].to_string();
        assert!(warning.contains(text), "{keep}: {warning}");
        nights.pass(1200);
        let ended = nights.done(&["sync"]);
        assert!(!ended.err.contains("the last full pull has"), "{keep}: {}", ended.err);
    }
}

#[test]
fn what_nobody_can_know_is_gone_is_refused_by_the_settings() {
    let nights =
        Nights::of_woo(World::new().policy("gone = \"delete\"\norder_key = \"number\"\n"), 1);
    let ended = nights.run(&["sync"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("known by their ids"), "{}", ended.err);
    nights.set("order_key = \"number\"\n", "");
    nights.set("from =", "keep = \"none\"\nfrom =");
    let ended = nights.run(&["sync"]);
    assert!(ended.err.contains("without the last full pull"), "{}", ended.err);
}

#[test]
fn where_nothing_is_kept_orders_leave_the_disk_once_they_were_loaded() {
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
fn the_demo_shows_a_shop_that_changes_between_two_nights() {
    for from in ["woocommerce", "shopify"] {
        let world = World::new();
        let ended = world.run(&["demo", "--pull", "--from", from, "--dir", "demo"]);
        assert_eq!(ended.code, 0, "{}\n{}", ended.out, ended.err);
        assert_eq!(ended.out.matches("  kept   ").count(), 9, "{}", ended.out);
        assert!(ended.out.contains("gone from the shop: 7"), "{}", ended.out);
        assert!(ended.out.contains(", 1 order is gone from the shop.\n"), "{}", ended.out);
        assert!(!ended.out.contains(" 1 orders "), "{}", ended.out);
        assert!(ended.out.contains("the account holds the shop's 13 orders"), "{}", ended.out);
        assert!(!ended.err.contains("WARN"), "{}", ended.err);
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
        // The one that was killed may have pulled: then it was loaded alone.
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
