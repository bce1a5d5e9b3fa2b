use super::cells::are_alike;
use super::dates::Unsettled;
use super::profile::{Name, Profile, RowLayout, Source};
use super::sheet::{MappedSheet, missing};
use crate::extract::sheet_dialect::{Head, SheetDialect, Verdict};
use csv::ByteRecord;
use std::sync::Arc;

/// A mapping of the settings, as a dialect.
#[derive(Debug, Clone)]
pub struct Mapped(pub Arc<Profile>);

impl SheetDialect for Mapped {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn title(&self) -> &str {
        &self.0.title
    }

    fn description(&self) -> &str {
        &self.0.description
    }

    fn known(&self, header: &ByteRecord) -> usize {
        known(&self.0, header)
    }

    fn delimiter(&self) -> Option<u8> {
        delimiter(&self.0)
    }

    /// Unless it is named, a mapping is for files that have all its columns, and says nothing of
    /// others.
    fn judge(&self, head: &Head<'_>) -> Verdict {
        match judge(&self.0, head) {
            Verdict::Missing { .. } if !head.is_named => Verdict::Foreign,
            verdict => verdict,
        }
    }
}

pub fn delimiter(profile: &Profile) -> Option<u8> {
    match profile.source {
        Source::Csv { delimiter, .. } => delimiter,
        Source::Json { .. } => None,
    }
}

/// What a table without any column lacks.
pub fn needs(profile: &Arc<Profile>) -> Vec<String> {
    missing(&MappedSheet::resolve(profile, &ByteRecord::new()))
}

pub fn known(profile: &Profile, header: &ByteRecord) -> usize {
    let names = || profile.names.iter().chain(&profile.also);
    let is_known = |cell: &&[u8]| {
        let cell = String::from_utf8_lossy(cell);
        names().any(|name| are_alike(cell.trim(), name))
    };
    header.iter().filter(is_known).count()
}

pub fn judge(profile: &Arc<Profile>, head: &Head<'_>) -> Verdict {
    if !profile.is_csv() {
        return Verdict::Foreign;
    }
    let mut sheet = MappedSheet::resolve(profile, head.header);
    let columns = missing(&sheet);
    if !columns.is_empty() {
        return match head.is_named || is_near(&sheet, head.header) {
            true => Verdict::Missing { columns, hint: profile.hint.clone() },
            false => Verdict::Foreign,
        };
    }
    let what = match sheet.settle_dates(head.rows) {
        Ok(()) => return Verdict::Complete(Arc::new(sheet)),
        Err(Unsettled::Undecided) => "its first dates could all be day first or month first",
        Err(Unsettled::Contradictory) => "some of its dates are day first, and some month first",
    };
    Verdict::Unusable {
        what: format!("{}: {what}", profile.title),
        hint: format!(
            "copy the mapping into the settings under a name of its own (`ordersync formats --show {}`), keep in \
             `dates` the one form that is true, and name it as the job's format",
            profile.name
        ),
    }
}

/// The key is there, and most of the columns are of this export.
fn is_near(sheet: &MappedSheet, header: &ByteRecord) -> bool {
    let profile = &sheet.profile;
    let key: Vec<Name> = match &profile.source {
        Source::Csv { layout: RowLayout::Lines { key, .. }, .. } => key.clone(),
        Source::Csv { layout: RowLayout::Parts(parts), .. } => vec![parts.cell],
        _ => Vec::new(),
    };
    let known = known(profile, header);
    key.iter().any(|name| sheet.has(*name)) && known >= 4 && known * 2 >= header.len()
}
