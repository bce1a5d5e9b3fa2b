//! The status of an order, in Shopify's words.

use crate::domain::Status;
use crate::extract::statuses::SHOPIFY;

/// The values that decide; `financial` is `None` if the export has no such field.
pub struct Words<'a> {
    pub is_test: bool,
    pub is_cancelled: bool,
    pub financial: Option<&'a [u8]>,
    pub source: &'a [u8],
}

impl Words<'_> {
    /// A test order comes first, then a cancelled one, then the financial status decides.
    ///
    /// `None` if the financial status is an unknown word.
    pub fn status(&self) -> Option<Status> {
        if self.is_test {
            return Some(Status::Test);
        }
        if self.is_cancelled {
            return Some(Status::Cancelled);
        }
        match self.financial {
            None | Some(b"") if self.source.eq_ignore_ascii_case(b"shopify_draft_order") => {
                Some(Status::Draft)
            }
            // An export with few columns: an order is not rejected because a field is missing.
            None => Some(Status::Paid),
            Some(b"") => Some(Status::Pending),
            Some(word) => SHOPIFY.of(&String::from_utf8_lossy(word)),
        }
    }
}

/// The payment method of test orders, their only mark in the export.
pub fn is_of_test(payment_method: &[u8]) -> bool {
    let bogus = b"bogus gateway";
    payment_method.windows(bogus.len()).any(|part| part.eq_ignore_ascii_case(bogus))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(
        payment: &str,
        cancelled: &str,
        financial: Option<&str>,
        source: &str,
    ) -> Option<Status> {
        Words {
            is_test: is_of_test(payment.as_bytes()),
            is_cancelled: !cancelled.is_empty(),
            financial: financial.map(str::as_bytes),
            source: source.as_bytes(),
        }
        .status()
    }

    #[test]
    fn a_test_is_a_test_and_a_cancelled_order_is_cancelled_whatever_was_paid() {
        let test = "Shopify Payments + (for testing) BOGUS gateway";
        assert_eq!(status(test, "2024-01-01", Some("refunded"), ""), Some(Status::Test));
        assert_eq!(status("manual", "2024-01-01", Some("paid"), ""), Some(Status::Cancelled));
    }

    #[test]
    fn the_financial_status_is_read_in_any_case() {
        for (word, expected) in [
            ("paid", Status::Paid),
            ("PAID", Status::Paid),
            ("Partially_Refunded", Status::PartiallyRefunded),
            ("refunded", Status::Refunded),
            ("voided", Status::Cancelled),
            ("pending", Status::Pending),
            ("authorized", Status::Pending),
            ("partially_paid", Status::Pending),
            ("unpaid", Status::Pending),
            ("expired", Status::Failed),
        ] {
            assert_eq!(status("", "", Some(word), "web"), Some(expected), "{word}");
        }
        assert_eq!(status("", "", Some("bezahlt"), "web"), None);
    }

    #[test]
    fn a_blank_status_is_a_draft_or_pending_and_a_missing_column_is_paid() {
        let draft = "shopify_draft_order";
        assert_eq!(status("", "", Some(""), draft), Some(Status::Draft));
        assert_eq!(status("", "", None, draft), Some(Status::Draft));
        assert_eq!(status("", "", Some("paid"), draft), Some(Status::Paid));
        assert_eq!(status("", "", Some(""), "web"), Some(Status::Pending));
        assert_eq!(status("", "", None, "web"), Some(Status::Paid));
    }
}
