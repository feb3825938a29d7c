//! How a structure is described to the decoder: as constant data.
//!
//! A grammar is a list of [`Step`]s. Alternatives are written as one step with [`Step::may`], the
//! others with [`Step::or_else`], closed by [`Step::Chosen`] when one of them must be there.

/// Universal tags, with the constructed bit where the type is always constructed (X.690 8.1.2).
pub mod tag {
    /// BOOLEAN.
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER.
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING.
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING.
    pub const OCTET_STRING: u8 = 0x04;
    /// NULL.
    pub const NULL: u8 = 0x05;
    /// OBJECT IDENTIFIER.
    pub const OID: u8 = 0x06;
    /// `IA5String`.
    pub const IA5_STRING: u8 = 0x16;
    /// `UTCTime`.
    pub const UTC_TIME: u8 = 0x17;
    /// `GeneralizedTime`.
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// `BMPString`: UTF-16, most significant byte first.
    pub const BMP_STRING: u8 = 0x1e;
    /// SEQUENCE and SEQUENCE OF.
    pub const SEQUENCE: u8 = 0x30;
    /// SET and SET OF.
    pub const SET: u8 = 0x31;

    /// A context-specific tag of a primitive element; numbers above 30 do not occur.
    #[must_use]
    pub const fn context(number: u8) -> u8 {
        0x80 | number
    }

    /// A context-specific tag of a constructed element.
    #[must_use]
    pub const fn context_constructed(number: u8) -> u8 {
        0xa0 | number
    }
}

/// Whether an element has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must.
    Must,
    /// It may be left out.
    May,
    /// It is looked for only when the alternative before it did not match.
    Else,
}

/// What an element holds.
#[derive(Clone, Copy, Debug)]
pub enum Inside<A: 'static> {
    /// Bytes that are not looked into.
    Leaf,
    /// These, in order, once.
    Once(&'static [Step<A>]),
    /// These, in order, again and again until the element ends, at least once.
    Many(&'static [Step<A>]),
}

/// One element of a grammar.
#[derive(Clone, Copy, Debug)]
pub struct Element<A: 'static> {
    /// The tag, or `None` for any.
    pub tag: Option<u8>,
    /// Whether it has to be there.
    pub need: Need,
    /// What is noted when a leaf is met.
    pub note: Option<A>,
    /// What it holds.
    pub inside: Inside<A>,
    /// The structure is one that the kernel's compiler keeps apart and jumps to, since several
    /// places or an optional one use it. Coming back from there counts as a match for the choice
    /// that follows, which shows when the data ends at that choice.
    pub apart: bool,
}

/// One step of a grammar.
#[derive(Clone, Copy, Debug)]
pub enum Step<A: 'static> {
    /// Look for an element.
    Look(Element<A>),
    /// One of the alternatives before must have matched.
    Chosen,
    /// Note the element that was read last.
    Note(A),
    /// Note the element that was read last if the step before found one and came back from it.
    NoteIfFound(A),
}

impl<A: Copy> Step<A> {
    /// An element with this tag that must be there.
    #[must_use]
    pub const fn must(tag: u8) -> Self {
        Self::look(Some(tag), Need::Must)
    }

    /// An element with this tag that may be left out.
    #[must_use]
    pub const fn may(tag: u8) -> Self {
        Self::look(Some(tag), Need::May)
    }

    /// Another alternative, with this tag.
    #[must_use]
    pub const fn or_else(tag: u8) -> Self {
        Self::look(Some(tag), Need::Else)
    }

    /// An element with any tag.
    #[must_use]
    pub const fn any(need: Need) -> Self {
        Self::look(None, need)
    }

    const fn look(tag: Option<u8>, need: Need) -> Self {
        Self::Look(Element { tag, need, note: None, inside: Inside::Leaf, apart: false })
    }

    /// The same leaf, noted when it is met.
    #[must_use]
    pub const fn noted(self, action: A) -> Self {
        match self {
            Self::Look(e) => Self::Look(Element { note: Some(action), ..e }),
            other => other,
        }
    }

    /// The same element, holding these steps once.
    #[must_use]
    pub const fn holding(self, steps: &'static [Self]) -> Self {
        match self {
            Self::Look(e) => Self::Look(Element { inside: Inside::Once(steps), ..e }),
            other => other,
        }
    }

    /// The same element, holding these steps as often as there are bytes.
    #[must_use]
    pub const fn holding_many(self, steps: &'static [Self]) -> Self {
        match self {
            Self::Look(e) => Self::Look(Element { inside: Inside::Many(steps), ..e }),
            other => other,
        }
    }

    /// The same element, kept apart; see [`Element::apart`].
    #[must_use]
    pub const fn apart(self) -> Self {
        match self {
            Self::Look(e) => Self::Look(Element { apart: true, ..e }),
            other => other,
        }
    }
}
