use super::choices;

// In the order of reports, and of the bits of a stored digest: a hashed field that is not last
// needs another `FORM` there.
choices! {
    /// A field of a payload, as far as differences are distinguished. Its word is its name in the
    /// payload; a field of each product has a dot in it. Its meaning is its name for people.
    pub enum Field {
        Total "totalPrice" "total";
        Currency "currency" "currency";
        Shipping "shippingAmount" "shipping";
        Tax "taxAmount" "tax";
        Discount "discountAmount" "discount";
        Discounts "orderDiscounts" "list of discounts";
        Products "orderProducts" "number of products";
        ProductIds "orderProducts.externalid" "product ids";
        ProductNames "orderProducts.name" "product names";
        Prices "orderProducts.price" "product prices";
        Quantities "orderProducts.quantity" "quantities";
        Skus "orderProducts.sku" "SKUs";
        Categories "orderProducts.category" "categories";
        ImageUrls "orderProducts.imageUrl" "image links";
        ProductUrls "orderProducts.productUrl" "product links";
        Email "email" "e-mail address";
        CreatedAt "externalCreatedDate" "date";
        UpdatedAt "externalUpdatedDate" "date of update";
        AbandonedAt "abandonedDate" "date of abandonment";
        Number "orderNumber" "order number";
        ShippingMethod "shippingMethod" "shipping method";
        OrderUrl "orderUrl" "order link";
    }
}

impl Field {
    /// The state stores a short hash of it instead of the value.
    pub fn is_hashed(self) -> bool {
        !matches!(
            self,
            Self::Total
                | Self::Currency
                | Self::Shipping
                | Self::Tax
                | Self::Discount
                | Self::Products
                | Self::CreatedAt
                | Self::UpdatedAt
                | Self::AbandonedAt
        )
    }
}
