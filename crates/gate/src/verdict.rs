//! What a kernel of this host is worth, in the few words that hooks, metrics and people need.

use std::collections::BTreeMap;

use loadworthy_core::answer::{Answered, Answers, Kind};
use loadworthy_core::verdict::Verdict;
use loadworthy_report::gist::Gist;
use serde::{Deserialize, Serialize};

/// The four outcomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Everything that the host needs loads.
    Loads,
    /// The same, and the kernel is marked.
    LoadsTainted,
    /// Something that the host needs cannot be told, or will be decided by what is under way.
    Unknown,
    /// Something that the host needs does not load.
    Refused,
}

impl Outcome {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loads => "loads",
            Self::LoadsTainted => "loads-tainted",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
        }
    }
}

/// One driver or image that does not simply load.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Its name.
    pub name: String,
    /// Which sort of thing: `linux-module`, `boot-image`, `initramfs`.
    pub kind: String,
    /// The path below the root.
    pub path: Option<String>,
    /// The outcome.
    pub outcome: Outcome,
    /// The code that decided.
    pub code: Option<String>,
    /// Why, in a sentence.
    pub why: String,
    /// What it is for.
    pub class: Option<String>,
    /// Who asks for it.
    pub required_by: Vec<String>,
    /// What is lost without it.
    pub loses: Vec<String>,
    /// What under way will decide it.
    pub pending: Option<String>,
    /// What would help, each judged.
    pub helps: Vec<String>,
}

/// What one kernel is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worth {
    /// Its release.
    pub kernel: String,
    /// The worst outcome among what can block.
    pub outcome: Outcome,
    /// What under way will decide, where that is all that stands in the way.
    pub pending: Option<String>,
    /// What stands in the way.
    pub blocking: Vec<Trouble>,
    /// What does not load and does not block.
    pub told: Vec<Trouble>,
    /// Codes of what else is worth telling.
    pub notes: Vec<Told>,
    /// How many verdicts of each outcome, of everything that was judged.
    pub counts: BTreeMap<String, usize>,
    /// What the kernel will say to each module.
    pub predictions: Vec<Prediction>,
}

/// A code and its title.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The code.
    pub code: String,
    /// Its title, or what is to be said of this host.
    pub title: String,
}

/// What will happen to one module at the next boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prediction {
    /// The module.
    pub module: String,
    /// The outcome.
    pub outcome: Outcome,
    /// The code that decided.
    pub code: Option<String>,
    /// What the system call returns.
    pub errno: Option<String>,
    /// What the kernel prints.
    pub log: Vec<String>,
    /// The marks on the module, as letters.
    pub taint: String,
}

/// The outcome of one verdict.
#[must_use]
pub const fn outcome(verdict: &Verdict) -> Outcome {
    match verdict {
        Verdict::Loads => Outcome::Loads,
        Verdict::LoadsTainted => Outcome::LoadsTainted,
        Verdict::Refused(_) => Outcome::Refused,
        Verdict::Unknown(_) => Outcome::Unknown,
    }
}

impl Worth {
    /// Weighs the answers about one kernel.
    #[must_use]
    pub fn of(kernel: &str, answers: &Answers) -> Self {
        let mut worth = Self {
            kernel: kernel.to_owned(),
            outcome: if answers.answers.is_empty() { Outcome::Unknown } else { Outcome::Loads },
            pending: None,
            blocking: Vec::new(),
            told: Vec::new(),
            notes: Vec::new(),
            counts: BTreeMap::new(),
            predictions: Vec::new(),
        };
        for answer in &answers.answers {
            let outcome = outcome(&answer.judgement.verdict);
            *worth.counts.entry(outcome.name().to_owned()).or_default() += 1;
            worth.predictions.extend(prediction(answer, outcome));
            let blocks = blocks(answer);
            match outcome {
                Outcome::Loads => {}
                Outcome::LoadsTainted => worth.outcome = worth.outcome.max(outcome),
                Outcome::Refused | Outcome::Unknown => {
                    let trouble = trouble(answer, answers, outcome);
                    if blocks {
                        worth.outcome = worth.outcome.max(trouble.outcome);
                        worth.blocking.push(trouble);
                    } else {
                        worth.told.push(trouble);
                    }
                }
            }
        }
        let open = worth.blocking.iter().all(|t| t.pending.is_some());
        worth.pending = worth.blocking.first().filter(|_| open).and_then(|t| t.pending.clone());
        for note in &answers.notes {
            let told = Told { code: note.code.id.to_owned(), title: note.code.title().to_owned() };
            if !worth.notes.contains(&told) {
                worth.notes.push(told);
            }
        }
        worth
    }

    /// Whether a host should not be started with it: something is refused, or it waits for a build.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        matches!(self.outcome, Outcome::Refused) || self.pending.is_some()
    }

    /// Whether it can be told that everything needed loads.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        matches!(self.outcome, Outcome::Loads | Outcome::LoadsTainted)
    }

    /// The codes of what stands in the way, each once.
    #[must_use]
    pub fn codes(&self) -> Vec<String> {
        let mut codes: Vec<String> = self.blocking.iter().filter_map(|t| t.code.clone()).collect();
        codes.sort();
        codes.dedup();
        codes
    }
}

/// Whether the host should not be rebooted while this does not load. An image that boots and is
/// refused ends the boot, whatever anybody needs.
fn blocks(answer: &Answered) -> bool {
    let need = &answer.subject.need;
    let image = answer.subject.kind == Kind::BootImage
        && matches!(answer.judgement.verdict, Verdict::Refused(_));
    (need.blocks || image) && need.counts()
}

fn trouble(answer: &Answered, answers: &Answers, outcome: Outcome) -> Trouble {
    let gist = Gist::of(answer, answers);
    // What is under way will decide it: that is not a refusal yet.
    let outcome = if answer.pending.is_some() { Outcome::Unknown } else { outcome };
    Trouble {
        name: gist.name,
        kind: answer.subject.kind.name().to_owned(),
        path: gist.path,
        outcome,
        code: gist.code.map(|code| code.id.to_owned()),
        why: gist.why.first().cloned().unwrap_or_default(),
        class: answer.subject.need.class.map(|class| class.name().to_owned()),
        required_by: answer.subject.required_by.clone(),
        loses: answer.subject.need.loses.clone(),
        pending: answer.pending.clone(),
        helps: gist.helps,
    }
}

fn prediction(answer: &Answered, outcome: Outcome) -> Option<Prediction> {
    let judgement = &answer.judgement;
    if answer.subject.kind != Kind::LinuxModule || answer.subject.path.is_none() {
        return None;
    }
    let code = match &judgement.verdict {
        Verdict::Refused(code) => Some(code.id),
        _ => None,
    };
    Some(Prediction {
        module: answer.subject.name.to_string(),
        outcome,
        code: code.map(str::to_owned),
        errno: judgement.says.errno.map(|errno| errno.name().to_owned()),
        log: judgement.says.lines.iter().map(|line| line.text.clone()).collect(),
        taint: judgement.says.taint.iter().map(|letter| letter.name()).collect(),
    })
}
