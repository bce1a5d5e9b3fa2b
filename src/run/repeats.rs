use super::planned_record::RecordIdentity;
use crate::domain::{Reason, SourceOrder};
use crate::scratch::SeenKeys;
use crate::state::StateError;
use crate::transform::Mapped;
use std::collections::HashMap;
use std::io;

/// Beyond this limit, a later valid copy of an invalid order counts as a repeat.
const INVALID_KEYS_MAX: usize = 100_000;

/// The orders that the records read so far are about.
#[derive(Default)]
pub(super) struct Repeats {
    /// With the file and the content of the order's first record.
    seen: SeenKeys,
    /// By the key of orders whose first record is invalid.
    after_invalid: HashMap<String, Latest>,
}

/// The latest record of an order whose first one is invalid.
#[derive(Debug, Clone, Copy)]
struct Latest {
    content: u32,
    is_valid: bool,
    /// It is incomplete, so it says nothing about the whole order.
    is_part: bool,
}

/// An earlier record of the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Earlier {
    None,
    InNewerFile,
    InThisFile,
    /// In this file, and nothing differs.
    Identical,
}

impl Repeats {
    /// Holds at most this many keys in memory.
    pub(super) fn limited_to(mut self, keys_max: usize) -> Self {
        self.seen = self.seen.limited_to(keys_max);
        self
    }

    /// Whether no record so far is about this order. It counts as read from now on.
    pub(super) fn is_unread(&mut self, key: &str) -> io::Result<bool> {
        Ok(self.seen.insert(key, 0)?.is_none())
    }

    /// The earlier record of the order that counts instead of this one. An invalid one of the same
    /// file does not. One of a newer file does, as an older file may be out of date, unless it was
    /// truncated.
    pub(super) fn earlier(
        &mut self,
        source: &SourceOrder,
        identity: &RecordIdentity,
    ) -> Result<Earlier, StateError> {
        // Rows without their order's first row have its number, but are not the order.
        let Some(key) = &identity.key else { return Ok(Earlier::None) };
        if has(source, Reason::OrphanRow) || source.is_superseded {
            return Ok(Earlier::None);
        }
        let key = key.ledger_text();
        let version = (u64::from(source.position.file) << 32) | u64::from(identity.content);
        let Some(first) = self.seen.insert(&key, version)? else {
            return Ok(Earlier::None);
        };
        let latest = self.after_invalid.get(&key[..]);
        let is_part = latest.is_some_and(|latest| latest.is_part);
        Ok(if first >> 32 != version >> 32 && !is_part {
            Earlier::InNewerFile
        } else if first == version
            || latest.is_some_and(|latest| latest.content == identity.content)
        {
            Earlier::Identical
        } else if latest.is_some_and(|latest| !latest.is_valid) {
            Earlier::None
        } else {
            Earlier::InThisFile
        })
    }

    pub(super) fn note_validity(&mut self, identity: &RecordIdentity, mapped: &Mapped) {
        let Some(key) = &identity.key else { return };
        let content = identity.content;
        match mapped {
            // If one table has two versions, neither counts.
            Mapped::Invalid(faults)
                if faults.iter().any(|fault| {
                    matches!(fault.reason, Reason::ConflictingVersions | Reason::OrphanRow)
                }) => {}
            Mapped::Invalid(faults) if self.after_invalid.len() < INVALID_KEYS_MAX => {
                let is_part = faults.iter().any(|fault| fault.reason.is_of_a_part());
                let latest = Latest { content, is_valid: false, is_part };
                self.after_invalid.insert(key.ledger_text().to_string(), latest);
            }
            Mapped::Invalid(_) => {}
            Mapped::Order(..) | Mapped::Filtered(_) if self.after_invalid.is_empty() => {}
            Mapped::Order(..) | Mapped::Filtered(_) => {
                if let Some(before) = self.after_invalid.get_mut(&key.ledger_text()[..]) {
                    *before = Latest { content, is_valid: true, is_part: false };
                }
            }
        }
    }
}

pub(super) fn has(source: &SourceOrder, reason: Reason) -> bool {
    source.faults.iter().any(|fault| fault.reason == reason)
}
