use super::MappingsText;
use super::draft::Draft;
use super::nearest::{did_you_mean, nearest};
use super::search::Found;
use super::url::Url;
use crate::domain::Status;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::path::Path;

/// One export paired with one connection.
#[derive(Debug, Clone)]
pub struct Job {
    pub name: String,
    /// The name of an account of the same settings.
    pub account: String,
    /// Absolute paths and patterns, in the order given.
    pub export: Vec<String>,
    /// `auto`, or the name of a format; which names there are, the readers know.
    pub format: String,
    /// Where mappings stand that `format` may name.
    pub mappings: MappingsText,
    /// Absolute paths and patterns of files that say which address an order's customer has.
    pub customers: Vec<String>,
    /// As in crontab, not yet judged: what a schedule means, the schedule knows.
    pub schedule: Option<String>,
    /// Of the schedule, and of dates in the export that carry no offset.
    pub time_zone: TimeZone,
    pub time_zone_name: String,
    pub connection: Connection,
    pub policy: Policy,
}

/// The ActiveCampaign connection of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub service: String,
    pub externalid: String,
    /// The external id where no name is set.
    pub name: String,
    /// Only creating a connection needs it.
    pub link_url: Option<String>,
    /// Only creating a connection needs it.
    pub logo_url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The orders that count; the rest is filtered and counted. Never empty.
    pub statuses: BTreeSet<Status>,
    pub refunds: Refunds,
    pub deleted: Deleted,
    /// Of the last 100 orders sent; a run in which more are refused stops. 1 to 100.
    pub refused_max: u32,
}

/// A quarter of what is sent: more than bad records explain.
const REFUSED_MAX: u32 = 25;

/// What a refunded order's total is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refunds {
    /// As ordered.
    Original,
    /// Less what was refunded.
    Net,
}

/// What becomes of an order that changed in the shop and that somebody deleted at the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// It is created again.
    Create,
    /// It is left alone, and counted as filtered.
    Leave,
}

/// Words of the settings, each for a value.
type Words<T> = [(&'static str, T); 2];

impl Refunds {
    const WORDS: Words<Self> = [("original", Self::Original), ("net", Self::Net)];

    /// The word used in settings.
    pub fn word(self) -> &'static str {
        word(&Self::WORDS, self)
    }
}

impl Deleted {
    const WORDS: Words<Self> = [("create", Self::Create), ("leave", Self::Leave)];

    /// The word used in settings.
    pub fn word(self) -> &'static str {
        word(&Self::WORDS, self)
    }
}

fn word<T: PartialEq>(words: &Words<T>, value: T) -> &'static str {
    words.iter().find(|(_, of)| *of == value).map_or("", |(word, _)| word)
}

pub(super) fn read(name: &str, draft: &mut Draft, found: &Found) -> Job {
    let key = |leaf: &str| format!("jobs.{name}.{leaf}");
    let (time_zone, time_zone_name) = read_time_zone(&key("time_zone"), draft);
    Job {
        name: name.to_owned(),
        account: read_account(&key("account"), draft),
        export: read_export(&key("export"), draft, &found.base),
        format: draft.text(&key("format")).unwrap_or_else(|| "auto".to_owned()),
        mappings: MappingsText::of(found),
        customers: read_export(&key("customers"), draft, &found.base),
        schedule: draft.text(&key("schedule")),
        time_zone,
        time_zone_name,
        connection: read_connection(&key("connection"), draft),
        policy: Policy {
            statuses: read_statuses(&key("policy.statuses"), draft),
            refunds: read_word(&key("policy.refunds"), &Refunds::WORDS, draft),
            deleted: read_word(&key("policy.deleted"), &Deleted::WORDS, draft),
            refused_max: draft.get(&key("policy.refused_max")).unwrap_or(REFUSED_MAX),
        },
    }
}

fn read_account(key: &str, draft: &mut Draft) -> String {
    let account = draft.text(key).unwrap_or_default();
    let accounts = draft.places.names("accounts");
    if !account.is_empty() && !accounts.is_empty() && !accounts.contains(&account) {
        let names: Vec<&str> = accounts.iter().map(String::as_str).collect();
        let hint = did_you_mean(&account, names.iter().copied());
        let found = format!("no account `{account}`");
        draft.report(key, found, format!("one of: {}", names.join(", ")), hint);
    }
    account
}

/// The patterns with the project folder before them; characters of that folder are never part of a pattern.
fn read_export(key: &str, draft: &mut Draft, base: &Path) -> Vec<String> {
    let patterns: Vec<String> = draft.get(key).unwrap_or_default();
    if base.to_str().is_none() && patterns.iter().any(|pattern| Path::new(pattern).is_relative()) {
        let found = "a relative path below a folder whose name is not UTF-8";
        draft.report(key, found, "an absolute path", None);
    }
    let base = base.to_string_lossy();
    let absolute = |pattern: String| match Path::new(&pattern).is_absolute() {
        true => pattern,
        false => format!("{}/{pattern}", glob::Pattern::escape(base.trim_end_matches('/'))),
    };
    patterns.into_iter().map(absolute).collect()
}

fn read_time_zone(key: &str, draft: &mut Draft) -> (TimeZone, String) {
    let name = draft.text(key).unwrap_or_else(|| "UTC".to_owned());
    match TimeZone::get(&name) {
        Ok(zone) => {
            let name = zone.iana_name().unwrap_or(&name).to_owned();
            (zone, name)
        }
        Err(_) => {
            let known: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
            let hint = did_you_mean(&name, known.iter().map(String::as_str));
            let found = format!("no time zone `{name}`");
            draft.report(key, found, "an IANA name such as Europe/Berlin or UTC", hint);
            (TimeZone::UTC, name)
        }
    }
}

fn read_connection(table: &str, draft: &mut Draft) -> Connection {
    let mut text = |leaf: &str| draft.text(&format!("{table}.{leaf}"));
    let externalid = text("externalid").unwrap_or_default();
    let connection = Connection {
        service: text("service").unwrap_or_default(),
        name: text("name").unwrap_or_else(|| externalid.clone()),
        externalid,
        link_url: text("link_url"),
        logo_url: text("logo_url"),
    };
    for (leaf, url) in [("link_url", &connection.link_url), ("logo_url", &connection.logo_url)] {
        if url.as_deref().is_some_and(|url| Url::parse(url).is_none()) {
            let expected = "a web address such as https://example.com";
            draft.report(&format!("{table}.{leaf}"), "no such address", expected, None);
        }
    }
    connection
}

fn read_statuses(key: &str, draft: &mut Draft) -> BTreeSet<Status> {
    let usual = [Status::Paid, Status::PartiallyRefunded, Status::Refunded];
    let Some(words) = draft.get::<Vec<String>>(key) else {
        return usual.into();
    };
    if words == ["all"] {
        return Status::ALL.into();
    }
    let known = || Status::ALL.iter().map(|status| status.word());
    let unknown: Vec<&str> =
        words.iter().map(String::as_str).filter(|word| Status::from_word(word).is_none()).collect();
    if let Some(first) = unknown.first() {
        let hint = match *first {
            "all" => Some("`all` stands alone".to_owned()),
            _ => did_you_mean(first, known()),
        };
        let found = format!("no status `{}`", unknown.join("`, `"));
        let expected = format!(r#"some of: {}; or ["all"]"#, known().collect::<Vec<_>>().join(", "));
        draft.report(key, found, expected, hint);
    }
    words.iter().filter_map(|word| Status::from_word(word)).collect()
}

/// The first word where none is set.
fn read_word<T: Copy>(key: &str, words: &Words<T>, draft: &mut Draft) -> T {
    let [(first, default), (second, _)] = words;
    let Some(word) = draft.text(key) else { return *default };
    let found = words.iter().find(|(known, _)| *known == word).map(|(_, value)| *value);
    found.unwrap_or_else(|| {
        let hint = nearest(&word, [*first, *second]).map(|near| format!("did you mean `{near}`?"));
        draft.report(key, format!("found `{word}`"), format!("`{first}` or `{second}`"), hint);
        *default
    })
}
