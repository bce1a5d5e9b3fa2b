//! Lists of orders besides the one that a format or an envelope names, as in `{"orders": […],
//! "archived_orders": […]}`: they are read too, so that none is left out without a word.

use super::candidates::{Candidate, SAMPLE_LEN_MAX, matching};
use super::format::{JsonFormat, JsonFormats};
use super::keys::Keys;
use super::nesting::{Further, Member};
use super::scan::{Scan, ScanResult};
use super::tree::Tree;

/// How far into a value it is looked. An object that is longer is no record, but may hold some.
const BYTES_MAX: usize = 1024 * 1024;
/// Parts of names of lists that hold what is not sold, whatever its keys are.
const NOT_SOLD: [&str; 4] = ["delete", "trash", "draft", "template"];

/// Finds them by the keys of orders.
#[derive(Debug, Clone, Copy)]
pub struct FurtherLists {
    pub format: &'static JsonFormat,
    pub formats: &'static JsonFormats,
}

impl Further for FurtherLists {
    fn is_sought(&self, name: &[u8]) -> bool {
        let name = String::from_utf8_lossy(name);
        !self.formats.is_non_order(&name) && may_be_sold(&name)
    }

    fn member(&self, bytes: &[u8]) -> Option<Member> {
        match bytes.first() {
            Some(b'{') => self.object(bytes),
            Some(b'[') => self.list(bytes),
            _ => Some(Member::Other),
        }
    }
}

impl FurtherLists {
    fn object(self, bytes: &[u8]) -> Option<Member> {
        match length(bytes) {
            Some(len) => Some(match self.keys_of(&bytes[..len]) {
                Some(keys) if self.are_orders(&keys) => Member::Records,
                Some(keys) if keys.outer().next().is_some() => Member::Object,
                _ => Member::Other,
            }),
            None if bytes.len() < BYTES_MAX => None,
            None => {
                let begins_with_name = bytes[1..].trim_ascii_start().starts_with(b"\"");
                Some(if begins_with_name { Member::Object } else { Member::Other })
            }
        }
    }

    /// Judged by its first records together, as writers leave out what is blank.
    fn list(self, bytes: &[u8]) -> Option<Member> {
        let mut keys = Keys::default();
        let mut rest = between(bytes);
        for met in 0..SAMPLE_LEN_MAX {
            if !rest.starts_with(b"{") {
                let is_end = rest.is_empty() && met == 0 && bytes.len() < BYTES_MAX;
                if is_end {
                    return None;
                }
                break;
            }
            match length(rest) {
                Some(len) => {
                    keys.add(self.keys_of(&rest[..len])?);
                    rest = between(&rest[len..]);
                }
                None if met == 0 && bytes.len() < BYTES_MAX => return None,
                None => break,
            }
        }
        Some(if self.are_orders(&keys) { Member::Records } else { Member::Other })
    }

    fn keys_of(self, record: &[u8]) -> Option<Keys> {
        let text = String::from_utf8_lossy(record);
        Some(self.formats.keys_of(Tree::parse(&text).ok()?.root()))
    }

    /// Whether these are the keys of orders. Those of another shop system come out as invalid.
    fn are_orders(self, keys: &Keys) -> bool {
        let is_cart = self.format.cart_key.is_some();
        let alike = self.formats.iter().filter(|format| format.cart_key.is_some() == is_cart);
        let candidates: Vec<_> = alike.map(|format| Candidate::new(format, keys)).collect();
        matching(&candidates).is_some()
    }
}

/// Whether what is in a list of this name may be sold.
pub fn may_be_sold(name: &str) -> bool {
    let name = name.to_lowercase();
    !NOT_SOLD.iter().any(|word| name.contains(word))
}

/// How long the object at the front is, if it ends in these bytes.
fn length(bytes: &[u8]) -> Option<usize> {
    match Scan::default().run(bytes, |_, _| false) {
        ScanResult::End(len) => Some(len),
        _ => None,
    }
}

/// Without what is before the next record of a list.
fn between(bytes: &[u8]) -> &[u8] {
    let is_between = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'[' | b',');
    let len = bytes.iter().take_while(|byte| is_between(byte)).count();
    &bytes[len..]
}
