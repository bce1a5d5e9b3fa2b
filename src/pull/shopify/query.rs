//! Every query that is sent to Shopify. The one mutation starts an operation that reads.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Map, Value, json};

/// The fields that are read of an order, as docs/formats.md shows them. `LINES` is replaced by the
/// arguments of its lines.
const ORDER: &str = "
  id name email createdAt updatedAt cancelledAt displayFinancialStatus test sourceName currencyCode
  customer { id emailMarketingConsent { marketingState } }
  totalPriceSet { shopMoney { amount } } subtotalPriceSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } }
  totalShippingPriceSet { shopMoney { amount } } totalDiscountsSet { shopMoney { amount } }
  totalRefundedSet { shopMoney { amount } } subtotalLineItemsQuantity shippingLine { title }
  lineItemsLINES { edges { node { id name sku quantity originalUnitPriceSet { shopMoney { amount } } variant { id } product { id }
    discountAllocations { allocatedAmountSet { shopMoney { amount } } discountApplication { ... on DiscountCodeApplication { code } } }
  } } }";

/// The fields that are read of an abandoned checkout. The e-mail address is the customer's, and the
/// token is in the checkout's address.
const CHECKOUT: &str = "
  id abandonedCheckoutUrl createdAt updatedAt completedAt
  customer { id defaultEmailAddress { emailAddress marketingState } }
  totalPriceSet { shopMoney { amount currencyCode } } totalTaxSet { shopMoney { amount } }
  totalDiscountSet { shopMoney { amount } }
  lineItems { edges { node { id title sku quantity originalUnitPriceSet { shopMoney { amount } } variant { id } product { id } } } }";

/// The subject of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Orders,
    Checkouts,
}

impl Subject {
    /// In messages.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Checkouts => "abandoned checkouts",
        }
    }

    /// The field that lists them.
    pub(super) fn list(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Checkouts => "abandonedCheckouts",
        }
    }

    /// The field that counts them.
    pub(super) fn counter(self) -> &'static str {
        match self {
            Self::Orders => "ordersCount",
            Self::Checkouts => "abandonedCheckoutsCount",
        }
    }

    /// The number in the global id of one.
    pub(super) fn number(self, gid: &str) -> Option<u64> {
        let kind = match self {
            Self::Orders => "Order/",
            Self::Checkouts => "AbandonedCheckout/",
        };
        gid.strip_prefix("gid://shopify/")?.strip_prefix(kind)?.parse().ok()
    }

    /// The query of a bulk operation.
    pub(super) fn bulk(self, search: &str) -> String {
        // Checkouts can't be sorted by the time that is searched for.
        let (sort_key, fields) = match self {
            Self::Orders => ("UPDATED_AT", ORDER.replace("LINES", "")),
            Self::Checkouts => ("ID", CHECKOUT.to_owned()),
        };
        let list = self.list();
        let fields = fields.split_whitespace().collect::<Vec<_>>().join(" ");
        format!(
            "{{ {list}(query: \"{search}\", sortKey: {sort_key}) {{ edges {{ node {{ {fields} }} }} }} }}"
        )
    }
}

pub(super) enum Query<'a> {
    /// The shop, the scopes of the app, and the first orders of a list with all their fields.
    /// `counted` finds the orders that are counted, and the checkouts, if they are pulled.
    Opening {
        listed: FirstOrders<'a>,
        counted: &'a str,
        with_checkouts: bool,
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
        counter: &'static str,
        search: &'a str,
    },
    /// The orders that each of these searches finds.
    Found {
        searches: &'a [String],
    },
    /// Which of these orders exist.
    Known {
        ids: &'a [String],
    },
}

/// The orders that the first answer shows.
#[derive(Debug, Clone, Copy)]
pub(super) enum FirstOrders<'a> {
    /// The oldest one of a search.
    Oldest(&'a str),
    /// The first ones of a search by change, as many as one answer may contain.
    Changed(&'a str),
}

/// The shortest text that counts as a token in an address.
const TOKEN_LEN_MIN: usize = 12;

/// Orders of the first answer, and checkouts. Each order costs about 25 points, and a query at most
/// 1,000.
const CHANGED_MAX: usize = 20;

impl Query<'_> {
    /// The body of the request.
    pub(super) fn body(&self) -> Value {
        match self {
            Self::Opening { listed, counted, with_checkouts } => {
                opening(listed, counted, *with_checkouts)
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
            Self::Poll { operation, counter, search } => json!({
                "query": format!(
                    "query($operation: ID!, $search: String!) {{ bulkOperation(id: $operation) \
                     {{ status errorCode objectCount rootObjectCount url }} {counter}(query: $search, limit: null) {{ count precision }} }}"
                ),
                "variables": { "operation": operation, "search": search },
            }),
            Self::Found { searches } => {
                let named = || (0..).zip(*searches).map(|(n, search)| (format!("s{n}"), search));
                let declared: String =
                    named().map(|(name, _)| format!("${name}: String! ")).collect();
                // A second result shows that a search is ambiguous.
                let lists: String = named()
                    .map(|(name, _)| {
                        format!(
                            "{name}: orders(first: 2, sortKey: CREATED_AT, query: ${name}) {{ edges {{ node {{ id }} }} }} "
                        )
                    })
                    .collect();
                json!({
                    "query": format!("query({declared}) {{ {lists}}}"),
                    "variables": named().map(|(name, search)| (name, json!(search))).collect::<Map<_, _>>(),
                })
            }
            Self::Known { ids } => json!({
                "query": "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Order { id } } }",
                "variables": { "ids": ids },
            }),
        }
    }
}

fn opening(listed: &FirstOrders<'_>, counted: &str, with_checkouts: bool) -> Value {
    let (search, arguments) = match listed {
        FirstOrders::Oldest(search) => (search, "first: 1, sortKey: CREATED_AT".to_owned()),
        FirstOrders::Changed(search) => {
            (search, format!("first: {CHANGED_MAX}, sortKey: UPDATED_AT"))
        }
    };
    let checkouts = if with_checkouts {
        format!(
            "abandonedCheckoutsCount(query: $counted, limit: null) {{ count precision }} \
             abandonedCheckouts(first: {CHANGED_MAX}, sortKey: ID, query: $counted) {{ edges {{ node {{ id updatedAt }} }} }}"
        )
    } else {
        String::new()
    };
    json!({
        "query": format!(
            "query($search: String!, $counted: String!) {{ shop {{ id myshopifyDomain }} currentAppInstallation {{ accessScopes {{ handle }} }} \
             ordersCount(query: $counted, limit: null) {{ count precision }} \
             {checkouts} orders({arguments}, query: $search) {{ edges {{ node {{ {} }} }} }} }}",
            ORDER.replace("LINES", "(first: 1)")
        ),
        "variables": { "search": search, "counted": counted },
    })
}

/// The search for the orders that changed between two moments, and were not placed before `since`.
/// Without quotes, the time of a date would be cut off.
pub(super) fn search(
    from: Option<Timestamp>,
    to: Option<Timestamp>,
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

/// The search for the order that completed a checkout, by the token in the path of its address:
/// that of the cart in `/checkouts/ac/TOKEN/recover` and `/checkouts/cn/TOKEN/recover`, its own in
/// the older `/checkouts/TOKEN/recover`. `None` for an address of another form.
pub(super) fn order_of_checkout(url: &str) -> Option<String> {
    let (_, path) = url.split(['?', '#']).next()?.split_once("/checkouts/")?;
    let mut parts = path.split('/');
    let (field, token) = match parts.next()? {
        "ac" | "cn" => ("cart_token", parts.next()?),
        token => ("checkout_token", token),
    };
    let is_token = token.len() >= TOKEN_LEN_MIN
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    is_token.then(|| format!("{field}:'{token}'"))
}

fn date(moment: Timestamp) -> String {
    moment.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_a_checkout_is_searched_by_the_token_in_its_address() {
        let shop = "https://shop.example.com/59026964593/checkouts/";
        for (path, search) in [
            (
                "ac/hWN1cgNMicmfHS0VKe0sUGHp/recover?key=1",
                Some("cart_token:'hWN1cgNMicmfHS0VKe0sUGHp'"),
            ),
            (
                "exuw7apwoycchjuwtiqg8nytfhphr62a/recover?key=1",
                Some("checkout_token:'exuw7apwoycchjuwtiqg8nytfhphr62a'"),
            ),
            ("ac/it's-a-quote/recover", None),
            ("ac/12345/recover", None),
            ("", None),
        ] {
            assert_eq!(order_of_checkout(&format!("{shop}{path}")).as_deref(), search, "{path}");
        }
        assert_eq!(
            order_of_checkout("https://shop.example.com/cart/hWN1cgNMicmfHS0VKe0sUGHp"),
            None
        );
    }

    #[test]
    fn the_queries_are_those_of_the_documentation() {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let documents = words(include_str!("../../../docs/formats.md"));
        assert!(documents.contains(&words(&ORDER.replace("LINES", ""))));
        assert!(documents.contains(&words(CHECKOUT)));
    }
}
