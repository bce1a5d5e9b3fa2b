use super::super::init::UnknownKey;
use super::super::schema::{Key, ROOT, SettingKind, Unset, join};
use super::super::{ANNOTATED, FilledKey, filled as with_values, write_new};
use super::{Project, faults};
use crate::domain::{Policy, PolicyValues, Refunds};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

/// As printed in the interface description.
const EXAMPLE: &str = r#"
[state]
dir = "state"                       # one SQLite file per account: state/main.db

[accounts.main]
url = "https://example.api-us1.com" # the full API address; https unless the host is loopback
requests_per_second = 5             # what the account allows

[jobs.shop]
account = "main"
export = ["exports/orders*.csv"]    # paths and patterns; .gz .zst .zip are read as they are
format = "auto"
schedule = "15 2 * * *"             # five fields as in crontab (six with seconds also work)
time_zone = "Europe/Berlin"         # of the schedule, and of dates in the export that carry none

[jobs.shop.connection]
service = "shopify"
externalid = "example-store"
name = "Example Store"
link_url = "https://example.com"
logo_url = "https://example.com/logo.png"

[jobs.shop.policy]
statuses = ["paid", "partially_refunded", "refunded"]
refunds = "original"
"#;

/// Every line of the annotated settings that is an optional key, taken out of its comment.
fn filled() -> String {
    let is_key = |rest: &str| {
        rest.split_once(" = ")
            .is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
    };
    let uncomment =
        |line: &'static str| line.strip_prefix("# ").filter(|rest| is_key(rest)).unwrap_or(line);
    ANNOTATED.lines().map(uncomment).collect::<Vec<_>>().join("\n")
}

/// Without the keys of a pull: a job has a pull or an export.
fn leaves(keys: &'static [Key]) -> Vec<&'static str> {
    keys.iter()
        .filter(|key| key.name != "pull")
        .flat_map(|key| match key.kind {
            SettingKind::Table(below) | SettingKind::Named(below) => leaves(below),
            SettingKind::Mappings => Vec::new(),
            _ => vec![key.name],
        })
        .collect()
}

#[test]
fn the_annotated_settings_are_complete_with_and_without_every_optional_key() {
    for text in [ANNOTATED.to_owned(), filled()] {
        let settings = Project::with(&text).load(&[]).unwrap();
        assert_eq!(settings.jobs["shop"].connection.service, "shopify");
    }
    let full = Project::with(&filled()).load(&[]).unwrap();
    assert_eq!(full.jobs["shop"].schedule.as_deref(), Some("15 2 * * *"));
}

#[test]
fn the_annotated_settings_set_every_key_there_is() {
    let filled = filled();
    let set: BTreeSet<&str> =
        filled.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key).collect();
    for key in leaves(ROOT) {
        assert!(set.contains(key), "config/ordersync.toml says nothing of `{key}`");
    }
}

/// A job has `pull` or `export`, so the annotated settings show the first as a comment.
#[test]
fn the_annotated_pull_sets_every_key_there_is_and_shows_the_defaults() {
    let table = ANNOTATED.lines().skip_while(|line| *line != "#   [jobs.shop.pull]");
    let table: Vec<&str> = table.map_while(|line| line.strip_prefix("#   ")).collect();
    let text = ANNOTATED.replace("export = [", "# export = [") + "\n" + &table.join("\n");
    let shown = Project::with(&text).load(&[]).unwrap().jobs["shop"].pull.clone().unwrap();
    let Some(Key { kind: SettingKind::Table(keys), .. }) =
        job_keys().iter().find(|key| key.name == "pull")
    else {
        panic!("a job has no pull")
    };
    for key in leaves(keys) {
        let is_set = table.iter().any(|line| line.starts_with(&format!("{key} = ")));
        assert!(is_set, "config/ordersync.toml says nothing of `{key}`");
    }
    let least = format!(
        "{}[jobs.shop.pull]\nfrom = \"woocommerce\"\nurl = \"https://shop.example.com\"\n",
        super::SMALL.replace("export = [", "# export = [")
    );
    let least = Project::with(&least).load(&[]).unwrap().jobs["shop"].pull.clone().unwrap();
    assert_eq!((shown.overlap, shown.full_every), (least.overlap, least.full_every));
    assert_eq!(shown.key_in_query, least.key_in_query);
    assert!(least.dir.ends_with("pulls/shop"), "{}", least.dir.display());
}

fn job_keys() -> &'static [Key] {
    match ROOT.iter().find(|key| key.name == "jobs") {
        Some(Key { kind: SettingKind::Named(keys), .. }) => keys,
        _ => &[],
    }
}

#[test]
fn documented_defaults_are_the_defaults() {
    let project = Project::with(super::SMALL);
    let small = project.load(&[]).unwrap();
    project.write("config/ordersync.toml", &filled());
    let filled = project.load(&[]).unwrap();
    let (a, b) = (&small.accounts["main"], &filled.accounts["main"]);
    assert_eq!(a.requests_per_second, b.requests_per_second);
    assert_eq!(
        (a.in_flight_max, a.timeout_s, a.wait_max_s, a.list_lag_s),
        (b.in_flight_max, b.timeout_s, b.wait_max_s, b.list_lag_s)
    );
    // The filled one is for a fleet, whose ledgers are separate.
    assert_eq!(small.state_dir.join("fleet"), filled.state_dir);
    assert!(small.fleet.is_none() && !small.accounts["main"].is_shared);
    let fleet = filled.fleet.unwrap();
    assert_eq!((fleet.lease_s, fleet.accounts_max), (60, 500));
    let (a, b) = (&small.jobs["shop"], &filled.jobs["shop"]);
    assert_eq!((&a.format, &a.time_zone), (&b.format, &b.time_zone));
    // These have no default, so the annotated file shows an example.
    let examples =
        Policy { currency: None, default_date: None, category: None, ..b.policy.clone() };
    assert_eq!(a.policy, examples);
}

#[test]
fn the_example_of_the_interface_is_whole() {
    let project = Project::with(EXAMPLE);
    let settings = project.load(&[]).unwrap();
    assert_eq!(settings.file, project.path("config/ordersync.toml"));
    assert_eq!(settings.state_dir, project.path("state"));
    let job = &settings.jobs["shop"];
    assert_eq!(job.export, [project.path("exports/orders*.csv").to_str().unwrap()]);
    assert_eq!(job.time_zone.iana_name(), Some("Europe/Berlin"));
    assert_eq!(job.policy.refunds, Refunds::Original);
    assert_eq!(settings.account_of(job).unwrap().requests_per_second, 5.0);
    assert_eq!(settings.accounts["main"].in_flight_max, 16);
}

#[test]
fn init_writes_what_load_finds_and_never_overwrites() {
    let dir = TempDir::new().unwrap();
    let shop = dir.path().join("shop");
    let written = write_new(&shop, ANNOTATED).unwrap();
    assert_eq!(written.kept.len(), 0);
    assert_eq!(written.created.len(), 4);
    for folder in ["exports", "state", "config"] {
        assert!(shop.join(folder).is_dir(), "{folder}");
    }
    let mode = written.settings_file.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    std::fs::write(&written.settings_file, "# mine\n").unwrap();
    let again = write_new(&shop, ANNOTATED).unwrap();
    assert_eq!(again.created.len(), 0);
    assert!(again.kept.contains(&written.settings_file));
    assert_eq!(std::fs::read_to_string(&written.settings_file).unwrap(), "# mine\n");
}

#[test]
fn a_filled_key_is_the_only_change_of_the_annotated_settings() {
    let key = |key, value: &str, note: &str| FilledKey {
        key,
        value: Some(value.to_owned()),
        note: note.to_owned(),
    };
    let text = with_values(&[
        key("accounts.main.url", "\"https://shop.api-us1.com\"", ""),
        key("jobs.shop.time_zone", "\"Europe/Berlin\"", "why"),
        key("jobs.shop.connection.name", "\"Mugs \\\"&\\\" more\"", ""),
    ])
    .unwrap();
    let settings = Project::with(&text).load(&[]).unwrap();
    assert_eq!(settings.accounts["main"].url, "https://shop.api-us1.com");
    let job = &settings.jobs["shop"];
    assert_eq!(job.time_zone.iana_name(), Some("Europe/Berlin"));
    assert_eq!(job.connection.name, "Mugs \"&\" more");
    assert!(text.contains("# why\ntime_zone = \"Europe/Berlin\"\n"), "{text}");
    let changed = text.lines().filter(|line| !ANNOTATED.lines().any(|of| of == *line)).count();
    assert_eq!((changed, text.lines().count()), (4, ANNOTATED.lines().count() + 1));
    assert_eq!(with_values(&[]).unwrap(), ANNOTATED);
    for unknown in ["jobs.shop.currency", "jobs.shop.policy.curency", "currency", ""] {
        let keys = [key("jobs.shop.format", "\"auto\"", ""), key(unknown, "1", "")];
        assert_eq!(with_values(&keys), Err(UnknownKey(unknown)), "no key is dropped");
    }
}

#[test]
fn init_names_the_path_it_could_not_create() {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("config"), "").unwrap();
    let fault = write_new(dir.path(), ANNOTATED).unwrap_err().to_string();
    assert!(fault.contains(dir.path().join("config").to_str().unwrap()), "{fault}");
}

#[test]
fn an_empty_file_is_reported_what_it_lacks() {
    assert_eq!(
        faults("", &[]),
        "config/ordersync.toml: accounts: missing\n  expected at least one table [accounts.NAME]\n\
         config/ordersync.toml: jobs: missing\n  expected at least one table [jobs.NAME]"
    );
}

#[test]
fn each_setting_of_the_policy_can_be_set_and_is_shown() {
    for (setting, policy) in Policy::each_changed() {
        let text = match setting.values {
            PolicyValues::Whole { max, .. } => max.to_string(),
            PolicyValues::Word(_) | PolicyValues::Words(_) | PolicyValues::Text { .. } => {
                let (_, value) = policy.values().find(|(of, _)| of.name == setting.name).unwrap();
                format!("{:?}", value.unwrap())
            }
        };
        let is_list = matches!(setting.values, PolicyValues::Words(_));
        let value = if is_list { format!("[{text}]") } else { text };
        let line = format!("{} = {value}", setting.name);
        let project = Project::with(&format!("{}\n[jobs.shop.policy]\n{line}\n", super::SMALL));
        let settings = project.load(&[]).unwrap();
        assert_eq!(settings.jobs["shop"].policy, policy, "{line}");
        assert!(settings.effective.lines().any(|shown| shown == line), "{line}");
    }
}

/// The rows of README.md's table for these keys.
fn rows(keys: &[Key], path: &str, rows: &mut Vec<String>) {
    let policy: BTreeMap<_, _> =
        Policy::default().values().map(|(setting, value)| (setting.name, value)).collect();
    for key in keys {
        let at = join(path, key.name);
        let default = match key.unset {
            // Quoted unless it is a number or a list.
            Unset::Text(text) => format!("`{text}`"),
            Unset::Whole(number) => number.to_string(),
            Unset::Flag(flag) => format!("`{flag}`"),
            Unset::Required | Unset::Nothing | Unset::Absent | Unset::Policy => {
                match policy.get(key.name).filter(|_| path.ends_with(".policy")) {
                    Some(Some(word)) if matches!(key.kind, SettingKind::Word(_)) => {
                        format!("`{word}`")
                    }
                    Some(Some(value)) => value.clone(),
                    _ if key.name == "jitter_s" => "59, or 0 with seconds".to_owned(),
                    _ => "–".to_owned(),
                }
            }
        };
        match key.kind {
            SettingKind::Table(keys) => self::rows(keys, &at, rows),
            SettingKind::Named(keys) => self::rows(keys, &join(&at, "NAME"), rows),
            SettingKind::Mappings => rows.push(format!("| `{at}.NAME` | – | {} |", key.doc)),
            _ if key.doc.is_empty() => {}
            _ => rows.push(format!("| `{at}` | {default} | {} |", key.doc)),
        }
    }
}

#[test]
fn the_table_in_readme_is_the_table_of_keys() {
    let readme = include_str!("../../../README.md");
    let (_, table) = readme.split_once("| key | default | meaning |").unwrap();
    let of_readme: BTreeSet<&str> =
        table.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    let mut expected = Vec::new();
    rows(ROOT, "", &mut expected);
    let connection = "| `jobs.NAME.connection.*` | – | `service`, `externalid`, `name`, `link_url`, `logo_url` of the ActiveCampaign connection |";
    let expected: BTreeSet<&str> =
        expected.iter().map(String::as_str).chain([connection]).collect();
    let differing: Vec<_> = of_readme.symmetric_difference(&expected).collect();
    assert!(differing.is_empty(), "{differing:#?}");
}
