use super::labelled_text::ColumnTable;
use super::text::printable;
use serde::Serialize;
use serde_json::{Value, json};

/// A connection of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectionLine {
    pub account: String,
    pub id: String,
    pub service: String,
    pub externalid: String,
    pub name: String,
    /// ActiveCampaign's own integration.
    #[serde(rename = "native")]
    pub is_native: bool,
    /// The list that new contacts of it join.
    #[serde(rename = "list")]
    pub list_id: Option<String>,
    /// Jobs that write to it.
    pub jobs: Vec<String>,
}

pub fn connections_json(lines: &[ConnectionLine]) -> Value {
    json!({ "connections": lines })
}

/// `width`: columns of the terminal; `None`: no wrapping.
pub fn connections_text(lines: &[ConnectionLine], width: Option<usize>) -> String {
    if lines.is_empty() {
        return "No connections.\n".to_owned();
    }
    let head = ["account", "id", "service", "externalid", "name", "kind", "list", "jobs"];
    let rows = lines.iter().map(|line| {
        let kind = if line.is_native { "native" } else { "own" };
        let list = line.list_id.clone().unwrap_or_else(|| "-".to_owned());
        let jobs = if line.jobs.is_empty() { "-".to_owned() } else { line.jobs.join(", ") };
        let texts = [&line.account, &line.id, &line.service, &line.externalid, &line.name];
        let texts = texts.map(|text| printable(text)).into_iter();
        texts.chain([kind.to_owned(), printable(&list), jobs]).collect()
    });
    let rows: Vec<Vec<String>> = rows.collect();
    ColumnTable { align: "<><<<<<<", head: &head, lead: 2, rows: &rows }.text(width)
}
