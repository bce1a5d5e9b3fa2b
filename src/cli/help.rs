//! What the help says beyond the arguments: verbs in groups, examples, exit codes.

use super::output;
use crate::report;
use clap::{Command, CommandFactory};
use std::fmt::Write as _;

/// Verbs in groups, in the order in which they are needed.
pub(super) const GROUPS: [(&str, &[&str]); 5] = [
    ("Begin", &["demo", "init", "check", "formats"]),
    ("Load", &["plan", "backfill", "sync", "pull", "pulls"]),
    ("Every night", &["daemon", "schedule", "status", "fleet"]),
    ("Look into it", &["explain", "verify", "dead-letters", "connection", "undo", "adopt"]),
    ("Tools", &["probe", "simulator", "completions", "man"]),
];

/// The end of a verb's help.
pub(super) struct VerbHelp {
    pub verb: &'static str,
    pub examples: [&'static str; 3],
    /// The codes that it can end with, ascending.
    pub exits: &'static [u8],
}

/// Codes of verbs that send orders.
const LOADING: &[u8] = &[0, 1, 2, 3, 4, 5, 6, 7, 130];

macro_rules! verbs {
    ($($verb:literal: $one:literal, $two:literal, $three:literal, $exits:expr;)+) => {
        &[$(VerbHelp { verb: $verb, examples: [$one, $two, $three], exits: $exits },)+]
    };
}

pub(super) const VERBS: &[VerbHelp] = verbs! {
    "demo": "demo", "demo --orders 2000", "demo --pull --from shopify", &[0, 1, 2];
    "init": "init --from orders_export.csv", "init shop --from orders.json --url https://example.api-us1.com", "init /etc/ordersync", &[0, 1, 2, 130];
    "check": "check", "check shop --offline", "--json check", &[0, 1, 2, 5, 6];
    "formats": "formats", "formats --show shopify-csv", "--json formats", &[0, 2];
    "plan": "plan", "plan shop --html plan.html", "plan --ask", &[0, 1, 2, 4, 5, 6, 130];
    "backfill": "backfill shop --canary 5", "backfill --yes", "backfill --max-duration 6h", LOADING;
    "sync": "sync", "sync shop --fail-on never", "--json sync", LOADING;
    "pull": "pull", "pull shop --full", "pull shop --to orders", &[0, 1, 2, 3, 5, 6, 130];
    "pulls": "pulls list", "pulls list shop", "pulls purge", &[0, 1, 2];
    "daemon": "daemon", "daemon --grace 30s", "--log-format json daemon", &[0, 1, 2];
    "schedule": "schedule", "schedule shop --next 20", "--json schedule", &[0, 2];
    "status": "status", "status shop --runs 20", "--json status", &[0, 1, 2];
    "fleet": "fleet status", "fleet drain", "fleet import main", &[0, 1, 2, 4];
    "explain": "explain shop 1021", "explain shop 1021 --reveal", "--json explain shop 1021", &[0, 1, 2];
    "verify": "verify shop", "verify shop --lines", "verify shop --sample 1/7 --repair", &[0, 1, 2, 4, 5, 6, 7, 130];
    "undo": "undo shop --run 7 --dry-run", "undo shop --run 7", "undo shop --run 7 --yes", &[0, 1, 2, 4, 5, 6, 7, 130];
    "adopt": "adopt shop", "--json adopt shop", "-v adopt shop", &[0, 1, 2, 4, 5, 6];
    "dead-letters": "dead-letters list", "dead-letters show shop 1021", "dead-letters accept shop --reason missing_email", &[0, 1, 2];
    "connection": "connection list", "connection ensure shop", "connection switch shop --to bulk", &[0, 1, 2, 4, 5, 6, 130];
    "probe": "probe sandbox", "probe sandbox --write", "--json probe sandbox --write --yes", &[0, 1, 2, 4, 5, 6, 130];
    "simulator": "simulator", "simulator --port 8080", "simulator --port 8080 --token secret", &[0, 1, 2];
    "completions": "completions bash", "completions zsh", "completions fish", &[0, 2];
    "man": "man", "man --dir man", "man --settings", &[0, 2];
};

fn meaning(verb: &str, code: u8) -> &'static str {
    match code {
        0 => "done",
        1 => "failed: something unexpected",
        2 => "wrong usage or settings; nothing was sent",
        3 if verb == "pull" => "finished, without orders that the shop could not deliver",
        3 => {
            "finished, with dead letters that nobody accepted, or orders gone from the shop that are left"
        }
        4 => "another process is writing to this account",
        5 => "refused: token, permission, payment, or the connection is gone",
        6 => "not reachable, or asked to wait too long; run it again to resume",
        7 => "the comparison found differences",
        // They have nothing to resume.
        _ if ["init", "plan", "verify"].contains(&verb) => {
            "interrupted (129, 130, 143: by SIGHUP, SIGINT, SIGTERM)"
        }
        _ => "interrupted (129, 130, 143: by SIGHUP, SIGINT, SIGTERM); resumes",
    }
}

/// The command line with its whole help.
pub(super) fn command<Opts: CommandFactory>() -> Command {
    let mut command = Opts::command();
    let terminal = output::width();
    for help in VERBS {
        let text = help.text(terminal);
        command = command.mut_subcommand(help.verb, |verb| with_help(verb, &text));
    }
    let width = terminal.unwrap_or(80);
    let verbs = verbs_text(&command, width);
    let end = "`ordersync help VERB` shows examples and exit codes.\n`ordersync demo` needs nothing else.";
    command.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{verbs}\nOptions:\n{{options}}\n\n{end}\n"
    ))
}

/// A verb and the verbs below it.
fn with_help(verb: Command, text: &str) -> Command {
    let below: Vec<String> = verb.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    below.into_iter().fold(verb.after_help(text.to_owned()), |verb, name| {
        verb.mut_subcommand(name, |sub| sub.after_help(text.to_owned()))
    })
}

impl VerbHelp {
    /// As wide as the terminal, if there is one.
    fn text(&self, terminal: Option<usize>) -> String {
        let mut text = String::from("Examples:\n");
        for example in self.examples {
            let _ = writeln!(text, "  ordersync {example}");
        }
        text.push_str("\nExit codes:\n");
        let room = terminal.map(|width| width.saturating_sub(CODE_LEN).max(24));
        for code in self.exits {
            let mut name = format!("  {code:>3}  ");
            for line in report::wrapped(meaning(self.verb, *code), room) {
                let _ = writeln!(text, "{name:<CODE_LEN$}{line}");
                name.clear();
            }
        }
        text.trim_end().to_owned()
    }
}

/// Columns of the exit codes.
const CODE_LEN: usize = 7;
/// Columns of the verbs' names.
const VERB_LEN: usize = 16;

pub(super) fn verbs_text(command: &Command, width: usize) -> String {
    let mut text = String::new();
    for (group, verbs) in GROUPS {
        let _ = writeln!(text, "{group}:");
        for verb in verbs {
            let about = command.find_subcommand(verb).and_then(Command::get_about);
            let about = about.map(ToString::to_string).unwrap_or_default();
            let room = width.saturating_sub(VERB_LEN).max(24);
            let mut name = format!("  {verb}");
            for line in report::wrapped(&about, Some(room)) {
                let _ = writeln!(text, "{name:<VERB_LEN$}{line}");
                name.clear();
            }
        }
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_pulls_and_interruptions_are_those_of_the_verbs_that_end_with_them() {
        let of = |name: &str| VERBS.iter().find(|help| help.verb == name).unwrap();
        for verb in ["init", "plan", "pull", "verify"] {
            assert!(of(verb).exits.contains(&130), "{verb}");
        }
        let text = of("pull").text(None);
        assert!(
            text.contains("  3  finished, without orders that the shop could not deliver"),
            "{text}"
        );
    }

    #[test]
    fn the_meaning_of_a_code_wraps_below_itself() {
        let text = VERBS.iter().find(|help| help.verb == "backfill").unwrap().text(Some(60));
        let third: Vec<&str> = text.lines().skip_while(|line| !line.contains(" 3 ")).collect();
        assert!(
            third[1].starts_with("       ") && text.lines().all(|line| line.len() <= 60),
            "{text}"
        );
    }
}
