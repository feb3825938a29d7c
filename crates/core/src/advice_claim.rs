//! What our rules may assert about things that look like trust and are not.

use alloc::sync::Arc;

/// A few words of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdviceClaim {
    /// None of the firmware files that a module names is there.
    NoFirmware {
        /// The module.
        module: Arc<str>,
        /// How many it names.
        named: usize,
    },
    /// The initramfs holds the module, and not all of the firmware that the machine has for it.
    NoFirmwareInInitramfs {
        /// The module.
        module: Arc<str>,
        /// How many files are not in it.
        lacking: usize,
        /// How many the machine has.
        there: usize,
    },
    /// A parameter is set that the module does not have.
    NoParameter {
        /// The module.
        module: Arc<str>,
        /// The parameter.
        parameter: Arc<str>,
    },
    /// A package that is installed lists a file of the module.
    PackageLists {
        /// The module.
        module: Arc<str>,
        /// The package.
        package: Arc<str>,
    },
    /// What talks to the module is of another version.
    OtherVersion {
        /// The module.
        module: Arc<str>,
        /// Its version.
        own: Arc<str>,
        /// The version of what talks to it.
        user: Arc<str>,
    },
}
