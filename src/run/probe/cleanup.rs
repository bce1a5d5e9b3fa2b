//! Removes what this or an earlier probe wrote.

use super::prober::Prober;
use super::report::{LeftRecord, NoAnswer, Removed};
use super::test_shops::{PERSONS, PROBE_SERVICE, address};
use crate::activecampaign::{Connection, Disposition, READ_BACK_MAX, Removable};
use crate::domain::{OrderKey, RemoteId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Attempts at one record.
const TRIES_MAX: u8 = 3;
/// Delays while copies of orders of GraphQL are waited for.
const COPY_DELAYS_S: [u64; 7] = [1, 2, 4, 8, 15, 30, 60];

/// The removed records, and the remaining ones.
#[derive(Default)]
pub(super) struct Cleanup {
    pub(super) removed: Removed,
    pub(super) left: Vec<LeftRecord>,
}

/// A connection of a probe.
pub(super) struct Used {
    pub(super) connection: RemoteId,
    /// Orders whose records have to be removed, whether or not lists show them.
    pub(super) created: Vec<RemoteId>,
    /// Orders that GraphQL accepted.
    pub(super) sent: Vec<OrderKey>,
    /// Those among them whose copies have arrived.
    pub(super) copied: Vec<OrderKey>,
}

impl Used {
    pub(super) fn unknown(connection: RemoteId) -> Self {
        let (created, sent, copied) = Default::default();
        Self { connection, created, sent, copied }
    }
}

/// The connections of probes.
pub(super) async fn connections(prober: &Prober<'_>) -> Result<Vec<Connection>, NoAnswer> {
    let mut found = prober.read(prober.client.connections()).await?;
    found.retain(|connection| connection.service == PROBE_SERVICE && !connection.is_internal);
    Ok(found)
}

impl Cleanup {
    /// Removes everything of these connections, and then the connections.
    pub(super) async fn clean(
        &mut self,
        prober: &Prober<'_>,
        used: Vec<Used>,
    ) -> Result<(), NoAnswer> {
        for used in &used {
            self.orders(prober, used).await?;
        }
        for used in &used {
            self.note_graphql(prober, used).await?;
            let mut pages = prober.client.customers(&used.connection);
            let mut customers = Vec::new();
            while let Some(page) = prober.read(pages.next()).await? {
                customers.extend(page.records.into_iter().map(|customer| customer.id));
            }
            for id in &customers {
                self.removed.customers += self.remove(prober, Removable::Customer, id).await?;
            }
        }
        for person in 1..=PERSONS {
            if let Some(contact) = prober.read(prober.client.contact_of(&address(person))).await? {
                self.removed.contacts +=
                    self.remove(prober, Removable::Contact, &contact.id).await?;
            }
        }
        for used in &used {
            let removed = self.remove(prober, Removable::Connection, &used.connection).await?;
            self.removed.connections += removed;
        }
        Ok(())
    }

    /// Removes the orders of a connection until its list stays empty for as long as lists may lag,
    /// and every order of GraphQL had time to be copied.
    async fn orders(&mut self, prober: &Prober<'_>, used: &Used) -> Result<(), NoAnswer> {
        let copied: BTreeSet<&str> = used.copied.iter().map(OrderKey::as_str).collect();
        let mut expected: BTreeSet<&str> = used.sent.iter().map(OrderKey::as_str).collect();
        expected.retain(|key| !copied.contains(key));
        let mut tries: BTreeMap<RemoteId, u8> = BTreeMap::new();
        let mut gone: BTreeSet<RemoteId> = BTreeSet::new();
        let mut found: BTreeSet<RemoteId> = used.created.iter().cloned().collect();
        let (mut lag, mut copying) = (prober.client.lookup_delays(), COPY_DELAYS_S.into_iter());
        let mut is_said = false;
        loop {
            let mut pages = prober.client.orders(&used.connection);
            while let Some(page) = prober.read(pages.next()).await? {
                for order in page.records {
                    expected.remove(order.externalid.as_str());
                    found.insert(order.id);
                }
            }
            let is_spent = |id: &RemoteId| tries.get(id).is_some_and(|tries| *tries >= TRIES_MAX);
            found.retain(|id| !gone.contains(id) && !is_spent(id));
            let found_none = found.is_empty();
            let next = if !found_none {
                Some(Duration::ZERO)
            } else if expected.is_empty() {
                lag.next()
            } else {
                copying.next().map(Duration::from_secs)
            };
            for id in std::mem::take(&mut found) {
                *tries.entry(id.clone()).or_default() += 1;
                match removal(prober, Removable::Order, &id).await {
                    Ok(is_removed) => {
                        self.removed.orders += u64::from(is_removed);
                        gone.insert(id);
                    }
                    Err(NoAnswer::Unanswered(_)) => {}
                    Err(end) => return Err(end),
                }
            }
            let Some(delay) = next else { break };
            if found_none && !expected.is_empty() && !is_said {
                is_said = true;
                (prober.progress)(&waiting_text(expected.len()));
            }
            prober.wait(delay).await?;
        }
        let left = tries.keys().filter(|id| !gone.contains(*id));
        self.left.extend(left.map(|id| LeftRecord::new("order", id)));
        Ok(())
    }

    /// Records the orders that GraphQL still shows: it has no way to delete them.
    async fn note_graphql(&mut self, prober: &Prober<'_>, used: &Used) -> Result<(), NoAnswer> {
        let keys: BTreeSet<&OrderKey> = used.sent.iter().collect();
        let keys: Vec<&OrderKey> = keys.into_iter().collect();
        for part in keys.chunks(READ_BACK_MAX) {
            let shown = prober.read(prober.client.orders_by_key(&used.connection, part)).await?;
            let left = part.iter().zip(shown).filter(|(_, shown)| shown.is_some());
            self.left.extend(
                left.map(|(key, _)| LeftRecord {
                    kind: "graphql_order",
                    id: key.as_str().to_owned(),
                }),
            );
        }
        Ok(())
    }

    /// Removes one record and counts it; if that fails, it is left.
    async fn remove(
        &mut self,
        prober: &Prober<'_>,
        what: Removable,
        id: &RemoteId,
    ) -> Result<u64, NoAnswer> {
        for _ in 0..TRIES_MAX {
            match removal(prober, what, id).await {
                Ok(is_removed) => return Ok(u64::from(is_removed)),
                Err(NoAnswer::Unanswered(_)) => {}
                Err(end) => return Err(end),
            }
        }
        self.left.push(LeftRecord::new(word(what), id));
        Ok(0)
    }
}

/// Why nothing is removed for a while.
fn waiting_text(orders: usize) -> String {
    let longest: u64 = COPY_DELAYS_S.iter().sum();
    format!(
        "waiting up to {longest} s for copies of {orders} of the orders that GraphQL took, to remove them too"
    )
}

fn word(what: Removable) -> &'static str {
    match what {
        Removable::Order => "order",
        Removable::Customer => "customer",
        Removable::Contact => "contact",
        Removable::Connection => "connection",
    }
}

/// Deletes a record; false if it was gone already.
async fn removal(prober: &Prober<'_>, what: Removable, id: &RemoteId) -> Result<bool, NoAnswer> {
    let tried = prober.send(async |turn| match turn.remove(what, id).await {
        Err(failure) if failure.disposition == Disposition::Gone => Ok(false),
        other => other.map(|()| true),
    });
    tried.await?.taken()
}
