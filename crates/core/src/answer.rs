//! What was asked, and everything that was answered: the one shape every renderer reads.

use crate::boot_claim::By;
use crate::code::Code;
use crate::facts::cluster::Membership;
use crate::facts::linux::KeyPair;
use crate::initramfs_claim::CopySignature;
use crate::policy::next_boot::BootEntry;
use crate::proof::{Origin, Proof};
use crate::tables::inf_lints::Level;
use crate::verdict::{Judgement, Verdict};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::manifest::Class;

/// The answer to one question about one host.
#[derive(Clone, Debug)]
pub struct Answers {
    /// The time as of which it was judged, as `2026-11-21T00:00:00Z`.
    pub at: String,
    /// The host.
    pub host: Host,
    /// One a subject and phase, in the order asked.
    pub answers: Vec<Answered>,
    /// Things worth telling that are not about one subject: `LW0…` codes with their proofs.
    pub notes: Vec<Note>,
    /// What is wrong inside the files of packages, at its places.
    pub findings: Vec<Finding>,
}

impl Answers {
    /// The kernel that one of these answers is about, where that is known.
    #[must_use]
    pub fn kernel_of(&self, answer: &Answered) -> Option<&Arc<str>> {
        let of_several = || {
            let at = self.answers.iter().position(|a| core::ptr::eq(a, answer))?;
            let mut before = 0_usize;
            let own = self.host.kernels.iter().find(|(_, answers)| {
                before = before.saturating_add(*answers);
                at < before
            });
            own.map(|(kernel, _)| kernel)
        };
        match self.host.kernels.is_empty() {
            true => self.host.kernel.as_ref(),
            false => of_several().or(self.host.kernel.as_ref()),
        }
    }
}

/// Something inside a file that is worth correcting, whatever a verdict says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The page that explains it.
    pub code: &'static Code,
    /// The tool that has a number for it, and its number: `InfVerif`, `1230`.
    pub number: Option<(&'static str, Arc<str>)>,
    /// How much it matters.
    pub level: Level,
    /// The file, as the argument shows it.
    pub path: Arc<str>,
    /// Line and column, both from one.
    pub at: Option<(u32, u32)>,
    /// What is wrong, in a few words.
    pub title: Arc<str>,
    /// The name or value it is about; may be empty.
    pub said: Arc<str>,
    /// What to write in its place.
    pub help: Option<Arc<str>>,
}

/// The host in a few words. `None` where it was not seen.
#[derive(Clone, Debug)]
pub struct Host {
    /// Where its facts come from.
    pub source: Origin,
    /// Which sort of system it is.
    pub platform: Platform,
    /// The release asked about.
    pub kernel: Option<Arc<str>>,
    /// Where several kernels are asked about: each, and how many of the answers, in their order, are
    /// about it. `kernel` is the first.
    pub kernels: Vec<(Arc<str>, usize)>,
    /// Whether Secure Boot is on as the kernel will see it.
    pub secure_boot: Option<bool>,
    /// The lockdown level: `none`, `integrity`, `confidentiality`.
    pub lockdown: Option<&'static str>,
    /// The boot-loader entry that starts this kernel.
    pub started_by: Option<StartedBy>,
    /// The cluster that it is a node of, where that was asked for and seen.
    pub node_of: Option<Membership>,
}

impl Host {
    /// No machine: Windows versions by name.
    pub const OF_PROFILES: Self = Self {
        source: Origin::Profile,
        platform: Platform::Windows,
        kernel: None,
        kernels: Vec::new(),
        secure_boot: None,
        lockdown: None,
        started_by: None,
        node_of: None,
    };
}

/// How a kernel is started.
#[derive(Clone, Debug)]
pub struct StartedBy {
    /// The entry.
    pub entry: Arc<BootEntry>,
    /// What asks for it at the next boot; `None`: another entry is the next one.
    pub by: Option<By>,
}

/// The sorts of systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// Linux.
    Linux,
    /// Windows.
    Windows,
}

impl Platform {
    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Linux => "linux",
            Self::Windows => "windows",
        }
    }
}

/// One verdict and what goes with it.
#[derive(Clone, Debug)]
pub struct Answered {
    /// What was judged.
    pub subject: Subject,
    /// The named platform it was judged against, as given; `None`: the host itself.
    pub on: Option<Arc<str>>,
    /// Which step of the platform was asked about.
    pub phase: Phase,
    /// The verdict, its reasons and its proof.
    pub judgement: Judgement,
    /// What was tried on the facts and judged again; what helps comes first.
    pub tried: Vec<Tried>,
    /// What will decide it later, in a few words.
    pub pending: Option<String>,
}

impl Answered {
    /// Keeps of it what a line tells: the verdict, what the host says, and which marks there are.
    pub fn forget_proofs(&mut self) {
        self.judgement.walk = Vec::new();
        if self.judgement.verdict != Verdict::LoadsTainted {
            self.judgement.reasons = Vec::new();
        }
        self.tried = Vec::new();
    }
}

/// What a verdict is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Which sort of thing.
    pub kind: Kind,
    /// Its name, as the platform says it: `lpfc`.
    pub name: Arc<str>,
    /// The argument as given, or the path below the root.
    pub path: Option<Arc<str>>,
    /// SHA-256 of the file as it is stored.
    pub sha256: Option<[u8; 32]>,
    /// Who asks for it: `manifest`, `device pci:10df:f0f5`, `needed by lpfc`.
    pub required_by: Vec<String>,
    /// What hangs on it; empty for what somebody only asked about.
    pub need: Need,
}

/// What hangs on a subject: why a host needs it, and what it stands to lose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// What it is for; `None` where it was only asked about.
    pub class: Option<Class>,
    /// Whether the host should not be rebooted while this does not load.
    pub blocks: bool,
    /// Whether it is told and decides nothing: neither the exit code nor a gate.
    pub optional: bool,
    /// What is lost if it does not load: `disk sda, mounted at /srv`.
    pub loses: Vec<String>,
    /// A known exception of the owner's that covers the verdict and has not expired.
    pub accepted: Option<Accepted>,
}

impl Need {
    /// Whether the verdict counts for the exit code.
    #[must_use]
    pub const fn counts(&self) -> bool {
        !self.optional && self.accepted.is_none()
    }
}

/// A known exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Who answers for it.
    pub owner: Arc<str>,
    /// Why.
    pub reason: Arc<str>,
    /// The last day or moment it holds, as written.
    pub until: Arc<str>,
}

/// The sorts of subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A kernel module.
    LinuxModule,
    /// A driver inside the kernel image.
    BuiltInDriver,
    /// An image that boots: shim, a boot loader, a kernel.
    BootImage,
    /// What the kernel unpacks before the root is mounted.
    Initramfs,
    /// A kernel image of Windows.
    WindowsDriver,
    /// A driver package of Windows: an INF and what it names.
    DriverPackage,
    /// A catalog: the signature of a driver package.
    Catalog,
    /// A program or library of Windows, which no kernel loads.
    WindowsProgram,
}

impl Kind {
    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LinuxModule => "linux-module",
            Self::BuiltInDriver => "built-in",
            Self::BootImage => "boot-image",
            Self::Initramfs => "initramfs",
            Self::WindowsDriver => "windows-driver",
            Self::DriverPackage => "driver-package",
            Self::Catalog => "catalog",
            Self::WindowsProgram => "windows-program",
        }
    }
}

/// A step of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The driver is put in place.
    Install,
    /// The driver is loaded.
    Load,
}

impl Phase {
    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Load => "load",
        }
    }
}

/// A change of facts, and what the judge says to it.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The change.
    pub remedy: Remedy,
    /// The verdict after it.
    pub judged: Verdict,
    /// Whether it turns the verdict for the better.
    pub helps: bool,
}

/// Changes that people make, wisely or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Sign the file with a key the kernel trusts.
    Sign {
        /// The file.
        path: Arc<str>,
        /// A trusted key that is the machine owner's: its certificate's name. `None`: there is none yet.
        with: Option<Arc<str>>,
        /// Where the machine keeps the key that it signs with, and its certificate.
        keys: Option<KeyPair>,
    },
    /// Enrol the signer's certificate as a machine owner key.
    Enroll {
        /// The certificate's name, or how the signature names it.
        signer: Arc<str>,
        /// Where the certificate was found.
        certificate: Option<Arc<str>>,
    },
    /// Take the name off the kernel's block list.
    Unblock {
        /// The module.
        name: Arc<str>,
    },
    /// Build the module against this kernel.
    Rebuild {
        /// The kernel.
        release: Arc<str>,
    },
    /// Link the build for another kernel to this one, as far as its functions are still the same.
    LinkModules {
        /// The kernel that it is linked to.
        release: Arc<str>,
        /// The program that does it.
        program: &'static str,
    },
    /// Install the package again: the bytes as the distribution signed them.
    Reinstall {
        /// The file.
        path: Arc<str>,
    },
    /// Load what it depends on first (`modprobe` in place of `insmod`).
    LoadByName {
        /// The module.
        name: Arc<str>,
    },
    /// `module.sig_enforce=0` on the command line.
    EnforceOff,
    /// Sign an image that boots with a machine owner's key.
    SignImage {
        /// The file.
        path: Arc<str>,
        /// The name of an enrolled key; `None`: there is none yet.
        with: Option<Arc<str>>,
    },
    /// Make the initramfs anew from the modules of the tree.
    RemakeInitramfs {
        /// The kernel.
        release: Arc<str>,
        /// The file.
        path: Arc<str>,
        /// Whether it is there by now.
        there: bool,
        /// Who makes it here; `None`: nobody was seen.
        maker: Option<Maker>,
        /// Modules that have to be named to the maker, since the last one lacks them.
        modules: Vec<Arc<str>>,
        /// How modules in the last one lack the signatures that they are refused for want of.
        unsigned: Option<CopySignature>,
    },
    /// Start another kernel, which is installed and accepted.
    StartOther {
        /// Its release.
        release: Arc<str>,
    },
    /// Secure Boot switched off: break-glass.
    SecureBootOff,
    /// Have the driver tested and signed by Microsoft's hardware portal.
    SignByPortal,
    /// Have the package tested and its catalog signed by Microsoft's hardware portal.
    SignPackageByPortal,
    /// Start the driver later than at boot.
    StartLater,
    /// Import the signer's certificate into the machine's stores.
    ImportCertificate,
    /// Undo what was done to files after the catalog was made.
    UndoChange {
        /// Which, file by file: `demo.inf: LF->CRLF`.
        changes: String,
    },
    /// Sign the catalog again, with the certificates of the signature in order.
    SortCertificates {
        /// The catalog.
        catalog: Arc<str>,
    },
    /// Take INF, catalog and files from one release.
    TakeRelease,
    /// Take files out of the package that no INF names.
    LeaveOut {
        /// The files.
        files: Arc<str>,
    },
    /// Put the build of a driver for this processor in its place.
    BuildFor {
        /// The file.
        file: Arc<str>,
        /// The processor.
        machine: &'static str,
    },
    /// Write the day of the release into `DriverVer`, and make and sign the catalog again.
    DateToday,
    /// Name this catalog, which lies beside, in the INF's place of it.
    NameCatalog {
        /// The catalog.
        catalog: Arc<str>,
    },
}

/// Programs that make an initramfs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maker {
    /// initramfs-tools (Debian, Ubuntu).
    InitramfsTools,
    /// dracut (Fedora, SUSE).
    Dracut,
    /// mkinitcpio (Arch).
    Mkinitcpio,
    /// booster.
    Booster,
}

/// Something worth telling that is not about one subject.
#[derive(Clone, Debug)]
pub struct Note {
    /// The code.
    pub code: &'static Code,
    /// Why.
    pub because: Proof,
    /// What was tried about it, and what comes of it.
    pub tried: Vec<Tried>,
}

impl Note {
    /// What is told with `code`, nothing having been tried about it.
    pub const fn new(code: &'static Code, because: Proof) -> Self {
        Self { code, because, tried: Vec::new() }
    }
}

/// One line of what a platform demands (`loadworthy policy`).
#[derive(Clone, Debug)]
pub struct Demand {
    /// Stable name: `secure-boot`, `signatures-enforced`, `lockdown`.
    pub name: &'static str,
    /// The value in a word, or `None` where it is not known.
    pub value: Option<String>,
    /// Why.
    pub because: Proof,
}
