//! Finding the API on a site, and the interpretation of its answers.

use super::super::body::{excerpt, json_in};
use super::super::credentials::Credentials;
use super::super::error::PullError;
use super::super::http::{Answer, RequestError, ShopClient};
use super::super::options::{Access, Options};
use super::super::order_id::OrderId;
use super::super::pages::{List, Page, PagedApi, ReceivedPage};
use super::super::shop_api::ShopApi;
use super::list::{Bounds, EVERY, Order, SIZES, STATUSES, query};
use jiff::Timestamp;
use reqwest::StatusCode;
use serde::Deserialize;

pub(super) const VERSION: &str = "wc/v3";
const CACHE_HINT: &str =
    "a cache or a plug-in may change its lists; exclude /wp-json/ from caches and pull again";
const KEY_IN_QUERY: &str = "key_in_query";

/// The location of the API on a site, which depends on its permalinks.
#[derive(Debug, Clone, Copy)]
enum AddressForm {
    Pretty,
    Plain,
    Index,
}

const FORMS: [AddressForm; 3] = [AddressForm::Pretty, AddressForm::Plain, AddressForm::Index];

pub(super) struct Api<'a> {
    pub client: ShopClient,
    options: &'a Options,
    form: AddressForm,
    /// How many orders had changed since the beginning of the window when the API was found, if the
    /// shop states it. Only an estimate of how far to read: old versions count all orders.
    pub changed: Option<u64>,
}

impl<'a> Api<'a> {
    /// Finds the API under the shop's address, by asking for what changed since this moment.
    pub(super) async fn find(
        options: &'a Options,
        from: Option<Timestamp>,
        client: ShopClient,
    ) -> Result<Self, PullError> {
        let (form, changed) = (AddressForm::Pretty, None);
        let mut shop = Self { client, options, form, changed };
        let bounds = Bounds { from, to: None, since: options.since };
        let mut query = bounds.query(EVERY, Page::smallest(&SIZES));
        // Only the id, as the order may be one that the shop can't show.
        query.push(("_fields", "id".to_owned()));
        let mut seen = String::new();
        for form in FORMS {
            shop.form = form;
            let answer =
                shop.get(&["orders"], &query).await.map_err(|error| shop.client.fatal(error))?;
            match json_in(&answer.body) {
                Ok(_) if !is_no_route(&answer) => {
                    shop.accept(&answer)?;
                    shop.changed = answer.number("x-wp-total");
                    shop.client.warnings.extend(shop.client.clock.warning());
                    return Ok(shop);
                }
                Err(_) if answer.status == StatusCode::FORBIDDEN => {
                    return Err(shop.refused(&answer));
                }
                Ok(_) => {}
                Err(text) if seen.is_empty() => seen = text,
                Err(_) => {}
            }
        }
        let shown =
            if seen.is_empty() { String::new() } else { format!("; it answers \"{seen}\"") };
        Err(PullError::Settings {
            what: format!("{}: has no WooCommerce REST API{shown}", shop.client.shop()),
            expected: format!("orders at {}/wp-json/{VERSION}/orders", shop.client.shop()),
            hint: "check the address, with the folder that WordPress is in; WooCommerce must be active".to_owned(),
        })
    }

    async fn get(
        &mut self,
        resource: &[&str],
        query: &[(&str, String)],
    ) -> Result<Answer, RequestError> {
        let route = [&["wc", "v3"], resource].concat();
        // A cache in front of the shop has no answer to an address that was never requested.
        let fresh = ("_", Timestamp::now().as_microsecond().to_string());
        let mut query = [query, &[fresh]].concat();
        match self.form {
            AddressForm::Pretty => {
                self.client.get(&[&["wp-json"], &route[..]].concat(), &query).await
            }
            AddressForm::Index => {
                self.client.get(&[&["index.php", "wp-json"], &route[..]].concat(), &query).await
            }
            AddressForm::Plain => {
                query.insert(0, ("rest_route", format!("/{}", route.join("/"))));
                self.client.get(&[""], &query).await
            }
        }
    }

    /// The JSON of a success response.
    fn accept(&mut self, answer: &Answer) -> Result<Vec<u8>, PullError> {
        let json = match json_in(&answer.body) {
            Ok((json, noise)) => {
                if let Some(noise) = noise {
                    let warning = format!("the shop prints text before its JSON: {noise}");
                    if !self.client.warnings.contains(&warning) {
                        self.client.warnings.push(warning);
                    }
                }
                json
            }
            Err(_) if answer.status == StatusCode::FORBIDDEN => return Err(self.refused(answer)),
            Err(text) => {
                let what = format!("answered {} with no JSON: \"{text}\"", answer.status.as_u16());
                return Err(self.client.unexpected(
                    what,
                    "a firewall, a login page or a cache answers in place of the API; exclude /wp-json/ from it",
                ));
            }
        };
        match answer.status {
            StatusCode::OK => Ok(json.to_vec()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(self.refused(answer)),
            _ => Err(self.unexpected(json)),
        }
    }

    fn refused(&self, answer: &Answer) -> PullError {
        let status = answer.status.as_u16();
        if let Err(page) = json_in(&answer.body) {
            return self.client.refused(
                format!("answers {status} with a page in place of the API: \"{page}\""),
                "a firewall or a plug-in refuses this machine; allow it for /wp-json/wc/v3/",
            );
        }
        let hint = if self.options.access.has(KEY_IN_QUERY) {
            "check key and secret, that the key has the permission Read, and that its user may read orders"
        } else {
            "check key and secret, that the key has the permission Read, and that its user may read orders; where a server drops the Authorization header, set key_in_query = true"
        };
        let what = format!("refuses the key with {status}: {}", message_in(&answer.body));
        self.client.refused(what, hint)
    }

    fn unexpected(&self, json: &[u8]) -> PullError {
        self.client.unexpected(
            format!("answers a list of orders with {}", message_in(json)),
            format!("the API that is read is {VERSION}; look at the shop's log"),
        )
    }
}

impl ShopApi for Api<'_> {
    fn client(&mut self) -> &mut ShopClient {
        &mut self.client
    }

    async fn order(&mut self, id: &OrderId) -> Result<Option<Vec<u8>>, RequestError> {
        let answer = self.get(&["orders", &id.to_string()], &[]).await?;
        let is_gone =
            message_in(&answer.body).starts_with("woocommerce_rest_shop_order_invalid_id");
        if answer.status == StatusCode::NOT_FOUND && is_gone {
            return Ok(None);
        }
        let json = self.accept(&answer)?;
        match serde_json::from_slice(&json) {
            Ok(Order { id: echoed, .. }) if *id == OrderId::Number(echoed) => Ok(Some(json)),
            Ok(Order { id: other, .. }) => {
                let what = format!("answers with order {other} to a question about order {id}");
                Err(self.client.unexpected(what, CACHE_HINT).into())
            }
            Err(_) => Err(self.unexpected(&json).into()),
        }
    }
}

impl PagedApi for Api<'_> {
    const VERSION: &'static str = VERSION;
    const SIZES: &'static [u64] = &SIZES;
    const LISTS: &'static [&'static str] = &STATUSES;
    const COUNTED_LISTS: usize = 2;
    const CONTRADICTION_HINT: &'static str = CACHE_HINT;

    fn first_asked(&self, list: &List<'_>) -> u64 {
        let changed = self.changed.filter(|_| list.name == EVERY).unwrap_or_default();
        changed.div_ceil(SIZES[0]).max(1)
    }

    /// Requests the smallest page.
    async fn count(&mut self, list: &List<'_>) -> Result<Option<u64>, PullError> {
        let mut query = query(list, Page::smallest(&SIZES));
        query.push(("_fields", "id".to_owned()));
        let answer =
            self.get(&["orders"], &query).await.map_err(|error| self.client.fatal(error))?;
        self.accept(&answer)?;
        Ok(answer.number("x-wp-total"))
    }

    async fn page(&mut self, list: &List<'_>, page: Page) -> Result<ReceivedPage, RequestError> {
        let answer = self.get(&["orders"], &query(list, page)).await?;
        let json = self.accept(&answer)?;
        let orders: Vec<Order> =
            serde_json::from_slice(&json).map_err(|_| self.unexpected(&json))?;
        let rows = orders.into_iter().map(Order::row).collect();
        Ok(ReceivedPage { rows, total: answer.number("x-wp-total"), json })
    }

    async fn ids(&mut self, list: &List<'_>, page: Page) -> Result<Vec<OrderId>, PullError> {
        #[derive(Deserialize)]
        struct Id {
            id: u64,
        }
        let mut query = query(list, page);
        query.push(("_fields", "id".to_owned()));
        let answer =
            self.get(&["orders"], &query).await.map_err(|error| self.client.fatal(error))?;
        let json = self.accept(&answer)?;
        let ids: Vec<Id> = serde_json::from_slice(&json).map_err(|_| self.unexpected(&json))?;
        Ok(ids.into_iter().map(|row| row.id.into()).collect())
    }
}

/// The key and its secret: in a header, or in the address.
pub(super) fn credentials(access: &Access) -> Result<Credentials, PullError> {
    let (key, secret) = (access.secret("key")?, access.secret("secret")?);
    Ok(if access.has(KEY_IN_QUERY) {
        Credentials::Query(vec![("consumer_key", key), ("consumer_secret", secret)])
    } else {
        Credentials::Basic { user: key, password: secret }
    })
}

/// The error of WordPress for an unknown address.
fn is_no_route(answer: &Answer) -> bool {
    answer.status == StatusCode::NOT_FOUND && message_in(&answer.body).starts_with("rest_no_route")
}

/// Code and message of an error, or the beginning of the text.
fn message_in(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct ApiError {
        code: String,
        message: String,
    }
    let json = json_in(body).map_or(body, |(json, _)| json);
    match serde_json::from_slice(json) {
        Ok(ApiError { code, message }) => excerpt(format!("{code}: {message}").as_bytes()),
        Err(_) => excerpt(body),
    }
}
