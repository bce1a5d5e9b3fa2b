//! Kinds of values that once came out silently wrong, in the example export of every format: words
//! for no value, names of columns that are slightly off, signs, exponents, fractions, statuses,
//! letters, invalid copies.

mod blanks;
mod copies;
mod deciding;
pub mod example;
mod headers;
mod money;
mod statuses;
mod texts;
