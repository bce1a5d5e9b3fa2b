use crate::activecampaign::NotConnected;
use crate::activecampaign::disposition::RequestKind::{self, *};
use crate::activecampaign::disposition::{
    ApiError, BreakerState, Disposition, ErrorResponse, FORBIDDEN_MAX, FailureCause, FailureClass,
    FatalError, OUTAGES_MAX, UNRESOLVED_MAX, WebPage, judge,
};
use crate::domain::NotConnectedCause;
use std::time::Duration;

const NOT_CONNECTED: NotConnected =
    NotConnected { why: NotConnectedCause::Other, host: "shop.example" };

const CALLS: [RequestKind; 7] =
    [CreateConnection, CreateCustomer, CreateOrder, Update, Delete, ReadOne, List];
const WAIT_MAX: Duration = Duration::from_secs(900);

fn standing() -> BreakerState {
    BreakerState {
        outages: 1,
        forbidden: 1,
        forbidden_max: FORBIDDEN_MAX,
        wait_max: WAIT_MAX,
        ..BreakerState::default()
    }
}

fn answered(status: u16) -> FailureCause {
    FailureCause::Answered(ErrorResponse { status, ..ErrorResponse::default() })
}

fn asks_to_wait(status: u16, seconds: u64) -> FailureCause {
    FailureCause::Answered(ErrorResponse {
        status,
        retry_after: Some(Duration::from_secs(seconds)),
        ..ErrorResponse::default()
    })
}

/// Entries of `code@pointer`; either may be missing.
fn refused(entries: &str) -> FailureCause {
    let part = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let refusals = entries.split_whitespace().map(|entry| {
        let (code, pointer) = entry.split_once('@').unwrap_or((entry, ""));
        ApiError { code: part(code), pointer: part(pointer) }
    });
    FailureCause::Answered(ErrorResponse {
        status: 422,
        refusals: refusals.collect(),
        ..ErrorResponse::default()
    })
}

/// One letter per kind, in the order of `CALLS`: again, look up, exists, unclear, gone, relation
/// gone, refused, throttled, Stop.
fn row(cause: &FailureCause) -> String {
    let letter = |kind| match judge(kind, cause, &standing()) {
        Disposition::Again => 'a',
        Disposition::LookUp => 'l',
        Disposition::Exists => 'e',
        Disposition::Unclear => 'u',
        Disposition::Gone => 'g',
        Disposition::RelationGone => 'd',
        Disposition::Refused => 'r',
        Disposition::Throttled => 't',
        Disposition::Stop(_) => 'S',
    };
    CALLS.map(letter).iter().collect()
}

#[test]
fn every_answer_means_one_thing_for_each_call() {
    for (cause, expected) in [
        // No answer of use: a write may have been carried out, unless nothing left this machine.
        (FailureCause::NotSent(NOT_CONNECTED), "aaaaaaa"),
        (FailureCause::Untrusted(""), "SSSSSSS"),
        (FailureCause::Lost("timed_out"), "lllllaa"),
        (FailureCause::Unusable { status: 200, cause: "answer_empty" }, "lllllaa"),
        (FailureCause::Unusable { status: 201, cause: "answer_mismatch" }, "lllllaa"),
        (answered(408), "lllllaa"),
        // A proxy hides whether it was carried out.
        (answered(500), "lllllaa"),
        (answered(502), "lllllaa"),
        (answered(503), "lllllaa"),
        (answered(504), "lllllaa"),
        (answered(520), "lllllaa"),
        (answered(522), "lllllaa"),
        (answered(526), "lllllaa"),
        (answered(590), "lllllaa"),
        (asks_to_wait(503, 900), "lllllaa"),
        (asks_to_wait(503, 901), "SSSSSSS"),
        (answered(429), "ttttttt"),
        (asks_to_wait(429, 30), "ttttttt"),
        (asks_to_wait(429, 901), "SSSSSSS"),
        (answered(403), "aaaaaaa"),
        // The account, not the record.
        (answered(401), "SSSSSSS"),
        (answered(402), "SSSSSSS"),
        (answered(301), "SSSSSSS"),
        (answered(302), "SSSSSSS"),
        (answered(307), "SSSSSSS"),
        // The record.
        (answered(400), "rrrrrrr"),
        (answered(413), "rrrrrrr"),
        (answered(404), "SllgggS"),
        (refused("duplicate"), "eeerrrr"),
        (refused("email_invalid@/data/attributes/email duplicate"), "eeerrrr"),
        (refused("DUPLICATE"), "eeerrrr"),
        (refused("field_invalid@/data/attributes/externalid"), "eurrrrr"),
        (refused("related_missing"), "rSddrrr"),
        (refused("related_missing@/data/attributes/customerid"), "rSddrrr"),
        (refused("related_missing@/data/attributes/connectionid"), "SSSSrrr"),
        (refused("email_invalid"), "rrrrrrr"),
        (refused("field_missing@/data/attributes/currency"), "rrrrrrr"),
        (refused("some_new_code"), "rrrrrrr"),
        // Without a code it may be a duplicate, in whatever language the title says so.
        (refused(""), "uuurrrr"),
        (refused("@/data/attributes/externalid"), "uuurrrr"),
        // Unknown means stop.
        (answered(101), "SSSSSSS"),
        (answered(405), "SSSSSSS"),
        (answered(409), "SSSSSSS"),
        (answered(410), "SSSSSSS"),
        (answered(418), "SSSSSSS"),
        (answered(600), "SSSSSSS"),
    ] {
        assert_eq!(row(&cause), expected, "{cause:?}");
    }
}

#[test]
fn a_stop_names_its_reason() {
    let unavailable = |seconds| FatalError::Unavailable {
        retry_after: Some(Duration::from_secs(seconds)),
        cause: "",
    };
    for (cause, stop) in [
        (answered(401), FatalError::Credentials),
        (answered(402), FatalError::Payment),
        (answered(302), FatalError::Redirect),
        (answered(418), FatalError::Unexpected { status: 418 }),
        (FailureCause::Untrusted(""), FatalError::Tls { cause: "" }),
        (asks_to_wait(503, 7200), unavailable(7200)),
        (asks_to_wait(429, 7200), unavailable(7200)),
    ] {
        assert_eq!(judge(CreateOrder, &cause, &standing()), Disposition::Stop(stop));
    }
    let gone = judge(CreateCustomer, &refused("related_missing"), &standing());
    assert_eq!(gone, Disposition::Stop(FatalError::ConnectionGone));
}

#[test]
fn too_many_repetitions_end_the_run() {
    let disposition = |cause: &FailureCause, standing: BreakerState| judge(List, cause, &standing);
    let forbidden = |forbidden| BreakerState { forbidden, ..standing() };
    assert_eq!(disposition(&answered(403), forbidden(FORBIDDEN_MAX - 1)), Disposition::Again);
    assert_eq!(
        disposition(&answered(403), forbidden(FORBIDDEN_MAX)),
        Disposition::Stop(FatalError::Credentials)
    );

    let outages = |outages| BreakerState { outages, ..standing() };
    for cause in
        [answered(500), FailureCause::NotSent(NOT_CONNECTED), FailureCause::Lost("timed_out")]
    {
        assert_eq!(disposition(&cause, outages(OUTAGES_MAX - 1)), Disposition::Again);
        let unavailable = FatalError::Unavailable { retry_after: None, cause: cause.text() };
        assert_eq!(disposition(&cause, outages(OUTAGES_MAX)), Disposition::Stop(unavailable));
    }
    assert_eq!(
        disposition(&answered(422), outages(OUTAGES_MAX)),
        Disposition::Refused,
        "it answers"
    );

    let throttled_for = |throttled_for| BreakerState { throttled_for, ..standing() };
    assert_eq!(disposition(&answered(429), throttled_for(WAIT_MAX)), Disposition::Throttled);
    let unavailable = Disposition::Stop(FatalError::Unavailable { retry_after: None, cause: "" });
    assert_eq!(disposition(&answered(429), throttled_for(WAIT_MAX * 2)), unavailable);
}

#[test]
fn only_the_way_and_the_server_count_as_an_outage() {
    for (cause, class) in [
        (FailureCause::NotSent(NOT_CONNECTED), FailureClass::Outage),
        (FailureCause::Lost("connection_lost"), FailureClass::Outage),
        (answered(503), FailureClass::Outage),
        (answered(429), FailureClass::Throttled),
        (answered(403), FailureClass::Forbidden),
        (answered(422), FailureClass::Rejected),
        (answered(404), FailureClass::Rejected),
    ] {
        assert_eq!(cause.class(), class, "{cause:?}");
    }
}

#[test]
fn a_host_name_that_never_answered_ends_the_run_soon() {
    let why = NotConnected { why: NotConnectedCause::Unresolved, ..NOT_CONNECTED };
    let unresolved = FailureCause::NotSent(why);
    let disposition = |outages, is_known| {
        judge(List, &unresolved, &BreakerState { outages, is_known, ..standing() })
    };
    assert_eq!(disposition(UNRESOLVED_MAX - 1, false), Disposition::Again);
    let stop = FatalError::Unavailable { retry_after: None, cause: why.text() };
    assert_eq!(disposition(UNRESOLVED_MAX, false), Disposition::Stop(stop));
    assert_eq!(disposition(UNRESOLVED_MAX, true), Disposition::Again, "an outage of the network");
}

#[test]
fn a_challenge_page_proves_nothing_about_the_token() {
    let disposition = |status, page, forbidden| {
        let answer = ErrorResponse { status, page: Some(page), ..ErrorResponse::default() };
        judge(
            CreateOrder,
            &FailureCause::Answered(answer),
            &BreakerState { forbidden, ..standing() },
        )
    };
    let blocked = Disposition::Stop(FatalError::Blocked);
    for status in [200, 403, 429, 503] {
        assert_eq!(disposition(status, WebPage::Challenge, FORBIDDEN_MAX), blocked, "{status}");
    }
    for status in [403, 429] {
        assert_eq!(disposition(status, WebPage::Challenge, 1), Disposition::Again, "{status}");
    }
    for status in [200, 503] {
        let arrived = disposition(status, WebPage::Challenge, 1);
        assert_eq!(arrived, Disposition::LookUp, "{status}: it may have arrived");
    }
    assert_eq!(disposition(403, WebPage::Other, FORBIDDEN_MAX), blocked);
    assert_eq!(disposition(503, WebPage::Other, FORBIDDEN_MAX), Disposition::LookUp);
}
