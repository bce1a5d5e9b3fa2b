//! The import rules between modules. Each rule is broken once in an invented tree, to see that it
//! is detected.

mod circles;
mod rules;
mod source;

use circles::{Arrow, circles};
use rules::inspect;
use std::path::Path;
use tempfile::TempDir;

fn tree_of(files: &[(&str, &str)]) -> TempDir {
    let root = TempDir::new().unwrap();
    for (file, text) in files {
        let path = root.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    root
}

/// The violations in a tree of these files, as printed.
fn violations_of(files: &[(&str, &str)]) -> Vec<String> {
    inspect(tree_of(files).path()).violations.iter().map(ToString::to_string).collect()
}

#[test]
fn the_imports_follow_the_rules() {
    let found = inspect(Path::new(env!("CARGO_MANIFEST_DIR")));
    let output: Vec<String> = found.violations.iter().map(ToString::to_string).collect();
    assert!(output.is_empty(), "\n{}\n", output.join("\n"));
    // Guards against an inspection that reads no files.
    assert!(
        found.files > 20 && found.mentions > 200,
        "{} files, {} mentions",
        found.files,
        found.mentions
    );
}

/// A file, its text, and the message after the file's name.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    (
        "src/domain/money.rs",
        "\nuse crate::plan::Step;",
        ":2: domain must not import plan; it may import nothing of ours",
    ),
    (
        "src/extract/csv.rs",
        "use crate::transform::Map;",
        ":1: extract must not import transform; it may import domain, scratch",
    ),
    (
        "src/transform/mod.rs",
        "use crate::state::Store;",
        ":1: transform must not import state; it may import domain",
    ),
    (
        "src/plan.rs",
        "use super::load::Load;",
        ":1: plan must not import load; it may import domain",
    ),
    (
        "src/state/ledger.rs",
        "use super::super::run::Run;",
        ":1: state must not import run; it may import domain, scratch",
    ),
    (
        "src/activecampaign/client.rs",
        "fn f() { crate::plan::step(); }",
        ":1: activecampaign must not import plan; it may import domain",
    ),
    (
        "src/load/mod.rs",
        "use crate::{\n    domain::Order,\n    run::Job,\n};",
        ":3: load must not import run; it may import domain, plan, state, activecampaign",
    ),
    (
        "src/run/mod.rs",
        "use crate::settings::Settings;",
        ":1: run must not import settings; it may import domain, scratch, extract, transform, plan, pull, state, activecampaign, load",
    ),
    (
        "src/schedule.rs",
        "use crate::run;",
        ":1: schedule must not import run; it may import domain",
    ),
    (
        "src/settings/mod.rs",
        "use crate::extract::formats;",
        ":1: settings must not import extract; it may import domain, pull",
    ),
    (
        "src/report/html.rs",
        "use crate::activecampaign::Client;",
        ":1: report must not import activecampaign; it may import daemon, domain, plan, run, schedule, state",
    ),
    (
        "src/samples/mod.rs",
        "use crate::domain::Amount;",
        ":1: samples must not import domain; it may import nothing of ours",
    ),
    (
        "src/simulator/mod.rs",
        "type T = crate::domain::Order;",
        ":1: simulator must not import domain; it may import nothing of ours",
    ),
    (
        "src/extract/mod.rs",
        "use crate::simulator::Simulator;",
        ":1: extract must not import simulator; it may import domain, scratch",
    ),
    (
        "src/run/mod.rs",
        "use crate::samples;",
        ":1: run must not import samples; it may import domain, scratch, extract, transform, plan, pull, state, activecampaign, load",
    ),
    (
        "src/plan.rs",
        "use ordersync::state;",
        ":1: plan must not import state; it may import domain",
    ),
    ("src/plan.rs", "use crate::*;", ":1: plan must not import *; it may import domain"),
    (
        "src/plan.rs",
        "use {crate::domain::Order, crate::state as s};",
        ":1: plan must not import state; it may import domain",
    ),
    (
        "src/plan.rs",
        "mod inner { use super::super::state::Store; }",
        ":1: plan must not import state; it may import domain",
    ),
    (
        "src/plan.rs",
        "#[cfg(test)]\nmod tests { use crate::state::Store; }",
        ":2: plan must not import state; it may import domain",
    ),
    (
        "src/attic/mod.rs",
        "use crate::domain::Order;",
        ":1: attic has no floor yet: give it one in tests/it/floors/rules.rs",
    ),
];

#[test]
fn each_forbidden_import_is_named_with_file_and_line() {
    for (file, text, expected) in FORBIDDEN {
        assert_eq!(violations_of(&[(file, text)]), [format!("{file}{expected}")], "{text}");
    }
}

#[test]
fn a_pure_module_that_touches_the_world_is_named() {
    for (text, impure) in [
        ("#[tokio::test]\nasync fn f() {}", "tokio"),
        ("use reqwest::Client;", "reqwest"),
        ("use rusqlite;", "rusqlite"),
        ("use std::{fmt, fs};", "std::fs"),
        ("fn f() { ::std::fs::read(p); }", "std::fs"),
        ("fn f() { std::env::var(\"X\"); }", "std::env"),
        ("fn f() { SystemTime::now(); }", "SystemTime::now"),
        ("fn f() { std::time::Instant::now(); }", "Instant::now"),
        ("fn f() { jiff::Timestamp::now(); }", "Timestamp::now"),
        ("fn f() { Zoned::now(); }", "Zoned::now"),
    ] {
        for module in ["domain", "transform", "plan", "schedule"] {
            let file = format!("src/{module}/x.rs");
            let expected = format!(
                "{file}:1: {module} must not mention {impure}; take the value as an argument"
            );
            assert_eq!(violations_of(&[(&file, text)]), [expected], "{text}");
        }
    }
}

#[test]
fn a_name_used_outside_of_its_place_is_named() {
    for (file, text, expected) in [
        (
            "src/activecampaign/client.rs",
            "use governor::Quota;",
            "governor belongs to activecampaign/rate_limiter alone",
        ),
        (
            "src/load/mod.rs",
            "use backoff::backoff::Backoff;",
            "backoff belongs to activecampaign/retry alone",
        ),
        (
            "src/load/mod.rs",
            "fn f() -> reqwest::Error {}",
            "reqwest belongs to activecampaign/ and pull/ and notify/deliver alone",
        ),
        (
            "src/run/mod.rs",
            "use rusqlite::Connection;",
            "rusqlite belongs to scratch/ and state/ and state.rs alone",
        ),
        ("src/settings/job.rs", "use cron::Schedule;", "cron belongs to schedule/civil alone"),
        ("src/run/mod.rs", "use chrono::Utc;", "chrono belongs to schedule/civil alone"),
        (
            "src/run/mod.rs",
            "fn f() { println!(\"x\"); }",
            "println! belongs to cli/ and main.rs alone",
        ),
        ("src/lib.rs", "fn f() { eprint!(\"x\"); }", "eprint! belongs to cli/ and main.rs alone"),
    ] {
        assert_eq!(violations_of(&[(file, text)]), [format!("{file}:1: {expected}")], "{text}");
    }
    let long = "\n".repeat(501);
    assert_eq!(
        violations_of(&[("src/plan.rs", &long)]),
        ["src/plan.rs:501: 501 lines; split it before 500"]
    );
}

#[test]
fn allowed_imports_and_lookalikes_are_ignored() {
    for (file, text) in [
        (
            "src/plan.rs",
            "use crate::domain::{Order, Memory};\nuse super::domain;\npub(crate) fn f() {}",
        ),
        (
            "src/plan.rs",
            "// crate::state::Store and std::fs\n/* use tokio; /* nested */ crate::run */",
        ),
        (
            "src/plan.rs",
            "const A: &str = \"crate::state\"; const B: &str = r#\"use \"tokio\"::x;\"#; const C: char = '\"';",
        ),
        (
            "src/plan.rs",
            "fn f<'a>(x: &'a str) -> &'a str { self::g(x) }\nmod inner { use super::g; }",
        ),
        (
            "src/domain/money.rs",
            "use super::Currency;\n#[cfg(test)]\nmod tests { use super::*; use super::super::Currency; }",
        ),
        ("src/domain/order.rs", "fn f(tokio: u8, run: Run) -> u8 { run.state::<u8>(tokio) }"),
        (
            "src/load/mod.rs",
            "#[cfg(test)]\nmod tests {\n    use crate::simulator::Simulator;\n    use reqwest::Client;\n}",
        ),
        ("src/load/tests/lost.rs", "use crate::simulator::Simulator;"),
        ("src/load/tests.rs", "fn f() { println!(\"x\"); }"),
        ("src/activecampaign/rate_limiter.rs", "use governor::Quota;"),
        ("src/activecampaign/http.rs", "use reqwest::Client;"),
        (
            "src/cli/run.rs",
            "use crate::{run, settings, simulator};\nfn f() { println!(\"{}\", 1); }",
        ),
        ("src/main.rs", "use ordersync::cli;\nfn main() { eprintln!(\"x\"); }"),
        ("src/state.rs", "fn f() { let a = b != c; vec![1]; }"),
    ] {
        assert_eq!(violations_of(&[(file, text)]), [""; 0], "{text}");
    }
}

#[test]
fn code_after_a_test_module_is_not_a_test() {
    let text =
        "#[cfg(test)]\nuse crate::samples;\n#[cfg(test)]\nmod tests {}\nuse crate::samples::demo;";
    let output = violations_of(&[("src/extract/mod.rs", text)]);
    assert_eq!(
        output,
        ["src/extract/mod.rs:5: extract must not import samples; it may import domain, scratch"]
    );
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let arrows = |circle: Vec<Arrow>| circle.iter().map(ToString::to_string).collect::<Vec<_>>();
    let found: Vec<String> = circles(Path::new(env!("CARGO_MANIFEST_DIR")))
        .into_iter()
        .map(|circle| arrows(circle).join("\n"))
        .collect();
    assert!(found.is_empty(), "{} circles of files:\n{}", found.len(), found.join("\n\n"));
}

/// The circles in a tree of these files, each as its arrows.
fn circles_of(files: &[(&str, &str)]) -> Vec<Vec<(String, String)>> {
    let arrows = |circle: Vec<Arrow>| circle.into_iter().map(|arrow| (arrow.from, arrow.to));
    let found = circles(tree_of(files).path());
    found.into_iter().map(|circle| arrows(circle).collect()).collect()
}

#[test]
fn a_circle_is_found_however_a_name_is_reached() {
    let arrow = |from: &str, to: &str| (format!("plan/{from}.rs"), format!("plan/{to}.rs"));
    for (facade, step, forecast) in [
        ("mod step;\nmod forecast;", "use super::forecast::Terms;", "use super::step::Step;"),
        // By the name that the facade passes on, and by the module.
        (
            "mod step;\nmod forecast;\npub use step::Step;",
            "use super::forecast::{self};\nfn f() { forecast::Terms; }",
            "use crate::plan::Step as Planned;",
        ),
        (
            "mod step;\nmod forecast;\npub(crate) use {step::*, forecast::Terms as Limits};",
            "pub struct Here(crate::plan::Limits);",
            "type T = super::Step;",
        ),
    ] {
        let files = [
            ("src/plan/mod.rs", facade),
            ("src/plan/step.rs", &format!("{step}\npub struct Step;")),
            ("src/plan/forecast.rs", &format!("{forecast}\npub struct Terms;")),
        ];
        let expected = [[arrow("forecast", "step"), arrow("step", "forecast")]];
        assert_eq!(circles_of(&files), expected, "{files:?}");
    }
}

#[test]
fn a_way_back_through_other_files_makes_a_circle() {
    let files = [
        ("src/load/mod.rs", "mod order;\nuse order::Order;\npub struct Loader(Order);"),
        ("src/load/order.rs", "pub struct Order;\nfn f() { super::super::run::go(); }"),
        ("src/run.rs", "use crate::load::Loader;\npub fn go(_: Loader) {}"),
    ];
    let found = circles_of(&files);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].len(), 3, "{found:?}");
}

#[test]
fn imports_of_tests_and_reexports_make_no_circle() {
    let files = [
        ("src/plan/mod.rs", "mod step;\n#[cfg(test)]\nmod properties;\npub use step::Step;"),
        (
            "src/plan/step.rs",
            "use crate::domain::Order;\npub struct Step;\n#[cfg(test)]\nmod tests { use crate::plan::properties::check; }",
        ),
        ("src/plan/properties.rs", "use super::Step;\npub fn check() {}"),
        ("src/plan/tests.rs", "use super::step::Step;"),
        ("src/domain.rs", "pub struct Order;"),
    ];
    assert_eq!(circles_of(&files), Vec::<Vec<(String, String)>>::new());
}
