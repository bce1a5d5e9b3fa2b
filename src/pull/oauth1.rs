//! Signatures of requests by OAuth 1.0a, RFC 5849, with HMAC-SHA256: one-legged, in a header.

use base64::prelude::{BASE64_STANDARD, Engine};
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, Url};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

/// All except the unreserved characters, section 3.6.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The credentials that a shop issued to its client.
pub(super) struct OAuth1 {
    pub consumer_key: String,
    pub consumer_secret: SecretString,
    pub token: SecretString,
    pub token_secret: SecretString,
}

impl OAuth1 {
    /// The `Authorization` header of one request without a body. Servers accept each one once.
    pub(super) fn header(&self, method: &Method, url: &Url, now: Timestamp) -> String {
        // It must be new, but need not be secret.
        self.signed(method, url, now, &format!("{:032x}", fastrand::u128(..)))
    }

    fn signed(&self, method: &Method, url: &Url, now: Timestamp, nonce: &str) -> String {
        let mut own = vec![
            ("oauth_consumer_key", self.consumer_key.clone()),
            ("oauth_nonce", nonce.to_owned()),
            ("oauth_signature_method", "HMAC-SHA256".to_owned()),
            ("oauth_timestamp", now.as_second().to_string()),
            ("oauth_token", self.token.expose_secret().to_owned()),
            ("oauth_version", "1.0".to_owned()),
        ];
        let query = url.query_pairs();
        let pairs = own.iter().map(|(name, value)| (encoded(name), encoded(value)));
        let pairs = pairs.chain(query.map(|(name, value)| (encoded(&name), encoded(&value))));
        own.push(("oauth_signature", self.signature(method, url, pairs.collect())));
        let own = own.iter().map(|(name, value)| format!("{name}=\"{}\"", encoded(value)));
        format!("OAuth {}", own.collect::<Vec<_>>().join(", "))
    }

    /// Section 3.4: of the method, the address without its query, and all parameters in order.
    fn signature(&self, method: &Method, url: &Url, mut pairs: Vec<(String, String)>) -> String {
        pairs.sort_unstable();
        let pairs: Vec<String> =
            pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut address = url.clone();
        address.set_query(None);
        let text =
            [method.as_str(), &encoded(address.as_str()), &encoded(&pairs.join("&"))].join("&");
        let secrets = [&self.consumer_secret, &self.token_secret];
        let key = secrets.map(|secret| encoded(secret.expose_secret())).join("&");
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        BASE64_STANDARD.encode(hmac::sign(&key, text.as_bytes()))
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calculated by another program.
    #[test]
    fn a_signature_is_that_of_the_rfc() {
        let keys = OAuth1 {
            consumer_key: "ck one".to_owned(),
            consumer_secret: "cs+secret".into(),
            token: "tok/en".into(),
            token_secret: "ts&secret".into(),
        };
        let group = "searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D";
        let url = format!(
            "https://shop.example.com/rest/V1/orders?{group}%5Bfield%5D=updated_at\
             &{group}%5Bvalue%5D=2026-11-28%2001%3A00%3A00&{group}%5Bcondition_type%5D=gteq\
             &searchCriteria%5BpageSize%5D=100"
        );
        let now = Timestamp::from_second(1_795_824_000).unwrap();
        let header = keys.signed(&Method::GET, &url.parse().unwrap(), now, "n0nce");
        assert_eq!(
            header,
            "OAuth oauth_consumer_key=\"ck%20one\", oauth_nonce=\"n0nce\", \
             oauth_signature_method=\"HMAC-SHA256\", oauth_timestamp=\"1795824000\", \
             oauth_token=\"tok%2Fen\", oauth_version=\"1.0\", \
             oauth_signature=\"ilZ%2FMQLauzA3ea82tDuu9A434tQ20NCf5mnn15zERxg%3D\""
        );
    }

    #[test]
    fn no_request_has_the_signature_of_another() {
        let keys = OAuth1 {
            consumer_key: "ck".to_owned(),
            consumer_secret: "cs".into(),
            token: "at".into(),
            token_secret: "ts".into(),
        };
        let (url, now) = ("https://shop.example.com/".parse().unwrap(), Timestamp::UNIX_EPOCH);
        let header = || keys.header(&Method::GET, &url, now);
        assert_ne!(header(), header());
    }
}
