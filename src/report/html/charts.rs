//! Charts as inline SVG, each with a table of its numbers, for readers who can't see them. Narrow
//! enough to be read on a phone without scrolling.

use crate::report::text::count;
use maud::{Markup, html};

const WIDTH: f64 = 480.0;
/// Height of a chart of vertical bars, with the labels below its axis.
const HEIGHT: f64 = 190.0;
/// Where its horizontal axis is, and the highest mark.
const BASE: f64 = 160.0;
const TOP: f64 = 12.0;
/// Maximum width of one character of a label; `page.css` sets the size of the font.
const CHAR_WIDTH: f64 = 8.4;
/// The gap between two labels, and between a label and its bar.
const GAP: f64 = 8.0;
/// Maximum width of a bar with its gaps.
const BAR_WIDTH_MAX: f64 = 90.0;
/// The most intervals of the vertical axis.
const INTERVALS_MAX: f64 = 4.0;

/// Horizontal bars: the height of one with its label above it, and the length of the longest.
const ROW: f64 = 46.0;
const ROW_LEN_MAX: f64 = 370.0;

/// One bar: its label, its value, and that value as text.
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

/// Vertical bars, for values in a natural order.
pub(super) fn columns(title: &str, heads: (&str, &str), bars: &[Bar]) -> Markup {
    let values: Vec<f64> = bars.iter().map(|bar| bar.value).collect();
    let marks = marks(&values);
    let highest = marks.last().copied().unwrap_or(1.0);
    let widest = marks.iter().map(|mark| width_of(&short(*mark))).fold(0.0, f64::max);
    let left = widest + GAP;
    let step = ((WIDTH - left) / bars.len().max(1) as f64).min(BAR_WIDTH_MAX);
    let height = |value: f64| (BASE - TOP) * value / highest;
    // A bar above zero is never invisible.
    let bar_height = |bar: &Bar| if bar.value > 0.0 { height(bar.value).max(1.5) } else { 0.0 };
    html! {
        figure {
            figcaption { (title) }
            svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) role="img" aria-label=(summary(title, bars)) {
                @for mark in &marks {
                    @let y = px(BASE - height(*mark));
                    line.grid x1=(px(left)) x2=(WIDTH) y1=(y) y2=(y) {}
                    text.mark x=(px(left - GAP / 2.0)) y=(px(BASE - height(*mark) + 5.0)) text-anchor="end" { (short(*mark)) }
                }
                line.axis x1=(px(left)) x2=(px(left)) y1=(TOP) y2=(BASE) {}
                line.axis x1=(px(left)) x2=(WIDTH) y1=(BASE) y2=(BASE) {}
                @for (n, bar) in bars.iter().enumerate() {
                    @let x = left + step * n as f64;
                    rect.bar x=(px(x + step * 0.1)) y=(px(BASE - bar_height(bar))) width=(px(step * 0.8)) height=(px(bar_height(bar))) {
                        title { (bar.label) ": " (bar.text) }
                    }
                }
                @for (at, label) in labels(bars, left, step) {
                    text.label x=(px(at)) y=(BASE + 20.0) text-anchor="middle" { (label) }
                }
            }
            (numbers(heads, bars))
        }
    }
}

/// The labels under the bars that fit, each with its centre: every one, or every second, or every
/// third, …
fn labels(bars: &[Bar], left: f64, step: f64) -> Vec<(f64, &str)> {
    let widest = bars.iter().map(|bar| width_of(&bar.label)).fold(0.0, f64::max);
    let every = ((widest + GAP) / step).ceil().max(1.0) as usize;
    let placed = bars.iter().enumerate().step_by(every).map(|(n, bar)| {
        let middle = left + step * (n as f64 + 0.5);
        // The first may begin left of its bar, but not left of the page.
        (middle.max(width_of(&bar.label) / 2.0), bar.label.as_str())
    });
    placed.filter(|(at, label)| at + width_of(label) / 2.0 <= WIDTH).collect()
}

/// The marks of the vertical axis, from zero to the first mark that no bar exceeds. Steps are one,
/// two or five times a power of ten; whole numbers if all values are whole, such as counts.
fn marks(values: &[f64]) -> Vec<f64> {
    let highest = values.iter().copied().fold(0.0, f64::max);
    let least_step = if values.iter().all(|value| value.fract() == 0.0) { 1.0 } else { 0.0 };
    if highest <= 0.0 {
        return vec![0.0, 1.0];
    }
    let least = highest / INTERVALS_MAX;
    let power = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power);
    let step = step.into_iter().find(|step| *step >= least).unwrap_or(least).max(least_step);
    let last = (highest / step).ceil() as u32;
    (0..=last).map(|n| step * f64::from(n)).collect()
}

/// `1.5k`, `2M`: short enough for an axis.
fn short(value: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")];
    let (unit, name) = UNITS.into_iter().find(|(unit, _)| value >= *unit).unwrap_or((1.0, ""));
    let text = format!("{:.2}", value / unit);
    format!("{}{name}", text.trim_end_matches('0').trim_end_matches('.'))
}

fn width_of(label: &str) -> f64 {
    label.chars().count() as f64 * CHAR_WIDTH
}

/// Horizontal bars with their names, for comparisons.
pub(super) fn rows(title: &str, heads: (&str, &str), bars: &[Bar]) -> Markup {
    let highest = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    let height = ROW * bars.len() as f64;
    let length = |bar: &Bar| if highest > 0.0 { ROW_LEN_MAX * bar.value / highest } else { 0.0 };
    html! {
        figure {
            figcaption { (title) }
            svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-label=(summary(title, bars)) {
                line.axis x1="0.5" x2="0.5" y1="0" y2=(height) {}
                @for (n, bar) in bars.iter().enumerate() {
                    @let y = ROW * n as f64;
                    text.label x="6" y=(y + 15.0) { (bar.label) }
                    rect.bar x="1" y=(y + 21.0) width=(px(length(bar).max(1.5))) height="16" { title { (bar.label) ": " (bar.text) } }
                    text.value x=(px(length(bar) + GAP)) y=(y + 34.0) { (bar.text) }
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

/// A summary of the chart, in one sentence.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_never_overlap_or_leave_the_chart_for_any_number_of_bars() {
        for label in ["1", "2024", "2024-01", "10 or more"] {
            for len in 1..=150 {
                let bars: Vec<Bar> = (0..len).map(|_| Bar::of(label, 1)).collect();
                let left = 40.0;
                let step = ((WIDTH - left) / bars.len() as f64).min(BAR_WIDTH_MAX);
                let shown = labels(&bars, left, step);
                assert!(!shown.is_empty(), "{label} of {len}");
                let half = width_of(label) / 2.0;
                assert!(shown.iter().all(|(at, _)| at - half >= 0.0 && at + half <= WIDTH));
                assert!(
                    shown.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 2.0 * half),
                    "{label} of {len}"
                );
            }
        }
    }

    #[test]
    fn an_axis_is_marked_in_round_numbers_up_to_the_highest_bar() {
        for highest in [0.9, 1.0, 3.0, 7.0, 10.0, 99.0, 101.0, 12_345.0, 9.9e11] {
            let marks = marks(&[0.5, highest]);
            let (step, last) = (marks[1], marks[marks.len() - 1]);
            assert!(last >= highest && last - step < highest, "{highest}: {marks:?}");
            assert!((2..=6).contains(&marks.len()), "{highest}: {marks:?}");
            assert!(marks.iter().all(|mark| width_of(&short(*mark)) < 60.0), "{marks:?}");
        }
        assert_eq!(marks(&[0.0]), [0.0, 1.0]);
        assert_eq!(marks(&[0.01, 0.02]), [0.0, 0.005, 0.01, 0.015, 0.02]);
        assert_eq!(marks(&[1.0, 2.0, 0.0]), [0.0, 1.0, 2.0], "there is no half order");
        let texts = [0.0, 0.5, 20.0, 1_500.0, 2e6, 3e9, 1e12].map(short);
        assert_eq!(texts, ["0", "0.5", "20", "1.5k", "2M", "3G", "1T"]);
    }
}
