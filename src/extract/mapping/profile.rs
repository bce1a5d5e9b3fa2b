//! A mapping as it was declared: plain data.

use super::amounts::AmountForm;
use super::dates::Dates;
use crate::domain::{Status, Text};
use crate::extract::blank;
use crate::extract::header::is_same_if_lossy;
use crate::extract::order_versions::CopyTimes;
use crate::extract::statuses::Statuses;
use jiff::tz::TimeZone;
use std::cell::RefCell;

/// A name that a mapping uses, as a number: a column of a table, or a place in a record.
pub type Name = usize;

/// The names that a mapping uses, numbered while it is parsed.
#[derive(Default)]
pub struct Names(RefCell<Vec<String>>);

impl Names {
    pub fn number(&self, name: &str) -> Name {
        let mut names = self.0.borrow_mut();
        names.iter().position(|known| known == name).unwrap_or_else(|| {
            names.push(name.to_owned());
            names.len() - 1
        })
    }

    pub fn into_list(self) -> Vec<String> {
        self.0.into_inner()
    }
}

/// Declares fields with their names in a mapping and in errors.
macro_rules! fields {
    ($type:ident, $doc:literal: $($field:ident $name:literal $shown:literal,)*) => {
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $type { $($field,)* }

        impl $type {
            pub const ALL: &[Self] = &[$(Self::$field),*];

            /// Its key in a mapping.
            pub fn key(self) -> &'static str {
                match self { $(Self::$field => $name,)* }
            }

            /// Our name for it in a fault.
            pub fn shown(self) -> &'static str {
                match self { $(Self::$field => $shown,)* }
            }
        }
    };
}

fields! { OrderField, "What an order says.":
    Id "id" "id",
    Number "number" "number",
    CheckoutId "checkout_id" "checkout_id",
    Email "email" "email",
    CustomerId "customer_id" "customer_id",
    AcceptsMarketing "accepts_marketing" "accepts_marketing",
    CreatedAt "created_at" "created_at",
    UpdatedAt "updated_at" "updated_at",
    Currency "currency" "currency",
    ExchangeRate "exchange_rate" "currency",
    Total "total" "total",
    Subtotal "subtotal" "subtotal",
    Shipping "shipping" "shipping",
    Tax "tax" "tax",
    Discount "discount" "discount",
    DiscountCode "discount_code" "discount",
    Refunded "refunded" "refunded",
    ShippingMethod "shipping_method" "shipping_method",
    OrderUrl "order_url" "order_url",
    ItemCount "item_count" "quantity",
}

fields! { LineField, "What a line of an order says.":
    Id "id" "product id",
    Name "name" "product name",
    Variant "variant" "product name",
    Quantity "quantity" "quantity",
    UnitPrice "unit_price" "price",
    Total "total" "price",
    Discount "discount" "discount",
    Sku "sku" "sku",
    Category "category" "category",
    ImageUrl "image_url" "image_url",
    ProductUrl "product_url" "product_url",
}

impl OrderField {
    /// It is an amount of money.
    pub fn is_amount(self) -> bool {
        use OrderField as F;
        matches!(self, F::Total | F::Subtotal | F::Shipping | F::Tax | F::Discount | F::Refunded)
    }
}

/// One mapping.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Its name in the settings.
    pub name: String,
    /// What the export is, for messages.
    pub title: String,
    pub description: String,
    /// What to do if columns are missing.
    pub hint: String,
    pub source: MappingSource,
    /// Its records of JSON were found at a place that it does not name.
    pub has_found_place: bool,
    /// Every used column, or path in a record; its position in this list is its [`Name`].
    pub names: Vec<String>,
    /// The same for lines, if they have separate names: keys within a cell, or paths in a line's
    /// object.
    pub line_names: Option<Vec<String>>,
    /// Other columns that identify the export.
    pub also: Vec<String>,
    pub order: Vec<Option<Field>>,
    pub line: Vec<Option<Field>>,
    pub status: Vec<StatusRule>,
    /// The refunded amount decides whether a paid order counts as refunded.
    pub refunds_tell: bool,
    pub row_kind: Option<RowKinds>,
    /// What identifies a line of an order: rows that agree on it state one line.
    pub line_key: Option<Name>,
    pub form: AmountForm,
    pub dates: Dates,
    pub zone: Zone,
    /// Its names and methods are escaped for HTML.
    pub has_html_entities: bool,
    /// Amounts are in the currency's minor unit.
    pub in_minor_units: bool,
    pub tax_included: Option<TaxIncluded>,
    /// A digest of everything that decides what is read: a run is resumed only under the mapping it
    /// began with.
    pub digest: [u8; 16],
}

/// What the mapping reads.
#[derive(Debug, Clone)]
pub enum MappingSource {
    Csv {
        layout: RowLayout,
        delimiter: Option<u8>,
    },
    /// Each record is an order, with a list of its lines.
    Json {
        wrappers: Vec<String>,
        lines: Vec<String>,
    },
    /// Records are flat, and are laid out like the rows of a table.
    FlatJson {
        wrappers: Vec<String>,
        layout: RowLayout,
    },
}

/// How orders are built from the rows of a table.
#[derive(Debug, Clone)]
pub enum RowLayout {
    /// Each row is an order of one line.
    Order,
    /// Each row is an order; all its lines are in one cell.
    Parts(LinesInCell),
    /// Each row is a line; the rows of an order have the key in common.
    Lines { key: Vec<Name>, repeats: FilledRows },
}

/// On which rows of an order its own cells are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilledRows {
    First,
    Each,
    /// On the first, or on each: both are written.
    Either,
}

/// Lines within one cell: `Key: value, Other: value|Key: value, …`. The line's fields name keys of
/// it, which are the profile's `line_names`: each line begins with the first, and the second
/// follows it.
#[derive(Debug, Clone)]
pub struct LinesInCell {
    pub cell: Name,
    /// How many keys there are.
    pub keys: usize,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    Constant(Text),
    Cells(CellNames),
    /// An amount added up.
    Sum(Sum),
}

/// The first of several that is not blank; each of one name, or of several joined.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CellNames {
    pub alternatives: Vec<Vec<Name>>,
    /// Between joined ones.
    pub with: String,
    /// What counts as blank.
    pub blank: Vec<String>,
    /// Only the text in the last brackets, if there are any.
    pub in_brackets: bool,
    /// Words that people write for a missing value are text here.
    pub is_free_text: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sum {
    /// Summed over every line.
    pub each: Vec<Term>,
    /// Once for the order, however often it is stated.
    pub once: Vec<Term>,
    /// Summed over every row that is a refund.
    pub refunds: Vec<Term>,
    /// Tax of every line, which is added if the prices don't include it.
    pub each_tax: Vec<Term>,
}

/// Whether the prices of an order include tax, by one of its cells.
#[derive(Debug, Clone)]
pub struct TaxIncluded {
    pub cells: CellNames,
    pub words: Vec<(String, bool)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    pub name: Name,
    pub is_negative: bool,
}

/// One step towards the status: the first rule that has an answer gives it.
#[derive(Debug, Clone)]
pub struct StatusRule {
    pub cells: CellNames,
    /// The column may be missing.
    pub is_optional: bool,
    /// What any text but "no" means; words take precedence.
    pub filled: Option<FieldAnswer>,
    pub blank: Option<FieldAnswer>,
    /// What a date means; a text that is neither a date nor "no" is an error.
    pub dated: Option<FieldAnswer>,
    pub words: Vec<(String, FieldAnswer)>,
    /// The words of a shop system, for words not in `words`.
    pub table: Option<&'static Statuses>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldAnswer {
    Status(Status),
    /// The next rule decides.
    Next,
}

/// What kind a row is, by one of its cells.
#[derive(Debug, Clone)]
pub struct RowKinds {
    pub column: Name,
    pub words: Vec<(String, RowKind)>,
    /// The words of a shop system, for words not in `words`. A blank defers to the order's status.
    pub table: Option<&'static Statuses>,
    /// The kind for an unlisted word; without it the order is refused.
    pub others: Option<RowKind>,
}

impl RowKinds {
    /// `None` for an unknown word. A word for a missing value is blank, unless it is declared.
    pub fn of(&self, text: &str) -> Option<RowKind> {
        let find = |text: &str| self.words.iter().find(|(word, _)| is_same_if_lossy(text, word));
        let declared = find(text).or_else(|| find(blank::value(text)));
        let by_table = |table: &Statuses| match blank::value(text) {
            "" => Some(RowKind::Line),
            text => table.of(text).map(|status| match status {
                Status::Cancelled | Status::Failed | Status::Refunded => RowKind::Cancelled,
                _ => RowKind::Line,
            }),
        };
        let kind = declared.map(|(_, kind)| *kind);
        kind.or_else(|| self.table.and_then(by_table)).or(self.others)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    Line,
    Refund,
    /// A cancelled line. An order with only such lines is cancelled.
    Cancelled,
    /// Not sent.
    Skip,
}

/// The zone of dates without an offset.
#[derive(Debug, Clone, Default)]
pub enum Zone {
    /// The job's.
    #[default]
    Job,
    Fixed(TimeZone),
    /// In a cell: an IANA name, or one of these words for one.
    Cell {
        column: Name,
        words: Vec<(String, TimeZone)>,
    },
}

impl StatusRule {
    /// Whether one of its own answers is this status.
    pub fn declares(&self, status: Status) -> bool {
        let answers = self.words.iter().map(|(_, answer)| *answer);
        let mut answers =
            answers.chain([self.filled, self.blank, self.dated].into_iter().flatten());
        answers.any(|answer| answer == FieldAnswer::Status(status))
    }
}

impl Profile {
    pub fn order_field(&self, field: OrderField) -> Option<&Field> {
        self.order.get(field as usize).and_then(Option::as_ref)
    }

    pub fn copy_times(&self) -> CopyTimes {
        CopyTimes::stated_if(self.order_field(OrderField::UpdatedAt).is_some())
    }

    pub fn line_field(&self, field: LineField) -> Option<&Field> {
        self.line.get(field as usize).and_then(Option::as_ref)
    }

    /// The mapping, for JSON records that were found at a path that it does not name.
    pub fn within(&self, place: &str) -> Self {
        let mut own = Self { has_found_place: true, ..self.clone() };
        if let MappingSource::Json { wrappers, .. } | MappingSource::FlatJson { wrappers, .. } =
            &mut own.source
        {
            *wrappers = vec![place.to_owned()];
        }
        own
    }

    pub fn is_csv(&self) -> bool {
        matches!(self.source, MappingSource::Csv { .. })
    }

    /// How orders are built from rows; `None` if orders are records.
    pub fn layout(&self) -> Option<&RowLayout> {
        match &self.source {
            MappingSource::Csv { layout, .. } | MappingSource::FlatJson { layout, .. } => {
                Some(layout)
            }
            MappingSource::Json { .. } => None,
        }
    }
}

impl CellNames {
    /// One column, or place.
    pub fn of(name: Name) -> Self {
        Self { alternatives: vec![vec![name]], ..Self::default() }
    }

    pub fn names(&self) -> impl Iterator<Item = Name> {
        self.alternatives.iter().flatten().copied()
    }
}

impl Sum {
    pub fn terms(&self) -> impl Iterator<Item = Term> {
        let terms = self.each.iter().chain(&self.once).chain(&self.refunds);
        terms.chain(&self.each_tax).copied()
    }
}

impl Field {
    pub fn with_free_text(mut self, is_free_text: bool) -> Self {
        if let Self::Cells(cells) = &mut self {
            cells.is_free_text = is_free_text;
        }
        self
    }

    /// Every name it needs, in alternatives.
    pub fn needs(&self) -> Vec<Vec<Name>> {
        match self {
            Self::Constant(_) => Vec::new(),
            Self::Cells(cells) => cells.alternatives.clone(),
            Self::Sum(sum) => vec![sum.terms().map(|term| term.name).collect()],
        }
    }
}
