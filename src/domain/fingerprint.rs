use std::fmt;

/// A keyed 64-bit hash of the payload we would send: equal means there is nothing to send.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(i64);

impl Fingerprint {
    /// From the first eight bytes of a keyed hash.
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(i64::from_be_bytes(bytes))
    }

    /// As the state stores it.
    pub fn from_i64(stored: i64) -> Self {
        Self(stored)
    }

    pub fn to_i64(self) -> i64 {
        self.0
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
