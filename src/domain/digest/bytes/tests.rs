use super::*;
use crate::domain::ShortHash;
use proptest::prelude::*;

fn moments() -> impl Strategy<Value = Moment> {
    (86_400_i64..4_000_000_000, -1_559_i32..1_559).prop_filter_map(
        "out of range",
        |(second, minutes)| {
            let offset = Offset::from_seconds(minutes * 60).ok()?;
            Moment::new(Timestamp::from_second(second).ok()?, offset).ok()
        },
    )
}

fn digests() -> impl Strategy<Value = OrderDigest> {
    let amount = || {
        prop::option::of(
            (0_i64..=i64::from(i32::MAX)).prop_filter_map("amount", Amount::from_minor),
        )
    };
    let hashes = prop::array::uniform13(prop::option::of(any::<ShortHash>()));
    let dates = (moments(), prop::option::of(moments()), prop::option::of(moments()));
    let currency = prop::sample::select(vec!["USD", "JPY", "KWD"]);
    (
        any::<(ShortHash, ShortHash, u32, u64)>(),
        [amount(), amount(), amount(), amount()],
        currency,
        dates,
        hashes,
    )
        .prop_map(
            |(
                (mapping, source, products, units),
                [total, shipping, tax, discount],
                currency,
                dates,
                hashes,
            )| OrderDigest {
                mapping,
                source,
                total: total.unwrap_or_default(),
                shipping,
                tax,
                discount,
                currency: Currency::parse(currency).unwrap(),
                created_at: dates.0,
                updated_at: dates.1,
                abandoned_at: dates.2,
                products,
                units,
                hashes: places(hashes),
            },
        )
}

fn places(hashes: [Option<ShortHash>; 13]) -> [Option<ShortHash>; Field::ALL.len()] {
    let mut all = [None; Field::ALL.len()];
    for ((_, field), hash) in hashed_fields().zip(hashes) {
        all[field as usize] = hash;
    }
    all
}

proptest! {
    #[test]
    fn a_digest_is_read_as_it_was_written(digest in digests()) {
        let read = OrderDigest::from_bytes(&digest.to_bytes());
        prop_assert_eq!(read, Some(digest));
        prop_assert_eq!(read.map(|read| digest.changes_to(&read)), Some(vec![]), "offsets too");
    }

    #[test]
    fn a_truncated_or_longer_one_is_refused(digest in digests(), more in 1_usize..9) {
        let bytes = digest.to_bytes();
        for len in 0..bytes.len() {
            prop_assert_eq!(OrderDigest::from_bytes(&bytes[..len]), None);
        }
        prop_assert_eq!(OrderDigest::from_bytes(&[&bytes[..], &vec![0; more]].concat()), None);
    }

    #[test]
    fn any_bytes_at_all_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = OrderDigest::from_bytes(&bytes);
        let _ = OrderDigest::from_bytes(&[&[FORM], &bytes[..]].concat());
    }
}
