use crate::state::StateError;
use std::path::PathBuf;

/// The code that our triggers raise.
const LOST_LEASE: &str = "OS001";

/// Why the database of the fleet could not be used. None of the texts quotes its address.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    #[error(
        "fleet.url is not the address of a PostgreSQL database; expected postgres://USER:PASSWORD@HOST/DATABASE"
    )]
    Url,
    #[error("the fleet's database can't be reached: {0}")]
    Away(String),
    #[error("the fleet's database did not answer within {0} s")]
    TimedOut(u64),
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
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    /// What the database answered about an account.
    pub(super) fn of(account: &str, error: tokio_postgres::Error) -> Self {
        let is_lost = error.code().is_some_and(|code| code.code() == LOST_LEASE);
        if is_lost { Self::Lost { account: account.to_owned() } } else { error.into() }
    }
}

impl From<tokio_postgres::Error> for FleetError {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            Some(refusal) => {
                Self::Refused(format!("{} ({})", refusal.message(), refusal.code().code()))
            }
            // What it wraps is an I/O error or one of TLS; neither holds the address.
            None => Self::Away(causes(&error)),
        }
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
