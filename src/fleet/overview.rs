use super::nodes::{backlog, copy, length, nodes};
use super::{Database, FleetError};
use crate::daemon::{Backlog, FleetAccount, FleetNode};
use std::sync::Arc;
use tokio_postgres::{Client, Row};

/// A snapshot of the whole fleet, by the database's clock.
#[derive(Debug)]
pub struct Overview {
    pub nodes: Vec<FleetNode>,
    pub accounts: Vec<FleetAccount>,
    pub backlog: Backlog,
}

/// An account without a holder has sent nothing since its lease was given back or expired.
const ACCOUNTS: &str = "
    SELECT name, holder, fence, exported IS NOT NULL AS is_exported,
        coalesce(expires_at < clock_timestamp(), false) AS is_expired,
        ordersync.ms(clock_timestamp() - due_at) AS due,
        copy_bytes, ordersync.ms(clock_timestamp() - exact_at) AS age,
        CASE WHEN is_exact THEN 0 ELSE
            ordersync.ms(least(clock_timestamp(), coalesce(expires_at, clock_timestamp())) - exact_at)
        END AS unrecorded
    FROM ordersync.accounts ORDER BY name";

impl Overview {
    /// Reads it, and changes nothing.
    pub async fn read(database: &Database) -> Result<Self, FleetError> {
        let run = async |client: Arc<Client>| {
            let accounts = client.query(ACCOUNTS, &[]).await?;
            Ok(Self {
                nodes: nodes(&client).await?,
                accounts: accounts.iter().map(account).collect::<Result<_, FleetError>>()?,
                backlog: backlog(&client).await?,
            })
        };
        database.run(run).await
    }
}

fn account(row: &Row) -> Result<FleetAccount, FleetError> {
    let due: i64 = row.try_get("due")?;
    Ok(FleetAccount {
        name: row.try_get("name")?,
        holder: row.try_get("holder")?,
        is_expired: row.try_get("is_expired")?,
        fence: row.try_get("fence")?,
        is_exported: row.try_get("is_exported")?,
        due_since: jiff::SignedDuration::from_millis(due),
        copy: copy(row)?,
        unrecorded: length(row, "unrecorded")?,
    })
}
