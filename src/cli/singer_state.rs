use super::error::CliError;
use super::output;
use crate::extract::{Export, States};
use std::sync::{Mutex, PoisonError};

/// Passes the STATE messages of a Singer stream on standard input through to standard output, each
/// as soon as every record before it is settled; nothing else may then be written there. For other
/// exports it does nothing.
pub(super) struct StateForwarder {
    /// `None` if there are none, or the stream can't be read on.
    states: Mutex<Option<States>>,
}

impl StateForwarder {
    pub(super) fn of(export: &Export) -> Result<Self, CliError> {
        Ok(Self { states: Mutex::new(export.states().map_err(CliError::failed)?) })
    }

    /// Passes on the messages that only depend on the first `settled` records.
    pub(super) fn pass(&self, settled: u64) {
        let mut held = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(states) = held.as_mut() {
            match states.next_within(settled) {
                Ok(Some(state)) => output::print_line(&state),
                Ok(None) => return,
                // The run finds the same damage and reports it.
                Err(_) => *held = None,
            }
        }
    }
}
