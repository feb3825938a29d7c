//! The firmware of the machine: OVMF as distributions install it.

use std::path::{Path, PathBuf};

/// A firmware with Secure Boot, and a memory of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equipment {
    /// The firmware.
    pub code: PathBuf,
    /// Its memory before the first start, with Microsoft's keys where there is such a file.
    pub variables: PathBuf,
}

/// Where packages put it: folder, firmware, memory.
static PLACES: [(&str, &str, &str); 6] = [
    // Debian and Ubuntu, `ovmf`
    ("/usr/share/OVMF", "OVMF_CODE_4M.secboot.fd", "OVMF_VARS_4M.ms.fd"),
    ("/usr/share/OVMF", "OVMF_CODE.secboot.fd", "OVMF_VARS.ms.fd"),
    // Fedora and RHEL, `edk2-ovmf`
    ("/usr/share/edk2/ovmf", "OVMF_CODE.secboot.fd", "OVMF_VARS.secboot.fd"),
    // Arch, `edk2-ovmf`
    ("/usr/share/edk2/x64", "OVMF_CODE.secboot.4m.fd", "OVMF_VARS.4m.fd"),
    // openSUSE, `qemu-ovmf-x86_64`
    ("/usr/share/qemu", "ovmf-x86_64-smm-ms-code.bin", "ovmf-x86_64-smm-ms-vars.bin"),
    ("/usr/share/qemu", "ovmf-x86_64-smm-code.bin", "ovmf-x86_64-smm-vars.bin"),
];

/// The firmware in `folder`, or where packages put it.
///
/// # Errors
/// When there is none: a sentence that says what would help.
pub fn find(folder: Option<&Path>) -> Result<Equipment, String> {
    let found = PLACES.iter().map(|(at, code, variables)| {
        let at = folder.unwrap_or(Path::new(at));
        let at = std::path::absolute(at).unwrap_or_else(|_| at.to_owned());
        Equipment { code: at.join(code), variables: at.join(variables) }
    });
    found.into_iter().find(|e| e.code.is_file() && e.variables.is_file()).ok_or_else(
        || match folder {
            Some(folder) => format!("--firmware {}: no OVMF with Secure Boot", folder.display()),
            None => "no OVMF with Secure Boot here: install ovmf or edk2-ovmf, or name its folder \
                     with --firmware DIR"
                .to_owned(),
        },
    )
}
