use super::secret::{Secret, SecretFolders, SecretSetting, token_name};
use super::{Account, Job, MappingsText};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The settings of an account and of all its jobs, in a few hundred bytes: a daemon keeps those of
/// thousands.
pub struct PackedAccount {
    bytes: Box<[u8]>,
    /// Of each job; empty if no job has any. Files are shared by accounts.
    mappings: Box<[Vec<MappingsText>]>,
    folders: Arc<SecretFolders>,
}

#[derive(Serialize, Deserialize)]
struct Contents {
    account: Account,
    token: SecretSetting,
    jobs: Vec<(Job, Vec<SecretSetting>)>,
}

impl PackedAccount {
    /// # Errors
    /// If the settings can't be restored from what was packed, which is a bug.
    pub fn pack(account: &Account, jobs: &[&Job]) -> Result<Self, postcard::Error> {
        let has_mappings = jobs.iter().any(|job| !job.mappings.is_empty());
        let mappings = jobs.iter().filter(|_| has_mappings).map(|job| job.mappings.clone());
        let with_secrets = |job: &&Job| {
            let secrets = job.pull.iter().flat_map(|pull| &pull.secrets);
            ((*job).clone(), secrets.map(|secret| secret.set.clone()).collect())
        };
        let (mappings, folders) = (mappings.collect(), Arc::clone(&account.token.folders));
        let contents = Contents {
            account: account.clone(),
            token: account.token.set.clone(),
            jobs: jobs.iter().map(with_secrets).collect(),
        };
        let bytes = postcard::to_allocvec(&contents)?.into_boxed_slice();
        postcard::from_bytes::<Contents>(&bytes)?;
        Ok(Self { bytes, mappings, folders })
    }

    /// `None` never: they were restored once when they were packed.
    pub fn unpack(&self) -> Option<(Account, Vec<Job>)> {
        let Contents { mut account, token, jobs } = postcard::from_bytes(&self.bytes).ok()?;
        let secret =
            |name, set| Secret { name: Arc::new(name), folders: Arc::clone(&self.folders), set };
        account.token = secret(token_name(&account.name), token);
        let jobs = jobs.into_iter().enumerate().map(|(n, (mut job, sets)): (_, (Job, Vec<_>))| {
            job.mappings = self.mappings.get(n).cloned().unwrap_or_default();
            if let Some(pull) = &mut job.pull {
                let names = pull.secret_names(&job.name);
                pull.secrets =
                    names.into_iter().zip(sets).map(|(name, set)| secret(name, set)).collect();
            }
            job
        });
        Some((account, jobs.collect()))
    }
}
