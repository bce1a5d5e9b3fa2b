//! Texts of shops in PHP, which store names escaped for HTML.

use crate::domain::SourceOrder;
use std::borrow::Cow;

/// Replaces the entities (`&amp;`, `&#8211;`) in names, categories and methods, once: `&amp;lt;` is
/// `&lt;`. Other text is unchanged.
pub fn decode(order: &mut SourceOrder) {
    let discounts = order.discounts.iter_mut().map(|discount| &mut discount.name);
    let lines = order.lines.iter_mut();
    let lines = lines.flat_map(|line| [&mut line.name, &mut line.variant, &mut line.category]);
    for text in discounts.chain(lines).chain([&mut order.shipping_method]) {
        if let Cow::Owned(decoded) = decoded(text) {
            *text = decoded.into();
        }
    }
}

pub fn decoded(text: &str) -> Cow<'_, str> {
    html_escape::decode_html_entities(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{SourceDiscount, SourceLine};

    #[test]
    fn entities_are_decoded_once_in_every_text_that_people_read() {
        for (text, plain) in [
            ("Salt &amp; Pepper Set &#8211; Blue", "Salt & Pepper Set – Blue"),
            ("5&#8242; Rope &quot;Strong&quot;", "5′ Rope \"Strong\""),
            ("Caf&eacute; &#xe9;&#039;&nbsp;&euro;", "Café é'\u{a0}€"),
            ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
            ("R&D; AT&T &unknown; &#0; &", "R&D; AT&T &unknown; &#0; &"),
            ("", ""),
        ] {
            let line = SourceLine {
                name: text.into(),
                variant: text.into(),
                category: text.into(),
                sku: text.into(),
                ..SourceLine::default()
            };
            let mut order = SourceOrder {
                shipping_method: text.into(),
                discounts: vec![SourceDiscount::named(text.into(), "1".to_owned().into(), false)],
                lines: vec![line],
                ..SourceOrder::default()
            };
            decode(&mut order);
            let line = &order.lines[0];
            let texts = [&line.name, &line.variant, &line.category, &order.shipping_method];
            assert_eq!(texts, [plain; 4]);
            assert!(text.is_empty() || order.discounts[0].name == plain);
            assert_eq!(line.sku, text, "an id is never changed");
        }
    }
}
