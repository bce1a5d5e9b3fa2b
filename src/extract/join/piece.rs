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
    /// How many pieces of goods the order says it has, where it does: with fewer, lines of it are
    /// missing.
    pub quantity: Option<u64>,
    /// What it says. Of a part: lines, discounts, shipping, refunded (with its currency).
    pub stated: SourceOrder,
}

impl Piece {
    /// Whether an order needs no other table: its lines are within, or it has no goods. It is
    /// unknown what a record with faults contains.
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
    /// Something that belongs to it.
    Part,
    /// The order was deleted: it is left out, and so is what belongs to it.
    Deleted,
    /// Something else, of no use.
    Other,
}

/// The records of one table of a set, in its order.
pub trait Pieces: Send {
    /// The next record; the position of what it states has the line.
    ///
    /// # Errors
    /// When the table can't be read on, changed, ends too soon, or has a record that may be part of
    /// any order: none of them could be relied on to be whole.
    fn pull(&mut self) -> Result<Option<Piece>, ReadError>;
}

impl<F: FnMut() -> Result<Option<Piece>, ReadError> + Send> Pieces for F {
    fn pull(&mut self) -> Result<Option<Piece>, ReadError> {
        self()
    }
}

/// A kind of set: what one shop system spreads over several records or tables.
#[derive(Debug)]
pub struct Kind {
    /// The name of its format in the settings.
    pub name: &'static str,
    /// Each of its files is a set.
    pub stands_alone: bool,
    /// The tables it can't do without, by their labels, and what to do where one is missing.
    pub needs: &'static [(&'static str, &'static str)],
    /// Its orders may hold the lines themselves, and then need no other table.
    pub may_hold_lines: bool,
    /// The error for a set that has records but no order, and for one whose orders have no lines.
    pub no_orders: (&'static str, &'static str),
    pub no_lines: (&'static str, &'static str),
}

/// What a table is to its set.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    pub kind: &'static Kind,
    /// The format's name, and behind a slash the table's own.
    pub label: &'static str,
    pub holds: Holds,
    /// Tables of different families were not written by one export.
    pub family: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    Orders,
    Parts,
    /// Nothing that is sent; it is not read.
    Nothing,
}
