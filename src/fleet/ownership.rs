use super::accounts::{PACE, lease_of, millis};
use super::{Accounts, Database, FleetError, Lease, Pace, Renewal};
use std::sync::Arc;
use tokio::task::AbortHandle;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

/// The owners of the ledgers: the fleet, or a single machine.
pub struct Ownership {
    database: Database,
    accounts: Arc<Accounts>,
    /// The name under which leases are taken.
    mover: String,
}

/// The lease of an account whose ledger is moved.
pub(super) struct Taken {
    pub lease: Lease,
    /// The number under which the ledger was handed to a machine; `None`: it belongs to the fleet.
    pub exported: Option<i64>,
}

/// Renews a lease until it is dropped.
pub(super) struct Renewing(AbortHandle);

impl Drop for Renewing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The lease sends nothing, so it changes nothing about what the copy lacks.
const TAKE: &str = "
    UPDATE ordersync.accounts AS a SET holder = $2, fence = a.fence + 1,
        expires_at = clock_timestamp() + $3::bigint * interval '1 millisecond'
    FROM (SELECT name, coalesce(expires_at, clock_timestamp()) AS lost_at
        FROM ordersync.accounts
        WHERE name = $1 AND (holder IS NULL OR expires_at < clock_timestamp()) FOR UPDATE) AS prior
    WHERE a.name = prior.name
    RETURNING a.name, a.fence, a.exported,
        a.copy_fence, a.copy_number, a.copy_chunks, a.copy_bytes, a.copy_hash,
        CASE WHEN a.is_exact THEN 0 ELSE ordersync.ms(prior.lost_at - a.exact_at) END AS unrecorded,
        ordersync.ms(clock_timestamp() - a.seen_at) AS seen,
        ordersync.ms(clock_timestamp() - a.sent_at) AS sent,
        ordersync.ms(a.paused_until - clock_timestamp()) AS pause";

/// `$1` to `$3` of a statement that the holder of a lease may run.
const HELD: &str = "a.name = $1 AND a.fence = $2 AND a.holder = $3";

impl Ownership {
    /// `accounts` takes leases under the name `mover`.
    pub fn new(database: Database, accounts: Accounts, mover: impl Into<String>) -> Self {
        Self { database, accounts: Arc::new(accounts), mover: mover.into() }
    }

    /// Registers an account whose ledger is at a machine; a registered one is unchanged.
    pub(super) async fn know(&self, account: &str) -> Result<(), FleetError> {
        let statement = "
            INSERT INTO ordersync.accounts (name, schedules, due_at, seen_at, exported)
            VALUES ($1, '', clock_timestamp(), clock_timestamp(), 0) ON CONFLICT DO NOTHING";
        self.database.execute(statement, &[&account]).await.map(drop)
    }

    /// Takes the lease of an account, due or not; `None` if there is no such account, or it is
    /// held.
    pub(super) async fn take(&self, account: &str) -> Result<Option<Taken>, FleetError> {
        let length = millis(self.accounts.lease_length());
        let run = async |client: Arc<Client>| {
            Ok(client.query_opt(TAKE, &[&account, &self.mover, &length]).await?)
        };
        let Some(row) = self.database.run(run).await? else { return Ok(None) };
        Ok(Some(Taken { lease: lease_of(&row)?, exported: row.try_get("exported")? }))
    }

    /// The holder of an account.
    pub(super) async fn holder(&self, account: &str) -> Result<Option<String>, FleetError> {
        let statement = "SELECT holder FROM ordersync.accounts WHERE name = $1";
        let run = async |client: Arc<Client>| Ok(client.query_opt(statement, &[&account]).await?);
        let row = self.database.run(run).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?.flatten())
    }

    /// Renews a lease until the result is dropped. Operations under a lease that could not be
    /// renewed are refused. Must be called within a runtime.
    pub(super) fn renewing(&self, taken: &Taken) -> Renewing {
        let (account, fence) = (taken.lease.account.clone(), taken.lease.fence);
        let renewal = Renewal { account, fence, pace: Pace::default() };
        let accounts = Arc::clone(&self.accounts);
        let renewing = tokio::spawn(async move {
            loop {
                tokio::time::sleep(accounts.lease_length() / 6).await;
                if let Err(error) = accounts.renew(std::slice::from_ref(&renewal)).await {
                    tracing::debug!("the lease was not renewed: {error}");
                }
            }
        });
        Renewing(renewing.abort_handle())
    }

    /// Notes that the ledger is at a machine, under this number.
    pub(super) async fn set_exported(&self, taken: &Taken, number: i64) -> Result<(), FleetError> {
        self.change(taken, "exported = $4", &[&number]).await
    }

    /// The copy is the ledger from now on, and nodes take the account. Ends the lease.
    pub(super) async fn hand_to_fleet(&self, taken: &Taken, pace: Pace) -> Result<(), FleetError> {
        let (sent, pause) = (pace.sent.map(millis), pace.pause.map(millis));
        let set = "exported = NULL, is_exact = true, holder = NULL, expires_at = NULL, due_at = clock_timestamp()";
        let from = "FROM (SELECT $4::bigint AS sent, $5::bigint AS pause) AS given";
        let statement =
            format!("UPDATE ordersync.accounts AS a SET {set}, {PACE} {from} WHERE {HELD}");
        self.changed(taken, &statement, &[&sent, &pause]).await
    }

    /// From now on the ledger belongs to a machine, and no node takes the account. Ends the lease.
    pub(super) async fn hand_to_machine(&self, taken: &Taken) -> Result<(), FleetError> {
        let set = "exported = a.fence, is_exact = true, holder = NULL, expires_at = NULL";
        self.change(taken, set, &[]).await
    }

    /// Ends the lease, and changes nothing else.
    pub(super) async fn give_back(&self, taken: &Taken) -> Result<(), FleetError> {
        self.change(taken, "holder = NULL, expires_at = NULL", &[]).await
    }

    async fn change(
        &self,
        taken: &Taken,
        set: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<(), FleetError> {
        let statement = format!("UPDATE ordersync.accounts AS a SET {set} WHERE {HELD}");
        self.changed(taken, &statement, values).await
    }

    async fn changed(
        &self,
        taken: &Taken,
        statement: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<(), FleetError> {
        let Lease { account, fence, .. } = &taken.lease;
        let held: [&(dyn ToSql + Sync); 3] = [account, fence, &self.mover];
        let rows = self.database.execute(statement, &[&held, values].concat()).await?;
        FleetError::check_held(rows, account)
    }
}
