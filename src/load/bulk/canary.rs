//! The first orders of a connection: read back through GraphQL and through REST, they decide
//! between the meanings that the documentation gives for the same field.

use super::super::attempts::{StepError, wait};
use super::batch::BatchWrite;
use super::path::{CanaryState, Stopped};
use crate::activecampaign::{BulkForm, FatalError, RemoteOrder, RemoteProduct};
use crate::domain::{BulkFindings, Line, Order, PriceReading};
use crate::state::OrderOutcome;
use std::time::Duration;

/// Orders of a canary.
const ORDERS_MAX: usize = 3;
/// Delays before a canary is read again; ActiveCampaign copies orders to its REST API within
/// seconds. None is so long that the daemon's watchdog considers the run stuck.
pub const COPY_DELAYS_S: [u64; 9] = [1, 2, 4, 8, 15, 30, 60, 60, 60];

/// An order of a canary.
struct Canary {
    index: usize,
    /// The order in the REST API before it was sent.
    before: Option<Shown>,
}

impl Canary {
    /// Whether this is what was sent, not an earlier version.
    fn is_copy(&self, shown: &Shown) -> bool {
        self.before.as_ref() != Some(shown)
    }
}

/// An order of a canary as the REST API shows it.
#[derive(Clone, PartialEq, Eq)]
struct Shown {
    order: RemoteOrder,
    /// Each write gives them new ids.
    products: Vec<RemoteProduct>,
}

impl Shown {
    /// The price of a line that was sent, in minor units.
    fn price_of(&self, line: &Line) -> Option<i64> {
        let of_line = self.products.iter().find(|product| {
            product.externalid == line.id && product.quantity == Some(line.quantity.into())
        });
        of_line.and_then(|product| product.price_minor)
    }
}

impl BatchWrite<'_> {
    /// How to write orders, and those of `orders` that are left after a canary, if one was due: the
    /// first time, after the schema has changed, and before the first order whose lines could be
    /// read in two ways. A canary that ActiveCampaign refused decides nothing, so another one
    /// follows.
    pub(super) async fn canary(
        &mut self,
        mut orders: Vec<usize>,
    ) -> Result<(BulkForm, Vec<usize>), StepError> {
        let loader = self.loader;
        let mut state = loader.state.lock().await;
        let known = match state.take() {
            Some(known) => known,
            None => loader.open().await?,
        };
        let known = state.insert(known);
        loop {
            if let Some(stopped) = known.stopped {
                return Err(stopped.into());
            }
            let is_due = known.findings.is_none() || known.price().is_none();
            let due = self.due(&orders, known.findings.is_some());
            if !is_due || due.is_empty() {
                return Ok((known.form(&loader.rest.connection), orders));
            }
            let chosen = self.choose(&due);
            if let Err(error) = self.decide(known, &chosen).await {
                known.stopped = Some(Stopped::from(&error));
                // They are sent again once it is known how prices are read.
                for index in &chosen {
                    self.outcomes[*index].take_if(|outcome| outcome.is_at_remote());
                }
                return Err(error);
            }
            orders.retain(|index| !chosen.contains(index));
        }
    }

    /// Orders with which a canary can decide: if only the price is open, those with such a line.
    fn due(&self, orders: &[usize], is_price_alone: bool) -> Vec<usize> {
        let decides =
            |index: &usize| !is_price_alone || ambiguous_line(self.order(*index)).is_some();
        orders.iter().copied().filter(decides).collect()
    }

    /// One with a line of several units, one with a discount, and others up to the maximum. Orders
    /// that were never sent are preferred: they have no older copy that could be read instead.
    fn choose(&self, due: &[usize]) -> Vec<usize> {
        let first: Vec<usize> =
            due.iter().copied().filter(|index| self.orders[*index].is_first).collect();
        let pool = if first.is_empty() { due } else { &first };
        let several = pool.iter().find(|index| ambiguous_line(self.order(**index)).is_some());
        let discounted = pool.iter().find(|index| self.order(**index).discount.is_some());
        let mut chosen: Vec<usize> = several.into_iter().copied().collect();
        for index in discounted.into_iter().chain(pool) {
            if chosen.len() < ORDERS_MAX && !chosen.contains(index) {
                chosen.push(*index);
            }
        }
        chosen
    }

    /// Sends a canary and reads it back. Nothing is decided if ActiveCampaign refuses all of it.
    async fn decide(&mut self, known: &mut CanaryState, chosen: &[usize]) -> Result<(), StepError> {
        let mut canaries = Vec::new();
        for index in chosen.iter().copied() {
            let is_first = self.orders[index].is_first;
            let before = if is_first { None } else { self.look(index).await? };
            canaries.push(Canary { index, before });
        }
        let form = known.form(&self.loader.rest.connection);
        self.send_as_canary(&form, chosen.to_vec()).await?;
        canaries.retain(|canary| self.is_accepted(canary.index));
        if canaries.is_empty() {
            return Ok(());
        }
        let found = self.read_canary(form, canaries).await?;
        // A canary for the price alone may have no tax.
        let has_tax = found.has_tax.or(known.findings.and_then(|before| before.has_tax));
        let found = BulkFindings { schema: known.digest(), has_tax, ..found };
        self.loader.rest.ledger.set_bulk_findings(found).await?;
        known.findings = Some(found);
        Ok(())
    }

    async fn send_as_canary(
        &mut self,
        form: &BulkForm,
        orders: Vec<usize>,
    ) -> Result<(), StepError> {
        self.is_canary = true;
        let sent = self.send_all(form, orders).await;
        self.is_canary = false;
        sent
    }

    fn is_accepted(&self, index: usize) -> bool {
        self.outcomes[index].as_ref().is_some_and(OrderOutcome::is_at_remote)
    }

    /// Reads the canary until both APIs show it, and decides. If line prices are read as totals,
    /// the orders are sent again with totals.
    async fn read_canary(
        &mut self,
        form: BulkForm,
        canaries: Vec<Canary>,
    ) -> Result<BulkFindings, StepError> {
        let copies = self.copies(&canaries).await?;
        let mut found = BulkFindings::default();
        let mut to_correct = Vec::new();
        for (Canary { index, .. }, copy) in canaries.into_iter().zip(copies) {
            let order = self.order(index);
            let total = order.total.minor();
            if copy.order.total_minor != Some(total) {
                return Err(contradiction("total", total, copy.order.total_minor));
            }
            if order.tax.is_some_and(|tax| tax.minor() > 0) {
                found.has_tax = Some(copy.order.tax_minor.is_some_and(|tax| tax > 0));
            }
            let Some(line) = ambiguous_line(order) else { continue };
            let (unit, shown) = (line.price.minor(), copy.price_of(line));
            let reading = reading(form.price, line, shown);
            match reading.filter(|it| found.price.is_none_or(|other| other == *it)) {
                Some(reading) => found.price = Some(reading),
                None => return Err(contradiction("price of a line", unit, shown)),
            }
            to_correct.push(Canary { index, before: Some(copy) });
        }
        if let Some(price) = found.price.filter(|price| *price != form.price)
            && !self.correct(&BulkForm { price, ..form }, to_correct).await?
        {
            found.price = None;
        }
        Ok(found)
    }

    /// Resends orders whose prices were misread, and checks whether the prices are right now.
    /// Returns whether any order shows that.
    async fn correct(
        &mut self,
        form: &BulkForm,
        mut canaries: Vec<Canary>,
    ) -> Result<bool, StepError> {
        let orders: Vec<usize> = canaries.iter().map(|canary| canary.index).collect();
        for index in &orders {
            self.outcomes[*index] = None;
            self.orders[*index].in_doubt = true;
        }
        self.send_as_canary(form, orders).await?;
        canaries.retain(|canary| self.is_accepted(canary.index));
        let copies = self.copies(&canaries).await?;
        for (canary, copy) in canaries.iter().zip(&copies) {
            let Some(line) = ambiguous_line(self.order(canary.index)) else { continue };
            let shown = copy.price_of(line);
            if shown != Some(line.price.minor()) {
                return Err(contradiction("price of a line", line.price.minor(), shown));
            }
        }
        Ok(!canaries.is_empty())
    }

    /// The copies of a canary in the REST API, once both APIs show all of them. An existing one
    /// counts when it has changed, or had time to change.
    async fn copies(&self, canaries: &[Canary]) -> Result<Vec<Shown>, StepError> {
        let mut delays = COPY_DELAYS_S.iter();
        loop {
            let next = delays.next();
            let mut copies = Vec::new();
            if self.are_shown(canaries).await? {
                for canary in canaries {
                    let shown = self.look_after(canary).await?;
                    copies.extend(shown.filter(|shown| canary.is_copy(shown) || next.is_none()));
                }
            }
            if copies.len() == canaries.len() {
                return Ok(copies);
            }
            let Some(delay) = next else {
                let cause = "the canary was accepted and is not visible yet";
                return Err(FatalError::Unavailable { retry_after: None, cause }.into());
            };
            wait(&self.loader.rest.cancel, Duration::from_secs(*delay)).await?;
        }
    }

    /// Whether GraphQL shows all of these as sent.
    async fn are_shown(&self, canaries: &[Canary]) -> Result<bool, StepError> {
        let rest = &self.loader.rest;
        let keys: Vec<_> = canaries.iter().map(|canary| &self.order(canary.index).key).collect();
        if keys.is_empty() {
            return Ok(true);
        }
        let reading = rest.client.orders_by_key(&rest.connection, &keys);
        let shown = self.loader.read(reading).await?;
        Ok(canaries.iter().zip(shown).all(|(canary, shown)| {
            shown.is_some_and(|shown| shown.shows(&self.sent(canary.index), &rest.connection))
        }))
    }

    /// The order in the REST API, with record and lines from the same moment: the copy may arrive
    /// between the two requests.
    async fn look_after(&self, canary: &Canary) -> Result<Option<Shown>, StepError> {
        let shown = self.look(canary.index).await?;
        match (&shown, &canary.before) {
            (Some(shown), Some(before))
                if shown.order == before.order && shown.products != before.products =>
            {
                self.look(canary.index).await
            }
            _ => Ok(shown),
        }
    }

    /// The current order in the REST API.
    async fn look(&self, index: usize) -> Result<Option<Shown>, StepError> {
        let (rest, order) = (&self.loader.rest, self.order(index));
        let reading = rest.client.order_by_key(&rest.connection, &order.key);
        let Some(copy) = self.loader.read(reading).await? else { return Ok(None) };
        let products = self.loader.read(rest.client.products_of(&copy.id)).await?;
        Ok(Some(Shown { order: copy, products }))
    }
}

/// The first line whose price could be of one unit or of all.
fn ambiguous_line(order: &Order) -> Option<&Line> {
    order.lines.iter().find(|line| line.quantity > 1 && line.price.minor() > 0)
}

/// How ActiveCampaign read the price of a line that was sent by the reading `sent`; `None` if the
/// `shown` price, in minor units, fits neither.
fn reading(sent: PriceReading, line: &Line, shown: Option<i64>) -> Option<PriceReading> {
    let (unit, shown) = (line.price.minor(), shown?);
    let (other, by_other) = match sent {
        // Read as a total, the unit price is divided, and rounded either way.
        PriceReading::Unit => {
            let part = unit / i64::from(line.quantity);
            (PriceReading::LineTotal, part..=part + 1)
        }
        PriceReading::LineTotal => {
            let all = unit * i64::from(line.quantity);
            (PriceReading::Unit, all..=all)
        }
    };
    if shown == unit { Some(sent) } else { by_other.contains(&shown).then_some(other) }
}

fn contradiction(what: &'static str, sent: i64, found: Option<i64>) -> StepError {
    // Amounts of orders have 31 bits.
    let short = |minor: i64| i32::try_from(minor).unwrap_or(i32::MAX);
    FatalError::Contradiction { what, sent: short(sent), found: short(found.unwrap_or(-1)) }.into()
}
