use super::example::{EXAMPLES_MAX, Example};
use crate::domain::{Currency, Notes, Order, Position, RefundNote, Status, Text};
use std::collections::BTreeMap;

/// The effects of the policy on an export, counted record by record. Its memory grows with the
/// number of files, not of records.
#[derive(Debug, Clone, Default)]
pub struct PolicyEffects {
    by_status: [u64; Status::ALL.len()],
    /// Orders whose status is unknown.
    pub status_unknown: u64,
    /// The export's first few words for each status, `None` for an unknown one.
    words: Vec<StatusWord>,
    /// Valid orders whose export has no field for their status: they were assumed to be paid.
    pub status_assumed: u64,
    /// Valid orders for which the export does not say whether they were cancelled.
    pub cancelled_unknown: u64,
    /// Valid orders for which the export does not say whether they are tests.
    pub test_unknown: u64,
    /// By file: valid orders that state a refunded amount, and those that don't, if the policy
    /// needs it.
    refunds: BTreeMap<u32, (u64, u64)>,
    /// Valid orders that got the job's currency, as the export names none.
    pub currency_assumed: u64,
    /// Valid orders that were paid in another currency than the one that is sent.
    pub paid_otherwise: u64,
    /// Valid orders that got the job's date, as the export states none.
    pub date_assumed: u64,
    /// Valid orders whose date was assumed to be in UTC.
    pub zone_assumed: u64,
    /// Valid orders whose total as ordered was assumed to be the current one.
    pub current_total_assumed: u64,
    /// Valid orders whose amounts may be in another currency than the stated one.
    pub currency_doubtful: u64,
    /// Valid orders whose prices were assumed to include tax.
    pub tax_assumed: u64,
    /// Lines of valid orders with a fractional quantity, sent as one unit.
    pub fractional_quantities: u64,
    /// Valid orders with an amount that was rounded.
    pub orders_rounded: u64,
    pub amounts_rounded: u64,
    pub totals_differ: TotalMismatches,
}

/// A word of the export for a status.
#[derive(Debug, Clone)]
struct StatusWord {
    status: Option<Status>,
    word: String,
    orders: u64,
}

impl StatusWord {
    fn is(&self, status: Option<Status>, word: &str) -> bool {
        self.status == status && self.word == word
    }
}

/// Valid orders whose parts don't add up to their total.
#[derive(Debug, Clone, Default)]
pub struct TotalMismatches {
    pub by_currency: BTreeMap<Currency, MismatchTotal>,
    /// The first few, with the currency and the difference of each.
    pub examples: Vec<(Example, Currency, i64)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MismatchTotal {
    pub orders: u64,
    /// The difference farthest from zero, in minor units: the total minus its parts.
    pub largest: i64,
}

impl TotalMismatches {
    pub fn count(&self) -> u64 {
        self.by_currency.values().map(|of_one| of_one.orders).sum()
    }
}

/// Whether a word looks like one for a status and may be shown; anything else may be personal data
/// in the wrong column.
fn is_shown(word: &str) -> bool {
    const WORD_LEN_MAX: usize = 40;
    let is_of_word = |c: char| c.is_alphabetic() || " _-".contains(c);
    (1..=WORD_LEN_MAX).contains(&word.len()) && word.chars().all(is_of_word)
}

impl PolicyEffects {
    /// Counts an order by its status, before any rule looks at it. Repeats of an order are not
    /// counted. `word` is the export's for it.
    pub fn count_status(&mut self, status: Option<Status>, word: &str) {
        let at = status.and_then(|status| self.by_status.get_mut(status as usize));
        *at.unwrap_or(&mut self.status_unknown) += 1;
        if let Some(known) = self.words.iter_mut().find(|known| known.is(status, word)) {
            known.orders += 1;
        } else if is_shown(word) && self.words_of(status).count() < EXAMPLES_MAX {
            self.words.push(StatusWord { status, word: word.to_owned(), orders: 1 });
        }
    }

    /// The export's first few words for a status, each with its number of orders.
    pub fn words_of(&self, status: Option<Status>) -> impl Iterator<Item = (&str, u64)> {
        let of_status = self.words.iter().filter(move |word| word.status == status);
        of_status.map(|word| (word.word.as_str(), word.orders))
    }

    /// Every status with its count, zeros too.
    pub fn statuses(&self) -> impl Iterator<Item = (Status, u64)> {
        Status::ALL.into_iter().zip(self.by_status)
    }

    /// Valid orders in files in which no order states a refunded amount, if the policy needs it:
    /// such a file may lack the column. If some orders of a file state it, nothing was refunded of
    /// the others.
    pub fn refunds_unknown(&self) -> u64 {
        let files = self.refunds.values().filter(|(stated, _)| *stated == 0);
        files.map(|(_, unstated)| unstated).sum()
    }

    /// Counts what was decided about a valid order. `label` is its name in reports.
    pub fn note(
        &mut self,
        order: &Order,
        notes: Notes,
        position: Position,
        label: impl FnOnce() -> Text,
    ) {
        self.status_assumed += u64::from(notes.unstated.status);
        self.cancelled_unknown += u64::from(notes.unstated.cancelled);
        self.test_unknown += u64::from(notes.unstated.test);
        match notes.refund {
            RefundNote::NotNeeded => {}
            RefundNote::Stated => self.refunds.entry(position.file).or_default().0 += 1,
            RefundNote::Unstated => self.refunds.entry(position.file).or_default().1 += 1,
        }
        self.currency_assumed += u64::from(notes.is_currency_assumed);
        self.paid_otherwise += u64::from(notes.is_paid_otherwise);
        self.date_assumed += u64::from(notes.is_date_assumed);
        self.zone_assumed += u64::from(notes.is_zone_assumed);
        self.current_total_assumed += u64::from(notes.is_current_assumed);
        self.currency_doubtful += u64::from(notes.is_currency_doubtful);
        self.tax_assumed += u64::from(notes.is_tax_assumed);
        self.fractional_quantities += u64::from(notes.fractional);
        self.orders_rounded += u64::from(notes.rounded > 0);
        self.amounts_rounded += u64::from(notes.rounded);
        if notes.difference == 0 {
            return;
        }
        let of_one = self.totals_differ.by_currency.entry(order.currency).or_default();
        of_one.orders += 1;
        if notes.difference.unsigned_abs() > of_one.largest.unsigned_abs() {
            of_one.largest = notes.difference;
        }
        let examples = &mut self.totals_differ.examples;
        if examples.len() < EXAMPLES_MAX {
            let example = Example::new(label(), position);
            examples.push((example, order.currency, notes.difference));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests_order;

    #[test]
    fn every_status_has_its_own_count() {
        let mut meaning = PolicyEffects::default();
        for (n, status) in Status::ALL.into_iter().enumerate() {
            (0..=n).for_each(|_| meaning.count_status(Some(status), ""));
        }
        meaning.count_status(None, "");
        let counts: Vec<u64> = meaning.statuses().map(|(_, count)| count).collect();
        assert_eq!(counts, [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(meaning.status_unknown, 1);
    }

    #[test]
    fn the_largest_difference_is_kept_and_only_a_few_examples() {
        let mut meaning = PolicyEffects::default();
        for difference in [3, -9, 0, 8, 1, 1, 1, 1] {
            let notes = Notes { difference, ..Notes::default() };
            meaning.note(&tests_order("1"), notes, Position::default(), || "#1".into());
        }
        let differing = &meaning.totals_differ;
        assert_eq!((differing.count(), differing.examples.len()), (7, EXAMPLES_MAX));
        assert_eq!(differing.by_currency.values().next().map(|usd| usd.largest), Some(-9));
    }
}
