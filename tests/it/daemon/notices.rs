//! What systemd is told, on a notify socket of the test's own.

use super::process::Daemon;
use super::{EVERY_SECOND, FAR_AWAY};
use crate::world::World;
use ordersync::samples::Generated;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

/// The socket that systemd would listen on.
struct Systemd {
    socket: UnixDatagram,
    heard: Vec<String>,
}

impl Systemd {
    fn listen(world: &World) -> Self {
        let socket = UnixDatagram::bind(world.path("notify")).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self { socket, heard: Vec::new() }
    }

    /// Starts the daemon with a watchdog of this time.
    fn start(&self, world: &World, watchdog_ms: u64) -> Daemon {
        let mut command = world.command(&["daemon"]);
        command.env("NOTIFY_SOCKET", world.path("notify"));
        command.env("WATCHDOG_USEC", (watchdog_ms * 1000).to_string());
        Daemon::spawn(&mut command)
    }

    /// Waits for a notice that holds this, and gives it.
    fn hears(&mut self, text: &str) -> String {
        let begun = Instant::now();
        loop {
            let mut buffer = [0; 4096];
            let len = self.socket.recv(&mut buffer).unwrap();
            let notice = String::from_utf8(buffer[..len].to_vec()).unwrap();
            self.heard.push(notice.clone());
            if notice.contains(text) {
                return notice;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "no {text} in {:?}", self.heard);
        }
    }
}

#[test]
fn systemd_is_told_of_start_reload_life_and_end() {
    let world = World::new().job(FAR_AWAY);
    world.generate(&Generated { orders: 10, seed: 3, ..Generated::default() });
    let mut systemd = Systemd::listen(&world);
    let daemon = systemd.start(&world, 400);
    systemd.hears("READY=1");
    systemd.hears("STATUS=next shop at ");
    systemd.hears("WATCHDOG=1");
    let world = world.job_anew(EVERY_SECOND);
    daemon.signal("HUP");
    let reloading = systemd.hears("RELOADING=1");
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    systemd.hears("READY=1");
    daemon.tells("finished: ", 1);
    let world = world.job_anew("schedule = \"nightly\"\n");
    daemon.signal("HUP");
    systemd.hears("RELOADING=1");
    systemd.hears("READY=1");
    daemon.signal("TERM");
    systemd.hears("STOPPING=1");
    daemon.ends(0);
    drop(world);
}
