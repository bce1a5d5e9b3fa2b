//! One request and its answer: wait for the turn, send, classify, and update rate, pauses and
//! counts.

use super::account::Account;
use super::disposition::{
    Disposition, ErrorResponse, FailureCause, FailureClass, RequestKind, WebPage, judge,
};
use super::failure::Failure;
use super::rate_limiter::{Permit, SentAt};
use super::transport::{Response, TransportError};
use super::wire;
use crate::domain::RemoteId;
use reqwest::Method;

/// What is asked for.
pub(super) struct Request {
    pub(super) kind: RequestKind,
    /// In failures and logs.
    pub(super) name: &'static str,
    /// The path without ids and queries, which can contain e-mail addresses.
    pub(super) route: &'static str,
    pub(super) path: String,
    pub(super) body: Option<Vec<u8>>,
}

impl Request {
    pub(super) fn to(kind: RequestKind, name: &'static str, route: &'static str) -> Self {
        Self { kind, name, route, path: route.to_owned(), body: None }
    }

    /// A request about one record, whose id replaces `{id}` in the route.
    pub(super) fn about(
        id: &RemoteId,
        kind: RequestKind,
        name: &'static str,
        route: &'static str,
    ) -> Self {
        let path = route.replace("{id}", &wire::path_part(id.as_str()).to_string());
        Self { kind, name, route, path, body: None }
    }

    pub(super) fn with(self, body: Vec<u8>) -> Self {
        Self { body: Some(body), ..self }
    }

    fn method(&self) -> Method {
        match self.kind {
            RequestKind::CreateConnection
            | RequestKind::CreateCustomer
            | RequestKind::CreateOrder
            | RequestKind::BulkUpsert
            | RequestKind::Query => Method::POST,
            RequestKind::Update => Method::PUT,
            RequestKind::Delete => Method::DELETE,
            RequestKind::ReadOne | RequestKind::List => Method::GET,
        }
    }
}

impl Account {
    /// Sends once. `read` extracts the result from a success response, or says why it is missing.
    pub(super) async fn exchange<T>(
        &self,
        mut permit: Permit<'_>,
        request: &Request,
        read: impl FnOnce(&[u8]) -> Result<T, &'static str>,
    ) -> Result<T, Failure> {
        permit.wait().await;
        self.may_send().map_err(|stop| Failure::stopped(request.name, stop))?;
        let sent = permit.consume();
        let reply =
            self.transport.send(request.method(), &request.path, request.body.clone()).await;
        self.log(request, &sent, &reply);
        if let Some(budget) = reply.as_ref().ok().and_then(Response::budget) {
            self.rate_limiter.observe(&sent, budget);
            self.counters.count(|traffic| traffic.budgets_stated += 1);
        }
        match reply.map_err(FailureCause::from).and_then(|reply| outcome(request.kind, reply, read))
        {
            Ok(value) => {
                self.counters.count(|traffic| traffic.succeeded += 1);
                self.rate_limiter.accepted();
                self.breaker.succeeded();
                Ok(value)
            }
            Err(cause) => Err(self.failed(request, &sent, &cause)),
        }
    }

    fn failed(&self, request: &Request, sent: &SentAt, cause: &FailureCause) -> Failure {
        let class = cause.class();
        let state = self.breaker.note(class, sent.at);
        let disposition = judge(request.kind, cause, &state);
        let wait = cause.retry_after();
        self.counters.count(|traffic| {
            *traffic.dispositions.entry(disposition.word()).or_default() += 1;
        });
        if let (FailureClass::Throttled | FailureClass::Outage, Some(wait)) = (class, wait) {
            self.rate_limiter.asked_to_wait(wait);
        }
        if let Disposition::Stop(stop) = disposition {
            self.breaker.stop(stop);
            return Failure::new(request.name, disposition, cause);
        }
        match class {
            FailureClass::Throttled => {
                if wait.is_some() {
                    self.counters.count(|traffic| traffic.waits_stated += 1);
                }
                self.rate_limiter.throttled(sent, wait);
            }
            FailureClass::Outage => {
                if let Some(pause) = self.breaker.outage_pause(sent.at, self.rate_limiter.period())
                {
                    self.rate_limiter.pause(
                        pause,
                        &format!("ActiveCampaign is not responding ({})", cause.description()),
                    );
                }
                if let Some(wait) = wait {
                    self.rate_limiter
                        .pause(wait, "ActiveCampaign is unavailable and stated for how long");
                }
            }
            FailureClass::Rejected | FailureClass::Forbidden => self.rate_limiter.accepted(),
        }
        Failure::new(request.name, disposition, cause)
    }

    fn log(&self, request: &Request, sent: &SentAt, reply: &Result<Response, TransportError>) {
        let elapsed_ms = u64::try_from(sent.at.elapsed().as_millis()).unwrap_or(u64::MAX);
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
    kind: RequestKind,
    reply: Response,
    read: impl FnOnce(&[u8]) -> Result<T, &'static str>,
) -> Result<T, FailureCause> {
    let status = reply.status;
    if (200..300).contains(&status) || (kind.is_graphql() && has_graphql_errors(&reply)) {
        let page = web_page(&reply).filter(|page| *page == WebPage::Challenge);
        return reply.body.and_then(|body| read(&body)).map_err(|cause| match page {
            None => FailureCause::Unusable { status, cause },
            page => FailureCause::Answered(ErrorResponse { status, page, ..Default::default() }),
        });
    }
    let retry_after = reply.retry_after();
    let page = web_page(&reply);
    let refusals = reply.body.and_then(|body| wire::refusals(&body));
    match refusals {
        // The body says what was refused; if it can't be read, that is unknown.
        Err(cause) if status == 422 || (status == 400 && kind.is_graphql()) => {
            Err(FailureCause::Unusable { status, cause })
        }
        // The API answers these in JSON; a web page says nothing about a record.
        _ if page == Some(WebPage::Other) && matches!(status, 404 | 405 | 410) => {
            Err(FailureCause::Unusable { status, cause: "answer_web_page" })
        }
        refusals => {
            let refusals = refusals.unwrap_or_default();
            Err(FailureCause::Answered(ErrorResponse { status, retry_after, refusals, page }))
        }
    }
}

fn web_page(reply: &Response) -> Option<WebPage> {
    reply.body.as_ref().ok().and_then(|body| wire::web_page(body))
}

/// GraphQL reports errors under any status, but those of a gateway concern the whole account.
fn has_graphql_errors(reply: &Response) -> bool {
    let is_of_gateway = matches!(reply.status, 300..=399 | 401..=404 | 408 | 429 | 500..);
    let body = reply.body.as_ref().ok().filter(|_| !is_of_gateway);
    let answer = body.and_then(|body| wire::json_of(body).ok());
    let errors = answer.as_ref().and_then(|answer| answer.get("errors")?.as_array());
    errors.is_some_and(|errors| errors.iter().any(|error| error.get("message").is_some()))
}
