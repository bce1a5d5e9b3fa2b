//! The page's policy, and hostile texts in it.

use super::page::{POLICY, live, whole};
use super::snapshot::{JobSnapshot, Process, Snapshot, Sources, StoredJob};
use super::{Hosts, Server};
use crate::daemon::{
    AccountStatus, AccountView, Board, FleetNode, FleetView, JobView, LastRun, Running,
};
use crate::state::{JobStats, LetterCounts};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const ATTACK: &str = "</td><script>document.title='owned'</script><img src=x onerror=alert(1)>";

/// A job and an account whose every word is an attack.
fn hostile() -> Snapshot {
    let at: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
    let last = LastRun { end: None, error: Some(ATTACK.to_owned()) };
    let job = JobSnapshot {
        job: ATTACK.to_owned(),
        account: ATTACK.to_owned(),
        zone: TimeZone::UTC,
        live: Some(JobView {
            zone: TimeZone::UTC,
            next_verification: None,
            last_verification: None,
            job: ATTACK.to_owned(),
            account: ATTACK.to_owned(),
            next_due: Some(at),
            waits_since: None,
            late: SignedDuration::ZERO,
            running: None,
            last: Some(last),
        }),
        stored: Some(StoredJob {
            figures: JobStats {
                dead_letters: LetterCounts { all: 1, new: 1 },
                ..JobStats::default()
            },
            reasons: vec![(ATTACK.to_owned(), 1)],
            disk: None,
        }),
    };
    let account = AccountView {
        account: ATTACK.to_owned(),
        status: AccountStatus::Refused { until: at },
        traffic: None,
        in_flight: 0,
        pause_left: Duration::ZERO,
        unanswered_for: None,
    };
    let node = FleetNode {
        name: ATTACK.to_owned(),
        host: ATTACK.to_owned(),
        since: at,
        seen: Duration::ZERO,
        leases: 1,
        is_draining: true,
        is_lost: false,
    };
    let fleet = FleetView {
        node: ATTACK.to_owned(),
        is_draining: true,
        nodes: vec![node],
        ..FleetView::default()
    };
    let process = Process { started: at, is_current: false, is_alive: false };
    Snapshot {
        at,
        process: Some(process),
        accounts: vec![account],
        jobs: vec![job],
        fleet: Some(fleet),
        state_free_min_bytes: 0,
    }
}

#[test]
fn any_word_stays_text() {
    let (page, part) = (whole(&hostile()), live(&hostile()));
    assert_eq!(page.matches("<script").count(), 1, "its own and no other");
    assert!(
        !part.contains("<script") && !part.contains("<img") && !page.contains("<img"),
        "{part}"
    );
    assert!(part.contains("&lt;script&gt;"), "the attack is shown, as text");
    assert!(["Old settings", "Stuck", "Drained"].iter().all(|word| part.contains(word)));
    for attribute in [" style=", " onclick=", " onload=", "javascript:"] {
        assert!(!page.contains(attribute), "{attribute} would be against the page's own policy");
    }
}

#[test]
fn a_run_that_gets_no_answer_says_so() {
    let mut snapshot = hostile();
    let job = snapshot.jobs[0].live.as_mut().unwrap();
    let since = snapshot.at - SignedDuration::from_mins(10);
    let job_name = job.job.clone();
    let running = Running { job: job_name, since, records_expected: Some(400), progress: None };
    job.running = Some(running);
    snapshot.accounts[0].status = AccountStatus::Running;
    assert!(!live(&snapshot).contains("not answering"));
    snapshot.accounts[0].unanswered_for = Some(Duration::from_secs(120));
    let page = live(&snapshot);
    let silence = "ActiveCampaign is not answering since 2026";
    assert_eq!(page.matches(silence).count(), 2, "with the job and with the account: {page}");
    assert!(!page.contains("requests are sent"), "{page}");
}

#[tokio::test]
async fn the_address_of_a_listener_is_free_once_it_has_stopped() {
    let start = async |listen: SocketAddr| {
        let sources = Sources {
            board: Board::default(),
            state_dir: "none".into(),
            state_free_min_bytes: 0,
            started: Timestamp::UNIX_EPOCH,
        };
        Server::start(listen, Hosts::default(), sources, Arc::new(Vec::<String>::new)).await
    };
    let first = start(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = first.address();
    assert!(start(address).await.is_err());
    first.stop().await;
    assert_eq!(start(address).await.unwrap().address(), address);
}

#[test]
fn the_policy_names_exactly_the_style_and_script_of_the_page() {
    let page = whole(&hostile());
    let between = |open: &str, close: &str| {
        page.split(open).nth(1).unwrap().split(close).next().unwrap().to_owned()
    };
    for (kind, text) in [
        ("style-src", between("<style>", "</style>")),
        ("script-src", between("<script>", "</script>")),
    ] {
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        let expected = format!("{kind} 'sha256-{}'", base64(digest.as_ref()));
        assert!(POLICY.contains(&expected), "the page's policy should say {expected}");
    }
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let n = chunk.iter().fold(0_u32, |n, b| n << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let sign = SIGNS[(n >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= chunk.len() { char::from(sign) } else { '=' });
        }
    }
    text
}
