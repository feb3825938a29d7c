//! Bytes that come in pieces: a source larger than what may be held at once, with a look ahead.
//!
//! Packages and initramfs images are read from front to back once; of both only a window is in memory.

use std::io::{self, BufRead, ErrorKind, Read};

use crate::error::{Error, Kind};
use crate::reader::{index, wide};

/// Bytes that are asked of the source at once.
const PIECE: usize = 128 << 10;

/// A source and what was read ahead of it: `ahead` from `at` to `end`; the rest of it is room.
pub struct Feed<'s> {
    source: &'s mut dyn Read,
    ahead: Vec<u8>,
    at: usize,
    end: usize,
    passed: u64,
    ended: bool,
}

impl std::fmt::Debug for Feed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feed").field("passed", &self.passed).finish_non_exhaustive()
    }
}

impl<'s> Feed<'s> {
    /// A feed from the start of `source`.
    pub fn new(source: &'s mut dyn Read) -> Self {
        Self { source, ahead: Vec::new(), at: 0, end: 0, passed: 0, ended: false }
    }

    /// How many bytes were taken so far.
    #[must_use]
    pub const fn passed(&self) -> u64 {
        self.passed
    }

    /// The next `count` bytes, or fewer where the source ends; they stay.
    ///
    /// # Errors
    /// What the source says.
    pub fn peek(&mut self, count: usize) -> io::Result<&[u8]> {
        while self.left().len() < count && !self.ended {
            self.more()?;
        }
        let rest = self.left();
        Ok(rest.get(..count).unwrap_or(rest))
    }

    /// Passes over zero bytes.
    ///
    /// # Errors
    /// What the source says.
    pub fn skip_zeros(&mut self) -> io::Result<()> {
        loop {
            let ahead = self.fill_buf()?;
            let zeros = ahead.iter().take_while(|b| **b == 0).count();
            let all = zeros == ahead.len();
            self.consume(zeros);
            if !all || zeros == 0 {
                return Ok(());
            }
        }
    }

    /// What was read and not taken.
    fn left(&self) -> &[u8] {
        self.ahead.get(self.at..self.end).unwrap_or_default()
    }

    fn more(&mut self) -> io::Result<()> {
        // What is left moves to the front, and room is made once: most of what passes here is large.
        self.ahead.copy_within(self.at..self.end, 0);
        self.end = self.end.saturating_sub(self.at);
        self.at = 0;
        let most = self.end.saturating_add(PIECE);
        if self.ahead.len() < most {
            self.ahead.resize(most, 0);
        }
        let read = loop {
            match self.source.read(self.ahead.get_mut(self.end..most).unwrap_or_default()) {
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.end = self.end.saturating_add(*read.as_ref().unwrap_or(&0)).min(most);
        self.ended = matches!(read, Ok(0));
        read.map(|_| ())
    }
}

impl Read for Feed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut ahead = self.fill_buf()?;
        let read = ahead.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Feed<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.end && !self.ended {
            self.more()?;
        }
        Ok(self.left())
    }

    fn consume(&mut self, count: usize) {
        let count = count.min(self.left().len());
        self.at = self.at.saturating_add(count);
        self.passed = self.passed.saturating_add(wide(count));
    }
}

/// What a failed read of `what`, `passed` bytes into it, means.
#[must_use]
pub fn failed(what: &'static str, passed: u64, error: &io::Error) -> Error {
    let at = index(passed);
    if let Some(own) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        return *own;
    }
    let kind = match error.kind() {
        ErrorKind::UnexpectedEof => {
            Kind::Truncated { need: passed.saturating_add(1), have: passed }
        }
        _ => Kind::Corrupt,
    };
    Error::new(what, at, kind)
}

/// Fills `into`, or says how many bytes were missing.
///
/// # Errors
/// `Truncated` where the source ends before; else what [`failed`] makes of the source's error.
pub fn fill(
    source: &mut dyn Read,
    into: &mut [u8],
    (what, at): (&'static str, u64),
) -> Result<(), Error> {
    let need = into.len();
    let mut have = 0;
    while let Some(rest) = into.get_mut(have..).filter(|rest| !rest.is_empty()) {
        match source.read(rest) {
            Ok(0) => {
                let kind = Kind::Truncated { need: wide(need), have: wide(have) };
                return Err(Error::new(what, index(at), kind));
            }
            Ok(read) => have = have.saturating_add(read),
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(failed(what, at.saturating_add(wide(have)), &e)),
        }
    }
    Ok(())
}

/// Reads and drops `count` bytes.
///
/// # Errors
/// As [`fill`].
pub fn skip(
    source: &mut dyn Read,
    count: u64,
    (what, at): (&'static str, u64),
) -> Result<(), Error> {
    let skipped = io::copy(&mut source.take(count), &mut io::sink());
    match skipped {
        Ok(have) if have < count => {
            Err(Error::new(what, index(at), Kind::Truncated { need: count, have }))
        }
        Ok(_) => Ok(()),
        Err(e) => Err(failed(what, at, &e)),
    }
}

/// Reads what is left, at most `limit` bytes of it.
///
/// # Errors
/// `TooLarge` beyond the limit, else as [`fill`].
pub fn whole(
    source: &mut dyn Read,
    limit: usize,
    (what, at): (&'static str, u64),
) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let most = wide(limit).saturating_add(1);
    source.take(most).read_to_end(&mut bytes).map_err(|e| failed(what, at, &e))?;
    if bytes.len() > limit {
        return Err(Error::new(what, index(at), Kind::TooLarge { limit: wide(limit) }));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one byte at a time.
    struct Drops<'b>(&'b [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let most = into.len().min(1);
            self.0.read(&mut into[..most])
        }
    }

    #[test]
    fn looking_ahead_takes_nothing() {
        let mut source = Drops(b"\0\0abcdef");
        let mut feed = Feed::new(&mut source);
        feed.skip_zeros().unwrap();
        assert_eq!(feed.peek(3).unwrap(), b"abc");
        assert_eq!(feed.peek(100).unwrap(), b"abcdef");
        assert_eq!(feed.passed(), 2);
        let mut four = [0; 4];
        fill(&mut feed, &mut four, ("x", 0)).unwrap();
        assert_eq!((&four, feed.passed()), (b"abcd", 6));
        let e = fill(&mut feed, &mut four, ("x", 6)).unwrap_err();
        assert_eq!(e.to_string(), "x at 0x6: needs 4 bytes, 2 left");
    }
}
