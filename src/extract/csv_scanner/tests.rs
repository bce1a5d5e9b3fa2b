use super::*;
use proptest::prelude::*;

/// A reader that returns a few bytes at a time.
struct Drip(Vec<u8>, usize);

impl Read for Drip {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.1.min(self.0.len()).min(buffer.len());
        buffer[..len].copy_from_slice(&self.0[..len]);
        self.0.drain(..len);
        Ok(len)
    }
}

type Seen = (u64, Vec<Vec<u8>>);

fn scan(text: &[u8], delimiter: u8, input_bytes: usize) -> (Vec<Seen>, bool) {
    let mut scanner = CsvScanner::new(Box::new(Drip(text.to_vec(), 7)), delimiter);
    scanner.input.truncate(input_bytes);
    let (mut all, mut is_cut, mut record) = (Vec::new(), false, Record::default());
    while scanner.advance(&mut record).unwrap() {
        all.push((record.line, record.iter().map(<[u8]>::to_vec).collect()));
        is_cut |= record.is_cut;
    }
    (all, is_cut)
}

/// As the `csv` crate reads it, with each record's line counted from the text before it.
fn expected(text: &[u8], delimiter: u8) -> Vec<Seen> {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter);
    let reader = builder.terminator(csv::Terminator::Any(b'\n')).from_reader(text);
    let line_of = |byte: usize| {
        let mark = if byte == 0 && text.starts_with(BOM) { BOM.len() } else { byte };
        let blank = text[mark..].iter().take_while(|b| **b == b'\n').count();
        1 + text[..mark + blank].iter().filter(|b| **b == b'\n').count() as u64
    };
    let records = reader.into_byte_records().map(Result::unwrap);
    records
        .map(|record| {
            let start = record.position().unwrap().byte() as usize;
            (line_of(start), record.iter().map(<[u8]>::to_vec).collect())
        })
        .collect()
}

#[test]
fn lines_are_those_of_an_editor_and_a_truncated_end_is_reported() {
    let (all, is_cut) = scan(b"\n\na,b\n\"x\ny\",2\r\n\n\"\"\"q\"\",z\nlast", b',', 64);
    let lines: Vec<u64> = all.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [3, 4, 7]);
    assert!(is_cut);
    assert_eq!(all[2].1, [b"\"q\",z\nlast".to_vec()]);
    assert!(!scan(b"a,\"b\"", b',', 64).1);
    for (text, is_cut) in [
        (&b"a,\"b\n"[..], true),
        (b"a,caf\xc3", true),
        (b"a,\xf0\x9f\x95", true),
        (b"a,caf\xc3\xa9", false),
        (b"a,\xe9\n", false),
        (b"a,b", false),
    ] {
        assert_eq!(scan(text, b',', 64).1, is_cut, "{text:?}");
    }
}

#[test]
fn a_record_with_other_cells_keeps_its_place_in_the_file() {
    let text = b"h\n\"a,\"\"b,\nc\"\"\",,\"x\"\n";
    let (mut scanner, mut record) = (CsvScanner::new(Box::new(&text[..]), b','), Record::default());
    assert!(scanner.advance(&mut record).unwrap() && scanner.advance(&mut record).unwrap());
    record.replace_cells([&b"a"[..], b"", b"b,\nc"]);
    assert_eq!(record.iter().collect::<Vec<_>>(), [&b"a"[..], b"", b"b,\nc"]);
    assert_eq!((record.line, record.len(), record.spans_lines, record.is_cut), (2, 3, true, false));
    assert_eq!(record.range(2).and_then(|range| record.as_slice().get(range)), Some(&b"b,\nc"[..]));
    assert_eq!(record.get(3), None);
}

#[test]
fn a_record_without_end_stops_at_the_limit() {
    for text in [&b"a,b\n"[..], b"a,b\n\"open"] {
        let endless = Box::new(text.chain(io::repeat(b'x')));
        let (mut scanner, mut record) = (CsvScanner::new(endless, b','), Record::default());
        assert!(scanner.advance(&mut record).unwrap());
        assert!(matches!(scanner.advance(&mut record), Err(ScanError::Overlong)));
        assert_eq!(record.line, 2, "the line that the record begins at");
        assert!(record.text.len() as u64 <= 2 * RECORD_BYTES_MAX);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_read_as_the_csv_crate_does(
        text in prop::collection::vec(prop::sample::select(b",\"\n\r;ab \xef\xbb\xbf\0".to_vec()), 0..200),
        filler in 0_usize..130,
        input_bytes in 4_usize..200,
    ) {
        // Shifts the relevant part to any position of the input.
        let text = [&vec![b'x'; filler][..], &text].concat();
        for delimiter in *b",;" {
            let (found, _) = scan(&text, delimiter, input_bytes);
            prop_assert_eq!(found, expected(&text, delimiter));
        }
    }
}
