//! A JSON text as a tree of values that borrow from it.
//!
//! serde_json keeps the digits of a number only in a `RawValue`, and nested objects read as such
//! are scanned again on each level: 12 µs for an order of 3.7 kB, against 8 µs for the one pass
//! made here. A text that is not accepted here is passed to serde_json, which words the errors.

use crate::domain::Reason;
use serde::de::{Error as _, IgnoredAny};
use std::borrow::Cow;

/// Values in one record; bounds the memory a record takes in addition to its text.
const VALUES_MAX: usize = 1_000_000;
/// As in serde_json.
const DEPTH_MAX: u32 = 128;
/// The tag of a key that is written with an escape. No byte of UTF-8 is 0xFF.
const ESCAPED: u32 = u32::MAX;

/// A parsed text.
#[derive(Debug)]
pub struct Tree<'a> {
    text: &'a str,
    /// The members of an object, or the items of a list, are contiguous; the root is last.
    nodes: Vec<TreeNode>,
}

/// Part of the text, or of the nodes.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    start: u32,
    end: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct TreeNode {
    key: Span,
    /// Different keys mostly have different tags.
    tag: u32,
    value: Span,
    inner: Span,
}

/// A value of a [`Tree`].
#[derive(Debug, Clone, Copy)]
pub struct Value<'a> {
    tree: &'a Tree<'a>,
    node: &'a TreeNode,
}

/// An object has a key twice, so it is not known which of its values counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RepeatedKey;

impl<'a> Tree<'a> {
    /// # Errors
    /// A syntax error if the text is not JSON, a data error if it exceeds a limit.
    pub fn parse(text: &'a str) -> serde_json::Result<Self> {
        match Parser::new(text).parse() {
            Some(nodes) => Ok(Self { text, nodes }),
            None => {
                serde_json::from_str::<IgnoredAny>(text)?;
                Err(serde_json::Error::custom("too many values, or too deep brackets"))
            }
        }
    }

    /// The tree of `null`, in place of a record that is JSON but exceeds a limit.
    ///
    /// # Errors
    /// A syntax error as it is.
    pub fn null_unless_syntax(error: serde_json::Error) -> serde_json::Result<Self> {
        if error.is_data() { Self::parse("null") } else { Err(error) }
    }

    pub fn root(&'a self) -> Value<'a> {
        Value { tree: self, node: &self.nodes[self.nodes.len() - 1] }
    }

    fn slice(&self, span: Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }
}

impl<'a> Value<'a> {
    /// The value as written.
    pub fn raw(self) -> &'a str {
        self.tree.slice(self.node.value)
    }

    pub fn is_object(self) -> bool {
        self.raw().starts_with('{')
    }

    pub fn is_list(self) -> bool {
        self.raw().starts_with('[')
    }

    /// `null`, or a bare `NaN`, which some programs write instead.
    pub fn is_null(self) -> bool {
        matches!(self.raw(), "null" | "NaN")
    }

    fn nodes(self) -> &'a [TreeNode] {
        let Span { start, end } = self.node.inner;
        &self.tree.nodes[start as usize..end as usize]
    }

    /// The items of a list, or the values of an object.
    pub fn items(self) -> impl ExactSizeIterator<Item = Self> {
        let tree = self.tree;
        self.nodes().iter().map(move |node| Self { tree, node })
    }

    /// The keys of an object with their values.
    pub fn members(self) -> impl Iterator<Item = (Cow<'a, str>, Self)> {
        let tree = self.tree;
        let nodes = if self.is_object() { self.nodes() } else { &[] };
        nodes.iter().map(move |node| (key_of(tree, node), Self { tree, node }))
    }

    /// The value under a key of an object.
    pub fn get(self, key: &str) -> Result<Option<Self>, RepeatedKey> {
        let (tree, tag) = (self.tree, tag_of(key.as_bytes()));
        let mut found = None;
        for node in if self.is_object() { self.nodes() } else { &[] } {
            let is_same = (node.tag == tag && tree.slice(node.key) == key)
                || (node.tag == ESCAPED && key_of(tree, node) == key);
            if is_same && found.replace(Self { tree, node }).is_some() {
                return Err(RepeatedKey);
            }
        }
        Ok(found)
    }

    /// The text of a string without the blanks around it, or a number, `true` or `false` as
    /// written; blank for `null`.
    ///
    /// # Errors
    /// When it is an object or a list, or has half of a surrogate pair, as in text that
    /// was truncated within a character.
    pub fn text(self) -> Result<Cow<'a, str>, Reason> {
        let raw = self.raw();
        match raw.as_bytes() {
            [b'"', inner @ .., b'"'] if inner.contains(&b'\\') => {
                let text: String = serde_json::from_str(raw).map_err(|_| Reason::BadEncoding)?;
                Ok(Cow::Owned(text.trim_ascii().to_owned()))
            }
            [b'"', .., b'"'] => Ok(Cow::Borrowed(raw[1..raw.len() - 1].trim_ascii())),
            [b'{' | b'[', ..] => Err(Reason::MalformedRow),
            _ if self.is_null() => Ok(Cow::Borrowed("")),
            _ => Ok(Cow::Borrowed(raw)),
        }
    }
}

fn key_of<'a>(tree: &'a Tree<'a>, node: &TreeNode) -> Cow<'a, str> {
    let key = tree.slice(node.key);
    if node.tag != ESCAPED {
        return Cow::Borrowed(key);
    }
    let unescaped = serde_json::from_str(&format!("\"{key}\""));
    unescaped.map_or(Cow::Borrowed(key), Cow::Owned)
}

fn tag_of(key: &[u8]) -> u32 {
    match key {
        [] => 0,
        [first, ..] => {
            let (middle, last) = (key[key.len() / 2], key[key.len() - 1]);
            u32::from_le_bytes([*first, middle, last, key.len() as u8])
        }
    }
}

/// Parses by the grammar of JSON; `None` if the text deviates from it.
struct Parser<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: Vec<TreeNode>,
    /// The members and items so far of all objects and lists that are open.
    open: Vec<TreeNode>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        // Spans are u32; records are far shorter.
        let bytes = if u32::try_from(text.len()).is_ok() { text.as_bytes() } else { b"" };
        let nodes = Vec::with_capacity(text.len() / 16);
        Self { bytes, at: 0, nodes, open: Vec::with_capacity(64) }
    }

    fn parse(mut self) -> Option<Vec<TreeNode>> {
        self.value(TreeNode::default(), DEPTH_MAX)?;
        if self.next_byte().is_some() {
            return None;
        }
        self.nodes.append(&mut self.open);
        Some(self.nodes)
    }

    /// The byte after any blanks.
    fn next_byte(&mut self) -> Option<u8> {
        while let b' ' | b'\n' | b'\t' | b'\r' = *self.bytes.get(self.at)? {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    /// A value, as a node that may already have its key.
    fn value(&mut self, node: TreeNode, depth: u32) -> Option<()> {
        let first = self.next_byte()?;
        let start = self.at as u32;
        let mut inner = Span::default();
        match first {
            b'{' | b'[' => inner = self.object_or_list(first, depth)?,
            b'"' => {
                self.string()?;
            }
            b't' => self.word(b"true")?,
            b'f' => self.word(b"false")?,
            b'n' => self.word(b"null")?,
            b'N' => self.word(b"NaN")?,
            _ => self.number()?,
        }
        let value = Span { start, end: self.at as u32 };
        self.open.push(TreeNode { value, inner, ..node });
        (self.open.len() + self.nodes.len() <= VALUES_MAX).then_some(())
    }

    fn object_or_list(&mut self, bracket: u8, depth: u32) -> Option<Span> {
        let depth = depth.checked_sub(1)?;
        let closing = if bracket == b'{' { b'}' } else { b']' };
        let outer_len = self.open.len();
        self.at += 1;
        let mut byte = self.next_byte()?;
        while byte != closing {
            let mut node = TreeNode::default();
            if bracket == b'{' {
                (node.key, node.tag) = self.key()?;
            }
            self.value(node, depth)?;
            byte = self.next_byte()?;
            if byte == b',' {
                self.at += 1;
                // Another value must follow the comma.
                byte = self.next_byte().filter(|byte| *byte != closing)?;
            } else if byte != closing {
                return None;
            }
        }
        self.at += 1;
        let start = self.nodes.len() as u32;
        self.nodes.extend(self.open.drain(outer_len..));
        Some(Span { start, end: self.nodes.len() as u32 })
    }

    /// A key and the colon after it.
    fn key(&mut self) -> Option<(Span, u32)> {
        if self.next_byte()? != b'"' {
            return None;
        }
        let start = self.at + 1;
        let has_escape = self.string()?;
        let end = self.at - 1;
        let tag = if has_escape { ESCAPED } else { tag_of(&self.bytes[start..end]) };
        if self.next_byte()? != b':' {
            return None;
        }
        self.at += 1;
        Some((Span { start: start as u32, end: end as u32 }, tag))
    }

    /// A string; returns whether it has an escape.
    fn string(&mut self) -> Option<bool> {
        let mut has_escape = false;
        self.at += 1;
        loop {
            self.at += plain_len(&self.bytes[self.at..]);
            match self.bytes[self.at..] {
                [b'"', ..] => {
                    self.at += 1;
                    return Some(has_escape);
                }
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => self.at += 2,
                [b'\\', b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(u8::is_ascii_hexdigit) => {
                    self.at += 6;
                }
                _ => return None,
            }
            has_escape = true;
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.bytes[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    fn number(&mut self) -> Option<()> {
        self.take_one_of(b"-");
        if !self.take_one_of(b"0") {
            self.digits()?;
        }
        if self.take_one_of(b".") {
            self.digits()?;
        }
        if self.take_one_of(b"eE") {
            self.take_one_of(b"+-");
            self.digits()?;
        }
        Some(())
    }

    fn take_one_of(&mut self, signs: &[u8]) -> bool {
        let is_there = self.bytes.get(self.at).is_some_and(|byte| signs.contains(byte));
        self.at += usize::from(is_there);
        is_there
    }

    fn digits(&mut self) -> Option<()> {
        let len = self.bytes[self.at..].iter().take_while(|b| b.is_ascii_digit()).count();
        self.at += len;
        (len > 0).then_some(())
    }
}

/// Bytes of a string before a quote, a backslash, or a control character. Eight at a time, as most
/// of a file is text.
fn plain_len(bytes: &[u8]) -> usize {
    const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    // The high bit of each byte below `limit`; of bytes above the first one it may be wrong.
    let below = |word: u64, limit: u8| word.wrapping_sub(LOW * u64::from(limit)) & !word & HIGH;
    let equal = |word: u64, byte: u8| below(word ^ (LOW * u64::from(byte)), 1);
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = equal(word, b'"') | equal(word, b'\\') | below(word, b' ');
        if found != 0 {
            return index * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | 0..b' ');
    words.len() * 8 + rest.iter().take_while(is_plain).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_found_under_their_keys_and_keep_their_digits() {
        let text =
            r#" {"a": 1.50, "\u0062": "x\ty", "c": {"d": [1e3, null, {"a": -0}]}, "e": " z " } "#;
        let tree = Tree::parse(text).unwrap();
        let root = tree.root();
        let get = |key: &str| root.get(key).unwrap().unwrap();
        assert_eq!(get("a").text().unwrap(), "1.50");
        assert_eq!(get("b").text().unwrap(), "x\ty");
        assert_eq!(get("e").text().unwrap(), "z");
        let inner: Vec<&str> =
            get("c").get("d").unwrap().unwrap().items().map(Value::raw).collect();
        assert_eq!(inner, ["1e3", "null", r#"{"a": -0}"#]);
        let keys: Vec<_> = root.members().map(|(key, _)| key).collect();
        assert_eq!(keys, ["a", "b", "c", "e"]);
        assert!(root.get("d").unwrap().is_none() && get("a").get("a").unwrap().is_none());
        assert_eq!(get("c").text().unwrap_err(), Reason::MalformedRow);
    }

    #[test]
    fn a_repeated_key_is_an_error_only_if_it_is_read() {
        let tree = Tree::parse(r#"{"a": 1, "b": 2, "\u0061": 3}"#).unwrap();
        assert_eq!(tree.root().get("a").unwrap_err(), RepeatedKey);
        assert_eq!(tree.root().get("b").unwrap().unwrap().raw(), "2");
    }

    #[test]
    fn half_of_a_surrogate_pair_is_a_fault_of_its_field() {
        let tree = Tree::parse(r#"{"a": "x \ud83d", "\ud83d": 1}"#).unwrap();
        let text = tree.root().get("a").unwrap().unwrap().text();
        assert_eq!(text.unwrap_err(), Reason::BadEncoding);
    }

    #[test]
    fn exceeding_a_limit_is_a_data_error() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        assert!(Tree::parse(&deep).unwrap_err().is_data());
        let many = format!("[{}1]", "1,".repeat(VALUES_MAX));
        assert!(Tree::parse(&many).unwrap_err().is_data());
    }

    /// Texts that are JSON, or nearly JSON.
    fn texts() -> impl Strategy<Value = String> {
        let leaf = proptest::sample::select(vec![
            "1",
            "-0.5e+3",
            "01",
            "1.",
            ".5",
            "-",
            "1e",
            "true",
            "nul",
            "null",
            "\"\"",
            "\"a\"",
            "\"\\u00e9 and some more text\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"a\nb\"",
            "\"Größe\"",
            "\"a",
            "{}",
            "[]",
            "",
            "x",
        ])
        .prop_map(str::to_owned);
        leaf.prop_recursive(4, 40, 5, |inner| {
            let list = proptest::collection::vec(inner.clone(), 0..5);
            let comma = proptest::sample::select(vec![",", " ,\n", ",,", " "]);
            (list, comma, proptest::sample::select(vec!["[]", "{}", "[}", "[", "{ }"])).prop_map(
                |(items, comma, brackets)| {
                    let is_object = brackets.starts_with('{');
                    let key = |(at, item): (usize, &String)| {
                        if is_object { format!("\"k{at}\": {item}") } else { item.clone() }
                    };
                    let items: Vec<String> = items.iter().enumerate().map(key).collect();
                    let (open, close) = brackets.split_at(1);
                    format!("{open}{}{close}", items.join(comma))
                },
            )
        })
    }

    proptest! {
        #[test]
        fn it_accepts_what_serde_json_accepts(text in texts(), damage in any::<Option<(prop::sample::Index, char)>>()) {
            let mut text: Vec<char> = text.chars().collect();
            if let Some((at, new)) = damage && !text.is_empty() {
                let at = at.index(text.len());
                text[at] = new;
            }
            let text: String = text.into_iter().collect();
            let expected = serde_json::from_str::<IgnoredAny>(&text).is_ok();
            prop_assert_eq!(Parser::new(&text).parse().is_some(), expected, "{}", text);
        }
    }
}
