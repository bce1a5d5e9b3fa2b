use super::changes::Changes;
use super::distribution::{Distribution, OrderValue};
use super::example::{Example, ExampleCount};
use super::policy_effects::PolicyEffects;
use super::step::{Action, Decision, PriorWrite};
use crate::domain::{Currency, Moment, Order, Position, Reason, RecordError};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Requests for the types of the schema, once per run of the bulk path.
const SCHEMA_REQUESTS: u64 = 3;
const CANARY_ORDERS: u64 = 3;
/// Queries to GraphQL until it shows a canary, which takes a moment.
const CANARY_QUESTIONS: u64 = 2;
/// Pause between those queries.
const CANARY_WAIT: Duration = Duration::from_secs(1);
/// Pause after the last batch, before copies are looked up.
const COPIES_WAIT: Duration = Duration::from_secs(3);

/// The lengths of batches: they begin at one length, and grow by half when one was accepted.
#[derive(Debug, Clone, Copy)]
pub struct BatchLengths {
    pub max: u64,
    /// Batches in flight concurrently, with the length at their creation.
    pub in_flight_max: u64,
}

impl BatchLengths {
    pub const FIRST: u64 = 10;

    /// The length after a batch of `len` was accepted.
    pub fn after(len: u64, max: u64) -> u64 {
        (len + len.div_ceil(2)).min(max)
    }

    fn first(self) -> u64 {
        Self::FIRST.min(self.max.max(1))
    }

    /// The number of batches for so many orders, if all are accepted.
    fn batches_of(self, orders: u64) -> u64 {
        let max = self.max.max(1);
        let (mut batches, mut left, mut len) = (0, orders, self.first());
        while left > 0 && len < max {
            let made = left.div_ceil(len).min(self.in_flight_max.max(1));
            batches += made;
            left = left.saturating_sub(made * len);
            len = Self::after(len, max);
        }
        batches + left.div_ceil(max)
    }

    /// The same if the first batch is divided into a canary and its rest, which is too short for
    /// batches to grow.
    fn batches_after_canary(self, orders: u64) -> u64 {
        let divided = orders.min(self.first());
        let parts = u64::from(divided > 0) + u64::from(divided > CANARY_ORDERS);
        parts + self.batches_of(orders - divided)
    }
}

/// What the requests of the bulk path depend on in addition to the orders that are sent.
#[derive(Debug, Clone, Copy)]
pub struct BatchTerms {
    pub lengths: BatchLengths,
    /// No canary was read back on the connection.
    pub is_canary_due: bool,
    /// A record is read before it is updated.
    pub reads_updates: bool,
    /// An order is looked up before it is created, as another program may have written it.
    pub looks_up_creates: bool,
    /// Orders of the connection that its lists show.
    pub listed: u64,
}

/// The cost of a plan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BatchCost {
    pub requests: u64,
    /// The sequential ones among these.
    pub in_turn: u64,
    pub waits: Duration,
}

/// Carts that are sent, one request each on either path.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CartSteps {
    pub create: u64,
    pub update: u64,
    /// Their requests, including lookups and customers that no earlier cart names.
    pub requests: u64,
}

/// Orders in a page of ActiveCampaign's list.
pub const PAGE_LEN: u64 = 100;

/// The result of a plan, counted record by record. Its memory does not grow with the export.
#[derive(Debug, Clone, Default)]
pub struct PlanSummary {
    pub read: u64,
    pub create: u64,
    pub update: u64,
    /// Those among `create` and `update` that an earlier run may have sent already, which are
    /// looked up first.
    pub look_up: u64,
    /// Those among `look_up` that are not sent if they are found: creates of the same payload.
    pub look_up_only: u64,
    pub unchanged: u64,
    /// Not changed since they were sent, but found different or missing by the last verification.
    pub different: u64,
    /// Changes of the orders that are in ActiveCampaign.
    pub changes: Changes,
    pub filtered: u64,
    pub filtered_reasons: BTreeMap<&'static str, u64>,
    /// Refused by ActiveCampaign before, and unchanged since.
    pub refused: u64,
    pub invalid: u64,
    /// A record with two reasons counts in both.
    pub invalid_reasons: BTreeMap<Reason, ExampleCount>,
    /// The stated totals of filtered records, by reason, without copies of other records.
    pub filtered_values: BTreeMap<&'static str, Totals>,
    /// The same of invalid records whose currency and total can be read.
    pub invalid_values: BTreeMap<Reason, Totals>,
    /// Refunded orders that are sent with their full total, and the refunded amounts.
    pub refunds_ignored: Totals,
    pub customers_new: u64,
    /// Marketing consent of `customers_new`, as stated by the first order of each.
    pub consent: Consent,
    /// Those among `customers_new` that an earlier run may have created already, which are looked
    /// up first.
    pub customers_look_up: u64,
    /// Requests of `create`, `update` and `look_up` that carts do not need, because their orders
    /// are created before them.
    pub spared: u64,
    /// Carts among `create` and `update`.
    pub cart_steps: CartSteps,
    /// Reads before a write: of carts that may have become orders, and on a connection with orders
    /// that the ledger does not know, of an order's cart and of the first order of each new
    /// customer.
    pub lookups: u64,
    /// Requests beyond one for each order that is deleted and created again: a read and a delete.
    pub recreate_requests: u64,
    /// Abandoned carts among the valid orders.
    pub carts: u64,
    /// Product lines of all valid orders.
    pub products: u64,
    /// Those among them whose unit price had to be rounded, see [`crate::domain::Line`].
    pub prices_rounded: u64,
    /// Totals of the orders to create or update. Carts are not revenue.
    pub totals: Totals,
    /// Totals of the valid orders that would not be sent, as they did not change since they were
    /// loaded or refused.
    pub totals_unchanged: Totals,
    pub distribution: Distribution,
    pub first_order: Option<Moment>,
    pub last_order: Option<Moment>,
    /// Payloads whose `source` is not 0; checked one by one.
    pub source_not_historical: u64,
    pub policy_effects: PolicyEffects,
    pub anomalies: Anomalies,
}

/// Why a record is not sent.
#[derive(Debug, Clone, Copy)]
pub enum LeftOutBy<'a> {
    Filter(&'static str),
    Faults(&'a [RecordError]),
}

/// Orders that break no rule, but may need a look. Its memory does not grow with the export.
#[derive(Debug, Clone, Default)]
pub struct Anomalies {
    /// Valid orders dated after the moment the plan was made.
    pub future: ExampleCount,
    /// Orders to send whose e-mail address differs from that of their customer's first order.
    pub other_address: ExampleCount,
    /// Orders to update whose customer changed, because their e-mail address changed.
    pub moved_by_address: ExampleCount,
    /// The same with an unchanged address: the export identifies customers differently.
    pub moved_by_key: ExampleCount,
    /// Currencies of orders that the ledger knows.
    pub currencies_known: BTreeSet<Currency>,
}

/// Orders and their sum, by currency.
pub type Totals = BTreeMap<Currency, CurrencyTotal>;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CurrencyTotal {
    pub orders: u64,
    pub minor_units: i128,
}

impl CurrencyTotal {
    pub fn add(&mut self, minor_units: i64) {
        self.orders += 1;
        self.minor_units += i128::from(minor_units);
    }
}

/// Customers by their stated consent to marketing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Consent {
    pub given: u64,
    pub refused: u64,
    pub unstated: u64,
}

impl Consent {
    pub fn add(&mut self, accepts: Option<bool>) {
        *match accepts {
            Some(true) => &mut self.given,
            Some(false) => &mut self.refused,
            None => &mut self.unstated,
        } += 1;
    }
}

impl PlanSummary {
    pub fn filter(&mut self, code: &'static str) {
        self.read += 1;
        self.filtered += 1;
        *self.filtered_reasons.entry(code).or_default() += 1;
    }

    pub fn invalidate(&mut self, order: &str, position: Position, faults: &[RecordError]) {
        self.read += 1;
        self.invalid += 1;
        let mut counted: Vec<Reason> = Vec::with_capacity(faults.len());
        for fault in faults {
            if counted.contains(&fault.reason) {
                continue;
            }
            counted.push(fault.reason);
            let line = fault.line.max(position.line);
            self.invalid_reasons.entry(fault.reason).or_default().add(|| Example {
                order: order.to_owned(),
                position: Position { line, ..position },
                field: fault.field,
                value: fault.value,
            });
        }
    }

    /// Counts the decision about a valid order.
    pub fn decide(&mut self, decision: &Decision) {
        self.read += 1;
        match decision {
            Decision::Unchanged => self.unchanged += 1,
            Decision::Different => self.different += 1,
            Decision::StillRefused => self.refused += 1,
            Decision::Send(step) => {
                let steps = &mut self.cart_steps;
                let (all, of_carts) = match step.action {
                    Action::Update(_) | Action::LookUp(PriorWrite::Update) => {
                        (&mut self.update, &mut steps.update)
                    }
                    Action::Create | Action::LookUp(_) => (&mut self.create, &mut steps.create),
                };
                *all += 1;
                *of_carts += u64::from(step.order.key.is_cart());
                self.look_up += u64::from(matches!(step.action, Action::LookUp(_)));
                let is_same = step.action == Action::LookUp(PriorWrite::SameCreate);
                self.look_up_only += u64::from(is_same);
            }
        }
    }

    /// Counts a valid order. Returns its value; a cart has none yet.
    pub fn count(&mut self, order: &Order) -> Option<OrderValue> {
        self.products += order.lines.len() as u64;
        self.prices_rounded +=
            order.lines.iter().filter(|line| line.is_price_rounded).count() as u64;
        if order.key.is_cart() {
            self.carts += 1;
            return None;
        }
        self.distribution.add_size(order);
        let created = order.created_at;
        self.first_order = Some(self.first_order.map_or(created, |first| first.min(created)));
        self.last_order = Some(self.last_order.map_or(created, |last| last.max(created)));
        Some(OrderValue::of(order))
    }

    /// Adds an order's value to the totals that would be sent, or to those that would not.
    pub fn add_value(&mut self, value: OrderValue, is_sent: bool) {
        if is_sent {
            self.distribution.add_value(value);
        }
        let totals = if is_sent { &mut self.totals } else { &mut self.totals_unchanged };
        totals.entry(value.currency).or_default().add(value.minor_units);
    }

    /// Adds the stated total of a filtered or invalid record.
    pub fn add_left_out(&mut self, verdict: LeftOutBy<'_>, currency: Currency, minor_units: i64) {
        let add = |totals: &mut Totals| totals.entry(currency).or_default().add(minor_units);
        match verdict {
            LeftOutBy::Filter(code) => add(self.filtered_values.entry(code).or_default()),
            LeftOutBy::Faults(faults) => {
                let reasons: BTreeSet<Reason> = faults.iter().map(|fault| fault.reason).collect();
                for reason in reasons {
                    add(self.invalid_values.entry(reason).or_default());
                }
            }
        }
    }

    /// Those among `filtered` that are copies of orders of which another record counts.
    pub fn superseded(&self) -> u64 {
        self.filtered_reasons.get("superseded").copied().unwrap_or_default()
    }

    /// Requests of the plan: one for each new customer, each order to write, and each lookup.
    pub fn requests(&self) -> u64 {
        let customers = self.customers_new + self.customers_look_up;
        let orders =
            self.create + self.update + self.look_up + self.lookups + self.recreate_requests;
        (customers + orders).saturating_sub(self.spared)
    }

    /// The cost if orders are sent in batches, each with its customer, and carts one by one. The
    /// orders whose copies are looked up, `looked_for` of all that are sent, are read in a list, or
    /// one by one if that is cheaper.
    pub fn cost_in_batches(&self, terms: BatchTerms, looked_for: impl Fn(u64) -> u64) -> BatchCost {
        let carts = self.cart_steps;
        let (create, update) = (self.create - carts.create, self.update - carts.update);
        let orders = create + update;
        if orders == 0 {
            return BatchCost { requests: carts.requests, ..BatchCost::default() };
        }
        let mut in_turn = SCHEMA_REQUESTS;
        let mut waits = Duration::ZERO;
        let batches = if terms.is_canary_due {
            // Each of its orders is looked up by REST, and its lines are read.
            in_turn += 1 + CANARY_QUESTIONS + 2 * orders.min(CANARY_ORDERS);
            waits += CANARY_WAIT;
            terms.lengths.batches_after_canary(orders) - 1
        } else {
            terms.lengths.batches_of(orders)
        };
        let reads = if terms.reads_updates { update } else { 0 };
        let lookups = if terms.looks_up_creates { create } else { 0 };
        let pages = (terms.listed + create).div_ceil(PAGE_LEN);
        let looking = pages.min(looked_for(orders));
        if looking > 0 {
            waits += COPIES_WAIT;
        }
        let side_by_side = reads + lookups + batches + looking + self.recreate_requests;
        BatchCost { requests: in_turn + side_by_side + carts.requests, in_turn, waits }
    }

    /// Those among them that are creates after a lookup, which are not sent if it finds the record.
    /// What is found with other content is updated.
    pub fn requests_unsure(&self) -> u64 {
        self.customers_look_up + self.look_up_only
    }

    /// The accounting identity of a plan.
    pub fn adds_up(&self) -> bool {
        self.read
            == self.create
                + self.update
                + self.unchanged
                + self.different
                + self.filtered
                + self.invalid
                + self.refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_counted_as_they_grow() {
        let batches =
            |orders, max, in_flight_max| BatchLengths { max, in_flight_max }.batches_of(orders);
        assert_eq!(batches(400, 40, 16), 16 + 16);
        assert_eq!(batches(900, 40, 16), 16 + 16 + 16 + 4);
        assert_eq!(batches(100_000, 40, 1), 4 + 2_498, "10, 15, 23 and 35 at first");
        assert_eq!((batches(0, 40, 16), batches(7, 4, 16), batches(7, 100, 16)), (0, 2, 1));
        let with_canary =
            |orders| BatchLengths { max: 40, in_flight_max: 16 }.batches_after_canary(orders);
        assert_eq!([0, 3, 10, 11, 399].map(with_canary), [0, 1, 2, 3, 2 + 16 + 16]);
    }

    use crate::domain::{Fingerprint, LedgerEntry, RemoteId};
    use crate::plan::{EXAMPLES_MAX, decide, tests_order};

    #[test]
    fn every_record_counts_once_and_every_reason_of_it() {
        let mut summary = PlanSummary::default();
        let send = |key| {
            decide(Box::new(tests_order(key)), || Fingerprint::from_i64(1), LedgerEntry::Unknown)
        };
        for (key, decision) in [("1", send("1")), ("2", Decision::Unchanged)] {
            let value = summary.count(&tests_order(key)).unwrap();
            summary.add_value(value, matches!(decision, Decision::Send(_)));
            summary.decide(&decision);
        }
        summary.filter("status_pending");
        let faults = [
            RecordError::of(Reason::BadMoney, "total"),
            RecordError::of(Reason::BadMoney, "tax"),
            RecordError::new(Reason::MissingEmail),
        ];
        summary.invalidate("#3", Position { line: 9, ..Position::default() }, &faults);
        assert!(summary.adds_up());
        assert_eq!((summary.read, summary.invalid, summary.requests()), (4, 1, 1));
        assert_eq!(summary.invalid_reasons[&Reason::BadMoney].count, 1);
        assert_eq!(summary.invalid_reasons[&Reason::MissingEmail].examples[0].position.line, 9);
        for totals in [&summary.totals, &summary.totals_unchanged] {
            let usd = totals.values().next().unwrap();
            assert_eq!((usd.orders, usd.minor_units), (1, 5_409));
        }
        assert_eq!(summary.distribution.months().len(), 1);
    }

    #[test]
    fn only_what_a_lookup_may_find_as_it_is_sent_is_unsure() {
        let mut summary = PlanSummary::default();
        let (same, other) = (Fingerprint::from_i64(1), Fingerprint::from_i64(2));
        let update = Some(RemoteId::new("89"));
        for (update, fingerprint) in
            [(None, Some(same)), (None, Some(other)), (None, None), (update, Some(same))]
        {
            let entry = LedgerEntry::Intended { update, fingerprint };
            summary.decide(&decide(Box::new(tests_order("1")), || same, entry));
        }
        assert_eq!((summary.look_up, summary.requests()), (4, 8));
        assert_eq!(summary.requests_unsure(), 1);
    }

    #[test]
    fn examples_are_bounded() {
        let mut summary = PlanSummary::default();
        for _ in 0..100 {
            summary.invalidate("#1", Position::default(), &[RecordError::new(Reason::BadDate)]);
        }
        let reason = &summary.invalid_reasons[&Reason::BadDate];
        assert_eq!((reason.count, reason.examples.len()), (100, EXAMPLES_MAX));
    }
}
