//! Why something is held: a tree from evidence to conclusion, shared where it is shared.
//!
//! This room knows no words. What a claim, a gap or a piece of evidence is called when people read
//! it is the business of `report`.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::elf::relocations::Obstacle;

use crate::advice_claim::AdviceClaim;
use crate::boot_claim::BootClaim;
use crate::errno::Errno;
use crate::initramfs_claim::InitramfsClaim;
use loadworthy_formats::error::Error;

pub mod windows;

use windows::{WindowsClaim, WindowsQuestion};

/// A rule of a platform: a name for us and the place where the platform itself follows it.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Platform and check, as `linux/signature-format`.
    pub name: &'static str,
    /// File and function, specification clause or document.
    pub source: &'static str,
}

/// Where evidence was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The machine this program runs on.
    Live,
    /// Below the directory given with `--root`.
    Root,
    /// A recorded bundle.
    Bundle,
    /// A file named on the command line.
    Argument,
    /// Built into this program (`--example`).
    BuiltIn,
    /// A platform named with `--on`.
    Profile,
}

/// Something that was looked at, or looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Where it was looked for.
    pub origin: Origin,
    /// What: a path below the root, a variable, a section of a file.
    pub item: Arc<str>,
    /// What it said, quoted or summarised in a few words; empty for what was absent.
    pub said: Arc<str>,
}

/// A row of a knowledge table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Table and row, as `linux/behaviours.toml#platform-keyring-debian`.
    pub id: Arc<str>,
    /// The source the row cites.
    pub source: Arc<str>,
    /// How far a real platform stands behind it for the release in question.
    pub standing: Standing,
}

/// Who supports a module: `supported` in its `.modinfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// The distribution: `yes`.
    Vendor,
    /// Its maker together with the distribution: `external`.
    External,
    /// Nobody.
    Nobody,
    /// The machine does not ask, or there is no module to ask.
    Unasked,
}

/// How far a rule is backed. Ordered: the weakest of a proof is the confidence of its conclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// What is known of the nearest release, applied to one that nobody read: a kernel newer than the
    /// tables, a platform whose own configuration was not there.
    Extrapolated,
    /// Source code or vendor documents say so.
    Documented,
    /// A real platform answered so; see the named recording.
    Confirmed,
}

/// What the operator told us to take for granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// The key, as given with `--assume`.
    pub key: Arc<str>,
    /// The value.
    pub value: Arc<str>,
}

/// A question that stayed open, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What was asked.
    pub question: Question,
    /// Why there is no answer.
    pub why: Why,
}

/// The questions that can stay open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// Which release the kernel in question has.
    KernelRelease,
    /// What the kernel image says of itself.
    KernelImage,
    /// The exact version magic of the kernel.
    Vermagic,
    /// The certificates built into the kernel.
    BuiltinKeys,
    /// How the kernel was configured.
    KernelConfig,
    /// The kernel command line.
    CommandLine,
    /// Whether the firmware enforces Secure Boot.
    SecureBoot,
    /// The firmware's db.
    Db,
    /// The firmware's dbx.
    Dbx,
    /// The machine owner keys.
    MokList,
    /// What machine owners denied.
    MokListX,
    /// Whether machine owner keys are trusted like built-in ones.
    MokTrusted,
    /// The lockdown level of the running kernel.
    Lockdown,
    /// Whether the running kernel enforces signatures.
    SigEnforce,
    /// Which symbols the kernel exports.
    KernelSymbols,
    /// The size of the kernel's `struct module`.
    ModuleStructSize,
    /// The bytes of the module.
    ModuleBytes,
    /// The index of the module tree.
    ModuleIndex,
    /// The configuration of modprobe.
    ModprobeConfig,
    /// Names that built-in code occupies below `/sys/module`.
    BuiltinNames,
    /// Whether a cryptographic algorithm is there when the module is loaded.
    CryptoAlgorithm,
    /// How this kernel behaves in a point where kernels differ.
    KernelBehaviour,
    /// The integrity policy (IMA) in force.
    ImaPolicy,
    /// The policy of IPE that is compiled in.
    IpePolicy,
    /// The file system that LoadPin took the first module from.
    PinnedFileSystem,
    /// Which kmod loads modules.
    Kmod,
    /// Whether the type information of module and kernel fit.
    TypeInformation,
    /// What hardware is there.
    Hardware,
    /// Whether module loading was switched off.
    ModulesDisabled,
    /// What waits for a person at the next boot.
    PendingRequests,
    /// The marks on the running kernel.
    Taint,
    /// The bytes of an image that boots.
    ImageBytes,
    /// What is in the file system that an initramfs mounts out of a file of its own.
    InnerFileSystem,
    /// The shim that is installed.
    Shim,
    /// The revocation level (SBAT) in force.
    SbatLevel,
    /// Which boot-loader entry starts next.
    BootEntry,
    /// A question about Windows.
    Windows(WindowsQuestion),
}

/// Why a question stayed open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Looking was not allowed.
    Denied(Arc<str>),
    /// The source cannot know it: a folder without the files of a running kernel, say.
    OutOfReach(Arc<str>),
    /// It is not there although it is needed.
    Missing(Arc<str>),
    /// It was there and could not be read.
    Unreadable(Arc<str>, Error),
    /// The system refused in some other way; the text is the system's own.
    Broken(Arc<str>, Arc<str>),
    /// It is there and of a sort that is not read, or damaged; the text says which.
    NotRead(Arc<str>, Arc<str>),
    /// No table row covers it.
    NoRow(Arc<str>),
    /// It is known for another kernel only.
    OtherKernel(Arc<str>),
    /// Those who should know say different things: both readings, a sentence each.
    Disputed(&'static str, &'static str),
}

/// Who unpacks a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpacker {
    /// Nobody: it is not packed.
    Nobody,
    /// The program that loads it, which hands the kernel bytes and no file.
    Program,
    /// The kernel.
    Kernel,
}

/// A few words of a proof: the whole list of what our rules may assert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Whose kernel it is.
    Kernel {
        /// The release.
        release: Arc<str>,
        /// The distribution's name in the tables; empty where it is none we know.
        distro: Arc<str>,
    },
    /// What the running kernel shows is not what its files lead one to expect.
    SourcesDisagree {
        /// About what, in a word of the policy.
        about: &'static str,
        /// Whether it is on as the kernel shows it.
        shown: bool,
    },
    /// The boot loader was not asked: the kernel is the one that is usually next.
    NextGuessed,
    /// A module is there for the kernel that runs, or is loaded now, and not for this one.
    OnlyForAnotherKernel {
        /// The kernel that runs; empty where it was not seen.
        running: Arc<str>,
    },
    /// These modules are loaded or built now and are not there for this kernel; nothing asks for them.
    LeftBehind(Arc<str>),
    /// The loaded build of a module is not the one in its file.
    LoadedBuildDiffers {
        /// The module.
        module: Arc<str>,
        /// What the loaded one says of itself.
        loaded: Arc<str>,
        /// What the file says.
        stored: Arc<str>,
    },
    /// A module is loaded now and would be refused if it were loaded again.
    WouldBeRefusedNow {
        /// The module.
        module: Arc<str>,
        /// The code of the refusal.
        code: &'static str,
    },
    /// How long the running kernel has proved itself, and what came since.
    SinceStart {
        /// Whole days since the machine was started; `None` where that was not seen.
        days: Option<u64>,
        /// Installed kernels that are newer than the running one.
        newer: usize,
    },
    /// A known exception has passed its end.
    ExceptionExpired {
        /// The code.
        code: Arc<str>,
        /// The subject.
        subject: Arc<str>,
        /// Who answers for it.
        owner: Arc<str>,
        /// Its end.
        until: Arc<str>,
    },
    /// A key of another environment vouches for modules here.
    ForeignKeyTrusted {
        /// The digest that the manifest names.
        digest: Arc<str>,
        /// The certificate's name.
        name: Arc<str>,
        /// The keyring that holds it.
        ring: Ring,
    },
    /// The policy is not what the profile says.
    ProfileDiffers {
        /// The key of the profile.
        key: &'static str,
        /// What the profile wants.
        wants: Arc<str>,
        /// What it is.
        is: Arc<str>,
    },
    /// A device that the manifest asks for is not there.
    DeviceAbsent(Arc<str>),
    /// A digest algorithm is a module that must be loaded before the signature can be checked.
    AlgorithmLoadedFirst(Arc<str>),
    /// Secure Boot is on or off as the kernel will see it.
    SecureBoot(bool),
    /// The kernel was built to look at module signatures, or not.
    SignaturesChecked(bool),
    /// A module nobody vouches for is refused, or not.
    SignaturesEnforced(bool),
    /// Lockdown keeps unverified modules out, or not.
    LockedDown(bool),
    /// The kernel can ask the firmware for variables, or not.
    FirmwareAsked(bool),
    /// The certificates of db reach the kernel, or not.
    DbTakenIn(bool),
    /// How this kernel reads signatures is known.
    DialectKnown,
    /// Machine owner keys reach the kernel, or not.
    MokTakenIn(bool),
    /// Machine owner keys land in the machine keyring (else in the platform keyring).
    MokInMachineRing(bool),
    /// The platform keyring counts for modules, or not.
    PlatformRingCounts(bool),
    /// Whole files named by digest in dbx or MokListX are refused as modules, or not.
    FileDigestsDenied(bool),
    /// Certificates in dbx or MokListX revoke module signers, or not.
    SignersRevocable(bool),
    /// The keyring holds this many keys, and that is all.
    KeyringHolds {
        /// The keyring.
        ring: Ring,
        /// How many.
        keys: usize,
    },
    /// A certificate was taken into a keyring.
    KeyAdmitted {
        /// The keyring.
        ring: Ring,
        /// The certificate's name.
        name: Arc<str>,
    },
    /// A certificate was not taken into a keyring.
    KeyNotAdmitted {
        /// The keyring.
        ring: Ring,
        /// The certificate's name.
        name: Arc<str>,
        /// What the kernel says to it.
        errno: Errno,
    },
    /// A cryptographic algorithm is available to the kernel when it is needed, or not.
    AlgorithmAvailable(Arc<str>, bool),
    /// The file is one the kernel reads at all.
    FileReadable(bool),
    /// Module loading is switched off, or not.
    LoadingDisabled(bool),
    /// IMA wants a file signature, or not.
    FileSignatureWanted(bool),
    /// Modules may come from one file system only (LoadPin), or from any.
    FileSystemPinned(bool),
    /// A policy of IPE says which modules may be loaded, or none does.
    IpeDecides(bool),
    /// A security module is among those that are started, or not.
    SecurityModuleStarted(Arc<str>, bool),
    /// How the kernel comes to the bytes of a packed module.
    UnpackedBy(Unpacker),
    /// FIPS mode is on, or off.
    FipsMode(bool),
    /// The module brings cryptography that FIPS mode wants vouched for, or none.
    BringsCryptography(bool),
    /// The file ends in a signature marker, or not.
    SignaturePresent(bool),
    /// The trailer of the signature is well formed.
    TrailerSound,
    /// The trailer of the signature is refused.
    TrailerRefused(Errno),
    /// The signature message is well formed.
    MessageSound {
        /// Who signed, as the message names the key.
        signer: Arc<str>,
    },
    /// The signature message is refused, and by which rule.
    MessageRefused {
        /// Error number inside the kernel.
        errno: Errno,
        /// The rule's own short name.
        rule: Arc<str>,
    },
    /// The signature verifies with a key of this ring.
    SignatureVerifies {
        /// The keyring.
        ring: Ring,
        /// The certificate's name.
        key: Arc<str>,
    },
    /// No keyring that counts holds the signer's key.
    SignerUnknown {
        /// Who signed, as the message names the key.
        signer: Arc<str>,
    },
    /// The signature does not hold, and by which rule.
    SignatureFails {
        /// Error number inside the kernel.
        errno: Errno,
        /// The rule's own short name.
        rule: Arc<str>,
    },
    /// The digest of the whole file is, or is not, on the deny list.
    FileDigestDenied(bool),
    /// Nobody vouches for the module, and what that leads to.
    Unverified(Gate),
    /// The signature is in order.
    Verified,
    /// The file is a module this kernel can take apart.
    ElfSound,
    /// The file is no module for this kernel; what the kernel says is in the lines.
    ElfRefused,
    /// The name is, or is not, on the kernel's own block list.
    NameBlocked(bool),
    /// The version of `module_layout` fits, or does not, or is not compared.
    LayoutFits(Fit),
    /// The version magic fits, or does not, or is absent.
    VermagicFits(Fit),
    /// A module without version information is, or is not, taken by force.
    ForcedLoad(bool),
    /// Live patching is supported where the module needs it.
    LivepatchSupported(bool),
    /// A section is both writable and executable.
    WritableCode(bool),
    /// The first relocation that the loader refuses, if there is one.
    Relocations(Option<Obstacle>),
    /// The module was built inside the kernel tree.
    InTree(bool),
    /// The module comes from the staging directory.
    Staging(bool),
    /// Who supports the module, as SUSE tells it.
    Supported(Support),
    /// The module is a live patch.
    Livepatch(bool),
    /// The licence is one the kernel takes for free software.
    LicenceFree {
        /// Whether it is.
        free: bool,
        /// The licence as stated.
        licence: Arc<str>,
    },
    /// The module is a test module.
    TestModule(bool),
    /// Exported symbols carry what this kernel wants of them.
    ExportsSound(bool),
    /// All symbols the module needs are there and fit.
    SymbolsResolve {
        /// How many were looked up.
        needed: usize,
    },
    /// Some symbols the module needs are not there or do not fit.
    SymbolsFail {
        /// The first that fails.
        symbol: Arc<str>,
        /// How many fail.
        failing: usize,
        /// Error number of the last one, which the kernel returns.
        errno: Errno,
    },
    /// A symbol the module exports exists already.
    SymbolTaken {
        /// The symbol.
        symbol: Arc<str>,
        /// Who has it.
        owner: Arc<str>,
    },
    /// No symbol the module exports exists already.
    ExportsFree,
    /// The module's name is free, or taken by built-in code.
    NameFree(bool),
    /// A name that two loaded sections of the module share; `None`: every name is there once.
    SectionNames(Option<Arc<str>>),
    /// Type information fits or does not matter.
    TypesFit(bool),
    /// modprobe does not find a file for the name.
    NotInIndex,
    /// The driver is part of the kernel image.
    BuiltIn(Arc<str>),
    /// What the module depends on loads.
    DependenciesLoad(usize),
    /// Something the module depends on does not load.
    DependencyFails {
        /// The dependency.
        name: Arc<str>,
        /// Its error number.
        errno: Option<Errno>,
    },
    /// Images are checked before they run, or not, and by whom.
    ImagesChecked(Stage, bool),
    /// This shim is the one that starts what comes next, as it was seen or as tables tell.
    ShimIs(Arc<str>),
    /// The firmware starts boot loaders without shim.
    WithoutShim,
    /// The revocation level that holds at the next boot.
    SbatLevelIs(Arc<str>),
    /// Only images that run without writable code are let in, or all are.
    NxWanted(bool),
    /// The parts of the image fit together, or do not.
    ImageSound(bool),
    /// The image runs without writable code, or does not say so.
    NxCompatible(bool),
    /// The image's digest stands on a deny list, or on none.
    ImageDigestDenied(Option<List>),
    /// A signer of the image stands on a deny list, or none does.
    ImageSignerDenied(Option<List>),
    /// The image is trusted by this list.
    ImageTrusted {
        /// The list.
        list: List,
        /// The certificate's name; empty where the digest itself is listed.
        by: Arc<str>,
    },
    /// The image carries no signature, and no list names its digest.
    ImageUnsigned,
    /// No signature of the image is for these bytes.
    ImageAltered {
        /// The signer.
        signer: Arc<str>,
    },
    /// The signer is trusted for modules and not for images.
    ImageSignerForModules {
        /// The signer.
        signer: Arc<str>,
    },
    /// No list trusts a signer of the image.
    ImageSignerUnknown {
        /// The signer.
        signer: Arc<str>,
    },
    /// The image's generations are new enough, or nobody asks.
    SbatFits,
    /// The image has no SBAT although one is wanted.
    SbatMissing,
    /// The image is of a generation that was revoked.
    SbatTooOld {
        /// The component.
        component: Arc<str>,
        /// The image's generation.
        has: u16,
        /// The generation wanted.
        wants: u16,
    },
    /// Something about starting the machine.
    Boot(BootClaim),
    /// Something about an initramfs.
    Initramfs(InitramfsClaim),
    /// Something that looks like trust and is not.
    Advice(AdviceClaim),
    /// The configuration of modprobe lets it load, or replaces loading by a command.
    ModprobeRuns {
        /// The command that runs in its place.
        instead: Option<Arc<str>>,
    },
    /// Something about Windows.
    Windows(WindowsClaim),
}

/// A list that firmware or shim goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum List {
    /// The firmware's list of what it trusts.
    Db,
    /// The firmware's deny list.
    Dbx,
    /// What the machine's owner enrolled.
    MokList,
    /// What the machine's owner denied.
    MokListX,
    /// What shim's vendor built in.
    Vendor,
    /// What shim's vendor denied.
    VendorDbx,
}

impl List {
    /// The list's own name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Db => "db",
            Self::Dbx => "dbx",
            Self::MokList => "MokList",
            Self::MokListX => "MokListX",
            Self::Vendor => "shim's vendor certificate",
            Self::VendorDbx => "shim's vendor dbx",
        }
    }
}

/// Who decides about an image before a kernel runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The firmware.
    Firmware,
    /// shim.
    Shim,
    /// GRUB.
    Grub,
    /// The kernel, asked to start another.
    Kernel,
}

impl Stage {
    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Firmware => "firmware",
            Self::Shim => "shim",
            Self::Grub => "grub",
            Self::Kernel => "kernel",
        }
    }
}

/// What becomes of a module that nobody vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Refused because signatures are enforced.
    Enforced,
    /// Refused because the kernel is locked down.
    LockedDown,
    /// Let through and marked.
    Tolerated,
}

/// How a version compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// Equal.
    Fits,
    /// Different.
    Differs,
    /// Nothing there to compare.
    Absent,
    /// This kernel does not compare.
    NotCompared,
}

/// The keyrings of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ring {
    /// `.builtin_trusted_keys`: compiled into the image.
    Builtin,
    /// `.secondary_trusted_keys`: what the machine's administrator added.
    Secondary,
    /// `.machine`: machine owner keys.
    Machine,
    /// `.platform`: the firmware's keys.
    Platform,
    /// `.blacklist`.
    Blacklist,
}

impl Ring {
    /// The kernel's own name for the keyring.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Builtin => ".builtin_trusted_keys",
            Self::Secondary => ".secondary_trusted_keys",
            Self::Machine => ".machine",
            Self::Platform => ".platform",
            Self::Blacklist => ".blacklist",
        }
    }
}

/// Why something is held.
#[derive(Clone, Debug)]
pub struct Proof(Arc<Held>);

/// A step, and what was worked out of it once: much of a proof is shared by thousands of others.
#[derive(Debug)]
struct Held {
    node: Node,
    standing: Option<Standing>,
}

/// One step of a proof.
#[derive(Debug)]
pub enum Node {
    /// Looked, and this is what it said.
    Seen(Evidence),
    /// Looked, and it was not there.
    Absent(Evidence),
    /// The operator said so.
    Assumed(Assumption),
    /// A knowledge table says so.
    Listed(Row),
    /// A rule concluded it from other things.
    Drawn {
        /// The rule.
        rule: &'static Rule,
        /// What it concluded.
        claim: Claim,
        /// From what.
        from: Vec<Proof>,
    },
    /// It could not be told.
    Missing(Vec<Gap>),
}

impl Proof {
    /// A proof of one node.
    #[must_use]
    pub fn new(node: Node) -> Self {
        let standing = match &node {
            Node::Listed(row) => Some(row.standing),
            Node::Drawn { from, .. } => from.iter().filter_map(Self::standing).min(),
            Node::Seen(_) | Node::Absent(_) | Node::Assumed(_) | Node::Missing(_) => None,
        };
        Self(Arc::new(Held { node, standing }))
    }

    /// The step on top.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.0.node
    }

    /// An identity that two shared proofs have in common.
    #[must_use]
    pub fn identity(&self) -> *const Node {
        core::ptr::from_ref(&self.0.node)
    }

    /// The weakest table row that the proof rests on; `None` when it rests on no row.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        self.0.standing
    }
}

/// Several gaps at once; never empty.
pub type Gaps = Vec<Gap>;

/// A gap as the whole answer.
#[must_use]
pub fn gap(question: Question, why: Why) -> Gaps {
    alloc::vec![Gap { question, why }]
}

/// How many there are: `1 key`, `2 keys`.
#[must_use]
pub fn counted(n: usize, one: &str, many: &str) -> String {
    alloc::format!("{n} {}", if n == 1 { one } else { many })
}

/// A shared text.
#[must_use]
pub fn text(s: impl Into<String>) -> Arc<str> {
    Arc::from(s.into())
}
