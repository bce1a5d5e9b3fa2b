//! The body of a shop's answer: JSON, JSON with something in front of it, or a web page.

use serde::de::IgnoredAny;

/// Characters shown of an answer that is not JSON.
const EXCERPT_CHARS: usize = 200;

/// The JSON in an answer, and the output of a plug-in or PHP in front of it, if any. The rest is
/// only used if it is complete JSON.
///
/// # Errors
/// With the beginning of the text, without tags and e-mail addresses.
pub(super) fn json_in(body: &[u8]) -> Result<(&[u8], Option<String>), String> {
    let body = without_mark(body);
    if is_json(body) {
        return Ok((body, None));
    }
    let begins = |at: &usize| {
        matches!(body[*at], b'[' | b'{')
            && (*at == 0 || body[*at - 1] == b'\n' || body[*at - 1] == b'>')
    };
    (0..body.len())
        .filter(begins)
        .find(|at| is_json(&body[*at..]))
        .map(|at| (&body[at..], Some(excerpt(&body[..at]))))
        .ok_or_else(|| excerpt(body))
}

/// Whether an answer begins as JSON but is not: its end is missing, or replaced by the output of an
/// aborting program.
pub(super) fn is_broken_json(body: &[u8]) -> bool {
    let body = without_mark(body);
    matches!(body.first(), Some(b'[' | b'{')) && !is_json(body)
}

/// A text without what may come before and after JSON.
fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body).trim_ascii()
}

fn is_json(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'[' | b'{')) && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// The beginning of a text, in one line, without tags, e-mail addresses, keys, and JSON, which may
/// be an order.
pub(super) fn excerpt(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let text = text.trim_start();
    if text.starts_with(['[', '{']) {
        let is_whole = is_json(text.trim_end().as_bytes());
        return (if is_whole { "other JSON than expected" } else { "JSON that breaks off" })
            .to_owned();
    }
    let text = text.split("{\"").next().unwrap_or_default();
    let mut plain = String::new();
    let mut is_tag = false;
    for c in text.chars() {
        match c {
            '<' => is_tag = true,
            '>' => {
                is_tag = false;
                plain.push(' ');
            }
            _ if !is_tag => plain.push(c),
            _ => {}
        }
    }
    let is_private = |word: &str| word.contains('@') || word.contains("consumer_");
    let words = plain.split_whitespace().map(|word| if is_private(word) { "…" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(EXCERPT_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_found_behind_what_php_prints() {
        let read = |text: &'static str| json_in(text.as_bytes());
        assert_eq!(read("\u{feff}\n[1]\n"), Ok((&b"[1]"[..], None)));
        let notice = "<br />\n<b>Deprecated</b>: strlen() in [core.php]\n[{\"id\":1}]";
        let (json, noise) = read(notice).unwrap();
        assert_eq!(json, b"[{\"id\":1}]");
        assert_eq!(noise.as_deref(), Some("Deprecated : strlen() in [core.php]"));
    }

    #[test]
    fn text_that_is_not_json_is_shown_without_tags_and_addresses() {
        let page = b"<html><title>Log in</title><p>Write to ann@example.com</p>";
        assert_eq!(json_in(page), Err("Log in Write to …".to_owned()));
        let cut = Err("JSON that breaks off".to_owned());
        assert_eq!(excerpt(b"{\"first_name\":\"Ann\"}\n"), "other JSON than expected");
        assert_eq!(json_in(b"[{\"first_name\":\"Ann\"}"), cut);
        assert_eq!(json_in(b"Notice [{\"first_name\":\"Ann\"}"), Err("Notice [".to_owned()));
        assert!(
            is_broken_json(b"[{\"id\":1},{\"id\":") && is_broken_json(b" {\"id\":1<br>Fatal error")
        );
        assert!(
            !is_broken_json(b"[{\"id\":1}]\n")
                && !is_broken_json(b"<html>")
                && !is_broken_json(b"")
        );
        let echo = b"Blocked: /orders?consumer_secret=cs_1 here";
        assert_eq!(json_in(echo), Err("Blocked: \u{2026} here".to_owned()));
        assert_eq!(json_in(b""), Err(String::new()));
    }
}
