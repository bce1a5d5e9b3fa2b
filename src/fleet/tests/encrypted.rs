//! A database over TLS.

use super::postgres::Postgres;
use crate::fleet::{Database, FleetError};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// A server with a certificate for `localhost`, and the authority that signed it.
struct Encrypted {
    _postgres: Postgres,
    port: u16,
    authority: PathBuf,
    dir: TempDir,
}

/// Creates an authority's file, and with it the certificate and the key of a server.
fn certify(dir: &Path) -> PathBuf {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let (key, of_server) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let authority = dir.join("authority.pem");
    std::fs::write(&authority, params.self_signed(&key).unwrap().pem()).unwrap();
    let server = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let signed = server.signed_by(&of_server, &Issuer::new(params, key)).unwrap();
    std::fs::write(dir.join("server.pem"), signed.pem()).unwrap();
    std::fs::write(dir.join("server.key"), of_server.serialize_pem()).unwrap();
    authority
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Encrypted {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let authority = certify(dir.path());
        let key = dir.path().join("server.key");
        std::fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
        Postgres::give(dir.path());
        Postgres::give(&key);
        let port = free_port();
        let file = |name: &str, file: &str| format!("{name}={}", dir.path().join(file).display());
        let (certificate, key) =
            (file("ssl_cert_file", "server.pem"), file("ssl_key_file", "server.key"));
        let settings = ["listen_addresses=127.0.0.1", "ssl=on", &certificate, &key];
        let _postgres = Postgres::start_with(port, &settings);
        Self { _postgres, port, authority, dir }
    }

    async fn reached(
        &self,
        host: &str,
        options: &str,
        ca_file: Option<&Path>,
    ) -> Result<(), FleetError> {
        let url = format!("postgres://ordersync@{host}:{}/postgres{options}", self.port);
        let ca_file = ca_file.map(Path::to_owned);
        Database::new(&url.into(), ca_file, Duration::from_secs(10))?.migrate().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_server_with_a_certificate_for_its_name_by_a_trusted_authority_is_spoken_to() {
    let server = Encrypted::start();
    let ours = Some(server.authority.as_path());
    let other = tempfile::tempdir().unwrap();
    let strangers = certify(other.path());
    for mode in ["require", "verify-ca", "verify-full"] {
        let options = format!("?sslmode={mode}");
        server.reached("localhost", &options, ours).await.unwrap();
        for (host, ca_file, why) in [
            ("127.0.0.1", ours, "it is for another host name"),
            ("localhost", Some(strangers.as_path()), "no trusted authority has signed it"),
            ("localhost", None, "no trusted authority has signed it"),
        ] {
            let error = server.reached(host, &options, ca_file).await.unwrap_err();
            assert!(
                matches!(error, FleetError::Untrusted(found) if found.starts_with(why)),
                "{error}"
            );
            assert!(
                !error.is_unavailable() && error.to_string().contains("fleet.ca_file"),
                "{error}"
            );
        }
    }
    for (file, what) in [("nowhere.pem", "nowhere.pem"), ("server.key", "holds no certificate")] {
        let ca_file = server.dir.path().join(file);
        let error = server.reached("localhost", "?sslmode=require", Some(&ca_file)).await;
        let error = error.unwrap_err();
        assert!(matches!(error, FleetError::Authorities(_)), "{error}");
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_tls_is_refused_and_nothing_leaves_the_machine_in_the_clear() {
    let port = free_port();
    let _postgres = Postgres::start_with(port, &["listen_addresses=127.0.0.1"]);
    let url = format!("postgres://ordersync@127.0.0.1:{port}/postgres");
    let new = |url: &str| Database::new(&url.to_owned().into(), None, Duration::from_secs(10));
    new(&url).unwrap().migrate().await.unwrap();
    let error = new(&format!("{url}?sslmode=require")).unwrap().migrate().await.unwrap_err();
    assert!(error.to_string().contains("does not support TLS"), "{error}");
    for elsewhere in ["db.example.com/postgres?", "localhost/postgres?hostaddr=192.0.2.1&"] {
        let url = format!("postgres://ordersync@{elsewhere}sslmode=disable");
        assert!(matches!(new(&url), Err(FleetError::NotEncrypted)), "{elsewhere}");
    }
}
