//! Files that an entry names, found on the host.

use loadworthy_core::proof::{Why, text};
use loadworthy_formats::boot::unified;
use loadworthy_formats::kernel::image;
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
    // Btrfs: the loader sees the subvolume's name before the path the host knows.
    if let Some((_, inside)) = named.trim_start_matches('/').split_once('/')
        && named.starts_with("/@")
    {
        return locate(looking, inside);
    }
    Err(failed.unwrap_or_else(|| Why::OutOfReach(text(named))))
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
