use crate::domain::choices;
use crate::state::{CustomerSums, MonthSums, StateError, View};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Differences listed one by one; all of them are counted.
const EXAMPLES_MAX: usize = 100;

/// The comparison of export and ActiveCampaign.
#[derive(Debug, Clone, Default)]
pub struct Verification {
    pub job: String,
    /// Valid orders of the export.
    pub expected: u64,
    /// Orders of the connection in ActiveCampaign.
    pub at_target: u64,
    pub matching: u64,
    /// Its depth; `None`: lists only.
    pub lines: Option<Sample>,
    /// Orders compared line by line, product by product and discount by discount. All others are
    /// compared by what lists show.
    pub line_by_line: u64,
    /// Orders at ActiveCampaign that the export contains too, but that are now filtered or invalid.
    pub left_out: u64,
    /// Orders at ActiveCampaign that we loaded from another export.
    pub from_elsewhere: u64,
    /// Orders whose difference the next sync will repair.
    pub queued: u64,
    /// Orders and their sums on both sides by currency and month, UTC, without carts, which are not
    /// revenue. Empty for a sample.
    pub months: Vec<MonthSums>,
    /// The number of buyers, and of those with different sums in some month.
    pub customers: CustomerSums,
    pub differences: BTreeMap<Mismatch, u64>,
    pub examples: Vec<Difference>,
}

/// One order that differs between the two sides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub order: String,
    pub found: Mismatch,
    pub source: String,
    pub target: String,
}

choices! {
    /// What differs.
    pub enum Mismatch {
        Missing "missing" "In the export, not in ActiveCampaign.";
        Extra "extra" "In ActiveCampaign, not in the export.";
        Duplicate "duplicate" "More than once in ActiveCampaign.";
        Total "total" "Another total.";
        Currency "currency" "Another currency.";
        Date "date" "Another date.";
        Products "products" "Other products, or another number of them.";
        Discounts "discounts" "Other discounts.";
        Customer "customer" "Another customer.";
    }
}

impl Verification {
    pub fn differences_count(&self) -> u64 {
        self.differences.values().sum()
    }

    pub(super) fn differ(&mut self, order: &str, found: Mismatch, source: String, target: String) {
        *self.differences.entry(found).or_default() += 1;
        if self.examples.len() < EXAMPLES_MAX {
            self.examples.push(Difference { order: order.to_owned(), found, source, target });
        }
    }
}

/// One part of several: `1/7` is one order in seven, and `1/7` to `7/7` are all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    pub(super) part: u32,
    pub(super) of: u32,
}

impl FromStr for Sample {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected a part of the orders such as 1/7";
        let (part, of) = text.split_once('/').ok_or(expected)?;
        let (part, of) = (part.parse().map_err(|_| expected)?, of.parse().map_err(|_| expected)?);
        if (1..=of).contains(&part) { Ok(Self { part, of }) } else { Err(expected) }
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ALL => f.write_str("all"),
            Self { part, of } => write!(f, "{part}/{of}"),
        }
    }
}

impl Sample {
    /// Every order.
    pub const ALL: Self = Self { part: 1, of: 1 };

    /// Which part, and of how many.
    pub(super) fn parts(self) -> (u32, u32) {
        (self.part, self.of)
    }

    /// This part, or the next one in turn after those that were read before.
    pub fn due(self, view: &View, job: &str) -> Result<Self, StateError> {
        Ok(Self { part: view.part_due(job, self.part, self.of)?, ..self })
    }

    /// Approximate number of orders in the sample.
    pub fn share_of(self, orders: u64) -> u64 {
        orders.div_ceil(u64::from(self.of))
    }

    /// By a hash of the order's key: the same orders each time.
    pub(super) fn holds(self, hash: &[u8; 16]) -> bool {
        let number = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
        number % self.of == self.part - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_all_of_the_orders_and_each_once() {
        let hashes = (0..1000_u32).map(|n| {
            let mut hash = [0; 16];
            hash[..4].copy_from_slice(&n.wrapping_mul(2_654_435_761).to_be_bytes());
            hash
        });
        for hash in hashes {
            let parts = (1..=7).filter(|part| Sample { part: *part, of: 7 }.holds(&hash));
            assert_eq!(parts.count(), 1);
        }
    }

    #[test]
    fn a_sample_is_a_part_of_a_whole() {
        assert_eq!("2/7".parse(), Ok(Sample { part: 2, of: 7 }));
        for bad in ["", "7", "0/7", "8/7", "1/0", "a/b", "-1/7"] {
            assert!(bad.parse::<Sample>().is_err(), "{bad}");
        }
    }
}
