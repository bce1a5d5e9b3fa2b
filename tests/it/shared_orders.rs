//! Two jobs with the same orders on one connection are an error before anything is written.

use crate::process::Process;
use crate::streams::feed;
use crate::world::{Finished, World};
use std::ops::RangeInclusive;

const HEADER: &str = "Name,Email,Financial Status,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,\
    Lineitem price,Id\n";

fn orders(ids: impl IntoIterator<Item = u64>, status: &str) -> String {
    let row = |id: u64| {
        format!(
            "#{id},ann@example.com,{status},USD,10.00,10.00,2024-01-31 10:11:12 -0500,1,Mug,10.00,{id}\n"
        )
    };
    ids.into_iter().map(row).fold(HEADER.to_owned(), |text, row| text + &row)
}

/// A second job on this connection of the same account. `lines` come before its connection.
fn second(externalid: &str, lines: &str) -> String {
    format!(
        "\n[jobs.two]\naccount = \"main\"\nexport = [\"more/*\"]\n{lines}\n[jobs.two.connection]\nservice = \"shopify\"\n\
         externalid = \"{externalid}\"\nlink_url = \"https://a.example\"\nlogo_url = \"https://a.example/logo.png\"\n"
    )
}

fn put(world: &World, one: &str, two: &str) {
    world.export("o.csv", one);
    std::fs::create_dir_all(world.path("more")).unwrap();
    std::fs::write(world.path("more/o.csv"), two).unwrap();
}

#[test]
fn every_verb_that_would_send_them_names_both_jobs_and_sends_nothing() {
    let world = World::new().policy(&second("test-store", ""));
    put(&world, &orders(1..=6, "paid"), &orders((5..=9).chain(5..=6), "paid"));
    for args in [
        &["check"][..],
        &["check", "two", "--offline"],
        &["plan"],
        &["plan", "two"],
        &["backfill", "--yes"],
        &["backfill", "shop", "--canary", "1"],
        &["sync"],
        &["sync", "two"],
    ] {
        let output = world.run(args);
        let said = format!("{}{}", output.out, output.err);
        assert_eq!(output.code, 2, "{args:?}: {said}");
        for part in [
            "jobs.shop and jobs.two",
            " 2 of the same orders",
            "shopify/test-store",
            "such as 5",
            "hint: ",
        ] {
            assert!(said.contains(part), "{args:?} without `{part}`: {said}");
        }
    }
    assert_eq!(world.run(&["--json", "sync"]).json()["error"]["code"], "usage");
    assert_eq!(world.summary().writes, 0);
}

fn piped_into(world: &World, args: &[&str], ids: RangeInclusive<u64>) -> Finished {
    let child = feed(world.command(args), &orders(ids, "paid"));
    Finished::of(child.wait_with_output().unwrap())
}

#[test]
fn standard_input_is_compared_before_anything_is_sent() {
    let piped = second("test-store", "").replace("\"more/*\"", "\"-\"");
    let world = World::new().policy(&piped);
    world.export("o.csv", orders(1..=6, "paid"));
    for args in [&["plan", "two"][..], &["backfill", "--yes", "two"], &["sync", "two"]] {
        let ended = piped_into(&world, args, 5..=9);
        assert_eq!(ended.code, 2, "{args:?}: {}{}", ended.out, ended.err);
        assert!(
            ended.err.contains("jobs.shop and jobs.two both send 2 of the same"),
            "{}",
            ended.err
        );
    }
    assert_eq!(world.summary().writes, 0);
    let ended = piped_into(&world, &["backfill", "--yes", "two"], 7..=9);
    assert_eq!(ended.code, 0, "{}", ended.err);
    for args in [&["check"][..], &["check", "shop"], &["check", "two"]] {
        let check = world.run(args).out;
        let noted = check.matches("standard input is compared with the other's export").count();
        assert_eq!(noted, 1, "{args:?}: {check}");
    }
}

#[test]
fn the_daemon_does_not_start_such_a_job_either() {
    let world = World::new().job("schedule = \"* * * * * *\"\n").policy(&second("test-store", ""));
    put(&world, &orders(1..=6, "paid"), &orders([6], "paid"));
    let daemon = Process::daemon(&world);
    daemon.wait_for_log("shop could not begin: jobs.shop and jobs.two both send 1 order", 1);
    daemon.stop(0);
    assert_eq!(world.summary().writes, 0);
}

#[test]
fn jobs_whose_orders_differ_share_a_connection_in_peace() {
    let disjoint = orders(7..=9, "paid");
    let by_status = "[jobs.two.policy]\nstatuses = [\"refunded\"]\n";
    // An invalid copy is not sent.
    let copies = orders(1..=6, "paid").replace("ann@example.com", "-");
    let (_, rows) = copies.split_once('\n').unwrap();
    let with_copies = format!("{}{rows}", orders([7], "paid"));
    for (second, two) in [
        (second("test-store", ""), disjoint),
        (second("other-store", ""), orders(1..=6, "paid")),
        (second("test-store", by_status), orders(1..=6, "paid")),
        (second("test-store", ""), with_copies),
    ] {
        let world = World::new().policy(&second);
        put(&world, &orders(1..=6, "paid"), &two);
        let output = world.run(&["check"]);
        assert_eq!(output.code, 0, "{second}\n{}", output.out);
        assert_eq!(world.run(&["plan"]).code, 0);
        assert!([0, 3].contains(&world.run(&["sync"]).code));
    }
}

#[test]
fn a_renamed_job_keeps_its_orders() {
    let world = World::new();
    world.export("o.csv", orders(1..=6, "paid"));
    world.load("backfill", 0);
    let file = world.path("ordersync.toml");
    let renamed = std::fs::read_to_string(&file).unwrap().replace("jobs.shop", "jobs.store");
    std::fs::write(file, renamed).unwrap();
    assert_eq!(world.run(&["check"]).code, 0);
    assert_eq!(world.load("sync", 0)["unchanged"], 6);
}

#[test]
fn an_export_that_cannot_be_read_hides_no_other_fault() {
    let world = World::new().policy(&second("test-store", ""));
    world.export("o.csv", orders(1..=6, "paid"));
    let output = world.run(&["check"]);
    assert_eq!(output.code, 2);
    assert!(
        output.out.contains("jobs.two: ") && !output.out.contains("both send"),
        "{}",
        output.out
    );
    assert_eq!(world.run(&["sync", "shop"]).code, 0, "the other job still runs");
}
