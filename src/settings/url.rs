use crate::domain::is_loopback;

/// The parts of a web address that settings are checked by.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Url<'a> {
    pub secure: bool,
    /// Host and port, as written.
    pub authority: &'a str,
    pub host: &'a str,
    /// The path without slashes at its ends.
    pub path: &'a str,
}

impl<'a> Url<'a> {
    /// Reads `http[s]://host[:port][/path]`; user names, queries and fragments are refused, the
    /// first because it would put a secret into an address.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let visible = |c: char| c.is_ascii_graphic() && !"@?#\\\"<>".contains(c);
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if !rest.chars().all(visible) {
            return None;
        }
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if !authority.ends_with(']') => {
                port.parse::<u16>().ok().filter(|port| *port > 0)?;
                host
            }
            _ => authority,
        };
        is_host(host).then_some(Self { secure, authority, host, path: path.trim_matches('/') })
    }

    /// Whether requests stay on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(self.host)
    }
}

/// Whether a text is an address such as `https://example.com`.
pub fn is_web_address(text: &str) -> bool {
    Url::parse(text).is_some()
}

/// Why a text is not the API address of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AddressFault {
    Invalid,
    /// The token would be sent as plain text through a network.
    NotEncrypted,
    /// Something other than `/api/3` follows the host.
    HasPath,
}

pub(super) fn check_account_address(text: &str) -> Result<(), AddressFault> {
    match Url::parse(text) {
        None => Err(AddressFault::Invalid),
        Some(url) if !url.secure && !url.is_loopback() => Err(AddressFault::NotEncrypted),
        Some(url) if !matches!(url.path, "" | "api/3") => Err(AddressFault::HasPath),
        Some(_) => Ok(()),
    }
}

/// Whether a text can be the API address of an account.
pub fn is_account_address(text: &str) -> bool {
    check_account_address(text).is_ok()
}

fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(literal) => literal.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            (1..=253).contains(&host.len())
                && host.split('.').all(|label| {
                    !label.is_empty()
                        && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_are_loopback() {
        for (text, loopback) in [
            ("http://localhost", true),
            ("http://LOCALHOST:8080/api/3", true),
            ("http://127.0.0.1:1", true),
            ("http://127.9.9.9", true),
            ("https://[::1]:8443/", true),
            ("http://127.0.0.1.example.com", false),
            ("http://localhost.example.com", false),
            ("https://example.api-us1.com", false),
            ("https://[2001:db8::1]", false),
        ] {
            assert_eq!(Url::parse(text).map(|url| url.is_loopback()), Some(loopback), "{text}");
        }
    }

    #[test]
    fn a_text_that_is_not_a_plain_web_address_is_refused() {
        for bad in [
            "",
            "example.com",
            "ftp://example.com",
            "https://",
            "https:///api/3",
            "https://user:secret@example.com",
            "https://example.com?x=1",
            "https://example.com/#top",
            "https://exa mple.com",
            "https://example.com:0",
            "https://example.com:99999",
            "https://example..com",
            "https://[::1",
            "https://bücher.example",
        ] {
            assert_eq!(Url::parse(bad), None, "{bad}");
        }
    }
}
