use crate::activecampaign::{Failure, FatalError};
use crate::run::report::{end_by, end_of};
use crate::state::{Requests, RunEnd, RunId, StateError};
use std::time::Duration;

/// The work of an undo in this process.
#[derive(Debug, Default)]
pub struct UndoReport {
    pub run: RunId,
    pub job: String,
    /// Orders that the run had created, by the ledger at the beginning of the undo.
    pub planned: u64,
    pub deleted: u64,
    /// Already gone at their turn: deleted by someone else, or by a delete that a kill interrupted.
    pub gone: u64,
    /// Keys of orders whose id now belongs to another order: left alone.
    pub foreign: Vec<String>,
    /// Keys of orders that ActiveCampaign refused to delete, each with the reason.
    pub refused: Vec<(String, String)>,
    /// Keys that ActiveCampaign has and that the run was about to create when it was killed: its
    /// authorship is not proven.
    pub unconfirmed: Vec<String>,
    /// Keys of deleted orders that ActiveCampaign still lists.
    pub still_there: Vec<String>,
    /// Deleted orders that were created again since, under another id.
    pub made_again: u64,
    /// Orders still recorded as created by the run at the end; `None`: it was not read back.
    pub left: Option<u64>,
    pub requests: Requests,
    pub elapsed: Duration,
    /// Why it did not finish.
    pub error: Option<UndoError>,
}

impl UndoReport {
    pub fn end(&self) -> RunEnd {
        self.error.as_ref().map_or(RunEnd::Finished, UndoError::end)
    }

    /// Reading back showed that everything that the run created is gone.
    pub fn is_clean(&self) -> bool {
        self.left == Some(0) && self.still_there.is_empty() && self.unconfirmed.is_empty()
    }
}

/// Why an undo did not finish; running it again resumes it.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    #[error("the run's connection, id {0}, was deleted in ActiveCampaign together with its orders")]
    ConnectionGone(String),
    #[error("ActiveCampaign could not be read: {0}")]
    Target(Failure),
    #[error(transparent)]
    Fatal(#[from] FatalError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("interrupted; progress is kept")]
    Interrupted,
    #[error("a delete failed because of a bug: {0}")]
    Crashed(tokio::task::JoinError),
}

impl UndoError {
    fn end(&self) -> RunEnd {
        match self {
            Self::ConnectionGone(_) => RunEnd::Stopped,
            Self::Target(failure) => end_of(failure),
            Self::Fatal(stop) => end_by(stop),
            Self::Interrupted => RunEnd::Interrupted,
            Self::State(_) | Self::Crashed(_) => RunEnd::Failed,
        }
    }
}
