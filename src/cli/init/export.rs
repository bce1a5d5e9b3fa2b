//! What an export says about its shop, as far as settings need it.

use super::zones::{ZoneDates, Zones};
use crate::cli::error::CliError;
use crate::domain::Currency;
use crate::extract::{self, Export, ExportFile, shop_system_of};
use crate::report;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What was found in an export.
pub(super) struct ExportFacts {
    /// The path or pattern, as the settings name it.
    pub pattern: String,
    pub files: usize,
    /// The name of each format that the files have.
    pub formats: Vec<String>,
    /// The shop system that it is from; `None` if the format does not say.
    pub service: Option<String>,
    pub records: u64,
    pub currencies: BTreeMap<Currency, u64>,
    /// Records that state no currency.
    pub currency_unstated: u64,
    /// Records that state a currency that is not known.
    pub currency_unknown: u64,
    /// Records whose date has no UTC offset.
    pub dates_local: u64,
    pub zones: Zones,
    /// `https://shop.example.com`
    pub address: Option<String>,
}

impl ExportFacts {
    /// Reads the whole export. `pattern` is as it was typed; `dir` is the folder of the settings.
    pub(super) fn read(pattern: &str, dir: &Path) -> Result<Self, CliError> {
        let patterns = vec![pattern.to_owned()];
        let export = Export::open(&extract::Options { patterns, ..Default::default() })?;
        let formats = formats_in(export.files())?;
        let mut facts = Self {
            pattern: as_setting(pattern, dir)?,
            files: export.files().len(),
            service: service_of(&formats),
            formats,
            records: 0,
            currencies: BTreeMap::new(),
            currency_unstated: 0,
            currency_unknown: 0,
            dates_local: 0,
            zones: Zones::default(),
            address: export.shop_address(),
        };
        let mut dates = ZoneDates::default();
        for order in export.read() {
            let order = order.map_err(CliError::failed)?;
            facts.records += 1;
            match Currency::parse(order.currency.trim()) {
                Ok(currency) => *facts.currencies.entry(currency).or_default() += 1,
                Err(_) if order.currency.trim().is_empty() => facts.currency_unstated += 1,
                Err(_) => facts.currency_unknown += 1,
            }
            facts.dates_local += u64::from(dates.add(&order.created_at));
        }
        facts.zones = dates.zones();
        Ok(facts)
    }

    /// What the settings name as the format.
    pub(super) fn format(&self) -> &str {
        match self.formats.as_slice() {
            [only] => only,
            _ => "auto",
        }
    }

    pub(super) fn json(&self) -> Value {
        let currencies = self
            .currencies
            .iter()
            .map(|(currency, orders)| json!({ "currency": currency.code(), "orders": orders }));
        json!({
            "export": self.pattern, "files": self.files, "format": self.format(),
            "formats": self.formats,
            "records": self.records, "currencies": currencies.collect::<Value>(),
            "currency_unstated": self.currency_unstated, "currency_unknown": self.currency_unknown,
            "dates_without_offset": self.dates_local, "time_zones": self.zones.fitting,
            "address": self.address,
        })
    }
}

/// The path or pattern for the settings: relative inside of the folder, else absolute. Names of
/// folders never act as patterns, unless they were typed as one.
fn as_setting(pattern: &str, dir: &Path) -> Result<String, CliError> {
    let absolute = |path: &Path| std::path::absolute(path).map_err(CliError::failed);
    let text = |path: &Path| {
        let text = path.to_str().map(str::to_owned);
        text.ok_or_else(|| {
            CliError::usage("--from: the path is not UTF-8\n  hint: rename the file")
        })
    };
    let (path, dir) = (absolute(Path::new(pattern))?, absolute(dir)?);
    // As the readers do: an existing file is a name, not a pattern.
    let is_name = Path::new(pattern).exists();
    let here = std::env::current_dir().map_err(CliError::failed)?;
    let setting = match (path.strip_prefix(&dir), path.strip_prefix(&here)) {
        // The settings escape their own folder, which makes the whole a pattern.
        (Ok(below), _) if is_name && is_wild(&text(&dir)?) => glob::Pattern::escape(&text(below)?),
        (Ok(below), _) => text(below)?,
        (Err(_), Ok(below)) if !is_name && Path::new(pattern).is_relative() => {
            let pattern = PathBuf::from(glob::Pattern::escape(&text(&here)?)).join(below);
            text(&pattern)?
        }
        (Err(_), _) => text(&path)?,
    };
    if setting.chars().any(char::is_control) {
        return Err(CliError::usage(
            "--from: the path has a line break or another control character\n  hint: rename the file or its folder",
        ));
    }
    Ok(setting)
}

fn is_wild(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The format of each file, each once.
fn formats_in(files: &[ExportFile]) -> Result<Vec<String>, CliError> {
    let mut of_format: BTreeMap<&str, Vec<&ExportFile>> = BTreeMap::new();
    for file in files {
        let format = file.format.split('/').next().unwrap_or_default();
        of_format.entry(format).or_default().push(file);
    }
    let formats: Vec<String> = of_format.keys().map(|format| (*format).to_owned()).collect();
    if formats.len() < 2 || service_of(&formats).is_some() {
        return Ok(formats);
    }
    let listed = of_format.iter().map(|(format, files)| {
        let first = report::printable(&files[0].to_string());
        let others = match files.len() as u64 - 1 {
            0 => String::new(),
            n => format!(" and {}", report::many(n, "other file")),
        };
        format!("  {first}{others}: {format}\n")
    });
    Err(CliError::usage(format!(
        "--from: the files are not of one shop system\n{}  hint: name the files of one; the others need a job of their own",
        listed.collect::<String>()
    )))
}

/// The shop system that all formats are of; `None` if one does not say.
fn service_of(formats: &[String]) -> Option<String> {
    let mut services = formats.iter().map(|format| shop_system_of(format));
    let first = services.next()??;
    services.all(|service| service == Some(first)).then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shop_system_is_that_of_the_formats() {
        for (formats, service) in [
            (&["shopify-csv"][..], Some("shopify")),
            (&["matrixify-csv"], Some("shopify")),
            (&["webtoffee-csv"], Some("woocommerce")),
            (&["magento-json"], Some("magento")),
            (&["tiendanube-csv"], Some("tiendanube")),
            (&["shopify-csv", "matrixify-csv"], Some("shopify")),
            (&["shopify-csv", "magento-json"], None),
            (&["singer"], None),
            (&["warehouse-csv"], None),
        ] {
            let formats: Vec<String> = formats.iter().map(|format| (*format).to_owned()).collect();
            assert_eq!(service_of(&formats).as_deref(), service, "{formats:?}");
        }
    }
}
