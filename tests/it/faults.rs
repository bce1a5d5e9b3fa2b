//! Every observed fault of ActiveCampaign, and its effect on the orders.

use crate::world::{World, assert_adds_up};
use ordersync::samples::{Expected, GeneratorOptions};
use ordersync::simulator::{CustomerRule, Edit, Ending, Fault, Kind, Options, RetryAfter};
use serde_json::Value;

const ORDERS: u64 = 24;

fn loaded_through(fault: Fault) -> (World, Expected, Value) {
    loaded_in(World::new(), [fault])
}

fn loaded_in(world: World, faults: impl IntoIterator<Item = Fault>) -> (World, Expected, Value) {
    let truth = world.generate(&GeneratorOptions {
        orders: ORDERS,
        seed: 17,
        ..GeneratorOptions::default()
    });
    faults.into_iter().for_each(|fault| world.simulator.inject(fault));
    let run = world.load("backfill", 0);
    (world, truth, run)
}

/// Whatever happened in between, ActiveCampaign has the expected state in the end, and the
/// simulator found no violation.
fn assert_right(world: &World, truth: &Expected, run: &Value) {
    let summary = world.summary();
    assert!(summary.violations.is_empty(), "{:?}", summary.violations);
    assert_all_there(world, truth, run);
}

fn assert_all_there(world: &World, truth: &Expected, run: &Value) {
    let summary = world.summary();
    assert_eq!(summary.orders as u64, truth.valid, "each order once");
    assert_eq!(summary.customers as u64, truth.customers, "each customer once");
    assert_eq!(summary.triggers_fired, 0);
    assert_adds_up(run);
    // The unchanged ones were loaded by an earlier canary.
    let loaded = ["created", "adopted", "unchanged"].map(|name| run[name].as_u64().unwrap());
    assert_eq!(loaded.iter().sum::<u64>(), truth.valid, "{run}");
    let requests = summary.requests;
    world.load("backfill", 0);
    assert_eq!(world.summary().requests, requests, "the second run sends nothing");
    assert_eq!(world.run(&["verify", "shop"]).code, 0, "and both sides are the same");
}

fn status(code: u16) -> Kind {
    Kind::Status { code, retry_after: RetryAfter::None, html: code >= 500 }
}

fn stored_then(then: Ending) -> Kind {
    Kind::Stored { then }
}

#[test]
fn a_429_pauses_and_costs_no_attempt() {
    for kind in [
        Kind::RateLimit,
        Kind::Status { code: 429, retry_after: RetryAfter::Seconds(1), html: false },
        Kind::Status { code: 429, retry_after: RetryAfter::HttpDate(2), html: false },
    ] {
        let (world, truth, run) =
            loaded_through(Fault::new(kind).on("POST", "/ecomOrders").times(2));
        assert_eq!(run["requests"]["throttled"], 2);
        assert_right(&world, &truth, &run);
    }
}

#[test]
fn a_503_is_waited_for_with_any_form_of_retry_after() {
    for retry_after in [RetryAfter::None, RetryAfter::Seconds(1), RetryAfter::HttpDate(2)] {
        let kind = Kind::Status { code: 503, retry_after, html: true };
        let (world, truth, run) = loaded_through(Fault::new(kind).on("POST", "/ecomOrders"));
        assert_right(&world, &truth, &run);
    }
}

#[test]
fn a_503_may_be_the_rate_limit() {
    let options = Options { limit_as_503: true, ..Options::default() };
    let world = World::with(options);
    let truth =
        world.generate(&GeneratorOptions { orders: 6, seed: 17, ..GeneratorOptions::default() });
    let kind = Kind::Status { code: 503, retry_after: RetryAfter::None, html: false };
    world.simulator.inject(Fault::new(kind).on("POST", "/ecomCustomers"));
    let run = world.load("backfill", 0);
    assert_right(&world, &truth, &run);
}

#[test]
fn server_errors_are_looked_up_before_they_are_repeated() {
    for code in [500, 502, 504, 520, 522, 526, 590] {
        for path in ["/ecomOrders", "/ecomCustomers"] {
            let (world, truth, run) = loaded_through(Fault::new(status(code)).on("POST", path));
            assert_right(&world, &truth, &run);
            let lower_bound = truth.valid + truth.customers + 2;
            let extra = run["requests"]["total"].as_u64().unwrap() - lower_bound;
            assert!(
                (2..=3).contains(&extra),
                "one look-up, one repeat: {extra} for {code} on {path}"
            );
        }
    }
}

#[test]
fn stored_and_then_failed_is_not_doubled() {
    let endings = [
        Ending::Status { code: 500, retry_after: RetryAfter::None, html: true },
        Ending::Status { code: 504, retry_after: RetryAfter::None, html: true },
        Ending::Reset,
        Ending::Cut,
    ];
    for then in endings {
        for path in ["/ecomOrders", "/ecomCustomers"] {
            let (world, truth, run) =
                loaded_through(Fault::new(stored_then(then.clone())).on("POST", path));
            assert_eq!(run["created"], truth.valid, "ours, whatever the answer was");
            assert_right(&world, &truth, &run);
        }
    }
}

#[test]
fn a_missing_answer_is_not_awaited_forever() {
    // Few at once: if the machine stalls for that long, further requests time out too.
    let world = World::new().timeout_s(3).account("in_flight_max = 2\n");
    let never = || stored_then(Ending::Hold { ms: 86_400_000 });
    let faults = ["/ecomOrders", "/ecomCustomers"].map(|path| Fault::new(never()).on("POST", path));
    let (world, truth, run) = loaded_in(world, faults);
    world.settle();
    assert_all_there(&world, &truth, &run);
}

#[test]
fn a_slow_answer_is_waited_for() {
    let (world, truth, run) =
        loaded_through(Fault::new(Kind::Slow { ms: 1_500 }).on("POST", "/ecomOrders").times(3));
    assert_eq!(run["requests"]["total"], truth.valid + truth.customers + 2, "nothing was repeated");
    assert_right(&world, &truth, &run);
}

#[test]
fn inconclusive_answers_are_looked_up() {
    for kind in [Kind::EmptyBody, Kind::TruncatedJson, Kind::NotFoundSubscriberAfterStore] {
        let (world, truth, run) =
            loaded_through(Fault::new(kind).on("POST", "/ecomOrders").times(2));
        assert_right(&world, &truth, &run);
    }
    let (world, truth, run) = loaded_through(Fault::new(Kind::EmptyBody).on("GET", "/connections"));
    assert_right(&world, &truth, &run);
}

#[test]
fn a_reset_before_anything_was_stored_loses_nothing() {
    for path in ["/ecomOrders", "/ecomCustomers", "/connections"] {
        let (world, truth, run) =
            loaded_through(Fault::new(Kind::ResetBefore).on("POST", path).times(2));
        assert_right(&world, &truth, &run);
    }
}

#[test]
fn a_403_now_and_then_is_not_the_end() {
    let (world, truth, run) =
        loaded_through(Fault::new(Kind::Forbidden).on("POST", "/ecomOrders").times(3));
    assert_right(&world, &truth, &run);
}

#[test]
fn a_403_for_good_stops_with_five_and_keeps_what_was_done() {
    let world = World::new();
    let truth = world.generate(&GeneratorOptions {
        orders: ORDERS,
        seed: 17,
        ..GeneratorOptions::default()
    });
    world.simulator.inject(Fault::new(Kind::Forbidden).on("POST", "/ecomOrders").nth(10).forever());
    let run = world.load("backfill", 5);
    assert_eq!(run["outcome"], "stopped");
    assert_eq!(run["refused"], 0, "good records are not called bad");
    assert_adds_up(&run);
    world.simulator.clear_faults();
    let rest = world.load("backfill", 0);
    assert_right(&world, &truth, &rest);
}

#[test]
fn an_unpaid_account_stops_with_five() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: ORDERS, seed: 17, ..GeneratorOptions::default() });
    world.simulator.inject(Fault::new(Kind::PaymentRequired).forever());
    let output = world.run(&["backfill"]);
    assert_eq!(output.code, 5, "{}", output.err);
    assert!(output.err.contains("payment"), "{}", output.err);
}

#[test]
fn a_redirect_is_never_followed() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: ORDERS, seed: 17, ..GeneratorOptions::default() });
    world.simulator.inject(Fault::new(Kind::Redirect).on("POST", "/ecomOrders").forever());
    let output = world.run(&["backfill"]);
    assert_eq!(output.code, 5, "{}", output.err);
    assert!(output.err.contains("redirect"), "{}", output.err);
    assert_eq!(world.summary().orders, 0);
}

#[test]
fn an_order_that_another_program_creates_first_is_adopted() {
    let (world, truth, run) =
        loaded_through(Fault::new(Kind::CreateDuplicateFirst).on("POST", "/ecomOrders").times(2));
    assert_eq!(run["adopted"], 2);
    assert_right(&world, &truth, &run);
}

#[test]
fn refusals_are_understood_in_any_language() {
    let (world, truth, _) = loaded_through(Fault::new(Kind::LocalisedTitles).forever());
    std::fs::remove_dir_all(world.path("state")).unwrap();
    let run = world.load("backfill", 0);
    assert_eq!(
        (&run["adopted"], &run["customers"]["adopted"]),
        (&truth.valid.into(), &truth.customers.into())
    );
    assert_right(&world, &truth, &run);
}

#[test]
fn a_refusal_without_a_reason_becomes_a_dead_letter_and_the_run_continues() {
    let world = World::new();
    let truth = world.generate(&GeneratorOptions {
        orders: ORDERS,
        seed: 17,
        ..GeneratorOptions::default()
    });
    world.simulator.inject(Fault::new(Kind::ErrorsMissing).on("POST", "/ecomOrders").nth(5));
    let run = world.load("backfill", 3);
    assert_eq!((&run["refused"], &run["created"]), (&1.into(), &(truth.valid - 1).into()));
    assert_adds_up(&run);
    let requests = world.summary().requests;
    let again = world.load("backfill", 3);
    assert_eq!(again["refused"], 1, "and it stays one");
    assert_eq!(world.summary().requests, requests, "without asking again for what has not changed");
}

#[test]
fn lists_that_ignore_the_filters_do_no_harm() {
    let (world, truth, run) = loaded_in(
        World::new(),
        [
            Fault::new(Kind::IgnoreFilters).forever(),
            Fault::new(stored_then(Ending::Reset)).on("POST", "/ecomOrders").nth(3),
            Fault::new(stored_then(Ending::Reset)).on("POST", "/ecomCustomers").nth(4),
        ],
    );
    assert_right(&world, &truth, &run);
}

#[test]
fn shapes_that_vary_make_no_difference() {
    for kind in [Kind::TotalAsInt, Kind::ExtraKeys] {
        let (world, truth, run) = loaded_in(
            World::new(),
            [
                Fault::new(kind).forever(),
                Fault::new(stored_then(Ending::Cut)).on("POST", "/ecomOrders").nth(3),
            ],
        );
        assert_right(&world, &truth, &run);
    }
}

#[test]
fn customers_survive_either_rule_of_uniqueness() {
    for customer_key in [CustomerRule::ByExternalId, CustomerRule::ByEmail] {
        let options = Options { requests_per_second: None, customer_key, ..Options::default() };
        let faults = [Fault::new(stored_then(Ending::Reset)).on("POST", "/ecomCustomers").times(3)];
        let (world, truth, run) = loaded_in(World::with(options), faults);
        assert_right(&world, &truth, &run);
    }
}

#[test]
fn a_customer_of_another_program_is_adopted_by_its_address() {
    let options = Options {
        requests_per_second: None,
        customer_key: CustomerRule::ByEmail,
        ..Options::default()
    };
    let world = World::with(options);
    let truth = world.generate(&GeneratorOptions {
        orders: ORDERS,
        seed: 17,
        ..GeneratorOptions::default()
    });
    let canary = world.run(&["--json", "--quiet", "backfill", "--canary", "1"]);
    assert_eq!(canary.code, 0, "{}", canary.err);
    let connection = world.target()["connections"][0]["id"].as_str().unwrap().parse().unwrap();
    let held = world.target()["ecomCustomers"].to_string();
    let plan = world.path("exports/orders.csv");
    let address = std::fs::read_to_string(plan).unwrap();
    let address =
        address.lines().skip(1).filter_map(|row| row.split(',').nth(1)).map(str::to_lowercase);
    let address = address
        .into_iter()
        .find(|address| address.contains('@') && !held.contains(address.as_str()))
        .unwrap();
    let other = Edit::AddCustomer {
        connectionid: connection,
        externalid: "other-1".into(),
        email: address,
    };
    world.simulator.edit(other).unwrap();
    let run = world.load("backfill", 0);
    assert_eq!(run["customers"]["adopted"], 1);
    assert_right(&world, &truth, &run);
}

#[test]
fn a_connection_deleted_on_the_way_stops_with_five() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: ORDERS, seed: 17, ..GeneratorOptions::default() });
    world.simulator.inject(Fault::new(Kind::DeleteConnection).on("POST", "/ecomOrders").nth(8));
    let run = world.load("backfill", 5);
    assert_eq!((&run["outcome"], &run["refused"]), (&"stopped".into(), &0.into()));
    assert_adds_up(&run);
}

#[test]
fn a_customer_deleted_during_a_run_is_created_again() {
    let world = World::new();
    let day_one = GeneratorOptions { orders: ORDERS, seed: 17, ..GeneratorOptions::default() };
    world.generate(&day_one);
    world.load("backfill", 0);
    for customer in world.target()["ecomCustomers"].as_array().unwrap() {
        let externalid = customer["externalid"].as_str().unwrap().to_owned();
        if customer["connectionid"] != "0" {
            world.simulator.edit(Edit::DeleteCustomer { externalid }).unwrap();
        }
    }
    world.generate(&GeneratorOptions { extra_orders: 10, ..day_one });
    let run = world.load("sync", 0);
    assert_eq!(run["created"], 10, "{run}");
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
}

fn one_order_deleted_and_all_changed(world: &World) -> Expected {
    let day_one = GeneratorOptions { orders: ORDERS, seed: 17, ..GeneratorOptions::default() };
    world.generate(&day_one);
    world.load("backfill", 0);
    let orders = world.target()["ecomOrders"].as_array().unwrap().clone();
    let externalid = orders[0]["externalid"].as_str().unwrap().to_owned();
    world.simulator.edit(Edit::DeleteOrder { externalid }).unwrap();
    world.generate(&GeneratorOptions { changed_permille: 1000, ..day_one })
}

#[test]
fn an_order_deleted_in_activecampaign_is_created_again() {
    let world = World::new();
    let truth = one_order_deleted_and_all_changed(&world);
    let run = world.load("sync", 0);
    assert_eq!((&run["created"], &run["updated"]), (&1.into(), &(ORDERS - 1).into()), "{run}");
    assert_eq!(world.summary().orders as u64, truth.valid);
    assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
}

#[test]
fn an_order_deleted_in_activecampaign_is_left_alone_if_the_policy_says_so() {
    let world = World::new().policy("deleted = \"leave\"\n");
    let truth = one_order_deleted_and_all_changed(&world);
    let run = world.load("sync", 0);
    assert_eq!((&run["filtered"], &run["updated"]), (&1.into(), &(ORDERS - 1).into()), "{run}");
    assert_adds_up(&run);
    assert_eq!(world.summary().orders as u64, truth.valid - 1);
    let requests = world.summary().requests;
    world.load("sync", 0);
    assert_eq!(
        world.summary().requests,
        requests + 1,
        "it is not asked for every night, only the connection is"
    );
}

#[test]
fn poison_does_not_block_the_rest() {
    let world = World::new();
    let truth = world.generate(&GeneratorOptions {
        orders: ORDERS,
        seed: 17,
        ..GeneratorOptions::default()
    });
    let key = world.keys().remove(3);
    world
        .simulator
        .inject(Fault::new(Kind::ErrorsMissing).on("POST", "/ecomOrders").key(&key).forever());
    let run = world.load("backfill", 3);
    assert_eq!((&run["refused"], &run["created"]), (&1.into(), &(truth.valid - 1).into()));
}

#[test]
fn a_run_with_too_many_refusals_stops_early() {
    let world = World::new().policy("refused_max = 5\n");
    world.generate(&GeneratorOptions { orders: 200, seed: 17, ..GeneratorOptions::default() });
    world.simulator.inject(Fault::new(Kind::ErrorsMissing).on("POST", "/ecomOrders").forever());
    let output = world.run(&["--json", "--quiet", "backfill"]);
    assert_eq!(output.code, 5, "{}", output.err);
    assert!(output.err.contains("policy.refused_max"), "{}", output.err);
    let run = output.json()["runs"][0].clone();
    assert_eq!(run["outcome"], "stopped");
    let refused = run["refused"].as_u64().unwrap();
    assert!((6..=6 + 16).contains(&refused), "the threshold and what was in flight: {refused}");
    assert_adds_up(&run);
}
