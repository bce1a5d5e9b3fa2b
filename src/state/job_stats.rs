use super::runs::{self, unsigned};
use super::{Counts, RunRow, StateError, View};
use rusqlite::{OptionalExtension, params};

/// Different lists of reasons read at most; a job of more has long been stopped.
const REASONS_MAX: u32 = 10_000;

/// What the state tells of a job in figures, over all of its runs. The sums only grow, so a restart
/// loses none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobFigures {
    /// Records settled by all runs, those under way included.
    pub settled: Counts,
    /// When a run last finished, in milliseconds since 1970.
    pub last_success_ms: Option<i64>,
    pub dead_letters: u64,
    /// Of each kind (`backfill`, `sync`) the last run that ended, with the time it was at work in
    /// milliseconds.
    pub durations: Vec<(String, u64)>,
    /// The last runs, the last one first.
    pub runs: Vec<RunRow>,
}

impl View {
    /// The figures of a job, with as many of its last runs.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn figures(&self, job: &str, runs_at_most: u32) -> Result<JobFigures, StateError> {
        let (settled, last_success_ms) = self.db.query_row(
            "SELECT coalesce(sum(created), 0), coalesce(sum(updated), 0), coalesce(sum(adopted), 0),
                    coalesce(sum(unchanged), 0), coalesce(sum(filtered), 0), coalesce(sum(invalid), 0),
                    coalesce(sum(refused), 0), max(ended_ms) FILTER (WHERE outcome = 'finished')
             FROM runs WHERE job = ?1",
            [job],
            |row| {
                let counts = Counts {
                    created: unsigned(row, 0)?,
                    updated: unsigned(row, 1)?,
                    adopted: unsigned(row, 2)?,
                    unchanged: unsigned(row, 3)?,
                    filtered: unsigned(row, 4)?,
                    invalid: unsigned(row, 5)?,
                    refused: unsigned(row, 6)?,
                };
                Ok((counts, row.get(7)?))
            },
        )?;
        Ok(JobFigures {
            settled,
            last_success_ms,
            dead_letters: self.dead_letters_count(job)?,
            durations: self.durations(job)?,
            runs: runs::of_job(&self.db, job, runs_at_most)?,
        })
    }

    fn durations(&self, job: &str) -> Result<Vec<(String, u64)>, StateError> {
        let mut durations = Vec::new();
        for kind in [super::Kind::Backfill, super::Kind::Sync].map(super::Kind::word) {
            let last = self.db.query_row(
                "SELECT active_ms FROM runs WHERE job = ?1 AND kind = ?2 AND outcome IS NOT NULL ORDER BY id DESC LIMIT 1",
                params![job, kind],
                |row| unsigned(row, 0),
            );
            durations.extend(last.optional()?.map(|active_ms| (kind.to_owned(), active_ms)));
        }
        Ok(durations)
    }

    /// The dead letters of a job by their list of reasons, as it is written (`bad_money(total)
    /// missing_email`), and how many have each.
    ///
    /// # Errors
    /// When the state can't be read.
    pub fn dead_letter_reasons(&self, job: &str) -> Result<Vec<(String, u64)>, StateError> {
        let mut statement = self.db.prepare(
            "SELECT reasons, count(*) FROM dead_letters WHERE job = ?1 GROUP BY reasons ORDER BY 2 DESC LIMIT ?2",
        )?;
        let rows = statement
            .query_map(params![job, REASONS_MAX], |row| Ok((row.get(0)?, unsigned(row, 1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
