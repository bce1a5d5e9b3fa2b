//! Shops whose APIs have no list: every order of a list of ids, one request each.
//!
//! Every pull is a full one. An id that the shop does not know is a warning; an answer about
//! another order than the requested one ends the pull.

use super::body::{excerpt, json_in};
use super::credentials::Credentials;
use super::error::PullError;
use super::examination::Examination;
use super::folder::Folder;
use super::http::{Answer, FAILED_IN_A_ROW_MAX, RequestError, ShopClient};
use super::manifest::{Manifest, PulledWindow};
use super::options::{CredentialSet, Options, ShopSystem, no_pause};
use super::window::{Extent, Window};
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Answers in a file of a window.
const ANSWERS_MAX: usize = 500;
/// Names of the column that holds the ids, in a list with a header.
const COLUMNS: [&str; 6] = ["id", "order_id", "orderid", "order id", "external_order_id", "order"];

pub(super) static EXPERTSENDER: ShopSystem = LIKE_EXPERTSENDER;

const LIKE_EXPERTSENDER: ShopSystem = ShopSystem {
    name: "expertsender",
    format: "expertsender-json",
    credential_sets: &[CredentialSet { by: None, secrets: &["token"] }],
    credentials_hint: "ExpertSender shows it under Settings, API",
    needs: &["ids"],
    ignored_window: "",
    lag: SignedDuration::ZERO,
    pause: no_pause,
    ids: |_| Vec::new(),
    pull: |options, _, folder, cancel| Box::pin(pull(options, Api::ExpertSender, folder, cancel)),
    examine: |options, cancel| Box::pin(examine(options, Api::ExpertSender, cancel)),
};

pub(super) static FAST: ShopSystem = ShopSystem {
    name: "fast",
    format: "fast-json",
    credential_sets: &[CredentialSet { by: None, secrets: &["session"] }],
    credentials_hint: "it is the value of the header FASTSESSION",
    needs: &["ids", "app_id"],
    pull: |options, _, folder, cancel| Box::pin(pull(options, Api::Fast, folder, cancel)),
    examine: |options, cancel| Box::pin(examine(options, Api::Fast, cancel)),
    ..LIKE_EXPERTSENDER
};

/// Which of the two APIs.
#[derive(Debug, Clone, Copy)]
enum Api {
    ExpertSender,
    Fast,
}

/// Pulls a window into the folder.
///
/// # Errors
/// When the list of ids can't be read, the shop refuses or does not answer, or an answer
/// is about another order: then nothing of the window counts.
async fn pull(
    options: &Options,
    api: Api,
    folder: &Folder,
    cancel: CancellationToken,
) -> Result<PulledWindow, PullError> {
    let ids = ids_in(options.access.ids()?)?;
    let mut shop = Shop::new(options, api, cancel)?;
    let window = Window { extent: Extent::Full, from: None, to: Timestamp::now() };
    let mut writer = folder.begin(&window)?;
    let (mut lines, mut waiting, mut orders) = (Vec::new(), 0, 0);
    let (mut unknown, mut failed, mut failed_in_a_row) = (Vec::new(), Vec::new(), 0);
    for id in &ids {
        match shop.order(id).await {
            Ok(Some(answer)) => {
                failed_in_a_row = 0;
                lines.extend_from_slice(&answer);
                lines.push(b'\n');
                (waiting, orders) = (waiting + 1, orders + 1);
            }
            Ok(None) => {
                failed_in_a_row = 0;
                unknown.push(id.as_str());
            }
            Err(RequestError::TooMuch(what)) if failed_in_a_row == FAILED_IN_A_ROW_MAX => {
                return Err(shop.client.unavailable(what));
            }
            Err(RequestError::TooMuch(_)) => {
                failed_in_a_row += 1;
                failed.push(id.clone());
            }
            Err(RequestError::Fatal(error)) => return Err(error),
        }
        if waiting == ANSWERS_MAX {
            writer.add(&lines, "jsonl")?;
            lines.clear();
            waiting = 0;
        }
    }
    if orders == 0 && failed.is_empty() {
        return Err(shop.unexpected("no order for any of the ids"));
    }
    if waiting > 0 || writer.is_empty() {
        writer.add(&lines, "jsonl")?;
    }
    let mut manifest = Manifest::new(options.system.name, "", shop.client.shop(), window);
    manifest.query = options.query();
    (manifest.orders, manifest.failed) = (orders, failed);
    manifest.requests = shop.client.requests;
    if let [first, ..] = unknown.as_slice() {
        let (n, of) = (unknown.len(), ids.len());
        manifest
            .warnings
            .push(format!("the shop knows no order of {n} of {of} ids, such as {first}"));
    }
    writer.commit(manifest)
}

/// Requests the first order of the list.
async fn examine(
    options: &Options,
    api: Api,
    cancel: CancellationToken,
) -> Result<Examination, PullError> {
    let ids = ids_in(options.access.ids()?)?;
    let mut shop = Shop::new(options, api, cancel)?;
    let mut warnings = Vec::new();
    if let Some(first) = ids.first() {
        match shop.order(first).await {
            Ok(Some(_)) => {}
            Ok(None) => warnings.push(format!("the shop does not know the first id, {first}")),
            Err(RequestError::Fatal(error)) => return Err(error),
            Err(RequestError::TooMuch(what)) => return Err(shop.client.unavailable(what)),
        }
    }
    Ok(Examination {
        api: format!("{} by ids", options.system.name),
        scopes: Vec::new(),
        clock_ahead: shop.client.clock.ahead(),
        orders: Some(ids.len() as u64),
        oldest: None,
        is_filtered: true,
        shows_email: None,
        warnings,
    })
}

struct Shop<'a> {
    client: ShopClient,
    api: Api,
    /// The app's name at Fast.
    app_id: &'a str,
}

impl<'a> Shop<'a> {
    fn new(options: &'a Options, api: Api, cancel: CancellationToken) -> Result<Self, PullError> {
        let access = &options.access;
        let (header, secret, app_id) = match api {
            Api::ExpertSender => ("x-api-key", "token", ""),
            Api::Fast => ("FASTSESSION", "session", access.needed("app_id")?),
        };
        let credentials = Credentials::Header(header, access.secret(secret)?);
        Ok(Self { client: ShopClient::new(options, credentials, cancel)?, api, app_id })
    }

    /// The answer about an order, as one line; `None` if the shop does not know it.
    async fn order(&mut self, id: &str) -> Result<Option<Vec<u8>>, RequestError> {
        let answer = match self.api {
            Api::ExpertSender => self.client.get(&["orders", id], &[]).await?,
            Api::Fast => {
                let order = match id.strip_prefix("order_id:") {
                    Some(id) => json!({ "order_id": { "value": id } }),
                    None => json!({ "external_order_id": id }),
                };
                let body =
                    json!({ "app_id": self.app_id, "type": "ENTITY_TYPE_ORDER", "order": order });
                self.client.read(&["fast", "v1", "read"], &body).await?
            }
        };
        match answer.status {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(self.refused(&answer).into());
            }
            _ => return Err(self.unexpected(&excerpt(&answer.body)).into()),
        }
        let (json, _) = json_in(&answer.body).map_err(|text| self.unexpected(&text))?;
        let value: Value = serde_json::from_slice(json).map_err(|_| self.unexpected("text"))?;
        match self.api.ids_of(&value).as_slice() {
            // Fast answers with an order without an id for one that it does not have.
            [] => Ok(None),
            ids if ids.iter().any(|echoed| *echoed == id.trim_start_matches("order_id:")) => {
                // As received, except line ends: each answer is a line.
                let one_line = |byte: &u8| !matches!(byte, b'\n' | b'\r');
                Ok(Some(json.iter().copied().filter(one_line).collect()))
            }
            ids => {
                let what =
                    format!("an answer about order {} to a question about {id}", ids.join(", "));
                Err(self.unexpected(&what).into())
            }
        }
    }

    fn refused(&self, answer: &Answer) -> PullError {
        let what = format!("refuses the token with {}", answer.status.as_u16());
        self.client.refused(what, "check the token, and that it may read orders")
    }

    fn unexpected(&self, text: &str) -> PullError {
        self.client.unexpected(
            format!("answers with \"{text}\" instead of an order"),
            "check the address; it may be that of another service",
        )
    }
}

impl Api {
    /// The ids of an answer's order.
    fn ids_of(self, answer: &Value) -> Vec<String> {
        let found = match self {
            Self::ExpertSender => vec![&answer["data"]["id"]],
            Self::Fast => {
                let order = &answer["order"]["order"];
                vec![&order["external_id"], &order["id"]["value"]]
            }
        };
        let text = |id: &Value| match id {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        };
        found.into_iter().filter_map(text).filter(|id| !id.is_empty()).collect()
    }
}

/// The ids in a list, each once: lines of text, or a column of a CSV.
fn ids_in(path: &Path) -> Result<Vec<String>, PullError> {
    let fault = |what: String| PullError::Settings {
        what: format!("{}: {what}", path.display()),
        expected: "an id on each line, or a CSV with a column id or order_id".to_owned(),
        hint: "the setting `ids` names the file".to_owned(),
    };
    let text = std::fs::read_to_string(path).map_err(PullError::io(path))?;
    let is_by_semicolon = text.lines().next().is_some_and(|first| first.contains(';'));
    let delimiter = if is_by_semicolon { b';' } else { b',' };
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let (mut column, mut ids, mut seen) = (0, Vec::new(), BTreeSet::new());
    for (index, row) in rows.records().enumerate() {
        let row = row.map_err(|error| fault(error.to_string()))?;
        if index == 0 {
            let is_named = |cell: &str| COLUMNS.contains(&cell.trim().to_lowercase().as_str());
            match row.iter().position(is_named) {
                Some(at) => {
                    column = at;
                    continue;
                }
                None if row.len() > 1 => {
                    return Err(fault(
                        "has several columns, and none is called id or order_id".to_owned(),
                    ));
                }
                None => {}
            }
        }
        let id = row.get(column).unwrap_or_default().trim();
        if !id.is_empty() && seen.insert(id.to_owned()) {
            ids.push(id.to_owned());
        }
    }
    if ids.is_empty() { Err(fault("holds no id".to_owned())) } else { Ok(ids) }
}
