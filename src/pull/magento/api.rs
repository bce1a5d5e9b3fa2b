//! Requests to Magento's REST API, and the interpretation of its answers.

use super::super::body::{excerpt, json_in};
use super::super::credentials::Credentials;
use super::super::error::PullError;
use super::super::http::{Answer, RequestError, ShopClient};
use super::super::oauth1::OAuth1;
use super::super::options::{Access, Options};
use super::super::order_id::OrderId;
use super::super::shop_api::ShopApi;
use super::list::{List, OrderCondition, PageBody, ReceivedPage, Row, query};
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use std::borrow::Cow;
use tokio_util::sync::CancellationToken;

pub(super) const VERSION: &str = "V1";
pub(super) const CONSUMER_KEY: &str = "consumer_key";
pub(super) const CONTRADICTION_HINT: &str =
    "an extension or a cache may change its lists; look at the shop's var/log/exception.log";
/// The list for an id that no order has.
const NOTHING: OrderCondition = ("entity_id", "lt", Cow::Borrowed("1"));

pub(super) struct Api {
    pub client: ShopClient,
    is_signed: bool,
}

impl ShopApi for Api {
    fn client(&mut self) -> &mut ShopClient {
        &mut self.client
    }

    /// Magento reports a missing order in the shop's language, so the proof is that no list
    /// contains it.
    async fn order(&mut self, id: &OrderId) -> Result<Option<Vec<u8>>, RequestError> {
        let answer = self.client.get(&["rest", VERSION, "orders", &id.to_string()], &[]).await?;
        if answer.status == StatusCode::NOT_FOUND && json_in(&answer.body).is_ok() {
            let only: OrderCondition = ("entity_id", "eq", id.to_string().into());
            if self.count(&[only]).await? == 0 {
                return Ok(None);
            }
        }
        let json = self.accept(answer)?;
        match serde_json::from_slice(&json).map(|row: Row| OrderId::from(row.entity_id)) {
            Ok(echoed) if echoed == *id => Ok(Some(json)),
            Ok(other) => {
                let what = format!("answers with order {other} to a question about order {id}");
                Err(self.contradiction(what).into())
            }
            Err(_) => Err(self.unexpected(&json).into()),
        }
    }
}

impl Api {
    /// Requests a list without orders. A shop that returns one exists, accepts the credentials,
    /// filters, and shows its clock.
    pub(super) async fn find(
        options: &Options,
        cancel: CancellationToken,
    ) -> Result<Self, PullError> {
        let client = ShopClient::new(options, credentials(&options.access)?, cancel)?;
        let is_signed = options.access.has(CONSUMER_KEY);
        let mut api = Self { client, is_signed };
        let mut answer =
            api.ask(&[NOTHING], 1, true).await.map_err(|what| api.client.fatal(what))?;
        if answer.status == StatusCode::UNAUTHORIZED && api.client.clock.warning().is_some() {
            // A signature contains the time, and the shop's clock is known now.
            answer = api.ask(&[NOTHING], 1, true).await.map_err(|what| api.client.fatal(what))?;
        }
        let nothing = api.accept(answer).and_then(|json| api.page_in(json));
        let nothing = nothing.map_err(|what| api.client.fatal(what))?;
        if !nothing.rows.is_empty() {
            return Err(api.contradiction("answers a list of no order with orders".to_owned()));
        }
        api.client.warnings.extend(api.client.clock.warning());
        Ok(api)
    }

    pub(super) async fn page(
        &mut self,
        list: &List<'_>,
        size: u64,
    ) -> Result<ReceivedPage, RequestError> {
        let answer = self.ask(&list.filters(), size, false).await?;
        let listed = self.accept(answer).and_then(|json| self.page_in(json))?;
        if list.may_have(&listed.rows) {
            Ok(listed)
        } else {
            Err(self.contradiction("answers a list of orders with others".to_owned()).into())
        }
    }

    /// How many orders fulfil all conditions.
    pub(super) async fn count(&mut self, filters: &[OrderCondition]) -> Result<u64, RequestError> {
        let answer = self.ask(filters, 1, true).await?;
        self.accept(answer).and_then(|json| self.page_in(json)).map(|listed| listed.total)
    }

    async fn ask(
        &mut self,
        filters: &[OrderCondition],
        size: u64,
        is_of_ids: bool,
    ) -> Result<Answer, RequestError> {
        let query = query(filters, size);
        let mut query: Vec<(&str, String)> =
            query.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        if is_of_ids {
            query.push(("fields", "items[entity_id],total_count".to_owned()));
        }
        self.client.get(&["rest", VERSION, "orders"], &query).await
    }

    /// The orders on a page. If it can't show an order, Magento's answer lacks `items`.
    fn page_in(&self, json: Vec<u8>) -> Result<ReceivedPage, RequestError> {
        match serde_json::from_slice(&json) {
            Ok(PageBody { items, total_count }) if items.is_some() || total_count == 0 => {
                Ok(ReceivedPage { rows: items.unwrap_or_default(), total: total_count, json })
            }
            _ if message_in(&json).is_some() => Err(RequestError::TooMuch(format!(
                "answers a list of orders with {}",
                message_in(&json).unwrap_or_default()
            ))),
            _ => Err(self.unexpected(&json).into()),
        }
    }

    /// The JSON of a success response.
    fn accept(&self, answer: Answer) -> Result<Vec<u8>, RequestError> {
        let status = answer.status.as_u16();
        let json = match json_in(&answer.body) {
            Ok((json, _)) => json,
            Err(text) if matches!(status, 401 | 403) => {
                let what = format!("answers {status} with a page in place of the API: \"{text}\"");
                let hint = "a firewall refuses this machine; allow it for /rest/V1/orders";
                return Err(self.client.refused(what, hint).into());
            }
            Err(text) => return Err(self.has_no_api(&format!("{status} and \"{text}\"")).into()),
        };
        let message = || message_in(json).unwrap_or_else(|| "no message".to_owned());
        match status {
            200 => Ok(json.to_vec()),
            401 | 403 => Err(self.refused(status, &message()).into()),
            404 => Err(self.has_no_api(&message()).into()),
            // Names of parameters are not translated.
            400 if message().contains("pageSize") => Err(RequestError::TooMuch(message())),
            _ => Err(self.unexpected(json).into()),
        }
    }

    fn refused(&self, status: u16, message: &str) -> PullError {
        let hint = if self.is_signed {
            "check consumer_key and the three secrets, that the integration is active and has the resource Sales, Operations, Orders, Actions, View, and the clock of this machine; a proxy before Magento has to pass on that the address is https"
        } else {
            "check the token, and that the integration is active and has the resource Sales, Operations, Orders, Actions, View. Magento 2.4.4 and later refuse a token alone: set consumer_key, secret_file and token_secret_file too"
        };
        self.client.refused(format!("refuses the credentials with {status}: {message}"), hint)
    }

    fn has_no_api(&self, seen: &str) -> PullError {
        let shop = self.client.shop();
        PullError::Settings {
            what: format!("{shop}: has no Magento REST API; it answers {seen}"),
            expected: format!("orders at {shop}/rest/{VERSION}/orders"),
            hint: "`url` is the shop's address without the code of a store view; where rewrites are off it ends with /index.php".to_owned(),
        }
    }

    fn unexpected(&self, json: &[u8]) -> PullError {
        let what = message_in(json).unwrap_or_else(|| excerpt(json));
        self.contradiction(format!("answers a list of orders with {what}"))
    }

    pub(super) fn contradiction(&self, what: String) -> PullError {
        self.client.unexpected(what, CONTRADICTION_HINT)
    }
}

/// A signature of each request if there is a consumer key, else only the token of its integration.
fn credentials(access: &Access) -> Result<Credentials, PullError> {
    let token = access.secret("token")?;
    let Some(consumer_key) = access.text(CONSUMER_KEY) else {
        let bearer = format!("Bearer {}", token.expose_secret());
        return Ok(Credentials::Header("authorization", SecretString::from(bearer)));
    };
    Ok(Credentials::Signed(OAuth1 {
        consumer_key: consumer_key.to_owned(),
        consumer_secret: access.secret("secret")?,
        token,
        token_secret: access.secret("token_secret")?,
    }))
}

/// The message of an error, with its parameters in their places: `%1` of a list, `%name` of a map.
fn message_in(json: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct ApiError {
        message: String,
        #[serde(default)]
        parameters: Value,
    }
    let ApiError { mut message, parameters } = serde_json::from_slice(json).ok()?;
    let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match &parameters {
        Value::Array(values) => {
            for (n, value) in values.iter().enumerate().rev() {
                message = message.replace(&format!("%{}", n + 1), &shown(value));
            }
        }
        Value::Object(values) => {
            for (name, value) in values {
                message = message.replace(&format!("%{name}"), &shown(value));
            }
        }
        _ => {}
    }
    Some(excerpt(message.as_bytes()))
}
