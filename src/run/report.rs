use super::bulk::{LookError, ReadBack};
use super::meter::Batches;
use super::{ConnectionError, GoneReport, ReadingError, Shrinkage, Verification};
use crate::activecampaign::{Disposition, Failure, FatalError};
use crate::state::{Counts, Kind, LetterCounts, Requests, RunEnd, RunId, RunRow, StateError};
use std::time::Duration;

/// Window of the refusal-rate check, in orders sent.
pub(super) const SENT_REMEMBERED: usize = 100;

/// The progress of a run.
#[derive(Debug, Clone)]
pub struct Progress {
    pub job: String,
    pub run: RunId,
    pub kind: Kind,
    /// Records taken from the export so far.
    pub read: u64,
    /// The number of records at the beginning that are all settled.
    pub settled: u64,
    /// Settled in this process.
    pub counts: Counts,
    pub in_flight: usize,
    pub requests: Requests,
    /// `None`: orders are sent one by one.
    pub batches: Option<Batches>,
    /// Requests of the plan whose work is settled: of the connection, customers and orders. Other
    /// sent requests are unplanned or in flight.
    pub planned_done: u64,
    /// Requests of the last minutes, and the length of that time.
    pub recent: (u64, Duration),
    pub elapsed: Duration,
}

/// The time for the rest at the same rate: `done` took `elapsed`, and `left` remains. `None` if
/// there is too little to estimate from.
pub fn time_left(done: u64, left: u64, elapsed: Duration) -> Option<Duration> {
    if done == 0 {
        return None;
    }
    Duration::try_from_secs_f64(elapsed.as_secs_f64() * left as f64 / done as f64).ok()
}

/// The result of a run, from the state.
#[derive(Debug)]
pub struct RunReport {
    pub row: RunRow,
    pub end: RunEnd,
    /// Why it did not finish.
    pub error: Option<RunError>,
    /// How the export shrank; usually empty.
    pub shrinkage: Vec<Shrinkage>,
    /// The dead letters that it found.
    pub dead_letters: LetterCounts,
    /// Orders of the run that this process sent, by outcome.
    pub orders: Counts,
    /// What was read back of the connection's orders that the bulk path has accepted; `None` on the
    /// other path, and if the run did not finish.
    pub read_back: Option<ReadBack>,
    /// Requests that this process sent for the run, and its time; the row has the sums of all
    /// processes.
    pub sent: Requests,
    pub elapsed: Duration,
    /// The result for orders that no longer exist in the shop, if they are to be deleted.
    pub gone: Option<GoneReport>,
}

/// What happens to a run, for its observers.
#[derive(Debug, Clone, Copy)]
pub enum RunEvent<'a> {
    Began,
    Ended(&'a RunReport),
    /// It could not begin, or the state failed, for this reason.
    Failed(&'a str),
    Verified(&'a Verification),
    /// A verification did not finish, for this reason; `end`: how a run would have ended by it.
    Unverified {
        end: RunEnd,
        error: &'a str,
    },
}

/// Why a run did not finish.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    #[error(transparent)]
    Reading(#[from] ReadingError),
    #[error(transparent)]
    Fatal(#[from] FatalError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("interrupted; progress is kept")]
    Interrupted,
    #[error(
        "{refused} of the last {SENT_REMEMBERED} orders sent were refused, more than policy.refused_max allows; this is not about single orders\n  hint: look at `ordersync dead-letters list`, fix the cause, and run again"
    )]
    TooManyRefused { refused: usize },
    #[error("a step failed because of a bug: {0}")]
    Crashed(tokio::task::JoinError),
    #[error("reading the export failed because of a bug\n  hint: report it with the message above")]
    ReaderCrashed,
    #[error(transparent)]
    Accounting(Box<Accounting>),
}

/// A run whose accounts do not add up: that is a bug, and never called finished.
#[derive(Debug, thiserror::Error)]
#[error(
    "the counts of run {run} do not add up: {read:?} records read, {counts:?} settled, {pending} pending, {written:?} in the ledger\n  hint: this is a bug; keep the state file and report it"
)]
pub struct Accounting {
    pub run: RunId,
    /// `None`: the reader never reported the end.
    pub read: Option<u64>,
    pub counts: Counts,
    pub pending: u64,
    /// `None`: a later run has overwritten some of it.
    pub written: Option<Counts>,
}

impl From<LookError> for RunError {
    fn from(error: LookError) -> Self {
        match error {
            LookError::Target(failure) => Self::Fatal(match failure.disposition {
                Disposition::Stop(stop) => stop,
                _ if end_of(&failure) == RunEnd::Paused => {
                    FatalError::Unavailable { retry_after: None, cause: failure.cause }
                }
                _ => FatalError::Unexpected { status: failure.status.unwrap_or(0) },
            }),
            LookError::State(error) => Self::State(error),
            LookError::Interrupted => Self::Interrupted,
        }
    }
}

impl RunError {
    /// A disk is full or nearly full, also that of temporary files, which the reader fills.
    pub(super) fn is_lack_of_space(&self) -> bool {
        match self {
            Self::State(error)
            | Self::Reading(ReadingError::State(error))
            | Self::Connection(ConnectionError::State(error)) => error.is_lack_of_space(),
            _ => false,
        }
    }

    /// The end of a run with this error.
    pub fn end(&self) -> RunEnd {
        match self {
            Self::Interrupted => RunEnd::Interrupted,
            Self::TooManyRefused { .. } => RunEnd::Stopped,
            Self::Fatal(stop) | Self::Connection(ConnectionError::Fatal(stop)) => end_by(stop),
            Self::Connection(
                ConnectionError::Native { .. }
                | ConnectionError::Incomplete { .. }
                | ConnectionError::Gone { .. }
                | ConnectionError::Refused(_),
            ) => RunEnd::Stopped,
            Self::Connection(ConnectionError::State(_)) => RunEnd::Failed,
            Self::Reading(_)
            | Self::State(_)
            | Self::Crashed(_)
            | Self::ReaderCrashed
            | Self::Accounting(_) => RunEnd::Failed,
        }
    }
}

/// The end of work that needs what could not be read.
pub fn end_of(failure: &Failure) -> RunEnd {
    match failure.disposition {
        Disposition::Throttled | Disposition::Again | Disposition::LookUp => RunEnd::Paused,
        Disposition::Stop(stop) => end_by(&stop),
        _ => RunEnd::Stopped,
    }
}

/// The end of work with this error.
pub fn end_by(stop: &FatalError) -> RunEnd {
    match stop {
        FatalError::Unavailable { .. } => RunEnd::Paused,
        FatalError::Withheld => RunEnd::Interrupted,
        FatalError::Credentials
        | FatalError::Payment
        | FatalError::ConnectionGone
        | FatalError::Redirect
        | FatalError::Blocked
        | FatalError::Schema
        | FatalError::Unfiltered
        | FatalError::Contradiction { .. }
        | FatalError::Tls { .. } => RunEnd::Stopped,
        FatalError::Unexpected { .. } => RunEnd::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_recognised_wherever_it_was_noticed() {
        let full = || StateError::from(std::io::Error::from(std::io::ErrorKind::StorageFull));
        for error in [
            RunError::State(full()),
            RunError::Reading(ReadingError::State(full())),
            RunError::Connection(ConnectionError::State(full())),
        ] {
            assert!(error.is_lack_of_space(), "{error}");
        }
        assert!(!RunError::ReaderCrashed.is_lack_of_space());
    }
}
