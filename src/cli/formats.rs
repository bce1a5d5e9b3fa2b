use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use crate::extract::{About, Format, formats, profile_text};
use crate::report;
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
    let mut shown = formats().to_vec();
    if let Some(name) = &args.show {
        shown.retain(|format| format.name() == name);
        if shown.is_empty() {
            let known: Vec<&str> = formats().iter().map(|format| format.name()).collect();
            return Err(CliError::usage(format!(
                "no format `{name}`\n  hint: expected one of: {}",
                known.join(", ")
            )));
        }
    }
    output::print_result(
        global.json,
        || json!({ "formats": shown.iter().map(|format| as_json(*format)).collect::<Vec<_>>() }),
        || as_text(&shown, args.show.is_none()),
    );
    Ok(Exit::Done)
}

fn as_json(format: &dyn Format) -> serde_json::Value {
    let About { name, title, description, .. } = format.about();
    json!({
        "name": name, "title": title, "description": description,
        "how": format.how(), "needs": format.needs(), "mapping": profile_text(name),
    })
}

/// A text next to its label, wrapped to the terminal.
fn hanging(label: &str, text: &str, width: Option<usize>) -> String {
    let room = width.map(|width| width.saturating_sub(label.len()).max(24));
    let lines = report::wrapped(text, room).join(&format!("\n{}", " ".repeat(label.len())));
    format!("{label}{lines}\n")
}

fn as_text(formats: &[&dyn Format], with_preface: bool) -> String {
    let width = output::width();
    let mut text = String::new();
    if with_preface {
        text.push_str(
            "`format = \"auto\"` recognises these by their content, never by the file's name.\n\
             Text is UTF-8, UTF-16 or Windows-1252; CSV has commas, semicolons, tabs or pipes;\n\
             any file may be packed with gzip, zstd or zip.\n\n",
        );
    }
    for format in formats {
        let About { name, description, .. } = format.about();
        let (how, needs) = (format.how(), format.needs().join(", "));
        let _ = writeln!(text, "{name}");
        for (label, part) in
            [("  ", description), ("  How:   ", how.as_str()), ("  Needs: ", needs.as_str())]
        {
            text.push_str(&hanging(label, part, width));
        }
        text.push('\n');
        if let Some(mapping) = profile_text(name).filter(|_| !with_preface) {
            let _ = writeln!(
                text,
                "This mapping reads it; a copy in the settings needs another name.\n\n{mapping}"
            );
        }
    }
    text
}
