use super::Email;
use super::text::{Text, is_invisible, trim};
use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Cow;
use std::fmt;

/// The identity of an order within a connection: ActiveCampaign's `externalid`; or that of an
/// abandoned cart, its `externalcheckoutid`. The two are separate number spaces. Serialised it is
/// the one field that is sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderKey {
    text: Text,
    is_cart: bool,
}

/// The identity of a customer within a connection: the `externalid` of an `ecomCustomer`.
///
/// It may contain an e-mail address, so its debug form hides it and the state keeps a keyed hash of
/// it.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct CustomerKey(String);

/// A customer as the state and a comparison know it: the first 96 bits of a keyed hash of the key.
pub type CustomerHash = [u8; 12];

/// Why a text can't identify an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("expected an order id or number")]
    Missing,
    #[error(
        "expected an id as the shop wrote it; this one was rewritten as a number (5.37E+12, 6885.0), export again without a spreadsheet or script in between"
    )]
    Scientific,
    #[error("expected an id; the value looks like the text of another column")]
    Odd,
    #[error("expected an id of at most {} bytes", OrderKey::LEN_MAX)]
    TooLong,
}

impl OrderKey {
    /// The longest id accepted, in bytes; ActiveCampaign's column is 255 characters wide.
    pub const LEN_MAX: usize = 255;

    /// # Errors
    /// When the text is blank, is rewritten as a number, is longer than [`Self::LEN_MAX`]
    /// bytes, contains what a shifted column would and no id does (`@`, a comma, a line break, a
    /// zero-width character), or is guarded (`is_guarded`).
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let text = trim(text);
        if text.is_empty() {
            return Err(KeyError::Missing);
        }
        if text.len() > Self::LEN_MAX {
            return Err(KeyError::TooLong);
        }
        let (is_plain, has_exponent) = look_over(text);
        if has_exponent && is_scientific(text) || is_float(text) {
            return Err(KeyError::Scientific);
        }
        let is_odd = |c: char| c == '@' || c == ',' || c.is_control() || is_invisible(c);
        if (!is_plain && text.contains(is_odd)) || is_guarded(text) {
            return Err(KeyError::Odd);
        }
        Ok(Self { text: text.into(), is_cart: false })
    }

    /// The identity of a cart or checkout.
    pub fn of_cart(text: &str) -> Result<Self, KeyError> {
        Ok(Self { is_cart: true, ..Self::parse(text)? })
    }

    /// The id as the shop writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn is_cart(&self) -> bool {
        self.is_cart
    }

    /// The name of its field in ActiveCampaign.
    pub fn field(&self) -> &'static str {
        if self.is_cart { "externalcheckoutid" } else { "externalid" }
    }

    /// One text for both number spaces: a cart's id is prefixed with a space, which no order's id
    /// begins with.
    pub fn ledger_text(&self) -> Cow<'_, str> {
        if self.is_cart { Cow::Owned(format!(" {}", self.text)) } else { Cow::Borrowed(&self.text) }
    }
}

impl Serialize for OrderKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut field = serializer.serialize_map(Some(1))?;
        field.serialize_entry(self.field(), &self.text)?;
        field.end()
    }
}

/// Whether an id is no longer the shop's: rewritten as a number, guarded (`is_guarded`), or with
/// invisible characters.
pub fn is_damaged_id(id: &str) -> bool {
    is_rewritten(id) || is_guarded(id) || id.contains(is_invisible)
}

/// Whether something rewrote an id as a number: `4.9E+12`, where different ids collapse into one,
/// or `6885604524341.0`, which is another id than the shop's.
pub fn is_rewritten(id: &str) -> bool {
    is_scientific(id) || is_float(id)
}

/// Whether a text begins or ends with signs that keep a spreadsheet from taking it for a number:
/// `="1001"`, `'1001`, `1001"`.
pub fn is_guarded(text: &str) -> bool {
    text.starts_with(['=', '\'', '"', '`', '‘', '’', '“', '”', '„']) || text.ends_with(['"', '”'])
}

/// Whether the text is only ASCII that an id may have, and whether it contains an `E`: one pass
/// without branches, as the answers are nearly always yes and no.
fn look_over(text: &str) -> (bool, bool) {
    text.bytes().fold((true, false), |(is_plain, has_exponent), b| {
        let is_fine = b.is_ascii_graphic() | (b == b' ');
        (is_plain & is_fine & (b != b'@') & (b != b','), has_exponent | matches!(b, b'E' | b'e'))
    })
}

/// A number as a spreadsheet shortens it: `4.9E+12`, `4,9E+12`.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let exponent = exponent.strip_prefix(['+', '-']);
    exponent.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
        && mantissa.starts_with(|c: char| c.is_ascii_digit())
        && mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b',')
}

/// Digits and then nothing but zeros after the point, as tables of numbers write whole ones:
/// `1001.0`.
fn is_float(text: &str) -> bool {
    let is =
        |text: &str, digit: fn(&u8) -> bool| !text.is_empty() && text.as_bytes().iter().all(digit);
    text.ends_with('0')
        && text.rsplit_once('.').is_some_and(|(whole, zeros)| {
            is(zeros, |b| *b == b'0') && is(whole, u8::is_ascii_digit)
        })
}

impl CustomerKey {
    /// A customer with an account in the shop.
    pub fn registered(id: &str) -> Self {
        Self(trim(id).to_owned())
    }

    /// A customer known only by the e-mail address, so that repeat guests are one customer.
    pub fn guest(email: &Email) -> Self {
        Self(["guest:", email.as_str()].concat())
    }

    /// Whether the shop knows the customer only by the e-mail address.
    pub fn is_guest(&self) -> bool {
        self.0.starts_with("guest:")
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_were_rewritten_as_numbers_are_not_keys() {
        for bad in ["5.37518E+12", "4,9E+12", "1E+15", "1e-3", "6885604524341.0", "7.00"] {
            assert_eq!(OrderKey::parse(bad), Err(KeyError::Scientific), "{bad}");
        }
        for good in [
            "6885604524341",
            "#1001",
            "#1166X01",
            "1E5",
            "E+12",
            "SALE-E-12",
            "00000102",
            "2024.10",
            "#7.0",
            ".0",
        ] {
            assert_eq!(OrderKey::parse(good).unwrap().as_str(), good);
        }
        for odd in ["ann@example.com", "#1,ann,paid", "#1\n#2", "10\u{200b}01"] {
            assert_eq!(OrderKey::parse(odd), Err(KeyError::Odd), "{odd}");
        }
        assert_eq!(OrderKey::parse("  "), Err(KeyError::Missing));
        assert_eq!(OrderKey::parse(&"9".repeat(256)), Err(KeyError::TooLong));
    }

    #[test]
    fn a_cart_and_an_order_of_one_id_are_two() {
        let (cart, order) = (OrderKey::of_cart("77").unwrap(), OrderKey::parse("77").unwrap());
        assert_ne!(cart, order);
        assert_ne!(cart.ledger_text(), order.ledger_text());
        assert_eq!(serde_json::to_string(&cart).unwrap(), r#"{"externalcheckoutid":"77"}"#);
    }

    #[test]
    fn a_repeat_guest_is_one_customer_however_the_address_is_spelled() {
        let guest = |text: &str| CustomerKey::guest(&Email::parse(text).unwrap());
        assert_eq!(guest("Ann@Example.com"), guest("ann@example.com "));
        assert_eq!(format!("{:?}", guest("ann@example.com")), "CustomerKey(..)");
    }
}
