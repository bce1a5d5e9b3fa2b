use super::columns::FORMAT;
use super::index::{Entry, Index, Space, TEXT_BYTES_MAX};
use crate::domain::{KeyError, OrderKey, Reason, RecordError, SourceOrder};
use crate::extract::codec::Source;
use crate::extract::detection::{Requested, detect};
use crate::extract::error::ReadError;
use crate::extract::find;
use crate::extract::options::Options;
use crate::extract::passed_over::FileTally;
use std::fmt;
use std::io;

/// The customers of a job, by the keys that its orders have.
pub struct Customers {
    index: Index,
    /// The first of its files, for messages.
    file: String,
    /// The rows of each file that were skipped.
    passed_over: Vec<FileTally>,
}

impl fmt::Debug for Customers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customers").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Customers {
    /// Reads every customers file; `None` if the settings name none, none exists, or they can't be
    /// kept. What is wrong with one of them is added to `faults`.
    pub fn open(options: &Options, faults: &mut Vec<ReadError>) -> Option<Self> {
        if options.customers.is_empty() {
            return None;
        }
        let files = find::files(&options.customers, faults);
        let file = files.first()?.display().to_string();
        let index = Index::new().map_err(|error| faults.push(unwritable(&file, &error))).ok()?;
        let mut customers = Self { index, file, passed_over: Vec::new() };
        for path in files {
            let sources = Source::all_in(&path).unwrap_or_else(|fault| {
                faults.push(fault);
                Vec::new()
            });
            for source in sources {
                if let Err(fault) = customers.read(source, options) {
                    faults.push(fault);
                }
            }
        }
        Some(customers)
    }

    fn read(&mut self, source: Source, options: &Options) -> Result<(), ReadError> {
        let table = detect(source, &Requested::Csv(&FORMAT), options)?;
        let shown = table.source.shown();
        self.passed_over.push(table.passed_over());
        let mut rows = table.read()?;
        while let Some(row) = rows.pull()? {
            if row.email.is_empty() {
                continue;
            }
            let entry = Entry {
                email: row.email,
                accepts_marketing: row.accepts_marketing,
                is_ambiguous: false,
            };
            for (space, key) in [(Space::Customer, &row.customer_id), (Space::Order, &row.id)] {
                let refused = |what: &str, hint: &str| {
                    Err(ReadError::new(&shown, row.position.line, what, hint))
                };
                match OrderKey::parse(key) {
                    Err(KeyError::Missing) => {}
                    Err(KeyError::Scientific) => {
                        return refused(
                            "its ids were rewritten as numbers (like 5.37E+12 or 54.0)",
                            "export the customers again, and don't open the file in a spreadsheet",
                        );
                    }
                    _ if key.len() > TEXT_BYTES_MAX || entry.email.len() > TEXT_BYTES_MAX => {
                        return refused(
                            "an id or an address is too long",
                            "look for a stray quote",
                        );
                    }
                    _ => {
                        let put = self.index.put(space, key, &entry);
                        put.map_err(|error| unwritable(&shown, &error))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The rows that are not customers, by file.
    pub fn passed_over(&self) -> &[FileTally] {
        &self.passed_over
    }

    /// Gives an order without an e-mail address that of its customer: by the order's own id or
    /// number, else by the customer's id. The customer's consent is added too, if the order states
    /// none. If id and number lead to different addresses, one of them belongs to another order,
    /// and none is used.
    pub fn join(&self, order: &mut SourceOrder) -> Result<(), ReadError> {
        if !order.email.is_empty() {
            return Ok(());
        }
        let keys = [
            (Space::Order, order.id.as_str()),
            (Space::Order, order.number.as_str()),
            (Space::Customer, order.customer_id.as_str()),
        ];
        for (space, key) in keys.into_iter().filter(|(_, key)| !key.is_empty()) {
            let found =
                self.index.get(space, key).map_err(|error| unwritable(&self.file, &error))?;
            let Some(entry) = found else { continue };
            let is_own =
                space == Space::Order && key == order.id.as_str() && key != order.number.as_str();
            let other = if is_own && !order.number.is_empty() {
                self.index.get(Space::Order, &order.number)
            } else {
                Ok(None)
            };
            let other = other.map_err(|error| unwritable(&self.file, &error))?;
            let is_another = other.is_some_and(|other| other.email != entry.email);
            if entry.is_ambiguous || is_another {
                order.faults.push(RecordError::of(Reason::AmbiguousEmail, "email"));
            } else {
                order.email = entry.email;
                order.accepts_marketing = order.accepts_marketing.or(entry.accepts_marketing);
            }
            return Ok(());
        }
        Ok(())
    }
}

fn unwritable(file: &str, error: &io::Error) -> ReadError {
    let hint = "is there room in the folder for temporary files ($TMPDIR)?";
    ReadError::new(
        file,
        0,
        format!("its customers can't be kept in a temporary file: {error}"),
        hint,
    )
}
