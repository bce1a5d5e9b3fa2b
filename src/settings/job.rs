use super::MappingsText;
use super::draft::Draft;
use super::nearest::did_you_mean;
use super::policy;
use super::search::Found;
use super::url::Url;
use crate::domain::Policy;
use jiff::tz::TimeZone;
use std::path::Path;

/// One export paired with one connection.
#[derive(Debug, Clone)]
pub struct Job {
    pub name: String,
    /// The name of an account of the same settings.
    pub account: String,
    /// Absolute paths and patterns, in the order given; or `-` for standard input.
    pub export: Vec<String>,
    /// `auto`, or the name of a format; which names there are, the readers know.
    pub format: String,
    /// Where mappings stand that `format` may name.
    pub mappings: MappingsText,
    /// Absolute paths and patterns of files that say which address an order's customer has.
    pub customers: Vec<String>,
    /// As in crontab, not yet judged: what a schedule means, the schedule knows.
    pub schedule: Option<String>,
    /// What the starts of the schedule may be moved by, in seconds, 0 to 3,600.
    pub jitter_s: Option<u32>,
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

pub(super) fn read(name: &str, draft: &mut Draft, found: &Found) -> Job {
    let key = |leaf: &str| format!("jobs.{name}.{leaf}");
    let (zone, time_zone_name) = read_time_zone(&key("time_zone"), draft);
    Job {
        name: name.to_owned(),
        account: read_account(&key("account"), draft),
        export: read_export(&key("export"), draft, &found.base),
        format: draft.text(&key("format")).unwrap_or_else(|| "auto".to_owned()),
        mappings: MappingsText::of(found),
        customers: read_export(&key("customers"), draft, &found.base),
        schedule: draft.text(&key("schedule")),
        jitter_s: draft.get(&key("jitter_s")),
        time_zone: zone.clone(),
        time_zone_name,
        connection: read_connection(&key("connection"), draft),
        policy: policy::read(&key("policy"), &zone, draft),
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

/// The patterns with the project folder before them; characters of that folder are never part of a
/// pattern. `-` is standard input and stays what it is.
fn read_export(key: &str, draft: &mut Draft, base: &Path) -> Vec<String> {
    let patterns: Vec<String> = draft.get(key).unwrap_or_default();
    if base.to_str().is_none() && patterns.iter().any(|pattern| Path::new(pattern).is_relative()) {
        let found = "a relative path below a folder whose name is not UTF-8";
        draft.report(key, found, "an absolute path", None);
    }
    let base = base.to_string_lossy();
    let absolute = |pattern: String| match Path::new(&pattern).is_absolute() || pattern == "-" {
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
            let known: Vec<String> =
                jiff::tz::db().available().map(|zone| zone.to_string()).collect();
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
