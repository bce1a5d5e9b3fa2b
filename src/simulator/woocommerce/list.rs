//! The meaning of a list request, and its violations.

use super::WooOptions;
use super::order::ShopOrder;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

/// Statuses that `any` does not include.
const NOT_IN_ANY: [&str; 2] = ["trash", "checkout-draft"];
const KNOWN: [&str; 14] = [
    "status",
    "orderby",
    "order",
    "per_page",
    "page",
    "dates_are_gmt",
    "modified_after",
    "modified_before",
    "after",
    "before",
    "_fields",
    "_",
    "consumer_key",
    "consumer_secret",
];

#[derive(Debug)]
pub(super) struct ListQuery {
    status: String,
    per_page: u64,
    page: u64,
    descending: bool,
    modified: Bounds,
    created: Bounds,
    fields: Option<Vec<String>>,
}

/// Exclusive on both sides, of the dates of one column.
#[derive(Debug)]
struct Bounds {
    after: Option<DateTime>,
    before: Option<DateTime>,
    /// The zone of the column's dates.
    zone: TimeZone,
}

impl Bounds {
    fn contain(&self, moment: Timestamp) -> bool {
        let date = moment.to_zoned(self.zone.clone()).datetime();
        self.after.is_none_or(|after| date > after)
            && self.before.is_none_or(|before| date < before)
    }
}

/// The name of a parameter that WordPress refuses with 400.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InvalidParameter(pub &'static str);

/// The parameters of a request. WooCommerce ignores some values without an error.
struct Parameters<'a> {
    pairs: &'a [(String, String)],
    zone: &'a TimeZone,
    violations: &'a mut Vec<String>,
}

impl<'a> Parameters<'a> {
    fn value(&self, name: &str) -> Option<&'a str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &'static str, default: u64, max: u64) -> Result<u64, InvalidParameter> {
        let Some(text) = self.value(name) else { return Ok(default) };
        text.parse().ok().filter(|n| (1..=max).contains(n)).ok_or(InvalidParameter(name))
    }

    /// One of these words; the first if it is absent.
    fn word(
        &self,
        name: &'static str,
        words: &[&'static str],
    ) -> Result<&'static str, InvalidParameter> {
        let text = self.value(name).unwrap_or(words[0]);
        words.iter().find(|word| **word == text).copied().ok_or(InvalidParameter(name))
    }

    /// Bounds of the UTC column with `dates_are_gmt`, else of the local one.
    fn bounds(
        &mut self,
        after: &'static str,
        before: &'static str,
    ) -> Result<Bounds, InvalidParameter> {
        let is_gmt = self.value("dates_are_gmt") == Some("true");
        let zone = if is_gmt { TimeZone::UTC } else { self.zone.clone() };
        let bounds = Bounds { after: self.date(after)?, before: self.date(before)?, zone };
        if !is_gmt && (bounds.after.is_some() || bounds.before.is_some()) {
            let text = format!("{after} and {before} without dates_are_gmt: local dates");
            self.violations.push(text);
        }
        Ok(bounds)
    }

    /// A date as WordPress reads it: in the site's zone, whichever column it is compared with. A
    /// time in the hour that the site's clocks skip in spring is an hour later.
    fn date(&mut self, name: &'static str) -> Result<Option<DateTime>, InvalidParameter> {
        let Some(text) = self.value(name) else { return Ok(None) };
        if let Ok(moment) = text.parse::<Timestamp>() {
            let text = format!("{name} with an offset is converted into the site's zone");
            self.violations.push(text);
            return Ok(Some(moment.to_zoned(self.zone.clone()).datetime()));
        }
        let civil: DateTime = text.parse().map_err(|_| InvalidParameter(name))?;
        let local = civil.to_zoned(self.zone.clone()).map_err(|_| InvalidParameter(name))?;
        Ok(Some(local.datetime()))
    }
}

impl ListQuery {
    /// Reads the parameters; adds to `violations` what WooCommerce accepts and misunderstands.
    pub(super) fn read(
        pairs: &[(String, String)],
        options: &WooOptions,
        violations: &mut Vec<String>,
    ) -> Result<Self, InvalidParameter> {
        for (name, _) in pairs {
            if !KNOWN.contains(&name.as_str()) && name != "rest_route" {
                violations.push(format!("unknown parameter {name}"));
            }
        }
        let mut parameters = Parameters { pairs, zone: &options.zone, violations };
        let order = parameters.word("order", &["desc", "asc"])?;
        let orders: &[&str] =
            if options.is_old { &["date", "id"] } else { &["date", "id", "modified"] };
        parameters.word("orderby", orders)?;
        let mut modified = parameters.bounds("modified_after", "modified_before")?;
        if options.is_old {
            modified = Bounds { after: None, before: None, ..modified };
        }
        let fields = parameters.value("_fields");
        Ok(Self {
            status: parameters.value("status").unwrap_or("any").to_owned(),
            per_page: parameters.number("per_page", 10, 100)?,
            page: parameters.number("page", 1, u64::MAX)?,
            descending: order == "desc",
            modified,
            created: parameters.bounds("after", "before")?,
            fields: fields.map(|names| names.split(',').map(str::to_owned).collect()),
        })
    }

    pub(super) fn per_page(&self) -> u64 {
        self.per_page
    }

    pub(super) fn has_all_fields(&self) -> bool {
        self.fields.is_none()
    }

    /// The orders of the whole list, in its order.
    pub(super) fn select<'a>(
        &self,
        orders: impl Iterator<Item = &'a ShopOrder>,
    ) -> Vec<&'a ShopOrder> {
        let mut selected: Vec<&ShopOrder> = orders
            .filter(|order| match self.status.as_str() {
                "any" => !NOT_IN_ANY.contains(&order.status.as_str()),
                status => order.status == status,
            })
            .filter(|order| {
                self.modified.contain(order.modified) && self.created.contain(order.created)
            })
            .collect();
        selected.sort_by_key(|order| order.id);
        if self.descending {
            selected.reverse();
        }
        selected
    }

    /// The orders of the requested page.
    pub(super) fn page_of<'a>(&self, selected: &[&'a ShopOrder]) -> Vec<&'a ShopOrder> {
        let skipped =
            usize::try_from((self.page - 1).saturating_mul(self.per_page)).unwrap_or(usize::MAX);
        selected.iter().skip(skipped).take(self.per_page as usize).copied().collect()
    }

    pub(super) fn view(&self, order: &ShopOrder, zone: &TimeZone) -> Value {
        let Some(fields) = &self.fields else { return order.view(zone) };
        let Value::Object(all) = order.view(zone) else { return json!({}) };
        Value::Object(
            all.into_iter().filter(|(name, _)| fields.contains(name)).collect::<Map<_, _>>(),
        )
    }
}
