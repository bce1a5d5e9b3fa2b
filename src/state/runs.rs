use super::clock::now_ms;
use super::sql::Sql;
use super::sql_types::{ConnectionId, Kind, RunEnd, RunId, WriteOutcome};
use super::{StateError, Store, View, dead_letters};
use rusqlite::{Connection, Row, named_params, params};

macro_rules! counts {
    ($($name:ident)+) => {
        /// Records by outcome, in the order in which reports show them.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Counts {
            $(pub $name: u64,)+
        }

        impl Counts {
            /// Each count with its name.
            pub fn named(&self) -> [(&'static str, u64); [$(stringify!($name)),+].len()] {
                [$((stringify!($name), self.$name)),+]
            }

            /// From a row with a column of each name.
            pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
                Ok(Self { $($name: row.get(stringify!($name))?,)+ })
            }
        }

        impl std::ops::AddAssign for Counts {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)+
            }
        }
    };
}

counts! { created updated adopted unchanged filtered invalid refused }

impl Counts {
    /// Orders that were created, updated or adopted.
    pub fn written(&self) -> u64 {
        self.created + self.updated + self.adopted
    }

    pub fn sum(&self) -> u64 {
        self.named().iter().map(|(_, n)| n).sum()
    }
}

/// Requests by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Requests {
    pub total: u64,
    pub retried: u64,
    pub throttled: u64,
}

/// One run as stored in the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRow {
    pub id: RunId,
    pub job: String,
    pub kind: Kind,
    pub started_ms: i64,
    pub ended_ms: Option<i64>,
    pub active_ms: u64,
    /// `None` while it is running, and after it was killed.
    pub outcome: Option<RunEnd>,
    /// The lowest record not yet settled.
    pub checkpoint: u64,
    /// Records in the export, known once it was read completely; for a canary, its orders.
    pub records: Option<u64>,
    pub counts: Counts,
    pub pending: u64,
    pub customers_created: u64,
    pub customers_adopted: u64,
    pub requests: Requests,
    /// When an undo had deleted everything that it created.
    pub undone_ms: Option<i64>,
    /// It is not resumed: what it had settled was undone since.
    pub is_closed: bool,
    /// The records and requests in its plan, if there was one.
    pub records_planned: Option<u64>,
    pub requests_planned: Option<u64>,
    /// The id of the approved plan that it loads, if any.
    pub plan: Option<String>,
}

impl RunRow {
    /// Records this run has read: all of them if it reached the end, else those that it has settled
    /// or had read without settling.
    pub fn read(&self) -> u64 {
        self.records.unwrap_or(self.counts.sum() + self.pending)
    }

    /// It reached the end of the export; a canary never does.
    pub fn is_finished_load(&self) -> bool {
        self.outcome == Some(RunEnd::Finished) && self.kind != Kind::Canary
    }

    /// The accounting identity: every record read became exactly one thing.
    pub fn adds_up(&self) -> bool {
        self.read() == self.counts.sum() + self.pending
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy)]
pub struct RunClose {
    pub end: RunEnd,
    /// How many records the reader counted, if it reached the end.
    pub records: Option<u64>,
    /// How many it had handed over that were not settled.
    pub pending: u64,
    /// Everything in the export was read, and every dead letter was written.
    pub whole: bool,
}

/// The identity of a run.
#[derive(Debug, Clone)]
pub struct RunStart<'a> {
    pub job: &'a str,
    pub kind: Kind,
    /// A digest of the export's files and the limits: an interrupted run is only resumed if it is
    /// the same.
    pub export: [u8; 16],
    /// Its mapping settings, `name=value` line by line.
    pub mapping: &'a str,
}

impl Store {
    /// Begins a run, or resumes the job's last one if that was interrupted and the export is the
    /// same.
    pub fn begin(&mut self, start: &RunStart<'_>) -> Result<RunRow, StateError> {
        self.check_space()?;
        let transaction = self.db.transaction()?;
        let last: Option<(RunId, Option<RunEnd>, Vec<u8>, Kind)> = transaction.first(
            "SELECT id, outcome, export, kind FROM runs
                 WHERE id = (SELECT max(id) FROM runs WHERE job = ?1) AND closed_ms IS NULL",
            [start.job],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        let resumed = match last {
            Some((id, outcome, export, kind)) => {
                // A run with inconsistent counts would fail again.
                let is_over = matches!(outcome, Some(RunEnd::Finished | RunEnd::Failed));
                let is_same =
                    export[..] == start.export[..] && kind == start.kind && kind != Kind::Canary;
                (is_same
                    && !is_over
                    && is_last(&transaction, id)?
                    && is_connected(&transaction, id)?)
                .then_some(id)
            }
            None => None,
        };
        // Other runs without an outcome were killed: this process holds the account's lock.
        transaction.run(
            "UPDATE runs SET outcome = ?2 WHERE outcome IS NULL AND job = ?1",
            params![start.job, RunEnd::Interrupted],
        )?;
        let id = match resumed {
            Some(id) => {
                transaction.run(
                    "UPDATE runs SET outcome = NULL, ended_ms = NULL, records = NULL, pending = 0 WHERE id = ?1",
                    [id],
                )?;
                id
            }
            None => {
                transaction.run(
                    "INSERT INTO runs (job, kind, export, started_ms, mapping) VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![start.job, start.kind, &start.export[..], now_ms(), start.mapping],
                )?;
                transaction.last_insert_rowid()
            }
        };
        transaction.commit()?;
        self.known_run(id)
    }

    /// Stores the plan's numbers for the run that begins: the records of the export, and the
    /// requests that are still to be sent.
    pub fn set_plan(&mut self, run: RunId, records: u64, requests: u64) -> Result<(), StateError> {
        self.db.run(
            "UPDATE runs SET records_planned = ?2, requests_planned = requests_total + ?3 WHERE id = ?1",
            params![run, records, requests],
        )
    }

    /// Notes which approved plan a run loads.
    pub fn set_approved(&mut self, run: RunId, plan: &str) -> Result<(), StateError> {
        self.db.run("UPDATE runs SET plan = ?2 WHERE id = ?1", params![run, plan])
    }

    /// Notes which connection a run writes to.
    pub fn set_connection(
        &mut self,
        run: RunId,
        connection: ConnectionId,
    ) -> Result<(), StateError> {
        self.db.run("UPDATE runs SET connection = ?2 WHERE id = ?1", params![run, connection])
    }

    pub fn end(&mut self, run: RunId, close: &RunClose) -> Result<RunRow, StateError> {
        let transaction = self.db.transaction()?;
        transaction.run(
            "UPDATE runs SET outcome = :outcome, ended_ms = :now, records = :records, pending = :pending WHERE id = :id",
            named_params! {
                ":id": run, ":outcome": close.end, ":now": now_ms(),
                ":records": close.records, ":pending": close.pending,
            },
        )?;
        if close.end == RunEnd::Finished && close.whole {
            dead_letters::sweep(&transaction, run)?;
        }
        transaction.commit()?;
        self.known_run(run)
    }

    /// Orders that this run wrote, counted from the ledger's own rows: these must agree with the
    /// run's counts. `None` if a later run on the same connection may have overwritten them.
    pub fn outcomes_of(&self, run: RunId) -> Result<Option<Counts>, StateError> {
        if !is_last(&self.db, run)? {
            return Ok(None);
        }
        let mut counts = Counts::default();
        let sql = "SELECT outcome, count(*) FROM orders
                   WHERE run = ?1 AND outcome IS NOT NULL GROUP BY outcome";
        for (outcome, count) in self.db.all(sql, [run], |row| Ok((row.get(0)?, row.get(1)?)))? {
            match outcome {
                WriteOutcome::Created => counts.created = count,
                WriteOutcome::Updated => counts.updated = count,
                WriteOutcome::Adopted => counts.adopted = count,
                WriteOutcome::LeftDeleted | WriteOutcome::Superseded => {}
            }
        }
        Ok(Some(counts))
    }
}

impl View {
    pub fn run(&self, id: RunId) -> Result<Option<RunRow>, StateError> {
        let sql = "SELECT * FROM runs WHERE id = ?1";
        self.db.first(sql, [id], read_row)
    }

    /// The runs of a job, the last one first.
    pub fn runs(&self, job: &str, at_most: u32) -> Result<Vec<RunRow>, StateError> {
        let sql = "SELECT * FROM runs WHERE job = ?1 ORDER BY id DESC LIMIT ?2";
        self.db.all(sql, params![job, at_most], read_row)
    }

    /// The job's last run that reached the end of the export, unless it was undone.
    pub fn last_load(&self, job: &str) -> Result<Option<RunRow>, StateError> {
        let sql = "SELECT * FROM runs WHERE job = ?1 AND outcome = ?2 AND kind <> ?3
                   AND undone_ms IS NULL ORDER BY id DESC LIMIT 1";
        self.db.first(sql, params![job, RunEnd::Finished, Kind::Canary], read_row)
    }

    /// When the job's last run that wrote an order ended, or began if it did not end, in
    /// milliseconds since 1970; `None`: none wrote one.
    pub fn last_write_ms(&self, job: &str) -> Result<Option<i64>, StateError> {
        let sql = "SELECT coalesce(ended_ms, started_ms) FROM runs
                   WHERE job = ?1 AND created + updated + adopted > 0 ORDER BY id DESC LIMIT 1";
        self.db.first(sql, [job], |row| row.get(0))
    }

    /// When the first run of the job that finished a load began.
    pub fn first_load_ms(&self, job: &str) -> Result<Option<i64>, StateError> {
        let sql = "SELECT min(started_ms) FROM runs WHERE job = ?1 AND outcome = ?2 AND kind <> ?3";
        self.db.one(sql, params![job, RunEnd::Finished, Kind::Canary])
    }

    /// Whether a run of the job other than a canary has begun, or `adopt` has recorded orders on
    /// its connection.
    pub fn has_begun_loading(
        &self,
        job: &str,
        service: &str,
        externalid: &str,
    ) -> Result<bool, StateError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM runs WHERE job = ?1 AND kind <> ?2)
                   OR EXISTS (SELECT 1 FROM orders JOIN connections ON connections.id = orders.connection
                              WHERE service = ?3 AND externalid = ?4 AND run = 0)";
        let params = params![job, Kind::Canary, service, externalid];
        self.db.one(sql, params)
    }

    /// Orders that runs of the job have written, including those deleted since; with `plan`, only
    /// those of its runs.
    pub fn orders_written(&self, job: &str, plan: Option<&str>) -> Result<u64, StateError> {
        let sql = "SELECT coalesce(sum(created + updated + adopted), 0) FROM runs
                   WHERE job = ?1 AND (?2 IS NULL OR plan = ?2)";
        self.db.one(sql, params![job, plan])
    }

    /// Whether the job has ever loaded a canary.
    pub fn has_canary(&self, job: &str) -> Result<bool, StateError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM runs WHERE job = ?1 AND kind = ?2)";
        self.db.one(sql, params![job, Kind::Canary])
    }

    fn known_run(&self, id: RunId) -> Result<RunRow, StateError> {
        self.run(id)?.ok_or(StateError::Sql(rusqlite::Error::QueryReturnedNoRows))
    }
}

/// Whether no later run wrote to the connection that this one wrote to.
fn is_last(db: &Connection, run: RunId) -> Result<bool, StateError> {
    db.one(
        "SELECT NOT EXISTS (SELECT 1 FROM runs later JOIN runs this ON this.id = ?1
                            WHERE later.id > this.id AND later.connection IS this.connection)",
        [run],
    )
}

/// Whether the connection that a run wrote to still exists, as far as is known.
fn is_connected(db: &Connection, run: RunId) -> Result<bool, StateError> {
    db.one(
        "SELECT NOT EXISTS (SELECT 1 FROM runs JOIN connections ON connections.id = runs.connection
                            WHERE runs.id = ?1 AND connections.seen_ms = 0)",
        [run],
    )
}

fn read_row(row: &Row<'_>) -> rusqlite::Result<RunRow> {
    Ok(RunRow {
        id: row.get("id")?,
        job: row.get("job")?,
        kind: row.get("kind")?,
        started_ms: row.get("started_ms")?,
        ended_ms: row.get("ended_ms")?,
        active_ms: row.get("active_ms")?,
        outcome: row.get("outcome")?,
        checkpoint: row.get("checkpoint")?,
        records: row.get("records")?,
        counts: Counts::from_row(row)?,
        pending: row.get("pending")?,
        customers_created: row.get("customers_created")?,
        customers_adopted: row.get("customers_adopted")?,
        requests: Requests {
            total: row.get("requests_total")?,
            retried: row.get("requests_retried")?,
            throttled: row.get("requests_throttled")?,
        },
        undone_ms: row.get("undone_ms")?,
        is_closed: row.get::<_, Option<i64>>("closed_ms")?.is_some(),
        records_planned: row.get("records_planned")?,
        requests_planned: row.get("requests_planned")?,
        plan: row.get("plan")?,
    })
}
