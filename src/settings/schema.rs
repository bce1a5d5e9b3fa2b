//! Every key there is. The strict reading of the file and of the environment both follow this
//! table, and a test holds the annotated settings to it.

use crate::domain::{Policy, PolicySetting, PolicyValues};

/// A key and what it may hold.
pub(super) struct Key {
    pub name: &'static str,
    pub kind: Kind,
    pub required: bool,
}

pub(super) enum Kind {
    /// Text that is not empty.
    Text,
    /// Text that is never quoted in a message.
    Secret,
    /// A list of texts that are not empty, at least one.
    Texts,
    /// A number, whole or not; its range depends on other keys.
    Number,
    /// A whole number in this range.
    Whole {
        min: u64,
        max: u64,
    },
    /// `true` or `false`.
    Flag,
    Table(&'static [Key]),
    /// A table of tables, each under a name the user chose.
    Named(&'static [Key]),
    /// Such tables whose keys only the readers of exports know; these judge them.
    Mappings,
}

const fn required(name: &'static str, kind: Kind) -> Key {
    Key { name, kind, required: true }
}

const fn optional(name: &'static str, kind: Kind) -> Key {
    Key { name, kind, required: false }
}

pub(super) const ROOT: &[Key] = &[
    optional("state", Kind::Table(&[optional("dir", Kind::Text)])),
    optional("metrics", Kind::Table(METRICS)),
    required("accounts", Kind::Named(ACCOUNT)),
    required("jobs", Kind::Named(JOB)),
    optional("mappings", Kind::Mappings),
];

const METRICS: &[Key] = &[
    optional("listen", Kind::Text),
    optional("allow_remote", Kind::Flag),
    optional("hosts", Kind::Texts),
];

const ACCOUNT: &[Key] = &[
    required("url", Kind::Text),
    optional("requests_per_second", Kind::Number),
    optional("token_file", Kind::Text),
    optional("token", Kind::Secret),
    optional("in_flight_max", Kind::Whole { min: 1, max: 64 }),
    optional("timeout_s", Kind::Whole { min: 1, max: 600 }),
    optional("wait_max_s", Kind::Whole { min: 0, max: 86_400 }),
    optional("ca_file", Kind::Text),
];

const JOB: &[Key] = &[
    required("account", Kind::Text),
    required("export", Kind::Texts),
    optional("format", Kind::Text),
    optional("customers", Kind::Texts),
    optional("schedule", Kind::Text),
    optional("jitter_s", Kind::Whole { min: 0, max: 3_600 }),
    optional("time_zone", Kind::Text),
    required("connection", Kind::Table(CONNECTION)),
    optional("policy", Kind::Table(POLICY)),
];

const CONNECTION: &[Key] = &[
    required("service", Kind::Text),
    required("externalid", Kind::Text),
    optional("name", Kind::Text),
    optional("link_url", Kind::Text),
    optional("logo_url", Kind::Text),
];

const POLICY: &[Key] = &policy_keys();

/// The settings of the policy as keys.
const fn policy_keys() -> [Key; Policy::SETTINGS.len()] {
    const NONE: Key = optional("", Kind::Text);
    let mut keys = [NONE; Policy::SETTINGS.len()];
    let mut n = 0;
    while n < keys.len() {
        let PolicySetting { name, values, .. } = &Policy::SETTINGS[n];
        let kind = match *values {
            PolicyValues::Word(_) | PolicyValues::Text { .. } => Kind::Text,
            PolicyValues::Words(_) => Kind::Texts,
            PolicyValues::Whole { min, max } => Kind::Whole { min: min as u64, max: max as u64 },
        };
        keys[n] = optional(name, kind);
        n += 1;
    }
    keys
}

impl Kind {
    /// What the key expects, for a message.
    pub fn expected(&self) -> String {
        match self {
            Self::Text | Self::Secret => "a text in quotes that is not empty".to_owned(),
            Self::Texts => r#"a list of texts, such as ["one", "two"]"#.to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Self::Flag => "true or false".to_owned(),
            Self::Table(_) | Self::Named(_) => "a table".to_owned(),
            Self::Mappings => "tables [mappings.NAME]".to_owned(),
        }
    }
}

/// The names of some keys, for a message.
pub(super) fn names(keys: &'static [Key]) -> impl Iterator<Item = &'static str> + Clone {
    keys.iter().map(|key| key.name)
}

/// `path.name`, or `name` at the top.
pub(super) fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        _ => format!("{path}.{name}"),
    }
}

/// What an account or job may be called: its name is part of a file name and of environment
/// variables, which are read without regard to case and separate levels by two underscores.
pub(super) const NAME_EXPECTED: &str = "a name of 1 to 32 lower-case letters, digits, single - or _ between them, beginning with a letter";

pub(super) fn is_name(name: &str) -> bool {
    let separator = |b: u8| b == b'-' || b == b'_';
    let bytes = name.as_bytes();
    (1..=32).contains(&bytes.len())
        && bytes[0].is_ascii_lowercase()
        && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || separator(*b))
        && !separator(bytes[bytes.len() - 1])
        && !bytes.windows(2).any(|pair| separator(pair[0]) && separator(pair[1]))
}
