use super::*;
use proptest::prelude::*;

/// Hands out a few bytes at a time.
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

fn split(text: &[u8], delimiter: u8, room: usize) -> (Vec<Seen>, bool) {
    let mut split = Split::new(Box::new(Drip(text.to_vec(), 7)), delimiter);
    split.room.truncate(room);
    let (mut all, mut is_cut, mut record) = (Vec::new(), false, Record::default());
    while split.advance(&mut record).unwrap() {
        all.push((record.line, record.iter().map(<[u8]>::to_vec).collect()));
        is_cut |= record.is_cut;
    }
    (all, is_cut)
}

/// As the `csv` crate reads it, with each record's line counted from the text that is left after
/// it.
fn expected(text: &[u8], delimiter: u8) -> Vec<Vec<Vec<u8>>> {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter);
    let reader = builder.terminator(csv::Terminator::Any(b'\n')).from_reader(text);
    let records = reader.into_byte_records().map(Result::unwrap);
    records.map(|record| record.iter().map(<[u8]>::to_vec).collect()).collect()
}

#[test]
fn lines_are_those_of_an_editor_and_a_cut_end_is_told() {
    let (all, is_cut) = split(b"\n\na,b\n\"x\ny\",2\r\n\n\"\"\"q\"\",z\nlast", b',', 64);
    let lines: Vec<u64> = all.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [3, 4, 7]);
    assert!(is_cut);
    assert_eq!(all[2].1, [b"\"q\",z\nlast".to_vec()]);
    assert!(!split(b"a,\"b\"", b',', 64).1);
    for (text, is_cut) in [
        (&b"a,\"b\n"[..], true),
        (b"a,caf\xc3", true),
        (b"a,\xf0\x9f\x95", true),
        (b"a,caf\xc3\xa9", false),
        (b"a,\xe9\n", false),
        (b"a,b", false),
    ] {
        assert_eq!(split(text, b',', 64).1, is_cut, "{text:?}");
    }
}

#[test]
fn a_record_with_other_cells_keeps_its_place_in_the_file() {
    let text = b"h\n\"a,\"\"b,\nc\"\"\",,\"x\"\n";
    let (mut split, mut record) = (Split::new(Box::new(&text[..]), b','), Record::default());
    assert!(split.advance(&mut record).unwrap() && split.advance(&mut record).unwrap());
    record.replace_cells([&b"a"[..], b"", b"b,\nc"]);
    assert_eq!(record.iter().collect::<Vec<_>>(), [&b"a"[..], b"", b"b,\nc"]);
    assert_eq!((record.line, record.len(), record.spans_lines, record.is_cut), (2, 3, true, false));
    assert_eq!(record.range(2).and_then(|range| record.as_slice().get(range)), Some(&b"b,\nc"[..]));
    assert_eq!(record.get(3), None);
}

#[test]
fn a_record_without_end_stops_at_the_limit() {
    let mut split = Split::new(Box::new(io::repeat(b'x')), b',');
    assert!(matches!(split.advance(&mut Record::default()), Err(Trouble::Overlong)));
    assert!(split.room.len() as u64 <= RECORD_BYTES_MAX + 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_text_is_split_as_the_csv_crate_does(
        text in prop::collection::vec(prop::sample::select(b",\"\n\r;ab \xef\xbb\xbf\0".to_vec()), 0..200),
        filler in 0_usize..130,
        room in 16_usize..200,
    ) {
        // So that the signs come to lie anywhere in a piece.
        let text = [&vec![b'x'; filler][..], &text].concat();
        for delimiter in *b",;" {
            let (found, _) = split(&text, delimiter, room);
            let found: Vec<_> = found.into_iter().map(|(_, cells)| cells).collect();
            prop_assert_eq!(found, expected(&text, delimiter));
        }
    }
}
