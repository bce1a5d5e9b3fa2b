//! Faults between a simulated shop and its clients: of proxies, firewalls and connections.

use super::faulty_socket::{CUT_LEN, ConnectionFault};
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use flate2::{Compression, write::GzEncoder};
use jiff::SignedDuration;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use std::io::Write;

/// How a host answers in place of its shop, which received the request nevertheless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostFault {
    /// A web page with this status: 200 for a login page or a firewall's check.
    Page(u16),
    /// A web page with 502, from a host with its clock this far ahead of the shop's.
    OtherClock { ahead_s: i64 },
    /// This status with `Retry-After`, seconds or a date.
    Busy { status: u16, retry_after: String },
    /// This status, with a redirect to this address.
    Redirect { status: u16, to: String },
    /// 200 without a body.
    Empty,
    /// The connection is reset before the answer.
    Reset,
    /// The answer announces its length and loses its last bytes.
    Cut,
    /// The answer announces too small a length, and ends there.
    Short,
    /// The answer is compressed, whatever was requested.
    Gzip,
    /// A byte order mark comes before the answer.
    Mark,
    /// A few bytes of the answer come each second for this long; then the rest.
    Trickle { seconds: u32 },
}

impl HostFault {
    /// The answer that replaces `own`, the shop's answer.
    pub(super) async fn over(
        self,
        own: Response<Body>,
        connection: &ConnectionFault,
    ) -> Response<Body> {
        let page = Body::from("<html><body><h1>Service unavailable</h1></body></html>");
        match self {
            Self::Page(status) => other(&own, status, page, None),
            Self::OtherClock { ahead_s } => {
                let mut page = other(&own, 502, page, None);
                if let Some(date) = page.headers_mut().get_mut(header::DATE) {
                    shift(date, ahead_s);
                }
                page
            }
            Self::Busy { status, retry_after } => {
                other(&own, status, page, Some((header::RETRY_AFTER, retry_after)))
            }
            Self::Redirect { status, to } => {
                other(&own, status, Body::empty(), Some((header::LOCATION, to)))
            }
            Self::Empty => other(&own, 200, Body::empty(), None),
            Self::Reset => {
                connection.reset();
                own
            }
            Self::Cut => {
                connection.cut();
                own
            }
            Self::Trickle { seconds } => {
                connection.trickle(seconds);
                own
            }
            Self::Short => {
                changed(own, |body| body.slice(..body.len().saturating_sub(CUT_LEN))).await
            }
            Self::Mark => changed(own, |body| [b"\xEF\xBB\xBF", &body[..]].concat().into()).await,
            Self::Gzip => {
                let mut packed = changed(own, |body| gzipped(&body).into()).await;
                let gzip = HeaderValue::from_static("gzip");
                packed.headers_mut().insert(header::CONTENT_ENCODING, gzip);
                packed
            }
        }
    }
}

fn shift(date: &mut HeaderValue, seconds: i64) {
    let moment = date.to_str().ok().and_then(|text| rfc2822::parse(text).ok());
    let shifted = moment
        .and_then(|moment| moment.timestamp().checked_add(SignedDuration::from_secs(seconds)).ok());
    let text = shifted
        .map(|at| at.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
    if let Some(value) = text.and_then(|text| text.parse().ok()) {
        *date = value;
    }
}

fn gzipped(body: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    let written = packed.write_all(body);
    written.and_then(|()| packed.finish()).unwrap_or_default()
}

/// The answer with another body.
async fn changed(own: Response<Body>, change: impl FnOnce(Bytes) -> Bytes) -> Response<Body> {
    let (head, body) = own.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    Response::from_parts(head, Body::from(change(body)))
}

/// An answer with the shop's date: a host in front of a shop has the same clock.
fn other(
    own: &Response<Body>,
    status: u16,
    body: Body,
    extra: Option<(HeaderName, String)>,
) -> Response<Body> {
    let mut response = Response::new(body);
    let date = own.headers().get(header::DATE).cloned();
    response.headers_mut().extend(date.map(|date| (header::DATE, date)));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let extra = extra.and_then(|(name, value)| Some((name, HeaderValue::from_str(&value).ok()?)));
    response.headers_mut().extend(extra);
    response
}
