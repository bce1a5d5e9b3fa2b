//! What packages ship with the binary, generated from the definition of the command line.

use super::assembly;
use super::error::CliError;
use super::exit::Exit;
use super::options::Global;
use super::output;
use crate::settings::ANNOTATED;
use clap::{Args, Command};
use clap_complete::Shell;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// The shell that the script is for
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Write ordersync.1, a page for each verb and ordersync.toml.5 here, instead of the first to
    /// standard output
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Print the page of the settings, ordersync.toml(5)
    #[arg(long, conflicts_with = "dir")]
    settings: bool,
}

/// The command by which a shell learns the names of the jobs.
const JOBS: &str = "ordersync complete-jobs 2>/dev/null";

pub(super) fn completions(mut command: Command, args: &CompletionsArgs) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "ordersync", &mut script);
    let script = String::from_utf8_lossy(&script);
    let verbs = verbs_with_job(&command);
    output::print(&match args.shell {
        Shell::Bash => bash_with_jobs(&script, &verbs),
        Shell::Zsh => zsh_with_jobs(&script),
        Shell::Fish => fish_with_jobs(&script, &verbs),
        _ => script.into_owned(),
    });
    Ok(Exit::Done)
}

/// The verbs that take the name of a job first, each with the verb that it is below.
fn verbs_with_job(command: &Command) -> Vec<Vec<&str>> {
    let takes_job = |verb: &Command| {
        let first = verb.get_positionals().next().and_then(|argument| argument.get_value_names());
        first.is_some_and(|names| names.iter().any(|name| name.as_str() == "JOB"))
    };
    let mut paths = Vec::new();
    for verb in command.get_subcommands() {
        if takes_job(verb) {
            paths.push(vec![verb.get_name()]);
        }
        let below = verbs_with_job(verb).into_iter();
        paths.extend(below.map(|path| [vec![verb.get_name()], path].concat()));
    }
    paths
}

/// The words that bash offers for a verb begin with the jobs. Not for a verb of the same name below
/// another one, such as `fleet status`.
fn bash_with_jobs(script: &str, verbs: &[Vec<&str>]) -> String {
    // As the generator of the script labels the words of each verb.
    let label =
        |path: &Vec<&str>| format!("ordersync-{}", path.join("-")).replace('-', "__subcmd__");
    let labels: Vec<String> = verbs.iter().map(label).collect();
    let mut text = String::new();
    let mut takes_job = false;
    for line in script.lines() {
        let label = line.trim().strip_suffix(')').unwrap_or_default();
        if label.starts_with("ordersync__") {
            takes_job = labels.iter().any(|known| known == label);
        }
        let words = line.trim_start().strip_prefix("opts=\"").filter(|_| takes_job);
        let _ = match words {
            Some(words) => writeln!(text, "            opts=\"$({JOBS}) {words}"),
            None => writeln!(text, "{line}"),
        };
    }
    text
}

/// The arguments that are jobs are completed by a function.
fn zsh_with_jobs(script: &str) -> String {
    let mut text = String::new();
    for line in script.lines() {
        let is_job = [":job:", ":job --", "*::jobs --"].iter().any(|mark| line.contains(mark));
        let line =
            if is_job { line.replace(":_default'", ":_ordersync_jobs'") } else { line.to_owned() };
        let _ = writeln!(text, "{line}");
        if line.starts_with("#compdef") {
            let _ = writeln!(text, "\n_ordersync_jobs() {{ compadd -- ${{(f)\"$({JOBS})\"}} }}");
        }
    }
    text
}

/// The function that the condition calls is part of the script.
fn fish_with_jobs(script: &str, verbs: &[Vec<&str>]) -> String {
    let mut text = script.to_owned();
    for path in verbs {
        let below = match path.as_slice() {
            [_, .., below] => format!("; and __fish_seen_subcommand_from {below}"),
            _ => String::new(),
        };
        let verb = path.first().copied().unwrap_or_default();
        let _ = writeln!(
            text,
            "complete -c ordersync -n \"__fish_ordersync_using_subcommand {verb}{below}\" -f -a \"({JOBS})\""
        );
    }
    text
}

/// One name on each line. Scripts ignore the error: without settings there is nothing to complete.
pub(super) fn complete_jobs(global: &Global) -> Result<Exit, CliError> {
    for name in assembly::settings(global)?.jobs.keys() {
        output::print_line(name.as_bytes());
    }
    Ok(Exit::Done)
}

pub(super) fn man(command: Command, args: &ManArgs) -> Result<Exit, CliError> {
    match &args.dir {
        None if args.settings => output::print(&settings_page()),
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
    clap_mangen::generate_to(command, dir)?;
    std::fs::write(dir.join("ordersync.toml.5"), settings_page())
}

/// The annotated settings as a manual page: comments as text, keys and tables as they are written.
fn settings_page() -> String {
    let mut page = String::from(
        ".TH ordersync.toml 5 \"\" \"ordersync\" \"File formats\"\n.SH NAME\nordersync.toml \\- settings of ordersync(1)\n.SH DESCRIPTION\n",
    );
    for line in ANNOTATED.lines() {
        let comment = line.strip_prefix("# ");
        let is_key = |text: &str| {
            let key = text.split(" = ").next().filter(|key| *key != text);
            key.is_some_and(|key| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        };
        let _ = match comment {
            _ if line.is_empty() || line == "#" => writeln!(page, ".PP"),
            Some(text) if !text.starts_with(' ') && !is_key(text) => {
                writeln!(page, "{}", escaped(text))
            }
            Some(text) => literal(&mut page, text),
            None if line.starts_with('[') => writeln!(page, ".SS {}", escaped(line)),
            None => literal(&mut page, line),
        };
    }
    page.push_str(".SH SEE ALSO\nordersync(1)\n");
    page
}

/// A literal line, in bold, on its own line.
fn literal(page: &mut String, line: &str) -> std::fmt::Result {
    writeln!(page, ".br\n\\fB{}\\fR\n.br", escaped(line))
}

/// Text, escaped for the formatter.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}
