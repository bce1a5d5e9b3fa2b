use super::target::{Say, client, converse, customer, json, turn};
use crate::activecampaign::options::ClientError;
use crate::activecampaign::{Client, Disposition, FatalError, Options};
use crate::domain::RemoteId;
use crate::simulator::tests::encrypted::{authority, authority_of};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tempfile::NamedTempFile;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// An encrypted target that answers every request with customer 42. Returns its address and what it
/// has read.
async fn target(config: Arc<ServerConfig>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = TlsAcceptor::from(Arc::clone(&config));
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let script =
                    |_: usize, _: &str| -> Say { json(201, r#"{"ecomCustomer":{"id":"42"}}"#) };
                if let Ok(stream) = acceptor.accept(stream).await {
                    converse(stream, Arc::new(script), seen).await;
                }
            });
        }
    });
    (url, requests)
}

pub fn options(url: &str, ca_file: &Path) -> Options {
    Options {
        ca_file: Some(ca_file.to_owned()),
        attempts_max: 1,
        ..Options::new(url, "s3cret-t0ken".into())
    }
}

#[tokio::test]
async fn a_target_signed_by_the_authority_in_ca_file_is_trusted() {
    let authority = authority();
    let (url, requests) = target(Arc::clone(&authority.config)).await;
    let client = client(options(&url, authority.pem.path()));
    let created = turn(&client).await.create_customer(&RemoteId::new("3"), &customer()).await;
    assert_eq!(created, Ok(RemoteId::new("42")));
    assert_eq!(requests.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_target_signed_by_anyone_else_ends_the_run_and_gets_nothing() {
    let (stranger, ours) = (authority(), authority());
    let (url, requests) = target(Arc::clone(&stranger.config)).await;
    let client = client(options(&url, ours.pem.path()));
    let failure =
        turn(&client).await.create_customer(&RemoteId::new("3"), &customer()).await.unwrap_err();
    assert_eq!(
        failure.disposition,
        Disposition::Stop(FatalError::Tls {
            cause: "no trusted authority has signed it; check the address in the settings, or name the \
                    authority's file in ca_file"
        })
    );
    assert!(requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_certificate_for_another_host_ends_the_run() {
    let authority = authority();
    let (url, requests) = target(Arc::clone(&authority.config)).await;
    let client = client(options(&url.replace("localhost", "127.0.0.1"), authority.pem.path()));
    let failure =
        turn(&client).await.create_customer(&RemoteId::new("3"), &customer()).await.unwrap_err();
    assert_eq!(
        failure.disposition,
        Disposition::Stop(FatalError::Tls {
            cause: "it is for another host name; check the address in the settings"
        })
    );
    assert!(requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_self_signed_certificate_in_ca_file_is_refused_with_what_to_do() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let own = params.self_signed(&key).unwrap();
    let mut pem = NamedTempFile::new().unwrap();
    pem.write_all(own.pem().as_bytes()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(
        vec![own.der().clone()],
        PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
    );
    let (url, requests) = target(Arc::new(config.unwrap())).await;
    let failure = client(options(&url, pem.path())).connections().await.unwrap_err();
    let message = failure.to_string();
    assert!(message.contains("self-signed") && message.contains("ca_file"), "{message}");
    assert!(requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_certificate_out_of_its_time_is_refused_with_the_clock_as_a_cause() {
    for (from, until, expected) in [(2019, 2020, "it has expired"), (2190, 2191, "not valid yet")] {
        let authority = authority_of(|leaf| {
            leaf.not_before = date_time_ymd(from, 1, 1);
            leaf.not_after = date_time_ymd(until, 1, 1);
        });
        let (url, requests) = target(Arc::clone(&authority.config)).await;
        let failure = client(options(&url, authority.pem.path())).connections().await.unwrap_err();
        let message = failure.to_string();
        assert!(message.contains(expected) && message.contains("the clock"), "{message}");
        assert!(requests.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_answer_without_encryption_is_named_as_one() {
    let ours = authority();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let plain = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, plain).await;
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 1024]).await;
        }
    });
    let failure = client(options(&url, ours.pem.path())).connections().await.unwrap_err();
    assert!(failure.cause.contains("could not agree on TLS"), "{}", failure.cause);
    assert!(!failure.advice().is_empty());
}

#[tokio::test]
async fn a_handshake_that_hangs_has_sent_nothing() {
    let ours = authority();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let client = client(Options { connect_timeout_ms: 100, ..options(&url, ours.pem.path()) });
    let failure =
        turn(&client).await.create_customer(&RemoteId::new("3"), &customer()).await.unwrap_err();
    assert_eq!(
        (failure.disposition, failure.code.as_deref()),
        (Disposition::Again, Some("not_connected"))
    );
}

#[test]
fn a_ca_file_without_certificates_is_named() {
    let mut empty = NamedTempFile::new().unwrap();
    writeln!(empty, "nothing here").unwrap();
    for path in [empty.path(), Path::new("/no/such/file.pem")] {
        let refused =
            Client::new(options("https://localhost:1", path), Box::new(|_| {})).unwrap_err();
        assert!(matches!(refused, ClientError::CaFile { .. }));
        assert!(refused.to_string().contains(&path.display().to_string()), "{refused}");
    }
}

/// Run it with `SSL_CERT_FILE` and `SSL_CERT_DIR` pointing nowhere to see the other half.
#[test]
fn a_system_without_authorities_is_reported_how_to_get_them() {
    match Client::new(Options::new("https://shop.example", "t".into()), Box::new(|_| {})) {
        Ok(_) => {}
        Err(error) => {
            assert!(matches!(error, ClientError::NoAuthorities), "{error}");
            assert!(
                error.to_string().contains("SSL_CERT_FILE")
                    && error.to_string().contains("ca_file")
            );
        }
    }
    assert!(Client::new(Options::new("http://127.0.0.1:1", "t".into()), Box::new(|_| {})).is_ok());
}
