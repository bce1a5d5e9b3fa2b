//! The real program as a process: its output, signals to it, and its end.

use crate::world::{Finished, WAIT_MAX, World};
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

/// A program that was started, and its log.
pub struct Process {
    child: Child,
    log: Arc<(Mutex<Log>, Condvar)>,
    /// Returns its standard output after its end.
    out: Option<JoinHandle<String>>,
}

#[derive(Default)]
struct Log {
    text: String,
    is_over: bool,
}

impl Process {
    /// `ordersync daemon`; waits until it says that it started.
    pub fn daemon(world: &World) -> Self {
        Self::daemon_by(&mut world.command(&["daemon", "--color", "never"]))
    }

    pub fn daemon_by(command: &mut Command) -> Self {
        let daemon = Self::start(command);
        daemon.wait_for_log("started: ", 1);
        daemon
    }

    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log: Arc<(Mutex<Log>, Condvar)> = Arc::default();
        let (lines, written) =
            (BufReader::new(child.stderr.take().unwrap()).lines(), Arc::clone(&log));
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                written.0.lock().unwrap().text.push_str(&format!("{line}\n"));
                written.1.notify_all();
            }
            written.0.lock().unwrap().is_over = true;
            written.1.notify_all();
        });
        let out = child.stdout.take().map(|pipe| thread::spawn(move || whole(pipe)));
        Self { child, log, out }
    }

    pub fn log(&self) -> String {
        self.log.0.lock().unwrap().text.clone()
    }

    /// Waits until the log says this so many times.
    pub fn wait_for_log(&self, text: &str, times: usize) {
        let unsaid = |log: &mut Log| log.text.matches(text).count() < times && !log.is_over;
        let (log, waited) =
            self.log.1.wait_timeout_while(self.log.0.lock().unwrap(), WAIT_MAX, unsaid).unwrap();
        let (is_said, over) =
            (log.text.matches(text).count() >= times, waited.timed_out() || log.is_over);
        assert!(is_said, "`{text}` not {times} times (over: {over}) in:\n{}", log.text);
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    pub fn signal(&self, name: &str) {
        let status =
            Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.unwrap().success());
    }

    /// Requests a clean stop while answers are held, and releases them once the program has
    /// received the signal.
    pub fn stops_while_held(&self, world: &World) {
        self.signal("TERM");
        self.wait_for_log("stopping: waiting for requests in flight", 1);
        world.simulator.release();
    }

    /// SIGTERM: it ends with this code, and its whole log is returned.
    pub fn stop(self, code: i32) -> String {
        self.signal("TERM");
        self.ends(code).err
    }

    /// Waits for its end.
    pub fn ends(self, code: i32) -> Finished {
        let ended = self.ended();
        assert_eq!(ended.code, code, "{}", ended.err);
        ended
    }

    /// The same, whatever its code.
    pub fn ended(mut self) -> Finished {
        let (log, waited) = self
            .log
            .1
            .wait_timeout_while(self.log.0.lock().unwrap(), WAIT_MAX, |log| !log.is_over)
            .unwrap();
        let err = log.text.clone();
        assert!(!waited.timed_out(), "it does not end:\n{err}");
        drop(log);
        let status = self.child.wait().unwrap();
        let code = status.code().unwrap_or_else(|| panic!("{status}: {err}"));
        let out = self.out.take().map(|reader| reader.join().unwrap()).unwrap_or_default();
        Finished { code, out, err }
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn whole(mut pipe: ChildStdout) -> String {
    let mut text = String::new();
    let _ = pipe.read_to_string(&mut text);
    text
}

impl Drop for Process {
    /// A test that failed leaves no process behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
