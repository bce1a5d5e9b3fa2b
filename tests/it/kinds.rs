//! Kinds of values that were once silently misread, in the example export of every format: words
//! for missing values, names of columns that are slightly off, signs, exponents, fractions,
//! statuses, letters, invalid copies.

mod blanks;
mod copies;
mod deciding;
pub mod example;
mod headers;
mod money;
mod statuses;
mod texts;
