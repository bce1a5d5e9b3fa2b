use super::super::options::PullRequest;
use super::super::*;
use super::Pulls;
use super::hosts::host_faults;
use crate::simulator::single_orders::{SingleOrderApi, SingleOrders};
use flate2::read::GzDecoder;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;

impl Pulls<SingleOrders> {
    /// A shop with the orders and a list of ids.
    async fn by_id(api: SingleOrderApi, list: &str) -> Self {
        let orders: BTreeMap<String, u64> = (1..=7).map(|n| (format!("A-{n}"), 1000 + n)).collect();
        let shop = SingleOrders::start(api, "token", orders).await.unwrap();
        let (system, secret) = match api {
            SingleOrderApi::ExpertSender => (&by_id::EXPERTSENDER, "token"),
            SingleOrderApi::Fast => (&by_id::FAST, "session"),
        };
        let access = Access::default().with("app_id", "app").with_secret(secret, "token");
        let url = shop.url();
        let mut pulls = Self::from(shop, url, system, access);
        let path = pulls.dir.path().join("ids.csv");
        fs::write(&path, list).unwrap();
        pulls.options.access = pulls.options.access.with_ids(path);
        pulls
    }
}

fn lines_of(window: &PulledWindow) -> usize {
    let mut text = String::new();
    for file in window.files() {
        GzDecoder::new(File::open(file).unwrap()).read_to_string(&mut text).unwrap();
    }
    text.lines().count()
}

#[tokio::test]
async fn each_id_is_requested_once_and_an_unknown_one_is_counted() {
    let lists = ["A-1\nA-2\n\nA-2\nB-9\n", "name,order_id\nann,A-1\nbob,A-2\ncyd,B-9\n"];
    for api in [SingleOrderApi::ExpertSender, SingleOrderApi::Fast] {
        for list in lists {
            let shop = Pulls::by_id(api, list).await;
            let window = shop.pull(PullRequest::Full).await.unwrap();
            assert_eq!(
                (window.manifest.orders, lines_of(&window), shop.shop.requests()),
                (2, 2, 3)
            );
            let [warning] = window.manifest.warnings.as_slice() else { panic!() };
            assert!(warning.contains("no order of 1 of 3 ids, such as B-9"), "{warning}");
            assert_eq!(shop.shop.violations(), [""; 0]);
        }
    }
}

#[tokio::test]
async fn an_answer_about_another_order_ends_the_pull() {
    for api in [SingleOrderApi::ExpertSender, SingleOrderApi::Fast] {
        let shop = Pulls::by_id(api, "A-1\nA-2\n").await;
        shop.shop.echo("A-1");
        let error = shop.pull(PullRequest::Full).await.unwrap_err().to_string();
        assert!(error.contains("to a question about A-2"), "{error}");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_ends_the_pull_at_once() {
    for api in [SingleOrderApi::ExpertSender, SingleOrderApi::Fast] {
        let mut shop = Pulls::by_id(api, "A-1\nA-2\n").await;
        let access = shop.options.access.clone();
        shop.options.access = access.with_secret("token", "other").with_secret("session", "other");
        assert!(matches!(
            shop.pull(PullRequest::Full).await.unwrap_err(),
            PullError::Refused { .. }
        ));
        assert_eq!(shop.shop.requests(), 1);
    }
}

#[tokio::test]
async fn a_list_without_ids_is_refused_before_the_first_request() {
    for list in ["", "\n\n", "name,total\nann,5\n", "name;total\nann;5\n", "order_id\n"] {
        let shop = Pulls::by_id(SingleOrderApi::ExpertSender, list).await;
        assert!(
            matches!(shop.pull(PullRequest::Full).await.unwrap_err(), PullError::Settings { .. }),
            "{list}"
        );
        assert_eq!(shop.shop.requests(), 0);
    }
}

#[tokio::test]
async fn a_shop_that_knows_none_of_the_ids_is_another_one() {
    let shop = Pulls::by_id(SingleOrderApi::ExpertSender, "B-1\nB-2\n").await;
    let error = shop.pull(PullRequest::Full).await.unwrap_err().to_string();
    assert!(error.contains("no order for any of the ids"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn after_any_fault_an_order_is_complete_or_the_pull_fails() {
    for api in [SingleOrderApi::ExpertSender, SingleOrderApi::Fast] {
        for (fault, is_fatal) in host_faults() {
            let shop = Pulls::by_id(api, "A-1\nA-2\n").await;
            shop.shop.fail_next(fault.clone());
            let pulled = shop.pull(PullRequest::Full).await;
            assert_eq!(pulled.is_err(), is_fatal, "{fault:?}: {pulled:?}");
            let window = shop.pull(PullRequest::Full).await.unwrap();
            assert_eq!((window.manifest.orders, lines_of(&window)), (2, 2), "{fault:?}");
        }
    }
}
