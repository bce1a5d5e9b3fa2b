//! Whether jobs that share a connection hold the same orders. Each job would then update them to what
//! its own export says, in every run.

use super::Job;
use super::plan_reader::ReadingError;
use super::planned_record::RecordVerdict;
use super::verify::reading_of;
use crate::extract::Export;
use crate::plan::Decision;
use crate::scratch::SeenKeys;
use crate::state::View;
use std::collections::BTreeMap;
use std::fmt;

/// Orders that two jobs would both send to one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedOrders {
    /// In the sequence in which they were given.
    pub jobs: [String; 2],
    pub connection: String,
    pub count: u64,
    /// The key of one of them.
    pub example: String,
}

impl fmt::Display for SharedOrders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { jobs: [one, other], connection, count, example } = self;
        let orders =
            if *count == 1 { "1 order".to_owned() } else { format!("{count} of the same orders") };
        write!(
            f,
            "jobs.{one} and jobs.{other} both send {orders} to the connection {connection}, such as {example}; each run \
             would overwrite what the other job sent\n  hint: name both exports in the `export` of one job, where the last \
             file wins; or remove one job from the settings; or give it a connection with another externalid"
        )
    }
}

/// What was found so far about two jobs.
struct Found {
    count: u64,
    example: String,
}

/// The orders that jobs of one connection would both send. An order that three jobs hold counts for the
/// first job and each of the others.
///
/// Orders that a job filters, or that are invalid in it, are not its own. An export that can't be read
/// is left out from there on, as the run of its job reports it; so is standard input that was not read.
/// `opened`: exports that were opened already, among them standard input, which comes once.
pub fn shared_orders(
    jobs: &[Job],
    opened: &[(&str, &Export)],
    view: &View,
) -> Result<Vec<SharedOrders>, ReadingError> {
    let mut keys = SeenKeys::default();
    // An order counts once, however often a job's export repeats it.
    let mut counted = SeenKeys::default();
    let mut pairs: BTreeMap<(u64, u64), Found> = BTreeMap::new();
    for (n, job) in (0_u64..).zip(jobs) {
        let fresh;
        let export = match opened.iter().find(|(name, _)| *name == job.name) {
            Some((_, export)) => *export,
            None if job.export.is_piped() => continue,
            None => match job.open_export() {
                Ok(export) => {
                    fresh = export;
                    &fresh
                }
                Err(_) => continue,
            },
        };
        for record in reading_of(job, export, view)?.in_less_memory() {
            let record = match record {
                Ok(record) => record,
                Err(ReadingError::Read(_)) => break,
                Err(error) => return Err(error),
            };
            let RecordVerdict::Decided(Decision::Send(step)) = &record.verdict else { continue };
            let key = step.order.key.ledger_text();
            let first = keys.insert(&key, n)?.filter(|first| *first != n);
            if let Some(first) = first
                && counted.insert(&(&key, n), n)?.is_none()
            {
                let example = key.trim().to_owned();
                let found = pairs.entry((first, n)).or_insert(Found { count: 0, example });
                found.count += 1;
            }
        }
    }
    let name = |n: u64| jobs[n as usize].name.clone();
    let shared = |((one, other), Found { count, example }): ((u64, u64), Found)| SharedOrders {
        jobs: [name(one), name(other)],
        connection: {
            let connection = &jobs[one as usize].connection;
            format!("{}/{}", connection.service, connection.externalid)
        },
        count,
        example,
    };
    Ok(pairs.into_iter().map(shared).collect())
}
