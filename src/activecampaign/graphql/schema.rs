//! The input types of an order, as the account's schema states them, or as the documentation lists
//! them.

use super::super::failure::Failure;
use super::super::wire::text_of;
use super::errors::GraphqlError;
use crate::activecampaign::client::Client;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const TYPE_QUERY: &str = "query ($name: String!) { __type(name: $name) { inputFields { name defaultValue \
     type { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } }";

/// The fields of the documentation (<https://developers.activecampaign.com/reference/orders-1>),
/// for accounts that refuse introspection.
const DOCUMENTED: [(&str, &str); 3] = [
    (
        ORDER,
        "storeOrderId! legacyConnectionId! storeCreatedDate! finalAmount! email storeCustomerId orderNumber \
         cartId creationSource storeModifiedDate normalizedStatus lineItems discounts shippingMethod \
         orderUrl currency acceptsMarketing shippingAmount discountsAmount customerData",
    ),
    (LINE, "storeBaseProductId name quantity sku category imageUrl productUrl priceAmount"),
    (DISCOUNT, "name type discountAmount"),
];

/// Fields that are sent too where a schema has them.
const ALSO_SENT: [(&str, &str); 2] =
    [(ORDER, "suppressAutomations discountAmount"), (LINE, "legacyConnectionId")];

/// The type of `bulkUpsertOrders(orders:)`.
const ORDER: &str = "OrderInput";
/// The names of the other types are read from the order's type; these are their places in it.
const LINE: &str = "lineItems";
const DISCOUNT: &str = "discounts";
const CUSTOMER: &str = "customerData";

/// The input types that orders are built from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSchema {
    pub(super) order: InputType,
    pub(super) line: InputType,
    pub(super) discount: InputType,
    /// The account refused introspection: this is the documented list of fields.
    pub is_assumed: bool,
}

/// The fields of an input type, each with its type.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct InputType {
    fields: BTreeMap<String, InputField>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct InputField {
    /// The name of the innermost type.
    type_name: String,
    is_required: bool,
}

impl InputType {
    pub(super) fn has(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }

    /// Fields that must be sent.
    pub(super) fn required(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(|(_, field)| field.is_required).map(|(name, _)| name.as_str())
    }

    fn documented(place: &str) -> Self {
        let listed = DOCUMENTED.iter().filter(|(name, _)| *name == place);
        let names = listed.flat_map(|(_, names)| names.split_whitespace());
        let field = |name: &str| {
            let is_required = name.ends_with('!');
            let field = InputField { type_name: String::new(), is_required };
            (name.trim_end_matches('!').to_owned(), field)
        };
        Self { fields: names.map(field).collect() }
    }

    fn read(found: &Value) -> Option<Self> {
        let fields = found.get("inputFields")?.as_array()?.iter().map(|field| {
            let ty = field.get("type").unwrap_or(&Value::Null);
            let is_required =
                text_of(ty, "kind") == "NON_NULL" && text_of(field, "defaultValue").is_empty();
            let innermost = std::iter::successors(Some(ty), |ty| ty.get("ofType"))
                .find_map(|ty| Some(text_of(ty, "name")).filter(|name| !name.is_empty()));
            let type_name = innermost.unwrap_or_default();
            (text_of(field, "name"), InputField { type_name, is_required })
        });
        Some(Self { fields: fields.collect() })
    }

    fn type_of(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(|field| field.type_name.as_str())
    }
}

impl OrderSchema {
    /// The documented types.
    pub fn documented() -> Self {
        Self {
            order: InputType::documented(ORDER),
            line: InputType::documented(LINE),
            discount: InputType::documented(DISCOUNT),
            is_assumed: true,
        }
    }

    /// The name of the innermost type of an order's field.
    pub fn type_of_order(&self, field: &str) -> Option<&str> {
        self.order.type_of(field)
    }

    /// Whether a field of any of its types has this name.
    pub(super) fn has_name(&self, name: &str) -> bool {
        [&self.order, &self.line, &self.discount].iter().any(|ty| ty.has(name))
    }

    /// Its types, each with its place and the documented one.
    fn beside_documented(&self) -> [(&'static str, InputType, &InputType); 3] {
        let documented = Self::documented();
        [
            (ORDER, documented.order, &self.order),
            (LINE, documented.line, &self.line),
            (DISCOUNT, documented.discount, &self.discount),
        ]
    }

    /// Fields that the account requires and that ordersync does not send, with their places: no
    /// order can be sent.
    pub fn unknown(&self) -> Vec<String> {
        let mut unknown = Vec::new();
        for (place, documented, own) in self.beside_documented() {
            let also = ALSO_SENT.iter().filter(|(name, _)| *name == place);
            let also: Vec<&str> = also.flat_map(|(_, names)| names.split_whitespace()).collect();
            let is_sent =
                |name: &str| name != CUSTOMER && (documented.has(name) || also.contains(&name));
            let lacks = own.required().filter(|name| !is_sent(name));
            unknown.extend(lacks.map(|name| format!("{place}.{name}")));
        }
        unknown
    }

    /// Fields of the documentation that the account's types lack, with their places. They are not
    /// sent.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for (place, documented, own) in self.beside_documented() {
            let lacks = documented.fields.keys().filter(|name| !own.has(name));
            missing.extend(lacks.map(|name| format!("{place}.{name}")));
        }
        missing
    }

    /// Schemas that orders are built from differently have different digests.
    pub fn digest(&self) -> i64 {
        let mut hasher = blake3::Hasher::new();
        for part in [&self.order, &self.line, &self.discount] {
            for (name, field) in &part.fields {
                let mark = if field.is_required { "!" } else { "" };
                hasher.update(format!("{name}:{}{mark}\n", field.type_name).as_bytes());
            }
            hasher.update(b"\n");
        }
        let mut short = [0; 8];
        short.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        i64::from_le_bytes(short)
    }
}

impl Client {
    /// The types that orders are sent in, one request for each of them. An account whose
    /// introspection does not describe them gets the documented ones.
    pub async fn order_schema(&self) -> Result<OrderSchema, Failure> {
        let Some(order) = self.input_type(ORDER).await? else {
            return Ok(OrderSchema::documented());
        };
        let line = self.input_type_at(&order, LINE).await?;
        let discount = self.input_type_at(&order, DISCOUNT).await?;
        Ok(OrderSchema { order, line, discount, is_assumed: false })
    }

    /// The type of a field of orders; an empty one if orders have no such field.
    async fn input_type_at(&self, order: &InputType, field: &str) -> Result<InputType, Failure> {
        let Some(name) = order.type_of(field) else { return Ok(InputType::default()) };
        Ok(self.input_type(name).await?.unwrap_or_else(|| InputType::documented(field)))
    }

    /// `None` if introspection is refused or does not describe the type. Servers of graphql-java
    /// answer one `__type` a request.
    async fn input_type(&self, name: &str) -> Result<Option<InputType>, Failure> {
        let body = json!({ "query": TYPE_QUERY, "variables": { "name": name } });
        let answer = self.query("read_schema", &body, GraphqlError::refuses_introspection).await?;
        Ok(answer.field("__type").and_then(InputType::read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_required_if_it_has_no_default_and_its_innermost_type_is_named() {
        let found = json!({ "inputFields": [
            { "name": "lineItems", "defaultValue": null, "type": { "kind": "LIST", "name": null,
                "ofType": { "kind": "NON_NULL", "name": null, "ofType": { "kind": "INPUT_OBJECT", "name": "LineItemInput" } } } },
            { "name": "storeOrderId", "type": { "kind": "NON_NULL", "name": null, "ofType": { "kind": "SCALAR", "name": "String" } } },
            { "name": "isTestOrder", "defaultValue": "false",
                "type": { "kind": "NON_NULL", "name": null, "ofType": { "kind": "SCALAR", "name": "Boolean" } } },
        ] });
        let read = InputType::read(&found).unwrap();
        assert_eq!(read.required().collect::<Vec<_>>(), ["storeOrderId"]);
        assert_eq!(read.type_of("lineItems"), Some("LineItemInput"));
    }

    #[test]
    fn a_required_field_that_no_order_has_is_unknown() {
        let required = || InputField { is_required: true, ..InputField::default() };
        let mut schema = OrderSchema::documented();
        assert_eq!(schema.unknown(), [""; 0]);
        for name in ["suppressAutomations", "fiscalCode", "customerData", "email"] {
            schema.order.fields.insert(name.to_owned(), required());
        }
        for name in ["legacyConnectionId", "brand"] {
            schema.line.fields.insert(name.to_owned(), required());
        }
        let unknown = ["OrderInput.customerData", "OrderInput.fiscalCode", "lineItems.brand"];
        assert_eq!(schema.unknown(), unknown);
    }

    #[test]
    fn another_field_is_another_digest() {
        let documented = OrderSchema::documented();
        let mut other = documented.clone();
        other.line.fields.insert("brand".to_owned(), InputField::default());
        assert_ne!(documented.digest(), other.digest());
        assert_eq!(documented.digest(), OrderSchema::documented().digest());
    }
}
