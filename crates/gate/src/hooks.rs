//! Every file that the gate may put on a host: where, when, with which text, by whose contract.
//!
//! The list is the whole of it: `gate install` writes nothing else, and `gate uninstall` takes away
//! exactly what was written. Each script gives up quietly where the program is gone, and never
//! longer than two minutes.

use crate::ground::Ground;

mod debian;
mod kernel_install;
mod systemd;
mod builders;
mod rpm;
mod asking;

/// One file.
#[derive(Clone, Copy, Debug)]
pub struct Hook {
    /// What `--only` and `--without` call it.
    pub name: &'static str,
    /// Where it lies.
    pub path: &'static str,
    /// Rights.
    pub mode: u32,
    /// On which hosts.
    pub when: When,
    /// What it does, in a few words.
    pub what: &'static str,
    /// Whose contract it keeps.
    pub source: &'static str,
    /// The text; `@PROGRAM@` stands for the program.
    pub text: &'static str,
}

/// On which hosts a file is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// This folder is there.
    Folder(&'static str),
    /// This file is there.
    File(&'static str),
    /// This file is there and holds this text.
    Holds(&'static str, &'static str),
    /// Only where somebody asks for it by name.
    Asked,
}

impl When {
    /// Whether this host is one of them.
    #[must_use]
    pub fn fits(self, ground: &Ground) -> bool {
        match self {
            Self::Folder(path) => ground.is_folder(path),
            Self::File(path) => ground.is_there(path),
            Self::Holds(path, text) => ground
                .read(path)
                .ok()
                .flatten()
                .is_some_and(|bytes| bytes.windows(text.len()).any(|w| w == text.as_bytes())),
            Self::Asked => false,
        }
    }
}

impl Hook {
    /// The text for a host on which the program is called so.
    #[must_use]
    pub fn text_for(&self, program: &str) -> String {
        self.text.replace("@PROGRAM@", program)
    }
}

/// All of them, in the order in which a kernel passes them.
#[must_use]
pub fn all() -> Vec<Hook> {
    [
        debian::HOOKS,
        kernel_install::HOOKS,
        rpm::HOOKS,
        builders::HOOKS,
        systemd::HOOKS,
        asking::HOOKS,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::all;
    use std::collections::BTreeSet;

    #[test]
    fn names_and_paths_are_single_and_hooks_fit_their_folders() {
        let hooks = all();
        let names: BTreeSet<_> = hooks.iter().map(|h| h.name).collect();
        let paths: BTreeSet<_> = hooks.iter().map(|h| h.path).collect();
        assert_eq!((names.len(), paths.len()), (hooks.len(), hooks.len()));
        for hook in &hooks {
            assert!(!hook.path.starts_with('/') && !hook.source.is_empty(), "{}", hook.name);
            // run-parts(8): names of upper and lower case letters, digits, underscores and hyphens.
            let file = hook.path.rsplit('/').next().unwrap();
            if hook.path.starts_with("etc/kernel/p") || hook.path.starts_with("etc/kernel/h") {
                assert!(file.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)));
                assert_eq!(hook.mode, 0o755, "{}", hook.name);
            }
            if hook.text.starts_with("#!") {
                assert!(hook.text.contains("[ -x @PROGRAM@ ] || exit 0"), "{}", hook.name);
            }
        }
    }

    #[test]
    fn the_hook_runs_between_the_builders_and_those_who_go_by_the_verdict() {
        let hook = all().into_iter().find(|h| h.name == "kernel-postinst").unwrap();
        let own = hook.path.rsplit('/').next().unwrap();
        // The order of run-parts is that of the names (run-parts(8), the C locale).
        for before in ["dkms", "initramfs-tools", "unattended-upgrades"] {
            assert!(before < own);
        }
        for after in ["zz-systemd-boot", "zz-update-grub"] {
            assert!(own < after);
        }
    }
}
