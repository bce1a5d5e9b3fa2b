//! A record that is not more than a part of an order.

use crate::domain::SourceOrder;
use crate::extract::error::ReadError;

/// One record of a set, and the order it belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Piece {
    pub role: Role,
    /// What the shop knows the order by; blank where the record does not say, so that it stands
    /// alone.
    pub key: String,
    /// What the record itself is known by: its kind, a colon, its id. The same part is taken once.
    /// Blank where it has none.
    pub id: String,
    /// How many pieces of goods the order says it has, where it does: with fewer, lines of it are
    /// missing.
    pub quantity: Option<u64>,
    /// What it says. Of a part: lines, discounts, shipping, refunded (with its currency).
    pub stated: SourceOrder,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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
