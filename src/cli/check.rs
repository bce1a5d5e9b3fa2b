use super::assembly::{self, Dates};
use super::error::CliError;
use super::exit::Exit;
use super::fault;
use super::findings::Findings;
use super::options::Global;
use super::output;
use super::pull;
use crate::activecampaign::Client;
use crate::extract::{self, Export};
use crate::pull::{Examination, examine};
use crate::report;
use crate::run::{ReadingError, connection_check, end_of, preview, shrinkage};
use crate::settings::{Account, Job, Pull, Settings};
use crate::state::{StateError, Store, View};
use clap::Args;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use tokio_util::sync::CancellationToken;

#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Jobs to check [default: all]
    #[arg(value_name = "JOB")]
    jobs: Vec<String>,
    /// Send no request to ActiveCampaign
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(global: &Global, args: &CheckArgs) -> Result<Exit, CliError> {
    let settings = assembly::settings(global)?;
    let jobs = settings.jobs_named(&args.jobs)?;
    let mut findings = Findings::new();
    findings.good(format!("settings {}", settings.file.display()));
    let mut accounts: BTreeMap<&str, (&Account, Vec<&Job>)> = BTreeMap::new();
    for &job in &jobs {
        let account = settings.account_of(job)?;
        if let Some(pull) = &job.pull {
            check_pull(job, pull, args.offline, &mut findings)?;
        }
        check_export(job, account, &settings, &mut findings);
        accounts.entry(&account.name).or_insert_with(|| (account, Vec::new())).1.push(job);
    }
    for (account, jobs) in accounts.into_values() {
        check_account(account, &jobs, &settings, args.offline, &mut findings)?;
    }
    check_shared_orders(&settings, &jobs, &mut findings);
    print_findings(global, &settings, &findings);
    Ok(findings.exit())
}

/// Whether a pull of the shop would succeed, and would see everything.
fn check_pull(
    job: &Job,
    pull: &Pull,
    offline: bool,
    findings: &mut Findings,
) -> Result<(), CliError> {
    let what = format!("jobs.{}: pull of {}", job.name, pull.url);
    let options = match pull::options_of(job, pull) {
        Ok(options) => options,
        Err(error) => {
            findings.error("", &error);
            return Ok(());
        }
    };
    findings.good(format!("{what}: has its credentials"));
    if offline {
        return Ok(());
    }
    let examined = assembly::runtime()?.block_on(examine(&options, CancellationToken::new()));
    let examination = match examined {
        Ok(examination) => examination,
        Err(error) => {
            findings.bad(Exit::of_pull(&error), format!("{what}: {error}"));
            return Ok(());
        }
    };
    let Examination { orders, oldest, is_filtered, shows_email, warnings } = examination;
    let orders = orders.map_or("an unknown number of".to_owned(), |orders| orders.to_string());
    let oldest = oldest.map(|oldest| format!(", the oldest of {}", oldest.strftime("%Y-%m-%d")));
    findings.good(format!("{what}: answers, with {orders} orders{}", oldest.unwrap_or_default()));
    if !is_filtered {
        findings.doubtful(format!("{what}: the shop ignores modified_after, as WooCommerce before 5.8 does; every pull is a full one"));
    }
    if shows_email == Some(false) {
        findings.doubtful(format!(
            "{what}: the oldest order shows no e-mail address; orders without one are invalid"
        ));
    }
    for warning in warnings {
        findings.doubtful(format!("{what}: {warning}"));
    }
    Ok(())
}

fn check_export(job: &Job, account: &Account, settings: &Settings, findings: &mut Findings) {
    let run_job = assembly::job(job, account, Dates::default());
    if run_job.export.is_piped() {
        findings.good(format!(
            "jobs.{}: export from standard input, checked when a run starts",
            job.name
        ));
        return;
    }
    if let Some(why) = job.pull.as_ref().and_then(pull::nothing_on_disk) {
        findings.good(format!("jobs.{}: {why}", job.name));
        return;
    }
    match run_job.open_export() {
        Ok(export) => {
            if let Err(error) = export.check_quiet() {
                findings.error(&format!("jobs.{}: ", job.name), &error.into());
            }
            for file in export.files() {
                let (format, bytes, encoding) = (&file.format, file.size_bytes, file.encoding);
                let name = &job.name;
                findings.good(format!(
                    "jobs.{name}: export {file}, {format}, {bytes} bytes, {encoding}: {}",
                    file.why
                ));
                for note in &file.notes {
                    findings.doubtful(format!("jobs.{name}: export {file}: {note}"));
                }
            }
            let read = View::open(&settings.state_dir, &account.name)
                .and_then(|view| view.files_read(&job.name));
            // A state that can't be read is reported below.
            for less in shrinkage(&read.unwrap_or_default(), export.files()) {
                findings.doubtful(format!("jobs.{}: {less}", job.name));
            }
            check_records(job, account, settings, &export, findings);
            let mut of_orders = export.files().iter().filter(|file| file.holds_orders);
            if let (Some(newest), Some(_)) = (of_orders.next(), of_orders.next()) {
                findings.good(format!(
                    "jobs.{}: if an order is in several files, {newest} is used",
                    job.name
                ));
            }
        }
        Err(error) => {
            let faults = fault::of_export(&job.name, &error);
            let error = CliError::usage(&error).with_faults(faults);
            findings.error(&format!("jobs.{}: ", job.name), &error);
        }
    }
}

/// Reads the export to its end, as a plan does.
fn check_records(
    job: &Job,
    account: &Account,
    settings: &Settings,
    export: &Export,
    findings: &mut Findings,
) {
    let name = &job.name;
    // A state that can't be read is reported with its account.
    let Ok(view) = assembly::view(&settings.state_dir, account) else { return };
    let planned = assembly::job(job, account, Dates::default());
    match preview(&planned, export, view, account.requests_per_second) {
        Ok(preview) => {
            let (read, filtered, invalid) =
                (preview.summary.read, preview.summary.filtered, preview.summary.invalid);
            findings.good(format!(
                "jobs.{name}: {} read, {filtered} filtered, {invalid} invalid",
                report::many(read, "record")
            ));
            for note in report::data_notes(&preview) {
                findings.doubtful(format!("jobs.{name}: {note}"));
            }
        }
        Err(ReadingError::State(_)) => {}
        Err(error) => {
            let error = CliError::from(error).exiting(Exit::Usage);
            findings.error(&format!("jobs.{name}: "), &error);
        }
    }
}

/// Whether each order belongs to one job of its connection.
fn check_shared_orders(settings: &Settings, jobs: &[&Job], findings: &mut Findings) {
    // A state that can't be read is reported with its account.
    for shared in assembly::shared_orders(settings, jobs).unwrap_or_default() {
        findings.bad(Exit::Usage, shared.to_string());
    }
}

/// State, token, certificates and connections of an account, as a run would find them.
fn check_account(
    account: &Account,
    jobs: &[&Job],
    settings: &Settings,
    offline: bool,
    findings: &mut Findings,
) -> Result<(), CliError> {
    let name = &account.name;
    // Held while requests are sent, so that no other process uses the account's rate meanwhile.
    let opened = Store::open(&settings.state_dir, name).and_then(|mut store| {
        store.belong_to(&account.url)?;
        Ok(store)
    });
    let store = match opened {
        Ok(store) => {
            findings.good(format!("accounts.{name}: state in {}", settings.state_dir.display()));
            Some(store)
        }
        Err(StateError::Locked { .. }) => {
            findings.good(format!(
                "accounts.{name}: a run is in progress, so ActiveCampaign is not asked now"
            ));
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
            findings.error("", &error.into());
            return Ok(());
        }
    }
    match assembly::client(account, store.as_ref().map(Store::lock)) {
        Ok(client) => match store {
            Some(mut store) if !offline => check_connections(&client, &mut store, jobs, findings),
            _ => Ok(()),
        },
        Err(error) => {
            findings.error("", &error);
            Ok(())
        }
    }
}

fn check_connections(
    client: &Client,
    store: &mut Store,
    jobs: &[&Job],
    findings: &mut Findings,
) -> Result<(), CliError> {
    let runtime = assembly::runtime()?;
    for job in jobs {
        let (service, externalid) = (&job.connection.service, &job.connection.externalid);
        let what = format!("jobs.{}: connection {service}/{externalid}", job.name);
        let lacks_urls = job.connection.link_url.is_none() || job.connection.logo_url.is_none();
        let asked = runtime.block_on(client.connection_of(service, externalid));
        if let Ok(found) = &asked {
            // For the plan, which sends no request.
            store.note_connection(service, externalid, &connection_check(found.as_ref()))?;
        }
        let lost = match &asked {
            Ok(None) => store.orders_sent_to(service, externalid)?,
            _ => 0,
        };
        match asked {
            Ok(Some(found)) if found.is_internal => findings.bad(Exit::Usage, format!(
                "{what} is ActiveCampaign's own integration\n  hint: choose another `service` or `externalid` for this job"
            )),
            Ok(Some(found)) => {
                findings.good(format!("{what} exists, id {}", found.id));
                if let Some(list) = found.list_id {
                    findings.doubtful(format!("{what}: its new contacts join the list with id {list}"));
                }
            }
            Ok(None) if lost > 0 => findings.bad(Exit::Refused, format!(
                "{what} was deleted at ActiveCampaign, and the ledger has {lost} orders on it\n  hint: `ordersync connection ensure {}` creates it again; the next backfill then loads all orders", job.name
            )),
            Ok(None) if lacks_urls => findings.bad(
                Exit::Usage,
                format!("{what} does not exist yet, and creating it needs `link_url` and `logo_url`"),
            ),
            Ok(None) => findings.good(format!("{what} does not exist yet; the first backfill creates it")),
            Err(failure) => {
                findings.bad(Exit::of_end(end_of(&failure), None), format!("{what}: {failure}"));
                // The next job would fail in the same way.
                return Ok(());
            }
        }
    }
    Ok(())
}

fn print_findings(global: &Global, settings: &Settings, findings: &Findings) {
    if global.json {
        output::print_json(&findings.json(Some(&settings.effective)));
        return;
    }
    let mut text = findings.text();
    text.push_str("\nSettings in effect:\n");
    for line in settings.effective.lines() {
        let _ = writeln!(text, "  {line}");
    }
    let formats: Vec<_> = extract::formats().iter().map(|format| format.name()).collect();
    let _ = writeln!(text, "\nFormats known: {}", formats.join(", "));
    output::print(&text);
}
