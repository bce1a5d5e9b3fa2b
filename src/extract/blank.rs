//! What counts as blank in a cell or a JSON text.

/// A cell without the blanks around it.
#[inline]
pub fn trimmed(cell: &[u8]) -> &[u8] {
    cell.trim_ascii()
}

#[inline]
pub fn trimmed_text(text: &str) -> &str {
    text.trim_ascii()
}

#[inline]
pub fn is_blank(cell: &[u8]) -> bool {
    trimmed(cell).is_empty()
}
