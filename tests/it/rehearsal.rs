//! The whole program in paused time: a run of the library against the simulator in the same
//! process, without sockets, threads or waiting. The same seed is the same rehearsal, request by
//! request.

mod line;

use line::{Crash, Line};
use ordersync::activecampaign::{self, Client, SendEvent, SendObserver};
use ordersync::domain::LoadPath;
use ordersync::extract;
use ordersync::run::{
    AccountRunner, Adoption, ConnectionSpec, Job, JobRun, OpenedAccount, Preview, ProbeContext,
    ProbeReport, Progress, Pulls, RunReport, SwitchContext, SwitchReport, SwitchTask, adopt,
    canary_order, plan_switch, preview, probe, switch,
};
use ordersync::samples::{GeneratorOptions, generate_csv};
use ordersync::simulator::{ClientResponse, Options, Simulator};
use ordersync::state::{Kind, StateHandle, Store, View};
use ordersync::transform::Rules;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

const TOKEN: &str = "rehearsal-token-77c1";
pub const JOB: &str = "shop";
/// A run of a rehearsal that takes longer than this hangs.
const LIFE_MAX: Duration = Duration::from_secs(12 * 3600);
/// A run waits no longer than this.
const WAIT_MAX: Duration = Duration::from_secs(900);

/// A shop's export, the state of one account, and the account.
pub struct Rehearsal {
    dir: TempDir,
    pub simulator: Arc<Simulator>,
    pub timeout_ms: u64,
    pub in_flight_max: usize,
    pub load: LoadPath,
    pub rules: Rules,
    /// The windows of a shop that is pulled, in place of the export.
    pub pulls: Option<Pulls>,
    pub format: &'static str,
    /// Requests a second that the settings say the account allows.
    pub allowed_per_second: f64,
    /// Called after each settlement.
    pub watch: Box<dyn Fn(&Progress) + Send + Sync>,
    pub seed: u64,
    /// No request leaves the machine between these.
    pub network_down: Mutex<Option<(Instant, Instant)>>,
    pub sends: AtomicU64,
    pub timeouts: AtomicU64,
    /// The end of the last pause that a process noted. Tokio's clock replaces the machine's, which
    /// the lock file uses.
    paused_until: Arc<Mutex<Option<Instant>>>,
    /// The end of the last pause that was too long for a run.
    away_until: Arc<Mutex<Option<Instant>>>,
    /// The disk of the state is full once this many records are settled.
    pub disk_full_at: Option<u64>,
}

/// One process, from its start to its end.
#[derive(Debug, Clone, Copy)]
pub struct ProcessOptions {
    pub kind: Kind,
    pub end: End,
    /// The last request before this process, according to the lock file.
    pub last_send: LastSend,
    pub grace: Duration,
}

/// How a process ends.
#[derive(Debug, Clone, Copy)]
pub enum End {
    /// By itself.
    Done,
    /// Killed at this time after its start.
    KilledAt(Duration),
    /// Killed around its n-th request.
    Killed(KillPoint, u64),
    /// Asked to stop at this time after its start.
    StoppedAt(Duration),
    /// Asked to stop when its n-th request leaves.
    StoppedAround(u64),
}

/// The stage of a request when its process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KillPoint {
    /// The intent is durable, but nothing was sent.
    BeforeItLeaves,
    /// It is in flight and will arrive.
    OnItsWay,
    /// The answer has arrived but was not processed.
    Answered,
}

impl KillPoint {
    pub fn words(self) -> &'static str {
        match self {
            Self::BeforeItLeaves => "before a request left",
            Self::OnItsWay => "with a request on its way",
            Self::Answered => "at an answer",
        }
    }
}

/// The time of the last request in the lock file, by a correct clock or one that jumped.
#[derive(Debug, Clone, Copy)]
pub enum LastSend {
    /// So far in the future that it is not past when the process checks it by the machine's clock:
    /// it counts as now.
    InTheFuture(Duration),
    LongAgo,
}

impl Rehearsal {
    pub fn new(options: Options) -> Self {
        // The disk is not under test; in memory, flushes cost nothing.
        let memory = PathBuf::from("/dev/shm");
        let dir = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
        let seed = options.seed;
        let options = Options { token: TOKEN.to_owned(), ..options };
        Self {
            dir: dir.unwrap(),
            simulator: Arc::new(Simulator::in_process(options).unwrap()),
            timeout_ms: 60_000,
            in_flight_max: 16,
            load: LoadPath::Rest,
            rules: Rules::default(),
            pulls: None,
            format: "auto",
            allowed_per_second: 5.0,
            watch: Box::new(|_| {}),
            seed,
            network_down: Mutex::default(),
            sends: AtomicU64::new(0),
            timeouts: AtomicU64::new(0),
            paused_until: Arc::default(),
            away_until: Arc::default(),
            disk_full_at: None,
        }
    }

    /// Writes the export, and gives its text.
    pub fn export(&self, generated: &GeneratorOptions) -> String {
        let mut text = Vec::new();
        generate_csv(generated, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        self.put(&text);
        text
    }

    /// Writes this as the export.
    pub fn put(&self, text: &str) {
        self.put_as("orders.csv", text);
    }

    /// Writes an export of this name.
    pub fn put_as(&self, file: &str, text: &str) {
        std::fs::write(self.dir.path().join(file), text).unwrap();
    }

    /// The dry run.
    pub fn plan(&self) -> Preview {
        let job = self.job();
        let export = job.open_export().unwrap();
        preview(&job, &export, self.view(), self.allowed_per_second).unwrap()
    }

    /// The state is lost.
    pub fn forget(&self) {
        for name in ["main.db", "main.db-wal", "main.db-shm"] {
            let _ = std::fs::remove_file(self.dir.path().join(name));
        }
    }

    pub fn job(&self) -> Job {
        self.job_of(JOB, "orders.csv")
    }

    /// A job of this export on the same connection.
    pub fn job_of(&self, name: &str, file: &str) -> Job {
        let path = self.dir.path().join(file);
        Job {
            name: name.to_owned(),
            account_url: "http://127.0.0.1".to_owned(),
            connection: ConnectionSpec {
                service: "shopify".to_owned(),
                externalid: "test-store".to_owned(),
                name: "Test Store".to_owned(),
                link_url: "https://shop.example.com".to_owned(),
                logo_url: "https://shop.example.com/logo.png".to_owned(),
            },
            export: extract::Options {
                patterns: vec![path.to_str().unwrap().to_owned()],
                format: self.format.to_owned(),
                ..extract::Options::default()
            },
            pulls: self.pulls.clone(),
            rules: self.rules.clone(),
            load: self.load,
            bulk_max: 40,
            is_bulk_max_set: false,
            bulk_sample: ordersync::run::Sample::ALL,
            in_flight_max: self.in_flight_max,
            state_free_min_bytes: 0,
        }
    }

    /// A path next to the state.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn view(&self) -> View {
        View::open(self.dir.path(), "main").unwrap()
    }

    /// A request of another integration of the same account.
    pub async fn request_as_another_client(&self) -> bool {
        let request = axum::http::Request::get("/api/3/users/me").header("api-token", TOKEN);
        let output = self.simulator.serve(request.body(Vec::new()).unwrap()).await;
        matches!(output, ClientResponse::Whole(answer) if answer.status().is_success())
    }

    fn client_options(&self) -> activecampaign::Options {
        activecampaign::Options {
            retry_seed: Some(self.seed),
            requests_per_second: self.allowed_per_second,
            ..activecampaign::Options::new("http://127.0.0.1", TOKEN.into())
        }
    }

    fn line(self: &Rehearsal, crash: Arc<Crash>) -> Line {
        Line {
            simulator: Arc::clone(&self.simulator),
            timeout: Duration::from_millis(self.timeout_ms),
            down: *self.network_down.lock().unwrap(),
            away_until: Arc::clone(&self.away_until),
            crash,
        }
    }

    /// The end of a pause of ActiveCampaign that was too long for a run.
    pub fn away_until(&self) -> Instant {
        self.away_until.lock().unwrap().unwrap_or_else(Instant::now)
    }

    /// A run without kills.
    pub async fn run(&self, kind: Kind) -> RunReport {
        let life = ProcessOptions {
            kind,
            end: End::Done,
            last_send: LastSend::LongAgo,
            grace: Duration::from_secs(30),
        };
        self.live(life).await.expect("nobody kills it")
    }

    /// Rebuilds the ledger of a job.
    pub async fn adopt(&self, job: &Job) -> Adoption {
        let mut store = Store::open(self.dir.path(), "main").unwrap();
        let crash = Arc::new(Crash::new(End::Done, CancellationToken::new()));
        let client =
            Client::over(Box::new(self.line(crash)), self.client_options(), self.log(&store))
                .unwrap();
        let export = job.open_export().unwrap();
        let adoption = adopt(job, &export, &mut store, &client, &|_| {}).await.unwrap();
        drop((store, client));
        // As in `live_as`.
        sleep(Duration::from_millis(1)).await;
        adoption
    }

    /// A change of the connection's path.
    pub async fn switch(&self, to: LoadPath) -> SwitchReport {
        let job = self.job();
        let plan = plan_switch(&self.view(), &job, to).unwrap();
        let order = match plan.task {
            SwitchTask::Canary { .. } => {
                canary_order(&job, &job.open_export().unwrap(), self.view(), &plan).unwrap()
            }
            _ => None,
        };
        let store = Store::open(self.dir.path(), "main").unwrap();
        let cancel = CancellationToken::new();
        let crash = Arc::new(Crash::new(End::Done, cancel.clone()));
        let line = Box::new(self.line(crash));
        let client = Client::over(line, self.client_options(), self.log(&store)).unwrap();
        let state = StateHandle::inline(store);
        let task = SwitchContext {
            plan: &plan,
            job: &job,
            canary: order.as_deref(),
            state: &state,
            client: &client,
            cancel,
            progress: &|_| {},
        };
        let report = switch(task).await;
        drop((state, client));
        // As in `live_as`.
        sleep(Duration::from_millis(1)).await;
        report
    }

    /// A probe that may write, in a separate process; `None` if it was killed.
    pub async fn probe(&self, end: End) -> Option<ProbeReport> {
        self.set_last_send(LastSend::LongAgo);
        let cancel = CancellationToken::new();
        let crash = Arc::new(Crash::new(end, cancel.clone()));
        let report = {
            let store = Store::open(self.dir.path(), "main").unwrap();
            let line = Box::new(self.line(Arc::clone(&crash)));
            let client = Client::over(line, self.client_options(), self.log(&store)).unwrap();
            let state = StateHandle::inline(store);
            let task = ProbeContext {
                writes: true,
                state: &state,
                client: &client,
                cancel,
                progress: &|_| {},
            };
            tokio::select! {
                biased;
                () = crash.comes() => None,
                report = timeout(LIFE_MAX, probe(task)) => Some(report.expect("it hangs")),
            }
        };
        // As in `live_as`.
        sleep(Duration::from_millis(1)).await;
        report
    }

    /// One process of the orders' job, as [`Self::live_as`].
    pub async fn live(&self, life: ProcessOptions) -> Option<RunReport> {
        self.live_as(&self.job(), life).await
    }

    /// One process; `None` if it was killed. Its memory is lost.
    pub async fn live_as(&self, job: &Job, life: ProcessOptions) -> Option<RunReport> {
        self.set_last_send(life.last_send);
        let cancel = CancellationToken::new();
        let crash = Arc::new(Crash::new(life.end, cancel.clone()));
        let report = {
            let store = Store::open(self.dir.path(), "main").unwrap();
            let options = activecampaign::Options {
                last_send_at: store.lock().last_send_at(),
                pause_left: self.pause_left(),
                ..self.client_options()
            };
            let line = Box::new(self.line(Arc::clone(&crash)));
            let client = Client::over(line, options, self.log(&store)).unwrap();
            let account = OpenedAccount { state: StateHandle::inline(store), client };
            let runner = AccountRunner { account, cancel, grace: life.grace };
            let run = JobRun {
                job,
                kind: life.kind,
                export: &job.open_export().unwrap(),
                only: None,
                planned: None,
                approved: None,
                progress: &|at| {
                    (self.watch)(at);
                    if self.disk_full_at.is_some_and(|record| at.settled >= record) {
                        fill_disk(&runner.account.state);
                    }
                },
            };
            let report = tokio::select! {
                biased;
                () = crash.comes() => None,
                report = timeout(LIFE_MAX, runner.run(run)) => Some(report.expect("it hangs").unwrap()),
            };
            self.timeouts.fetch_add(crash.timeouts.load(Ordering::Relaxed), Ordering::Relaxed);
            self.sends.fetch_add(runner.account.client.traffic().total, Ordering::Relaxed);
            report
        };
        // A cancelled task is dropped when it is next polled, and with it the state file and its
        // lock.
        sleep(Duration::from_millis(1)).await;
        report
    }

    fn pause_left(&self) -> Option<Duration> {
        self.paused_until
            .lock()
            .unwrap()
            .map(|until| until - Instant::now())
            .filter(|left| !left.is_zero())
    }

    fn log(&self, store: &Store) -> SendObserver {
        let (log, paused_until) = (store.lock().send_log(), Arc::clone(&self.paused_until));
        Box::new(move |note| match note {
            SendEvent::Sent(at) => log.sent(at),
            SendEvent::Paused { from, until } => {
                log.paused(from, until);
                let length = until.duration_since(from).unwrap();
                *paused_until.lock().unwrap() = Some(Instant::now() + length);
            }
        })
    }

    fn set_last_send(&self, last_send: LastSend) {
        let at = match last_send {
            LastSend::InTheFuture(by) => SystemTime::now() + by,
            LastSend::LongAgo => SystemTime::now() - Duration::from_secs(3600),
        };
        let path = self.dir.path().join("main.lock");
        if let Ok(file) = std::fs::File::options().write(true).open(path) {
            file.set_modified(at).unwrap();
        }
    }
}

/// From now on the disk of the state is too full to send anything new.
fn fill_disk(state: &StateHandle) {
    let full = state.call(|store| {
        store.keep_free(u64::MAX);
        Ok(())
    });
    // A state without a thread answers immediately.
    let polled = pin!(full).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Ok(()))));
}

/// Runs a rehearsal on a clock that is paused until all tasks wait.
pub fn in_paused_time<T>(rehearsal: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.unwrap().block_on(rehearsal)
}
