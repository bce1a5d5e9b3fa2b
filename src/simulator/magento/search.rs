//! The meaning of a list request, and its violations.

use super::order::{Field, MagentoOrder};
use super::signature::decoded;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The parameters of a list.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// All groups must match, and in each group any filter.
    groups: BTreeMap<String, BTreeMap<String, Filter>>,
    sorts: BTreeMap<String, Filter>,
    pub page_size: Option<u64>,
    page: u64,
    pub fields: Option<String>,
}

/// Its leaves by their names: field, value, condition or direction.
type Filter = BTreeMap<String, String>;

impl Search {
    /// Reads the parameters of a raw query; adds to `violations` what no good client sends.
    ///
    /// # Errors
    /// With Magento's answer to one that it refuses with 400.
    pub(super) fn read(query: &str, violations: &mut Vec<String>) -> Result<Self, Value> {
        if query.contains(['[', ']', '+', ' ']) {
            violations.push(format!("brackets or spaces that are not encoded: {query}"));
        }
        let mut search = Self { page: 1, ..Self::default() };
        let mut is_searching = false;
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            let (name, value) = (decoded(name), decoded(value));
            is_searching |= name.starts_with("searchCriteria");
            let parts: Vec<&str> = name.split(['[', ']']).filter(|part| !part.is_empty()).collect();
            match parts.as_slice() {
                ["searchCriteria", "filter_groups", group, "filters", filter, leaf] => {
                    let group = search.groups.entry((*group).to_owned()).or_default();
                    let filter = group.entry((*filter).to_owned()).or_default();
                    filter.insert((*leaf).to_owned(), value);
                }
                ["searchCriteria", "sortOrders", sort, leaf] => {
                    let sort = search.sorts.entry((*sort).to_owned()).or_default();
                    sort.insert((*leaf).to_owned(), value);
                }
                ["searchCriteria", "pageSize"] => search.page_size = value.parse().ok(),
                ["searchCriteria", "currentPage"] => search.page = value.parse().unwrap_or(1),
                ["fields"] => search.fields = Some(value),
                _ => violations.push(format!("unknown parameter {name}")),
            }
        }
        if !is_searching {
            return Err(json!({
                "message": "\"%fieldName\" is required. Enter and try again.",
                "parameters": {"fieldName": "searchCriteria"},
            }));
        }
        if search.page_size.is_none() {
            violations.push("a list without pageSize has every order".to_owned());
        }
        if search.page > 1 {
            violations.push("pages move while they are read".to_owned());
        }
        if search.fields.as_deref().is_some_and(|fields| fields != "items[entity_id],total_count") {
            violations.push(format!("fields {:?}", search.fields));
        }
        search.check_filters(violations)?;
        Ok(search)
    }

    fn check_filters(&self, violations: &mut Vec<String>) -> Result<(), Value> {
        for filter in self.groups.values().flat_map(BTreeMap::values) {
            let leaf = |name: &str| filter.get(name).map_or("", String::as_str);
            let (field, condition, value) = (leaf("field"), leaf("condition_type"), leaf("value"));
            let is_date = field.ends_with("_at");
            let is_good = match condition {
                "in" => !is_date && value.split(',').all(|value| value.parse::<u64>().is_ok()),
                "eq" | "gt" | "gteq" | "lt" | "lteq" if is_date => is_database_date(value),
                "eq" | "gt" | "gteq" | "lt" | "lteq" => value.parse::<u64>().is_ok(),
                _ => false,
            };
            if !is_good || !["entity_id", "store_id", "created_at", "updated_at"].contains(&field) {
                violations.push(format!("a filter of no form: {filter:?}"));
                return Err(json!({ "message": "Invalid attribute" }));
            }
        }
        Ok(())
    }

    /// The orders of the whole list, in its order. Filters of the field `ignored` do not count.
    pub(super) fn select<'a>(
        &self,
        orders: impl Iterator<Item = &'a MagentoOrder>,
        ignored: Option<&str>,
    ) -> Vec<&'a MagentoOrder> {
        let is_met = |order: &MagentoOrder, filter: &Filter| {
            ignored.is_some_and(|field| filter["field"] == field) || fulfils(order, filter)
        };
        let mut selected: Vec<&MagentoOrder> = orders
            .filter(|order| {
                self.groups.values().all(|group| group.values().any(|filter| is_met(order, filter)))
            })
            .collect();
        for sort in self.sorts.values().rev() {
            let field = sort.get("field").map_or("", String::as_str);
            selected.sort_by_key(|order| match order.field(field) {
                Some(Field::Number(number)) => format!("{number:020}"),
                Some(Field::Date(date)) => date,
                None => String::new(),
            });
            if sort.get("direction").is_some_and(|direction| direction == "DESC") {
                selected.reverse();
            }
        }
        selected
    }

    /// The orders of the requested page. After the end, the last page is repeated.
    pub(super) fn page_of<'a>(&self, selected: &[&'a MagentoOrder]) -> Vec<&'a MagentoOrder> {
        let size = self.page_size.filter(|size| *size > 0).unwrap_or(u64::MAX);
        let pages = (selected.len() as u64).div_ceil(size).max(1);
        let before = (self.page.clamp(1, pages) - 1).saturating_mul(size);
        let (before, size) = (before as usize, usize::try_from(size).unwrap_or(usize::MAX));
        selected.iter().skip(before).take(size).copied().collect()
    }
}

fn fulfils(order: &MagentoOrder, filter: &Filter) -> bool {
    let value = filter["value"].as_str();
    let ordering = match order.field(&filter["field"]) {
        Some(Field::Number(number)) if filter["condition_type"] == "in" => {
            return value.split(',').any(|value| value.parse() == Ok(number));
        }
        Some(Field::Number(number)) => number.cmp(&value.parse().unwrap_or_default()),
        Some(Field::Date(date)) => date.as_str().cmp(value),
        None => return false,
    };
    match filter["condition_type"].as_str() {
        "eq" => ordering.is_eq(),
        "gt" => ordering.is_gt(),
        "gteq" => ordering.is_ge(),
        "lt" => ordering.is_lt(),
        _ => ordering.is_le(),
    }
}

/// `2026-01-31 10:11:12`; any other form is compared as a text with the database's.
fn is_database_date(text: &str) -> bool {
    let is_like = |(byte, form): (u8, u8)| match form {
        b'0' => byte.is_ascii_digit(),
        _ => byte == form,
    };
    let form = b"0000-00-00 00:00:00";
    text.len() == form.len() && text.bytes().zip(form.iter().copied()).all(is_like)
}
