//! How ActiveCampaign shows an order that was sent by the other path.

use super::SwitchError;
use super::work::SwitchContext;
use crate::activecampaign::{Failure, RemoteOrder};
use crate::domain::{LoadPath, OrderKey, RemoteId};
use crate::load::COPY_DELAYS_S;
use crate::state::OpenSwitch;
use std::time::Duration;
use tokio::time::sleep;

/// What both APIs show.
pub(super) enum Seen {
    /// Only the previous record.
    One(Box<RemoteOrder>),
    /// Further records; empty: only GraphQL shows two.
    Second(Vec<RemoteId>),
    /// It is not known whether the order arrived.
    Nothing,
    /// The previous record no longer exists.
    Gone,
}

/// The current state of a record.
pub(super) struct RecordState {
    pub(super) order: RemoteOrder,
    /// The parts of it that every write changes.
    pub(super) shown: String,
}

/// An order that is being checked.
pub(super) struct Looking<'a> {
    pub(super) task: &'a SwitchContext<'a>,
    pub(super) connection: &'a RemoteId,
    pub(super) key: &'a OrderKey,
}

impl Looking<'_> {
    /// The record of an id, which must be of this order; with growing delays while it is answered
    /// with 404.
    pub(super) async fn standing(&self, id: &RemoteId) -> Result<Option<RecordState>, SwitchError> {
        let client = self.task.client;
        let Some(order) = self.read(client.order_in_time(id)).await? else { return Ok(None) };
        if order.text_of(self.key) != self.key.as_str() || order.connection != *self.connection {
            return Ok(None);
        }
        let lines = self.read(client.products_of(id)).await?;
        let ids: Vec<&str> = lines.iter().map(|line| line.id.as_str()).collect();
        let shown = format!("{} {}", order.updated, ids.join(" "));
        Ok(Some(RecordState { order, shown }))
    }

    /// The records of the order's key or address, without those of `known`.
    pub(super) async fn others(
        &self,
        email: &str,
        known: &[RemoteId],
    ) -> Result<Vec<RemoteOrder>, SwitchError> {
        let found = self.task.client.orders_like(self.connection, self.key, email);
        let mut found = self.read(found).await?;
        found.retain(|order| !known.contains(&order.id));
        Ok(found)
    }

    /// Records that may be a second one of this order. One that only has its e-mail address must
    /// also have its total: the customer may have bought something else meanwhile.
    async fn second_records(
        &self,
        original: &RemoteOrder,
        known: &[RemoteId],
    ) -> Result<Vec<RemoteId>, SwitchError> {
        let mut found = self.others(&original.email, known).await?;
        found.retain(|other| {
            other.text_of(self.key) == self.key.as_str()
                || other.total_minor == original.total_minor
        });
        Ok(found.into_iter().map(|record| record.id).collect())
    }

    /// Whether GraphQL shows the order.
    pub(super) async fn is_in_graphql(&self) -> Result<bool, SwitchError> {
        let keys = [self.key];
        let reading = self.task.client.orders_by_key(self.connection, &keys);
        Ok(self.read(reading).await?.iter().any(Option::is_some))
    }

    /// Polls until the order that was sent is visible: as a change of its record or as a second
    /// one. ActiveCampaign may detect that nothing changes, so an unchanged record decides too,
    /// after the longest wait. `was_sent`: otherwise its absence from GraphQL shows that it was not
    /// sent.
    pub(super) async fn wait(
        &self,
        open: &OpenSwitch,
        was_sent: bool,
    ) -> Result<Seen, SwitchError> {
        if !open.second.is_empty() {
            return Ok(Seen::Second(open.second.clone()));
        }
        let client = self.task.client;
        let mut known = open.others.clone();
        known.push(open.id.clone());
        let mut absence = client.lookup_delays();
        let mut delays = COPY_DELAYS_S.iter().map(|delay| Duration::from_secs(*delay));
        let one = loop {
            let Some(standing) = self.standing(&open.id).await? else { return Ok(Seen::Gone) };
            let second = self.second_records(&standing.order, &known).await?;
            let is_twice = match self.is_twice_in_graphql(open.to).await {
                // Going back leaves the connection on REST whatever GraphQL shows, so a failed
                // search must not prevent it.
                Err(SwitchError::Target(failure)) if !was_sent => {
                    tracing::warn!("whether GraphQL shows the order twice is not known: {failure}");
                    false
                }
                is_twice => is_twice?,
            };
            if !second.is_empty() || is_twice {
                return Ok(Seen::Second(second));
            }
            let is_there = open.to == LoadPath::Rest || self.is_in_graphql().await?;
            if is_there && standing.shown != open.shown {
                break standing;
            }
            let next = if was_sent || is_there { delays.next() } else { absence.next() };
            match next {
                Some(delay) => {
                    (self.task.progress)("waiting for ActiveCampaign to show the order");
                    self.pause(delay).await?;
                }
                None if is_there => break standing,
                None => return Ok(Seen::Nothing),
            }
        };
        let second = self.later_records(&one.order, &known).await?;
        if second.is_empty() {
            Ok(Seen::One(Box::new(one.order)))
        } else {
            Ok(Seen::Second(second))
        }
    }

    /// Second records that appear while lists may lag.
    pub(super) async fn later_records(
        &self,
        original: &RemoteOrder,
        known: &[RemoteId],
    ) -> Result<Vec<RemoteId>, SwitchError> {
        for delay in self.task.client.lookup_delays() {
            self.pause(delay).await?;
            let second = self.second_records(original, known).await?;
            if !second.is_empty() {
                return Ok(second);
            }
        }
        Ok(Vec::new())
    }

    async fn is_twice_in_graphql(&self, to: LoadPath) -> Result<bool, SwitchError> {
        if to == LoadPath::Rest {
            return Ok(false);
        }
        let found = self.task.client.count_by_search(self.connection, self.key);
        Ok(self.read(found).await?.is_some_and(|found| found > 1))
    }

    /// Ends on an interruption.
    pub(super) async fn read<T>(
        &self,
        reading: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, SwitchError> {
        let read = self.task.cancel.run_until_cancelled(reading).await;
        Ok(read.ok_or(SwitchError::Interrupted)??)
    }

    async fn pause(&self, delay: Duration) -> Result<(), SwitchError> {
        let waited = self.task.cancel.run_until_cancelled(sleep(delay)).await;
        waited.ok_or(SwitchError::Interrupted)
    }
}
