use super::options::{GraphqlOptions, LineConnection};
use super::parser::{FieldDefinition, TypeDefinition, type_definitions};
use std::collections::BTreeMap;

/// Fields that the input and the output of an order share. `{IN}` is `Input` in the input.
const ORDER: &str = "
    storeOrderId: String! legacyConnectionId: Int! storeCreatedDate: String! finalAmount: BigDecimal!
    email: String storeCustomerId: String orderNumber: String cartId: String storeExternalOrderId: String
    creationSource: {SOURCE} storeModifiedDate: String storeStatus: String
    normalizedStatus: ActiveCampaignOrderState lineItems: [LineItem{IN}!] discounts: [Discount{IN}!]
    notes: [String!] shippingAddress: Address{IN} billingAddress: Address{IN} locationId: String
    shippingMethod: String orderUrl: String customerLocale: String salesChannel: String currency: String
    paymentMethod: String isTestOrder: Boolean createdByRecurringPayment: Boolean acceptsMarketing: Boolean
    shippingAmount: BigDecimal {DISCOUNT}: BigDecimal connectionId: String";

const LINE: &str = "
    storeLineItemId: String productStorePrimaryId: String storeBaseProductId: String name: String
    quantity: Int sku: String category: String imageUrl: String productUrl: String priceAmount: BigDecimal
    lineItemType: String fulfillmentStatus: String normalizedOrderStatus: ActiveCampaignOrderState
    isOnSale: Boolean averageRating: BigDecimal brand: String tags: [String!]";

const DISCOUNT: &str = "name: String type: DiscountType discountAmount: BigDecimal";

const ADDRESS: &str = "
    firstName: String lastName: String address1: String address2: String address3: String city: String
    province: String country: String postal: String phone: String company: String email: String";

const REST: &str = "
    scalar String scalar Int scalar Boolean scalar BigDecimal
    enum CreationSource { HISTORICAL REAL_TIME }
    enum ActiveCampaignOrderState {
        PENDING COMPLETED ABANDONED RECOVERED WAITING CANCELLED REFUNDED FAILED RETURNED PENDING_PAYMENT
    }
    enum DiscountType { ORDER SHIPPING }
    enum FilterOperator { EQ LT LTE GT GTE CONTAINS IN }
    enum SortDirection { ASC DESC }
    input CustomerData {
        firstName: String lastName: String phone: String company: String smsMarketingState: String
        smsOptInLevel: String smsConsentUpdatedDate: String
    }
    input Pagination { offset: Int limit: Int }
    type BulkAsyncResponse { recordId: String }
    type Query {
        getOrder(legacyConnectionId: Int! storeOrderId: String!): Order
        searchOrder(filter: OrderFilter!): [Order]
        __type(name: String!): __Type
        __schema: __Schema!
    }
    type Mutation {
        upsertOrder(order: OrderInput!): Order
        bulkUpsertOrders(orders: [OrderInput!]!): [Order]
        bulkUpsertOrdersAsync(orders: [OrderInput!]!): {RECEIPT}
    }
    type __Schema { types: [__Type!]! queryType: __Type! mutationType: __Type description: String }
    type __Type {
        kind: __TypeKind! name: String description: String ofType: __Type
        fields(includeDeprecated: Boolean): [__Field!] inputFields(includeDeprecated: Boolean): [__InputValue!]
        enumValues(includeDeprecated: Boolean): [__EnumValue!] interfaces: [__Type!] possibleTypes: [__Type!]
    }
    type __Field {
        name: String! description: String args: [__InputValue!]! type: __Type! isDeprecated: Boolean!
        deprecationReason: String
    }
    type __InputValue {
        name: String! description: String type: __Type! defaultValue: String isDeprecated: Boolean!
        deprecationReason: String
    }
    type __EnumValue { name: String! description: String isDeprecated: Boolean! deprecationReason: String }
    enum __TypeKind { SCALAR OBJECT INTERFACE UNION ENUM INPUT_OBJECT LIST NON_NULL }";

/// The types of the account, in the variant that the options name.
#[derive(Default)]
pub(in crate::simulator) struct Schema {
    pub(super) types: BTreeMap<String, TypeDefinition>,
}

impl Schema {
    pub fn new(options: &GraphqlOptions) -> Self {
        let types = type_definitions(&text(options)).unwrap_or_default();
        Self { types: types.into_iter().map(|ty| (ty.name.clone(), ty)).collect() }
    }

    pub(super) fn field(&self, type_name: &str, field: &str) -> Option<&FieldDefinition> {
        self.types.get(type_name)?.fields.iter().find(|known| known.name == field)
    }
}

fn text(options: &GraphqlOptions) -> String {
    let both = |name: &str, fields: &str, only_input: &str| {
        let input = fields.replace("{IN}", "Input");
        let output = fields.replace("{IN}", "");
        format!("input {name}Input {{ {input} {only_input} }} type {name} {{ {output} }}\n")
    };
    let suppress = if options.suppress_automations { "suppressAutomations: Boolean" } else { "" };
    let line_connection = match options.line_connection {
        LineConnection::Absent => "",
        LineConnection::Required => "legacyConnectionId: Int!",
    };
    let required = options.required_field.as_ref().map(|name| format!("{name}: String!"));
    let only_input =
        format!("customerData: CustomerData {suppress} {}", required.unwrap_or_default());
    let order = both("Order", ORDER, &only_input);
    let parts = both("LineItem", LINE, line_connection)
        + &both("Discount", DISCOUNT, "")
        + &both("Address", ADDRESS, "");
    let source = if options.creation_source_text { "String" } else { "CreationSource" };
    let receipt = if options.receipt_list { "[BulkAsyncResponse]" } else { "BulkAsyncResponse" };
    (order + &parts + REST + &filters(source))
        .replace("{SOURCE}", source)
        .replace("{DISCOUNT}", &options.discount_field)
        .replace("{RECEIPT}", receipt)
}

/// The filters of `searchOrder`: one for each field of an order that holds one value.
fn filters(source: &str) -> String {
    let names: Vec<&str> = ORDER.split_whitespace().collect();
    let mut fields = String::new();
    for pair in names.chunks_exact(2) {
        let (name, ty) = (pair[0], pair[1].trim_end_matches('!').replace("{SOURCE}", source));
        if !ty.contains(['[', '{']) {
            fields += &format!("{name} {ty}Filter ");
        }
    }
    let mut text = format!("input OrderFilter {{ {fields} pagination: Pagination }}\n");
    for ty in
        ["String", "Int", "BigDecimal", "Boolean", "CreationSource", "ActiveCampaignOrderState"]
    {
        text += &format!(
            "input {ty}Filter {{ value: {ty} filterOperator: FilterOperator sort: SortDirection }}\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variant_is_a_schema_without_a_loose_end() {
        for is_variant in [false, true] {
            let options = GraphqlOptions {
                creation_source_text: is_variant,
                receipt_list: is_variant,
                suppress_automations: is_variant,
                line_connection: if is_variant {
                    LineConnection::Required
                } else {
                    LineConnection::Absent
                },
                ..GraphqlOptions::default()
            };
            let schema = Schema::new(&options);
            let fields = schema.types.values().flat_map(|ty| &ty.fields);
            let named = fields.flat_map(|field| field.arguments.iter().chain([field]));
            for field in named {
                assert!(schema.types.contains_key(field.ty.name()), "{}: {}", field.name, field.ty);
            }
            assert_eq!(schema.field("OrderInput", "suppressAutomations").is_some(), is_variant);
            assert_eq!(schema.field("LineItemInput", "legacyConnectionId").is_some(), is_variant);
            assert!(schema.field("OrderFilter", "storeOrderId").is_some());
            assert!(schema.field("OrderFilter", "lineItems").is_none());
        }
    }
}
