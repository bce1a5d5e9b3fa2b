use super::apart::{Apart, too_many};
use crate::extract::error::ReadError;
use crate::extract::rows::{KeptRow, Row, Rows};
use crate::extract::{ORDER_BYTES_MAX, ORDER_LINES_MAX};
use std::collections::{HashMap, VecDeque};
use std::ops::Range;

/// The most bytes held of orders whose last rows are still to come.
pub const WAITING_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A time as a table states it: a date and a time of day may be in columns of their own.
type Time = Vec<Vec<u8>>;

/// All rows of one order, in the order of the file. At least one.
pub struct Group {
    pub rows: Vec<KeptRow>,
    /// For each row, its run of contiguous rows, from 0.
    runs: Vec<u32>,
    /// It has more rows or bytes than any real order; the rest was left out.
    pub is_overlong: bool,
    /// The line of a damaged row directly before or after its rows, which may have been one of
    /// them.
    pub beside_damage: Option<u64>,
    key: Vec<u8>,
    /// The run of its last rows.
    run: u64,
    bytes: usize,
}

impl Group {
    fn of(rows: Vec<KeptRow>, runs: Vec<u32>, key: Vec<u8>, run: u64) -> Self {
        let bytes = rows.iter().map(KeptRow::bytes).sum();
        Self { rows, runs, is_overlong: false, beside_damage: None, key, run, bytes }
    }

    /// Line of the file its first row begins at.
    pub fn line(&self) -> u64 {
        self.rows.first().map_or(0, |row| row.row().line)
    }

    /// Its rows are not contiguous.
    pub fn is_scattered(&self) -> bool {
        self.runs.first() != self.runs.last()
    }

    /// The line of a row that is repeated exactly elsewhere in the file: the order may contain the
    /// line twice, or the file may contain the order twice.
    pub fn repeated_elsewhere(&self) -> Option<u64> {
        if !self.is_scattered() {
            return None;
        }
        let mut by_len: HashMap<usize, Vec<usize>> = HashMap::new();
        for (at, row) in self.rows.iter().enumerate() {
            let alike = by_len.entry(row.text_bytes()).or_default();
            let repeats = |other: &usize| {
                self.runs.get(*other) != self.runs.get(at)
                    && self.rows.get(*other).is_some_and(|other| other.says_the_same_as(row))
            };
            if alike.iter().any(repeats) {
                return Some(row.row().line);
            }
            alike.push(at);
        }
        None
    }

    /// Without rows that repeat a line: the same in the column of the line's key and in these
    /// others.
    pub fn without_repeats(mut self, line_key: usize, columns: &[usize]) -> Self {
        let mut kept: Vec<(KeptRow, u32)> = Vec::with_capacity(self.rows.len());
        for (row, run) in self.rows.drain(..).zip(self.runs.drain(..)) {
            let repeats = |(other, _): &(KeptRow, u32)| {
                let (row, other) = (row.row(), other.row());
                !row.cell(line_key).is_empty()
                    && row.is_whole
                    && [line_key].iter().chain(columns).all(|at| row.cell(*at) == other.cell(*at))
            };
            if !kept.iter().any(repeats) {
                kept.push((row, run));
            }
        }
        (self.rows, self.runs) = kept.into_iter().unzip();
        self
    }

    /// The shortest sequence of its first rows of which all its rows are repetitions, if there is
    /// one.
    pub fn first_copy(&self) -> Option<Self> {
        let is_sound = !self.is_overlong && self.beside_damage.is_none();
        let len = self.rows.len();
        let repeats = |size: &usize| {
            let further = self.rows.iter().skip(*size);
            len.is_multiple_of(*size)
                && further.zip(&self.rows).all(|(row, before)| row.says_the_same_as(before))
        };
        let size = (1..=len / 2).find(repeats).filter(|_| is_sound)?;
        Some(self.part(0..size))
    }

    /// The rows without a truncated copy of the order: all except the first ones, or except the
    /// last ones, if those equal the first rows of the rest. One at a time, as many equal rows can
    /// be divided in many ways.
    pub fn beside_cut_copies(&self) -> impl Iterator<Item = Self> {
        let is_sound = !self.is_overlong && self.beside_damage.is_none();
        let are_first = |cut: &[KeptRow], whole: &[KeptRow]| {
            cut.len() < whole.len()
                && cut.iter().zip(whole).all(|(row, other)| row.says_the_same_as(other))
        };
        let len = if is_sound { self.rows.len() } else { 0 };
        (1..len).filter_map(move |at| {
            let (above, below) = self.rows.split_at(at);
            if are_first(above, below) {
                Some(self.part(at..len))
            } else {
                are_first(below, above).then(|| self.part(0..at))
            }
        })
    }

    fn part(&self, rows: Range<usize>) -> Self {
        let size = rows.len();
        let rows = self.rows.get(rows).unwrap_or_default();
        let rows = rows.iter().map(|row| row.row().keep()).collect();
        Self::of(rows, vec![0; size], self.key.clone(), self.run)
    }

    /// The copies of the order that it consists of: runs of rows with different values in the
    /// columns of the last modification. Adjacent rows belong to one copy, as the columns may be
    /// those of an order's line.
    fn copies(self, modified_at: &[usize]) -> Vec<Self> {
        let times = self.times_of_runs(modified_at).unwrap_or_default();
        let mut copies: Vec<(Time, Self)> = Vec::new();
        if times.iter().all(|time| Some(time) == times.first()) {
            return vec![self];
        }
        for (row, run, time) in self
            .rows
            .into_iter()
            .zip(&self.runs)
            .filter_map(|(row, run)| Some((row, *run, times.get(*run as usize)?)))
        {
            let of_time = copies.iter_mut().find(|(known, _)| known == time);
            match of_time {
                Some((_, copy)) => copy.push(row, run),
                None => {
                    let copy = Self::of(vec![row], vec![run], self.key.clone(), self.run);
                    copies.push((time.clone(), copy));
                }
            }
        }
        copies.into_iter().map(|(_, copy)| copy).collect()
    }

    /// The values of each run in these columns; `None` if a run has none, or several in one column,
    /// or a row is damaged.
    fn times_of_runs(&self, columns: &[usize]) -> Option<Vec<Time>> {
        let runs = self.runs.last().map_or(0, |run| *run as usize + 1);
        let is_sound = !self.is_overlong && self.beside_damage.is_none();
        if runs < 2 || !is_sound || !self.rows.iter().all(|row| row.row().is_whole) {
            return None;
        }
        let mut times: Vec<Time> = vec![vec![Vec::new(); columns.len()]; runs];
        for (row, run) in self.rows.iter().zip(&self.runs) {
            let (row, time) = (row.row(), times.get_mut(*run as usize)?);
            for (at, part) in columns.iter().zip(time) {
                match row.cell(*at) {
                    b"" => {}
                    cell if part.is_empty() => part.extend_from_slice(cell),
                    cell if cell != part.as_slice() => return None,
                    _ => {}
                }
            }
        }
        let is_stated = |time: &Time| time.iter().any(|part| !part.is_empty());
        times.iter().all(is_stated).then_some(times)
    }

    fn add(&mut self, row: &Row<'_>) {
        let run = self.runs.last().copied().unwrap_or(0);
        self.push(row.keep(), run);
    }

    fn push(&mut self, row: KeptRow, run: u32) {
        if self.rows.len() >= ORDER_LINES_MAX || self.bytes + row.bytes() > ORDER_BYTES_MAX {
            self.is_overlong = true;
            return;
        }
        self.bytes += row.bytes();
        self.rows.push(row);
        self.runs.push(run);
    }

    /// Adds a later run of the same order.
    fn join(&mut self, later: Self) {
        let run = self.runs.last().map_or(0, |run| run + 1);
        for row in later.rows {
            self.push(row, run);
        }
        self.is_overlong |= later.is_overlong;
        self.beside_damage = self.beside_damage.or(later.beside_damage);
        self.run = later.run;
    }
}

/// The orders of a table whose rows share a key, as groups of rows, each complete. An order with
/// scattered rows is returned at its last row. A row with a blank key is a separate group.
pub struct Groups {
    rows: Rows,
    key_at: usize,
    /// The columns of the order's last modification.
    modified_at: Vec<usize>,
    /// Absent until the first pass is complete.
    apart: Option<Apart>,
    current: Option<Group>,
    waiting: HashMap<Vec<u8>, Group>,
    waiting_bytes: usize,
    ready: VecDeque<Group>,
    /// The damaged row directly before the next run.
    damage: Option<u64>,
    run: u64,
    has_ended: bool,
}

impl Groups {
    /// Groups by one column, and distinguishes copies of an order by others.
    pub fn new(rows: Rows, key_at: usize, modified_at: Vec<usize>) -> Self {
        Self {
            rows,
            key_at,
            modified_at,
            apart: None,
            current: None,
            waiting: HashMap::new(),
            waiting_bytes: 0,
            ready: VecDeque::new(),
            damage: None,
            run: 0,
            has_ended: false,
        }
    }

    /// The next order's rows.
    ///
    /// # Errors
    /// When the table can't be read on, changed, or its orders are scattered too far.
    pub fn pull(&mut self) -> Result<Option<Group>, ReadError> {
        if self.apart.is_none() {
            self.apart = Some(Apart::scan(self.rows.again()?, self.key_at)?);
        }
        loop {
            if let Some(group) = self.ready.pop_front() {
                return Ok(Some(group));
            }
            if self.has_ended {
                return Ok(None);
            }
            self.step()?;
        }
    }

    /// Adds one row.
    fn step(&mut self) -> Result<(), ReadError> {
        let Some(row) = self.rows.advance()? else {
            self.has_ended = true;
            self.end_run(0)?;
            let mut rest: Vec<Group> = self.waiting.drain().map(|(_, group)| group).collect();
            rest.sort_by_key(Group::line);
            let copies = rest.into_iter().flat_map(|group| group.copies(&self.modified_at));
            self.ready.extend(copies);
            return Ok(());
        };
        let key = row.cell(self.key_at);
        if let Some(group) =
            self.current.as_mut().filter(|group| group.key == key && !key.is_empty())
        {
            group.add(&row);
            self.damage = (!row.is_whole).then_some(row.line);
            return Ok(());
        }
        self.run += 1;
        let mut begun = Group::of(vec![row.keep()], vec![0], key.to_vec(), self.run);
        let (line, is_whole) = (row.line, row.is_whole);
        begun.beside_damage = self.damage.take();
        if !is_whole {
            // Its cells may have moved, so it may be a row of the order before it, or of the one
            // after it.
            if let Some(before) = &mut self.current {
                before.beside_damage = Some(line);
            }
            self.damage = Some(line);
        }
        self.end_run(line)?;
        self.current = Some(begun);
        Ok(())
    }

    /// Returns the order whose rows ended, unless more of them follow.
    fn end_run(&mut self, line: u64) -> Result<(), ReadError> {
        let Some(ended) = self.current.take() else { return Ok(()) };
        let last = self.apart.as_ref().and_then(|apart| apart.last_run_of(&ended.key));
        let is_last = ended.key.is_empty() || last.is_none_or(|last| ended.run >= last);
        let whole = match self.waiting.remove(&ended.key) {
            Some(mut earlier) => {
                self.waiting_bytes = self.waiting_bytes.saturating_sub(earlier.bytes);
                earlier.join(ended);
                earlier
            }
            None => ended,
        };
        if is_last {
            self.ready.extend(whole.copies(&self.modified_at));
            return Ok(());
        }
        self.waiting_bytes += whole.bytes;
        if self.waiting_bytes > WAITING_BYTES_MAX {
            return Err(too_many(&self.rows.shown(), line));
        }
        self.waiting.insert(whole.key.clone(), whole);
        Ok(())
    }
}
