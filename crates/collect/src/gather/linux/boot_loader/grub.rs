//! GRUB's scripts, its environment block, and the entries it takes in.

use std::sync::Arc;

use loadworthy_core::fact::Fact;
use loadworthy_core::proof::{Question, Why, counted, gap, text};
use loadworthy_formats::boot::entry;
use loadworthy_formats::boot::grub::environment::{self, Environment};
use loadworthy_formats::boot::grub::script::{self, Script};
use loadworthy_formats::boot::grub::snippets::{self, Snippet};
use loadworthy_formats::error::Parsed;

use super::PARTITIONS;
use crate::gather::looking::{Looking, why};
use crate::item::{HostPath, Item};
use crate::sighting::Outcome;

/// Folders of GRUB, the one that distributions with two versions use first.
const FOLDERS: [&str; 2] = ["boot/grub2", "boot/grub"];
/// Scripts it reads: its own, and those people add.
const SCRIPTS: [&str; 3] = ["grub.cfg", "custom.cfg", "user.cfg"];
/// Entries one folder may hold.
const ENTRIES: usize = 1024;

pub(super) fn scripts(looking: &Looking<'_>) -> Vec<(Arc<str>, Fact<Arc<Script>>)> {
    let mut paths: Vec<HostPath> = Vec::new();
    for folder in FOLDERS {
        paths.extend(SCRIPTS.map(|name| HostPath::new(folder).join(name)));
    }
    for mount in PARTITIONS {
        let root = HostPath::new(mount).join("EFI");
        let folders = looking.names(&Item::Entries(root.clone())).unwrap_or_default();
        paths.extend(folders.iter().map(|folder| root.join(&folder.name).join("grub.cfg")));
    }
    paths.iter().filter_map(|path| Some((text(path.to_string()), one(looking, path)?))).collect()
}

/// A script; `None` where there is none.
fn one(looking: &Looking<'_>, path: &HostPath) -> Option<Fact<Arc<Script>>> {
    let name = text(path.to_string());
    let unknown = |why| Some(Fact::unknown(gap(Question::BootEntry, why)));
    match looking.bytes(&Item::File(path.clone()), looking.limits.text_bytes) {
        Ok(bytes) => match script::read(&bytes, looking.limits) {
            // GRUB stops where it cannot read on; what it would show then is not known.
            Ok(Parsed { deviations, .. }) if !deviations.is_empty() => {
                let first = deviations.first().copied()?;
                unknown(Why::Unreadable(name, first))
            }
            Ok(read) => {
                let said = counted(read.value.commands.len(), "command", "commands");
                Some(Fact::seen(Arc::new(read.value), looking.evidence(&name, said)))
            }
            Err(error) => unknown(Why::Unreadable(name, error)),
        },
        Err(Outcome::Absent | Outcome::OutOfReach) => None,
        Err(outcome) => unknown(why(&name, &outcome)),
    }
}

pub(super) fn environment(looking: &Looking<'_>) -> Fact<Option<Arc<Environment>>> {
    let mut absent = None;
    let mut hidden = Why::OutOfReach(text("boot/grub/grubenv"));
    let unknown = |why| Fact::unknown(gap(Question::BootEntry, why));
    for folder in FOLDERS {
        let item = Item::File(HostPath::new(folder).join("grubenv"));
        let name = text(item.to_string());
        match looking.bytes(&item, looking.limits.text_bytes) {
            Ok(bytes) => {
                return match environment::read(&bytes) {
                    Ok(read) => {
                        let said = read.value.variables.iter().map(|(n, v)| format!("{n}={v}"));
                        let said = said.collect::<Vec<_>>().join(" ");
                        Fact::seen(Some(Arc::new(read.value)), looking.evidence(&name, said))
                    }
                    Err(error) => unknown(Why::Unreadable(name, error)),
                };
            }
            Err(Outcome::Absent) => {
                absent.get_or_insert(looking.evidence(&name, ""));
            }
            // The whole folder is not there, or a link leads to a partition that is not mounted.
            Err(Outcome::OutOfReach) => {
                let folder = looking.names(&Item::Entries(HostPath::new(folder)));
                if folder.is_ok() {
                    hidden = Why::OutOfReach(name);
                    absent = None;
                    break;
                }
            }
            Err(outcome) => return unknown(why(&name, &outcome)),
        }
    }
    match absent {
        Some(evidence) => Fact::absent(None, evidence),
        None => unknown(hidden),
    }
}

/// `boot/loader/entries`, as GRUB with `blscfg` takes it in.
pub(super) fn snippets(looking: &Looking<'_>) -> Fact<Arc<[Snippet]>> {
    let root = HostPath::new("boot/loader/entries");
    let shown = text(root.to_string());
    let unknown = |why| Fact::unknown(gap(Question::BootEntry, why));
    let names = match looking.names(&Item::Entries(root.clone())) {
        Ok(names) => names,
        Err(Outcome::Absent) => {
            return Fact::absent(Arc::from([]), looking.evidence(&shown, ""));
        }
        Err(outcome) => return unknown(why(&shown, &outcome)),
    };
    let mut found = Vec::new();
    for file in names.iter().take(ENTRIES) {
        let name = String::from_utf8_lossy(&file.name);
        let Some(id) = name.strip_suffix(".conf").filter(|id| !id.is_empty()) else { continue };
        if name.starts_with('.') {
            continue;
        }
        let item = Item::File(root.join(&file.name));
        match looking.bytes(&item, looking.limits.text_bytes) {
            Ok(bytes) => {
                if let Ok(read) = entry::read(&bytes, looking.limits) {
                    found.push(Snippet { id: id.to_owned(), entry: read.value });
                }
            }
            Err(outcome) => return unknown(why(&item.to_string(), &outcome)),
        }
    }
    snippets::sort(&mut found);
    let said = counted(found.len(), "entry", "entries");
    Fact::seen(Arc::from(found), looking.evidence(&shown, said))
}
