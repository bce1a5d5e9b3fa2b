//! Bulk operations: which are allowed, and their results.

use super::BulkEnd;
use super::graphql::{Document, Field};
use super::schema::{self, Rows};
use serde_json::{Value, json};

/// Lists of nodes in a query.
const LISTS_MAX: usize = 5;
const DEPTH_MAX: usize = 2;
/// The list of abandoned checkouts.
pub(super) const CHECKOUTS: &str = "abandonedCheckouts";

/// An operation of the shop.
#[derive(Debug)]
pub(super) struct Operation {
    pub id: u64,
    pub query: Document,
    pub is_grouped: bool,
    /// Polls that still find it running.
    pub polls_left: u32,
    pub end: BulkEnd,
    pub result: Option<BulkResult>,
}

/// The result of a finished operation.
#[derive(Debug)]
pub(super) struct BulkResult {
    pub text: String,
    rows: usize,
    roots: usize,
}

impl Operation {
    pub(super) fn gid(&self) -> String {
        format!("gid://shopify/BulkOperation/{}", self.id)
    }

    /// The one list that it reads.
    pub(super) fn root(&self) -> Option<&Field> {
        self.query.fields.first()
    }

    pub(super) fn view(&self, url: &str) -> Value {
        let (status, code) = match (&self.result, self.end) {
            (None, _) => ("RUNNING", None),
            (Some(_), BulkEnd::Completed | BulkEnd::ShortFile | BulkEnd::Orphans) => {
                ("COMPLETED", None)
            }
            (Some(_), BulkEnd::TimedOut) => ("FAILED", Some("TIMEOUT")),
            (Some(_), BulkEnd::AccessDenied) => ("FAILED", Some("ACCESS_DENIED")),
            (Some(_), BulkEnd::Canceled) => ("CANCELED", None),
        };
        let (rows, roots, len) = self
            .result
            .as_ref()
            .map_or((0, 0, 0), |result| (result.rows, result.roots, result.text.len()));
        let url = (rows > 0).then_some(url);
        json!({
            "__typename": "BulkOperation", "id": self.gid(), "status": status, "errorCode": code,
            "objectCount": rows.to_string(), "rootObjectCount": roots.to_string(),
            // It is not exact in real captures either.
            "fileSize": (len + 1).to_string(),
            "url": url.filter(|_| status == "COMPLETED"), "partialDataUrl": url.filter(|_| status == "FAILED"),
        })
    }
}

/// Shopify's objection to a bulk query, if any.
pub(super) fn objection(query: &Document) -> Option<String> {
    let [root] = query.fields.as_slice() else {
        return Some("one top-level field is expected".to_owned());
    };
    let (lists, depth) = schema::lists(&query.fields);
    let lacks_id = |field: &Field| field.node().is_some_and(|node| node.field("id").is_none());
    if query.is_mutation {
        Some("a bulk query is no mutation".to_owned())
    } else if root.name != "orders" && root.name != CHECKOUTS {
        Some(format!("{} is no list of orders or checkouts", root.name))
    } else if lists == 0 || lists > LISTS_MAX || depth > DEPTH_MAX {
        Some(format!("{lists} lists, {depth} deep"))
    } else if uses_nodes(&query.fields) {
        Some("`nodes` in place of `edges`".to_owned())
    } else if lacks_id(root) || root.node().is_some_and(|node| node.fields.iter().any(lacks_id)) {
        Some("a node without its id".to_owned())
    } else {
        None
    }
}

fn uses_nodes(fields: &[Field]) -> bool {
    fields.iter().any(|field| field.name == "nodes" || uses_nodes(&field.fields))
}

/// The file of an operation over these orders or checkouts.
pub(super) fn result_of(
    operation: &Operation,
    orders: &[Value],
    children_first: bool,
) -> Result<BulkResult, String> {
    let selection = operation.root().and_then(Field::node).ok_or("no list of orders")?;
    let (mut roots, mut children, mut grouped) = (Vec::new(), Vec::new(), Vec::new());
    for order in orders {
        let Rows { own, children: parts } = schema::rows(order, selection)?;
        grouped.push(own.clone());
        grouped.extend(parts.iter().cloned());
        roots.push(own);
        children.extend(parts);
    }
    if operation.end == BulkEnd::Orphans {
        let is_of_checkouts = operation.root().is_some_and(|root| root.name == CHECKOUTS);
        let kind = if is_of_checkouts { "AbandonedCheckout" } else { "Order" };
        let parent = format!("gid://shopify/{kind}/0");
        children.iter_mut().for_each(|child| child["__parentId"] = parent.clone().into());
    }
    let count = roots.len();
    let all = if operation.is_grouped {
        grouped
    } else if children_first {
        children.into_iter().chain(roots).collect()
    } else {
        roots.into_iter().chain(children).collect()
    };
    let kept = match operation.end {
        BulkEnd::ShortFile => all.len().saturating_sub(1),
        BulkEnd::TimedOut => all.len() / 2,
        _ => all.len(),
    };
    let text = all[..kept].iter().map(|row| format!("{row}\n")).collect();
    Ok(BulkResult { text, rows: all.len(), roots: count })
}
