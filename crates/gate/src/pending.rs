//! What under way will decide a verdict: a build that waits for headers, a request that waits for
//! MokManager.
//!
//! Sources: dkms(8) and its `header_postinst.d` hook (a module is built when the headers of the kernel
//! come, which package managers configure after the image); shim, `MokManager.c` (a request is put to
//! a person at the next boot and dropped without an answer).

use loadworthy_assess::host::Host;
use loadworthy_collect::gather::inventory;
use loadworthy_collect::gather::linux::dkms;
use loadworthy_collect::item::Item;
use loadworthy_collect::sighting::Outcome;
use loadworthy_core::answer::{Answered, Answers};
use loadworthy_core::codes;
use loadworthy_core::fact::step::Step;
use loadworthy_core::proof::Rule;
use loadworthy_core::verdict::Verdict;

static RULE: Rule = Rule { name: "gate/pending", source: "" };

/// Notes in each answer what will decide it.
pub(crate) fn mark(host: &Host, release: &str, answers: &mut Answers) {
    let refused = |a: &Answered| match a.judgement.verdict {
        Verdict::Refused(code) => Some(code),
        _ => None,
    };
    let missing = |a: &Answered| {
        let codes = [
            &codes::MODULE_MISSING_FOR_THIS_KERNEL,
            &codes::MODULE_NOT_IN_INDEX,
            &codes::MODULE_FILE_MISSING,
        ];
        refused(a).is_some_and(|code| codes.contains(&code))
    };
    if answers.answers.iter().any(missing) {
        let builds = Builds::of(host, release);
        for answer in answers.answers.iter_mut().filter(|a| missing(a)) {
            answer.pending = builds.will_make(&answer.subject.name);
        }
    }
    let untrusted =
        |a: &Answered| refused(a).is_some_and(|code| code == &codes::SIGNING_KEY_NOT_TRUSTED);
    if answers.answers.iter().any(untrusted) {
        let found = inventory::gather(&host.looking()).pending;
        let requests = Step::of(&RULE).consult(&found).cloned().unwrap_or_default();
        if requests.iter().any(|name| **name == *"MokNew") {
            for answer in answers.answers.iter_mut().filter(|a| untrusted(a)) {
                answer.pending = Some(
                    "a request to enrol a key (MokNew) waits for MokManager; a reboot that nobody \
                     attends loses it"
                        .to_owned(),
                );
            }
        }
    }
}

/// Sources that are built into modules when the headers of a kernel come.
struct Builds {
    release: String,
    headers: bool,
    /// Whether the headers come in the transaction that is asked about.
    coming: bool,
    sources: Vec<dkms::Source>,
    /// What akmods builds for each new kernel, when its service comes to it, and has not failed to.
    akmods: Vec<Akmod>,
}

/// A source of akmods, and modules that it made for other kernels.
struct Akmod {
    name: String,
    modules: Vec<String>,
}

impl Builds {
    fn of(host: &Host, release: &str) -> Self {
        let looking = host.looking();
        let names = |folder: &str| match looking.view.look(&Item::entries(folder), 0) {
            (Outcome::Entries(entries), _) => {
                entries.iter().map(|e| String::from_utf8_lossy(&e.name).into_owned()).collect()
            }
            _ => Vec::new(),
        };
        let package = format!("linux-headers-{release}");
        let named = |called: &str| called.split(' ').next() == Some(&package);
        let coming = host.laid().iter().any(|laid| named(&laid.called));
        let headers = names("usr/src").contains(&package)
            || names("usr/src/kernels").contains(&release.to_owned());
        let sources = dkms::registered(&looking);
        let akmods = akmods(host, release, &names);
        Self { release: release.to_owned(), headers, coming, sources, akmods }
    }

    fn will_make(&self, module: &str) -> Option<String> {
        let same = |name: &str| name.replace('-', "_") == module.replace('-', "_");
        let akmod = self.akmods.iter().find(|a| a.modules.iter().any(|name| same(name)));
        if let Some(akmod) = akmod {
            return Some(format!("akmods builds {} for {}", akmod.name, self.release));
        }
        let source = self.sources.iter().find(|s| s.modules.iter().any(|name| same(name)))?;
        let release = &self.release;
        match (self.coming, self.headers) {
            (true, _) => Some(format!(
                "DKMS builds {} when the headers of {release}, which come in the same transaction, are \
                 configured",
                source.name
            )),
            (false, true) => None,
            (false, false) => Some(format!(
                "DKMS builds {} when the headers of {release} are installed",
                source.name
            )),
        }
    }
}

/// What akmods will build: sources (`NAME-kmod.latest`) whose modules other kernels have in
/// `extra/NAME`, and that have not failed for this kernel. Source: akmods, `akmods` (`usr/src/akmods`,
/// `var/cache/akmods/NAME/VERSION-for-KERNEL.failed.log`).
fn akmods(host: &Host, release: &str, names: &dyn Fn(&str) -> Vec<String>) -> Vec<Akmod> {
    let sources = names("usr/src/akmods");
    let sources = sources.iter().filter_map(|file| file.strip_suffix("-kmod.latest"));
    let failed = format!("-for-{release}.failed.log");
    let open = |name: &&str| {
        !names(&format!("var/cache/akmods/{name}")).iter().any(|file| file.ends_with(&failed))
    };
    let made = |name: &str| {
        let others = host.kernels.installed.iter().filter(|kernel| *kernel.release != *release);
        let folders = others.map(|kernel| format!("lib/modules/{}/extra/{name}", kernel.release));
        let files = folders.flat_map(|folder| names(&folder));
        files.filter_map(|file| Some(file.split_once(".ko")?.0.to_owned())).collect()
    };
    let akmod = |name: &str| Akmod { name: name.to_owned(), modules: made(name) };
    sources.filter(open).map(akmod).collect()
}
