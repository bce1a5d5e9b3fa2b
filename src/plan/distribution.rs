use crate::domain::{Currency, Order};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Months counted separately, of all currencies together: a thousand years of one. Orders of
/// further ones go into the totals only.
const MONTHS_MAX: usize = 12_000;

/// Orders with this many products or more are counted together.
pub const PRODUCTS_MAX: usize = 10;

/// The value of an order in reports.
#[derive(Debug, Clone, Copy)]
pub struct OrderValue {
    pub currency: Currency,
    pub minor_units: i64,
    month: Month,
}

impl OrderValue {
    pub fn of(order: &Order) -> Self {
        let (year, month) = order.created_at.month();
        Self {
            currency: order.currency,
            minor_units: order.total.minor(),
            month: Month { year, month },
        }
    }
}

/// The data of charts: the orders to send over time, and all valid ones by size. Carts are not
/// revenue and are left out. Its memory does not grow with the export.
#[derive(Debug, Clone, Default)]
pub struct Distribution {
    months: BTreeMap<(Currency, Month), MonthTotal>,
    /// The month of the last order, not yet added to the others: exports are sorted by date, so
    /// most orders belong to it.
    current: Option<((Currency, Month), MonthTotal)>,
    /// Orders by their number of product lines: at `n`, those with `n + 1`; at the end, those with
    /// more.
    products: [u64; PRODUCTS_MAX],
}

/// A calendar month at the order's UTC offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month {
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MonthTotal {
    pub orders: u64,
    pub minor_units: i128,
}

impl Distribution {
    /// Counts a valid order by its number of product lines.
    pub(super) fn add_size(&mut self, order: &Order) {
        let lines = order.lines.len().clamp(1, PRODUCTS_MAX);
        self.products[lines - 1] += 1;
    }

    /// Adds an order to send to its month.
    pub(super) fn add_value(&mut self, value: OrderValue) {
        let key = (value.currency, value.month);
        match &mut self.current {
            Some((current, total)) if *current == key => total.add(value),
            _ => {
                self.flush();
                let mut total = MonthTotal::default();
                total.add(value);
                self.current = Some((key, total));
            }
        }
    }

    fn flush(&mut self) {
        let Some((key, total)) = self.current.take() else { return };
        let has_room = self.months.len() < MONTHS_MAX;
        match self.months.entry(key) {
            Entry::Vacant(_) if !has_room => {}
            month => {
                let sum = month.or_default();
                sum.orders += total.orders;
                sum.minor_units += total.minor_units;
            }
        }
    }

    /// The months of each currency, in order.
    pub fn months(&self) -> BTreeMap<(Currency, Month), MonthTotal> {
        let mut all = self.clone();
        all.flush();
        all.months
    }

    /// Orders by their number of product lines: 1, 2 and so on; the last entry counts
    /// [`PRODUCTS_MAX`] or more.
    pub fn products(&self) -> &[u64; PRODUCTS_MAX] {
        &self.products
    }
}

impl MonthTotal {
    fn add(&mut self, value: OrderValue) {
        self.orders += 1;
        self.minor_units += i128::from(value.minor_units);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Moment;
    use crate::plan::tests_order;

    fn placed(at: &str) -> Order {
        let created_at = Moment::parse(at, &jiff::tz::TimeZone::UTC).unwrap();
        Order { created_at, ..tests_order("1") }
    }

    #[test]
    fn months_are_those_where_the_order_was_placed_in_whatever_order_they_come() {
        let mut shape = Distribution::default();
        for at in
            ["2024-01-31T23:30:00-05:00", "2024-02-01T00:30:00-05:00", "2024-01-02T00:00:00-05:00"]
        {
            shape.add_value(OrderValue::of(&placed(at)));
        }
        let months: Vec<_> = shape
            .months()
            .into_iter()
            .map(|((_, month), total)| (month.to_string(), total.orders))
            .collect();
        assert_eq!(months, [("2024-01".to_owned(), 2), ("2024-02".to_owned(), 1)]);
        assert_eq!(shape.months().values().map(|total| total.minor_units).sum::<i128>(), 3 * 5409);
    }

    #[test]
    fn large_orders_are_counted_together() {
        let mut shape = Distribution::default();
        let one = tests_order("1").lines.remove(0);
        for lines in [1, 1, 9, 10, 500] {
            shape.add_size(&Order { lines: vec![one.clone(); lines], ..tests_order("1") });
        }
        assert_eq!(shape.products(), &[2, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
    }
}
