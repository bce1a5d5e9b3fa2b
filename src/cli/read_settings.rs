//! Reads the settings by the rules of all modules, so that every fault is reported together.

use super::error::CliError;
use super::options::Global;
use crate::extract::{self, OpenError};
use crate::run::Sample;
use crate::schedule::{Schedule, ScheduleError};
use crate::settings::{Environment, JobRule, MappingsText, RuleFault, RuleInput, Settings};

const RULES: [JobRule; 6] = [
    JobRule { key: "schedule", check: check_schedule },
    JobRule { key: "verify", check: check_schedule },
    JobRule { key: "verify_sample", check: check_sample },
    JobRule { key: "bulk_sample", check: check_sample },
    JobRule { key: "encoding", check: check_encoding },
    JobRule { key: "format", check: check_format },
];

/// The result of reading the settings.
pub(super) struct ReadSettings {
    /// If there are faults, good for a check only; see `settings::Loaded`.
    pub settings: Option<Settings>,
    pub faults: Result<(), CliError>,
}

pub(super) fn read_settings(global: &Global) -> ReadSettings {
    let environment = Environment::of_process();
    let loaded = Settings::load_by(global.config.as_deref(), &environment, &RULES);
    let mappings = loaded.mappings.iter().filter_map(|text| parse_mappings(text).err());
    let of_fleet = loaded.settings.as_ref().filter(|settings| settings.fleet.is_some());
    let unbuilt = of_fleet.filter(|_| !cfg!(feature = "fleet")).map(|settings| {
        let expected = "a build with the cargo feature `fleet`, as --features fleet makes it";
        settings.fault("fleet", "this build knows no fleets", expected)
    });
    let faults = (!loaded.faults.is_empty()).then(|| CliError::from(loaded.faults));
    let faults = faults.into_iter().chain(unbuilt.map(CliError::from));
    let faults = faults.chain(mappings.map(CliError::from)).collect();
    ReadSettings { settings: loaded.settings, faults: CliError::all(faults) }
}

/// The mappings of one file.
pub(super) fn parse_mappings(text: &MappingsText) -> Result<extract::Mappings, OpenError> {
    extract::parse_mappings(&text.text, &text.file.display().to_string())
}

fn check_schedule(input: &RuleInput<'_>) -> Option<RuleFault> {
    let ScheduleError { found, expected, hint } =
        Schedule::parse(input.value, input.time_zone).err()?;
    Some(RuleFault { found, expected, hint })
}

fn check_sample(input: &RuleInput<'_>) -> Option<RuleFault> {
    let expected = input.value.parse::<Sample>().err()?.to_string();
    let expected = expected.trim_start_matches("expected ").to_owned();
    Some(RuleFault { found: format!("found `{}`", input.value), expected, hint: None })
}

/// Whether a job names an encoding, instead of `auto`, which detects it.
pub(super) fn is_named_encoding(value: &str) -> bool {
    value != "auto"
}

fn check_encoding(input: &RuleInput<'_>) -> Option<RuleFault> {
    let name = input.value;
    if !is_named_encoding(name) || extract::is_encoding(name) {
        return None;
    }
    let nearest = extract::nearest_encoding(name);
    Some(RuleFault {
        found: format!("no encoding `{name}`"),
        expected: "a name such as windows-1250, windows-1251, iso-8859-2, shift_jis or gbk".into(),
        hint: nearest.map(|nearest| format!("did you mean `{nearest}`?")),
    })
}

fn check_format(input: &RuleInput<'_>) -> Option<RuleFault> {
    let name = input.value;
    let own = input.mappings.iter().map(String::as_str);
    let known: Vec<&str> =
        extract::formats().iter().map(|format| format.name()).chain(own).collect();
    if name == "auto" || known.contains(&name) {
        return None;
    }
    let near =
        known.iter().filter(|other| other.starts_with(name)).map(|other| format!("`{other}`"));
    let near: Vec<String> = near.collect();
    Some(RuleFault {
        found: format!("no format `{name}`"),
        expected: format!("auto or one of: {}", known.join(", ")),
        hint: (!near.is_empty()).then(|| format!("did you mean {}?", near.join(" or "))),
    })
}
