use super::{Account, Job, Settings};
use crate::domain::{Policy, PolicyValues};
use std::fmt::Display;
use std::fmt::Write as _;
use std::path::Path;

impl Settings {
    /// The settings in effect as TOML: defaults filled in, paths absolute, what the environment set
    /// marked so, and each token masked in a comment that says where it comes from.
    pub fn effective(&self) -> String {
        let mut out = Toml { settings: self, text: String::new() };
        out.line(&format!("# {}", self.file.display()));
        out.table("state");
        out.entry("state.dir", quoted_path(&self.state_dir));
        if let Some(metrics) = &self.metrics {
            out.table("metrics");
            out.entry("metrics.listen", quoted(&metrics.listen.to_string()));
            out.entry("metrics.allow_remote", metrics.allow_remote);
            if !metrics.hosts.is_empty() {
                out.entry("metrics.hosts", list(metrics.hosts.iter().map(String::as_str)));
            }
        }
        for account in self.accounts.values() {
            out.account(account);
        }
        for job in self.jobs.values() {
            out.job(job);
        }
        for name in self.places.names("mappings") {
            out.line(&format!("\n# [mappings.{name}] as it stands in the file"));
        }
        out.text
    }
}

struct Toml<'a> {
    settings: &'a Settings,
    text: String,
}

impl Toml<'_> {
    fn account(&mut self, account: &Account) {
        let at = format!("accounts.{}", account.name);
        self.table(&at);
        self.entry(&format!("{at}.url"), quoted(&account.url));
        self.entry(&format!("{at}.requests_per_second"), account.requests_per_second);
        if let Some(file) = &account.token_file {
            self.entry(&format!("{at}.token_file"), quoted_path(file));
        }
        match account.token_source() {
            Some(source) => self.line(&format!("# token = \"********\" (from {source})")),
            None => self.line("# token: none set"),
        }
        self.entry(&format!("{at}.in_flight_max"), account.in_flight_max);
        self.entry(&format!("{at}.timeout_s"), account.timeout_s);
        self.entry(&format!("{at}.wait_max_s"), account.wait_max_s);
        if let Some(file) = &account.ca_file {
            self.entry(&format!("{at}.ca_file"), quoted_path(file));
        }
    }

    fn job(&mut self, job: &Job) {
        let at = format!("jobs.{}", job.name);
        self.table(&at);
        self.entry(&format!("{at}.account"), quoted(&job.account));
        self.entry(&format!("{at}.export"), list(job.export.iter().map(String::as_str)));
        self.entry(&format!("{at}.format"), quoted(&job.format));
        if !job.customers.is_empty() {
            self.entry(&format!("{at}.customers"), list(job.customers.iter().map(String::as_str)));
        }
        if let Some(schedule) = &job.schedule {
            self.entry(&format!("{at}.schedule"), quoted(schedule));
        }
        if let Some(jitter_s) = job.jitter_s {
            self.entry(&format!("{at}.jitter_s"), jitter_s);
        }
        self.entry(&format!("{at}.time_zone"), quoted(&job.time_zone_name));
        let connection = &job.connection;
        let table = format!("{at}.connection");
        self.table(&table);
        for (leaf, value) in [
            ("service", Some(&connection.service)),
            ("externalid", Some(&connection.externalid)),
            ("name", Some(&connection.name)),
            ("link_url", connection.link_url.as_ref()),
            ("logo_url", connection.logo_url.as_ref()),
        ] {
            if let Some(value) = value {
                self.entry(&format!("{table}.{leaf}"), quoted(value));
            }
        }
        self.policy(&format!("{at}.policy"), &job.policy);
    }

    fn policy(&mut self, table: &str, policy: &Policy) {
        self.table(table);
        for (setting, value) in policy.values() {
            let key = format!("{table}.{}", setting.name);
            match (setting.values, value) {
                (_, None) => {}
                (PolicyValues::Whole { .. }, Some(number)) => self.entry(&key, number),
                (PolicyValues::Words(_), Some(words)) => self.entry(&key, list(words.split(", "))),
                (PolicyValues::Word(_) | PolicyValues::Text { .. }, Some(text)) => {
                    self.entry(&key, quoted(&text));
                }
            }
        }
    }

    fn table(&mut self, name: &str) {
        self.line(&format!("\n[{name}]"));
    }

    fn entry(&mut self, key: &str, value: impl Display) {
        let leaf = key.rsplit('.').next().unwrap_or(key);
        match self.settings.places.variable(key) {
            Some(variable) => self.line(&format!("{leaf} = {value} # {variable}")),
            None => self.line(&format!("{leaf} = {value}")),
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

fn quoted_path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

/// A basic string of TOML. Texts hold no control characters, but the path of the file they came
/// from may.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => {
                // Writing to a String can't fail.
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn list<'a>(items: impl Iterator<Item = &'a str>) -> String {
    format!("[{}]", items.map(quoted).collect::<Vec<_>>().join(", "))
}
