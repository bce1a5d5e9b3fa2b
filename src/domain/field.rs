macro_rules! fields {
    ($($name:ident $path:literal $word:literal,)*) => {
        /// A field of a payload, as far as differences are told apart.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field { $($name,)* }

        impl Field {
            /// Every field, in the order they are told in.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in the payload; of a field of each product with a dot between. Stable, for
            /// scripts.
            pub fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }

            /// Its name for people.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

fields! {
    Total "totalPrice" "total",
    Currency "currency" "currency",
    Shipping "shippingAmount" "shipping",
    Tax "taxAmount" "tax",
    Discount "discountAmount" "discount",
    Discounts "orderDiscounts" "list of discounts",
    Products "orderProducts" "number of products",
    ProductIds "orderProducts.externalid" "product ids",
    ProductNames "orderProducts.name" "product names",
    Prices "orderProducts.price" "product prices",
    Quantities "orderProducts.quantity" "quantities",
    Skus "orderProducts.sku" "SKUs",
    Categories "orderProducts.category" "categories",
    ImageUrls "orderProducts.imageUrl" "image links",
    ProductUrls "orderProducts.productUrl" "product links",
    Email "email" "e-mail address",
    CreatedAt "externalCreatedDate" "date",
    UpdatedAt "externalUpdatedDate" "date of update",
    AbandonedAt "abandonedDate" "date of abandonment",
    Number "orderNumber" "order number",
    ShippingMethod "shippingMethod" "shipping method",
    OrderUrl "orderUrl" "order link",
}

impl Field {
    /// The field of a name in a payload.
    pub fn of_path(path: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.path() == path)
    }
}
