//! What systemd-boot takes in: `loader.conf`, entries, unified kernel images.

use std::sync::Arc;

use loadworthy_core::fact::{Fact, Listing};
use loadworthy_core::facts::boot_loader::{Holds, LoaderEntry};
use loadworthy_core::proof::{Question, Why, counted, gap, text};
use loadworthy_formats::boot::loader_conf::{self, LoaderConf};
use loadworthy_formats::boot::{entry, unified};
use loadworthy_formats::pe::header;

use super::PARTITIONS;
use crate::gather::looking::{Looking, why};
use crate::item::{HostPath, Item};
use crate::sighting::Outcome;

/// Entries one folder may hold.
const MOST: usize = 1024;

pub(super) fn loader_conf(looking: &Looking<'_>) -> Fact<Option<Arc<LoaderConf>>> {
    let mut absent = None;
    for mount in PARTITIONS {
        let item = Item::File(HostPath::new(mount).join("loader/loader.conf"));
        let name = text(item.to_string());
        let unknown = |why| Fact::unknown(gap(Question::BootEntry, why));
        match looking.bytes(&item, looking.limits.text_bytes) {
            Ok(bytes) => {
                return match loader_conf::read(&bytes, looking.limits) {
                    Ok(read) => {
                        let default = read.value.default.as_deref().unwrap_or("none");
                        let said = format!("default {default}");
                        Fact::seen(Some(Arc::new(read.value)), looking.evidence(&name, said))
                    }
                    Err(error) => unknown(Why::Unreadable(name, error)),
                };
            }
            Err(Outcome::Absent | Outcome::OutOfReach) => {
                // The folder `loader` is there only where something was installed for it.
                let mounted = looking.names(&Item::Entries(HostPath::new(mount))).is_ok();
                if mounted {
                    absent.get_or_insert(looking.evidence(&name, ""));
                }
            }
            Err(outcome) => return unknown(why(&name, &outcome)),
        }
    }
    match absent {
        Some(evidence) => Fact::absent(None, evidence),
        None => Fact::unknown(gap(
            Question::BootEntry,
            Why::OutOfReach(text("boot/efi/loader/loader.conf")),
        )),
    }
}

pub(super) fn gather(looking: &Looking<'_>) -> Listing<LoaderEntry> {
    let mut items = Vec::new();
    let mut seen: Option<Arc<str>> = None;
    let mut failed = None;
    for mount in PARTITIONS {
        for (folder, unified) in [("loader/entries", false), ("EFI/Linux", true)] {
            let root = HostPath::new(mount).join(folder);
            let shown = text(root.to_string());
            match looking.names(&Item::Entries(root.clone())) {
                Ok(names) => {
                    for file in names.iter().take(MOST) {
                        let path = root.join(&file.name);
                        let found = match unified {
                            true => image(looking, &path),
                            false => snippet(looking, mount, &path),
                        };
                        items.extend(found);
                    }
                    seen.get_or_insert(shown);
                }
                Err(Outcome::Absent | Outcome::OutOfReach) => {}
                Err(outcome) => failed = Some(why(&shown, &outcome)),
            }
        }
    }
    let whole = match (failed, seen) {
        (Some(why), _) => Fact::unknown(gap(Question::BootEntry, why)),
        (None, Some(item)) => {
            let said = counted(items.len(), "entry", "entries");
            Fact::seen((), looking.evidence(&item, said))
        }
        (None, None) => {
            let missing = Why::OutOfReach(text("boot/efi/loader/entries"));
            Fact::unknown(gap(Question::BootEntry, missing))
        }
    };
    Listing::new(items, whole)
}

/// The identifier and the counter in a file's name, if it ends as it must.
fn named(path: &HostPath, ending: &str) -> Option<(Arc<str>, Option<entry::Tries>)> {
    let name = String::from_utf8_lossy(path.name()).to_lowercase();
    let odd = name.starts_with('.') || name.starts_with("auto-") || !name.ends_with(ending);
    let (id, tries) = entry::counted(&name);
    (!odd).then(|| (text(id), tries))
}

/// An entry of type 1.
fn snippet(looking: &Looking<'_>, mount: &str, path: &HostPath) -> Option<Fact<LoaderEntry>> {
    let (id, tries) = named(path, ".conf")?;
    let shown = text(path.to_string());
    let unknown = |why| Fact::unknown(gap(Question::BootEntry, why));
    let bytes = match looking.bytes(&Item::File(path.clone()), looking.limits.text_bytes) {
        Ok(bytes) => bytes,
        Err(outcome) => return Some(unknown(why(&shown, &outcome))),
    };
    let entry = match entry::read(&bytes, looking.limits) {
        Ok(read) => read.value,
        Err(error) => return Some(unknown(Why::Unreadable(shown, error))),
    };
    let starts = ["linux", "efi", "uki", "uki-url"].iter().find_map(|key| entry.get(key))?;
    let image = Item::File(HostPath::new(mount).join(starts));
    let there = match looking.view.metadata(&image) {
        Ok(_) => Some(true),
        Err(Outcome::Absent) => Some(false),
        // The partition was seen, so a folder that is missing from it is not there either.
        Err(Outcome::OutOfReach) if image.row().is_some() => Some(false),
        Err(_) => None,
    };
    let said = entry.get("title").unwrap_or(starts).to_owned();
    let holds = Holds::Entry(Arc::new(entry), there);
    let found = LoaderEntry { id, path: shown.clone(), tries, holds };
    Some(Fact::seen(found, looking.evidence(&shown, said)))
}

/// An entry of type 2.
fn image(looking: &Looking<'_>, path: &HostPath) -> Option<Fact<LoaderEntry>> {
    let (id, tries) = named(path, ".efi")?;
    let shown = text(path.to_string());
    let unknown = |why| Fact::unknown(gap(Question::BootEntry, why));
    let bytes = match looking.bytes(&Item::File(path.clone()), looking.limits.kernel_bytes) {
        Ok(bytes) => bytes,
        Err(outcome) => return Some(unknown(why(&shown, &outcome))),
    };
    let image = match header::read(&bytes, looking.limits) {
        Ok(read) => read.value,
        Err(error) => return Some(unknown(Why::Unreadable(shown, error))),
    };
    let unified = unified::read(&image)?;
    let said = unified.uname.clone().unwrap_or_else(|| "a unified kernel image".into());
    let holds = Holds::Unified(Arc::new(unified));
    let found = LoaderEntry { id, path: shown.clone(), tries, holds };
    Some(Fact::seen(found, looking.evidence(&shown, said)))
}
