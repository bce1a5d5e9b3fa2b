use super::super::error::PullError;
use super::super::examination::Examination;
use super::super::http::{RequestError, ShopClient};
use super::super::options::Options;
use super::super::pages::{List, Page, PagedApi};
use super::super::window::{Extent, Window};
use super::api::{Api, VERSION, credentials};
use super::list::{EVERY, SIZES};
use jiff::SignedDuration;
use jiff::Timestamp;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

/// The fields of the oldest order that are checked.
#[derive(Deserialize)]
struct Order {
    date_created_gmt: Option<String>,
    billing: Option<Billing>,
}

#[derive(Deserialize)]
struct Billing {
    email: Option<String>,
}

/// Checks whether a pull would succeed, in three requests.
pub(super) async fn examine(
    options: &Options,
    cancel: CancellationToken,
) -> Result<Examination, PullError> {
    let client = ShopClient::new(options, credentials(&options.access)?, cancel)?;
    let mut api = Api::find(options, None, client).await?;
    let now = api.client.clock.now();
    let all = Window { extent: Extent::Full, from: None, to: now };
    let all = List { window: &all, name: EVERY, since: options.since };
    let (orders, oldest) = match api.page(&all, Page::smallest(&SIZES)).await {
        Ok(listed) => (listed.total, Some(listed.json)),
        Err(RequestError::Fatal(error)) => return Err(error),
        Err(RequestError::TooMuch(_)) => (api.count(&all).await?, None),
    };
    let tomorrow = now.checked_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
    let future = Window { extent: Extent::Increment, from: Some(tomorrow), to: Timestamp::MAX };
    let future = List { window: &future, name: EVERY, since: None };
    let is_filtered = api.ids(&future, Page::smallest(&SIZES)).await?.is_empty();
    let oldest: Option<Vec<Order>> = oldest.and_then(|json| serde_json::from_slice(&json).ok());
    let oldest = oldest.and_then(|orders| orders.into_iter().next());
    let shows_email = oldest.as_ref().map(|order| {
        let email = order.billing.as_ref().and_then(|billing| billing.email.as_deref());
        email.is_some_and(|email| !email.is_empty())
    });
    let oldest = oldest.and_then(|order| format!("{}Z", order.date_created_gmt?).parse().ok());
    let warnings = std::mem::take(&mut api.client.warnings);
    let (api, clock_ahead) = (format!("WooCommerce REST API {VERSION}"), api.client.clock.ahead());
    let scopes = Vec::new();
    Ok(Examination { api, scopes, clock_ahead, orders, oldest, is_filtered, shows_email, warnings })
}
