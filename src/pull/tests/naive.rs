//! Naive clients that lose orders: the tests of pulls change the shops in the ways that break them.

use super::{bigcommerce, magento, moment, orders, shopify};
use crate::simulator::bigcommerce::{BigCommerce, BigCommerceOptions};
use crate::simulator::magento::{Magento, MagentoOptions, TOKEN};
use crate::simulator::shopify::{BulkEnd, Shopify, ShopifyOptions};
use crate::simulator::woocommerce::{WooCommerce, WooOptions};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().tls_certs_only([]).build().unwrap()
}

/// The ids on a page of WooCommerce.
async fn page(shop: &WooCommerce, query: &str) -> Vec<u64> {
    let answer = client().get(format!("{}/wp-json/wc/v3/orders?{query}", shop.url()));
    let answer = answer.basic_auth("ck_simulator", Some("cs_simulator")).send().await.unwrap();
    let rows: Vec<Value> = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    rows.iter().map(|row| row["id"].as_u64().unwrap()).collect()
}

async fn ask(shop: &Shopify, query: &str) -> Value {
    let url = format!("{}/admin/api/2026-10/graphql.json", shop.url());
    let request = client().post(url).header("x-shopify-access-token", "shpat_simulator");
    let answer = request.body(json!({ "query": query }).to_string()).send().await.unwrap();
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

/// The orders of a bulk operation, only by its file.
async fn bulk(shop: &Shopify, search: &str) -> BTreeSet<u64> {
    let list = format!(
        "{{ orders(query: \\\"{search}\\\", sortKey: UPDATED_AT) {{ edges {{ node {{ id }} }} }} }}"
    );
    let start = format!(
        "mutation {{ bulkOperationRunQuery(query: \"{list}\") {{ bulkOperation {{ id }} userErrors {{ message }} }} }}"
    );
    let started = ask(shop, &start).await;
    let id = started["data"]["bulkOperationRunQuery"]["bulkOperation"]["id"].as_str();
    let poll = format!("{{ bulkOperation(id: \"{}\") {{ status url }} }}", id.unwrap());
    let url = loop {
        let found = &ask(shop, &poll).await["data"]["bulkOperation"];
        if found["status"] == "COMPLETED" {
            break found["url"].as_str().map(str::to_owned);
        }
    };
    let Some(url) = url else { return BTreeSet::new() };
    let text = client().get(url).send().await.unwrap().text().await.unwrap();
    let id = |line: &str| {
        let row: Value = serde_json::from_str(line).unwrap();
        row["id"].as_str().unwrap().rsplit('/').next().unwrap().parse().unwrap()
    };
    text.lines().map(id).collect()
}

#[tokio::test]
async fn a_client_that_pages_forward_loses_an_order() {
    let shop = WooCommerce::start(WooOptions::default(), orders(350)).await.unwrap();
    shop.change_before(3, |orders| drop(orders.remove(&5)));
    let mut ids = BTreeSet::new();
    for number in 1..=4 {
        let query = format!("per_page=100&page={number}&orderby=id&order=asc");
        ids.extend(page(&shop, &query).await);
    }
    assert_eq!(ids.len(), 349);
    assert!(!ids.contains(&201));
}

/// The orders found by a client that ends at the first page that is not full, or at a 204.
async fn forward(shop: &BigCommerce, ends_at_short_page: bool) -> BTreeSet<u64> {
    let mut ids = BTreeSet::new();
    for number in 1.. {
        let query = format!("limit=250&page={number}&sort=id:asc");
        let request = client().get(format!("{}/v2/orders?{query}", shop.url()));
        let request = request.header("x-auth-token", "bc_simulator");
        let answer = request.header("accept", "application/json").send().await.unwrap();
        let text = answer.text().await.unwrap();
        let rows: Vec<Value> = serde_json::from_str(&text).unwrap_or_default();
        ids.extend(rows.iter().map(|row| row["id"].as_u64().unwrap()));
        if rows.is_empty() || ends_at_short_page && rows.len() < 250 {
            break;
        }
    }
    ids
}

#[tokio::test]
async fn a_client_of_bigcommerce_that_pages_forward_loses_an_order() {
    for ends_at_short_page in [false, true] {
        let shop = BigCommerce::start(BigCommerceOptions::default(), bigcommerce::orders(600));
        let shop = shop.await.unwrap();
        shop.change_before(2, |orders| orders.get_mut(&5).unwrap().is_deleted = true);
        let ids = forward(&shop, ends_at_short_page).await;
        assert!(ids.len() == 599 && !ids.contains(&251), "{}", ids.len());
        assert!(shop.orders().iter().any(|order| order.id == 251 && !order.is_deleted));
    }
}

/// The hour in which the clocks go back occurs twice.
#[tokio::test]
async fn a_client_that_compares_local_dates_loses_an_order() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let options = WooOptions { zone, ..WooOptions::default() };
    let shop = WooCommerce::start(options, orders(9)).await.unwrap();
    let changed = moment("2026-10-25T01:10:00Z");
    shop.change(|orders| orders.get_mut(&7).unwrap().modified = changed);
    // Its last pull ended at 02:50 in summer time; the change is of 02:10 in winter time.
    let local = "modified_after=2026-10-25T02:50:00";
    assert_eq!(page(&shop, local).await, [0; 0]);
    assert!(shop.violations()[0].contains("local dates"), "{:?}", shop.violations());
    let utc = "modified_after=2026-10-25T00:50:00&dates_are_gmt=true";
    assert_eq!(page(&shop, utc).await, [7]);
}

/// Shopify has no pages that drift, but the window moves.
#[tokio::test]
async fn a_client_that_continues_where_it_ended_loses_an_order() {
    let shop = Shopify::start(ShopifyOptions::default(), shopify::orders(30)).await.unwrap();
    let changed = Timestamp::now();
    // The operation has read the order, and the file is not received yet.
    shop.change_before(4, move |orders| {
        let order = orders.get_mut(&7).unwrap();
        (order.total, order.updated) = (77_777, changed);
    });
    assert_eq!(bulk(&shop, "updated_at:>='2026-01-01T00:00:00Z'").await.len(), 30);
    let ended = Timestamp::now() + 1.seconds();
    assert_eq!(bulk(&shop, &format!("updated_at:>='{ended}'")).await, BTreeSet::new());
}

/// The ids on a page of Magento.
async fn magento_page(shop: &Magento, query: &str) -> Vec<u64> {
    let url = format!("{}/rest/V1/orders?searchCriteria%5BpageSize%5D=100&{query}", shop.url());
    let request = client().get(url).header("accept", "application/json").bearer_auth(TOKEN);
    let page: Value =
        serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap();
    let rows = page["items"].as_array().unwrap().iter();
    rows.map(|row| row["entity_id"].as_u64().unwrap()).collect()
}

/// More orders than a page holds changed in the same second: after it there are fewer.
#[tokio::test]
async fn a_client_that_continues_after_the_last_time_loses_orders() {
    let changed = moment("2026-02-01T00:00:00Z");
    let mut orders = magento::orders(250);
    orders.iter_mut().for_each(|order| order.updated = changed);
    let options = MagentoOptions { takes_bearer: true, ..MagentoOptions::default() };
    let shop = Magento::start(options, orders).await.unwrap();
    let after = |time: &str| {
        let filter = "searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D";
        format!(
            "{filter}%5Bfield%5D=updated_at&{filter}%5Bcondition_type%5D=gt&{filter}%5Bvalue%5D={time}"
        )
    };
    assert_eq!(magento_page(&shop, &after("2026-01-01%2000:00:00")).await.len(), 100);
    assert_eq!(magento_page(&shop, &after("2026-02-01%2000:00:00")).await, [0; 0]);
    // And there is never a page without orders.
    let last = magento_page(&shop, "searchCriteria%5BcurrentPage%5D=3").await;
    assert_eq!(
        (last.len(), magento_page(&shop, "searchCriteria%5BcurrentPage%5D=9").await),
        (50, last)
    );
}

#[tokio::test]
async fn a_client_that_counts_no_rows_loses_an_order() {
    let shop = Shopify::start(ShopifyOptions::default(), shopify::orders(30)).await.unwrap();
    shop.end_next(BulkEnd::ShortFile);
    assert_eq!(bulk(&shop, "updated_at:>='2026-01-01T00:00:00Z'").await.len(), 29);
}

/// The time is ignored, and the day begins at the shop's midnight.
#[tokio::test]
async fn a_search_without_quotes_finds_other_orders() {
    let zone = TimeZone::get("America/New_York").unwrap();
    let options = ShopifyOptions { zone, ..ShopifyOptions::default() };
    let shop = Shopify::start(options, shopify::orders(30)).await.unwrap();
    let count = async |term: &str| {
        let answer = ask(&shop, &format!("{{ ordersCount(query: \"{term}\") {{ count }} }}")).await;
        (answer["data"]["ordersCount"]["count"].as_u64(), answer["extensions"]["search"].is_array())
    };
    assert_eq!(count("updated_at:>='2026-01-01T20:00:00Z'").await, (Some(11), false));
    // From 05:00 UTC on.
    assert_eq!(count("updated_at:>=2026-01-01T20:00:00Z").await, (Some(26), true));
    assert_eq!(shop.violations().len(), 1);
}

/// Both APIs return XML to a client that does not state what it accepts.
#[tokio::test]
async fn a_client_without_an_accept_header_gets_xml() {
    let big =
        BigCommerce::start(BigCommerceOptions::default(), bigcommerce::orders(3)).await.unwrap();
    let magento = Magento::start(MagentoOptions::default(), magento::orders(3)).await.unwrap();
    for (url, header, value) in [
        (format!("{}/v2/orders", big.url()), "x-auth-token", "bc_simulator".to_owned()),
        (format!("{}/rest/V1/orders", magento.url()), "authorization", format!("Bearer {TOKEN}")),
    ] {
        let answer = client().get(url).header(header, value).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/xml");
    }
    for violations in [big.violations(), magento.violations()] {
        assert!(violations.iter().any(|text| text.contains("without Accept")), "{violations:?}");
    }
}
