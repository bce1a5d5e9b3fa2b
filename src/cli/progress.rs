//! The progress of a run, as a bar, lines or JSON.

use super::output;
use super::preflight::Plans;
use crate::plan::Forecast;
use crate::report::{self, OrdersLeft};
use crate::run::{CompareProgress, Progress};
use crate::state::Kind;
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

/// Prints a line now and then while both sides are compared.
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
pub(super) enum Form {
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
    form: Form,
    /// What was forecast of each job, where there is a plan.
    planned: BTreeMap<String, Forecast>,
    /// The orders of each job that was planned whole.
    left: BTreeMap<String, OrdersLeft>,
    state: Mutex<State>,
    bars: MultiProgress,
}

struct State {
    last: Instant,
    by_job: BTreeMap<String, ProgressBar>,
}

impl ProgressDisplay {
    pub(super) fn new(form: Form, quiet: bool, plans: &Plans) -> Self {
        let form = match form {
            _ if quiet => Form::None,
            Form::Auto if io::stderr().is_terminal() => Form::Bar,
            Form::Auto => Form::Lines,
            form => form,
        };
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(4));
        if form == Form::Bar {
            output::draw_above(bars.clone());
        }
        let state = State { last: Instant::now(), by_job: BTreeMap::new() };
        let (planned, left) = (plans.forecasts.clone(), plans.left.clone());
        Self { form, planned, left, state: Mutex::new(state), bars }
    }

    pub(super) fn show(&self, at: &Progress) {
        let planned = self.planned.get(&at.job);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match self.form {
            Form::Bar => self.draw(&mut state, at, planned),
            Form::Json if state.is_due(JSON_EVERY) => {
                output::write_line(&report::progress_json(at, planned).to_string());
            }
            Form::Lines if state.is_due(LINE_EVERY) => {
                output::note(&self.line(at, planned));
            }
            Form::Auto | Form::Json | Form::Lines | Form::None => {}
        }
    }

    fn draw(&self, state: &mut State, at: &Progress, planned: Option<&Forecast>) {
        let bar = state.by_job.entry(at.job.clone()).or_insert_with(|| {
            let bar = self.bars.add(ProgressBar::new(planned.map_or(0, Forecast::total)));
            bar.set_style(style(planned.is_some()));
            bar
        });
        bar.set_position(at.requests.total);
        bar.set_message(self.line(at, planned));
    }

    fn line(&self, at: &Progress, planned: Option<&Forecast>) -> String {
        // A canary is a part of them.
        let left = self.left.get(&at.job).filter(|_| at.kind == Kind::Backfill).copied();
        report::progress_line(at, planned, left)
    }
}

impl State {
    fn is_due(&mut self, every: Duration) -> bool {
        let is_due = self.last.elapsed() >= every;
        if is_due {
            self.last = Instant::now();
        }
        is_due
    }
}

impl Drop for ProgressDisplay {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        state.by_job.values().for_each(ProgressBar::finish_and_clear);
    }
}

/// A bar needs to know where it ends; without a plan there is only what was done.
fn style(is_planned: bool) -> ProgressStyle {
    let template = if is_planned { "[{bar:24}] {percent:>3}% {wide_msg}" } else { "{wide_msg}" };
    let plain = ProgressStyle::default_bar();
    plain.clone().template(template).unwrap_or(plain).progress_chars("=> ")
}
