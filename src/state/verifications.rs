//! The results of verifications, order by order: on the order's own row, so that it costs a few
//! bytes, and orders that were not compared have none.

use super::clock::now_ms;
use super::sql::Sql;
use super::sql_types::{ConnectionId, RunId, stored_key};
use super::{StateError, Store, View};
use crate::domain::OrderKey;
use rusqlite::{Connection, Row, params};

pub type VerificationId = i64;

/// An interrupted verification is resumed within a day of the last order that it noted: later, the
/// compared orders may have changed.
const RESUME_MS_MAX: i64 = 24 * 3_600_000;

/// One verification as stored in the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerificationRow {
    pub id: VerificationId,
    pub job: String,
    pub started_ms: i64,
    /// `None` if it did not finish: it says nothing about orders that it did not compare.
    pub ended_ms: Option<i64>,
    /// The part of the orders that was compared line by line, and of how many; `None`: all were
    /// only compared by lists.
    pub sample: Option<(u32, u32)>,
    /// The canary, if only its orders were compared.
    pub canary: Option<RunId>,
    pub sums: VerificationSums,
}

/// The counts of a verification.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VerificationSums {
    pub expected: u64,
    pub matching: u64,
    pub differences: u64,
    /// Orders that the next sync writes again.
    pub queued: u64,
    /// Orders of the export that ActiveCampaign lacks; `None`: verified by an older version.
    pub missing: Option<u64>,
}

/// The results of verifications for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedOrder {
    /// The last one that compared it.
    pub by: VerificationRow,
    /// The fields that differed, as bits; none: it was the same.
    pub differs: u8,
    /// The order was sent again since.
    pub is_written_since: bool,
}

impl Store {
    /// Notes that a verification begins. `sample`: the part that is read line by line, and of how
    /// many. It resumes the last verification, if that was the same and noted something within the
    /// last day.
    pub fn begin_verification(
        &mut self,
        job: &str,
        connection: ConnectionId,
        sample: Option<(u32, u32)>,
    ) -> Result<VerificationId, StateError> {
        let (part, of) = sample.unzip();
        let interrupted = self.db.first(
            "SELECT id FROM verifications WHERE id = (SELECT max(id) FROM verifications WHERE job = ?1)
             AND connection = ?2 AND sample_part = ?3 AND sample_of = ?4 AND canary IS NULL
             AND ended_ms IS NULL AND coalesce(noted_ms, started_ms) > ?5",
            params![job, connection, part, of, now_ms() - RESUME_MS_MAX],
            |row| row.get(0),
        )?;
        if let Some(id) = interrupted {
            return Ok(id);
        }
        self.insert_verification(job, connection, sample, None)
    }

    fn insert_verification(
        &mut self,
        job: &str,
        connection: ConnectionId,
        sample: Option<(u32, u32)>,
        canary: Option<RunId>,
    ) -> Result<VerificationId, StateError> {
        let (part, of) = sample.unzip();
        self.db.run(
            "INSERT INTO verifications (job, connection, started_ms, sample_part, sample_of, canary)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![job, connection, now_ms(), part, of, canary],
        )?;
        Ok(self.db.last_insert_rowid())
    }

    /// Stores the differences of compared orders, as bits. An order that is not in the ledger is
    /// not stored.
    pub fn note_compared(
        &mut self,
        verification: VerificationId,
        connection: ConnectionId,
        compared: &[(OrderKey, u8)],
    ) -> Result<(), StateError> {
        let transaction = self.db.transaction()?;
        for (key, differs) in compared {
            transaction.run(
                "UPDATE orders SET verified = ?3, differs = nullif(?4, 0) WHERE connection = ?1 AND key = ?2",
                params![connection, stored_key(key), verification, differs],
            )?;
        }
        transaction.run(
            "UPDATE verifications SET noted_ms = ?2 WHERE id = ?1",
            params![verification, now_ms()],
        )?;
        Ok(transaction.commit()?)
    }

    /// Stores the result of reading back a canary's orders, as a verification of only these.
    pub fn keep_read_back(
        &mut self,
        job: &str,
        connection: ConnectionId,
        canary: RunId,
        compared: &[(OrderKey, u8)],
        sums: &VerificationSums,
    ) -> Result<(), StateError> {
        let verification = self.insert_verification(job, connection, Some((1, 1)), Some(canary))?;
        self.note_compared(verification, connection, compared)?;
        self.end_verification(verification, sums)
    }

    /// Notes that a verification finished, with what it counted.
    pub fn end_verification(
        &mut self,
        verification: VerificationId,
        sums: &VerificationSums,
    ) -> Result<(), StateError> {
        self.db.run(
            "UPDATE verifications SET ended_ms = ?2, expected = ?3, matching = ?4, differences = ?5, queued = ?6, missing = ?7
             WHERE id = ?1",
            params![
                verification,
                now_ms(),
                sums.expected,
                sums.matching,
                sums.differences,
                sums.queued,
                sums.missing
            ],
        )
    }
}

impl View {
    /// The result of this verification for an order, as bits; `None`: it did not compare it, or the
    /// order was sent again since.
    pub fn compared_by(
        &self,
        verification: VerificationId,
        connection: ConnectionId,
        key: &OrderKey,
    ) -> Result<Option<u8>, StateError> {
        let sql = "SELECT coalesce(differs, 0) FROM orders
                   WHERE connection = ?1 AND key = ?2 AND verified = ?3";
        self.db.first(sql, params![connection, stored_key(key), verification], |row| row.get(0))
    }

    /// Whether the last verification that compared an order found it different or missing, and it
    /// was not sent again since.
    pub fn is_found_different(
        &self,
        connection: ConnectionId,
        key: &OrderKey,
    ) -> Result<bool, StateError> {
        let sql = "SELECT 1 FROM orders
                   WHERE connection = ?1 AND key = ?2 AND verified > 0 AND differs > 0";
        self.db.has(sql, params![connection, stored_key(key)])
    }

    /// The last verification of a job that finished.
    pub fn last_verification(&self, job: &str) -> Result<Option<VerificationRow>, StateError> {
        self.newest_where(job, "ended_ms IS NOT NULL")
    }

    /// The same for verifications of all orders, without those of a canary.
    pub fn last_whole_verification(
        &self,
        job: &str,
    ) -> Result<Option<VerificationRow>, StateError> {
        self.newest_where(job, "ended_ms IS NOT NULL AND canary IS NULL")
    }

    /// The newest of these, whether or not it finished.
    pub fn newest_whole_verification(
        &self,
        job: &str,
    ) -> Result<Option<VerificationRow>, StateError> {
        self.newest_where(job, "canary IS NULL")
    }

    /// The part that a scheduled verification of one part of `of` reads: the one after the last
    /// complete one, or the interrupted one; `first` if there was none.
    pub fn part_due(&self, job: &str, first: u32, of: u32) -> Result<u32, StateError> {
        let sql = "SELECT sample_part, ended_ms IS NOT NULL FROM verifications
                   WHERE job = ?1 AND sample_of = ?2 AND canary IS NULL ORDER BY id DESC LIMIT 1";
        let last: Option<(u32, bool)> =
            self.db.first(sql, params![job, of], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(match last {
            Some((part, true)) => part % of + 1,
            Some((part, false)) => part,
            None => first,
        })
    }

    fn newest_where(
        &self,
        job: &str,
        condition: &str,
    ) -> Result<Option<VerificationRow>, StateError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM verifications WHERE job = ?1 AND {condition} ORDER BY id DESC LIMIT 1"
        );
        self.db.first(&sql, [job], read_row)
    }

    /// The result of the last verification that compared an order; `None` if none did.
    pub fn verified(
        &self,
        connection: ConnectionId,
        key: &OrderKey,
    ) -> Result<Option<VerifiedOrder>, StateError> {
        let sql = "SELECT verified, differs FROM orders WHERE connection = ?1 AND key = ?2";
        let found = self.db.first(sql, params![connection, stored_key(key)], |row| {
            Ok((row.get::<_, Option<VerificationId>>(0)?, row.get::<_, Option<u8>>(1)?))
        })?;
        let Some((Some(verified), differs)) = found else { return Ok(None) };
        let by = by_id(&self.db, verified.saturating_abs())?;
        let differs = differs.unwrap_or_default();
        Ok(by.map(|by| VerifiedOrder { by, differs, is_written_since: verified < 0 }))
    }
}

const COLUMNS: &str = "id, job, started_ms, ended_ms, sample_part, sample_of, expected, matching, differences, queued, canary, missing";

fn by_id(db: &Connection, id: VerificationId) -> Result<Option<VerificationRow>, StateError> {
    let sql = format!("SELECT {COLUMNS} FROM verifications WHERE id = ?1");
    db.first(&sql, [id], read_row)
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<VerificationRow> {
    let part: Option<u32> = row.get(4)?;
    let of: Option<u32> = row.get(5)?;
    Ok(VerificationRow {
        id: row.get(0)?,
        job: row.get(1)?,
        started_ms: row.get(2)?,
        ended_ms: row.get(3)?,
        sample: part.zip(of),
        canary: row.get(10)?,
        sums: VerificationSums {
            expected: row.get(6)?,
            matching: row.get(7)?,
            differences: row.get(8)?,
            queued: row.get(9)?,
            missing: row.get(11)?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::SeenConnection;

    #[test]
    fn an_interrupted_verification_is_resumed_within_a_day_of_its_last_order() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path(), "main").unwrap();
        let connection = store.record_connection(&SeenConnection::example("5")).unwrap();
        let begin = |store: &mut Store, part| {
            store.begin_verification("shop", connection, Some((part, 7))).unwrap()
        };
        let hours_ago = |hours: i64| now_ms() - hours * 3_600_000;
        let first = begin(&mut store, 2);
        let move_back = "UPDATE verifications SET started_ms = ?1, noted_ms = ?2";
        store.db.run(move_back, params![hours_ago(70), hours_ago(23)]).unwrap();
        assert_eq!(begin(&mut store, 2), first);
        store.note_compared(first, connection, &[]).unwrap();
        store.db.run("UPDATE verifications SET started_ms = ?1", [hours_ago(90)]).unwrap();
        assert_eq!(begin(&mut store, 2), first, "it has noted something just now");
        store.db.run(move_back, params![hours_ago(70), hours_ago(25)]).unwrap();
        assert_ne!(begin(&mut store, 2), first);
    }

    #[test]
    fn one_verification_after_the_other_covers_every_part() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path(), "main").unwrap();
        let connection = store.record_connection(&SeenConnection::example("5")).unwrap();
        let mut parts = Vec::new();
        for is_interrupted in [false, true, false, false, false] {
            let part = store.part_due("shop", 2, 3).unwrap();
            parts.push(part);
            let sample = Some((part, 3));
            let id = store.begin_verification("shop", connection, sample).unwrap();
            if !is_interrupted {
                store.end_verification(id, &VerificationSums::default()).unwrap();
            }
        }
        assert_eq!(parts, [2, 3, 3, 1, 2]);
        assert_eq!(store.part_due("other", 1, 3).unwrap(), 1);
        assert_eq!(store.part_due("shop", 1, 4).unwrap(), 1, "of another sample");
    }
}
