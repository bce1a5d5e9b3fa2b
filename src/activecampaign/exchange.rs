//! One request and its answer: leave in turn, send, judge, and let pace, pauses and counts follow
//! from it.

use super::client::Account;
use super::failure::Failure;
use super::rate_limiter::{Departure, Place};
use super::transport::{Broken, Reply};
use super::verdict::{Answer, Call, CallResult, Mood, Verdict, judge};
use super::wire;
use reqwest::Method;

/// What is asked for.
pub(super) struct Request {
    pub(super) call: Call,
    /// In failures and logs.
    pub(super) name: &'static str,
    /// The path without ids and queries, which can hold addresses.
    pub(super) route: &'static str,
    pub(super) path: String,
    pub(super) body: Option<Vec<u8>>,
}

impl Request {
    fn method(&self) -> Method {
        match self.call {
            Call::CreateConnection | Call::CreateCustomer | Call::CreateOrder => Method::POST,
            Call::Update => Method::PUT,
            Call::Delete => Method::DELETE,
            Call::ReadOne | Call::List => Method::GET,
        }
    }
}

impl Account {
    /// Sends once. `read` takes what is wanted from an answer of success, or says why it is not
    /// there.
    pub(super) async fn exchange<T>(
        &self,
        mut place: Place<'_>,
        request: &Request,
        read: impl FnOnce(&[u8]) -> Result<T, &'static str>,
    ) -> Result<T, Failure> {
        place.slot().await;
        self.may_send().map_err(|stop| Failure::stopped(request.name, stop))?;
        let departure = place.leave();
        let reply =
            self.transport.send(request.method(), &request.path, request.body.clone()).await;
        self.log(request, &departure, &reply);
        if let Some(budget) = reply.as_ref().ok().and_then(Reply::budget) {
            self.pacer.heard(&departure, budget);
        }
        match reply.map_err(CallResult::from).and_then(|reply| outcome(reply, read)) {
            Ok(value) => {
                self.counters.succeeded();
                self.pacer.accepted();
                self.health.succeeded();
                Ok(value)
            }
            Err(happened) => Err(self.failed(request, &departure, &happened)),
        }
    }

    fn failed(&self, request: &Request, departure: &Departure, happened: &CallResult) -> Failure {
        let mood = happened.mood();
        let standing = self.health.note(mood, departure.at);
        let verdict = judge(request.call, happened, &standing);
        self.counters.judged(verdict);
        if let (Mood::Throttled | Mood::Outage, Some(wait)) = (mood, happened.retry_after()) {
            self.pacer.asked_to_wait(wait);
        }
        if let Verdict::Stop(stop) = verdict {
            self.health.stop(stop);
            return Failure::new(request.name, verdict, happened);
        }
        match mood {
            Mood::Throttled => self.pacer.throttled(departure, happened.retry_after()),
            Mood::Outage => {
                if let Some(pause) = self.health.outage_pause(departure.at, self.pacer.period()) {
                    self.pacer.pause(
                        pause,
                        &format!("the target fails again and again: {}", happened.cause()),
                    );
                }
                if let Some(wait) = happened.retry_after() {
                    self.pacer.pause(wait, "the target is away and said for how long");
                }
            }
            Mood::Fair | Mood::Forbidden => self.pacer.accepted(),
        }
        Failure::new(request.name, verdict, happened)
    }

    fn log(&self, request: &Request, departure: &Departure, reply: &Result<Reply, Broken>) {
        let elapsed_ms = u64::try_from(departure.at.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (method, route) = (request.method(), request.route);
        match reply {
            Ok(reply) => {
                let status = reply.status;
                tracing::debug!(%method, route, status, elapsed_ms, "{method} {route}: {status} after {elapsed_ms} ms");
            }
            Err(_) => {
                tracing::debug!(%method, route, elapsed_ms, "{method} {route}: no answer after {elapsed_ms} ms")
            }
        }
    }
}

fn outcome<T>(
    reply: Reply,
    read: impl FnOnce(&[u8]) -> Result<T, &'static str>,
) -> Result<T, CallResult> {
    let status = reply.status;
    if (200..300).contains(&status) {
        return reply
            .body
            .and_then(|body| read(&body))
            .map_err(|cause| CallResult::Unusable { status, cause });
    }
    let retry_after = reply.retry_after();
    let refusals = reply.body.and_then(|body| wire::refusals(&body));
    match refusals {
        // What makes a refusal one stands in it: where it can't be read, nobody knows what was
        // refused.
        Err(cause) if status == 422 => Err(CallResult::Unusable { status, cause }),
        refusals => {
            let refusals = refusals.unwrap_or_default();
            Err(CallResult::Answered(Answer { status, retry_after, refusals }))
        }
    }
}
