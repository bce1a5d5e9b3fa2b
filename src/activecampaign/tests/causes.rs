//! Messages about faults on the way to ActiveCampaign.

use super::encrypted;
use super::target::{Say, Target, client, json, order, turn};
use crate::activecampaign::{Client, Disposition, Failure, FatalError, Options, SendGuard};
use crate::domain::RemoteId;
use crate::simulator::tests::encrypted::authority;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpSocket};

const LIST: &str = r#"{"connections":[{"id":"3","service":"shopify"}],"meta":{"total":"1"}}"#;

async fn listed(client: &Client) -> Result<String, Failure> {
    Ok(client.connections().await?[0].id.to_string())
}

/// The message for an answer with this body.
async fn message_for(body: Vec<u8>, headers: &'static str) -> String {
    let target = Target::start(move |_, _| Say::Bytes(headers, body.clone())).await;
    listed(&target.client()).await.unwrap_or_else(|failure| failure.to_string())
}

#[tokio::test]
async fn a_compressed_response_is_read() {
    let (mut gz, mut zlib) = (Vec::new(), Vec::new());
    GzEncoder::new(&mut gz, Compression::fast()).write_all(LIST.as_bytes()).unwrap();
    ZlibEncoder::new(&mut zlib, Compression::fast()).write_all(LIST.as_bytes()).unwrap();
    assert_eq!(message_for(gz.clone(), "Content-Encoding: gzip\r\n").await, "3");
    assert_eq!(message_for(zlib, "Content-Encoding: deflate\r\n").await, "3");
    for headers in ["Content-Encoding: br\r\n", ""] {
        let said = message_for(gz.clone(), headers).await;
        assert!(said.contains("in a compression that was not asked for"), "{said}");
    }
    let said = message_for(gz[..gz.len() / 2].to_vec(), "Content-Encoding: gzip\r\n").await;
    assert!(said.contains("breaks off"), "{said}");
}

#[tokio::test]
async fn a_compressed_response_is_bounded() {
    let mut gz = Vec::new();
    GzEncoder::new(&mut gz, Compression::fast()).write_all(&vec![b' '; 32 << 20]).unwrap();
    let said = message_for(gz, "Content-Encoding: gzip\r\n").await;
    assert!(said.contains("too large"), "{said}");
}

#[tokio::test]
async fn a_byte_order_mark_and_blank_lines_do_no_harm() {
    for before in ["\u{feff}", "\r\n\n ", "\n\u{feff}\n", "\u{feff}\r\n\t"] {
        assert_eq!(
            message_for(format!("{before}{LIST}\n").into_bytes(), "").await,
            "3",
            "{before:?}"
        );
    }
}

#[tokio::test]
async fn text_that_is_not_json_is_named() {
    let php =
        "<br />\n<b>Warning</b>:  Undefined array key in <b>/x.php</b> on line <b>3</b><br />\n";
    let page = "<!DOCTYPE html><html><body>Welcome to ann@example.com</body></html>";
    for (body, expected) in [
        (format!("{php}{LIST}"), "a message of PHP beside its JSON"),
        (format!("{LIST}{php}"), "a message of PHP beside its JSON"),
        (format!("PHP Notice: x in /x.php\n{LIST}"), "a message of PHP beside its JSON"),
        (page.to_owned(), "a web page in place of a response; check url"),
        (" \n".to_owned(), "an empty response"),
        ("OK ann@example.com".to_owned(), "not the JSON expected"),
    ] {
        let said = message_for(body.into_bytes(), "").await;
        assert!(said.contains(expected) && !said.contains("ann@"), "{said}");
    }
}

/// The error that ends the run if every answer is this one.
async fn ends_by(status: u16, body: &'static str) -> FatalError {
    let target = Target::start(move |_, _| json(status, body)).await;
    let client = target.client();
    for _ in 0..20 {
        let sent = turn(&client).await.create_order(&id("3"), &id("7"), &order()).await;
        if let Disposition::Stop(stop) = sent.unwrap_err().disposition {
            return stop;
        }
    }
    panic!("{status} goes on");
}

fn id(text: &str) -> RemoteId {
    RemoteId::new(text)
}

#[tokio::test]
async fn a_challenge_page_does_not_count_as_a_bad_token() {
    let challenge = "<!DOCTYPE html><html><head><title>Just a moment...</title></head></html>";
    for status in [200, 403, 503] {
        assert_eq!(ends_by(status, challenge).await, FatalError::Blocked);
    }
    assert_eq!(ends_by(403, "<html><h1>403 Forbidden</h1></html>").await, FatalError::Blocked);
    assert_eq!(ends_by(403, r#"{"message":"no"}"#).await, FatalError::Credentials);
    let message = FatalError::Blocked.to_string();
    assert!(message.contains("browser check") && message.contains("token"), "{message}");
}

#[tokio::test]
async fn other_refusals_name_their_status() {
    for status in [405, 409, 410, 418, 451] {
        let message = ends_by(status, "{}").await.to_string();
        assert!(message.contains(&format!("status {status}")), "{message}");
    }
    assert!(ends_by(402, "{}").await.to_string().contains("payment"));
    for status in [400, 413, 414] {
        let target = Target::start(move |_, _| json(status, "{}")).await;
        let message = listed(&target.client()).await.unwrap_err().to_string();
        assert!(message.contains(&status.to_string()) && message.contains("rejects"), "{message}");
    }
}

#[tokio::test]
async fn a_host_that_can_not_be_reached_is_named_with_its_cause() {
    let authority = authority();
    let unknown = encrypted::options("https://nowhere.invalid", authority.pem.path());
    let unknown = client(Options { attempts_max: 8, ..unknown });
    let message = listed(&unknown).await.unwrap_err().to_string();
    assert!(message.contains("could not resolve the host name nowhere.invalid"), "{message}");

    let taken = TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", taken.local_addr().unwrap());
    let refused = client(Options { attempts_max: 1, ..Options::new(url, "t".into()) });
    let message = listed(&refused).await.unwrap_err().to_string();
    let host = taken.local_addr().unwrap();
    let expected = format!("could not connect to {host}: connection refused");
    assert!(message.contains(&expected), "{message}");

    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", plain.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = plain.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    let message = listed(&client(encrypted::options(&url, authority.pem.path()))).await;
    let message = message.unwrap_err().to_string();
    let host = url.trim_start_matches("https://");
    assert!(message.contains(&format!("could not agree on TLS with {host}")), "{message}");
}

#[tokio::test]
async fn after_the_guard_says_no_nothing_is_sent() {
    let target = Target::always(200, LIST).await;
    let allowed = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&allowed);
    let guard = SendGuard::new(move || asked.load(Ordering::Relaxed));
    let client = client(Options { guard: Some(guard), ..target.options() });
    assert_eq!(listed(&client).await.unwrap(), "3");
    let held = turn(&client).await;
    allowed.store(false, Ordering::Relaxed);
    let customer = super::target::customer();
    let failure = held.create_customer(&RemoteId::new("3"), &customer).await.unwrap_err();
    assert_eq!(failure.disposition, Disposition::Stop(FatalError::Withheld));
    assert!(listed(&client).await.is_err());
    // A lease that another node took does not return to this run.
    allowed.store(true, Ordering::Relaxed);
    assert_eq!(client.turn().await.err(), Some(FatalError::Withheld));
    assert_eq!(target.requests().len(), 1);
}
