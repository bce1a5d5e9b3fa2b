use super::error::CliError;
use super::fault;
use super::options::Global;
use super::read_settings::{ReadSettings, is_named_encoding, parse_mappings, read_settings};
use crate::activecampaign::{self, Client, SendEvent, SendGuard, SendObserver};
use crate::domain::ProbeAnswer;
use crate::extract::{self, Export, OpenError};
use crate::run::{self, ConnectionSpec, OpenedAccount, Pulls, Sample, SharedOrders};
use crate::schedule::{Calendar, ScheduleError, Schedules};
use crate::settings::{Account, Job, Keep, Settings};
use crate::state::{Lock, StateError, StateHandle, Store, View};
use crate::transform::Rules;
use std::path::Path;

/// The longest lag of lists, as `list_lag_s` may be set.
const LIST_LAG_MS_MAX: u64 = 600_000;

pub(super) fn settings(global: &Global) -> Result<Settings, CliError> {
    let ReadSettings { settings, faults } = read_settings(global);
    faults?;
    settings.ok_or_else(|| CliError::failed("the settings can't be read"))
}

/// The mappings that the job may name.
fn mappings(job: &Job) -> Result<extract::Mappings, OpenError> {
    job.mappings.iter().map(parse_mappings).collect()
}

/// When the job runs, and when it is verified, as far as each has a schedule.
pub(super) fn calendars(
    job: &Job,
    schedules: &mut Schedules,
) -> Result<[Option<Calendar>; 2], ScheduleError> {
    let mut calendar = |text: &Option<String>| {
        let Some(text) = text else { return Ok(None) };
        let schedule = schedules.read(text, &job.time_zone)?;
        Ok(Some(Calendar::new(schedule, &job.name, job.jitter_s)))
    };
    Ok([calendar(&job.schedule)?, calendar(&job.verify)?])
}

/// The part of the orders that a scheduled verification compares line by line.
///
/// # Errors
/// What was expected.
pub(super) fn verify_sample(job: &Job) -> Result<Option<Sample>, &'static str> {
    job.verify_sample.as_deref().map(str::parse).transpose()
}

/// The job of this name, and its account.
pub(super) fn one_job<'a>(
    settings: &'a Settings,
    name: &str,
) -> Result<(&'a Job, &'a Account), CliError> {
    let jobs = settings.jobs_named(&[name.to_owned()])?;
    let job = jobs.first().ok_or_else(|| CliError::usage(format!("no job `{name}`")))?;
    Ok((job, settings.account_of(job)?))
}

/// A job as a run needs it.
pub(super) fn job(job: &Job, account: &Account) -> run::Job {
    let connection = &job.connection;
    run::Job {
        name: job.name.clone(),
        account_url: account.url.clone(),
        connection: ConnectionSpec {
            service: connection.service.clone(),
            externalid: connection.externalid.clone(),
            name: connection.name.clone(),
            link_url: connection.link_url.clone().unwrap_or_default(),
            logo_url: connection.logo_url.clone().unwrap_or_default(),
        },
        export: extract::Options {
            patterns: job.export.clone(),
            format: match &job.pull {
                Some(pull) if job.format == "auto" => pull.from.format.to_owned(),
                _ => job.format.clone(),
            },
            encoding: job.encoding.clone().filter(|name| is_named_encoding(name)),
            // Their faults were reported when the settings were read.
            mappings: mappings(job).unwrap_or_default(),
            customers: job.customers.clone(),
            zone: job.time_zone.clone(),
            webtoffee_date_shift: job.policy.webtoffee_date_shift,
        },
        pulls: job
            .pull
            .as_ref()
            .map(|pull| Pulls { dir: pull.dir.clone(), keeps_export: pull.keep == Keep::Latest }),
        rules: Rules {
            policy: job.policy.clone(),
            zone: job.time_zone.clone(),
            is_zone_set: job.is_time_zone_set,
            from: None,
            to: None,
        },
        load: job.load,
        bulk_max: job.bulk_max,
        is_bulk_max_set: job.is_bulk_max_set,
        // Its faults were reported when the settings were read.
        bulk_sample: job
            .bulk_sample
            .as_deref()
            .and_then(|part| part.parse().ok())
            .unwrap_or(Sample::ALL),
        in_flight_max: account.in_flight_max,
        state_free_min_bytes: account.state_free_min_bytes,
    }
}

/// Every job on the connection of this one, in the sequence of their names; empty if this is the
/// only one. `jobs`: those of the account.
pub(super) fn sharing<'a>(
    jobs: impl IntoIterator<Item = &'a Job>,
    job: &Job,
    account: &Account,
) -> Vec<run::Job> {
    let wanted = self::job(job, account).connection;
    let jobs = jobs.into_iter().map(|other| self::job(other, account));
    let jobs: Vec<run::Job> = jobs.filter(|other| other.connection.is_same(&wanted)).collect();
    if jobs.len() > 1 { jobs } else { Vec::new() }
}

/// The error if one of these jobs has the same orders as another job on its connection. `opened`:
/// exports that are open already, by the names of their jobs.
pub(super) fn shared_orders(
    settings: &Settings,
    chosen: &[&Job],
    opened: &[(&str, &Export)],
) -> Result<Vec<SharedOrders>, CliError> {
    let mut found: Vec<SharedOrders> = Vec::new();
    let mut compared: Vec<String> = Vec::new();
    for job in chosen {
        if compared.contains(&job.name) {
            continue;
        }
        let account = settings.account_of(job)?;
        let sharing = sharing(settings.jobs_of(&account.name), job, account);
        if !sharing.is_empty() {
            let view = view(&settings.state_dir, account)?;
            found.extend(run::shared_orders(&sharing, opened, &view)?);
        }
        compared.extend(sharing.into_iter().map(|job| job.name));
    }
    found.retain(|shared| chosen.iter().any(|job| shared.jobs.contains(&job.name)));
    Ok(found)
}

/// The same as an error, for commands that would send them.
pub(super) fn check_shared_orders(
    settings: &Settings,
    chosen: &[&Job],
    exports: &[Export],
) -> Result<(), CliError> {
    let names = chosen.iter().map(|job| job.name.as_str());
    let opened: Vec<(&str, &Export)> = names.zip(exports).collect();
    let found = shared_orders(settings, chosen, &opened)?;
    CliError::all(found.iter().map(CliError::usage).collect())
}

pub(super) fn export(job: &run::Job) -> Result<Export, CliError> {
    job.open_export().map_err(|error| no_export(job, &error))
}

/// For a comparison with all orders there are.
pub(super) fn whole_export(job: &run::Job) -> Result<Export, CliError> {
    job.open_whole_export().map_err(|error| no_export(job, &error))
}

pub(super) fn no_export(job: &run::Job, error: &OpenError) -> CliError {
    let message = format!("job {}: {error}", job.name);
    CliError::usage(message).with_faults(fault::of_export(job, error))
}

/// Opens the exports of all jobs; the error names everything that is wrong with any of them.
pub(super) fn exports(jobs: &[run::Job]) -> Result<Vec<Export>, CliError> {
    let piped: Vec<&str> =
        jobs.iter().filter(|job| job.export.is_piped()).map(|job| job.name.as_str()).collect();
    if piped.len() > 1 {
        return Err(CliError::usage(format!(
            "the jobs {} all read standard input, which can only be read once\n  hint: name one of them",
            piped.join(", ")
        )));
    }
    let (mut opened, mut faults) = (Vec::new(), Vec::new());
    for job in jobs {
        match export(job) {
            Ok(export) => opened.push(export),
            Err(error) => faults.push(error),
        }
    }
    CliError::all(faults).map(|()| opened)
}

/// Checks that no export is being written, before any of its orders is sent.
pub(super) fn check_quiet<'a>(exports: impl Iterator<Item = &'a Export>) -> Result<(), CliError> {
    let faults = exports.filter_map(|export| export.check_quiet().err());
    CliError::all(faults.map(CliError::from).collect())
}

/// The state of an account, for writing.
pub(super) fn store(state_dir: &Path, account: &Account) -> Result<Store, CliError> {
    check_own(account)?;
    Ok(bound_store(state_dir, account)?)
}

/// An account of a fleet may only be written to under its lease.
pub(super) fn check_own(account: &Account) -> Result<(), CliError> {
    if !account.is_shared {
        return Ok(());
    }
    Err(CliError::usage(format!(
        "account {} is shared by a fleet: only its daemons write to it, by the schedules of its jobs\n  hint: first_run = \"load\" loads a history by schedule; `plan` and `schedule` work as ever",
        account.name
    )))
}

pub(super) fn bound_store(state_dir: &Path, account: &Account) -> Result<Store, StateError> {
    let mut store = Store::open(state_dir, &account.name)?;
    store.belong_to(&account.url)?;
    store.keep_free(account.state_free_min_bytes);
    Ok(store)
}

/// The same for reading.
pub(super) fn view(state_dir: &Path, account: &Account) -> Result<View, CliError> {
    let view = View::open(state_dir, &account.name)?;
    view.check_belongs_to(&account.url)?;
    Ok(view)
}

/// Locks an account for writing, and creates its client.
pub(super) fn open_account(state_dir: &Path, account: &Account) -> Result<OpenedAccount, CliError> {
    open_guarded_account(state_dir, account, None)
}

/// The same; an account of a fleet needs the guard of its lease.
pub(super) fn open_guarded_account(
    state_dir: &Path,
    account: &Account,
    guard: Option<SendGuard>,
) -> Result<OpenedAccount, CliError> {
    let (store, client) = open_guarded_store(state_dir, account, guard)?;
    Ok(OpenedAccount { state: StateHandle::open(store), client })
}

/// The same for what writes to the state itself.
pub(super) fn open_guarded_store(
    state_dir: &Path,
    account: &Account,
    guard: Option<SendGuard>,
) -> Result<(Store, Client), CliError> {
    if guard.is_none() {
        check_own(account)?;
    }
    let store = bound_store(state_dir, account)?;
    let lock = Some(store.lock());
    let measured = store.probe_answer(ProbeAnswer::LIST_LAG)?.and_then(|answer| answer.number);
    let list_lag_ms = list_lag_ms(account, measured);
    let options = activecampaign::Options { guard, list_lag_ms, ..client_options(account, lock)? };
    let client = client_by(options, account, lock)?;
    Ok((store, client))
}

/// How long lists may lag: as set, else twice what a probe measured, and at least the default.
fn list_lag_ms(account: &Account, measured_ms: Option<i64>) -> u64 {
    let settings_ms = account.list_lag_s * 1000;
    match measured_ms.and_then(|ms| u64::try_from(ms).ok()).filter(|_| !account.is_list_lag_set) {
        Some(ms) => ms.saturating_mul(2).min(LIST_LAG_MS_MAX).max(settings_ms),
        None => settings_ms,
    }
}

/// A client of an account; with the account's lock it keeps the spacing from what was sent before.
pub(super) fn client(account: &Account, lock: Option<&Lock>) -> Result<Client, CliError> {
    let options = client_options(account, lock)?;
    client_by(options, account, lock)
}

/// The same for a check, which ends soon even if nothing answers: one retry, so that a second 403
/// is the token's fault, and no long waits.
pub(super) fn checking_client(account: &Account, lock: Option<&Lock>) -> Result<Client, CliError> {
    let usual = client_options(account, lock)?;
    let options = activecampaign::Options {
        attempts_max: 2,
        connect_timeout_ms: 5_000,
        timeout_ms: usual.timeout_ms.min(6_500),
        wait_max_ms: usual.wait_max_ms.min(5_000),
        ..usual
    };
    client_by(options, account, lock)
}

fn client_options(
    account: &Account,
    lock: Option<&Lock>,
) -> Result<activecampaign::Options, CliError> {
    let token = account.token()?;
    if let Some((file, mode)) = account.exposed_token_file() {
        tracing::warn!("{}", exposed(&file, mode));
    }
    Ok(activecampaign::Options {
        requests_per_second: account.requests_per_second,
        timeout_ms: account.timeout_s * 1000,
        wait_max_ms: account.wait_max_s * 1000,
        list_lag_ms: account.list_lag_s * 1000,
        ca_file: account.ca_file.clone(),
        last_send_at: lock.and_then(Lock::last_send_at),
        pause_left: lock.and_then(Lock::pause_left),
        ..activecampaign::Options::new(account.url.clone(), token)
    })
}

/// What is wrong with a token file of this mode.
pub(super) fn exposed(file: &Path, mode: u32) -> String {
    let file = file.display();
    format!("others can read the token file {file} (mode {mode:04o})\n  hint: chmod 600 {file}")
}

fn client_by(
    options: activecampaign::Options,
    account: &Account,
    lock: Option<&Lock>,
) -> Result<Client, CliError> {
    match lock {
        Some(lock) => {
            let log = lock.send_log();
            let log: SendObserver = Box::new(move |note| match note {
                SendEvent::Sent(at) => log.sent(at),
                SendEvent::Paused { from, until } => log.paused(from, until),
            });
            Client::new(options, log)
        }
        None => Client::new(options, Box::new(|_| {})),
    }
    .map_err(|error| CliError::usage(format!("accounts.{}: {error}", account.name)))
}

/// The most threads that wait for a disk or a lock concurrently, for all accounts together.
const BLOCKING_THREADS_MAX: usize = 64;

/// The runtime everything asynchronous runs on.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(BLOCKING_THREADS_MAX)
        .enable_all()
        .build()
        .map_err(CliError::failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Environment;

    fn settings_of(dir: &Path, line: &str) -> Settings {
        let file = dir.join("ordersync.toml");
        let text = format!(
            "[accounts.a]\nurl = \"https://shop.api-us1.com\"\n{line}\n[jobs.s]\naccount = \"a\"\nexport = [\"x\"]\n\
             [jobs.s.connection]\nservice = \"s\"\nexternalid = \"e\"\n"
        );
        std::fs::write(&file, text).unwrap();
        Settings::load(Some(&file), &Environment::new(dir, [])).unwrap()
    }

    fn lag_ms(line: &str, measured_ms: Option<i64>) -> u64 {
        let dir = tempfile::tempdir().unwrap();
        list_lag_ms(&settings_of(dir.path(), line).accounts["a"], measured_ms)
    }

    #[test]
    fn the_probed_values_reach_the_client() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.token"), "token").unwrap();
        let settings = settings_of(dir.path(), "");
        let account = &settings.accounts["a"];
        let lag_s = || {
            let (store, client) = open_guarded_store(dir.path(), account, None).unwrap();
            (store, client.lookup_delays().sum::<std::time::Duration>().as_secs())
        };
        let (mut store, unprobed) = lag_s();
        let question = ProbeAnswer::LIST_LAG.to_owned();
        let answer = ProbeAnswer { question, word: "seen".to_owned(), number: Some(7_000) };
        store.record_probe_answer(&answer).unwrap();
        drop(store);
        assert_eq!((unprobed, lag_s().1), (10, 14));
    }

    #[test]
    fn lookups_continue_for_twice_the_probed_lag_unless_that_is_set() {
        let lags = [None, Some(0), Some(7_000), Some(500_000)].map(|ms| lag_ms("", ms));
        assert_eq!(lags, [10_000, 10_000, 14_000, 600_000]);
        assert_eq!(lag_ms("list_lag_s = 3", Some(7_000)), 3_000);
    }
}
