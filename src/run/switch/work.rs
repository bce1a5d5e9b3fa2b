use super::looking::{Looking, Seen};
use super::{SecondRecord, SwitchError, SwitchPlan, SwitchReport, SwitchTask, plan_switch};
use crate::activecampaign::{BulkForm, Client, RemoteOrder};
use crate::domain::{LedgerEntry, LoadPath, Order, OrderKey, PriceReading, RemoteId};
use crate::load::{Deletion, Rewrite, Rewritten, delete, rewrite};
use crate::run::Job;
use crate::run::Sample;
use crate::run::bulk::AcceptedOrders;
use crate::run::meter::Meter;
use crate::state::{OpenSwitch, StateHandle};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The input of a change of path.
pub struct SwitchContext<'a> {
    pub plan: &'a SwitchPlan,
    pub job: &'a Job,
    /// The order to send, where the plan sends one.
    pub canary: Option<&'a Order>,
    pub state: &'a StateHandle,
    pub client: &'a Client,
    /// Ends it; calling again resumes it.
    pub cancel: CancellationToken,
    /// What it waits for.
    pub progress: &'a (dyn Fn(&str) + Send + Sync),
}

/// Changes the path of a connection, unless that would create second records. Calling again resumes
/// an interrupted change.
pub async fn switch(task: SwitchContext<'_>) -> SwitchReport {
    let mut meter = Meter::new(task.client);
    let canary = match (&task.plan.task, task.canary) {
        (SwitchTask::GoBack(open), _) => Some(open.key.clone()),
        (_, Some(order)) => Some(order.key.ledger_text().into_owned()),
        _ => None,
    };
    let mut work = SwitchWork { task: &task, second: None };
    let error = work.carry_out().await.err();
    let second = work.second;
    let (requests, active_ms) = meter.take();
    let (plan, elapsed) = (task.plan.clone(), Duration::from_millis(active_ms));
    SwitchReport { plan, canary, second, requests, elapsed, error }
}

struct SwitchWork<'a> {
    task: &'a SwitchContext<'a>,
    second: Option<SecondRecord>,
}

impl SwitchWork<'_> {
    async fn carry_out(&mut self) -> Result<(), SwitchError> {
        let SwitchContext { plan, job, state, client, .. } = *self.task;
        let view = state.call(|store| store.view()).await?;
        // Another process may have worked since.
        if plan_switch(&view, job, plan.to).ok().as_ref() != Some(plan) {
            return Err(SwitchError::Changed);
        }
        let found = view.connection(&plan.service, &plan.externalid)?;
        let Some((_, remote)) = found else { return Err(SwitchError::Changed) };
        let (connection, to) = (plan.connection, plan.to);
        match (&plan.task, self.task.canary) {
            (SwitchTask::Nothing, _) => Ok(()),
            (SwitchTask::Note, _) => {
                Ok(state.call(move |store| store.set_load_path(connection, to)).await?)
            }
            (SwitchTask::GoBack(open), _) => {
                let key = OrderKey::parse(&open.key).map_err(|_| SwitchError::Changed)?;
                let at = Looking { task: self.task, connection: &remote, key: &key };
                self.go_back(&at, open).await?;
                let is_left = self.second.as_ref().is_some_and(|second| second.left.is_some());
                let (order, from) = (key.as_str().to_owned(), plan.from.word());
                if is_left { Err(SwitchError::SecondRecord { order, from }) } else { Ok(()) }
            }
            (SwitchTask::Canary { resumed }, Some(order)) => {
                let exists = client.has_connection(&plan.service, &plan.externalid, &remote);
                let at = Looking { task: self.task, connection: &remote, key: &order.key };
                if !at.read(exists).await? {
                    return Err(SwitchError::ConnectionGone);
                }
                self.try_order(&at, order, resumed.as_ref()).await
            }
            (SwitchTask::Canary { .. }, None) => Err(SwitchError::Changed),
        }
    }

    /// Sends the order by the other path, and changes the path if ActiveCampaign keeps one record.
    async fn try_order(
        &mut self,
        at: &Looking<'_>,
        order: &Order,
        resumed: Option<&OpenSwitch>,
    ) -> Result<(), SwitchError> {
        let SwitchContext { plan, state, .. } = *self.task;
        let name = order.key.as_str().to_owned();
        let (from, to) = (plan.from.word(), plan.to.word());
        let open = match resumed {
            Some(open) if open.second.is_empty() && at.standing(&open.id).await?.is_none() => {
                self.end(plan.from, &order.key).await?;
                return Err(SwitchError::CanaryLost { order: name, from });
            }
            Some(open) => open.clone(),
            None => self.begin(at, order).await?,
        };
        // It may have arrived already, so it is looked up before it is sent again.
        if resumed.is_some() && plan.to == LoadPath::Bulk {
            at.is_in_graphql().await?;
        }
        // If a second record is known already, nothing more is sent.
        if open.second.is_empty() {
            self.deliver(at, order, &open).await?;
        }
        let one = match at.wait(&open, true).await? {
            Seen::One(one) => one,
            Seen::Second(second) => {
                self.take_back(at, &open, second).await?;
                return Err(SwitchError::SecondRecord { order: name, from });
            }
            Seen::Nothing => {
                let why = "ActiveCampaign accepted it and does not show it".to_owned();
                return Err(SwitchError::Undecided { order: name, why });
            }
            Seen::Gone => {
                self.end(plan.from, &order.key).await?;
                return Err(SwitchError::CanaryLost { order: name, from });
            }
        };
        let (connection, key, sent) = (plan.connection, order.key.clone(), order.total.minor());
        if one.total_minor != Some(sent) {
            self.end(plan.from, &key).await?;
            let found =
                one.total_minor.map_or_else(|| "none".to_owned(), |minor| minor.to_string());
            return Err(SwitchError::OtherTotal { order: name, to, from, sent, found });
        }
        let to = plan.to;
        Ok(state.call(move |store| store.end_switch(connection, to, &key)).await?)
    }

    /// Stores the existing records durably before the order is sent.
    async fn begin(&self, at: &Looking<'_>, order: &Order) -> Result<OpenSwitch, SwitchError> {
        let SwitchContext { plan, job, state, client, cancel, .. } = self.task;
        let connection = plan.connection;
        if plan.from == LoadPath::Bulk {
            let (in_flight_max, remote) = (job.in_flight_max, at.connection);
            let sample = Sample::ALL;
            let accepted =
                AcceptedOrders { state, client, cancel, in_flight_max, connection, remote, sample };
            match accepted.settle(0).await?.not_visible {
                0 => {}
                orders => return Err(SwitchError::NotVisible { orders }),
            }
        }
        let (key, name) = (order.key.clone(), order.key.as_str().to_owned());
        let entry = state.call(move |store| store.order(connection, &key)).await?;
        let gone = || SwitchError::CanaryGone { order: name.clone() };
        let LedgerEntry::Known { id, .. } = entry else { return Err(gone()) };
        let standing = at.standing(&id).await?.ok_or_else(gone)?;
        let others = at.others(&standing.order.email, std::slice::from_ref(&id)).await?;
        let of_key = others.iter().filter(|other| other.text_of(at.key) == at.key.as_str());
        let twice: Vec<&str> = of_key.map(|other| other.id.as_str()).collect();
        if !twice.is_empty() {
            let ids = format!("{id}, {}", twice.join(", "));
            return Err(SwitchError::TwiceBefore { order: name, ids });
        }
        let others = others.into_iter().map(|other| other.id).collect();
        let key = order.key.ledger_text().into_owned();
        let (shown, second) = (standing.shown, Vec::new());
        let open = OpenSwitch { to: plan.to, key, id, shown, others, second };
        let (key, begun) = (order.key.clone(), open.clone());
        state.call(move |store| store.begin_switch(connection, &key, &begun)).await?;
        Ok(open)
    }

    /// Sends the order by the other path; takes back what may have been sent if it is refused.
    async fn deliver(
        &mut self,
        at: &Looking<'_>,
        order: &Order,
        open: &OpenSwitch,
    ) -> Result<(), SwitchError> {
        let name = order.key.as_str().to_owned();
        match self.send(at, order, open).await? {
            Rewritten::Accepted => Ok(()),
            Rewritten::Refused(refusal) => {
                self.go_back(at, open).await?;
                let (to, from) = (self.task.plan.to.word(), self.task.plan.from.word());
                let reason = refusal.reason().to_string();
                Err(SwitchError::Refused { order: name, to, from, reason })
            }
            Rewritten::Undecided(refusal) => {
                let why = refusal.reason().to_string();
                Err(SwitchError::Undecided { order: name, why })
            }
        }
    }

    async fn send(
        &self,
        at: &Looking<'_>,
        order: &Order,
        open: &OpenSwitch,
    ) -> Result<Rewritten, SwitchError> {
        let SwitchContext { client, cancel, .. } = self.task;
        let connection = at.connection;
        if open.to == LoadPath::Rest {
            let how = Rewrite::Rest { id: &open.id, connection };
            return Ok(rewrite(client, cancel, order, &how).await?);
        }
        let schema = at.read(client.order_schema()).await?;
        let price = PriceReading::Unit;
        let form = BulkForm { schema, connection: connection.clone(), price };
        Ok(rewrite(client, cancel, order, &Rewrite::Bulk(&form)).await?)
    }

    /// Rolls back what an interrupted or refused change may have sent.
    async fn go_back(&mut self, at: &Looking<'_>, open: &OpenSwitch) -> Result<(), SwitchError> {
        match at.wait(open, false).await? {
            Seen::One(_) | Seen::Nothing | Seen::Gone => {
                self.end(self.task.plan.from, at.key).await
            }
            Seen::Second(second) => self.take_back(at, open, second).await,
        }
    }

    /// Deletes the records that only the canary can have created, and leaves the path unchanged.
    async fn take_back(
        &mut self,
        at: &Looking<'_>,
        open: &OpenSwitch,
        second: Vec<RemoteId>,
    ) -> Result<(), SwitchError> {
        let SwitchContext { plan, state, .. } = *self.task;
        let original = at.standing(&open.id).await?.map(|standing| standing.order);
        let first = second.first().cloned();
        let (mut found, mut second, mut left) = (Vec::new(), second, None);
        while !second.is_empty() {
            found.extend(second.iter().cloned());
            let (connection, ids) = (plan.connection, found.clone());
            state.call(move |store| store.note_second_records(connection, &ids)).await?;
            for id in &second {
                left = left.or(self.delete_ours(at, original.as_ref(), id).await?);
            }
            // An order that was sent twice is copied twice, the second time to another record.
            second = match &original {
                Some(original) => {
                    let known = [&found[..], &open.others, std::slice::from_ref(&open.id)].concat();
                    at.later_records(original, &known).await?
                }
                None => Vec::new(),
            };
        }
        let is_in_graphql = open.to == LoadPath::Bulk && at.is_in_graphql().await?;
        self.second = Some(SecondRecord { id: first, left, is_in_graphql });
        self.end(self.task.plan.from, at.key).await
    }

    /// Deletes a record if only the switch can have created it; returns why it still exists, if it
    /// does.
    async fn delete_ours(
        &self,
        at: &Looking<'_>,
        original: Option<&RemoteOrder>,
        id: &RemoteId,
    ) -> Result<Option<String>, SwitchError> {
        let Some(record) = at.read(self.task.client.order(id)).await? else { return Ok(None) };
        let is_ours = record.text_of(at.key) == at.key.as_str()
            && record.connection == *at.connection
            && original.is_some_and(|it| it.total_minor == record.total_minor);
        if is_ours {
            return self.delete(at, id).await;
        }
        Ok(Some("it is not certain that the switch made it".to_owned()))
    }

    /// Deletes a record; returns why it still exists, if it does.
    async fn delete(&self, at: &Looking<'_>, id: &RemoteId) -> Result<Option<String>, SwitchError> {
        let SwitchContext { client, cancel, .. } = self.task;
        // The records to delete were stored durably before the order was sent.
        match delete(client, cancel, id, || async { Ok(()) }).await? {
            Deletion::Deleted | Deletion::Gone => {
                let is_there = at.read(client.order(id)).await?.is_some();
                Ok(is_there.then(|| "ActiveCampaign still shows it after its delete".to_owned()))
            }
            Deletion::Refused(refusal) => Ok(Some(refusal.reason().to_string())),
            Deletion::Undecided(refusal) => {
                let (order, why) = (at.key.as_str().to_owned(), refusal.reason().to_string());
                Err(SwitchError::Undecided { order, why })
            }
        }
    }

    async fn end(&self, load: LoadPath, key: &OrderKey) -> Result<(), SwitchError> {
        let (connection, key) = (self.task.plan.connection, key.clone());
        let end = move |store: &mut crate::state::Store| store.end_switch(connection, load, &key);
        Ok(self.task.state.call(end).await?)
    }
}
