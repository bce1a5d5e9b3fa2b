//! Shopify's global ids: `gid://shopify/Order/6885604524341`.

use crate::domain::Text;

/// The type and the number in a global id; `None` for any other text.
pub fn parts(text: &str) -> Option<(&str, &str)> {
    let (kind, id) = text.strip_prefix("gid://shopify/")?.split_once('/')?;
    let id = id.split('?').next().unwrap_or_default();
    Some((kind, id))
}

/// The number in a global id, which is the id in the other exports; any other text unchanged.
pub fn number(text: Text) -> Text {
    match parts(&text) {
        Some((_, id)) => id.into(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_global_id_is_the_id_of_the_other_exports() {
        assert_eq!(number("gid://shopify/Order/6885604524341".into()), "6885604524341");
        assert_eq!(number("gid://shopify/Order/1?key=abc".into()), "1");
        assert_eq!(number("6885604524341".into()), "6885604524341");
        assert_eq!(parts("gid://shopify/LineItem/2"), Some(("LineItem", "2")));
        assert_eq!(parts("gid://shopify/LineItem"), None);
    }
}
