//! The machine this program runs on.
//!
//! The same looks as below a root, at `/`, plus what only a system call tells. It needs no rights:
//! what an ordinary user may not read is *denied*, what a container hides is *out of reach*.

use std::path::Path;

use loadworthy_core::proof::Origin;

use super::root::Root;
use crate::item::{HostPath, Item};
use crate::sighting::{Metadata, Outcome, Stamp};
use crate::view::View;

/// Where the kernel hands out what it said, a record a read (linux, Documentation/ABI/testing/dev-kmsg).
const KMSG: &str = "dev/kmsg";
/// Bytes one record may have (linux, include/linux/printk.h PRINTKRB_RECORD_MAX, and its dictionary).
const RECORD: usize = 16 << 10;

/// What the kernel said since its start and still has, as lines of `dmesg`.
fn said(limit: usize, buffer: &mut Vec<u8>) -> Outcome {
    use rustix::fs::{Mode, OFlags, open};
    use rustix::io::Errno;
    buffer.clear();
    // Without waiting: the end is where nothing more is there now.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let device = match open("/dev/kmsg", flags, Mode::empty()) {
        Ok(device) => device,
        Err(Errno::NOENT) => return Outcome::Absent,
        Err(Errno::PERM | Errno::ACCESS) => return Outcome::Denied,
        Err(_) => return Outcome::OutOfReach,
    };
    let mut record = vec![0; RECORD];
    while buffer.len() < limit {
        match rustix::io::read(&device, &mut record) {
            Ok(0) => break,
            Ok(read) => line(&record[..read], buffer),
            // Overwritten while it was read: the next record is the oldest that is left.
            Err(Errno::PIPE | Errno::INTR) => {}
            Err(_) => break,
        }
    }
    Outcome::Bytes { file_signature: None }
}

/// `6,1234,5012345,-;message`, and lines of a dictionary below it.
fn line(record: &[u8], out: &mut Vec<u8>) {
    let first = record.split(|b| *b == b'\n').next().unwrap_or_default();
    let Some(head) = first.iter().position(|b| *b == b';') else { return };
    let clock = first[..head].split(|b| *b == b',').nth(2);
    let clock = clock.and_then(|c| std::str::from_utf8(c).ok()?.parse::<u64>().ok());
    let clock = clock.unwrap_or(0);
    out.extend_from_slice(
        format!("[{:5}.{:06}] ", clock / 1_000_000, clock % 1_000_000).as_bytes(),
    );
    out.extend_from_slice(&first[head + 1..]);
    out.push(b'\n');
}

/// The view of the running machine.
#[derive(Debug)]
pub struct LiveLinux(Root);

impl LiveLinux {
    /// Looks at the machine itself.
    ///
    /// # Errors
    /// What the system says where `/` cannot be opened.
    pub fn open() -> std::io::Result<Self> {
        Ok(Self(Root::open(Path::new("/"))?.of_origin(Origin::Live)))
    }
}

impl View for LiveLinux {
    fn origin(&self) -> Origin {
        self.0.origin()
    }

    fn look_into(&self, item: &Item, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
        if *item == Item::file(KMSG) {
            return said(limit, buffer);
        }
        if let Item::Room(path) = item {
            return room(path, buffer);
        }
        if *item != Item::Uname {
            return self.0.look_into(item, limit, buffer);
        }
        let name = rustix::system::uname();
        buffer.clear();
        for line in [name.release(), name.machine()] {
            buffer.extend_from_slice(line.to_bytes());
            buffer.push(b'\n');
        }
        Outcome::Bytes { file_signature: None }
    }

    fn metadata(&self, item: &Item) -> Result<Metadata, Outcome> {
        self.0.metadata(item)
    }

    fn stamp(&self, item: &Item) -> Option<Stamp> {
        self.0.stamp(item)
    }

    fn expect(&self, item: &Item) -> bool {
        self.0.expect(item)
    }
}

/// What is free where `path` lies.
fn room(path: &HostPath, buffer: &mut Vec<u8>) -> Outcome {
    buffer.clear();
    let Ok(said) = rustix::fs::statvfs([b"/", path.as_bytes()].concat()) else {
        return Outcome::OutOfReach;
    };
    let bytes = |blocks: u64| blocks.saturating_mul(said.f_frsize);
    let (free, all) = (bytes(said.f_bavail), bytes(said.f_blocks));
    buffer.extend_from_slice(format!("{free} {all}\n").as_bytes());
    Outcome::Bytes { file_signature: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_a_line_of_dmesg() {
        let mut out = Vec::new();
        line(b"6,339,5140900,-;NET: Registered protocol family 10\n SUBSYSTEM=pci\n", &mut out);
        line(b"no record", &mut out);
        assert_eq!(out, b"[    5.140900] NET: Registered protocol family 10\n");
    }

    #[test]
    fn the_running_release_is_the_one_proc_names() {
        let live = LiveLinux::open().unwrap();
        let (outcome, uname) = live.look(&Item::Uname, 1000);
        assert!(matches!(outcome, Outcome::Bytes { .. }));
        if let (Outcome::Bytes { .. }, release) =
            live.look(&Item::file("proc/sys/kernel/osrelease"), 1000)
        {
            assert!(uname.starts_with(&release));
        }
        assert_eq!(live.origin(), Origin::Live);
        assert_eq!(live.look(&Item::file("etc/shadow"), 1000).0, Outcome::OutOfReach);
    }
}
