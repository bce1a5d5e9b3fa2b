//! What can be read, in words for people: the list behind `ordersync formats`.

use super::export::formats;
use super::json::DIALECTS;
use super::mapping;
use super::messages::Envelope;
use super::sheet_dialect::SHEET_DIALECTS;

/// A kind of export, as somebody would look it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the settings.
    pub name: String,
    pub title: String,
    pub description: String,
    /// How the export is got out of the shop system.
    pub how: String,
    /// Columns or keys without which nothing can be sent; where one of several is enough, joined by
    /// "or".
    pub needs: Vec<String>,
    /// The mapping it is read by, where there is one: to be copied into the settings under another
    /// name.
    pub mapping: Option<&'static str>,
}

/// By the format's name; the built-in mappings say it themselves.
const HOW: &[(&str, &str)] = &[
    (
        "shopify-csv",
        "Shopify admin: Orders > Export > All orders > Plain CSV file. Don't save it in a spreadsheet.",
    ),
    (
        "webtoffee-csv",
        "WordPress admin: WebToffee Import Export > Export > Orders, as CSV with all columns and line items.",
    ),
    (
        "advanced-order-export-csv",
        "WordPress admin: WooCommerce > Export Orders, format CSV (not XLSX), all statuses, order columns filled on all rows.",
    ),
    (
        "shopify-json",
        "REST Admin API: GET orders.json?status=any&limit=250 with all fields, each page as it comes; needs read_all_orders \
         for orders older than 60 days.",
    ),
    ("shopify-checkouts-json", "REST Admin API: GET checkouts.json, each page as it comes."),
    (
        "woocommerce-json",
        "REST API: GET wp-json/wc/v3/orders?per_page=100&page=N, each page as it comes, until one is empty.",
    ),
    (
        "advanced-order-export-json",
        "WordPress admin: WooCommerce > Export Orders, format JSON, all statuses.",
    ),
    (
        "shopify-graphql",
        "The result of a bulk operation (bulkOperationRunQuery over orders with their lineItems), JSON lines as downloaded; or the answers to a query, each page as it comes.",
    ),
    (
        "bigcommerce-json",
        "API v2: GET /v2/orders, and for each order /v2/orders/ID/products (and /coupons, /shipping_addresses), the answers saved side by side.",
    ),
    (
        "fivetran-csv",
        "The warehouse's tables order and order_line of the Shopify connector (and order_discount_code, refund, ...), each written to a CSV file of its own.",
    ),
    (
        "warehouse-csv",
        "The table of orders that Airbyte or a Singer target loaded, written to a CSV file with all its columns.",
    ),
    (
        "magento-json",
        "REST API: GET rest/V1/orders?searchCriteria[pageSize]=100&searchCriteria[currentPage]=N, each page as it comes.",
    ),
    (
        "fast-json",
        "The answers to its requests to read orders, one document each, saved as they came.",
    ),
    (
        "expertsender-json",
        "CDP API: GET orders/{id}, each answer as it comes, or the requests that added the orders.",
    ),
    (
        "singer",
        "What a tap writes, saved to a file or piped into standard input; its orders must be of a format above.",
    ),
    (
        "airbyte",
        "What a source or a destination of JSON lines writes, saved as it comes; its orders must be of a format above.",
    ),
];

/// Every kind of export that can be read, in the order of [`formats`].
pub fn catalogue() -> Vec<Entry> {
    let csv = SHEET_DIALECTS.iter().map(|dialect| (dialect.title(), dialect.needs()));
    let keys = |needs: &[&[&str]]| needs.iter().map(|group| group.join(" or ")).collect();
    let json = DIALECTS.iter().map(|dialect| (dialect.title, keys(dialect.needs)));
    let messages = Envelope::ALL.map(|of| (of.title(), vec![of.needs().to_owned()]));
    let entry = |(format, (title, needs)): (&super::Format, (&str, Vec<String>))| Entry {
        name: format.name.to_owned(),
        title: title.to_owned(),
        description: format.description.to_owned(),
        how: how(format.name).unwrap_or_default(),
        needs,
        mapping: mapping::profile_text(format.name),
    };
    formats().iter().zip(csv.chain(json).chain(messages)).map(entry).collect()
}

fn how(name: &str) -> Option<String> {
    let own = HOW.iter().find(|(known, _)| *known == name).map(|(_, how)| (*how).to_owned());
    own.or_else(|| mapping::how(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_tells_of_each_format_that_can_be_named_how_it_is_got_and_what_it_needs() {
        let listed: Vec<Entry> = catalogue();
        let named: Vec<&str> = formats().iter().map(|format| format.name).collect();
        assert_eq!(listed.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), named);
        for entry in &listed {
            assert!(
                !entry.how.is_empty() && !entry.title.is_empty(),
                "{} says nothing",
                entry.name
            );
            assert!(!entry.needs.is_empty(), "{} needs nothing", entry.name);
        }
        assert!(HOW.iter().all(|(name, _)| named.contains(name)), "an entry of no format");
        let needs = |name: &str| &listed.iter().find(|entry| entry.name == name).unwrap().needs;
        for (name, need) in [
            ("shopify-csv", "Name or Id"),
            ("etsy-csv", "Order ID"),
            ("bigcommerce-csv", "Product Details"),
            ("webtoffee-csv", "order_id or order_number"),
        ] {
            assert!(needs(name).iter().any(|own| own == need), "{name}: {:?}", needs(name));
        }
    }
}
