//! Requests to a shop: one at a time, reading only, never to another host.

use super::body::is_broken_json;
use super::clock::{ShopClock, date_of};
use super::credentials::Credentials;
use super::error::PullError;
use super::options::{Options, ShopSystem};
use super::shop_url::{is_loopback, root_of, same_host, shown};
use crate::domain::{NotConnectedCause, certificate_fault};
use jiff::Timestamp;
use reqwest::header::{ACCEPT, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, StatusCode, Url, retry};
use std::time::Duration;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// The longest answer read, in bytes.
const ANSWER_LEN_MAX: usize = 64 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(120);
/// For a whole file: millions of orders over a slow connection.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(12 * 60 * 60);
/// Between two chunks of a file.
const DOWNLOAD_IDLE_MAX: Duration = Duration::from_secs(60);
/// Between two requests to a host on another machine.
const INTERVAL: Duration = Duration::from_millis(500);
/// Requests for one answer, the first included.
const ATTEMPTS_MAX: u32 = 4;
/// The same if requesting fewer orders may help sooner.
const ATTEMPTS_BEFORE_LESS: u32 = 2;
/// Before the second attempt; doubled before each further one.
const BACKOFF: Duration = Duration::from_secs(1);
/// Orders in a row that a shop may fail to deliver by their ids. After more, the shop counts as
/// unavailable.
pub(super) const FAILED_IN_A_ROW_MAX: usize = 5;
/// A pause at least this long is logged.
const LOGGED_PAUSE_MIN: Duration = Duration::from_secs(10);

pub(super) struct ShopClient {
    client: reqwest::Client,
    root: Url,
    system: &'static ShopSystem,
    credentials: Credentials,
    interval: Duration,
    wait_max: Duration,
    /// When the next request may leave.
    not_before: Instant,
    cancel: CancellationToken,
    pub(super) clock: ShopClock,
    pub(super) requests: u64,
    /// Warnings for the operator.
    pub(super) warnings: Vec<String>,
}

/// A completely received answer. Its status may be that of an error.
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// A header that holds a whole number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.headers.get(name)?.to_str().ok()?.trim().parse().ok()
    }
}

/// Why there is no answer.
pub(super) enum RequestError {
    /// The shop took too long, failed or disconnected: a request for fewer orders may succeed.
    TooMuch(String),
    Fatal(PullError),
}

impl From<PullError> for RequestError {
    fn from(error: PullError) -> Self {
        Self::Fatal(error)
    }
}

impl ShopClient {
    pub(super) fn new(
        options: &Options,
        credentials: Credentials,
        cancel: CancellationToken,
    ) -> Result<Self, PullError> {
        let root = root_of(&options.url)?;
        let is_local = is_loopback(&root);
        // reqwest uses the provider of the process and panics without one. A second install fails
        // harmlessly.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("ordersync/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            .redirect(same_host())
            .retry(retry::never())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TIMEOUT)
            .https_only(root.scheme() == "https");
        if is_local {
            builder = builder.no_proxy();
        }
        if let Some(authorities) = authorities(options, &root)? {
            builder = builder.tls_certs_only(authorities);
        }
        let client = builder.build().map_err(|error| PullError::Settings {
            what: format!("the HTTP client can't be set up: {error}"),
            expected: "CA certificates on this system".to_owned(),
            hint: "install ca-certificates, or set ca_file".to_owned(),
        })?;
        Ok(Self {
            client,
            root,
            system: options.system,
            credentials,
            interval: if is_local { Duration::ZERO } else { INTERVAL },
            wait_max: options.wait_max,
            not_before: Instant::now(),
            cancel,
            clock: ShopClock::default(),
            requests: 0,
            warnings: Vec::new(),
        })
    }

    /// The shop's address as messages and manifests show it.
    pub(super) fn shop(&self) -> String {
        shown(&self.root)
    }

    pub(super) fn set_credentials(&mut self, credentials: Credentials) {
        self.credentials = credentials;
    }

    /// The pause between two polls; callers lengthen it.
    pub(super) fn poll_interval(&self) -> Duration {
        if self.interval.is_zero() { Duration::from_millis(5) } else { Duration::from_secs(2) }
    }

    /// Reads a path below the shop's address.
    pub(super) async fn get(
        &mut self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Answer, RequestError> {
        self.ask(self.client.get(self.address(path, query))).await
    }

    /// Sends a read-only query to an API that accepts queries as bodies.
    pub(super) async fn read(
        &mut self,
        path: &[&str],
        query: &serde_json::Value,
    ) -> Result<Answer, RequestError> {
        let request = self.client.post(self.address(path, &[]));
        let request = request.header(CONTENT_TYPE, "application/json").body(query.to_string());
        self.ask(request).await
    }

    /// Reads a file that the shop put at another address, once and without credentials, in chunks.
    /// Returns the status; the body is only used if it is 200.
    pub(super) async fn download(
        &mut self,
        address: &str,
        mut take: impl FnMut(&[u8]) -> Result<(), RequestError>,
    ) -> Result<StatusCode, RequestError> {
        self.keep_distance().await?;
        self.requests += 1;
        let cancel = self.cancel.clone();
        let read = async {
            let request = self.client.get(address).timeout(DOWNLOAD_TIMEOUT);
            // The address is signed, and stays out of messages.
            let broken = |_| RequestError::TooMuch("broke off in the middle of a file".to_owned());
            let idle = |_| {
                let seconds = DOWNLOAD_IDLE_MAX.as_secs();
                RequestError::TooMuch(format!("sent nothing of a file for {seconds} s"))
            };
            let sent = timeout(DOWNLOAD_IDLE_MAX, request.send()).await.map_err(idle)?;
            let mut response = sent.map_err(broken)?;
            while response.status() == StatusCode::OK {
                let piece = timeout(DOWNLOAD_IDLE_MAX, response.chunk()).await.map_err(idle)?;
                match piece.map_err(broken)? {
                    Some(piece) => take(&piece)?,
                    None => break,
                }
            }
            Ok(response.status())
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(PullError::Interrupted.into()),
            status = read => status,
        }
    }

    async fn ask(&mut self, request: reqwest::RequestBuilder) -> Result<Answer, RequestError> {
        let request = request.build().map_err(|_| self.unusable_credentials())?;
        let (mut busy, mut broken) = (0, 0);
        loop {
            self.keep_distance().await?;
            self.requests += 1;
            let sent = tokio::select! {
                biased;
                () = self.cancel.cancelled() => return Err(PullError::Interrupted.into()),
                sent = self.send(&request) => sent,
            };
            let (what, pause, attempt) = match sent.and_then(|answer| self.accept(answer)) {
                Ok(answer) => return Ok(answer),
                Err(AttemptError::Fatal(error)) => return Err(error.into()),
                Err(AttemptError::Busy { what, pause }) => {
                    busy += 1;
                    if busy == ATTEMPTS_MAX {
                        return Err(self.unavailable(what).into());
                    }
                    (what, pause, busy)
                }
                Err(AttemptError::Cut(what)) => {
                    broken += 1;
                    if broken == ATTEMPTS_BEFORE_LESS {
                        return Err(RequestError::TooMuch(what));
                    }
                    (what, None, broken)
                }
            };
            let wait = pause.unwrap_or(BACKOFF * 2_u32.pow(attempt - 1));
            let seconds = wait.as_secs();
            if wait > self.wait_max {
                let what = format!("{what} and asks for a pause of {seconds} s");
                return Err(self.unavailable(what).into());
            }
            if wait >= LOGGED_PAUSE_MIN {
                tracing::warn!(seconds, "{}: {what}; asking again in {seconds} s", self.shop());
            }
            self.pause(wait).await?;
        }
    }

    /// Takes an answer, unless the shop is to be asked again.
    fn accept(&mut self, answer: Answer) -> Result<Answer, AttemptError> {
        self.clock.note(answer.status, &answer.headers);
        let pause = (self.system.pause)(answer.status, &answer.headers);
        if let Some(pause) = pause {
            let end = Instant::now() + pause.min(self.wait_max);
            self.not_before = self.not_before.max(end);
        }
        let cut = |what: &str| Err(AttemptError::Cut(what.to_owned()));
        match answer.status.as_u16() {
            429 | 503 => {
                let pause = retry_after(&answer).or(pause);
                Err(AttemptError::Busy { what: "is busy or down".to_owned(), pause })
            }
            status @ (499 | 500 | 502 | 504 | 507 | 520..=524) => {
                cut(&format!("answered {status}"))
            }
            200 if answer.body.trim_ascii().is_empty() => cut("answered 200 with nothing in it"),
            200 if is_broken_json(&answer.body) => cut("answered 200 with JSON that breaks off"),
            _ => Ok(answer),
        }
    }

    fn unusable_credentials(&self) -> PullError {
        PullError::Settings {
            what: format!("{}: a key or token has characters that no header carries", self.shop()),
            expected: "the key as the shop shows it".to_owned(),
            hint: "copy it again".to_owned(),
        }
    }

    /// The error of a request that can't be made smaller.
    pub(super) fn fatal(&self, error: RequestError) -> PullError {
        match error {
            RequestError::Fatal(error) => error,
            RequestError::TooMuch(what) => self.unavailable(what),
        }
    }

    pub(super) fn unavailable(&self, what: String) -> PullError {
        let hint = "run it again later; nothing is lost".to_owned();
        PullError::Unavailable { shop: self.shop(), what, hint }
    }

    /// Access was refused to the credentials, or to this machine.
    pub(super) fn refused(&self, what: impl Into<String>, hint: impl Into<String>) -> PullError {
        PullError::Refused { shop: self.shop(), what: what.into(), hint: hint.into() }
    }

    /// An answer that contradicts another one or the documentation.
    pub(super) fn unexpected(&self, what: impl Into<String>, hint: impl Into<String>) -> PullError {
        PullError::Unexpected { shop: self.shop(), what: what.into(), hint: hint.into() }
    }

    fn address(&self, path: &[&str], query: &[(&str, String)]) -> Url {
        let mut url = self.root.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
            // Some servers read a plus sign literally.
            let query = url.query().map(|query| query.replace('+', "%20"));
            url.set_query(query.as_deref());
        }
        self.credentials.address(url)
    }

    async fn send(&self, request: &reqwest::Request) -> Result<Answer, AttemptError> {
        // Bodies are texts, which can be copied.
        let copy = request.try_clone();
        let request = copy.ok_or_else(|| AttemptError::Cut("can't be asked twice".to_owned()))?;
        let request = self.credentials.authorise(&self.client, request, self.clock.now()).build();
        let request = request.map_err(|_| AttemptError::Fatal(self.unusable_credentials()))?;
        let sent = self.client.execute(request).await;
        let mut response = sent.map_err(|error| self.attempt_error(&error))?;
        if response.status().is_redirection() {
            return Err(AttemptError::Fatal(self.redirected(&response)));
        }
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > ANSWER_LEN_MAX => {
                    return Err(AttemptError::Cut("answered more than 64 MiB at once".to_owned()));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) if error.is_timeout() => {
                    return Err(AttemptError::Cut(format!(
                        "took longer than {} s",
                        TIMEOUT.as_secs()
                    )));
                }
                Err(_) => {
                    return Err(AttemptError::Cut(
                        "broke off in the middle of an answer".to_owned(),
                    ));
                }
            }
        }
        let status = response.status();
        Ok(Answer { status, headers: std::mem::take(response.headers_mut()), body })
    }

    /// reqwest's error text may contain the address, which may contain the key.
    fn attempt_error(&self, error: &reqwest::Error) -> AttemptError {
        if let Some(why) = certificate_fault(error) {
            return AttemptError::Fatal(self.refused(
                format!("its certificate is not trusted: {why}"),
                "a proxy that inspects traffic signs with an authority of its own; ca_file names the PEM file to trust",
            ));
        }
        if !error.is_connect() {
            let timed_out = || format!("took longer than {} s", TIMEOUT.as_secs());
            let lost = "broke the connection".to_owned();
            return AttemptError::Cut(if error.is_timeout() { timed_out() } else { lost });
        }
        let cause = match NotConnectedCause::of(error) {
            _ if error.is_timeout() => NotConnectedCause::TimedOut,
            cause => cause,
        };
        if cause == NotConnectedCause::NotTls {
            return AttemptError::Fatal(PullError::Settings {
                what: format!("{}: does not speak TLS", self.shop()),
                expected: "an address that is served over https".to_owned(),
                hint: "check the address and its port".to_owned(),
            });
        }
        let what = cause.text(self.root.host_str().unwrap_or_default());
        let what = format!("{what}; check the address if this stays");
        AttemptError::Busy { what, pause: None }
    }

    fn redirected(&self, response: &reqwest::Response) -> PullError {
        let to = response.headers().get(reqwest::header::LOCATION);
        let to = to.and_then(|to| to.to_str().ok()).and_then(|to| self.root.join(to).ok());
        let to = to.and_then(|to| Some(format!("{}://{}", to.scheme(), to.host_str()?)));
        let to = to.unwrap_or_else(|| "another address".to_owned());
        PullError::Settings {
            what: format!("{}: sends us on to {to}", self.shop()),
            expected: "the address under which the shop answers itself".to_owned(),
            hint: format!(
                "if {to} is the shop, set it as `url`; credentials are never sent to another host"
            ),
        }
    }

    async fn keep_distance(&mut self) -> Result<(), PullError> {
        self.pause(self.not_before.duration_since(Instant::now())).await?;
        self.not_before = Instant::now() + self.interval;
        Ok(())
    }

    pub(super) async fn pause(&self, wait: Duration) -> Result<(), PullError> {
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(PullError::Interrupted),
            () = tokio::time::sleep(wait) => Ok(()),
        }
    }
}

/// Why a single attempt got no answer.
enum AttemptError {
    /// The shop can't be reached, or asks for a pause.
    Busy {
        what: String,
        pause: Option<Duration>,
    },
    /// The shop took too long, failed or broke off.
    Cut(String),
    Fatal(PullError),
}

/// Seconds, or a date.
fn retry_after(answer: &Answer) -> Option<Duration> {
    answer.number(RETRY_AFTER.as_str()).map(Duration::from_secs).or_else(|| {
        let until = date_of(&answer.headers, RETRY_AFTER)?;
        let now = date_of(&answer.headers, DATE).unwrap_or_else(Timestamp::now);
        Some(Duration::try_from(until.duration_since(now)).unwrap_or_default())
    })
}

fn authorities(options: &Options, root: &Url) -> Result<Option<Vec<Certificate>>, PullError> {
    let Some(path) = &options.ca_file else {
        // A plain connection needs no certificate, so that it works on systems without a store.
        return Ok((root.scheme() == "http").then(Vec::new));
    };
    let pem = std::fs::read(path).map_err(PullError::io(path))?;
    let found = Certificate::from_pem_bundle(&pem).unwrap_or_default();
    if found.is_empty() {
        return Err(PullError::Settings {
            what: format!("{}: holds no certificate", path.display()),
            expected: "a PEM file of CA certificates".to_owned(),
            hint: "export the authority's certificate as PEM".to_owned(),
        });
    }
    Ok(Some(found))
}
