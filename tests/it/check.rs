//! `check` finds every error in one pass, quickly.

use crate::world::World;
use ordersync::samples::{GeneratorOptions, demo_orders};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn rewrite(world: &World, change: impl Fn(String) -> String) {
    let file = world.path("ordersync.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, change(text)).unwrap();
}

/// Gives the account another address, with the usual limit.
fn set_url(world: &World, url: &str) {
    rewrite(world, |text| {
        let old = text.lines().find(|line| line.starts_with("url = ")).unwrap().to_owned();
        text.replace(&old, &format!("url = \"{url}\""))
            .replace("requests_per_second = 100000\n", "")
    });
}

#[test]
fn faults_of_settings_exports_and_token_are_found_in_one_pass() {
    let world = World::new()
        .job("schedule = \"*/90 2 * * *\"\nformat = \"shopify\"\nencoding = \"window-1250\"\n")
        .policy("statusses = [\"paid\"]\n");
    world.export("orders.csv", "a,b\n1,2\n");
    std::fs::remove_file(world.path("token")).unwrap();
    let check = world.run(&["check"]);
    assert_eq!(check.code, 2, "{}", check.out);
    assert!(check.out.starts_with("6 faults.\n"), "{}", check.out);
    for fault in [
        "jobs.shop.schedule: minute: found `*/90`",
        "jobs.shop.format: no format `shopify`",
        "did you mean `shopify-csv` or `shopify-json`",
        "jobs.shop.encoding: no encoding `window-1250`",
        "jobs.shop.policy.statusses: unknown key",
        "orders.csv, line 1: the format is not recognised",
        "can't read the token",
    ] {
        assert!(check.out.contains(fault), "{fault}: {}", check.out);
    }
}

#[test]
fn checks_that_need_a_faulty_value_do_not_use_its_placeholder() {
    let world = World::new();
    world.export("orders.csv", demo_orders());
    rewrite(&world, |text| {
        let text = text
            .replace("externalid = \"test-store\"\n", "")
            .replace("requests_per_second = 100000\n", "");
        let url = text.lines().find(|line| line.starts_with("url = ")).unwrap().to_owned();
        text.replace(&url, "url = \"nonsense\"").replace("account = \"main\"", "account = \"mian\"")
    });
    let check = world.run(&["check"]);
    assert_eq!(check.code, 2, "{}", check.out);
    assert!(check.out.starts_with("3 faults.\n"), "{}", check.out);
    for fault in
        ["accounts.main.url: ", "jobs.shop.account: no", "jobs.shop.connection.externalid: "]
    {
        assert!(check.out.contains(fault), "{fault}: {}", check.out);
    }
    assert!(!check.out.contains("unknown.invalid"), "{}", check.out);
    assert_eq!(world.summary().requests, 0);
    assert!(world.state_files().is_empty(), "no state is bound to a stand-in");
}

#[test]
fn the_examples_of_the_annotated_settings_are_faults() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 3, seed: 1, ..GeneratorOptions::default() });
    rewrite(&world, |text| {
        let text =
            text.replace("Test Store", "Example Store").replace("test-store", "example-store");
        text.replace("https://shop.example.com\"", "https://example.com/\"")
    });
    let check = world.run(&["check", "--offline"]);
    assert_eq!(check.code, 2, "{}", check.out);
    for key in ["externalid", "name", "link_url"] {
        assert!(
            check.out.contains(&format!("jobs.shop.connection.{key}: ")),
            "{key}: {}",
            check.out
        );
    }
    assert!(check.out.starts_with("3 faults.\n"), "{}", check.out);
}

/// Answers every request with this text.
fn serve(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

#[test]
fn a_wrong_address_is_reported_soon_with_its_cause_and_what_to_do() {
    macro_rules! page {
        ($status:literal) => {
            concat!(
                "HTTP/1.1 ",
                $status,
                "\r\nContent-Type: text/html\r\nContent-Length: 29\r\n",
                "Connection: close\r\n\r\n<!doctype html><html>x</html>"
            )
        };
    }
    let no_api = "that address is a web page, not the API";
    for (url, cause, advice) in [
        ("http://127.0.0.1:9".to_owned(), "connection refused", "Settings, Developer"),
        ("https://no-such-host.invalid".to_owned(), "could not resolve", "Settings, Developer"),
        (serve(page!("200 OK")), no_api, "Settings, Developer"),
        (serve(page!("404 Not Found")), no_api, "Settings, Developer"),
        (serve(page!("405 Not Allowed")), no_api, "Settings, Developer"),
    ] {
        let world = World::new();
        world.export("orders.csv", demo_orders());
        set_url(&world, &url);
        let begun = Instant::now();
        let check = world.run(&["check"]);
        assert!(begun.elapsed() < Duration::from_secs(15), "{url}: {:?}", begun.elapsed());
        assert_eq!(check.code, 6, "{}", check.out);
        assert!(check.out.starts_with("1 fault.\n\nFAULT "), "{}", check.out);
        for expected in [&url, cause, advice] {
            assert!(check.out.contains(expected), "{expected}: {}", check.out);
        }
    }
}

/// The URL of a server with a self-signed certificate.
fn serve_self_signed() -> String {
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let tls = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let _ = rustls::StreamOwned::new(tls, stream.unwrap()).read(&mut [0; 1024]);
        }
    });
    url
}

#[test]
fn a_certificate_that_is_not_trusted_is_reported_once_and_in_words() {
    let world = World::new();
    world.export("orders.csv", demo_orders());
    set_url(&world, &serve_self_signed());
    let check = world.run(&["check"]);
    assert_eq!(check.code, 5, "{}", check.out);
    for expected in ["no trusted authority has signed it", "ca_file"] {
        assert!(check.out.contains(expected), "{expected}: {}", check.out);
    }
    assert_eq!(check.err, "");
}

#[test]
fn a_status_of_a_server_that_is_down_is_reported_in_words() {
    let world = World::new();
    world.export("orders.csv", demo_orders());
    set_url(&world, &serve("HTTP/1.1 507 X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    let check = world.run(&["check"]);
    assert_eq!(check.code, 6, "{}", check.out);
    for expected in ["ActiveCampaign is unavailable (status 507)", "try again later"] {
        assert!(check.out.contains(expected), "{expected}: {}", check.out);
    }
}

#[test]
fn a_token_that_is_not_accepted_is_named_by_its_first_check() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 3, seed: 1, ..GeneratorOptions::default() });
    std::fs::write(world.path("token"), "another-token").unwrap();
    let check = world.run(&["--json", "check"]);
    let found = check.json();
    assert_eq!((check.code, &found["exit"]), (5, &5.into()), "{}", check.out);
    assert!(check.out.contains("does not accept the token"), "{}", check.out);
}

#[test]
fn a_token_next_to_the_settings_is_found_and_one_that_others_can_read_is_noted() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 3, seed: 1, ..GeneratorOptions::default() });
    rewrite(&world, |text| text.replace("token_file = \"token\"\n", ""));
    std::fs::rename(world.path("token"), world.path("main.token")).unwrap();
    let check = world.run(&["check", "--offline"]);
    assert_eq!(check.code, 0, "{}{}", check.out, check.err);
    assert!(check.out.contains("accounts.main: token from file "), "{}", check.out);
    assert!(!check.out.contains("others can read"), "{}", check.out);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(world.path("main.token"), mode).unwrap();
    let check = world.run(&["check", "--offline"]);
    assert_eq!(check.code, 0, "{}", check.out);
    assert!(
        check.out.contains("note  accounts.main: others can read the token file"),
        "{}",
        check.out
    );
    let run = world.run(&["backfill"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.err.contains("others can read the token file"), "{}", run.err);
}

#[cfg(not(feature = "fleet"))]
#[test]
fn a_build_without_fleets_refuses_fleet_settings_before_any_work() {
    let world = World::new()
        .job("schedule = \"15 2 * * *\"\n")
        .policy("\n[fleet]\nurl = \"postgres://ordersync@localhost/ordersync\"\n");
    world.export("orders.csv", demo_orders());
    for args in [&["check"][..], &["daemon"], &["backfill"], &["plan"]] {
        let ran = world.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {}{}", ran.out, ran.err);
        let said = format!("{}{}", ran.out, ran.err);
        for text in ["fleet: this build knows no fleets", "--features fleet"] {
            assert!(said.contains(text), "{args:?}: {said}");
        }
    }
    let asked = world.run(&["fleet", "status"]);
    assert_eq!(asked.code, 2, "{}", asked.err);
    assert!(asked.err.contains("this build knows no fleets"), "{}", asked.err);
    assert_eq!(world.summary().requests, 0);
    assert!(world.state_files().is_empty());
}
