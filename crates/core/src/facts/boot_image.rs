//! What was seen of an image that boots, and of what stands before it: firmware and shim.

use crate::authenticode::Digested;
use crate::crypt::digest::{Digest, DigestAlgorithm};
use crate::fact::{Fact, Listing, Source};
use crate::facts::firmware::Certificate;
use crate::proof::{Gaps, Question, Stage};
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::uefi::sbat::Row;

/// One image.
#[derive(Clone, Debug)]
pub struct BootImageFacts {
    /// The file's name.
    pub name: Arc<str>,
    /// The argument as given.
    pub path: Arc<str>,
    /// SHA-256 of the file as stored; `None` when it could not be read.
    pub sha256: Option<[u8; 32]>,
    /// Whether it is where it is looked for.
    pub there: Fact<bool>,
    /// Who looks for it.
    pub sought_by: Stage,
    /// What it holds.
    pub image: Source<Arc<BootImage>>,
}

/// What an image holds.
#[derive(Clone, Debug)]
pub struct BootImage {
    /// What starts it, by what it is.
    pub part: Part,
    /// Whether its parts fit together; loaders refuse images whose parts do not.
    pub sound: bool,
    /// Its Authenticode digests.
    pub digests: Arc<dyn Digested>,
    /// Its signatures (PKCS #7 messages), in the order of the file.
    pub signatures: Vec<Arc<[u8]>>,
    /// Its `.sbat`; `None`: it has none.
    pub sbat: Option<Vec<Row>>,
    /// Whether it says that it runs with memory either writable or executable.
    pub nx_compatible: bool,
    /// What it carries as a shim.
    pub shim: Option<Shim>,
}

/// The parts of a boot, by what hands over to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// shim: firmware starts it.
    Shim,
    /// A boot loader or a unified kernel image: shim loads it itself.
    SecondStage,
    /// A kernel: GRUB loads it and asks shim about it.
    Kernel,
}

/// What a shim carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shim {
    /// Certificates and digests its vendor trusts.
    pub authorized: Vec<Entry>,
    /// What its vendor denies (*vendor dbx*).
    pub deauthorized: Vec<Entry>,
    /// The revocation level it applies by itself, as text.
    pub automatic: Option<Arc<str>>,
    /// The revocation level it applies when asked.
    pub latest: Option<Arc<str>>,
}

/// An entry of a list that firmware or shim goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// An image's digest.
    Digest(DigestAlgorithm, Digest),
    /// A certificate.
    Certificate {
        /// The certificate.
        certificate: Certificate,
        /// Whether it is the first of its signature list: shim looks at no other.
        first: bool,
    },
    /// The digest of the signed part of a certificate, with the time from which it is revoked.
    SignedPart(DigestAlgorithm, Digest),
    /// Anything else; nobody looks at it.
    Other,
}

/// A revocation level as the machine keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    /// Its text.
    pub text: Arc<str>,
    /// How `SbatLevel` is kept (UEFI attributes); `None` where only shim's copy of it was seen.
    pub attributes: Option<u32>,
}

/// What decides about images before a kernel runs.
///
/// Where the folder holds what shim itself reads (`MokList`, `SbatLevel`: variables that no running
/// system sees) that is taken; else the copies that shim makes for the system (`MokListRT` …).
#[derive(Clone, Debug)]
pub struct BootFacts {
    /// `SecureBoot`; `None`: there is no such variable.
    pub secure_boot: Fact<Option<u8>>,
    /// `SetupMode`; `None`: there is no such variable.
    pub setup_mode: Fact<Option<u8>>,
    /// `SecureBootEnable`, in which EDK II keeps the owner's choice; `None`: there is none.
    pub enable: Fact<Option<u8>>,
    /// Whether there is a platform key (`PK`).
    pub platform_key: Fact<bool>,
    /// `MokSBState`; `None`: there is no such variable. 1 means that shim does not validate.
    pub mok_sb_state: Fact<Option<u8>>,
    /// `db`.
    pub db: Listing<Entry>,
    /// `dbx`.
    pub dbx: Listing<Entry>,
    /// Machine owners do not want db to count in shim.
    pub ignore_db: Fact<bool>,
    /// What machine owners trust.
    pub mok_list: Listing<Entry>,
    /// What machine owners deny.
    pub mok_list_x: Listing<Entry>,
    /// Whether both lists are copies that shim made, with what its vendor trusts and denies in them.
    pub mirrored: Fact<bool>,
    /// The revocation level in force; `None`: none was ever set.
    pub sbat_level: Fact<Option<Level>>,
    /// `SbatPolicy`, a wish for the next boot: 1 latest, 2 automatic, 3 reset; `None`: no wish.
    pub sbat_policy: Fact<Option<u8>>,
    /// `MokPolicy`: its lowest bit asks for images that run without writable code.
    pub mok_policy: Fact<Option<u8>>,
    /// The shim that is installed; `None`: the boot partition was seen, and there is none.
    pub shim: Source<Option<Arc<BootImage>>>,
    /// `ID` of `etc/os-release`; `None`: there is no such file.
    pub os: Fact<Option<Arc<str>>>,
}

impl BootFacts {
    /// Nothing known, and why.
    #[must_use]
    pub fn unknown(why: impl Fn(Question) -> Gaps) -> Self {
        Self {
            secure_boot: Fact::unknown(why(Question::SecureBoot)),
            setup_mode: Fact::unknown(why(Question::SecureBoot)),
            enable: Fact::unknown(why(Question::SecureBoot)),
            platform_key: Fact::unknown(why(Question::SecureBoot)),
            mok_sb_state: Fact::unknown(why(Question::SecureBoot)),
            db: Listing::unknown(why(Question::Db)),
            dbx: Listing::unknown(why(Question::Dbx)),
            ignore_db: Fact::unknown(why(Question::Db)),
            mok_list: Listing::unknown(why(Question::MokList)),
            mok_list_x: Listing::unknown(why(Question::MokListX)),
            mirrored: Fact::unknown(why(Question::MokList)),
            sbat_level: Fact::unknown(why(Question::SbatLevel)),
            sbat_policy: Fact::unknown(why(Question::SbatLevel)),
            mok_policy: Fact::unknown(why(Question::SecureBoot)),
            shim: Source::unknown(why(Question::Shim)),
            os: Fact::unknown(why(Question::Shim)),
        }
    }
}
