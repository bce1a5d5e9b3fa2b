/// A Shopify orders export of an invented shop, 2019 to 2026: 40 orders of 30 customers, one of
/// them twice.
///
/// Among them: orders of several lines, a quoted line break, emoji, orders in JPY and KWD, one
/// refunded, two partly refunded, two cancelled, one pending, a draft, a test order, a tip,
/// discount codes, free shipping, one without an e-mail address, one with a total that is not a
/// number (`185,00`), and times around changes of the clock.
pub fn demo_orders() -> &'static str {
    include_str!("demo_orders.csv")
}

/// The same export a day later: three orders are new, and #1038 and #1040 have another total.
pub fn demo_orders_changed() -> &'static str {
    include_str!("demo_orders_changed.csv")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, HashSet};

    /// The rows of each order, by name.
    fn orders(text: &str) -> BTreeMap<String, Vec<csv::StringRecord>> {
        let mut orders = BTreeMap::<_, Vec<_>>::new();
        for row in csv::Reader::from_reader(text.as_bytes()).records() {
            let row = row.unwrap();
            assert_eq!(row.len(), 79);
            orders.entry(row[0].to_owned()).or_default().push(row);
        }
        orders
    }

    #[test]
    fn the_demo_shows_what_it_says() {
        let all = orders(demo_orders());
        assert_eq!(all.len(), 40);
        let column = |name: &str| {
            let header = demo_orders().lines().next().unwrap();
            header.split(',').position(|other| other == name).unwrap()
        };
        let firsts: Vec<_> = all.values().map(|rows| &rows[0]).collect();
        let count = |name: &str, value: &str| {
            let at = column(name);
            firsts.iter().filter(|row| &row[at] == value).count()
        };
        assert_eq!(count("Currency", "JPY"), 2);
        assert_eq!(count("Currency", "KWD"), 2);
        assert_eq!(count("Financial Status", "refunded"), 1);
        assert_eq!(count("Financial Status", "partially_refunded"), 2);
        assert_eq!(count("Financial Status", "pending"), 1);
        assert_eq!(count("Financial Status", ""), 1);
        assert_eq!(count("Email", ""), 1);
        assert_eq!(count("Total", "185,00"), 1);
        assert!(demo_orders().contains("Bogus Gateway"));
        assert!(
            demo_orders().contains("🎁") && demo_orders().contains("\"\"Merry Christmas,\nfrom")
        );
        let addresses: HashSet<_> = firsts.iter().map(|row| row[1].to_owned()).collect();
        assert_eq!(addresses.iter().filter(|address| !address.is_empty()).count(), 30);
        let is_safe = |address: &str| {
            ["com", "org", "net"]
                .map(|t| format!("@example.{t}"))
                .iter()
                .any(|end| address.ends_with(end))
        };
        assert!(addresses.iter().all(|address| address.is_empty() || is_safe(address)));
    }

    #[test]
    fn a_day_later_three_orders_are_new_and_two_changed() {
        let (before, after) = (orders(demo_orders()), orders(demo_orders_changed()));
        let new: Vec<_> = after.keys().filter(|name| !before.contains_key(*name)).collect();
        assert_eq!(new, ["#1041", "#1042", "#1043"]);
        let changed: Vec<_> = before.keys().filter(|name| before[*name] != after[*name]).collect();
        assert_eq!(changed, ["#1038", "#1040"]);
    }
}
