use super::questions::Question;
use crate::activecampaign::{Disposition, Failure, FatalError};
use crate::domain::{ProbeAnswer, RemoteId};
use crate::run::ConnectionError;
use crate::run::report::end_by;
use crate::state::{Requests, RunEnd, StateError};
use std::time::Duration;

/// The result of a probe.
#[derive(Debug)]
pub struct ProbeReport {
    /// It was allowed to write.
    pub writes: bool,
    /// Every question, in the order of the table.
    pub asked: Vec<Asked>,
    /// Connections that an earlier probe left and this one removed first.
    pub earlier: u64,
    pub removed: Removed,
    pub left: Vec<LeftRecord>,
    pub requests: Requests,
    pub elapsed: Duration,
    /// Why it ended early.
    pub error: Option<ProbeError>,
}

/// A question, and its result.
#[derive(Debug)]
pub struct Asked {
    pub question: &'static Question,
    pub outcome: AskedOutcome,
}

#[derive(Debug)]
pub enum AskedOutcome {
    Answered(ProbeAnswer),
    /// The answer did not say, and why.
    Unanswered(String),
    /// It was not asked by this probe.
    NotAsked,
}

/// Records that were removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removed {
    pub orders: u64,
    pub customers: u64,
    pub contacts: u64,
    pub connections: u64,
}

/// A record of a probe that is still at ActiveCampaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftRecord {
    /// `order`, `customer`, `contact`, `connection` or `graphql_order`.
    pub kind: &'static str,
    /// Its id, or the key of a GraphQL order.
    pub id: String,
}

impl LeftRecord {
    pub(super) fn new(kind: &'static str, id: &RemoteId) -> Self {
        Self { kind, id: id.to_string() }
    }
}

impl ProbeReport {
    pub fn end(&self) -> RunEnd {
        self.error.as_ref().map_or(RunEnd::Finished, ProbeError::end)
    }
}

/// Why a probe ended early.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    #[error("the connection of the probe: {0}")]
    Connection(#[from] ConnectionError),
    #[error("ActiveCampaign did not create the customers of the probe: {why}")]
    Refused { why: String },
    #[error("what a probe wrote could not be removed: {why}\n  hint: run it again with --write")]
    Undecided { why: String },
    #[error(transparent)]
    Fatal(#[from] FatalError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("interrupted")]
    Interrupted,
}

impl ProbeError {
    fn end(&self) -> RunEnd {
        match self {
            Self::Connection(ConnectionError::Fatal(stop)) | Self::Fatal(stop) => end_by(stop),
            Self::Connection(_) | Self::Refused { .. } => RunEnd::Stopped,
            Self::Undecided { .. } => RunEnd::Paused,
            Self::State(_) => RunEnd::Failed,
            Self::Interrupted => RunEnd::Interrupted,
        }
    }
}

/// Why a question has no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// Of this question alone.
    Unanswered(String),
    /// The probe ends.
    End(ProbeError),
}

impl NoAnswer {
    pub(super) fn because(why: &str) -> Self {
        Self::Unanswered(why.to_owned())
    }
}

impl From<Failure> for NoAnswer {
    fn from(failure: Failure) -> Self {
        match failure.disposition {
            // After a form that GraphQL refuses, other questions can still be asked.
            Disposition::Stop(FatalError::Schema) => Self::because("graphql_schema"),
            Disposition::Stop(stop) => Self::End(stop.into()),
            _ => Self::Unanswered(match (failure.status, failure.code) {
                (Some(status), Some(code)) => format!("{status}_{code}"),
                (Some(status), None) => format!("status_{status}"),
                (None, code) => code.unwrap_or_else(|| "no_answer".to_owned()),
            }),
        }
    }
}

impl From<FatalError> for NoAnswer {
    fn from(stop: FatalError) -> Self {
        Self::End(stop.into())
    }
}
