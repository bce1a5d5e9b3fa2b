//! Hours and days of the daemon in paused time: the library against the simulator in the same process, with a wall
//! clock of the test's own.

use crate::rehearsal::in_paused_time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ordersync::activecampaign::{self, Broken, Client, Reply, Sending, Transport};
use ordersync::daemon::{
    AccountPlan, Board, Clock, Daemon, JobPlan, Opened, Opener, Plan, Standing, Unopened,
};
use ordersync::domain::Status;
use ordersync::run::{Books, ConnectionSpec, Job};
use ordersync::samples::{Generated, generate};
use ordersync::schedule::{Calendar, Schedule};
use ordersync::simulator::{Fault, Kind, Options, RetryAfter, Simulator, Told};
use ordersync::state::{RunRow, Store, View};
use ordersync::{extract, load, transform};
use reqwest::Method;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

const TOKEN: &str = "paused-token-31";
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// What the target does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Answers,
    /// No connection to it.
    Away,
    /// It takes the request, and no time-out ends the wait: the loader is stuck.
    Stuck,
}

#[derive(Clone)]
struct Wire {
    simulator: Arc<Simulator>,
    mood: Arc<Mutex<Mood>>,
    sends: Arc<AtomicU64>,
}

impl Transport for Wire {
    fn send<'a>(&'a self, method: Method, path: &str, body: Option<Vec<u8>>) -> Sending<'a> {
        let request = axum::http::Request::builder()
            .method(method)
            .uri(format!("/api/3{path}"))
            .header("host", "account.example")
            .header("api-token", TOKEN)
            .body(body.unwrap_or_default())
            .unwrap();
        self.sends.fetch_add(1, Ordering::Relaxed);
        let mood = *self.mood.lock().unwrap();
        Box::pin(async move {
            match mood {
                Mood::Away => return Err(Broken::NotSent),
                Mood::Stuck => std::future::pending::<()>().await,
                Mood::Answers => {}
            }
            let Told::Whole(response) = self.simulator.serve(request).await else {
                return Err(Broken::ConnectionLost);
            };
            let (head, body) = response.into_parts();
            Ok(Reply { status: head.status.as_u16(), headers: head.headers, body: Ok(body) })
        })
    }
}

/// An account with its jobs, followed by a daemon.
struct House {
    dir: TempDir,
    wire: Wire,
    board: Board,
    /// Seconds that the wall clock was moved by.
    moved: Arc<AtomicI64>,
    cancel: CancellationToken,
    daemon: Daemon,
}

impl House {
    /// Begins on a Sunday at midnight, with jobs of these schedules: `job0`, `job1`, …
    fn open(schedules: &[&str]) -> Self {
        let dir = TempDir::new().unwrap();
        let options = Options { token: TOKEN.to_owned(), ..Options::default() };
        let wire = Wire {
            simulator: Arc::new(Simulator::in_process(options).unwrap()),
            mood: Arc::new(Mutex::new(Mood::Answers)),
            sends: Arc::default(),
        };
        let mut text = Vec::new();
        generate(&Generated { orders: 12, seed: 3, ..Generated::default() }, &mut text).unwrap();
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
        let daemon = Daemon::new(clock, board.clone(), cancel.clone(), Duration::from_secs(30));
        let mut house = Self { dir, wire, board, moved, cancel, daemon };
        house.daemon.follow(house.plan(schedules));
        house
    }

    fn plan(&self, schedules: &[&str]) -> Plan {
        let named = schedules.iter().enumerate();
        let account = AccountPlan {
            state_dir: self.dir.path().to_owned(),
            open: opener(self.dir.path().to_owned(), self.wire.clone()),
            timeout: MINUTE,
            jobs: named.map(|(n, text)| job_plan(&self.dir, &format!("job{n}"), text)).collect(),
        };
        Plan::from([("main".to_owned(), Arc::new(account))])
    }

    fn mood(&self, mood: Mood) {
        *self.wire.mood.lock().unwrap() = mood;
    }

    fn move_clock(&self, seconds: i64) {
        self.moved.fetch_add(seconds, Ordering::Relaxed);
    }

    fn runs(&self, job: &str) -> Vec<RunRow> {
        View::open(self.dir.path(), "main").unwrap().runs(job, 100).unwrap()
    }

    fn sends(&self) -> u64 {
        self.wire.sends.load(Ordering::Relaxed)
    }

    async fn close(mut self) {
        self.cancel.cancel();
        self.daemon.ended().await.unwrap();
    }
}

fn opener(dir: PathBuf, wire: Wire) -> Opener {
    Arc::new(move || {
        let store = Store::open(&dir, "main").map_err(|error| Unopened::Faulty(error.to_string()))?;
        let options = activecampaign::Options {
            retry_seed: Some(1),
            ..activecampaign::Options::new("http://127.0.0.1", TOKEN.into())
        };
        let client = Client::over(Box::new(wire.clone()), options, Box::new(|_| {})).unwrap();
        Ok(Opened { books: Books::at_hand(store), client })
    })
}

fn job_plan(dir: &TempDir, name: &str, schedule: &str) -> JobPlan {
    let schedule = Schedule::parse(schedule, &TimeZone::UTC).unwrap();
    let job = Job {
        name: name.to_owned(),
        connection: ConnectionSpec {
            service: "shopify".to_owned(),
            externalid: format!("store-of-{name}"),
            name: "Test Store".to_owned(),
            link_url: "https://shop.example.com".to_owned(),
            logo_url: "https://shop.example.com/logo.png".to_owned(),
        },
        export: extract::Options {
            patterns: vec![dir.path().join("orders.csv").to_str().unwrap().to_owned()],
            format: "auto".to_owned(),
        },
        rules: transform::Rules {
            statuses: [Status::Paid, Status::PartiallyRefunded, Status::Refunded].into(),
            refunds: transform::Refunds::Original,
            zone: TimeZone::UTC,
            from: None,
            to: None,
        },
        deleted: load::Deleted::CreateAgain,
        refused_max: 100,
        in_flight_max: 4,
    };
    JobPlan { job, calendar: Calendar::new(schedule, name, Some(0)) }
}

#[test]
fn a_target_that_is_away_for_hours_is_asked_every_quarter_of_an_hour_and_then_loaded() {
    in_paused_time(async {
        let house = House::open(&["* * * * *"]);
        house.mood(Mood::Away);
        let mut tries = std::collections::BTreeSet::new();
        for _ in 0..3 * 60 {
            sleep(MINUTE).await;
            tries.extend(house.board.view().jobs[0].last.as_ref().map(|last| last.ended));
        }
        let view = house.board.view();
        assert!(matches!(view.accounts[0].standing, Standing::Away { .. }), "{view:?}");
        assert!(view.jobs[0].next_due.is_some());
        assert!((10..=12).contains(&tries.len()), "{tries:?}");
        assert!(house.sends() <= 12 * 10, "each try ends after ten failures in a row: {}", house.sends());
        assert_eq!(house.runs("job0").len(), 1, "one run, gone on with");
        house.mood(Mood::Answers);
        sleep(HOUR / 2).await;
        assert_eq!(house.runs("job0").last().unwrap().outcome.as_deref(), Some("finished"));
        assert_eq!(house.wire.simulator.summary().orders, 12);
        house.close().await;
    });
}

#[test]
fn new_settings_end_the_rest_of_an_account_that_refused_us() {
    in_paused_time(async {
        let mut house = House::open(&["* * * * *"]);
        let refused = Fault::new(Kind::PaymentRequired).forever();
        house.wire.simulator.inject(refused);
        sleep(5 * MINUTE).await;
        let view = house.board.view();
        assert!(matches!(view.accounts[0].standing, Standing::Refused { .. }), "{view:?}");
        assert_eq!(house.sends(), 1, "five starts were due, and one was tried");
        house.wire.simulator.clear_faults();
        house.daemon.follow(house.plan(&["* * * * *"]));
        sleep(2 * MINUTE).await;
        assert_eq!(house.wire.simulator.summary().orders, 12);
        house.close().await;
    });
}

#[test]
fn a_start_that_the_host_slept_through_is_caught_up_once() {
    in_paused_time(async {
        let house = House::open(&["0 3 * * *"]);
        sleep(HOUR).await;
        assert_eq!(house.runs("job0").len(), 0, "it is one o'clock");
        // Asleep until Wednesday, one o'clock: three starts were missed.
        house.move_clock(72 * 3_600);
        sleep(2 * MINUTE).await;
        assert_eq!(house.runs("job0").len(), 1, "noticed within a minute");
        sleep(HOUR).await;
        assert_eq!(house.runs("job0").len(), 1);
        sleep(HOUR).await;
        assert_eq!(house.runs("job0").len(), 2, "and at three the next as ever");
        house.close().await;
    });
}

#[test]
fn a_clock_that_is_set_back_or_was_wrong_neither_doubles_nor_stops_the_runs() {
    in_paused_time(async {
        let house = House::open(&["0 3 * * *"]);
        sleep(3 * HOUR + MINUTE).await;
        assert_eq!(house.runs("job0").len(), 1);
        // Set back by 50 minutes: three o'clock comes again.
        house.move_clock(-50 * 60);
        sleep(2 * HOUR).await;
        assert_eq!(house.runs("job0").len(), 1, "not started twice");
        // Ten years ahead, found out after an hour.
        house.move_clock(3_652 * 86_400);
        sleep(HOUR).await;
        assert_eq!(house.runs("job0").len(), 2);
        house.move_clock(-3_652 * 86_400);
        sleep(24 * HOUR).await;
        assert_eq!(house.runs("job0").len(), 3, "not stopped for ten years");
        house.close().await;
    });
}

#[test]
fn the_jobs_of_one_account_run_one_after_the_other() {
    in_paused_time(async {
        let house = House::open(&["0 * * * *", "0 * * * *", "30 * * * *"]);
        let mut seen = 0;
        for _ in 0..2 * 3_600 + 300 {
            sleep(Duration::from_secs(1)).await;
            let running = house.board.view().jobs.iter().filter(|job| job.running.is_some()).count();
            assert!(running <= 1, "{running} at once");
            seen += running;
        }
        assert!(seen > 5, "running jobs are seen on the board: {seen}");
        let runs = ["job0", "job1", "job2"].map(|job| house.runs(job).len());
        assert_eq!(runs, [2, 2, 2], "and none is forgotten");
        let last = house.board.view().jobs[1].last.clone().unwrap();
        assert_eq!(last.row.unwrap().counts.unchanged, 12);
        assert!(house.wire.simulator.summary().violations.is_empty());
        house.close().await;
    });
}

#[test]
fn a_stuck_loader_gives_no_sign_of_life_and_an_idle_or_busy_one_does() {
    in_paused_time(async {
        let house = House::open(&["0 * * * *"]);
        for second in 0..2 * 3_600 + 600 {
            sleep(Duration::from_secs(1)).await;
            assert!(house.board.is_alive(), "idle and at work, after {second} s");
        }
        house.mood(Mood::Stuck);
        std::fs::write(house.dir.path().join("orders.csv"), changed()).unwrap();
        let mut silent_after = None;
        for second in 0..1_800 {
            sleep(Duration::from_secs(1)).await;
            if !house.board.is_alive() {
                silent_after.get_or_insert(second);
            }
        }
        assert_eq!(silent_after, None, "its next start is yet to come");
        for second in 1_800..2 * 3_600 {
            sleep(Duration::from_secs(1)).await;
            if !house.board.is_alive() {
                silent_after.get_or_insert(second);
            }
        }
        let silent_after = silent_after.expect("it hangs, and nobody knows");
        // The time-out of a request and the slack on top of it.
        assert!((3_000 + 60..3_000 + 300).contains(&silent_after), "{silent_after}");
        assert!(!house.board.is_alive(), "and it stays so");
        house.close().await;
    });
}

/// An export in which every order is new.
fn changed() -> Vec<u8> {
    let mut text = Vec::new();
    generate(&Generated { orders: 12, seed: 4, ..Generated::default() }, &mut text).unwrap();
    text
}

#[test]
fn a_pause_that_the_target_asked_for_is_a_known_wait() {
    in_paused_time(async {
        let house = House::open(&["0 * * * *"]);
        let busy = Kind::Status { code: 429, retry_after: RetryAfter::Seconds(800), html: false };
        house.wire.simulator.inject(Fault::new(busy).on("POST", "/ecomOrders").nth(3));
        for second in 0..2 * 3_600 {
            sleep(Duration::from_secs(1)).await;
            assert!(house.board.is_alive(), "after {second} s");
        }
        assert_eq!(house.wire.simulator.summary().orders, 12);
        house.close().await;
    });
}
