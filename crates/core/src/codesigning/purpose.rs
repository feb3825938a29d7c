//! What a signer's certificate is for beyond its class: labels beside it.

use super::chain::Climb;
use crate::tables::authorities::Kind;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// Something special that a signature is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// It leads to a test root of Microsoft: trusted only where a machine was told so.
    Preproduction,
    /// For preview builds.
    Flight,
    /// Early launch anti-malware.
    EarlyLaunch,
    /// A HAL extension.
    HalExtension,
    /// The protected media path (PUMA, PVP-OPM).
    ProtectedMedia,
    /// Certified with extended verification.
    ExtendedVerification,
    /// The signature ends with the certificate, stamped or not.
    LifetimeSigning,
    /// Kernel code.
    KernelCode,
    /// Software of development kits.
    Kits,
    /// A system on a chip of old (RT).
    Rt,
    /// A protected process light.
    ProtectedProcessLight,
    /// A protected process of the trusted computing base.
    TrustedComputingBase,
    /// A protected process.
    ProtectedProcess,
    /// A component of somebody else in Windows.
    ThirdPartyComponent,
    /// A software extension.
    SoftwareExtension,
    /// Windows for embedded systems.
    Embedded,
    /// Hardware certification by a manufacturer.
    OemWhql,
    /// Code that makes code.
    DynamicCode,
    /// The store.
    Store,
    /// Lists of revoked drivers.
    RevocationList,
}

impl Purpose {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Preproduction => "preproduction",
            Self::Flight => "flight",
            Self::EarlyLaunch => "early-launch",
            Self::HalExtension => "hal-extension",
            Self::ProtectedMedia => "protected-media",
            Self::ExtendedVerification => "extended-verification",
            Self::LifetimeSigning => "lifetime-signing",
            Self::KernelCode => "kernel-code",
            Self::Kits => "kits",
            Self::Rt => "rt",
            Self::ProtectedProcessLight => "protected-process-light",
            Self::TrustedComputingBase => "trusted-computing-base",
            Self::ProtectedProcess => "protected-process",
            Self::ThirdPartyComponent => "third-party-component",
            Self::SoftwareExtension => "software-extension",
            Self::Embedded => "embedded",
            Self::OemWhql => "oem-whql",
            Self::DynamicCode => "dynamic-code",
            Self::Store => "store",
            Self::RevocationList => "revocation-list",
        }
    }
}

/// Extended key usages below 1.3.6.1.4.1.311, from `wincrypt.h`, the documents of the Windows driver kit
/// and those of hardware certification.
const BY_USAGE: [(&str, Purpose); 19] = [
    ("10.3.7", Purpose::OemWhql),
    ("10.3.8", Purpose::Embedded),
    ("10.3.13", Purpose::LifetimeSigning),
    ("10.3.19", Purpose::RevocationList),
    ("10.3.20", Purpose::Kits),
    ("10.3.21", Purpose::Rt),
    ("10.3.22", Purpose::ProtectedProcessLight),
    ("10.3.23", Purpose::TrustedComputingBase),
    ("10.3.24", Purpose::ProtectedProcess),
    ("10.3.25", Purpose::ThirdPartyComponent),
    ("10.3.26", Purpose::SoftwareExtension),
    ("10.3.27", Purpose::Flight),
    ("10.3.39", Purpose::ExtendedVerification),
    ("61.1.1", Purpose::KernelCode),
    ("61.4.1", Purpose::EarlyLaunch),
    ("61.5.1", Purpose::HalExtension),
    ("76.3.1", Purpose::Store),
    ("76.5.1", Purpose::DynamicCode),
    // `szOID_DRM`; the roots of Microsoft's digital media authority end there.
    ("10.5.1", Purpose::ProtectedMedia),
];

/// The labels of a signature, each once, in order.
pub(super) fn of(climb: &Climb, usages: &[Arc<str>]) -> Vec<Purpose> {
    let mut found: Vec<Purpose> = usages
        .iter()
        .filter_map(|usage| {
            let short = usage.strip_prefix("1.3.6.1.4.1.311.")?;
            BY_USAGE.iter().find(|(oid, _)| *oid == short).map(|(_, purpose)| *purpose)
        })
        .collect();
    if climb.reaches(Kind::Test) {
        found.push(Purpose::Preproduction);
    }
    if climb.reaches(Kind::Flight) {
        found.push(Purpose::Flight);
    }
    found.sort_unstable();
    found.dedup();
    found
}
