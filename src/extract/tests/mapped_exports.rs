//! Exports read by a mapping.
