use super::{Database, FleetError};
use crate::state::{asked_pause, last_send_at};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio_postgres::Row;

/// The accounts of the fleet and their leases.
pub struct Accounts {
    database: Database,
    /// The name under which this process takes leases.
    node: String,
    /// How long a lease is valid from each renewal on.
    lease: Duration,
}

/// An account that this node may work on.
#[derive(Debug, Clone)]
pub struct Registration {
    pub name: String,
    /// Digest of the schedules of its jobs.
    pub schedules: Vec<u8>,
}

/// The right to write to an account, until it expires.
#[derive(Debug, Clone)]
pub struct Lease {
    pub account: String,
    /// Grows with each lease of an account.
    pub fence: i64,
    pub handover: Handover,
}

/// The state that the previous holder left.
#[derive(Debug, Clone)]
pub struct Handover {
    /// The newest copy of the ledger; `None`: there is none yet.
    pub copy: Option<CopyHead>,
    /// How long the last holder may have sent orders that the copy lacks; zero if it ended cleanly.
    pub unrecorded: Duration,
    /// How long ago the account's schedules were checked.
    pub seen: Duration,
    pub pace: Pace,
}

impl Handover {
    /// How many steps the copy may lack, from the number of orders that can be created per second
    /// and be in flight concurrently.
    pub fn unrecorded_steps(&self, orders_per_second: f64, in_flight_max: usize) -> u32 {
        if self.unrecorded.is_zero() {
            return 0;
        }
        let sent = orders_per_second * self.unrecorded.as_secs_f64();
        // Those in flight count twice: when the copy was made, and when the holder was lost.
        (sent.ceil() as u32).saturating_add((in_flight_max as u32).saturating_mul(2))
    }
}

/// Which copy of an account's ledger is the newest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyHead {
    pub fence: i64,
    /// Number of the copy under one lease.
    pub number: i64,
    pub chunks: i32,
    /// Length of the file.
    pub bytes: i64,
    pub hash: Vec<u8>,
}

impl CopyHead {
    fn of(row: &Row) -> Result<Option<Self>, FleetError> {
        let Some(fence) = row.try_get("copy_fence")? else { return Ok(None) };
        Ok(Some(Self {
            fence,
            number: row.try_get("copy_number")?,
            chunks: row.try_get("copy_chunks")?,
            bytes: row.try_get("copy_bytes")?,
            hash: row.try_get("copy_hash")?,
        }))
    }
}

/// What the next holder must know about the requests of this one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// How long ago the last request left.
    pub sent: Option<Duration>,
    /// The remainder of the pause that ActiveCampaign asked for.
    pub pause: Option<Duration>,
}

impl Pace {
    /// That of this machine's requests, from the account's ledger in a folder.
    pub(super) fn of(dir: &Path, account: &str) -> Self {
        let now = SystemTime::now();
        let sent = last_send_at(dir, account).map(|at| now.duration_since(at).unwrap_or_default());
        let pause = asked_pause(dir, account, now).and_then(|until| until.duration_since(now).ok());
        Self { sent, pause }
    }
}

/// The extension of a lease.
#[derive(Debug, Clone)]
pub struct Renewal {
    pub account: String,
    pub fence: i64,
    pub pace: Pace,
}

/// How a lease ends.
#[derive(Debug, Clone, Copy)]
pub struct Released {
    /// Time until the account must be checked again.
    pub due: Duration,
    /// The newest copy of the ledger contains everything that was sent.
    pub is_exact: bool,
    pub pace: Pace,
}

const REGISTER: &str = "
    INSERT INTO ordersync.accounts AS a (name, schedules, due_at, seen_at)
        SELECT name, schedules, clock_timestamp(), clock_timestamp()
        FROM unnest($1::text[], $2::bytea[]) AS registered (name, schedules)
        ORDER BY name
        ON CONFLICT (name) DO UPDATE SET
            schedules = excluded.schedules,
            due_at = least(a.due_at, clock_timestamp())
        WHERE a.schedules <> excluded.schedules";

/// `$1` the node, `$2` the length of a lease, `$3` the accounts it knows, `$4` how many it has room
/// for. Accounts that have been due longest are taken first, and rows that another node is taking
/// are skipped. A drained node takes nothing. A node takes at most its share at once: what it lacks
/// of an equal part of all work, or an equal part of the due accounts if that is more, as others
/// may be full.
const TAKE: &str = "
    WITH active AS (
        SELECT greatest(count(*), 1)::float AS nodes FROM ordersync.nodes
        WHERE NOT is_draining AND ordersync.ms(clock_timestamp() - seen_at) <= lost_after_ms
    ), work AS (
        SELECT count(*) FILTER (WHERE expires_at >= clock_timestamp()) AS held,
            count(*) FILTER (WHERE expires_at >= clock_timestamp() AND holder = $1) AS own,
            count(*) FILTER (WHERE due_at <= clock_timestamp() AND exported IS NULL
                AND (holder IS NULL OR expires_at < clock_timestamp())) AS due
        FROM ordersync.accounts
    ), share AS (
        SELECT ceil(greatest((held + due) / nodes - own, due / nodes))::bigint AS accounts
        FROM active, work
    )
    UPDATE ordersync.accounts AS a SET
        holder = $1, fence = a.fence + 1, is_exact = false,
        expires_at = clock_timestamp() + $2::bigint * interval '1 millisecond',
        exact_at = CASE WHEN prior.is_exact THEN clock_timestamp() ELSE prior.exact_at END
    FROM (
        SELECT name, is_exact, exact_at, coalesce(expires_at, clock_timestamp()) AS lost_at
        FROM ordersync.accounts
        WHERE name = ANY($3) AND due_at <= clock_timestamp()
            AND (holder IS NULL OR expires_at < clock_timestamp()) AND exported IS NULL
            AND NOT EXISTS (SELECT FROM ordersync.nodes AS n WHERE n.name = $1 AND n.is_draining)
        ORDER BY due_at, name LIMIT least($4, (SELECT accounts FROM share)) FOR UPDATE SKIP LOCKED
    ) AS prior
    WHERE a.name = prior.name
    RETURNING a.name, a.fence, a.copy_fence, a.copy_number, a.copy_chunks, a.copy_bytes, a.copy_hash,
        CASE WHEN prior.is_exact THEN 0 ELSE ordersync.ms(prior.lost_at - prior.exact_at) END AS unrecorded,
        ordersync.ms(clock_timestamp() - a.seen_at) AS seen,
        ordersync.ms(clock_timestamp() - a.sent_at) AS sent,
        ordersync.ms(a.paused_until - clock_timestamp()) AS pause";

/// What a holder reports about its pace; a column is unchanged if it reports nothing.
pub(super) const PACE: &str = "
    sent_at = coalesce(clock_timestamp() - given.sent * interval '1 millisecond', a.sent_at),
    paused_until = coalesce(clock_timestamp() + given.pause * interval '1 millisecond', a.paused_until)";

impl Accounts {
    /// `lease`: how long each lease is valid from a renewal on.
    pub fn new(database: Database, node: impl Into<String>, lease: Duration) -> Self {
        Self { database, node: node.into(), lease }
    }

    pub fn lease_length(&self) -> Duration {
        self.lease
    }

    /// Registers accounts with the fleet. One whose schedules changed becomes due immediately.
    pub async fn register(&self, accounts: &[Registration]) -> Result<(), FleetError> {
        let names: Vec<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
        let schedules: Vec<&[u8]> = accounts.iter().map(|account| &account.schedules[..]).collect();
        self.database.execute(REGISTER, &[&names, &schedules]).await.map(drop)
    }

    /// Takes the leases of up to `room` of these accounts that are due and not held, at most this
    /// node's share.
    pub async fn take(&self, accounts: &[&str], room: usize) -> Result<Vec<Lease>, FleetError> {
        let (length, room) = (millis(self.lease), i64::try_from(room).unwrap_or(i64::MAX));
        let run = async |client: Arc<tokio_postgres::Client>| {
            Ok(client.query(TAKE, &[&self.node, &length, &accounts, &room]).await?)
        };
        self.database.run(run).await?.iter().map(lease_of).collect()
    }

    /// Renews leases of this node: the accounts whose lease is still its own.
    pub async fn renew(&self, renewals: &[Renewal]) -> Result<Vec<String>, FleetError> {
        let names: Vec<&str> = renewals.iter().map(|renewal| renewal.account.as_str()).collect();
        let fences: Vec<i64> = renewals.iter().map(|renewal| renewal.fence).collect();
        let sent: Vec<Option<i64>> =
            renewals.iter().map(|renewal| renewal.pace.sent.map(millis)).collect();
        let pauses: Vec<Option<i64>> =
            renewals.iter().map(|renewal| renewal.pace.pause.map(millis)).collect();
        let statement = format!(
            "UPDATE ordersync.accounts AS a SET
                 expires_at = clock_timestamp() + $2::bigint * interval '1 millisecond', {PACE}
             FROM unnest($3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
                 AS given (name, fence, sent, pause)
             WHERE a.name = given.name AND a.fence = given.fence AND a.holder = $1
             RETURNING a.name"
        );
        let length = millis(self.lease);
        let run = async |client: Arc<tokio_postgres::Client>| {
            let values: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
                [&self.node, &length, &names, &fences, &sent, &pauses];
            Ok(client.query(&statement, &values).await?)
        };
        let renewed = self.database.run(run).await?;
        renewed.iter().map(|row| Ok(row.try_get("name")?)).collect()
    }

    /// Gives a lease back.
    ///
    /// # Errors
    /// [`FleetError::Lost`] if another node has it already.
    pub async fn release(&self, lease: &Lease, ended: Released) -> Result<(), FleetError> {
        let statement = format!(
            "UPDATE ordersync.accounts AS a SET
                 holder = NULL, expires_at = NULL, is_exact = $4, seen_at = clock_timestamp(),
                 due_at = clock_timestamp() + $3::bigint * interval '1 millisecond', {PACE}
             FROM (SELECT $5::bigint AS sent, $6::bigint AS pause) AS given
             WHERE a.name = $1 AND a.fence = $2 AND a.holder = $7"
        );
        let due = millis(ended.due);
        let (sent, pause) = (ended.pace.sent.map(millis), ended.pace.pause.map(millis));
        let Lease { account, fence, .. } = lease;
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
            [account, fence, &due, &ended.is_exact, &sent, &pause, &self.node];
        FleetError::check_held(self.database.execute(&statement, &values).await?, account)
    }
}

pub(super) fn lease_of(row: &Row) -> Result<Lease, FleetError> {
    let length = |column: &str| -> Result<Option<Duration>, FleetError> {
        let ms: Option<i64> = row.try_get(column)?;
        Ok(ms.map(|ms| Duration::from_millis(u64::try_from(ms).unwrap_or(0))))
    };
    let pause = length("pause")?.filter(|left| !left.is_zero());
    Ok(Lease {
        account: row.try_get("name")?,
        fence: row.try_get("fence")?,
        handover: Handover {
            copy: CopyHead::of(row)?,
            unrecorded: length("unrecorded")?.unwrap_or_default(),
            seen: length("seen")?.unwrap_or_default(),
            pace: Pace { sent: length("sent")?, pause },
        },
    })
}

pub(super) fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}
