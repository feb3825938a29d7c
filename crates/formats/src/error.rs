//! What can be wrong with bytes: one error and one deviation for the whole crate.

use core::fmt;

/// No value could be read.
///
/// Prints as `cms signerInfo at 0x41c: needs 256 bytes, 12 left`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// The structure and field that was being read, in the words of its specification.
    pub what: &'static str,
    /// Offset in the input, in bytes.
    pub at: usize,
    /// What was wrong there.
    pub kind: Kind,
}

/// A value was read although something about it is not as its specification says.
///
/// A deviation is a fact like any other: a check may refuse on it.
pub type Deviation = Error;

/// The ways in which bytes can fail to be what they claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// More bytes are promised than there are.
    Truncated {
        /// Bytes the structure needs.
        need: u64,
        /// Bytes that are left.
        have: u64,
    },
    /// A field holds a value that its specification does not allow.
    Illegal {
        /// The value, as far as it fits.
        value: u64,
    },
    /// More items than [`crate::limits::Limits`] allows.
    TooMany {
        /// The limit.
        limit: u64,
    },
    /// Deeper nesting than [`crate::limits::Limits`] allows.
    TooDeep {
        /// The limit.
        limit: u64,
    },
    /// More bytes than [`crate::limits::Limits`] allows.
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// Two parts claim the same bytes.
    Overlap {
        /// Where the other part begins.
        with: u64,
    },
    /// Bytes are left where none should be.
    Trailing {
        /// How many.
        left: u64,
    },
    /// The structure is of a sort this crate does not read.
    Unsupported,
    /// Something that must be there is not.
    Missing,
    /// A compressed stream or checksum does not hold together.
    Corrupt,
}

impl Error {
    /// An error about `what` at byte `at`.
    #[must_use]
    pub const fn new(what: &'static str, at: usize, kind: Kind) -> Self {
        Self { what, at, kind }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:#x}: ", self.what, self.at)?;
        match self.kind {
            Kind::Truncated { need, have } => write!(f, "needs {need} bytes, {have} left"),
            Kind::Illegal { value } => write!(f, "{value:#x} is not allowed here"),
            Kind::TooMany { limit } => write!(f, "more than {limit} items"),
            Kind::TooDeep { limit } => write!(f, "nested deeper than {limit}"),
            Kind::TooLarge { limit } => write!(f, "larger than {limit} bytes"),
            Kind::Overlap { with } => write!(f, "overlaps what begins at {with:#x}"),
            Kind::Trailing { left } => write!(f, "{left} bytes left over"),
            Kind::Unsupported => f.write_str("not a sort that is read"),
            Kind::Missing => f.write_str("missing"),
            Kind::Corrupt => f.write_str("damaged"),
        }
    }
}

impl core::error::Error for Error {}

/// A value and everything odd that was noticed while reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed<T> {
    /// What was read.
    pub value: T,
    /// What was odd about it, in the order of the bytes.
    pub deviations: Vec<Deviation>,
}

impl<T> Parsed<T> {
    /// A value with nothing odd about it.
    #[must_use]
    pub const fn clean(value: T) -> Self {
        Self { value, deviations: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_where_and_why() {
        let e = Error::new("cms signerInfo", 0x41c, Kind::Truncated { need: 256, have: 12 });
        assert_eq!(e.to_string(), "cms signerInfo at 0x41c: needs 256 bytes, 12 left");
    }
}
