//! The orders of a set of tables.

use super::merge::merge;
use super::piece::{Piece, Role};
use super::set::TableSet;
use crate::domain::SourceOrder;
use crate::extract::error::ReadError;
use crate::extract::format::Records;
use crate::scratch::{Groups, Spill};
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

/// The orders of a set, in the order of their keys. All tables are read before the
/// first order is returned, because its last part may be at the end.
pub struct Joined {
    set: Arc<TableSet>,
    groups: Option<Groups>,
    ready: VecDeque<SourceOrder>,
}

/// Prefixes: of a key that several records share, and of the number of a record without a key.
const KEYED: char = '=';
const ALONE: char = '#';

/// Statistics of the collection.
#[derive(Default)]
struct Met {
    pieces: u64,
    /// Deleted orders, and former versions, count as orders.
    has_orders: bool,
    needs_lines: bool,
    has_lines: bool,
}

impl Joined {
    pub fn open(set: Arc<TableSet>) -> Self {
        Self { set, groups: None, ready: VecDeque::new() }
    }

    fn collect(&mut self) -> Result<Groups, ReadError> {
        let spill = Spill::new().map_err(no_room)?;
        let mut met = Met::default();
        let set = Arc::clone(&self.set);
        for (file, table) in (0_u32..).zip(&set.tables) {
            let Some(mut pieces) = table.pieces()? else { continue };
            while let Some(mut piece) = pieces.pull()? {
                piece.stated.position.file = file;
                met.meet(&piece);
                if piece.role == Role::Other {
                    continue;
                }
                // A record that names no order is not joined.
                let key = if piece.key.is_empty() {
                    format!("{ALONE}{}", met.pieces)
                } else {
                    format!("{KEYED}{}", piece.key)
                };
                let bytes = piece.to_bytes().map_err(no_room)?;
                spill.add(key.as_bytes(), &bytes).map_err(no_room)?;
            }
        }
        if met.pieces > 0 && (!met.has_orders || (met.needs_lines && !met.has_lines)) {
            return Err(set.lacking(met.has_orders));
        }
        spill.groups().map_err(no_room)
    }

    fn next_orders(&mut self) -> Result<bool, ReadError> {
        if self.groups.is_none() {
            self.groups = Some(self.collect()?);
        }
        let Some(groups) = &mut self.groups else { return Ok(false) };
        let Some(group) = groups.advance().map_err(no_room)? else { return Ok(false) };
        let key = std::str::from_utf8(&group.key).unwrap_or_default();
        let key = key.strip_prefix(KEYED).unwrap_or_default();
        let pieces = group.entries.iter().map(|bytes| Piece::from_bytes(key, bytes));
        let pieces = pieces.collect::<io::Result<_>>().map_err(no_room)?;
        self.ready.extend(merge(pieces, group.is_overlong));
        Ok(true)
    }
}

impl Met {
    fn meet(&mut self, piece: &Piece) {
        self.pieces += 1;
        self.has_orders |= matches!(piece.role, Role::Order | Role::Deleted | Role::Former);
        self.needs_lines |= piece.role == Role::Order && !piece.is_whole();
        // What a record with errors contains is unknown.
        self.has_lines |= !piece.stated.lines.is_empty() || !piece.stated.faults.is_empty();
    }
}

impl Records for Joined {
    fn pull(&mut self) -> Result<Option<Box<SourceOrder>>, ReadError> {
        loop {
            if let Some(order) = self.ready.pop_front() {
                return Ok(Some(Box::new(order)));
            }
            if !self.next_orders()? {
                return Ok(None);
            }
        }
    }
}

/// An error of the temporary file.
fn no_room(error: io::Error) -> ReadError {
    ReadError::no_room(
        "parts of orders can't be kept here while they are put together",
        "a kilobyte",
        &error,
    )
}
