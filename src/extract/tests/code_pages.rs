//! Exports in an encoding that the settings name.

use super::*;

fn open(folder: &Folder, encoding: &str) -> Export {
    let patterns = vec![folder.path().join("*").display().to_string()];
    let encoding = Some(encoding.to_owned());
    Export::open(&Options { patterns, encoding, ..Options::default() }).unwrap()
}

/// The export of one order with `Mug` replaced, and its product.
fn product(name: &[u8], encoding: &str) -> SourceOrder {
    let table = format!("{HEADER}\n{}", first("#1"));
    let (before, after) = table.split_once("Mug").unwrap();
    let folder = Folder::with("orders.csv", [before.as_bytes(), name, after.as_bytes()].concat());
    let mut orders: Vec<SourceOrder> =
        open(&folder, encoding).read().unboxed().map(Result::unwrap).collect();
    assert_eq!(orders.len(), 1);
    orders.remove(0)
}

#[test]
fn letters_are_those_of_the_named_code_page() {
    for (encoding, bytes, text) in [
        ("windows-1250", &b"\xaflut\xfd k\xf9\xf2"[..], "Żlutý kůň"),
        ("windows-1251", b"\xca\xf0\xf3\xe6\xea\xe0", "Кружка"),
        ("windows-1254", b"\xdei\xfee", "Şişe"),
        ("iso-8859-2", b"\xb1\xe6", "ąć"),
        // The second byte of each is a delimiter, a quote or a backslash in ASCII.
        ("shift_jis", b"\x95\x5c\x83|\x81\x5b", "表ポー"),
        ("gbk", b"\xb2\xe2\xca\xd4", "测试"),
        ("big5", b"\xb4\xfa\xb8\xd5", "測試"),
        ("macintosh", b"caf\x8e", "café"),
    ] {
        let order = product(bytes, encoding);
        assert_eq!((reasons(&order), order.lines[0].name.as_str()), (vec![], text), "{encoding}");
    }
}

#[test]
fn a_byte_without_a_letter_is_a_fault_of_its_field_with_its_line() {
    for (encoding, bytes) in
        [("windows-1251", &b"a\x98b"[..]), ("shift_jis", b"a\xfdb"), ("windows-1250", b"a\x81b")]
    {
        let order = product(bytes, encoding);
        assert_eq!(reasons(&order), [Reason::BadEncoding], "{encoding}");
        assert_eq!(order.position.line, 2);
    }
}

#[test]
fn a_file_that_is_unicode_is_read_as_that_with_a_note() {
    let table = format!("{HEADER}\n{}", first("#1").replace("Mug", "Żlutý"));
    let utf16: Vec<u8> = table.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = format!("\u{feff}{table}").into_bytes();
    for bytes in [marked, [b"\xff\xfe", utf16.as_slice()].concat(), utf16] {
        let folder = Folder::with("orders.csv", bytes);
        let export = open(&folder, "windows-1250");
        assert!(export.files()[0].notes[0].ends_with("the settings name windows-1250"));
        let order = export.read().next().unwrap().unwrap();
        assert_eq!(order.lines[0].name, "Żlutý");
    }
    // Polish in its own code page may happen to be valid UTF-8.
    for (letters, text) in [("Ż".repeat(3), "Ĺ»".repeat(3)), ("ż".repeat(400), "ĹĽ".repeat(400))]
    {
        let table = table.replace("Żlutý", &letters);
        let folder = Folder::with("orders.csv", table);
        let export = open(&folder, "windows-1250");
        assert!(export.files()[0].notes[0].contains("though its letters are valid UTF-8"));
        assert_eq!(export.read().next().unwrap().unwrap().lines[0].name, text);
    }
    let ascii = Folder::with("orders.csv", format!("{HEADER}\n{}", first("#1")));
    assert!(open(&ascii, "windows-1250").files()[0].notes.is_empty());
}

#[test]
fn json_is_read_in_a_code_page_too() {
    let text = r#"{"id": 1, "name": "N1", "email": "a@example.com", "created_at": "2024-01-01T00:00:00Z", "currency": "EUR",
        "total_price": "1.00", "financial_status": "paid", "line_items": [{"name": "MUG", "price": "1.00", "quantity": 1}]}"#;
    let (before, after) = text.split_once("MUG").unwrap();
    let folder =
        Folder::with("orders.json", [before.as_bytes(), b"\xaflut\xfd", after.as_bytes()].concat());
    let order = open(&folder, "windows-1250").read().next().unwrap().unwrap();
    assert_eq!((order.lines[0].name.as_str(), reasons(&order)), ("Żlutý", vec![]));
}
