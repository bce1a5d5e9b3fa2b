//! Asks on the terminal for what an export does not say.

use super::answers::InitQuestion;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::{assembly, output, signals};
use crate::settings::is_secret;
use rustix::termios::{self, LocalModes, OptionalActions, Termios};
use std::io::{self, BufRead};

/// Invalid answers before a question is left for later.
const ATTEMPTS_MAX: usize = 3;

/// The answer; `None` if it is blank and there is no default, or the input ended.
pub(super) fn ask(question: &InitQuestion) -> Option<String> {
    let InitQuestion { text, expected, offered, accepts } = question;
    for _ in 0..ATTEMPTS_MAX {
        let hint = offered.as_ref().map_or(format!("({expected})"), |offer| format!("[{offer}]"));
        output::ask(&format!("{} {hint}:", capitalised(text))).ok()?;
        match (read_line()?, offered) {
            (blank, offered) if blank.is_empty() => return offered.clone(),
            (answer, _) if accepts(&answer) => return Some(answer),
            _ => output::note(&format!("  not accepted, expected {expected}")),
        }
    }
    None
}

/// Asks for a token without echo. `None` if it is blank, or the terminal can't hide it.
///
/// # Errors
/// When a signal ends the program meanwhile; the echo is then restored.
pub(super) fn ask_token() -> Result<Option<String>, CliError> {
    let runtime = assembly::runtime()?;
    let asked = runtime.block_on(async {
        let ending = signals::ending().map_err(CliError::failed)?;
        let Some(hidden) = Hidden::begin() else { return Ok(None) };
        let typed = tokio::task::spawn_blocking(read_token);
        let asked = tokio::select! {
            token = typed => Ok(token.ok().flatten()),
            signal = ending => {
                let message = "interrupted, and nothing was written";
                Err(CliError::new(Exit::Interrupted(signal), message))
            }
        };
        drop(hidden);
        if asked.is_err() {
            output::note("");
        }
        asked
    });
    // After a signal, a thread still waits for a line.
    runtime.shutdown_background();
    asked
}

fn read_token() -> Option<String> {
    for _ in 0..ATTEMPTS_MAX {
        output::ask("The API token of the account, from Settings, Developer (not shown; Enter leaves it for later):").ok()?;
        let token = read_line()?;
        output::note("");
        if token.is_empty() {
            return None;
        }
        if is_secret(&token) {
            return Some(token);
        }
        output::note("  not accepted, expected one word of visible ASCII characters");
    }
    None
}

/// Turns off the terminal's echo while it exists.
struct Hidden {
    /// The modes of the terminal before.
    shown: Termios,
}

impl Hidden {
    fn begin() -> Option<Self> {
        let shown = termios::tcgetattr(io::stdin()).ok()?;
        let mut hidden = shown.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        termios::tcsetattr(io::stdin(), OptionalActions::Now, &hidden).ok()?;
        Some(Self { shown })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // If that fails, the terminal is gone.
        let _ = termios::tcsetattr(io::stdin(), OptionalActions::Now, &self.shown);
    }
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
