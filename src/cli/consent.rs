//! Questions before something is written or deleted at ActiveCampaign.

use super::error::CliError;
use super::output;
use std::io::{self, BufRead, IsTerminal};

/// Whether a question can be asked.
pub(super) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks; every answer but `y` and `yes` declines. `untouched` says what was then not done, such as
/// `nothing was sent`.
///
/// # Errors
/// A usage error if it is declined, or if there is no terminal to ask on.
pub(super) fn ask(question: &str, untouched: &str) -> Result<(), CliError> {
    if !can_ask() {
        return Err(CliError::usage(format!(
            "{question}\nthere is no terminal to ask on, so {untouched}\n  hint: --yes answers the question"
        )));
    }
    let mut answer = String::new();
    // A question that can't be shown counts as declined.
    let answered = output::ask(&format!("{question} [y/N]"))
        .and_then(|()| io::stdin().lock().read_line(&mut answer));
    let is_yes = matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes");
    if answered.is_err() || !is_yes {
        return Err(CliError::usage(format!("declined, so {untouched}")));
    }
    Ok(())
}
