//! What was seen of a kernel image of Windows and of the signatures that speak for it.

use crate::crypt::digest::{Digest, DigestAlgorithm};
use crate::fact::{Fact, Listing};
use crate::proof::windows::{HvciFault, Machine, NoTime};
use crate::proof::{Gaps, Question, windows::WindowsQuestion};
use alloc::sync::Arc;
use alloc::vec::Vec;

/// One driver.
#[derive(Clone, Debug)]
pub struct DriverFacts {
    /// The file's name.
    pub name: Arc<str>,
    /// The argument as given, or the path inside the package.
    pub path: Arc<str>,
    /// SHA-256 of the file as stored; `None` when it could not be read.
    pub sha256: Option<[u8; 32]>,
    /// What it holds.
    pub image: Fact<Arc<DriverImage>>,
    /// Signatures inside it, in the order in which Windows meets them.
    pub embedded: Listing<DriverSignature>,
    /// Signatures of catalogs that name its digest. Whole only where every catalog that could is seen.
    pub catalogs: Listing<DriverSignature>,
    /// What starts it.
    pub start: Fact<Start>,
    /// What it is for, as far as rules differ.
    pub role: Fact<Role>,
}

impl DriverFacts {
    /// A driver of which nothing is known.
    #[must_use]
    pub fn unknown(name: Arc<str>, path: Arc<str>, gaps: &Gaps) -> Self {
        Self {
            name,
            path,
            sha256: None,
            image: Fact::unknown(gaps.clone()),
            embedded: Listing::unknown(gaps.clone()),
            catalogs: Listing::unknown(gaps.clone()),
            start: Fact::unknown(gaps.clone()),
            role: Fact::unknown(gaps.clone()),
        }
    }
}

/// The question a driver's file answers.
pub const BYTES: Question = Question::Windows(WindowsQuestion::DriverBytes);

/// What an image holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverImage {
    /// Whether it is an image at all (PE).
    pub sound: bool,
    /// For which processor it was made.
    pub machine: Machine,
    /// Whether it runs in the kernel (subsystem *native*).
    pub kernel: bool,
    /// Whether its certificate table has entries other than one PKCS #7 message.
    pub odd_entries: bool,
    /// What memory integrity would not take.
    pub hvci: Option<HvciFault>,
    /// `OriginalFilename` of its version resource.
    pub original_name: Option<Arc<str>>,
    /// `InternalName` of its version resource.
    pub internal_name: Option<Arc<str>>,
    /// `FileDescription` of its version resource.
    pub description: Option<Arc<str>>,
    /// `ProductName` of its version resource.
    pub product: Option<Arc<str>>,
    /// Its version: four numbers.
    pub version: Option<[u16; 4]>,
    /// Its Authenticode digests.
    pub digests: Vec<(DigestAlgorithm, Digest)>,
    /// The digests of its first page.
    pub first_page: Vec<(DigestAlgorithm, Digest)>,
}

/// What starts a driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Start {
    /// The boot loader loads it (`StartType` 0).
    Boot,
    /// The kernel or the service manager.
    Demand,
}

/// What a driver is for, as far as rules differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Anything else.
    Ordinary,
    /// Early launch anti-malware.
    EarlyLaunch,
    /// A HAL extension.
    HalExtension,
    /// A part of the protected media path.
    ProtectedMedia,
}

/// A signature and where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriverSignature {
    /// Who signed: the name of the certificate.
    pub signer: Arc<str>,
    /// The program that the signature names; the portal writes the submitter's name there.
    pub program: Option<Arc<str>>,
    /// Where it stands: `embedded`, or the catalog's name.
    pub place: Arc<str>,
    /// Whether it is the first of its file: what old kernels read alone.
    pub first: bool,
    /// The number of its entry in the certificate table; 0 in catalogs.
    pub entry: usize,
    /// Whether the arithmetic holds for these bytes.
    pub holds: Holds,
    /// The weakest-known digest that must be understood to follow it.
    pub digest: DigestAlgorithm,
    /// Where its chain ends.
    pub anchor: Anchor,
    /// The name of the certificate on top, or its issuer's.
    pub root: Arc<str>,
    /// Extended key usages of the signer's certificate, dotted; empty: it has no such extension.
    pub usages: Vec<Arc<str>>,
    /// The signer's certificate is valid from, in seconds since 1970.
    pub not_before: i64,
    /// The signer's certificate is valid until.
    pub not_after: i64,
    /// Whether it or its issuer ends the signature with the certificate (lifetime signing).
    pub lifetime: bool,
    /// The time of a stamp that counts, or why there is none.
    pub stamp: Result<i64, NoTime>,
    /// Digests of the signed parts of the certificates on its chain, signer first.
    pub signed_parts: Vec<(DigestAlgorithm, Digest)>,
    /// Microsoft's own numbers for the roots its chain reaches.
    pub well_known: Vec<u8>,
    /// SHA-1 of the signer's certificate.
    pub thumbprint: [u8; 20],
    /// SHA-1 of every certificate inside.
    pub inside: Vec<[u8; 20]>,
    /// Whether the chain reaches a self-signed certificate or a known authority.
    pub chain_whole: bool,
    /// Certificates (DER) on its chain whose issuer is not inside.
    pub tops: Vec<Arc<[u8]>>,
}

impl DriverSignature {
    /// Whether the signer's certificate names this usage.
    #[must_use]
    pub fn may(&self, usage: &str) -> bool {
        self.usages.iter().any(|u| &**u == usage)
    }
}

/// Whether the arithmetic of a signature holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// It is for these bytes, and the signer made it.
    Yes,
    /// The image is not what was signed.
    ImageAltered,
    /// A page of the image is not what was signed: the section.
    PageAltered(Arc<str>),
    /// The signer did not make it, or it cannot be read.
    Broken,
    /// It uses arithmetic that is not known here.
    Unsupported,
}

/// Where a chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anchor {
    /// A product root of Microsoft: 1997, 2001, 2010.
    Product,
    /// The Code Verification Root, through a cross-certificate inside.
    CodeVerification,
    /// A root of Microsoft for tests.
    TestRoot,
    /// The root of preview builds.
    FlightRoot,
    /// Another root of Microsoft.
    OtherMicrosoft,
    /// A public authority.
    Public,
    /// A certificate nobody else knows.
    Private,
    /// The chain breaks off below an authority nobody here knows.
    Open,
}

/// Usages (EKU) that decide, below 1.3.6.1.4.1.311.
pub mod usage {
    /// `szOID_WHQL_CRYPTO`.
    pub const WHQL: &str = "1.3.6.1.4.1.311.10.3.5";
    /// `szOID_ATTEST_WHQL_CRYPTO`.
    pub const ATTESTED: &str = "1.3.6.1.4.1.311.10.3.5.1";
    /// `szOID_NT5_CRYPTO`.
    pub const WINDOWS: &str = "1.3.6.1.4.1.311.10.3.6";
    /// `szOID_EV_WHQL_CRYPTO`.
    pub const EV_WHQL: &str = "1.3.6.1.4.1.311.10.3.39";
    /// `szOID_KP_LIFETIME_SIGNING`.
    pub const LIFETIME: &str = "1.3.6.1.4.1.311.10.3.13";
    /// Early launch anti-malware.
    pub const EARLY_LAUNCH: &str = "1.3.6.1.4.1.311.61.4.1";
    /// HAL extensions.
    pub const HAL_EXTENSION: &str = "1.3.6.1.4.1.311.61.5.1";
    /// Code signing (RFC 5280).
    pub const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
}
