//! What a plan differs in from an earlier run, or from a plan that was saved.

use crate::report::telling::{Section, Telling};
use maud::{Markup, html};

pub(super) fn section(telling: &Telling) -> Markup {
    html! {
        section.difference {
            h3 { (telling.title) }
            @for Section { title, rows, lines } in &telling.sections {
                @if !title.is_empty() { h4 { (title) } }
                @if !rows.is_empty() {
                    table { tbody { @for row in rows { (row_of(row)) } } }
                }
                @if !lines.is_empty() { ul { @for line in lines { li { (line) } } } }
            }
        }
    }
}

/// A name, a number, and mostly what it means.
fn row_of(row: &[String]) -> Markup {
    html! {
        tr {
            @for (n, cell) in row.iter().enumerate() {
                @match n {
                    0 => th scope="row" { (cell) },
                    1 => td.number { (cell) },
                    _ => td { (cell) },
                }
            }
        }
    }
}
