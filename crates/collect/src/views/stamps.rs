//! Stamps of files, and where they tell that a file was not changed.
//!
//! The kernel sets the time of the last change at every change, and no call sets it to another. That holds
//! where the file system is its own and is written to: images that are made apart with the same numbers
//! and times look alike, and have times in whole seconds. `stat(2)`, `inode(7)`, `statfs(2)`.

use rustix::fd::AsFd;
use rustix::fs::{FileType, Stat, StatVfsMountFlags, fstatfs, fstatvfs};

use crate::sighting::Stamp;

/// Those that keep the time of the last change themselves, by their magic numbers (`statfs(2)`):
/// ext2 to ext4, XFS, Btrfs, F2FS, tmpfs, bcachefs, ZFS.
const OWN_TIMES: [i64; 7] =
    [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x0102_1994, 0xca45_1a4e, 0x2fc1_2fc1];

/// Whether stamps of the file system that `fd` lies on tell anything.
pub(super) fn tells(fd: impl AsFd) -> bool {
    let Ok(system) = fstatfs(&fd) else { return false };
    let Ok(mount) = fstatvfs(&fd) else { return false };
    #[expect(clippy::useless_conversion, reason = "the field is narrower on 32-bit machines")]
    let magic = i64::from(system.f_type);
    OWN_TIMES.contains(&magic) && !mount.f_flag.contains(StatVfsMountFlags::RDONLY)
}

/// The stamp out of what the system says of a regular file.
#[expect(clippy::useless_conversion, reason = "fields are narrower, or signed, on other machines")]
pub(super) fn stamp(stat: &Stat) -> Option<Stamp> {
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return None;
    }
    let stamp = Stamp {
        device: u64::try_from(stat.st_dev).ok()?,
        inode: u64::try_from(stat.st_ino).ok()?,
        size: u64::try_from(stat.st_size).ok()?,
        modified: (i64::from(stat.st_mtime), u32::try_from(stat.st_mtime_nsec).ok()?),
        changed: (i64::from(stat.st_ctime), u32::try_from(stat.st_ctime_nsec).ok()?),
    };
    (stamp.changed.1 != 0).then_some(stamp)
}
