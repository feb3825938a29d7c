//! What a diagnosis says.

use crate::diagnose::clue::Clue;
use crate::diagnose::ran::Ran;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// One of several that fit.
    Possible,
    /// The evidence speaks for it.
    Likely,
    /// The judge's verdict on the files says what the log says.
    Proven,
}

impl Confidence {
    /// The word used in text and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Proven => "proven",
        }
    }
}

/// What a finding is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The sort of thing: `linux-module`, `boot-image`, `host`.
    pub kind: &'static str,
    /// Its name, where one is known.
    pub name: Option<String>,
    /// Further ones of the same finding.
    pub also: Vec<String>,
    /// The host, where there are several.
    pub host: Option<String>,
    /// The file, where the judge saw it.
    pub path: Option<String>,
}

/// A line, quoted with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// `FILE:LINE`, or what the judge looked at.
    pub source: String,
    /// What it said.
    pub quote: String,
}

impl Quoted {
    /// A clue as it is quoted.
    #[must_use]
    pub fn of(clue: &Clue) -> Self {
        let source = alloc::format!("{}:{}", clue.source, clue.line);
        Self { source, quote: clue.seen.quote.clone() }
    }
}

/// What else fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other {
    /// The cause.
    pub cause: String,
    /// What speaks for it.
    pub because: String,
}

/// The way back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// `policy-change`, `driver-change` or `signing-fix`; none where there is nothing to repair.
    pub path: Option<String>,
    /// What to do, in order.
    pub steps: Vec<String>,
    /// With which commands.
    pub commands: Vec<String>,
    /// What not to do.
    pub avoid: Vec<String>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The code of its page, where it has one.
    pub code: Option<String>,
    /// The cause.
    pub cause: String,
    /// Its family.
    pub family: String,
    /// A finer name.
    pub detail: Option<String>,
    /// The offence in a sentence.
    pub title: String,
    /// How sure.
    pub confidence: Confidence,
    /// How strongly the evidence speaks for it, 0 to 100.
    pub weight: u8,
    /// What it is about.
    pub about: About,
    /// Why.
    pub because: String,
    /// On which lines that rests.
    pub evidence: Vec<Quoted>,
    /// How many more lines say the same.
    pub more: u64,
    /// What else fits.
    pub others: Vec<Other>,
    /// The one command that tells them apart, and how to read its answer.
    pub next: Option<(String, String)>,
    /// The way back.
    pub recovery: Recovery,
    /// Whether it comes back at the next boot.
    pub recurs: String,
    /// Whether something needs repair.
    pub fault: bool,
    /// Whether it is about signatures, keys or revocation.
    pub signature: bool,
    /// What is missing because of it.
    pub consequences: Vec<Quoted>,
    /// What the judge says of the files, where it was asked.
    pub judged: Option<String>,
}

/// Something that changed before the refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// When, as far as that was written: `2026-01-21 03:14:02`.
    pub when: Option<String>,
    /// The sort of thing: `kernel`, `boot-loader`, `firmware`, `deny-list`, `driver`, `policy`, `key`.
    pub kind: String,
    /// What.
    pub what: String,
    /// Whether it came into effect between the last start without a refusal and the refusal.
    pub suspect: bool,
    /// The start that brought it into effect, where that is known.
    pub in_effect: Option<String>,
    /// The line.
    pub quoted: Quoted,
}

/// The whole answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// Findings, the most likely first.
    pub findings: Vec<Finding>,
    /// Lines that look bad and are not, where nothing else was found.
    pub harmless: Vec<Quoted>,
    /// What changed before the refusal, in the order of time.
    pub changes: Vec<Changed>,
    /// Devices that are there, with a driver in the tree and none bound, which no finding explains.
    pub unbound: Vec<Quoted>,
    /// What differs from an earlier record of the machine, in sentences.
    pub since: Vec<String>,
    /// Images and packages that were in use, as texts list them, held against the files in hand.
    pub ran: Vec<Ran>,
    /// Hosts that the lines name.
    pub hosts: Vec<String>,
}

/// What was read, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// The texts, by name.
    pub texts: Vec<Arc<str>>,
    /// Bytes of them.
    pub bytes: u64,
    /// Lines of them.
    pub lines: u64,
    /// What was skipped or cut, in sentences.
    pub skipped: Vec<String>,
}
