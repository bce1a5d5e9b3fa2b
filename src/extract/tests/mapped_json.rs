//! Any JSON, by a mapping of the settings.

use super::*;

const API: &str = r#"
[mappings.api]
source = "json"
records = ["result", "rows"]
lines = "/basket/lines"
decimal_mark = ","
[mappings.api.order]
id = "ref"
email = ["/buyer/mail", "/buyer/contacts/0/mail"]
created_at = "placed"
currency = "/money/code"
total = "/money/sum"
[mappings.api.line]
name = "/article/name"
quantity = "n"
unit_price = "each"
[[mappings.api.status]]
column = "/state"
words = { done = "paid", void = "cancelled" }
"#;

const RECORD: &str = r#"{"ref":7,"placed":"2024-01-31T10:11:12Z","state":"done","buyer":{"contacts":[{"mail":"ann@example.com"}]},
"money":{"code":"eur","sum":12.30},"basket":{"lines":[{"article":{"name":"Mug"},"n":1,"each":"12,30"}]}}"#;

fn read_by(format: &str, text: &str) -> Result<Vec<SourceOrder>, String> {
    let folder = Folder::with("api.json", text);
    let export = folder.open_by(API, format, &["api.json"]).map_err(|error| error.to_string())?;
    export.read().unboxed().collect::<Result<_, _>>().map_err(|error: ReadError| error.to_string())
}

#[test]
fn places_in_a_record_are_found_by_pointers_within_any_wrapper() {
    let flat = RECORD.replace('\n', "");
    for text in [
        flat.clone(),
        format!("[{RECORD}]"),
        format!("{{\"result\":[{RECORD}]}}"),
        format!("{{\"page\":1,\"rows\":[{RECORD}]}}"),
        format!("{flat}\n"),
    ] {
        for format in ["api", "auto"] {
            let orders = read_by(format, &text).unwrap();
            assert_eq!(orders.len(), 1, "{text}");
            let order = &orders[0];
            assert_eq!((order.id.as_str(), order.email.as_str()), ("7", "ann@example.com"));
            assert_eq!((order.total.as_str(), order.currency.as_str()), ("12.30", "EUR"));
            assert_eq!(
                (order.lines[0].name.as_str(), order.lines[0].unit_price.as_str()),
                ("Mug", "12.30")
            );
            assert!(order.faults.is_empty());
        }
    }
}

#[test]
fn a_nested_value_invalidates_only_its_own_record() {
    let flat = RECORD.replace('\n', "");
    let odd = [
        flat.replace("12.30", "{\"value\":12}"),
        flat.replace("12.30", "\"1e3x\""),
        flat.replace("\"lines\":[", "\"lines\":[5,"),
        flat.replace("\"ref\":7", "\"ref\":7,\"ref\":8"),
        "5".to_owned(),
        flat.clone(),
    ];
    let orders = read_by("api", &odd.join("\n")).unwrap();
    let all: Vec<_> = orders.iter().map(reasons).collect();
    let malformed = vec![Reason::MalformedRow];
    assert_eq!(
        all,
        [
            malformed.clone(),
            vec![Reason::BadMoney],
            malformed.clone(),
            malformed.clone(),
            malformed,
            vec![]
        ]
    );
}

#[test]
fn a_file_that_lacks_places_or_is_cut_is_refused() {
    let message = read_by("api", &RECORD.replace("\"sum\"", "\"total\"")).unwrap_err();
    assert!(message.contains("its records lack: /money/sum"), "{message}");
    assert!(
        read_by("api", &format!("[{RECORD},{}", &RECORD[..40])).unwrap_err().contains("cut short")
    );
    assert!(
        read_by("api", "ref,placed\n1,2\n").unwrap_err().contains("lacks the columns: /buyer/mail")
    );
    assert!(read_by("auto", "{\"rows\":[]}").unwrap_err().contains("not recognised"));
    assert_eq!(read_by("api", "{\"rows\":[]}").unwrap().len(), 0);
}

#[test]
fn amounts_may_have_exponents_and_be_in_minor_units() {
    let mappings = API.replace("decimal_mark = \",\"\n", "amounts = \"minor_units\"\n");
    let record = RECORD.replace('\n', "").replace("\"12,30\"", "1230");
    let folder = Folder::with("api.json", record.replace("12.30", "1.23E+3"));
    let order = folder.open_by(&mappings, "api", &["*"]).unwrap().read().next().unwrap().unwrap();
    assert_eq!((order.total.as_str(), order.in_minor_units), ("1230", true));
    assert_eq!(order.lines[0].unit_price, "1230");

    let odd = mappings.replace("minor_units", "cents");
    let error = folder.open_by(&odd, "api", &["*"]).unwrap_err().to_string();
    assert!(
        error.contains("found `cents`\nhint: expected one of: decimal, minor_units"),
        "{error}"
    );
}

const FLAT: &str = r#"
[mappings.flat]
source = "json"
records = ["rows"]
rows = "each"
key = "order"
[mappings.flat.order]
id = "order"
email = "/buyer/mail"
created_at = "date"
currency = "currency"
total = "total"
[mappings.flat.line]
name = "item"
quantity = "n"
unit_price = "price"
"#;

fn flat_record(order: u32, item: &str, total: &str) -> String {
    format!(
        r#"{{"order":"{order}","date":"2024-01-31","currency":"EUR","total":{total},"item":"{item}","n":"1.0000","price":2.5,
           "buyer":{{"mail":"ann@example.com"}}}}"#
    )
}

#[test]
fn flat_records_are_grouped_into_orders_as_rows_are() {
    let [a, b, c] = [(1, "Mug"), (2, r#"A \"big\",\n tea"#), (1, "Bowl")]
        .map(|(order, item)| flat_record(order, item, "5"));
    let lines = [&a, &b, &c].map(|record| record.replace('\n', "")).join("\n");
    for text in [format!("[{a},{b},{c}]"), format!("{{\"n\":3,\"rows\":[{a},\n{b},\n{c}]}}"), lines]
    {
        let folder = Folder::with("api.json", &text);
        for format in ["flat", "auto"] {
            let export = folder.open_by(FLAT, format, &["*"]).unwrap();
            let mut orders: Vec<_> = export.read().map(Result::unwrap).collect();
            orders.sort_by(|a, b| a.id.cmp(&b.id));
            let found: Vec<_> = orders
                .iter()
                .map(|order| (order.id.as_str(), order.lines.len(), order.email.as_str()))
                .collect();
            assert_eq!(found, [("1", 2, "ann@example.com"), ("2", 1, "ann@example.com")], "{text}");
            assert!(orders.iter().all(|order| order.faults.is_empty()));
            assert_eq!(orders[1].lines[0].name, "A \"big\",  tea");
            let line =
                |item: &str| text.lines().position(|line| line.contains(item)).unwrap() as u64;
            assert_eq!(orders[0].lines[1].at_line, line("Bowl") + 1, "{text}");
        }
    }
}

#[test]
fn a_flat_order_that_is_repeated_is_never_sent_doubled() {
    let twice = |total: &str| {
        let once = ["Mug", "Bowl"].map(|item| flat_record(1, item, total).replace('\n', ""));
        let folder = Folder::with("api.json", [once.clone(), once].concat().join("\n"));
        let export = folder.open_by(FLAT, "flat", &["*"]).unwrap();
        let orders: Vec<_> = export.read().map(Result::unwrap).collect();
        assert_eq!(orders.len(), 1);
        orders
    };
    let whole = twice("5");
    let lines: Vec<_> =
        whole[0].lines.iter().map(|line| (line.name.as_str(), line.at_line)).collect();
    assert_eq!((lines, reasons(&whole[0])), (vec![("Mug", 1), ("Bowl", 2)], vec![]));
    assert_eq!(reasons(&twice("7")[0]), [Reason::RepeatedRow], "it may have four lines");
}

#[test]
fn an_error_of_a_flat_record_invalidates_only_its_order() {
    let records = [
        flat_record(1, "Mug", "5"),
        flat_record(1, "Bowl", "6"),
        flat_record(2, "Mug", "{}"),
        flat_record(3, "Mug", "5"),
    ];
    let folder = Folder::with("api.json", records.join("\n"));
    let export = folder.open_by(FLAT, "flat", &["*"]).unwrap();
    let orders: Vec<_> = export.read().map(Result::unwrap).collect();
    let faults: Vec<_> = orders.iter().map(|order| (order.id.as_str(), reasons(order))).collect();
    assert_eq!(faults[0], ("1", vec![Reason::ContradictoryRows]));
    assert_eq!(faults[1], ("2", vec![Reason::MalformedRow]));
    assert_eq!(faults[2], ("3", vec![]));
    assert!(folder.open_by(&FLAT.replace("key = \"order\"\n", ""), "flat", &["*"]).is_err());
    let cut = Folder::with("api.json", &records.join("\n")[..300]);
    let faults = cut.open_by(FLAT, "flat", &["*"]).unwrap_err().to_string();
    assert!(faults.contains("cut short"), "{faults}");
}

#[test]
fn a_kind_of_a_flat_record_that_is_no_word_is_not_blank() {
    let kinds = "row_kind = { column = \"kind\", words = { \"\" = \"line\", note = \"skip\" } }";
    let mapping = FLAT.replace("[mappings.flat.order]", &format!("{kinds}\n[mappings.flat.order]"));
    for (kind, faults) in [("null", vec![]), ("{}", vec![Reason::MalformedRow])] {
        let record =
            flat_record(1, "Mug", "2.5").replace("\"n\":", &format!("\"kind\":{kind},\"n\":"));
        let folder = Folder::with("api.json", record);
        let export = folder.open_by(&mapping, "flat", &["*"]).unwrap();
        let order = export.read().next().unwrap().unwrap();
        assert_eq!((order.lines.len(), reasons(&order)), (1, faults), "{kind}");
    }
}

#[test]
fn a_mapping_of_json_reads_json_in_the_cells_of_a_table() {
    let mapping = API.replace("decimal_mark = \",\"\n", "");
    let csv = "ref,placed,state,buyer,money,basket\n\
               7,2024-01-31T10:11:12Z,done,\"{\"\"mail\"\":\"\"ann@example.com\"\"}\",\"{\"\"code\"\":\"\"eur\"\",\"\"sum\"\":12.30}\",\
               \"{\"\"lines\"\":[{\"\"article\"\":{\"\"name\"\":\"\"Mug\"\"},\"\"n\"\":1,\"\"each\"\":\"\"12.30\"\"}]}\"\n\
               8,2024-01-31\n";
    let folder = Folder::with("api.csv", csv);
    for format in ["api", "auto"] {
        let export = folder.open_by(&mapping, format, &["*"]).unwrap();
        let orders: Vec<_> = export.read().map(Result::unwrap).collect();
        let order = &orders[0];
        assert_eq!((order.id.as_str(), order.total.as_str()), ("7", "12.30"));
        assert_eq!(
            (order.email.as_str(), order.lines[0].name.as_str()),
            ("ann@example.com", "Mug")
        );
        assert_eq!((orders[1].position.line, reasons(&orders[1])), (3, vec![Reason::MalformedRow]));
    }
    let lacking = Folder::with("api.csv", csv.replace("money", "cash"));
    let message = lacking.open_by(&mapping, "api", &["*"]).unwrap_err().to_string();
    assert!(message.contains("/money/code"), "{message}");
}

#[test]
fn records_in_an_envelope_that_the_mapping_does_not_name_are_read() {
    let record = RECORD.replace('\n', "");
    let flat = flat_record(1, "Mug", "5").replace('\n', "");
    for envelope in [
        r#"{"code":0,"message":"ok","data":{"orders":[R]}}"#,
        r#"{"status":200,"data":[R],"errors":[]}"#,
        r#"{"d":{"body":{"items":[R]}}}"#,
        r#"[{"topic":"created","payload":R}]"#,
    ] {
        for (mapping, format, record) in [(API, "api", &record), (FLAT, "flat", &flat)] {
            let folder = Folder::with("api.json", envelope.replace('R', record));
            for named in [format, "auto"] {
                let export = folder.open_by(mapping, named, &["*"]).unwrap();
                let orders: Vec<_> = export.read().map(Result::unwrap).collect();
                assert_eq!(orders.len(), 1, "{envelope} as {named}");
                assert!(orders[0].faults.is_empty(), "{envelope} as {named}");
                assert_eq!(orders[0].lines.len(), 1, "{envelope} as {named}");
            }
        }
    }
    let lacking = format!(r#"{{"code":0,"data":[{}]}}"#, record.replace("\"sum\"", "\"paid\""));
    let message = read_by("api", &lacking).unwrap_err();
    assert!(message.contains("within data: its records lack: /money/sum"), "{message}");
}

#[test]
fn lines_are_in_the_first_place_that_is_not_null() {
    let places = "lines = [\"/basket/goods\", \"/basket/lines\"]";
    let mapping = API.replace("lines = \"/basket/lines\"", places);
    let record = RECORD.replace("\"basket\":{", "\"basket\":{\"goods\":null,");
    let folder = Folder::with("api.json", record);
    let order = folder.open_by(&mapping, "api", &["*"]).unwrap().read().next().unwrap().unwrap();
    assert_eq!((order.lines.len(), reasons(&order)), (1, vec![]));
}

#[test]
fn a_list_of_lines_that_is_missing_is_named() {
    let message = read_by("api", &RECORD.replace("\"lines\"", "\"goods\"")).unwrap_err();
    assert!(message.contains("/article/name in /basket/lines"), "{message}");
}

#[test]
fn all_lists_of_an_envelope_that_a_mapping_does_not_name_are_read() {
    let of = |id: &str| RECORD.replace("\"ref\":7", &format!("\"ref\":{id}"));
    let [seven, eight, nine] = ["7", "8", "9"].map(of);
    for text in [
        format!(r#"{{"data":{{"open":[{seven}],"closed":[{eight}],"deleted":[{nine}]}}}}"#),
        format!(r#"{{"north":{{"list":[{seven}]}},"south":{{"list":[{eight}]}}}}"#),
    ] {
        let ids = |order: SourceOrder| order.id;
        let read: Vec<_> = read_by("api", &text).unwrap().into_iter().map(ids).collect();
        assert_eq!(read, ["7", "8"], "{text}");
    }
}

/// What the export skipped: kind, records, and the name of the first list.
fn passed_over_by(mapping: &str, text: &str) -> (usize, Vec<(OtherRow, u64, Option<String>)>) {
    let folder = Folder::with("api.json", text);
    let export = folder.open_by(mapping, "auto", &["api.json"]).unwrap();
    let read = export.read().map(Result::unwrap).count();
    let passed = export.passed_over().into_iter();
    (read, passed.map(|one| (one.kind, one.rows, one.list.map(|name| name.to_string()))).collect())
}

#[test]
fn lists_that_a_mapping_does_not_name_are_read_or_named_however_far_down_they_are() {
    let list = |orders: std::ops::Range<u32>| {
        let of = |id: u32| RECORD.replace("\"ref\":7", &format!("\"ref\":{id}")).replace('\n', "");
        format!("[{}]", orders.map(of).collect::<Vec<_>>().join(","))
    };
    let many = list(0..800);
    assert!(many.len() > 2 * 64 * 1024);
    let further = format!(
        r#""archived": {}, "drafts": {}, "deleted": {{"all": {}}}, "meta": {{"a": [1]}}"#,
        list(900..902),
        list(910..913),
        list(920..924)
    );
    let unsold = [
        (OtherRow::Drafts, 3, Some("drafts".to_owned())),
        (OtherRow::Deleted, 4, Some("deleted".to_owned())),
    ];
    for found in [
        format!(r#"{{"open": {many}, {further}}}"#),
        format!(r#"{{"data": {{"open": {many}, {further}}}}}"#),
        format!(r#"{{"data": {{"x": {{"open": {many}}}, {further}}}, "page": 1}}"#),
    ] {
        assert_eq!(passed_over_by(API, &found), (802, unsold.to_vec()), "{:.40}", found);
    }
    let declared = format!(r#"{{"result": {many}, {further}}}"#);
    let unnamed = (OtherRow::UnnamedList, 2, Some("archived".to_owned()));
    let passed = [unsold.to_vec(), vec![unnamed]].concat();
    assert_eq!(passed_over_by(API, &declared), (800, passed));
}

#[test]
fn lists_next_to_flat_records_are_named_too() {
    let rows = format!("[{},{}]", flat_record(1, "Mug", "15.00"), flat_record(1, "Pen", "15.00"));
    let (read, passed) = passed_over_by(FLAT, &format!(r#"{{"rows": {rows}, "trash": {rows}}}"#));
    assert_eq!((read, passed), (1, vec![(OtherRow::Trash, 2, Some("trash".to_owned()))]));
}

#[test]
fn an_exponent_is_exact_within_json_and_refused_in_a_cell() {
    let read = |mapping: &str, table: &str| {
        let folder = Folder::with("api.csv", table);
        let export = folder.open_by(mapping, "auto", &["*"]).unwrap();
        *export.read().next().unwrap().unwrap()
    };
    let cells = API.replace("decimal_mark = \",\"\n", "").replace("/money/sum", "/sum");
    let table = |sum: &str, each: &str| {
        format!(
            "ref,placed,state,buyer,money,sum,basket\n7,2024-01-31T10:11:12Z,done,\"{{\"\"mail\"\":\"\"a@example.com\"\"}}\",\
             \"{{\"\"code\"\":\"\"EUR\"\"}}\",{sum},\"{{\"\"lines\"\":[{{\"\"article\"\":{{\"\"name\"\":\"\"Mug\"\"}},\"\"n\"\":1,\"\"each\"\":{each}}}]}}\"\n"
        )
    };
    let exact = read(&cells, &table("1790.00", "1.79E+3"));
    assert_eq!((exact.lines[0].unit_price.as_str(), exact.faults.len()), ("1790", 0));
    assert_eq!(reasons(&read(&cells, &table("1.79E+3", "1790"))), [Reason::BadMoney]);
    let flat = "order,date,currency,total,item,n,price,/buyer/mail\n1,2024-01-31,EUR,1.79E+3,Mug,1,1790,a@example.com\n";
    let own = FLAT.replace("\"/buyer/mail\"", "\"mail\"");
    assert_eq!(reasons(&read(&own, &flat.replace("/buyer/mail", "mail"))), [Reason::BadMoney]);
}
