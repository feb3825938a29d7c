//! What only the running kernel knows.

use std::sync::Arc;

use loadworthy_core::fact::{Fact, Listing};
use loadworthy_core::facts::linux::Running;
use loadworthy_core::proof::{Gaps, Question, Why, counted, gap, text};
use loadworthy_formats::error::{Error, Kind, Parsed};
use loadworthy_formats::kernel::cmdline;
use loadworthy_formats::kernel::lockdown::{self, Level};
use loadworthy_formats::kernel::proc_keys::{self, Key, What};
use loadworthy_formats::text::hex;

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
    let keys = about.applies(Question::MokList).map_or_else(
        |gaps| Shown { keys: Err(gaps), item: text("proc/keys") },
        |()| shown(looking),
    );
    Running {
        machine_keys: keys.count(looking, ".machine"),
        platform_keys: keys.count(looking, ".platform"),
        denied_files: keys.denied(looking),
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
        loadpin: about.applies(Question::PinnedFileSystem).map_or_else(Fact::unknown, |()| {
            let item = Item::file("proc/sys/kernel/loadpin/enforce");
            let read = |b: &[u8]| switch("loadpin", b);
            looking.fact(&item, Question::PinnedFileSystem, read, yes_or_no)
        }),
    }
}

/// `/proc/keys`, where it shows the kernel's own rings: to root, that is.
struct Shown {
    keys: Result<Vec<Key>, Gaps>,
    item: Arc<str>,
}

fn shown(looking: &Looking<'_>) -> Shown {
    let item = Item::file("proc/keys");
    let name = text(item.to_string());
    let read = |bytes: &[u8]| proc_keys::read(bytes, looking.limits);
    let keys = match looking.first(&[item], looking.limits.text_bytes, read) {
        Ok(read) if read.value.iter().any(|key| ring(key, ".builtin_trusted_keys").is_some()) => {
            Ok(read.value)
        }
        Ok(_) => Err(gap(Question::MokList, Why::Denied(name.clone()))),
        Err(why) => Err(gap(Question::MokList, why)),
    };
    Shown { keys, item: name }
}

/// The number of keys in the ring of this name, if `key` is that ring.
fn ring(key: &Key, wanted: &str) -> Option<u64> {
    match &key.what {
        What::Keyring { name, keys } if name == wanted => *keys,
        _ => None,
    }
}

impl Shown {
    /// How many keys a ring holds; a kernel without the ring holds none in it.
    fn count(&self, looking: &Looking<'_>, wanted: &str) -> Fact<u64> {
        match &self.keys {
            Ok(keys) => {
                let count = keys.iter().find_map(|key| ring(key, wanted)).unwrap_or(0);
                Fact::seen(count, looking.evidence(&self.item, format!("{wanted}: {count}")))
            }
            Err(gaps) => Fact::unknown(gaps.clone()),
        }
    }

    fn denied(&self, looking: &Looking<'_>) -> Listing<[u8; 32]> {
        let keys = match &self.keys {
            Ok(keys) => keys,
            Err(gaps) => return Listing::unknown(gaps.clone()),
        };
        let digests = keys.iter().filter_map(|key| match &key.what {
            What::Denied { of, hash } if of == "bin" => digest(hash),
            _ => None,
        });
        let items: Vec<_> = digests
            .map(|d| Fact::seen(d, looking.evidence(&self.item, format!("bin:{}", hex(&d)))))
            .collect();
        let said =
            format!("{} of files, and that is all", counted(items.len(), "digest", "digests"));
        Listing::new(items, Fact::seen((), looking.evidence(&self.item, said)))
    }
}

/// A SHA-256 in hexadecimal.
fn digest(hash: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    let mut bytes = hash.as_bytes().chunks_exact(2);
    for byte in &mut out {
        *byte = u8::from_str_radix(str::from_utf8(bytes.next()?).ok()?, 16).ok()?;
    }
    (bytes.next().is_none()).then_some(out)
}

/// A kernel without the lockdown module has no such file. That counts only where securityfs is
/// mounted, which its other files show.
fn lockdown_level(looking: &Looking<'_>) -> Fact<Level> {
    let item = Item::file("sys/kernel/security/lockdown");
    let name = text(item.to_string());
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
            .with("proc/sys/kernel/loadpin/enforce", "1\n")
    }

    #[test]
    fn rings_count_only_where_they_are_shown() {
        let line =
            |rest: &str| format!("0984206f I------     2 perm 1f0b0000     0     0 {rest}\n");
        let hash = "ab".repeat(32);
        let keys = line("keyring   .builtin_trusted_keys: 1")
            + &line("keyring   .machine: empty")
            + &line("keyring   .platform: 2")
            + &line(&format!("blacklist bin:{hash}"));
        let own = running(&Host::new().with("proc/keys", &keys), "6.1.0");
        assert_eq!((value(&own.machine_keys), value(&own.platform_keys)), (0, 2));
        assert_eq!(value(&own.denied_files.items()[0]), [0xab; 32]);
        let own = running(&Host::new().with("proc/keys", line("keyring   _ses: 1")), "6.1.0");
        assert!(
            format!("{:?}", own.machine_keys).contains("Denied"),
            "a user sees only their own keys"
        );
    }

    #[test]
    fn the_running_kernel_speaks_for_itself_only() {
        let host = host().with("proc/version", "Linux version 6.1.0 (a@b) #1 SMP\n");
        let own = running(&host, "6.1.0");
        assert_eq!(value(&own.lockdown), Level::Integrity);
        assert!(value(&own.sig_enforce) && !value(&own.modules_disabled));
        assert!(value(&own.loadpin));
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
