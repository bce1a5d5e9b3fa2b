//! `init --from`: what an export says is in the settings, and somebody is asked for the rest.

use crate::terminal::OnTerminal;
use crate::world::World;
use serde_json::Value;
use std::path::Path;

const HEADER: &str = "Name,Email,Financial Status,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price";

/// An export in dollars, on the clocks of New York.
fn shopify() -> String {
    format!(
        "{HEADER}\n#1,ann@example.com,paid,USD,10.00,2024-01-31 10:11:12 -0500,1,Mug,10.00\n\
         #2,bob@example.com,paid,USD,10.00,2024-07-31 10:11:12 -0400,1,Mug,10.00\n"
    )
}

/// One that names neither a currency nor an offset.
fn without_currency_and_offset() -> String {
    shopify().replace(",USD,", ",,").replace(" -0500", "").replace(" -0400", "")
}

/// `check --offline` of the settings in a folder.
fn check(world: &World, dir: &Path) -> (i32, String) {
    let file = dir.join("config/ordersync.toml");
    let checked = world.run(&["check", "--offline", "--config", file.to_str().unwrap()]);
    (checked.code, checked.out)
}

#[test]
fn with_every_question_answered_the_settings_are_without_a_fault() {
    let world = World::new();
    let dir = world.path("shop");
    std::fs::write(world.path("orders.csv"), without_currency_and_offset()).unwrap();
    let args = ["init", dir.to_str().unwrap(), "--from", "orders.csv"];
    let mut init = OnTerminal::start(world.command(&args).current_dir(world.path("")), 80);
    init.answer("API address", "not an address");
    init.answer("not accepted", "https://mugs.api-us1.com");
    init.answer("address of the shop,", "https://www.mugs.example");
    init.answer("name of the shop [mugs.example]", "Mugs & \"more\"");
    init.answer("[mugs-more]", "");
    init.answer("[https://www.mugs.example/favicon.ico]", "");
    init.answer("time zone", "Europe/Berlin");
    init.answer("currency", "EUR");
    init.answer("API token", "t0ken-of-a-person");
    let (code, screen) = init.ends();
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains("t0ken") && !screen.contains("to do"), "{screen}");
    let (code, checked) = check(&world, &dir);
    assert_eq!(code, 0, "{checked}");
    assert!(checked.contains("2 records read, 0 filtered, 0 invalid"), "{checked}");
    assert!(checked.contains("name = \"Mugs & \\\"more\\\"\""), "{checked}");
    let mode = std::fs::metadata(dir.join("config/main.token")).unwrap().permissions();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&mode) & 0o777, 0o600);
}

#[test]
fn without_a_terminal_what_is_not_known_is_marked_and_check_names_it() {
    let world = World::new();
    let dir = world.path("shop");
    std::fs::write(world.path("orders.csv"), without_currency_and_offset()).unwrap();
    let export = world.path("orders.csv");
    let args = ["--json", "init", dir.to_str().unwrap(), "--from", export.to_str().unwrap()];
    let output = world.run(&args);
    assert_eq!(output.code, 0, "{}", output.err);
    let json: Value = serde_json::from_str(&output.out).unwrap();
    let open: Vec<&str> = json["to_fill_in"]
        .as_array()
        .unwrap()
        .iter()
        .map(|open| open["key"].as_str().unwrap())
        .collect();
    assert_eq!(open.len(), 7, "{open:?}");
    let text = std::fs::read_to_string(dir.join("config/ordersync.toml")).unwrap();
    assert_eq!(text.matches("# TO FILL IN: ").count(), 7, "{text}");
    let (code, checked) = check(&world, &dir);
    assert_eq!(code, 2);
    for key in open {
        assert!(checked.contains(key), "{key} is not named:\n{checked}");
    }
    assert!(checked.contains("shopify-csv") && !checked.contains("no such file"), "{checked}");
}

#[test]
fn what_the_export_says_is_filled_in_and_an_address_given_is_used() {
    let world = World::new();
    let dir = world.path("shop");
    std::fs::create_dir_all(dir.join("exports")).unwrap();
    std::fs::write(dir.join("exports/orders 1.csv"), shopify()).unwrap();
    let at = dir.to_str().unwrap();
    let from = format!("{at}/exports/orders*.csv");
    let url = "https://mugs.api-us1.com";
    let output = world.run(&["init", at, "--from", &from, "--url", url]);
    assert_eq!(output.code, 0, "{}", output.err);
    let text = std::fs::read_to_string(dir.join("config/ordersync.toml")).unwrap();
    for line in [
        "url = \"https://mugs.api-us1.com\"",
        "export = [\"exports/orders*.csv\"]",
        "format = \"shopify-csv\"",
        "time_zone = \"America/New_York\"",
        "currency = \"USD\"",
        "service = \"shopify\"",
    ] {
        assert!(text.lines().any(|of| of == line), "{line} is not in:\n{text}");
    }
    let again = world.run(&["init", at, "--from", &from]);
    assert_eq!(again.code, 2, "{}", again.err);
    assert!(again.err.contains("nothing is written over it"), "{}", again.err);
    assert_eq!(std::fs::read_to_string(dir.join("config/ordersync.toml")).unwrap(), text);
}

#[test]
fn an_export_or_address_that_can_t_be_used_leaves_nothing_behind() {
    let world = World::new();
    let dir = world.path("shop");
    std::fs::write(world.path("other.csv"), "a,b\n1,2\n").unwrap();
    let (at, other) = (dir.to_str().unwrap(), world.path("other.csv"));
    for args in [
        &["init", at, "--from", other.to_str().unwrap()][..],
        &["init", at, "--from", "missing.csv"],
        &["init", at, "--url", "ftp://x"],
        &["init", at, "--url", "http://x.example"],
    ] {
        let output = world.run(args);
        assert_eq!(output.code, 2, "{args:?}: {}", output.err);
        assert!(!dir.exists(), "{args:?}");
    }
}
