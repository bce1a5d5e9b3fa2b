//! Which modules may import which, and which names belong to one place.

use super::source::{Mention, mentions};
use std::fmt;
use std::path::{Path, PathBuf};

/// Each module and the modules that it may import in addition to itself. Files of `cli`, `main.rs`
/// and `lib.rs` may import any.
const FLOORS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("scratch", &[]),
    ("extract", &["domain", "scratch"]),
    ("transform", &["domain"]),
    ("plan", &["domain"]),
    ("pull", &["domain"]),
    ("state", &["domain", "scratch"]),
    ("activecampaign", &["domain"]),
    ("load", &["domain", "plan", "state", "activecampaign"]),
    (
        "run",
        &[
            "domain",
            "scratch",
            "extract",
            "transform",
            "plan",
            "pull",
            "state",
            "activecampaign",
            "load",
        ],
    ),
    ("schedule", &["domain"]),
    ("daemon", &["domain", "extract", "pull", "state", "activecampaign", "run", "schedule"]),
    ("fleet", &["activecampaign", "daemon", "domain", "state"]),
    ("settings", &["domain", "pull"]),
    ("notify", &["state"]),
    ("report", &["daemon", "domain", "plan", "run", "schedule", "state"]),
    ("serve", &["activecampaign", "daemon", "report", "state"]),
    ("samples", &[]),
    ("simulator", &[]),
];

/// What tests may import in addition, wherever they are.
const FOR_TESTS: &[&str] = &["samples", "simulator"];

/// Pure modules, and the paths that would have side effects.
const PURE: &[&str] = &["domain", "transform", "plan", "schedule"];
const IMPURE: &[&[&str]] = &[
    &["tokio"],
    &["reqwest"],
    &["rusqlite"],
    &["std", "fs"],
    &["std", "env"],
    &["SystemTime", "now"],
    &["Instant", "now"],
    &["Timestamp", "now"],
    &["Zoned", "now"],
];

/// Names that only these files may use, outside of tests; an entry is the beginning of a path below
/// `src`.
const OWNED: &[(&str, &[&str])] = &[
    ("governor", &["activecampaign/rate_limiter"]),
    ("backoff", &["activecampaign/retry"]),
    ("reqwest", &["activecampaign/", "pull/", "notify/deliver"]),
    ("rusqlite", &["scratch/", "state/", "state.rs"]),
    ("tempfile", &["scratch/"]),
    ("encoding_rs", &["extract/encoding", "extract/decode"]),
    ("html_escape", &["extract/html_entities"]),
    ("fastbloom", &["scratch/"]),
    ("tokio_postgres", &["fleet/"]),
    ("tokio_postgres_rustls", &["fleet/database"]),
    ("rustls_platform_verifier", &["activecampaign/http", "fleet/database"]),
    ("postcard", &["extract/join/piece", "settings/packed"]),
    ("ring", &["pull/oauth1", "simulator/magento"]),
    ("cron", &["schedule/civil"]),
    ("strsim", &["domain/hints", "extract/names"]),
    ("icu_normalizer", &["extract/header"]),
    ("chrono", &["schedule/civil"]),
    ("sd_notify", &["cli/systemd"]),
    ("rustix", &["cli/daemon", "cli/init/terminal", "pull/folder", "state/disk", "state/storage"]),
    ("print!", &["cli/", "main.rs"]),
    ("println!", &["cli/", "main.rs"]),
    ("eprint!", &["cli/", "main.rs"]),
    ("eprintln!", &["cli/", "main.rs"]),
];

const LINES_MAX: usize = 500;

/// A broken rule, with its place.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    file: PathBuf,
    line: usize,
    what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.what)
    }
}

/// The files read, and every broken rule below `root/src`.
pub struct Inspection {
    pub files: usize,
    pub mentions: usize,
    pub violations: Vec<Violation>,
}

pub fn inspect(root: &Path) -> Inspection {
    let src = root.join("src");
    let mut inspection = Inspection { files: 0, mentions: 0, violations: Vec::new() };
    for path in rust_files(&src) {
        let text = std::fs::read_to_string(&path).unwrap();
        let file = File::new(path.strip_prefix(&src).unwrap());
        let found = mentions(&text, &file.module(), file.is_test());
        inspection.files += 1;
        inspection.mentions += found.len();
        let mut broken: Vec<(usize, String)> = found
            .iter()
            .filter_map(|mention| Some((mention.line, file.fault_of(mention)?)))
            .collect();
        let lines = text.lines().count();
        if lines > LINES_MAX {
            broken.push((lines, format!("{lines} lines; split it before {LINES_MAX}")));
        }
        let shown = path.strip_prefix(root).unwrap();
        inspection.violations.extend(broken.into_iter().map(|(line, what)| Violation {
            file: shown.to_owned(),
            line,
            what,
        }));
    }
    inspection.violations.sort();
    inspection.violations.dedup();
    inspection
}

pub fn rust_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// A file by its path below `src`.
pub struct File<'a> {
    pub path: &'a str,
}

impl<'a> File<'a> {
    pub fn new(path: &'a Path) -> Self {
        Self { path: path.to_str().unwrap() }
    }

    /// The module's path; empty for the roots of the library and of the binary.
    pub fn module(&self) -> Vec<&'a str> {
        let stem = self.path.trim_end_matches(".rs");
        let stem = stem.strip_suffix("/mod").unwrap_or(stem);
        match stem {
            "lib" | "main" => Vec::new(),
            _ => stem.split('/').collect(),
        }
    }

    pub fn is_test(&self) -> bool {
        self.module().contains(&"tests")
    }

    fn fault_of(&self, mention: &Mention) -> Option<String> {
        let path: Vec<&str> = mention.path.iter().map(String::as_str).collect();
        let fault = match path.as_slice() {
            ["crate", rest @ ..] => self.import_fault(rest, mention.in_test),
            _ => None,
        };
        fault
            .or_else(|| self.purity_fault(&path))
            .or_else(|| self.ownership_fault(&path, mention.in_test))
    }

    fn import_fault(&self, path: &[&str], in_test: bool) -> Option<String> {
        let module = *self.module().first()?;
        if module == "cli" {
            return None;
        }
        let Some((_, may)) = FLOORS.iter().find(|(name, _)| *name == module) else {
            return Some(format!(
                "{module} has no floor yet: give it one in tests/it/floors/rules.rs"
            ));
        };
        let named = path.first().copied().unwrap_or("*");
        let fine =
            named == module || may.contains(&named) || (in_test && FOR_TESTS.contains(&named));
        let allowed = if may.is_empty() { "nothing of ours".to_owned() } else { may.join(", ") };
        (!fine).then(|| format!("{module} must not import {named}; it may import {allowed}"))
    }

    fn purity_fault(&self, path: &[&str]) -> Option<String> {
        let module = self.module().first().copied().filter(|module| PURE.contains(module))?;
        let impure = IMPURE.iter().find(|impure| match impure {
            [name] => path.first() == Some(name),
            _ => path.windows(impure.len()).any(|window| window == **impure),
        })?;
        let impure = impure.join("::");
        Some(format!("{module} must not mention {impure}; take the value as an argument"))
    }

    fn ownership_fault(&self, path: &[&str], in_test: bool) -> Option<String> {
        let (name, owners) = OWNED.iter().find(|(name, _)| path.first() == Some(name))?;
        let owned = in_test || owners.iter().any(|owner| self.path.starts_with(owner));
        (!owned).then(|| format!("{name} belongs to {} alone", owners.join(" and ")))
    }
}
