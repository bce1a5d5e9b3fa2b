//! Mistakes of operators: another account, another key.

use crate::carts::{checkout, put_carts, with_carts};
use crate::world::World;
use ordersync::samples::GeneratorOptions;

const ORDERS: GeneratorOptions = GeneratorOptions {
    orders: 20,
    seed: 3,
    defects_permille: 0,
    changed_permille: 0,
    extra_orders: 0,
};

/// A rehearsal with the simulator, and then the real address over the same state.
#[test]
fn a_state_of_another_account_is_refused() {
    let world = World::new();
    let truth = world.generate(&ORDERS);
    world.load("backfill", 0);
    let other = World::new();
    let settings = std::fs::read_to_string(world.path("ordersync.toml")).unwrap();
    let url = |world: &World| {
        let text = std::fs::read_to_string(world.path("ordersync.toml")).unwrap();
        text.lines().find(|line| line.starts_with("url = ")).unwrap().to_owned()
    };
    std::fs::write(world.path("ordersync.toml"), settings.replace(&url(&world), &url(&other)))
        .unwrap();
    for verb in [&["plan"][..], &["backfill"], &["sync"], &["verify", "shop"]] {
        let output = world.run(verb);
        assert_eq!(output.code, 2, "{verb:?}: {}", output.err);
        assert!(
            output.err.contains("holds what was loaded into") && output.err.contains("hint:"),
            "{}",
            output.err
        );
    }
    assert_eq!(other.summary().orders, 0);
    std::fs::write(world.path("ordersync.toml"), settings).unwrap();
    assert_eq!(world.load("sync", 0)["unchanged"], truth.valid);
}

/// Shopify's REST API identifies a checkout by its token, the GraphQL API by its number.
#[test]
fn carts_of_two_apis_are_never_mixed_on_one_connection() {
    const CHECKOUTS: &str =
        include_str!("../../src/extract/tests/fixtures/shopify-checkouts-graphql.jsonl");
    let world = with_carts(World::new(), "");
    put_carts(&world, &[checkout("tok-1")]);
    world.export("checkouts.jsonl", CHECKOUTS);
    let is_refused = |world: &World, verb: &[&str]| {
        let output = world.run(verb);
        assert_eq!(output.code, 2, "{verb:?}: {}{}", output.out, output.err);
        let text = output.out + &output.err;
        assert!(text.contains("known by the numbers of their checkouts"), "{text}");
        assert!(text.contains("and those of shopify-checkouts-json"), "{text}");
        assert!(text.contains("would exist twice") && text.contains("hint:"), "{text}");
    };
    // Before anything is loaded.
    for verb in [&["plan"][..], &["check"], &["backfill"]] {
        let output = world.run(verb);
        assert_eq!(output.code, 2, "{verb:?}: {}{}", output.out, output.err);
        let text = output.out + &output.err;
        assert!(text.contains("jobs.carts and jobs.shop send abandoned carts"), "{text}");
        assert!(text.contains("would exist twice") && text.contains("hint:"), "{text}");
    }
    assert_eq!(world.summary().writes, 0);
    // The other job was added with an export that no longer exists.
    std::fs::rename(world.path("exports/checkouts.jsonl"), world.path("aside")).unwrap();
    assert_eq!(world.run(&["sync", "carts"]).code, 0);
    std::fs::rename(world.path("aside"), world.path("exports/checkouts.jsonl")).unwrap();
    std::fs::remove_file(world.path("carts/checkouts.json")).unwrap();
    let writes = world.summary().writes;
    for verb in [&["plan", "shop"][..], &["check"], &["sync", "shop"], &["backfill", "shop"]] {
        is_refused(&world, verb);
    }
    assert_eq!(world.summary().writes, writes);

    let world = World::new();
    world.export("checkouts.jsonl", CHECKOUTS);
    let tokens = serde_json::json!({ "checkouts": [checkout("tok-1")] });
    world.export("checkouts.json", tokens.to_string());
    for verb in [&["plan"][..], &["check"], &["backfill"]] {
        is_refused(&world, verb);
    }
    assert_eq!(world.summary().writes, 0);
}

#[test]
fn orders_are_never_known_by_something_else_than_they_were_loaded_by() {
    let world = World::new();
    let truth = world.generate(&ORDERS);
    assert_eq!(world.run(&["plan", "--payloads", "saved.jsonl"]).code, 0);
    world.load("backfill", 0);
    let world = world.policy("order_key = \"number\"\n");
    for verb in [&["plan"][..], &["plan", "--against", "saved.jsonl"], &["backfill"], &["sync"]] {
        let output = world.run(verb);
        assert_eq!(output.code, 2, "{verb:?}: {}", output.err);
        assert!(output.err.contains("all of them would be loaded again"), "{}", output.err);
    }
    assert_eq!(world.summary().orders as u64, truth.valid);
}
