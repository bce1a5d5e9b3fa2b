use super::choices;

choices! {
    /// The status of an order: the eight kinds to which the words of all shop systems map.
    pub enum Status {
        Pending "pending" "Not paid yet.";
        Paid "paid" "Paid in full.";
        PartiallyRefunded "partially_refunded" "Paid, and refunded in part.";
        Refunded "refunded" "Paid, and refunded in full.";
        Cancelled "cancelled" "Cancelled.";
        Failed "failed" "The payment failed.";
        Draft "draft" "Not placed yet.";
        Test "test" "Placed to try out the shop.";
    }
}
