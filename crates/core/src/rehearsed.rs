//! A rehearsal: what was foretold of a host's next boot beside what a real kernel did.

use crate::answer::Host;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What came of a rehearsal.
#[derive(Clone, Debug)]
pub struct Rehearsed {
    /// The time as of which it was foretold.
    pub at: String,
    /// The host.
    pub host: Host,
    /// The machine that stood in for it.
    pub machine: Machine,
    /// One a module, in the order they were handed to the kernel.
    pub modules: Vec<OnTrial>,
}

/// The machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The firmware's file.
    pub firmware: String,
    /// `kvm`, or `tcg` for emulation.
    pub accelerator: &'static str,
    /// How long it ran, in seconds.
    pub seconds: u64,
    /// What was started before the kernel; empty where the firmware started the kernel itself.
    pub loaders: Vec<String>,
    /// Whether the kernel was reached.
    pub started: bool,
    /// The end of the console, where it was not reached.
    pub console: Vec<String>,
    /// What the kernel saw: the path of an item, what it should be, and what it was where it differs.
    pub seen: Vec<Seen>,
    /// What of the host the machine does not have.
    pub left_out: Vec<String>,
    /// Requests on the host that wait for a person at the next boot, each in a sentence. The machine has
    /// nobody: it starts as the host does when nobody answers.
    pub waiting: Vec<String>,
}

/// An item of the policy as the kernel in the machine showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its path.
    pub item: String,
    /// What it showed, in a few words.
    pub said: String,
    /// Whether it is what the host has; `None` where the host does not tell.
    pub same: Option<bool>,
}

/// One module before both judges.
#[derive(Clone, Debug)]
pub struct OnTrial {
    /// Its name.
    pub name: Arc<str>,
    /// Its path below the root.
    pub path: String,
    /// Who asks for it.
    pub required_by: Vec<String>,
    /// What was foretold.
    pub foretold: Outcome,
    /// What happened; `None` where it was not handed over.
    pub observed: Option<Outcome>,
    /// Whether the kernel let it in and its own start found nothing to drive here.
    pub own_start: bool,
    /// Where the kernel's lines are others than those foretold, a sentence each.
    pub lines_differ: Vec<String>,
    /// Whether both say the same; `None` where nothing was foretold or nothing happened.
    pub agrees: Option<bool>,
}

/// What happens to a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// `loads`, `loads-tainted`, `refused`, `unknown`.
    pub word: &'static str,
    /// The error, by name.
    pub errno: Option<String>,
    /// The marks on the module.
    pub taint: String,
    /// The lines of the kernel.
    pub log: Vec<String>,
}

impl Rehearsed {
    /// Whether everything went as foretold: the kernel was reached and no module differs.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.machine.started
            && self.modules.iter().all(|m| m.agrees != Some(false))
            && self.machine.seen.iter().all(|s| s.same != Some(false))
    }
}
