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

    /// Stands for what a run reads and the limits asked for: an interrupted run resumes only where both are the
    /// same. Correctness does not rest on it, the ledger decides; it only tells when a checkpoint still points
    /// to the same record.
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
        let refunds = format!("{:?} {:?}", rules.refunds, self.deleted);
        let connection = &self.connection;
        for part in [&connection.service, &connection.externalid, &self.export.format, zone, &refunds] {
            hasher.update(part.as_bytes());
            hasher.update(&[0]);
        }
        for limit in [rules.from, rules.to] {
            hasher.update(&limit.map_or(i64::MIN, |moment| moment.timestamp().as_second()).to_le_bytes());
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
