//! Checks the dependency tree against `deny.toml`, only with cargo and without network.

mod advisories;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

fn table(file: &str) -> toml::Table {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

/// The texts under `key` in a list of tables.
fn texts(list: &toml::Value, key: &str) -> Vec<String> {
    let text = |entry: &toml::Value| Some(entry.get(key)?.as_str()?.to_owned());
    list.as_array().unwrap().iter().filter_map(text).collect()
}

#[test]
fn no_banned_crate_is_in_the_lock_file() {
    let locked = texts(&table("Cargo.lock")["package"], "name");
    let banned = texts(&table("deny.toml")["bans"]["deny"], "crate");
    assert_eq!(banned, ["aws-lc-sys", "openssl-sys"]);
    assert!(locked.len() > 100);
    for name in banned {
        assert!(
            !locked.contains(&name),
            "{name} is in Cargo.lock; `cargo tree -i {name}` shows who brings it"
        );
    }
}

#[test]
fn every_crate_comes_from_the_public_registry() {
    let sources: BTreeSet<String> =
        texts(&table("Cargo.lock")["package"], "source").into_iter().collect();
    let public = "registry+https://github.com/rust-lang/crates.io-index".to_owned();
    assert_eq!(sources, [public].into());
}

#[test]
fn every_known_advisory_of_a_locked_crate_is_decided() {
    let deny = table("deny.toml");
    let ignored: BTreeSet<String> =
        texts(&deny["advisories"]["ignore"], "id").into_iter().collect();
    let found: BTreeSet<String> = advisories::affecting(&locked_packages());
    let undecided: Vec<&String> = found.difference(&ignored).collect();
    assert!(undecided.is_empty(), "update the crate, or decide in deny.toml: {undecided:?}");
    let stale: Vec<&String> = ignored.difference(&found).collect();
    assert!(stale.is_empty(), "no locked crate is affected any more: {stale:?}");
}

#[test]
fn an_ignored_advisory_names_what_would_replace_the_crate() {
    let reasons = texts(&table("deny.toml")["advisories"]["ignore"], "reason");
    assert!(!reasons.is_empty());
    for reason in reasons {
        assert!(reason.contains("backon"), "{reason}");
    }
}

/// Name and version of each package in Cargo.lock.
fn locked_packages() -> Vec<(String, semver::Version)> {
    let lock = table("Cargo.lock");
    let package = |entry: &toml::Value| {
        let text = |key: &str| entry[key].as_str().unwrap().to_owned();
        (text("name"), text("version").parse().unwrap())
    };
    lock["package"].as_array().unwrap().iter().map(package).collect()
}

#[test]
fn every_licence_is_on_the_list() {
    let deny = table("deny.toml");
    let allowed: Vec<&str> =
        deny["licenses"]["allow"].as_array().unwrap().iter().filter_map(|id| id.as_str()).collect();
    let packages = packages();
    assert!(packages.len() > 100, "cargo tree printed {} packages", packages.len());
    let refused: Vec<&String> = packages
        .iter()
        .filter(|package| {
            let (_, licence) = package.split_once('|').unwrap();
            !is_allowed(licence, &allowed)
        })
        .collect();
    assert!(refused.is_empty(), "licences outside deny.toml's list: {refused:#?}");
}

/// Each package that is built on this platform, as `name version|licence`.
fn packages() -> BTreeSet<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let output = Command::new(cargo)
        .args(["tree", "--locked", "--offline", "--prefix", "none", "--format", "{p}|{l}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}

/// Whether a licence expression (SPDX, or with `/` for OR as in older crates) can be satisfied by
/// the list.
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (met, rest) = any(&words, allowed);
    met && rest.is_empty()
}

fn any<'a>(words: &'a [&'a str], allowed: &[&str]) -> (bool, &'a [&'a str]) {
    let (mut met, mut rest) = all(words, allowed);
    while let ["OR", after @ ..] = rest {
        let (next, left) = all(after, allowed);
        (met, rest) = (met || next, left);
    }
    (met, rest)
}

fn all<'a>(words: &'a [&'a str], allowed: &[&str]) -> (bool, &'a [&'a str]) {
    let (mut met, mut rest) = one(words, allowed);
    while let ["AND", after @ ..] = rest {
        let (next, left) = one(after, allowed);
        (met, rest) = (met && next, left);
    }
    (met, rest)
}

fn one<'a>(words: &'a [&'a str], allowed: &[&str]) -> (bool, &'a [&'a str]) {
    match words {
        ["(", inner @ ..] => match any(inner, allowed) {
            (met, [")", rest @ ..]) => (met, rest),
            (_, rest) => (false, rest),
        },
        [id, "WITH", exception, rest @ ..] => {
            (allowed.contains(&&*format!("{id} WITH {exception}")), rest)
        }
        [id, rest @ ..] => (allowed.contains(id), rest),
        [] => (false, words),
    }
}

#[test]
fn licence_expressions_are_read_as_they_are_meant() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"];
    for (expression, expected) in [
        ("MIT", true),
        ("MIT/Apache-2.0", true),
        ("Apache-2.0 OR MIT", true),
        ("Apache-2.0", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("MIT AND Apache-2.0", false),
        ("(MIT OR Apache-2.0) AND ISC", true),
        ("(MIT OR Apache-2.0) AND GPL-3.0", false),
        ("GPL-3.0 OR MIT AND ISC", true),
        ("MIT AND GPL-3.0 OR GPL-2.0", false),
        ("(MIT", false),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }
}
