use super::index::{Entry, Index, Space};

fn entry(email: &str, accepts_marketing: Option<bool>) -> Entry {
    Entry { email: email.into(), accepts_marketing, is_ambiguous: false }
}

#[test]
fn thousands_of_keys_are_found_again_and_no_other() {
    let index = Index::new().unwrap();
    for n in 0..10_000 {
        index
            .put(Space::Customer, &format!("c{n}"), &entry(&format!("{n}@example.com"), None))
            .unwrap();
    }
    for n in 0..10_000 {
        let found = index.get(Space::Customer, &format!("c{n}")).unwrap().unwrap();
        assert_eq!(found.email, format!("{n}@example.com"));
    }
    assert!(index.get(Space::Customer, "c10000").unwrap().is_none());
    assert!(index.get(Space::Order, "c1").unwrap().is_none(), "an order's id is no customer's");
}

#[test]
fn a_second_address_makes_a_key_ambiguous_and_a_second_word_takes_the_consent() {
    let index = Index::new().unwrap();
    let put = |email: &str, accepts| index.put(Space::Order, "1", &entry(email, accepts)).unwrap();
    put("ann@example.com", Some(true));
    put("ann@example.com", Some(true));
    let known = index.get(Space::Order, "1").unwrap().unwrap();
    assert!(!known.is_ambiguous && known.accepts_marketing == Some(true));
    index.put(Space::Order, "1", &entry("ann@example.com", Some(false))).unwrap();
    assert_eq!(index.get(Space::Order, "1").unwrap().unwrap().accepts_marketing, None);
    index.put(Space::Order, "1", &entry("bob@example.com", None)).unwrap();
    assert!(index.get(Space::Order, "1").unwrap().unwrap().is_ambiguous);
}
