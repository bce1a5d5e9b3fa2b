//! Bytes out, bytes in: the only file that speaks HTTP. It judges nothing, it only tells what could not have left
//! this machine from what may have arrived.

use super::options::{Base, ClientError, Options};
use super::pacer::Budget;
use super::verdict::Happened;
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Method, Response, redirect, retry};
use secrecy::ExposeSecret;
use std::error::Error;
use std::io;
use std::time::Duration;

/// The longest answer read, in bytes; a page of 100 orders has about 100 KB.
pub(super) const ANSWER_LEN_MAX: usize = 8 * 1024 * 1024;
/// The longest Retry-After believed, so that no sum of instants overflows; far above any `wait_max_ms`.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(365 * 24 * 3600);
/// Connections stay warm between sends of the slowest pace: cold ones arrive late.
const POOL_IDLE: Duration = Duration::from_secs(90);
const POOL_LEN_MAX: usize = 16;
const KEEPALIVE: Duration = Duration::from_secs(30);

pub(super) struct Transport {
    http: reqwest::Client,
    root: String,
}

/// An answer whose head has arrived.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) budget: Option<Budget>,
    /// Or why it could not be read to its end.
    pub(super) body: Result<Vec<u8>, &'static str>,
}

impl Transport {
    /// The one place where clients are built.
    pub(super) fn new(options: &Options, base: Base) -> Result<Self, ClientError> {
        // reqwest takes the process' provider and panics without one. A second install is refused, harmlessly.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut token =
            HeaderValue::from_str(options.token.expose_secret().trim()).map_err(|_| ClientError::Token)?;
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
        if let Some(authorities) = authorities(options, &base)? {
            builder = builder.tls_certs_only(authorities);
        }
        let http = builder.build().map_err(|error| setup_error(&error))?;
        Ok(Self { http, root: base.root })
    }

    /// Sends once. `path` begins with a slash and is encoded already.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<Reply, Happened> {
        let mut request = self.http.request(method, format!("{}{path}", self.root));
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let response = request.send().await.map_err(|error| what_broke(&error))?;
        let headers = response.headers();
        Ok(Reply {
            status: response.status().as_u16(),
            retry_after: retry_after(headers),
            budget: budget(headers),
            body: body_of(response).await,
        })
    }
}

/// What to trust, where it is not the system's store. A plain connection trusts nobody, so that it works on systems
/// without a store.
fn authorities(options: &Options, base: &Base) -> Result<Option<Vec<Certificate>>, ClientError> {
    let Some(path) = &options.ca_file else {
        return Ok((!base.encrypted).then(Vec::new));
    };
    let fault = |reason: String| ClientError::CaFile { path: path.clone(), reason };
    let pem = std::fs::read(path).map_err(|error| fault(error.to_string()))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|_| fault("can't be read as PEM".to_owned()))?;
    if found.is_empty() {
        return Err(fault("holds no certificate".to_owned()));
    }
    Ok(Some(found))
}

fn setup_error(error: &reqwest::Error) -> ClientError {
    let texts: Vec<String> = causes(error).map(ToString::to_string).collect();
    if texts.iter().any(|text| text.contains("No CA certificates")) {
        return ClientError::NoAuthorities;
    }
    ClientError::Setup(texts.join(": "))
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

/// Connecting comes before sending, so whatever breaks there has carried out nothing.
fn what_broke(error: &reqwest::Error) -> Happened {
    if causes(error).any(is_untrusted) {
        Happened::Untrusted
    } else if error.is_connect() || error.is_builder() {
        Happened::NotSent
    } else if error.is_timeout() {
        Happened::Lost("timed_out")
    } else {
        Happened::Lost("connection_lost")
    }
}

/// An I/O error passes over what it wraps when asked for its source, so it is opened here, as often as it is wrapped.
fn is_untrusted(error: &(dyn Error + 'static)) -> bool {
    if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        return is_untrusted(inner);
    }
    matches!(error.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
}

async fn body_of(mut response: Response) -> Result<Vec<u8>, &'static str> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > ANSWER_LEN_MAX => return Err("answer_too_large"),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) if error.is_timeout() => return Err("timed_out"),
            Err(_) => return Err("answer_cut"),
        }
    }
}

/// Seconds, or a date. A date is measured against the answer's own, as clocks differ.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let seconds = text.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(RETRY_AFTER_MAX));
    }
    let date = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    let until = date(text)?;
    let now = headers.get(DATE).and_then(|value| date(value.to_str().ok()?)).unwrap_or_else(Timestamp::now);
    let wait = until.duration_since(now);
    Some(Duration::try_from(wait).unwrap_or_default().min(RETRY_AFTER_MAX))
}

fn budget(headers: &HeaderMap) -> Option<Budget> {
    let number = |name| headers.get(name)?.to_str().ok()?.trim().parse().ok();
    Some(Budget { limit: number("ratelimit-limit")?, remaining: number("ratelimit-remaining")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(pairs: &[(HeaderName, &'static str)]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(name, HeaderValue::from_static(value));
        }
        retry_after(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn a_wait_is_read_as_seconds_and_as_a_date() {
        assert_eq!(wait(&[(RETRY_AFTER, "30")]), Some(30));
        assert_eq!(wait(&[(RETRY_AFTER, " 0 ")]), Some(0));
        assert_eq!(wait(&[(RETRY_AFTER, "99999999999999999999999")]), Some(31_536_000));
        let date = (DATE, "Wed, 21 Oct 2026 07:28:00 GMT");
        assert_eq!(wait(&[date.clone(), (RETRY_AFTER, "Wed, 21 Oct 2026 07:30:00 GMT")]), Some(120));
        assert_eq!(wait(&[date, (RETRY_AFTER, "Wed, 21 Oct 2026 07:00:00 GMT")]), Some(0));
        for unread in ["", "soon", "-5", "1.5"] {
            assert_eq!(wait(&[(RETRY_AFTER, unread)]), None, "{unread}");
        }
        assert_eq!(wait(&[]), None);
    }
}
