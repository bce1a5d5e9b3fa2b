//! What spreadsheets, browsers and file transfers do to an export: it is read as intended, or
//! refused.

use super::shopify_json::{ORDER, minified};
use super::*;
use crate::extract::ExportFile;

fn text() -> String {
    let rows = [
        first("#1001").replace("Mug", "\"Größe, \"\"L\"\" – 5 €\""),
        next("#1001", "\"Pen\nred\""),
        first("#1002"),
        next("#1002", "Café"),
    ];
    format!("{HEADER}\n{}", rows.concat())
}

fn opened(bytes: impl AsRef<[u8]>) -> ExportFile {
    let folder = Folder::with("orders.csv", bytes);
    folder.open(&["orders.csv"]).unwrap_or_else(|error| panic!("{error}")).files()[0].clone()
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

fn windows_1252(text: &str) -> Vec<u8> {
    let byte = |c: char| match c {
        '€' => 0x80,
        '–' => 0x96,
        c => u8::try_from(u32::from(c)).unwrap(),
    };
    text.chars().map(byte).collect()
}

#[test]
fn the_encoding_makes_no_difference_and_is_reported() {
    let text = text();
    let plain = read(&text).unwrap();
    assert_eq!(plain[0].lines[0].name, "Größe, \"L\" – 5 €");
    assert_eq!(plain[1].position.line, 5);
    let marked = format!("\u{feff}{text}");
    for (bytes, encoding) in [
        (text.clone().into_bytes(), "UTF-8"),
        (marked.clone().into_bytes(), "UTF-8"),
        (utf16(&text, u16::to_le_bytes), "UTF-16 LE"),
        (utf16(&text, u16::to_be_bytes), "UTF-16 BE"),
        (utf16(&marked, u16::to_le_bytes), "UTF-16 LE"),
        (utf16(&marked, u16::to_be_bytes), "UTF-16 BE"),
        (
            utf16(&marked.replace(',', "\t").replace("Größe\t", "Größe,"), u16::to_le_bytes),
            "UTF-16 LE",
        ),
        (windows_1252(&text), "Windows-1252"),
        (super::codecs::gzip(&windows_1252(&text)), "Windows-1252"),
    ] {
        assert_eq!(read(&bytes).unwrap(), plain, "{encoding}");
        let file = opened(&bytes);
        assert_eq!(file.encoding, encoding);
        assert_eq!(
            file.notes.iter().any(|note| note.contains("guess")),
            encoding == "Windows-1252"
        );
    }
}

#[test]
fn json_comes_in_any_encoding_too() {
    let order = minified(ORDER).replace("Mug", "Krügel");
    let plain = read(&order).unwrap();
    assert!(plain[0].lines.iter().any(|line| line.name.contains("Krügel")));
    for bytes in [
        utf16(&order, u16::to_le_bytes),
        utf16(&format!("\u{feff}{order}"), u16::to_be_bytes),
        order.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect(),
    ] {
        assert_eq!(read(&bytes).unwrap(), plain);
    }
}

#[test]
fn a_byte_without_a_letter_spoils_its_own_order_only() {
    let mut bytes = windows_1252(&format!("{}{}", text(), next("#1002", "Ca~é").repeat(20)));
    let at = bytes.iter().rposition(|b| *b == b'~').unwrap();
    bytes[at] = 0x81;
    let all = read(&bytes).unwrap();
    assert!(all[0].faults.is_empty());
    assert_eq!(reasons(&all[1]), [Reason::BadEncoding]);
    let mut bytes = utf16(&text(), u16::to_le_bytes);
    let at = bytes.windows(2).position(|pair| pair == [b'f', 0]).unwrap();
    let lone = bytes.len() - bytes.iter().rev().position(|b| *b == 0xe9).unwrap() - 1;
    (bytes[lone], bytes[lone + 1]) = (0x00, 0xdc);
    assert!(at < lone);
    assert_eq!(reasons(&read(&bytes).unwrap()[1]), [Reason::BadEncoding]);
}

#[test]
fn a_file_that_ends_within_a_letter_does_not_send_its_last_order() {
    let whole =
        text().trim_end().replace(",web", ",wéb").trim_end().to_owned() + "\n" + &first("#1003");
    let whole = whole.trim_end().replace(",web", ",wé");
    let mut cut = whole.clone().into_bytes();
    cut.pop();
    for bytes in
        [cut, utf16(&whole, u16::to_le_bytes)[..whole.encode_utf16().count() * 2 - 1].to_vec()]
    {
        let all = read(&bytes).unwrap();
        assert_eq!(all.len(), 3);
        assert_eq!(reasons(&all[2]), [Reason::MalformedRow]);
        assert!(all[..2].iter().all(|order| order.faults.is_empty()));
    }
    assert!(read(format!("{whole}\n")).unwrap().iter().all(|order| order.faults.is_empty()));
}

#[test]
fn a_last_row_without_a_line_end_is_sent_where_the_rows_above_prove_it_whole() {
    let rows = [first("#1001"), first("#1002"), first("#1003")].concat();
    let text = format!("{HEADER}\n{rows}");
    let whole = text.trim_end();
    assert!(whole.ends_with(",web"));
    let last = |text: &str| reasons(read(text).unwrap().last().unwrap());
    assert_eq!(last(whole), []);
    assert_eq!(last(&format!("{}\"web\"", whole.trim_end_matches("web"))), [], "a quote closes it");
    for len in 1..=3 {
        let cut = &whole[..whole.len() - len];
        assert_eq!(last(cut), [Reason::MalformedRow], "{cut}");
        assert_eq!(last(&format!("{cut}\n")), [], "who ends the line says that it is whole");
        assert!(opened(cut).notes[0].contains("no final newline"));
    }
    let longer = whole.replacen(",web\n", ",website\n", 1);
    assert_eq!(
        last(&longer),
        [Reason::MalformedRow],
        "it may be the beginning of a word that is met"
    );
    let in_utf16 = utf16(&whole[..whole.len() - 1], u16::to_le_bytes);
    assert_eq!(reasons(read(in_utf16).unwrap().last().unwrap()), [Reason::MalformedRow]);
    assert_eq!(reasons(read(utf16(whole, u16::to_le_bytes)).unwrap().last().unwrap()), []);
}

#[test]
fn a_trailing_delimiter_is_not_a_field() {
    let plain = read(text()).unwrap();
    let ended = |text: &str, end: &str| {
        text.replace("Pen\nred", "Pen~red").replace('\n', end).replace("Pen~red", "Pen\nred")
    };
    let rows = text().replacen(&format!("{HEADER}\n"), "", 1);
    assert_eq!(
        read(format!("{HEADER}\n{}", ended(&rows, ",\n"))).unwrap(),
        plain,
        "in the rows alone"
    );
    assert_eq!(read(format!("{HEADER},\n{rows}")).unwrap(), plain, "in the header alone");
    assert_eq!(read(format!("{HEADER},\n{}", ended(&rows, ",\n"))).unwrap(), plain, "in both");
    assert_eq!(
        read(format!("{HEADER}\n{}", ended(&rows, ", \r\n"))).unwrap(),
        plain,
        "with a blank"
    );
    let filled = read(format!(
        "{HEADER}\n{}{}",
        ended(&rows, ",\n"),
        first("#9").replace("web\n", "web,x\n")
    ))
    .unwrap();
    assert_eq!(
        reasons(filled.last().unwrap()),
        [Reason::MalformedRow],
        "what is no blank belongs somewhere"
    );
    // A comma too many within one row moves its cells, and the last of them is blank as well.
    let stray = first("#1003").replacen("Mug", "Mug, red", 1).replace(",web\n", ",\n");
    let moved = read(format!("{HEADER}\n{rows}{stray}")).unwrap();
    assert_eq!(reasons(moved.last().unwrap()), [Reason::MalformedRow]);
    let alone = read(format!("{HEADER}\n{stray}")).unwrap();
    assert_eq!(reasons(&alone[0]), [Reason::MalformedRow], "one row proves nothing");
}

#[test]
fn rows_that_were_quoted_again_are_read_as_what_they_were() {
    let plain = read(text()).unwrap();
    let quoted = |row: &str| format!("\"{}\"", row.replace('"', "\"\""));
    let (header, rows) = (HEADER.to_owned(), text().replacen(&format!("{HEADER}\n"), "", 1));
    // A row with a line end in a cell is one row.
    let rows: Vec<String> =
        rows.trim_end().replace("Pen\nred", "Pen~red").lines().map(quoted).collect();
    let rows = rows.join("\n").replace("Pen~red", "Pen\nred");
    for bytes in [
        format!("{header}\n{rows}\n"),
        format!("{}\n{rows}", quoted(&header)),
        format!("{header}\r\n{}\r\n", rows.replace('\n', "\r\n").replace("Pen\r\nred", "Pen\nred")),
    ] {
        assert_eq!(read(&bytes).unwrap(), plain, "{bytes}");
        assert!(opened(&bytes).notes[0].contains("in quotes as a whole"));
    }
    let one = rows.replacen("#1002,ann", "#1002,a\"\"nn", 1);
    let all = read(format!("{header}\n{one}\n")).unwrap();
    assert!(all.iter().any(|order| reasons(order) == [Reason::MalformedRow]), "no clean row");
    let cut =
        read(format!("{header}\n{}\n\"{}", quoted(first("#1").trim_end()), first("#2").trim_end()))
            .unwrap();
    assert_eq!(
        cut.iter().map(reasons).collect::<Vec<_>>(),
        [vec![], vec![Reason::MalformedRow]],
        "an open quote"
    );
}

#[test]
fn a_separator_line_names_the_delimiter_and_counts_as_a_line() {
    let plain = read(text()).unwrap();
    for (line, sign) in [("sep=;", ';'), ("SEP=,", ','), ("\"sep=|\"", '|'), ("sep=\t", '\t')] {
        let mut rows = text();
        if sign != ',' {
            rows = rows.replace(',', &sign.to_string()).replace(&format!("Größe{sign}"), "Größe,");
        }
        for end in ["\n", "\r\n"] {
            let all =
                read(format!("{line}{end}{}", rows.replace('\n', end).replace("Pen\r", "Pen")))
                    .unwrap();
            assert_eq!(
                all[0].lines,
                plain[0].lines.iter().cloned().map(down).collect::<Vec<_>>(),
                "{line}"
            );
            assert_eq!(all[1].position.line, plain[1].position.line + 1);
        }
    }
}

fn down(mut line: crate::domain::SourceLine) -> crate::domain::SourceLine {
    line.at_line += 1;
    line
}

#[test]
fn line_ends_may_be_mixed_or_lone_returns() {
    let plain = read(text()).unwrap();
    let lone = read(text().replace('\n', "\r")).unwrap();
    assert_eq!(lone, plain);
    let mixed = text().replace(",,web\n", ",,web\r\n");
    assert_eq!(read(mixed).unwrap(), plain);
    assert_eq!(read(text().replace('\n', "\r\r\n").replace("Pen\r\r\n", "Pen\n")).unwrap(), plain);
}

#[test]
fn pipes_duplicate_names_and_blank_columns_and_rows_are_read() {
    let plain = read(text()).unwrap();
    let piped = text().replace(',', "|").replace("Größe|", "Größe,");
    assert_eq!(read(piped).unwrap(), plain);
    let blank = ",".repeat(HEADER.matches(',').count());
    let trailing = format!("{}{blank}\n\n{blank}\n", text());
    assert_eq!(read(trailing).unwrap(), plain);
    let wider = text()
        .replace("Pen\nred", "Pen~red")
        .replace('\n', ",,Name\n")
        .replace("Pen~red", "Pen\nred");
    assert_eq!(read(wider).unwrap(), plain, "the first of two columns with one name counts");
}
