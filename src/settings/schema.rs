//! The table of keys: name, type, default and documentation. The strict reading of the file and of
//! the environment, the defaults and the effective settings are based on it; tests compare it with
//! the annotated settings and with README.md.

use super::layers::{Layer, Places};
use crate::domain::{Policy, PolicySetting, PolicyValues};
use crate::pull::SHOP_NAMES;

pub(super) struct Key {
    pub name: &'static str,
    pub kind: SettingKind,
    pub unset: Unset,
    /// Its line in README.md; blank if it is not in the table there.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the test of README.md"))]
    pub doc: &'static str,
}

pub(super) enum SettingKind {
    /// Text that is not empty.
    Text,
    /// A path; a relative one starts at the project folder.
    Path,
    /// Text that is never quoted in a message.
    Secret,
    /// A list of texts that are not empty, at least one.
    Texts,
    /// A number, whole or not; its range depends on other keys.
    Number,
    /// A whole number in this range.
    Whole {
        min: i64,
        max: i64,
    },
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    Table(&'static [Key]),
    /// A table of tables, each under a name the user chose.
    Named(&'static [Key]),
    /// Such tables, with keys that only the readers of exports know and check.
    Mappings,
}

/// What a key holds if it is not set.
#[derive(Clone, Copy)]
pub(super) enum Unset {
    /// It must be set.
    Required,
    Nothing,
    /// The table is left out, with the defaults of its keys.
    Absent,
    Text(&'static str),
    Whole(i64),
    Flag(bool),
    /// Those of [`Policy`].
    Policy,
}
use Unset::{Absent, Flag, Nothing, Required, Text, Whole};

macro_rules! keys {
    ($($name:literal: $kind:expr, $unset:expr, $doc:literal;)+) => {
        &[$(Key { name: $name, kind: $kind, unset: $unset, doc: $doc },)+]
    };
}

pub(super) const ROOT: &[Key] = keys! {
    "state": SettingKind::Table(STATE), Nothing, "";
    "metrics": SettingKind::Table(METRICS), Nothing, "";
    "notify": SettingKind::Table(NOTIFY), Nothing, "";
    "fleet": SettingKind::Table(FLEET), Nothing, "";
    "accounts": SettingKind::Named(ACCOUNT), Required, "";
    "jobs": SettingKind::Named(JOB), Required, "";
    "mappings": SettingKind::Mappings, Nothing,
        "how to read an export that no format recognises: [docs/formats.md](docs/formats.md#your-own-mapping)";
};

const STATE: &[Key] = keys! {
    "dir": SettingKind::Path, Text("state"), "one SQLite file for each account: `state/main.db`";
    "free_min_mb": SettingKind::Whole { min: 0, max: 1_000_000_000_000 }, Whole(100),
        "free space on its disk, in MB, below which nothing new is sent: a run stops, and resumes once there is space";
};

const METRICS: &[Key] = keys! {
    "listen": SettingKind::Text, Nothing,
        "address of the daemon's status page, `/metrics`, `/healthz` and `/readyz`: `127.0.0.1:9464`";
    "allow_remote": SettingKind::Flag, Flag(false),
        "allows it to listen on addresses that other machines reach";
    "hosts": SettingKind::Texts, Nothing,
        "host names it answers to, besides localhost and IP addresses";
};

const NOTIFY: &[Key] = keys! {
    "url": SettingKind::Secret, Nothing, "takes a POST of each event, as JSON";
    "ping_url": SettingKind::Secret, Nothing,
        "takes a GET of `/start` when a run begins, of itself when one finished, and of `/fail`";
    "command": SettingKind::Texts, Nothing,
        "program and arguments; is given each event as JSON on standard input, and its name as `ORDERSYNC_EVENT`";
    "away_after_s": SettingKind::Whole { min: 0, max: 604_800 }, Whole(3600),
        "how long ActiveCampaign may be unavailable before a notice is sent";
};

const FLEET: &[Key] = keys! {
    "url": SettingKind::Secret, Nothing, "";
    "url_file": SettingKind::Path, Nothing,
        "a file with the address of the PostgreSQL database by which several daemons share the accounts: [deploy/README.md](deploy/README.md#a-fleet)";
    "ca_file": SettingKind::Path, Nothing, "CA certificates to trust instead of the system's, for the database";
    "lease_s": SettingKind::Whole { min: 5, max: 3_600 }, Whole(60),
        "how long an account stays with a daemon that was lost; no request takes longer than half of it";
    "accounts_max": SettingKind::Whole { min: 1, max: 100_000 }, Whole(500),
        "accounts that one daemon works on at one time";
};

const ACCOUNT: &[Key] = keys! {
    "url": SettingKind::Text, Required, "the full API address; https unless the host is loopback";
    "requests_per_second": SettingKind::Number, Whole(5),
        "the account's limit for all its integrations together";
    "token_file": SettingKind::Path, Nothing,
        "a file with the token; the annotated settings list the other places";
    "token": SettingKind::Secret, Nothing, "";
    "in_flight_max": SettingKind::Whole { min: 1, max: 64 }, Whole(16),
        "steps in flight at once, 1 to 64";
    "timeout_s": SettingKind::Whole { min: 1, max: 600 }, Whole(60), "longest wait for one response";
    "wait_max_s": SettingKind::Whole { min: 0, max: 86_400 }, Whole(900),
        "longest pause that ActiveCampaign may ask for; a longer one ends the run with 6";
    "list_lag_s": SettingKind::Whole { min: 0, max: 600 }, Whole(10),
        "how long ActiveCampaign's lists may miss a new record: a create without a response is repeated only if lookups over this time find nothing; left out, twice what `probe` measured where that is more";
    "ca_file": SettingKind::Path, Nothing,
        "CA certificates to trust instead of the system's, as PEM; a server's own certificate counts only if an authority in the file signed it";
};

const JOB: &[Key] = keys! {
    "account": SettingKind::Text, Required, "the account that the job writes to";
    "export": SettingKind::Texts, Nothing,
        "paths and patterns; `.gz`, `.zst` and `.zip` are decompressed; `[\"-\"]` is standard input";
    "pull": SettingKind::Table(PULL), Absent, "";
    "format": SettingKind::Text, Text("auto"),
        "a name that `ordersync formats` lists, or that of a mapping";
    "encoding": SettingKind::Text, Nothing,
        "encoding of the export, such as `windows-1250` or `shift_jis`; UTF-8, UTF-16 and Windows-1252 are recognised, as with `auto`";
    "customers": SettingKind::Texts, Nothing,
        "files with the e-mail address of each customer, for exports without them";
    "schedule": SettingKind::Text, Nothing,
        "when a sync is due: five fields as in crontab, six with seconds first, or `@daily` and similar";
    "jitter_s": SettingKind::Whole { min: 0, max: 3_600 }, Nothing,
        "longest delay of a start; the delay follows from the job's name";
    "first_run": SettingKind::Word(&["refuse", "load"]), Text("refuse"),
        "whether the schedule may load a job that was never loaded: `refuse` waits for a `backfill` by hand, `load` loads the whole history unattended";
    "verify": SettingKind::Text, Nothing,
        "when the daemon verifies the job, written like `schedule`: `@weekly`";
    "verify_sample": SettingKind::Text, Nothing,
        "the part of the orders that it compares line by line, such as `1/7`, the next part each time; left out, it compares all orders by lists";
    "load": SettingKind::Word(&["rest", "bulk"]), Text("rest"),
        "`bulk` sends orders in batches by ActiveCampaign's GraphQL, with far fewer requests";
    "bulk_max": SettingKind::Whole { min: 1, max: 100 }, Whole(40),
        "orders in one batch at most; it begins at 10 and grows; left out, as many as `probe` found to be taken";
    "bulk_sample": SettingKind::Text, Nothing,
        "the part of the accepted orders that a run reads back at its end, such as `1/100`, the same each time; left out, all of them";
    "time_zone": SettingKind::Text, Text("UTC"),
        "time zone of the schedule, and of dates in the export without an offset";
    "connection": SettingKind::Table(CONNECTION), Required, "";
    "policy": SettingKind::Table(POLICY), Unset::Policy, "";
};

const PULL: &[Key] = keys! {
    "from": SettingKind::Word(&SHOP_NAMES), Required, "the shop system whose API is read";
    "url": SettingKind::Text, Required, "the shop's address, with the folder that it is in; BigCommerce: `https://api.bigcommerce.com/stores/HASH`";
    "key_file": SettingKind::Path, Nothing,
        "WooCommerce: a file with the consumer key; the other places as for a token";
    "secret_file": SettingKind::Path, Nothing,
        "WooCommerce, Magento: a file with the consumer secret, likewise";
    "token_file": SettingKind::Path, Nothing,
        "Shopify: a file with the token of an app that has one; BigCommerce: with the access token of an API account; Magento: with an integration's access token; Squarespace, ExpertSender: with the API key; likewise";
    "consumer_key": SettingKind::Text, Nothing,
        "Magento: an integration's consumer key, where requests are signed (OAuth 1.0a)";
    "token_secret_file": SettingKind::Path, Nothing,
        "Magento: a file with the access token's secret, likewise";
    "client_id": SettingKind::Text, Nothing,
        "Shopify: the id of an app whose tokens are granted for its secret";
    "client_secret_file": SettingKind::Path, Nothing, "Shopify: a file with the app's secret, likewise";
    "session_file": SettingKind::Path, Nothing, "Fast: a file with the session, likewise";
    "key": SettingKind::Secret, Nothing, "";
    "secret": SettingKind::Secret, Nothing, "";
    "token": SettingKind::Secret, Nothing, "";
    "token_secret": SettingKind::Secret, Nothing, "";
    "client_secret": SettingKind::Secret, Nothing, "";
    "session": SettingKind::Secret, Nothing, "";
    "app_id": SettingKind::Text, Nothing, "Fast: the name of the app";
    "ids": SettingKind::Path, Nothing,
        "ExpertSender, Fast: the orders to pull, an id on each line or a column `id` or `order_id` of a CSV";
    "store_ids": SettingKind::Text, Nothing,
        "Magento: the store views whose orders are pulled, by their ids: `1` or `1,3`";
    "since": SettingKind::Text, Nothing, "leaves out orders placed before this day: `2019-01-31`";
    "overlap": SettingKind::Text, Text("1h"), "how far a pull reaches back before the end of the last one";
    "full_every": SettingKind::Text, Text("7d"),
        "longest time between two full pulls, which find silent changes";
    "keep": SettingKind::Word(&["latest", "none"]), Text("latest"),
        "`none` removes the orders from disk once they were loaded; `verify`, `explain` and `plan` then need a new pull";
    "dir": SettingKind::Path, Text("pulls"), "holds the pulled orders, in a folder for each job";
    "key_in_query": SettingKind::Flag, Flag(false),
        "sends the key in the address, for servers that drop the Authorization header; addresses end up in logs";
    "ca_file": SettingKind::Path, Nothing, "CA certificates to trust instead of the system's";
};

const CONNECTION: &[Key] = keys! {
    "service": SettingKind::Text, Required, "";
    "externalid": SettingKind::Text, Required, "";
    "name": SettingKind::Text, Nothing, "";
    "link_url": SettingKind::Text, Nothing, "";
    "logo_url": SettingKind::Text, Nothing, "";
};

const POLICY: &[Key] = &policy_keys();

/// The settings of the policy as keys.
const fn policy_keys() -> [Key; Policy::SETTINGS.len()] {
    const NONE: Key = Key { name: "", kind: SettingKind::Text, unset: Nothing, doc: "" };
    let mut keys = [NONE; Policy::SETTINGS.len()];
    let mut n = 0;
    while n < keys.len() {
        let PolicySetting { name, values, doc, .. } = &Policy::SETTINGS[n];
        let kind = match *values {
            PolicyValues::Word(words) => SettingKind::Word(words),
            PolicyValues::Words(_) => SettingKind::Texts,
            PolicyValues::Text { .. } => SettingKind::Text,
            PolicyValues::Whole { min, max } => {
                SettingKind::Whole { min: min as i64, max: max as i64 }
            }
        };
        keys[n] = Key { name, kind, unset: Nothing, doc };
        n += 1;
    }
    keys
}

/// The defaults of these keys, for each existing account and job.
pub(super) fn defaults(keys: &[Key], path: &str, places: &Places, layer: &mut Layer) {
    for key in keys {
        let at = join(path, key.name);
        match key.unset {
            Absent if !places.has(&at) => continue,
            Required | Nothing | Absent => {}
            Text(text) => layer.set(&at, text),
            Whole(number) => layer.set(&at, number),
            Flag(flag) => layer.set(&at, flag),
            Unset::Policy => {
                let policy = serde_json::to_value(Policy::default()).unwrap_or_default();
                let policy = serde_json::from_value::<config::Value>(policy).unwrap_or_default();
                layer.set(&at, policy.kind);
            }
        }
        match key.kind {
            SettingKind::Table(below) => defaults(below, &at, places, layer),
            SettingKind::Named(below) => places
                .names(&at)
                .iter()
                .for_each(|name| defaults(below, &join(&at, name), places, layer)),
            _ => {}
        }
    }
}

impl Key {
    pub fn is_required(&self) -> bool {
        matches!(self.unset, Required)
    }
}

impl SettingKind {
    /// Whether it holds tables under names that the user chose.
    pub fn is_named(&self) -> bool {
        matches!(self, Self::Named(_) | Self::Mappings)
    }

    /// What the key expects, for a message.
    pub fn expected(&self) -> String {
        match self {
            Self::Text | Self::Path | Self::Secret => "a string that is not empty".to_owned(),
            Self::Texts => r#"a list of strings, e.g. ["one", "two"]"#.to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Whole { min, max } => format!("an integer from {min} to {max}"),
            Self::Flag => "true or false".to_owned(),
            Self::Word(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
                match words.as_slice() {
                    [rest @ .., last] if !rest.is_empty() => {
                        format!("{} or {last}", rest.join(", "))
                    }
                    all => all.concat(),
                }
            }
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
