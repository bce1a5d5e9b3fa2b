//! `getOrder` and `searchOrder`.

use super::orders::Fields;
use crate::simulator::world::World;
use serde_json::Value;
use std::cmp::Ordering;

/// Orders in a page by default, and at most.
const PAGE_LEN: usize = 20;
const PAGE_LEN_MAX: usize = 100;

pub(super) fn get(world: &World, arguments: &Fields) -> Value {
    let object = world.graphql.objects.get(&super::orders::key(arguments));
    object.and_then(|object| object.visible.clone()).map_or(Value::Null, Value::Object)
}

/// A page of the orders that fit every condition, and whether it is the last one.
pub(super) fn search(world: &World, filter: &Fields) -> Result<(Value, bool), String> {
    let mut conditions = Vec::new();
    let mut sort = None;
    for (name, given) in filter.iter().filter(|(name, _)| *name != "pagination") {
        let of = |part: &str| given.get(part).filter(|value| !value.is_null());
        if let Some(value) = of("value") {
            let Some(operator) = of("filterOperator").and_then(Value::as_str) else {
                return Err(format!("filter of {name} has a value without filterOperator"));
            };
            let allowed: &[&str] = match value {
                Value::Number(_) => &["EQ", "LT", "LTE", "GT", "GTE"],
                Value::String(_) if !is_enum(name) => &["EQ", "CONTAINS"],
                _ => &["EQ"],
            };
            if !allowed.contains(&operator) {
                return Err(format!("{operator} is no operator for {name}"));
            }
            conditions.push((name, operator, value));
        }
        if let Some(direction) = of("sort").and_then(Value::as_str) {
            sort = Some((name, direction == "DESC"));
        }
    }
    let page = |name| filter.get("pagination")?.get(name)?.as_u64().map(|n| n as usize);
    let (offset, limit) = (page("offset").unwrap_or(0), page("limit").unwrap_or(PAGE_LEN));
    if limit > PAGE_LEN_MAX {
        return Err(format!("limit must be at most {PAGE_LEN_MAX}"));
    }
    let fits = |order: &&Fields| {
        conditions.iter().all(|(name, operator, value)| {
            order.get(*name).is_some_and(|held| holds(held, operator, value))
        })
    };
    let visible = world.graphql.objects.values().filter_map(|object| object.visible.as_ref());
    let matching = visible.filter(fits);
    // One more than fits on the page, which shows whether there are others.
    let mut page: Vec<&Fields> = match sort {
        None => matching.skip(offset).take(limit + 1).collect(),
        Some((name, descends)) => {
            let of = |order: &Fields| order.get(name).cloned().unwrap_or_default();
            let mut all: Vec<&Fields> = matching.collect();
            all.sort_by(|a, b| compare(&of(a), &of(b)));
            if descends {
                all.reverse();
            }
            all.into_iter().skip(offset).take(limit + 1).collect()
        }
    };
    let ends = page.len() <= limit;
    page.truncate(limit);
    Ok((page.into_iter().map(|order| Value::Object(order.clone())).collect(), ends))
}

fn is_enum(name: &str) -> bool {
    matches!(name, "creationSource" | "normalizedStatus")
}

fn holds(held: &Value, operator: &str, wanted: &Value) -> bool {
    let order = compare(held, wanted);
    match operator {
        "EQ" => order == Ordering::Equal,
        "LT" => order == Ordering::Less,
        "LTE" => order != Ordering::Greater,
        "GT" => order == Ordering::Greater,
        "GTE" => order != Ordering::Less,
        _ => held.as_str().zip(wanted.as_str()).is_some_and(|(held, part)| held.contains(part)),
    }
}

fn compare(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64().unwrap_or_default().total_cmp(&b.as_f64().unwrap_or_default())
        }
        _ => a.to_string().cmp(&b.to_string()),
    }
}
