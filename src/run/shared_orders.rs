//! Whether jobs that share a connection contain the same orders. Each job would then update them to
//! its own export in every run.

use super::Job;
use super::planned_record::RecordVerdict;
use super::reading_error::ReadingError;
use super::verify::reading_of;
use crate::extract::{CartKey, Export, cart_key_of};
use crate::plan::Decision;
use crate::scratch::SeenKeys;
use crate::state::View;
use std::collections::BTreeMap;
use std::fmt;

/// Orders that two jobs would both send to one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedOrders {
    /// In the given sequence.
    pub jobs: [String; 2],
    connection: String,
    what: SharedKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum SharedKind {
    /// This many, such as the one with this key.
    Orders { count: u64, example: String },
    /// Carts that each job identifies by another key, so that it can't be decided which are the
    /// same.
    Carts([CartKey; 2]),
}

impl fmt::Display for SharedOrders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { jobs: [one, other], connection, what } = self;
        let (count, example) = match what {
            SharedKind::Orders { count, example } => (count, example),
            SharedKind::Carts([key, other_key]) => {
                return write!(
                    f,
                    "jobs.{one} and jobs.{other} send abandoned carts to the connection {connection}, known by {} and by {}: a cart \
                     that both hold would exist twice\n  hint: give one of them a connection with another externalid; or leave \
                     the carts of one out",
                    key.words(),
                    other_key.words()
                );
            }
        };
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

/// The result so far for two jobs.
struct PairResult {
    count: u64,
    example: String,
}

/// The orders that jobs of one connection would both send. An order in three jobs counts for the
/// first job and each of the others.
///
/// Orders that a job filters, or that are invalid in it, don't count. An unreadable export is left
/// out from the error on, as the run of its job reports it; so is standard input that was not read.
/// `opened`: exports that were opened already, among them standard input, which comes once.
pub fn shared_orders(
    jobs: &[Job],
    opened: &[(&str, &Export)],
    view: &View,
) -> Result<Vec<SharedOrders>, ReadingError> {
    let mut keys = SeenKeys::default();
    // An order counts once, however often a job's export repeats it.
    let mut counted = SeenKeys::default();
    let mut pairs: BTreeMap<(u64, u64), PairResult> = BTreeMap::new();
    let mut carts: Vec<(u64, CartKey)> = Vec::new();
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
        let key = export.files().iter().find_map(|file| cart_key_of(&file.format));
        carts.extend(key.map(|key| (n, key)));
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
                let found = pairs.entry((first, n)).or_insert(PairResult { count: 0, example });
                found.count += 1;
            }
        }
    }
    Ok(named(jobs, pairs, &carts))
}

/// What was found, with the names of the jobs in place of their numbers.
fn named(
    jobs: &[Job],
    pairs: BTreeMap<(u64, u64), PairResult>,
    carts: &[(u64, CartKey)],
) -> Vec<SharedOrders> {
    let name = |n: u64| jobs[n as usize].name.clone();
    let shared = |one: u64, other: u64, what: SharedKind| SharedOrders {
        jobs: [name(one), name(other)],
        connection: {
            let connection = &jobs[one as usize].connection;
            format!("{}/{}", connection.service, connection.externalid)
        },
        what,
    };
    let mut all: Vec<SharedOrders> = pairs
        .into_iter()
        .map(|((one, other), PairResult { count, example })| {
            shared(one, other, SharedKind::Orders { count, example })
        })
        .collect();
    if let Some((first, key)) = carts.first() {
        let others = carts.iter().filter(|(_, other)| other != key);
        all.extend(others.map(|(n, other)| shared(*first, *n, SharedKind::Carts([*key, *other]))));
    }
    all
}
