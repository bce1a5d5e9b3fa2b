/// Declares enums whose variants each have a fixed word for settings, reports and the state:
/// variant, word and meaning in one line.
macro_rules! choices {
    ($($(#[$about:meta])* $vis:vis enum $name:ident {
        $($(#[$is:meta])* $variant:ident $word:literal $meaning:literal;)+
    })+) => {$(
        $(#[$about])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize,
        )]
        $vis enum $name {
            $($(#[$is])* #[doc = $meaning] #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            pub const ALL: [Self; [$($word),+].len()] = [$(Self::$variant),+];
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The stable name in settings, reports and the state.
            pub fn word(self) -> &'static str {
                Self::WORDS[self as usize]
            }

            /// What it means, in one line.
            pub fn meaning(self) -> &'static str {
                [$($meaning),+][self as usize]
            }

            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|choice| choice.word() == word)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.word())
            }
        }
    )+};
}

pub(crate) use choices;
