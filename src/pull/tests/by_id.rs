use super::super::*;
use crate::simulator::single_orders::{SingleOrderApi, SingleOrders};
use flate2::read::GzDecoder;
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

struct ById {
    shop: SingleOrders,
    options: Options,
    dir: TempDir,
}

impl ById {
    /// A shop with the orders and a list of ids.
    async fn of(api: SingleOrderApi, list: &str) -> Self {
        let orders: BTreeMap<String, u64> = (1..=7).map(|n| (format!("A-{n}"), 1000 + n)).collect();
        let shop = SingleOrders::start(api, "token", orders).await.unwrap();
        let dir = TempDir::new().unwrap();
        let ids = dir.path().join("ids.csv");
        fs::write(&ids, list).unwrap();
        let api = match api {
            SingleOrderApi::ExpertSender => ByIdApi::ExpertSender,
            SingleOrderApi::Fast => ByIdApi::Fast { app_id: "app".to_owned() },
        };
        let options = Options {
            url: shop.url(),
            source: Source::ById { api, token: "token".into(), ids },
            ca_file: None,
            since: None,
            overlap: SignedDuration::ZERO,
            full_every: SignedDuration::from_hours(24),
            gone_before: Vec::new(),
        };
        Self { shop, options, dir }
    }

    async fn pull(&self) -> Result<PulledWindow, PullError> {
        let folder = Folder::open(self.dir.path().join("pulls")).unwrap();
        pull(&self.options, false, &folder, CancellationToken::new()).await
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
async fn each_id_is_asked_for_once_and_an_unknown_one_is_counted() {
    let lists = ["A-1\nA-2\n\nA-2\nB-9\n", "name,order_id\nann,A-1\nbob,A-2\ncyd,B-9\n"];
    for api in [SingleOrderApi::ExpertSender, SingleOrderApi::Fast] {
        for list in lists {
            let shop = ById::of(api, list).await;
            let window = shop.pull().await.unwrap();
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
        let shop = ById::of(api, "A-1\nA-2\n").await;
        shop.shop.echo("A-1");
        let error = shop.pull().await.unwrap_err().to_string();
        assert!(error.contains("to a question about A-2"), "{error}");
    }
}

#[tokio::test]
async fn a_token_that_is_refused_ends_the_pull_at_once() {
    for api in [SingleOrderApi::ExpertSender, SingleOrderApi::Fast] {
        let mut shop = ById::of(api, "A-1\nA-2\n").await;
        let Source::ById { token, .. } = &mut shop.options.source else { panic!() };
        *token = "other".into();
        assert!(matches!(shop.pull().await.unwrap_err(), PullError::Refused { .. }));
        assert_eq!(shop.shop.requests(), 1);
    }
}

#[tokio::test]
async fn a_list_without_ids_is_refused_before_the_first_request() {
    for list in ["", "\n\n", "name,total\nann,5\n", "name;total\nann;5\n", "order_id\n"] {
        let shop = ById::of(SingleOrderApi::ExpertSender, list).await;
        assert!(matches!(shop.pull().await.unwrap_err(), PullError::Settings { .. }), "{list}");
        assert_eq!(shop.shop.requests(), 0);
    }
}

#[tokio::test]
async fn a_shop_that_knows_none_of_the_ids_is_another_one() {
    let shop = ById::of(SingleOrderApi::ExpertSender, "B-1\nB-2\n").await;
    let error = shop.pull().await.unwrap_err().to_string();
    assert!(error.contains("no order for any of the ids"), "{error}");
}
