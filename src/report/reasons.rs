//! Why records are left out or fail, and what to do about it.

use crate::domain::Reason;
use crate::plan::{ExampleCount, PlanSummary};

/// What a filter does, and the setting behind it.
pub(super) fn filter_advice(code: &str) -> &'static str {
    match code {
        "fully_refunded" => "the money all went back; policy.refunds leaves such orders out",
        "missing_email" => "no address; policy.missing_email leaves such orders out",
        "outside_dates" => "placed outside of the dates asked for",
        "deleted_at_source" => "the shop deleted it since; what is at the target stays",
        "superseded" => "the same order stands in a later file or record, which is taken",
        _ => "not of a status that policy.statuses takes",
    }
}

/// What to do about the reason of a dead letter, ours or ActiveCampaign's.
pub(super) fn advice(code: &str) -> &'static str {
    if let Some(reason) = Reason::from_word(code) {
        return reason.meaning();
    }
    // The target's: the part (customer_, order_), then its own code, `http_…`, or our word for no
    // answer.
    let code =
        code.strip_prefix("customer_").or_else(|| code.strip_prefix("order_")).unwrap_or(code);
    match code {
        "email_invalid" => "the target does not take this address; correct it in the shop",
        "field_missing" => "the target misses this field; add it in the shop",
        "field_invalid" => "the target does not take this value; correct it in the shop",
        "related_missing" => {
            "its customer or connection was deleted at the target; `dead-letters retry` makes it again"
        }
        "duplicate" => "the target holds another record of this key; look at both there",
        _ if code.starts_with("http_5") || !code.starts_with("http_") => {
            "no clear answer from the target; the next run looks it up, and `dead-letters retry` sends a refused one again"
        }
        _ => {
            "the target would not take it; look at the order in the shop, then `dead-letters retry`"
        }
    }
}

/// Reasons why records are invalid, the most frequent first.
pub(super) fn invalid_reasons(summary: &PlanSummary) -> Vec<(Reason, &ExampleCount)> {
    let mut reasons: Vec<_> =
        summary.invalid_reasons.iter().map(|(reason, examples)| (*reason, examples)).collect();
    reasons.sort_by_key(|(_, examples)| std::cmp::Reverse(examples.count));
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_comes_with_advice() {
        for reason in Reason::ALL {
            assert_eq!(advice(reason.word()), reason.meaning());
        }
        assert_eq!(
            advice("customer_email_invalid"),
            "the target does not take this address; correct it in the shop"
        );
        assert!(advice("order_http_400").contains("would not take it"));
        assert!(advice("order_http_502").contains("no clear answer"));
    }
}
