//! Shopify's search syntax for times and the tokens of carts.

use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

/// What a search text selects.
#[derive(Debug, Default)]
pub(super) struct Search {
    terms: Vec<Term>,
    /// Warnings that Shopify only states in `extensions.search`.
    pub warnings: Vec<String>,
}

#[derive(Debug)]
enum Term {
    Time {
        is_updated: bool,
        /// `<` and `<=`; else `>` and `>=`. Shopify treats a bound as part of the range either way.
        is_upper: bool,
        bound: Timestamp,
    },
    CartToken(String),
}

/// The searchable fields of an order or a checkout.
pub(super) struct Searched<'a> {
    pub created: Timestamp,
    pub updated: Timestamp,
    /// Of an order alone.
    pub cart_token: Option<&'a str>,
}

impl Search {
    /// Reads the text. As in Shopify, a term with an unknown field is ignored, and a time without
    /// quotes is reduced to its day, in the shop's zone.
    pub(super) fn parse(text: &str, zone: &TimeZone) -> Self {
        let mut search = Self::default();
        for term in text.split(" AND ").map(str::trim).filter(|term| !term.is_empty()) {
            match Term::parse(term, zone) {
                Some((term, is_quoted)) => {
                    if !is_quoted {
                        search.warnings.push(format!("unknown field in {text}"));
                    }
                    search.terms.push(term);
                }
                None => search.warnings.push(format!("invalid term {term}")),
            }
        }
        search
    }

    pub(super) fn selects(&self, one: &Searched<'_>) -> bool {
        self.terms.iter().all(|term| match term {
            Term::Time { is_updated, is_upper, bound } => {
                let moment = if *is_updated { one.updated } else { one.created };
                if *is_upper { moment <= *bound } else { moment >= *bound }
            }
            Term::CartToken(token) => one.cart_token == Some(token),
        })
    }

    /// Whether it compares a field that only orders have.
    pub(super) fn is_of_orders(&self) -> bool {
        self.terms.iter().any(|term| matches!(term, Term::CartToken(_)))
    }
}

impl Term {
    /// The term, and whether its value is quoted.
    fn parse(text: &str, zone: &TimeZone) -> Option<(Self, bool)> {
        let (field, rest) = text.split_once(':')?;
        if field == "cart_token" {
            let quoted = rest.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
            let token = quoted.unwrap_or(rest).to_owned();
            return Some((Self::CartToken(token), quoted.is_some()));
        }
        let is_updated = match field {
            "updated_at" => true,
            "created_at" => false,
            _ => return None,
        };
        let is_upper = rest.starts_with('<');
        let value = rest.trim_start_matches(['<', '>']).trim_start_matches('=');
        let quoted = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
        let bound = match quoted {
            Some(value) => value.parse().ok()?,
            None => {
                let day: Date = value.get(..10)?.parse().ok()?;
                day.to_zoned(zone.clone()).ok()?.timestamp()
            }
        };
        Some((Self::Time { is_updated, is_upper, bound }, quoted.is_some()))
    }
}
