//! Rules for values that other modules define, such as schedules: they are passed as functions, so
//! that one reading finds every fault.

use super::draft::Draft;
use super::layers::Places;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// A rule of one key of each job.
#[derive(Debug, Clone, Copy)]
pub struct JobRule {
    /// The key below the job's table.
    pub key: &'static str,
    /// What is wrong with its value, if anything is.
    pub check: fn(&RuleInput<'_>) -> Option<RuleFault>,
}

/// The input of a rule.
#[derive(Debug, Clone, Copy)]
pub struct RuleInput<'a> {
    pub value: &'a str,
    /// UTC if the job's is faulty.
    pub time_zone: &'a TimeZone,
    /// The names of the mappings that the job may name.
    pub mappings: &'a BTreeSet<String>,
}

#[derive(Debug, Clone)]
pub struct RuleFault {
    pub found: String,
    pub expected: String,
    pub hint: Option<String>,
}

/// The mappings of the settings file are for all jobs, those of another file for the jobs in it.
fn mappings_of(job: &str, places: &Places) -> BTreeSet<String> {
    let own = places.file_of(&format!("jobs.{job}"));
    let mut names = places.names("mappings");
    names.retain(|name| {
        let file = places.file_of(&format!("mappings.{name}"));
        file == own || *file == places.file
    });
    names
}

/// Checks the keys of one job.
pub(super) fn check(rules: &[JobRule], job: &str, time_zone: &TimeZone, draft: &mut Draft) {
    let mappings = mappings_of(job, &draft.places);
    for rule in rules {
        let key = format!("jobs.{job}.{}", rule.key);
        let Some(value) = draft.text(&key) else { continue };
        let input = RuleInput { value: &value, time_zone, mappings: &mappings };
        if let Some(RuleFault { found, expected, hint }) = (rule.check)(&input) {
            draft.report(&key, found, expected, hint);
        }
    }
}
