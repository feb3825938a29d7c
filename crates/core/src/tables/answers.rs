//! *Which of our rules has a real platform answered, for which versions?*

use super::{NEWEST, Version};
use crate::proof::Standing;
use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;
use hashbrown::HashMap;
use serde::Deserialize;

/// One rule and the recordings that stand behind it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The rule's name.
    pub rule: String,
    /// Kernel versions whose recorded answers agree.
    pub versions: Vec<Version>,
    /// Recorded cases that would come out differently without the rule.
    pub cases: Vec<String>,
    /// Modules were seen to pass, and none to be refused by it.
    #[serde(default)]
    pub passed_only: bool,
    /// The recording.
    pub source: String,
}

/// The table.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Rows")]
pub struct Answers {
    answer: Vec<Answer>,
    /// Where the rows of a rule are: each rule is looked up for every module.
    of_rule: HashMap<String, Range<usize>>,
}

#[derive(Deserialize)]
struct Rows {
    answer: Vec<Answer>,
}

impl From<Rows> for Answers {
    fn from(Rows { mut answer }: Rows) -> Self {
        answer.sort_by(|a, b| a.rule.cmp(&b.rule));
        let mut of_rule = HashMap::<String, Range<usize>>::new();
        for (n, row) in answer.iter().enumerate() {
            of_rule.entry_ref(row.rule.as_str()).or_insert(n..n).end = n.saturating_add(1);
        }
        Self { answer, of_rule }
    }
}

impl Answers {
    /// How far a rule that refuses, or lets pass, is backed for a kernel of this version.
    #[must_use]
    pub fn standing(&self, rule: &str, version: Version, refuses: bool) -> Standing {
        let of_rule = self.of_rule.get(rule).and_then(|place| self.answer.get(place.clone()));
        let answered = |a: &Answer| a.versions.contains(&version) && !(refuses && a.passed_only);
        if of_rule.is_some_and(|rows| rows.iter().any(answered)) {
            Standing::Confirmed
        } else if version > NEWEST {
            Standing::Extrapolated
        } else {
            Standing::Documented
        }
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> &[Answer] {
        &self.answer
    }
}
