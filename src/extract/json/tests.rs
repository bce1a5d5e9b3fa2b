use super::nesting::Wrappers;
use super::splitter::Splitter;
use crate::extract::error::ReadError;
use serde::de::IgnoredAny;
use std::io::{self, Read};

/// The records found, as text and line, and the error that ended it.
fn found_in(bytes: impl Read + Send + 'static) -> (Vec<(String, u64)>, Option<ReadError>) {
    let mut splitter =
        Splitter::new(Box::new(bytes), "x.json".to_owned(), Wrappers::known(&["orders", "order"]));
    let mut found = Vec::new();
    loop {
        match splitter.advance() {
            Ok(Some(element)) => {
                let (text, place) =
                    (String::from_utf8_lossy(element.bytes).into_owned(), element.place);
                // Like the reader of the records.
                match serde_json::from_str::<IgnoredAny>(&text) {
                    Ok(_) => found.push((text, place.line)),
                    Err(_) if splitter.take_back() => {}
                    Err(error) => return (found, Some(splitter.syntax_error(place, &error))),
                }
            }
            Ok(None) => return (found, None),
            Err(error) => return (found, Some(error)),
        }
    }
}

fn texts(json: &str) -> Vec<String> {
    let (found, error) = found_in(io::Cursor::new(json.to_owned()));
    assert_eq!(error, None, "{json}");
    found.into_iter().map(|(text, _)| text).collect()
}

/// A reader that returns one byte at a time, so that a chunk ends at every position.
struct Dripping(io::Cursor<Vec<u8>>);

impl Read for Dripping {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer.len().min(1);
        self.0.read(&mut buffer[..len])
    }
}

const WRAPPINGS: &[&str] = &[
    "A B C",
    "A\nB\nC\n",
    "A\r\nB\r\n\r\nC",
    "ABC",
    "[A,B,C]",
    "\u{feff}[\n  A,\n  B,\n  C\n]\n",
    r#"{"orders":[A,B,C]}"#,
    r#"{"orders":[A],"next":null}{"orders":[]}{"orders":[B,C]}"#,
    r#"[{"orders":[A,B]},{"orders":[C]}]"#,
    r#"{"order":A}{"order":B}{"order":C}"#,
    r#"[{"order":A},{"order":B},{"order":C}]"#,
    r#"{"order":{"1":A,"22":B,"333":C},"more":{"4":{"id":4}}}"#,
    r#"{"page":{"orders":[{"no":1}]},"orders":[A,B],"left":["}]\"",{"a":[1.5e3]}],"x":true,"order":C}"#,
    "[[A,B],[C]]",
    r#" { "count" : 3 , "orders" : [ A , B , C ] , "end" : -0.5 } "#,
];

const RECORDS: [&str; 3] = [
    r#"{"id":1,"note":"a \"quoted\" } ] , { [ \\","tags":[{"n":[1,{"k":"v"}]}]}"#,
    r#"{"id":2,"note":"\\\\","orders_count":7,"empty":{},"none":[]}"#,
    "{\n  \"id\": 3,\n  \"note\": \"\\u007b Größe 🕯\"\n}",
];

fn wrapped(wrapping: &str) -> String {
    wrapping.replace('A', RECORDS[0]).replace('B', RECORDS[1]).replace('C', RECORDS[2])
}

#[test]
fn the_same_records_are_found_in_every_wrapping() {
    for wrapping in WRAPPINGS {
        let json = wrapped(wrapping);
        assert_eq!(texts(&json), RECORDS, "{wrapping}");
        let (found, error) = found_in(Dripping(io::Cursor::new(json.into_bytes())));
        assert_eq!(error, None, "{wrapping}");
        assert_eq!(
            found.into_iter().map(|(text, _)| text).collect::<Vec<_>>(),
            RECORDS,
            "{wrapping}"
        );
    }
}

#[test]
fn a_truncated_file_gives_only_complete_records_and_reports_the_truncation() {
    for wrapping in WRAPPINGS {
        let json = wrapped(wrapping);
        for len in 0..json.len() {
            let cut = &json.as_bytes()[..len];
            let (found, error) = found_in(io::Cursor::new(cut.to_vec()));
            let whole =
                RECORDS.iter().filter(|record| json.find(*record).unwrap() + record.len() <= len);
            assert_eq!(found.len(), whole.count(), "{wrapping} cut at {len}");
            let text = cut.strip_prefix("\u{feff}".as_bytes()).unwrap_or(cut);
            let is_whole = serde_json::Deserializer::from_slice(text)
                .into_iter::<IgnoredAny>()
                .all(|v| v.is_ok());
            assert_eq!(error.is_none(), is_whole, "{wrapping} cut at {len}: {error:?}");
        }
    }
}

#[test]
fn a_nested_object_named_order_is_part_of_the_record() {
    let record = r#"{"id":1,"order":{"id":9},"5":{"id":5}}"#;
    assert_eq!(texts(&format!("{{\"orders\":[{record}]}}")), [record]);
    assert_eq!(texts(&format!("{{\"order\":{{\"1\":{record}}}}}")), [record]);
}

#[test]
fn lines_are_those_an_editor_shows() {
    let lines = |json: &str| {
        let (found, _) = found_in(io::Cursor::new(json.to_owned()));
        found.into_iter().map(|(_, line)| line).collect::<Vec<_>>()
    };
    assert_eq!(lines("{\"a\":1}\n\n{\"a\":2}\n{\"a\":3}"), [1, 3, 4]);
    assert_eq!(lines("[\n{\n\"a\":1},{\"a\":2}\n,\n{}]"), [2, 3, 5]);
    assert_eq!(lines("{\n\"orders\":\n[\n\n{}]}"), [5]);
}

#[test]
fn json_lines_whose_lines_begin_alike_are_still_looked_at() {
    assert_eq!(
        texts("{\"id\":1}\n{\"id\":2} {\"id\":3}\n{\"id\":4}\n"),
        ["{\"id\":1}", "{\"id\":2}", "{\"id\":3}", "{\"id\":4}"]
    );
    assert_eq!(
        texts("{\"id\":1}\n{\"id\":\n2}\n{\"id\":3}"),
        ["{\"id\":1}", "{\"id\":\n2}", "{\"id\":3}"]
    );
    assert_eq!(
        texts("{\"id\":1}\n{\"orders\":[{\"id\":2},{\"id\":3}]}\n"),
        ["{\"id\":1}", "{\"id\":2}", "{\"id\":3}"]
    );
}

#[test]
fn errors_are_reported_with_their_place() {
    for (json, line, column, expected) in [
        ("[{\"a\":1}\n {\"a\":2}]", 2, 2, "expected `,` or `]`"),
        ("{\"orders\":[{}]\n\"x\":1}", 2, 1, "expected `,` or `}`"),
        ("{\"orders\":[{}],\n x:1}", 2, 2, "expected a name in quotes"),
        ("{\"orders\":[{}],\"x\" 1}", 1, 20, "expected `:`"),
        ("{\"orders\":[{}],\"x\":}", 1, 20, "expected a value"),
        ("[{}", 1, 4, "ends before its last bracket is closed"),
        ("[{},\n{\"a\":[1,2", 2, 1, "ends within the record that begins here"),
        ("{\"orders\":[],\"x\":[1,", 1, 18, "ends within the value that begins here"),
        ("[{\"a\":\"5\" inch\"}]", 1, 11, "expected `,` or `}`"),
        ("[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]", 1, 17, "16 brackets"),
    ] {
        let error = found_in(io::Cursor::new(json)).1.unwrap_or_else(|| panic!("{json}"));
        assert_eq!((error.line, error.column), (line, column), "{json}: {error}");
        assert!(error.what.contains(expected), "{json}: {error}");
    }
}

/// A text, then another again and again, up to a number of bytes.
struct Repeated {
    before: io::Cursor<&'static [u8]>,
    text: &'static [u8],
    at: usize,
    left: u64,
}

impl Read for Repeated {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let begun = self.before.read(buffer)?;
        if begun > 0 {
            return Ok(begun);
        }
        let len = buffer.len().min(usize::try_from(self.left).unwrap());
        for (index, byte) in buffer[..len].iter_mut().enumerate() {
            *byte = self.text[(self.at + index) % self.text.len()];
        }
        self.at = (self.at + len) % self.text.len();
        self.left -= len as u64;
        Ok(len)
    }
}

fn repeated(before: &'static str, text: &'static str, bytes: u64) -> Splitter {
    let before = io::Cursor::new(before.as_bytes());
    let bytes = Repeated { before, text: text.as_bytes(), at: 0, left: bytes };
    Splitter::new(Box::new(bytes), "x.json".to_owned(), Wrappers::known(&["orders"]))
}

#[test]
fn memory_does_not_grow_with_the_file() {
    const BYTES: u64 = 50 * 1024 * 1024;
    let record = r#"{"id":12345678,"note":"a note of some length","line_items":[{"name":"Mug","price":"1.00"}]}"#;
    let line: &'static str = Box::leak(format!("{record}\n").into_boxed_str());
    let item: &'static str = Box::leak(format!("{record},").into_boxed_str());
    for (before, text, is_cut) in [("", line, true), (r#"{"orders":["#, item, true)] {
        let mut splitter = repeated(before, text, BYTES);
        let mut count = 0_u64;
        let ended = loop {
            match splitter.advance() {
                Ok(Some(_)) => count += 1,
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        assert_eq!((count, ended), (BYTES / text.len() as u64, is_cut));
        assert!(splitter.buffer_bytes() <= 128 * 1024, "{} bytes", splitter.buffer_bytes());
    }
}

#[test]
fn values_next_to_the_records_are_skipped_without_buffering() {
    let mut splitter = repeated(r#"{"orders":[{}],"blob":""#, "base64", 50 * 1024 * 1024);
    assert!(splitter.advance().unwrap().is_some());
    assert!(splitter.advance().is_err());
    assert!(splitter.buffer_bytes() <= 128 * 1024, "{} bytes", splitter.buffer_bytes());
}

#[test]
fn a_record_without_end_is_an_error_and_not_memory() {
    for before in [r#"{"orders":[{"note":""#, r#"{"note":""#, "[1"] {
        let mut splitter = repeated(before, "1234", u64::MAX);
        let error = splitter.advance().map(|_| ()).unwrap_err();
        assert!(error.what.contains("longer than 16 MiB"), "{error}");
        assert!(splitter.buffer_bytes() <= 32 * 1024 * 1024);
    }
    let mut splitter = repeated(r#"{"note":""#, "1234", u64::MAX);
    splitter.limit(4 * 1024 * 1024);
    let error = splitter.advance().map(|_| ()).unwrap_err();
    assert!(error.what.contains("longer than 4 MiB"), "{error}");
}
