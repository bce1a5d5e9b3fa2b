//! What became of an order, in WooCommerce's words.

use crate::domain::Status;

/// WooCommerce's own statuses, with or without the `wc-` they have in its database; a shop may add
/// more, whose meaning is unknown. An order that counts as paid and states refunds is
/// partially refunded: WooCommerce has no word for that, and changes the status only once all of it
/// was refunded.
pub fn of_slug(word: &str, is_refunded: bool) -> Option<Status> {
    let word = word.strip_prefix("wc-").unwrap_or(word);
    let status = match word {
        "completed" | "processing" => Status::Paid,
        "refunded" => Status::Refunded,
        "pending" | "on-hold" => Status::Pending,
        "cancelled" => Status::Cancelled,
        "failed" => Status::Failed,
        "draft" | "auto-draft" | "checkout-draft" | "trash" => Status::Draft,
        _ => return None,
    };
    Some(refined(status, is_refunded))
}

/// What the admin's pages call a status, in the languages whose words are known; a slug will do as
/// well.
pub fn of_label(label: &str, is_refunded: bool) -> Option<Status> {
    let label = label.to_lowercase();
    let known = LABELS.iter().find(|(_, labels)| labels.contains(&label.as_str()));
    match known {
        Some((status, _)) => Some(refined(*status, is_refunded)),
        None => of_slug(&label, is_refunded),
    }
}

fn refined(status: Status, is_refunded: bool) -> Status {
    match status {
        Status::Paid if is_refunded => Status::PartiallyRefunded,
        status => status,
    }
}

/// English, German, French, Spanish, Italian, Dutch, Portuguese, Polish. Words that one language
/// uses for another status than its neighbour are left out.
const LABELS: &[(Status, &[&str])] = &[
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
        &["draft", "entwurf", "brouillon", "borrador", "bozza", "concept", "rascunho", "szkic"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_status_is_woocommerces_word_and_no_other() {
        for (word, expected) in [
            ("completed", Status::Paid),
            ("wc-processing", Status::Paid),
            ("on-hold", Status::Pending),
            ("pending", Status::Pending),
            ("refunded", Status::Refunded),
            ("cancelled", Status::Cancelled),
            ("failed", Status::Failed),
            ("checkout-draft", Status::Draft),
            ("auto-draft", Status::Draft),
            ("trash", Status::Draft),
        ] {
            assert_eq!(of_slug(word, false), Some(expected), "{word}");
        }
        for unknown in ["", "shipped", "wc-", "Completed"] {
            assert_eq!(of_slug(unknown, false), None, "{unknown}");
        }
        assert_eq!(of_slug("completed", true), Some(Status::PartiallyRefunded));
        assert_eq!(of_slug("refunded", true), Some(Status::Refunded));
    }

    #[test]
    fn labels_are_known_in_any_case_and_each_means_one_thing() {
        assert_eq!(of_label("Pending payment", false), Some(Status::Pending));
        assert_eq!(of_label("Échouée", false), Some(Status::Failed));
        assert_eq!(of_label("In Bearbeitung", true), Some(Status::PartiallyRefunded));
        assert_eq!(of_label("on-hold", false), Some(Status::Pending));
        assert_eq!(of_label("Verzonden", false), None);
        let all: Vec<&str> = LABELS.iter().flat_map(|(_, labels)| *labels).copied().collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(all.iter().all(|label| *label == label.to_lowercase()));
    }
}
