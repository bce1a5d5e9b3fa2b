//! Faults between a simulated shop and its clients: of proxies, firewalls and the line.

use super::faulty_socket::ConnectionFault;
use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};

/// How a host answers in place of the shop behind it, which got the request all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostFault {
    /// A web page with this status: 200 for a login page or a firewall's check.
    Page(u16),
    /// This status with `Retry-After`, seconds or a date.
    Busy { status: u16, retry_after: String },
    /// This status, and on to this address.
    Redirect { status: u16, to: String },
    /// 200 without a body.
    Empty,
    /// The connection is reset before the answer.
    Reset,
    /// The answer loses its last bytes.
    Cut,
}

impl HostFault {
    /// What is answered in place of `own`, the shop's answer.
    pub(super) fn over(self, own: Response<Body>, connection: &ConnectionFault) -> Response<Body> {
        let page = Body::from("<html><body><h1>Service unavailable</h1></body></html>");
        match self {
            Self::Page(status) => other(status, page, None),
            Self::Busy { status, retry_after } => {
                other(status, page, Some((header::RETRY_AFTER, retry_after)))
            }
            Self::Redirect { status, to } => {
                other(status, Body::empty(), Some((header::LOCATION, to)))
            }
            Self::Empty => other(200, Body::empty(), None),
            Self::Reset => {
                connection.reset();
                own
            }
            Self::Cut => {
                connection.cut();
                own
            }
        }
    }
}

fn other(status: u16, body: Body, extra: Option<(header::HeaderName, String)>) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let extra = extra.and_then(|(name, value)| Some((name, HeaderValue::from_str(&value).ok()?)));
    response.headers_mut().extend(extra);
    response
}
