//! A PostgreSQL server for one test: in a temporary folder, on a Unix socket in it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub struct Postgres {
    dir: TempDir,
    port: u16,
    /// Settings of the server, as on its command line.
    settings: Vec<String>,
    server: Child,
}

/// The user of the server if the tests run as root, which it refuses: `nobody`.
const NOBODY: &str = "65534";

impl Postgres {
    pub fn start() -> Self {
        Self::start_with(5432, &["listen_addresses="])
    }

    /// The port also names the socket.
    pub fn start_with(port: u16, settings: &[&str]) -> Self {
        let mut settings: Vec<_> = settings.iter().map(|&setting| setting.to_owned()).collect();
        settings.push(format!("port={port}"));
        let dir = tempfile::tempdir().unwrap();
        Self::give(dir.path());
        let data = dir.path().join("data");
        let made = command("initdb", dir.path())
            .args(["--no-sync", "-A", "trust", "-U", "ordersync", "-E", "UTF8", "--locale=C", "-D"])
            .arg(&data)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(made.success(), "initdb failed");
        let server = Self::serve(dir.path(), &settings);
        let postgres = Self { dir, port, settings, server };
        postgres.wait();
        postgres
    }

    /// Lets the server read a file that only its owner can read.
    pub fn give(path: &Path) {
        if is_root() {
            std::os::unix::fs::chown(path, Some(65534), Some(65534)).unwrap();
        }
    }

    fn serve(dir: &Path, settings: &[String]) -> Child {
        command("postgres", dir)
            .args(settings.iter().flat_map(|setting| ["-c", setting]))
            .args(["-F", "-c", "max_connections=200", "-k"])
            .arg(dir)
            .arg("-D")
            .arg(dir.join("data"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    fn wait(&self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        // A server that is starting up accepts connections and refuses statements.
        while self.psql("SELECT 1").is_err() {
            assert!(Instant::now() < deadline, "PostgreSQL did not start");
            std::thread::yield_now();
        }
    }

    /// Ends the server as a crash would.
    pub fn halt(&mut self) {
        self.stop();
    }

    /// Starts it again.
    pub fn resume(&mut self) {
        self.server = Self::serve(self.dir.path(), &self.settings);
        self.wait();
    }

    fn stop(&mut self) {
        // SIGQUIT also ends its children.
        let pid = self.server.id().to_string();
        let _ = Command::new("kill").args(["-QUIT", &pid]).status();
        self.server.wait().unwrap();
    }

    pub fn url(&self) -> String {
        let dir = self.dir.path().to_str().unwrap().replace('/', "%2F");
        format!("postgres://ordersync@{dir}/postgres")
    }

    /// Runs a statement as the operator would.
    pub fn psql(&self, statement: &str) -> Result<String, String> {
        let output = Command::new("psql")
            .args(["-U", "ordersync", "-d", "postgres", "-p", &self.port.to_string()])
            .args(["-Atqc", statement, "-h"])
            .arg(self.dir.path())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap().trim().to_owned();
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A program of PostgreSQL, as a user it accepts.
fn command(program: &str, dir: &Path) -> Command {
    let program = find(program);
    let mut command = if is_root() {
        let mut as_nobody = Command::new("setpriv");
        as_nobody.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--"]).arg(program);
        as_nobody
    } else {
        Command::new(program)
    };
    command.current_dir(dir);
    command
}

/// On the path, or where Debian puts it.
fn find(program: &str) -> PathBuf {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&on_path).collect();
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    folders.extend(versions.map(|version| version.path().join("bin")));
    let found = folders.iter().map(|folder| folder.join(program)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("no {program} found; on Debian, install the package postgresql"))
}
