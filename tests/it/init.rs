//! `init --from`: values of an export are in the settings, and the rest is asked for.

use crate::terminal::OnTerminal;
use crate::world::World;
use serde_json::Value;
use std::path::Path;

const HEADER: &str = "Name,Email,Financial Status,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price";

/// An export in dollars, with dates in New York's zone.
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
    init.answer("not accepted, expected a URL such as", "https://mugs.api-us1.com");
    init.answer("address of the shop (", "https://www.mugs.example");
    init.answer("name of the shop [mugs.example]", "Mugs & \"more\"");
    init.answer("[mugs-more]", "");
    init.answer("[https://www.mugs.example/favicon.ico]", "");
    init.answer("time zone", "Europe/Berlin");
    init.answer("currency", "EUR");
    init.answer("API token", "t0ken with blanks");
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
fn values_of_the_export_are_filled_in_and_a_given_address_is_used() {
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
    let broken = world.path("line\nbreak.csv");
    std::fs::write(&broken, shopify()).unwrap();
    for args in [
        &["init", at, "--from", other.to_str().unwrap()][..],
        &["init", at, "--from", "missing.csv"],
        &["init", at, "--from", "-"],
        &["init", at, "--from", broken.to_str().unwrap()],
        &["init", at, "--url", "ftp://x"],
        &["init", at, "--url", "http://x.example"],
    ] {
        let output = world.run(args);
        assert_eq!(output.code, 2, "{args:?}: {}", output.err);
        assert!(!dir.exists(), "{args:?}");
    }
}

/// Orders of a Shopify shop as JSON, with more keys.
fn shopify_json(more: &str) -> String {
    format!(
        r##"[{{"id":1,"order_number":1,"name":"#1","email":"ann@example.com","currency":"USD","total_price":"10.00",
        "created_at":"2024-01-31T10:11:12-05:00","financial_status":"paid",{more}
        "line_items":[{{"id":1,"name":"Mug","quantity":1,"price":"10.00"}}]}}]"##
    )
}

/// `init --from` of these files without a terminal: its exit code and text, and the settings.
fn init_from(files: &[(&str, String)], pattern: &str) -> (i32, String, String) {
    let world = World::new();
    let at = world.path("in [old] folder");
    std::fs::create_dir_all(&at).unwrap();
    for (name, text) in files {
        std::fs::write(at.join(name), text).unwrap();
    }
    let mut command = world.command(&["init", "../shop", "--from", pattern]);
    let output = command.current_dir(&at).output().unwrap();
    let settings = world.path("shop/config/ordersync.toml");
    let said = [output.stdout, output.stderr].concat();
    if output.status.success() {
        let (_, checked) = check(&world, &world.path("shop"));
        assert!(!checked.contains("no such file"), "{checked}");
    }
    (
        output.status.code().unwrap(),
        String::from_utf8(said).unwrap(),
        std::fs::read_to_string(settings).unwrap_or_default(),
    )
}

#[test]
fn the_address_that_orders_name_is_used_and_the_id_of_the_shop_is_left_to_a_person() {
    const STATUS: &str = "order_status_url";
    for (more, address) in [
        (
            format!(r#""{STATUS}":"https://www.mugs.example:8443/1","#),
            Some("https://www.mugs.example:8443"),
        ),
        (format!(r#""{STATUS}":null,"referring_site":"https://www.google.com/","#), None),
        (format!(r#""{STATUS}":"https://checkout.shopify.com/1","#), None),
        (format!(r#""{STATUS}":"https://www.m\u00fcller.de/1","#), None),
    ] {
        let (code, said, text) = init_from(&[("orders.json", shopify_json(&more))], "orders.json");
        assert_eq!(code, 0, "{said}");
        let link = address.map_or("https://example.com", |address| address);
        assert!(text.contains(&format!("\nlink_url = \"{link}\"\n")), "{more}: {text}");
        assert!(text.contains("\nexternalid = \"example-store\"\n"), "{more}: {text}");
        assert!(said.contains("to do  jobs.shop.connection.externalid"), "{said}");
    }
}

#[test]
fn two_formats_of_one_shop_system_are_read_and_of_two_are_refused() {
    let files = [("a.csv", shopify()), ("b.json", shopify_json(""))];
    let (code, said, text) = init_from(&files, "*.*");
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("shopify-csv and shopify-json"), "{said}");
    assert!(text.contains("\nformat = \"auto\"\n"), "{text}");
    assert!(text.contains("/in [[]old[]] folder/*.*\""), "{text}");
    let singer = r#"{"type":"SCHEMA","stream":"orders","schema":{},"key_properties":["id"]}
{"type":"RECORD","stream":"orders","record":"#;
    let order = shopify_json("").replace('\n', "");
    let stream = format!("{singer}{}}}\n", order.trim_matches(['[', ']']));
    let (code, said, text) = init_from(&[("a.csv", shopify()), ("b.jsonl", stream)], "*.*");
    assert_eq!((code, text.as_str()), (2, ""), "{said}");
    for line in ["a.csv: shopify-csv", "b.jsonl: singer"] {
        assert!(said.lines().any(|of| of == format!("  {line}")), "{line}: {said}");
    }
}

#[test]
fn a_file_in_a_folder_with_brackets_is_named_so_that_check_finds_it() {
    let (code, said, text) = init_from(&[("orders.csv", shopify())], "orders.csv");
    assert_eq!(code, 0, "{said}");
    assert!(text.contains("/in [old] folder/orders.csv\""), "{text}");
}

#[test]
fn an_existing_token_is_kept_without_a_question() {
    let world = World::new();
    let dir = world.path("shop");
    std::fs::create_dir_all(dir.join("config")).unwrap();
    std::fs::write(dir.join("config/main.token"), "kept\n").unwrap();
    std::fs::write(world.path("orders.csv"), shopify()).unwrap();
    let args = ["init", dir.to_str().unwrap(), "--from", "orders.csv"];
    let mut init = OnTerminal::start(world.command(&args).current_dir(world.path("")), 80);
    for question in
        ["API address", "address of the shop (", "name of the shop", "id for", "logo", "time zone"]
    {
        init.answer(question, "");
    }
    let (code, screen) = init.ends();
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains("API token") && screen.contains("main.token"), "{screen}");
    assert_eq!(std::fs::read_to_string(dir.join("config/main.token")).unwrap(), "kept\n");
}

#[test]
fn a_signal_while_a_token_is_typed_leaves_a_terminal_that_shows_what_is_typed() {
    let world = World::new();
    let dir = world.path("shop");
    std::fs::write(world.path("orders.csv"), shopify()).unwrap();
    let args = ["init", dir.to_str().unwrap(), "--from", "orders.csv"];
    let mut init = OnTerminal::start(world.command(&args).current_dir(world.path("")), 80);
    for question in
        ["API address", "address of the shop (", "name of the shop", "id for", "logo", "time zone"]
    {
        init.answer(question, "");
    }
    assert_eq!(init.terminate("API token"), (143, [false, true]));
    assert!(!dir.exists());
}

#[test]
fn a_dangling_link_is_not_kept() {
    let world = World::new();
    for name in ["ordersync.toml", "main.token"] {
        let dir = world.path(&format!("with a link as {name}"));
        std::fs::create_dir_all(dir.join("config")).unwrap();
        std::os::unix::fs::symlink("nowhere", dir.join("config").join(name)).unwrap();
        let output = world.run(&["init", dir.to_str().unwrap()]);
        assert_eq!(output.code, 2, "{}", output.out);
        assert!(output.err.contains("is a symbolic link"), "{}", output.err);
    }
}
