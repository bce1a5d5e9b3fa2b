//! Notifications to systemd, on a notify socket of the test.

use super::{EVERY_SECOND, months_away};
use crate::process::Process;
use crate::world::{WAIT_MAX, World};
use ordersync::samples::GeneratorOptions;
use std::os::unix::net::UnixDatagram;
use std::sync::mpsc::{Receiver, channel};

/// The socket that systemd would listen on. It is always read, as a full one blocks the daemon.
struct Systemd {
    notices: Receiver<String>,
    heard: Vec<String>,
}

impl Systemd {
    fn listen(world: &World) -> Self {
        let socket = UnixDatagram::bind(world.path("notify")).unwrap();
        let (heard, notices) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(len) = socket.recv(&mut buffer) {
                let notice = String::from_utf8_lossy(&buffer[..len]).into_owned();
                if heard.send(notice).is_err() {
                    return;
                }
            }
        });
        Self { notices, heard: Vec::new() }
    }

    /// Starts the daemon with a watchdog of this time.
    fn start(&self, world: &World, watchdog_ms: u64) -> Process {
        let mut command = world.command(&["daemon"]);
        command.env("NOTIFY_SOCKET", world.path("notify"));
        command.env("WATCHDOG_USEC", (watchdog_ms * 1000).to_string());
        Process::daemon_by(&mut command)
    }

    /// Waits for a notice that contains this, and returns it.
    fn hears(&mut self, text: &str) -> String {
        loop {
            let notice = self.notices.recv_timeout(WAIT_MAX);
            let notice = notice.unwrap_or_else(|_| panic!("no {text} in {:?}", self.heard));
            self.heard.push(notice.clone());
            if notice.contains(text) {
                return notice;
            }
        }
    }
}

#[test]
fn systemd_is_reported_of_start_reload_life_and_end() {
    let world = World::new().job(&months_away());
    world.generate(&GeneratorOptions { orders: 10, seed: 3, ..GeneratorOptions::default() });
    let mut systemd = Systemd::listen(&world);
    let daemon = systemd.start(&world, 400);
    systemd.hears("READY=1");
    systemd.hears("STATUS=next shop at ");
    systemd.hears("WATCHDOG=1");
    let world = world.replace_job(EVERY_SECOND);
    daemon.signal("HUP");
    let reloading = systemd.hears("RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    systemd.hears("READY=1");
    daemon.wait_for_log("finished: ", 1);
    let world = world.replace_job("schedule = \"nightly\"\n");
    daemon.signal("HUP");
    systemd.hears("RELOADING=1");
    systemd.hears("READY=1");
    daemon.signal("TERM");
    systemd.hears("STOPPING=1");
    daemon.ends(0);
    drop(world);
}
