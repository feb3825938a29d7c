//! What our rules may assert of Windows, and which questions about it can stay open.

use alloc::sync::Arc;

/// The questions about Windows that can stay open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WindowsQuestion {
    /// What is in the file of a driver.
    DriverBytes,
    /// Whether a catalog in the machine's own store covers a driver that carries no signature.
    CatalogStore,
    /// Whether the Windows Driver Policy of 2026 is absent, in evaluation or enforced.
    DriverPolicy,
    /// How an image with several certificate table entries is read.
    SeveralEntries,
    /// Whether a catalog is enough for a driver that the boot loader loads.
    CatalogAtBoot,
    /// Whether a signature without a usable time stamp outlives its certificate.
    ExpiredUnstamped,
    /// Whether servers from 2016 on take attested drivers.
    AttestationOnServers,
    /// Whether Windows 10 1507 asks for a signature of the portal.
    PortalIn1507,
    /// Whether Windows 10 1703 and 1709 let cross-signed drivers of the boot through.
    BootDriversOf1703,
    /// What the media path asks of its drivers.
    ProtectedMedia,
    /// Whether a missing value `State` still stops an installation.
    MissingState,
    /// Whether the revocation of the signer could be looked up.
    Revocation,
    /// Whether a rule of the published list of vulnerable drivers is on the system's own list.
    BlockList,
    /// What an App Control policy says to the driver.
    AppControl,
    /// What is in the package.
    PackageBytes,
    /// Where the chain of a signer ends: its upper certificates are not inside.
    ChainTop,
}

/// A processor for which Windows is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Machine {
    /// 32-bit Intel.
    X86,
    /// 64-bit Intel and AMD.
    X64,
    /// 64-bit ARM.
    Arm64,
    /// 32-bit ARM.
    Arm,
    /// Itanium.
    Ia64,
    /// Anything else.
    Other,
}

impl Machine {
    /// The name, as profiles have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86 => "x86",
            Self::X64 => "x64",
            Self::Arm64 => "arm64",
            Self::Arm => "arm",
            Self::Ia64 => "ia64",
            Self::Other => "another processor",
        }
    }
}

/// Why Windows does not look at the signature of a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unasked {
    /// Enforcement is switched off for this boot.
    SwitchedOff,
    /// A kernel debugger is attached.
    Debugger,
    /// 32-bit Windows asks only for drivers of the boot and of the protected media path.
    ThirtyTwoBit,
    /// It is no kernel image.
    UserMode,
}

/// Why no signature of the portal is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exempt {
    /// This version never asks for one.
    Version,
    /// Test signing is on.
    TestSigning,
    /// Secure Boot is off.
    SecureBootOff,
    /// The system was upgraded from an earlier one.
    Upgraded,
    /// The system is being upgraded, or is Windows PE.
    UpgradeRunning,
    /// A setting for developers says so.
    Developer,
    /// The certificate was issued before 2015-07-29.
    OldCertificate,
    /// The loader loads it and the system was upgraded.
    BootUpgraded,
    /// Early launch and HAL extensions have rules of their own.
    Role,
}

/// How far the Windows Driver Policy of 2026 has come on a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DriverPolicy {
    /// It is not there.
    Absent,
    /// It watches.
    Evaluation,
    /// It refuses.
    Enforced,
}

impl DriverPolicy {
    /// The word in profiles.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Evaluation => "evaluation",
            Self::Enforced => "enforced",
        }
    }
}

/// Why a signature has no time that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoTime {
    /// It carries no time stamp.
    NoStamp,
    /// The stamp is of an authority nobody else knows: it proves nothing.
    PrivateStamp,
    /// The stamp does not hold.
    BrokenStamp,
}

/// What memory integrity does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HvciFault {
    /// A section is writable and executable.
    WritableCode(Arc<str>),
    /// Sections are not aligned to pages.
    Alignment(u32),
    /// The table of imported addresses lies in an executable section.
    ImportsInCode(Arc<str>),
}

/// What our rules assert of Windows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "a name and the fields it speaks of; the sentences are in report")]
pub enum WindowsClaim {
    TableOld { table: &'static str, day: Arc<str> },
    TestSigning(bool),
    SignaturesWanted(Option<Unasked>),
    PortalWanted,
    PortalNotWanted(Exempt),
    BlockListOn(bool),
    ImageFits(Machine),
    ImageOther { image: Machine, system: Machine },
    NotAnImage,
    NotAsked,
    SignedBy { signer: Arc<str>, by: Arc<str> },
    Unsigned,
    NothingEmbedded,
    Matches { signer: Arc<str> },
    Altered { signer: Arc<str>, part: Arc<str> },
    DigestKnown(Arc<str>),
    DigestUnknown(Arc<str>),
    Anchored { signer: Arc<str>, root: Arc<str> },
    NotAnchored { signer: Arc<str>, root: Arc<str> },
    CrossMissing { signer: Arc<str>, root: Arc<str> },
    TestAccepted { signer: Arc<str> },
    UsageFits,
    UsageMissing { signer: Arc<str>, wants: &'static str },
    PortalSigned { signer: Arc<str> },
    NotPortalSigned { signer: Arc<str> },
    AttestationNotYet { signer: Arc<str> },
    InTime { signer: Arc<str> },
    LifetimeOver { signer: Arc<str> },
    NotRevoked,
    Revoked { by: Arc<str> },
    NotBlocked { list: Arc<str> },
    NotPublishedAsBlocked { list: Arc<str> },
    Blocked { by: Arc<str> },
    DriverPolicyIs(DriverPolicy),
    DriverPolicyTakes { signer: Arc<str> },
    DriverPolicyMinds { signer: Arc<str>, state: DriverPolicy },
    PolicyAllows { policy: Arc<str> },
    PolicyDenies { policy: Arc<str>, by: Arc<str> },
    NoPolicy,
    MemoryIntegrityOff,
    MemoryIntegrityFits,
    MemoryIntegrityFault(HvciFault),
    InfSound,
    InfUnsound(Arc<str>),
    Restricted(bool),
    ModelFits { model: Arc<str> },
    NoModel,
    CatalogThere { catalog: Arc<str> },
    NoCatalogNamed,
    CatalogAbsent { catalog: Arc<str> },
    CatalogSignedBy { catalog: Arc<str>, signer: Arc<str> },
    CatalogUnsigned { catalog: Arc<str> },
    CatalogAltered { catalog: Arc<str> },
    CertificatesSorted,
    CertificatesNotSorted { catalog: Arc<str> },
    FilesNotNamed { inf: Arc<str>, files: Arc<str> },
    ForeignImage { inf: Arc<str>, file: Arc<str>, section: Machine, image: Machine },
    DateAhead { inf: Arc<str>, written: Arc<str> },
    BootFromCatalog { inf: Arc<str>, file: Arc<str> },
    InfListed { catalog: Arc<str> },
    InfUnlisted { catalog: Arc<str>, change: Option<Arc<str>> },
    FilesListed(usize),
    FileUnlisted { file: Arc<str>, change: Option<Arc<str>> },
    FileMissing { file: Arc<str> },
    ByMicrosoft { signer: Arc<str> },
    NotByMicrosoft { signer: Arc<str> },
    OtherSystems { systems: Arc<str> },
    ChainWhole,
    ChainBroken { signer: Arc<str> },
    RootTrusted { root: Arc<str> },
    RootUntrusted { root: Arc<str> },
    Expired { signer: Arc<str> },
    SignerRevoked { signer: Arc<str> },
    PublisherNotDistrusted,
    PublisherDistrusted { signer: Arc<str> },
    StateFits,
    StateForbids,
    EditionTakes,
    EditionWantsMicrosoft,
    PublisherTrusted { signer: Arc<str> },
    PublisherAsked { signer: Arc<str> },
    PublisherUnknown { signer: Arc<str> },
    AskedInRed,
}
