use super::assembly::{self, Dates};
use super::exit::{Exit, Fault};
use super::{Global, output};
use crate::activecampaign::{Client, Failure, Stop, Verdict};
use crate::extract::{self, Export};
use crate::settings::{Account, Job, Settings};
use crate::state::{StateError, Store};
use clap::Args;
use std::collections::BTreeMap;
use std::fmt::Write as _;

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Jobs to check [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Don't ask the target
    #[arg(long)]
    offline: bool,
}

/// What was looked at, and what was found.
struct Findings {
    lines: Vec<(bool, String)>,
    exit: Exit,
}

impl Findings {
    fn good(&mut self, text: String) {
        self.lines.push((true, text));
    }

    fn bad(&mut self, exit: Exit, text: String) {
        self.exit = self.exit.worse(exit);
        self.lines.push((false, text));
    }

    fn faults(&self) -> usize {
        self.lines.iter().filter(|(good, _)| !good).count()
    }
}

pub(super) fn run(global: &Global, args: &CheckArgs) -> Result<Exit, Fault> {
    let settings = assembly::settings(global)?;
    let jobs = settings.jobs_named(&args.jobs).map_err(Fault::usage)?;
    let mut findings = Findings { lines: Vec::new(), exit: Exit::Done };
    findings.good(format!("settings {}", settings.file.display()));
    let mut accounts: BTreeMap<&str, (&Account, Vec<&Job>)> = BTreeMap::new();
    for job in jobs {
        let account = settings.account_of(job).map_err(Fault::usage)?;
        check_export(job, account, &mut findings);
        accounts.entry(&account.name).or_insert_with(|| (account, Vec::new())).1.push(job);
    }
    for (account, jobs) in accounts.into_values() {
        check_account(account, &jobs, &settings, args.offline, &mut findings)?;
    }
    tell(global, &settings, &findings);
    Ok(findings.exit)
}

fn check_export(job: &Job, account: &Account, findings: &mut Findings) {
    match Export::open(&assembly::job(job, account, Dates::default()).export) {
        Ok(export) => {
            for file in export.files() {
                let (format, bytes) = (&file.format, file.size_bytes);
                findings.good(format!("jobs.{}: export {file}, {format}, {bytes} bytes", job.name));
            }
            let mut of_orders = export.files().iter().filter(|file| file.holds_orders);
            if let (Some(newest), Some(_)) = (of_orders.next(), of_orders.next()) {
                findings
                    .good(format!("jobs.{}: of one order in several files that in {newest} wins", job.name));
            }
        }
        Err(error) => findings.bad(Exit::Usage, format!("jobs.{}: {error}", job.name)),
    }
}

/// State, token, certificates and connections of an account, as a run would find them.
fn check_account(
    account: &Account,
    jobs: &[&Job],
    settings: &Settings,
    offline: bool,
    findings: &mut Findings,
) -> Result<(), Fault> {
    let name = &account.name;
    // Held while the target is asked: nobody else then spends the account's requests unknown to us.
    let store = match Store::open(&settings.state_dir, name) {
        Ok(store) => {
            findings.good(format!("accounts.{name}: state in {}", settings.state_dir.display()));
            Some(store)
        }
        Err(StateError::Locked { .. }) => {
            findings.good(format!("accounts.{name}: a run is at work, so the target is not asked now"));
            None
        }
        Err(error) => {
            findings.bad(Exit::Usage, format!("accounts.{name}: {error}"));
            None
        }
    };
    match (account.token(), account.token_source()) {
        (Ok(_), Some(source)) => findings.good(format!("accounts.{name}: token from {source}")),
        (Ok(_), None) => {}
        (Err(error), _) => {
            findings.bad(Exit::Usage, error.to_string());
            return Ok(());
        }
    }
    match assembly::client(account, store.as_ref().map(Store::lock)) {
        Ok(client) if store.is_some() && !offline => check_connections(&client, jobs, findings),
        Ok(_) => Ok(()),
        Err(fault) => {
            findings.bad(fault.exit, fault.message);
            Ok(())
        }
    }
}

fn check_connections(client: &Client, jobs: &[&Job], findings: &mut Findings) -> Result<(), Fault> {
    let runtime = assembly::runtime()?;
    for job in jobs {
        let (service, externalid) = (&job.connection.service, &job.connection.externalid);
        let what = format!("jobs.{}: connection {service}/{externalid}", job.name);
        let lacks_urls = job.connection.link_url.is_none() || job.connection.logo_url.is_none();
        match runtime.block_on(client.connection_of(service, externalid)) {
            Ok(Some(found)) if found.is_internal => findings.bad(Exit::Usage, format!(
                "{what} is ActiveCampaign's own integration\n  hint: choose another `service` or `externalid` for this job"
            )),
            Ok(Some(found)) => findings.good(format!("{what} exists, id {}", found.id)),
            Ok(None) if lacks_urls => findings.bad(
                Exit::Usage,
                format!("{what} does not exist yet, and creating it needs `link_url` and `logo_url`"),
            ),
            Ok(None) => findings.good(format!("{what} does not exist yet; the first backfill creates it")),
            Err(failure) => {
                findings.bad(exit_of(&failure), format!("{what}: {failure}"));
                // The next job would be told the same.
                return Ok(());
            }
        }
    }
    Ok(())
}

fn exit_of(failure: &Failure) -> Exit {
    match failure.verdict {
        Verdict::Throttled | Verdict::Again | Verdict::LookUp | Verdict::Stop(Stop::Away { .. }) => {
            Exit::Away
        }
        _ => Exit::Refused,
    }
}

fn tell(global: &Global, settings: &Settings, findings: &Findings) {
    if global.json {
        let lines =
            findings.lines.iter().map(|(good, text)| serde_json::json!({ "ok": good, "finding": text }));
        output::print_json(&serde_json::json!({
            "faults": findings.faults(), "findings": lines.collect::<Vec<_>>(), "effective": settings.effective(),
        }));
        return;
    }
    let mut text = String::from("Settings in effect:\n");
    for line in settings.effective().lines() {
        let _ = writeln!(text, "  {line}");
    }
    let formats: Vec<_> = extract::formats().iter().map(|format| format.name).collect();
    let _ = writeln!(text, "\nFormats known: {}\n", formats.join(", "));
    for (good, finding) in &findings.lines {
        let _ = writeln!(text, "{} {finding}", if *good { "ok   " } else { "FAULT" });
    }
    let _ = match findings.faults() {
        0 => writeln!(text, "\nNo fault found."),
        1 => writeln!(text, "\n1 fault."),
        n => writeln!(text, "\n{n} faults."),
    };
    output::print(&text);
}
