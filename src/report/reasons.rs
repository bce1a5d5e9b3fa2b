//! Why records are left out or fail, and what to do about it.

use super::text::{count, grouped, many, printable};
use crate::domain::{Currency, Reason, ShownValue};
use crate::plan::{CurrencyTotal, ExampleCount, PlanSummary, Totals};
use crate::run::Preview;

/// The effect of a filter, and its setting.
pub(super) fn filter_advice(code: &str) -> &'static str {
    match code {
        "fully_refunded" => "fully refunded; excluded by policy.refunds",
        "missing_email" => "no e-mail address; excluded by policy.missing_email",
        "outside_dates" => "outside the dates given with --from and --to",
        "deleted_at_source" => "deleted in the shop; the order in ActiveCampaign is kept",
        "superseded" => {
            "another copy of the order is used: a newer one, that of a later file, or an identical one"
        }
        _ => "status not included (policy.statuses)",
    }
}

/// What to do about the reason of a dead letter, ours or ActiveCampaign's.
pub(super) fn advice(code: &str) -> &'static str {
    if let Some(reason) = Reason::from_word(code) {
        return reason.meaning();
    }
    // ActiveCampaign's: the part (customer_, order_), then its own code, `http_…`, or our word for
    // no answer.
    let code =
        code.strip_prefix("customer_").or_else(|| code.strip_prefix("order_")).unwrap_or(code);
    match code {
        "refused_before" => {
            "ActiveCampaign rejected it in an earlier run, and the reason was not kept; `dead-letters retry` sends it again"
        }
        "email_invalid" => "ActiveCampaign rejects this e-mail address; correct it in the shop",
        "field_missing" => "ActiveCampaign requires this field; add it in the shop",
        "field_invalid" => "ActiveCampaign rejects this value; correct it in the shop",
        "related_missing" => {
            "its customer or connection was deleted in ActiveCampaign; `dead-letters retry` sends it again"
        }
        "duplicate" => "ActiveCampaign has another record with this key; compare the two there",
        "unclear" => {
            "an earlier request for it may have arrived, so the rejection settles nothing; each run looks it up before anything is sent"
        }
        "list_unfiltered" => {
            "ActiveCampaign lists other records than were asked for, and too many of them to look for one, so whether the order is there is not known; nothing was sent, and each run looks again"
        }
        _ if code.starts_with("http_5") || !code.starts_with("http_") => {
            "no clear answer from ActiveCampaign; the next run looks it up, and `dead-letters retry` sends a refused one again"
        }
        _ => {
            "ActiveCampaign rejected it; check the order in the shop, then run `dead-letters retry`"
        }
    }
}

/// Currencies named in one line.
const CURRENCIES_MAX: usize = 4;

/// `USD 1,234.00 and EUR 20.00`, the largest number of orders first.
pub(super) fn money_text(totals: &Totals) -> String {
    let mut all: Vec<_> = totals.iter().collect();
    all.sort_by_key(|(_, total)| std::cmp::Reverse(total.orders));
    let amount = |(currency, total): &(&Currency, &CurrencyTotal)| {
        format!("{currency} {}", grouped(&currency.format_minor(total.minor_units)))
    };
    let mut parts: Vec<String> = all.iter().take(CURRENCIES_MAX).map(amount).collect();
    if all.len() > CURRENCIES_MAX {
        parts.push(match all.len() - CURRENCIES_MAX {
            1 => "1 more currency".to_owned(),
            more => format!("{more} more currencies"),
        });
    }
    let last = parts.pop().unwrap_or_default();
    if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) }
}

/// Reasons why records are invalid, the most frequent first.
pub(super) fn invalid_reasons(summary: &PlanSummary) -> Vec<(Reason, &ExampleCount)> {
    let mut reasons: Vec<_> =
        summary.invalid_reasons.iter().map(|(reason, examples)| (*reason, examples)).collect();
    reasons.sort_by_key(|(_, examples)| std::cmp::Reverse(examples.count));
    reasons
}

/// The warning if every included order is invalid, with the most frequent reason and the most
/// likely cause.
pub fn none_valid(preview: &Preview) -> Option<String> {
    let summary = &preview.summary;
    let format = preview.files.first().map(|file| file.format.as_str()).unwrap_or_default();
    let eligible = summary.read - summary.filtered;
    let (reason, found) = invalid_reasons(summary).into_iter().next()?;
    (eligible == summary.invalid).then(|| {
        let all = match eligible {
            1 => "the one order is".to_owned(),
            n => format!("all of {} are", many(n, "order")),
        };
        let most = count(found.count);
        let first = found.examples.first();
        let field = first.and_then(|example| example.field);
        let field = field.map(|field| format!(" in `{field}`")).unwrap_or_default();
        let value = first.map(|example| example.value).unwrap_or_default();
        format!(
            "nothing can be sent: {all} invalid, {most} by {}{field}: {}{}",
            reason.word(),
            complaint(reason, &value),
            likely_cause(reason, format, value.as_str()).unwrap_or(reason.meaning())
        )
    })
}

/// `` `19/09/2022` is not a date in this format; ``, with a space at the end; empty without a
/// value.
fn complaint(reason: Reason, value: &ShownValue) -> String {
    let (Some(value), Some(what)) = (value.get(), reason.complaint()) else { return String::new() };
    format!("`{}` {what}; ", printable(value))
}

/// The likely cause if all orders of an export of this format have this error.
fn likely_cause(reason: Reason, format: &str, value: &str) -> Option<&'static str> {
    let is_table = format.ends_with("-csv");
    let has_other_date = value.contains('/') || value.contains('.') || value.parse::<f64>().is_ok();
    match reason {
        Reason::MissingEmail if ["etsy-csv", "amazon-csv", "square-csv"].contains(&format) => Some(
            "exports of this kind have no e-mail addresses; name a file that has them in the job's `customers`",
        ),
        Reason::MissingEmail => Some(
            "the export was probably made without personal data, or by a user who may not see it; export again with e-mail addresses",
        ),
        Reason::BadDate if is_table && has_other_date => Some(
            "the file was probably saved by a spreadsheet, which rewrites dates; export again and don't save the file in one",
        ),
        Reason::BadId if value.contains("E+") => Some(
            "the file was probably saved by a spreadsheet, which rewrites long numbers; export again and don't save the file in one",
        ),
        Reason::BadMoney if is_table && value.contains(',') => Some(
            "the file was probably saved by a spreadsheet with decimal commas; export again and don't save the file in one; \
             if the shop itself writes commas, a mapping reads them (docs/formats.md)",
        ),
        Reason::UnknownCurrency if value.is_empty() => {
            Some("the export names no currency; set the shop's in policy.currency, such as \"EUR\"")
        }
        _ => None,
    }
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
            "ActiveCampaign rejects this e-mail address; correct it in the shop"
        );
        assert!(advice("order_http_400").contains("rejected it"));
        assert!(advice("order_http_502").contains("no clear answer"));
    }
}
