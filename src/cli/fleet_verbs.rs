//! `fleet …`: every build parses it, so that help and manual are the same; only builds with the
//! feature carry it out.

use super::error::CliError;
use super::exit::Exit;
use super::fleet_args::{DrainArgs, EvictArgs};
#[cfg(feature = "fleet")]
use super::fleet_move::Way;
use super::options::Global;
use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(super) struct FleetArgs {
    #[command(subcommand)]
    verb: FleetVerb,
}

#[derive(Debug, Subcommand)]
pub(super) enum FleetVerb {
    /// Nodes, leases, copies of ledgers, and what is due
    Status {
        /// Accounts to show [default: all]
        #[arg(value_name = "ACCOUNT")]
        accounts: Vec<String>,
    },
    /// Have a node take no more accounts and hand over those it has, until it ends
    Drain(DrainArgs),
    /// Take the leases of a node, or of an account, where the node is lost
    Evict(EvictArgs),
    /// Bring the ledgers of this machine into the fleet
    Import {
        /// Accounts that this machine loaded alone
        #[arg(value_name = "ACCOUNT", required = true)]
        accounts: Vec<String>,
    },
    /// Bring ledgers of the fleet back to this machine
    Export {
        /// Accounts that this machine is to load alone
        #[arg(value_name = "ACCOUNT", required = true)]
        accounts: Vec<String>,
    },
}

#[cfg(feature = "fleet")]
pub(super) fn run(global: &Global, args: &FleetArgs) -> Result<Exit, CliError> {
    match &args.verb {
        FleetVerb::Status { accounts } => super::fleet_status::run(global, accounts),
        FleetVerb::Drain(args) => super::fleet_steer::drained(global, args),
        FleetVerb::Import { accounts } => super::fleet_move::run(global, accounts, Way::Import),
        FleetVerb::Export { accounts } => super::fleet_move::run(global, accounts, Way::Export),
        FleetVerb::Evict(args) => super::fleet_steer::evicted(global, args),
    }
}

#[cfg(not(feature = "fleet"))]
pub(super) fn run(_global: &Global, _args: &FleetArgs) -> Result<Exit, CliError> {
    Err(CliError::usage(
        "this build knows no fleets\n  hint: use a package or an image, or build with --features fleet",
    ))
}
