//! An export as named by the settings: the files, their content, and whether it can be read.

use super::codec::Source;
use super::customers::Customers;
use super::detection::{Requested, detect};
use super::error::{OpenError, ReadError};
use super::file_stability;
use super::find;
use super::join::{self, Input};
use super::messages::{Envelope, States, Streams};
use super::options::Options;
use super::passed_over;
use super::reader::Reader;
use super::registry::formats;
use super::shop_address::shop_address;
use super::spool::{self, STANDARD_INPUT};
use super::table::{DetectedFormat, ExportFile, Table};
use super::unplaced::unplaced;
use crate::domain::{PassedOver, Unplaced};
use jiff::tz::TimeZone;
use std::path::PathBuf;
use std::sync::Arc;

/// An export that was found, recognised and checked.
#[derive(Debug, Clone)]
pub struct Export {
    files: Vec<ExportFile>,
    inputs: Arc<[Input]>,
    /// Time zone of modification times without an offset.
    zone: TimeZone,
    customers: Option<Arc<Customers>>,
}

impl Export {
    /// Finds the files, opens each, recognises its format by its content and checks its columns.
    ///
    /// # Errors
    /// With every fault of every file, not just the first.
    pub fn open(options: &Options) -> Result<Self, OpenError> {
        let mut faults = Vec::new();
        let requested = Requested::named(&options.format, &options.mappings);
        let requested = requested.unwrap_or_else(|| {
            faults.push(unknown_format(options));
            Requested::Auto
        });
        let mut tables = Vec::new();
        for source in sources(options, &mut faults) {
            match detect(source, &requested, options) {
                Ok(table) => tables.push(table),
                Err(fault) => faults.push(fault),
            }
        }
        tables.reverse();
        // An unreadable file may be the one that another table lacks.
        let inputs = if faults.is_empty() { join::gather(tables, &mut faults) } else { Vec::new() };
        let customers = Customers::open(options, &mut faults);
        if !faults.is_empty() {
            return Err(OpenError { faults });
        }
        let inputs: Arc<[Input]> = inputs.into();
        let files = inputs.iter().flat_map(Input::tables).map(Table::file).collect();
        let zone = options.zone.clone();
        Ok(Self { files, inputs, zone, customers: customers.map(Arc::new) })
    }

    /// The files in reading order: the last one named comes first, because it supersedes the
    /// earlier ones.
    pub fn files(&self) -> &[ExportFile] {
        &self.files
    }

    /// The shop's web address, if the orders state one and agree on it: `https://shop.example.com`.
    pub fn shop_address(&self) -> Option<String> {
        shop_address(self.inputs.iter().flat_map(Input::tables))
    }

    /// Fields of its files that are not used for orders, by format; see [`Unplaced`].
    pub fn unplaced(&self) -> Vec<Unplaced> {
        unplaced(self.inputs.iter().flat_map(Input::tables))
    }

    /// The rows that were skipped because they are not of orders or customers, by kind, after the
    /// export was read completely.
    pub fn passed_over(&self) -> Vec<PassedOver> {
        let tables = self.inputs.iter().flat_map(Input::tables).map(Table::passed_over);
        let customers = self.customers.iter().flat_map(|customers| customers.passed_over());
        passed_over::summed(&tables.chain(customers.cloned()).collect::<Vec<_>>())
    }

    /// Whether all its records are carts, by their format.
    pub fn holds_carts_only(&self) -> bool {
        let mut tables = self.inputs.iter().flat_map(Input::tables).peekable();
        tables.peek().is_some() && tables.all(Table::holds_carts_only)
    }

    /// The STATE messages that the writer of a Singer stream on standard input waits for; `None`
    /// for other exports.
    pub fn states(&self) -> Result<Option<States>, ReadError> {
        self.piped_singer()
            .map(|(source, streams)| States::open(source.clone(), Arc::clone(streams)))
            .transpose()
    }

    /// Whether there may be STATE messages to pass on.
    pub fn has_states(&self) -> bool {
        self.piped_singer().is_some()
    }

    fn piped_singer(&self) -> Option<(&Source, &Arc<Streams>)> {
        let [Input::Table(table)] = &*self.inputs else { return None };
        match &table.format {
            DetectedFormat::Messages(streams)
                if table.source.is_spooled() && streams.envelope == Envelope::Singer =>
            {
                Some((&table.source, streams))
            }
            _ => None,
        }
    }

    /// Checks that no file is being written, before any of its orders is sent. Takes a fifth of a
    /// second if one was written in the last two seconds.
    ///
    /// # Errors
    /// With each file that is being written to.
    pub fn check_quiet(&self) -> Result<(), OpenError> {
        file_stability::check_quiet(&self.files).map_err(|faults| OpenError { faults })
    }

    /// Reads from the beginning.
    pub fn read(&self) -> Reader {
        Reader::new(Arc::clone(&self.inputs), self.zone.clone(), self.customers.clone())
    }
}

/// The tables in the files that the patterns name, or on standard input.
fn sources(options: &Options, faults: &mut Vec<ReadError>) -> Vec<Source> {
    let found: Vec<Result<Vec<Source>, ReadError>> = match options.patterns.as_slice() {
        [only] if only == STANDARD_INPUT => vec![spool::standard_input()],
        patterns if patterns.iter().any(|pattern| pattern == STANDARD_INPUT) => {
            let hint = "write the others to one stream, or give standard input a job of its own";
            vec![Err(ReadError::new("export", 0, "names standard input (-) beside files", hint))]
        }
        patterns => {
            let whole = |path: &PathBuf| {
                file_stability::check_downloaded(path).and_then(|()| Source::all_in(path))
            };
            find::files(patterns, faults).iter().map(whole).collect()
        }
    };
    let mut sources = Vec::new();
    for found in found {
        match found {
            Ok(found) => sources.extend(found),
            Err(fault) => faults.push(fault),
        }
    }
    sources
}

fn unknown_format(options: &Options) -> ReadError {
    let own = options.mappings.0.iter().map(|profile| profile.name.as_str());
    let known: Vec<&str> = formats().iter().map(|format| format.name()).chain(own).collect();
    ReadError::new(
        "format",
        0,
        format!("\"{}\" is not a format that is known", options.format),
        format!("expected auto or one of: {}", known.join(", ")),
    )
}
