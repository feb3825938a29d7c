//! Laws of the engine, over every sequence of answers up to a length.

use libtest_mimic::{Failed, Trial};
use loadworthy_core::check::{Answer, Letter, Passage};
use loadworthy_core::codes::{UNSIGNED_MODULE_REFUSED, UNVERIFIED_MODULE_MARKED};
use loadworthy_core::errno::Errno;
use loadworthy_core::fact::step::Step;
use loadworthy_core::proof::{Claim, Gap, Question, Rule, Standing, Why};
use loadworthy_core::verdict::{Judgement, Verdict, weigh};

/// How a check may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Pass,
    Mark,
    Open,
    Refuse,
}

const ENDS: [End; 4] = [End::Pass, End::Mark, End::Open, End::Refuse];
const LONGEST: usize = 5;
static RULE: Rule = Rule { name: "test/rule", source: "this test" };

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("law: one refusal decides, then an open check, then a mark", || over(weighing)),
        Trial::test("law: closing a gap never turns refused into loads", || over(closing)),
        Trial::test("law: a refusal behind an open check is not certain", || over(certainty)),
        Trial::test("law: every check is walked and every refusal told", || over(telling)),
    ]
}

/// Every sequence up to the longest.
fn over(law: fn(&[End]) -> bool) -> Result<(), Failed> {
    let mut all: Vec<Vec<End>> = vec![Vec::new()];
    for _ in 0..LONGEST {
        for ends in &all {
            if !law(ends) {
                return Err(format!("broken by {ends:?}").into());
            }
        }
        let longer = all.iter().flat_map(|e| ENDS.map(|end| [e.as_slice(), &[end]].concat()));
        all = longer.collect();
    }
    Ok(())
}

fn judged(ends: &[End]) -> Judgement {
    let answer = |end: &End| -> Answer {
        let claim = || Claim::SecureBoot(true);
        match end {
            End::Pass => Ok(Passage::pass(claim())),
            End::Mark => Ok(Passage::taint(claim(), Letter::E, &UNVERIFIED_MODULE_MARKED)),
            End::Open => Err(vec![Gap {
                question: Question::KernelRelease,
                why: Why::Missing("somewhere".into()),
            }]),
            End::Refuse => {
                Ok(Passage::refuse(claim(), &UNSIGNED_MODULE_REFUSED, Errno::EKEYREJECTED))
            }
        }
    };
    weigh(ends.iter().map(|end| (Step::of(&RULE), answer(end))), |_, _| Standing::Confirmed)
}

fn weighing(ends: &[End]) -> bool {
    let verdict = judged(ends).verdict;
    match ends.iter().max() {
        None | Some(End::Pass) => verdict == Verdict::Loads,
        Some(End::Mark) => verdict == Verdict::LoadsTainted,
        Some(End::Open) => matches!(verdict, Verdict::Unknown(gaps) if !gaps.is_empty()),
        Some(End::Refuse) => matches!(verdict, Verdict::Refused(_)),
    }
}

fn closing(ends: &[End]) -> bool {
    let refused = |ends: &[End]| matches!(judged(ends).verdict, Verdict::Refused(_));
    if !refused(ends) {
        return true;
    }
    let gaps = ends.iter().enumerate().filter(|(_, end)| **end == End::Open);
    gaps.flat_map(|(at, _)| ENDS.map(|end| (at, end))).all(|(at, end)| {
        let mut closed = ends.to_vec();
        closed[at] = end;
        refused(&closed)
    })
}

fn certainty(ends: &[End]) -> bool {
    let Some(first) = ends.iter().position(|end| *end == End::Refuse) else { return true };
    judged(ends).says.certain != ends[..first].contains(&End::Open)
}

fn telling(ends: &[End]) -> bool {
    let judgement = judged(ends);
    let told = ends.iter().filter(|end| matches!(end, End::Refuse | End::Mark)).count();
    judgement.walk.len() == ends.len() && judgement.reasons.len() == told
}
