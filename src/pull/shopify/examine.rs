//! What an app may see of a shop. Shopify silently leaves out the rest.

use super::super::error::PullError;
use super::super::examination::Examination;
use super::super::options::Options;
use super::api::{Api, exact_count, reads_checkouts};
use super::query::{self, FirstOrders, Query};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

/// Orders older than this require `read_all_orders`.
const VISIBLE: SignedDuration = SignedDuration::from_hours(60 * 24);

/// The shop's answer to the first query, for an app that may read what the job needs. It counts
/// what changed since `from`, and shows the first of these orders; the oldest one without `from`.
///
/// # Errors
/// When the shop refuses, or would leave out orders.
pub(super) async fn open(
    api: &mut Api,
    options: &Options,
    from: Option<Timestamp>,
) -> Result<Value, PullError> {
    let placed = query::search(None, None, options.since);
    let changed = query::search(from, None, options.since);
    let listed = match from {
        Some(_) => FirstOrders::Changed(&changed),
        None => FirstOrders::Oldest(&placed),
    };
    let with_checkouts = reads_checkouts(options);
    let data = api.ask(&Query::Opening { listed, counted: &changed, with_checkouts }).await?;
    let scopes = data["currentAppInstallation"]["accessScopes"].as_array();
    let has = |wanted: &str| scopes.into_iter().flatten().any(|scope| scope["handle"] == wanted);
    let visible = api.client.clock.now().checked_sub(VISIBLE).unwrap_or(Timestamp::MIN);
    let is_recent = options.since.is_some_and(|since| since > visible);
    if !has("read_all_orders") && !is_recent {
        return Err(api.refused(
            "the app lacks the scope read_all_orders: orders older than 60 days would be missing, without an error",
            "request read_all_orders for the app and install it again",
        ));
    }
    if !has("read_customers") && with_checkouts {
        return Err(api.refused(
            "the app lacks the scope read_customers: abandoned checkouts have their e-mail address by the customer alone",
            "request read_customers for the app and install it again",
        ));
    }
    if !has("read_customers") {
        let warning = "the app lacks the scope read_customers: orders show no customer".to_owned();
        api.client.warnings.push(warning);
    }
    Ok(data)
}

/// Checks whether a pull would succeed, in two requests.
pub(super) async fn examine(
    options: &Options,
    cancel: CancellationToken,
) -> Result<Examination, PullError> {
    let mut api = Api::new(options, cancel)?;
    let opening = open(&mut api, options, None).await?;
    let tomorrow = SignedDuration::from_hours(24);
    let from = api.client.clock.now().checked_add(tomorrow).unwrap_or(Timestamp::MAX);
    let future = query::search(Some(from), Some(Timestamp::MAX), None);
    let data = api.ask(&Query::Count { search: &future }).await?;
    let oldest = &opening["orders"]["edges"][0]["node"];
    api.client.warnings.extend(api.client.clock.warning());
    let scopes = opening["currentAppInstallation"]["accessScopes"].as_array();
    // Without it, checkouts would not have been answered.
    let checkouts = reads_checkouts(options).then_some("manage_abandoned_checkouts");
    let handles = scopes.into_iter().flatten().filter_map(|scope| scope["handle"].as_str());
    Ok(Examination {
        api: format!("Shopify Admin API {}", api.served),
        scopes: handles.chain(checkouts).map(str::to_owned).collect(),
        clock_ahead: api.client.clock.ahead(),
        orders: exact_count(&opening["ordersCount"]),
        oldest: oldest["createdAt"].as_str().and_then(|text| text.parse().ok()),
        is_filtered: exact_count(&data["ordersCount"]) == Some(0),
        shows_email: oldest.is_object().then(|| oldest["email"].is_string()),
        warnings: std::mem::take(&mut api.client.warnings),
    })
}
