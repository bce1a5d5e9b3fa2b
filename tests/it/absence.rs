//! A list that lacks a record does not prove that the record does not exist.

use crate::carts::{checkout, order, put_carts, put_orders, with_carts};
use crate::world::World;
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Edit, Fault, Kind, Options};

const SHOP: GeneratorOptions = GeneratorOptions {
    orders: 30,
    seed: 9,
    defects_permille: 0,
    changed_permille: 0,
    extra_orders: 0,
};

fn loaded(shop: &GeneratorOptions, options: Options) -> World {
    let world = World::with(Options { requests_per_second: None, ..options });
    world.generate(shop);
    world.load("backfill", 0);
    world
}

fn once(world: &World, kind: Kind, route: &str) {
    world.simulator.inject(Fault::new(kind).on("GET", route));
}

#[test]
fn a_list_without_the_connection_does_not_mean_that_it_was_deleted() {
    let world = loaded(&SHOP, Options::default());
    for verb in [
        &["sync"][..],
        &["check"],
        &["verify", "shop"],
        &["adopt", "shop"],
        &["connection", "ensure", "shop"],
        &["undo", "shop", "--run", "1", "--yes"],
    ] {
        once(&world, Kind::EmptyList, "/connections");
        let ended = world.run(verb);
        assert_eq!(ended.code, 0, "{verb:?}: {}{}", ended.out, ended.err);
        world.simulator.clear_faults();
    }
    assert_eq!((world.summary().connections, world.summary().orders), (1, 0));
}

#[test]
fn a_connection_that_was_deleted_with_orders_is_nothing_to_adopt() {
    let world = loaded(&SHOP, Options::default());
    world.simulator.edit(Edit::DeleteConnection { id: 1 }).unwrap();
    let ended = world.run(&["--json", "adopt", "shop"]);
    assert_eq!((ended.code, &ended.json()["error"]["exit"]), (5, &5.into()), "{}", ended.err);
    assert!(ended.err.contains("connection ensure") || ended.out.contains("connection ensure"));
}

#[test]
fn an_order_missing_from_a_list_is_read_by_its_id_first() {
    let world = loaded(&SHOP, Options::default());
    for kind in [Kind::EmptyList, Kind::ListWithoutFirst] {
        once(&world, kind, "/ecomOrders");
        let result = world.run(&["--json", "verify", "shop"]);
        assert_eq!(result.code, 0, "{}", result.out);
        let verification = result.json()["verifications"][0].clone();
        assert_eq!(
            (&verification["at_target"], &verification["matching"]),
            (&30.into(), &30.into())
        );
    }
    let lagging = loaded(&SHOP, Options { list_lag_ms: 3_600_000, ..Options::default() });
    assert_eq!(lagging.run(&["verify", "shop", "--lines"]).code, 0, "right after a load");
}

#[test]
fn a_list_that_lacks_very_many_orders_is_read_again() {
    let many = GeneratorOptions { orders: 130, ..SHOP };
    let world = loaded(&many, Options::default());
    once(&world, Kind::EmptyList, "/ecomOrders");
    let before = world.summary().requests;
    let result = world.run(&["--json", "verify", "shop"]);
    assert_eq!(result.code, 0, "{}", result.out);
    let requests = world.summary().requests - before;
    assert!(requests < 10, "{requests} requests: two readings of the list, and none of an order");
}

/// A cart in an account whose ledger was lost, and the order that it became.
fn cart_after_a_loss() -> World {
    let world = with_carts(World::new(), "");
    put_carts(&world, &[checkout("tok-1")]);
    assert_eq!(world.run(&["sync", "carts"]).code, 0);
    std::fs::remove_dir_all(world.path("state")).unwrap();
    put_orders(&world, &[order(5001, "tok-1")]);
    world
}

#[test]
fn an_empty_list_does_not_make_a_connection_an_empty_one() {
    for (route, verb) in
        [("/ecomOrders", "adopt"), ("/ecomOrders", "sync"), ("/connections", "sync")]
    {
        let world = cart_after_a_loss();
        once(&world, Kind::EmptyList, route);
        assert_eq!(world.run(&[verb, "shop"]).code, 0, "{route} {verb}");
        assert_eq!(world.run(&["sync", "shop"]).code, 0, "{route} {verb}");
        let records = world.target()["ecomOrders"].as_array().unwrap().clone();
        assert_eq!(
            records.len(),
            1,
            "{route} {verb}: a second record beside the cart: {records:?}"
        );
        assert_eq!(records[0]["externalid"], "5001");
        assert!(world.summary().violations.is_empty(), "{:?}", world.summary().violations);
    }
}
