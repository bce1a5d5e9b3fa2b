//! The one place that classifies an answer, or the lack of one; `graphql/errors.rs` classifies what
//! GraphQL's errors say about orders. Pure: counts and limits come in as values.

use super::transport::{NotConnected, TransportError};
use crate::domain::NotConnectedCause;
use std::time::Duration;

/// Failures in a row, over all workers, after which ActiveCampaign counts as unavailable.
pub(super) const OUTAGES_MAX: u32 = 10;
/// 403s in a row, over all workers, after which the token counts as bad; fewer if a request is sent
/// fewer times. Single ones occur with good tokens too.
pub(super) const FORBIDDEN_MAX: u32 = 5;
/// Failures in a row to resolve a host name that never answered, after which `url` counts as wrong.
pub(super) const UNRESOLVED_MAX: u32 = 3;

/// What to do after a failed request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Too many requests: not carried out. Every worker already pauses; does not count as an
    /// attempt.
    Throttled,
    /// Certainly not carried out, or only a read: send it again after a delay.
    Again,
    /// May have been carried out: look it up before sending it again. (Updates and deletes are
    /// idempotent and may be sent again without a lookup.) Also a lookup that could not be
    /// completed: neither found nor absent.
    LookUp,
    /// ActiveCampaign holds a record of this key: look it up and adopt it. Nothing found means
    /// refused.
    Exists,
    /// Refused without a reason we can read, which may hide a duplicate: look it up and adopt it.
    /// Nothing found means refused.
    Unclear,
    /// The record to update, delete or read no longer exists.
    Gone,
    /// The customer or the connection of the record was deleted.
    RelationGone,
    /// ActiveCampaign rejects this record as it is.
    Refused,
    /// The run must end.
    Stop(FatalError),
}

impl Disposition {
    pub const WORDS: [&str; 9] = [
        "throttled",
        "again",
        "look_up",
        "exists",
        "unclear",
        "gone",
        "relation_gone",
        "refused",
        "stop",
    ];

    /// The name in counts and logs.
    pub fn word(self) -> &'static str {
        Self::WORDS[self.index()]
    }

    fn index(self) -> usize {
        match self {
            Self::Throttled => 0,
            Self::Again => 1,
            Self::LookUp => 2,
            Self::Exists => 3,
            Self::Unclear => 4,
            Self::Gone => 5,
            Self::RelationGone => 6,
            Self::Refused => 7,
            Self::Stop(_) => 8,
        }
    }
}

/// Why a run must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FatalError {
    #[error(
        "ActiveCampaign does not accept the token; check the key under Settings > Developer, and what its user may do"
    )]
    Credentials,
    #[error("ActiveCampaign asks for payment; settle the account's bill first")]
    Payment,
    #[error(
        "the connection was deleted at ActiveCampaign\n  hint: `ordersync connection ensure JOB`, or `backfill --yes`, creates it again; all orders are then loaded again"
    )]
    ConnectionGone,
    #[error(
        "ActiveCampaign answers with a redirect, which is never followed; set url to the URL under Settings > Developer"
    )]
    Redirect,
    #[error("ActiveCampaign is unavailable{}; progress is kept, run again later", why(.cause, *.retry_after))]
    Unavailable {
        /// How long it asked us to wait, if it did.
        retry_after: Option<Duration>,
        /// The last cause; empty if nothing more is known.
        cause: &'static str,
    },
    #[error("ActiveCampaign's certificate is not trusted: {cause}")]
    Tls { cause: &'static str },
    #[error(
        "a web page came in place of ActiveCampaign's response, such as a browser check or a firewall's refusal: this says nothing of the token; ask who runs the network, the proxy or the address in `url` to let this machine through"
    )]
    Blocked,
    #[error(
        "ActiveCampaign's GraphQL does not take orders in the form that ordersync sends; nothing more was sent\n  hint: `ordersync check` compares its schema; load = \"rest\" loads without it"
    )]
    Schema,
    #[error(
        "the canary was sent with a {what} of {sent}, and ActiveCampaign's REST API shows {found} (minor units), which fits no documented meaning; nothing more was sent\n  hint: load = \"rest\" loads without GraphQL"
    )]
    Contradiction { what: &'static str, sent: i32, found: i32 },
    #[error(
        "ActiveCampaign lists other records than were asked for, and too many of them to look for one, so whether an order is there is not known; nothing more was sent\n  hint: ask ActiveCampaign's support why the filters of /ecomOrders are ignored; the run can be resumed once they work"
    )]
    Unfiltered,
    #[error(
        "the lease of the account could not be renewed in time, and another node may take it; nothing more was sent, and progress is kept"
    )]
    Withheld,
    #[error("unexpected response from ActiveCampaign, with status {status}; check url")]
    Unexpected { status: u16 },
}

fn why(cause: &str, wait: Option<Duration>) -> String {
    let cause = if cause.is_empty() { String::new() } else { format!(" ({cause})") };
    let wait = wait.map(|wait| format!(" and asks to wait {} s", wait.as_secs()));
    cause + &wait.unwrap_or_default()
}

/// The kind of request, as far as it affects what an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestKind {
    CreateConnection,
    CreateCustomer,
    CreateOrder,
    Update,
    Delete,
    /// Many orders by GraphQL.
    BulkUpsert,
    /// A question to GraphQL.
    Query,
    /// One record by its id.
    ReadOne,
    List,
}

impl RequestKind {
    fn writes(self) -> bool {
        !matches!(self, Self::ReadOne | Self::List | Self::Query)
    }

    pub(super) fn is_graphql(self) -> bool {
        matches!(self, Self::BulkUpsert | Self::Query)
    }

    fn creates(self) -> bool {
        matches!(self, Self::CreateConnection | Self::CreateCustomer | Self::CreateOrder)
    }
}

/// Why a request did not simply succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FailureCause {
    /// No connection: nothing left this machine.
    NotSent(NotConnected),
    /// The certificate is not trusted, and why.
    Untrusted(&'static str),
    /// The request may have arrived; there is no answer.
    Lost(&'static str),
    /// A success response that is empty, truncated, unreadable, or names another record; an
    /// unreadable refusal.
    Unusable {
        status: u16,
        cause: &'static str,
    },
    Answered(ErrorResponse),
}

impl FailureCause {
    pub(super) fn is_web_page(&self) -> bool {
        match self {
            Self::Unusable { cause, .. } => *cause == "answer_web_page",
            Self::Answered(answer) => answer.page == Some(WebPage::Other),
            _ => false,
        }
    }

    /// What was wrong with it, for messages.
    pub(super) fn description(&self) -> String {
        match self {
            Self::Unusable { status, .. } => format!("{} with status {status}", self.text()),
            Self::Answered(answer) => format!("status {}", answer.status),
            _ => self.text().to_owned(),
        }
    }

    /// The same without numbers; empty for a status.
    pub(super) fn text(&self) -> &'static str {
        match self {
            Self::NotSent(why) => why.text(),
            // The end of the run reports it.
            Self::Untrusted(_) => "",
            Self::Lost("timed_out") => "no response in time",
            Self::Lost(_) => "the connection broke before the response",
            Self::Unusable { cause, .. } => text_of_unusable(cause),
            Self::Answered(answer) => match answer.page {
                Some(WebPage::Challenge) => "a challenge page of Cloudflare",
                Some(WebPage::Other) => "a web page in place of a response",
                None => match answer.status {
                    500 => "status 500",
                    502 => "status 502",
                    503 => "status 503",
                    504 => "status 504",
                    505.. => "a status above 504",
                    _ => "",
                },
            },
        }
    }
}

/// The description of an unusable success response, by its word.
fn text_of_unusable(cause: &str) -> &'static str {
    match cause {
        "answer_empty" => "an empty response",
        "answer_php_message" => "a response with a message of PHP beside its JSON",
        "answer_web_page" => "a web page in place of a response; check url",
        "answer_compressed" => "a response in a compression that was not asked for",
        "answer_with_errors" => "a GraphQL answer with errors",
        "answer_too_large" => "a response that is too large",
        "answer_mismatch" => "a response about another record",
        "answer_cut" | "timed_out" => "a response that breaks off",
        _ => "a response that is not the JSON expected",
    }
}

impl From<TransportError> for FailureCause {
    fn from(broken: TransportError) -> Self {
        match broken {
            TransportError::NotSent(why) => Self::NotSent(why),
            TransportError::Untrusted(why) => Self::Untrusted(why),
            TransportError::TimedOut => Self::Lost("timed_out"),
            TransportError::ConnectionLost => Self::Lost("connection_lost"),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ErrorResponse {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) refusals: Vec<ApiError>,
    pub(super) page: Option<WebPage>,
}

/// HTML in place of a response, from something in front of ActiveCampaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WebPage {
    /// A browser challenge of Cloudflare.
    Challenge,
    Other,
}

/// One entry of an answer's `errors`, without its title, which is in the account's language and may
/// quote an e-mail address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ApiError {
    pub(super) code: Option<String>,
    pub(super) pointer: Option<String>,
}

/// What an answer says about ActiveCampaign itself, independent of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FailureClass {
    /// It answers, even if with a refusal.
    Rejected,
    Throttled,
    Forbidden,
    Outage,
}

impl FailureCause {
    pub(super) fn class(&self) -> FailureClass {
        match self {
            Self::NotSent(_) | Self::Lost(_) | Self::Unusable { .. } => FailureClass::Outage,
            Self::Untrusted(_) => FailureClass::Rejected,
            Self::Answered(answer) => match answer.status {
                _ if answer.page == Some(WebPage::Challenge) => FailureClass::Forbidden,
                403 => FailureClass::Forbidden,
                429 => FailureClass::Throttled,
                408 | 500..=599 => FailureClass::Outage,
                _ => FailureClass::Rejected,
            },
        }
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Answered(answer) => answer.retry_after,
            _ => None,
        }
    }
}

/// The state of the account, this response included.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct BreakerState {
    pub(super) outages: u32,
    pub(super) forbidden: u32,
    /// 403s in a row after which the token counts as bad.
    pub(super) forbidden_max: u32,
    /// An earlier request was answered.
    pub(super) is_known: bool,
    /// Since the first of the 429s without a success between.
    pub(super) throttled_for: Duration,
    pub(super) wait_max: Duration,
}

/// Classifies a failed request. An unknown answer ends the run.
pub(super) fn judge(kind: RequestKind, cause: &FailureCause, state: &BreakerState) -> Disposition {
    if cause.class() == FailureClass::Outage && state.outages >= OUTAGES_MAX {
        return Disposition::Stop(unavailable(cause));
    }
    match cause {
        FailureCause::NotSent(NotConnected { why: NotConnectedCause::Unresolved, .. })
            if !state.is_known && state.outages >= UNRESOLVED_MAX =>
        {
            Disposition::Stop(unavailable(cause))
        }
        FailureCause::NotSent(_) => Disposition::Again,
        FailureCause::Untrusted(cause) => Disposition::Stop(FatalError::Tls { cause }),
        FailureCause::Lost(_) | FailureCause::Unusable { .. } => unsure(kind),
        FailureCause::Answered(answer) => judge_answer(kind, answer, state),
    }
}

fn unavailable(cause: &FailureCause) -> FatalError {
    FatalError::Unavailable { retry_after: cause.retry_after(), cause: cause.text() }
}

fn judge_answer(kind: RequestKind, answer: &ErrorResponse, state: &BreakerState) -> Disposition {
    let too_long = answer.retry_after.is_some_and(|wait| wait > state.wait_max);
    let is_forbidden = state.forbidden >= state.forbidden_max;
    let unavailable =
        Disposition::Stop(FatalError::Unavailable { retry_after: answer.retry_after, cause: "" });
    match answer.status {
        _ if answer.page == Some(WebPage::Challenge) && is_forbidden => {
            Disposition::Stop(FatalError::Blocked)
        }
        // A success page or a server error may contain the marks of a challenge too, and the
        // request may have arrived.
        200..=299 | 500.. if answer.page == Some(WebPage::Challenge) => unsure(kind),
        _ if answer.page == Some(WebPage::Challenge) => Disposition::Again,
        300..=399 => Disposition::Stop(FatalError::Redirect),
        400 | 413 | 414 => Disposition::Refused,
        401 => Disposition::Stop(FatalError::Credentials),
        402 => Disposition::Stop(FatalError::Payment),
        403 if is_forbidden && answer.page.is_some() => Disposition::Stop(FatalError::Blocked),
        403 if is_forbidden => Disposition::Stop(FatalError::Credentials),
        403 => Disposition::Again,
        404 => judge_not_found(kind),
        408 => unsure(kind),
        422 => judge_refusal(kind, &answer.refusals),
        429 if too_long || state.throttled_for > state.wait_max => unavailable,
        429 => Disposition::Throttled,
        500..=599 if too_long => unavailable,
        500..=599 => unsure(kind),
        status => Disposition::Stop(FatalError::Unexpected { status }),
    }
}

/// After an order is stored ActiveCampaign may still answer 404, for a contact it did not find.
/// Only a text distinguishes the two, so every 404 is looked up; if the address is wrong, the
/// lookup gets a 404 too.
fn judge_not_found(kind: RequestKind) -> Disposition {
    match kind {
        RequestKind::CreateOrder | RequestKind::CreateCustomer | RequestKind::BulkUpsert => {
            Disposition::LookUp
        }
        RequestKind::Query => Disposition::Again,
        RequestKind::Update | RequestKind::Delete | RequestKind::ReadOne => Disposition::Gone,
        RequestKind::CreateConnection | RequestKind::List => {
            Disposition::Stop(FatalError::Unexpected { status: 404 })
        }
    }
}

/// Codes, never titles, which are in the account's language.
fn judge_refusal(kind: RequestKind, refusals: &[ApiError]) -> Disposition {
    let has = |code: &str| {
        refusals
            .iter()
            .any(|refusal| refusal.code.as_deref().is_some_and(|c| c.eq_ignore_ascii_case(code)))
    };
    let names_connection = refusals.iter().any(|refusal| {
        refusal
            .pointer
            .as_deref()
            .is_some_and(|p| p.ends_with("connectionid") || p.ends_with("connection"))
    });
    let coded = refusals.iter().any(|refusal| refusal.code.is_some());
    match kind {
        RequestKind::Delete | RequestKind::ReadOne | RequestKind::List | RequestKind::Query => {
            Disposition::Refused
        }
        // Our own update conflicts with a second record of the same key: an operator must look at
        // that.
        _ if has("duplicate") && kind.creates() => Disposition::Exists,
        RequestKind::CreateConnection if has("field_invalid") => Disposition::Exists,
        RequestKind::CreateCustomer if has("related_missing") => {
            Disposition::Stop(FatalError::ConnectionGone)
        }
        _ if has("related_missing") && names_connection => {
            Disposition::Stop(FatalError::ConnectionGone)
        }
        RequestKind::CreateOrder | RequestKind::Update if has("related_missing") => {
            Disposition::RelationGone
        }
        // The key that makes customers unique differs between accounts, and so does the code for
        // breaking it.
        RequestKind::CreateCustomer if has("field_invalid") => Disposition::Unclear,
        _ if kind.creates() && !coded => Disposition::Unclear,
        _ => Disposition::Refused,
    }
}

fn unsure(kind: RequestKind) -> Disposition {
    if kind.writes() { Disposition::LookUp } else { Disposition::Again }
}
