//! What ActiveCampaign must contain according to an export, read independently of the loader.

use std::collections::BTreeMap;

/// One order as the account must contain it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub email: String,
    pub currency: String,
    pub total: i64,
    pub placed: jiff::Timestamp,
    pub products: Vec<(String, u64)>,
}

/// Valid orders by their `externalid`, and invalid ones.
#[derive(Debug, Clone, Default)]
pub struct Expectation {
    pub valid: BTreeMap<String, Expected>,
    /// Every order of the export, in its order.
    pub ids: Vec<String>,
}

impl Expectation {
    pub fn of(text: &str) -> Self {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let at = |name: &str| header.iter().position(|cell| cell == name).unwrap();
        let (id, email, currency, total) = (at("Id"), at("Email"), at("Currency"), at("Total"));
        let (placed, quantity, name) =
            (at("Created at"), at("Lineitem quantity"), at("Lineitem name"));
        let mut all: Vec<(String, Option<Expected>)> = Vec::new();
        for row in reader.records().map(Result::unwrap) {
            if !row[id].is_empty() {
                let order = || {
                    let total = &row[total];
                    let digits = total.bytes().all(|b| b.is_ascii_digit() || b == b'.');
                    let fine = digits && row[email].contains('@') && &row[currency] != "XQZ";
                    let placed =
                        jiff::Timestamp::strptime("%Y-%m-%d %H:%M:%S %z", &row[placed]).ok()?;
                    fine.then(|| Expected {
                        email: row[email].to_owned(),
                        currency: row[currency].to_owned(),
                        total: total.replace('.', "").parse().unwrap(),
                        placed,
                        products: Vec::new(),
                    })
                };
                all.push((row[id].to_owned(), order()));
            }
            let (_, last) = all.last_mut().unwrap();
            match row[quantity].parse() {
                Ok(units) => {
                    if let Some(order) = last {
                        order.products.push((row[name].to_owned(), units));
                    }
                }
                Err(_) => *last = None,
            }
        }
        let ids = all.iter().map(|(id, _)| id.clone()).collect();
        Self { valid: all.into_iter().filter_map(|(id, order)| Some((id, order?))).collect(), ids }
    }
}
