//! What our rules may assert about an initramfs.

use crate::errno::Errno;
use alloc::sync::Arc;

/// The signature of a copy, beside that of the file in the module tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CopySignature {
    /// It has none, and is the file in every other byte: nobody signed it yet when it was copied, or
    /// strip had nothing else to take off.
    None,
    /// It has none, and was stripped.
    StrippedOff,
    /// It has another one, or the file has none.
    Another,
}

/// A few words of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InitramfsClaim {
    /// There is an initramfs for the kernel, or there is none.
    There(bool),
    /// It can be read to its end.
    Whole,
    /// It breaks off, or does not hold together.
    Damaged(Arc<str>),
    /// The kernel was built to unpack it.
    Unpacked,
    /// The kernel was not built to unpack what it is packed with.
    NotUnpacked(Arc<str>),
    /// Its modules are for this kernel.
    ForThisKernel,
    /// Its modules are for other kernels.
    ForAnotherKernel(Arc<str>),
    /// A module that the root file system needs is in it.
    Holds(Arc<str>),
    /// A module that the root file system needs is not in it.
    Lacks(Arc<str>),
    /// Its copy of a module is the one in the tree.
    SameCopy(Arc<str>),
    /// Its copy of a module is another build than the one in the tree.
    OtherCopy(Arc<str>),
    /// Its copy of a module is the same build as the one in the tree, signed otherwise.
    SameBuild {
        /// The module.
        name: Arc<str>,
        /// How the copy is signed.
        signature: CopySignature,
    },
    /// Its copy of a module loads.
    CopyLoads(Arc<str>),
    /// Its copy of a module does not load.
    CopyRefused {
        /// The module.
        name: Arc<str>,
        /// What the system call returns.
        errno: Option<Errno>,
    },
    /// Its copy of a module does not load for want of the signature of the file in the tree.
    CopyUnsigned {
        /// The module.
        name: Arc<str>,
        /// What the system call returns.
        errno: Option<Errno>,
        /// How it lacks it.
        signature: CopySignature,
    },
    /// Its configuration of modprobe keeps a module from being loaded.
    Blocks(Arc<str>),
    /// The one for the kernel that starts after a crash cannot be used.
    ForCrashes {
        /// Its file.
        file: Arc<str>,
        /// Modules in it that would be refused, joined; empty where it is no use as a whole.
        refused: Arc<str>,
    },
}

impl InitramfsClaim {
    /// The module that it is about, where it is about one.
    #[must_use]
    pub fn module(&self) -> Option<&str> {
        match self {
            Self::Holds(name)
            | Self::Lacks(name)
            | Self::SameCopy(name)
            | Self::OtherCopy(name)
            | Self::CopyLoads(name)
            | Self::CopyRefused { name, .. }
            | Self::CopyUnsigned { name, .. }
            | Self::SameBuild { name, .. }
            | Self::Blocks(name) => Some(name),
            Self::There(_)
            | Self::Whole
            | Self::Damaged(_)
            | Self::Unpacked
            | Self::NotUnpacked(_)
            | Self::ForThisKernel
            | Self::ForAnotherKernel(_)
            | Self::ForCrashes { .. } => None,
        }
    }
}
