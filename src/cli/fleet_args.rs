//! The arguments of `fleet …` that every build can read.

use super::options::parse_duration;
use clap::Args;
use std::time::Duration;

#[derive(Debug, Args)]
pub(super) struct DrainArgs {
    /// A name from `fleet status` [default: the nodes of this machine]
    #[arg(value_name = "NODE")]
    pub node: Option<String>,
    /// Have it take accounts again
    #[arg(long)]
    pub undo: bool,
    /// How long to wait until it holds none
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "5m")]
    pub wait: Duration,
}

#[derive(Debug, Args)]
pub(super) struct EvictArgs {
    /// A node, or an account, from `fleet status`
    #[arg(value_name = "NODE|ACCOUNT")]
    pub name: String,
    /// Don't ask
    #[arg(long)]
    pub yes: bool,
}
