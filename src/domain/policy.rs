//! What a shop's owner may choose about meaning: words of the settings, and what each stands for.

macro_rules! choices {
    ($($(#[$about:meta])* $name:ident { $(#[$first_is:meta])* $first:ident $first_word:literal,
        $($(#[$is:meta])* $other:ident $word:literal,)* })*) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub enum $name {
            $(#[$first_is])* #[default] $first,
            $($(#[$is])* $other,)*
        }

        impl $name {
            /// Every choice with its word in settings and reports, the default first.
            pub const WORDS: &'static [(&'static str, Self)] =
                &[($first_word, Self::$first), $(($word, Self::$other),)*];

            /// The word used in settings and reports.
            pub fn word(self) -> &'static str {
                match self { Self::$first => $first_word, $(Self::$other => $word,)* }
            }
        }
    )*};
}

choices! {
    /// What a refund does to an order.
    Refunds {
        /// Nothing: the total stays as it was before refunds.
        Original "original",
        /// The total is less what was refunded, and not below zero.
        Net "net",
        /// An order whose money all went back is left out; one refunded in part stays as it was.
        Skip "skip",
    }

    /// Which total counts where the export states several.
    Total {
        /// As the customer ordered.
        Original "original",
        /// As it is now, after edits and refunds. Where the export states none, as ordered.
        Current "current",
    }

    /// What becomes of an order that states no e-mail address.
    MissingEmail {
        /// It can't be sent, and is kept as a dead letter.
        Invalid "invalid",
        /// It is left out and counted.
        Filter "filter",
    }

    /// What becomes of digits below the currency's minor unit.
    Rounding {
        /// The order can't be sent.
        Refuse "refuse",
        /// The nearest amount; of two that are as near, the even one.
        HalfEven "half_even",
    }

    /// What an order is known by at the target.
    OrderId {
        /// Its id; its number in exports without ids.
        Id "id",
        /// Its number, whatever id the export states.
        Number "number",
    }

    /// What a customer is known by at the target.
    Customers {
        /// The id of the shop's account; guests, and customers of exports without ids, by their
        /// address.
        Id "id",
        /// The address, whatever id the export states.
        Email "email",
    }
}
