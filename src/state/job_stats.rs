use super::sql::Sql;
use super::sql_types::{Kind, RunEnd};
use super::{
    ConnectionPath, Counts, LetterCounts, LetterReasons, RunRow, StateError, Trouble,
    VerificationRow, View,
};
use rusqlite::params;

/// The most different lists of reasons that are read; a job with more would have been stopped.
const REASONS_MAX: u32 = 10_000;

/// Statistics of a job, over all of its runs. The sums only grow, so a restart
/// loses none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobStats {
    /// Records settled by all runs, including those in progress.
    pub settled: Counts,
    /// When a run other than a canary last finished, in milliseconds since 1970.
    pub last_success_ms: Option<i64>,
    pub dead_letters: LetterCounts,
    /// Why the last attempt did not finish.
    pub trouble: Option<Trouble>,
    /// The last one that covered all orders.
    pub last_verification: Option<VerificationRow>,
    /// For each kind, the last run that ended, with its running time in milliseconds.
    pub durations: Vec<(Kind, u64)>,
    /// How orders reach the connection that the job wrote to last; `None`: it wrote to none.
    pub path: Option<ConnectionPath>,
    /// The last runs, the last one first.
    pub runs: Vec<RunRow>,
}

impl View {
    /// The figures of a job, with as many of its last runs.
    pub fn figures(&self, job: &str, runs_at_most: u32) -> Result<JobStats, StateError> {
        let sums = Counts::default()
            .named()
            .map(|(name, _)| format!("coalesce(sum({name}), 0) AS {name}"));
        let sql = format!(
            "SELECT {}, max(ended_ms) FILTER (WHERE outcome = ?2 AND kind <> ?3) AS last_success_ms
             FROM runs WHERE job = ?1",
            sums.join(", ")
        );
        let sums = self.db.first(&sql, params![job, RunEnd::Finished, Kind::Canary], |row| {
            Ok((Counts::from_row(row)?, row.get("last_success_ms")?))
        })?;
        let (settled, last_success_ms) = sums.unwrap_or_default();
        Ok(JobStats {
            settled,
            last_success_ms,
            dead_letters: self.dead_letters_count(job)?,
            trouble: self.trouble(job)?,
            last_verification: self.last_whole_verification(job)?,
            durations: self.durations(job)?,
            path: self.path_of_job(job)?,
            runs: self.runs(job, runs_at_most)?,
        })
    }

    fn durations(&self, job: &str) -> Result<Vec<(Kind, u64)>, StateError> {
        let mut durations = Vec::new();
        for kind in Kind::ALL {
            let last = self.db.first(
                "SELECT active_ms FROM runs WHERE job = ?1 AND kind = ?2 AND outcome IS NOT NULL ORDER BY id DESC LIMIT 1",
                params![job, kind],
                |row| row.get(0),
            )?;
            durations.extend(last.map(|active_ms| (kind, active_ms)));
        }
        Ok(durations)
    }

    /// The different lists of reasons that dead letters of a job have, and how many have each.
    pub fn dead_letter_reasons(&self, job: &str) -> Result<Vec<(LetterReasons, u64)>, StateError> {
        self.db.all(
            "SELECT reasons, count(*) FROM dead_letters WHERE job = ?1 GROUP BY reasons ORDER BY 2 DESC LIMIT ?2",
            params![job, REASONS_MAX],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }
}
