use super::Job;
use super::reading::{Judged, Ledger, Reading, ReadingError};
use super::shrinkage::{Shrinkage, shrinkage};
use crate::extract::{Export, ExportFile};
use crate::plan::{Fingerprints, Forecast, Tally};
use crate::state::View;
use crate::transform::Rules;

/// What a run would do, without doing it: the dry run.
#[derive(Debug)]
pub struct Preview {
    pub job: String,
    pub files: Vec<ExportFile>,
    /// The rules that were in force.
    pub rules: Rules,
    pub tally: Tally,
    pub forecast: Forecast,
    /// In what the export is less than it was; mostly nothing.
    pub shrinkage: Vec<Shrinkage>,
}

/// Told of each record in reading order, with its source.
pub type OnRecord<'a> = &'a mut dyn FnMut(Judged);

/// Reads the whole export up to the decision on every record. Sends nothing, writes nothing. `each` is told of every
/// record, for reports that go into detail.
///
/// # Errors
/// When the export or the state can't be read to the end.
pub fn preview(
    job: &Job,
    export: &Export,
    view: View,
    allowed_per_second: f64,
    each: Option<OnRecord<'_>>,
) -> Result<Preview, ReadingError> {
    let spec = &job.connection;
    let shrinkage = shrinkage(&view.files_read(&job.name)?, export.files());
    let connection = view.connection(&spec.service, &spec.externalid)?.map(|(id, _)| id);
    let fingerprints = Fingerprints::new(view.hash_key()?);
    let ledger = Ledger { view, connection, fingerprints, resumed: None };
    let mut reading = Reading::new(export.read(), job.rules.clone(), ledger).counting_customers();
    match each {
        None => while reading.pass()? {},
        Some(each) => {
            reading = reading.keeping_sources();
            while let Some(judged) = reading.next() {
                each(judged?);
            }
        }
    }
    let tally = reading.tally().clone();
    let forecast = Forecast::new(tally.requests(), allowed_per_second);
    let (job, rules) = (job.name.clone(), job.rules.clone());
    Ok(Preview { job, files: export.files().to_vec(), rules, tally, forecast, shrinkage })
}
