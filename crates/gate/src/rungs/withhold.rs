//! The mark that asks for a reboot is withheld, or only the kernel's part in it.
//!
//! Source: the contract of `/run/reboot-required` and `/run/reboot-required.pkgs` as
//! unattended-upgrades, update-notifier and kured use it: present means *reboot wanted*.

use std::io;

use serde::{Deserialize, Serialize};

use super::Act;
use crate::ground::Ground;
use crate::places::{REBOOT_PACKAGES, REBOOT_REQUIRED, WITHHELD, WITHHELD_TEXT};
use crate::state::{load, save};

const RUNG: &str = "withhold";

/// What was taken away.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Withheld {
    /// The text of the mark, where it is gone.
    mark: Option<String>,
    /// Lines that were taken out of the list of packages.
    packages: Vec<String>,
}

/// How much is withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How<'a> {
    /// Everything: any reboot would end in a kernel that is not loadworthy.
    All,
    /// What these kernels ask for; others may ask for a reboot, which then starts the default.
    Kernels(&'a [String]),
}

/// Withholds the mark; `why` is told beside it.
pub fn withhold(ground: &Ground, how: How<'_>, why: &str) -> Option<Act> {
    let before: Withheld = load(ground, WITHHELD).unwrap_or_default();
    let mark = ground.text(REBOOT_REQUIRED);
    let list = ground.text(REBOOT_PACKAGES);
    if mark.is_none() && list.is_none() {
        // What was withheld stays away; the reason for it may be another one now.
        if !ground.is_there(WITHHELD) || ground.text(WITHHELD_TEXT).as_deref() == Some(why) {
            return None;
        }
        return ground
            .write(WITHHELD_TEXT, why.as_bytes(), 0o644)
            .err()
            .map(|error| Act::failed(RUNG, format!("/{WITHHELD_TEXT}: {error}")));
    }
    let lines = list.as_deref().unwrap_or_default().lines().map(str::to_owned);
    let ours = |line: &String| match how {
        How::All => true,
        How::Kernels(kernels) => kernels.iter().any(|kernel| line.ends_with(kernel.as_str())),
    };
    let (taken, kept): (Vec<String>, Vec<String>) = lines.partition(ours);
    // Without a list nobody says what asks, and after a kernel's installation that is the kernel.
    if taken.is_empty() && !(list.is_none() || how == How::All) {
        return None;
    }
    let done = (|| {
        let mut now = before;
        now.packages.extend(taken);
        if kept.is_empty() {
            now.mark = mark.or(now.mark);
        }
        save(ground, WITHHELD, &now)?;
        ground.write(WITHHELD_TEXT, why.as_bytes(), 0o644)?;
        if kept.is_empty() {
            ground.remove(REBOOT_PACKAGES)?;
            ground.remove(REBOOT_REQUIRED)?;
        } else {
            ground.write(REBOOT_PACKAGES, (kept.join("\n") + "\n").as_bytes(), 0o644)?;
        }
        Ok::<(), io::Error>(())
    })();
    Some(match done {
        Ok(()) => Act::done(RUNG, format!("/{REBOOT_REQUIRED} is withheld: see /{WITHHELD_TEXT}")),
        Err(error) => Act::failed(RUNG, format!("/{REBOOT_REQUIRED}: {error}")),
    })
}

/// Puts back what was withheld.
pub fn release(ground: &Ground) -> Option<Act> {
    let Withheld { mark, packages } = load(ground, WITHHELD)?;
    let done = (|| {
        let mut all: Vec<String> =
            ground.text(REBOOT_PACKAGES).unwrap_or_default().lines().map(str::to_owned).collect();
        for package in packages {
            if !all.contains(&package) {
                all.push(package);
            }
        }
        if !all.is_empty() {
            ground.write(REBOOT_PACKAGES, (all.join("\n") + "\n").as_bytes(), 0o644)?;
        }
        if let Some(mark) = mark
            && !ground.is_there(REBOOT_REQUIRED)
        {
            ground.write(REBOOT_REQUIRED, mark.as_bytes(), 0o644)?;
        }
        ground.remove(WITHHELD_TEXT)?;
        ground.remove(WITHHELD)?;
        Ok::<(), io::Error>(())
    })();
    Some(match done {
        Ok(()) => Act::done(RUNG, format!("/{REBOOT_REQUIRED} is as it was")),
        Err(error) => Act::failed(RUNG, format!("/{REBOOT_REQUIRED}: {error}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(packages: &str) -> (tempfile::TempDir, Ground) {
        let root = tempfile::tempdir().unwrap();
        let ground = Ground::open(Some(root.path())).unwrap();
        ground.make_folder("run/loadworthy").unwrap();
        ground.write(REBOOT_REQUIRED, b"*** System restart required ***\n", 0o644).unwrap();
        ground.write(REBOOT_PACKAGES, packages.as_bytes(), 0o644).unwrap();
        (root, ground)
    }

    #[test]
    fn what_other_packages_ask_for_stays() {
        let (_root, ground) = host("linux-image-6.1.0-53-amd64\nlibc6\n");
        let kernels = ["6.1.0-53-amd64".to_owned()];
        assert!(withhold(&ground, How::Kernels(&kernels), "why\n").unwrap().done);
        assert_eq!(ground.text(REBOOT_PACKAGES).as_deref(), Some("libc6\n"));
        assert!(ground.is_there(REBOOT_REQUIRED));
        // Asked again, nothing is left to take.
        assert_eq!(withhold(&ground, How::Kernels(&kernels), "why\n"), None);
        release(&ground).unwrap();
        let text = ground.text(REBOOT_PACKAGES).unwrap();
        assert_eq!(text, "libc6\nlinux-image-6.1.0-53-amd64\n");
        assert!(!ground.is_there(WITHHELD) && !ground.is_there(WITHHELD_TEXT));
    }

    #[test]
    fn the_mark_goes_with_the_last_package_and_comes_back_as_it_was() {
        let (_root, ground) = host("linux-image-6.1.0-53-amd64\n");
        let kernels = ["6.1.0-53-amd64".to_owned()];
        withhold(&ground, How::Kernels(&kernels), "why\n").unwrap();
        assert!(!ground.is_there(REBOOT_REQUIRED) && !ground.is_there(REBOOT_PACKAGES));
        assert_eq!(ground.text(WITHHELD_TEXT).as_deref(), Some("why\n"));
        assert_eq!(withhold(&ground, How::All, "another reason\n"), None);
        assert_eq!(ground.text(WITHHELD_TEXT).as_deref(), Some("another reason\n"));
        release(&ground).unwrap();
        assert_eq!(
            ground.text(REBOOT_REQUIRED).as_deref(),
            Some("*** System restart required ***\n")
        );
        assert_eq!(release(&ground), None);
    }
}
