//! Finds where a JSON value ends, without looking at what it says.

use std::ops::Range;

/// The way through one value, over as many pieces as it comes in. Brackets are counted, not
/// matched, and nothing else is checked: that is for the parser, which reads the value once its end
/// is known.
#[derive(Debug, Default)]
pub struct Scan {
    /// Bytes of the value that are done with.
    pub at: usize,
    depth: u32,
    in_string: bool,
    /// The last string that ended directly inside the value: at an opening bracket there, the
    /// bracket's name.
    name: Range<usize>,
}

/// How far a scan came.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// The value goes on after these bytes.
    More,
    /// The value is this long.
    End(usize),
    /// A bracket opens here, directly inside the value, under a name that was asked for.
    Inner { name: Range<usize>, at: usize },
}

impl Scan {
    /// Goes on through `bytes`, which begin where the value does. `is_sought` is asked for the
    /// place of the name (without its quotes) of each object and array directly inside the value.
    pub fn run(&mut self, bytes: &[u8], is_sought: impl Fn(Range<usize>, u8) -> bool) -> Found {
        loop {
            if self.in_string && !self.leave_string(bytes) {
                return Found::More;
            }
            if !self.in_string && self.depth == 0 && self.at > 0 {
                return Found::End(self.at);
            }
            let Some(ahead) = bytes[self.at..].iter().position(|b| STRUCTURAL[usize::from(*b)])
            else {
                self.at = bytes.len();
                return Found::More;
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
                    let is_inside = self.depth == 1 && self.name.end <= at;
                    if is_inside
                        && self.is_named(&bytes[..at])
                        && is_sought(self.name.clone(), open)
                    {
                        return Found::Inner { name: self.name.clone(), at };
                    }
                    self.depth += 1;
                }
                _ => self.depth = self.depth.saturating_sub(1),
            }
        }
    }

    /// Whether nothing but a colon stands between the last name and here.
    fn is_named(&self, before: &[u8]) -> bool {
        before.get(self.name.end + 1..).is_some_and(|between| between.trim_ascii() == b":")
    }

    /// Goes to the end of the string; `false` if it goes on after these bytes. A backslash that
    /// ends them is left for the next piece, with the byte it escapes.
    fn leave_string(&mut self, bytes: &[u8]) -> bool {
        loop {
            let Some(ahead) = quote_or_backslash(&bytes[self.at..]) else {
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

/// Eight bytes at a time: most of a file is text, and this is most of the work.
fn quote_or_backslash(bytes: &[u8]) -> Option<usize> {
    const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    // The high bit of each byte that is zero; of those above the first one it may be wrong.
    let zeros = |word: u64| word.wrapping_sub(LOW) & !word & HIGH;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let found = zeros(word ^ (LOW * u64::from(b'"'))) | zeros(word ^ (LOW * u64::from(b'\\')));
        if found != 0 {
            return Some(index * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let done = words.len() * 8;
    rest.iter().position(|b| matches!(b, b'"' | b'\\')).map(|ahead| done + ahead)
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
