use super::sql_types::now_ms;
use super::{ConnectionId, RunId, StateError, Store, history};
use crate::domain::{Attempt, Operation, choices};
use rusqlite::{Connection, Transaction, params};

choices! {
    /// Where a record was dropped.
    pub enum Stage {
        Invalid "invalid" "We would not send it.";
        Refused "refused" "ActiveCampaign would not take it.";
    }
}

/// Why ActiveCampaign did not take a record. Titles and bodies of its responses are not kept: they
/// can quote addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub part: Part,
    /// HTTP status of the last response.
    pub status: Option<u16>,
    /// ActiveCampaign's error code, or ours for what broke.
    pub code: Option<String>,
    /// ActiveCampaign's pointer to the field at fault.
    pub pointer: Option<String>,
    /// Requests made for it.
    pub attempts: u32,
}

/// Which of the two records of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Customer,
    Order,
}

impl Refusal {
    /// The code that reports and dead letters carry.
    pub fn reason(&self) -> String {
        let part = match self.part {
            Part::Customer => "customer",
            Part::Order => "order",
        };
        let code = match (&self.code, self.status) {
            (Some(code), _) => code.clone(),
            (None, Some(status)) => format!("http_{status}"),
            (None, None) => "no_answer".to_owned(),
        };
        match self.pointer.as_deref().and_then(|pointer| pointer.rsplit('/').next()) {
            Some(field) => format!("{part}_{code}({field})"),
            None => format!("{part}_{code}"),
        }
    }
}

/// A record that did not make it, with every reason and where to find it; no value of it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub job: String,
    /// The order's key, or `file:line` where it has none.
    pub record: String,
    pub stage: Stage,
    /// The order's number as people know it; may be blank.
    pub number: String,
    pub file: String,
    pub line: u64,
    /// Codes with the field at fault: `bad_money(total) missing_email`; blank: as in the letter
    /// already there.
    pub reasons: String,
    /// HTTP status of the last answer, of refused ones.
    pub status: Option<u16>,
    pub attempts: u32,
    /// Runs that met it: the first and the last. Set when it is written.
    pub first_run: RunId,
    pub last_run: RunId,
}

pub(super) fn write(
    transaction: &Transaction<'_>,
    run: RunId,
    letter: &DeadLetter,
) -> Result<(), StateError> {
    transaction
        .prepare_cached(
            "INSERT INTO dead_letters
                 (job, record, stage, number, file, line, reasons, status, attempts, first_run, last_run, at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11)
             ON CONFLICT DO UPDATE SET stage = excluded.stage, number = excluded.number, file = excluded.file,
                 line = excluded.line,
                 reasons = iif(excluded.reasons = '', reasons, excluded.reasons), status = coalesce(excluded.status, status),
                 attempts = attempts + excluded.attempts, last_run = excluded.last_run, at_ms = excluded.at_ms",
        )?
        .execute(params![
            letter.job,
            letter.record,
            letter.stage.word(),
            letter.number,
            letter.file,
            letter.line as i64,
            letter.reasons,
            letter.status,
            letter.attempts,
            run,
            now_ms()
        ])?;
    Ok(())
}

pub(super) fn of_job(
    db: &Connection,
    job: &str,
    at_most: u32,
) -> Result<Vec<DeadLetter>, StateError> {
    let mut statement = db.prepare(
        "SELECT job, record, stage, number, file, line, reasons, status, attempts, first_run, last_run
         FROM dead_letters WHERE job = ?1 ORDER BY file, line, record LIMIT ?2",
    )?;
    let rows = statement.query_map(params![job, at_most], |row| {
        Ok(DeadLetter {
            job: row.get(0)?,
            record: row.get(1)?,
            stage: match row.get::<_, String>(2)?.as_str() {
                "refused" => Stage::Refused,
                _ => Stage::Invalid,
            },
            number: row.get(3)?,
            file: row.get(4)?,
            line: row.get::<_, i64>(5)?.unsigned_abs(),
            reasons: row.get(6)?,
            status: row.get(7)?,
            attempts: row.get(8)?,
            first_run: row.get(9)?,
            last_run: row.get(10)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn count(db: &Connection, job: &str) -> Result<u64, StateError> {
    let count: i64 =
        db.query_row("SELECT count(*) FROM dead_letters WHERE job = ?1", [job], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

impl Store {
    /// Takes back that the target refused these orders, so that the next run sends them again;
    /// gives how many the ledger held as refused. The job's interrupted runs are not gone on with:
    /// they have counted them already.
    ///
    /// # Errors
    /// When the state can't be written.
    pub fn retry_refused(
        &mut self,
        job: &str,
        connection: ConnectionId,
        keys: &[String],
    ) -> Result<u64, StateError> {
        let transaction = self.db.transaction()?;
        let mut cleared = 0;
        for key in keys {
            let row = params![connection, key];
            // Never at the target: as if never sent. There with an older content: to be updated.
            let mut changed = transaction
                .prepare_cached(
                    "DELETE FROM orders WHERE connection = ?1 AND key = ?2 AND state = 3 AND remote_id IS NULL",
                )?
                .execute(row)?;
            changed += transaction
                .prepare_cached(
                    "UPDATE orders SET state = 0, fingerprint = NULL WHERE connection = ?1 AND key = ?2 AND state = 3",
                )?
                .execute(row)?;
            if changed > 0 {
                history::add(
                    &transaction,
                    0,
                    connection,
                    key,
                    &Attempt::done(Operation::Retry, None),
                )?;
            }
            cleared += changed;
        }
        if cleared > 0 {
            transaction.execute(
                "UPDATE runs SET closed_ms = ?2 WHERE job = ?1 AND closed_ms IS NULL",
                params![job, now_ms()],
            )?;
        }
        transaction.commit()?;
        Ok(cleared as u64)
    }
}
