//! Verifies requests signed by OAuth 1.0a as Magento does: from the raw bytes of the address and
//! the header.

use super::{CONSUMER_KEY, CONSUMER_SECRET, TOKEN_SECRET};
use base64::prelude::{BASE64_STANDARD, Engine};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use ring::hmac;
use std::collections::{BTreeMap, BTreeSet};

/// What RFC 5849, section 3.6, encodes: everything but letters, digits and four marks.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How far a client's clock may be ahead, in seconds.
const AHEAD_MAX_S: i64 = 600;

/// The signed parts of a request.
pub(super) struct Signed<'a> {
    pub method: &'a str,
    /// Scheme, host, port and path.
    pub address: String,
    /// As it was sent.
    pub query: &'a str,
    /// What follows `OAuth ` in the header.
    pub header: &'a str,
    /// The access token that is valid.
    pub token: &'a str,
}

/// Why a signature is refused, in Magento's words.
pub(super) type Refusal = &'static str;

/// # Errors
/// When Magento would refuse the request at this time, `now_s`. `used` are the nonces of
/// earlier requests.
pub(super) fn verify(
    signed: &Signed<'_>,
    now_s: i64,
    used: &mut BTreeSet<String>,
) -> Result<(), Refusal> {
    let mut own = BTreeMap::new();
    for part in signed.header.split(',') {
        let (name, value) =
            part.trim().split_once('=').ok_or("oauth_problem: a part of no form")?;
        let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        let value = decoded(value.ok_or("oauth_problem: a value without quotes")?);
        if own.insert(decoded(name), value).is_some() {
            return Err("oauth_problem: a parameter that is there twice");
        }
    }
    let signature = own.remove("oauth_signature").ok_or("oauth_signature is required.")?;
    let has = |name: &str, value: &str| own.get(name).is_some_and(|own| own == value);
    if !has("oauth_version", "1.0") || !has("oauth_signature_method", "HMAC-SHA256") {
        return Err("Signature method is not supported.");
    }
    if !has("oauth_consumer_key", CONSUMER_KEY) || !has("oauth_token", signed.token) {
        return Err("A consumer with these credentials doesn't exist.");
    }
    let timestamp = own.get("oauth_timestamp").and_then(|text| text.parse::<i64>().ok());
    if timestamp.is_none_or(|at| at <= 0 || at > now_s + AHEAD_MAX_S) {
        return Err("The timestamp value in the oauth_timestamp parameter is invalid.");
    }
    let nonce = own.get("oauth_nonce").filter(|nonce| !nonce.is_empty());
    if !used.insert(nonce.ok_or("oauth_nonce is required.")?.clone()) {
        return Err("The nonce is already being used by the consumer.");
    }
    let pairs = signed.query.split('&').filter_map(|pair| pair.split_once('='));
    let mut pairs: Vec<(String, String)> = pairs
        .map(|(name, value)| (decoded(name), decoded(value)))
        .chain(own)
        .map(|(name, value)| (encoded(&name), encoded(&value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let text =
        format!("{}&{}&{}", signed.method, encoded(&signed.address), encoded(&pairs.join("&")));
    let key = format!("{}&{}", encoded(CONSUMER_SECRET), encoded(TOKEN_SECRET));
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let signature = BASE64_STANDARD.decode(signature).unwrap_or_default();
    hmac::verify(&key, text.as_bytes(), &signature)
        .map_err(|_| "The signature is invalid. Verify and try again.")
}

/// A plus sign is kept.
pub(super) fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}
