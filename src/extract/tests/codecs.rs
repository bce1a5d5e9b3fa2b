use super::*;
use crate::extract::Reader;
use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

fn text() -> String {
    let rows: String = (1..=500).map(|n| first(&format!("#{n}"))).collect();
    format!("{HEADER}\n{rows}")
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn zip(members: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (index, (name, text)) in members.iter().enumerate() {
        let method = [zip::CompressionMethod::Deflated, zip::CompressionMethod::Stored][index % 2];
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn numbers(orders: &[SourceOrder]) -> Vec<&str> {
    orders.iter().map(|order| order.number.as_str()).collect()
}

#[test]
fn compression_is_recognised_by_content_and_makes_no_difference() {
    let text = text();
    let plain = read(&text).unwrap();
    let (front, back) = text.split_at(text.len() / 2);
    let two_members = [gzip(front.as_bytes()), gzip(back.as_bytes())].concat();
    assert_eq!(read(two_members).unwrap(), plain);
    assert_eq!(read(compress_to_vec(text.as_bytes(), CompressionLevel::Fastest)).unwrap(), plain);
    assert_eq!(read(zip(&[("orders.csv", &text)])).unwrap(), plain);
}

#[test]
fn a_compressed_file_cut_anywhere_is_an_error() {
    let text = text();
    let zstd = compress_to_vec(text.as_bytes(), CompressionLevel::Fastest);
    for packed in [gzip(text.as_bytes()), zstd] {
        for len in (20..packed.len()).step_by(97).chain([packed.len() - 1]) {
            let folder = Folder::with("orders.csv", &packed[..len]);
            let message = match folder.open(&["orders.csv"]) {
                Err(error) => error.to_string(),
                Ok(export) => export.read().find_map(Result::err).unwrap().to_string(),
            };
            assert!(
                message.contains("orders.csv") && message.contains("can't be read"),
                "{len}: {message}"
            );
        }
    }
}

#[test]
fn an_error_ends_the_reading_and_names_the_line() {
    // Long enough for the truncation to be beyond the part that is read when the file is opened.
    let packed = gzip(text().repeat(3).replacen(HEADER, "\n", 0).as_bytes());
    let folder = Folder::with("orders.csv", &packed[..packed.len() - 40]);
    let mut reader = folder.open(&["orders.csv"]).unwrap().read();
    let error = reader.by_ref().find_map(Result::err).unwrap();
    assert!(error.line > 100, "{error}");
    assert!(error.hint.contains("cut short"), "{error}");
    assert!(reader.next().is_none());
}

#[test]
fn the_tables_of_an_archive_are_separate_files() {
    let table = |name: &str| format!("{HEADER}\n{}", first(name));
    let bytes = zip(&[
        ("orders_2.csv", &table("#2")),
        ("orders_10.CSV", &table("#10")),
        ("__MACOSX/._orders_2.csv", "x"),
        ("readme.md", "x"),
    ]);
    let folder = Folder::with("orders.zip", bytes);
    let export = folder.open(&["orders.zip"]).unwrap();
    let files: Vec<_> = export.files().iter().map(|file| file.member.as_deref()).collect();
    assert_eq!(files, [Some("orders_10.CSV"), Some("orders_2.csv")]);
    assert!(export.files()[0].to_string().ends_with("orders.zip (orders_10.CSV)"));
    let orders: Vec<_> = export.read().unboxed().map(Result::unwrap).collect();
    assert_eq!(numbers(&orders), ["#10", "#2"]);
}

#[test]
fn a_damaged_or_foreign_archive_is_refused() {
    let text = text();
    let mut bytes = zip(&[("a.csv", "x"), ("orders.csv", &text)]);
    assert!(refusal(&bytes[..bytes.len() - 30]).contains("no readable zip archive"));
    assert!(refusal(zip(&[("a.md", "x")])).contains("without a .csv"));
    assert!(refusal(zip(&[("xl/workbook.xml", "x")])).contains("Excel workbook"));
    // A byte of the second, stored member: only the checksum shows it.
    bytes = zip(&[("b.csv", &text), ("orders.csv", &text)]);
    let at = bytes.windows(5).rposition(|part| part == b"#500,").unwrap();
    bytes[at + 1] = b'6';
    let error = read(bytes).unwrap_err();
    assert!(
        error.to_string().contains("(orders.csv)") && error.to_string().contains("checksum"),
        "{error}"
    );
}

#[test]
fn later_files_come_first_and_each_is_read_once() {
    let folder = Folder::new();
    for n in [1, 2, 10] {
        folder.put(&format!("orders_{n}.csv"), format!("{HEADER}\n{}", first(&format!("#{n}"))));
    }
    folder.put("last.csv", format!("{HEADER}\n{}{}", first("#98"), first("#99")));
    let orders = folder.read(&["orders_*.csv", "orders_2.csv", "last.csv"]).unwrap();
    assert_eq!(numbers(&orders), ["#98", "#99", "#2", "#10", "#1"]);
    let places: Vec<_> = orders.iter().map(|o| (o.position.record, o.position.file)).collect();
    assert_eq!(places, [(0, 0), (1, 0), (2, 1), (3, 2), (4, 3)]);
}

#[test]
fn a_file_that_changes_while_it_is_read_is_an_error() {
    let folder = Folder::new();
    let path = folder.put("orders.csv", text());
    let export = folder.open(&["orders.csv"]).unwrap();
    let mut reader = export.read();
    assert!(reader.next().unwrap().is_ok());
    let mut file = std::fs::File::options().append(true).open(&path).unwrap();
    file.write_all(first("#501").as_bytes()).unwrap();
    drop(file);
    let error = reader.find_map(Result::err).unwrap();
    assert!(error.what.contains("changed while it was being read"), "{error}");
    let error = export.read().unboxed().next().unwrap().unwrap_err();
    assert!(error.what.contains("changed"), "found when it is opened again: {error}");
    std::fs::remove_file(&path).unwrap();
    assert!(export.read().unboxed().next().unwrap().unwrap_err().hint.contains("moved or removed"));
}

#[test]
fn a_reader_can_move_to_another_thread() {
    fn takes(_: impl Send + 'static) {}
    takes(None::<Reader>);
}
