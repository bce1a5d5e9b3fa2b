use super::StateError;
use super::sql::Sql;
use crate::domain::CustomerHash;
use crate::scratch::temp_db;
use rusqlite::{Connection, params};

/// Which side of a comparison an order is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Source,
    Target,
}

/// Orders and their sum on both sides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    pub source_orders: u64,
    pub source_minor: i64,
    pub target_orders: u64,
    pub target_minor: i64,
}

impl Sums {
    pub fn are_equal(&self) -> bool {
        self.source_orders == self.target_orders && self.source_minor == self.target_minor
    }
}

/// The sums of one month in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthSums {
    pub currency: String,
    /// Months since the year 0, UTC.
    pub month: i32,
    pub sums: Sums,
}

/// The number of customers, and of those with different sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CustomerSums {
    pub customers: u64,
    pub differing: u64,
}

/// Sums per customer, currency and month of two sides. It is an unnamed temporary database, so
/// memory does not grow with the number of customers.
#[derive(Debug)]
pub struct Reconciliation {
    db: Connection,
}

impl Reconciliation {
    pub fn new() -> Result<Self, StateError> {
        let db = temp_db::open(
            "CREATE TABLE balance (
                 customer BLOB NOT NULL, currency TEXT NOT NULL, month INTEGER NOT NULL,
                 source_orders INTEGER NOT NULL, source_minor INTEGER NOT NULL,
                 target_orders INTEGER NOT NULL, target_minor INTEGER NOT NULL,
                 PRIMARY KEY (customer, currency, month)
             ) WITHOUT ROWID",
        )?;
        Ok(Self { db })
    }

    /// Adds an order to one side. `month`: months since the year 0; `minor`: its total in minor
    /// units.
    pub fn add(
        &self,
        side: Side,
        customer: &CustomerHash,
        currency: &str,
        month: i32,
        minor: i64,
    ) -> Result<(), StateError> {
        let (source, target) = match side {
            Side::Source => ((1, minor), (0, 0)),
            Side::Target => ((0, 0), (1, minor)),
        };
        self.db.run(
            "INSERT INTO balance VALUES (?1, upper(?2), ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET
                     source_orders = source_orders + excluded.source_orders,
                     source_minor = source_minor + excluded.source_minor,
                     target_orders = target_orders + excluded.target_orders,
                     target_minor = target_minor + excluded.target_minor",
            params![&customer[..], currency, month, source.0, source.1, target.0, target.1],
        )
    }

    /// The sums of each month, by currency and in order.
    pub fn months(&self) -> Result<Vec<MonthSums>, StateError> {
        self.db.all(
            "SELECT currency, month, sum(source_orders), sum(source_minor), sum(target_orders), sum(target_minor)
             FROM balance GROUP BY currency, month ORDER BY currency, month",
            [],
            |row| {
            let sums = Sums {
                source_orders: row.get(2)?,
                source_minor: row.get(3)?,
                target_orders: row.get(4)?,
                target_minor: row.get(5)?,
            };
            Ok(MonthSums { currency: row.get(0)?, month: row.get(1)?, sums })
        },
        )
    }

    /// A customer differs if any month of any currency differs.
    pub fn customers(&self) -> Result<CustomerSums, StateError> {
        let sql = "SELECT count(*), coalesce(sum(differs), 0) FROM (
                       SELECT max(source_orders != target_orders OR source_minor != target_minor) AS differs
                       FROM balance GROUP BY customer)";
        let sums = self.db.first(sql, [], |row| {
            Ok(CustomerSums { customers: row.get(0)?, differing: row.get(1)? })
        })?;
        Ok(sums.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_match_by_customer_and_month_in_any_order() {
        let balance = Reconciliation::new().unwrap();
        let add = |side, customer: u8, month, minor| {
            balance.add(side, &[customer; 12], "usd", month, minor).unwrap();
        };
        add(Side::Source, 1, 24_289, 500);
        add(Side::Source, 2, 24_289, 700);
        add(Side::Target, 2, 24_289, 700);
        add(Side::Target, 1, 24_289, 500);
        assert_eq!(balance.customers().unwrap(), CustomerSums { customers: 2, differing: 0 });
        add(Side::Source, 1, 24_290, 100);
        add(Side::Target, 2, 24_290, 100);
        let customers = balance.customers().unwrap();
        assert_eq!(
            customers.differing, 2,
            "the month adds up, but the order is another customer's"
        );
        let months = balance.months().unwrap();
        assert!(months.iter().all(|month| month.sums.are_equal() && month.currency == "USD"));
        assert_eq!(months.len(), 2);
    }
}
