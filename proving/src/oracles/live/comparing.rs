//! The kernel's answer and ours to one case, with what a start has printed before.

use crate::oracles::answer::{Answer, Said, difference, normal};
use crate::oracles::live::cases::Case;
use loadworthy_rehearse::runner::Heard;
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
            file: format!("{}.ko", self.case.name),
            errno: self.heard.errno.map(name_of),
            mod_taint: self.heard.mod_taint.clone(),
            log_first: whole.then_some(lines),
            comparable: true,
            log_comparable: whole,
        }
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
    expected.log.clear();
    for (line, once) in said.log.iter().zip(&said.once) {
        let line = normal(line);
        let key = match once {
            Some(row) => (*row).to_owned(),
            None if line.starts_with("Lockdown: ") => "lockdown".to_owned(),
            None if line == LOCK_DEBUGGING => line.clone(),
            None => String::new(),
        };
        let known = !key.is_empty() && !printed.insert(key.clone());
        let rationed = key == "lockdown" && actual.contains(&line);
        if !known || rationed {
            expected.log.push(line);
        }
    }
    let shortened = expected.log.len() < said.log.len();
    (difference(name.as_deref(), &heard.mod_taint, Some(&actual), &expected), shortened)
}

/// What the kernel says once a boot, when it stops looking after its locks (`kernel/panic.c`).
const LOCK_DEBUGGING: &str = "Disabling lock debugging due to kernel taint";

/// The lines about the load itself: without dumps of registers and stacks, and without what depends on the
/// processor (`arch/x86/kernel/cpu/bugs.c`: a module without retpolines) or on the clock.
fn about_the_load(log: &[String]) -> Vec<String> {
    let noise = ["alg: ", "clocksource: ", "Spectre V2 : "];
    let mut dump_ends: Option<&str> = None;
    let mut out = Vec::new();
    for line in log.iter().map(|line| normal(line)) {
        dump_ends = dump_ends.or(match line.as_str() {
            line if line.starts_with("------------[ cut here") => Some("---[ end trace"),
            line if line.starts_with("CPU: ") => Some("</TASK>"),
            _ => None,
        });
        let about = !noise.iter().any(|start| line.starts_with(start))
            && !line.contains("callbacks suppressed")
            && !line.ends_with(": loading module not compiled with retpoline compiler.");
        let over = dump_ends.is_some_and(|end| line.starts_with(end));
        if dump_ends.is_none() && about {
            out.push(line);
        }
        dump_ends = dump_ends.filter(|_| !over);
    }
    out
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
