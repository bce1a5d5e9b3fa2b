//! From a TOML file and the environment to typed settings, or every error at once, each with its
//! place.
//!
//! Does not open exports, the state or the network. Only `cli` imports it, and builds the options
//! of each module from these values.

mod account;
mod document;
mod draft;
mod effective;
mod environment;
mod error;
mod fleet;
mod init;
mod job;
mod layers;
mod load;
mod metrics;
mod notify;
mod packed;
mod placeholders;
mod policy;
mod pull;
mod rules;
mod schema;
mod search;
mod secret;
#[cfg(test)]
mod tests;
mod url;
mod value;
mod variables;

pub use account::Account;
pub use environment::Environment;
pub use error::{FaultKind, Place, SettingsError};
pub use fleet::Fleet;
pub use init::{
    ANNOTATED, FilledKey, Written, filled, is_dangling, new_file, write_new, write_private,
};
pub use job::{FirstRun, Job, MappingsText};
pub use load::Settings;
pub use metrics::Metrics;
pub use packed::PackedAccount;
pub use pull::{Keep, Pull};
pub use rules::{JobRule, RuleFault, RuleInput};
pub use secret::{SecretError, is_secret};
pub use url::{is_account_address, is_web_address};
