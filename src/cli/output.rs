use super::options::Global;
use super::paint::Paint;
use crate::report::fitted;
use indicatif::MultiProgress;
use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Whether something could not be written to standard output.
static FAILED: AtomicBool = AtomicBool::new(false);

/// Whether anything was written to standard output.
static PRINTED: AtomicBool = AtomicBool::new(false);

pub(super) fn has_printed() -> bool {
    PRINTED.load(Ordering::Relaxed)
}

/// Data goes to standard output. A closed pipe (`| head`) ends the output, not the work; any other
/// write error is reported at the end.
pub(super) fn print(text: &str) {
    write(text.as_bytes());
}

/// Text for people, in lines that fit the terminal.
pub(super) fn show(text: &str) {
    print(&fitted(text, width()));
}

/// Bytes as they are, and a line end.
pub(super) fn print_line(bytes: &[u8]) {
    write(&[bytes, b"\n"].concat());
}

/// Writes data to standard error, for a run whose standard output carries STATE messages.
pub(super) fn print_to_stderr(text: &str) {
    // If standard error fails, there is nowhere to report it.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Columns of the terminal; `None` if standard output is not a terminal, as piped text is not
/// wrapped.
pub(super) fn width() -> Option<usize> {
    const WIDTH_MAX: usize = 100;
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(columns).min(WIDTH_MAX))
}

/// The same for standard error, however wide it is.
pub(super) fn error_width() -> Option<usize> {
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(io::stderr())?;
    Some(usize::from(columns))
}

/// Erases standard error from this many rows above the cursor to the end of the screen.
pub(super) fn erase_rows_above(rows: usize) {
    // If standard error fails, there is nowhere to report it.
    let _ = write!(io::stderr().lock(), "\r\u{1b}[{rows}A\u{1b}[J");
}

fn write(bytes: &[u8]) {
    PRINTED.store(true, Ordering::Relaxed);
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(bytes).and_then(|()| out.flush())
        && error.kind() != ErrorKind::BrokenPipe
        && !FAILED.swap(true, Ordering::Relaxed)
    {
        report_error(&format!(
            "standard output: {error}\n  hint: the output is incomplete; run it again where there is space"
        ));
    }
}

/// Whether all data was written; a closed pipe counts as written.
pub(super) fn is_whole() -> bool {
    !FAILED.load(Ordering::Relaxed)
}

/// Prints a result in the form that was asked for.
pub(super) fn print_result(
    is_json: bool,
    json: impl FnOnce() -> serde_json::Value,
    text: impl FnOnce() -> String,
) {
    if is_json { print_json(&json()) } else { show(&text()) }
}

/// The same, with headings in colour on a terminal.
pub(super) fn print_with_headings(
    global: &Global,
    json: impl FnOnce() -> serde_json::Value,
    text: impl FnOnce() -> String,
) {
    if global.json {
        print_json(&json());
    } else {
        print(&Paint::of_stdout(global.color).headings(&fitted(&text(), width())));
    }
}

/// The same for a verb whose text `--quiet` suppresses after a success.
pub(super) fn print_outcome(
    global: &Global,
    is_success: bool,
    json: impl FnOnce() -> serde_json::Value,
    text: impl FnOnce() -> String,
) {
    if global.json || !global.quiet || !is_success {
        print_result(global.json, json, text);
    }
}

pub(super) fn print_json(value: &serde_json::Value) {
    print(&json_text(value));
}

pub(super) fn json_text(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

/// Notes and errors are log events, because a program reads the log.
static USES_LOG: AtomicBool = AtomicBool::new(false);

pub(super) fn use_log() {
    USES_LOG.store(true, Ordering::Relaxed);
}

/// Everything else goes to standard error.
pub(super) fn note(text: &str) {
    if USES_LOG.load(Ordering::Relaxed) {
        tracing::info!("{text}");
    } else {
        write_line(&wrapped(text));
    }
}

/// A question; the answer is typed after it.
pub(super) fn ask(question: &str) -> io::Result<()> {
    let mut err = io::stderr().lock();
    err.write_all(format!("{} ", wrapped(question)).as_bytes())?;
    err.flush()
}

/// A text whose lines fit into the terminal on standard error.
pub(super) fn wrapped(text: &str) -> String {
    fitted(text, error_width()).trim_end_matches('\n').to_owned()
}

/// Writes a line to standard error unchanged.
pub(super) fn write_line(text: &str) {
    // If standard error fails, there is nowhere to report it.
    let _ = ProgressSafeStderr.write_all(format!("{text}\n").as_bytes());
}

/// The bars at the foot of the terminal, while there are any.
static BARS: Mutex<Option<MultiProgress>> = Mutex::new(None);

pub(super) fn draw_above(bars: MultiProgress) {
    *BARS.lock().unwrap_or_else(PoisonError::into_inner) = Some(bars);
}

/// Standard error; progress bars are hidden during each write.
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

/// Reports an error where it is handled.
pub(super) fn report_error(message: &str) {
    if USES_LOG.load(Ordering::Relaxed) {
        tracing::error!("{message}");
    } else {
        write_line(&wrapped(&format!("error: {message}")));
    }
}
