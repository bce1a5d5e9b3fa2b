use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn all(spill: Spill) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    let mut groups = spill.groups().unwrap();
    let mut all = Vec::new();
    while let Some(group) = groups.advance().unwrap() {
        assert!(!group.is_overlong);
        all.push((group.key.to_vec(), group.entries.iter().map(|entry| entry.to_vec()).collect()));
    }
    all
}

/// `keys` keys, in rounds over all of them: the entries of a key are as far apart as possible.
fn scattered(keys: u32, rounds: u32, body: &[u8]) -> Spill {
    let mut spill = Spill::new();
    for round in 0..rounds {
        for key in 0..keys {
            let body = [&round.to_le_bytes(), body].concat();
            spill.add(key.to_string().as_bytes(), &body).unwrap();
        }
    }
    spill
}

#[test]
fn entries_of_a_key_are_returned_together_in_order_from_memory_and_disk() {
    for (keys, body, is_on_disk) in [(100, 10, false), (20_000, 300, true)] {
        let spill = scattered(keys, 4, &vec![b'x'; body]);
        assert_eq!(spill.file.is_some(), is_on_disk);
        let all = all(spill);
        assert_eq!(all.len(), keys as usize);
        for (_, entries) in &all {
            let rounds: Vec<u8> = entries.iter().map(|entry| entry[0]).collect();
            assert_eq!(rounds, [0, 1, 2, 3]);
        }
    }
}

#[test]
fn the_same_entries_come_in_the_same_order_each_time() {
    let order = |spill| all(spill).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    let body = vec![b'x'; 200];
    assert_eq!(order(scattered(5_000, 3, &body)), order(scattered(5_000, 3, &body)));
}

#[test]
fn a_bucket_that_grew_too_large_is_dealt_again() {
    // Keys that all fall into one bucket of the first deal.
    let fresh = Spill::new();
    let mut keys =
        (0_u32..).map(|n| n.to_string()).filter(|key| fresh.bucket_of(key.as_bytes()) == 7);
    let keys: Vec<String> = keys.by_ref().take(60).collect();
    let mut spill = Spill::new();
    let body = vec![b'x'; 50_000];
    for _ in 0..3 {
        for key in &keys {
            spill.add(key.as_bytes(), &body).unwrap();
        }
    }
    assert!(spill.sizes[7] > BUCKET_BYTES_MAX);
    let mut groups = spill.groups().unwrap();
    let mut met = BTreeMap::new();
    while let Some(group) = groups.advance().unwrap() {
        assert_eq!(group.entries.len(), 3);
        met.insert(group.key.to_vec(), ());
        let loaded = groups.loaded_bytes() as u64;
        assert!(loaded <= BUCKET_BYTES_MAX, "{loaded} bytes in memory");
    }
    assert_eq!(met.len(), keys.len());
}

#[test]
fn a_key_with_more_than_any_order_has_is_cut_and_marked_and_no_other_is() {
    let mut spill = Spill::new();
    let body = vec![b'x'; 100_000];
    spill.add(b"small", b"1").unwrap();
    for _ in 0..400 {
        spill.add(b"huge", &body).unwrap();
    }
    let mut groups = spill.groups().unwrap();
    let mut overlong = BTreeMap::new();
    while let Some(group) = groups.advance().unwrap() {
        let bytes: usize = group.entries.iter().map(|entry| entry.len()).sum();
        assert!(bytes <= KEY_BYTES_MAX);
        overlong.insert(group.key.to_vec(), group.is_overlong);
    }
    assert_eq!(overlong, BTreeMap::from([(b"huge".to_vec(), true), (b"small".to_vec(), false)]));
}

#[cfg(unix)]
#[test]
fn the_file_has_no_name_and_is_its_owners_alone() {
    use std::os::unix::fs::MetadataExt;
    let spill = scattered(2_000, 2, &vec![b'x'; 20_000]);
    let meta = spill.file.as_ref().unwrap().metadata().unwrap();
    assert_eq!(meta.nlink(), 0, "somebody else could open it, and a crash would leave it behind");
    assert_eq!(meta.mode() & 0o077, 0, "mode {:o}", meta.mode());
}

proptest! {
    #[test]
    fn nothing_is_lost_or_invented(
        entries in proptest::collection::vec((0_u8..20, proptest::collection::vec(any::<u8>(), 0..40)), 0..200),
    ) {
        let mut spill = Spill::new();
        let mut expected: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
        for (key, body) in entries {
            let key = vec![key; usize::from(key % 3)];
            spill.add(&key, &body).unwrap();
            expected.entry(key).or_default().push(body);
        }
        prop_assert_eq!(all(spill).into_iter().collect::<BTreeMap<_, _>>(), expected);
    }
}
