use std::net::IpAddr;

/// Host and port of a web address, in lowercase.
pub fn host_and_port(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase()
}

/// The host of a shop as people know it: without `www.` and the port.
pub fn shop_host(url: &str) -> String {
    let host = host_and_port(url);
    // An IPv6 address has colons within its brackets.
    let name_end = host.find(']').unwrap_or(0);
    let end = host[name_end..].find(':').map_or(host.len(), |colon| name_end + colon);
    let host = &host[..end];
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

/// Whether requests to a host stay on this machine. A name that only begins like a loopback address
/// (`127.0.0.1.example.com`) does not count.
pub fn is_loopback(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || literal.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_is_written_in_many_ways() {
        for (url, with_port, shop) in [
            ("https://example.com", "example.com", "example.com"),
            ("HTTPS://WWW.Example.com/", "www.example.com", "example.com"),
            ("example.com/shop?x=1#top", "example.com", "example.com"),
            ("http://127.0.0.1:8080/api/3", "127.0.0.1:8080", "127.0.0.1"),
            ("https://www.example.com?x", "www.example.com", "example.com"),
            ("http://[::1]:8080/api", "[::1]:8080", "[::1]"),
            ("", "", ""),
        ] {
            assert_eq!((host_and_port(url).as_str(), shop_host(url).as_str()), (with_port, shop));
        }
    }
}
