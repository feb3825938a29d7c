//! Files that an entry names, found on the host.

use loadworthy_core::proof::{Why, text};
use loadworthy_formats::boot::unified;
use loadworthy_formats::kernel::image;
use loadworthy_formats::kernel::mounts;
use loadworthy_formats::pe::header;

use super::PARTITIONS;
use crate::gather::looking::{Looking, why};
use crate::item::{HostPath, Item};
use crate::sighting::Outcome;

/// Where a file that a boot loader names lies on the host: a loader's root is the root of the file
/// system that holds `/boot`, or an EFI system partition.
///
/// # Errors
/// `Missing` where none of these places has it and one could be seen.
pub fn locate(looking: &Looking<'_>, named: &str) -> Result<HostPath, Why> {
    let mut failed = None;
    for mount in ["", "boot", "boot/efi", "efi"] {
        let path = HostPath::new(mount).join(named);
        match looking.view.metadata(&Item::File(path.clone())) {
            Ok(_) => return Ok(path),
            Err(Outcome::Absent) => failed = Some(Why::Missing(text(path.to_string()))),
            Err(Outcome::OutOfReach) => {}
            Err(outcome) => return Err(why(&path.to_string(), &outcome)),
        }
    }
    if let Some(inside) = inside(looking, named) {
        return locate(looking, &inside);
    }
    Err(failed.unwrap_or_else(|| Why::OutOfReach(text(named))))
}

/// The path that the host knows, where the loader begins at the top of a file system of which the host
/// mounts a part: the loader sees the data set (ZFS: `/ROOT/debian@/boot/…`) or the subvolume (Btrfs:
/// `/@/boot/…`, `/root/boot/…`) before it. Sources: GRUB, `grub-core/fs/zfs/zfs.c` (`@` ends the data
/// set), `grub-core/fs/btrfs.c`; btrfs(5), `subvol=`.
fn inside(looking: &Looking<'_>, named: &str) -> Option<String> {
    if let Some((_, path)) = named.split_once("@/") {
        return Some(path.to_owned());
    }
    if named.starts_with("/@") {
        return Some(named.trim_start_matches('/').split_once('/')?.1.to_owned());
    }
    let fstab = [Item::file("etc/fstab")];
    let limits = looking.limits;
    let read = looking.first(&fstab, limits.text_bytes, |bytes| mounts::read_table(bytes, limits));
    let mounted = read.ok()?.value;
    mounted.iter().filter(|mount| ["/", "/boot"].contains(&mount.at.as_str())).find_map(|mount| {
        let option = mount.options.split(',').find_map(|option| option.strip_prefix("subvol="))?;
        let path = named.trim_start_matches('/').strip_prefix(option.trim_matches('/'))?;
        path.strip_prefix('/').map(str::to_owned)
    })
}

/// The release that an image says it is: a kernel, or the one in a unified image.
#[must_use]
pub fn release(looking: &Looking<'_>, path: &HostPath) -> Option<String> {
    let bytes = looking.bytes(&Item::File(path.clone()), looking.limits.kernel_bytes).ok()?;
    let of_kernel = |bytes: &[u8]| {
        let version = image::header(bytes).ok()?.version?;
        version.split_whitespace().next().map(str::to_owned)
    };
    if let Ok(read) = header::read(&bytes, looking.limits)
        && let Some(inner) = unified::kernel(&read.value)
    {
        return unified::read(&read.value)?.uname.or_else(|| of_kernel(inner));
    }
    of_kernel(&bytes)
}

/// Whether a path lies where an EFI system partition is mounted.
#[must_use]
pub fn on_partition(path: &str) -> bool {
    PARTITIONS.iter().take(2).any(|mount| path.starts_with(&format!("{mount}/")))
}
