use crate::activecampaign::verdict::Call::{self, *};
use crate::activecampaign::verdict::{
    Answer, BreakerState, CallResult, FORBIDDEN_MAX, Mood, OUTAGES_MAX, Refusal, Stop, Verdict,
    judge,
};
use std::time::Duration;

const CALLS: [Call; 7] =
    [CreateConnection, CreateCustomer, CreateOrder, Update, Delete, ReadOne, List];
const WAIT_MAX: Duration = Duration::from_secs(900);

fn standing() -> BreakerState {
    BreakerState { outages: 1, forbidden: 1, wait_max: WAIT_MAX, ..BreakerState::default() }
}

fn answered(status: u16) -> CallResult {
    CallResult::Answered(Answer { status, ..Answer::default() })
}

fn asks_to_wait(status: u16, seconds: u64) -> CallResult {
    CallResult::Answered(Answer {
        status,
        retry_after: Some(Duration::from_secs(seconds)),
        refusals: Vec::new(),
    })
}

/// Entries of `code@pointer`, where either may be left out.
fn refused(entries: &str) -> CallResult {
    let part = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let refusals = entries.split_whitespace().map(|entry| {
        let (code, pointer) = entry.split_once('@').unwrap_or((entry, ""));
        Refusal { code: part(code), pointer: part(pointer) }
    });
    CallResult::Answered(Answer { status: 422, retry_after: None, refusals: refusals.collect() })
}

/// One letter per call, in the order of `CALLS`: again, look up, exists, unclear, gone, relation
/// gone, refused, throttled, Stop.
fn row(happened: &CallResult) -> String {
    let letter = |call| match judge(call, happened, &standing()) {
        Verdict::Again => 'a',
        Verdict::LookUp => 'l',
        Verdict::Exists => 'e',
        Verdict::Unclear => 'u',
        Verdict::Gone => 'g',
        Verdict::RelationGone => 'd',
        Verdict::Refused => 'r',
        Verdict::Throttled => 't',
        Verdict::Stop(_) => 'S',
    };
    CALLS.map(letter).iter().collect()
}

#[test]
fn every_answer_means_one_thing_for_each_call() {
    for (happened, expected) in [
        // No answer of use: a write may have been carried out, unless nothing left this machine.
        (CallResult::NotSent, "aaaaaaa"),
        (CallResult::Untrusted, "SSSSSSS"),
        (CallResult::Lost("timed_out"), "lllllaa"),
        (CallResult::Unusable { status: 200, cause: "answer_empty" }, "lllllaa"),
        (CallResult::Unusable { status: 201, cause: "answer_mismatch" }, "lllllaa"),
        (answered(408), "lllllaa"),
        // Carried out or not, behind a proxy nobody knows.
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
        assert_eq!(row(&happened), expected, "{happened:?}");
    }
}

#[test]
fn a_stop_names_its_reason() {
    let away = |seconds| Stop::Away { retry_after: Some(Duration::from_secs(seconds)) };
    for (happened, stop) in [
        (answered(401), Stop::Credentials),
        (answered(402), Stop::Payment),
        (answered(302), Stop::Redirect),
        (answered(418), Stop::Unexpected),
        (CallResult::Untrusted, Stop::Tls),
        (asks_to_wait(503, 7200), away(7200)),
        (asks_to_wait(429, 7200), away(7200)),
    ] {
        assert_eq!(judge(CreateOrder, &happened, &standing()), Verdict::Stop(stop));
    }
    let gone = judge(CreateCustomer, &refused("related_missing"), &standing());
    assert_eq!(gone, Verdict::Stop(Stop::ConnectionGone));
}

#[test]
fn what_repeats_too_often_ends_the_run() {
    let verdict = |happened: &CallResult, standing: BreakerState| judge(List, happened, &standing);
    let forbidden = |forbidden| BreakerState { forbidden, ..standing() };
    assert_eq!(verdict(&answered(403), forbidden(FORBIDDEN_MAX - 1)), Verdict::Again);
    assert_eq!(verdict(&answered(403), forbidden(FORBIDDEN_MAX)), Verdict::Stop(Stop::Credentials));

    let away = Verdict::Stop(Stop::Away { retry_after: None });
    let outages = |outages| BreakerState { outages, ..standing() };
    for happened in [answered(500), CallResult::NotSent, CallResult::Lost("timed_out")] {
        assert_eq!(verdict(&happened, outages(OUTAGES_MAX - 1)), Verdict::Again);
        assert_eq!(verdict(&happened, outages(OUTAGES_MAX)), away);
    }
    assert_eq!(verdict(&answered(422), outages(OUTAGES_MAX)), Verdict::Refused, "it answers");

    let throttled_for = |throttled_for| BreakerState { throttled_for, ..standing() };
    assert_eq!(verdict(&answered(429), throttled_for(WAIT_MAX)), Verdict::Throttled);
    assert_eq!(verdict(&answered(429), throttled_for(WAIT_MAX * 2)), away);
}

#[test]
fn only_the_way_and_the_server_count_as_an_outage() {
    for (happened, mood) in [
        (CallResult::NotSent, Mood::Outage),
        (CallResult::Lost("connection_lost"), Mood::Outage),
        (answered(503), Mood::Outage),
        (answered(429), Mood::Throttled),
        (answered(403), Mood::Forbidden),
        (answered(422), Mood::Fair),
        (answered(404), Mood::Fair),
    ] {
        assert_eq!(happened.mood(), mood, "{happened:?}");
    }
}
