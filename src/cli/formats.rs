use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use crate::extract::{CatalogueEntry, catalogue};
use clap::Args;
use serde_json::json;
use std::fmt::Write as _;

#[derive(Debug, Args)]
pub(super) struct FormatsArgs {
    /// Only this format, by its name in the settings
    #[arg(long, value_name = "NAME")]
    show: Option<String>,
}

/// Needs neither settings nor network.
pub(super) fn run(global: &Global, args: &FormatsArgs) -> Result<Exit, CliError> {
    let mut entries = catalogue();
    if let Some(name) = &args.show {
        let known: Vec<String> = entries.iter().map(|entry| entry.name.clone()).collect();
        entries.retain(|entry| entry.name == *name);
        if entries.is_empty() {
            let known = known.join(", ");
            return Err(CliError::usage(format!(
                "no format `{name}`\n  hint: expected one of: {known}"
            )));
        }
    }
    match global.json {
        true => output::print_json(
            &json!({ "formats": entries.iter().map(as_json).collect::<Vec<_>>() }),
        ),
        false => output::print(&as_text(&entries, args.show.is_none())),
    }
    Ok(Exit::Done)
}

fn as_json(entry: &CatalogueEntry) -> serde_json::Value {
    let CatalogueEntry { name, title, description, how, needs, mapping } = entry;
    json!({
        "name": name, "title": title, "description": description, "how": how, "needs": needs, "mapping": mapping,
    })
}

fn as_text(entries: &[CatalogueEntry], with_preface: bool) -> String {
    let mut text = String::new();
    if with_preface {
        text.push_str(
            "`format = \"auto\"` tells these by their content, never by the file's name. Text is UTF-8, UTF-16 or\n\
             Windows-1252; CSV has commas, semicolons, tabs or pipes; any file may be packed with gzip, zstd or zip.\n\n",
        );
    }
    for CatalogueEntry { name, description, how, needs, mapping, .. } in entries {
        let _ = writeln!(
            text,
            "{name}\n  {description}\n  How:   {how}\n  Needs: {}\n",
            needs.join(", ")
        );
        if let Some(mapping) = mapping.filter(|_| !with_preface) {
            let _ = writeln!(
                text,
                "It is read by this mapping; a copy in the settings needs a name of its own.\n\n{mapping}"
            );
        }
    }
    text
}
