//! Requests to the API, and the interpretation of its answers.

use super::super::body::{excerpt, json_in};
use super::super::credentials::Credentials;
use super::super::error::PullError;
use super::super::http::{Answer, RequestError, ShopClient};
use super::super::options::Options;
use super::super::order_id::OrderId;
use super::super::pages::{List, Page, PagedApi, ReceivedPage};
use super::super::shop_api::ShopApi;
use super::parts::{Order, ids_in, is_list, items_of, with_parts};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;

pub(super) const VERSION: &str = "v2";
/// Orders on a page.
pub(super) const SIZES: [u64; 5] = [250, 50, 25, 5, 1];
/// Lines and coupons on a page.
const PARTS_MAX: u64 = 250;
/// Lines and coupons on a page if the limit is ignored. A shorter page is complete.
const PARTS_DEFAULT: usize = 50;
/// Pages of the lines, or of the coupons, of one order. One with more is not delivered.
const PARTS_PAGES_MAX: u64 = 100;
/// All orders except deleted ones.
pub(super) const LIVE: &str = "live";
/// Deleted in the admin, which archives an order. They are listed before and after the others: an
/// order that is restored meanwhile is in the list of the others, one that is deleted meanwhile in
/// the last one.
const DELETED: &str = "deleted";

pub(super) struct Api {
    client: ShopClient,
    /// How many orders had changed since the beginning of the window when it was found: only an
    /// estimate of how far to read.
    pub changed: u64,
}

impl Api {
    /// Queries how many orders changed since this moment.
    pub(super) async fn find(
        options: &Options,
        from: Option<Timestamp>,
        cancel: CancellationToken,
    ) -> Result<Self, PullError> {
        check_address(&options.url)?;
        let credentials = Credentials::Header("x-auth-token", options.access.secret("token")?);
        let client = ShopClient::new(options, credentials, cancel)?;
        let mut api = Self { client, changed: 0 };
        api.changed = api.number_of(&bounds(from, None, options.since)).await?;
        api.client.warnings.extend(api.client.clock.warning());
        Ok(api)
    }

    async fn number_of(&mut self, query: &[(&'static str, String)]) -> Result<u64, PullError> {
        #[derive(Deserialize)]
        struct Count {
            count: u64,
        }
        let answer = self.client.get(&[VERSION, "orders", "count"], query).await;
        let answer = answer.map_err(|error| self.client.fatal(error))?;
        let json = self.accept(&answer)?.unwrap_or_default();
        let count: Result<Count, _> = serde_json::from_slice(json);
        Ok(count.map_err(|_| self.unexpected(json))?.count)
    }

    /// The JSON of a success response; `None` for 204, which has none.
    fn accept<'a>(&self, answer: &'a Answer) -> Result<Option<&'a [u8]>, PullError> {
        match answer.status {
            StatusCode::NO_CONTENT => return Ok(None),
            StatusCode::UNAUTHORIZED => {
                return Err(self.refused(answer, "check the token and the store's hash in `url`"));
            }
            StatusCode::FORBIDDEN => {
                return Err(
                    self.refused(answer, "give the API account the scope Orders, read-only")
                );
            }
            StatusCode::OK => {}
            _ => return Err(self.unexpected(&answer.body)),
        }
        match json_in(&answer.body) {
            Ok((json, _)) => Ok(Some(json)),
            Err(text) => Err(self.client.unexpected(
                format!("answers 200 with no JSON: \"{text}\""),
                "check the address, and any proxy or firewall between this machine and the API",
            )),
        }
    }

    fn refused(&self, answer: &Answer, hint: &str) -> PullError {
        let what = format!(
            "refuses the token with {}: {}",
            answer.status.as_u16(),
            message_in(&answer.body)
        );
        self.client.refused(what, hint)
    }

    fn unexpected(&self, body: &[u8]) -> PullError {
        self.client.unexpected(
            format!("answers a question about orders with {}", message_in(body)),
            format!(
                "the API that is read is {VERSION}; `url` is https://api.bigcommerce.com/stores/HASH"
            ),
        )
    }

    /// The orders of a page, each with the parts that the answer leaves out.
    async fn completed(&mut self, json: &[u8]) -> Result<ReceivedPage, RequestError> {
        let texts: Vec<&RawValue> =
            serde_json::from_slice(json).map_err(|_| self.unexpected(json))?;
        let (mut rows, mut whole, mut is_changed) = (Vec::new(), Vec::new(), false);
        for text in texts {
            let order: Order =
                serde_json::from_str(text.get()).map_err(|_| self.unexpected(json))?;
            rows.push(order.row());
            let parts = self.parts_of(&order).await?;
            is_changed |= !parts.is_empty();
            let text = if parts.is_empty() {
                text.get().to_owned()
            } else {
                with_parts(text.get(), &parts).map_err(|_| self.unexpected(json))?
            };
            whole.push(text);
        }
        let json =
            if is_changed { format!("[{}]", whole.join(",")).into_bytes() } else { json.to_vec() };
        Ok(ReceivedPage { rows, json, total: None })
    }

    async fn parts_of(
        &mut self,
        order: &Order,
    ) -> Result<Vec<(&'static str, String)>, RequestError> {
        let mut parts = Vec::new();
        if order.lacks_lines() {
            parts.push(("products", self.part(order, "products").await?));
        }
        if order.has_coupons() {
            parts.push(("coupons", self.part(order, "coupons").await?));
        }
        Ok(parts)
    }

    /// The records that an order links to, from all pages. The last page is the one before a 204;
    /// lines are complete with the last item of the order, coupons on a page that can't be
    /// truncated.
    async fn part(&mut self, order: &Order, name: &'static str) -> Result<String, RequestError> {
        let id = order.id.to_string();
        let (mut found, mut items) = (Vec::<String>::new(), 0_u64);
        for page in 1..=PARTS_PAGES_MAX {
            let query = [("limit", PARTS_MAX.to_string()), ("page", page.to_string())];
            let answer = self.client.get(&[VERSION, "orders", &id, name], &query).await?;
            let Some(json) = self.accept(&answer)? else {
                return Ok(format!("[{}]", found.join(",")));
            };
            let some: Vec<&RawValue> =
                serde_json::from_slice(json).map_err(|_| self.unexpected(json))?;
            items = items.saturating_add(items_of(&some));
            let is_last = match name {
                _ if some.is_empty() => true,
                "products" => items >= order.items(),
                _ => some.len() < PARTS_DEFAULT,
            };
            found.extend(some.into_iter().map(|part| part.get().to_owned()));
            if is_last {
                return Ok(format!("[{}]", found.join(",")));
            }
        }
        // The order alone is left out, by name, and the pull goes on.
        Err(RequestError::TooMuch(format!("has its {name} on more than {PARTS_PAGES_MAX} pages")))
    }
}

impl ShopApi for Api {
    fn client(&mut self) -> &mut ShopClient {
        &mut self.client
    }

    async fn order(&mut self, id: &OrderId) -> Result<Option<Vec<u8>>, RequestError> {
        let path = [VERSION, "orders", &id.to_string()];
        let answer = self.client.get(&path, &included()).await?;
        if answer.status == StatusCode::NOT_FOUND && error_in(&answer.body).is_some() {
            return Ok(None);
        }
        let json = self.accept(&answer)?.unwrap_or_default();
        let listed = self.completed(&[b"[", json, b"]"].concat()).await?;
        match listed.rows.as_slice() {
            [row] if row.id == *id => Ok(listed.json.get(1..listed.json.len() - 1).map(Vec::from)),
            _ => {
                let what = format!("answers with another order to a question about order {id}");
                Err(self.client.unexpected(what, Self::CONTRADICTION_HINT).into())
            }
        }
    }
}

impl PagedApi for Api {
    const VERSION: &'static str = VERSION;
    const SIZES: &'static [u64] = &SIZES;
    const LISTS: &'static [&'static str] = &[DELETED, LIVE, DELETED];
    const COUNTED_LISTS: usize = 2;
    const COUNTS_APART: bool = true;
    const CONTRADICTION_HINT: &'static str =
        "pull again; if this stays, ask BigCommerce's support about the orders API";

    /// The page after the last one: only a 204 is an end.
    fn first_asked(&self, list: &List<'_>) -> u64 {
        if list.name == LIVE { self.changed.div_ceil(SIZES[0]) + 1 } else { 1 }
    }

    async fn page(&mut self, list: &List<'_>, page: Page) -> Result<ReceivedPage, RequestError> {
        let mut query = query(list, page);
        query.extend(included());
        let answer = self.client.get(&[VERSION, "orders"], &query).await?;
        match self.accept(&answer)? {
            Some(json) => self.completed(json).await,
            None => {
                let total = (page.number == 1).then_some(0);
                Ok(ReceivedPage { rows: Vec::new(), json: Vec::new(), total })
            }
        }
    }

    async fn count(&mut self, list: &List<'_>) -> Result<Option<u64>, PullError> {
        self.number_of(&bounds_of(list)).await.map(Some)
    }

    /// Without their lines, as one of the orders may be one that the shop can't show.
    async fn ids(&mut self, list: &List<'_>, page: Page) -> Result<Vec<OrderId>, PullError> {
        let answer = self.client.get(&[VERSION, "orders"], &query(list, page)).await;
        let answer = answer.map_err(|error| self.client.fatal(error))?;
        match self.accept(&answer)? {
            Some(json) if is_list(json) => Ok(ids_in(json)),
            Some(json) => Err(self.unexpected(json)),
            None => Ok(Vec::new()),
        }
    }
}

/// The parameters that put the lines of orders into answers.
fn included() -> [(&'static str, String); 2] {
    [
        ("include", "consignments.line_items".to_owned()),
        ("consignment_structure", "object".to_owned()),
    ]
}

/// The parameters of a page of a list.
fn query(list: &List<'_>, page: Page) -> Vec<(&'static str, String)> {
    let mut query = bounds_of(list);
    query.push(("sort", "id:asc".to_owned()));
    query.push(("limit", page.len().to_string()));
    query.push(("page", page.number.to_string()));
    query
}

fn bounds_of(list: &List<'_>) -> Vec<(&'static str, String)> {
    let mut query = bounds(list.window.from, Some(list.window.to), list.since);
    query.extend((list.name == DELETED).then(|| ("is_deleted", "true".to_owned())));
    query
}

/// Always with a time and an offset: BigCommerce ignores bounds that it does not understand.
fn bounds(
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    since: Option<Timestamp>,
) -> Vec<(&'static str, String)> {
    let all = [("min_date_modified", from), ("max_date_modified", to), ("min_date_created", since)];
    let shown =
        |at: Timestamp| at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    all.into_iter().filter_map(|(name, at)| Some((name, shown(at?)))).collect()
}

#[derive(Deserialize)]
struct ApiError {
    status: u16,
    #[serde(alias = "title")]
    message: String,
}

/// The API returns a list of errors, a proxy in front of it a single one.
fn error_in(body: &[u8]) -> Option<ApiError> {
    let (json, _) = json_in(body).ok()?;
    let errors: Option<Vec<ApiError>> = serde_json::from_slice(json).ok();
    errors.map_or_else(|| serde_json::from_slice(json).ok(), |errors| errors.into_iter().next())
}

/// Status and message of an error, or the beginning of the text.
fn message_in(body: &[u8]) -> String {
    match error_in(body) {
        Some(ApiError { status, message }) => excerpt(format!("{status}: {message}").as_bytes()),
        None => excerpt(body),
    }
}

/// The address of the API contains the store's hash.
fn check_address(url: &str) -> Result<(), PullError> {
    let path = url.trim_end_matches('/');
    let named = path.rsplit_once("/stores/").map(|(_, hash)| hash);
    if named.is_some_and(|hash| !hash.is_empty() && !hash.contains('/')) {
        return Ok(());
    }
    let of_shop = path.split_once("://store-").and_then(|(_, host)| host.split_once('.'));
    let hash = named.and_then(|rest| rest.split('/').next()).or(of_shop.map(|(hash, _)| hash));
    Err(PullError::Settings {
        what: format!("{url}: is not the address of a store in BigCommerce's API"),
        expected: format!("https://api.bigcommerce.com/stores/{}", hash.unwrap_or("HASH")),
        hint: "the hash is in the API path that BigCommerce shows with the token, before /v3/"
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_the_stores_hash_is_refused_with_the_right_one() {
        let refused = |url: &str| match check_address(url) {
            Err(PullError::Settings { expected, .. }) => expected,
            _ => "taken".to_owned(),
        };
        let right = "https://api.bigcommerce.com/stores/ab12c";
        assert_eq!(
            (refused(right), refused(&format!("{right}/"))),
            ("taken".into(), "taken".into())
        );
        for wrong in [&format!("{right}/v3/"), "https://store-ab12c.mybigcommerce.com"] {
            assert_eq!(refused(wrong), right, "{wrong}");
        }
        let unknown = "https://api.bigcommerce.com/stores/HASH";
        for wrong in ["https://shop.example.com", "https://api.bigcommerce.com/stores/"] {
            assert_eq!(refused(wrong), unknown, "{wrong}");
        }
    }
}
