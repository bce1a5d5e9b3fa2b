use axum::http::uri::Authority;
use std::net::IpAddr;

/// The host names that requests may use. A web page can point its own name at this machine (DNS
/// rebinding); a visitor's browser then sends requests under that name, and would show the page the
/// answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hosts {
    /// Names other than `localhost` and addresses, in lower case.
    pub names: Vec<String>,
    /// Addresses other than this machine's own are accepted too, as no page can claim an address as
    /// its name.
    pub allow_remote: bool,
}

impl Hosts {
    /// Whether a request with this `Host` is accepted.
    pub(super) fn admit(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<Authority>() else { return false };
        if authority.as_str().contains('@') {
            return false;
        }
        let name = authority.host().to_ascii_lowercase();
        let literal =
            name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(&name);
        match literal.parse::<IpAddr>() {
            Ok(address) => self.allow_remote || address.is_loopback(),
            Err(_) => name == "localhost" || self.names.contains(&name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_answered() {
        let local = Hosts::default();
        let remote = Hosts { names: vec!["sync.example.com".to_owned()], allow_remote: true };
        for (host, of_local, of_remote) in [
            ("localhost", true, true),
            ("LocalHost:9464", true, true),
            ("127.0.0.1:9464", true, true),
            ("127.9.9.9", true, true),
            ("[::1]:9464", true, true),
            ("10.0.0.7:9464", false, true),
            ("[2001:db8::1]:9464", false, true),
            ("sync.example.com:9464", false, true),
            ("SYNC.example.com", false, true),
            ("evil.example", false, false),
            ("localhost.evil.example", false, false),
            ("127.0.0.1.evil.example", false, false),
            ("localhost@evil.example", false, false),
            ("evil.example@localhost", false, false),
            ("", false, false),
            ("localhost, evil.example", false, false),
            ("::1", false, false),
        ] {
            assert_eq!(local.admit(host), of_local, "{host}");
            assert_eq!(remote.admit(host), of_remote, "{host}, remote");
        }
    }
}
