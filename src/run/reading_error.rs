use crate::extract::ReadError;
use crate::state::StateError;

/// Why an export can't be read to its end, or planned.
#[derive(Debug, thiserror::Error)]
pub enum ReadingError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    State(#[from] StateError),
    #[error("no thread could be started: {0}")]
    Thread(#[from] std::io::Error),
    #[error(
        "policy.order_key is `{now}`, and the job's orders were loaded by `{before}`: all of them would be loaded again\n  hint: set it back; or give the job a connection of its own, with another externalid"
    )]
    Rekeyed { before: String, now: String },
    #[error(
        "jobs.{job}: abandoned carts of {format} are known by {key}, and those of {other}, which came to this connection, by {other_key}: a cart that both hold would exist twice\n  hint: give this job a connection of its own, with another externalid; or leave the carts of one format out"
    )]
    MixedCarts {
        job: String,
        format: String,
        key: &'static str,
        other: String,
        other_key: &'static str,
    },
    #[error(
        "jobs.{job}.load is `{now}`, and the orders of its connection came by `{before}`: they could exist twice\n  hint: set load = \"{before}\"; `ordersync connection switch {job} --to {now}` finds out whether they would, and changes the path"
    )]
    OtherPath { job: String, before: &'static str, now: &'static str },
    #[error(
        "a switch of the connection of {job} to `{to}` was interrupted, and it is not known yet whether its orders would exist twice\n  hint: `ordersync connection switch {job} --to {to}` resumes it, `--to {from}` goes back"
    )]
    SwitchOpen { job: String, to: &'static str, from: &'static str },
}
