use super::example::{EXAMPLES_MAX, Example};
use crate::domain::{Field, FieldChange, OrderDigest, choices};
use std::collections::BTreeMap;

choices! {
    /// Why an order that ActiveCampaign has would be written again.
    pub enum ChangeCause {
        Source "source_changed" "the record changed";
        Mapping "mapping_changed" "the record is the same; the settings or the program map it differently";
        Both "source_and_mapping_changed" "the record changed, and so did the settings or the program";
        Interrupted "interrupted" "a write was interrupted and is repeated";
        Doubted "doubted" "ActiveCampaign was found to have something else, or what it has was never known";
        NotKept "not_kept" "it was written before this program stored what differences need";
    }
}

impl ChangeCause {
    /// Why the payload of a known order changed.
    pub fn of(before: &OrderDigest, now: &OrderDigest) -> Self {
        if before.source == now.source {
            Self::Mapping
        } else if before.mapping == now.mapping {
            Self::Source
        } else {
            Self::Both
        }
    }
}

/// The change of an order that is in ActiveCampaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// `None` if it was not requested.
    pub why: Option<ChangeCause>,
    /// Empty if not known.
    pub fields: Vec<FieldChange>,
}

/// Changes counted order by order. Its memory does not grow with the export.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub orders: u64,
    /// An order counts for each field that changed.
    pub by_field: BTreeMap<Field, u64>,
    /// Orders whose changed fields are not known.
    pub fields_unknown: u64,
    pub by_why: BTreeMap<ChangeCause, u64>,
    /// The first few.
    pub examples: Vec<(Example, Change)>,
}

impl Changes {
    /// Counts one; `example` locates it.
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
