//! The RustSec advisories, from the copy in this folder that `.ci/advisories` renews.

use semver::{Version, VersionReq};
use std::collections::BTreeSet;

const DATABASE: &str = include_str!("advisories.tsv");

/// The ids of the advisories that affect any of `packages`.
pub fn affecting(packages: &[(String, Version)]) -> BTreeSet<String> {
    let affected = |advisory: &Advisory| {
        packages.iter().any(|(name, version)| {
            name == advisory.package
                && !is_in(advisory.patched, version)
                && !is_in(advisory.unaffected, version)
        })
    };
    all().filter(affected).map(|advisory| advisory.id.to_owned()).collect()
}

struct Advisory {
    id: &'static str,
    package: &'static str,
    patched: &'static str,
    unaffected: &'static str,
}

fn all() -> impl Iterator<Item = Advisory> {
    DATABASE.lines().filter(|line| line.starts_with("RUSTSEC-")).map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [id, package, _kind, patched, unaffected] = columns[..] else {
            panic!("expected five columns: {line:?}")
        };
        Advisory { id, package, patched, unaffected }
    })
}

/// Whether a version lies in one of the ranges, which ` || ` separates.
fn is_in(ranges: &str, version: &Version) -> bool {
    ranges
        .split(" || ")
        .filter(|range| !range.is_empty())
        .any(|range| range.parse::<VersionReq>().unwrap().matches(version))
}

#[test]
fn every_range_of_the_database_is_understood() {
    let any = Version::new(1, 0, 0);
    let count = all().map(|advisory| {
        is_in(advisory.patched, &any);
        is_in(advisory.unaffected, &any);
    });
    assert!(count.count() > 1000);
}

#[test]
fn an_old_version_is_affected_and_a_patched_one_is_not() {
    // RUSTSEC-2020-0071: time 0.1 and 0.2 before 0.2.23.
    let with = |version: &str| affecting(&[("time".to_owned(), version.parse().unwrap())]);
    assert!(with("0.2.22").contains("RUSTSEC-2020-0071"));
    assert!(!with("0.2.23").contains("RUSTSEC-2020-0071"));
}
