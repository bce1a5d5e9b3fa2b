use super::example::{EXAMPLES_MAX, Example};
use crate::domain::{Field, FieldChange, OrderDigest};
use std::collections::BTreeMap;

/// Why an order that is at the target would be written again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeCause {
    /// Its record says something else, and is read and mapped as it was.
    Source,
    /// Its record says what it said; settings or program make another order of it.
    Mapping,
    /// Its record says something else, and is read or mapped otherwise too: which of them it was
    /// can't be told.
    Both,
    /// A write was under way and its answer never recorded, so it is repeated.
    Interrupted,
    /// What the target holds of it was found to differ, or was never known.
    Doubted,
    /// It was written before differences were kept.
    NotKept,
}

impl ChangeCause {
    pub const ALL: [Self; 6] =
        [Self::Source, Self::Mapping, Self::Both, Self::Interrupted, Self::Doubted, Self::NotKept];

    /// The stable name in reports.
    pub fn code(self) -> &'static str {
        match self {
            Self::Source => "source_changed",
            Self::Mapping => "mapping_changed",
            Self::Both => "source_and_mapping_changed",
            Self::Interrupted => "interrupted",
            Self::Doubted => "doubted",
            Self::NotKept => "not_kept",
        }
    }

    /// What it means, in a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Source => "the record says something else",
            Self::Mapping => "the record is the same, settings or program make another order of it",
            Self::Both => "the record says something else, and settings or program changed too",
            Self::Interrupted => "a write was cut off and is repeated",
            Self::Doubted => {
                "the target was found to hold something else, or it was never known what it holds"
            }
            Self::NotKept => "it was written before this program kept what differences need",
        }
    }

    /// Of an order that was known and is another by now.
    pub fn of(before: &OrderDigest, now: &OrderDigest) -> Self {
        match (before.source == now.source, before.mapping == now.mapping) {
            (true, _) => Self::Mapping,
            (false, true) => Self::Source,
            (false, false) => Self::Both,
        }
    }
}

/// What becomes of an order that is at the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// `None` where it was not asked for.
    pub why: Option<ChangeCause>,
    /// Empty where it can't be told.
    pub fields: Vec<FieldChange>,
}

/// Changes counted order by order. Its memory does not grow with the export.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub orders: u64,
    /// An order counts for each field that changed.
    pub by_field: BTreeMap<Field, u64>,
    /// Orders of which it can't be told what changed.
    pub fields_unknown: u64,
    pub by_why: BTreeMap<ChangeCause, u64>,
    /// The first few.
    pub examples: Vec<(Example, Change)>,
}

impl Changes {
    /// Counts one; `example` says where it stands.
    pub fn add(&mut self, change: &Change, example: impl FnOnce() -> Example) {
        self.orders += 1;
        for change in &change.fields {
            *self.by_field.entry(change.field).or_default() += 1;
        }
        self.fields_unknown += u64::from(change.fields.is_empty());
        if let Some(why) = change.why {
            *self.by_why.entry(why).or_default() += 1;
        }
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push((example(), change.clone()));
        }
    }
}
