use super::SwitchPlan;
use crate::activecampaign::{Failure, FatalError};
use crate::domain::RemoteId;
use crate::run::report::{end_by, end_of};
use crate::state::{Requests, RunEnd, StateError};
use std::time::Duration;

/// The result of a change of path.
#[derive(Debug)]
pub struct SwitchReport {
    pub plan: SwitchPlan,
    /// The key of the order that was sent, or was sent before an interruption.
    pub canary: Option<String>,
    /// The second record that ActiveCampaign made of it.
    pub second: Option<SecondRecord>,
    pub requests: Requests,
    pub elapsed: Duration,
    /// Why the path is unchanged.
    pub error: Option<SwitchError>,
}

/// A second record of one order, and its fate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondRecord {
    /// Its id in the REST API; `None`: only GraphQL shows two.
    pub id: Option<RemoteId>,
    /// Why it still exists; `None`: it was deleted, as confirmed by reading it back.
    pub left: Option<String>,
    /// GraphQL still shows the order, and has no way to delete it.
    pub is_in_graphql: bool,
}

impl SwitchReport {
    pub fn end(&self) -> RunEnd {
        self.error.as_ref().map_or(RunEnd::Finished, SwitchError::end)
    }
}

/// Why the path was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    #[error(
        "ActiveCampaign made a second record of order {order}: its orders would exist twice. The connection stays on `{from}`"
    )]
    SecondRecord { order: String, from: &'static str },
    #[error(
        "ActiveCampaign has several records of order {order} already, ids {ids}\n  hint: `ordersync verify JOB` lists such orders; remove the wrong records, then switch"
    )]
    TwiceBefore { order: String, ids: String },
    #[error(
        "order {order} is not at ActiveCampaign any more under the id that the ledger has; nothing was sent\n  hint: `ordersync verify JOB --repair` and a sync first"
    )]
    CanaryGone { order: String },
    #[error(
        "order {order} has another record at ActiveCampaign since it was sent, or none. The connection stays on `{from}`\n  hint: the next sync writes the order again; switch after it"
    )]
    CanaryLost { order: String, from: &'static str },
    #[error(
        "ActiveCampaign refused order {order} by `{to}`: {reason}. The connection stays on `{from}`"
    )]
    Refused { order: String, to: &'static str, from: &'static str, reason: String },
    #[error(
        "order {order} has a total of {sent} and ActiveCampaign shows {found} (minor units) after it came by `{to}`. The connection stays on `{from}`, and the next sync writes the order again"
    )]
    OtherTotal { order: String, to: &'static str, from: &'static str, sent: i64, found: String },
    #[error(
        "it is not known yet what became of order {order}: {why}\n  hint: run the same switch again; until then nothing else is sent to the connection"
    )]
    Undecided { order: String, why: String },
    #[error(
        "{orders} orders were accepted, and ActiveCampaign's REST API does not show them yet; by REST they could be made again\n  hint: switch once they are visible; `ordersync status` shows how many are not"
    )]
    NotVisible { orders: u64 },
    #[error(
        "the state has changed since the switch was planned; nothing was sent\n  hint: run it again"
    )]
    Changed,
    #[error("the job's connection was deleted at ActiveCampaign")]
    ConnectionGone,
    #[error(
        "ActiveCampaign could not be read: {}\n  hint: the same switch, run again, resumes, and the other direction goes back; once a switch has begun, nothing else is sent to the connection until it is decided", .0.verdict()
    )]
    Target(Failure),
    #[error(transparent)]
    Fatal(#[from] FatalError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("interrupted; the same switch, run again, resumes")]
    Interrupted,
}

impl SwitchError {
    pub fn end(&self) -> RunEnd {
        match self {
            Self::SecondRecord { .. }
            | Self::TwiceBefore { .. }
            | Self::CanaryGone { .. }
            | Self::CanaryLost { .. }
            | Self::Refused { .. }
            | Self::OtherTotal { .. }
            | Self::ConnectionGone => RunEnd::Stopped,
            Self::Undecided { .. } | Self::NotVisible { .. } => RunEnd::Paused,
            Self::Target(failure) => end_of(failure),
            Self::Fatal(stop) => end_by(stop),
            Self::State(_) | Self::Changed => RunEnd::Failed,
            Self::Interrupted => RunEnd::Interrupted,
        }
    }
}
