//! Lists, headings and progress on terminals of different widths.

use crate::terminal::OnTerminal;
use crate::world::World;
use ordersync::samples::GeneratorOptions;
use regex::Regex;

/// A shop of which some orders are invalid, loaded.
fn loaded() -> World {
    let world = World::new();
    let defects_permille = 60;
    let shop = GeneratorOptions { orders: 200, seed: 31, defects_permille, ..Default::default() };
    world.generate(&shop);
    world.load("backfill", 3);
    world
}

fn shown(world: &World, args: &[&str], columns: u16) -> String {
    let mut command = world.command(args);
    command.env_remove("NO_COLOR").env("TERM", "xterm");
    OnTerminal::start(&mut command, columns).ends().1
}

#[test]
fn every_list_fits_the_terminal_and_says_the_same_as_without_one() {
    let world = loaded();
    let paint = Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    let words = |text: &str| {
        let words = text.split([' ', '\n', ':', ';']).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
    };
    for args in [&["status"][..], &["dead-letters", "list"], &["connection", "list"]] {
        let whole = world.run(args).out;
        for columns in [60, 80] {
            let screen = paint.replace_all(&shown(&world, args, columns), "").into_owned();
            for line in screen.lines() {
                let is_one_word = !line.trim().contains(' ');
                let fits = line.chars().count() <= usize::from(columns);
                assert!(fits || is_one_word, "{args:?} at {columns}: {line}");
            }
            // Sizes and free space may differ between the two, and the first columns of a row need
            // no name.
            let leading = ["account", "id", "job", "order"];
            let missing: Vec<_> = words(&whole).difference(&words(&screen)).cloned().collect();
            let is_known = |word: &String| {
                let word = word.as_str();
                word.parse::<f64>().is_ok() || word.ends_with('B') || leading.contains(&word)
            };
            assert!(missing.iter().all(is_known), "{args:?} at {columns}: {missing:?}\n{screen}");
        }
    }
}

#[test]
fn no_text_is_wider_than_the_terminal() {
    let world = loaded();
    let paint = Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    for args in [
        &["--help"][..],
        &["formats"],
        &["check"],
        &["plan"],
        &["schedule"],
        &["verify", "shop"],
        &["verify", "shop", "--sample", "3"],
        &["undo", "shop", "--run", "1", "--dry-run"],
        &["connection", "switch", "shop", "--to", "bulk", "--dry-run"],
        &["dead-letters", "show", "shop", "1"],
        &["dead-letters", "retry", "shop"],
        &["adopt", "shop"],
        &["demo", "--orders", "20"],
        &["frobnicate"],
    ] {
        for columns in [60, 80, 200] {
            let screen = shown(&world, args, columns);
            let screen = paint.replace_all(&screen, "");
            // What follows is TOML.
            let text = screen.split("Settings in effect:").next().unwrap();
            // Progress is redrawn in place, and a machine that stalls the demo may log a 429.
            let drawn = |line: &&str| line.contains(['\r', '\u{1b}']) || line.contains("(429)");
            for line in text.lines().filter(|line| !drawn(line)) {
                let is_one_word = !line.trim().contains(' ');
                let fits = line.chars().count() <= usize::from(columns);
                assert!(fits || is_one_word, "{args:?} at {columns}: {line}");
            }
        }
    }
}

#[test]
fn headings_are_painted_on_a_terminal_and_nowhere_else() {
    let world = loaded();
    let heading = "\u{1b}[1mshop\u{1b}[0m (account main)";
    assert!(shown(&world, &["status"], 80).contains(heading));
    assert!(!world.run(&["status"]).out.contains('\u{1b}'));
    assert!(world.run(&["--color", "always", "status"]).out.contains(heading));
    assert!(!shown(&world, &["--color", "never", "status"], 80).contains('\u{1b}'));
    let mut plain = world.command(&["status"]);
    plain.env("NO_COLOR", "1");
    assert!(!OnTerminal::start(&mut plain, 80).ends().1.contains('\u{1b}'));
}

#[test]
fn the_progress_line_begins_with_the_orders_and_follows_the_width_of_the_terminal() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 60, seed: 13, ..Default::default() });
    world.hold_from(40);
    let mut command = world.command(&["backfill", "--yes"]);
    let mut backfill = OnTerminal::start(command.env("TERM", "xterm"), 120);
    backfill.shows("of 60 orders [");
    backfill.resize(50);
    world.simulator.release();
    let (code, screen) = backfill.ends();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("\r\u{1b}[2A\u{1b}[J"), "two rows above are erased: {screen:?}");
}

#[test]
fn the_progress_line_of_a_canary_begins_with_its_own_orders() {
    let world = World::new();
    world.generate(&GeneratorOptions { orders: 60, seed: 13, ..Default::default() });
    world.hold_from(13);
    let mut command = world.command(&["backfill", "--canary", "7", "--yes"]);
    let mut canary = OnTerminal::start(command.env("TERM", "xterm"), 120);
    canary.shows("of 7 orders [");
    world.simulator.release();
    let (code, screen) = canary.ends();
    assert_eq!(code, 0, "{screen}");
}
