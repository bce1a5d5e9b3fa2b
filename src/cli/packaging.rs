//! What packages ship beside the binary, made from the command line's own definition.

use super::error::CliError;
use super::exit::Exit;
use super::output;
use clap::{Args, Command};
use clap_complete::Shell;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write ordersync.1 and a page for each verb here, instead of the first to standard output
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn completions(mut command: Command, args: &CompletionsArgs) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "ordersync", &mut script);
    output::print(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}

pub(super) fn man(command: Command, args: &ManArgs) -> Result<Exit, CliError> {
    match &args.dir {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page).map_err(CliError::failed)?;
            output::print(&String::from_utf8_lossy(&page));
        }
        Some(dir) => write_pages(command, dir)
            .map_err(|error| CliError::usage(format!("{}: {error}", dir.display())))?,
    }
    Ok(Exit::Done)
}

fn write_pages(command: Command, dir: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    clap_mangen::generate_to(command, dir)
}
