use std::fmt;

/// A syntactically valid e-mail address, trimmed and lower-cased: two spellings of one mailbox are one customer.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Email(String);

/// Why a text is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    #[error("expected one address such as name@example.com")]
    Malformed,
    #[error("expected an address, found what looks like a hash of one; the export hides addresses")]
    Hashed,
}

impl Email {
    /// Accepts what a mail server would: a local part of 1 to 64 bytes, `@`, a domain of dot-separated labels
    /// with at least one dot; 254 bytes at most (RFC 5321 section 4.5.3.1).
    ///
    /// # Errors
    /// When the text is no address, or is a hash in place of one.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if matches!(text.len(), 32 | 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(EmailError::Hashed);
        }
        let at = text.bytes().rposition(|b| b == b'@').ok_or(EmailError::Malformed)?;
        let (local, domain) = (&text[..at], &text[at + 1..]);
        let local_fits = (1..=64).contains(&local.len())
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.as_bytes().windows(2).any(|pair| pair == b"..")
            && all_chars(local, is_local_char);
        if text.len() > 254 || !local_fits || !is_domain(domain) {
            return Err(EmailError::Malformed);
        }
        Ok(Self(if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Unquoted local parts only: letters and digits of any script, and the signs RFC 5322 calls `atext`.
fn is_local_char(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(c, '!' | '#'..='\'' | '*' | '+' | '-'..='/' | '=' | '?' | '^'..='`' | '{'..='~')
}

/// Most addresses are ASCII alone, and bytes are walked faster than characters.
fn all_chars(text: &str, fits: impl Fn(char) -> bool) -> bool {
    match text.is_ascii() {
        true => text.bytes().all(|b| fits(char::from(b))),
        false => text.chars().all(fits),
    }
}

fn is_domain(domain: &str) -> bool {
    let label_fits =
        |label: &[u8]| (1..=63).contains(&label.len()) && !label.starts_with(b"-") && !label.ends_with(b"-");
    domain.bytes().any(|b| b == b'.')
        && domain.as_bytes().split(|b| *b == b'.').all(label_fits)
        && all_chars(domain, |c| c.is_alphanumeric() || matches!(c, '-' | '.'))
}

/// An address never reaches a log by accident: its debug form hides it.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_trimmed_and_lower_cased() {
        assert_eq!(Email::parse(" Ann.B+shop@Example.COM ").unwrap().as_str(), "ann.b+shop@example.com");
        assert!(Email::parse("o'brien@mail.example").is_ok());
        assert!(Email::parse("müller@bücher.example").is_ok());
    }

    #[test]
    fn what_no_server_delivers_to_is_refused() {
        for bad in [
            "",
            "ann",
            "ann@",
            "@example.com",
            "ann@example",
            "a b@example.com",
            "ann@exa mple.com",
            "ann@example..com",
            "ann@-x.com",
            "a@b@c.com",
            "ann@example.com,bob@example.com",
            "ann..b@example.com",
            "ann@example.com.",
        ] {
            assert_eq!(Email::parse(bad), Err(EmailError::Malformed), "{bad:?}");
        }
    }

    #[test]
    fn a_hash_in_place_of_an_address_is_named_as_one() {
        assert_eq!(Email::parse("0cc175b9c0f1b6a831c399e269772661"), Err(EmailError::Hashed));
    }

    #[test]
    fn the_debug_form_hides_the_address() {
        assert_eq!(format!("{:?}", Email::parse("ann@example.com").unwrap()), "Email(..)");
    }
}
