//! Every question of a probe: its text, the meaning of the answers, and the code that asks it.

use super::prober::Prober;
use super::report::NoAnswer;
use super::test_shops::TestShops;
use super::{graphql, rest};
use crate::domain::ProbeAnswer;
use std::fmt;
use std::pin::Pin;

/// The answer: a word of the question, and a number if it has one.
pub(super) type ProbeResult = (&'static str, Option<i64>);
pub(super) type Asking<'a> = Pin<Box<dyn Future<Output = Result<ProbeResult, NoAnswer>> + 'a>>;

/// A question about how an account behaves.
pub struct Question {
    pub id: &'static str,
    pub asks: &'static str,
    /// The words of its answers, each with its meaning.
    pub means: &'static [(&'static str, &'static str)],
    /// What its number counts.
    pub unit: Option<&'static str>,
    pub(super) ask: Ask,
}

#[derive(Clone, Copy)]
pub(super) enum Ask {
    Reading(for<'a> fn(&'a Prober<'a>) -> Asking<'a>),
    Writing(for<'a> fn(&'a TestShops<'a>) -> Asking<'a>),
}

impl Question {
    /// The meaning of a word; empty if the word says it all.
    pub fn meaning(&self, word: &str) -> &'static str {
        self.means.iter().find(|(name, _)| *name == word).map_or("", |(_, meaning)| meaning)
    }

    pub fn writes(&self) -> bool {
        matches!(self.ask, Ask::Writing(_))
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Question").field(&self.id).finish()
    }
}

macro_rules! questions {
    ($($kind:ident $id:expr, $ask:path, $asks:literal $(, in $unit:literal)?, { $($word:literal: $means:literal),* $(,)? };)+) => {
        &[$(Question {
            id: $id,
            asks: $asks,
            means: &[$(($word, $means)),*],
            unit: questions!(@unit $($unit)?),
            ask: Ask::$kind(|at| Box::pin($ask(at))),
        },)+]
    };
    (@unit $unit:literal) => { Some($unit) };
    (@unit) => { None };
}

/// All questions, in the sequence in which they are asked.
pub const QUESTIONS: &[Question] = questions! {
    Reading "schema", graphql::schema, "Which fields do orders of GraphQL have?", in "documented fields that are missing", {
        "documented": "all that are documented",
        "differs": "some are missing; they are not sent",
        "refused": "introspection is refused; the documented ones are sent",
    };
    Reading "bulk_source_type", graphql::source_type, "What is the type of creationSource?", {
        "enum": "a list of words", "text": "any text", "absent": "orders have no such field", "unknown": "introspection is refused",
    };
    Reading "missing_record", rest::missing_record, "Is a request for an order that does not exist answered with 404?", {
        "gone": "a deleted order is recognised", "other": "a deleted order is not recognised",
    };
    Reading "rate_headers", rest::rate_headers, "Do responses state how many requests are left?", {
        "stated": "the pace follows them",
        "not_stated": "the pace follows requests_per_second alone",
    };
    Writing "customer_key", rest::customer_key, "What makes two customers of a connection the same?", {
        "externalid": "the id alone", "email": "the address alone", "either": "the id or the address",
        "both": "only both together",
    };
    Writing ProbeAnswer::LIST_LAG, rest::list_lag, "How long is a new order missing from lists?", in "ms", {
        "seen": "lookups are repeated for twice as long, and for 10 s at least",
        "not_seen": "it did not appear at all",
    };
    Writing "unique_order", rest::unique_order, "Is a second order with the same id refused?", {
        "refused": "at once", "accepted": "not at once: two records of one order can exist",
    };
    Writing "unique_cart", rest::unique_cart, "Is a second cart with the same id refused?", {
        "refused": "at once", "accepted": "not at once: two records of one cart can exist",
    };
    Writing "cart_and_order", rest::cart_and_order, "Can an order have the id of a cart?", {
        "accepted": "their ids are separate", "refused": "they share one set of ids",
    };
    Writing "foreign_customer", rest::foreign_customer, "Can an order have a customer of another connection?", {
        "refused": "", "accepted": "an order can be attached to the wrong customer",
    };
    Writing "filter", rest::filter, "How does the filter of order ids match?", {
        "equals": "whole ids", "contains": "parts of ids too", "ignored": "not at all: it has no effect",
    };
    Writing "filter_signs", rest::filter_signs, "Does the filter find an id with +, & and letters beyond ASCII?", {
        "found": "", "not_found": "such orders can't be looked up by id",
    };
    Writing "list_order", rest::list_order, "How is a list sorted by default?", {
        "ascending": "oldest first", "descending": "newest first", "other": "neither way",
    };
    Writing "list_sort", rest::list_sort, "Is a list sorted as requested?", {
        "honoured": "", "ignored": "lookups may have to read whole lists",
    };
    Writing "update_lines", rest::update_lines, "What does an update without lines do to an order's lines?", {
        "removed": "it removes them", "kept": "it keeps them",
    };
    Writing "update_discounts", rest::update_discounts, "What does an update without discounts do to an order's discounts?", {
        "removed": "it removes them", "kept": "it keeps them",
    };
    Writing "amount_empty", rest::amount_empty, "Is an empty total accepted?", { "refused": "", "accepted": "" };
    Writing "amount_fraction", rest::amount_fraction, "Is a fraction of a minor unit accepted?", { "refused": "", "accepted": "" };
    Writing "amount_negative", rest::amount_negative, "Is a negative total accepted?", { "refused": "", "accepted": "" };
    Writing "amount_large", rest::amount_large, "Is a total of more than 31 bits accepted?", { "refused": "", "accepted": "" };
    Writing "total_products", rest::total_products, "What does an order's totalProducts count?", {
        "lines": "", "pieces": "", "other": "neither lines nor pieces",
    };
    Writing "currency_unknown", rest::currency_unknown, "Is an unknown currency accepted?", { "refused": "", "accepted": "" };
    Writing "currency_lower", rest::currency_lower, "How is a currency in lower case stored?", {
        "uppercased": "", "kept": "", "refused": "", "other": "",
    };
    Writing "source", rest::source, "Is source 0 shown as it was sent?", {
        "historical": "as 0", "real_time": "as 1: automations may have run", "not_stated": "it is not shown",
    };
    Writing "contact", rest::contact, "Does an order create a contact with its address?", {
        "created": "also where its customer has another address", "not_created": "its customer does",
    };
    Writing "bulk_lag", graphql::lag, "How long is a new order missing from GraphQL?", in "ms", { "seen": "", "not_seen": "it did not appear at all" };
    Writing "bulk_copy_lag", graphql::copy_lag, "How long is an order sent by GraphQL missing from REST?", in "ms", {
        "seen": "", "not_seen": "it did not appear at all",
    };
    Writing ProbeAnswer::BULK_PRICE, graphql::price, "What does the priceAmount of a line mean?", {
        "unit": "the price of one unit", "line_total": "the price of all units", "other": "neither",
    };
    Writing "bulk_source", graphql::source, "Does REST show HISTORICAL as source 0?", {
        "historical": "as 0", "real_time": "as 1: automations may have run", "not_stated": "it is not shown",
    };
    Writing "bulk_tax", graphql::tax, "Does REST show the tax of an order sent by GraphQL?", { "shown": "", "not_shown": "" };
    Writing "bulk_units", graphql::units, "In what units does REST show a total in JPY sent by GraphQL?", {
        "minor_units": "those of the currency", "hundredths": "a hundred times too much", "other": "neither",
    };
    Writing "bulk_update", graphql::update, "What does an update by GraphQL do to lines that it lacks?", {
        "replaces": "it removes them", "merges": "it keeps them",
    };
    Writing "bulk_error", graphql::error, "Does an error name the faulty order of a batch?", {
        "named": "", "not_named": "batches are divided to find it", "accepted": "the faulty order was accepted",
    };
    Writing "bulk_part", graphql::part, "Are the other orders of such a batch stored?", {
        "stored": "", "not_stored": "none of the batch is",
    };
    Writing "bulk_blank", graphql::blank, "Does GraphQL accept an empty text?", {
        "accepted": "", "refused": "ordersync never sends one",
    };
    Writing "bulk_async", graphql::asynchronous, "Does an order that is sent by bulkUpsertOrdersAsync appear?", {
        "seen": "", "not_seen": "a receipt does not mean that it was stored", "refused": "the account has no such mutation in this form",
    };
    Writing "bulk_body", graphql::body, "How long may the body of a batch be?", in "KiB", {
        "accepted": "at least this; no longer one is sent", "refused": "not even the shortest that was tried",
    };
    Writing ProbeAnswer::BULK_MAX, graphql::max, "How many orders may a batch have?", in "orders", {
        "accepted": "batches grow up to this, unless bulk_max is set", "refused": "not even the smallest",
    };
    Writing "bulk_over_rest", graphql::over_rest, "What does GraphQL do with an order that REST wrote?", {
        "one_record": "it updates it", "second_record": "it creates a second record",
    };
    Writing "bulk_delete", graphql::delete, "Does a delete by REST delete the order of GraphQL?", {
        "deleted": "", "kept": "GraphQL still shows it",
    };
    Reading "retry_after", rest::retry_after, "Does a response to too many requests say how long to wait?", {
        "stated": "", "not_stated": "ordersync chooses the wait", "not_met": "no request was refused for its rate",
    };
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_question_has_a_unique_id_and_answers() {
        let ids: BTreeSet<&str> = QUESTIONS.iter().map(|question| question.id).collect();
        assert_eq!(ids.len(), QUESTIONS.len());
        for question in QUESTIONS {
            assert!(question.asks.ends_with('?') && question.means.len() > 1, "{question:?}");
        }
    }
}
