//! The value of a fact, for what is shown and not judged.

use loadworthy_core::fact::Fact;
use loadworthy_core::fact::step::Step;
use loadworthy_core::proof::Rule;

static RULE: Rule = Rule { name: "assess/look", source: "" };

/// The value of a fact where it is known, for what is shown and not judged.
pub(crate) fn known<T: Clone>(fact: &Fact<T>) -> Option<T> {
    Step::of(&RULE).consult(fact).ok().cloned()
}
