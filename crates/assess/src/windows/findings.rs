//! What is told of a package beside its verdicts.

use std::sync::Arc;

use loadworthy_core::answer::Note;
use loadworthy_core::codes::{
    BOOT_DRIVER_LEANS_ON_CATALOG, DRIVER_DATE_AHEAD, DRIVER_IN_FOREIGN_SECTION,
    PACKAGE_FILES_NOT_NAMED,
};
use loadworthy_core::fact::Fact;
use loadworthy_core::fact::step::Step;
use loadworthy_core::facts::package::Oddity;
use loadworthy_core::proof::windows::WindowsClaim;
use loadworthy_core::proof::{Claim, Rule, text};

static NAMED: Rule = Rule { name: "package/files-named", source: "INF CopyFiles Directive" };
static MODELS: Rule =
    Rule { name: "package/models", source: "INF Models Section, TargetOSVersion" };
static DATE: Rule = Rule { name: "package/driver-ver", source: "INF DriverVer Directive; Inf2Cat" };
static BOOT: Rule =
    Rule { name: "package/boot-start", source: "Kernel-Mode Code Signing Requirements" };

/// So far ahead of UTC clocks are, in seconds: fourteen hours (Kiribati).
const AHEAD: i64 = 14 * 3600;

/// What there is to tell of one oddity of an INF as of `at`; `None`: nothing.
#[must_use]
pub fn note(inf: &Arc<str>, oddity: &Fact<Oddity>, at: i64) -> Option<Note> {
    let rule = |oddity: &Oddity| match oddity {
        Oddity::NotNamed { .. } => &NAMED,
        Oddity::ForeignImage { .. } => &MODELS,
        Oddity::Dated { .. } => &DATE,
        Oddity::BootFromCatalog { .. } => &BOOT,
    };
    let rule = rule(Step::of(&NAMED).consult(oddity).ok()?);
    let mut step = Step::of(rule);
    let inf = inf.clone();
    let (code, claim) = match step.consult(oddity).ok()?.clone() {
        Oddity::NotNamed { files } => {
            (&PACKAGE_FILES_NOT_NAMED, WindowsClaim::FilesNotNamed { inf, files: listed(&files) })
        }
        Oddity::ForeignImage { file, section, image } => {
            (&DRIVER_IN_FOREIGN_SECTION, WindowsClaim::ForeignImage { inf, file, section, image })
        }
        Oddity::BootFromCatalog { file } => {
            (&BOOT_DRIVER_LEANS_ON_CATALOG, WindowsClaim::BootFromCatalog { inf, file })
        }
        Oddity::Dated { written, at: day } => {
            if day.saturating_sub(AHEAD) <= at {
                return None;
            }
            (&DRIVER_DATE_AHEAD, WindowsClaim::DateAhead { inf, written })
        }
    };
    Some(Note::new(code, step.concludes(Claim::Windows(claim))))
}

/// The first few names, and how many more there are.
pub(super) fn listed(files: &[Arc<str>]) -> Arc<str> {
    const SHOWN: usize = 5;
    let mut text_of = files.iter().take(SHOWN).map(|f| &**f).collect::<Vec<_>>().join(", ");
    if files.len() > SHOWN {
        text_of.push_str(&format!(" and {} more", files.len() - SHOWN));
    }
    text(text_of)
}
