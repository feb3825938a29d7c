//! What was seen of a driver package of Windows, as one system takes it apart.

use crate::fact::Fact;
use crate::facts::driver::DriverSignature;
use crate::proof::windows::Machine;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// One INF and what it names for one system.
#[derive(Clone, Debug)]
pub struct PackageFacts {
    /// The INF's name.
    pub name: Arc<str>,
    /// The argument as given, or the path inside it.
    pub path: Arc<str>,
    /// SHA-256 of the INF; `None` when it could not be read.
    pub sha256: Option<[u8; 32]>,
    /// Why the INF is none that can be installed; `None`: it is one.
    pub unsound: Fact<Option<Arc<str>>>,
    /// The section of models for this system; `None`: there is none.
    pub model: Fact<Option<Arc<str>>>,
    /// The catalog it names.
    pub catalog: Fact<CatalogState>,
    /// The INF in the catalog.
    pub inf: Fact<Membership>,
    /// Every file it copies on this system.
    pub files: Fact<Vec<PackageFile>>,
}

/// Something about a package that people stumble over, and that decides nothing by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// Programs and catalogs beside the INF that no INF of the package names.
    NotNamed {
        /// The files.
        files: Vec<Arc<str>>,
    },
    /// Sections for one processor bring a kernel image for another.
    ForeignImage {
        /// The file.
        file: Arc<str>,
        /// The processor of the sections.
        section: Machine,
        /// The processor of the image.
        image: Machine,
    },
    /// `DriverVer` names a day.
    Dated {
        /// What is written.
        written: Arc<str>,
        /// When that day begins, in seconds since 1970.
        at: i64,
    },
    /// The boot loader is to start a driver that carries no signature itself.
    BootFromCatalog {
        /// The file.
        file: Arc<str>,
    },
}

/// The catalog of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogState {
    /// The INF names none.
    NotNamed,
    /// It is not there.
    Absent(Arc<str>),
    /// It cannot be read.
    Unreadable(Arc<str>),
    /// It is there.
    Present(PackageCatalog),
}

/// A catalog as far as installing asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageCatalog {
    /// Its name.
    pub name: Arc<str>,
    /// Its signatures, in their order.
    pub signatures: Vec<DriverSignature>,
    /// Whether the certificates of its signature are in the order that DER asks for.
    pub is_sorted: bool,
    /// The systems it is for, as it says of the INF (`2:6.1`, `2:10.0`); empty: it does not say.
    pub systems: Vec<Arc<str>>,
}

/// Whether a file is in the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Membership {
    /// It is.
    Listed,
    /// It is not; after this change it would be (`LF->CRLF`).
    Unlisted(Option<Arc<str>>),
    /// The file is not there.
    Missing,
}

/// A file of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageFile {
    /// Its name in the package.
    pub name: Arc<str>,
    /// Whether it is in the catalog.
    pub member: Membership,
}
