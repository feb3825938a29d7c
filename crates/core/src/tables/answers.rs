//! *Which of our rules has a real platform answered, for which versions?*

use super::{NEWEST, Version};
use crate::proof::Standing;
use alloc::string::String;
use alloc::vec::Vec;
use serde::{Deserialize, Deserializer};

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
pub struct Answers {
    #[serde(deserialize_with = "by_rule")]
    answer: Vec<Answer>,
}

/// Each rule is looked up for every module, so rows stand in the order of their rules.
fn by_rule<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Answer>, D::Error> {
    let mut rows = Vec::<Answer>::deserialize(from)?;
    rows.sort_by(|a, b| a.rule.cmp(&b.rule));
    Ok(rows)
}

impl Answers {
    /// How far a rule that refuses, or lets pass, is backed for a kernel of this version.
    #[must_use]
    pub fn standing(&self, rule: &str, version: Version, refuses: bool) -> Standing {
        let from = self.answer.partition_point(|row| *row.rule < *rule);
        let of_rule = self.answer.iter().skip(from).take_while(|row| row.rule == rule);
        let answered = |a: &Answer| a.versions.contains(&version) && !(refuses && a.passed_only);
        if of_rule.into_iter().any(answered) {
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
