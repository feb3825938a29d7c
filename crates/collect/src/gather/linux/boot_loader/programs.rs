//! What lies on the EFI system partition.

use std::sync::Arc;

use loadworthy_core::fact::{Fact, Listing};
use loadworthy_core::facts::boot_loader::{Program, Role};
use loadworthy_core::proof::{Question, Why, gap, text};
use loadworthy_formats::boot::unified;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::header;
use loadworthy_formats::uefi::sbat;

use super::PARTITIONS;
use crate::gather::looking::{Looking, why};
use crate::item::{HostPath, Item};
use crate::sighting::Outcome;

/// Folders and files that are looked at on one partition.
const MOST: usize = 512;

pub(super) fn gather(looking: &Looking<'_>) -> Listing<Program> {
    let mut failed = Why::OutOfReach(text("boot/efi/EFI"));
    for mount in PARTITIONS {
        let root = HostPath::new(mount).join("EFI");
        let folders = match looking.names(&Item::Entries(root.clone())) {
            Ok(folders) => folders,
            Err(Outcome::Absent | Outcome::OutOfReach) => continue,
            Err(outcome) => {
                failed = why(&root.to_string(), &outcome);
                break;
            }
        };
        let mut items = Vec::new();
        let mut whole = Fact::seen((), looking.evidence(&text(root.to_string()), "its folders"));
        for folder in folders.iter().take(MOST) {
            let folder = root.join(&folder.name);
            match looking.names(&Item::Entries(folder.clone())) {
                Ok(files) => {
                    let files = files.iter().filter(|f| ends(&f.name)).take(MOST);
                    items.extend(files.map(|f| program(looking, mount, &folder.join(&f.name))));
                }
                Err(Outcome::NotRegular(_) | Outcome::Absent | Outcome::OutOfReach) => {}
                Err(outcome) => {
                    let why = why(&folder.to_string(), &outcome);
                    whole = Fact::unknown(gap(Question::BootEntry, why));
                }
            }
        }
        return Listing::new(items, whole);
    }
    Listing::unknown(gap(Question::BootEntry, failed))
}

fn ends(name: &[u8]) -> bool {
    name.len() > 4 && name.get(name.len() - 4..).is_some_and(|e| e.eq_ignore_ascii_case(b".efi"))
}

fn program(looking: &Looking<'_>, mount: &str, path: &HostPath) -> Fact<Program> {
    let host_path = text(path.to_string());
    let below = host_path.strip_prefix(mount).unwrap_or(&host_path).trim_start_matches('/');
    let bytes = looking.bytes(&Item::File(path.clone()), looking.limits.kernel_bytes);
    let role = match &bytes {
        Ok(bytes) => role(bytes, below, looking.limits),
        Err(_) => by_name(below),
    };
    let said = match &role {
        Role::Shim => "shim",
        Role::Grub => "GRUB",
        Role::SystemdBoot => "systemd-boot",
        Role::Unified(_) => "a unified kernel image",
        Role::Other => "another program",
    };
    let evidence = looking.evidence(&host_path, said);
    Fact::seen(Program { path: text(below), host_path, role }, evidence)
}

fn role(bytes: &[u8], path: &str, limits: &Limits) -> Role {
    let Ok(read) = header::read(bytes, limits) else { return by_name(path) };
    let image = &read.value;
    if unified::systemd_boot(image).is_some() {
        return Role::SystemdBoot;
    }
    if let Some(unified) = unified::read(image) {
        return Role::Unified(Arc::new(unified));
    }
    let rows = image.section(".sbat").and_then(|s| s.content());
    let rows = rows.map(|b| sbat::read(b, limits).value).unwrap_or_default();
    let says = |component: &str| rows.iter().any(|row| row.component() == component);
    if image.section(".vendor_cert").is_some() {
        Role::Shim
    } else if says("grub") || image.section("mods").is_some() {
        Role::Grub
    } else {
        // MokManager and the fallback program come with shim and carry its generation.
        by_name(path)
    }
}

fn by_name(path: &str) -> Role {
    let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    match name.as_str() {
        n if n.starts_with("shim") => Role::Shim,
        n if n.starts_with("grub") => Role::Grub,
        n if n.starts_with("systemd-boot") => Role::SystemdBoot,
        _ => Role::Other,
    }
}
