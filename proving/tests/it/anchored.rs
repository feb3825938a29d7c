//! Every spelling that a pattern of `diagnose` takes holds one of its anchors: a line is looked at by
//! its anchors first, so a spelling without one is never seen.

use aho_corasick::Anchored;
use aho_corasick::automaton::Automaton;
use aho_corasick::nfa::noncontiguous::NFA as Anchors;
use libtest_mimic::{Failed, Trial};
use loadworthy_core::tables::diagnose::{Knowledge, Pattern};
use regex_automata::nfa::thompson::{Compiler, Config, NFA, State};
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;
use std::collections::HashMap;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("diagnose: every spelling of a pattern holds an anchor", patterns),
        Trial::test("diagnose: a spelling without an anchor is told", told),
    ]
}

fn patterns() -> Result<(), Failed> {
    let knowledge = Knowledge::built_in()?;
    let mut blind = Vec::new();
    // A list of packages is met several times in a line that its beginning has found.
    let whole = |p: &&Pattern| p.kind.as_deref() != Some("each");
    for pattern in knowledge.patterns.iter().filter(whole) {
        if let Some(spelling) = unanchored(&pattern.expression, &pattern.anchors)? {
            blind.push(format!("{}: {spelling:?}", pattern.common.id));
        }
    }
    match blind.is_empty() {
        true => Ok(()),
        false => Err(format!("spellings without an anchor:\n{}", blind.join("\n")).into()),
    }
}

fn told() -> Result<(), Failed> {
    let anchors = ["refus".to_owned(), "block".to_owned()];
    let spelling = unanchored("driver (?:is )?(?:refused|blocked|denied)", &anchors)?;
    let none = unanchored("driver (?:is )?(?:REFUSED|blocked)", &anchors)?;
    match (spelling.as_deref(), none) {
        (Some("driver denied" | "driver is denied"), None) => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}

/// Where the walk stands: in the expression, and in the anchors.
type Place = (StateID, aho_corasick::automaton::StateID);

/// A text that `expression` takes as it is written and that holds none of `anchors` in any case: a walk
/// of both automata together that meets no anchor. What a word's edge asks for is taken as given.
fn unanchored(expression: &str, anchors: &[String]) -> Result<Option<String>, Failed> {
    // Bytes that no anchor has lead to one place, so one of them stands for all.
    let own = |byte: u8| anchors.iter().any(|a| a.bytes().any(|b| b.eq_ignore_ascii_case(&byte)));
    let own: Vec<bool> = (0..=u8::MAX).map(own).collect();
    let among = |start: u8, end: u8| {
        let all = || (start..=end).map(|b| (b, own[usize::from(b)]));
        let other = all().find(|(_, own)| !own);
        all().filter(|(_, own)| *own).chain(other).map(|(b, _)| Some(b)).collect::<Vec<_>>()
    };
    let (nfa, anchors) = (automaton(expression)?, searched(anchors)?);
    let first: Place = (nfa.start_anchored(), anchors.start_state(Anchored::No)?);
    let mut from: HashMap<Place, Option<(Place, Option<u8>)>> = HashMap::from([(first, None)]);
    let mut open = vec![first];
    while let Some(place) = open.pop() {
        let mut steps: Vec<(StateID, Option<u8>)> = Vec::new();
        match nfa.state(place.0) {
            State::Match { .. } => return Ok(Some(spelling(place, &from))),
            State::Fail => {}
            State::Look { next, .. } | State::Capture { next, .. } => steps.push((*next, None)),
            State::Union { alternates } => steps.extend(alternates.iter().map(|s| (*s, None))),
            State::BinaryUnion { alt1, alt2 } => steps.extend([(*alt1, None), (*alt2, None)]),
            State::ByteRange { trans } => {
                steps.extend(among(trans.start, trans.end).into_iter().map(|b| (trans.next, b)));
            }
            State::Sparse(sparse) => {
                for t in &sparse.transitions {
                    steps.extend(among(t.start, t.end).into_iter().map(|b| (t.next, b)));
                }
            }
            State::Dense(dense) => {
                steps.extend((0..=u8::MAX).filter_map(|b| Some((dense.matches_byte(b)?, Some(b)))));
            }
        }
        for (next, byte) in steps {
            let at = byte.map_or(place.1, |b| anchors.next_state(Anchored::No, place.1, b));
            let next = (next, at);
            if !anchors.is_match(at) && !from.contains_key(&next) {
                from.insert(next, Some((place, byte)));
                open.push(next);
            }
        }
    }
    Ok(None)
}

/// The expression; its letters are those of ASCII where it can be read so, which makes the automaton
/// small.
fn automaton(expression: &str) -> Result<NFA, Failed> {
    let with = |unicode: bool| {
        let letters = syntax::Config::new().unicode(unicode).utf8(unicode);
        Compiler::new()
            .configure(Config::new().utf8(unicode).nfa_size_limit(None))
            .syntax(letters)
            .build(expression)
            .ok()
    };
    with(false).or_else(|| with(true)).ok_or_else(|| format!("{expression}: no expression").into())
}

fn searched(anchors: &[String]) -> Result<Anchors, Failed> {
    Ok(Anchors::builder().ascii_case_insensitive(true).build(anchors)?)
}

/// The bytes on the way to `place`.
fn spelling(place: Place, from: &HashMap<Place, Option<(Place, Option<u8>)>>) -> String {
    let mut bytes = Vec::new();
    let mut at = place;
    while let Some(Some((before, byte))) = from.get(&at) {
        bytes.extend(*byte);
        at = *before;
    }
    bytes.reverse();
    String::from_utf8_lossy(&bytes).into_owned()
}
