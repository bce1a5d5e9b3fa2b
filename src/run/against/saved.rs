use crate::state::{SavedAt, SavedIndex, StateError};
use serde_json::{Map, Value};
use std::io::{self, BufRead, Read, Seek, SeekFrom};

/// The longest line read, in bytes: an order from the largest possible record is far below it.
const LINE_BYTES_MAX: u64 = 16 << 20;

/// What a saved plan contains for each order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SavedPlanForm {
    /// The payloads that would have been sent: `plan --payloads`.
    Payloads,
    /// The decisions on all records: `plan --jsonl`.
    Records,
}

/// A plan that was saved, opened for being compared with another.
pub struct SavedPlan<R> {
    file: R,
    /// As shown in messages.
    pub(super) name: String,
    pub(super) form: SavedPlanForm,
    /// Orders in it.
    pub(super) orders: u64,
    index: SavedIndex,
    /// The position of the next read.
    offset: u64,
    line: Vec<u8>,
}

#[derive(Debug, thiserror::Error)]
pub enum SavedPlanError {
    #[error("{name}: {source}")]
    Io { name: String, source: io::Error },
    #[error(
        "{name}:{line}: expected a line as `ordersync plan --payloads` or `--jsonl` writes it\n  hint: give a complete, unchanged file that one of them wrote"
    )]
    Foreign { name: String, line: u64 },
    #[error(
        "{name}:{line}: this line is of a different kind than those before it\n  hint: give the file of `--payloads` or that of `--jsonl`, not both in one"
    )]
    Mixed { name: String, line: u64 },
    #[error(
        "{name}: an order is in line {first} and again in line {second}\n  hint: give the file of one plan of one job"
    )]
    Twice { name: String, first: u64, second: u64 },
    #[error(
        "{name} holds no order of {job}\n  hint: write one with `ordersync plan {job} --payloads FILE`, and later give that file"
    )]
    Empty { name: String, job: String },
    #[error(transparent)]
    State(#[from] StateError),
}

/// A line of a saved plan.
pub(super) enum SavedLine {
    Payload {
        key: String,
        body: Map<String, Value>,
    },
    /// `reasons`: their codes.
    Record {
        key: String,
        action: &'static str,
        reasons: Vec<String>,
    },
    /// A customer, or a record without a key, of another job, or superseded by another record of
    /// its order.
    Beside,
}

impl<R: BufRead + Seek> SavedPlan<R> {
    /// Reads a saved plan once, to index its orders. Orders of other jobs do not count;
    /// a line of payloads that names no job may be of any.
    ///
    /// # Errors
    /// When the file can't be read, is not the output of a plan, or contains an order
    /// twice.
    pub fn open(file: R, name: &str, job: &str) -> Result<Self, SavedPlanError> {
        let mut saved = Self {
            file,
            name: name.to_owned(),
            form: SavedPlanForm::Payloads,
            orders: 0,
            index: SavedIndex::new()?,
            offset: 0,
            line: Vec::new(),
        };
        let (mut number, mut form) = (0, None);
        while saved.read_line(number + 1)? {
            number += 1;
            let at = SavedAt {
                offset: saved.offset - saved.line.len() as u64,
                bytes: saved.line.len() as u64,
                line: number,
            };
            if saved.line.trim_ascii().is_empty() {
                continue;
            }
            let foreign = || SavedPlanError::Foreign { name: name.to_owned(), line: number };
            let (found, line) = parse(&saved.line, job).ok_or_else(foreign)?;
            if *form.get_or_insert(found) != found {
                return Err(SavedPlanError::Mixed { name: name.to_owned(), line: number });
            }
            let (SavedLine::Payload { key, .. } | SavedLine::Record { key, .. }) = line else {
                continue;
            };
            if let Some(first) = saved.index.add(&key, at)? {
                return Err(SavedPlanError::Twice {
                    name: name.to_owned(),
                    first: first.line,
                    second: number,
                });
            }
            saved.orders += 1;
        }
        saved.form = form.unwrap_or(SavedPlanForm::Payloads);
        match saved.orders {
            0 => Err(SavedPlanError::Empty { name: name.to_owned(), job: job.to_owned() }),
            _ => Ok(saved),
        }
    }

    /// The saved order of a key, which is then marked as found.
    pub(super) fn meet(
        &mut self,
        key: &str,
        job: &str,
    ) -> Result<Option<SavedLine>, SavedPlanError> {
        let Some(at) = self.index.meet(key)? else { return Ok(None) };
        if at.offset != self.offset {
            self.file.seek(SeekFrom::Start(at.offset)).map_err(|source| self.failed(source))?;
            self.offset = at.offset;
        }
        self.read_line(at.line)?;
        // It was read before, but another process may have changed the file.
        let changed = || SavedPlanError::Foreign { name: self.name.clone(), line: at.line };
        let (_, line) = parse(&self.line, job).ok_or_else(changed)?;
        match &line {
            SavedLine::Payload { key: found, .. } | SavedLine::Record { key: found, .. }
                if found == key =>
            {
                Ok(Some(line))
            }
            _ => Err(changed()),
        }
    }

    /// How many of its orders were not found, with keys and lines of the first ones.
    pub(super) fn unmet(
        &self,
        at_most: usize,
    ) -> Result<(u64, Vec<(String, u64)>), SavedPlanError> {
        Ok(self.index.unmet(at_most)?)
    }

    /// Reads the next line, with its end; false at the end of the file.
    fn read_line(&mut self, number: u64) -> Result<bool, SavedPlanError> {
        self.line.clear();
        let taken = (&mut self.file).take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut self.line);
        let len = taken.map_err(|source| self.failed(source))?;
        self.offset += len as u64;
        if len as u64 > LINE_BYTES_MAX {
            return Err(SavedPlanError::Foreign { name: self.name.clone(), line: number });
        }
        Ok(len > 0)
    }

    fn failed(&self, source: io::Error) -> SavedPlanError {
        SavedPlanError::Io { name: self.name.clone(), source }
    }
}

/// The decision on a record, in the words of `plan --jsonl`.
pub(super) const ACTIONS: [&str; 8] =
    ["create", "update", "look_up", "unchanged", "different", "refused", "filtered", "invalid"];

/// `None` if the line is not one that a plan writes.
fn parse(line: &[u8], job: &str) -> Option<(SavedPlanForm, SavedLine)> {
    let Ok(Value::Object(mut line)) = serde_json::from_slice(line) else { return None };
    let is_of_other = line.get("job").is_some_and(|of| of.as_str() != Some(job));
    if is_of_other && ["ecomOrder", "ecomCustomer"].iter().any(|key| line.contains_key(*key)) {
        return Some((SavedPlanForm::Payloads, SavedLine::Beside));
    }
    if let Some(body) = line.remove("ecomOrder") {
        let Value::Object(body) = body else { return None };
        let key = match (body.get("externalid"), body.get("externalcheckoutid")) {
            (Some(Value::String(key)), _) => key.clone(),
            (None, Some(Value::String(key))) => format!(" {key}"),
            _ => return None,
        };
        return Some((SavedPlanForm::Payloads, SavedLine::Payload { key, body }));
    }
    if line.get("ecomCustomer").is_some_and(Value::is_object) {
        return Some((SavedPlanForm::Payloads, SavedLine::Beside));
    }
    let action = line.get("action").and_then(Value::as_str)?;
    let action = ACTIONS.into_iter().find(|known| *known == action)?;
    let of_job = line.get("job").and_then(Value::as_str)? == job;
    let reasons: Option<Vec<String>> =
        line.get("reasons")?.as_array()?.iter().map(reason_of).collect();
    let reasons = reasons?;
    let is_repeat = reasons.iter().any(|reason| reason == "superseded" || reason == "duplicate");
    let line = match line.get("key")? {
        Value::String(key) if of_job && !is_repeat => {
            let is_cart = line.get("cart").is_some_and(|cart| *cart == Value::Bool(true));
            let key = if is_cart { format!(" {key}") } else { key.clone() };
            SavedLine::Record { key, action, reasons }
        }
        Value::String(_) | Value::Null => SavedLine::Beside,
        _ => return None,
    };
    Some((SavedPlanForm::Records, line))
}

fn reason_of(reason: &Value) -> Option<String> {
    let code = reason.get("reason")?.as_str()?;
    let is_code = code.len() <= 64
        && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    is_code.then(|| code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;

    const GOOD: &str = concat!(
        r#"{"ecomOrder":{"externalid":"1","source":0,"totalPrice":100}}"#,
        "\n",
        r#"{"ecomOrder":{"externalcheckoutid":"1","source":0,"totalPrice":200}}"#,
        "\n\n",
        r#"{"job":"shop","ecomOrder":{"externalid":"2","source":0,"totalPrice":300}}"#,
        "\n",
        r#"{"job":"other","ecomOrder":{"externalid":"3","source":0,"totalPrice":400}}"#,
    );

    fn opened(bytes: &[u8]) -> Result<SavedPlan<Cursor<Vec<u8>>>, SavedPlanError> {
        SavedPlan::open(Cursor::new(bytes.to_vec()), "plan", "shop")
    }

    fn total(saved: &mut SavedPlan<Cursor<Vec<u8>>>, key: &str) -> Option<Value> {
        match saved.meet(key, "shop").unwrap() {
            Some(SavedLine::Payload { body, .. }) => body.get("totalPrice").cloned(),
            _ => None,
        }
    }

    #[test]
    fn orders_are_found_in_any_notation_of_their_number() {
        let mut saved = opened(GOOD.as_bytes()).unwrap();
        assert_eq!(saved.orders, 3);
        for (key, expected) in [("2", 300), (" 1", 200), ("1", 100), (" 1", 200), ("1", 100)] {
            assert_eq!(
                total(&mut saved, key),
                Some(expected.into()),
                "a cart and an order of one id are two"
            );
        }
        assert_eq!(total(&mut saved, "3"), None);
        assert_eq!(saved.unmet(9).unwrap(), (0, vec![]));
    }

    #[test]
    fn a_line_without_end_is_an_error_and_not_memory() {
        struct Endless;
        impl Read for Endless {
            fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
                room.fill(b'[');
                Ok(room.len())
            }
        }
        impl Seek for Endless {
            fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
                Ok(0)
            }
        }
        let opened = SavedPlan::open(io::BufReader::new(Endless), "plan", "shop");
        assert!(matches!(opened, Err(SavedPlanError::Foreign { line: 1, .. })));
    }

    #[test]
    fn a_file_that_was_changed_in_between_is_refused() {
        let mut saved = opened(GOOD.as_bytes()).unwrap();
        saved.file.get_mut()[5..20].fill(b'x');
        assert!(saved.meet("1", "shop").is_err());
        let mut saved = opened(GOOD.as_bytes()).unwrap();
        saved.file.get_mut().truncate(3);
        assert!(saved.meet("2", "shop").is_err());
    }

    proptest! {
        #[test]
        fn any_file_is_read_or_refused(at in any::<prop::sample::Index>(), byte: u8, cut: bool) {
            let mut bytes = GOOD.as_bytes().to_vec();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if cut {
                bytes.truncate(at);
            }
            if let Ok(mut saved) = opened(&bytes) {
                let (count, keys) = saved.unmet(9).unwrap();
                prop_assert_eq!(count, keys.len() as u64);
                for (key, _) in keys {
                    prop_assert!(saved.meet(&key, "shop").unwrap().is_some());
                }
            }
        }
    }
}
