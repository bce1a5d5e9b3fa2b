use serde::Deserialize;

/// How the account's GraphQL behaves where the documentation is contradictory or silent.
/// [`GraphqlOptions::default`] is the reading that seems likeliest.
///
/// As JSON, with the fields left out at their defaults: `{"price":"line_total","v3_lag_ms":0}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GraphqlOptions {
    /// The status of answers that refuse a whole request: 200 or 400.
    pub validation_status: u16,
    /// The prefix of `-storeOrderId-ID` in the keys of `extensions`; `{i}` is the index of
    /// the order. `None` names no order at all.
    pub ext_prefix: Option<String>,
    /// Errors that refuse orders or a batch carry the classification `ValidationError`, as those of
    /// the document do, and a batch that is too long is refused with `validation_status`.
    pub classified: bool,
    /// Store the valid orders of a batch, and answer null for each of the others.
    pub partial_null: bool,
    /// The name of the order's discount in the schema: `discountsAmount` or `discountAmount`.
    pub discount_field: String,
    /// Whether `creationSource` is a `String` that takes any text.
    pub creation_source_text: bool,
    pub line_connection: LineConnection,
    /// Answer `bulkUpsertOrdersAsync` with a list of receipts.
    pub receipt_list: bool,
    /// Whether `OrderInput` has `suppressAutomations`.
    pub suppress_automations: bool,
    /// A field that `OrderInput` requires but that is not documented.
    pub required_field: Option<String>,
    /// Refuse `__type` and `__schema`.
    pub introspection_refused: bool,
    /// Milliseconds until `getOrder` and `searchOrder` show what was sent.
    pub object_lag_ms: u32,
    /// Milliseconds from then until the copy is among the orders of the REST API.
    pub v3_lag_ms: u32,
    pub update: Update,
    pub price: PriceReading,
    pub tax: CopiedTax,
    /// The unit in which an order of a currency without two decimals is copied.
    pub copied_units: CopiedUnits,
    pub rest_order: RestOrder,
    /// Delete the GraphQL order with its copy.
    pub v3_delete_deletes: bool,
    /// The largest body that is read, in bytes; a larger one is answered with 413.
    pub body_limit: usize,
    /// The largest batch; a larger one is refused with 400. The real limit is unknown.
    pub batch_limit: Option<usize>,
    /// Fields that one operation may select.
    pub field_limit: usize,
    /// Whether writing orders of one connection by both APIs is a violation. An announced switch
    /// ([`Edit::SwitchPath`](super::super::Edit::SwitchPath)) is not.
    pub one_path: bool,
}

/// `legacyConnectionId` of `LineItemInput`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineConnection {
    Absent,
    Required,
}

/// Whether an update replaces an order or is merged into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Update {
    Replace,
    Merge,
}

/// How `priceAmount` of a line is read when an order is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PriceReading {
    /// The price of one unit.
    Unit,
    /// The price of the whole line.
    LineTotal,
    /// Alternating from order to order.
    Alternating,
    /// Copied times the quantity, which is neither.
    Multiplied,
}

/// `taxAmount` of the copy: orders of GraphQL have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopiedTax {
    Absent,
    /// The rest of the total without lines, shipping and discounts.
    Derived,
}

/// The units of amounts in the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CopiedUnits {
    /// The minor unit of the currency.
    Currency,
    /// Hundredths, whatever the currency.
    Hundredths,
}

/// How GraphQL writes an order that REST wrote before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestOrder {
    Updated,
    /// A second record of the same key.
    Doubled,
}

impl Default for GraphqlOptions {
    fn default() -> Self {
        Self {
            validation_status: 200,
            ext_prefix: Some("orders[{i}]".to_owned()),
            classified: false,
            partial_null: false,
            discount_field: "discountsAmount".to_owned(),
            creation_source_text: false,
            line_connection: LineConnection::Absent,
            receipt_list: false,
            suppress_automations: false,
            required_field: None,
            introspection_refused: false,
            object_lag_ms: 500,
            v3_lag_ms: 1_500,
            update: Update::Replace,
            price: PriceReading::Unit,
            tax: CopiedTax::Absent,
            copied_units: CopiedUnits::Currency,
            rest_order: RestOrder::Updated,
            v3_delete_deletes: false,
            body_limit: 1 << 20,
            batch_limit: None,
            field_limit: 500,
            one_path: true,
        }
    }
}
