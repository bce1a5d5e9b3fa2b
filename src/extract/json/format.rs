//! A JSON format: the names and keys of its records, and how they are read.

use super::key_uses::KeyUses;
use super::keys::{KeyPaths, Keys};
use super::record::{Document, Record};
use super::tree::Value;
use crate::domain::{Reason, RecordError, SourceOrder};
use crate::extract::html_entities;
use crate::extract::join::{Part, Piece};
use crate::extract::order_versions::CopyTimes;

/// One kind of record, as one shop system writes it.
#[derive(Debug)]
pub struct JsonFormat {
    /// Its name in the settings.
    pub name: &'static str,
    /// What its records are, for messages: "Shopify orders".
    pub title: &'static str,
    pub description: &'static str,
    /// How to export them from the shop system.
    pub how: &'static str,
    /// The names its records may be wrapped in; nested ones with slashes between them.
    pub wrappers: &'static [&'static str],
    /// What its records must have: one key of each group. A nested key is written `items.sku`, also
    /// inside a list.
    pub needs: &'static [&'static [&'static str]],
    /// Other records of this shop system, with what they are: by the key they are wrapped in, or by
    /// one that orders don't have, either nested or after a slash (`/refunded_by`).
    pub known_non_orders: &'static [(&'static str, &'static str)],
    pub read: fn(&Record<'_>) -> SourceOrder,
    /// If its records say when they were modified: the names under which they state the order's
    /// key, the preferred one first.
    pub keys_of_dated: &'static [&'static str],
    /// Its names and methods are escaped for HTML.
    pub has_html_entities: bool,
    /// If its records are carts: what identifies a cart.
    pub cart_key: Option<CartKey>,
    /// If an order may be spread over several records.
    pub piece: Option<JsonPiece>,
    /// Records that belong to its orders and are in separate files.
    pub parts: &'static [&'static JsonFormat],
}

impl JsonFormat {
    /// Defaults for all fields except names, needs and `read`.
    pub const USUAL: Self = Self {
        name: "",
        title: "",
        description: "",
        how: "",
        wrappers: &[],
        needs: &[],
        known_non_orders: &[],
        read: |_| malformed(),
        keys_of_dated: &[],
        has_html_entities: false,
        cart_key: None,
        piece: None,
        parts: &[],
    };

    pub fn copy_times(&self) -> CopyTimes {
        CopyTimes::stated_if(!self.keys_of_dated.is_empty())
    }

    /// Notes which keys of a record are read.
    pub fn note_uses(&self, document: &Document<'_>, uses: &mut KeyUses) {
        document.note_uses(self.read, uses);
        if let Some(piece) = self.piece {
            document.note_uses(piece.read, uses);
        }
    }

    /// The order that a record is.
    pub fn order(&self, document: &Document<'_>) -> SourceOrder {
        match document.read(self.read) {
            Some((mut order, faults)) => {
                if self.has_html_entities {
                    html_entities::decode(&mut order);
                }
                order.faults.splice(..0, faults);
                order
            }
            None => malformed(),
        }
    }
}

/// What identifies the carts of a shop system. A cart with two identities would be two at
/// ActiveCampaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CartKey {
    /// The token of its checkout, which an order names as its own.
    Token,
    /// The number of its checkout.
    Number,
}

impl CartKey {
    pub fn words(self) -> &'static str {
        match self {
            Self::Token => "the tokens of their checkouts",
            Self::Number => "the numbers of their checkouts",
        }
    }
}

/// How records are read if an order may be spread over several.
#[derive(Debug, Clone, Copy)]
pub struct JsonPiece {
    pub part: Part,
    pub read: ReadPiece,
}

/// What a record is; `None` if it may be part of any order.
pub type ReadPiece = fn(&Record<'_>) -> Option<Piece>;

/// The known JSON formats; if a file matches two, the one that needs more is used.
#[derive(Debug)]
pub struct JsonFormats {
    all: &'static [&'static JsonFormat],
    /// Nested keys that some format needs.
    paths: KeyPaths,
}

impl JsonFormats {
    pub fn new(all: &'static [&'static JsonFormat]) -> Self {
        let needs = all.iter().flat_map(|format| format.needs.iter().copied().flatten());
        let marks =
            all.iter().flat_map(|format| format.known_non_orders.iter().map(|(mark, _)| mark));
        let paths = needs.chain(marks).copied().filter(|key| key.contains('.')).collect();
        Self { all, paths }
    }

    /// The keys of a record by which its format is recognised.
    pub fn keys_of(&self, record: Value<'_>) -> Keys {
        Keys::of(record, &self.paths)
    }

    /// Whether records under this name are known not to be orders.
    pub fn is_non_order(&self, name: &str) -> bool {
        let mut marks = self.all.iter().flat_map(|format| format.known_non_orders);
        let wrappers = || self.all.iter().flat_map(|format| format.wrappers);
        let mut known = wrappers().flat_map(|names| names.split('/'));
        marks.any(|(mark, _)| *mark == name) && !known.any(|known| known == name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &'static JsonFormat> {
        self.all.iter().copied()
    }
}

/// Replaces a record that is not an object, or has a key twice.
pub fn malformed() -> SourceOrder {
    SourceOrder { faults: vec![RecordError::new(Reason::MalformedRow)], ..SourceOrder::default() }
}
