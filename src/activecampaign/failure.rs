use super::disposition::{Disposition, FailureCause, FatalError};
use std::fmt;

/// The code of a lookup in a list of other records than were asked for.
const UNFILTERED: &str = "list_unfiltered";

/// What to do while ActiveCampaign does not answer.
const AWAY: &str = "ActiveCampaign or the way to it is slow or down; try again later";

/// A failed request. Titles and bodies of answers are not kept: they can quote e-mail addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Failure {
    pub disposition: Disposition,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// ActiveCampaign's code of the first error, or our word for what broke (`timed_out`,
    /// `answer_cut`, …).
    pub code: Option<String>,
    /// The field ActiveCampaign points at.
    pub pointer: Option<String>,
    /// The name of the request, such as `create_order`.
    pub request: &'static str,
    /// What broke, for messages; empty if the status says it.
    pub cause: &'static str,
    /// It came from a web page, not from the API.
    pub(super) is_web_page: bool,
}

impl Failure {
    pub(super) fn new(
        request: &'static str,
        disposition: Disposition,
        cause: &FailureCause,
    ) -> Self {
        let (status, code, pointer) = match cause {
            FailureCause::NotSent(_) => (None, Some("not_connected".to_owned()), None),
            FailureCause::Untrusted(_) => (None, Some("untrusted_certificate".to_owned()), None),
            FailureCause::Lost(cause) => (None, Some((*cause).to_owned()), None),
            FailureCause::Unusable { status, cause } => {
                (Some(*status), Some((*cause).to_owned()), None)
            }
            FailureCause::Answered(answer) => {
                let first = answer.refusals.iter().find(|refusal| refusal.code.is_some());
                let first = first.or(answer.refusals.first()).cloned().unwrap_or_default();
                (Some(answer.status), first.code, first.pointer)
            }
        };
        Self {
            disposition,
            status,
            code,
            pointer,
            request,
            cause: cause.text(),
            is_web_page: cause.is_web_page(),
        }
    }

    /// What is wrong, for commands that only read.
    pub fn verdict(&self) -> String {
        match (self.disposition, self.code.as_deref()) {
            _ if self.is_web_page => "that address is a web page, not the API".to_owned(),
            (_, Some("not_connected" | "timed_out" | "connection_lost")) => self.cause.to_owned(),
            (Disposition::Stop(stop), _) => stop.to_string(),
            _ => match self.status {
                Some(status @ 500..) => format!("ActiveCampaign is unavailable (status {status})"),
                _ => self.to_string(),
            },
        }
    }

    /// What to do about an address that does not answer as the API does; may be empty.
    pub fn advice(&self) -> &'static str {
        match self.code.as_deref() {
            _ if self.is_web_page => {
                "the URL of the API is under Settings, Developer, and looks like https://example.api-us1.com"
            }
            Some("not_connected") => {
                "compare `url` with the one under Settings, Developer; if it is right, look at this machine's network, name service, proxy and firewall"
            }
            Some("untrusted_certificate") => {
                "compare `url` with the one under Settings, Developer; a proxy that inspects traffic needs `ca_file`"
            }
            Some("timed_out" | "connection_lost") => AWAY,
            _ if self.status.is_some_and(|status| status >= 500) => AWAY,
            _ => "",
        }
    }

    /// A request that was not sent because the run must end.
    pub(super) fn stopped(request: &'static str, stop: FatalError) -> Self {
        Self {
            disposition: Disposition::Stop(stop),
            status: None,
            code: None,
            pointer: None,
            request,
            cause: "",
            is_web_page: false,
        }
    }

    /// A list that shows the same page again and again.
    pub(super) fn endless(request: &'static str) -> Self {
        Self { code: Some("list_endless".to_owned()), ..Self::undecided(request) }
    }

    /// Whether [`Self::undecided`] ended a lookup.
    pub fn is_unfiltered(&self) -> bool {
        self.code.as_deref() == Some(UNFILTERED)
    }

    /// An answer that leaves the outcome of a part of the request open.
    pub fn unclear(request: &'static str) -> Self {
        Self { code: Some("partial_answer".to_owned()), ..Self::undecided(request) }
    }

    /// A lookup that can say neither found nor absent: the list is longer than we read.
    pub fn undecided(request: &'static str) -> Self {
        Self {
            disposition: Disposition::LookUp,
            status: Some(200),
            code: Some(UNFILTERED.to_owned()),
            pointer: None,
            request,
            cause: "",
            is_web_page: false,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.request)?;
        match (self.status, &self.code) {
            (Some(status), Some(code)) => write!(f, "ActiveCampaign answered {status} ({code})")?,
            (Some(status), None) => write!(f, "ActiveCampaign answered {status}")?,
            (None, Some(code)) => write!(f, "no answer ({code})")?,
            (None, None) => write!(f, "not sent")?,
        }
        if !self.cause.is_empty() {
            write!(f, ": {}", self.cause)?;
        }
        if let Some(pointer) = &self.pointer {
            write!(f, " at {pointer}")?;
        }
        match self.disposition {
            Disposition::Throttled => write!(f, "; rate-limited, retried after a pause"),
            Disposition::Again => write!(f, "; not processed, safe to retry"),
            Disposition::LookUp
                if self.code.as_deref().is_some_and(|code| code.starts_with("list_")) =>
            {
                write!(f, "; the list can't be read to its end")
            }
            Disposition::LookUp => {
                write!(f, "; may have been processed, looked up before a retry")
            }
            Disposition::Exists => write!(f, "; ActiveCampaign already has a record with this key"),
            Disposition::Unclear => write!(f, "; refused without a reason, looked up"),
            Disposition::Gone => write!(f, "; the record no longer exists"),
            Disposition::RelationGone => {
                write!(f, "; its customer or connection was deleted in ActiveCampaign")
            }
            Disposition::Refused => write!(f, "; ActiveCampaign rejects this request"),
            Disposition::Stop(stop) => write!(f, "; {stop}"),
        }
    }
}
