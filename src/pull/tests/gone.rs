use super::super::options::PullRequest;
use super::super::*;
use super::{Pulls, orders};
use crate::simulator::woocommerce::{ShopOrder, WooOptions};
use jiff::Timestamp;
use std::collections::BTreeMap;

#[tokio::test]
async fn an_order_that_changed_a_moment_ago_is_not_gone() {
    let pulls = Pulls::of(WooOptions::default(), orders(120)).await;
    pulls.full().await;
    pulls.shop.change(|orders| {
        orders.remove(&30);
        orders.get_mut(&31).unwrap().modified = Timestamp::now();
    });
    let window = pulls.full().await;
    assert_eq!((window.manifest.orders, window.manifest.gone), (118, vec![30.into()]));
}

#[tokio::test]
async fn an_order_that_changed_after_a_full_pull_and_was_then_deleted_is_gone() {
    let pulls = Pulls::of(WooOptions::default(), orders(20)).await;
    pulls.full().await;
    pulls.shop.change(|orders| orders.get_mut(&7).unwrap().modified = Timestamp::now());
    for _ in 0..2 {
        assert_eq!(pulls.full().await.manifest.gone, [0_u64; 0]);
    }
    pulls.shop.change(|orders| drop(orders.remove(&7)));
    assert_eq!(pulls.full().await.manifest.gone, [7]);
}

#[tokio::test]
async fn many_missing_orders_are_requested_in_portions_and_none_is_forgotten() {
    let pulls = Pulls::of(WooOptions::default(), orders(1100)).await;
    pulls.full().await;
    pulls.shop.change(BTreeMap::clear);
    let window = pulls.full().await;
    assert_eq!(window.manifest.gone, Vec::from_iter(1..=1000_u64));
    let warning = &window.manifest.warnings[0];
    assert!(warning.contains("1100 orders") && warning.contains("the other 100"), "{warning}");
    let window = pulls.full().await;
    assert_eq!(window.manifest.gone, Vec::from_iter(1001..=1100_u64));
    assert_eq!(window.manifest.warnings, [""; 0]);
}

#[tokio::test]
async fn orders_known_to_be_gone_are_requested_after_missing_ones() {
    let mut pulls = Pulls::of(WooOptions::default(), orders(20)).await;
    pulls.full().await;
    pulls.shop.change(|orders| drop(orders.remove(&7)));
    pulls.options.gone_before = (5001..=6000).map(OrderId::Number).collect();
    let gone = pulls.full().await.manifest.gone;
    assert_eq!((gone.len(), &gone[0]), (1000, &7.into()));
    assert_eq!(missing_orders(&pulls.folder().export().unwrap()), [6000]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_order_without_an_answer_is_requested_by_the_next_full_pull() {
    let pulls = Pulls::of(WooOptions::default(), orders(40)).await;
    pulls.full().await;
    // It changed after the end of the window, so no list contains it, and its page is broken.
    pulls.shop.change(|orders| orders.get_mut(&30).unwrap().modified = Timestamp::now());
    pulls.shop.set(|options| options.broken = [30].into());
    let window = pulls.full().await;
    assert_eq!(window.manifest.gone, [0_u64; 0]);
    let warning = &window.manifest.warnings[0];
    assert!(warning.contains("such as 30") && warning.contains("asks again"), "{warning}");
    pulls.shop.change(|orders| drop(orders.remove(&30)));
    pulls.shop.set(|options| options.broken.clear());
    assert_eq!(pulls.full().await.manifest.gone, [30]);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_could_not_be_delivered_and_was_then_deleted_is_gone() {
    let host = WooOptions { unlistable: [7].into(), broken: [7].into(), ..WooOptions::default() };
    let pulls = Pulls::of(host, orders(20)).await;
    assert_eq!(pulls.full().await.manifest.failed, ["7"]);
    pulls.shop.change(|orders| drop(orders.remove(&7)));
    assert_eq!(pulls.full().await.manifest.gone, [7]);
}

#[tokio::test(start_paused = true)]
async fn a_shop_that_answers_no_missing_order_is_not_queried_for_all() {
    let pulls = Pulls::of(WooOptions::default(), orders(60)).await;
    pulls.full().await;
    pulls.shop.change(|orders| {
        orders.values_mut().take(40).for_each(|order| order.modified = Timestamp::now());
    });
    pulls.shop.set(|options| options.broken = (1..=40).collect());
    let window = pulls.full().await;
    assert!(window.manifest.requests < 40, "{}", window.manifest.requests);
    assert_eq!(missing_orders(&pulls.folder().export().unwrap()).len(), 40);
}

#[tokio::test]
async fn an_order_that_came_back_after_a_full_pull_is_not_gone() {
    let pulls = Pulls::of(WooOptions::default(), orders(20)).await;
    pulls.full().await;
    let lost = pulls.shop.orders();
    pulls.shop.change(|orders| orders.retain(|id, _| *id > 2));
    let full = pulls.full().await;
    assert_eq!(gone_orders(&pulls.folder().export().unwrap()), [1, 2]);
    let end = full.manifest.window.to;
    pulls.shop.change(|orders| {
        orders.insert(2, ShopOrder { modified: end, ..lost[1].clone() });
    });
    pulls.shop.set_clock(600);
    pulls.pull(PullRequest::Since(end)).await.unwrap();
    assert_eq!(gone_orders(&pulls.folder().export().unwrap()), [1]);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_came_back_and_cannot_be_delivered_is_not_gone() {
    let pulls = Pulls::of(WooOptions::default(), orders(20)).await;
    pulls.full().await;
    let lost = pulls.shop.orders();
    pulls.shop.change(|orders| orders.retain(|id, _| *id > 2));
    let end = pulls.full().await.manifest.window.to;
    pulls.shop.change(|orders| {
        orders.insert(2, ShopOrder { modified: end, ..lost[1].clone() });
    });
    pulls.shop.set_clock(600);
    pulls.shop.set(|options| {
        options.unlistable = [2].into();
        options.broken = [2].into();
    });
    let pulled = pulls.pull(PullRequest::Since(end)).await.unwrap();
    assert_eq!(pulls.folder().export().unwrap()[1].manifest.failed, ["2"], "{pulled:?}");
    assert_eq!(gone_orders(&pulls.folder().export().unwrap()), [1]);
}

#[tokio::test]
async fn a_full_pull_names_the_orders_that_are_gone() {
    let pulls = Pulls::of(WooOptions::default(), orders(120)).await;
    pulls.full().await;
    pulls.shop.change(|orders| {
        orders.remove(&30);
        orders.get_mut(&31).unwrap().status = "trash".to_owned();
    });
    assert_eq!(pulls.full().await.manifest.gone, [30]);
    assert_eq!(pulls.full().await.manifest.gone, [0_u64; 0]);
}

#[tokio::test]
async fn an_order_that_was_gone_before_is_looked_for_again() {
    let mut pulls = Pulls::of(WooOptions::default(), orders(20)).await;
    pulls.full().await;
    pulls.options.gone_before = vec![7.into(), 700.into()];
    assert_eq!(pulls.full().await.manifest.gone, [700]);
}
