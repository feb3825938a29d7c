//! The numbers by which Windows answers, each with its symbolic name.
//!
//! Names and values: `ntstatus.h`, `winerror.h`, `setupapi.h` of the Windows SDK.

use core::fmt;

/// What loading an image returns (`NTSTATUS`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Status(pub u32);

impl Status {
    /// The image is not for this kind of processor, or is no image.
    pub const INVALID_IMAGE_FORMAT: Self = Self(0xC000_007B);
    /// No acceptable signature covers the image.
    pub const INVALID_IMAGE_HASH: Self = Self(0xC000_0428);
    /// A list shipped with Windows names the image or its signer.
    pub const IMAGE_CERT_REVOKED: Self = Self(0xC000_0603);
    /// The signature ended with its certificate.
    pub const IMAGE_CERT_EXPIRED: Self = Self(0xC000_0605);
    /// A policy (App Control) does not let it in.
    pub const SYSTEM_INTEGRITY_POLICY_VIOLATION: Self = Self(0xC0E9_0002);

    /// The symbolic name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::INVALID_IMAGE_FORMAT => "STATUS_INVALID_IMAGE_FORMAT",
            Self::INVALID_IMAGE_HASH => "STATUS_INVALID_IMAGE_HASH",
            Self::IMAGE_CERT_REVOKED => "STATUS_IMAGE_CERT_REVOKED",
            Self::IMAGE_CERT_EXPIRED => "STATUS_IMAGE_CERT_EXPIRED",
            Self::SYSTEM_INTEGRITY_POLICY_VIOLATION => "STATUS_SYSTEM_INTEGRITY_POLICY_VIOLATION",
            Self(_) => "",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08X}", self.0)
    }
}

/// What installing returns (`HRESULT` or a SetupAPI code).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hresult(pub u32);

impl Hresult {
    /// A file the INF names is not there (`ERROR_FILE_NOT_FOUND`, as the log prints it).
    pub const FILE_NOT_FOUND: Self = Self(0x0000_0002);
    /// The INF is none.
    pub const WRONG_INF_STYLE: Self = Self(0xE000_0100);
    /// The INF names no catalog that is there.
    pub const NO_CATALOG_FOR_OEM_INF: Self = Self(0xE000_022F);
    /// The INF has nothing for this system.
    pub const NO_COMPAT_DRIVERS: Self = Self(0xE000_0228);
    /// The publisher is distrusted.
    pub const AUTHENTICODE_DISALLOWED: Self = Self(0xE000_0240);
    /// Nobody said that the publisher is trusted.
    pub const AUTHENTICODE_TRUST_NOT_ESTABLISHED: Self = Self(0xE000_0242);
    /// This system takes no publisher but Microsoft.
    pub const AUTHENTICODE_PUBLISHER_NOT_TRUSTED: Self = Self(0xE000_0243);
    /// The catalog is for other versions of Windows.
    pub const SIGNATURE_OSATTRIBUTE_MISMATCH: Self = Self(0xE000_0244);
    /// The driver store does not take the package.
    pub const DRIVER_STORE_ADD_FAILED: Self = Self(0xE000_0247);
    /// Group policy forbids the device.
    pub const DEVICE_INSTALL_BLOCKED: Self = Self(0xE000_0248);
    /// Group policy forbids the driver.
    pub const DRIVER_INSTALL_BLOCKED: Self = Self(0xE000_0249);
    /// A file is not in the catalog as it is.
    pub const FILE_HASH_NOT_IN_CATALOG: Self = Self(0xE000_024B);
    /// There is no signature.
    pub const NO_SIGNATURE: Self = Self(0x800B_0100);
    /// A certificate has expired.
    pub const EXPIRED: Self = Self(0x800B_0101);
    /// The chain ends in a root that is not trusted.
    pub const UNTRUSTED_ROOT: Self = Self(0x800B_0109);
    /// The chain cannot be built.
    pub const CHAINING: Self = Self(0x800B_010A);
    /// A certificate was revoked.
    pub const REVOKED: Self = Self(0x800B_010C);
    /// Whether a certificate was revoked cannot be told.
    pub const REVOCATION_FAILURE: Self = Self(0x800B_010E);
    /// A certificate is for other uses.
    pub const WRONG_USAGE: Self = Self(0x800B_0110);
    /// A certificate is distrusted.
    pub const EXPLICIT_DISTRUST: Self = Self(0x800B_0111);
    /// The signature is not for this content.
    pub const BAD_DIGEST: Self = Self(0x8009_6010);

    /// The symbolic name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FILE_NOT_FOUND => "ERROR_FILE_NOT_FOUND",
            Self::WRONG_INF_STYLE => "ERROR_WRONG_INF_STYLE",
            Self::NO_CATALOG_FOR_OEM_INF => "ERROR_NO_CATALOG_FOR_OEM_INF",
            Self::NO_COMPAT_DRIVERS => "ERROR_NO_COMPAT_DRIVERS",
            Self::AUTHENTICODE_DISALLOWED => "ERROR_AUTHENTICODE_DISALLOWED",
            Self::AUTHENTICODE_TRUST_NOT_ESTABLISHED => "ERROR_AUTHENTICODE_TRUST_NOT_ESTABLISHED",
            Self::AUTHENTICODE_PUBLISHER_NOT_TRUSTED => "ERROR_AUTHENTICODE_PUBLISHER_NOT_TRUSTED",
            Self::SIGNATURE_OSATTRIBUTE_MISMATCH => "ERROR_SIGNATURE_OSATTRIBUTE_MISMATCH",
            Self::DRIVER_STORE_ADD_FAILED => "ERROR_DRIVER_STORE_ADD_FAILED",
            Self::DEVICE_INSTALL_BLOCKED => "ERROR_DEVICE_INSTALL_BLOCKED",
            Self::DRIVER_INSTALL_BLOCKED => "ERROR_DRIVER_INSTALL_BLOCKED",
            Self::FILE_HASH_NOT_IN_CATALOG => "ERROR_FILE_HASH_NOT_IN_CATALOG",
            Self::NO_SIGNATURE => "TRUST_E_NOSIGNATURE",
            Self::EXPIRED => "CERT_E_EXPIRED",
            Self::UNTRUSTED_ROOT => "CERT_E_UNTRUSTEDROOT",
            Self::CHAINING => "CERT_E_CHAINING",
            Self::REVOKED => "CERT_E_REVOKED",
            Self::REVOCATION_FAILURE => "CERT_E_REVOCATION_FAILURE",
            Self::WRONG_USAGE => "CERT_E_WRONG_USAGE",
            Self::EXPLICIT_DISTRUST => "TRUST_E_EXPLICIT_DISTRUST",
            Self::BAD_DIGEST => "TRUST_E_BAD_DIGEST",
            Self(_) => "",
        }
    }
}

impl fmt::Display for Hresult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:08X}", self.0)
    }
}

/// What a person at the console is asked before a package is installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prompt {
    /// Whether to install software of this publisher, and whether to trust it from now on.
    Publisher,
    /// A red warning: Windows cannot verify the publisher.
    Unsigned,
}

impl Prompt {
    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Publisher => "publisher",
            Self::Unsigned => "unsigned",
        }
    }
}
