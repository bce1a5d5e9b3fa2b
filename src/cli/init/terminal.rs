//! Asks a person for what an export does not say.

use super::answers::Question;
use rustix::termios::{self, LocalModes, OptionalActions, Termios};
use std::io::{self, BufRead, Write};

/// Answers of the wrong form before a question is left for later.
const ATTEMPTS_MAX: usize = 3;

/// The answer of a person; `None` if it is blank and nothing is offered, or the input ended.
pub(super) fn ask(question: &Question) -> Option<String> {
    let Question { text, expected, offered, accepts } = question;
    for _ in 0..ATTEMPTS_MAX {
        let hint = offered.as_ref().map_or_else(|| format!(", {expected}"), |_| String::new());
        let offer = offered.as_ref().map(|offer| format!(" [{offer}]")).unwrap_or_default();
        show(&format!("{}{hint}{offer}: ", capitalised(text)))?;
        match (read_line()?, offered) {
            (blank, offered) if blank.is_empty() => return offered.clone(),
            (answer, _) if accepts(&answer) => return Some(answer),
            _ => show(&format!("  not accepted, expected {expected}\n"))?,
        }
    }
    None
}

/// Asks for a token, which is not shown while it is typed. `None` if it is blank.
pub(super) fn ask_token() -> Option<String> {
    show("The API token, from the same page (not shown; Enter leaves it for later): ")?;
    let stdin = io::stdin();
    let shown = termios::tcgetattr(&stdin).ok()?;
    let mut hidden: Termios = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    termios::tcsetattr(&stdin, OptionalActions::Now, &hidden).ok()?;
    let token = read_line();
    // If that fails, the terminal is gone.
    let _ = termios::tcsetattr(&stdin, OptionalActions::Now, &shown);
    show("\n")?;
    token.filter(|token| !token.is_empty())
}

fn show(text: &str) -> Option<()> {
    let mut err = io::stderr().lock();
    err.write_all(text.as_bytes()).and_then(|()| err.flush()).ok()
}

/// `None` at the end of the input.
fn read_line() -> Option<String> {
    let mut line = String::new();
    let len = io::stdin().lock().read_line(&mut line).ok()?;
    (len > 0).then(|| line.trim().to_owned())
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
