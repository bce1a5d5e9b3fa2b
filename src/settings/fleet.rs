use super::draft::Draft;
use super::secret::{Secret, SecretError};
use secrecy::SecretString;
use serde::Deserialize;
use std::path::PathBuf;

/// The database by which several daemons share the accounts. Its debug form shows no address.
#[derive(Debug, Clone, Deserialize)]
pub struct Fleet {
    /// How long a lease is valid, in seconds, 5 to 3600.
    pub lease_s: u64,
    /// Accounts that one daemon works on concurrently.
    pub accounts_max: usize,
    /// Certificates to trust in place of the system's, PEM.
    pub ca_file: Option<PathBuf>,
    /// The folder of this machine's own ledgers, from before it joined a fleet. Absolute.
    #[serde(skip)]
    pub own_state_dir: PathBuf,
    #[serde(skip)]
    pub(super) url: Secret,
}

impl Fleet {
    /// The address of the database, which holds a password; from the same places as a token.
    pub fn url(&self) -> Result<SecretString, SecretError> {
        self.url.read()
    }
}

/// Without an address, a daemon would run all accounts alone, on each machine.
pub(super) fn check(draft: &mut Draft) {
    if ["fleet.url", "fleet.url_file"].iter().any(|key| draft.places.has(key)) {
        return;
    }
    for key in ["fleet.lease_s", "fleet.accounts_max", "fleet.ca_file"] {
        if draft.places.has(key) {
            draft.report(key, "a fleet without a database", "fleet.url_file beside it", None);
        }
    }
}
