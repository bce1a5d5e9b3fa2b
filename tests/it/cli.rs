//! Exit codes and messages, for scripts and operators.

use crate::world::World;
use ordersync::samples::{GeneratorOptions, demo_orders};
use ordersync::simulator::{Edit, Fault, Kind};

#[test]
fn a_fault_in_the_settings_names_file_line_and_key() {
    let world = World::new().policy("statusses = [\"paid\"]\n");
    let ended = world.run(&["plan"]);
    assert_eq!(ended.code, 2);
    for expected in ["ordersync.toml:", "statusses", "statuses"] {
        assert!(ended.err.contains(expected), "{expected}: {}", ended.err);
    }
    assert!(ended.out.is_empty());
}

#[test]
fn a_wrong_export_names_its_file_and_the_missing_columns() {
    let world = World::new();
    world.export(
        "orders.csv",
        "Name,Email,Financial Status,Paid at,Lineitem quantity,Lineitem name\n#1,a@example.com,paid,,1,Mug\n",
    );
    let ended = world.run(&["backfill"]);
    assert_eq!(ended.code, 2);
    for expected in ["orders.csv", "Total", "Currency", "Created at", "Lineitem price"] {
        assert!(ended.err.contains(expected), "{expected}: {}", ended.err);
    }
    assert_eq!(world.summary().requests, 0, "nothing was sent");
}

#[test]
fn a_missing_export_says_so() {
    let world = World::new();
    let ended = world.run(&["plan"]);
    assert_eq!(ended.code, 2);
    assert!(ended.err.contains("exports/*"), "{}", ended.err);
}

#[test]
fn wrong_usage_ends_with_two() {
    let world = World::new();
    assert_eq!(world.run(&["frobnicate"]).code, 2);
    assert_eq!(world.run(&["plan", "no-such-job"]).code, 2);
    assert_eq!(world.run(&["--version"]).code, 0);
}

#[test]
fn a_refused_token_ends_with_five() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 20, seed: 1, ..GeneratorOptions::default() });
    std::fs::write(world.path("token"), "wrong-token-99").unwrap();
    let ended = world.run(&["--json", "--quiet", "backfill"]);
    assert_eq!(ended.code, 5, "{}", ended.err);
    assert_eq!(ended.json()["runs"][0]["outcome"], "stopped");
    assert!(!ended.err.contains("wrong-token-99") && !ended.out.contains("wrong-token-99"));
    assert_eq!(world.summary().orders, 0);
}

#[test]
fn an_unavailable_target_ends_with_six_and_the_next_run_resumes() {
    let world = World::new().account("wait_max_s = 1\n");
    let truth =
        world.generate(&GeneratorOptions { orders: 50, seed: 1, ..GeneratorOptions::default() });
    let maintenance = Kind::Status {
        code: 503,
        retry_after: ordersync::simulator::RetryAfter::Seconds(3600),
        html: true,
    };
    world.simulator.inject(Fault::new(maintenance).on("POST", "/ecomOrders").nth(20).forever());
    let ended = world.run(&["--json", "--quiet", "backfill"]);
    assert_eq!(ended.code, 6, "{}", ended.err);
    let run = ended.json()["runs"][0].clone();
    assert_eq!(run["outcome"], "paused");
    crate::world::assert_adds_up(&run);
    world.simulator.clear_faults();
    // A new run tries again, however long ActiveCampaign had asked to wait.
    let rest = world.load("backfill", 0);
    assert_eq!((&rest["run"], &rest["created"]), (&run["run"], &truth.valid.into()));
}

#[test]
fn a_native_connection_is_left_alone() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 5, seed: 1, ..GeneratorOptions::default() });
    let (service, externalid, name) = ("shopify".into(), "test-store".into(), "Native".into());
    let edit = Edit::AddConnection { service, externalid, name, native: true };
    world.simulator.edit(edit).unwrap();
    let ended = world.run(&["backfill"]);
    assert_eq!(ended.code, 2, "{}", ended.err);
    assert!(ended.err.contains("own integration"), "{}", ended.err);
    assert_eq!(world.summary().orders, 0);
}

#[test]
fn init_writes_what_check_accepts_and_never_overwrites() {
    let world = World::new();
    let dir = world.path("new");
    let at = dir.to_str().unwrap();
    assert_eq!(world.run(&["init", at]).code, 0);
    let file = dir.join("config/ordersync.toml");
    std::fs::write(dir.join("exports/orders_export.csv"), demo_orders()).unwrap();
    let mut check = world.command(&["check", "--offline", "--config", file.to_str().unwrap()]);
    let output = check.env("ORDERSYNC_ACCOUNTS__MAIN__TOKEN", "t0ken-9").output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(2), "{out}");
    assert!(out.starts_with("5 faults.\n"), "the examples, and nothing else: {out}");
    assert!(out.contains("orders_export.csv") && !out.contains("t0ken-9"), "{out}");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}\n# mine\n")).unwrap();
    assert_eq!(world.run(&["init", at]).code, 0);
    assert!(std::fs::read_to_string(&file).unwrap().ends_with("# mine\n"));
}

#[test]
fn check_shows_what_is_in_order_and_what_is_not() {
    let world = World::new();
    world.export("orders.csv", demo_orders());
    let ended = world.run(&["check"]);
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    assert!(
        ended.out.contains("shopify-csv") && ended.out.contains("does not exist yet"),
        "{}",
        ended.out
    );
    assert!(!ended.out.contains(crate::world::TOKEN), "secrets are masked");
    std::fs::remove_file(world.path("token")).unwrap();
    world.export("more.csv", "a,b\n1,2\n");
    let ended = world.run(&["check"]);
    assert_eq!(ended.code, 2);
    assert!(ended.out.starts_with("2 faults.\n\nFAULT "), "every fault at once: {}", ended.out);
}

#[test]
fn an_unknown_encoding_is_a_settings_error_with_a_suggestion() {
    let world = World::new().job("encoding = \"window-1250\"\n");
    world.export("orders.csv", demo_orders());
    let ended = world.run(&["check"]);
    assert_eq!(ended.code, 2);
    for text in ["jobs.shop.encoding: no encoding `window-1250`", "did you mean `windows-1250`?"] {
        assert!(ended.out.contains(text), "{}", ended.out);
    }
}

#[test]
fn the_encoding_auto_is_refused() {
    let world = World::new().job("encoding = \"auto\"\n");
    world.export("orders.csv", demo_orders());
    let plan = world.run(&["plan"]);
    assert_eq!(plan.code, 0, "{}{}", plan.out, plan.err);
}

#[test]
fn status_shows_of_the_last_runs() {
    let world = World::new();
    world.export("orders.csv", demo_orders());
    assert!(world.run(&["status"]).out.contains("no run yet"));
    world.load("backfill", 3);
    let status = world.run(&["--json", "status"]).json()["jobs"][0].clone();
    assert_eq!(status["orders_loaded"], status["runs"][0]["created"]);
    assert_eq!(status["dead_letters"], status["runs"][0]["invalid"]);
    assert_eq!(status["runs"][0]["outcome"], "finished");
}

#[test]
fn manual_pages_and_completions_know_every_verb() {
    let world = World::new();
    let help = world.run(&["help"]).out;
    let verbs = help
        .lines()
        .filter_map(|line| line.strip_prefix("  "))
        .filter_map(|line| line.split(' ').next());
    let verbs: Vec<&str> =
        verbs.filter(|verb| verb.starts_with(|c: char| c.is_ascii_lowercase())).collect();
    assert!(verbs.contains(&"backfill") && verbs.len() > 10, "{verbs:?}");
    let ended = world.run(&["man", "--dir", "pages"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(world.run(&["man"]).out.starts_with(".ie"));
    let page = std::fs::read_to_string(world.path("pages/ordersync.toml.5")).unwrap();
    assert_eq!(page, world.run(&["man", "--settings"]).out);
    for text in [".TH ordersync.toml 5", "\\fBrequests_per_second = 5\\fR", ".SS [jobs.shop]"] {
        assert!(page.contains(text), "{text}");
    }
    for verb in verbs.iter().filter(|verb| **verb != "help") {
        assert!(world.path(&format!("pages/ordersync-{verb}.1")).is_file(), "{verb} has no page");
        for shell in ["bash", "zsh", "fish"] {
            assert!(world.run(&["completions", shell]).out.contains(verb), "{verb} in {shell}");
        }
    }
}

#[test]
fn a_failure_is_one_object_with_its_place_and_every_fault() {
    let world = World::new().policy("statusses = [\"paid\"]\nrefunds = \"some\"\n");
    let output = world.run(&["--json", "sync"]);
    assert_eq!(output.code, 2);
    let error = &output.json()["error"];
    assert_eq!((&error["code"], &error["exit"]), (&"unknown_key".into(), &2.into()));
    let place = &error["where"];
    assert_eq!(
        (&place["key"], &place["column"]),
        (&"jobs.shop.policy.statusses".into(), &1.into())
    );
    assert!(place["line"].as_u64() > Some(10), "{place}");
    assert!(place["file"].as_str().unwrap().ends_with("ordersync.toml"), "{place}");
    let keys: Vec<&str> = error["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["where"]["key"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["jobs.shop.policy.statusses", "jobs.shop.policy.refunds"]);
}

#[test]
fn wrong_arguments_are_an_object_too() {
    let world = World::new();
    for (args, code, key) in [
        (&["frobnicate"][..], "unknown_verb", "frobnicate"),
        (&["plan", "--frobnicate"], "unknown_argument", "--frobnicate"),
        (&["backfill", "--canary", "many"], "invalid_value", "--canary <N>"),
        (&["undo"], "missing_argument", "--run <ID>"),
    ] {
        let output = world.run(&[args, &["--json"]].concat());
        let error = &output.json()["error"];
        assert_eq!((output.code, &error["code"]), (2, &code.into()), "{error}");
        assert_eq!(error["where"]["key"], key, "{error}");
        assert!(!error["message"].as_str().unwrap().contains('\n'), "{error}");
    }
}

#[test]
fn quiet_prints_nothing_of_a_success() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 3, seed: 1, ..GeneratorOptions::default() });
    for args in [
        &["check"][..],
        &["backfill", "--canary", "1"],
        &["backfill"],
        &["sync"],
        &["verify", "shop"],
        &["undo", "shop", "--run", "2", "--yes"],
        &["adopt", "shop"],
    ] {
        let output = world.run(&[&["-q"], args].concat());
        assert_eq!(
            (output.code, output.out.as_str(), output.err.as_str()),
            (0, "", ""),
            "{args:?}"
        );
    }
}

#[test]
fn bash_completes_the_names_of_jobs() {
    let world = World::new();
    let script = world.run(&["completions", "bash"]).out;
    std::fs::write(world.path("complete.bash"), script).unwrap();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_ordersync")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", program.display());
    for (verbs, expected) in [
        ("plan", "shop\n"),
        ("status", "shop\n"),
        ("connection switch", "shop\n"),
        ("dead-letters list", "shop\n"),
        ("pulls purge", "shop\n"),
        ("fleet status", "\n"),
        ("help plan", "\n"),
        ("help connection switch", "\n"),
    ] {
        let verbs: Vec<&str> = verbs.split(' ').collect();
        let asked = format!(
            "source complete.bash; COMP_WORDS=(ordersync {} sh); COMP_CWORD={}; \
             _ordersync ordersync sh {}; echo ${{COMPREPLY[@]}}",
            verbs.join(" "),
            verbs.len() + 1,
            verbs[verbs.len() - 1]
        );
        let output = std::process::Command::new("bash")
            .args(["-c", &asked])
            .current_dir(world.path(""))
            .env("PATH", &path)
            .env("ORDERSYNC_CONFIG", world.path("ordersync.toml"))
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), expected, "{verbs:?}");
    }
    for shell in ["zsh", "fish"] {
        assert!(
            world.run(&["completions", shell]).out.contains("ordersync complete-jobs"),
            "{shell}"
        );
    }
    let fish = world.run(&["completions", "fish"]).out;
    for verbs in ["plan", "dead-letters; and __fish_seen_subcommand_from list"] {
        let line = format!("using_subcommand {verbs}\" -f -a \"(ordersync complete-jobs");
        assert!(fish.contains(&line), "{verbs}");
    }
}

#[test]
fn a_verdict_is_in_colour_only_if_asked_or_on_a_terminal() {
    let world = World::new();
    world.export("orders.csv", demo_orders());
    let plain = world.run(&["check", "--offline"]).out;
    assert!(plain.starts_with("No fault found.") && !plain.contains('\u{1b}'), "{plain}");
    let painted = world.run(&["--color", "always", "check", "--offline"]).out;
    assert!(painted.starts_with("\u{1b}[32mNo fault found.\u{1b}[0m\n"), "{painted}");
}

#[test]
fn an_export_without_valid_orders_gives_a_warning_first() {
    let world = World::new();
    world.export(
        "orders.csv",
        "Name,Email,Financial Status,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price\n\
         #1,ann@example.com,paid,USD,10.00,19/09/2022 15:14,1,Mug,10.00\n\
         #2,bob@example.com,paid,USD,10.00,20/09/2022 15:14,1,Mug,10.00\n",
    );
    let plan = world.run(&["plan"]).out;
    let fault = "Fault      nothing can be sent: all of 2 orders are invalid, 2 by bad_date in `created_at`";
    assert!(plan.lines().nth(2).unwrap().starts_with(fault), "{plan}");
    let check = world.run(&["check", "--offline"]).out;
    assert!(check.contains("FAULT jobs.shop: nothing can be sent: all of 2 orders"), "{check}");
    let said: String = plan.split_whitespace().collect::<Vec<_>>().join(" ");
    let why = "`19/09/2022 15:14` is not a date in this format; the file was probably saved by a spreadsheet";
    assert!(said.contains(why), "{plan}");
    assert!(plan.contains("#1 at orders.csv:2 (created_at: `19/09/2022 15:14`)"), "{plan}");
    let run = world.run(&["backfill"]);
    assert!(run.err.starts_with("shop: nothing can be sent: all of 2 orders"), "{}", run.err);
    let kept = world
        .state_files()
        .into_iter()
        .any(|(_, bytes)| bytes.windows(b"19/09/2022".len()).any(|part| part == b"19/09/2022"));
    assert!(!kept, "a faulty value is shown, and not kept");
}

#[test]
fn a_record_of_json_is_found_by_its_number_in_the_file() {
    let order = |id: u32, date: &str| {
        format!(
            "{{\"id\":{id},\"name\":\"#{id}\",\"email\":\"ann@example.com\",\"financial_status\":\"paid\",\"currency\":\"USD\",\
             \"total_price\":\"1.00\",\"created_at\":\"{date}\",\"line_items\":[{{\"id\":1,\"title\":\"Mug\",\"quantity\":1,\"price\":\"1.00\"}}]}}"
        )
    };
    let (good, bad) = ("2024-01-31T10:11:12-05:00", "31st of Ann");
    let orders = [order(1001, good), order(1002, good), order(1003, bad)].join(",");
    let world = World::new();
    world.export("orders.json", format!("{{\"orders\":[{orders}]}}"));
    let plan = world.run(&["plan"]).out;
    let place = "#1003 at record 3 of orders.json (created_at: `31st xx xxx`)";
    assert!(plan.contains(place), "{plan}");
    let json = world.run(&["--json", "plan"]).json();
    let example = &json["plans"][0]["invalid_reasons"][0]["examples"][0];
    assert_eq!((&example["record"], &example["value"]), (&3.into(), &"31st xx xxx".into()));
    let explained = world.run(&["explain", "shop", "1003"]).out;
    assert!(
        explained.contains("\nrecord 3 of ") && explained.contains("`31st xx xxx`"),
        "{explained}"
    );
}
