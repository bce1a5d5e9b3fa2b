use serde::{Deserialize, Serialize};
use std::fmt;

/// The id that a shop gives an order, as its export states it. Numbers sort by their value, before
/// texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OrderId {
    Number(u64),
    /// Of a shop whose ids are texts.
    Text(String),
}

impl From<u64> for OrderId {
    fn from(id: u64) -> Self {
        Self::Number(id)
    }
}

impl From<&str> for OrderId {
    /// A number only if written as one: `007` is a text.
    fn from(text: &str) -> Self {
        let number = text.parse().ok().filter(|number: &u64| number.to_string() == text);
        number.map_or_else(|| Self::Text(text.to_owned()), Self::Number)
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => text.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_the_text_that_it_is() {
        for text in ["0", "7", "18446744073709551615", "18446744073709551616", "007", "+7", "5f3a"]
        {
            let id = OrderId::from(text);
            assert_eq!(id.to_string(), text);
            let json = serde_json::to_string(&id).unwrap();
            assert_eq!(serde_json::from_str::<OrderId>(&json).unwrap(), id, "{json}");
        }
        assert_eq!(serde_json::to_string(&OrderId::from("7")).unwrap(), "7");
        assert_eq!(OrderId::from("7"), OrderId::Number(7));
    }
}
