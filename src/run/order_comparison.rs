use super::Job;
use super::verification::{Mismatch, Verification};
use crate::domain::{
    CustomerEntry, CustomerKey, LedgerEntry, MovedCustomer, Order, OrderKey, RemoteId,
};
use crate::plan::Fingerprints;
use crate::state::{ConnectionId, MatchedOrder, Reconciliation, RemoteRow, Side, StateError, View};
use jiff::Timestamp;
use jiff::tz::Offset;

/// Compares orders of the export with ActiveCampaign's list.
pub(super) struct OrderComparison<'a> {
    pub view: &'a View,
    pub connection: ConnectionId,
    pub fingerprints: Fingerprints,
    /// Only if sums are requested.
    pub balance: Option<Reconciliation>,
}

impl OrderComparison<'_> {
    /// What differs; `None`: it is a cart that became its order, so there is nothing to compare.
    pub(super) fn compare(
        &self,
        label: &str,
        order: &Order,
        there: Option<MatchedOrder>,
        result: &mut Verification,
    ) -> Result<Option<Vec<Mismatch>>, StateError> {
        let Some(matched) = there else { return self.judge_missing(label, order, result) };
        self.weigh_source(order)?;
        let there = &matched.order;
        self.weigh_target(there)?;
        let mut all = Vec::new();
        if self.judge_copies(label, &matched, result)? {
            all.push(Mismatch::Duplicate);
        }
        let mut differ = |found, source: String, target: String| {
            result.differ(label, found, source, target);
            all.push(found);
        };
        let (code, total) = (order.currency.code(), order.total.minor());
        if there.total_minor != Some(total) {
            let target = there.total_minor.map_or_else(
                || "none".to_owned(),
                |minor| order.currency.format_minor(minor.into()),
            );
            differ(Mismatch::Total, order.currency.format_minor(total.into()), target);
        }
        if !there.currency.eq_ignore_ascii_case(code) {
            differ(Mismatch::Currency, code.to_owned(), there.currency.clone());
        }
        let created = order.created_at.timestamp().as_second();
        if there.created_s != Some(created) {
            let target = there.created_s.and_then(|s| Timestamp::from_second(s).ok());
            let target = target.map_or_else(|| "none".to_owned(), |at| at.to_string());
            differ(Mismatch::Date, order.created_at.to_string(), target);
        }
        let lines = order.lines.len() as u64;
        let units: u64 = order.lines.iter().map(|line| u64::from(line.quantity)).sum();
        if there.products.is_some_and(|n| n != lines && n != units) {
            let target = there.products.unwrap_or_default().to_string();
            differ(Mismatch::Products, lines.to_string(), target);
        }
        if !self.is_same_customer(order, there)? {
            let target = format!("customer {}", there.customer);
            differ(Mismatch::Customer, "the buyer of the order".to_owned(), target);
        }
        if all.is_empty() {
            result.matching += 1;
        }
        Ok(Some(all))
    }

    fn judge_missing(
        &self,
        label: &str,
        order: &Order,
        result: &mut Verification,
    ) -> Result<Option<Vec<Mismatch>>, StateError> {
        if self.view.order(self.connection, &order.key)? == LedgerEntry::BecameOrder {
            // A cart that became its order.
            result.matching += 1;
            return Ok(None);
        }
        self.weigh_source(order)?;
        let (source, target) = ("in the export".to_owned(), "not there".to_owned());
        result.differ(label, Mismatch::Missing, source, target);
        Ok(Some(vec![Mismatch::Missing]))
    }

    /// ActiveCampaign's id of an order, as far as the ledger knows it.
    pub(super) fn known_id(&self, key: &OrderKey) -> Result<Option<RemoteId>, StateError> {
        Ok(match self.view.order(self.connection, key)? {
            LedgerEntry::Known { id, .. } | LedgerEntry::Refused { id: Some(id), .. } => Some(id),
            _ => None,
        })
    }

    /// Whether the order stays with another customer, whatever is sent.
    pub(super) fn is_kept(&self, job: &Job, order: &Order) -> Result<bool, StateError> {
        if job.rules.policy.moved_customer != MovedCustomer::Keep {
            return Ok(false);
        }
        let customer = self.fingerprints.customer(&order.customer.key);
        self.view.is_moved(self.connection, &order.key, &customer)
    }

    /// Each further order with a key is a separate difference, even one that another program
    /// created.
    pub(super) fn judge_copies(
        &self,
        label: &str,
        matched: &MatchedOrder,
        result: &mut Verification,
    ) -> Result<bool, StateError> {
        for copy in &matched.copies {
            self.weigh_target(copy)?;
            let target = format!("id {} and id {}", matched.order.id, copy.id);
            result.differ(label, Mismatch::Duplicate, "once".to_owned(), target);
        }
        Ok(!matched.copies.is_empty())
    }

    fn weigh_source(&self, order: &Order) -> Result<(), StateError> {
        let Some(balance) = self.balance.as_ref().filter(|_| !order.key.is_cart()) else {
            return Ok(());
        };
        let address = self.fingerprints.customer(&CustomerKey::guest(&order.customer.email));
        let month = month_of(order.created_at.timestamp());
        balance.add(Side::Source, &address, order.currency.code(), month, order.total.minor())
    }

    fn weigh_target(&self, there: &RemoteRow) -> Result<(), StateError> {
        let Some(balance) = self.balance.as_ref().filter(|_| !there.key.starts_with(' ')) else {
            return Ok(());
        };
        let at = there
            .created_s
            .and_then(|s| Timestamp::from_second(s).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let total = there.total_minor.unwrap_or_default();
        balance.add(Side::Target, &there.email_hash, &there.currency, month_of(at), total)
    }

    /// An order at ActiveCampaign that is not in the export: ours from another export, or another
    /// program's. A copy has the key of the order before it.
    pub(super) fn judge_unmet(
        &self,
        there: &RemoteRow,
        is_copy: bool,
        result: &mut Verification,
    ) -> Result<(), StateError> {
        let key = match there.key.strip_prefix(' ') {
            Some(cart) => OrderKey::of_cart(cart),
            None => OrderKey::parse(&there.key),
        };
        let known = key.ok().map(|key| self.known_id(&key)).transpose()?.flatten();
        if !is_copy && known.as_ref() == Some(&there.id) {
            result.from_elsewhere += 1;
            return Ok(());
        }
        self.weigh_target(there)?;
        let (found, source) =
            if is_copy { (Mismatch::Duplicate, "once") } else { (Mismatch::Extra, "not there") };
        let target = format!("id {}", there.id);
        result.differ(there.key.trim_start(), found, source.to_owned(), target);
        Ok(())
    }

    /// The e-mail address of the order, and its customer.
    fn is_same_customer(&self, order: &Order, there: &RemoteRow) -> Result<bool, StateError> {
        let address = self.fingerprints.customer(&CustomerKey::guest(&order.customer.email));
        let key = self.fingerprints.customer(&order.customer.key);
        let wrong_id = match self.view.customer(self.connection, &key)? {
            CustomerEntry::Known(id) => id != there.customer,
            CustomerEntry::Unknown | CustomerEntry::Intended => false,
        };
        Ok(address == there.email_hash && !wrong_id)
    }
}

/// Months since the year 0, UTC.
fn month_of(at: Timestamp) -> i32 {
    let civil = Offset::UTC.to_datetime(at);
    i32::from(civil.year()) * 12 + i32::from(civil.month()) - 1
}
