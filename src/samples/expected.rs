use super::order::Order;
use std::collections::BTreeMap;

/// The content of a generated export, counted while it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// All orders in the file.
    pub orders: u64,
    /// Orders without a defect; all numbers below except the last two only count these.
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
    /// Orders with a defect, by the code of the reason for which the loader must refuse them.
    pub invalid: BTreeMap<&'static str, u64>,
    /// Rows of the file without the header.
    pub rows: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    pub orders: u64,
    pub minor_units: u64,
}

/// Counts the orders of an export while they are written.
#[derive(Default)]
pub struct ExpectedCounter {
    expected: Expected,
    customers: CustomerSet,
}

impl ExpectedCounter {
    pub fn add(&mut self, order: &Order) {
        let expected = &mut self.expected;
        expected.orders += 1;
        if let Some(defect) = order.defect {
            *expected.invalid.entry(defect.reason()).or_default() += 1;
            return;
        }
        expected.valid += 1;
        expected.changed += u64::from(order.is_changed);
        expected.lines += order.lines.len() as u64;
        self.customers.add(order.customer);
        let sum = expected.totals.entry(order.pricing.code).or_default();
        sum.orders += 1;
        sum.minor_units += order.total;
        // Orders are generated from the oldest to the newest.
        let placed = || order.placed.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        expected.first_order.get_or_insert_with(placed);
        expected.last_order = Some(placed());
    }

    pub fn finish(self, rows: u64) -> Expected {
        Expected { customers: self.customers.count, rows, ..self.expected }
    }
}

/// Which customers were seen, by index: a bit each.
#[derive(Default)]
struct CustomerSet {
    bits: Vec<u64>,
    count: u64,
}

impl CustomerSet {
    fn add(&mut self, index: u64) {
        let word = usize::try_from(index / 64).unwrap_or(usize::MAX);
        if word >= self.bits.len() {
            self.bits.resize(word + 1, 0);
        }
        let mask = 1 << (index % 64);
        self.count += u64::from(self.bits[word] & mask == 0);
        self.bits[word] |= mask;
    }
}
