//! The decoder: bytes and a grammar in, a list of noted elements out.
//!
//! What it keeps from `lib/asn1_decoder.c`: input above 65535 bytes is not looked at; lengths have
//! at most two octets; indefinite lengths are taken for constructed elements; the constructed bit
//! may be missing where a constructed element is expected but never added to a primitive one;
//! bytes after the outermost element are not looked at; a choice at the end of the data is held
//! for made when the element before it matched.

use super::fault::{Fault, What};
use super::grammar::{Element, Inside, Need, Step};
use super::indefinite;

/// The longest input that is looked at, in bytes.
pub const LONGEST: usize = 65535;

const CONSTRUCTED: u8 = 0x20;
const LONG_FORM_TAG: u8 = 0x1f;
const INDEFINITE: u8 = 0x80;

/// An element that the grammar wanted noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a, A> {
    /// What the grammar calls it.
    pub action: A,
    /// Offset of the value in the input, in bytes.
    pub at: usize,
    /// Bytes of tag and length before the value.
    pub header: usize,
    /// The identifier octet.
    pub tag: u8,
    /// The contents octets. Of an indefinite length that is not looked into, the end-of-contents
    /// octets too.
    pub value: &'a [u8],
}

impl<A> Event<'_, A> {
    /// Where the whole element lies, tag and length included.
    #[must_use]
    pub fn whole(&self) -> core::ops::Range<usize> {
        self.at.saturating_sub(self.header)..self.at.saturating_add(self.value.len())
    }
}

/// How decoding ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The grammar was satisfied.
    Well,
    /// It was not.
    Malformed(Fault),
    /// The input is longer than [`LONGEST`].
    TooLong,
}

/// Everything that was noted, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a, A> {
    /// Noted elements, in the order in which they were completed.
    pub events: Vec<Event<'a, A>>,
    /// How it ended.
    pub ended: Ended,
}

/// Decodes `data` by `grammar`.
///
/// Time and memory are bounded by [`LONGEST`]; nesting is bounded by the grammar.
#[must_use]
pub fn decode<'a, A: Copy>(grammar: &'static [Step<A>], data: &'a [u8]) -> Decoded<'a, A> {
    if data.len() > LONGEST {
        return Decoded { events: Vec::new(), ended: Ended::TooLong };
    }
    let mut machine = Machine {
        data,
        at: 0,
        end: data.len(),
        last: Last { tag: 0, header: 0, start: 0, length: 0 },
        matched: false,
        came_back: false,
        events: Vec::with_capacity(32),
    };
    let ended = match machine.run(grammar) {
        Ok(()) => Ended::Well,
        Err(fault) => Ended::Malformed(fault),
    };
    Decoded { events: machine.events, ended }
}

/// The element that was met or closed last; a note is about it.
#[derive(Clone, Copy)]
struct Last {
    tag: u8,
    header: usize,
    start: usize,
    length: usize,
}

/// A constructed element that is open.
#[derive(Clone, Copy)]
struct Open {
    start: usize,
    header: usize,
    /// Where its container ends; `None` when its own length is indefinite.
    outer_end: Option<usize>,
}

struct Machine<'a, A> {
    data: &'a [u8],
    at: usize,
    /// Where the innermost element of definite length ends.
    end: usize,
    last: Last,
    /// The element looked for last was there.
    matched: bool,
    /// The last thing done was to come back from a structure kept apart.
    came_back: bool,
    events: Vec<Event<'a, A>>,
}

impl<A: Copy> Machine<'_, A> {
    const fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    const fn fault(&self, what: What) -> Fault {
        Fault { at: self.at, what }
    }

    /// The next byte; callers have checked that it is inside the container.
    fn byte(&mut self) -> Result<u8, Fault> {
        let Some(&byte) = self.data.get(self.at) else { return Err(self.fault(What::Overrun)) };
        self.at = self.at.saturating_add(1);
        Ok(byte)
    }

    fn run(&mut self, steps: &'static [Step<A>]) -> Result<(), Fault> {
        for step in steps {
            match step {
                Step::Look(element) => self.look(element)?,
                Step::Chosen if !self.matched => return Err(self.fault(What::UnexpectedTag)),
                Step::Chosen => {}
                Step::Note(action) => self.note(*action),
                Step::NoteIfFound(action) if self.came_back => self.note(*action),
                Step::NoteIfFound(_) => {}
            }
        }
        Ok(())
    }

    fn note(&mut self, action: A) {
        let Last { tag, header, start, length } = self.last;
        let value = self.data.get(start..start.saturating_add(length)).unwrap_or_default();
        self.events.push(Event { action, at: start, header, tag, value });
    }

    fn look(&mut self, element: &Element<A>) -> Result<(), Fault> {
        let optional = element.need != Need::Must;
        if (element.need == Need::Else && self.matched) || (optional && self.at == self.end) {
            self.came_back = false;
            return Ok(());
        }
        self.matched = false;
        self.came_back = false;
        self.last.header = 2;
        if self.left() < 2 {
            return Err(self.fault(What::Overrun));
        }
        let tag = self.byte()?;
        self.last.tag = tag;
        if tag & LONG_FORM_TAG == LONG_FORM_TAG {
            return Err(self.fault(What::LongTag));
        }
        let constructed = element.tag.unwrap_or(0) & CONSTRUCTED;
        if let Some(wanted) = element.tag
            && (wanted ^ tag) & !constructed != 0
        {
            self.at = self.at.saturating_sub(1);
            return if optional { Ok(()) } else { Err(self.fault(What::UnexpectedTag)) };
        }
        self.matched = true;
        let length = self.length(tag)?;
        self.last.start = self.at;
        match element.inside {
            Inside::Leaf => self.leaf(element.note, length),
            Inside::Once(steps) => {
                let open = self.open(length);
                self.run(steps)?;
                self.close(open, false)?;
                self.come_back(element.apart);
                Ok(())
            }
            Inside::Many(steps) => {
                let open = self.open(length);
                loop {
                    self.run(steps)?;
                    if self.close(open, true)? {
                        break;
                    }
                }
                self.come_back(element.apart);
                Ok(())
            }
        }
    }

    const fn come_back(&mut self, apart: bool) {
        if apart {
            self.matched = true;
            self.came_back = true;
        }
    }

    /// The length octets; `None` is an indefinite length.
    fn length(&mut self, tag: u8) -> Result<Option<usize>, Fault> {
        let first = self.byte()?;
        let length = match first {
            INDEFINITE if tag & CONSTRUCTED == 0 => {
                return Err(self.fault(What::IndefinitePrimitive));
            }
            INDEFINITE if self.left() < 2 => return Err(self.fault(What::Overrun)),
            INDEFINITE => {
                self.last.length = usize::from(INDEFINITE);
                return Ok(None);
            }
            0..INDEFINITE => usize::from(first),
            _ => {
                let octets = first.wrapping_sub(INDEFINITE);
                if octets > 2 {
                    return Err(self.fault(What::LongLength));
                }
                if usize::from(octets) > self.left() {
                    return Err(self.fault(What::Overrun));
                }
                self.last.header = self.last.header.saturating_add(usize::from(octets));
                let mut length: u16 = 0;
                for _ in 0..octets {
                    length = length.wrapping_shl(8) | u16::from(self.byte()?);
                }
                usize::from(length)
            }
        };
        if length > self.left() {
            return Err(self.fault(What::Overrun));
        }
        self.last.length = length;
        Ok(Some(length))
    }

    fn leaf(&mut self, note: Option<A>, length: Option<usize>) -> Result<(), Fault> {
        let length = match length {
            Some(length) => length,
            None => indefinite::length(self.data, self.at, self.end)?,
        };
        self.last.length = length;
        if let Some(action) = note {
            self.note(action);
        }
        self.at = self.at.saturating_add(length);
        Ok(())
    }

    fn open(&mut self, length: Option<usize>) -> Open {
        let outer_end =
            length.map(|length| core::mem::replace(&mut self.end, self.at.saturating_add(length)));
        Open { start: self.at, header: self.last.header, outer_end }
    }

    /// Ends a constructed element; false when it goes on (only asked where it may repeat).
    fn close(&mut self, open: Open, repeats: bool) -> Result<bool, Fault> {
        self.last.start = open.start;
        self.last.header = open.header;
        let Some(outer_end) = open.outer_end else {
            if self.left() < 2 {
                return Err(self.fault(What::Overrun));
            }
            if self.data.get(self.at) != Some(&0) {
                return if repeats { Ok(false) } else { Err(self.fault(What::EndOfContents)) };
            }
            self.at = self.at.saturating_add(1);
            if self.byte()? != 0 {
                return Err(self.fault(What::EndOfContents));
            }
            self.last.length = self.at.saturating_sub(open.start).saturating_sub(2);
            return Ok(true);
        };
        if self.at < self.end && repeats {
            return Ok(false);
        }
        if self.at != self.end {
            return Err(self.fault(What::Leftover));
        }
        self.last.length = self.end.saturating_sub(open.start);
        self.end = outer_end;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::super::grammar::tag;
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Got {
        Number,
        Text,
        Whole,
    }

    const GRAMMAR: &[Step<Got>] = &[
        Step::must(tag::SEQUENCE).holding(&[
            Step::may(tag::INTEGER).noted(Got::Number),
            Step::or_else(tag::OCTET_STRING).noted(Got::Text),
            Step::Chosen,
        ]),
        Step::Note(Got::Whole),
    ];

    fn check(bytes: &[u8], want: &str) {
        let got = decode(GRAMMAR, bytes);
        let list: Vec<_> = got
            .events
            .iter()
            .map(|e| format!("{:?}@{}={:02x?}", e.action, e.at, e.value))
            .collect();
        assert_eq!(format!("{} {:?}", list.join(" "), got.ended), want);
    }

    #[test]
    fn alternatives_lengths_and_faults() {
        check(&[0x30, 3, 2, 1, 7], "Number@4=[07] Whole@2=[02, 01, 07] Well");
        check(&[0x30, 0x81, 3, 4, 1, 7], "Text@5=[07] Whole@3=[04, 01, 07] Well");
        // Bytes after the outermost element are nobody's.
        check(&[0x30, 2, 4, 0, 0xff, 0xff], "Text@4=[] Whole@2=[04, 00] Well");
        // The constructed bit may be missing from a SEQUENCE.
        check(&[0x10, 2, 4, 0], "Text@4=[] Whole@2=[04, 00] Well");
        check(&[0x30, 0x80, 4, 0, 0, 0], "Text@4=[] Whole@2=[04, 00] Well");
        check(
            &[0x30, 0x80, 4, 0, 0, 1],
            "Text@4=[] Malformed(Fault { at: 6, what: EndOfContents })",
        );
        // A choice at the end of the data passes when the element before it matched.
        check(&[0x30, 0], "Whole@2=[] Well");
        check(&[0x30, 2, 5, 0], " Malformed(Fault { at: 2, what: UnexpectedTag })");
        check(&[0x30, 4, 4, 0, 5, 0], "Text@4=[] Malformed(Fault { at: 4, what: Leftover })");
        check(&[0x30, 0x83, 0, 0, 2, 4, 0], " Malformed(Fault { at: 2, what: LongLength })");
        check(&[0x30, 5, 4, 0], " Malformed(Fault { at: 2, what: Overrun })");
        assert_eq!(decode(GRAMMAR, &vec![0; LONGEST + 1]).ended, Ended::TooLong);
    }

    #[test]
    fn an_indefinite_leaf_ends_with_its_own_end() {
        const ANY: &[Step<Got>] = &[Step::any(Need::Must).noted(Got::Whole)];
        let got = decode(ANY, &[0x30, 0x80, 0x30, 0x80, 4, 1, 9, 0, 0, 0, 0, 7]);
        assert_eq!(got.ended, Ended::Well);
        assert_eq!(got.events[0].value, [0x30, 0x80, 4, 1, 9, 0, 0, 0, 0]);
        let got = decode(ANY, &[0x30, 0x80, 4, 1, 9]);
        assert_eq!(got.ended, Ended::Malformed(Fault { at: 5, what: What::EndOfContents }));
    }
}
