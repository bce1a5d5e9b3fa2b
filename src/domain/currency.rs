use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// An ISO 4217 currency that amounts can be stated in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency {
    code: [u8; 3],
    exponent: u8,
}

/// Why a text names no currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CurrencyError {
    #[error("expected a three-letter ISO 4217 code such as USD")]
    Unknown,
    #[error("expected the code of a currency with a minor unit; metals and test codes have none")]
    NoMinorUnit,
}

impl Currency {
    /// Reads an ISO 4217 alphabetic code in any letter case.
    ///
    /// # Errors
    /// When the code is not in ISO 4217, or names something that has no minor unit (XAU, XXX).
    pub fn parse(text: &str) -> Result<Self, CurrencyError> {
        let bytes: [u8; 3] = text.as_bytes().try_into().map_err(|_| CurrencyError::Unknown)?;
        let code = bytes.map(|b| b.to_ascii_uppercase());
        Ok(Self { code, exponent: exponent_of(code)? })
    }

    /// The three upper-case letters.
    pub fn code(&self) -> &str {
        // `parse` accepted only ASCII letters, so this never falls back.
        std::str::from_utf8(&self.code).unwrap_or("XXX")
    }

    /// Digits of the minor unit by ISO 4217: 0 (JPY), 2 (USD), 3 (KWD) or 4 (CLF).
    pub fn exponent(&self) -> u8 {
        self.exponent
    }

    /// An amount of minor units as people write it: `1234.50`, without the code.
    pub fn format_minor(&self, minor: i128) -> String {
        let digits = usize::from(self.exponent);
        let sign = if minor < 0 { "-" } else { "" };
        let scale = 10_u128.pow(u32::from(self.exponent));
        let magnitude = minor.unsigned_abs();
        match digits {
            0 => format!("{sign}{magnitude}"),
            _ => format!("{sign}{}.{:0digits$}", magnitude / scale, magnitude % scale),
        }
    }
}

/// Digits of the minor unit of a code. Searched in the long list once for each code, as every order
/// needs it.
fn exponent_of(code: [u8; 3]) -> Result<u8, CurrencyError> {
    /// exponent + 1; 0 = not cached, or no minor unit.
    static KNOWN: [AtomicU8; 26 * 26 * 26] = [const { AtomicU8::new(0) }; 26 * 26 * 26];
    let letter =
        |sum: usize, b: &u8| b.is_ascii_uppercase().then(|| sum * 26 + usize::from(b - b'A'));
    let slot = code
        .iter()
        .try_fold(0, letter)
        .and_then(|at| KNOWN.get(at))
        .ok_or(CurrencyError::Unknown)?;
    if let Some(exponent) = slot.load(Relaxed).checked_sub(1) {
        return Ok(exponent);
    }
    let text = std::str::from_utf8(&code).map_err(|_| CurrencyError::Unknown)?;
    let known = iso_currency::Currency::from_code(text).ok_or(CurrencyError::Unknown)?;
    let exponent = known.exponent().ok_or(CurrencyError::NoMinorUnit)?;
    let exponent = u8::try_from(exponent).map_err(|_| CurrencyError::NoMinorUnit)?;
    slot.store(exponent.saturating_add(1), Relaxed);
    Ok(exponent)
}

/// By code; compared as numbers, which costs less than comparing text.
impl Ord for Currency {
    fn cmp(&self, other: &Self) -> Ordering {
        let number = |[a, b, c]: [u8; 3]| u32::from_be_bytes([0, a, b, c]);
        number(self.code).cmp(&number(other.code))
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl<'de> serde::Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl serde::Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_are_those_of_iso_4217() {
        let zero = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
        let three = "BHD IQD JOD KWD LYD OMR TND";
        for (codes, exponent) in
            [(zero, 0), (three, 3), ("CLF UYW", 4), ("USD EUR HUF MGA MRU TRY BGN VES", 2)]
        {
            for code in codes.split(' ') {
                assert_eq!(Currency::parse(code).unwrap().exponent(), exponent, "{code}");
            }
        }
    }

    #[test]
    fn codes_are_read_in_any_case_and_nothing_else_is() {
        assert_eq!(Currency::parse("usd").unwrap().code(), "USD");
        for bad in ["", "US", "USDX", "ZZZ", "str", "€", "U D"] {
            assert_eq!(Currency::parse(bad), Err(CurrencyError::Unknown), "{bad}");
        }
        assert_eq!(Currency::parse("XAU"), Err(CurrencyError::NoMinorUnit));
    }

    #[test]
    fn amounts_print_with_the_digits_of_their_currency() {
        let print = |code: &str, minor| Currency::parse(code).unwrap().format_minor(minor);
        assert_eq!(print("USD", 123_450), "1234.50");
        assert_eq!(print("USD", -5), "-0.05");
        assert_eq!(print("JPY", 1_000), "1000");
        assert_eq!(print("KWD", 1_234), "1.234");
    }
}
