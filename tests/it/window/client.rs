use crate::process::Process;
use crate::world::{WAIT_MAX, World};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

/// Where a daemon listens.
pub struct Site {
    pub address: String,
}

pub struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Site {
    /// Starts a daemon that listens on a port of the system's choice.
    pub fn of(world: &World) -> (Process, Self) {
        let mut command = world.command(&["daemon", "--color", "never"]);
        command.env("ORDERSYNC_METRICS__LISTEN", "127.0.0.1:0");
        let daemon = Process::daemon_by(&mut command);
        let site = Self::logged_by(&daemon);
        (daemon, site)
    }

    /// The address in the log.
    pub fn logged_by(daemon: &Process) -> Self {
        daemon.wait_for_log("status page and metrics on http://", 1);
        let log = daemon.log();
        let rest = log.split("status page and metrics on http://").nth(1).unwrap();
        Self { address: rest.split('/').next().unwrap().to_owned() }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(WAIT_MAX)).unwrap();
        stream
    }

    /// A connection ends after ten seconds in any case: if there was no time for an answer, the
    /// request is repeated.
    pub fn get(&self, path: &str) -> Answer {
        self.answer(path, |answer| answer.status > 0)
    }

    /// Sends these bytes, and reads until the connection ends. A status of 0: there was no answer.
    pub fn ask(&self, request: &str) -> Answer {
        let mut stream = self.connect();
        let mut bytes = Vec::new();
        // It may disconnect before it has read all of a bad request.
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// Repeats a request until the answer is as expected.
    pub fn until(&self, path: &str, is_wanted: impl Fn(&Answer) -> bool) -> Answer {
        self.answer(path, |answer| answer.status > 0 && is_wanted(answer))
    }

    fn answer(&self, path: &str, is_wanted: impl Fn(&Answer) -> bool) -> Answer {
        let begun = Instant::now();
        loop {
            let answer =
                self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.address));
            if is_wanted(&answer) {
                return answer;
            }
            assert!(begun.elapsed() < WAIT_MAX, "{path}: {}\n{}", answer.status, answer.body);
            std::thread::park_timeout(std::time::Duration::from_millis(20));
        }
    }
}
