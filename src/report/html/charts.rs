//! Charts as inline SVG, each with its numbers as a table beside it, for readers who can't see them.

use crate::report::text::count;
use maud::{Markup, html};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 180.0;
const LEFT: f64 = 4.0;
const BASE: f64 = 150.0;
const TOP: f64 = 12.0;
/// Labels under the bars, at most.
const LABELS_MAX: usize = 8;

/// Of a bar with its gaps, where there are few.
const BAR_WIDTH_MAX: f64 = 90.0;
/// What a label takes, about.
const LABEL_WIDTH: f64 = 64.0;

/// One bar: its label, its height, and that height in words.
pub(super) struct Bar {
    pub label: String,
    pub value: f64,
    pub text: String,
}

impl Bar {
    pub fn of(label: &str, n: u64) -> Self {
        Self { label: label.to_owned(), value: n as f64, text: count(n) }
    }
}

/// Upright bars, for what comes in an order of its own.
pub(super) fn columns(title: &str, heads: (&str, &str), bars: &[Bar]) -> Markup {
    let highest = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let step = ((WIDTH - 2.0 * LEFT) / bars.len().max(1) as f64).min(BAR_WIDTH_MAX);
    let every = bars.len().div_ceil(LABELS_MAX).max(1);
    let height = |bar: &Bar| match highest > 0.0 {
        // A bar of more than zero is never invisible.
        true if bar.value > 0.0 => ((BASE - TOP) * bar.value / highest).max(1.5),
        _ => 0.0,
    };
    html! {
        figure {
            figcaption { (title) }
            svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(summary(title, bars)) {
                line.axis x1=(LEFT) x2=(WIDTH - LEFT) y1=(BASE) y2=(BASE) {}
                @for (n, bar) in bars.iter().enumerate() {
                    @let x = LEFT + step * n as f64;
                    rect.bar x=(px(x + step * 0.1)) y=(px(BASE - height(bar))) width=(px(step * 0.8)) height=(px(height(bar))) {
                        title { (bar.label) ": " (bar.text) }
                    }
                    @if n % every == 0 {
                        // The first would be cut at the edge where its bar is narrow.
                        @let (at, anchor) = if n == 0 && step < LABEL_WIDTH { (LEFT, "start") } else { (x + step / 2.0, "middle") };
                        text.label x=(px(at)) y=(BASE + 18.0) text-anchor=(anchor) { (bar.label) }
                    }
                }
            }
            (numbers(heads, bars))
        }
    }
}

/// Lying bars with their names, for what is compared.
pub(super) fn rows(title: &str, heads: (&str, &str), bars: &[Bar]) -> Markup {
    let highest = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let line = 26.0;
    let height = line * bars.len() as f64 + 6.0;
    let length = |bar: &Bar| if highest > 0.0 { 360.0 * bar.value / highest } else { 0.0 };
    html! {
        figure {
            figcaption { (title) }
            svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-label=(summary(title, bars)) {
                @for (n, bar) in bars.iter().enumerate() {
                    @let y = line * n as f64 + 4.0;
                    text.label x="206" y=(y + 14.0) text-anchor="end" { (bar.label) }
                    rect.bar x="214" y=(y) width=(px(length(bar).max(1.5))) height="18" { title { (bar.label) ": " (bar.text) } }
                    text.value x=(px(222.0 + length(bar))) y=(y + 14.0) { (bar.text) }
                }
            }
            (numbers(heads, bars))
        }
    }
}

fn numbers(heads: (&str, &str), bars: &[Bar]) -> Markup {
    html! {
        details {
            summary { "The numbers" }
            table {
                thead { tr { th scope="col" { (heads.0) } th.number scope="col" { (heads.1) } } }
                tbody { @for bar in bars { tr { th scope="row" { (bar.label) } td.number { (bar.text) } } } }
            }
        }
    }
}

/// What the chart says, in a sentence.
fn summary(title: &str, bars: &[Bar]) -> String {
    let highest = bars.iter().max_by(|a, b| a.value.total_cmp(&b.value));
    match (bars, highest) {
        ([first, .., last], Some(most)) => format!(
            "{title}: {} bars from {} to {}, the highest {} with {}",
            bars.len(),
            first.label,
            last.label,
            most.label,
            most.text
        ),
        ([only], _) => format!("{title}: {} with {}", only.label, only.text),
        _ => format!("{title}: nothing"),
    }
}

fn px(length: f64) -> String {
    format!("{length:.1}")
}
