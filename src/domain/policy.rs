//! What the operator decides about a shop's orders. Each setting is declared once, in the table
//! [`Policy::SETTINGS`]; the settings file, the identity of a run, the effective settings, the plan
//! and the test of the documentation all follow from it.

use super::{Currency, Moment, Status, choices};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

choices! {
    /// What a refund does to an order.
    pub enum Refunds {
        Original "original" "Nothing: the total stays as it was before refunds.";
        Net "net" "The total is less what was refunded, and not below zero.";
        Skip "skip" "A fully refunded order is left out; a partially refunded one keeps its total.";
    }

    /// Which total is sent if the export states several.
    pub enum Total {
        Original "original" "As the customer ordered.";
        Current "current" "After edits and refunds; as ordered where the export doesn't state it.";
    }

    /// What happens to an order without an e-mail address.
    pub enum MissingEmail {
        Invalid "invalid" "It can't be sent and becomes a dead letter.";
        Filter "filter" "It is left out and counted.";
    }

    /// What happens to digits below the currency's minor unit.
    pub enum Rounding {
        Refuse "refuse" "The order can't be sent.";
        HalfEven "half_even" "The nearest amount; of two equally near ones, the even one.";
    }

    /// What happens to a line whose quantity is not a whole number, such as 0.75 yards.
    pub enum FractionalQuantity {
        One "one" "It is sent as one unit at the price of the whole line.";
        Refuse "refuse" "The order can't be sent.";
    }

    /// What identifies an order in ActiveCampaign.
    pub enum OrderId {
        Id "id" "Its id; its number in exports without ids.";
        Number "number" "Its number, even if the export states an id.";
    }

    /// What identifies a customer in ActiveCampaign.
    pub enum Customers {
        Id "id" "The id of the shop account; without one, the e-mail address.";
        Email "email" "The e-mail address, even if the export states an id.";
    }

    /// What happens to a changed order that was deleted in ActiveCampaign.
    pub enum Deleted {
        Create "create" "It is created again.";
        Leave "leave" "It is left alone and counted as filtered.";
    }

    /// What happens to an order that was sent for another customer than the export now states.
    /// ActiveCampaign doesn't move an order to another customer.
    pub enum MovedCustomer {
        Keep "keep" "It stays with the customer that it was created for; its other fields are updated.";
        Recreate "recreate" "It is deleted and created again.";
    }

    /// What happens to an order that no longer exists in a pulled shop.
    pub enum Gone {
        Report "report" "It is reported and stays at ActiveCampaign.";
        Delete "delete" "It is deleted at ActiveCampaign too.";
    }

    /// How to read the order dates of WebToffee's WooCommerce plugin, which adds the shop's UTC
    /// offset once too often where orders are stored as WordPress posts.
    pub enum DateShift {
        Auto "auto" "Found out from the times at which orders were paid.";
        None "none" "The dates are right.";
        Offset "offset" "The dates are shifted and moved back.";
    }
}

/// A setting of the policy.
#[derive(Debug)]
pub struct PolicySetting {
    pub name: &'static str,
    pub values: PolicyValues,
    pub effect: PolicyEffect,
    /// One line of documentation.
    pub doc: &'static str,
}

/// What a setting may hold.
#[derive(Debug, Clone, Copy)]
pub enum PolicyValues {
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words.
    Words(&'static [&'static str]),
    /// A text, without a default.
    Text { example: &'static str },
    /// A whole number in this range.
    Whole { min: u32, max: u32 },
}

/// What a setting decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyEffect {
    /// What is sent for an order.
    Payload,
    /// Which orders are sent.
    Selection,
    /// It limits a run, or decides about orders that are gone; a run is resumed with another value.
    Limit,
}

macro_rules! settings {
    ($($name:ident: $type:ty = $default:expr; $effect:ident, $values:expr, $doc:literal;)+) => {
        /// How a job's orders are read, and what happens to those that don't fit.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub struct Policy {
            $(#[doc = $doc] pub $name: $type,)+
        }

        impl Policy {
            pub const SETTINGS: &'static [PolicySetting] = &[$(PolicySetting {
                name: stringify!($name),
                values: $values,
                effect: PolicyEffect::$effect,
                doc: $doc,
            },)+];
        }

        impl Default for Policy {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }
    };
}

use PolicyValues::{Text, Whole, Word, Words};

settings! {
    statuses: BTreeSet<Status> = [Status::Paid, Status::PartiallyRefunded, Status::Refunded].into();
        Selection, Words(Status::WORDS),
        "statuses of orders that are loaded; the others are filtered and counted";
    refunds: Refunds = Refunds::Original;
        Payload, Word(Refunds::WORDS),
        "`net` sends totals less refunds, `skip` filters orders that were refunded in full";
    total: Total = Total::Original;
        Payload, Word(Total::WORDS),
        "`current` sends the total after edits and refunds where the export states one";
    missing_email: MissingEmail = MissingEmail::Invalid;
        Selection, Word(MissingEmail::WORDS),
        "`filter` filters orders without an e-mail address instead";
    currency: Option<Currency> = None;
        Payload, Text { example: "EUR" },
        "currency of orders whose export names none";
    rounding: Rounding = Rounding::Refuse;
        Payload, Word(Rounding::WORDS),
        "`half_even` rounds fractions of a minor unit";
    fractional_quantity: FractionalQuantity = FractionalQuantity::One;
        Payload, Word(FractionalQuantity::WORDS),
        "`one` sends a line with a fractional quantity as one unit at the price of the whole line, `refuse` refuses the order";
    order_key: OrderId = OrderId::Id;
        Payload, Word(OrderId::WORDS),
        "`number` identifies orders by their number, for exports whose ids a spreadsheet truncated";
    customers: Customers = Customers::Id;
        Payload, Word(Customers::WORDS),
        "`email` identifies customers by their e-mail address";
    default_date: Option<Moment> = None;
        Payload, Text { example: "2020-01-31T00:00:00+00:00" },
        "date of orders whose export states none";
    category: Option<String> = None;
        Payload, Text { example: "Shop" },
        "category of products whose export states none";
    deleted: Deleted = Deleted::Create;
        Selection, Word(Deleted::WORDS),
        "a changed order that was deleted in ActiveCampaign is created again, or with `leave` left alone";
    moved_customer: MovedCustomer = MovedCustomer::Keep;
        Selection, Word(MovedCustomer::WORDS),
        "a changed order whose customer changed keeps its customer at ActiveCampaign, or with `recreate` is deleted and created again";
    gone: Gone = Gone::Report;
        Limit, Word(Gone::WORDS),
        "an order that a full pull finds deleted in the shop is reported, or with `delete` deleted at ActiveCampaign too";
    gone_max_percent: u32 = 5;
        Limit, Whole { min: 1, max: 100 },
        "more gone orders than this share of the loaded ones, and more than ten, are not deleted: the run ends with 3";
    refused_max: u32 = 25;
        Limit, Whole { min: 1, max: 100 },
        "a run stops when more of the last 100 orders sent were refused";
    webtoffee_date_shift: DateShift = DateShift::Auto;
        Payload, Word(DateShift::WORDS),
        "whether dates of WebToffee's WooCommerce export are corrected by the UTC offset: `auto`, `none`, `offset`";
}

impl Policy {
    /// Whether the policy sends orders with this status.
    pub fn counts(&self, status: Status) -> bool {
        let is_skipped = self.refunds == Refunds::Skip && status == Status::Refunded;
        self.statuses.contains(&status) && !is_skipped
    }

    /// Then an order's status doesn't matter and may be unknown.
    pub fn takes_every_status(&self) -> bool {
        self.statuses.len() == Status::ALL.len()
    }

    /// Every setting with its value as text; `None` if it is not set and has no default.
    pub fn values(&self) -> impl Iterator<Item = (&'static PolicySetting, Option<String>)> {
        // Texts, numbers and lists of texts can always be written as JSON.
        let json = serde_json::to_value(self).unwrap_or_default();
        Self::SETTINGS.iter().map(move |setting| (setting, text_of(&json[setting.name])))
    }
}

fn text_of(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Array(items) => {
            Some(items.iter().filter_map(text_of).collect::<Vec<_>>().join(", "))
        }
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Policy {
        /// For each setting, a policy that differs from the default in that setting alone.
        pub fn each_changed() -> Vec<(&'static PolicySetting, Self)> {
            let usual = serde_json::to_value(Self::default()).unwrap();
            let changed = |setting: &'static PolicySetting| {
                let mut json = usual.clone();
                json[setting.name] = match setting.values {
                    Word(words) => {
                        words.iter().rev().find(|word| json[setting.name] != **word).copied().into()
                    }
                    Words(words) => vec![words[0]].into(),
                    Text { example } => example.into(),
                    Whole { max, .. } => max.into(),
                };
                (setting, serde_json::from_value(json).unwrap())
            };
            Self::SETTINGS.iter().map(changed).collect()
        }
    }

    #[test]
    fn each_setting_is_among_the_values_and_changes_only_its_own() {
        let usual: Vec<_> = Policy::default().values().collect();
        assert_eq!(usual.len(), Policy::SETTINGS.len());
        for (setting, policy) in Policy::each_changed() {
            for ((name, before), (_, now)) in
                usual.iter().map(|(of, value)| (of.name, value)).zip(policy.values())
            {
                assert_eq!(*before != now, name == setting.name, "{name} of {}", setting.name);
            }
        }
    }
}
