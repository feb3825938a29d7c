//! What is asked, of which machine, as of when.

use std::fmt;
use std::path::PathBuf;

use loadworthy_core::platform::Named;
use loadworthy_core::proof::Origin;

/// One question.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which machine.
    pub source: Source,
    /// Packages and folders to judge as if they were installed.
    pub with: Vec<PathBuf>,
    /// Which of its kernels.
    pub kernel: Which,
    /// What to judge.
    pub subjects: Subjects,
    /// What to take for granted: `key`, `value`.
    pub assume: Vec<(String, String)>,
    /// A manifest of the caller's, in place of the machine's own.
    pub manifest: Option<PathBuf>,
    /// As of when, as `2026-11-21T00:00:00Z`.
    pub at: String,
    /// A folder of the caller's in which costly findings are kept for the next run.
    pub cache: Option<PathBuf>,
    /// Folders with tables beside the built-in ones.
    pub knowledge: Vec<PathBuf>,
    /// How many threads may work at once.
    pub jobs: usize,
    /// Whether of a whole tree nobody asks how what simply loads got past each check.
    pub short: bool,
}

/// A machine to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The one this program runs on.
    Live,
    /// A folder, as if it were `/`.
    Root(PathBuf),
    /// What was recorded of one.
    Bundle(PathBuf),
    /// A platform that is only named: nothing is read of it.
    Named(Box<Named>),
    /// The files of one under the ordinary policy of its platform: what its firmware, command line and
    /// running kernel show is left aside, and assumptions stand for it.
    Ordinary(Box<Self>),
    /// The files of one under the policy of another.
    Under {
        /// Whose files.
        files: Box<Self>,
        /// Whose policy.
        policy: Box<Self>,
    },
}

impl Source {
    /// The same, as answers name it.
    #[must_use]
    pub fn origin(&self) -> Origin {
        match self {
            Self::Under { files, .. } | Self::Ordinary(files) => files.origin(),
            Self::Live | Self::Named(_) => Origin::Live,
            Self::Root(_) => Origin::Root,
            Self::Bundle(_) => Origin::Bundle,
        }
    }
}

/// A kernel of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one that the next boot starts.
    Next,
    /// The one that runs.
    Running,
    /// Every one that is installed.
    All,
    /// The one with this release.
    Release(String),
}

impl Which {
    /// The kernel that `--kernel` names.
    #[must_use]
    pub fn named(word: &str) -> Self {
        match word {
            "next" => Self::Next,
            "running" => Self::Running,
            "all" => Self::All,
            release => Self::Release(release.to_owned()),
        }
    }
}

/// What to judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subjects {
    /// Every module that drives a device or is loaded now, with what it depends on.
    Used,
    /// The whole module tree.
    All,
    /// Files and names, as the caller typed them.
    Named(Vec<String>),
}

/// Told on the way through long work: how much is done, of how much.
pub type Progress<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Our own work failed: never a statement about the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A source or argument could not be opened.
    Open {
        /// What.
        path: String,
        /// The system's own words.
        problem: String,
    },
    /// An assumption that cannot be made.
    Assumption {
        /// As it was given.
        given: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A manifest is not in order: what and where, a line each.
    Manifest(String),
    /// Something that was named is not there.
    NoThing {
        /// As it was typed.
        named: String,
        /// What was looked for, and where.
        problem: String,
    },
    /// A platform that is not known.
    Profile {
        /// As it was given.
        given: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A table of ours is not in order.
    Table(String),
    /// There is no such kernel.
    NoKernel {
        /// Which was asked for.
        asked: String,
        /// Those that are there.
        there: Vec<String>,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { path, problem } => write!(f, "{path}: {problem}"),
            Self::Assumption { given, problem } => write!(f, "--assume {given}: {problem}"),
            Self::Manifest(problems) => f.write_str(problems),
            Self::NoThing { named, problem } => write!(f, "{named}: {problem}"),
            Self::Profile { given, problem } => write!(f, "--on {given}: {problem}"),
            Self::Table(problem) => write!(f, "built-in table: {problem}"),
            Self::NoKernel { asked, there } if there.is_empty() => {
                write!(f, "--kernel {asked}: no kernel is installed there")
            }
            Self::NoKernel { asked, there } => {
                write!(f, "--kernel {asked}: not there; there are {}", there.join(", "))
            }
        }
    }
}

impl std::error::Error for Trouble {}
