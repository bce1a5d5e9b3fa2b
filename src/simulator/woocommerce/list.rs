//! What a list request means, and what is wrong with it.

use super::WooOptions;
use super::order::ShopOrder;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

/// Statuses that `any` does not include.
const APART: [&str; 2] = ["trash", "checkout-draft"];
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

/// Exclusive on both sides.
#[derive(Debug, Default)]
struct Bounds {
    after: Option<Timestamp>,
    before: Option<Timestamp>,
}

impl Bounds {
    fn contain(&self, moment: Timestamp) -> bool {
        self.after.is_none_or(|after| moment > after)
            && self.before.is_none_or(|before| moment < before)
    }
}

/// The name of a parameter that WordPress refuses with 400.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InvalidParameter(pub &'static str);

impl ListQuery {
    /// Reads the parameters; adds to `violations` what WooCommerce accepts and misunderstands.
    pub(super) fn read(
        pairs: &[(String, String)],
        options: &WooOptions,
        violations: &mut Vec<String>,
    ) -> Result<Self, InvalidParameter> {
        let value =
            |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        for (name, _) in pairs {
            if !KNOWN.contains(&name.as_str()) && name != "rest_route" {
                violations.push(format!("unknown parameter {name}"));
            }
        }
        let number = |name: &'static str, default: u64, max: u64| match value(name) {
            None => Ok(default),
            Some(text) => {
                text.parse().ok().filter(|n| (1..=max).contains(n)).ok_or(InvalidParameter(name))
            }
        };
        let order = value("order").unwrap_or("desc");
        if !["asc", "desc"].contains(&order) {
            return Err(InvalidParameter("order"));
        }
        let orderby = value("orderby").unwrap_or("date");
        let known_orders: &[&str] =
            if options.is_old { &["date", "id"] } else { &["date", "id", "modified"] };
        if !known_orders.contains(&orderby) {
            return Err(InvalidParameter("orderby"));
        }
        let is_gmt = value("dates_are_gmt") == Some("true");
        let mut date = |name: &'static str| {
            let Some(text) = value(name) else { return Ok(None) };
            if !is_gmt {
                violations
                    .push(format!("{name} without dates_are_gmt is compared with local dates"));
            }
            let civil: DateTime = match text.parse() {
                Ok(civil) if !text.ends_with('Z') && text.len() == 19 => civil,
                Ok(_) => {
                    violations
                        .push(format!("{name} with an offset is converted into the site's zone"));
                    return Ok(None);
                }
                Err(_) => return Err(InvalidParameter(name)),
            };
            let utc = civil
                .to_zoned(jiff::tz::TimeZone::UTC)
                .map_err(|_| InvalidParameter(name))?
                .timestamp();
            let offset = SignedDuration::from_secs(i64::from(if is_gmt {
                0
            } else {
                options.zone_offset_s
            }));
            utc.checked_sub(offset).map(Some).map_err(|_| InvalidParameter(name))
        };
        let modified = Bounds { after: date("modified_after")?, before: date("modified_before")? };
        let created = Bounds { after: date("after")?, before: date("before")? };
        Ok(Self {
            status: value("status").unwrap_or("any").to_owned(),
            per_page: number("per_page", 10, 100)?,
            page: number("page", 1, u64::MAX)?,
            descending: order == "desc",
            modified: if options.is_old { Bounds::default() } else { modified },
            created,
            fields: value("_fields").map(|names| names.split(',').map(str::to_owned).collect()),
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
                "any" => !APART.contains(&order.status.as_str()),
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

    /// The orders of the page that was asked for.
    pub(super) fn page_of<'a>(&self, selected: &[&'a ShopOrder]) -> Vec<&'a ShopOrder> {
        let skipped =
            usize::try_from((self.page - 1).saturating_mul(self.per_page)).unwrap_or(usize::MAX);
        selected.iter().skip(skipped).take(self.per_page as usize).copied().collect()
    }

    pub(super) fn view(&self, order: &ShopOrder) -> Value {
        let Some(fields) = &self.fields else { return order.view() };
        let Value::Object(all) = order.view() else { return json!({}) };
        Value::Object(
            all.into_iter().filter(|(name, _)| fields.contains(name)).collect::<Map<_, _>>(),
        )
    }
}
