//! A verdict in few words, for formats that have no room for a proof.
//!
//! Nothing here is escaped: every format has its own rules. Control characters are written out, which
//! no format wants otherwise.

use crate::style::Style;
use crate::words::{self, remedies};
use loadworthy_core::answer::{Answered, Answers};
use loadworthy_core::code::Code;
use loadworthy_core::codes;
use loadworthy_core::verdict::Verdict;

/// How much a verdict weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// It is refused, and that counts.
    Fails,
    /// It cannot be told.
    Open,
    /// It is marked; or refused, and nothing hangs on it or somebody accepted that.
    Told,
    /// It loads.
    Fine,
}

/// The gist of one verdict.
#[derive(Clone, Debug)]
pub struct Gist {
    /// What was judged.
    pub name: String,
    /// The argument, or the path below the root.
    pub path: Option<String>,
    /// The kernel or platform it was judged for, where one is known.
    pub on: Option<String>,
    /// `load` or `install`.
    pub phase: &'static str,
    /// The outcome's word.
    pub outcome: &'static str,
    /// The code that decided; none where it loads.
    pub code: Option<&'static Code>,
    /// How much it weighs.
    pub weight: Weight,
    /// Why, in sentences.
    pub why: Vec<String>,
    /// What the host will say.
    pub says: Vec<String>,
    /// What would help.
    pub helps: Vec<String>,
}

/// Text from outside without control characters.
#[must_use]
pub fn plain(text: &str) -> String {
    Style::default().plain(text)
}

impl Gist {
    /// The gist of a verdict among `answers`.
    #[must_use]
    pub fn of(a: &Answered, answers: &Answers) -> Self {
        let judgement = &a.judgement;
        let code = match &judgement.verdict {
            Verdict::Refused(code) => Some(*code),
            Verdict::LoadsTainted => judgement.reasons.first().map(|reason| reason.code),
            Verdict::Unknown(_) => Some(&codes::EVIDENCE_MISSING),
            Verdict::Loads => None,
        };
        let counts = a.subject.need.counts();
        let weight = match &judgement.verdict {
            Verdict::Refused(_) if counts => Weight::Fails,
            Verdict::Unknown(_) if counts => Weight::Open,
            Verdict::Refused(_) | Verdict::Unknown(_) | Verdict::LoadsTainted => Weight::Told,
            Verdict::Loads => Weight::Fine,
        };
        let why = match &judgement.verdict {
            Verdict::Unknown(gaps) => gaps.iter().map(|gap| plain(&words::gap(gap))).collect(),
            Verdict::LoadsTainted => {
                let reached = judgement.reasons.iter().filter(|reason| reason.reached);
                reached.map(|reason| reason.code.title().to_owned()).collect()
            }
            Verdict::Loads | Verdict::Refused(_) => {
                code.iter().map(|code| code.title().to_owned()).collect()
            }
        };
        let host = &judgement.says;
        let mut says: Vec<String> = host.errno.iter().map(|e| e.name().to_owned()).collect();
        says.extend(host.stopped.and_then(|(_, status)| status).map(str::to_owned));
        says.extend(host.lines.iter().map(|line| plain(&line.text)));
        says.extend(host.windows.iter().flat_map(words::windows::says).map(|said| plain(&said)));
        let helps = a.tried.iter().filter(|tried| tried.helps).map(|tried| {
            let what = plain(&remedies::remedy(&tried.remedy));
            let commands = remedies::first(&tried.remedy).into_iter();
            let commands: Vec<String> =
                commands.chain(remedies::command(&tried.remedy)).map(|c| plain(&c)).collect();
            match commands.is_empty() {
                false => format!("{what}: {}", commands.join(" && ")),
                true => what,
            }
        });
        let on = a.on.as_deref().or(answers.kernel_of(a).map(|kernel| &**kernel));
        Self {
            name: plain(&a.subject.name),
            path: a.subject.path.as_deref().map(plain),
            on: on.map(plain),
            phase: a.phase.name(),
            outcome: judgement.verdict.name(),
            code,
            weight,
            why,
            says,
            helps: helps.collect(),
        }
    }

    /// Its code, or the word of its outcome.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.code.map_or(self.outcome, |code| code.id)
    }

    /// Everything in one sentence after another.
    #[must_use]
    pub fn sentences(&self) -> String {
        let mut said = format!("{} {}", self.name, outcome(self.outcome));
        if let Some(on) = &self.on {
            said.push_str(&format!(" on {on}"));
        }
        if !self.why.is_empty() {
            said.push_str(&format!(": {}", self.why.join("; ")));
        }
        said.push('.');
        if !self.says.is_empty() {
            said.push_str(&format!(" The host will say: {}.", self.says.join("; ")));
        }
        if !self.helps.is_empty() {
            said.push_str(&format!(" Would help: {}.", self.helps.join("; ")));
        }
        said
    }
}

/// An outcome as part of a sentence.
fn outcome(word: &str) -> &str {
    match word {
        "loads-tainted" => "loads and is marked",
        "refused" => "is refused",
        "unknown" => "cannot be told",
        other => other,
    }
}

/// How many of each outcome: loads, loads-tainted, refused, unknown.
#[must_use]
pub fn counts(answers: &Answers) -> [(&'static str, usize); 4] {
    ["loads", "loads-tainted", "refused", "unknown"].map(|word| {
        let of = answers.answers.iter().filter(|a| a.judgement.verdict.name() == word);
        (word, of.count())
    })
}
