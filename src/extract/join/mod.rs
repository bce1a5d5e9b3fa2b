//! Orders whose parts are in several records: further down in the file, or in other files. The
//! records are collected by their order's key (`spill`), and merged when all have been read.

mod joined;
mod json_pieces;
mod merge;
mod piece;
mod set;

#[cfg(test)]
mod tests;

pub use joined::Joined;
pub use json_pieces::{json_pieces, lost};
pub use merge::{is_short, summed};
pub use piece::{Holds, Part, Piece, Pieces, Role, SetKind};
pub use set::{Input, gather};
