use super::draft::Draft;
use serde::Deserialize;
use std::net::SocketAddr;

/// The address of the daemon's metrics and status page.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Metrics {
    /// An address of this machine, unless `allow_remote` is set.
    pub listen: SocketAddr,
    pub allow_remote: bool,
    /// Names, other than this machine's own, that a request may be addressed to; in lower case.
    #[serde(default)]
    pub hosts: Vec<String>,
}

pub(super) fn check(draft: &mut Draft) {
    if let Some(hosts) = draft.get::<Vec<String>>("metrics.hosts") {
        match hosts.iter().find(|host| !is_host_name(host)) {
            Some(host) => {
                let expected = "host names without scheme, port and path";
                draft.report("metrics.hosts", format!("found `{host}`"), expected, None);
            }
            None => {
                let lower: Vec<String> =
                    hosts.iter().map(|host| host.to_ascii_lowercase()).collect();
                draft.resolve("metrics.hosts", lower);
            }
        }
    }
    let Some(text) = draft.text("metrics.listen") else { return };
    let allow_remote = draft.get("metrics.allow_remote").unwrap_or(false);
    let (expected, hint) = match text.parse::<SocketAddr>() {
        Ok(listen) if allow_remote || listen.ip().is_loopback() => return,
        Ok(listen) => (
            "a loopback address",
            format!(
                "write 127.0.0.1:{}; or set allow_remote = true if only trusted clients can reach the port",
                listen.port()
            ),
        ),
        Err(_) => {
            let port = text.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
            let port = port.unwrap_or(9464);
            ("an IP address and a port", format!("write 127.0.0.1:{port}, or [::1]:{port}"))
        }
    };
    draft.report("metrics.listen", format!("found `{text}`"), expected, hint);
}

fn is_host_name(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}
