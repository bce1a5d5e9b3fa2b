use super::{Database, FleetError};
use crate::daemon::{Backlog, FleetCounts, FleetNode, FleetView, LedgerCopy};
use crate::state::follow_clock;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::{Client, Row};

/// What a daemon reports to the fleet about itself, for operators. No lease depends on it.
pub struct Heartbeat {
    database: Database,
    node: NodeName,
}

/// A daemon, as it is known to the others.
#[derive(Debug, Clone)]
pub struct NodeName {
    /// Of this daemon alone.
    pub name: String,
    /// Of its machine.
    pub host: String,
    /// How often it sends a heartbeat.
    pub beats_every: Duration,
}

/// A node counts as lost once this many heartbeats in a row are missing.
const MISSING_MAX: u32 = 6;

/// A node that has sent no heartbeat for a day is forgotten, even if it was never evicted.
const FORGET: &str =
    "DELETE FROM ordersync.nodes WHERE seen_at < clock_timestamp() - interval '1 day'";

const NODES: &str = "
    SELECT n.name, n.host, n.is_draining, (1000 * extract(epoch FROM n.since))::bigint AS since,
        ordersync.ms(clock_timestamp() - n.seen_at) AS seen,
        ordersync.ms(clock_timestamp() - n.seen_at) > n.lost_after_ms AS is_lost,
        (SELECT count(*) FROM ordersync.accounts WHERE holder = n.name) AS leases
    FROM ordersync.nodes AS n ORDER BY n.name";

const BACKLOG: &str = "
    SELECT count(*) AS accounts, coalesce(max(ordersync.ms(clock_timestamp() - due_at)), 0) AS oldest
    FROM ordersync.accounts
    WHERE due_at <= clock_timestamp() AND exported IS NULL
        AND (holder IS NULL OR expires_at < clock_timestamp())";

/// `$1` accounts, `$2` the numbers of their leases: those that are held, and those whose lease is
/// no longer the newest.
const LEASES: &str = "
    SELECT had.name, a.fence IS DISTINCT FROM had.fence AS is_superseded, a.copy_bytes,
        ordersync.ms(clock_timestamp() - a.exact_at) AS age
    FROM unnest($1::text[], $2::bigint[]) AS had (name, fence)
        LEFT JOIN ordersync.accounts AS a ON a.name = had.name
    WHERE a.fence IS DISTINCT FROM had.fence OR a.holder IS NOT NULL
    ORDER BY had.name";

/// What the database answers to a heartbeat.
pub struct Beat {
    pub view: FleetView,
    /// Accounts of which this node's last lease is no longer the newest.
    pub superseded: BTreeSet<String>,
}

impl Heartbeat {
    /// Over a connection of its own, so that no renewal waits behind it.
    pub fn new(database: Database, node: NodeName) -> Self {
        Self { database, node }
    }

    pub(super) fn every(&self) -> Duration {
        self.node.beats_every
    }

    /// Brings the schema up to date, and registers a daemon that begins: requests to an earlier one
    /// of its name no longer apply.
    pub async fn join(&self) -> Result<(), FleetError> {
        self.database.migrate().await?;
        let statement = "
            INSERT INTO ordersync.nodes (name, host, since, seen_at, lost_after_ms)
            VALUES ($1, $2, clock_timestamp(), clock_timestamp(), $3)
            ON CONFLICT (name) DO UPDATE SET host = excluded.host, since = excluded.since,
                seen_at = excluded.seen_at, lost_after_ms = excluded.lost_after_ms, is_draining = false
            RETURNING (1000 * extract(epoch FROM clock_timestamp()))::bigint";
        self.tell(statement).await
    }

    /// Sends a heartbeat. Returns the fleet as this daemon sees it. `had`: the number of its last
    /// lease of each account.
    pub async fn beat(&self, had: &BTreeMap<Arc<str>, i64>) -> Result<Beat, FleetError> {
        let statement = "
            INSERT INTO ordersync.nodes (name, host, since, seen_at, lost_after_ms)
            VALUES ($1, $2, clock_timestamp(), clock_timestamp(), $3)
            ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at
            RETURNING (1000 * extract(epoch FROM clock_timestamp()))::bigint";
        self.tell(statement).await?;
        let name = &self.node.name;
        let (accounts, fences): (Vec<&str>, Vec<i64>) =
            had.iter().map(|(account, fence)| (&**account, *fence)).unzip();
        let run = async |client: Arc<Client>| {
            client.execute(FORGET, &[]).await?;
            let (nodes, backlog) = (nodes(&client).await?, backlog(&client).await?);
            let (mut superseded, mut leases) = (BTreeSet::new(), Vec::new());
            for row in client.query(LEASES, &[&accounts, &fences]).await? {
                let account: String = row.try_get("name")?;
                if row.try_get("is_superseded")? {
                    superseded.insert(account);
                } else {
                    leases.push((account, copy(&row)?));
                }
            }
            let own = nodes.iter().find(|other| other.name == *name);
            let is_draining = own.is_some_and(|own| own.is_draining);
            let (node, counts) = (name.clone(), FleetCounts::default());
            let at = Timestamp::now();
            let view = FleetView { at, node, is_draining, nodes, backlog, leases, counts };
            Ok(Beat { view, superseded })
        };
        self.database.run(run).await
    }

    /// Removes a daemon that ends in order.
    pub async fn leave(&self) -> Result<(), FleetError> {
        let statement = "DELETE FROM ordersync.nodes WHERE name = $1";
        self.database.execute(statement, &[&self.node.name]).await.map(drop)
    }

    /// Runs a statement about this node that returns the database's clock, which the states follow
    /// from now on.
    async fn tell(&self, statement: &str) -> Result<(), FleetError> {
        let node = &self.node;
        let lost_after = (node.beats_every * MISSING_MAX).as_millis();
        let lost_after = i64::try_from(lost_after).unwrap_or(i64::MAX);
        let run = async |client: Arc<Client>| {
            let asked = Instant::now();
            let row = client.query_one(statement, &[&node.name, &node.host, &lost_after]).await?;
            let read_ms: i64 = row.try_get(0)?;
            // It was read about halfway.
            let since_ms = i64::try_from(asked.elapsed().as_millis() / 2).unwrap_or_default();
            if let Ok(shows) = Timestamp::from_millisecond(read_ms.saturating_add(since_ms)) {
                follow_clock(shows);
            }
            Ok(())
        };
        self.database.run(run).await
    }
}

pub(super) async fn nodes(client: &Client) -> Result<Vec<FleetNode>, FleetError> {
    let node = |row: &Row| {
        Ok(FleetNode {
            name: row.try_get("name")?,
            host: row.try_get("host")?,
            since: Timestamp::from_millisecond(row.try_get("since")?).unwrap_or_default(),
            seen: length(row, "seen")?,
            leases: whole(row, "leases")?,
            is_draining: row.try_get("is_draining")?,
            is_lost: row.try_get("is_lost")?,
        })
    };
    client.query(NODES, &[]).await?.iter().map(node).collect()
}

pub(super) async fn backlog(client: &Client) -> Result<Backlog, FleetError> {
    let row = client.query_one(BACKLOG, &[]).await?;
    Ok(Backlog { accounts: whole(&row, "accounts")?, oldest: length(&row, "oldest")? })
}

/// The columns `copy_bytes` and `age`; `None`: there is no copy yet.
pub(super) fn copy(row: &Row) -> Result<Option<LedgerCopy>, FleetError> {
    let bytes: Option<i64> = row.try_get("copy_bytes")?;
    let Some(bytes) = bytes else { return Ok(None) };
    Ok(Some(LedgerCopy { bytes: u64::try_from(bytes).unwrap_or(0), age: length(row, "age")? }))
}

/// A column of milliseconds; what would be negative, or is not known, is zero.
pub(super) fn length(row: &Row, column: &str) -> Result<Duration, FleetError> {
    let ms: Option<i64> = row.try_get(column)?;
    Ok(Duration::from_millis(ms.and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0)))
}

fn whole(row: &Row, column: &str) -> Result<u64, FleetError> {
    let number: i64 = row.try_get(column)?;
    Ok(u64::try_from(number).unwrap_or(0))
}
