//! The kernel's answer and ours to one case, with what a start has printed before.

use crate::oracles::answer::{Answer, Said, difference};
use crate::oracles::live::cases::Case;
use loadworthy_rehearse::lines::{self, about_the_load};
use loadworthy_rehearse::runner::{Call, Heard};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A case with both answers.
#[derive(Clone, Debug)]
pub struct Compared<'c> {
    /// The case.
    pub case: &'c Case,
    /// The kernel's answer.
    pub heard: Heard,
    /// Ours.
    pub said: Said,
    /// Whether a line was left out that had been printed before.
    pub shortened: bool,
    /// Where ours differs.
    pub differs: Option<String>,
}

impl<'c> Compared<'c> {
    /// Holds ours against the kernel's. `printed` are the kinds of lines that this start has seen.
    #[must_use]
    pub fn of(case: &'c Case, heard: &Heard, said: &Said, printed: &mut BTreeSet<String>) -> Self {
        let (differs, shortened) = compare(heard, said, printed);
        // What we leave open there is no difference, and no agreement either.
        let differs = differs.filter(|_| !(case.open && said.loads().is_none()));
        Self { case, heard: heard.clone(), said: said.clone(), shortened, differs }
    }

    /// The kernel's answer as it is recorded. Its lines are those of a first load only where none
    /// had been printed before.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let lines = about_the_load(&self.heard.log);
        let rationed = self.heard.log.iter().any(|line| line.contains("callbacks suppressed"));
        let whole = !self.shortened && !rationed;
        Answer {
            case: self.case.name.clone(),
            file: match self.case.call {
                Call::Memory => format!("{}.ko.xz", self.case.name),
                Call::File | Call::Elsewhere => format!("{}.ko", self.case.name),
            },
            errno: self.heard.errno.map(name_of),
            mod_taint: self.heard.mod_taint.clone(),
            log_first: whole.then_some(lines),
            comparable: !self.left_open(),
            log_comparable: whole && !self.left_open(),
        }
    }

    /// Whether we could not know, and said so.
    #[must_use]
    pub fn left_open(&self) -> bool {
        self.case.open && self.said.loads().is_none()
    }

    /// Both answers as a line of JSON.
    #[must_use]
    pub fn row(&self, release: &str, policy: &str) -> Value {
        json!({
            "kernel": release,
            "policy": policy,
            "case": self.case.name,
            "how": self.case.how,
            "errno": self.heard.errno.map(name_of),
            "mod_taint": self.heard.mod_taint,
            "log": self.heard.log,
            "predicted": {
                "outcome": self.said.outcome,
                "errno": self.said.errno,
                "taint": self.said.taint.iter().collect::<String>(),
                "log": self.said.log,
            },
            "agrees": self.differs.is_none(),
            "difference": self.differs,
        })
    }
}

/// Where we differ. Lines that come once a boot or are rationed need not come again.
fn compare(heard: &Heard, said: &Said, printed: &mut BTreeSet<String>) -> (Option<String>, bool) {
    let name = heard.errno.map(name_of);
    let actual = about_the_load(&heard.log);
    let mut expected = said.clone();
    let lines = said.log.iter().map(String::as_str).zip(said.once.iter().copied());
    expected.log = lines::expected(lines, &actual, printed);
    let shortened = expected.log.len() < said.log.len();
    (difference(name.as_deref(), &heard.mod_taint, Some(&actual), &expected), shortened)
}

/// The name of an error number (`include/uapi/asm-generic/errno.h`).
fn name_of(number: i32) -> String {
    let known = [
        (1, "EPERM"),
        (2, "ENOENT"),
        (3, "ESRCH"),
        (8, "ENOEXEC"),
        (12, "ENOMEM"),
        (13, "EACCES"),
        (14, "EFAULT"),
        (16, "EBUSY"),
        (17, "EEXIST"),
        (19, "ENODEV"),
        (22, "EINVAL"),
        (26, "ETXTBSY"),
        (27, "EFBIG"),
        (38, "ENOSYS"),
        (61, "ENODATA"),
        (65, "ENOPKG"),
        (74, "EBADMSG"),
        (75, "EOVERFLOW"),
        (90, "EMSGSIZE"),
        (95, "EOPNOTSUPP"),
        (126, "ENOKEY"),
        (127, "EKEYEXPIRED"),
        (128, "EKEYREVOKED"),
        (129, "EKEYREJECTED"),
    ];
    let name = known.iter().find(|(n, _)| *n == number).map(|(_, name)| (*name).to_owned());
    name.unwrap_or_else(|| number.to_string())
}
