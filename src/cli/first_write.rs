//! What has to be confirmed before the first write to an account.

use super::consent::{ask, can_ask};
use super::error::CliError;
use super::preflight::{PreparedAccount, PreparedJob};
use crate::report::{self, OrdersLeft};
use crate::run::{ConnectionSpec, Job};
use crate::state::{Kind, View};
use std::path::Path;

/// Asks once before the first write to an account, and again before a canary is followed by the
/// rest. A sync without a terminal is not asked: it is safe to run at any time.
pub(super) fn confirm(
    accounts: &[PreparedAccount],
    state_dir: &Path,
    kind: Kind,
) -> Result<(), CliError> {
    if kind == Kind::Sync && !can_ask() {
        return Ok(());
    }
    let mut reasons = Vec::new();
    for PreparedAccount { account, jobs, .. } in accounts {
        let view = View::open(state_dir, &account.name)?;
        if !view.has_orders()? {
            reasons.push(format!("Nothing has been written to {} yet.", account.url));
            continue;
        }
        for PreparedJob { job, preflight, .. } in jobs {
            if preflight.canary.is_none() && is_canary_only(&view, job)? {
                reasons.push(after_canary(&job.name, preflight.left));
            }
        }
    }
    if reasons.is_empty() {
        return Ok(());
    }
    let jobs: Vec<&PreparedJob> = accounts.iter().flat_map(|account| &account.jobs).collect();
    ask(&format!("{} {}", reasons.join(" "), load_question(&jobs)), "nothing was sent")
}

fn is_canary_only(view: &View, job: &Job) -> Result<bool, CliError> {
    let ConnectionSpec { service, externalid, .. } = &job.connection;
    Ok(view.has_canary(&job.name)? && !view.has_begun_loading(&job.name, service, externalid)?)
}

fn after_canary(job: &str, left: Option<OrdersLeft>) -> String {
    let loaded = left.map(|left| format!(": {left}")).unwrap_or_default();
    format!("Of {job} only a canary was loaded{loaded}.")
}

fn load_question(jobs: &[&PreparedJob]) -> String {
    let canary: Option<usize> =
        jobs.iter().map(|job| job.preflight.canary.as_ref().map(|keys| keys.len())).sum();
    let to_go: Option<u64> = jobs.iter().map(|job| Some(job.preflight.left?.to_go)).sum();
    match (canary, to_go) {
        (Some(orders), _) => format!("Load a canary of {}?", report::many(orders as u64, "order")),
        (None, Some(orders)) => format!("Load {}?", report::many(orders, "order")),
        (None, None) => "Load every order of the export?".to_owned(),
    }
}

/// Whether a connection that was deleted at ActiveCampaign is to be created again: only if that is
/// confirmed, on a terminal or by `--yes`.
pub(super) fn is_to_be_created_again(
    view: &View,
    job: &Job,
    is_confirmed: bool,
) -> Result<bool, CliError> {
    let (service, externalid) = (&job.connection.service, &job.connection.externalid);
    if view.connection(service, externalid)?.is_some() {
        return Ok(false);
    }
    let sent = view.orders_sent_to(service, externalid)?;
    if sent == 0 {
        return Ok(false);
    }
    if !is_confirmed {
        // Without a terminal the run ends anyway, as the connection is gone.
        if !can_ask() {
            return Ok(false);
        }
        let orders = report::many(sent, "order");
        ask(
            &format!(
                "The connection {service}/{externalid} was deleted at ActiveCampaign with {orders}. Create it again and load them all?"
            ),
            "nothing was sent",
        )?;
    }
    Ok(true)
}
