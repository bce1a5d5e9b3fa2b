//! What can be read, in words for people: the list behind `ordersync formats`.

use super::json::DIALECTS;
use super::sheet_dialect::SHEET_DIALECTS;

/// A kind of export, as somebody would look it up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the settings.
    pub name: String,
    pub title: String,
    pub description: String,
    /// How the export is got out of the shop system.
    pub how: &'static str,
    /// Columns or keys without which nothing can be sent; where one of several is enough, joined by "or".
    pub needs: Vec<String>,
}

/// By the format's name.
const HOW: &[(&str, &str)] = &[
    (
        "shopify-csv",
        "Shopify admin: Orders > Export > All orders > Plain CSV file. Don't save it in a spreadsheet.",
    ),
    (
        "shopify-json",
        "REST Admin API: GET orders.json?status=any&limit=250 with all fields, each page as it comes; needs read_all_orders \
         for orders older than 60 days.",
    ),
    ("shopify-checkouts-json", "REST Admin API: GET checkouts.json, each page as it comes."),
];
/// For a format that the list above does not have.
const HOW_ELSE: &str = "See its section in docs/formats.md.";

/// Every kind of export that can be read, in the order in which they are tried.
pub fn catalogue() -> Vec<Entry> {
    let how = |name: &str| HOW.iter().find(|(known, _)| *known == name).map_or(HOW_ELSE, |(_, how)| how);
    let csv = SHEET_DIALECTS.iter().map(|dialect| Entry {
        name: dialect.name().to_owned(),
        title: dialect.title().to_owned(),
        description: dialect.description().to_owned(),
        how: how(dialect.name()),
        needs: dialect.needs(),
    });
    let json = DIALECTS.iter().map(|dialect| Entry {
        name: dialect.name.to_owned(),
        title: dialect.title.to_owned(),
        description: dialect.description.to_owned(),
        how: how(dialect.name),
        needs: dialect.needs.iter().map(|group| group.join(" or ")).collect(),
    });
    csv.chain(json).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::formats;

    #[test]
    fn the_list_tells_of_each_format_that_can_be_named() {
        let listed: Vec<String> = catalogue().into_iter().map(|entry| entry.name).collect();
        let named: Vec<&str> = formats().iter().map(|format| format.name).collect();
        assert_eq!(listed, named);
        assert!(HOW.iter().all(|(name, _)| named.contains(name)), "an entry of no format");
        let shopify = catalogue().remove(0);
        assert!(
            shopify.needs.contains(&"Name or Id".to_owned()) && shopify.needs.contains(&"Email".to_owned())
        );
    }
}
