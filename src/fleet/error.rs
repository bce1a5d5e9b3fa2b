use crate::domain::certificate_fault;
use crate::state::StateError;
use std::path::PathBuf;
use tokio_postgres::error::SqlState;

/// The code that our triggers raise.
const LOST_LEASE: &str = "OS001";

/// Codes of a server that starts, stops or is full.
const TRANSIENT: [SqlState; 4] = [
    SqlState::CANNOT_CONNECT_NOW,
    SqlState::ADMIN_SHUTDOWN,
    SqlState::CRASH_SHUTDOWN,
    SqlState::TOO_MANY_CONNECTIONS,
];

/// Codes that a connection pooler causes.
const OF_POOLERS: [SqlState; 2] =
    [SqlState::INVALID_SQL_STATEMENT_NAME, SqlState::DUPLICATE_PSTATEMENT];

/// Why the database of the fleet could not be used. No message quotes its address.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    #[error(
        "fleet.url is not the address of a PostgreSQL database; expected postgres://USER:PASSWORD@HOST/DATABASE"
    )]
    Url,
    #[error(
        "fleet.url has sslmode=disable, and its host is not this machine: the password and the ledgers would be sent unencrypted\n  hint: leave it out; the server needs a certificate, and fleet.ca_file names its authority where the system does not trust it"
    )]
    NotEncrypted,
    #[error("no certificate of the fleet's database can be checked: {0}")]
    Authorities(String),
    #[error(
        "the certificate of the fleet's database is not trusted: {0}\n  hint: its settings are fleet.url and fleet.ca_file"
    )]
    Untrusted(&'static str),
    #[error("the fleet's database can't be reached: {0}")]
    Unavailable(String),
    #[error("the fleet's database did not answer within {0} s")]
    TimedOut(u64),
    #[error(
        "the fleet's database has lost what this connection prepared: {0}\n  hint: a connection pooler in front of it has to be in session mode"
    )]
    Pooled(String),
    #[error("the fleet's database refused: {0}")]
    Refused(String),
    #[error(
        "the fleet's database has version {found} of the schema, and this program knows {known}\n  hint: update this node"
    )]
    Newer { found: i32, known: i32 },
    #[error("the lease of account {account} was lost: another node may hold it")]
    Lost { account: String },
    #[error("the copy of the ledger of account {account} is damaged: {what}")]
    Damaged { account: String, what: &'static str },
    #[error("{0}")]
    Ledger(#[from] StateError),
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
}

impl FleetError {
    /// Whether the same may work later without intervention.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::TimedOut(_))
    }

    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    /// Checks how many rows a statement changed that only the holder of the account's lease may
    /// run.
    ///
    /// # Errors
    /// [`Self::Lost`] if it changed none.
    pub(super) fn check_held(rows: u64, account: &str) -> Result<(), Self> {
        if rows == 0 { Err(Self::Lost { account: account.to_owned() }) } else { Ok(()) }
    }

    /// Reads the database's answer about an account.
    pub(super) fn of(account: &str, error: tokio_postgres::Error) -> Self {
        let is_lost = error.code().is_some_and(|code| code.code() == LOST_LEASE);
        if is_lost { Self::Lost { account: account.to_owned() } } else { error.into() }
    }
}

impl From<tokio_postgres::Error> for FleetError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(refusal) = error.as_db_error() else {
            // It wraps an I/O or TLS error; neither contains the address.
            return certificate_fault(&error)
                .map_or_else(|| Self::Unavailable(causes(&error)), Self::Untrusted);
        };
        let text = format!("{} ({})", refusal.message(), refusal.code().code());
        match refusal.code() {
            code if TRANSIENT.contains(code) => Self::Unavailable(text),
            code if OF_POOLERS.contains(code) => Self::Pooled(text),
            _ => Self::Refused(text),
        }
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
