//! Updates of the firmware's deny list that lie ready on a machine.
//!
//! Sources: fwupd (its cache, firmware of a vendor's folder), Debian's and Ubuntu's `secureboot-db`,
//! Fedora's `dbxtool`. Each holds signed updates as files, fwupd in cabinets.

use std::sync::Arc;

use loadworthy_core::proof::text;
use loadworthy_formats::cab::{cabinet, data};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::uefi::authenticated;

use super::looking::Looking;
use crate::item::{HostPath, Item};

/// Where they lie.
const FOLDERS: [&str; 4] = [
    "usr/share/secureboot/updates/dbx",
    "usr/share/dbxtool",
    "var/cache/fwupd",
    "usr/share/fwupd/remotes.d/vendor/firmware",
];
/// Files of one folder that are looked at.
const MOST: usize = 64;

/// Each update with its file; whether it is in force already is for others to say.
#[must_use]
pub fn gather(looking: &Looking<'_>) -> Vec<(Arc<str>, Vec<u8>)> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        let folder = HostPath::new(folder);
        let names = looking.names(&Item::Entries(folder.clone())).unwrap_or_default();
        for entry in names.iter().take(MOST) {
            let name = String::from_utf8_lossy(&entry.name).to_lowercase();
            let (bin, cab) = (name.ends_with(".bin"), name.ends_with(".cab"));
            if !(bin || cab) || !name.contains("dbx") || elsewhere(&name) {
                continue;
            }
            let path = folder.join(&entry.name);
            let shown = path.to_string();
            let Ok(bytes) = looking.bytes(&Item::File(path), looking.limits.text_bytes) else {
                continue;
            };
            if bin && authenticated::begins(&bytes) {
                found.push((text(shown), bytes));
            } else if cab {
                let updates = of_cabinet(&bytes, looking.limits).into_iter();
                found.extend(
                    updates.map(|(name, update)| (text(format!("{shown}: {name}")), update)),
                );
            }
        }
    }
    found
}

/// Whether a name says that it is for machines of another kind.
fn elsewhere(name: &str) -> bool {
    let here = ["x64", "amd64", "x86_64", "x86-64"].iter().any(|this| name.contains(this));
    !here && ["arm", "aa64", "ia32", "x86"].iter().any(|other| name.contains(other))
}

/// The updates in a cabinet that are for machines like this, each with its name; none where it is no
/// cabinet.
#[must_use]
pub fn of_cabinet(bytes: &[u8], limits: &Limits) -> Vec<(String, Vec<u8>)> {
    let Ok(read) = cabinet::read(bytes, limits) else { return Vec::new() };
    let unpacked = data::unpack(&read.value, limits);
    let files = read.value.files.iter().filter_map(|file| {
        let bytes = unpacked.bytes(file).filter(|bytes| authenticated::begins(bytes))?;
        let other = elsewhere(&file.name.to_lowercase());
        (!other).then(|| (file.name.clone(), bytes.to_vec()))
    });
    files.collect()
}
