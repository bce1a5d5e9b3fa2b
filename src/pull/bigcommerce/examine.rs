use super::super::error::PullError;
use super::super::examination::Examination;
use super::super::http::RequestError;
use super::super::options::Options;
use super::super::pages::{List, Page, PagedApi};
use super::super::shop_api::ShopApi;
use super::super::window::{Extent, Window};
use super::api::{Api, LIVE, SIZES, VERSION};
use super::parts::Order;
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

/// Checks whether a pull would succeed, in three requests and those for the parts that the list
/// leaves out of the oldest order.
pub(super) async fn examine(
    options: &Options,
    cancel: CancellationToken,
) -> Result<Examination, PullError> {
    let mut api = Api::find(options, None, cancel).await?;
    let orders = Some(api.changed);
    let now = api.client().clock.now();
    let all = Window { extent: Extent::Full, from: None, to: now };
    let all = List { window: &all, name: LIVE, since: options.since };
    let listed = match api.page(&all, Page::smallest(&SIZES)).await {
        Ok(listed) => listed.json,
        Err(RequestError::Fatal(error)) => return Err(error),
        // A pull isolates the order and continues.
        Err(RequestError::TooMuch(what)) => {
            api.client().warnings.push(format!("the oldest order can't be listed: {what}"));
            Vec::new()
        }
    };
    let tomorrow = now.checked_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
    let end = tomorrow.checked_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
    let future = Window { extent: Extent::Increment, from: Some(tomorrow), to: end };
    let future = List { window: &future, name: LIVE, since: None };
    // Of the largest size, which a pull requests.
    let is_filtered = api.ids(&future, Page::whole(1, &SIZES)).await?.is_empty();
    let oldest: Vec<Order> = serde_json::from_slice(&listed).unwrap_or_default();
    let oldest = oldest.into_iter().next();
    let shows_email = oldest.as_ref().map(|order| {
        let email = order.billing_address.as_ref().and_then(|billing| billing.email.as_deref());
        email.is_some_and(|email| !email.is_empty())
    });
    let placed = oldest.and_then(|order| rfc2822::parse(&order.date_created?).ok());
    Ok(Examination {
        api: format!("BigCommerce orders API {VERSION}"),
        scopes: Vec::new(),
        clock_ahead: api.client().clock.ahead(),
        orders,
        oldest: placed.map(|date| date.timestamp()),
        is_filtered,
        shows_email,
        warnings: std::mem::take(&mut api.client().warnings),
    })
}
