mod answers;
mod export;
mod terminal;
mod zones;

use super::consent::can_ask;
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use crate::report;
use crate::settings::{self, Written};
use answers::{Answers, InitQuestion};
use clap::Args;
use export::ExportFacts;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(super) struct InitArgs {
    /// Where to write [default: here]
    #[arg(value_name = "DIR", default_value = ".", hide_default_value = true)]
    dir: PathBuf,
    /// An export, or a quoted pattern of several files: fills in what it says, and asks on a
    /// terminal for the rest
    #[arg(long, value_name = "EXPORT", value_hint = clap::ValueHint::FilePath)]
    from: Option<String>,
    /// The API address of the account, as ActiveCampaign shows it under Settings, Developer
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl InitArgs {
    fn fills_in(&self) -> bool {
        self.from.is_some() || self.url.is_some()
    }

    /// The token file next to the settings.
    fn token_file(&self) -> PathBuf {
        settings::new_file(&self.dir).with_file_name("main.token")
    }
}

pub(super) fn run(global: &Global, args: &InitArgs) -> Result<Exit, CliError> {
    check_args(args)?;
    let facts = args.from.as_deref().map(|from| ExportFacts::read(from, &args.dir)).transpose()?;
    let asked = facts.as_ref().filter(|_| can_ask());
    if let Some(facts) = asked {
        output::note(&format!("{}. Enter accepts what is in brackets.", recognised(facts)));
    }
    let asks = asked.is_some();
    let mut ask = |question: &InitQuestion| if asks { terminal::ask(question) } else { None };
    let answers = if args.fills_in() {
        Answers::of(facts.as_ref(), args.url.as_deref(), &mut ask)
    } else {
        Answers::default()
    };
    let token_file = args.token_file();
    let keeps_token = args.fills_in() && token_file.exists();
    let token = if asks && !keeps_token { terminal::ask_token()? } else { None };
    let text = settings::filled(&answers.keys).map_err(CliError::failed)?;
    let mut written = settings::write_new(&args.dir, &text).map_err(CliError::failed)?;
    if let Some(token) = token {
        settings::write_private(&token_file, &format!("{token}\n")).map_err(CliError::failed)?;
        written.created.push(token_file);
    } else if keeps_token {
        written.kept.push(token_file);
    }
    let outcome = InitResult { facts, answers, written };
    output::print_outcome(global, true, || outcome.json(), || outcome.text());
    Ok(Exit::Done)
}

/// Before anything is asked or read.
fn check_args(args: &InitArgs) -> Result<(), CliError> {
    let file = settings::new_file(&args.dir);
    for path in [&file, &args.token_file()] {
        if settings::is_dangling(path) {
            let path = path.display();
            return Err(CliError::usage(format!(
                "{path} is a symbolic link to a file that does not exist\n  hint: remove the link, or make that file"
            )));
        }
    }
    if args.from.as_deref() == Some("-") {
        return Err(CliError::usage(
            "--from: standard input can't be read again for each command\n  hint: write the export to a file, and name that",
        ));
    }
    if args.fills_in() && file.exists() {
        let file = file.display();
        return Err(CliError::usage(format!(
            "{file} exists, and nothing is written over it\n  hint: name another folder, or edit that file"
        )));
    }
    if args.url.as_deref().is_some_and(|url| !settings::is_account_address(url)) {
        // The text is not quoted: it may be a token pasted by mistake.
        return Err(CliError::usage(
            "--url: not the API address of an account\n  hint: ActiveCampaign shows it under Settings, Developer, such as https://example.api-us1.com",
        ));
    }
    Ok(())
}

/// `exports/orders.csv: shopify-csv, 1,330 records`
fn recognised(facts: &ExportFacts) -> String {
    let files = match facts.files {
        1 => String::new(),
        n => format!(" in {n} files"),
    };
    format!(
        "{}: {}, {}{files}",
        report::printable(&facts.pattern),
        facts.formats.join(" and "),
        report::many(facts.records, "record")
    )
}

struct InitResult {
    facts: Option<ExportFacts>,
    answers: Answers,
    written: Written,
}

impl InitResult {
    fn json(&self) -> Value {
        let show = |paths: &[PathBuf]| -> Value {
            paths.iter().map(|path| path.display().to_string()).collect()
        };
        let set = self.answers.keys.iter().filter_map(|filled| {
            let value: Value = serde_json::from_str(filled.value.as_ref()?).ok()?;
            let is_open = self.answers.open.iter().any(|(key, _)| *key == filled.key);
            (!is_open).then(|| json!({ "key": filled.key, "value": value }))
        });
        let open = self.answers.open.iter();
        json!({
            "settings_file": self.written.settings_file.display().to_string(),
            "created": show(&self.written.created),
            "kept": show(&self.written.kept),
            "recognised": self.facts.as_ref().map(ExportFacts::json),
            "filled": set.collect::<Value>(),
            "to_fill_in": open.map(|(key, what)| json!({ "key": key, "what": what })).collect::<Value>(),
        })
    }

    fn text(&self) -> String {
        let mut text = String::new();
        if let Some(facts) = self.facts.as_ref().filter(|_| !can_ask()) {
            let _ = writeln!(text, "read   {}", recognised(facts));
        }
        for path in &self.written.created {
            let _ = writeln!(text, "made   {}", path.display());
        }
        for path in &self.written.kept {
            let _ = writeln!(text, "kept   {}", path.display());
        }
        for (key, what) in &self.answers.open {
            let _ = writeln!(text, "to do  {key}: {what}");
        }
        let file = self.written.settings_file.display();
        let _ = match &self.facts {
            Some(_) if self.answers.open.is_empty() => {
                writeln!(text, "Next: `ordersync check` in that folder.")
            }
            Some(_) => writeln!(
                text,
                "Next: fill in what {file} marks with TO FILL IN, then run `ordersync check` in that folder."
            ),
            None => writeln!(
                text,
                "Next: edit {file}, put the export where it says, then run `ordersync check` in that folder."
            ),
        };
        text
    }
}
