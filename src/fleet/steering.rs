use super::nodes::length;
use super::{Database, FleetError};
use crate::daemon::FleetEviction;
use std::sync::Arc;
use tokio_postgres::{Client, Row};

/// The number grows, so that the holder can no longer write. Orders that it may still send until
/// the lease would have expired count as sent but not recorded, from the state of the ledger on.
const EVICT: &str = "
    UPDATE ordersync.accounts AS a SET fence = a.fence + 1,
        exact_at = a.exact_at - greatest(a.expires_at - clock_timestamp(), interval '0'),
        expires_at = least(a.expires_at, clock_timestamp() - interval '1 millisecond')
    FROM (SELECT name, holder, ordersync.ms(expires_at - clock_timestamp()) AS remaining
        FROM ordersync.accounts WHERE CASE WHEN $2 THEN holder = $1 ELSE name = $1 END
        ORDER BY name FOR UPDATE) AS held
    WHERE a.name = held.name AND held.holder IS NOT NULL
    RETURNING a.name, held.holder, held.remaining";

/// Asks nodes to hand over their leases and take no more, or to take accounts again. They react
/// within seconds.
pub async fn drain(
    database: &Database,
    nodes: &[String],
    is_draining: bool,
) -> Result<(), FleetError> {
    let statement = "UPDATE ordersync.nodes SET is_draining = $2 WHERE name = ANY($1)";
    database.execute(statement, &[&nodes, &is_draining]).await.map(drop)
}

/// Takes all leases from a node. A lost node is removed; another is drained, or it would take them
/// again.
pub async fn evict_node(database: &Database, node: &str) -> Result<Vec<FleetEviction>, FleetError> {
    let run = async |client: Arc<Client>| {
        let forget = "
            DELETE FROM ordersync.nodes
            WHERE name = $1 AND ordersync.ms(clock_timestamp() - seen_at) > lost_after_ms";
        client.execute(forget, &[&node]).await?;
        let drain = "UPDATE ordersync.nodes SET is_draining = true WHERE name = $1";
        client.execute(drain, &[&node]).await?;
        client.query(EVICT, &[&node, &true]).await?.iter().map(evicted).collect()
    };
    database.run(run).await
}

/// Takes the lease of an account from its holder; `None` if it is not held.
pub async fn evict_account(
    database: &Database,
    account: &str,
) -> Result<Option<FleetEviction>, FleetError> {
    let run = async |client: Arc<Client>| {
        let row = client.query_opt(EVICT, &[&account, &false]).await?;
        row.as_ref().map(evicted).transpose()
    };
    database.run(run).await
}

fn evicted(row: &Row) -> Result<FleetEviction, FleetError> {
    Ok(FleetEviction {
        account: row.try_get("name")?,
        node: row.try_get("holder")?,
        left: length(row, "remaining")?,
    })
}
