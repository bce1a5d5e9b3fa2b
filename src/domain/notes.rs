/// What was decided about a valid order beyond what its export states, and whether its parts make
/// up its total.
///
/// Counted by the plan and never sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Notes {
    /// Amounts that were rounded to the currency's minor unit.
    pub rounded: u32,
    /// The currency is the job's default: the export names none.
    pub is_currency_assumed: bool,
    /// The customer paid in another currency than the shop's, which is the one that is sent.
    pub is_paid_otherwise: bool,
    /// The date is the job's default: the export states none.
    pub is_date_assumed: bool,
    /// The total as ordered less what its parts add up to, in minor units; 0 where they do add up.
    pub difference: i64,
}
