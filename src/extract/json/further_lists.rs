//! Lists of orders in addition to the one that a format, a mapping or an envelope names, as in
//! `{"orders": […], "archived_orders": […]}`: they are read too, or counted if they don't contain
//! orders, so that none is left out silently.

use super::candidates::Candidate;
use super::format::{JsonFormat, JsonFormats};
use super::keys::Keys;
use super::nesting::{Further, Member};
use super::scan::{Scan, ScanResult};
use super::tree::Tree;
use crate::domain::OtherRow;
use std::borrow::Cow;
use std::fmt::Debug;

/// How much of a value is examined. A longer object is not a record, but may contain some.
const BYTES_MAX: usize = 1024 * 1024;
/// With fewer needs than this, a record that lacks one of them may be anything.
const NEEDS_MIN: usize = 5;
/// Parts of names of lists that contain no sales, whatever their keys are.
const NOT_SOLD: [(&str, OtherRow); 4] = [
    ("delete", OtherRow::Deleted),
    ("trash", OtherRow::Trash),
    ("draft", OtherRow::Drafts),
    ("template", OtherRow::Templates),
];

/// Finds them by the keys of orders.
#[derive(Debug)]
pub struct FurtherLists {
    pub judge: Box<dyn Judge>,
    /// Why complete records are skipped; `None` if they are read.
    pub complete: Option<OtherRow>,
}

/// Distinguishes records that are read from others.
pub trait Judge: Debug + Send + Sync {
    /// Whether records under this name are not orders, whatever their keys are.
    fn is_other(&self, name: &str) -> bool;

    /// What the records of one list lack together.
    fn lack(&self, records: &[Cow<'_, str>]) -> Lack;
}

/// How many needs are not met, of how many.
#[derive(Debug, Clone, Copy)]
pub struct Lack {
    pub missing: usize,
    pub needed: usize,
}

impl Further for FurtherLists {
    fn is_sought(&self, name: &[u8]) -> bool {
        let name = String::from_utf8_lossy(name);
        not_sold(&name).is_some() || !self.judge.is_other(&name)
    }

    fn member(&self, name: &[u8], bytes: &[u8]) -> Option<Member> {
        let unsold = not_sold(&String::from_utf8_lossy(name));
        match bytes.first() {
            Some(b'{') => self.object(unsold, bytes),
            Some(b'[') => self.list(unsold, bytes),
            _ => Some(Member::Other),
        }
    }
}

impl FurtherLists {
    fn object(&self, unsold: Option<OtherRow>, bytes: &[u8]) -> Option<Member> {
        let is_filled = bytes[1..].trim_ascii_start().starts_with(b"\"");
        let without = if is_filled { Member::Object(unsold) } else { Member::Other };
        match length(bytes) {
            Some(len) => {
                let record = String::from_utf8_lossy(&bytes[..len]);
                Some(self.records(unsold, &[record]).unwrap_or(without))
            }
            None if bytes.len() < BYTES_MAX => None,
            None => Some(without),
        }
    }

    /// Decided by its first records together, as writers may omit blank fields.
    fn list(&self, unsold: Option<OtherRow>, bytes: &[u8]) -> Option<Member> {
        let mut records = Vec::new();
        let mut rest = between(bytes);
        while records.len() < super::SAMPLE_LEN_MAX && rest.starts_with(b"{") {
            let Some(len) = length(rest) else { break };
            records.push(String::from_utf8_lossy(&rest[..len]));
            rest = between(&rest[len..]);
        }
        let may_go_on = rest.is_empty() || rest.starts_with(b"{");
        if records.is_empty() && may_go_on && bytes.len() < BYTES_MAX {
            return None;
        }
        Some(self.records(unsold, &records).unwrap_or(Member::Other))
    }

    /// How records are treated; `None` if they are not orders.
    fn records(&self, unsold: Option<OtherRow>, records: &[Cow<'_, str>]) -> Option<Member> {
        if records.is_empty() {
            return None;
        }
        let Lack { missing, needed } = self.judge.lack(records);
        match unsold {
            Some(kind) => (missing * 2 <= needed).then_some(Member::PassedOver(kind)),
            None if missing == 0 => Some(self.complete.map_or(Member::Records, Member::PassedOver)),
            None if missing == 1 && needed >= NEEDS_MIN => {
                Some(Member::PassedOver(OtherRow::NearOrders))
            }
            None => None,
        }
    }
}

/// Distinguishes orders of one shop system, or carts, from other records. Those of another system
/// are reported as invalid.
#[derive(Debug)]
pub struct FormatJudge {
    pub format: &'static JsonFormat,
    pub formats: &'static JsonFormats,
}

impl Judge for FormatJudge {
    fn is_other(&self, name: &str) -> bool {
        self.formats.is_non_order(name)
    }

    fn lack(&self, records: &[Cow<'_, str>]) -> Lack {
        let mut keys = Keys::default();
        for tree in records.iter().filter_map(|text| Tree::parse(text).ok()) {
            keys.add(self.formats.keys_of(tree.root()));
        }
        let is_cart = self.format.cart_key.is_some();
        let alike = self.formats.iter().filter(|format| format.cart_key.is_some() == is_cart);
        let lacks = alike.map(|format| Lack {
            missing: Candidate::new(format, &keys).lack_len(),
            needed: format.needs.len(),
        });
        lacks.min_by_key(|lack| lack.missing).unwrap_or(Lack { missing: 1, needed: 1 })
    }
}

/// Why records in a list of this name are not sales, if its name says so.
pub fn not_sold(name: &str) -> Option<OtherRow> {
    let name = name.to_lowercase();
    NOT_SOLD.iter().find(|(word, _)| name.contains(word)).map(|(_, kind)| *kind)
}

/// How long the object at the front is, if it ends in these bytes.
fn length(bytes: &[u8]) -> Option<usize> {
    match Scan::default().run(bytes, |_, _| false) {
        ScanResult::End(len) => Some(len),
        _ => None,
    }
}

/// Without the separator before the next record of a list.
fn between(bytes: &[u8]) -> &[u8] {
    let is_between = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'[' | b',');
    let len = bytes.iter().take_while(|byte| is_between(byte)).count();
    &bytes[len..]
}
