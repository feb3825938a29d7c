//! The label of a signature, read off its certificates. A label is no verdict.

use super::chain::Climb;
use crate::tables::authorities::Kind;
use alloc::sync::Arc;

/// What a signature passes for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// By Microsoft for a vendor who attested that the driver was tested.
    Attestation,
    /// By Microsoft after certification.
    Whql,
    /// By Microsoft, a part of Windows.
    Inbox,
    /// Below an authority of Microsoft that firmware trusts.
    UefiCa,
    /// By Microsoft otherwise.
    Microsoft,
    /// By a vendor whose authority Microsoft cross-certified.
    CrossSigned,
    /// By a vendor of a public authority, without a cross-certificate inside.
    VendorNoCross,
    /// Over an EFI image, by anybody else.
    Other,
    /// By anybody else.
    Test,
}

impl Class {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Attestation => "attestation",
            Self::Whql => "whql",
            Self::Inbox => "inbox",
            Self::UefiCa => "uefi-ca",
            Self::Microsoft => "microsoft",
            Self::CrossSigned => "cross-signed",
            Self::VendorNoCross => "vendor-no-cross",
            Self::Other => "other",
            Self::Test => "test",
        }
    }
}

/// `szOID_ATTEST_WHQL_CRYPTO`. Attestation certificates name [`WHQL`] too.
pub const ATTESTED: &str = "1.3.6.1.4.1.311.10.3.5.1";
/// `szOID_WHQL_CRYPTO`.
pub const WHQL: &str = "1.3.6.1.4.1.311.10.3.5";
/// `szOID_NT5_CRYPTO`.
pub const WINDOWS: &str = "1.3.6.1.4.1.311.10.3.6";

/// The class of a signature: where it leads, what its signer's certificate is for, over what.
pub(super) fn of(climb: &Climb, usages: &[Arc<str>], is_efi: bool) -> Class {
    let is_for = |usage: &str| usages.iter().any(|u| &**u == usage);
    // The root decides first: anybody can write Microsoft's usages into a certificate.
    if climb.reaches(Kind::Product) {
        if is_for(ATTESTED) {
            return Class::Attestation;
        }
        if is_for(WHQL) {
            return Class::Whql;
        }
        if is_for(WINDOWS) {
            return Class::Inbox;
        }
    }
    if climb.reaches(Kind::UefiCa) {
        Class::UefiCa
    } else if climb.reaches(Kind::Product) || climb.reaches(Kind::Microsoft) {
        Class::Microsoft
    } else if climb.reaches(Kind::CodeVerification) {
        Class::CrossSigned
    } else if climb.reaches(Kind::Public) {
        Class::VendorNoCross
    } else if is_efi {
        Class::Other
    } else {
        Class::Test
    }
}
