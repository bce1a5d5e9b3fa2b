use super::ConnectionSpec;
use crate::extract;
use crate::load::Deleted;
use crate::transform::Rules;
use std::time::UNIX_EPOCH;

/// One export paired with one connection.
#[derive(Debug, Clone)]
pub struct Job {
    pub name: String,
    pub connection: ConnectionSpec,
    pub export: extract::Options,
    pub rules: Rules,
    pub deleted: Deleted,
    /// Of the last 100 orders sent; a run in which more are refused stops.
    pub refused_max: u32,
    /// Steps under way at once: enough to keep the pace at the target's latency, 1 to 64.
    pub in_flight_max: usize,
}

impl Job {
    /// No limit leaves part of the export unread.
    pub(super) fn reads_whole_export(&self) -> bool {
        self.rules.from.is_none() && self.rules.to.is_none()
    }

    /// Stands for what a run reads and the limits asked for: an interrupted run resumes only where
    /// both are the same. Correctness does not rest on it, the ledger decides; it only tells when a
    /// checkpoint still points to the same record.
    pub(super) fn identity_of(&self, files: &[extract::ExportFile]) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        for file in files {
            let modified = file.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
            hasher.update(file.to_string().as_bytes());
            hasher.update(&[0]);
            hasher.update(&file.size_bytes.to_le_bytes());
            hasher.update(&modified.as_nanos().to_le_bytes());
        }
        // All that decides what is sent: a run never goes on under other rules than it began with.
        let rules = &self.rules;
        let zone = rules.zone.iana_name().unwrap_or_default();
        let choices = format!(
            "{:?}",
            (
                rules.refunds,
                rules.total,
                rules.missing_email,
                rules.rounding,
                rules.customers,
                self.deleted
            )
        );
        let known_by = rules.order_key.word();
        let defaults = format!("{:?}", (rules.currency, rules.default_date, &rules.category));
        let connection = &self.connection;
        let read = [&connection.service, &connection.externalid, &self.export.format, zone];
        let shift = self.export.webtoffee_date_shift.word();
        for part in read.into_iter().chain([&*choices, &*defaults, shift, known_by]) {
            hasher.update(part.as_bytes());
            hasher.update(&[0]);
        }
        for limit in [rules.from, rules.to] {
            hasher.update(
                &limit.map_or(i64::MIN, |moment| moment.timestamp().as_second()).to_le_bytes(),
            );
        }
        for status in &rules.statuses {
            hasher.update(status.word().as_bytes());
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
    use crate::domain::{
        Currency, Customers, MissingEmail, Moment, OrderId, Refunds, Rounding, Status, Total,
    };
    use std::collections::BTreeSet;

    fn job(rules: Rules) -> Job {
        Job {
            name: "shop".to_owned(),
            connection: ConnectionSpec {
                service: "shopify".to_owned(),
                externalid: "test-store".to_owned(),
                name: String::new(),
                link_url: String::new(),
                logo_url: String::new(),
            },
            export: extract::Options::default(),
            rules,
            deleted: Deleted::CreateAgain,
            refused_max: 25,
            in_flight_max: 16,
        }
    }

    #[test]
    fn every_rule_that_decides_what_is_sent_makes_another_run() {
        let date = |text: &str| Moment::parse(text, &jiff::tz::TimeZone::UTC).ok();
        let all = [
            Rules::default(),
            Rules { statuses: [Status::Pending].into(), ..Rules::default() },
            Rules { refunds: Refunds::Net, ..Rules::default() },
            Rules { refunds: Refunds::Skip, ..Rules::default() },
            Rules { total: Total::Current, ..Rules::default() },
            Rules { missing_email: MissingEmail::Filter, ..Rules::default() },
            Rules { currency: Currency::parse("EUR").ok(), ..Rules::default() },
            Rules { currency: Currency::parse("USD").ok(), ..Rules::default() },
            Rules { rounding: Rounding::HalfEven, ..Rules::default() },
            Rules { order_key: OrderId::Number, ..Rules::default() },
            Rules { customers: Customers::Email, ..Rules::default() },
            Rules { default_date: date("2020-01-01T00:00:00Z"), ..Rules::default() },
            Rules { category: Some("Shop".to_owned()), ..Rules::default() },
            Rules { zone: jiff::tz::TimeZone::get("Asia/Tokyo").unwrap(), ..Rules::default() },
            Rules { from: date("2020-01-01T00:00:00Z"), ..Rules::default() },
            Rules { to: date("2020-01-01T00:00:00Z"), ..Rules::default() },
        ];
        let count = all.len();
        let identities: BTreeSet<_> =
            all.into_iter().map(|rules| job(rules).identity_of(&[])).collect();
        assert_eq!(identities.len(), count);
    }
}
