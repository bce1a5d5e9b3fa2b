//! Whether an order may occur twice, by the keys of the records alone.

use crate::extract::error::ReadError;
use crate::extract::join::Input;
use crate::extract::json::{JsonFile, JsonLayout, outer_value};
use crate::extract::table::{DetectedFormat, Table};
use crate::scratch::SeenKeys;

/// Whether a key may occur twice in these inputs. `true` if that is not certain.
pub fn may_hold(inputs: &[Input]) -> bool {
    let Some(tables) = inputs.iter().map(json_of).collect::<Option<Vec<_>>>() else { return true };
    let [(_, first), others @ ..] = tables.as_slice() else { return true };
    if others.iter().any(|(_, layout)| layout.format.name != first.format.name) {
        return true;
    }
    let mut seen = SeenKeys::default();
    tables.into_iter().any(|(table, layout)| repeats(table, layout, &mut seen).unwrap_or(true))
}

fn json_of(input: &Input) -> Option<(&Table, JsonLayout)> {
    match input {
        Input::Table(table) => match &table.format {
            DetectedFormat::Json(layout) => Some((table.as_ref(), *layout)),
            _ => None,
        },
        Input::Set(_) => None,
    }
}

/// Whether one of the keys in a table was seen before, or can't be found without parsing its
/// record.
fn repeats(table: &Table, layout: JsonLayout, seen: &mut SeenKeys) -> Result<bool, ReadError> {
    let mut file = JsonFile::open(table.source.clone(), layout.wrappers())?;
    let names = layout.format.keys_of_dated;
    loop {
        let next = file.next_unparsed(|bytes| match outer_value(bytes, names) {
            Some(key) => seen.insert(key, 0).map(|earlier| earlier.is_some()),
            None => Ok(true),
        })?;
        let Some(is_repeated) = next else { return Ok(false) };
        if is_repeated.map_err(|error| ReadError::from_io(&table.source.shown(), 0, &error))? {
            return Ok(true);
        }
    }
}
