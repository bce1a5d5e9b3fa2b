//! The progress of a run, as a bar, lines or JSON.

use super::output;
use super::preflight::Plans;
use crate::plan::Forecast;
use crate::report::{self, OrdersLeft, ProgressText};
use crate::run::{CompareProgress, Progress};
use clap::ValueEnum;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two lines of progress without a terminal.
pub(super) const LINE_EVERY: Duration = Duration::from_secs(10);
/// Between two objects.
const JSON_EVERY: Duration = Duration::from_secs(1);
/// A narrower terminal shows no bar, only the count and the time left.
const BAR_FROM: usize = 80;

/// Prints a line at intervals while both sides are compared.
pub(super) fn reading_lines(quiet: bool) -> impl Fn(CompareProgress) {
    let noted = Cell::new(Instant::now());
    move |progress| {
        if !quiet && noted.get().elapsed() >= LINE_EVERY {
            noted.set(Instant::now());
            output::note(&report::reading_progress_text(progress));
        }
    }
}

/// What `--progress` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ProgressForm {
    /// A bar on a terminal, else a line now and then
    Auto,
    /// A bar with rate and expected end
    Bar,
    /// A line every ten seconds
    Lines,
    /// A JSON object a second on standard error
    Json,
    None,
}

/// Shows the progress of several jobs at once.
pub(super) struct ProgressDisplay {
    form: ProgressForm,
    /// The forecast for each job, if there is a plan.
    planned: BTreeMap<String, Forecast>,
    /// The orders that the runs of each planned job send.
    sent: BTreeMap<String, OrdersLeft>,
    state: Mutex<ProgressState>,
    bars: MultiProgress,
}

struct ProgressState {
    last: Instant,
    by_job: BTreeMap<String, JobBar>,
    /// Columns of the terminal at the last drawing.
    columns: usize,
}

struct JobBar {
    bar: ProgressBar,
    is_planned: bool,
    /// Columns that its line takes, if the terminal is wide enough.
    len: usize,
}

impl ProgressDisplay {
    pub(super) fn new(form: ProgressForm, quiet: bool, plans: &Plans) -> Self {
        let form = match form {
            _ if quiet => ProgressForm::None,
            ProgressForm::Auto if io::stderr().is_terminal() => ProgressForm::Bar,
            ProgressForm::Auto => ProgressForm::Lines,
            form => form,
        };
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(4));
        if form == ProgressForm::Bar {
            output::draw_above(bars.clone());
        }
        let columns = output::error_width().unwrap_or(usize::MAX);
        let state = ProgressState { last: Instant::now(), by_job: BTreeMap::new(), columns };
        let (planned, sent) = (plans.forecasts.clone(), plans.sent.clone());
        Self { form, planned, sent, state: Mutex::new(state), bars }
    }

    pub(super) fn show(&self, at: &Progress) {
        let planned = self.planned.get(&at.job);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match self.form {
            ProgressForm::Bar => self.draw(&mut state, at, planned),
            ProgressForm::Json if state.is_due(JSON_EVERY) => {
                output::write_line(&report::progress_json(at, planned).to_string());
            }
            ProgressForm::Lines if state.is_due(LINE_EVERY) => {
                output::note(&self.text(at, planned).line());
            }
            ProgressForm::Auto | ProgressForm::Json | ProgressForm::Lines | ProgressForm::None => {}
        }
    }

    fn draw(&self, state: &mut ProgressState, at: &Progress, planned: Option<&Forecast>) {
        state.follow_width(&self.bars);
        let is_planned = planned.is_some();
        let layout = LineLayout::of(is_planned, state.columns);
        let shown = state.by_job.entry(at.job.clone()).or_insert_with(|| {
            let bar = self.bars.add(ProgressBar::new(planned.map_or(0, Forecast::total)));
            bar.set_style(layout.style());
            JobBar { bar, is_planned, len: 0 }
        });
        let text = self.text(at, planned);
        shown.len = text.done.chars().count() + text.rest.chars().count() + layout.columns();
        shown.bar.set_prefix(text.done);
        shown.bar.set_position(at.requests.total);
        shown.bar.set_message(text.rest);
    }

    fn text(&self, at: &Progress, planned: Option<&Forecast>) -> ProgressText {
        report::progress_text(at, planned, self.sent.get(&at.job).copied())
    }
}

impl ProgressState {
    fn is_due(&mut self, every: Duration) -> bool {
        let is_due = self.last.elapsed() >= every;
        if is_due {
            self.last = Instant::now();
        }
        is_due
    }

    /// A terminal that became narrower has wrapped each bar into several rows, but the bars only
    /// clear one; the others are erased here.
    fn follow_width(&mut self, bars: &MultiProgress) {
        let columns = output::error_width().unwrap_or(usize::MAX);
        let before = std::mem::replace(&mut self.columns, columns);
        if columns == before {
            return;
        }
        let rows = self.by_job.values().map(|shown| rows_left(shown.len.min(before), columns));
        match rows.sum() {
            0 => {}
            rows => bars.suspend(|| output::erase_rows_above(rows)),
        }
        for JobBar { bar, is_planned, .. } in self.by_job.values() {
            bar.set_style(LineLayout::of(*is_planned, columns).style());
        }
    }
}

/// Rows that a line of this length takes, except the first.
fn rows_left(len: usize, columns: usize) -> usize {
    len.div_ceil(columns.max(1)).saturating_sub(1)
}

impl Drop for ProgressDisplay {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.by_job.values().for_each(|shown| shown.bar.finish_and_clear());
    }
}

/// What a line of progress on a terminal shows besides its texts.
#[derive(Debug, Clone, Copy)]
enum LineLayout {
    /// Nothing: without a plan there is no total.
    Texts,
    Percent,
    Bar,
}

impl LineLayout {
    fn of(is_planned: bool, columns: usize) -> Self {
        if !is_planned {
            Self::Texts
        } else if columns < BAR_FROM {
            Self::Percent
        } else {
            Self::Bar
        }
    }

    fn template(self) -> &'static str {
        match self {
            Self::Texts => "{prefix}: {wide_msg}",
            Self::Percent => "{prefix} {percent:>3}% {wide_msg}",
            Self::Bar => "{prefix} [{bar:16}] {percent:>3}% {wide_msg}",
        }
    }

    /// Columns of the line without its texts.
    fn columns(self) -> usize {
        match self {
            Self::Texts => 2,
            Self::Percent => 6,
            Self::Bar => 25,
        }
    }

    fn style(self) -> ProgressStyle {
        let plain = ProgressStyle::default_bar();
        plain.clone().template(self.template()).unwrap_or(plain).progress_chars("=> ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_a_narrower_terminal_broke_leaves_rows() {
        for (len, columns, expected) in
            [(120, 120, 0), (120, 70, 1), (70, 100, 0), (120, 40, 2), (0, 40, 0), (9, 0, 8)]
        {
            assert_eq!(rows_left(len, columns), expected, "{len} in {columns}");
        }
    }

    #[test]
    fn the_columns_of_a_line_are_those_of_its_template() {
        for layout in [LineLayout::Texts, LineLayout::Percent, LineLayout::Bar] {
            let line = layout.template().replace("{prefix}", "").replace("{wide_msg}", "");
            let line = line.replace("{bar:16}", &"=".repeat(16)).replace("{percent:>3}", "100");
            assert_eq!(layout.columns(), line.len(), "{layout:?}");
        }
    }
}
