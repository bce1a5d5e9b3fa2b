use serde::Deserialize;

/// A scripted fault: which requests it strikes, how often, and what happens to them.
///
/// As JSON:
/// `{"matches":{"method":"POST","path":"/ecomOrders","nth":3},"times":2,"kind":{"status":{"code":500}}}`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    #[serde(default)]
    pub matches: Match,
    /// How many requests it strikes; `None` (JSON null): all. Absent in JSON: one.
    #[serde(default = "once")]
    pub times: Option<u32>,
    pub kind: Kind,
    /// Probability, 0 to 1, that it strikes a matching request; absent: 1. Drawn from the seed.
    #[serde(default)]
    pub probability: Option<f64>,
}

fn once() -> Option<u32> {
    Some(1)
}

/// The requests that a fault strikes; an absent field matches all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Match {
    pub method: Option<String>,
    /// Start of the path under `/api/3`, such as `/ecomOrders`.
    pub path: Option<String>,
    /// A field at the top of a GraphQL request, such as `bulkUpsertOrders`.
    pub operation: Option<String>,
    /// Skip the first n-1 matching requests.
    pub nth: Option<u64>,
    /// The shop's key (`externalid` or `externalcheckoutid`) of the record, in the body, in the
    /// filter, or of the record that the path names.
    pub key: Option<String>,
}

/// What happens to a struck request.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Kind {
    /// This status, nothing stored. `html` answers with a page, as a proxy would.
    Status {
        code: u16,
        #[serde(default)]
        retry_after: RetryAfter,
        #[serde(default)]
        html: bool,
    },
    /// 429 without `Retry-After`.
    RateLimit,
    /// 403, as for a bad key, and sometimes for a good one.
    Forbidden,
    /// 402, as for an unpaid account.
    PaymentRequired,
    /// 302 to another host.
    Redirect,
    /// 422 with `message` but without `errors`; nothing stored.
    ErrorsMissing,
    /// The connection is reset before anything is stored.
    ResetBefore,
    /// Everything is stored, then the answer fails.
    Stored { then: Ending },
    /// The first orders of a GraphQL batch are stored, then the answer fails.
    StoredInPart { orders: usize, then: Ending },
    /// A new order is stored, then answered with 404 for a missing contact.
    NotFoundSubscriberAfterStore,
    /// 200 without a body; the request is carried out.
    EmptyBody,
    /// Half of the JSON; the request is carried out.
    TruncatedJson,
    /// The answer takes this much longer; the request is carried out first.
    Slow { ms: u32 },
    /// A list as if no filter had been sent.
    IgnoreFilters,
    /// A list without records, whatever the account contains.
    EmptyList,
    /// A list without its first record, as if it moved while it was paged.
    ListWithoutFirst,
    /// The titles of errors in the account's language; codes are unchanged.
    LocalisedTitles,
    /// `meta.total` as a number.
    TotalAsInt,
    /// Unknown keys, as newer versions send.
    ExtraKeys,
    /// The connection that the request names is deleted just before it.
    DeleteConnection,
    /// Another program creates the same order just before this one.
    CreateDuplicateFirst,
    /// GraphQL accepts this order, else the last one of the request, and loses it.
    AsyncDropsOne {
        #[serde(default)]
        key: Option<String>,
    },
    /// Orders written by GraphQL never reach the REST API.
    CopyNeverArrives,
    /// GraphQL answers 200 without data and with this error; nothing was done.
    GraphqlError {
        message: String,
        #[serde(default)]
        classification: Option<String>,
    },
}

/// How an answer fails after everything is stored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Ending {
    Status {
        code: u16,
        #[serde(default)]
        retry_after: RetryAfter,
        #[serde(default)]
        html: bool,
    },
    /// The connection is reset.
    Reset,
    /// The answer stops before its end.
    Cut,
    /// No answer for this long, then a reset.
    Hold { ms: u32 },
}

/// The `Retry-After` of a scripted answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    #[default]
    None,
    Seconds(u32),
    /// The same, written as the date this many seconds from now.
    HttpDate(u32),
}

impl Fault {
    /// Strikes the next request, whichever it is.
    pub fn new(kind: Kind) -> Self {
        Self { matches: Match::default(), times: once(), kind, probability: None }
    }

    /// Strikes only this method on paths (under `/api/3`) that start so.
    pub fn on(mut self, method: &str, path: &str) -> Self {
        self.matches.method = Some(method.to_owned());
        self.matches.path = Some(path.to_owned());
        self
    }

    /// Strikes only GraphQL requests with this field at the top.
    pub fn operation(mut self, name: &str) -> Self {
        self.matches.operation = Some(name.to_owned());
        self
    }

    /// Strikes only requests about the record with this key of the shop.
    pub fn key(mut self, key: &str) -> Self {
        self.matches.key = Some(key.to_owned());
        self
    }

    /// Starts with the n-th matching request, counted from 1.
    pub fn nth(mut self, nth: u64) -> Self {
        self.matches.nth = Some(nth);
        self
    }

    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    pub fn forever(mut self) -> Self {
        self.times = None;
        self
    }

    /// Strikes a matching request with this probability, 0 to 1.
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = Some(probability);
        self
    }
}

impl Kind {
    /// The name in counts: that in JSON, with the ending for faults after a store.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::RateLimit => "rate_limit",
            Self::Forbidden => "forbidden",
            Self::PaymentRequired => "payment_required",
            Self::Redirect => "redirect",
            Self::ErrorsMissing => "errors_missing",
            Self::ResetBefore => "reset_before",
            Self::Stored { then: Ending::Status { .. } } => "stored_then_status",
            Self::Stored { then: Ending::Reset } => "stored_then_reset",
            Self::Stored { then: Ending::Cut } => "stored_then_cut",
            Self::Stored { then: Ending::Hold { .. } } => "stored_then_hold",
            Self::StoredInPart { .. } => "stored_in_part",
            Self::NotFoundSubscriberAfterStore => "not_found_subscriber_after_store",
            Self::EmptyBody => "empty_body",
            Self::TruncatedJson => "truncated_json",
            Self::Slow { .. } => "slow",
            Self::IgnoreFilters => "ignore_filters",
            Self::EmptyList => "empty_list",
            Self::ListWithoutFirst => "list_without_first",
            Self::LocalisedTitles => "localised_titles",
            Self::TotalAsInt => "total_as_int",
            Self::ExtraKeys => "extra_keys",
            Self::DeleteConnection => "delete_connection",
            Self::CreateDuplicateFirst => "create_duplicate_first",
            Self::AsyncDropsOne { .. } => "async_drops_one",
            Self::CopyNeverArrives => "copy_never_arrives",
            Self::GraphqlError { .. } => "graphql_error",
        }
    }

    /// Whether it replaces the whole answer, so that the request reaches no check.
    pub(super) fn replaces(&self) -> bool {
        matches!(
            self,
            Self::Status { .. }
                | Self::RateLimit
                | Self::Forbidden
                | Self::PaymentRequired
                | Self::Redirect
                | Self::ErrorsMissing
                | Self::ResetBefore
                | Self::GraphqlError { .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_reads_from_json() {
        let fault: Fault = serde_json::from_str(
            r#"{"matches":{"method":"POST","path":"/api/3/ecomOrders"},"times":null,
                "kind":{"stored":{"then":{"status":{"code":503,"retry_after":{"seconds":2}}}}}}"#,
        )
        .unwrap();
        let then = Ending::Status { code: 503, retry_after: RetryAfter::Seconds(2), html: false };
        assert_eq!((fault.times, fault.kind), (None, Kind::Stored { then }));
        let unknown =
            serde_json::from_str::<Fault>(r#"{"kind":"forbidden","time":3}"#).unwrap_err();
        assert!(unknown.to_string().contains("unknown field `time`"), "{unknown}");
    }
}
