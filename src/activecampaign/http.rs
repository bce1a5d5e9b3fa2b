//! The transport over the network, the only file that speaks HTTP. It distinguishes requests that
//! cannot have left this machine from those that may have arrived, and leaves the rest to its
//! callers.

use super::options::{Base, ClientError, Options};
use super::transport::{NotConnected, Response, ResponseFuture, Transport, TransportError};
use crate::domain::{NotConnectedCause, causes, certificate_fault, interned};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Certificate, Method, redirect, retry};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::ExposeSecret;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The longest answer read, in bytes; a page of 100 orders has about 100 KB.
pub(super) const ANSWER_LEN_MAX: usize = 8 * 1024 * 1024;
/// Connections stay warm between sends of the slowest pace: cold ones arrive late.
const POOL_IDLE: Duration = Duration::from_secs(90);
const POOL_LEN_MAX: usize = 16;
const KEEPALIVE: Duration = Duration::from_secs(30);
/// After this, a new client reads the system's authorities again.
const AUTHORITIES_FOR: Duration = Duration::from_secs(3600);

pub(super) struct Http {
    client: reqwest::Client,
    root: String,
    host: &'static str,
}

impl Http {
    /// The one place where clients are built.
    pub(super) fn new(options: &Options, base: Base) -> Result<Self, ClientError> {
        // reqwest uses the provider of the process and panics without one. A second install fails
        // harmlessly.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut token = HeaderValue::from_str(options.token.expose_secret().trim())
            .map_err(|_| ClientError::Token)?;
        if token.is_empty() {
            return Err(ClientError::Token);
        }
        token.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("api-token"), token);
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("ordersync/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .https_only(base.encrypted)
            .timeout(Duration::from_millis(options.timeout_ms))
            .connect_timeout(Duration::from_millis(options.connect_timeout_ms))
            .pool_idle_timeout(POOL_IDLE)
            .pool_max_idle_per_host(POOL_LEN_MAX)
            .tcp_keepalive(KEEPALIVE);
        if base.loopback {
            builder = builder.no_proxy();
        }
        builder = match authorities(options, &base)? {
            Some(authorities) => builder.tls_certs_only(authorities),
            None => builder.tls_backend_preconfigured(by_the_system()?),
        };
        let client = builder.build().map_err(|error| setup_error(&error))?;
        Ok(Self { client, root: base.root, host: interned(&base.host) })
    }
}

impl Transport for Http {
    fn send<'a>(&'a self, method: Method, path: &str, body: Option<Vec<u8>>) -> ResponseFuture<'a> {
        let mut request = self.client.request(method, format!("{}{path}", self.root));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        Box::pin(async move {
            let response = request.send().await.map_err(|error| what_broke(&error, self.host))?;
            Ok(Response {
                status: response.status().as_u16(),
                headers: response.headers().clone(),
                body: body_of(response).await,
            })
        })
    }
}

/// The authorities to trust; `None` for the system's. A plain connection needs none, so that it
/// works on systems without a store.
fn authorities(options: &Options, base: &Base) -> Result<Option<Vec<Certificate>>, ClientError> {
    let Some(path) = &options.ca_file else {
        return Ok((!base.encrypted).then(Vec::new));
    };
    let fault = |reason: String| ClientError::CaFile { path: path.clone(), reason };
    let pem = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    let found =
        Certificate::from_pem_bundle(&pem).map_err(|_| fault("can't be read as PEM".to_owned()))?;
    if found.is_empty() {
        return Err(fault("holds no certificate".to_owned()));
    }
    Ok(Some(found))
}

/// A configuration with the system's authorities, shared by all clients: a copy takes 100 kB.
fn by_the_system() -> Result<ClientConfig, ClientError> {
    static SHARED: Mutex<Option<(Instant, ClientConfig)>> = Mutex::new(None);
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, config)) = shared.as_ref().filter(|(at, _)| at.elapsed() < AUTHORITIES_FOR) {
        return Ok(config.clone());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| setup_error(&error))?
        .with_no_client_auth();
    *shared = Some((Instant::now(), config.clone()));
    Ok(config)
}

fn setup_error(error: &(dyn Error + 'static)) -> ClientError {
    let texts: Vec<String> = causes(error).map(ToString::to_string).collect();
    if texts.iter().any(|text| text.contains("No CA certificates")) {
        return ClientError::NoAuthorities;
    }
    ClientError::Setup(texts.join(": "))
}

/// Connecting comes before sending, so a failure there means that nothing was carried out.
fn what_broke(error: &reqwest::Error, host: &'static str) -> TransportError {
    if let Some(why) = certificate_fault(error) {
        TransportError::Untrusted(why)
    } else if error.is_connect() || error.is_builder() {
        TransportError::NotSent(NotConnected { why: why_not_connected(error), host })
    } else if error.is_timeout() {
        TransportError::TimedOut
    } else {
        TransportError::ConnectionLost
    }
}

fn why_not_connected(error: &reqwest::Error) -> NotConnectedCause {
    if error.is_timeout() { NotConnectedCause::TimedOut } else { NotConnectedCause::of(error) }
}

async fn body_of(mut response: reqwest::Response) -> Result<Vec<u8>, &'static str> {
    // reqwest has undone the encodings that it asked for, and removed the header.
    let is_encoded = |encoding: &HeaderValue| !encoding.is_empty() && encoding != "identity";
    if response.headers().get(CONTENT_ENCODING).is_some_and(is_encoded) {
        return Err("answer_compressed");
    }
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > ANSWER_LEN_MAX => {
                return Err("answer_too_large");
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) if error.is_timeout() => return Err("timed_out"),
            Err(_) => return Err("answer_cut"),
        }
    }
}
