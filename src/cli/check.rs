use super::assembly::{self, Dates};
use super::exit::{Exit, Fault};
use super::{Global, output};
use crate::extract::{self, Export};
use crate::settings::{Account, Job, Settings};
use crate::state::View;
use clap::Args;
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
#[derive(Default)]
struct Findings {
    lines: Vec<(bool, String)>,
}

impl Findings {
    fn good(&mut self, text: String) {
        self.lines.push((true, text));
    }

    fn bad(&mut self, text: String) {
        self.lines.push((false, text));
    }

    fn faults(&self) -> usize {
        self.lines.iter().filter(|(good, _)| !good).count()
    }
}

pub(super) fn run(global: &Global, args: &CheckArgs) -> Result<Exit, Fault> {
    let settings = assembly::settings(global)?;
    let jobs = settings.jobs_named(&args.jobs).map_err(Fault::usage)?;
    let mut findings = Findings::default();
    findings.good(format!("settings {}", settings.file.display()));
    for job in &jobs {
        check_export(job, &settings, &mut findings)?;
    }
    let mut seen = Vec::new();
    for job in &jobs {
        let account = settings.account_of(job).map_err(Fault::usage)?;
        if !seen.contains(&account.name) {
            seen.push(account.name.clone());
            check_account(account, &settings, &mut findings);
        }
        if !args.offline {
            check_connection(job, account, &mut findings)?;
        }
    }
    tell(global, &settings, &findings);
    Ok(if findings.faults() == 0 { Exit::Done } else { Exit::Usage })
}

fn check_export(job: &Job, settings: &Settings, findings: &mut Findings) -> Result<(), Fault> {
    let account = settings.account_of(job).map_err(Fault::usage)?;
    match Export::open(&assembly::job(job, account, Dates::default()).export) {
        Ok(export) => {
            for file in export.files() {
                let (format, bytes) = (file.format, file.size_bytes);
                findings.good(format!("jobs.{}: export {file}, {format}, {bytes} bytes", job.name));
            }
        }
        Err(error) => findings.bad(format!("jobs.{}: {error}", job.name)),
    }
    Ok(())
}

fn check_account(account: &Account, settings: &Settings, findings: &mut Findings) {
    let name = &account.name;
    match View::open(&settings.state_dir, name) {
        Ok(_) => findings.good(format!("accounts.{name}: state in {}", settings.state_dir.display())),
        Err(error) => findings.bad(format!("accounts.{name}: {error}")),
    }
    match (account.token(), account.token_source()) {
        (Ok(_), Some(source)) => findings.good(format!("accounts.{name}: token from {source}")),
        (Ok(_), None) => {}
        (Err(error), _) => findings.bad(error.to_string()),
    }
}

fn check_connection(job: &Job, account: &Account, findings: &mut Findings) -> Result<(), Fault> {
    let Ok(client) = assembly::client(account, None) else {
        // The token was reported already.
        return Ok(());
    };
    let (service, externalid) = (&job.connection.service, &job.connection.externalid);
    let what = format!("jobs.{}: connection {service}/{externalid}", job.name);
    match assembly::runtime()?.block_on(client.connection_of(service, externalid)) {
        Ok(Some(found)) if found.is_internal => findings.bad(format!(
            "{what} is ActiveCampaign's own integration\n  hint: choose another `service` or `externalid` for this job"
        )),
        Ok(Some(found)) => findings.good(format!("{what} exists, id {}", found.id)),
        Ok(None) if job.connection.link_url.is_none() || job.connection.logo_url.is_none() => findings.bad(format!(
            "{what} does not exist yet, and creating it needs `link_url` and `logo_url`"
        )),
        Ok(None) => findings.good(format!("{what} does not exist yet; the first backfill creates it")),
        Err(failure) => findings.bad(format!("{what}: {failure}")),
    }
    Ok(())
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
        n => writeln!(text, "\n{n} faults."),
    };
    output::print(&text);
}
