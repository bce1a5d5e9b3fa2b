/// What an export of WebToffee's plugin did to its order dates: in shops that keep orders as
/// WordPress posts it moves them by the shop's offset from UTC once too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateShift {
    /// Told from the times at which orders were paid.
    #[default]
    Auto,
    /// The dates are right.
    None,
    /// The dates are shifted, and are to be moved back.
    Offset,
}

impl DateShift {
    /// Each choice with its word in settings, the default first.
    pub const WORDS: [(&'static str, Self); 3] =
        [("auto", Self::Auto), ("none", Self::None), ("offset", Self::Offset)];

    /// The word used in settings.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, choice)| *choice == self).map_or("", |(word, _)| word)
    }
}
