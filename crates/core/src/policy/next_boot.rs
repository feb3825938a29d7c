//! Which kernel starts next, read from what firmware and boot loaders go by.

use crate::boot_claim::{BootClaim, By, Loader};
use crate::fact::step::{Step, draw};
use crate::fact::{Fact, Source};
use crate::facts::boot_loader::{BootLoaderFacts, Role};
use crate::proof::{Claim, Gaps, Proof, Question, Rule, Why, gap, text};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use firmware::Starts;

mod firmware;
mod grub;
mod systemd_boot;

/// An entry of a boot loader, with what it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BootEntry {
    /// Whose entry it is.
    pub loader: Loader,
    /// Its title.
    pub title: Arc<str>,
    /// Its identifier; with GRUB the path through submenus, joined by `>`.
    pub id: Arc<str>,
    /// The file that holds it, on the host.
    pub file: Arc<str>,
    /// The image, as the loader names it.
    pub kernel: Arc<str>,
    /// What is loaded with it.
    pub initrds: Vec<Arc<str>>,
    /// The command line; `None`: a part of it is not known.
    pub options: Option<Arc<str>>,
    /// The release, where the entry or the name of the image tells it.
    pub release: Option<Arc<str>>,
    /// Boots that are left before the loader calls it bad; `None`: they are not counted.
    pub tries_left: Option<u32>,
}

/// The entry that starts, and what made it so.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The entry.
    pub entry: Arc<BootEntry>,
    /// What asks for it.
    pub by: By,
}

/// What is known of the next start.
#[derive(Clone, Debug)]
pub struct NextBoot {
    /// The entry that starts.
    pub chosen: Fact<Chosen>,
    /// Every entry that could be started, in the order of the menu.
    pub entries: Vec<Arc<BootEntry>>,
    /// The program of the EFI system partition that firmware starts, and the one that follows shim.
    pub programs: Vec<Fact<Arc<str>>>,
    /// Whether another entry can be asked for once, from the running system.
    pub selectable: Fact<bool>,
    /// What is to be told beside it.
    pub remarks: Vec<(Remark, Proof)>,
}

/// What may make the next start another than the one that is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remark {
    /// Files can be read in several ways.
    Several,
    /// Another system or the network stands first.
    OtherFirst,
    /// A kernel waits for `kexec`.
    Kexec,
}

impl NextBoot {
    /// Reads the next start out of what was seen.
    #[must_use]
    pub fn of(facts: &BootLoaderFacts) -> Self {
        let mut remarks = Vec::new();
        let starts = firmware::starts(facts, &mut remarks);
        let mut entries = Vec::new();
        let chosen = match opened(&starts) {
            Err(gaps) => Fact::unknown(gaps),
            Ok(Starts { loader: Loader::Grub, folder, .. }) => {
                grub::choose(facts, &starts, folder.as_deref(), &mut entries, &mut remarks)
            }
            Ok(Starts { loader: Loader::SystemdBoot, .. }) => {
                systemd_boot::choose(facts, &starts, &mut entries, &mut remarks)
            }
            Ok(Starts { loader: Loader::Firmware, .. }) => unified(facts, &starts, &mut entries),
        };
        kexec(facts, &mut remarks);
        let programs = match opened(&starts) {
            Ok(found) => found.programs.iter().map(|path| starts.map(|_| path.clone())).collect(),
            Err(_) => Vec::new(),
        };
        let selectable = selectable(facts, &starts);
        Self { chosen, entries, programs, selectable, remarks }
    }

    /// The entry by which `release` would start: the chosen one, else the first of that release.
    #[must_use]
    pub fn entry_of(&self, release: &str) -> Option<&Arc<BootEntry>> {
        let names = |entry: &BootEntry| entry.release.as_deref() == Some(release);
        let chosen = opened(&self.chosen).ok().map(|c| &c.entry).filter(|e| names(e));
        chosen.or_else(|| self.entries.iter().find(|entry| names(entry)))
    }
}

impl BootEntry {
    /// The command line as a source of facts; `None` where it is not known.
    #[must_use]
    pub fn command_line<T>(
        &self,
        origin: crate::proof::Origin,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Source<T>> {
        let line = read(self.options.as_deref()?)?;
        Some(Source::read(line, origin, self.file.clone()))
    }
}

static LOOK: Rule = Rule { name: "boot/look", source: "" };

/// What a fact holds, for choosing where to look next; what is concluded consults it anew.
fn opened<T>(fact: &Fact<T>) -> Result<&T, Gaps> {
    Step::of(&LOOK).consult(fact)
}

fn unified(
    facts: &BootLoaderFacts,
    starts: &Fact<Starts>,
    entries: &mut Vec<Arc<BootEntry>>,
) -> Fact<Chosen> {
    static RULE: Rule =
        Rule { name: "boot/unified-image", source: "UAPI.5 Unified Kernel Image; systemd-stub(7)" };
    draw(&RULE, |step| {
        let found = step.consult(starts)?.clone();
        let file = found.programs.last().cloned().unwrap_or_else(|| text(""));
        let program = step.find(&facts.programs, |p| p.path.eq_ignore_ascii_case(&file))?;
        let missing = || gap(Question::BootEntry, Why::Missing(file.clone()));
        let program = program.ok_or_else(missing)?;
        let Role::Unified(image) = &program.role else { return Err(missing()) };
        let entry = Arc::new(BootEntry {
            loader: Loader::Firmware,
            title: text(image.os("PRETTY_NAME").unwrap_or(&found.name)),
            id: program.path.clone(),
            file: program.host_path.clone(),
            kernel: program.path.clone(),
            initrds: Vec::new(),
            options: image.cmdline.as_deref().map(text),
            release: image.uname.as_deref().map(text),
            tries_left: None,
        });
        entries.push(entry.clone());
        let title = entry.title.clone();
        let claim = BootClaim::EntryChosen { loader: Loader::Firmware, title, by: found.by };
        Ok((Chosen { entry, by: found.by }, Claim::Boot(claim)))
    })
}

fn kexec(facts: &BootLoaderFacts, remarks: &mut Vec<(Remark, Proof)>) {
    static RULE: Rule =
        Rule { name: "boot/kexec", source: "kernel/kexec_core.c; systemctl(1) kexec" };
    let mut step = Step::of(&RULE);
    if step.consult(&facts.kexec_loaded) == Ok(&true) {
        remarks.push((Remark::Kexec, step.concludes(Claim::Boot(BootClaim::KexecLoaded))));
    }
}

/// GRUB reads `next_entry` from a block that must be there; the others read variables of the firmware.
fn selectable(facts: &BootLoaderFacts, starts: &Fact<Starts>) -> Fact<bool> {
    static RULE: Rule = Rule {
        name: "boot/once",
        source: "grub-reboot(8); bootctl(1) set-oneshot; efibootmgr(8) --bootnext",
    };
    draw(&RULE, |step| {
        let loader = step.consult(starts)?.loader;
        let can = if loader == Loader::Grub {
            let mut reads = false;
            for (_, script) in &facts.scripts {
                reads |= opened(script).is_ok_and(|s| s.reads("next_entry"));
                let _ = step.consult(script);
            }
            reads && step.consult(&facts.environment)?.is_some()
        } else {
            *step.consult(&facts.uefi)?
        };
        Ok((can, Claim::Boot(BootClaim::LoaderFound(loader))))
    })
}

/// The release in the name of an image: `vmlinuz-REL`; or of its folder: `REL/linux` as `kernel-install`
/// lays it, `REL/linux-DIGEST` as openSUSE's `sdbootutil` does.
fn release_of(path: &str) -> Option<Arc<str>> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let name = name.rsplit_once(')').map_or(name, |(_, name)| name);
    let is_release = |r: &&str| {
        // Version and patch level at least, which no digest has.
        r.starts_with(|c: char| c.is_ascii_digit()) && r.contains('.') && !r.starts_with("0-rescue")
    };
    let named = ["vmlinuz-", "vmlinux-", "Image-", "image-", "kernel-", "linux-"]
        .iter()
        .find_map(|stem| name.strip_prefix(stem))
        // A signed copy beside the image, as Ubuntu once kept it.
        .map(|r| r.strip_suffix(".efi.signed").unwrap_or(r));
    let laid =
        || (name == "linux" || name.starts_with("linux-")).then(|| folder.rsplit('/').next());
    named.filter(is_release).or_else(|| laid().flatten().filter(is_release)).map(text)
}

/// A path without the device that GRUB writes before it.
fn bare(path: &str) -> Arc<str> {
    text(path.rsplit_once(')').map_or(path, |(_, rest)| rest))
}

/// Several facts' worth of gaps, or one that says what is missing.
fn none(why: Why) -> Gaps {
    gap(Question::BootEntry, why)
}

fn joined(parts: &[String]) -> Arc<str> {
    text(parts.join(">"))
}
