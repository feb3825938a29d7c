//! Where and why decoding stopped.

/// Where and why an encoding is not what the grammar says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset in the input, in bytes.
    pub at: usize,
    /// What was wrong.
    pub what: What,
}

/// The ways in which an encoding can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// An element reaches past its container.
    Overrun,
    /// Another tag was expected.
    UnexpectedTag,
    /// A tag number above 30.
    LongTag,
    /// A length of more than two octets.
    LongLength,
    /// An indefinite length on a primitive element.
    IndefinitePrimitive,
    /// A container has bytes left that no element accounts for.
    Leftover,
    /// An indefinite length does not end, or not as it should.
    EndOfContents,
}
