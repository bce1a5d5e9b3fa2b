use super::*;
use proptest::prelude::*;

fn fixture() -> Vec<u8> {
    let rows = [
        first("#1001").replace("Mug", "\"Mug, \"\"L\"\"\""),
        next("#1001", "\"Pen\nred\""),
        first("#1002").replace("web", "\"web\""),
        next("#1002", "Größe 🕯"),
        first("#1003").replace(",,,Card", ",\"a\r\nb\",,Card"),
    ];
    format!("{HEADER}\n{}", rows.concat()).into_bytes()
}

/// Opens and reads whatever it is; errors are fine, panics are not.
fn read_anything(bytes: &[u8]) -> Vec<SourceOrder> {
    let folder = Folder::with("orders.csv", bytes);
    let Ok(export) = folder.open(&["orders.csv"]) else {
        return Vec::new();
    };
    let orders: Vec<_> = export.read().map_while(Result::ok).collect();
    let records: Vec<u64> = orders.iter().map(|order| order.position.record).collect();
    assert_eq!(records, (0..orders.len() as u64).collect::<Vec<_>>());
    orders
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_damage_to_a_file_panics(
        from in 0.0..1.0_f64,
        len in 0..200_usize,
        new in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'"'), Just(b','), Just(b'\n')], 0..40),
    ) {
        let mut bytes = fixture();
        let from = (from * bytes.len() as f64) as usize;
        let to = (from + len).min(bytes.len());
        bytes.splice(from..to, new);
        read_anything(&bytes);
    }

    #[test]
    fn an_order_before_the_damage_is_read_as_it_was(at in 0.0..1.0_f64, new in any::<u8>()) {
        let mut bytes = fixture();
        let second = bytes.windows(5).position(|part| part == b"#1002").unwrap();
        let whole = read_anything(&bytes);
        let at = second + (at * (bytes.len() - second) as f64) as usize;
        bytes[at] = new;
        let damaged = read_anything(&bytes);
        // Damage to the very name of the next order may make it a row of the first.
        prop_assume!(at > second + 5);
        prop_assert_eq!(&damaged[0], &whole[0]);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), magic in 0..5_usize) {
        let start: &[u8] = [&b""[..], b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"\xef\xbb\xbf"][magic];
        read_anything(&[start, &bytes].concat());
    }
}
