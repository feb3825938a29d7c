//! What only the running kernel knows.

use std::sync::Arc;

use loadworthy_core::fact::Fact;
use loadworthy_core::facts::linux::Running;
use loadworthy_core::proof::{Gaps, Question, Why, gap};
use loadworthy_formats::error::{Error, Kind, Parsed};
use loadworthy_formats::kernel::cmdline;
use loadworthy_formats::kernel::lockdown::{self, Level};

use super::kernels::{Kernel, Kernels};
use crate::gather::looking::Looking;
use crate::item::Item;
use crate::sighting::Outcome;

/// Whether the pseudo files speak about the kernel asked about.
#[derive(Clone, Debug)]
pub(super) struct About {
    /// The release of the kernel that runs, where it is another one.
    other: Option<Arc<str>>,
    /// Whether it is known that the kernel asked about runs.
    pub(super) runs: bool,
}

impl About {
    pub(super) fn of(kernels: &Kernels, kernel: &Kernel) -> Self {
        match &kernels.running {
            Ok(running) if running.release == kernel.release => Self { other: None, runs: true },
            Ok(running) => Self { other: Some(running.release.clone()), runs: false },
            Err(_) => Self { other: None, runs: false },
        }
    }

    /// What is in the way of using a pseudo file.
    pub(super) fn applies(&self, question: Question) -> Result<(), Gaps> {
        match &self.other {
            Some(other) => Err(gap(question, Why::OtherKernel(other.clone()))),
            None => Ok(()),
        }
    }
}

pub(super) fn gather(looking: &Looking<'_>, about: &About) -> Running {
    Running {
        lockdown: about
            .applies(Question::Lockdown)
            .map_or_else(Fact::unknown, |()| lockdown_level(looking)),
        sig_enforce: about.applies(Question::SigEnforce).map_or_else(Fact::unknown, |()| {
            let item = Item::file("sys/module/module/parameters/sig_enforce");
            looking.fact(&item, Question::SigEnforce, |b| switch("sig_enforce", b), yes_or_no)
        }),
        modules_disabled: about.applies(Question::ModulesDisabled).map_or_else(
            Fact::unknown,
            |()| {
                let item = Item::file("proc/sys/kernel/modules_disabled");
                let read = |b: &[u8]| switch("modules_disabled", b);
                looking.fact(&item, Question::ModulesDisabled, read, yes_or_no)
            },
        ),
    }
}

/// A kernel without the lockdown module has no such file. That counts only where securityfs is
/// mounted, which its other files show.
fn lockdown_level(looking: &Looking<'_>) -> Fact<Level> {
    let item = Item::file("sys/kernel/security/lockdown");
    let name = loadworthy_core::proof::text(item.to_string());
    let read = |b: &[u8]| {
        lockdown::read(b, looking.limits)
            .map(|p| Parsed { value: p.value.level, deviations: p.deviations })
    };
    if let Err(Outcome::Absent) = looking.view.metadata(&item) {
        let folder = looking.names(&Item::entries("sys/kernel/security"));
        return if folder.is_ok_and(|names| !names.is_empty()) {
            Fact::absent(Level::None, looking.evidence(&name, ""))
        } else {
            Fact::unknown(gap(Question::Lockdown, Why::OutOfReach(name)))
        };
    }
    looking.fact(&item, Question::Lockdown, read, |level| {
        match level {
            Level::None => "[none]",
            Level::Integrity => "[integrity]",
            Level::Confidentiality => "[confidentiality]",
        }
        .into()
    })
}

fn switch(what: &'static str, bytes: &[u8]) -> Result<Parsed<bool>, Error> {
    let word = String::from_utf8_lossy(bytes);
    let illegal =
        || Error::new(what, 0, Kind::Illegal { value: bytes.first().copied().unwrap_or(0).into() });
    cmdline::boolean(word.trim()).map(Parsed::clean).ok_or_else(illegal)
}

fn yes_or_no(on: &bool) -> String {
    if *on { "Y" } else { "N" }.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::host::{Host, opened, value};
    use crate::gather::linux::kernels;
    use loadworthy_core::proof::text;

    fn running(host: &Host, release: &str) -> Running {
        let looking = host.looking();
        let kernels = kernels::gather(&looking);
        let asked = kernels.named(release, Fact::unknown(Vec::new()));
        gather(&looking, &About::of(&kernels, &asked))
    }

    fn host() -> Host {
        Host::new()
            .with("sys/kernel/security/lockdown", "none [integrity] confidentiality\n")
            .with("sys/module/module/parameters/sig_enforce", "Y\n")
            .with("proc/sys/kernel/modules_disabled", "0\n")
    }

    #[test]
    fn the_running_kernel_speaks_for_itself_only() {
        let host = host().with("proc/version", "Linux version 6.1.0 (a@b) #1 SMP\n");
        let own = running(&host, "6.1.0");
        assert_eq!(value(&own.lockdown), Level::Integrity);
        assert!(value(&own.sig_enforce) && !value(&own.modules_disabled));
        let other = running(&host, "6.2.0");
        let why = Why::OtherKernel(text("6.1.0"));
        assert_eq!(opened(&other.lockdown), Err(why.clone()));
        assert_eq!(opened(&other.modules_disabled), Err(why));
    }

    #[test]
    fn captured_files_count_where_nothing_names_another_kernel() {
        assert!(value(&running(&host(), "6.1.0").sig_enforce));
    }

    #[test]
    fn no_lockdown_file_means_something_only_where_securityfs_is_mounted() {
        let mounted = Host::new().with("sys/kernel/security/lsm", "capability");
        let (level, item) = opened(&running(&mounted, "6.1.0").lockdown).unwrap();
        assert_eq!((level, &*item), (Level::None, "absent sys/kernel/security/lockdown"));
        let empty = Host::new().with_folder("sys/kernel/security");
        assert!(matches!(opened(&running(&empty, "1").lockdown), Err(Why::OutOfReach(_))));
    }
}
