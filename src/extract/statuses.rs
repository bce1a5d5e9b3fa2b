//! The words of each shop system for an order's status (`statuses.toml`). One table serves all
//! formats of the shop's orders.

use super::decimal;
use crate::domain::Status;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// A faulty table would have no words; a test ensures that none is.
static TABLES: LazyLock<BTreeMap<String, Statuses>> =
    LazyLock::new(|| toml::from_str(include_str!("statuses.toml")).unwrap_or_default());

/// The status words of one shop system.
#[derive(Debug, Deserialize)]
pub struct Statuses {
    /// What a word may have in front.
    #[serde(default)]
    prefix: String,
    /// By status, in the words of the settings.
    words: BTreeMap<String, Vec<String>>,
}

/// The table of a shop system with a separate format.
pub struct Shop(&'static str);

pub const SHOPIFY: Shop = Shop("shopify");
pub const WOOCOMMERCE: Shop = Shop("woocommerce");
pub const MAGENTO: Shop = Shop("magento");
pub const SQUARESPACE: Shop = Shop("squarespace");
pub const BIGCOMMERCE: Shop = Shop("bigcommerce");

impl Shop {
    /// As [`Statuses::of`].
    pub fn of(&self, word: &str) -> Option<Status> {
        Statuses::named(self.0)?.of(word)
    }
}

impl Statuses {
    /// `None` for a word that the shop system does not have. Ignores case, `_`, `-` and spaces.
    pub fn of(&self, word: &str) -> Option<Status> {
        let word = plain(word);
        let word = word.strip_prefix(&self.prefix).unwrap_or(&word);
        let known = self.words.iter().find(|(_, words)| words.iter().any(|known| known == word));
        Status::from_word(known?.0)
    }

    /// Whether one of its words means a status.
    pub fn has(&self, status: Status) -> bool {
        self.words.keys().any(|known| Status::from_word(known) == Some(status))
    }

    /// The table that a mapping names.
    pub fn named(shop: &str) -> Option<&'static Self> {
        TABLES.get(shop)
    }

    /// The name of each table in a mapping.
    pub fn shops() -> impl Iterator<Item = &'static str> {
        TABLES.keys().map(String::as_str)
    }
}

fn plain(word: &str) -> String {
    let word = word.to_lowercase();
    let parts = word.split(|c: char| c.is_whitespace() || matches!(c, '_' | '-'));
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The status after refunds. A stated amount that is not a number counts as a partial refund; `net`
/// refuses it.
pub fn after_refunds(status: Status, refunded: &str, total: &str) -> Status {
    let refunded = decimal::magnitude(refunded);
    match (status, decimal::parse(refunded), decimal::parse(total)) {
        (Status::Paid, Some(0), _) => Status::Paid,
        (Status::Paid, None, _) if refunded.is_empty() => Status::Paid,
        (Status::Paid, Some(refunded), Some(total)) if refunded >= total => Status::Refunded,
        (Status::Paid, ..) => Status::PartiallyRefunded,
        (status, ..) => status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_word_is_in_the_form_that_is_compared_and_means_one_thing() {
        assert_eq!(TABLES.len(), 6);
        for (shop, table) in &*TABLES {
            let all = || table.words.values().flatten();
            assert!(all().all(|word| plain(word) == *word), "{shop}");
            assert_eq!(all().collect::<BTreeSet<_>>().len(), all().count(), "{shop}");
            let are_known = table.words.keys().all(|status| Status::from_word(status).is_some());
            assert!(are_known, "{shop}");
            for unknown in ["", "wc-", "totally new word", "paid!", "15"] {
                assert_eq!(table.of(unknown), None, "{shop} of {unknown:?}");
            }
        }
    }

    #[test]
    fn a_word_is_known_however_it_is_written() {
        const AMAZON: Shop = Shop("amazon");
        for (table, words, status) in [
            (
                &SHOPIFY,
                vec!["Partially_Refunded", "PARTIALLY_REFUNDED", "partially refunded"],
                Status::PartiallyRefunded,
            ),
            (&WOOCOMMERCE, vec!["on-hold", "On hold", "In Wartestellung"], Status::Pending),
            (&WOOCOMMERCE, vec!["checkout-draft", "wc-auto-draft", "trash"], Status::Draft),
            (&WOOCOMMERCE, vec!["Échouée", "failed"], Status::Failed),
            (&MAGENTO, vec!["pending_payment", "Payment Review"], Status::Pending),
            (&BIGCOMMERCE, vec!["13", "Disputed"], Status::Pending),
            (&BIGCOMMERCE, vec!["11", "Awaiting Fulfillment"], Status::Paid),
            (
                &AMAZON,
                vec!["Shipped - Returned to Seller", "Shipped - Rejected by Buyer"],
                Status::Cancelled,
            ),
            (&AMAZON, vec!["Shipped", "Shipped - Delivered to Buyer"], Status::Paid),
        ] {
            for word in words {
                assert_eq!(table.of(word), Some(status), "{word} of {}", table.0);
            }
        }
    }

    #[test]
    fn refunds_change_a_paid_order_alone_whatever_their_sign() {
        use Status::{Paid, PartiallyRefunded, Pending, Refunded};
        for (refunded, status) in [
            ("", Paid),
            ("0.00", Paid),
            ("-0", Paid),
            ("5", PartiallyRefunded),
            ("-5.00", PartiallyRefunded),
            ("-10", Refunded),
            ("12.00", Refunded),
            ("unknown", PartiallyRefunded),
        ] {
            assert_eq!(after_refunds(Paid, refunded, "10.00"), status, "{refunded}");
            assert_eq!(after_refunds(Pending, refunded, "10.00"), Pending);
        }
    }
}
