macro_rules! fields {
    ($($name:ident $path:literal $word:literal $kept:literal,)*) => {
        /// A field of a payload, as far as differences are distinguished.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field { $($name,)* }

        impl Field {
            /// Every field, in the order in which they are shown.
            pub const ALL: [Self; [$($path),*].len()] = [$(Self::$name,)*];

            /// Its name in the payload; a field of each product has a dot in it. Stable, for
            /// scripts.
            pub fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }

            /// The state stores a short hash of it instead of the value.
            pub fn is_hashed(self) -> bool {
                match self { $(Self::$name => $kept == "hashed",)* }
            }

            /// Its name for people.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

// In the order of reports, and of the bits of a stored digest: a hashed field that is not last
// needs another `FORM` there.
fields! {
    Total "totalPrice" "total" "plain",
    Currency "currency" "currency" "plain",
    Shipping "shippingAmount" "shipping" "plain",
    Tax "taxAmount" "tax" "plain",
    Discount "discountAmount" "discount" "plain",
    Discounts "orderDiscounts" "list of discounts" "hashed",
    Products "orderProducts" "number of products" "plain",
    ProductIds "orderProducts.externalid" "product ids" "hashed",
    ProductNames "orderProducts.name" "product names" "hashed",
    Prices "orderProducts.price" "product prices" "hashed",
    Quantities "orderProducts.quantity" "quantities" "hashed",
    Skus "orderProducts.sku" "SKUs" "hashed",
    Categories "orderProducts.category" "categories" "hashed",
    ImageUrls "orderProducts.imageUrl" "image links" "hashed",
    ProductUrls "orderProducts.productUrl" "product links" "hashed",
    Email "email" "e-mail address" "hashed",
    CreatedAt "externalCreatedDate" "date" "plain",
    UpdatedAt "externalUpdatedDate" "date of update" "plain",
    AbandonedAt "abandonedDate" "date of abandonment" "plain",
    Number "orderNumber" "order number" "hashed",
    ShippingMethod "shippingMethod" "shipping method" "hashed",
    OrderUrl "orderUrl" "order link" "hashed",
}

impl Field {
    /// The field of a name in a payload.
    pub fn of_path(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.path() == path)
    }
}
