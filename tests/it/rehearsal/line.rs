//! The path of a request in a rehearsal, and the points at which a process can be killed.

use super::{End, KillPoint, TOKEN, WAIT_MAX};
use ordersync::activecampaign::{
    NotConnected, Response, ResponseFuture, Transport, TransportError,
};
use ordersync::simulator::{ClientResponse, Simulator};
use reqwest::Method;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// The end of a process from outside.
pub(super) struct Crash {
    end: End,
    sends: AtomicU64,
    pub(super) timeouts: AtomicU64,
    now: Notify,
    cancel: CancellationToken,
}

impl Crash {
    pub(super) fn new(end: End, cancel: CancellationToken) -> Self {
        Self {
            end,
            sends: AtomicU64::new(0),
            timeouts: AtomicU64::new(0),
            now: Notify::new(),
            cancel,
        }
    }

    /// Resolves when the process must die. A stop is only requested.
    pub(super) async fn comes(&self) {
        match self.end {
            End::KilledAt(time) => return sleep(time).await,
            End::StoppedAt(time) => {
                sleep(time).await;
                self.cancel.cancel();
            }
            End::Done | End::Killed(..) | End::StoppedAround(_) => {}
        }
        self.now.notified().await;
    }

    /// A request leaves; its number.
    fn sends(&self) -> u64 {
        let number = self.sends.fetch_add(1, Ordering::Relaxed) + 1;
        if matches!(self.end, End::StoppedAround(n) if n == number) {
            self.cancel.cancel();
        }
        number
    }

    fn is_at(&self, moment: KillPoint, number: u64) -> bool {
        matches!(self.end, End::Killed(at, n) if at == moment && n == number)
    }

    /// Kills the process here: nothing after this happens.
    async fn die(&self) -> ! {
        self.now.notify_one();
        std::future::pending().await
    }
}

/// Carries requests to the simulator in the same process.
pub(super) struct Line {
    pub(super) simulator: Arc<Simulator>,
    pub(super) timeout: Duration,
    pub(super) down: Option<(Instant, Instant)>,
    pub(super) away_until: Arc<Mutex<Option<Instant>>>,
    pub(super) crash: Arc<Crash>,
}

impl Transport for Line {
    fn send<'a>(&'a self, method: Method, path: &str, body: Option<Vec<u8>>) -> ResponseFuture<'a> {
        let request = axum::http::Request::builder()
            .method(method)
            .uri(format!("/api/3{path}"))
            .header("host", "account.example")
            .header("api-token", TOKEN)
            .body(body.unwrap_or_default())
            .unwrap();
        Box::pin(self.carry(request))
    }
}

impl Line {
    async fn carry(
        &self,
        request: axum::http::Request<Vec<u8>>,
    ) -> Result<Response, TransportError> {
        let number = self.crash.sends();
        if self.crash.is_at(KillPoint::BeforeItLeaves, number) {
            self.crash.die().await;
        }
        if self.down.is_some_and(|(from, to)| (from..to).contains(&Instant::now())) {
            return Err(TransportError::NotSent(NotConnected {
                why: ordersync::domain::NotConnectedCause::Other,
                host: "127.0.0.1",
            }));
        }
        let serving = timeout(self.timeout, self.simulator.serve(request));
        let output = if self.crash.is_at(KillPoint::OnItsWay, number) {
            tokio::select! {
                biased;
                output = serving => output,
                () = std::future::ready(()) => self.crash.die().await,
            }
        } else {
            serving.await
        };
        let asked = output.as_ref().ok().and_then(asked_to_wait);
        if asked.is_some_and(|wait| wait > WAIT_MAX) {
            *self.away_until.lock().unwrap() = asked.map(|wait| Instant::now() + wait);
        }
        // A pause that could not be noted can't be kept by the next process.
        if self.crash.is_at(KillPoint::Answered, number) && asked.is_none() {
            self.crash.die().await;
        }
        match output {
            Ok(ClientResponse::Whole(response)) => {
                let (head, body) = response.into_parts();
                Ok(Response { status: head.status.as_u16(), headers: head.headers, body: Ok(body) })
            }
            Ok(ClientResponse::Cut(response)) => {
                let head = response.into_parts().0;
                Ok(Response {
                    status: head.status.as_u16(),
                    headers: head.headers,
                    body: Err("answer_cut"),
                })
            }
            Ok(ClientResponse::Reset) => Err(TransportError::ConnectionLost),
            Err(_) => {
                self.crash.timeouts.fetch_add(1, Ordering::Relaxed);
                Err(TransportError::TimedOut)
            }
        }
    }
}

/// The pause that an answer asks for.
fn asked_to_wait(output: &ClientResponse) -> Option<Duration> {
    let ClientResponse::Whole(answer) = output else { return None };
    let header = |name| answer.headers().get(name)?.to_str().ok();
    let text = header("retry-after")?;
    let date = |text: &str| jiff::fmt::rfc2822::parse(text).unwrap().timestamp();
    Some(match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => date(text).duration_since(date(header("date")?)).try_into().unwrap(),
    })
}
