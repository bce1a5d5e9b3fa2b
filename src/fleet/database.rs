use super::FleetError;
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Each applied once, in this order, in one transaction with the version it leads to.
const MIGRATIONS: &[&str] = &[include_str!("../../state/fleet/0001_schema.sql")];

/// Held while the schema is changed, so that nodes that start together don't change it twice.
const MIGRATION_LOCK: i64 = 0x6f72_6465_7273_796e;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection to the database of the fleet, opened again when it broke. What is asked over it at
/// once is answered in turn.
pub struct Database {
    config: Config,
    is_encrypted: bool,
    /// The longest that one statement may take.
    timeout: Duration,
    client: Mutex<Option<Arc<Client>>>,
}

impl Database {
    /// Connects nothing yet.
    ///
    /// # Errors
    /// When the text is not the address of a PostgreSQL database.
    pub fn new(url: &SecretString, timeout: Duration) -> Result<Self, FleetError> {
        let mut config: Config = url.expose_secret().trim().parse().map_err(|_| FleetError::Url)?;
        if config.get_hosts().is_empty() {
            return Err(FleetError::Url);
        }
        let is_local = config.get_hosts().iter().all(is_local);
        // The password and the ledgers never leave the machine in the clear because a server
        // offered no TLS.
        if !is_local && config.get_ssl_mode() == SslMode::Prefer {
            config.ssl_mode(SslMode::Require);
        }
        let is_encrypted = !is_local || config.get_ssl_mode() == SslMode::Require;
        config
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_user_timeout(timeout)
            .application_name("ordersync");
        Ok(Self { config, is_encrypted, timeout, client: Mutex::new(None) })
    }

    /// A second connection to the same database.
    pub fn another(&self, timeout: Duration) -> Self {
        let (config, is_encrypted) = (self.config.clone(), self.is_encrypted);
        Self { config, is_encrypted, timeout, client: Mutex::new(None) }
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// When it is newer than this program, or the database can't be reached or changed.
    pub async fn migrate(&self) -> Result<(), FleetError> {
        migrate(MIGRATIONS, &self.connect().await?).await
    }

    /// Runs statements, over a connection that works as far as is known; no longer than the
    /// time-out.
    pub(super) async fn run<T, F>(
        &self,
        statements: impl FnOnce(Arc<Client>) -> F,
    ) -> Result<T, FleetError>
    where
        F: Future<Output = Result<T, FleetError>>,
    {
        let limited = tokio::time::timeout(self.timeout, async {
            let client = self.client().await?;
            statements(client).await
        });
        let result =
            limited.await.unwrap_or(Err(FleetError::TimedOut(self.timeout.as_secs().max(1))));
        if matches!(result, Err(FleetError::Away(_) | FleetError::TimedOut(_))) {
            *self.client.lock().await = None;
        }
        result
    }

    async fn client(&self) -> Result<Arc<Client>, FleetError> {
        let mut held = self.client.lock().await;
        match held.as_ref().filter(|client| !client.is_closed()) {
            Some(client) => Ok(Arc::clone(client)),
            None => Ok(Arc::clone(held.insert(Arc::new(self.connect().await?)))),
        }
    }

    async fn connect(&self) -> Result<Client, FleetError> {
        if self.is_encrypted {
            let (client, connection) = self.config.connect(tls()?).await?;
            tokio::spawn(connection);
            return Ok(client);
        }
        let (client, connection) = self.config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            let address = name.parse::<std::net::IpAddr>();
            name == "localhost" || address.is_ok_and(|address| address.is_loopback())
        }
    }
}

/// By the system's authorities.
fn tls() -> Result<MakeRustlsConnect, FleetError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(|error| FleetError::Away(error.to_string()))?;
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

/// In one transaction, which ends with the connection if anything fails.
async fn migrate(migrations: &[&str], client: &Client) -> Result<(), FleetError> {
    client
        .batch_execute(&format!(
            "BEGIN; SELECT pg_advisory_xact_lock({MIGRATION_LOCK});
             CREATE SCHEMA IF NOT EXISTS ordersync;
             CREATE TABLE IF NOT EXISTS ordersync.version (number integer NOT NULL);"
        ))
        .await?;
    let version = client.query_opt("SELECT number FROM ordersync.version", &[]).await?;
    let found: i32 = version.as_ref().map_or(Ok(0), |row| row.try_get(0))?;
    let known = i32::try_from(migrations.len()).unwrap_or(i32::MAX);
    if found > known {
        return Err(FleetError::Newer { found, known });
    }
    for migration in &migrations[usize::try_from(found).unwrap_or(0)..] {
        client.batch_execute(migration).await?;
    }
    client
        .batch_execute(&format!(
            "DELETE FROM ordersync.version; INSERT INTO ordersync.version VALUES ({known}); COMMIT"
        ))
        .await?;
    Ok(())
}
