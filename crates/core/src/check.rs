//! A check: one step a platform takes before it lets code load.

use crate::code::Code;
use crate::errno::Errno;
use crate::proof::{Claim, Gaps, Rule, Stage};
use crate::windows_words::{Hresult, Prompt, Status};
use alloc::string::String;
use alloc::vec::Vec;

/// One step of a platform, with the function that follows it.
///
/// `F` is `fn(&Case, &mut Step) -> Result<Passage, Gaps>` for the platform's own case.
#[derive(Debug)]
pub struct Check<F> {
    /// Its name and the place where the platform takes the step.
    pub rule: Rule,
    /// Takes the step. `Err` leaves it open: something that was consulted is not known.
    pub run: F,
}

/// How something got past a check, or did not.
#[derive(Debug)]
pub struct Passage {
    /// What was found out.
    pub claim: Claim,
    /// What follows from it.
    pub effect: Effect,
    /// What the platform prints on the way, refused or not.
    pub says: Vec<Line>,
}

/// What follows from a check.
#[derive(Debug)]
pub enum Effect {
    /// On to the next one.
    Pass,
    /// On to the next one, marked.
    Taint(Vec<(Letter, &'static Code)>),
    /// Here it ends. The code is for people, the number for the caller; `None` where the kernel is
    /// not even asked.
    Refuse(&'static Code, Option<Errno>),
    /// Here it ends, before any kernel runs.
    Stop {
        /// The code, for people.
        code: &'static Code,
        /// Who refuses.
        by: Stage,
        /// What it answers (`EFI_STATUS`), where the screen tells.
        status: Option<&'static str>,
    },
    /// On to the next one, and Windows tells of it.
    Told(WindowsSays),
    /// On to the next one; an audit policy would have refused it.
    Audited(&'static Code, WindowsSays),
    /// Here Windows ends it.
    Denied(&'static Code, WindowsSays),
}

/// What Windows tells about a driver or a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WindowsSays {
    /// What loading returns.
    pub status: Option<Status>,
    /// What installing returns, as `setupapi.dev.log` prints it last.
    pub hresult: Option<Hresult>,
    /// What lies below it, where the log names another first.
    pub inner: Option<Hresult>,
    /// The problem code of the device.
    pub problem: Option<u8>,
    /// Ids in the log `Microsoft-Windows-CodeIntegrity/Operational`.
    pub events: Vec<u16>,
    /// What a person at the console is asked.
    pub prompt: Option<Prompt>,
}

impl WindowsSays {
    /// What comes after what was said before.
    pub fn add(&mut self, more: &Self) {
        self.status = self.status.or(more.status);
        self.hresult = self.hresult.or(more.hresult);
        self.inner = self.inner.or(more.inner);
        self.problem = self.problem.or(more.problem);
        self.prompt = self.prompt.or(more.prompt);
        for event in &more.events {
            if !self.events.contains(event) {
                self.events.push(*event);
            }
        }
    }
}

impl Passage {
    /// Passed, in silence.
    #[must_use]
    pub const fn pass(claim: Claim) -> Self {
        Self { claim, effect: Effect::Pass, says: Vec::new() }
    }

    /// Passed and marked with one letter.
    #[must_use]
    pub fn taint(claim: Claim, letter: Letter, code: &'static Code) -> Self {
        Self { claim, effect: Effect::Taint(alloc::vec![(letter, code)]), says: Vec::new() }
    }

    /// Refused.
    #[must_use]
    pub const fn refuse(claim: Claim, code: &'static Code, errno: Errno) -> Self {
        Self { claim, effect: Effect::Refuse(code, Some(errno)), says: Vec::new() }
    }

    /// Refused before the kernel is asked at all.
    #[must_use]
    pub const fn never_asked(claim: Claim, code: &'static Code) -> Self {
        Self { claim, effect: Effect::Refuse(code, None), says: Vec::new() }
    }

    /// The same with a line the platform prints.
    #[must_use]
    pub fn saying(mut self, line: Line) -> Self {
        self.says.push(line);
        self
    }
}

/// What a check answers.
pub type Answer = Result<Passage, Gaps>;

/// A line the platform prints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The row of `knowledge/log` it comes from; empty where a rule makes the words itself.
    pub row: &'static str,
    /// The line, without time stamp.
    pub text: String,
    /// Whether it is printed at most once a boot.
    pub once: bool,
}

/// A mark that Linux puts on a module (`/sys/module/NAME/taint`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Letter {
    /// From the staging directory.
    C,
    /// Nobody vouched for it.
    E,
    /// Loaded by force.
    F,
    /// A live patch.
    K,
    /// A test module; on SUSE one that nobody supports.
    N,
    /// Built outside the kernel tree.
    O,
    /// Proprietary.
    P,
    /// Supported by others together with SUSE.
    X,
}

impl Letter {
    /// The letter.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::C => "C",
            Self::E => "E",
            Self::F => "F",
            Self::K => "K",
            Self::N => "N",
            Self::O => "O",
            Self::P => "P",
            Self::X => "X",
        }
    }
}
