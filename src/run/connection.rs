use crate::activecampaign::{
    Client, Connection, Disposition, Failure, FatalError, NewConnection, Page, RetryDecision,
};
use crate::domain::RemoteId;
use crate::state::{
    ConnectionCheck, ConnectionId, ConnectionOwner, SeenConnection, StateError, StateHandle,
};

/// The ActiveCampaign connection resource that a job writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionSpec {
    pub service: String,
    pub externalid: String,
    pub name: String,
    pub link_url: String,
    pub logo_url: String,
}

impl ConnectionSpec {
    fn names(&self) -> (String, String) {
        (self.service.clone(), self.externalid.clone())
    }

    /// Whether both are the same connection at ActiveCampaign.
    pub fn is_same(&self, other: &Self) -> bool {
        (&self.service, &self.externalid) == (&other.service, &other.externalid)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    #[error(
        "the connection {service}/{externalid} is ActiveCampaign's own integration; writing into it would mix two sources\n  hint: choose another `service` or `externalid` for this job"
    )]
    Native { service: String, externalid: String },
    #[error(
        "the connection {service}/{externalid} does not exist yet, and creating it needs `link_url` and `logo_url`\n  hint: set them under [jobs.NAME.connection]"
    )]
    Incomplete { service: String, externalid: String },
    #[error(
        "the connection {service}/{externalid} was deleted at ActiveCampaign, and the ledger has {orders} orders on it\n  hint: `ordersync connection ensure JOB`, or `backfill --yes`, creates it again; all orders are then loaded again"
    )]
    Gone { service: String, externalid: String, orders: u64 },
    #[error("ActiveCampaign did not create the connection: {0}")]
    Refused(Failure),
    #[error(transparent)]
    Fatal(#[from] FatalError),
    #[error(transparent)]
    State(#[from] StateError),
}

/// The connection's id in ActiveCampaign and in the ledger; it is created if it does not exist.
///
/// A connection in the ledger is not looked up again: a run with nothing to send makes no request.
pub(super) async fn establish(
    state: &StateHandle,
    client: &Client,
    spec: &ConnectionSpec,
) -> Result<(ConnectionId, RemoteId), ConnectionError> {
    let (service, externalid) = spec.names();
    let known = state.call(move |store| store.connection(&service, &externalid)).await?;
    if let Some(known) = known {
        return Ok(known);
    }
    let (service, externalid) = spec.names();
    let lost = state.call(move |store| store.orders_sent_to(&service, &externalid)).await?;
    let EstablishedConnection { local, id, .. } =
        ensure_unless_lost(state, client, spec, lost).await?;
    Ok((local, id))
}

/// A connection that is known to be in ActiveCampaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EstablishedConnection {
    /// The ledger's id of it.
    pub local: ConnectionId,
    pub id: RemoteId,
    /// It was created just now.
    pub is_new: bool,
}

/// Looks the connection up at ActiveCampaign, creates it if it is missing, and makes it the one in
/// use.
///
/// # Errors
/// If it must not be written to, can't be created, or the run must end.
pub async fn ensure(
    state: &StateHandle,
    client: &Client,
    spec: &ConnectionSpec,
) -> Result<EstablishedConnection, ConnectionError> {
    ensure_unless_lost(state, client, spec, 0).await
}

/// [`ensure`]; a connection that was deleted with `lost` orders on it is not created again, and one
/// that another program created in its place is not loaded without consent.
async fn ensure_unless_lost(
    state: &StateHandle,
    client: &Client,
    spec: &ConnectionSpec,
    lost: u64,
) -> Result<EstablishedConnection, ConnectionError> {
    let (service, externalid) = spec.names();
    let known = state.call(move |store| store.connection(&service, &externalid)).await?;
    let known = known.map(|(_, id)| id);
    let found = client
        .connection_of_known(&spec.service, &spec.externalid, known.as_ref())
        .await
        .map_err(given_up)?;
    let seen = connection_check(found.as_ref());
    note(state, spec, seen.clone()).await?;
    let is_other = match &found {
        Some(found) if lost > 0 => {
            let ((service, externalid), id) = (spec.names(), found.id.clone());
            !state.call(move |store| store.knows_connection(&service, &externalid, &id)).await?
        }
        _ => false,
    };
    let (id, is_new) = match found {
        Some(found) if !is_other => (ours(found, spec)?, false),
        _ if lost > 0 => {
            return Err(ConnectionError::Gone {
                service: spec.service.clone(),
                externalid: spec.externalid.clone(),
                orders: lost,
            });
        }
        _ => {
            state.call(|store| store.check_space()).await?;
            create(client, spec).await?
        }
    };
    if is_new {
        note(state, spec, ConnectionCheck { owner: ConnectionOwner::Own, ..seen }).await?;
    }
    let is_known = known.is_some_and(|known| known == id);
    let seen = SeenConnection {
        service: spec.service.clone(),
        externalid: spec.externalid.clone(),
        id: id.clone(),
        is_empty: is_new || (!is_known && is_empty(client, &id).await?),
    };
    let local = state.call(move |store| store.record_connection(&seen)).await?;
    Ok(EstablishedConnection { local, id, is_new })
}

/// Checks whether the connection still exists, for a run with nothing to send, which would not
/// notice. An unavailable ActiveCampaign does not fail such a run.
pub(super) async fn confirm(
    client: &Client,
    spec: &ConnectionSpec,
    id: &RemoteId,
) -> Result<(), FatalError> {
    match client.has_connection(&spec.service, &spec.externalid, id).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(FatalError::ConnectionGone),
        Err(failure) => match failure.disposition {
            Disposition::Stop(FatalError::Unavailable { .. }) => Ok(()),
            Disposition::Stop(stop) => Err(stop),
            _ => Ok(()),
        },
    }
}

/// Whether a connection that exists already holds neither orders nor customers: a single list may
/// be empty by mistake. If it holds any, the ledger was probably lost. A list without a total
/// counts as not empty.
///
/// # Errors
/// When no list was received: the answer is stored permanently, so the next run asks
/// again.
async fn is_empty(client: &Client, id: &RemoteId) -> Result<bool, ConnectionError> {
    let Some((total, shown)) = list_length(client.orders(id).next().await)? else {
        return Ok(false);
    };
    // If ActiveCampaign ignores the filter, the page may only contain other connections.
    let orders = total.unwrap_or_default().max(shown);
    if orders > 0 {
        tracing::warn!(
            orders,
            "the connection has orders that the ledger does not know; each one will be looked up and adopted. hint: `ordersync adopt JOB` first rebuilds the ledger with one request per hundred orders"
        );
    }
    if (total, shown) != EMPTY {
        return Ok(false);
    }
    Ok(list_length(client.customers(id).next().await)? == Some(EMPTY))
}

/// A list with a total of zero and no entries.
const EMPTY: (Option<u64>, u64) = (Some(0), 0);

/// The length that a list states, and that of its first page; `None` if ActiveCampaign answers with
/// something else.
fn list_length<T>(
    first: Result<Option<Page<T>>, Failure>,
) -> Result<Option<(Option<u64>, u64)>, ConnectionError> {
    match first {
        Ok(page) => Ok(page.map(|page| (page.total, page.records.len() as u64))),
        Err(failure) if failure.is_unfiltered() => Ok(None),
        Err(failure) => match given_up(failure) {
            ConnectionError::Refused(_) => Ok(None),
            error => Err(error),
        },
    }
}

/// A connection's owner and list, as ActiveCampaign reports them.
pub fn connection_check(found: Option<&Connection>) -> ConnectionCheck {
    let owner = match found {
        None => ConnectionOwner::Absent,
        Some(found) if found.is_internal => ConnectionOwner::Native,
        Some(_) => ConnectionOwner::Own,
    };
    ConnectionCheck { owner, list_id: found.and_then(|found| found.list_id.clone()) }
}

/// Stores it for plans, which send no request.
async fn note(
    state: &StateHandle,
    spec: &ConnectionSpec,
    seen: ConnectionCheck,
) -> Result<(), StateError> {
    let (service, externalid) = spec.names();
    state.call(move |store| store.note_connection(&service, &externalid, &seen)).await
}

/// The connection, looked up until lists must show it.
async fn find_in_time(
    client: &Client,
    spec: &ConnectionSpec,
) -> Result<Option<RemoteId>, ConnectionError> {
    let mut delays = client.lookup_delays();
    loop {
        let found = find(client, spec).await?;
        match delays.next().filter(|_| found.is_none()) {
            Some(delay) => tokio::time::sleep(delay).await,
            None => return Ok(found),
        }
    }
}

async fn find(client: &Client, spec: &ConnectionSpec) -> Result<Option<RemoteId>, ConnectionError> {
    let found = client.connection_of(&spec.service, &spec.externalid).await.map_err(given_up)?;
    found.map(|found| ours(found, spec)).transpose()
}

/// Its id, if it may be written to.
fn ours(found: Connection, spec: &ConnectionSpec) -> Result<RemoteId, ConnectionError> {
    if found.is_internal {
        return Err(ConnectionError::Native {
            service: spec.service.clone(),
            externalid: spec.externalid.clone(),
        });
    }
    Ok(found.id)
}

/// A failed request means that ActiveCampaign is unavailable, not that it refuses.
fn given_up(failure: Failure) -> ConnectionError {
    match failure.disposition {
        Disposition::Stop(stop) => stop.into(),
        Disposition::Throttled | Disposition::Again | Disposition::LookUp => {
            FatalError::Unavailable { retry_after: None, cause: failure.cause }.into()
        }
        _ => ConnectionError::Refused(failure),
    }
}

/// Creates the connection, and returns whether it is new: a list may have lacked it.
pub(super) async fn create(
    client: &Client,
    spec: &ConnectionSpec,
) -> Result<(RemoteId, bool), ConnectionError> {
    let new = NewConnection {
        service: spec.service.clone(),
        externalid: spec.externalid.clone(),
        name: spec.name.clone(),
        link_url: spec.link_url.clone(),
        logo_url: spec.logo_url.clone(),
    };
    if new.link_url.is_empty() || new.logo_url.is_empty() {
        return Err(ConnectionError::Incomplete {
            service: new.service,
            externalid: new.externalid,
        });
    }
    let mut retry = client.retry();
    loop {
        let failure = match client.turn().await?.create_connection(&new).await {
            Ok(id) => return Ok((id, true)),
            Err(failure) => failure,
        };
        match failure.disposition {
            Disposition::Throttled => continue,
            Disposition::Again | Disposition::LookUp => match retry.after(&failure) {
                RetryDecision::After(delay) => tokio::time::sleep(delay).await,
                RetryDecision::Exhausted => return Err(given_up(failure)),
                RetryDecision::Stop(stop) => return Err(stop.into()),
            },
            Disposition::Stop(stop) => return Err(stop.into()),
            Disposition::Exists | Disposition::Unclear => {}
            Disposition::Gone | Disposition::RelationGone | Disposition::Refused => {
                return Err(ConnectionError::Refused(failure));
            }
        }
        if failure.disposition == Disposition::Again {
            continue;
        }
        // It may have been created, by us or by someone else.
        match find_in_time(client, spec).await? {
            Some(id) => return Ok((id, false)),
            None if failure.disposition == Disposition::LookUp => {}
            None => return Err(ConnectionError::Refused(failure)),
        }
    }
}
