//! Shops over TLS.

use super::super::options::PullRequest;
use super::super::*;
use super::{Pulls, orders};
use crate::simulator::tests::encrypted::{authority, front};
use crate::simulator::woocommerce::{WooCommerce, WooOptions};
use std::path::Path;
use std::sync::Arc;

/// A pull of a shop at this address, by the authorities in a file.
async fn pulled(
    mut pulls: Pulls<WooCommerce>,
    url: &str,
    ca_file: &Path,
) -> Result<PulledWindow, PullError> {
    pulls.options.url = url.to_owned();
    pulls.options.ca_file = Some(ca_file.to_owned());
    pulls.pull(PullRequest::Full).await
}

#[tokio::test]
async fn a_shop_whose_certificate_is_trusted_is_pulled_and_another_one_gets_no_key() {
    let (ours, stranger) = (authority(), authority());
    for (config, host, is_trusted, what) in [
        (&ours.config, "localhost", true, ""),
        (
            &stranger.config,
            "localhost",
            false,
            "its certificate is not trusted: no trusted authority has signed it",
        ),
        (
            &ours.config,
            "127.0.0.1",
            false,
            "its certificate is not trusted: it is for another host name",
        ),
    ] {
        let pulls = Pulls::of(WooOptions::default(), orders(3)).await;
        let url = front(Arc::clone(config), &pulls.shop.url()).await.replace("localhost", host);
        let pulled = pulled(pulls, &url, ours.pem.path()).await;
        assert_eq!(pulled.is_ok(), is_trusted, "{pulled:?}");
        let Err(error) = pulled else { continue };
        assert!(matches!(error, PullError::Refused { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(what) && text.contains("ca_file"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_shop_is_named_without_the_texts_of_libraries() {
    let ours = authority();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let refused = "could not connect to 127.0.0.1: connection refused; check the address";
    let unknown = "could not resolve the host name shop.invalid; check the address";
    for (url, what) in [
        (format!("https://127.0.0.1:{port}"), refused),
        ("https://shop.invalid".to_owned(), unknown),
    ] {
        let pulls = Pulls::of(WooOptions::default(), orders(3)).await;
        let error = pulled(pulls, &url, ours.pem.path()).await.unwrap_err().to_string();
        assert!(error.contains(what) && !error.contains("os error"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_port_that_is_not_encrypted_is_said_to_be_so() {
    let ours = authority();
    let pulls = Pulls::of(WooOptions::default(), orders(3)).await;
    let url = pulls.shop.url().replace("http:", "https:");
    let error = pulled(pulls, &url, ours.pem.path()).await.unwrap_err().to_string();
    assert!(error.contains("does not speak TLS"), "{error}");
}
