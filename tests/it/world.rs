//! A small shop, a simulated account and the real program: helpers for the tests.

use ordersync::samples::{Expected, GeneratorOptions, generate_csv};
use ordersync::simulator::{Fault, Kind, Options, Rule, Simulator, Summary};
use serde_json::Value;
use std::fs::Permissions;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub const TOKEN: &str = "canary-token-5f2a";
/// The time-out of all waits. Nothing else in these tests depends on speed.
pub const WAIT_MAX: Duration = Duration::from_secs(300);

/// Waits for a fact.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < WAIT_MAX, "{what}: not in {WAIT_MAX:?}");
        std::thread::park_timeout(Duration::from_micros(300));
    }
}

/// A folder with settings and exports, and an account to load into.
pub struct World {
    dir: TempDir,
    /// The runtime of the account, which stops with it.
    _runtime: Runtime,
    pub simulator: Simulator,
    /// Seconds that the program waits for an answer.
    timeout_s: u64,
    /// Lines added to the account's table.
    account: String,
    /// Lines added to the job's table.
    job: String,
    /// Lines added to the end of the settings.
    more: String,
}

/// The output of the program and its exit code.
pub struct Finished {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Orders in the batches of a log of requests; one that is refused as a whole doesn't count.
pub fn orders_in_batches(log: &Value, batch_limit: Option<usize>) -> u64 {
    let batches =
        log.as_array().unwrap().iter().filter(|request| {
            request["operation"] == "bulkUpsertOrders" && request["status"] != 400
        });
    let limit = batch_limit.map_or(u64::MAX, |limit| limit as u64);
    let orders = batches.filter_map(|request| request["orders"].as_u64());
    orders.filter(|orders| *orders <= limit).sum()
}

impl World {
    /// An account without a rate limit.
    pub fn new() -> Self {
        Self::with(Options { requests_per_second: None, ..Options::default() })
    }

    pub fn with(options: Options) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let limited = options.requests_per_second.is_some();
        let options = Options { token: TOKEN.to_owned(), ..options };
        let simulator = runtime.block_on(Simulator::start(options)).unwrap();
        let rate = if limited { 5 } else { 100_000 };
        // The simulator's lists don't lag by default.
        let account = format!("requests_per_second = {rate}\nlist_lag_s = 0\n");
        let (job, more) = (String::new(), String::new());
        let dir = TempDir::new().unwrap();
        let world = Self { dir, _runtime: runtime, simulator, timeout_s: 600, account, job, more };
        world.write_settings();
        world
    }

    /// Sets the time-out for an answer, short enough for tests.
    pub fn timeout_s(mut self, seconds: u64) -> Self {
        self.timeout_s = seconds;
        self.write_settings();
        self
    }

    /// Adds lines to the account's table.
    pub fn account(mut self, lines: &str) -> Self {
        self.account.push_str(lines);
        self.write_settings();
        self
    }

    /// Adds lines to the job's table.
    pub fn job(mut self, lines: &str) -> Self {
        self.job.push_str(lines);
        self.write_settings();
        self
    }

    /// Replaces the lines that were added to the job's table.
    pub fn replace_job(mut self, lines: &str) -> Self {
        self.job = lines.to_owned();
        self.write_settings();
        self
    }

    /// Adds lines to the end of the settings: the job's policy comes last there.
    pub fn policy(mut self, lines: &str) -> Self {
        self.more.push_str(lines);
        self.write_settings();
        self
    }

    fn write_settings(&self) {
        let text = format!(
            r#"[state]
dir = "state"

[accounts.main]
url = "{url}"
token_file = "token"
timeout_s = {timeout_s}
{account}
[jobs.shop]
account = "main"
export = ["exports/*"]
time_zone = "America/New_York"
{first_run}{job}
[jobs.shop.connection]
service = "shopify"
externalid = "test-store"
name = "Test Store"
link_url = "https://shop.example.com"
logo_url = "https://shop.example.com/logo.png"

[jobs.shop.policy]
{more}"#,
            url = self.simulator.url(),
            timeout_s = self.timeout_s,
            account = self.account,
            // Most tests of schedules are not about a job that was never loaded.
            first_run = if self.job.contains("schedule") && !self.job.contains("first_run") {
                "first_run = \"load\"\n"
            } else {
                ""
            },
            job = self.job,
            more = self.more
        );
        std::fs::write(self.path("ordersync.toml"), text).unwrap();
        self.write_token();
    }

    pub fn write_token(&self) {
        std::fs::write(self.path("token"), TOKEN).unwrap();
        std::fs::set_permissions(self.path("token"), Permissions::from_mode(0o600)).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file atomically, as a daemon may read it at any time.
    pub fn export(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::create_dir_all(self.path("exports")).unwrap();
        std::fs::write(self.path("half-written"), text).unwrap();
        std::fs::rename(self.path("half-written"), self.path("exports").join(name)).unwrap();
    }

    /// Writes an export of generated orders, and returns its expected content.
    pub fn generate(&self, generated: &GeneratorOptions) -> Expected {
        let mut text = Vec::new();
        let truth = generate_csv(generated, &mut text).unwrap();
        self.export("orders.csv", text);
        truth
    }

    /// The ids of the orders in the export, in its order.
    pub fn keys(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.path("exports/orders.csv")).unwrap();
        let mut rows = csv::Reader::from_reader(text.as_bytes());
        let id = rows.headers().unwrap().iter().position(|name| name == "Id").unwrap();
        let ids = rows.records().map(|row| row.unwrap()[id].to_owned());
        ids.filter(|id| !id.is_empty()).collect()
    }

    /// The program with these arguments. A backfill is confirmed.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.unconfirmed(args);
        if args.contains(&"backfill") && !args.contains(&"--yes") {
            command.arg("--yes");
        }
        command
    }

    /// The program with these arguments and no others.
    pub fn unconfirmed(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ordersync"));
        command
            .arg("--config")
            .arg(self.path("ordersync.toml"))
            .args(args)
            .stdin(Stdio::null())
            .env_clear()
            .current_dir(self.dir.path());
        command
    }

    pub fn start(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    pub fn run(&self, args: &[&str]) -> Finished {
        Finished::of(self.command(args).output().unwrap())
    }

    /// A run of one job that ends as expected: its row of the JSON.
    pub fn load(&self, verb: &str, code: i32) -> Value {
        let ended = self.run(&["--json", "--quiet", verb]);
        assert_eq!(ended.code, code, "{}\n{}", ended.out, ended.err);
        ended.json()["runs"][0].clone()
    }

    /// Whether a request came within an announced pause is only checked in paused time (`pace`,
    /// `chaos`): between processes, it is not known when an answer was read or a request left.
    pub fn summary(&self) -> Summary {
        let mut summary = self.simulator.summary();
        summary.violations.retain(|violation| violation.rule != Rule::Paused);
        summary
    }

    /// Orders in all batches that were sent.
    pub fn orders_in_batches(&self) -> u64 {
        let log = self.simulator.requests();
        orders_in_batches(&log, None)
    }

    /// From the n-th request on, requests are carried out but get no answer before
    /// [`Simulator::release`], so that a program is stopped in the middle of its work, independent
    /// of timing.
    pub fn hold_from(&self, nth: u64) {
        self.simulator.inject(Fault::new(Kind::Slow { ms: 86_400_000 }).nth(nth).forever());
    }

    /// Waits until all requests of dead programs have arrived. Connections are accepted in order,
    /// so after one of our own is answered, none of theirs is pending.
    pub fn settle(&self) {
        let url = self.simulator.url();
        let mut own = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
        own.write_all(b"GET /__sim/summary HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .unwrap();
        own.read_to_end(&mut Vec::new()).unwrap();
        drop(own);
        until("the connections of dead programs end", || self.simulator.connections_open() == 0);
    }

    /// Kills a program, and waits until all its requests have arrived.
    pub fn kill(&self, mut child: Child) {
        child.kill().unwrap();
        child.wait().unwrap();
        self.settle();
    }

    /// The content of the account: connections, customers, and orders with their products.
    pub fn target(&self) -> Value {
        self.simulator.state()
    }

    pub fn state_files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        files_below(&self.path("state"))
    }
}

impl Finished {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.out, self.err))
    }
}

pub fn files_below(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push((path.clone(), std::fs::read(&path).unwrap())),
        }
    }
    files
}

/// The numbers that must add up, of one run.
pub fn assert_adds_up(run: &Value) {
    let parts =
        ["created", "updated", "adopted", "unchanged", "filtered", "invalid", "refused", "pending"];
    let sum: u64 = parts.iter().map(|part| run[part].as_u64().unwrap()).sum();
    assert_eq!(run["read"], sum, "{run}");
    assert!(run["outcome"] != "finished" || run["pending"] == 0, "{run}");
}
