//! What decides about drivers on a Windows system: its version, its switches, its stores and lists.

use crate::crypt::digest::{Digest, DigestAlgorithm};
use crate::fact::{Fact, Listing};
use crate::proof::windows::{DriverPolicy, Machine};
use crate::tables::windows::WindowsVersion;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// One system.
#[derive(Clone, Debug)]
pub struct WindowsFacts {
    /// Its version.
    pub version: Fact<Arc<WindowsVersion>>,
    /// Its processor.
    pub machine: Fact<Machine>,
    /// Secure Boot.
    pub secure_boot: Fact<bool>,
    /// `testsigning` in the boot configuration.
    pub test_signing: Fact<bool>,
    /// Enforcement was switched off for this boot, from the boot menu.
    pub enforcement_off: Fact<bool>,
    /// A kernel debugger; `None`: none is attached.
    pub debugger: Fact<Option<Debugger>>,
    /// What the registry says about signatures of the portal.
    pub portal: PortalSettings,
    /// SHA-2 signatures are understood, where an update decides.
    pub sha2_update: Fact<bool>,
    /// Memory integrity runs.
    pub hvci: Fact<bool>,
    /// The switch of the list of vulnerable drivers; `None`: as shipped.
    pub block_list: Fact<Option<bool>>,
    /// What is on that list.
    pub blocked: Listing<Deny>,
    /// What is on the published list and perhaps not, or not yet, on the list of this system.
    pub published: Listing<Deny>,
    /// The published list that stands for the system's own; `None`: the list itself is at hand.
    pub stands_for_list: Option<Arc<str>>,
    /// What the revocation list of drivers (`Driver.STL`) names.
    pub revoked: Listing<Deny>,
    /// How far the Windows Driver Policy of 2026 has come.
    pub driver_policy: Fact<DriverPolicy>,
    /// S mode.
    pub s_mode: Fact<bool>,
    /// App Control policies.
    pub app_control: Listing<AppControl>,
    /// Who installs, and what that account trusts.
    pub installer: InstallerFacts,
    /// The time of the judgement, in seconds since 1970.
    pub at: i64,
}

/// An attached kernel debugger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Debugger {
    /// `DebugFlags` has 0x10: what fails is refused all the same.
    pub refuses: bool,
}

/// Values below `HKLM\SYSTEM\CurrentControlSet\Control\CI\Policy` and beside.
#[derive(Clone, Debug)]
pub struct PortalSettings {
    /// `UpgradedSystem` is there.
    pub upgraded: Fact<bool>,
    /// `BootUpgradedSystem` is there.
    pub boot_upgraded: Fact<bool>,
    /// `WhqlDeveloperTestMode` is 1.
    pub developer: Fact<bool>,
    /// `WhqlSettings`.
    pub settings: Fact<u32>,
    /// An upgrade is running, or this is Windows PE.
    pub upgrading: Fact<bool>,
    /// What a policy in force demands; `None`: nothing of the sort.
    pub demanded: Fact<Option<Demanded>>,
}

/// A policy's demand for signatures of the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demanded {
    /// `Required:EV Signers`.
    pub extended: bool,
    /// It only watches.
    pub audit: bool,
}

/// An entry of a list that denies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deny {
    /// Its name on the list.
    pub name: Arc<str>,
    /// What it names.
    pub what: Denied,
    /// Whether it has no conditions that are not known here.
    pub certain: bool,
}

/// What an entry names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// An image by its Authenticode digest, or by the digest of its first page.
    Digest(DigestAlgorithm, Digest),
    /// A text of the version resource, within a range of versions.
    File {
        /// Which text.
        field: FileField,
        /// The text; empty: any.
        name: Arc<str>,
        /// The lowest version.
        least: [u16; 4],
        /// The highest version.
        most: [u16; 4],
    },
    /// Every file.
    Everything,
    /// A signer, by a certificate of its chain.
    Signer {
        /// The certificate.
        root: SignerRoot,
        /// Usages its own certificate must name, dotted.
        usages: Vec<Arc<str>>,
        /// The signer's own name, where that is asked, too.
        publisher: Option<Arc<str>>,
        /// The program that the signature names, where that is asked, too.
        program: Option<Arc<str>>,
        /// Files this holds for; empty: all.
        files: Vec<Self>,
    },
}

/// The text of a version resource that an entry asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileField {
    /// `OriginalFilename`.
    OriginalName,
    /// `InternalName`.
    InternalName,
    /// `FileDescription`.
    Description,
    /// `ProductName`.
    Product,
}

/// A certificate of a chain, as entries name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignerRoot {
    /// By the digest of its signed part.
    SignedPart(Arc<[u8]>),
    /// A root by Microsoft's own number for it.
    WellKnown(u8),
}

/// An App Control policy in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppControl {
    /// Its name or identifier.
    pub name: Arc<str>,
    /// It only watches.
    pub audit: bool,
    /// What it denies to the kernel.
    pub denies: Vec<Deny>,
    /// What it allows to the kernel; `None`: everything that is not denied.
    pub allows: Option<Vec<Deny>>,
    /// Whether it holds rules that are not understood here.
    pub open: bool,
}

/// A certificate in `LocalMachine\Root`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineRoot {
    /// Its SHA-1.
    pub thumbprint: [u8; 20],
    /// The certificate (DER); empty: only its digest is known.
    pub der: Arc<[u8]>,
}

/// Who installs, and what is trusted then.
#[derive(Clone, Debug)]
pub struct InstallerFacts {
    /// Who installs.
    pub account: Fact<Account>,
    /// Certificates in `LocalMachine\Root` beside those of public authorities.
    pub roots: Listing<MachineRoot>,
    /// Certificates in `LocalMachine\CA` (SHA-1).
    pub intermediates: Listing<[u8; 20]>,
    /// Certificates in `LocalMachine\TrustedPublisher` (SHA-1).
    pub publishers: Listing<[u8; 20]>,
    /// Certificates in `LocalMachine\Disallowed` (SHA-1).
    pub disallowed: Listing<[u8; 20]>,
    /// Whether public authorities are trusted: always, unless the root programme is switched off.
    pub public_roots: Fact<bool>,
    /// The value `State` of the account that installs.
    pub state: Fact<State>,
    /// Whether missing certificates can be fetched.
    pub network: Fact<bool>,
    /// What is known of revocation.
    pub revocation: Fact<Revocation>,
    /// What group policy answers; `None`: nothing forbids it.
    pub restricted: Fact<Option<Restriction>>,
}

/// Who installs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// An administrator at the console, who answers the question with yes.
    Administrator,
    /// A user without rights.
    User,
    /// A service or Windows Installer: nobody is there to ask.
    System,
}

/// The value `State` below *Trust Providers\Software Publishing*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It is there.
    Value(u32),
    /// The key is there without it.
    NoValue,
    /// The key is not there.
    NoKey,
}

impl State {
    /// What Windows writes (`WTPF_OFFLINEOK_*` and `WTPF_IGNOREREVOCATIONONTS`).
    pub const DEFAULT: u32 = 0x0002_3C00;
    /// `WTPF_IGNOREEXPIRATION`.
    pub const IGNORE_EXPIRATION: u32 = 0x0100;
    /// `WTPF_IGNOREREVOKATION`.
    pub const IGNORE_REVOCATION: u32 = 0x0200;
    /// `WTPF_OFFLINEOK_IND` and `_COM`, with and without dialogue.
    pub const OFFLINE_OK: u32 = 0x3C00;
    /// `WTPF_ALLOWONLYPERTRUST`.
    pub const ONLY_TRUSTED: u32 = 0x0004_0000;
}

/// What is known of the revocation of a signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Revocation {
    /// Nothing was revoked as far as lists at hand tell.
    Good,
    /// The signer was revoked, before it signed or at an unknown time.
    Revoked,
    /// The server does not answer.
    Offline,
}

/// What group policy forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Restriction {
    /// The device or its class.
    Device,
    /// The driver.
    Driver,
}
