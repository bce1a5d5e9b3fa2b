use super::circuit_breaker::CircuitBreaker;
use super::counters::Counters;
use super::options::SendGuard;
use super::rate_limiter::RateLimiter;
use super::transport::Transport;
use std::sync::Arc;
use std::time::Duration;

/// What all clones of a client share.
pub(super) struct Account {
    pub(super) transport: Box<dyn Transport>,
    pub(super) rate_limiter: RateLimiter,
    pub(super) breaker: Arc<CircuitBreaker>,
    pub(super) counters: Arc<Counters>,
    pub(super) attempts_max: u32,
    /// How long a new record may be missing from lists.
    pub(super) list_lag: Duration,
    pub(super) guard: Option<SendGuard>,
}
