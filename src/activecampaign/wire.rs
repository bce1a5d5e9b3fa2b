//! Request and response bodies. Answers are read leniently, because ActiveCampaign does not keep to
//! one form: every scalar may be a text or a number, keys may be missing, and unknown ones are
//! ignored.

use super::disposition::{ApiError, WebPage};
use crate::domain::{Customer, Order, RemoteId};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

/// The longest code and pointer kept of an answer.
const WORD_LEN_MAX: usize = 128;

#[derive(serde::Serialize)]
pub(super) struct OrderBody<'a> {
    #[serde(flatten)]
    pub(super) order: &'a Order,
    #[serde(rename = "connectionid")]
    pub(super) connection: Id<'a>,
    #[serde(rename = "customerid", skip_serializing_if = "Option::is_none")]
    pub(super) customer: Option<Id<'a>>,
}

#[derive(serde::Serialize)]
pub(super) struct CustomerBody<'a> {
    #[serde(rename = "connectionid")]
    pub(super) connection: Id<'a>,
    #[serde(flatten)]
    pub(super) customer: &'a Customer,
}

/// A number where the id is one, as the documentation types it.
pub(super) struct Id<'a>(pub(super) &'a RemoteId);

impl Serialize for Id<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.as_str();
        match text.parse::<u64>() {
            Ok(number) if number.to_string() == text => serializer.serialize_u64(number),
            _ => serializer.serialize_str(text),
        }
    }
}

/// The JSON of an answer to a delete, or nothing: no other content says that it was done.
pub(super) fn deleted(body: &[u8]) -> Result<(), &'static str> {
    if content_of(body).is_empty() { Ok(()) } else { json_of(body).map(drop) }
}

/// `{"<name>": {…}}`, the form of every body. The values are ours and can always be written as
/// JSON.
pub(super) fn wrapped<T: Serialize>(name: &'static str, value: &T) -> Vec<u8> {
    let body = std::collections::BTreeMap::from([(name, value)]);
    serde_json::to_vec(&body).unwrap_or_default()
}

/// An answer, or what is wrong with it. A byte order mark and blank lines before it are ignored.
pub(super) fn json_of(body: &[u8]) -> Result<Value, &'static str> {
    let body = content_of(body);
    serde_json::from_slice(body).map_err(|_| unreadable(body))
}

fn content_of(body: &[u8]) -> &[u8] {
    let body = body.trim_ascii();
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii()
}

/// Bytes at either end that are shown of a body that is not JSON.
const SHOWN_LEN: usize = 2048;

/// Describes a body that is not JSON.
fn unreadable(body: &[u8]) -> &'static str {
    let ends = [&body[..body.len().min(SHOWN_LEN)], &body[body.len().saturating_sub(SHOWN_LEN)..]];
    let says = |word: &str| {
        ends.iter().any(|end| end.windows(word.len()).any(|part| part == word.as_bytes()))
    };
    let words = ["Warning", "Notice", "Deprecated", "Fatal error", "Parse error"];
    let is_php = |word: &str| says(&format!("<b>{word}</b>:")) || says(&format!("PHP {word}:"));
    if body.is_empty() {
        "answer_empty"
    } else if words.iter().any(|word| is_php(word)) {
        "answer_php_message"
    } else if web_page(body).is_some() {
        "answer_web_page"
    } else if body.starts_with(&[0x1f, 0x8b]) {
        "answer_compressed"
    } else {
        "answer_unreadable"
    }
}

/// What kind of web page a body is, if it is HTML.
pub(super) fn web_page(body: &[u8]) -> Option<WebPage> {
    let start = content_of(body);
    let start = start[..start.len().min(SHOWN_LEN)].to_ascii_lowercase();
    let has = |marks: &[&str]| {
        let has = |mark: &&str| start.windows(mark.len()).any(|part| part == mark.as_bytes());
        marks.iter().any(has)
    };
    if !start.starts_with(b"<") || !has(&["<!doctype html", "<html", "<head", "<body"]) {
        return None;
    }
    let words = [
        "just a moment",
        "attention required",
        "challenge-form",
        "challenge-error",
        "cf-chl",
        "cf_chl",
    ];
    Some(if has(&words) { WebPage::Challenge } else { WebPage::Other })
}

/// The record of this name in an answer.
pub(super) fn object(body: &[u8], name: &str) -> Result<Value, &'static str> {
    let mut answer = json_of(body)?;
    let record = answer.get_mut(name).map(Value::take);
    record.filter(Value::is_object).ok_or("answer_unreadable")
}

/// `?name=value&…`: values are encoded; names are ours, as the documentation writes them.
pub(super) fn query<K: AsRef<str>>(pairs: &[(K, String)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(name.as_ref());
        text.push('=');
        text.extend(path_part(value));
    }
    text
}

/// All except the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) fn path_part(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// A scalar as text; empty if it is missing, null, or no scalar.
pub(super) fn text_of(value: &Value, key: &str) -> String {
    match value.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Bool(flag)) => flag.to_string(),
        _ => String::new(),
    }
}

/// A whole number, stated as number or text (`101`, `"101"`, `101.0`).
pub(super) fn number_of<N: std::str::FromStr>(value: &Value, key: &str) -> Option<N> {
    let text = text_of(value, key);
    let whole = text
        .split_once('.')
        .filter(|(_, rest)| rest.bytes().all(|b| b == b'0'))
        .map(|(whole, _)| whole);
    whole.unwrap_or(&text).parse().ok()
}

pub(super) fn id_of(value: &Value, key: &str) -> Option<RemoteId> {
    Some(text_of(value, key)).filter(|id| !id.is_empty()).map(RemoteId::new)
}

/// The entries of `errors`; none when the answer has none. A body that is not JSON proves nothing.
pub(super) fn refusals(body: &[u8]) -> Result<Vec<ApiError>, &'static str> {
    let answer = json_of(body)?;
    let entries = answer.get("errors").and_then(Value::as_array);
    let entries = entries.map(Vec::as_slice).unwrap_or_default();
    let refusals = entries.iter().filter(|entry| entry.is_object()).map(|entry| ApiError {
        code: word(text_of(entry, "code")),
        pointer: entry.get("source").and_then(|source| word(text_of(source, "pointer"))),
    });
    Ok(refusals.collect())
}

/// Only what looks like an identifier is kept, so that it contains no part of a record.
fn word(text: String) -> Option<String> {
    let fits = !text.is_empty()
        && text.len() <= WORD_LEN_MAX
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-/.[]".contains(&b));
    fits.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Amount, Currency, CustomerKey, Email, Historical, Moment, OrderKey};
    use jiff::tz::TimeZone;

    fn customer(accepts_marketing: Option<bool>) -> Customer {
        let email = Email::parse("ann@example.com").unwrap();
        Customer { key: CustomerKey::guest(&email), email, accepts_marketing }
    }

    fn json<T: Serialize>(value: &T) -> String {
        serde_json::to_string(value).unwrap()
    }

    #[test]
    fn an_order_is_sent_with_the_two_ids_only_the_target_knows() {
        let order = Order {
            key: OrderKey::parse("#1001").unwrap(),
            cart: None,
            source: Historical,
            customer: customer(None),
            number: "".into(),
            lines: Vec::new(),
            discounts: Vec::new(),
            order_url: "".into(),
            shipping_method: "".into(),
            total: Amount::from_minor(1050).unwrap(),
            shipping: None,
            tax: None,
            discount: None,
            currency: Currency::parse("EUR").unwrap(),
            created_at: Moment::parse("2024-01-31 10:11:12 +0100", &TimeZone::UTC).unwrap(),
            updated_at: None,
            abandoned_at: None,
        };
        let (connection, customer) = (RemoteId::new("178"), RemoteId::new("c-9"));
        let body =
            OrderBody { order: &order, connection: Id(&connection), customer: Some(Id(&customer)) };
        assert_eq!(
            String::from_utf8(wrapped("ecomOrder", &body)).unwrap(),
            r##"{"ecomOrder":{"externalid":"#1001","source":0,"email":"ann@example.com","orderProducts":[],"totalPrice":1050,"currency":"EUR","externalCreatedDate":"2024-01-31T10:11:12+01:00","connectionid":178,"customerid":"c-9"}}"##
        );
    }

    #[test]
    fn consent_is_sent_only_where_the_shop_states_it() {
        let connection = RemoteId::new("7");
        let sent = |accepts| {
            let customer = &customer(accepts);
            json(&CustomerBody { connection: Id(&connection), customer })
        };
        let end = r#""email":"ann@example.com","externalid":"guest:ann@example.com"}"#;
        assert_eq!(sent(None), format!(r#"{{"connectionid":7,{end}"#));
        assert_eq!(sent(Some(true)), format!(r#"{{"connectionid":7,"acceptsMarketing":"1",{end}"#));
        assert_eq!(
            sent(Some(false)),
            format!(r#"{{"connectionid":7,"acceptsMarketing":"0",{end}"#)
        );
    }

    #[test]
    fn addresses_with_signs_survive_the_query() {
        let pairs =
            [("filters[email]", "a+b&c=d@exämple.com".to_owned()), ("limit", "100".to_owned())];
        assert_eq!(query(&pairs), "?filters[email]=a%2Bb%26c%3Dd%40ex%C3%A4mple.com&limit=100");
        assert_eq!(path_part("1/../2?x").to_string(), "1%2F..%2F2%3Fx");
    }

    #[test]
    fn ids_that_are_not_plain_numbers_are_unchanged() {
        for (id, sent) in
            [("0", "0"), ("007", r#""007""#), ("99999999999999999999", r#""99999999999999999999""#)]
        {
            assert_eq!(json(&Id(&RemoteId::new(id))), sent);
        }
    }

    #[test]
    fn scalars_are_read_in_every_form() {
        let value: Value = serde_json::from_str(
            r#"{"a":"12","b":12,"c":12.0,"d":null,"e":{},"f":"12.5","g":-3,"h":true}"#,
        )
        .unwrap();
        let numbers =
            ["a", "b", "c", "d", "e", "f", "g", "z"].map(|key| number_of::<i64>(&value, key));
        assert_eq!(numbers, [Some(12), Some(12), Some(12), None, None, None, Some(-3), None]);
        assert_eq!(id_of(&value, "b"), Some(RemoteId::new("12")));
        assert_eq!(id_of(&value, "d"), None);
        assert_eq!(text_of(&value, "h"), "true");
    }

    #[test]
    fn refusals_keep_codes_and_pointers_and_nothing_that_could_quote_a_record() {
        let body = br#"{"errors":[
            {"title":"ann@example.com is not valid","code":"email_invalid","source":{"pointer":"/data/attributes/email"}},
            {"title":"T","code":"ann@example.com","source":{"pointer":"x y"}},
            {"title":"only a title"}, 7]}"#;
        let refusal = |code: Option<&str>, pointer: Option<&str>| ApiError {
            code: code.map(str::to_owned),
            pointer: pointer.map(str::to_owned),
        };
        let expected = [
            refusal(Some("email_invalid"), Some("/data/attributes/email")),
            refusal(None, None),
            refusal(None, None),
        ];
        assert_eq!(refusals(body).unwrap(), expected);
        for none in [&b"{}"[..], b"{\"errors\":null}", b"{\"errors\":\"x\"}", b"[1]"] {
            assert_eq!(refusals(none), Ok(Vec::new()));
        }
        assert_eq!(refusals(b""), Err("answer_empty"));
        assert_eq!(refusals(b"<html>"), Err("answer_web_page"));
        assert_eq!(refusals(&body[..body.len() / 2]), Err("answer_unreadable"));
    }
}
