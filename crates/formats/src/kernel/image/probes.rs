//! Strings in a kernel that tell how it behaves, whatever its version number says.
//!
//! Distributions carry patches back and forth; the text a piece of code would print is there exactly
//! when the code is. Each probe names the source file its text stands in.

use aho_corasick::{Span, packed};
use memchr::memmem;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a string in the image proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Probe {
    /// The parameter `module.sig_enforce` exists, so signatures are checked
    /// (`kernel/module/signing.c`).
    SignatureChecks,
    /// The gate since 5.4: refusals are `EKEYREJECTED` or `EPERM` (`kernel/module/signing.c`).
    GateRejects,
    /// The gate of RHEL 8: refusals are `ENOKEY` (`kernel/module.c`).
    GateUntrusted,
    /// The gate asks lockdown about unsigned modules (`security/security.c`).
    LockdownAsksUnsigned,
    /// A parameter that lowers enforcement, added by Bazzite.
    SignatureUnenforce,
    /// Loading in spite of a failed check is noted with a taint (`kernel/module/main.c`).
    SoftFailureLine,
    /// The whole file's hash is looked up in the denylist (Debian, Ubuntu: `kernel/module/signing.c`).
    FileHashDenied,
    /// Failed signatures of crypto modules panic under FIPS (`crypto/algapi.c`).
    FipsPanics,
    /// Lockdown exists (`security/lockdown/lockdown.c`).
    Lockdown,
    /// Secure Boot locks down, worded `EFI Secure Boot` (Debian).
    LockdownEfiSecureBoot,
    /// Secure Boot locks down, worded `EFI Secure Boot mode` (Ubuntu, Fedora, RHEL 9, SUSE).
    LockdownEfiSecureBootMode,
    /// Secure Boot locks down, worded `EFI secure boot` (RHEL 8).
    LockdownEfiSecureBootRhel8,
    /// Secure Boot locks down on Power.
    LockdownPower,
    /// Secure initial program load locks down on s390.
    LockdownSecureIpl,
    /// The kernel says at boot whether Secure Boot is on (distributions' `drivers/firmware/efi`).
    SecureBootLine,
    /// Architecture rules of IMA: under Secure Boot signatures become enforced
    /// (`security/integrity/ima/ima_policy.c`).
    ImaArchPolicy,
    /// The line on the Secure Boot mode begins with `ima:` (as in 6.1).
    SecureBootModeByIma,
    /// The line on the Secure Boot mode begins with `integrity:` (as in 6.12).
    SecureBootModeByIntegrity,
    /// IMA refuses modules that come without a file (`ima_main.c`).
    ImaNeedsFile,
    /// `LoadPin` is there (`security/loadpin/loadpin.c`).
    LoadPin,
    /// Keys of firmware and machine owner are taken in (`load_uefi.c`).
    MokListRt,
    /// They are taken from shim's configuration table first (`load_uefi.c`).
    MokVariableTable,
    /// Hashes the machine owner denies are taken in (`load_uefi.c`).
    MokListXRt,
    /// Machine owner keys are trusted for modules only if this variable exists
    /// (`machine_keyring.c`).
    MokListTrustedRt,
    /// Firmware keys can be left out on the owner's wish (`load_uefi.c`).
    MokIgnoreDb,
    /// The keyring `.machine` (`security/integrity/digsig.c`).
    MachineKeyring,
    /// The keyring `.platform` (`security/integrity/digsig.c`).
    PlatformKeyring,
    /// The keyring `.secondary_trusted_keys` (`certs/system_keyring.c`).
    SecondaryKeyring,
    /// Compiled-in revoked certificates are loaded (`certs/blacklist.c`).
    RevocationList,
    /// Each defect of an ELF header has its own line (`kernel/module/main.c`, as in 6.1).
    ElfDefectsNamed,
    /// All defects of an ELF header share one line (as in 5.10).
    ElfDefectsUnnamed,
    /// Exactly one `.gnu.linkonce.this_module` is demanded (6.4).
    ThisModuleExactlyOne,
    /// The same in the words of RHEL 9.
    ThisModuleOnlyOne,
    /// Its size must be that of `struct module` (6.4).
    ThisModuleSize,
    /// A module without it is answered `No module found in object` (before 6.4).
    NoModuleFound,
    /// The kernel unpacks xz modules (`kernel/module/decompress.c`).
    UnpacksXz,
    /// The kernel unpacks gzip modules.
    UnpacksGzip,
    /// The kernel unpacks zstd modules.
    UnpacksZstd,
    /// Modules can be forced (`MODULE_FORCE_LOAD`, `kernel/module/main.c`).
    ForcedLoading,
    /// Symbol versions are compared (`MODVERSIONS`, `kernel/module/version.c`).
    SymbolVersions,
    /// Extended version tables are understood (6.14).
    ExtendedSymbolVersions,
    /// Exporters must bring `__kflagstab` (as in 7.2).
    ExportFlagsRequired,
    /// Namespaces that name modules (6.16).
    ModuleNamespaces,
    /// The refusal of proprietary users names the symbol (not in 5.10).
    ProprietaryUserNamesSymbol,
    /// A strange result of init is reported without the function's name (as in 7.2).
    InitResultShort,
    /// A strange result of init is reported with the function's name.
    InitResultWithFunction,
    /// Names can be denied on the command line (`module_blacklist=`).
    NameDenied,
    /// Live patches can be loaded.
    Livepatch,
    /// A module's BTF is checked, one line for each module (`kernel/bpf/btf.c`).
    BtfFailureLine,
    /// A mismatch of BTF is told once (as in 6.12, where tolerated).
    BtfMismatchOnce,
    /// Signatures with NIST P-256 (`crypto/asymmetric_keys/x509_cert_parser.c`).
    EcdsaP256,
    /// Signatures with NIST P-384.
    EcdsaP384,
    /// Signatures with NIST P-521.
    EcdsaP521,
    /// Post-quantum signatures, ML-DSA.
    MlDsa,
}

/// Each probe's texts; one is enough. A NUL ends a text that must not go on.
const TEXTS: &[(Probe, &[u8])] = &[
    (Probe::SignatureChecks, b"module.sig_enforce\0"),
    (Probe::GateRejects, b"Loading of %s is rejected"),
    (Probe::GateUntrusted, b"Loading of untrusted modules"),
    (Probe::LockdownAsksUnsigned, b"unsigned module loading\0"),
    (Probe::SignatureUnenforce, b"sig_unenforce"),
    (Probe::SoftFailureLine, b"module verification failed: signature and/or required key missing"),
    (Probe::FileHashDenied, b"Module hash %*phN is blacklisted"),
    (Probe::FipsPanics, b"signature verification failed in FIPS mode"),
    (Probe::Lockdown, b"Kernel is locked down from %s"),
    (Probe::LockdownEfiSecureBoot, b"\0EFI Secure Boot\0"),
    (Probe::LockdownEfiSecureBootMode, b"\0EFI Secure Boot mode\0"),
    (Probe::LockdownEfiSecureBootRhel8, b"\0EFI secure boot\0"),
    (Probe::LockdownPower, b"\0Power secure boot\0"),
    (Probe::LockdownPower, b"\0PowerNV Secure Boot mode\0"),
    (Probe::LockdownSecureIpl, b"\0Secure IPL"),
    (Probe::SecureBootLine, b"secureboot: Secure boot enabled"),
    (Probe::ImaArchPolicy, b"No architecture policies found"),
    (Probe::SecureBootModeByIma, b"ima: secureboot mode enabled"),
    (Probe::SecureBootModeByIntegrity, b"integrity: secureboot mode enabled"),
    (Probe::ImaNeedsFile, b"impossible to appraise a module without a file descriptor"),
    (Probe::LoadPin, b"LoadPin: "),
    (Probe::MokListRt, b"UEFI:MokListRT\0"),
    (Probe::MokVariableTable, b"UEFI:MokListRT (MOKvar table)"),
    (Probe::MokListXRt, b"UEFI:MokListXRT"),
    (Probe::MokListTrustedRt, b"MokListTrustedRT"),
    (Probe::MokIgnoreDb, b"M\0o\0k\0I\0g\0n\0o\0r\0e\0D\0B\0"),
    (Probe::MachineKeyring, b"\0.machine\0"),
    (Probe::PlatformKeyring, b"\0.platform\0"),
    (Probe::SecondaryKeyring, b"\0.secondary_trusted_keys\0"),
    (Probe::RevocationList, b"Loading compiled-in revocation X.509"),
    (Probe::ElfDefectsNamed, b"Invalid ELF header magic"),
    (Probe::ElfDefectsUnnamed, b"Module has invalid ELF structures"),
    (Probe::ThisModuleExactlyOne, b"Exactly one .gnu.linkonce.this_module"),
    (Probe::ThisModuleOnlyOne, b"Only one .gnu.linkonce.this_module"),
    (Probe::ThisModuleSize, b"section size must match the kernel's built struct module size"),
    (Probe::NoModuleFound, b"No module found in object"),
    (Probe::UnpacksXz, b"not an xz compressed module"),
    (Probe::UnpacksGzip, b"not a gzip compressed module"),
    (Probe::UnpacksZstd, b"not a zstd compressed module"),
    (Probe::ForcedLoading, b"%s: %s: kernel tainted."),
    (Probe::SymbolVersions, b"disagrees about version of symbol"),
    (Probe::ExtendedSymbolVersions, b"__version_ext_crcs"),
    (Probe::ExportFlagsRequired, b"no flags for exported symbols"),
    (Probe::ModuleNamespaces, b"module tries to import module namespace"),
    (Probe::ProprietaryUserNamesSymbol, b"module using GPL-only symbols uses symbols %s from"),
    (Probe::InitResultShort, b"%s: init suspiciously returned %d"),
    (Probe::InitResultWithFunction, b"'%s'->init suspiciously returned %d"),
    (Probe::NameDenied, b"Module %s is blacklisted"),
    (Probe::Livepatch, b"tainting kernel with TAINT_LIVEPATCH"),
    (Probe::BtfFailureLine, b"failed to validate module [%s] BTF"),
    (Probe::BtfMismatchOnce, b"Kernel module BTF mismatch detected"),
    (Probe::EcdsaP256, b"ecdsa-nist-p256"),
    (Probe::EcdsaP384, b"ecdsa-nist-p384"),
    (Probe::EcdsaP521, b"ecdsa-nist-p521"),
    (Probe::MlDsa, b"mldsa65"),
];

/// The probes whose text occurs in one of the stretches, in one pass for all of them.
pub(super) fn find(stretches: &[&[u8]]) -> BTreeSet<Probe> {
    let mut found = BTreeSet::new();
    let texts = TEXTS.iter().map(|(_, text)| text);
    let Some(all) = packed::Config::new().builder().extend(texts).build() else {
        return one_by_one(stretches);
    };
    for stretch in stretches {
        let mut from = 0;
        while let Some(hit) = all.find_in(stretch, Span::from(from..stretch.len())) {
            // Only one of those that begin here is told.
            let here = stretch.get(hit.start()..).unwrap_or_default();
            found.extend(TEXTS.iter().filter(|(_, t)| here.starts_with(t)).map(|(p, _)| *p));
            from = hit.start().saturating_add(1);
        }
    }
    found
}

/// The same where the processor has no way to look for all at once.
fn one_by_one(stretches: &[&[u8]]) -> BTreeSet<Probe> {
    let has = |text| {
        let finder = memmem::Finder::new(text);
        stretches.iter().any(|stretch| finder.find(stretch).is_some())
    };
    TEXTS.iter().filter(|(_, text)| has(*text)).map(|(probe, _)| *probe).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_at_once_finds_what_each_alone_finds() {
        let every: Vec<u8> =
            TEXTS.iter().flat_map(|(_, text)| [text, &b"\0"[..]].concat()).collect();
        let all: BTreeSet<_> = TEXTS.iter().map(|(probe, _)| *probe).collect();
        assert_eq!(find(&[&every]), all);
        // One that begins inside another, and one that is cut off by the end.
        let inside = b"unsigned module loading\0EFI Secure Boot\0.machine\0.platform";
        for stretches in [&[&every[..]][..], &[&inside[..]], &[&inside[..], b"x"], &[b""], &[]] {
            assert_eq!(find(stretches), one_by_one(stretches));
        }
        assert_eq!(find(&[inside]).len(), 3);
    }
}
