//! Everything that is ever asked of Shopify. The one mutation starts an operation that reads.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

/// What is read of an order, as docs/formats.md shows it. `LINES` stands for the arguments of its lines.
const ORDER: &str = "
  id name email createdAt updatedAt cancelledAt displayFinancialStatus test sourceName currencyCode
  customer { id emailMarketingConsent { marketingState } }
  totalPriceSet { shopMoney { amount } } subtotalPriceSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } }
  totalShippingPriceSet { shopMoney { amount } } totalDiscountsSet { shopMoney { amount } }
  totalRefundedSet { shopMoney { amount } } subtotalLineItemsQuantity shippingLine { title }
  lineItemsLINES { edges { node { id name sku quantity originalUnitPriceSet { shopMoney { amount } } variant { id } product { id }
    discountAllocations { allocatedAmountSet { shopMoney { amount } } discountApplication { ... on DiscountCodeApplication { code } } }
  } } }";

pub(super) enum Question<'a> {
    /// Who the shop is, what the app may do, and the first orders of a list with all that is read of
    /// them. `counted` finds the orders that are counted.
    Opening {
        listed: Listed<'a>,
        counted: &'a str,
    },
    Count {
        search: &'a str,
    },
    /// Starts the operation that reads the orders.
    Run {
        bulk: &'a str,
    },
    Poll {
        operation: &'a str,
        search: &'a str,
    },
    /// Which of these orders exist.
    Known {
        ids: &'a [String],
    },
}

/// The orders that the first answer shows.
#[derive(Debug, Clone, Copy)]
pub(super) enum Listed<'a> {
    /// The oldest one of a search.
    Oldest(&'a str),
    /// Those of a search that changed first, as far as one answer may hold them.
    Changed(&'a str),
}

/// Orders of the first answer. Each costs about 25 points, and an answer no more than 1,000.
const CHANGED_MAX: usize = 20;

impl Question<'_> {
    /// The body of the request.
    pub(super) fn body(&self) -> Value {
        match self {
            Self::Opening { listed, counted } => {
                let (search, arguments) = match listed {
                    Listed::Oldest(search) => (search, "first: 1, sortKey: CREATED_AT".to_owned()),
                    Listed::Changed(search) => {
                        (search, format!("first: {CHANGED_MAX}, sortKey: UPDATED_AT"))
                    }
                };
                json!({
                    "query": format!(
                        "query($search: String!, $counted: String!) {{ shop {{ id myshopifyDomain }} currentAppInstallation {{ accessScopes {{ handle }} }} \
                         ordersCount(query: $counted, limit: null) {{ count precision }} \
                         orders({arguments}, query: $search) {{ edges {{ node {{ {} }} }} }} }}",
                        ORDER.replace("LINES", "(first: 1)")
                    ),
                    "variables": { "search": search, "counted": counted },
                })
            }
            Self::Count { search } => json!({
                "query": "query($search: String!) { ordersCount(query: $search, limit: null) { count precision } }",
                "variables": { "search": search },
            }),
            Self::Run { bulk } => json!({
                "query": "mutation($bulk: String!) { bulkOperationRunQuery(query: $bulk, groupObjects: false) \
                          { bulkOperation { id } userErrors { message code } } }",
                "variables": { "bulk": bulk },
            }),
            Self::Poll { operation, search } => json!({
                "query": "query($operation: ID!, $search: String!) { bulkOperation(id: $operation) \
                          { status errorCode objectCount rootObjectCount url } ordersCount(query: $search, limit: null) { count precision } }",
                "variables": { "operation": operation, "search": search },
            }),
            Self::Known { ids } => json!({
                "query": "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Order { id } } }",
                "variables": { "ids": ids },
            }),
        }
    }
}

/// The search for the orders that changed between two moments, and were not placed before `since`.
/// Without quotes, the time of a date would be cut off.
pub(super) fn search(
    (from, to): (Option<Timestamp>, Option<Timestamp>),
    since: Option<Timestamp>,
) -> String {
    let term = |field: &str, moment: Timestamp| format!("{field}'{}'", date(moment));
    let terms = [
        to.map(|to| term("updated_at:<", to)),
        from.map(|from| term("updated_at:>=", from)),
        since.map(|since| term("created_at:>=", since)),
    ];
    terms.into_iter().flatten().collect::<Vec<_>>().join(" AND ")
}

/// The query of a bulk operation.
pub(super) fn bulk(search: &str) -> String {
    let order = ORDER.replace("LINES", "");
    format!(
        "{{ orders(query: \"{search}\", sortKey: UPDATED_AT) {{ edges {{ node {{ {} }} }} }} }}",
        order.split_whitespace().collect::<Vec<_>>().join(" ")
    )
}

fn date(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_what_the_documents_show() {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let documents = words(include_str!("../../../docs/formats.md"));
        assert!(documents.contains(&words(&ORDER.replace("LINES", ""))));
    }
}
