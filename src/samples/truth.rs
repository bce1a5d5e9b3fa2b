use std::collections::BTreeMap;

/// What a generated export holds, counted while it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Truth {
    /// All orders in the file.
    pub orders: u64,
    /// Orders without a defect; all numbers below except the last two are of these alone.
    pub valid: u64,
    /// Distinct addresses.
    pub customers: u64,
    /// Order lines.
    pub lines: u64,
    /// Valid orders whose total differs from that of an export with the same seed and no changes.
    pub changed: u64,
    /// By currency code.
    pub totals: BTreeMap<&'static str, Sum>,
    /// The date of the earliest and the latest valid order, as RFC 3339 with the shop's offset.
    pub first_order: Option<String>,
    pub last_order: Option<String>,
    /// Orders with a defect, by the code of the reason for which the loader is to refuse them.
    pub invalid: BTreeMap<&'static str, u64>,
    /// Rows of the file, the header not counted.
    pub rows: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    pub orders: u64,
    pub minor_units: u64,
}

/// Which customers were seen, by index: a bit each.
pub struct Seen {
    bits: Vec<u64>,
    pub count: u64,
}

impl Seen {
    pub fn none() -> Self {
        Self { bits: Vec::new(), count: 0 }
    }

    pub fn add(&mut self, index: u64) {
        let word = usize::try_from(index / 64).unwrap_or(usize::MAX);
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        let mask = 1 << (index % 64);
        self.count += u64::from(self.bits[word] & mask == 0);
        self.bits[word] |= mask;
    }
}
