//! Names copied out of a file, one after another, so that they outlive its bytes.

use memchr::memchr;
use serde::{Deserialize, Serialize};

/// Where a kept name lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Span {
    start: u32,
    length: u32,
}

/// The kept names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Text {
    #[serde(with = "serde_bytes")]
    bytes: Vec<u8>,
    budget: usize,
    full: bool,
}

impl Text {
    /// Room for `budget` bytes in all. No honest file holds more names than it has bytes; a file whose
    /// symbols all share one long name does, and would otherwise cost the square of its size.
    pub(crate) fn with_budget(budget: usize, expected: usize) -> Self {
        Self { bytes: Vec::with_capacity(expected.min(budget)), budget, full: false }
    }

    /// Keeps the text up to the first NUL byte.
    pub(crate) fn keep(&mut self, text: &[u8]) -> Span {
        if self.full {
            return Span::default();
        }
        let text = until_nul(text);
        let start = u32::try_from(self.bytes.len());
        let left = self.budget.saturating_sub(self.bytes.len());
        match (start, u32::try_from(text.len())) {
            (Ok(start), Ok(length)) if text.len() <= left => {
                self.bytes.extend_from_slice(text);
                Span { start, length }
            }
            _ => {
                self.full = true;
                Span::default()
            }
        }
    }

    /// Whether a name did not fit, so that not everything was kept.
    pub(crate) const fn is_full(&self) -> bool {
        self.full
    }

    /// A kept name.
    pub(crate) fn get(&self, span: Span) -> &[u8] {
        let start = usize::try_from(span.start).unwrap_or(usize::MAX);
        let length = usize::try_from(span.length).unwrap_or(usize::MAX);
        self.bytes.get(start..start.saturating_add(length)).unwrap_or_default()
    }
}

/// The bytes before the first NUL byte; all of them where there is none.
#[inline]
pub(crate) fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.get(..memchr(0, bytes).unwrap_or(bytes.len())).unwrap_or_default()
}
