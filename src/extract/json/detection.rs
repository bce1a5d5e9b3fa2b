//! Recognises the format of a JSON file by the keys of its first records.

use super::candidates::{Candidate, KeySample, choose, take_sample};
use super::envelopes::{self, NotFound};
use super::format::{JsonFormat, JsonFormats};
use super::layout::JsonLayout;
use super::nesting::Wrappers;
use crate::extract::RECORD_BYTES_MAX;
use crate::extract::codec::Source;
use crate::extract::error::ReadError;

/// The first pass skips files with larger records; a second one includes them if nothing matched,
/// because a huge record of one format can be another format's wrapper.
const SAMPLE_BYTES_MAX: u64 = 1024 * 1024;

/// The format of a file, and where in it its records are. If the settings name one, only its keys
/// are considered.
///
/// # Errors
/// When the file is not JSON, of no known format, or lacks keys.
pub fn recognise(
    source: &Source,
    named: Option<&'static JsonFormat>,
    formats: &'static JsonFormats,
) -> Result<JsonLayout, ReadError> {
    let asked = named.map_or_else(|| formats.iter().collect(), |format| vec![format]);
    let part = || part_in(source, &asked, formats);
    let layout_of = |format| JsonLayout { format, envelope: None, formats };
    let mut error = match recognise_within(source, &asked, SAMPLE_BYTES_MAX, formats)
        .or_else(|_| recognise_within(source, &asked, RECORD_BYTES_MAX, formats))
        .or_else(|error| part().map(layout_of).ok_or(error))
    {
        Ok(layout) => return Ok(layout),
        Err(error) => error,
    };
    envelopes::find(source, &asked, formats).map_err(|why| match why {
        NotFound::Near(near) => near.at(source.shown(), 0),
        NotFound::Unknown(keys) => {
            error.hint =
                [Some(error.hint), keys].into_iter().flatten().collect::<Vec<_>>().join("; ");
            error
        }
    })
}

/// # Errors
/// When a file without records is an API's answer to a request that failed.
fn refuse_failure(source: &Source) -> Result<(), ReadError> {
    match envelopes::failure(source) {
        Some(why) => Err(why.at(source.shown(), 0)),
        None => Ok(()),
    }
}

/// The format of records that belong to the orders of other files.
fn part_in(
    source: &Source,
    asked: &[&'static JsonFormat],
    formats: &JsonFormats,
) -> Option<&'static JsonFormat> {
    let mut parts = asked.iter().flat_map(|format| format.parts.iter().copied());
    parts.find(|part| {
        // Broken files have already been reported.
        take_sample(source, Wrappers::known(part.wrappers), RECORD_BYTES_MAX, formats)
            .is_ok_and(|sample| sample.records > 0 && sample.keys.missing_of(part.needs).is_empty())
    })
}

fn recognise_within(
    source: &Source,
    asked: &[&'static JsonFormat],
    bytes_max: u64,
    formats: &'static JsonFormats,
) -> Result<JsonLayout, ReadError> {
    let named = |format: &&'static JsonFormat| JsonLayout { format, envelope: None, formats };
    let mut samples: Vec<(&'static JsonFormat, KeySample)> = Vec::new();
    let mut furthest: Option<ReadError> = None;
    for format in asked {
        match take_sample(source, Wrappers::known(format.wrappers), bytes_max, formats) {
            Ok(sample) => samples.push((format, sample)),
            // The format that got furthest understood most of the file.
            Err(error) => match &furthest {
                Some(known) if (error.line, error.column) <= (known.line, known.column) => {}
                _ => furthest = Some(error),
            },
        }
    }
    let mut candidates = Vec::new();
    for (format, KeySample { keys, records, wrapper }) in &samples {
        if *records > 0 {
            candidates.push(Candidate::new(format, keys));
        } else if asked.len() == 1 || wrapper.is_some() {
            return match envelopes::filled(source, asked, formats) {
                Some(layout) => Ok(layout),
                None => refuse_failure(source).map(|()| named(format)),
            };
        }
    }
    if !candidates.is_empty() {
        let chosen = choose(&candidates, asked.len() == 1);
        return chosen.map(|format| named(&format)).map_err(|none| none.at(source.shown(), 0));
    }
    let none = || {
        let what = "contains no records, so its format can't be recognised";
        let hint = "remove the file, or name the job's format in the settings";
        ReadError::new(source.shown(), 0, what, hint)
    };
    Err(furthest.unwrap_or_else(none))
}
