//! Rules of an integrity policy as written to `/sys/kernel/security/ima/policy`.
//!
//! Only their structure; whether a rule meets a file is for others. Source:
//! `security/integrity/ima/ima_policy.c` (`ima_parse_rule`), `Documentation/ABI/testing/ima_policy`.

use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::text;

/// What a rule does with what it meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Records it.
    Measure,
    /// Leaves it unrecorded.
    DontMeasure,
    /// Demands a good signature or hash.
    Appraise,
    /// Demands none.
    DontAppraise,
    /// Writes an audit record.
    Audit,
    /// Stores a hash.
    Hash,
    /// Stores none.
    DontHash,
}

/// How a condition compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `>`
    Greater,
}

/// One condition or option of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Its name, such as `func` or `appraise_type`.
    pub name: String,
    /// How it compares; options without a value carry `Equal`.
    pub relation: Relation,
    /// Its value, empty for options without one.
    pub value: String,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImaRule {
    /// The line it stands on.
    pub line: usize,
    /// What it does.
    pub action: Action,
    /// Its terms, in their order.
    pub terms: Vec<Term>,
}

impl ImaRule {
    /// The value of the first term of this name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.terms.iter().find(|term| term.name == name).map(|term| term.value.as_str())
    }
}

/// Reads a policy.
///
/// # Errors
/// `TooLarge` beyond [`Limits`]. A line the kernel would refuse is a deviation; the kernel then
/// refuses the whole policy.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Vec<ImaRule>>, Error> {
    text::bounded("integrity policy", bytes, limits)?;
    let mut parsed = Parsed::clean(Vec::new());
    for (number, line) in text::lines(bytes) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match rule(number, line) {
            Some(rule) => parsed.value.push(rule),
            None => parsed.deviations.push(Error::new(
                "integrity policy rule",
                number,
                Kind::Unsupported,
            )),
        }
    }
    Ok(parsed)
}

fn rule(line: usize, text: &str) -> Option<ImaRule> {
    let mut action = None;
    let mut terms = Vec::new();
    for word in text.split([' ', '\t']).filter(|word| !word.is_empty()) {
        let named = match word {
            "measure" => Action::Measure,
            "dont_measure" => Action::DontMeasure,
            "appraise" => Action::Appraise,
            "dont_appraise" => Action::DontAppraise,
            "audit" => Action::Audit,
            "hash" => Action::Hash,
            "dont_hash" => Action::DontHash,
            word => {
                terms.push(term(word));
                continue;
            }
        };
        // A second action in one rule is an error (`entry->action != UNKNOWN`).
        if action.replace(named).is_some() {
            return None;
        }
    }
    Some(ImaRule { line, action: action?, terms })
}

fn term(word: &str) -> Term {
    let split = word.find(['=', '<', '>']).and_then(|at| word.split_at_checked(at));
    let (name, value) = split.unwrap_or((word, ""));
    let mut chars = value.chars();
    let relation = match chars.next() {
        Some('<') => Relation::Less,
        Some('>') => Relation::Greater,
        _ => Relation::Equal,
    };
    Term { name: name.to_owned(), relation, value: chars.as_str().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_keep_action_and_terms() {
        let file = b"# x\nappraise func=MODULE_CHECK appraise_type=imasig|modsig\n\
            dont_measure fsmagic=0x9fa0\nappraise fowner>0 permit_directio\nmeasure audit\nfunc=A\n";
        let got = read(file, &Limits::DEFAULT).unwrap();
        assert_eq!(got.value.len(), 3);
        assert_eq!(got.value[0].value("func"), Some("MODULE_CHECK"));
        assert_eq!(got.value[0].value("appraise_type"), Some("imasig|modsig"));
        assert_eq!(got.value[1].action, Action::DontMeasure);
        assert_eq!(got.value[2].terms[0].relation, Relation::Greater);
        assert_eq!(got.deviations.len(), 2);
    }
}
