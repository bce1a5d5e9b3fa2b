use super::{ConnectionSpec, Sample};
use crate::domain::{LoadPath, PolicyEffect};
use crate::extract;
use crate::transform::Rules;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

/// One export paired with one connection.
#[derive(Debug, Clone)]
pub struct Job {
    pub name: String,
    /// The API address of the account that its orders go to.
    pub account_url: String,
    pub connection: ConnectionSpec,
    pub export: extract::Options,
    /// The windows that were pulled, in place of the paths of `export`.
    pub pulls: Option<Pulls>,
    pub rules: Rules,
    /// How its orders reach ActiveCampaign.
    pub load: LoadPath,
    /// Orders in one batch of the bulk path at most.
    pub bulk_max: usize,
    /// It was set explicitly, so a probe's result does not change it.
    pub is_bulk_max_set: bool,
    /// The accepted orders that a run looks up at its end.
    pub bulk_sample: Sample,
    /// Concurrent steps: enough to keep the rate at ActiveCampaign's latency, 1 to 64.
    pub in_flight_max: usize,
    /// Space that a run keeps free on the disk of the state.
    pub state_free_min_bytes: u64,
}

/// The folder of a job's windows, and whether loaded orders are kept there.
#[derive(Debug, Clone)]
pub struct Pulls {
    pub dir: PathBuf,
    pub keeps_export: bool,
}

impl Job {
    /// No limit leaves part of the export unread.
    pub(super) fn reads_whole_export(&self) -> bool {
        let is_kept = self.pulls.as_ref().is_none_or(|pulls| pulls.keeps_export);
        self.rules.from.is_none() && self.rules.to.is_none() && is_kept
    }

    /// A digest of what a run reads and its limits: an interrupted run is only resumed if both are
    /// the same. Correctness does not depend on it, as the ledger decides; it only shows whether a
    /// checkpoint still refers to the same record.
    pub(super) fn identity_of(&self, files: &[extract::ExportFile]) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        for file in files {
            let modified = file.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
            hasher.update(file.to_string().as_bytes());
            hasher.update(&[0]);
            hasher.update(&file.size_bytes.to_le_bytes());
            hasher.update(&modified.as_nanos().to_le_bytes());
        }
        // Everything that determines what is sent: a run is never resumed with other rules.
        let rules = &self.rules;
        let zone = rules.zone.iana_name().unwrap_or_default();
        let connection = &self.connection;
        for part in [&connection.service, &connection.externalid, &self.export.format, zone] {
            hasher.update(part.as_bytes());
            hasher.update(&[0]);
        }
        for (setting, value) in rules.policy.values() {
            if setting.effect == PolicyEffect::Limit {
                continue;
            }
            hasher.update(setting.name.as_bytes());
            hasher.update(&[0, u8::from(value.is_some())]);
            hasher.update(value.unwrap_or_default().as_bytes());
            hasher.update(&[0]);
        }
        for limit in [rules.from, rules.to] {
            hasher.update(
                &limit.map_or(i64::MIN, |moment| moment.timestamp().as_second()).to_le_bytes(),
            );
        }
        hasher.update(&self.export.identity());
        hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
        let mut short = [0; 16];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        short
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Moment, Policy};
    use jiff::tz::TimeZone;
    use std::collections::BTreeSet;

    fn job(rules: Rules) -> Job {
        Job {
            name: "shop".to_owned(),
            account_url: String::new(),
            connection: ConnectionSpec {
                service: "shopify".to_owned(),
                externalid: "test-store".to_owned(),
                name: String::new(),
                link_url: String::new(),
                logo_url: String::new(),
            },
            export: extract::Options::default(),
            pulls: None,
            rules,
            load: LoadPath::Rest,
            bulk_max: 40,
            is_bulk_max_set: false,
            bulk_sample: Sample::ALL,
            in_flight_max: 16,
            state_free_min_bytes: 0,
        }
    }

    fn identity(rules: Rules) -> [u8; 16] {
        job(rules).identity_of(&[])
    }

    #[test]
    fn every_setting_of_the_policy_but_a_limit_makes_another_run() {
        let usual = identity(Rules::default());
        for (setting, policy) in Policy::each_changed() {
            let changed = identity(Rules { policy, ..Rules::default() });
            assert_eq!(changed == usual, setting.effect == PolicyEffect::Limit, "{}", setting.name);
        }
    }

    #[test]
    fn zone_and_dates_make_another_run() {
        let date = Moment::parse("2020-01-01T00:00:00Z", &TimeZone::UTC).ok();
        let all = [
            Rules::default(),
            Rules { zone: TimeZone::get("Asia/Tokyo").unwrap(), ..Rules::default() },
            Rules { from: date, ..Rules::default() },
            Rules { to: date, ..Rules::default() },
        ];
        assert_eq!(all.map(identity).into_iter().collect::<BTreeSet<_>>().len(), 4);
    }
}
