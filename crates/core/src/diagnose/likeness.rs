//! What a report is like: where no line settles the cause, its words are held against those of
//! reports that were settled.
//!
//! Each word speaks for or against causes, as learnt from labelled reports (multinomial logistic
//! regression; how is told in `docs/diagnose.md`). It names what is `possible`, and never more.

use crate::diagnose::finding::Quoted;
use crate::tables::diagnose::{Knowledge, Words};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// A line of a short text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The text it is from: a file's path, `standard input`.
    pub source: Arc<str>,
    /// The line, from 1.
    pub line: u64,
    /// What it says.
    pub text: String,
}

/// How far one cause must be before another, in tenths of a natural logarithm, to come before a
/// reason that stands on a line.
const AHEAD: i64 = 15;
/// Words by which sentences are told from what programs print, and how many of them.
const SENTENCES: [&str; 24] = [
    "after", "and", "at", "be", "been", "but", "by", "does", "from", "had", "has", "is", "it",
    "me", "my", "of", "on", "that", "the", "this", "to", "was", "when", "with",
];
const WRITTEN: usize = 3;
/// Lines quoted of those that spoke most.
const QUOTES: usize = 3;
/// Why a cause is named that no line speaks for.
pub(super) const BECAUSE: &str =
    "no known line settles it; settled reports in such words were most often of this cause";

/// What settled reports that read like a text were of.
#[derive(Debug)]
pub struct Likeness<'a> {
    said: &'a [Said],
    words: &'a Words,
    /// Tenths of a natural logarithm, without what is the same for all.
    likely: BTreeMap<&'a str, i64>,
    /// The likeliest cause.
    pub cause: &'a str,
}

impl<'a> Likeness<'a> {
    /// Holds a text against what is known of its system; `None` where nobody wrote sentences.
    #[must_use]
    pub fn of(said: &'a [Said], windows: bool, knowledge: &'a Knowledge) -> Option<Self> {
        let words = knowledge.likeness.get(if windows { "windows" } else { "linux" })?;
        let all: BTreeSet<String> = said.iter().flat_map(|one| split(&one.text)).collect();
        let written = SENTENCES.iter().filter(|word| all.contains(**word)).count() >= WRITTEN;
        let length = i64::try_from(all.len()).ok().filter(|_| written)?;
        let mut likely: BTreeMap<&str, i64> = BTreeMap::new();
        for word in &all {
            for (cause, tenths) in words.get(word).into_iter().flatten() {
                let sum = likely.entry(cause).or_default();
                *sum = sum.saturating_add((*tenths).into());
            }
        }
        let root = length.saturating_mul(1024).isqrt().max(1);
        let beginning = words.get("").into_iter().flatten();
        let likely = beginning.map(|(cause, tenths)| {
            let spoken = likely.get(cause.as_str()).copied().unwrap_or_default();
            let spoken = spoken.saturating_mul(32).checked_div(root).unwrap_or_default();
            (cause.as_str(), spoken.saturating_add((*tenths).into()))
        });
        let likely: BTreeMap<&str, i64> = likely.collect();
        let occurs = |cause: &&&str| knowledge.cause_on(cause, windows).is_some();
        let cause = likely.keys().filter(occurs).max_by_key(|cause| likely.get(*cause)).copied()?;
        Some(Self { said, words, likely, cause })
    }

    /// Whether it comes before `cause`, for which a line speaks.
    #[must_use]
    pub fn before(&self, cause: &str) -> bool {
        let of = |cause: &str| self.likely.get(cause).copied();
        of(cause).is_none_or(|one| of(self.cause) > Some(one.saturating_add(AHEAD)))
    }

    /// The lines that speak most for it, in order.
    #[must_use]
    pub fn quotes(&self) -> Vec<Quoted> {
        let speaks = |one: &Said| {
            let words: BTreeSet<String> = split(&one.text).collect();
            let of = |word: &String| self.words.get(word)?.get(self.cause).copied();
            words.iter().filter_map(of).map(i64::from).sum::<i64>()
        };
        let mut lines: Vec<(i64, &Said)> = self.said.iter().map(|one| (speaks(one), one)).collect();
        lines.retain(|(speaks, _)| *speaks > 0);
        lines.sort_by_key(|(speaks, _)| core::cmp::Reverse(*speaks));
        lines.truncate(QUOTES);
        lines.sort_by_key(|(_, one)| (&one.source, one.line));
        let quoted = |(_, one): (i64, &Said)| Quoted {
            source: alloc::format!("{}:{}", one.source, one.line),
            quote: one.text.trim().to_string(),
        };
        lines.into_iter().map(quoted).collect()
    }
}

/// The words of a line: letters, digits and `_`, in lower case, two at least.
fn split(text: &str) -> impl Iterator<Item = String> + '_ {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.len() >= 2).map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = r#"
        [likeness.linux]
        "" = { module-unsigned = 10, not-a-signature-problem = 12 }
        cooker = { module-unsigned = -20, not-a-signature-problem = 60 }
        sealed = { module-unsigned = 60 }
    "#;

    fn said(lines: &[&str]) -> Vec<Said> {
        let one = |(line, text): (u64, &&str)| Said {
            source: "report".into(),
            line,
            text: (*text).to_string(),
        };
        (1..).zip(lines).map(one).collect()
    }

    fn knowledge() -> Knowledge {
        let mut all = Knowledge::built_in().unwrap();
        all.likeness.clear();
        all.add("likeness.toml", TABLE).unwrap();
        all
    }

    #[test]
    fn words_that_settled_reports_share_name_a_cause_and_the_lines_that_say_so() {
        let all = knowledge();
        let text = said(&["it is here", "a Cooker won't do", "in the end"]);
        let like = Likeness::of(&text, false, &all).unwrap();
        assert_eq!(like.cause, "not-a-signature-problem");
        let quotes = like.quotes();
        assert_eq!(quotes.len(), 1);
        assert_eq!(quotes.first().unwrap().source, "report:2");
        // 12 + 60/√9 against 10 − 20/√9: far enough ahead of what a line speaks for.
        assert!(like.before("module-unsigned"));
        assert!(Likeness::of(&text, true, &all).is_none());
        let printed = said(&["Cooker: driver not installed (rc=-1908)"]);
        assert!(Likeness::of(&printed, false, &all).is_none());
    }

    #[test]
    fn a_cause_that_is_hardly_ahead_comes_behind_one_that_a_line_speaks_for() {
        let all = knowledge();
        let text = said(&["this is", "of neither"]);
        let like = Likeness::of(&text, false, &all).unwrap();
        assert_eq!(like.cause, "not-a-signature-problem");
        assert!(!like.before("module-unsigned"));
        assert!(like.before("dbx-blocks-image"));
    }
}
