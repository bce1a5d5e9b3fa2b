use super::{Board, Clock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What the work on every account has in common.
#[derive(Clone)]
pub struct Supervision {
    pub clock: Clock,
    pub board: Board,
    /// Ends the work; what is in flight then is waited for up to `grace`.
    pub cancel: CancellationToken,
    pub grace: Duration,
}
