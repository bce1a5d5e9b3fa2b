//! Commands with their output, with variable parts masked.

use crate::world::{Finished, World};
use jiff::{Timestamp, ToSpan};
use regex::Regex;
use serde_json::Value;
use std::fmt::Write;
use std::process::Command;
use std::sync::LazyLock;

/// Dates of yesterday, today and tomorrow, with the time after them. No export in the tests has a
/// date that late.
static NOW: LazyLock<Regex> = LazyLock::new(|| {
    let day =
        |offset: i64| (Timestamp::now() + (24 * offset).hours()).strftime("%Y-%m-%d").to_string();
    let days = [day(-1), day(0), day(1)].join("|");
    regex(&format!(r"({days})([T ]\d\d:\d\d(:\d\d(\.\d+)?)?( ?[+-]\d\d:\d\d|Z)?)?"))
});
static DURATION: LazyLock<Regex> =
    LazyLock::new(|| regex(r"\b(under )?\d+ (ms|s|min|h)( \d+ (s|min))?\b"));
static RATE: LazyLock<Regex> = LazyLock::new(|| regex(r"\b\d+\.\d+ a second"));
static JSON_TIMING: LazyLock<Regex> =
    LazyLock::new(|| regex(r#""(duration\w*_ms|round_trip_\w+|requests_per_second)": [\d.]+"#));
static PLAN_ID: LazyLock<Regex> =
    LazyLock::new(|| regex(r"\b(\d+)-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}\b"));
/// Lines that depend on the disk of this machine.
static DISK: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?:its disk has [\d.]+ [kMGT]B to spare)|(?:state [\d.]+ \w+, [\d.]+ [kMGT]B free)|(?:"(?:usable|free|size)_bytes": \d+)"#,
    )
});
static GAP: LazyLock<Regex> = LazyLock::new(|| regex(r"(\S) {2,}"));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).unwrap()
}

pub struct Transcript<'a> {
    world: &'a World,
    text: String,
    /// Whether durations vary, as with every command that sends requests.
    is_timed: bool,
}

impl<'a> Transcript<'a> {
    /// For commands that send nothing.
    pub fn of(world: &'a World) -> Self {
        Self { world, text: String::new(), is_timed: false }
    }

    /// For commands that send requests: durations are masked, and the gaps that they widen.
    pub fn timed(world: &'a World) -> Self {
        Self { is_timed: true, ..Self::of(world) }
    }

    pub fn run(&mut self, args: &[&str]) {
        self.run_as(&args.join(" "), &mut self.world.command(args));
    }

    pub fn run_as(&mut self, label: &str, command: &mut Command) {
        let ended = Finished::of(command.output().unwrap());
        self.title(&format!("$ ordersync {label}"));
        let _ = writeln!(self.text, "exit {}", ended.code);
        self.stream("stdout", &ended.out);
        self.stream("stderr", &ended.err);
    }

    pub fn title(&mut self, title: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let _ = writeln!(self.text, "{title}");
    }

    /// A file that a command wrote.
    pub fn file(&mut self, name: &str) {
        let text = std::fs::read_to_string(self.world.path(name)).unwrap();
        self.stream(name, &text);
    }

    fn stream(&mut self, name: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        // The order of keys is not part of the interface.
        let json = serde_json::from_str::<Value>(text).ok().filter(Value::is_object);
        let text = match json {
            Some(json) if text.starts_with("{\n") => {
                format!("{}\n", serde_json::to_string_pretty(&json).unwrap())
            }
            _ if text.starts_with("<!DOCTYPE html>") => text.replace("><", ">\n<"),
            _ if self.is_timed => GAP.replace_all(text, "$1  ").into_owned(),
            _ => text.to_owned(),
        };
        let _ = write!(self.text, "-- {name}\n{text}");
        if !text.ends_with('\n') {
            self.text.push_str("\n-- (no newline at the end)\n");
        }
    }

    /// The whole transcript, masked.
    pub fn finish(self) -> String {
        let url = self.world.simulator.url();
        let text = self.text.replace(&url, "http://ACCOUNT");
        let text = text.replace(url.trim_start_matches("http://"), "ACCOUNT");
        let dir = self.world.path("");
        let text = text.replace(dir.to_str().unwrap(), "DIR/");
        let text = text.replace(dir.to_str().unwrap().trim_end_matches('/'), "DIR");
        let text = text.replace(env!("CARGO_PKG_VERSION"), "VERSION");
        // The account's address varies.
        let text = PLAN_ID.replace_all(&text, "$1-PLAN-ID");
        let text = DISK.replace_all(&text, "DISK");
        let mut text = NOW.replace_all(&text, "NOW").into_owned();
        if self.is_timed {
            text = DURATION.replace_all(&text, "DURATION").into_owned();
            text = RATE.replace_all(&text, "RATE a second").into_owned();
            text = JSON_TIMING.replace_all(&text, "\"$1\": TIMING").into_owned();
        }
        text
    }
}
