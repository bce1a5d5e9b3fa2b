use super::draft::Draft;
use std::net::SocketAddr;

/// Where the daemon shows its metrics and its status page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    /// Of this machine, unless `allow_remote` is set.
    pub listen: SocketAddr,
    pub allow_remote: bool,
    /// Names, besides this machine's own, that a request may be addressed to; in lower case.
    pub hosts: Vec<String>,
}

/// `None` where nothing is to be listened on.
pub(super) fn read(draft: &mut Draft) -> Option<Metrics> {
    let text = draft.text("metrics.listen");
    let allow_remote = draft.get("metrics.allow_remote").unwrap_or(false);
    let hosts: Vec<String> = draft.get("metrics.hosts").unwrap_or_default();
    if let Some(host) = hosts.iter().find(|host| !is_host_name(host)) {
        draft.report(
            "metrics.hosts",
            format!("found `{host}`"),
            "names without scheme, port and path",
            None,
        );
    }
    let text = text?;
    let Ok(listen) = text.parse::<SocketAddr>() else {
        let port =
            text.rsplit(':').next().and_then(|port| port.parse::<u16>().ok()).unwrap_or(9464);
        let hint = format!("write 127.0.0.1:{port}, or [::1]:{port}");
        draft.report(
            "metrics.listen",
            format!("found `{text}`"),
            "an address and a port, in figures",
            hint,
        );
        return None;
    };
    if !allow_remote && !listen.ip().is_loopback() {
        let hint = format!(
            "write 127.0.0.1:{}; or set allow_remote = true where only those reach the port who may see the page",
            listen.port()
        );
        draft.report(
            "metrics.listen",
            format!("found `{text}`"),
            "an address of this machine alone",
            hint,
        );
        return None;
    }
    let hosts = hosts.into_iter().map(|host| host.to_ascii_lowercase()).collect();
    Some(Metrics { listen, allow_remote, hosts })
}

fn is_host_name(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            !label.is_empty()
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}
