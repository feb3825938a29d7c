//! Modules that a machine builds for itself: what DKMS and akmods made, and whether it will load.
//!
//! DKMS says *installed* and exits with 0 where signing failed, so its word is not taken: the file is
//! opened and verified.

use crate::proof::Proof;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What a built module is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// The kernel it was built for trusts its signer.
    Trusted,
    /// Nobody signed it.
    Unsigned,
    /// It is signed with a key that the kernel does not trust.
    KeyNotEnrolled,
    /// The signature is not in order, or not for these bytes.
    Broken,
    /// It is built, and not where modprobe looks.
    NotInstalled,
    /// The kernel it was built for is not installed any more.
    KernelGone,
    /// A kernel is installed that it was not built for.
    NotBuilt,
    /// It could not be told.
    Unknown,
}

impl Worth {
    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Unsigned => "unsigned",
            Self::KeyNotEnrolled => "key-not-enrolled",
            Self::Broken => "broken",
            Self::NotInstalled => "not-installed",
            Self::KernelGone => "kernel-gone",
            Self::NotBuilt => "not-built",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the module would be missed where signatures are enforced.
    #[must_use]
    pub const fn is_trouble(self) -> bool {
        matches!(self, Self::Unsigned | Self::KeyNotEnrolled | Self::Broken | Self::NotBuilt)
    }
}

/// One module for one kernel.
#[derive(Clone, Debug)]
pub struct Built {
    /// `dkms` or `akmods`.
    pub by: &'static str,
    /// The package and its version: `zfs 2.1.11`.
    pub package: String,
    /// The kernel's release.
    pub kernel: Arc<str>,
    /// The module's name; empty where there is none.
    pub module: Arc<str>,
    /// The file that counts: the installed one where there is one.
    pub path: Option<Arc<str>>,
    /// The copy that DKMS keeps.
    pub kept: Option<Arc<str>>,
    /// What it is worth.
    pub worth: Worth,
    /// Who signed it, as the signature says, or the key that vouches for it.
    pub signer: Option<String>,
    /// What becomes of it when it is loaded; empty where it was not judged.
    pub outcome: &'static str,
    /// Why.
    pub because: Option<Proof>,
}

/// How DKMS takes its instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// 2.x: `sign_tool` in one file, called with the release and the module.
    SignTool,
    /// 3.x: `sign_file`, `mok_signing_key` and `mok_certificate`, also in `framework.conf.d`; called
    /// with the digest, key, certificate and module.
    SignFile,
}

impl Form {
    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SignTool => "sign-tool",
            Self::SignFile => "sign-file",
        }
    }
}

/// How DKMS is set up to sign.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// How it takes instructions; `None`: there is no DKMS here.
    pub form: Option<Form>,
    /// What signs; `None`: what DKMS chooses.
    pub tool: Option<String>,
    /// The key; `None`: what DKMS chooses.
    pub key: Option<String>,
    /// The certificate; `None`: what DKMS chooses.
    pub certificate: Option<String>,
}

/// The answer.
#[derive(Clone, Debug)]
pub struct Builds {
    /// As of when.
    pub at: String,
    /// How DKMS is set up.
    pub setup: Setup,
    /// One a module and kernel.
    pub built: Vec<Built>,
}
