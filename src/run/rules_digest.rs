use super::Job;
use super::reading_error::ReadingError;
use crate::domain::PolicyEffect;
use crate::extract::{CartKey, ExportFile, cart_key_of};
use crate::state::View;
use crate::transform;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Everything that determines the order that is built from a record, `name=value` line by line: the
/// formats it was read as, the job's rules, and the program's own mapping. Rules that only leave
/// records out are not among them.
///
/// An order that changed while these are the same has changed at its source.
pub(super) fn mapping_of(job: &Job, files: &[ExportFile]) -> String {
    let rules = &job.rules;
    let zone = rules.zone.iana_name().map_or_else(|| format!("{:?}", rules.zone), str::to_owned);
    let formats: BTreeSet<&str> = files.iter().map(|file| file.format.as_str()).collect();
    let mut text = format!("program={}\n", transform::VERSION);
    let mut line = |name: &str, value: &str| {
        // A settings file may contain any text; line breaks become spaces.
        let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        // Writing to a text can't fail.
        let _ = writeln!(text, "{name}={value}");
    };
    line("format", &Vec::from_iter(formats.iter().copied()).join(","));
    for (name, digest) in
        formats.iter().filter_map(|name| Some((name, job.export.mapping_digest(name)?)))
    {
        line(&format!("mapping {name}"), &digest);
    }
    line("time_zone", &zone);
    if let Some(encoding) = &job.export.encoding {
        line("encoding", encoding);
    }
    for (setting, value) in rules.policy.values() {
        if setting.effect == PolicyEffect::Payload {
            line(setting.name, value.as_deref().unwrap_or("as stated"));
        }
    }
    text
}

/// Everything that determines what is sent from an export and where to, `name=value` line by line:
/// the mapping, the rules that leave records out, and the destination.
pub(super) fn plan_settings(job: &Job, files: &[ExportFile]) -> String {
    let mut text = mapping_of(job, files);
    let connection = &job.connection;
    let selection = job.rules.policy.values().filter_map(|(setting, value)| {
        (setting.effect == PolicyEffect::Selection).then_some((setting.name, value))
    });
    let destination = [
        ("account", &job.account_url),
        ("service", &connection.service),
        ("externalid", &connection.externalid),
        ("name", &connection.name),
        ("link_url", &connection.link_url),
        ("logo_url", &connection.logo_url),
    ];
    let destination = destination.map(|(name, value)| (name, Some(value.clone())));
    for (name, value) in selection.chain(destination) {
        // Writing to a text can't fail.
        let _ = writeln!(text, "{name}={}", value.unwrap_or_default());
    }
    text
}

/// Refuses to identify a job's orders differently than when they were loaded: all of them would be
/// loaded again.
///
/// # Errors
/// [`ReadingError::Rekeyed`] then; when the state can't be read.
pub(super) fn check_key(view: &View, job: &Job, now: &str) -> Result<(), ReadingError> {
    let Some(before) =
        view.last_mapping(&job.name, &job.connection.service, &job.connection.externalid)?
    else {
        return Ok(());
    };
    match settings_changed(&before, now).into_iter().find(|change| change.name == "order_key") {
        Some(SettingChange { before, now, .. }) if !before.is_empty() => {
            Err(ReadingError::Rekeyed { before, now })
        }
        _ => Ok(()),
    }
}

/// Refuses carts that are identified differently than those of the connection, or in two ways
/// within one export.
///
/// # Errors
/// [`ReadingError::MixedCarts`] then; when the state can't be read.
pub(super) fn check_carts(view: &View, job: &Job, now: &str) -> Result<(), ReadingError> {
    fn carts(mapping: &str) -> Vec<(&str, CartKey)> {
        let formats = mapping.lines().find_map(|line| line.strip_prefix("format="));
        let formats = formats.into_iter().flat_map(|formats| formats.split(','));
        formats.filter_map(|format| Some((format, cart_key_of(format)?))).collect()
    }
    let own = carts(now);
    let Some((format, key)) = own.first().copied() else { return Ok(()) };
    let spec = &job.connection;
    let before = view.mappings_of_connection(&spec.service, &spec.externalid)?;
    let mut all = own.iter().copied().chain(before.iter().flat_map(|before| carts(before)));
    match all.find(|(_, other_key)| *other_key != key) {
        None => Ok(()),
        Some((other, other_key)) => Err(ReadingError::MixedCarts {
            job: job.name.clone(),
            format: format.to_owned(),
            key: key.words(),
            other: other.to_owned(),
            other_key: other_key.words(),
        }),
    }
}

/// A setting whose value changed; the value of a missing setting is empty.
#[derive(Debug, Clone)]
pub struct SettingChange {
    pub name: String,
    pub before: String,
    pub now: String,
}

pub(super) fn settings_changed(before: &str, now: &str) -> Vec<SettingChange> {
    let pairs = |text: &str| -> Vec<(String, String)> {
        let lines = text.lines().filter_map(|line| line.split_once('='));
        lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    let (before, now) = (pairs(before), pairs(now));
    let value = |of: &[(String, String)], name: &str| {
        of.iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    };
    let gone = before.iter().filter(|(name, _)| !now.iter().any(|(known, _)| known == name));
    let mut names: Vec<&String> = now.iter().map(|(name, _)| name).collect();
    names.extend(gone.map(|(name, _)| name));
    names
        .into_iter()
        .map(|name| SettingChange {
            name: name.clone(),
            before: value(&before, name),
            now: value(&now, name),
        })
        .filter(|change| change.before != change.now)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_reported_with_old_and_new_values() {
        let changed = settings_changed("a=1\nb=2\nc=x=y\n", "a=1\nb=3\nd=4\n");
        let output: Vec<_> = changed
            .iter()
            .map(|change| (change.name.as_str(), change.before.as_str(), change.now.as_str()))
            .collect();
        assert_eq!(output, [("b", "2", "3"), ("d", "", "4"), ("c", "x=y", "")]);
        assert!(settings_changed("a=1\n", "a=1\n").is_empty());
    }
}
