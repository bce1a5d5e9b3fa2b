//! The orders of one JSON file, as a mapping reads them.

use super::cells::Values;
use super::order::{Material, order};
use super::profile::{Field, LineField, MappingSource, Name, OrderField, Profile};
use super::status::unstated;
use crate::domain::{OtherRow, Reason, SourceOrder, interned};
use crate::extract::ORDER_LINES_MAX;
use crate::extract::codec;
use crate::extract::decimal;
use crate::extract::error::ReadError;
use crate::extract::format::Records;
use crate::extract::json::{
    self, Document, FurtherLists, JsonFile, Judge, KeyUses, Lack, RepeatedKey, SAMPLE_LEN_MAX,
    Tree, Value, Wrappers, malformed,
};
use crate::extract::order_errors::OrderErrors;
use crate::extract::passed_over::SharedTally;
use std::borrow::Cow;
use std::sync::Arc;

/// The mapping for the records of a file: unchanged, or within an envelope that it does not name;
/// `None` for a file without records.
///
/// # Errors
/// What the closest records lack.
pub fn fitting(
    source: &codec::Source,
    profile: &Arc<Profile>,
) -> Result<Option<Arc<Profile>>, ReadError> {
    let Some(lacking) = missing(source, profile)? else { return Ok(None) };
    if lacking.is_empty() {
        return Ok(Some(Arc::clone(profile)));
    }
    let mut nearest = (lacking.len(), format!("its records lack: {}", lacking.join(", ")));
    let places = json::places(source)?;
    for place in places.into_iter().filter(|place| json::not_sold(place).is_none()) {
        let within = Arc::new(profile.within(place));
        match missing(source, &within) {
            Ok(Some(lacking)) if lacking.is_empty() => return Ok(Some(within)),
            Ok(Some(lacking)) if lacking.len() < nearest.0 => {
                let what = format!("within {place}: its records lack: {}", lacking.join(", "));
                nearest = (lacking.len(), what);
            }
            // The file may have no list of records there.
            _ => {}
        }
    }
    Err(ReadError::new(source.shown(), 0, nearest.1, &profile.hint))
}

/// The required paths that the first records of a file lack; `None` for a file without records.
fn missing(
    source: &codec::Source,
    profile: &Arc<Profile>,
) -> Result<Option<Vec<String>>, ReadError> {
    let mut file = JsonFile::open(source.clone(), wrappers_of(profile))?;
    let mut missing = needs(profile);
    for index in 0..SAMPLE_LEN_MAX {
        let met = |document: &Document<'_>| {
            missing.retain(|need| !has(document.value, need, profile));
        };
        match file.next(met)? {
            None if index == 0 => return Ok(None),
            None => break,
            Some(_) => {}
        }
    }
    Ok(Some(shown(missing)))
}

/// The required paths that none of these objects has.
pub fn missing_in<'a>(
    objects: impl Iterator<Item = Cow<'a, str>>,
    profile: &Profile,
) -> Vec<String> {
    let mut missing = needs(profile);
    for object in objects {
        if let Ok(tree) = Tree::parse(&object) {
            missing.retain(|need| !has(tree.root(), need, profile));
        }
    }
    shown(missing)
}

fn shown(missing: Vec<Need>) -> Vec<String> {
    missing.into_iter().map(|need| need.shown).collect()
}

/// The orders of records that are orders.
pub fn orders(
    source: codec::Source,
    profile: &Arc<Profile>,
    passed_over: &SharedTally,
) -> Result<Box<dyn Records>, ReadError> {
    let own = Arc::clone(profile);
    let of = move |document: &Document<'_>| order_of(&own, document);
    json::orders(source, all_wrappers_of(profile), passed_over, of)
}

/// The paths of the records, with other lists next to them, which are read if the mapping does not
/// say where records are.
pub fn all_wrappers_of(profile: &Arc<Profile>) -> Wrappers {
    let complete = (!profile.has_found_place).then_some(OtherRow::UnnamedList);
    let judge = Box::new(MappingJudge(Arc::clone(profile)));
    wrappers_of(profile).with_further(Arc::new(FurtherLists { judge, complete }))
}

/// Distinguishes records that a mapping reads from others.
#[derive(Debug)]
struct MappingJudge(Arc<Profile>);

impl Judge for MappingJudge {
    fn is_other(&self, _: &str) -> bool {
        false
    }

    fn lack(&self, records: &[Cow<'_, str>]) -> Lack {
        let missing = missing_in(records.iter().cloned(), &self.0).len();
        Lack { missing, needed: needs(&self.0).len() }
    }
}

pub fn wrappers_of(profile: &Profile) -> Wrappers {
    let wrappers = match &profile.source {
        MappingSource::Json { wrappers, .. } | MappingSource::FlatJson { wrappers, .. } => {
            wrappers.as_slice()
        }
        MappingSource::Csv { .. } => &[],
    };
    Wrappers::declared(wrappers.iter().map(|name| interned(name)).collect())
}

pub fn order_of(profile: &Profile, document: &Document<'_>) -> SourceOrder {
    let (record, line) = (document.value, document.line);
    if document.has_bad_bytes || !record.is_object() {
        return malformed();
    }
    let mut faults = OrderErrors::begun_at(line);
    if !document.columns.is_empty() {
        refuse_rounded(record, profile, &mut faults, line);
    }
    let (lines, is_odd) = lines_of(record, profile);
    if is_odd {
        faults.add(Reason::MalformedRow, "lines", line);
    }
    if lines.len() > ORDER_LINES_MAX {
        faults.add(Reason::FieldTooLong, "lines", line);
    }
    let values = Object { value: record, names: &profile.names, profile };
    let names = profile.line_names.as_deref().unwrap_or_default();
    let lines = lines.into_iter().take(ORDER_LINES_MAX);
    let lines: Vec<Object<'_>> = lines.map(|value| Object { value, names, profile }).collect();
    let material = Material {
        carriers: vec![&values],
        lines: lines.iter().map(|object| (object as &dyn Values, line)).collect(),
        refunds: Vec::new(),
        is_cancelled: false,
        unstated: unstated(profile, |name| {
            profile.names.get(name).is_some_and(|place| !matches!(at(record, place), Ok(None)))
        }),
        line,
    };
    order(profile, profile.dates.all(), &material, faults)
}

/// An amount with an exponent is exact within JSON. In a separate cell a spreadsheet may have
/// rounded it.
fn refuse_rounded(record: Value<'_>, profile: &Profile, faults: &mut OrderErrors, line: u64) {
    use OrderField as F;
    for field in [F::Total, F::Subtotal, F::Shipping, F::Tax, F::Discount, F::Refunded] {
        let needs = profile.order_field(field).map(Field::needs).unwrap_or_default();
        let is_rounded = |name: &Name| {
            let keys = profile.names.get(*name).map(|place| keys_of(place)).unwrap_or_default();
            let [column] = keys.as_slice() else { return false };
            let cell = record.get(column).ok().flatten().and_then(|value| value.text().ok());
            cell.is_some_and(|text| decimal::without_exponent(&text) != text)
        };
        if needs.iter().flatten().any(is_rounded) {
            faults.add(Reason::BadMoney, field.shown(), line);
        }
    }
}

/// Notes which keys a record states, and which of them the mapping reads.
pub fn note_uses(profile: &Profile, record: Value<'_>, uses: &mut KeyUses) {
    uses.add_stated(record);
    profile.names.iter().for_each(|place| uses.add_place(&keys_of(place)));
    let MappingSource::Json { lines, .. } = &profile.source else { return };
    for list in lines.iter().map(|place| keys_of(place)) {
        uses.add_place(&list);
        for name in profile.line_names.iter().flatten() {
            uses.add_place(&[list.clone(), keys_of(name)].concat());
        }
    }
}

/// The names on the path to a value; items of a list have none.
fn keys_of(place: &str) -> Vec<String> {
    let Some(pointer) = place.strip_prefix('/') else { return vec![place.to_owned()] };
    let names = pointer.split('/').filter(|token| token.parse::<usize>().is_err());
    names.map(plain_token).collect()
}

fn plain_token(token: &str) -> String {
    token.replace("~1", "/").replace("~0", "~")
}

/// The objects of a record's list of lines, and whether it has other items.
fn lines_of<'a>(record: Value<'a>, profile: &Profile) -> (Vec<Value<'a>>, bool) {
    let MappingSource::Json { lines, .. } = &profile.source else { return (Vec::new(), false) };
    let stated = |place: &String| at(record, place).ok().flatten().filter(|value| !value.is_null());
    match lines.iter().find_map(stated) {
        None => (Vec::new(), false),
        Some(list) if list.is_list() => {
            let objects: Vec<_> = list.items().filter(|item| item.is_object()).collect();
            let is_odd = objects.len() < list.items().len();
            (objects, is_odd)
        }
        Some(_) => (Vec::new(), true),
    }
}

/// Paths of which a record must have one.
struct Need {
    places: Vec<Vec<Name>>,
    is_of_line: bool,
    shown: String,
}

fn has(record: Value<'_>, need: &Need, profile: &Profile) -> bool {
    let names = match &profile.line_names {
        Some(names) if need.is_of_line => names,
        _ => &profile.names,
    };
    let has = |object: Value<'_>, name: &Name| {
        names.get(*name).is_some_and(|place| !matches!(at(object, place), Ok(None)))
    };
    let is_met =
        |object: Value<'_>| need.places.iter().any(|all| all.iter().all(|name| has(object, name)));
    if need.is_of_line {
        lines_of(record, profile).0.into_iter().any(is_met)
    } else {
        is_met(record)
    }
}

fn needs(profile: &Profile) -> Vec<Need> {
    use {LineField as L, OrderField as F};
    let order = [F::Id, F::Number, F::Email, F::CreatedAt, F::Currency, F::Total];
    let order = order.iter().filter_map(|field| Some((profile.order_field(*field)?, false)));
    let line = [L::Name, L::Quantity, L::UnitPrice, L::Total];
    let line = line.iter().filter_map(|field| Some((profile.line_field(*field)?, true)));
    let need = |(field, is_of_line): (&Field, bool)| {
        let places = field.needs();
        // A flat record is a line, without separate names.
        let line_names = profile.line_names.as_ref().filter(|_| is_of_line);
        let (names, is_of_line) = (line_names.unwrap_or(&profile.names), line_names.is_some());
        let named = |all: &Vec<Name>| {
            all.iter()
                .filter_map(|name| names.get(*name))
                .map(String::as_str)
                .collect::<Vec<_>>()
                .join(" and ")
        };
        let mut shown = places.iter().map(named).collect::<Vec<_>>().join(" or ");
        if let MappingSource::Json { lines, .. } = &profile.source
            && is_of_line
        {
            shown = format!("{shown} in {}", lines.join(" or "));
        }
        (!places.is_empty()).then_some(Need { places, is_of_line, shown })
    };
    order.chain(line).filter_map(need).collect()
}

/// The value at a JSON pointer (RFC 6901); a place without a slash before it is a key of this very
/// object.
fn at<'a>(object: Value<'a>, place: &str) -> Result<Option<Value<'a>>, RepeatedKey> {
    let Some(pointer) = place.strip_prefix('/') else { return object.get(place) };
    let mut value = object;
    for token in pointer.split('/') {
        let token = plain_token(token);
        let inner = if value.is_list() {
            token.parse().ok().and_then(|index: usize| value.items().nth(index))
        } else {
            value.get(&token)?
        };
        let Some(inner) = inner else { return Ok(None) };
        value = inner;
    }
    Ok(Some(value))
}

/// An object under the names of a mapping.
pub struct Object<'a> {
    pub value: Value<'a>,
    pub names: &'a [String],
    pub profile: &'a Profile,
}

impl Values for Object<'_> {
    fn value(&self, name: Name) -> Result<Cow<'_, str>, Reason> {
        let Some(place) = self.names.get(name) else { return Ok(Cow::Borrowed("")) };
        let found = at(self.value, place).map_err(|RepeatedKey| Reason::MalformedRow)?;
        let Some(value) = found else { return Ok(Cow::Borrowed("")) };
        let text = value.text()?;
        // JSON numbers have a point, whatever decimal mark quoted amounts have.
        let mark = self.profile.form.decimal_mark;
        if value.raw().starts_with('"') || mark == '.' {
            return Ok(text);
        }
        Ok(Cow::Owned(text.replacen('.', &mark.to_string(), 1)))
    }
}
