//! What an export says about its shop, as far as settings need it.

use crate::cli::error::CliError;
use crate::domain::{Currency, Moment};
use crate::extract::{self, Export, formats};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// What was found in an export.
pub(super) struct ExportFacts {
    /// The path or pattern, as the settings name it.
    pub pattern: String,
    pub files: usize,
    /// The format's name in the settings.
    pub format: String,
    /// The shop system that it is from; `None` where the format does not say.
    pub service: Option<String>,
    pub records: u64,
    pub currencies: BTreeMap<Currency, u64>,
    /// Records that state no currency, or none that is known.
    pub currency_unstated: u64,
    /// Records whose date has no UTC offset.
    pub dates_local: u64,
    /// Time zones in which every date with an offset can be, the best known first. None if every
    /// offset is zero, which is how programs write times of any zone.
    pub zones: Vec<String>,
    /// `https://shop.example.com`
    pub address: Option<String>,
}

/// Zones named before others whose clocks are the same.
const ZONES_FIRST: [&str; 18] = [
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Toronto",
    "America/Sao_Paulo",
    "America/Argentina/Buenos_Aires",
    "America/Mexico_City",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Athens",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Australia/Brisbane",
    "Pacific/Auckland",
];

impl ExportFacts {
    /// Reads the whole export. `pattern` is as it was typed; `dir` is the folder of the settings.
    pub(super) fn read(pattern: &str, dir: &Path) -> Result<Self, CliError> {
        let patterns = vec![pattern.to_owned()];
        let export = Export::open(&extract::Options { patterns, ..Default::default() })?;
        let format = export.files().first().map(|file| file.format.as_str()).unwrap_or_default();
        let format = format.split('/').next().unwrap_or_default().to_owned();
        let mut facts = Self {
            pattern: from_folder(pattern, dir)?,
            files: export.files().len(),
            service: service_of(&format),
            format,
            records: 0,
            currencies: BTreeMap::new(),
            currency_unstated: 0,
            dates_local: 0,
            zones: Vec::new(),
            address: export.shop_address(),
        };
        let mut offsets = BTreeMap::new();
        for order in export.read() {
            let order = order.map_err(CliError::failed)?;
            facts.records += 1;
            match Currency::parse(order.currency.trim()) {
                Ok(currency) => *facts.currencies.entry(currency).or_default() += 1,
                Err(_) => facts.currency_unstated += 1,
            }
            let Ok(at) = Moment::parse(&order.created_at, &TimeZone::UTC) else { continue };
            if Moment::states_offset(&order.created_at) {
                // One date of each month shows each offset that a zone has.
                offsets.insert((at.month(), at.offset()), at.timestamp());
            } else {
                facts.dates_local += 1;
            }
        }
        let seen = offsets.into_iter().map(|((_, offset), at)| (at, offset)).collect::<Vec<_>>();
        facts.zones = zones_of(&seen);
        Ok(facts)
    }

    pub(super) fn json(&self) -> Value {
        let currencies = self
            .currencies
            .iter()
            .map(|(currency, orders)| json!({ "currency": currency.code(), "orders": orders }));
        json!({
            "export": self.pattern, "files": self.files, "format": self.format,
            "records": self.records, "currencies": currencies.collect::<Value>(),
            "currency_unstated": self.currency_unstated, "dates_without_offset": self.dates_local,
            "time_zones": self.zones, "address": self.address,
        })
    }
}

/// A path inside of the folder from there, another one from the root.
fn from_folder(pattern: &str, dir: &Path) -> Result<String, CliError> {
    let absolute = |path: &Path| std::path::absolute(path).map_err(CliError::failed);
    let (path, dir) = (absolute(Path::new(pattern))?, absolute(dir)?);
    let path = path.strip_prefix(dir).unwrap_or(&path);
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| CliError::usage("--from: the path is not UTF-8\n  hint: rename the file"))
}

/// The first word of what the format is described as, if that is a shop system.
fn service_of(format: &str) -> Option<String> {
    let description =
        formats().iter().find(|known| known.name() == format)?.about().description.to_owned();
    if description.contains("Shopify") {
        return Some("shopify".to_owned());
    }
    let word = description.split(|c: char| !c.is_alphanumeric()).next()?.to_ascii_lowercase();
    let is_shop = !["airbyte", "singer", "warehouses"].contains(&word.as_str());
    is_shop.then_some(word)
}

fn zones_of(seen: &[(Timestamp, Offset)]) -> Vec<String> {
    if seen.iter().all(|(_, offset)| *offset == Offset::UTC) {
        return Vec::new();
    }
    let fits = |name: &String| {
        let zone = TimeZone::get(name).ok();
        zone.is_some_and(|zone| seen.iter().all(|(at, offset)| zone.to_offset(*at) == *offset))
    };
    let known = jiff::tz::db().available().map(|name| name.to_string());
    let is_place = |name: &String| name.contains('/') && !name.starts_with("Etc/");
    let mut zones: Vec<String> = known.filter(is_place).filter(fits).collect();
    let rank = |name: &String| ZONES_FIRST.iter().position(|first| first == name);
    zones.sort_by_key(|name| rank(name).unwrap_or(ZONES_FIRST.len()));
    zones
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_those_whose_clocks_show_every_offset() {
        let seen = |texts: &[&str]| {
            let read = |text: &&str| Moment::parse(text, &TimeZone::UTC).unwrap();
            let moments = texts.iter().map(read);
            let pairs: Vec<_> = moments.map(|at| (at.timestamp(), at.offset())).collect();
            zones_of(&pairs)
        };
        let zones = seen(&["2024-01-31 10:11:12 +0100", "2024-07-31 10:11:12 +0200"]);
        assert_eq!(zones[0], "Europe/Berlin");
        assert!(zones.contains(&"Europe/Paris".to_owned()), "{zones:?}");
        assert!(!zones.contains(&"Africa/Lagos".to_owned()), "no summer time there: {zones:?}");
        let zones = seen(&["2024-01-31 10:11:12 -0500", "2024-07-31 10:11:12 -0400"]);
        assert_eq!(zones[0], "America/New_York");
        assert_eq!(seen(&["2024-01-31T10:11:12Z"]), Vec::<String>::new());
        assert_eq!(seen(&["2024-01-31T10:11:12+07:13"]), Vec::<String>::new());
    }

    #[test]
    fn the_shop_system_is_that_of_the_format() {
        for (format, service) in [
            ("shopify-csv", Some("shopify")),
            ("matrixify-csv", Some("shopify")),
            ("webtoffee-csv", Some("woocommerce")),
            ("magento-json", Some("magento")),
            ("tiendanube-csv", Some("tiendanube")),
            ("singer", None),
            ("warehouse-csv", None),
        ] {
            assert_eq!(service_of(format).as_deref(), service, "{format}");
        }
    }
}
