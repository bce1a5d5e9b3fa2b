//! The first orders of a connection: read back through GraphQL and through REST, they decide between
//! the meanings that the documentation gives for the same field.

use super::super::attempts::{StepError, wait};
use super::batch::BatchWrite;
use super::path::{CanaryState, ended};
use crate::activecampaign::{BulkForm, FatalError, RemoteOrder};
use crate::domain::{BulkFindings, Line, Order, PriceReading};
use crate::state::OrderOutcome;
use std::time::Duration;

/// Orders of a canary.
const ORDERS_MAX: usize = 3;
/// Delays before a canary is read again; ActiveCampaign copies orders to its REST API within seconds.
const DELAYS_S: [u64; 9] = [1, 2, 4, 8, 15, 30, 60, 120, 240];

impl BatchWrite<'_> {
    /// How to write orders; and those of `orders` that are left after a canary, where one was due:
    /// the first time, after the schema has changed, and before the first order whose lines could be
    /// read in two ways.
    pub(super) async fn canary(
        &mut self,
        orders: Vec<usize>,
    ) -> Result<(BulkForm, Vec<usize>), StepError> {
        let loader = self.loader;
        let mut state = loader.state.lock().await;
        if state.is_none() {
            let (schema, known) = loader.schema().await?;
            let findings = known.filter(|known| known.schema == schema.digest());
            *state = Some(CanaryState { schema, findings, is_stopped: false });
        }
        let Some(known) = state.as_mut() else { return Err(FatalError::Schema.into()) };
        if known.is_stopped {
            return Err(StepError::Cancelled);
        }
        let price = known.findings.and_then(|found| found.price);
        let mut form = BulkForm {
            schema: (*known.schema).clone(),
            connection: loader.rest.connection.clone(),
            price: price.unwrap_or(PriceReading::Unit),
        };
        let is_ambiguous = |index: &usize| ambiguous_line(self.order(*index)).is_some();
        if known.findings.is_some() && (price.is_some() || !orders.iter().any(is_ambiguous)) {
            return Ok((form, orders));
        }
        let chosen = self.choose(&orders);
        known.is_stopped = true;
        self.send_all(&form, chosen.clone()).await?;
        let is_accepted =
            |index: &usize| self.outcomes[*index].as_ref().is_some_and(OrderOutcome::is_at_remote);
        let accepted: Vec<usize> = chosen.iter().copied().filter(is_accepted).collect();
        if !accepted.is_empty() {
            let found = self.read_canary(&mut form, &accepted).await?;
            let found = BulkFindings { schema: known.schema.digest(), ..found };
            loader.rest.ledger.set_bulk_findings(found).await?;
            known.findings = Some(found);
        }
        known.is_stopped = false;
        let left = orders.into_iter().filter(|index| !chosen.contains(index)).collect();
        Ok((form, left))
    }

    /// One with a line of several units, one with a discount, and others up to the number.
    fn choose(&self, orders: &[usize]) -> Vec<usize> {
        let several = orders.iter().find(|index| ambiguous_line(self.order(**index)).is_some());
        let discounted = orders.iter().find(|index| self.order(**index).discount.is_some());
        let mut chosen: Vec<usize> = several.into_iter().copied().collect();
        for index in discounted.into_iter().chain(orders) {
            if chosen.len() < ORDERS_MAX && !chosen.contains(index) {
                chosen.push(*index);
            }
        }
        chosen
    }

    /// Reads the canary until both APIs show it, and decides. Where the prices of lines are read as
    /// totals, the orders are sent again with totals.
    async fn read_canary(
        &mut self,
        form: &mut BulkForm,
        orders: &[usize],
    ) -> Result<BulkFindings, StepError> {
        let copies = self.copies(orders).await?;
        let mut found = BulkFindings::default();
        for (index, copy) in orders.iter().zip(&copies) {
            let order = self.order(*index);
            let total = order.total.minor();
            if copy.total_minor != Some(total) {
                return Err(contradiction("total", total, copy.total_minor));
            }
            if order.tax.is_some_and(|tax| tax.minor() > 0) {
                found.has_tax = Some(copy.tax_minor.is_some_and(|tax| tax > 0));
            }
        }
        let ambiguous: Vec<(usize, &RemoteOrder)> = orders
            .iter()
            .zip(&copies)
            .filter(|(index, _)| ambiguous_line(self.order(**index)).is_some())
            .map(|(index, copy)| (*index, copy))
            .collect();
        for (index, copy) in &ambiguous {
            let reading = self.reading(form.price, self.order(*index), copy).await?;
            if found.price.is_some_and(|other| other != reading) {
                return Err(contradiction("price of a line", 0, None));
            }
            found.price = Some(reading);
        }
        if let Some(price) = found.price.filter(|price| *price != form.price) {
            form.price = price;
            let again: Vec<usize> = ambiguous.iter().map(|(index, _)| *index).collect();
            self.correct(form, &again, &copies).await?;
        }
        Ok(found)
    }

    /// What ActiveCampaign took the price of a line for that was sent by the reading `sent`.
    async fn reading(
        &self,
        sent: PriceReading,
        order: &Order,
        copy: &RemoteOrder,
    ) -> Result<PriceReading, StepError> {
        let Some(line) = ambiguous_line(order) else { return Ok(sent) };
        let unit = line.price.minor();
        let found = self.price_shown(copy, line).await?;
        let other = match sent {
            PriceReading::Unit => PriceReading::LineTotal,
            PriceReading::LineTotal => PriceReading::Unit,
        };
        let by_other = match sent {
            // Taken as a total, the price of one unit is divided, and rounded either way.
            PriceReading::Unit => {
                let part = unit / i64::from(line.quantity);
                part..=part + 1
            }
            PriceReading::LineTotal => {
                let all = unit * i64::from(line.quantity);
                all..=all
            }
        };
        match found {
            Some(found) if found == unit => Ok(sent),
            Some(found) if by_other.contains(&found) => Ok(other),
            found => Err(contradiction("price of a line", unit, found)),
        }
    }

    async fn price_shown(&self, copy: &RemoteOrder, line: &Line) -> Result<Option<i64>, StepError> {
        let products = self.loader.rest.client.products_of(&copy.id).await.map_err(ended)?;
        let of_line = products.iter().find(|product| {
            product.externalid == line.id && product.quantity == Some(line.quantity.into())
        });
        Ok(of_line.and_then(|product| product.price_minor))
    }

    /// Sends orders again whose prices were taken for something else, and waits until the copies show
    /// them.
    async fn correct(
        &mut self,
        form: &BulkForm,
        orders: &[usize],
        copies: &[RemoteOrder],
    ) -> Result<(), StepError> {
        let before: Vec<_> = orders.iter().map(|index| self.outcomes[*index].take()).collect();
        self.send_all(form, orders.to_vec()).await?;
        for (index, before) in orders.iter().zip(before) {
            if self.outcomes[*index].as_ref().is_some_and(OrderOutcome::is_at_remote) {
                self.outcomes[*index] = before;
            }
            let order = self.order(*index);
            let copy = copies.iter().find(|copy| copy.externalid == order.key.as_str());
            let (Some(copy), Some(line)) = (copy, ambiguous_line(order)) else { continue };
            let mut delays = DELAYS_S.iter();
            loop {
                let found = self.price_shown(copy, line).await?;
                if found == Some(line.price.minor()) {
                    break;
                }
                let Some(delay) = delays.next() else {
                    return Err(contradiction("price of a line", line.price.minor(), found));
                };
                wait(&self.loader.rest.cancel, Duration::from_secs(*delay)).await?;
            }
        }
        Ok(())
    }

    /// The copies of these orders in the REST API, once both APIs show all of them.
    async fn copies(&self, orders: &[usize]) -> Result<Vec<RemoteOrder>, StepError> {
        let rest = &self.loader.rest;
        let keys: Vec<_> = orders.iter().map(|index| &self.order(*index).key).collect();
        let mut delays = DELAYS_S.iter();
        loop {
            let shown = rest.client.orders_by_key(&rest.connection, &keys).await.map_err(ended)?;
            let mut copies = Vec::new();
            for key in keys.iter().filter(|_| shown.iter().all(Option::is_some)) {
                let found = rest.client.order_by_key(&rest.connection, key).await;
                copies.extend(found.map_err(ended)?);
            }
            if copies.len() == keys.len() {
                return Ok(copies);
            }
            let Some(delay) = delays.next() else {
                let cause = "the canary was accepted and is not visible yet";
                return Err(FatalError::Away { retry_after: None, cause }.into());
            };
            wait(&rest.cancel, Duration::from_secs(*delay)).await?;
        }
    }
}

/// The first line whose price could be of one unit or of all.
fn ambiguous_line(order: &Order) -> Option<&Line> {
    order.lines.iter().find(|line| line.quantity > 1 && line.price.minor() > 0)
}

fn contradiction(what: &'static str, sent: i64, found: Option<i64>) -> StepError {
    // Amounts of orders have 31 bits.
    let short = |minor: i64| i32::try_from(minor).unwrap_or(i32::MAX);
    FatalError::Contradiction { what, sent: short(sent), found: short(found.unwrap_or(-1)) }.into()
}
