//! Which kernels there are, which one runs, which one comes next.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use loadworthy_core::fact::Fact;
use loadworthy_core::proof::{Gaps, Origin, Question, Why, gap, text};
use loadworthy_formats::kernel::proc_version;

use crate::gather::looking::{Looking, why};
use crate::item::Item;
use crate::sighting::{Kind, Outcome};

/// A kernel: its release, and why we speak of it.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The release, as `uname -r` prints it.
    pub release: Arc<str>,
    /// The same with its reason.
    pub fact: Fact<Arc<str>>,
}

/// The kernels of a machine.
#[derive(Clone, Debug)]
pub struct Kernels {
    /// Those that are installed, newest first.
    pub installed: Vec<Kernel>,
    /// The one that runs.
    pub running: Result<Kernel, Gaps>,
    /// The one that the next boot will start. For now the newest with an image, which is what GRUB
    /// takes for its default entry 0; without images the newest with modules; else the running one.
    pub next: Result<Kernel, Gaps>,
}

impl Kernels {
    /// The kernel with this release, as somebody asked for it by name.
    #[must_use]
    pub fn named(&self, release: &str, fact: Fact<Arc<str>>) -> Kernel {
        let known = self.installed.iter().chain(self.running.as_ref().ok());
        let mut known = known.filter(|kernel| *kernel.release == *release);
        known.next().cloned().unwrap_or_else(|| Kernel { release: text(release), fact })
    }
}

/// Looks for kernels.
#[must_use]
pub fn gather(looking: &Looking<'_>) -> Kernels {
    let running = running(looking);
    let mut found: BTreeMap<Vec<u8>, (bool, Arc<str>)> = BTreeMap::new();
    let mut failed: Option<Why> = None;
    let images = looking.names(&Item::entries("boot"));
    let trees =
        ["lib/modules", "usr/lib/modules"].map(|at| (at, looking.names(&Item::entries(at))));
    for (at, tree) in trees {
        match tree {
            Ok(names) => {
                let folders =
                    names.into_iter().filter(|e| matches!(e.kind, Kind::Folder | Kind::Unknown));
                for entry in folders {
                    let item = text(format!("{at}/{}", String::from_utf8_lossy(&entry.name)));
                    found.entry(entry.name).or_insert((false, item));
                }
            }
            Err(Outcome::Absent | Outcome::OutOfReach) => {}
            Err(outcome) => failed = Some(why(at, &outcome)),
        }
    }
    match images {
        Ok(names) => {
            for entry in names {
                if let Some(release) = release_of_image(&entry.name) {
                    let item = text(format!("boot/{}", String::from_utf8_lossy(&entry.name)));
                    found.insert(release.to_vec(), (true, item));
                }
            }
        }
        Err(Outcome::Absent | Outcome::OutOfReach) => {}
        Err(outcome) => failed = Some(why("boot", &outcome)),
    }
    let mut installed: Vec<(bool, Kernel)> = found
        .into_iter()
        .filter_map(|(name, (image, item))| Some((String::from_utf8(name).ok()?, image, item)))
        .filter(|(release, ..)| is_release(release))
        .map(|(release, image, item)| {
            let release = text(release);
            let fact = Fact::seen(release.clone(), looking.evidence(&item, &*release));
            (image, Kernel { release, fact })
        })
        .collect();
    installed.sort_by(|a, b| b.0.cmp(&a.0).then(version_order(&b.1.release, &a.1.release)));
    let next = match (installed.first(), &running) {
        (Some((image, newest)), _) => {
            let (at, what) =
                if *image { ("boot", "newest image") } else { ("lib/modules", "newest tree") };
            let said = format!("{} is the {what}", newest.release);
            let fact = Fact::seen(newest.release.clone(), looking.evidence(&text(at), said));
            Ok(Kernel { release: newest.release.clone(), fact })
        }
        (None, Ok(running)) => Ok(running.clone()),
        (None, Err(_)) => Err(gap(
            Question::KernelRelease,
            failed.unwrap_or_else(|| Why::Missing(text("boot/vmlinuz-*"))),
        )),
    };
    let mut installed: Vec<Kernel> = installed.into_iter().map(|(_, kernel)| kernel).collect();
    installed.sort_by(|a, b| version_order(&b.release, &a.release));
    Kernels { installed, running, next }
}

/// `uname -r` of the image with this name in `/boot`.
fn release_of_image(name: &[u8]) -> Option<&[u8]> {
    ["vmlinuz-", "vmlinux-", "Image-", "image-"]
        .iter()
        .find_map(|stem| name.strip_prefix(stem.as_bytes()))
}

/// Whether a name can be a release: copies that editors and package tools leave are none, nor are
/// rescue images.
fn is_release(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_digit())
        && !name.starts_with("0-rescue")
        && ![".old", ".bak", ".dpkg-new", ".dpkg-old", ".dpkg-tmp", ".hmac"]
            .iter()
            .any(|end| name.ends_with(end))
}

fn running(looking: &Looking<'_>) -> Result<Kernel, Gaps> {
    let seen = |release: &str, item: &Arc<str>, said: String| {
        let release = text(release);
        let fact = Fact::seen(release.clone(), looking.evidence(item, said));
        Kernel { release, fact }
    };
    let limit = 4096;
    let version = looking
        .first(&[Item::file("proc/version")], limit, |b| proc_version::read(b, looking.limits));
    let missing = match version {
        Ok(read) => return Ok(seen(&read.value.release, &read.item, read.value.banner.clone())),
        Err(why) => why,
    };
    let mut others = vec![Item::file("proc/sys/kernel/osrelease")];
    if looking.view.origin() == Origin::Live {
        others.push(Item::Uname);
    }
    for item in others {
        if let Ok(bytes) = looking.bytes(&item, limit) {
            let line = String::from_utf8_lossy(&bytes);
            if let Some(release) = line.lines().next().map(str::trim).filter(|r| !r.is_empty()) {
                return Ok(seen(release, &text(item.to_string()), release.into()));
            }
        }
    }
    Err(gap(Question::KernelRelease, missing))
}

/// The order in which Debian sorts versions (deb-version(7)): runs of digits as numbers, other
/// runs letters first, `~` before everything, even the end.
#[must_use]
pub fn version_order(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let (left, rest_a) = a.split_at(a.iter().take_while(|c| !c.is_ascii_digit()).count());
        let (right, rest_b) = b.split_at(b.iter().take_while(|c| !c.is_ascii_digit()).count());
        let longest = left.len().max(right.len());
        for at in 0..longest {
            let by = weight(left.get(at)).cmp(&weight(right.get(at)));
            if by != Ordering::Equal {
                return by;
            }
        }
        let (left, next_a) = number(rest_a);
        let (right, next_b) = number(rest_b);
        let by = left.len().cmp(&right.len()).then(left.cmp(right));
        if by != Ordering::Equal || (next_a.is_empty() && next_b.is_empty()) {
            return by;
        }
        (a, b) = (next_a, next_b);
    }
}

/// The digits at the start without leading zeros, and what follows.
fn number(text: &[u8]) -> (&[u8], &[u8]) {
    let (digits, rest) = text.split_at(text.iter().take_while(|c| c.is_ascii_digit()).count());
    let zeros = digits.iter().take_while(|c| **c == b'0').count();
    (digits.get(zeros..).unwrap_or_default(), rest)
}

fn weight(c: Option<&u8>) -> i32 {
    match c {
        Some(b'~') => -1,
        None => 0,
        Some(c) if c.is_ascii_alphabetic() => i32::from(*c),
        Some(c) => 256 + i32::from(*c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::host::Host;

    fn releases(kernels: &Kernels) -> Vec<&str> {
        kernels.installed.iter().map(|kernel| &*kernel.release).collect()
    }

    #[test]
    fn versions_sort_as_dpkg_sorts_them() {
        // Each is older than the next by `dpkg --compare-versions A lt B`.
        let sorted = [
            "5.10.0-9-amd64",
            "5.10.0-46-amd64",
            "6.1.0~rc1-amd64",
            "6.1.0-9-amd64",
            "6.1.0-56-amd64",
            "6.1.0-56-cloud-amd64",
            "6.12.117+deb12-amd64",
            "6.12.0117+deb13-amd64",
            "7.2.13+deb14-amd64",
        ];
        for (a, older) in sorted.iter().enumerate() {
            for (b, newer) in sorted.iter().enumerate() {
                assert_eq!(version_order(older, newer), a.cmp(&b), "{older} {newer}");
            }
        }
        assert_eq!(version_order("6.01", "6.1"), Ordering::Equal);
    }

    #[test]
    fn the_newest_image_is_next_and_trees_without_image_are_known() {
        let host = Host::new()
            .with("boot/vmlinuz-6.1.0-9-amd64", "")
            .with("boot/vmlinuz-6.1.0-56-amd64", "")
            .with("boot/vmlinuz-9.9.0.old", "")
            .with("boot/config-8.0", "")
            .with_folder("usr/lib/modules/6.12.1")
            .with_link("lib", "usr/lib")
            .with("proc/sys/kernel/osrelease", "6.1.0-9-amd64\n");
        let kernels = gather(&host.looking());
        assert_eq!(releases(&kernels), ["6.12.1", "6.1.0-56-amd64", "6.1.0-9-amd64"]);
        assert_eq!(&*kernels.next.unwrap().release, "6.1.0-56-amd64");
        assert_eq!(&*kernels.running.unwrap().release, "6.1.0-9-amd64");
    }

    #[test]
    fn without_kernels_the_running_one_is_next_and_without_anything_none() {
        let host = Host::new().with("proc/version", "Linux version 6.1.0 (a@b) #1 SMP\n");
        assert_eq!(&*gather(&host.looking()).next.unwrap().release, "6.1.0");
        let kernels = gather(&Host::new().looking());
        assert!(kernels.next.is_err() && kernels.running.is_err() && kernels.installed.is_empty());
    }
}
