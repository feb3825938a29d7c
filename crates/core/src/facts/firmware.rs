//! What the firmware and shim hold: Secure Boot, its lists, the machine owner's keys.

use crate::fact::{Fact, Listing};
use crate::proof::Gaps;
use alloc::sync::Arc;

/// The variables that decide about modules.
///
/// Names and GUIDs: UEFI 2.10 §3.3 and §32.6, shim `mok.c`.
#[derive(Clone, Debug)]
pub struct FirmwareFacts {
    /// `SecureBoot`; `None`: there is no such variable.
    pub secure_boot: Fact<Option<u8>>,
    /// `SetupMode`; `None`: there is no such variable.
    pub setup_mode: Fact<Option<u8>>,
    /// `MokSBStateRT`: whether shim was told not to validate; `None`: there is no such variable.
    pub mok_sb_state: Fact<Option<MokSbState>>,
    /// Certificates in `db`.
    pub db: Listing<Certificate>,
    /// Entries of `dbx`.
    pub dbx: Listing<Denied>,
    /// `MokIgnoreDB` is there: machine owners do not want db to count.
    pub mok_ignore_db: Fact<bool>,
    /// Certificates in `MokListRT`, shim's own vendor certificate included.
    pub mok_list: Listing<Certificate>,
    /// Entries of `MokListXRT`, shim's own deny list included.
    pub mok_list_x: Listing<Denied>,
    /// `MokListTrustedRT` is there: machine owner keys are to be trusted like built-in ones.
    pub mok_list_trusted: Fact<bool>,
    /// Whether Power's firmware wants the operating system to boot securely, as its device tree says.
    pub power_secure_boot: Fact<bool>,
    /// Whether IBM Z loaded the kernel securely (Secure IPL).
    pub z_secure_load: Fact<bool>,
}

impl FirmwareFacts {
    /// Nothing known of the firmware, and why.
    #[must_use]
    pub fn unknown(why: impl Fn(crate::proof::Question) -> Gaps) -> Self {
        use crate::proof::Question;
        Self {
            secure_boot: Fact::unknown(why(Question::SecureBoot)),
            setup_mode: Fact::unknown(why(Question::SecureBoot)),
            mok_sb_state: Fact::unknown(why(Question::SecureBoot)),
            db: Listing::unknown(why(Question::Db)),
            dbx: Listing::unknown(why(Question::Dbx)),
            mok_ignore_db: Fact::unknown(why(Question::Db)),
            mok_list: Listing::unknown(why(Question::MokList)),
            mok_list_x: Listing::unknown(why(Question::MokListX)),
            mok_list_trusted: Fact::unknown(why(Question::MokTrusted)),
            power_secure_boot: Fact::unknown(why(Question::SecureBoot)),
            z_secure_load: Fact::unknown(why(Question::SecureBoot)),
        }
    }
}

/// The variable by which shim tells the kernel that it does not validate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MokSbState {
    /// Its value; 1 means that shim does not validate.
    pub value: u8,
    /// Whether the variable outlives a reboot. Shim's mirror does not; one planted by a running
    /// system does, and the kernel ignores it.
    pub non_volatile: bool,
}

/// A certificate of a signature list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The certificate's bytes (DER).
    pub der: Arc<[u8]>,
    /// Its common name, or what else it is called, for people.
    pub name: Arc<str>,
}

/// An entry of a deny list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denied {
    /// SHA-256 of a file or image.
    Sha256([u8; 32]),
    /// A certificate.
    Certificate(Certificate),
    /// SHA-256 of the signed part of a certificate, with the time from which it is revoked.
    ///
    /// The kernel keeps all 48 bytes as one hash, so such an entry never matches
    /// (`security/integrity/platform_certs/keyring_handler.c`).
    CertificateSha256([u8; 32]),
    /// Anything else; the kernel passes over it.
    Other,
}
