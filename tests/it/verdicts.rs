//! How each verb ends if ActiveCampaign refuses, is unavailable, or returns endless lists: exit
//! code and JSON.

use crate::world::World;
use ordersync::samples::GeneratorOptions;
use ordersync::simulator::{Edit, Fault, Kind, Options, RetryAfter};

const SHOP: GeneratorOptions = GeneratorOptions {
    orders: 130,
    seed: 4,
    defects_permille: 0,
    changed_permille: 0,
    extra_orders: 0,
};

/// Every verb that sends requests to ActiveCampaign, and the failure in its JSON.
const VERBS: [&[&str]; 9] = [
    &["verify", "shop"],
    &["verify", "shop", "--lines"],
    &["adopt", "shop"],
    &["undo", "shop", "--run", "1", "--yes"],
    &["connection", "list"],
    &["connection", "ensure", "shop"],
    &["check"],
    &["sync"],
    &["backfill", "--yes"],
];

fn status(code: u16, html: bool, retry_after: RetryAfter) -> Kind {
    Kind::Status { code, retry_after, html }
}

/// A loaded shop in which each verb sends requests.
fn loaded(options: Options) -> World {
    let options = Options { requests_per_second: None, ..options };
    let world = World::with(options).account("wait_max_s = 1\n");
    world.generate(&SHOP);
    world.load("backfill", 0);
    // One more order for the next run.
    world.generate(&GeneratorOptions { extra_orders: 1, ..SHOP });
    world
}

#[test]
fn refused_is_five_and_unavailable_is_six_for_every_verb() {
    let world = loaded(Options::default());
    // A 403 only counts after five of them, with delays between.
    for (kind, expected, verbs) in [
        (Kind::PaymentRequired, 5, &VERBS[..]),
        (status(401, false, RetryAfter::None), 5, &VERBS),
        (Kind::Redirect, 5, &VERBS),
        (status(503, false, RetryAfter::Seconds(7200)), 6, &VERBS),
        (Kind::Forbidden, 5, &VERBS[..1]),
        (status(403, true, RetryAfter::None), 5, &VERBS[..1]),
    ] {
        for verb in verbs {
            world.simulator.inject(Fault::new(kind.clone()).forever());
            let ended = world.run(&[&["--json"], *verb].concat());
            world.simulator.clear_faults();
            assert_eq!(ended.code, expected, "{verb:?}, {kind:?}: {}{}", ended.out, ended.err);
            let json = ended.json();
            let word = if expected == 5 { "refused" } else { "away" };
            let said = match verb[0] {
                "check" => &json,
                "undo" => &json["undo"]["error"],
                "sync" | "backfill" => &json["runs"][0]["error"],
                _ => &json["error"],
            };
            assert_eq!(
                (&said["code"], &said["exit"]),
                (&word.into(), &expected.into()),
                "{verb:?}"
            );
        }
    }
}

#[test]
fn a_list_without_end_is_six_for_every_verb_that_reads_one() {
    let world = loaded(Options { ignore_offset: true, ..Options::default() });
    for n in 0..130 {
        let (service, externalid) = ("other".to_owned(), n.to_string());
        let name = format!("Shop {n}");
        let edit = Edit::AddConnection { service, externalid, name, native: false };
        world.simulator.edit(edit).unwrap();
    }
    for verb in &VERBS[..5] {
        let before = world.summary().requests;
        let ended = world.run(&[&["--json"], *verb].concat());
        assert_eq!(ended.code, 6, "{verb:?}: {}{}", ended.out, ended.err);
        assert!(ended.err.contains("list_endless"), "{verb:?}: {}", ended.err);
        assert!(world.summary().requests - before < 20, "{verb:?}");
    }
}

#[test]
fn differences_alone_are_seven() {
    let world = loaded(Options::default());
    assert_eq!(world.run(&["verify", "shop"]).code, 7, "the new order is missing");
    world.load("sync", 0);
    assert_eq!(world.run(&["verify", "shop"]).code, 0);
    let order = world.target()["ecomOrders"][0]["externalid"].as_str().unwrap().to_owned();
    world.simulator.edit(Edit::SetTotal { externalid: order, total: 1 }).unwrap();
    let ended = world.run(&["--json", "verify", "shop"]);
    assert_eq!(ended.code, 7, "{}", ended.err);
    assert_eq!(ended.json()["verifications"][0]["differences_by_kind"][0]["kind"], "total");
}
