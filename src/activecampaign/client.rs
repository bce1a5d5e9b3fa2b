use super::account::Account;
use super::circuit_breaker::CircuitBreaker;
use super::counters::{Counters, Traffic};
use super::disposition::{FORBIDDEN_MAX, FatalError};
use super::exchange::Request;
use super::failure::Failure;
use super::http::Http;
use super::options::{Base, ClientError, Options};
use super::rate_limiter::{Permit, RateLimiter, SendObserver};
use super::retry::Retry;
use super::transport::Transport;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// One account of ActiveCampaign. Clones share its rate, pauses, retry budget and counts: there
/// must be one per account and process.
#[derive(Clone)]
pub struct Client(pub(super) Arc<Account>);

/// The head of the queue: the next request of this account is its holder's. What must be durable
/// before the request leaves is written now; dropping the turn costs nothing. Each call sends
/// exactly one request and never repeats it.
pub struct Turn<'a> {
    pub(super) account: &'a Account,
    pub(super) permit: Permit<'a>,
}

impl Client {
    /// Opens no connection yet. `log` records what the next process must know.
    ///
    /// # Errors
    /// When an option makes no sense, the address is neither https nor loopback, or no CA
    /// certificates are found.
    pub fn new(options: Options, log: SendObserver) -> Result<Self, ClientError> {
        let base = Base::parse(&options.url)?;
        let transport = Box::new(Http::new(&options, base)?);
        Self::over(transport, options, log)
    }

    /// Over the caller's transport, which handles address, token, time-outs and certificates
    /// itself.
    pub fn over(
        transport: Box<dyn Transport>,
        options: Options,
        log: SendObserver,
    ) -> Result<Self, ClientError> {
        options.check()?;
        let wait_max = Duration::from_millis(options.wait_max_ms);
        let forbidden_max = options.attempts_max.min(FORBIDDEN_MAX);
        let rate_limiter = RateLimiter::new(options.requests_per_second, options.last_send_at, log);
        if let Some(left) = options.pause_left.filter(|left| *left <= wait_max) {
            rate_limiter.pause(left, "ActiveCampaign asked for it before this start");
        }
        Ok(Self(Arc::new(Account {
            transport,
            rate_limiter,
            breaker: Arc::new(CircuitBreaker::new(wait_max, forbidden_max, options.retry_seed)),
            counters: Arc::new(Counters::default()),
            attempts_max: options.attempts_max,
            list_lag: Duration::from_millis(options.list_lag_ms),
            guard: options.guard,
        })))
    }

    /// Waits for the head of the queue, first come first served, and for the end of any pause. The
    /// call made with the turn waits for the slot itself.
    pub async fn turn(&self) -> Result<Turn<'_>, FatalError> {
        let account = &*self.0;
        account.may_send()?;
        let permit = account.rate_limiter.permit().await;
        account.may_send()?;
        Ok(Turn { account, permit })
    }

    /// The delays and attempts of one record's write.
    pub fn retry(&self) -> Retry {
        let account = &self.0;
        Retry::new(
            Arc::clone(&account.breaker),
            Arc::clone(&account.counters),
            account.attempts_max,
        )
    }

    /// How long no request may be sent; zero if there is no pause. A known wait, not a hang.
    pub fn pause_left(&self) -> Duration {
        self.0.rate_limiter.pause_left()
    }

    /// For how long ActiveCampaign has not answered; `None` while it does, and after only one or
    /// two failures.
    pub fn unanswered_for(&self) -> Option<Duration> {
        self.0.breaker.unanswered_for()
    }

    /// Counts a batch that was divided.
    pub fn note_divided(&self) {
        self.0.counters.count(|traffic| traffic.batches_divided += 1);
    }

    pub fn traffic(&self) -> Traffic {
        self.0.counters.traffic(self.0.rate_limiter.stats())
    }
}

impl Account {
    /// Why no request may leave now, if so.
    pub(super) fn may_send(&self) -> Result<(), FatalError> {
        if self.guard.as_ref().is_some_and(|guard| !guard.may_send()) {
            self.breaker.stop(FatalError::Withheld);
        }
        self.breaker.stopped().map_or(Ok(()), Err)
    }
}

impl Turn<'_> {
    pub(super) async fn send<T>(
        self,
        request: &Request,
        read: impl FnOnce(&[u8]) -> Result<T, &'static str>,
    ) -> Result<T, Failure> {
        self.account.exchange(self.permit, request, read).await
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client(..)")
    }
}
