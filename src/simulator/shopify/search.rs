//! Shopify's search syntax, as far as times are compared.

use super::order::ShopifyOrder;
use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

/// What a search text selects.
#[derive(Debug, Default)]
pub(super) struct Search {
    terms: Vec<Term>,
    /// What Shopify only hints at in `extensions.search`.
    pub warnings: Vec<String>,
}

#[derive(Debug)]
struct Term {
    is_updated: bool,
    /// `<` and `<=`; else `>` and `>=`. Shopify treats a bound as part of the range either way.
    is_upper: bool,
    bound: Timestamp,
}

impl Search {
    /// Reads the text. A term of an unknown field is left out, and the time of one without quotes
    /// is cut off and the day is one of the shop's zone, as Shopify does.
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

    pub(super) fn selects(&self, order: &ShopifyOrder) -> bool {
        self.terms.iter().all(|term| {
            let moment = if term.is_updated { order.updated } else { order.created };
            if term.is_upper { moment <= term.bound } else { moment >= term.bound }
        })
    }
}

impl Term {
    /// The term, and whether its value is quoted.
    fn parse(text: &str, zone: &TimeZone) -> Option<(Self, bool)> {
        let (field, rest) = text.split_once(':')?;
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
        Some((Self { is_updated, is_upper, bound }, quoted.is_some()))
    }
}
