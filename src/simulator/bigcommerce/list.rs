//! The meaning of a list request, and its violations.

use super::super::shop_host::ShopRequest;
use super::{BigCommerceOptions, BigCommerceOrder, LIMIT_MAX};
use jiff::Timestamp;

/// The page length without a limit.
const LIMIT: u64 = 50;
const DATES: [&str; 4] =
    ["min_date_modified", "max_date_modified", "min_date_created", "max_date_created"];
const PAGING: [&str; 3] = ["limit", "page", "sort"];
const SHAPE: [&str; 2] = ["include", "consignment_structure"];

pub(super) struct ListQuery {
    /// In the order of `DATES`.
    bounds: [Option<Timestamp>; 4],
    is_deleted: bool,
    pub limit: u64,
    page: u64,
}

/// Status and message of a refusal.
pub(super) type Refusal = (u16, String);

impl ListQuery {
    /// `is_count`: of a count, which has no pages.
    pub(super) fn read(
        request: &ShopRequest,
        is_count: bool,
        violations: &mut Vec<String>,
    ) -> Result<Self, Refusal> {
        let is_known = |name: &str| {
            DATES.contains(&name)
                || name == "is_deleted"
                || !is_count && (PAGING.contains(&name) || SHAPE.contains(&name))
        };
        for (name, _) in request.pairs.iter().filter(|(name, _)| !is_known(name)) {
            violations.push(format!("unknown parameter {name}"));
        }
        if request.parameter("sort").is_some_and(|sort| sort != "id:asc") {
            violations.push("sorted by what changes between two pages".to_owned());
        }
        let (limit, page) = paging(request, violations)?;
        let mut bound = |name: &str| {
            let text = request.parameter(name)?;
            let moment = full_timestamp(text);
            if moment.is_none() {
                violations.push(format!("{name}={text} is ignored: no full timestamp with offset"));
            }
            moment
        };
        let bounds = DATES.map(&mut bound);
        let is_deleted = request.parameter("is_deleted") == Some("true");
        Ok(Self { bounds, is_deleted, limit, page })
    }

    pub(super) fn selects(&self, order: &BigCommerceOrder, options: &BigCommerceOptions) -> bool {
        let [from, to, since, until] = self.bounds;
        let is_within = |at: Timestamp, from: Option<Timestamp>, to: Option<Timestamp>| {
            let excludes = options.excludes_bounds;
            from.is_none_or(|from| at > from || at == from && !excludes)
                && to.is_none_or(|to| at < to || at == to && !excludes)
        };
        order.is_deleted == self.is_deleted
            && (options.ignores_dates
                || is_within(order.modified, from, to) && is_within(order.created, since, until))
    }

    /// The entries on its page; none past the end.
    pub(super) fn page_of<T>(&self, all: Vec<T>) -> Vec<T> {
        let first = (self.page - 1).saturating_mul(self.limit);
        all.into_iter().skip(first as usize).take(self.limit as usize).collect()
    }
}

/// Limit and page of a list.
fn paging(request: &ShopRequest, violations: &mut Vec<String>) -> Result<(u64, u64), Refusal> {
    let mut number = |name: &str, usual: u64| -> Result<u64, Refusal> {
        let text = request.parameter(name);
        let number = text.map_or(Some(usual), |text| text.parse().ok());
        number.filter(|number| *number > 0).ok_or_else(|| {
            violations.push(format!("{name}={}", text.unwrap_or_default()));
            (400, format!("The field '{name}' is invalid."))
        })
    };
    let (limit, page) = (number("limit", LIMIT)?, number("page", 1)?);
    if limit > LIMIT_MAX {
        violations.push(format!("limit={limit}"));
        return Err((413, format!("limit must not be larger than {LIMIT_MAX}")));
    }
    Ok((limit, page))
}

/// The requested page of what an order links to.
pub(super) fn page_of_parts<T>(
    request: &ShopRequest,
    all: Vec<T>,
    at_once_max: u64,
    violations: &mut Vec<String>,
) -> Result<Vec<T>, Refusal> {
    let (limit, page) = paging(request, violations)?;
    let limit = limit.min(at_once_max);
    Ok(ListQuery { bounds: [None; 4], is_deleted: false, limit, page }.page_of(all))
}

/// A date with a time and an offset; any other one is ignored.
fn full_timestamp(text: &str) -> Option<Timestamp> {
    let has_offset = text.get(19..).is_some_and(|offset| offset.starts_with(['+', '-', 'Z']));
    has_offset.then(|| text.parse().ok()).flatten()
}
