use super::{CopyHead, Database, FleetError, Lease};
use flate2::Compression;
use flate2::read::{ZlibDecoder, ZlibEncoder};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tokio_postgres::Client;

/// Bytes of the file in one chunk: what a copy holds in memory.
const CHUNK_LEN: usize = 1024 * 1024;

/// The copies of ledgers in the database, over a separate connection, so that no renewal waits
/// behind a chunk.
pub struct LedgerCopies {
    database: Database,
}

impl LedgerCopies {
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// Writes a copy of a ledger, which counts once it is complete. `number` is that of no other
    /// attempt under the lease. `file` does not change meanwhile, and contains everything that was
    /// sent before `began`.
    ///
    /// # Errors
    /// [`FleetError::Lost`] if the account had a newer lease.
    pub async fn write(
        &self,
        lease: &Lease,
        number: i64,
        file: &Path,
        began: Instant,
    ) -> Result<CopyHead, FleetError> {
        let mut reader = File::open(file).map_err(FleetError::file(file))?;
        let mut hasher = blake3::Hasher::new();
        let mut head =
            CopyHead { fence: lease.fence, number, chunks: 0, bytes: 0, hash: Vec::new() };
        loop {
            let mut chunk = Vec::new();
            let mut limited = (&mut reader).take(CHUNK_LEN as u64);
            limited.read_to_end(&mut chunk).map_err(FleetError::file(file))?;
            if chunk.is_empty() {
                break;
            }
            hasher.update(&chunk);
            head.bytes += i64::try_from(chunk.len()).unwrap_or(i64::MAX);
            self.write_chunk(lease, &head, &chunk).await?;
            head.chunks += 1;
        }
        head.hash = hasher.finalize().as_bytes().to_vec();
        self.publish(lease, &head, began).await?;
        self.remove_others(lease, &head).await?;
        Ok(head)
    }

    async fn write_chunk(
        &self,
        lease: &Lease,
        head: &CopyHead,
        chunk: &[u8],
    ) -> Result<(), FleetError> {
        let mut bytes = Vec::new();
        let mut encoder = ZlibEncoder::new(chunk, Compression::fast());
        encoder.read_to_end(&mut bytes).map_err(FleetError::file("a chunk"))?;
        let statement = "
            INSERT INTO ordersync.copy_chunks (account, fence, number, position, bytes)
            VALUES ($1, $2, $3, $4, $5)";
        self.execute(
            &lease.account,
            statement,
            &[&lease.account, &lease.fence, &head.number, &head.chunks, &bytes],
        )
        .await
        .map(drop)
    }

    async fn publish(
        &self,
        lease: &Lease,
        head: &CopyHead,
        began: Instant,
    ) -> Result<(), FleetError> {
        let statement = "
            UPDATE ordersync.accounts SET
                copy_fence = $2, copy_number = $3, copy_chunks = $4, copy_bytes = $5, copy_hash = $6,
                exact_at = clock_timestamp() - $7::bigint * interval '1 millisecond'
            WHERE name = $1 AND fence = $2";
        let age = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let CopyHead { fence, number, chunks, bytes, hash } = head;
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
            [&lease.account, fence, number, chunks, bytes, hash, &age];
        let rows = self.execute(&lease.account, statement, &values).await?;
        FleetError::check_held(rows, &lease.account)
    }

    /// Notes that the newest copy contains everything that was sent before `began`, as nothing was
    /// sent since it was made.
    ///
    /// # Errors
    /// [`FleetError::Lost`] if the account had a newer lease.
    pub async fn still_hold_all(&self, lease: &Lease, began: Instant) -> Result<(), FleetError> {
        let statement = "
            UPDATE ordersync.accounts SET
                exact_at = clock_timestamp() - $3::bigint * interval '1 millisecond'
            WHERE name = $1 AND fence = $2";
        let age = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        let Lease { account, fence, .. } = lease;
        let rows = self.execute(account, statement, &[account, fence, &age]).await?;
        FleetError::check_held(rows, account)
    }

    /// Removes copies that this one replaces, and incomplete ones; none of a newer lease.
    async fn remove_others(&self, lease: &Lease, head: &CopyHead) -> Result<(), FleetError> {
        let statement = "
            DELETE FROM ordersync.copy_chunks
            WHERE account = $1 AND fence <= $2 AND (fence, number) <> ($2, $3)";
        self.execute(&lease.account, statement, &[&lease.account, &head.fence, &head.number])
            .await
            .map(drop)
    }

    async fn execute(
        &self,
        account: &str,
        statement: &str,
        values: &[&(dyn tokio_postgres::types::ToSql + Sync)],
    ) -> Result<u64, FleetError> {
        let run = async |client: Arc<Client>| {
            let executed = client.execute(statement, values).await;
            executed.map_err(|error| FleetError::of(account, error))
        };
        self.database.run(run).await
    }

    /// Writes a copy to a file at `path`, replacing an existing one.
    ///
    /// # Errors
    /// [`FleetError::Damaged`] if the content of the database is not what was written.
    pub async fn read(
        &self,
        account: &str,
        head: &CopyHead,
        path: &Path,
    ) -> Result<(), FleetError> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(true).write(true).mode(0o600);
        let mut file = options.open(path).map_err(FleetError::file(path))?;
        let mut hasher = blake3::Hasher::new();
        let damaged = |what| FleetError::Damaged { account: account.to_owned(), what };
        for position in 0..head.chunks {
            let statement = "
                SELECT bytes FROM ordersync.copy_chunks
                WHERE account = $1 AND fence = $2 AND number = $3 AND position = $4";
            let run = async |client: Arc<Client>| {
                let values: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
                    [&account, &head.fence, &head.number, &position];
                Ok(client.query_opt(statement, &values).await?)
            };
            let row = self.database.run(run).await?.ok_or(damaged("a chunk is missing"))?;
            let bytes: &[u8] = row.try_get(0)?;
            let mut chunk = Vec::new();
            let mut decoder = ZlibDecoder::new(bytes).take(CHUNK_LEN as u64 + 1);
            decoder
                .read_to_end(&mut chunk)
                .map_err(|_| damaged("a chunk can't be decompressed"))?;
            hasher.update(&chunk);
            file.write_all(&chunk).map_err(FleetError::file(path))?;
        }
        if hasher.finalize().as_bytes() != &head.hash[..] {
            return Err(damaged("its hash is another"));
        }
        file.sync_all().map_err(FleetError::file(path))
    }
}
