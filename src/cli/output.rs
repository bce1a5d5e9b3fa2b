use indicatif::MultiProgress;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Whether something could not be written to standard output.
static FAILED: AtomicBool = AtomicBool::new(false);

/// Data goes to standard output. A reader that went away (`| head`) ends the output, not the work;
/// anything else that can't be written is told at the end.
pub(super) fn print(text: &str) {
    write(text.as_bytes());
}

/// Bytes as they are, and a line end.
pub(super) fn print_line(bytes: &[u8]) {
    write(&[bytes, b"\n"].concat());
}

/// What would be data, where standard output belongs to something else.
pub(super) fn print_aside(text: &str) {
    // Nothing is left to tell it to when standard error is gone.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Columns of the terminal that standard output is; `None` where it is none, as what is piped on is
/// not broken into lines.
pub(super) fn width() -> Option<usize> {
    const WIDTH_MAX: usize = 100;
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(columns).min(WIDTH_MAX))
}

fn write(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(bytes).and_then(|()| out.flush())
        && error.kind() != ErrorKind::BrokenPipe
        && !FAILED.swap(true, Ordering::Relaxed)
    {
        complain(&format!(
            "standard output: {error}\n  hint: what was written there is not whole; run it again where there is room"
        ));
    }
}

/// Whether all of the data was written, as far as anybody wanted it.
pub(super) fn is_whole() -> bool {
    !FAILED.load(Ordering::Relaxed)
}

pub(super) fn print_json(value: &serde_json::Value) {
    print(&json_text(value));
}

pub(super) fn json_text(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

/// Whether all that is told besides the data is part of the log, because a machine reads it.
static IN_THE_LOG: AtomicBool = AtomicBool::new(false);

/// From now on notes and complaints are events of the log, in its form.
pub(super) fn speak_in_the_log() {
    IN_THE_LOG.store(true, Ordering::Relaxed);
}

/// Everything else goes to standard error.
pub(super) fn note(text: &str) {
    match IN_THE_LOG.load(Ordering::Relaxed) {
        true => tracing::info!("{text}"),
        false => write_line(text),
    }
}

/// A line of a form of its own, to standard error as it is.
pub(super) fn write_line(text: &str) {
    // Nothing is left to tell it to when that is gone too.
    let _ = ProgressSafeStderr.write_all(format!("{text}\n").as_bytes());
}

/// The bars at the foot of the terminal, while there are any.
static BARS: Mutex<Option<MultiProgress>> = Mutex::new(None);

/// From now on standard error is written above these bars.
pub(super) fn draw_above(bars: MultiProgress) {
    *BARS.lock().unwrap_or_else(PoisonError::into_inner) = Some(bars);
}

/// Standard error, above the bars where there are any: they are taken away and drawn again around
/// each write.
#[derive(Debug, Clone, Copy)]
pub(super) struct ProgressSafeStderr;

impl Write for ProgressSafeStderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bars = BARS.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let write = || io::stderr().lock().write(bytes);
        match bars {
            Some(bars) => bars.suspend(write),
            None => write(),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

/// Tells a failure, once, where it is handled.
pub(super) fn complain(message: &str) {
    match IN_THE_LOG.load(Ordering::Relaxed) {
        true => tracing::error!("{message}"),
        false => write_line(&format!("error: {message}")),
    }
}
