//! An account with its jobs and a daemon, in one process and in paused time, with a simulated wall
//! clock.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ordersync::activecampaign::{
    self, Client, NotConnected, Response, ResponseFuture, Transport, TransportError,
};
use ordersync::daemon::{
    AccountOpenError, AccountPlan, Board, Clock, Daemon, JobPlan, Opener, Plan, Supervision,
};
use ordersync::run::{ConnectionSpec, Job, OpenedAccount};
use ordersync::samples::{GeneratorOptions, generate_csv};
use ordersync::schedule::{Calendar, Schedule};
use ordersync::simulator::{ClientResponse, Options, Simulator};
use ordersync::state::{RunRow, StateHandle, Store, View};
use ordersync::{extract, transform};
use reqwest::Method;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const TOKEN: &str = "paused-token-31";
const MINUTE: Duration = Duration::from_secs(60);

/// How ActiveCampaign reacts to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connectivity {
    Answers,
    /// No connection to it.
    Unavailable,
    /// It accepts the request, and no time-out ends the wait: the loader is stuck.
    Stuck,
}

#[derive(Clone)]
pub struct Wire {
    pub simulator: Arc<Simulator>,
    connectivity: Arc<Mutex<Connectivity>>,
    sends: Arc<AtomicU64>,
}

impl Transport for Wire {
    fn send<'a>(&'a self, method: Method, path: &str, body: Option<Vec<u8>>) -> ResponseFuture<'a> {
        let request = axum::http::Request::builder()
            .method(method)
            .uri(format!("/api/3{path}"))
            .header("host", "account.example")
            .header("api-token", TOKEN)
            .body(body.unwrap_or_default())
            .unwrap();
        self.sends.fetch_add(1, Ordering::Relaxed);
        let connectivity = *self.connectivity.lock().unwrap();
        Box::pin(async move {
            match connectivity {
                Connectivity::Unavailable => {
                    return Err(TransportError::NotSent(NotConnected {
                        why: ordersync::domain::NotConnectedCause::Other,
                        host: "127.0.0.1",
                    }));
                }
                Connectivity::Stuck => std::future::pending::<()>().await,
                Connectivity::Answers => {}
            }
            let ClientResponse::Whole(response) = self.simulator.serve(request).await else {
                return Err(TransportError::ConnectionLost);
            };
            let (head, body) = response.into_parts();
            Ok(Response { status: head.status.as_u16(), headers: head.headers, body: Ok(body) })
        })
    }
}

/// An account with its jobs and a daemon.
pub struct Harness {
    pub dir: TempDir,
    pub wire: Wire,
    pub board: Board,
    /// Seconds by which the wall clock was moved.
    moved: Arc<AtomicI64>,
    clock: Clock,
    cancel: CancellationToken,
    pub daemon: Daemon,
}

impl Harness {
    /// Begins on a Sunday at midnight, with jobs of these schedules: `job0`, `job1`, …
    pub fn open(schedules: &[&str]) -> Self {
        let dir = TempDir::new().unwrap();
        let options = Options { token: TOKEN.to_owned(), ..Options::default() };
        let wire = Wire {
            simulator: Arc::new(Simulator::in_process(options).unwrap()),
            connectivity: Arc::new(Mutex::new(Connectivity::Answers)),
            sends: Arc::default(),
        };
        let mut text = Vec::new();
        generate_csv(
            &GeneratorOptions { orders: 12, seed: 3, ..GeneratorOptions::default() },
            &mut text,
        )
        .unwrap();
        std::fs::write(dir.path().join("orders.csv"), text).unwrap();
        let (moved, begun) = (Arc::new(AtomicI64::new(0)), Instant::now());
        let start: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        let clock: Clock = {
            let moved = Arc::clone(&moved);
            Arc::new(move || {
                let passed = SignedDuration::try_from(begun.elapsed()).unwrap();
                start + passed + SignedDuration::from_secs(moved.load(Ordering::Relaxed))
            })
        };
        let (board, cancel) = (Board::default(), CancellationToken::new());
        let daemon = daemon(&clock, &board, &cancel);
        let mut harness = Self { dir, wire, board, moved, clock, cancel, daemon };
        harness.daemon.follow(harness.plan(schedules));
        harness
    }

    pub fn plan(&self, schedules: &[&str]) -> Plan {
        let named = schedules.iter().enumerate();
        let account = AccountPlan {
            is_shared: false,
            state_dir: self.dir.path().to_owned(),
            open: opener(self.dir.path().to_owned(), self.wire.clone()),
            open_store: Arc::new(|| Err(AccountOpenError::Locked)),
            on_event: Arc::new(|_, _| {}),
            timeout: MINUTE,
            jobs: named.map(|(n, text)| job_plan(&self.dir, &format!("job{n}"), text)).collect(),
        };
        Plan::from([("main".to_owned(), Arc::new(account))])
    }

    pub fn connectivity(&self, connectivity: Connectivity) {
        *self.wire.connectivity.lock().unwrap() = connectivity;
    }

    pub fn move_clock(&self, seconds: i64) {
        self.moved.fetch_add(seconds, Ordering::Relaxed);
    }

    pub fn set_clock(&self, to: Timestamp) {
        self.move_clock(to.duration_since((self.clock)()).as_secs());
    }

    pub fn runs(&self, job: &str) -> Vec<RunRow> {
        View::open(self.dir.path(), "main").unwrap().runs(job, 100).unwrap()
    }

    pub fn sends(&self) -> u64 {
        self.wire.sends.load(Ordering::Relaxed)
    }

    /// Another daemon runs the same jobs.
    pub async fn restart(&mut self, schedules: &[&str]) {
        self.cancel.cancel();
        self.daemon.ended().await.unwrap();
        self.cancel = CancellationToken::new();
        self.daemon = daemon(&self.clock, &self.board, &self.cancel);
        self.daemon.follow(self.plan(schedules));
    }

    pub async fn close(mut self) {
        self.cancel.cancel();
        self.daemon.ended().await.unwrap();
    }
}

fn daemon(clock: &Clock, board: &Board, cancel: &CancellationToken) -> Daemon {
    let (clock, board, cancel) = (Arc::clone(clock), board.clone(), cancel.clone());
    Daemon::new(Supervision { clock, board, cancel, grace: Duration::from_secs(30) })
}

fn opener(dir: PathBuf, wire: Wire) -> Opener {
    Arc::new(move || {
        let store = Store::open(&dir, "main")
            .map_err(|error| AccountOpenError::Failed(error.to_string()))?;
        let options = activecampaign::Options {
            retry_seed: Some(1),
            ..activecampaign::Options::new("http://127.0.0.1", TOKEN.into())
        };
        let client = Client::over(Box::new(wire.clone()), options, Box::new(|_| {})).unwrap();
        Ok(OpenedAccount { state: StateHandle::inline(store), client })
    })
}

fn job_plan(dir: &TempDir, name: &str, schedule: &str) -> JobPlan {
    let schedule = Schedule::parse(schedule, &TimeZone::UTC).unwrap();
    let job = Job {
        name: name.to_owned(),
        account_url: "http://127.0.0.1".to_owned(),
        connection: ConnectionSpec {
            service: "shopify".to_owned(),
            externalid: format!("store-of-{name}"),
            name: "Test Store".to_owned(),
            link_url: "https://shop.example.com".to_owned(),
            logo_url: "https://shop.example.com/logo.png".to_owned(),
        },
        export: extract::Options {
            patterns: vec![dir.path().join("orders.csv").to_str().unwrap().to_owned()],
            ..extract::Options::default()
        },
        pulls: None,
        rules: transform::Rules::default(),
        load: ordersync::domain::LoadPath::Rest,
        bulk_max: 30,
        is_bulk_max_set: true,
        bulk_sample: ordersync::run::Sample::ALL,
        in_flight_max: 4,
        state_free_min_bytes: 0,
    };
    let (calendar, sharing) = (Calendar::new(schedule, name, Some(0)), Vec::new());
    let calendar = Some(calendar);
    JobPlan { job, pull: None, calendar, verify: None, sharing, loads_first: true }
}
