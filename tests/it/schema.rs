//! JSON documents match `docs/schema/`: every document is valid, every key is described, and every
//! described key is written.

mod documents;
mod judge;

use documents::Document;
#[cfg(feature = "fleet")]
pub use judge::assert_all_written;
pub use judge::assert_fits;
use judge::{closed, faults, names, never_written, published};
use ordersync::domain::Field;
use ordersync::plan::ChangeCause;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;

static DOCUMENTS: LazyLock<Vec<Document>> = LazyLock::new(documents::all);

#[test]
fn every_document_matches_its_schema_and_every_key_is_described() {
    DOCUMENTS.iter().for_each(|(name, value)| assert_fits(name, value));
}

#[test]
fn every_key_that_a_schema_names_is_written() {
    let met: BTreeSet<String> = DOCUMENTS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut expected = names();
    // Its documents need a database: `fleet_verbs.rs` has them.
    expected.remove("fleet");
    assert_eq!(met, expected, "each schema has its documents");
    let never = expected.iter().filter_map(|name| {
        never_written(name, DOCUMENTS.iter().filter(|(of, _)| of == name).map(|(_, value)| value))
    });
    let faults: Vec<String> = never.collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Each except one, which needs an export with fewer orders that is not smaller.
#[test]
fn every_warning_in_the_schema_occurs() {
    let schema = published("plan");
    let code =
        schema.pointer("/properties/plans/items/properties/warnings/items/properties/code/enum");
    let mut named: BTreeSet<&str> =
        code.unwrap().as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for (_, document) in DOCUMENTS.iter().filter(|(name, _)| *name == "plan") {
        for warning in document["plans"][0]["warnings"].as_array().unwrap() {
            named.remove(warning["code"].as_str().unwrap());
        }
    }
    assert_eq!(named, ["far_fewer_records"].into());
}

#[test]
fn every_key_and_every_document_is_described_in_words() {
    fn look(at: &str, schema: &Value, defs: &Value) {
        let properties = schema["properties"].as_object().into_iter().flatten();
        for (name, property) in properties {
            let at = format!("{at}/{name}");
            let of = property["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/"));
            let described = of.map_or(property, |of| &defs[of]);
            let says = [property, described].iter().any(|schema| schema["description"].is_string());
            assert!(
                says || described.get("enum").or(described.get("const")).is_some(),
                "{at} says nothing"
            );
            look(&at, described, defs);
            look(&at, &described["items"], defs);
        }
    }
    for name in names() {
        let schema = published(&name);
        assert!(schema["title"].is_string() && schema["description"].is_string(), "{name}");
        look(&name, &schema, &schema["$defs"]);
    }
}

#[test]
fn a_reader_of_the_published_schema_is_not_broken_by_a_key_that_is_added() {
    let (name, plan) = &DOCUMENTS[0];
    let mut added = plan.clone();
    added["plans"][0]["forecast"]["added"] = json!(1);
    assert_eq!(faults(&published(name), &added), None);
    let output = faults(&closed(published(name)), &added).unwrap();
    assert!(output.contains("/plans/0/forecast") && output.contains("added"), "{output}");
    for (key, wrong) in [("read", json!("1")), ("job", json!(null)), ("create", json!(-1))] {
        let mut plan = plan.clone();
        plan["plans"][0][key] = wrong;
        assert!(faults(&published(name), &plan).unwrap().contains(key));
    }
}

/// The promised names and meanings, whatever else is added.
#[test]
fn the_plan_keeps_its_promises() {
    for (_, document) in DOCUMENTS.iter().filter(|(name, _)| *name == "plan") {
        let plan = &document["plans"][0];
        let parts =
            ["create", "update", "unchanged", "different", "filtered", "invalid", "refused"];
        assert_eq!(
            number(&plan["read"]),
            parts.iter().map(|part| number(&plan[part])).sum::<u64>()
        );
        let valid = number(&plan["read"]) - number(&plan["filtered"]) - number(&plan["invalid"]);
        let orders = sum(&plan["totals"], "orders") + sum(&plan["totals_unchanged"], "orders");
        assert_eq!(orders + number(&plan["carts"]), valid);
        assert_eq!(sum(&plan["months"], "orders"), sum(&plan["totals"], "orders"));
        assert_eq!(sum(&plan["filtered_reasons"], "count"), number(&plan["filtered"]));
        assert!(sum(&plan["invalid_reasons"], "count") >= number(&plan["invalid"]));
        let forecast = &plan["forecast"];
        let pace = forecast["requests_per_second"].as_f64().unwrap();
        let duration_ms = forecast["requests"].as_f64().unwrap() * 1000.0 / pace;
        assert!(
            (duration_ms - forecast["duration_ms"].as_f64().unwrap()).abs() < 1.0,
            "{forecast}"
        );
        assert_eq!(plan["first_order"].is_null(), plan["last_order"].is_null());
        assert_eq!(plan["source_not_historical"], 0);
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn sum(list: &Value, key: &str) -> u64 {
    list.as_array().unwrap().iter().map(|entry| number(&entry[key])).sum()
}

/// The sums that the schema promises for comparisons, runs and accounts.
#[test]
fn sums_in_reports_add_up_as_the_schema_says() {
    let mut met = BTreeSet::new();
    for (_, document) in DOCUMENTS.iter().filter(|(name, _)| *name == "plan") {
        let plan = &document["plans"][0];
        let output = &plan["difference"];
        let of = |names: &[&str]| names.iter().map(|name| number(&output[name])).sum::<u64>();
        if output["since_run"].is_number() {
            assert_eq!(
                of(&["known"]),
                of(&["unchanged", "changed", "gone"]) + sum(&output["left_out"], "count")
            );
            assert_eq!(of(&["changed"]), sum(&output["by_why"], "count"), "{output}");
        } else if output["against"].is_string() {
            assert_eq!(of(&["saved"]), of(&["same", "changed", "only_saved"]), "{output}");
        }
        met.insert((output["since_run"].is_number(), output["form"].as_str()));
        let forecast = &plan["forecast"];
        assert_eq!(document["accounts"][0]["requests"], forecast["requests"]);
        let takes = number(&forecast["duration_ms"]) + number(&forecast["connection_ms"]);
        assert!(takes.abs_diff(number(&document["accounts"][0]["duration_ms"])) <= 1, "{forecast}");
    }
    let forms = [(true, None), (false, None), (false, Some("jsonl")), (false, Some("payloads"))];
    assert_eq!(met, forms.into());
    let parts =
        ["created", "updated", "adopted", "unchanged", "filtered", "invalid", "refused", "pending"];
    for (_, document) in DOCUMENTS.iter().filter(|(name, _)| *name == "runs") {
        for run in document["runs"].as_array().unwrap() {
            assert_eq!(
                number(&run["read"]),
                parts.iter().map(|part| number(&run[part])).sum::<u64>()
            );
            assert_eq!(run["forecast"].is_null(), run["kind"] == "sync", "{run}");
        }
    }
}

#[test]
fn every_field_and_every_why_that_the_program_knows_is_named() {
    for name in ["plan", "plan-step"] {
        let schema = published(name);
        let named = |of: &str| -> Vec<String> {
            let words = schema["$defs"][of]["enum"].as_array().unwrap().iter();
            words.map(|word| word.as_str().unwrap().to_owned()).collect()
        };
        let fields: Vec<&str> = Field::ALL.iter().map(|field| field.word()).collect();
        assert_eq!(named("field"), fields);
        assert_eq!(named("changed_field"), [&fields[..], &["action", "other"]].concat());
        assert_eq!(named("why"), ChangeCause::ALL.map(ChangeCause::word));
    }
}
