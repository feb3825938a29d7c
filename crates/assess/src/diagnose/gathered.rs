//! What is kept of what was seen: enough to reason and to quote, however long the log is.

use std::collections::HashMap;
use std::sync::Arc;

use loadworthy_core::diagnose::clue::Clue;
use loadworthy_formats::evidence::recogniser::Seen;

/// Lines kept of those that say the same of the same thing: so many first ones and the last.
const FIRST: usize = 3;
/// Different things that are kept of one row in one text, so that no row crowds out the others.
const KEPT: usize = 1024;

/// Clues, bounded.
#[derive(Debug, Default)]
pub struct Gathered {
    known: HashMap<(usize, usize, String), Kept>,
    of_row: HashMap<(usize, usize), usize>,
    /// Different things that were seen and not kept.
    pub left_off: u64,
}

#[derive(Debug, Default)]
struct Kept {
    first: Vec<Clue>,
    last: Option<Clue>,
    times: u64,
}

impl Gathered {
    /// Adds what was seen in line `line` (from 1) of a text.
    pub fn add(&mut self, source: &Arc<str>, order: usize, line: u64, seen: Seen) {
        let what = seen.captures.iter().map(|(_, v)| v.as_str());
        let what: Vec<&str> = what.chain(seen.host.as_deref()).collect();
        let key = (order, seen.row, what.join("\0"));
        if !self.known.contains_key(&key) {
            let of_row = self.of_row.entry((order, seen.row)).or_default();
            if *of_row >= KEPT {
                self.left_off += 1;
                return;
            }
            *of_row += 1;
        }
        let kept = self.known.entry(key).or_default();
        kept.times += 1;
        let clue = Clue { source: source.clone(), order, line, seen, times: 1 };
        if kept.first.len() < FIRST {
            kept.first.push(clue);
        } else {
            kept.last = Some(clue);
        }
    }

    /// Everything that was kept, in the order of texts and lines.
    #[must_use]
    pub fn clues(self) -> Vec<Clue> {
        let mut all: Vec<Clue> = Vec::new();
        for mut kept in self.known.into_values() {
            let shown = kept.first.len() as u64 + u64::from(kept.last.is_some());
            if let Some(last) = kept.last.as_mut() {
                last.times += kept.times.saturating_sub(shown);
            }
            all.extend(kept.first);
            all.extend(kept.last);
        }
        all.sort_by_key(|c| (c.order, c.line, c.seen.row));
        all
    }
}
