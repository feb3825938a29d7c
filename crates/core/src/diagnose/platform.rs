//! Which system a text is of, so that what people say of one is not taken for the other.

use crate::diagnose::clue::Clue;
use crate::tables::diagnose::Knowledge;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

/// What one text speaks of: rows of Linux and firmware, and of Windows.
#[derive(Debug, Default)]
struct Spoken {
    others: BTreeSet<usize>,
    windows: BTreeSet<usize>,
}

/// A word that only people of one system say counts as much as so many others.
const OWN: usize = 16;
/// And so does a line of a log.
const LINE: usize = 48;

/// The clues of texts that are not of Windows, and of those that are. A text that does not show it
/// goes with the others that were given.
pub(super) fn apart<'c>(clues: &'c [Clue], knowledge: &Knowledge) -> [Vec<&'c Clue>; 2] {
    let pattern = |clue: &Clue| knowledge.patterns.get(clue.seen.row);
    let mut texts: BTreeMap<usize, Spoken> = BTreeMap::new();
    for clue in clues {
        let spoken = texts.entry(clue.order).or_default();
        match pattern(clue).map(|p| p.platform.as_str()) {
            Some("windows") => spoken.windows.insert(clue.seen.row),
            Some("any") | None => continue,
            Some(_) => spoken.others.insert(clue.seen.row),
        };
    }
    // What is said of any system alike decides only where nothing else does.
    let weight = |rows: &BTreeSet<usize>| {
        let known = rows.iter().filter_map(|row| knowledge.patterns.get(*row));
        known
            .map(|p| {
                if p.plain {
                    1
                } else if p.words_only() {
                    OWN
                } else {
                    LINE
                }
            })
            .sum::<usize>()
    };
    let weights: BTreeMap<usize, (usize, usize)> =
        texts.iter().map(|(text, s)| (*text, (weight(&s.others), weight(&s.windows)))).collect();
    let more = |(others, windows): (usize, usize)| windows > others;
    let all = weights.values().fold((0_usize, 0_usize), |(a, b), (others, windows)| {
        (a.saturating_add(*others), b.saturating_add(*windows))
    });
    let of_windows = |text: usize| match weights.get(&text) {
        Some((others, windows)) if others != windows => more((*others, *windows)),
        _ => more(all),
    };
    let fits = |clue: &&Clue, windows: bool| {
        let own = pattern(clue).is_some_and(|p| p.platform == "any" || p.of_windows() == windows);
        own && of_windows(clue.order) == windows
    };
    [false, true].map(|windows| clues.iter().filter(|c| fits(c, windows)).collect())
}
