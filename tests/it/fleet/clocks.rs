//! Nodes with different clocks, by libfaketime if it is installed (on Debian, package `faketime`).

use super::Fleet;
use std::path::PathBuf;
use std::process::Command;

/// Shifts the wall clock of a program, but not its monotonic clock. False without libfaketime.
pub fn set_apart(command: &mut Command, minutes: i64) -> bool {
    let Some(library) = library() else { return false };
    command
        .env("LD_PRELOAD", library)
        .env("FAKETIME", format!("{minutes:+}m"))
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    true
}

fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten();
    let of = |folder: std::fs::DirEntry| folder.path().join("faketime/libfaketime.so.1");
    folders.map(of).find(|library| library.exists())
}

#[test]
fn a_node_whose_clock_is_ahead_delays_no_start_of_another() {
    let mut fleet = Fleet::new();
    let truth = fleet.generate(10);
    let mut command = fleet.daemon("ahead");
    if !set_apart(&mut command, 50) {
        println!("not tried: libfaketime is not installed");
        return;
    }
    let ahead = crate::process::Process::daemon_by(&mut command);
    ahead.wait_for_log("of shop finished", 1);
    ahead.stop(0);
    let node = fleet.node();
    // The first may be an interrupted one, which is resumed immediately.
    node.process.wait_for_log("of shop finished", 3);
    node.process.stop(0);
    fleet.assert_exactly_once(&truth);
}
