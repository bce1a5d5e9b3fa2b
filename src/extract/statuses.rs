//! The words of each shop system for what became of an order. One table serves every format that
//! the shop's orders come in: CSV, JSON, streams, warehouse tables and mappings.

use super::decimal;
use crate::domain::Status;

/// The status words of one shop system.
#[derive(Debug)]
pub struct Statuses {
    /// Its name in a mapping.
    pub shop: &'static str,
    /// What a word may have in front.
    prefix: &'static str,
    /// In lower case, with spaces for `_` and `-`.
    words: &'static [(Status, &'static [&'static str])],
}

impl Statuses {
    /// `None` for a word that the shop system does not have. Case does not matter, and neither do
    /// `_`, `-` and spaces.
    pub fn of(&self, word: &str) -> Option<Status> {
        let word = plain(word);
        let word = word.strip_prefix(self.prefix).unwrap_or(&word);
        let known = self.words.iter().find(|(_, words)| words.contains(&word));
        known.map(|(status, _)| *status)
    }

    /// The table that a mapping names.
    pub fn named(shop: &str) -> Option<&'static Self> {
        ALL.into_iter().find(|table| table.shop == shop)
    }
}

fn plain(word: &str) -> String {
    let word = word.to_lowercase();
    let parts = word.split(|c: char| c.is_whitespace() || matches!(c, '_' | '-'));
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// What refunds make of a paid order. An amount that is stated and is no number counts as a part:
/// `net` refuses it.
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

/// Every table.
pub const ALL: [&Statuses; 5] = [&SHOPIFY, &WOOCOMMERCE, &MAGENTO, &BIGCOMMERCE, &AMAZON];

/// `financial_status`.
pub static SHOPIFY: Statuses = Statuses {
    shop: "shopify",
    prefix: "",
    words: &[
        (Status::Paid, &["paid"]),
        (Status::PartiallyRefunded, &["partially refunded"]),
        (Status::Refunded, &["refunded"]),
        (Status::Pending, &["pending", "authorized", "partially paid", "unpaid"]),
        (Status::Cancelled, &["voided"]),
        (Status::Failed, &["expired"]),
    ],
};

/// `state`, which is one of a fixed set; `closed` is an order that was refunded in full.
pub static MAGENTO: Statuses = Statuses {
    shop: "magento",
    prefix: "",
    words: &[
        (Status::Paid, &["processing", "complete"]),
        (Status::Refunded, &["closed"]),
        (
            Status::Pending,
            &["new", "pending", "pending payment", "payment review", "fraud", "holded"],
        ),
        (Status::Cancelled, &["canceled", "cancelled"]),
    ],
};

/// By number and by word: a store may rename them, but not renumber them. The buyer of a disputed
/// order wants the money back, and whether it goes back is open.
pub static BIGCOMMERCE: Statuses = Statuses {
    shop: "bigcommerce",
    prefix: "",
    words: &[
        (Status::Draft, &["0", "incomplete"]),
        (Status::Pending, &["1", "pending", "7", "awaiting payment", "13", "disputed"]),
        (Status::Pending, &["12", "manual verification required", "manual verification"]),
        (Status::Paid, &["2", "shipped", "3", "partially shipped", "8", "awaiting pickup"]),
        (Status::Paid, &["9", "awaiting shipment", "10", "completed"]),
        (Status::Paid, &["11", "awaiting fulfillment"]),
        (Status::Refunded, &["4", "refunded"]),
        (Status::PartiallyRefunded, &["14", "partially refunded"]),
        (Status::Cancelled, &["5", "cancelled"]),
        (Status::Failed, &["6", "declined"]),
    ],
};

/// `order-status`. Goods that never arrived or came back are not kept: the money goes back too.
pub static AMAZON: Statuses = Statuses {
    shop: "amazon",
    prefix: "",
    words: &[
        (
            Status::Paid,
            &[
                "unshipped",
                "partiallyshipped",
                "partially shipped",
                "shipping",
                "shipped",
                "complete",
                "completed",
                "invoiceunconfirmed",
                "invoice unconfirmed",
                "pending waiting for pick up",
                "shipped picked up",
                "shipped out for delivery",
                "shipped delivered to buyer",
            ],
        ),
        (Status::Pending, &["pending", "pendingavailability", "pending availability"]),
        (
            Status::Cancelled,
            &[
                "cancelled",
                "canceled",
                "shipped returning to seller",
                "shipped returned to seller",
                "shipped rejected by buyer",
                "shipped undeliverable",
                "shipped lost in transit",
                "shipped damaged",
            ],
        ),
        (Status::Failed, &["unfulfillable"]),
    ],
};

/// WooCommerce's own statuses, and what the admin's pages call them in English, German, French,
/// Spanish, Italian, Dutch, Portuguese and Polish. A shop may add more, whose meaning is unknown.
/// Words that one language uses for another status than its neighbour are left out.
pub static WOOCOMMERCE: Statuses = Statuses {
    shop: "woocommerce",
    prefix: "wc ",
    words: &[
        (
            Status::Paid,
            &[
                "completed",
                "processing",
                "abgeschlossen",
                "fertiggestellt",
                "in bearbeitung",
                "terminée",
                "en cours",
                "completado",
                "procesando",
                "completato",
                "in lavorazione",
                "afgerond",
                "voltooid",
                "in behandeling",
                "in verwerking",
                "concluído",
                "concluída",
                "processando",
                "em processamento",
                "zrealizowane",
                "w trakcie realizacji",
            ],
        ),
        (
            Status::Refunded,
            &[
                "refunded",
                "rückerstattet",
                "erstattet",
                "remboursée",
                "reembolsado",
                "reembolsada",
                "rimborsato",
                "terugbetaald",
                "zwrócone",
            ],
        ),
        (
            Status::Pending,
            &[
                "pending",
                "pending payment",
                "on hold",
                "zahlung ausstehend",
                "ausstehende zahlung",
                "in wartestellung",
                "wartend",
                "attente paiement",
                "en attente de paiement",
                "en attente",
                "pendiente de pago",
                "en espera",
                "in attesa di pagamento",
                "sospeso",
                "in attesa",
                "wachtend op betaling",
                "in afwachting van betaling",
                "in de wacht",
                "pagamento pendente",
                "aguardando",
                "em espera",
                "oczekujące na płatność",
                "wstrzymane",
            ],
        ),
        (
            Status::Cancelled,
            &[
                "cancelled",
                "canceled",
                "storniert",
                "abgebrochen",
                "annulée",
                "cancelado",
                "cancelada",
                "annullato",
                "cancellato",
                "geannuleerd",
                "anulowane",
            ],
        ),
        (
            Status::Failed,
            &[
                "failed",
                "fehlgeschlagen",
                "échouée",
                "fallido",
                "fallito",
                "mislukt",
                "malsucedido",
                "nieudane",
            ],
        ),
        (
            Status::Draft,
            &[
                "auto draft",
                "checkout draft",
                "trash",
                "draft",
                "entwurf",
                "brouillon",
                "borrador",
                "bozza",
                "concept",
                "rascunho",
                "szkic",
            ],
        ),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_word_is_in_the_form_that_is_compared_and_means_one_thing() {
        for table in ALL {
            let all = || table.words.iter().flat_map(|(_, words)| *words).copied();
            assert!(all().all(|word| plain(word) == word), "{}", table.shop);
            assert_eq!(all().collect::<BTreeSet<_>>().len(), all().count(), "{}", table.shop);
            for unknown in ["", "wc-", "totally new word", "paid!", "15"] {
                assert_eq!(table.of(unknown), None, "{} of {unknown:?}", table.shop);
            }
        }
    }

    #[test]
    fn a_word_is_known_however_it_is_written() {
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
                assert_eq!(table.of(word), Some(status), "{word} of {}", table.shop);
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
