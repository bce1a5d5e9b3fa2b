//! Runs a command in a separate process and reports its CPU time and peak memory, which only Linux
//! provides in files.

use super::{Outcome, yardstick};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// The system counts CPU time in hundredths of a second.
pub const MS_PER_TICK: f64 = 10.0;

pub struct Measured {
    /// In user code and in the kernel, of all threads.
    pub cpu_ticks: f64,
    pub peak_kib: f64,
}

/// The program itself, as a user runs it.
pub fn plan(settings: &Path) -> Outcome<Measured> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ordersync"));
    measure(command.arg("--config").arg(settings).args(["plan", "--json"]))
}

pub fn yardstick(kind: &str, file: &Path, passes: u32) -> Outcome<Measured> {
    let mut command = Command::new(std::env::current_exe()?);
    measure(command.args([yardstick::FLAG, kind]).arg(file).arg(passes.to_string()))
}

fn measure(command: &mut Command) -> Outcome<Measured> {
    let before = ticks_of_children()?;
    let mut child = command.stdout(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0.0;
    let ended = loop {
        // The value only rises, so the last reading is the peak.
        peak_kib =
            fs::read_to_string(&status).ok().and_then(|text| peak_in(&text)).unwrap_or(peak_kib);
        match child.try_wait()? {
            Some(ended) => break ended,
            None => thread::sleep(Duration::from_millis(5)),
        }
    };
    if !ended.success() {
        return Err(format!("{command:?} ended with {ended}").into());
    }
    Ok(Measured { cpu_ticks: ticks_of_children()? - before, peak_kib })
}

fn peak_in(status: &str) -> Option<f64> {
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().strip_suffix(" kB")?.parse().ok()
}

/// CPU time of all processes that this one has waited for: the 16th and 17th field, see
/// proc_pid_stat(5).
fn ticks_of_children() -> Outcome<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The second field is a name in brackets, which may contain blanks.
    let (_, fields) = stat.rsplit_once(") ").ok_or("/proc/self/stat is not as expected")?;
    let ticks =
        fields.split(' ').skip(13).take(2).map(str::parse::<f64>).collect::<Result<Vec<_>, _>>()?;
    Ok(ticks.iter().sum())
}
