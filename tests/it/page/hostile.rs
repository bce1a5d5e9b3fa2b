//! Exports with an injection attempt in every field.

use crate::world::World;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const HEADER: &str = "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,\
                      Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Id\n";

/// Markup, script and formula in every field of an order, and of an invalid one.
pub fn rows() -> World {
    let world = World::new();
    let attack = r#""</td><script>document.title='owned'</script><img src=x onerror=alert(1)>""#;
    let name = "\"#1<script>document.title='owned'</script>\"";
    let rows = format!(
        "{name},ann@example.com,paid,USD,10.00,0.00,0.00,10.00,{attack},1.00,{attack},2024-01-31 10:11:12 -0500,1,{attack},11.00,{attack},71\n\
         {name},nobody,paid,USD,10.00,0.00,0.00,10.00,{attack},1.00,{attack},2024-01-31 10:11:12 -0500,1,{attack},11.00,{attack},72\n\
         \"=HYPERLINK(\"\"http://x\"\")\",,paid,{attack},ten,0.00,0.00,{attack},,,,{attack},1,Mug,10.00,,\n"
    );
    world.export("orders.csv", format!("{HEADER}{rows}"));
    world
}

/// The injected texts: markup, script, style, template, hidden and bidirectional characters,
/// formulas.
const ATTACKS: &[&str] = &[
    "a\u{202e}gpj.exe\u{2066}x\u{2069}\u{200b}\u{200f}\u{feff}\u{e0041}",
    "<script>document.title=\"owned\"</script>",
    "\"><img src=x onerror=document.title=`owned`>",
    "' onmouseover='alert(1)",
    "</style><style>*{display:none}</style>",
    "</title></script></pre></table><h1>owned</h1><!--",
    "{{7*7}}${7*7}<%=7*7%>&lt;b&gt;]]>",
    "a\u{0}b\u{1b}[2J\u{7}\r\nq\u{85}\u{9b}31m\u{2028}",
    "=HYPERLINK(\"http://evil.example/\",\"x\")",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "javascript:alert(1)",
];

/// The fields, by JSON pointer.
const FIELDS: &[&str] = &[
    "/id",
    "/name",
    "/email",
    "/customer/id",
    "/created_at",
    "/updated_at",
    "/currency",
    "/total_price",
    "/total_tax",
    "/financial_status",
    "/note",
    "/order_status_url",
    "/shipping_lines/0/title",
    "/shipping_lines/0/price",
    "/discount_codes/0/code",
    "/discount_codes/0/amount",
    "/line_items/0/name",
    "/line_items/0/sku",
    "/line_items/0/price",
    "/line_items/0/quantity",
];

fn order(id: usize) -> Value {
    json!({
        "id": id, "name": format!("#{id}"), "email": format!("ann{id}@example.com"), "customer": { "id": id },
        "created_at": "2024-01-31T10:11:12-05:00", "updated_at": "2024-01-31T10:11:12-05:00", "currency": "USD",
        "total_price": "20.00", "total_tax": "0.00", "financial_status": "paid", "note": "",
        "order_status_url": "https://shop.example.com/1", "shipping_lines": [{ "title": "Post", "price": "0.00" }],
        "discount_codes": [{ "code": "A", "amount": "1.00", "type": "fixed_amount" }],
        "line_items": [{ "name": "Mug", "price": "20.00", "quantity": 1, "sku": "S", "variant_id": 7 }],
    })
}

/// Each attack in each field of its own order; before them one that is valid and has them all at
/// once, and is long.
pub fn documents() -> World {
    let mut first = order(1);
    let all = ATTACKS.concat();
    let texts = ["/note", "/order_status_url", "/shipping_lines/0/title", "/discount_codes/0/code"];
    for field in texts.into_iter().chain(["/line_items/0/name", "/line_items/0/sku"]) {
        *first.pointer_mut(field).unwrap() = json!(all);
    }
    let long =
        json!({ "name": "x".repeat(30_000), "price": "1.00", "quantity": 1, "variant_id": 9 });
    first["line_items"].as_array_mut().unwrap().extend(vec![long; 40]);
    first["note"] = json!("N".repeat(200_000));
    let mut orders = vec![first];
    for (field, attack) in
        FIELDS.iter().flat_map(|field| ATTACKS.iter().map(move |attack| (field, attack)))
    {
        let mut order = order(orders.len() + 1);
        *order.pointer_mut(field).unwrap() = json!(attack);
        orders.push(order);
    }
    let world = World::new();
    world.export("orders.json", json!({ "orders": orders }).to_string());
    world
}

/// The tags of a page with their attributes: everything from `<` and a letter to `>`.
pub fn tags(page: &str) -> Vec<&str> {
    let body = |at: usize| page[at + 1..].split('>').next().unwrap_or_default();
    let starts = page.match_indices('<').map(|(at, _)| body(at));
    starts.filter(|tag| tag.starts_with(|c: char| c.is_ascii_alphabetic())).collect()
}

/// Asserts the elements of a page: which are active, and which attributes run code.
pub fn assert_inert(page: &str) {
    let known = "abbr article body br code dd details div dl dt figcaption figure footer h1 h2 h3 h4 head header html input \
                 label li line main meta ol output p pre rect script section span style summary svg table tbody td text \
                 th thead title tr ul";
    let known: BTreeSet<&str> = known.split_whitespace().collect();
    let tags = tags(page);
    for tag in &tags {
        let name = tag.split_whitespace().next().unwrap_or_default().trim_end_matches('/');
        assert!(known.contains(name), "<{tag}>");
        let sets = |part: &str| part.split_once('=').map(|(name, _)| name.to_owned());
        let runs = ["style", "src", "href", "action", "formaction", "srcdoc"];
        let is_harmless = |name: String| !name.starts_with("on") && !runs.contains(&name.as_str());
        assert!(tag.split_whitespace().filter_map(sets).all(is_harmless), "<{tag}>");
    }
    for once in ["script", "style", "body", "h1"] {
        assert_eq!(
            tags.iter().filter(|tag| tag.split_whitespace().next() == Some(once)).count(),
            1,
            "{once}"
        );
    }
    assert_shows_all(page);
}

/// No control, hidden or bidirectional character.
pub fn assert_shows_all(text: &str) {
    let hides = |c: &char| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            || matches!(c, '\u{feff}' | '\u{e0000}'..='\u{e007f}')
    };
    let found: BTreeSet<char> = text.chars().filter(hides).collect();
    assert!(found.is_empty(), "{found:?}");
}
