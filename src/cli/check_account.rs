//! What `check` looks at of an account: its state, its token and its connections.

use super::assembly;
use super::check_graphql::check_graphql;
use super::error::CliError;
use super::exit::Exit;
use super::findings::Findings;
use crate::activecampaign::{Client, Connection};
use crate::domain::shop_host;
use crate::report;
use crate::run::connection_check;
use crate::settings::{Account, Job, Settings};
use crate::state::{StateError, Store, View};
use std::path::Path;

/// What is checked.
pub(super) struct Scope<'a> {
    pub settings: &'a Settings,
    /// The settings have no errors. Otherwise they may contain placeholders, and no state may be
    /// bound to one.
    pub is_sound: bool,
    /// Requests are sent to shops and ActiveCampaign.
    pub sends_requests: bool,
}

/// State, token, certificates and connections of an account, as a run would find them.
pub(super) fn check_account(
    account: &Account,
    jobs: &[&Job],
    scope: &Scope<'_>,
    findings: &mut Findings,
) -> Result<(), CliError> {
    let (name, dir) = (&account.name, &scope.settings.state_dir);
    // Held while requests are sent, so that no other process uses the account's rate meanwhile. The
    // state of a shared account is in the database of the fleet.
    let opened = (scope.is_sound && !account.is_shared)
        .then(|| assembly::bound_store(dir, account))
        .transpose();
    let store = match opened {
        Ok(store) => {
            if store.is_some() {
                findings.good(format!("accounts.{name}: state in {}", dir.display()));
            }
            store
        }
        Err(StateError::Locked { .. }) => {
            findings.good(format!(
                "accounts.{name}: a run is in progress, so ActiveCampaign is not asked now"
            ));
            None
        }
        Err(error) => {
            findings.error(&format!("accounts.{name}: "), &error.into());
            None
        }
    };
    if scope.is_sound {
        check_space(account, dir, findings);
    }
    match (account.token(), account.token_source()) {
        (Ok(_), Some(source)) => findings.good(format!("accounts.{name}: token from {source}")),
        (Ok(_), None) => {}
        (Err(error), _) => {
            findings.error("", &error.into());
            return Ok(());
        }
    }
    if let Some((file, mode)) = account.exposed_token_file() {
        findings.doubtful(format!("accounts.{name}: {}", assembly::exposed(&file, mode)));
    }
    match assembly::checking_client(account, store.as_ref().map(Store::lock)) {
        Ok(client) => match store {
            Some(mut store) if scope.sends_requests => {
                check_connections(account, &client, &mut store, jobs, findings)?;
                check_graphql(account, &client, &store, jobs, findings)
            }
            _ => Ok(()),
        },
        Err(error) => {
            findings.error("", &error);
            Ok(())
        }
    }
}

/// Checks that the disk of the state has the free space that a run needs to begin.
fn check_space(account: &Account, state_dir: &Path, findings: &mut Findings) {
    let space = View::open(state_dir, &account.name)
        .and_then(|view| view.check_free(account.state_free_min_bytes));
    // A state that can't be read is reported when it is opened.
    if let Err(error @ StateError::LowDisk { .. }) = space {
        findings.error(&format!("accounts.{}: ", account.name), &error.into());
    }
}

fn check_connections(
    account: &Account,
    client: &Client,
    store: &mut Store,
    jobs: &[&Job],
    findings: &mut Findings,
) -> Result<(), CliError> {
    let runtime = assembly::runtime()?;
    for job in jobs {
        let (service, externalid) = (&job.connection.service, &job.connection.externalid);
        let what = format!("jobs.{}: connection {service}/{externalid}", job.name);
        let known = store.connection(service, externalid)?.map(|(_, id)| id);
        match runtime.block_on(client.connection_of_known(service, externalid, known.as_ref())) {
            Ok(found) => check_connection(&what, found, job, store, findings)?,
            Err(failure) => {
                let exit = Exit::of_failure(&failure);
                let advice = failure.advice();
                let hint = if advice.is_empty() { "" } else { "\n  hint: " };
                let verdict = failure.verdict();
                let text = format!("{what} at {}: {verdict}{hint}{advice}", account.url);
                findings.bad(exit, text);
                // The next job would fail in the same way.
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The connection of a job, as ActiveCampaign has it.
fn check_connection(
    what: &str,
    found: Option<Connection>,
    job: &Job,
    store: &mut Store,
    findings: &mut Findings,
) -> Result<(), CliError> {
    let (service, externalid) = (&job.connection.service, &job.connection.externalid);
    // For the plan, which sends no request.
    store.note_connection(service, externalid, &connection_check(found.as_ref()))?;
    let lost = match &found {
        Some(found) if store.knows_connection(service, externalid, &found.id)? => 0,
        _ => store.orders_sent_to(service, externalid)?,
    };
    let lacks_urls = job.connection.link_url.is_none() || job.connection.logo_url.is_none();
    match found {
        Some(found) if found.is_internal => findings.bad(Exit::Usage, format!(
            "{what} is ActiveCampaign's own integration\n  hint: choose another `service` or `externalid` for this job"
        )),
        Some(found)
            if is_of_another_shop(&found, job)
                && store.connection(service, externalid)?.is_none() =>
        {
            findings.bad(Exit::Usage, another_shop_text(what, &found, job));
        }
        found if lost > 0 => {
            let again = found.map(|found| format!(", and created again with id {}", found.id));
            findings.bad(Exit::Refused, format!(
                "{what} was deleted at ActiveCampaign{}, and the ledger has {lost} orders on it\n  hint: `ordersync connection ensure {}` {}; the next backfill then loads all orders",
                again.as_deref().unwrap_or_default(), job.name, if again.is_some() { "takes the new one" } else { "creates it again" }
            ));
        }
        Some(found) => {
            findings.good(format!("{what} exists, id {}", found.id));
            if let Some(list) = found.list_id {
                findings.doubtful(format!("{what}: its new contacts join the list with id {list}"));
            }
        }
        None if lacks_urls => findings.bad(
            Exit::Usage,
            format!("{what} does not exist yet, and creating it needs `link_url` and `logo_url`"),
        ),
        None => findings.good(format!("{what} does not exist yet; the first backfill creates it")),
    }
    Ok(())
}

/// Whether its name, or the host of its link, differs from the job's.
fn is_of_another_shop(found: &Connection, job: &Job) -> bool {
    let wanted = job.connection.link_url.as_deref().unwrap_or_default();
    let has_links = !wanted.is_empty() && !found.link_url.is_empty();
    found.name != job.connection.name
        || (has_links && shop_host(wanted) != shop_host(&found.link_url))
}

fn another_shop_text(what: &str, found: &Connection, job: &Job) -> String {
    let (name, link) = (report::printable(&found.name), report::printable(&found.link_url));
    let link = if link.is_empty() { link } else { format!(", {link}") };
    format!(
        "{what} exists as \"{name}\"{link}, but the job names \"{}\", and nothing of it was loaded there yet\n  hint: if it belongs to another shop, choose another `externalid`; if it is this shop's, set `name` and `link_url` to these",
        job.connection.name
    )
}
