//! Recognises a customers file by its columns.

use crate::domain::SourceOrder;
use crate::extract::decisive;
use crate::extract::error::ReadError;
use crate::extract::format::{
    About, CsvFormat, CsvHead, CsvLayout, CsvMatch, Format, Records, Syntax,
};
use crate::extract::header::{ABSENT, Header, is_same};
use crate::extract::other_rows::Landmarks;
use crate::extract::rows::Rows;
use std::sync::Arc;

/// Names of the column with the customer's id or the buyer's name; the first existing one is used.
const CUSTOMER: &[&str] = &[
    "Square Customer ID",
    "Customer ID",
    "customer_id",
    "Customer: ID",
    "Reference ID",
    "Username",
    "Buyer",
    "Buyer Username",
    "Buyer User ID",
    "user_id",
    "ID",
];
/// Names of the column with an order's id.
const ORDER: &[&str] = &["Order ID", "order_id", "amazon-order-id", "Order Number", "order_number"];
const EMAIL: &[&str] = &[
    "Email",
    "E-mail",
    "Email Address",
    "email_address",
    "Customer Email",
    "customer_email",
    "buyer-email",
    "Buyer Email",
    "Contact email",
    "Primary Email",
];
const CONSENT: &[&str] = &[
    "Accepts Email Marketing",
    "Accepts Marketing",
    "accepts_marketing",
    "Email Marketing",
    "Email Subscription Status",
];

const HINT: &str = "give it a column `Customer ID`, `Username` or `Order ID`, and a column `Email`";

/// A customers file as a table: each row is read as an order with only its customer.
#[derive(Debug)]
pub struct CustomersCsv;

pub static FORMAT: CustomersCsv = CustomersCsv;

/// The index of each column.
#[derive(Debug, Clone, Copy)]
struct CustomerColumns {
    customer: usize,
    order: usize,
    email: usize,
    consent: usize,
}

impl Format for CustomersCsv {
    fn about(&self) -> About<'_> {
        About {
            name: "customers",
            title: "customers file",
            description: "a customers file",
            how: HINT,
        }
    }

    fn needs(&self) -> Vec<String> {
        vec!["Customer ID or Order ID".to_owned(), "Email".to_owned()]
    }

    fn syntax(&self) -> Syntax<'_> {
        Syntax::Csv(self)
    }
}

impl CsvFormat for CustomersCsv {
    fn known_columns(&self, header: &Header) -> usize {
        let names = || CUSTOMER.iter().chain(ORDER).chain(EMAIL).chain(CONSENT);
        header.count(|own| names().any(|name| is_same(own, name)))
    }

    fn detect(&self, head: &CsvHead<'_>) -> CsvMatch {
        let at = |names| head.header.first_of(names);
        let columns = CustomerColumns {
            customer: at(CUSTOMER),
            order: at(ORDER),
            email: at(EMAIL),
            consent: at(CONSENT),
        };
        let mut missing = self.needs();
        if columns.email != ABSENT {
            missing.remove(1);
        }
        if columns.customer != ABSENT || columns.order != ABSENT {
            missing.remove(0);
        }
        if missing.is_empty() {
            CsvMatch::Complete(Arc::new(columns))
        } else {
            CsvMatch::MissingColumns { columns: missing, hint: HINT.to_owned() }
        }
    }
}

impl CsvLayout for CustomerColumns {
    fn begins_with_key(&self) -> bool {
        true
    }

    fn landmarks(&self) -> Landmarks {
        let there =
            |columns: &[usize]| columns.iter().copied().filter(|at| *at != ABSENT).collect();
        Landmarks {
            keys: there(&[self.order, self.customer]),
            customers: there(&[self.email]),
            ..Landmarks::default()
        }
    }

    fn read(self: Arc<Self>, mut rows: Rows) -> Box<dyn Records> {
        Box::new(move || self.customer(&mut rows))
    }
}

impl CustomerColumns {
    fn customer(&self, rows: &mut Rows) -> Result<Option<Box<SourceOrder>>, ReadError> {
        let shown = rows.shown();
        let Some(row) = rows.advance()? else { return Ok(None) };
        let refused = |what: &str, hint: &str| ReadError::new(&shown, row.line, what, hint);
        if !row.is_whole {
            let what = "this row has another number of fields than the header";
            return Err(refused(
                what,
                "look for a stray quote or a cut line; export the customers again",
            ));
        }
        let text = |at| {
            row.text(at).map_err(|_| refused("is no text in UTF-8", "save it as \"CSV UTF-8\""))
        };
        let mut customer = SourceOrder {
            id: text(self.order)?.into(),
            customer_id: text(self.customer)?.into(),
            email: text(self.email)?.to_lowercase().into(),
            accepts_marketing: consent(text(self.consent)?),
            ..SourceOrder::default()
        };
        customer.position.line = row.line;
        Ok(Some(Box::new(customer)))
    }
}

fn consent(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "subscribed" => Some(true),
        "unsubscribed" => Some(false),
        word => decisive::flag_of(word),
    }
}
