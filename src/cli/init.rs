use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use crate::settings;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Where to write [default: here]
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

pub(super) fn run(global: &Global, args: &InitArgs) -> Result<Exit, CliError> {
    let written = settings::write_new(&args.dir).map_err(CliError::failed)?;
    let show =
        |paths: &[PathBuf]| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
    let (created, kept) = (show(&written.created), show(&written.kept));
    if global.json {
        output::print_json(&serde_json::json!({ "created": created, "kept": kept }));
        return Ok(Exit::Done);
    }
    for path in &created {
        output::print(&format!("made   {path}\n"));
    }
    for path in &kept {
        output::print(&format!("kept   {path}\n"));
    }
    let file = written.settings_file.display();
    output::print(&format!(
        "Next: edit {file}, put the export where it says, then run `ordersync check`.\n"
    ));
    Ok(Exit::Done)
}
