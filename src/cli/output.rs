use std::io::{self, Write};

/// Data goes to standard output. A reader that went away (`| head`) ends the output, not the work.
pub(super) fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

pub(super) fn print_json(value: &serde_json::Value) {
    print(&format!("{value:#}\n"));
}

/// Everything else goes to standard error.
pub(super) fn note(text: &str) {
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "{text}");
}

pub(super) fn complain(message: &str) {
    note(&format!("error: {message}"));
}
