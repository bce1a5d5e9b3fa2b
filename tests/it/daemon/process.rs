use crate::world::World;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// No test waits longer for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program as `ordersync daemon`, and its log.
pub struct Daemon {
    child: Child,
    log: Arc<(Mutex<Log>, Condvar)>,
}

#[derive(Default)]
struct Log {
    text: String,
    is_over: bool,
}

impl Daemon {
    /// Starts it, and waits until it says so.
    pub fn start(world: &World) -> Self {
        Self::spawn(&mut world.command(&["daemon", "--color", "never"]))
    }

    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log: Arc<(Mutex<Log>, Condvar)> = Arc::default();
        let (lines, written) = (BufReader::new(child.stderr.take().unwrap()).lines(), Arc::clone(&log));
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                written.0.lock().unwrap().text.push_str(&format!("{line}\n"));
                written.1.notify_all();
            }
            written.0.lock().unwrap().is_over = true;
            written.1.notify_all();
        });
        let daemon = Self { child, log };
        daemon.tells("started: ", 1);
        daemon
    }

    pub fn log(&self) -> String {
        self.log.0.lock().unwrap().text.clone()
    }

    /// Waits until the log says this so many times.
    pub fn tells(&self, text: &str, times: usize) {
        let said = |log: &mut Log| log.text.matches(text).count() < times && !log.is_over;
        let (log, waited) =
            self.log.1.wait_timeout_while(self.log.0.lock().unwrap(), PATIENCE, said).unwrap();
        let (is_said, over) = (log.text.matches(text).count() >= times, waited.timed_out() || log.is_over);
        assert!(is_said, "`{text}` not {times} times (over: {over}) in:\n{}", log.text);
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.unwrap().success());
    }

    /// SIGTERM: it ends with this code, and its whole log is told.
    pub fn stop(self, code: i32) -> String {
        self.signal("TERM");
        self.ends(code)
    }

    /// Waits for its end.
    pub fn ends(mut self, code: i32) -> String {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end:\n{}", self.log());
            thread::park_timeout(Duration::from_millis(2));
        };
        let over = self.log.1.wait_while(self.log.0.lock().unwrap(), |log| !log.is_over).unwrap();
        let text = over.text.clone();
        drop(over);
        assert_eq!(status.code(), Some(code), "{text}");
        text
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Daemon {
    /// A test that failed leaves no process behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
