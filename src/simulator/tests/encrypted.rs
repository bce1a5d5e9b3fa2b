//! Certificates for tests, and encrypted fronts of simulators.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::io::Write;
use std::sync::Arc;
use tempfile::NamedTempFile;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// An authority and its certificate for this machine.
pub struct Authority {
    pub pem: NamedTempFile,
    pub config: Arc<ServerConfig>,
}

pub fn authority() -> Authority {
    authority_of(|_| {})
}

/// The same with another property of this machine's certificate.
pub fn authority_of(change: impl FnOnce(&mut CertificateParams)) -> Authority {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let root = params.self_signed(&key).unwrap();
    let mut pem = NamedTempFile::new().unwrap();
    pem.write_all(root.pem().as_bytes()).unwrap();
    let issuer = Issuer::new(params, key);
    let leaf_key = KeyPair::generate().unwrap();
    let mut leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    change(&mut leaf);
    let leaf = leaf.signed_by(&leaf_key, &issuer).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::try_from(leaf_key.serialize_der()).unwrap(),
        )
        .unwrap();
    Authority { pem, config: Arc::new(config) }
}

/// Forwards encrypted traffic to the plain address of a simulator, `127.0.0.1:port`. Returns its
/// own address.
pub async fn front(config: Arc<ServerConfig>, plain: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let plain = plain.trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, plain) = (TlsAcceptor::from(Arc::clone(&config)), plain.clone());
            tokio::spawn(async move {
                let Ok(mut outside) = acceptor.accept(stream).await else { return };
                let mut inside = TcpStream::connect(plain).await.unwrap();
                let _ = copy_bidirectional(&mut outside, &mut inside).await;
            });
        }
    });
    url
}
