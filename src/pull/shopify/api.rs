//! Queries to Shopify, and the interpretation of its answers.

use super::super::body::{excerpt, json_in};
use super::super::credentials::Credentials;
use super::super::error::PullError;
use super::super::http::{Answer, ShopClient};
use super::super::options::{Access, Options};
use super::query::Query;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The version of the API that is read.
pub(super) const VERSION: &str = "2026-10";
/// The system that reads abandoned checkouts in addition to orders.
pub(super) const WITH_CHECKOUTS_NAME: &str = "shopify-checkouts";
/// A granted token is renewed when less than this is left of its life.
const RENEWED_BEFORE: Duration = Duration::from_secs(5 * 60);
/// The longest life that is assumed for a granted token, in seconds: Shopify's are valid for a day.
const TOKEN_LIFE_MAX: u64 = 86_400;
/// Times that a query waits for points.
const THROTTLED_MAX: u32 = 20;
/// Times that a query is sent after errors of the shop.
const FAILED_MAX: u32 = 3;
const SCOPES_HINT: &str =
    "give the app the scopes read_orders, read_all_orders and read_customers, and install it again";
const CHECKOUTS_HINT: &str = "have the app installed by a user with the permission to manage abandoned checkouts; or pull the orders alone: from = \"shopify\"";
pub(super) const PROTECTED_DATA_HINT: &str = "in the app's settings, request access to protected customer data: orders and e-mail; for an app that was made in the admin, the shop's plan decides";

pub(super) struct Api {
    pub client: ShopClient,
    /// The app that tokens are granted to, if no token is set.
    app: Option<App>,
    /// When the granted token expires.
    expires: Option<Instant>,
    /// The version of the API that the shop states.
    pub served: String,
}

struct App {
    id: String,
    secret: SecretString,
}

impl App {
    fn of(access: &Access) -> Result<Option<Self>, PullError> {
        let Some(id) = access.text("client_id") else { return Ok(None) };
        Ok(Some(Self { id: id.to_owned(), secret: access.secret("client_secret")? }))
    }
}

pub(super) fn reads_checkouts(options: &Options) -> bool {
    options.system.name == WITH_CHECKOUTS_NAME
}

fn token_header(token: SecretString) -> Credentials {
    Credentials::Header("x-shopify-access-token", token)
}

/// What an answer means.
enum Reply {
    Data(Value),
    /// The bucket lacks points for this long.
    Throttled(Duration),
    /// The shop failed.
    Failed(String),
    /// The token is not valid, or expired.
    Unauthorized,
}

impl Api {
    pub(super) fn new(options: &Options, cancel: CancellationToken) -> Result<Self, PullError> {
        let app = App::of(&options.access)?;
        let credentials = match &app {
            Some(_) => Credentials::None,
            None => token_header(options.access.secret("token")?),
        };
        let client = ShopClient::new(options, credentials, cancel)?;
        Ok(Self { client, app, expires: None, served: VERSION.to_owned() })
    }

    /// The data of an answer without errors.
    pub(super) async fn ask(&mut self, query: &Query<'_>) -> Result<Value, PullError> {
        let (mut throttled, mut failed, mut is_renewed) = (0, 0, false);
        loop {
            self.have_token().await?;
            let path = ["admin", "api", VERSION, "graphql.json"];
            let answer = self.client.read(&path, &query.body()).await;
            let answer = answer.map_err(|error| self.client.fatal(error))?;
            self.note_version(&answer);
            match self.reply(&answer)? {
                Reply::Data(data) => return Ok(data),
                Reply::Throttled(wait) if throttled < THROTTLED_MAX => {
                    throttled += 1;
                    self.client.pause(wait).await?;
                }
                Reply::Throttled(_) => {
                    return Err(self.client.unavailable("is asked too much by others".to_owned()));
                }
                Reply::Failed(what) if failed + 1 == FAILED_MAX => {
                    return Err(self.client.unavailable(what));
                }
                Reply::Failed(_) => {
                    failed += 1;
                    self.client.pause(self.client.poll_interval()).await?;
                }
                Reply::Unauthorized if self.expires.is_some() && !is_renewed => {
                    is_renewed = true;
                    self.expires = None;
                }
                Reply::Unauthorized => {
                    return Err(self.refused(
                        "refuses the token with 401",
                        "check the token or the app's id and secret, and that the app is installed in this shop",
                    ));
                }
            }
        }
    }

    /// Obtains a token if none is set, before the last one expires. It is only kept in memory.
    async fn have_token(&mut self) -> Result<(), PullError> {
        #[derive(Deserialize)]
        struct Grant {
            access_token: String,
            expires_in: u64,
        }
        let Some(App { id, secret }) = &self.app else { return Ok(()) };
        let is_good = |ends: Instant| ends.duration_since(Instant::now()) > RENEWED_BEFORE;
        if self.expires.is_some_and(is_good) {
            return Ok(());
        }
        self.client.set_credentials(Credentials::None);
        let form = json!({
            "client_id": id, "client_secret": secret.expose_secret(), "grant_type": "client_credentials",
        });
        let answer = self.client.read(&["admin", "oauth", "access_token"], &form).await;
        let answer = answer.map_err(|error| self.client.fatal(error))?;
        let json = json_in(&answer.body).map_or(&answer.body[..], |(json, _)| json);
        let Ok(Grant { access_token, expires_in }) = serde_json::from_slice(json) else {
            return Err(self.not_granted(&answer));
        };
        self.client.set_credentials(token_header(access_token.into()));
        self.expires = Some(Instant::now() + Duration::from_secs(expires_in.min(TOKEN_LIFE_MAX)));
        Ok(())
    }

    fn not_granted(&self, answer: &Answer) -> PullError {
        let sent: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let word = sent["error"].as_str().unwrap_or_default().to_owned();
        let hint = match word.as_str() {
            "app_not_installed" => {
                "install the app in this shop; an app that was made in the shop's admin has a token of its own: token_file"
            }
            "shop_not_permitted" => {
                "the app and the shop must belong to the same organisation; other apps have a token: token_file"
            }
            _ => "check the app's id and secret in the Dev Dashboard",
        };
        let status = answer.status.as_u16();
        self.refused(&format!("grants no token: {status} {}", excerpt(word.as_bytes())), hint)
    }

    fn reply(&self, answer: &Answer) -> Result<Reply, PullError> {
        let status = answer.status.as_u16();
        match status {
            200 => {}
            401 => return Ok(Reply::Unauthorized),
            402 => {
                return Err(self.client.unavailable("is frozen: its plan is not paid".to_owned()));
            }
            423 => return Err(self.client.unavailable("is locked by Shopify".to_owned())),
            403 => {
                return Err(self.refused(
                    "refuses the app with 403",
                    "check that the app is installed and its scopes",
                ));
            }
            404 => {
                return Err(PullError::Settings {
                    what: format!("{}: has no Shopify Admin API", self.client.shop()),
                    expected: "the address of a shop, such as https://name.myshopify.com".to_owned(),
                    hint: "the name is shown under Settings, Domains; a shop's own domain does not serve the API".to_owned(),
                });
            }
            _ => {
                return Err(
                    self.unexpected(&format!("answers {status}: {}", excerpt(&answer.body)))
                );
            }
        }
        let none = |text: String| self.unexpected(&format!("answers no JSON: \"{text}\""));
        let (json, _) = json_in(&answer.body).map_err(none)?;
        let mut sent: Value =
            serde_json::from_slice(json).map_err(|error| none(error.to_string()))?;
        let error = match &sent["errors"] {
            Value::Null => None,
            Value::Array(errors) => errors.first(),
            error => Some(error),
        };
        if let Some(error) = error {
            return self.error(error, &sent["extensions"]["cost"]);
        }
        if sent["extensions"]["search"].as_array().is_some_and(|hints| !hints.is_empty()) {
            return Err(self.unexpected("does not understand the search for a window"));
        }
        Ok(Reply::Data(sent["data"].take()))
    }

    fn error(&self, error: &Value, cost: &Value) -> Result<Reply, PullError> {
        let message = error.as_str().or(error["message"].as_str());
        let message = excerpt(message.unwrap_or("answers an error without a message").as_bytes());
        match error["extensions"]["code"].as_str() {
            Some("THROTTLED") => {
                let status = &cost["throttleStatus"];
                let number = |value: &Value| value.as_f64().unwrap_or_default();
                let lacking =
                    number(&cost["requestedQueryCost"]) - number(&status["currentlyAvailable"]);
                let seconds = lacking / number(&status["restoreRate"]).max(1.0);
                Ok(Reply::Throttled(Duration::from_secs_f64(seconds.clamp(1.0, 60.0))))
            }
            Some("INTERNAL_SERVER_ERROR") => Ok(Reply::Failed(message)),
            Some("ACCESS_DENIED") if message.contains("manage_abandoned_checkouts") => {
                Err(self.refused(&message, CHECKOUTS_HINT))
            }
            Some("ACCESS_DENIED") if message.contains("access scope") => {
                Err(self.refused(&message, SCOPES_HINT))
            }
            Some("ACCESS_DENIED") => Err(self.refused(&message, PROTECTED_DATA_HINT)),
            _ if message.contains("is not approved") => {
                Err(self.refused(&message, PROTECTED_DATA_HINT))
            }
            None if message.contains("merchant approval") => {
                Err(self.refused(&message, SCOPES_HINT))
            }
            _ => Err(self.unexpected(&message)),
        }
    }

    fn note_version(&mut self, answer: &Answer) {
        let served = answer.headers.get("x-shopify-api-version");
        let Some(served) = served.and_then(|served| served.to_str().ok()) else { return };
        served.clone_into(&mut self.served);
        if served != VERSION {
            let warning = format!(
                "the shop serves version {served} of its API in place of {VERSION}; update ordersync"
            );
            self.client
                .warnings
                .extend(Some(warning).filter(|warning| !self.client.warnings.contains(warning)));
        }
    }

    pub(super) fn refused(&self, what: &str, hint: &str) -> PullError {
        self.client.refused(what, hint)
    }

    pub(super) fn unexpected(&self, what: &str) -> PullError {
        let hint = format!("the API that is read is the Admin API {VERSION}; pull again later");
        self.client.unexpected(what, hint)
    }
}

/// A count that is not capped at a limit.
pub(super) fn exact_count(count: &Value) -> Option<u64> {
    count["count"].as_u64().filter(|_| count["precision"] == "EXACT")
}
