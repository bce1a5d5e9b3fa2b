//! A record that is part of an order.

use crate::domain::{SourceOrder, Text};
use crate::extract::error::ReadError;
use serde::{Deserialize, Serialize};
use std::io;

/// One record of a set, and the order it belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    pub role: Role,
    /// The shop's key of the order; blank if the record does not state it, so that it is joined
    /// with nothing.
    #[serde(skip)]
    pub key: Text,
    /// Identifies the record: its kind, a colon, its id. A part is used once. Blank if it has no
    /// id.
    pub id: Text,
    /// The number of items that the order states, if it does: with fewer, lines are missing.
    pub quantity: Option<u64>,
    /// Its content. A part has lines, discounts, shipping, or refunded (with its currency).
    pub stated: SourceOrder,
}

impl Piece {
    /// Whether an order needs no other table: it contains its lines, or it has no items. What a
    /// record with errors contains is unknown.
    pub fn is_whole(&self) -> bool {
        let stated = &self.stated;
        !stated.lines.is_empty() || !stated.faults.is_empty() || self.quantity == Some(0)
    }

    /// The piece without its key, to be kept in a temporary file.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        postcard::to_allocvec(self).map_err(io::Error::other)
    }

    /// What [`Self::to_bytes`] made of a piece with this key.
    pub fn from_bytes(key: &str, bytes: &[u8]) -> io::Result<Self> {
        let piece: Self = postcard::from_bytes(bytes).map_err(io::Error::other)?;
        Ok(Self { key: key.into(), ..piece })
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// The order itself.
    #[default]
    Order,
    /// A part of an order.
    Part,
    /// The order was deleted: it is left out with its parts.
    Deleted,
    /// A version of the order that another one in its table replaced. Without one, the order was
    /// deleted.
    Former,
    /// Something else, which is not used.
    Other,
}

/// The records of one table of a set, in its order.
pub trait Pieces: Send {
    /// The next record; its position has the line.
    ///
    /// # Errors
    /// When the table can't be read on, changed, ends too soon, or has a record that may
    /// be part of any order, so that none of them is known to be complete.
    fn pull(&mut self) -> Result<Option<Piece>, ReadError>;
}

impl<F: FnMut() -> Result<Option<Piece>, ReadError> + Send> Pieces for F {
    fn pull(&mut self) -> Result<Option<Piece>, ReadError> {
        self()
    }
}

/// A kind of set: the records or tables over which one shop system spreads an order.
#[derive(Debug)]
pub struct SetKind {
    /// The name of its format in the settings.
    pub name: &'static str,
    /// Each of its files is a set.
    pub stands_alone: bool,
    /// The required tables, by their labels, and what to do if one is missing.
    pub needs: &'static [(&'static str, &'static str)],
    /// Its orders may hold the lines themselves, and then need no other table.
    pub may_hold_lines: bool,
    /// The error for a set that has records but no order: what is wrong, and what to do.
    pub no_orders: (&'static str, &'static str),
    /// The error for a set whose orders have no lines.
    pub no_lines: (&'static str, &'static str),
}

/// The role of a table in its set.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    pub kind: &'static SetKind,
    /// The format's name, and after a slash the table's.
    pub label: &'static str,
    pub holds: Holds,
    /// Tables of different families were not written by one export.
    pub family: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Orders,
    Parts,
    /// Not used, and not read.
    Nothing,
}
