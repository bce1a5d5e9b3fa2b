use super::verification::{Mismatch, Sample, Verification};
use crate::domain::OrderKey;
use crate::state::{ConnectionId, StateError, Store, VerificationId, VerificationSums};

/// Orders that are noted in one transaction.
const BATCH_MAX: usize = 500;
const LINES_BATCH_MAX: usize = 20;

/// Where a verification records its results.
#[derive(Debug)]
pub struct VerificationSink<'a> {
    pub store: &'a mut Store,
    /// Let the next sync rewrite what differs.
    pub repair: bool,
}

/// The results of a verification in progress, which are written to the state in batches.
pub(super) struct VerificationLog<'a> {
    record: VerificationSink<'a>,
    verification: VerificationId,
    connection: ConnectionId,
    batch: Vec<(OrderKey, u8)>,
    batch_max: usize,
}

impl<'a> VerificationLog<'a> {
    pub(super) fn begin(
        record: VerificationSink<'a>,
        job: &str,
        connection: ConnectionId,
        sample: Option<Sample>,
    ) -> Result<Self, StateError> {
        let sample = sample.map(Sample::parts);
        let verification = record.store.begin_verification(job, connection, sample)?;
        // A resumed verification need not read again what was read line by line.
        let batch_max = if sample.is_some() { LINES_BATCH_MAX } else { BATCH_MAX };
        Ok(Self { record, verification, connection, batch: Vec::new(), batch_max })
    }

    /// Notes an order that was compared, and whether the next sync rewrites it. `is_kept`: it stays
    /// with another customer, whatever is sent.
    pub(super) fn take(
        &mut self,
        key: &OrderKey,
        found: &[Mismatch],
        is_kept: bool,
    ) -> Result<bool, StateError> {
        let is_mended = found.iter().any(|found| match found {
            Mismatch::Duplicate => false,
            Mismatch::Customer => !is_kept,
            _ => true,
        });
        let is_queued = self.record.repair && is_mended;
        self.batch.push((key.clone(), bits_of(found)));
        if is_queued || self.batch.len() >= self.batch_max {
            self.flush()?;
        }
        if is_queued {
            let is_missing = found.contains(&Mismatch::Missing);
            self.record.store.doubt_order(self.connection, key, is_missing, &words_of(found))?;
        }
        Ok(is_queued)
    }

    /// What the interrupted verification found for an order; `None`: it did not compare it.
    pub(super) fn found_before(&self, key: &OrderKey) -> Result<Option<Vec<Mismatch>>, StateError> {
        let found = self.record.store.compared_by(self.verification, self.connection, key)?;
        Ok(found.map(found_of))
    }

    /// All orders in question were checked.
    pub(super) fn end(mut self, result: &Verification) -> Result<(), StateError> {
        self.flush()?;
        self.record.store.end_verification(self.verification, &sums_of(result))
    }

    fn flush(&mut self) -> Result<(), StateError> {
        if self.batch.is_empty() {
            return Ok(());
        }
        self.record.store.note_compared(self.verification, self.connection, &self.batch)?;
        self.batch.clear();
        Ok(())
    }
}

pub(super) fn sums_of(result: &Verification) -> VerificationSums {
    VerificationSums {
        expected: result.expected,
        matching: result.matching,
        differences: result.differences_count(),
        queued: result.queued,
        missing: Some(result.differences.get(&Mismatch::Missing).copied().unwrap_or_default()),
    }
}

/// As stored in the state; see `state/0001_schema.sql`.
const BITS: [(Mismatch, u8); 8] = [
    (Mismatch::Missing, 1),
    (Mismatch::Total, 2),
    (Mismatch::Currency, 4),
    (Mismatch::Date, 8),
    (Mismatch::Products, 16),
    (Mismatch::Customer, 32),
    (Mismatch::Duplicate, 64),
    (Mismatch::Discounts, 128),
];

pub(super) fn bits_of(found: &[Mismatch]) -> u8 {
    BITS.iter().filter(|(kind, _)| found.contains(kind)).fold(0, |bits, (_, bit)| bits | bit)
}

/// The meaning of the bits.
pub(super) fn found_of(bits: u8) -> Vec<Mismatch> {
    BITS.iter().filter(|(_, bit)| bits & bit != 0).map(|(found, _)| *found).collect()
}

fn words_of(found: &[Mismatch]) -> String {
    found.iter().map(|found| found.word()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_round_trip_as_bits() {
        for found in
            [&[][..], &[Mismatch::Missing], &[Mismatch::Total, Mismatch::Date, Mismatch::Customer]]
        {
            assert_eq!(found_of(bits_of(found)), found);
        }
    }
}
