//! Finds where a JSON value ends, without parsing it.

use memchr::memchr2;
use std::ops::Range;

/// The state of a scan through one value, which may arrive in several chunks. Brackets are counted,
/// not matched, and nothing else is checked: the parser does that when the end is known.
#[derive(Debug, Default)]
pub struct Scan {
    /// Bytes of the value that were scanned.
    pub at: usize,
    depth: u32,
    in_string: bool,
    /// The last string directly inside the value: at an opening bracket there, its name.
    name: Range<usize>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum ScanResult {
    /// The value continues after these bytes.
    More,
    /// The value is this long.
    End(usize),
    /// A bracket opens here, directly inside the value, under a name that is searched for.
    Inner { name: Range<usize>, at: usize },
}

impl Scan {
    /// Continues in `bytes`, which begin where the value does. `is_sought` gets the place of the
    /// name (without quotes) of each object and list directly inside the value, and its bracket.
    pub fn run(
        &mut self,
        bytes: &[u8],
        is_sought: impl Fn(Range<usize>, u8) -> bool,
    ) -> ScanResult {
        loop {
            if self.in_string && !self.leave_string(bytes) {
                return ScanResult::More;
            }
            if !self.in_string && self.depth == 0 && self.at > 0 {
                return ScanResult::End(self.at);
            }
            let Some(ahead) = bytes[self.at..].iter().position(|b| STRUCTURAL[usize::from(*b)])
            else {
                self.at = bytes.len();
                return ScanResult::More;
            };
            let at = self.at + ahead;
            self.at = at + 1;
            match bytes[at] {
                b'"' => {
                    self.in_string = true;
                    if self.depth == 1 {
                        self.name = self.at..self.at;
                    }
                }
                open @ (b'{' | b'[') => {
                    if self.depth == 1
                        && self.is_named(&bytes[..at])
                        && is_sought(self.name.clone(), open)
                    {
                        return ScanResult::Inner { name: self.name.clone(), at };
                    }
                    self.depth += 1;
                }
                _ => self.depth = self.depth.saturating_sub(1),
            }
        }
    }

    /// Whether there is only a colon between the last name and here.
    fn is_named(&self, before: &[u8]) -> bool {
        before.get(self.name.end + 1..).is_some_and(|between| between.trim_ascii() == b":")
    }

    /// Moves to the end of the string; `false` if it continues after these bytes. A backslash at
    /// their end is left for the next chunk, with the byte it escapes.
    fn leave_string(&mut self, bytes: &[u8]) -> bool {
        loop {
            let Some(ahead) = memchr2(b'"', b'\\', &bytes[self.at..]) else {
                self.at = bytes.len();
                return false;
            };
            let at = self.at + ahead;
            if bytes[at] == b'"' {
                if self.depth == 1 {
                    self.name.end = at;
                }
                self.at = at + 1;
                self.in_string = false;
                return true;
            }
            if at + 1 == bytes.len() {
                self.at = at;
                return false;
            }
            self.at = at + 2;
        }
    }
}

/// The bytes that matter outside of strings.
const STRUCTURAL: [bool; 256] = {
    let mut table = [false; 256];
    let mut rest: &[u8] = b"\"{}[]";
    while let [first, others @ ..] = rest {
        table[*first as usize] = true;
        rest = others;
    }
    table
};
