use super::FleetError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Each applied once, in this order, in one transaction with the version it leads to.
const MIGRATIONS: &[&str] = &[include_str!("../../state/fleet/0001_schema.sql")];

/// Held while the schema is changed, so that nodes that start together don't change it twice.
const MIGRATION_LOCK: i64 = 0x6f72_6465_7273_796e;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A connection to the database of the fleet, reopened after it broke. Concurrent requests are
/// answered one after the other.
pub struct Database {
    config: Config,
    is_encrypted: bool,
    /// The authorities to trust in place of the system's.
    ca_file: Option<PathBuf>,
    /// The longest that one statement may take.
    timeout: Duration,
    client: Mutex<Option<Arc<Client>>>,
}

impl Database {
    /// Opens no connection yet.
    ///
    /// # Errors
    /// When the text is not the address of a PostgreSQL database, or requests a connection
    /// to another machine without TLS.
    pub fn new(
        url: &SecretString,
        ca_file: Option<PathBuf>,
        timeout: Duration,
    ) -> Result<Self, FleetError> {
        let url = as_require(url.expose_secret().trim());
        let mut config: Config = url.parse().map_err(|_| FleetError::Url)?;
        if config.get_hosts().is_empty() {
            return Err(FleetError::Url);
        }
        // Where both are given, `hostaddr` is the address that is connected to.
        let is_local = config.get_hosts().iter().all(is_local)
            && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback);
        // The password and the ledgers never leave the machine unencrypted.
        if !is_local {
            if config.get_ssl_mode() == SslMode::Disable {
                return Err(FleetError::NotEncrypted);
            }
            config.ssl_mode(SslMode::Require);
        }
        let is_encrypted = config.get_ssl_mode() == SslMode::Require;
        config
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_user_timeout(timeout)
            .application_name("ordersync");
        Ok(Self { config, is_encrypted, ca_file, timeout, client: Mutex::new(None) })
    }

    /// A second connection to the same database.
    pub fn another(&self, timeout: Duration) -> Self {
        let (config, ca_file) = (self.config.clone(), self.ca_file.clone());
        let is_encrypted = self.is_encrypted;
        Self { config, is_encrypted, ca_file, timeout, client: Mutex::new(None) }
    }

    /// Brings the schema up to date.
    ///
    /// # Errors
    /// When it is newer than this program, or the database can't be reached or changed.
    pub async fn migrate(&self) -> Result<(), FleetError> {
        migrate(MIGRATIONS, &self.connect().await?).await
    }

    /// Runs statements over a connection that is believed to work, at most as long as the time-out.
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
        if matches!(result, Err(FleetError::Unavailable(_) | FleetError::TimedOut(_))) {
            *self.client.lock().await = None;
        }
        result
    }

    /// Runs one statement; returns the number of rows that it changed.
    pub(super) async fn execute(
        &self,
        statement: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<u64, FleetError> {
        let run = async |client: Arc<Client>| Ok(client.execute(statement, values).await?);
        self.run(run).await
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
            let (client, connection) = self.config.connect(tls(self.ca_file.as_deref())?).await?;
            tokio::spawn(connection);
            return Ok(client);
        }
        let (client, connection) = self.config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

/// An address with libpq's other names for TLS: here a certificate and its name are checked in any
/// case.
fn as_require(address: &str) -> String {
    let (before, parameters, separator) = if address.starts_with("postgres") {
        // As the driver reads a URL: the password ends at the first @.
        let host = address.find('@').map_or(0, |at| at + 1);
        let query = address[host..].find('?').map_or(address.len(), |at| host + at + 1);
        (&address[..query], &address[query..], "&")
    } else {
        ("", address, " ")
    };
    let parameters = parameters.split(separator).map(|parameter| match parameter {
        "sslmode=verify-full" | "sslmode=verify-ca" => "sslmode=require",
        other => other,
    });
    format!("{before}{}", parameters.collect::<Vec<_>>().join(separator))
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

/// With the authorities of a file; without one, with the system's.
fn tls(ca_file: Option<&Path>) -> Result<MakeRustlsConnect, FleetError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let fault = |error: rustls::Error| FleetError::Authorities(error.to_string());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(fault)?;
    let config = match ca_file {
        Some(path) => builder.with_root_certificates(authorities(path)?),
        None => builder.with_platform_verifier().map_err(fault)?,
    };
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

fn authorities(path: &Path) -> Result<RootCertStore, FleetError> {
    let fault = |what: &dyn std::fmt::Display| {
        FleetError::Authorities(format!("fleet.ca_file {}: {what}", path.display()))
    };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| fault(&error))? {
        let certificate = certificate.map_err(|error| fault(&error))?;
        store.add(certificate).map_err(|error| fault(&error))?;
    }
    if store.is_empty() { Err(fault(&"it holds no certificate")) } else { Ok(store) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_parameter_for_tls_is_read_as_require() {
        for (url, password) in [
            (
                "postgres://u:sslmode=verify-full@localhost/d?sslmode=verify-ca",
                "sslmode=verify-full",
            ),
            (
                "postgres://u:?sslmode=verify-ca@localhost/d?sslmode=verify-full",
                "?sslmode=verify-ca",
            ),
            ("host=localhost user=u password=a@b?c sslmode=verify-full", "a@b?c"),
        ] {
            let database = Database::new(&url.into(), None, CONNECT_TIMEOUT).unwrap();
            assert_eq!(database.config.get_password(), Some(password.as_bytes()), "{url}");
            assert!(database.is_encrypted, "{url}");
        }
    }
}
