use super::text::trim;
use std::fmt;

/// A syntactically valid e-mail address, trimmed and lower-cased: two spellings of one mailbox are
/// one customer.
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
    /// Accepts what a mail server would: a local part of 1 to 64 bytes, `@`, a domain of
    /// dot-separated labels with at least one dot; 254 bytes at most (RFC 5321 section 4.5.3.1).
    ///
    /// # Errors
    /// When the text is not an address, or is a hash in place of one.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let text = trim(text);
        let is_ascii = text.is_ascii();
        if matches!(text.len(), 32 | 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(EmailError::Hashed);
        }
        let at = text.bytes().rposition(|b| b == b'@').ok_or(EmailError::Malformed)?;
        let (local, domain) = (&text[..at], &text[at + 1..]);
        let has_sign = !is_ascii && text.chars().any(|c| !c.is_ascii() && !c.is_alphanumeric());
        if text.len() > 254 || has_sign || !is_local(local) || !is_domain(domain) {
            return Err(EmailError::Malformed);
        }
        Ok(Self(if is_ascii { text.to_ascii_lowercase() } else { text.to_lowercase() }))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address masked for output: `a***@e***.com`.
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or_default();
        let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
        let top = domain.rsplit('.').next().unwrap_or_default();
        format!("{}***@{}***.{top}", first(local), first(domain))
    }
}

/// For each byte, whether an unquoted local part may contain it, and whether a label may: letters
/// and digits, and the signs RFC 5322 calls `atext`. The bytes of other scripts are fine in both.
static FINE: [(bool, bool); 256] = {
    let mut fine = [(true, true); 256];
    let mut b = 0;
    while b < 128 {
        let letter = (b as u8).is_ascii_alphanumeric();
        let sign = matches!(b as u8, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-'..=b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~');
        fine[b] = (letter || sign, letter || b as u8 == b'-');
        b += 1;
    }
    fine
};

fn is_local(local: &str) -> bool {
    let (mut fits, mut last) = (true, b'.');
    for b in local.bytes() {
        fits &= FINE[usize::from(b)].0 & !(b == b'.' && last == b'.');
        last = b;
    }
    fits && last != b'.' && local.len() <= 64
}

/// Branch-free, because dot positions are unpredictable.
fn is_domain(domain: &str) -> bool {
    // As if a dot preceded the first label, so that it is checked like the others.
    let (mut fits, mut last, mut label_len, mut points) = (true, b'.', 0, 0);
    for b in domain.bytes() {
        let is_point = b == b'.';
        let is_edge =
            (is_point & ((last == b'.') | (last == b'-'))) | ((b == b'-') & (last == b'.'));
        fits &= (is_point | FINE[usize::from(b)].1) & !is_edge & (label_len <= 63);
        label_len = if is_point { 0 } else { label_len + 1 };
        points += u32::from(is_point);
        last = b;
    }
    fits && last != b'.' && last != b'-' && label_len <= 63 && points > 0
}

/// The debug form hides the address, so that it never reaches a log by accident.
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
        assert_eq!(
            Email::parse(" Ann.B+shop@Example.COM ").unwrap().as_str(),
            "ann.b+shop@example.com"
        );
        assert!(Email::parse("o'brien@mail.example").is_ok());
        assert!(Email::parse("müller@bücher.example").is_ok());
    }

    #[test]
    fn undeliverable_addresses_are_refused() {
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
            "ann@x-.com",
            "ann@x.com-",
            "ann@.com",
            ".ann@example.com",
            "ann.@example.com",
            "ann(b@example.com",
            "ann@ex_ample.com",
            "ann@exam€ple.com",
            "m€ller@example.com",
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

    #[test]
    fn parts_may_be_as_long_as_the_standard_says() {
        let address = |local, label| format!("{}@{}.com", "a".repeat(local), "b".repeat(label));
        assert!(Email::parse(&address(64, 63)).is_ok());
        assert!(Email::parse(&address(65, 5)).is_err());
        assert!(Email::parse(&address(5, 64)).is_err());
    }
}
