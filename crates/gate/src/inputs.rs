//! Everything that a verdict looked at, and whether it is still the same.
//!
//! A file counts as the same while device, inode, size, both times (to the nanosecond) and, where it is
//! protected by fs-verity, the digest are that the kernel keeps of it: its inode cannot be changed
//! otherwise without its `ctime` changing. What the kernel makes up while it is read (`proc`, `sys`) has
//! no such times and is read again and compared by SHA-256; so is a file whose `ctime` lies so near the
//! time of judging that a later change could bear the same one, and one whose digest the kernel does not
//! tell. Source: Linux, `Documentation/filesystems/fsverity.rst` (`FS_IOC_MEASURE_VERITY`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use composefs_ioctls::fsverity::fs_ioc_measure_verity;
use loadworthy_collect::item::{HostPath, Item};
use loadworthy_collect::sighting::{Metadata, Outcome, Sketched};
use loadworthy_collect::view::View;
use loadworthy_collect::views::resolve::Folder;
use loadworthy_core::proof::Origin;
use loadworthy_formats::error::Error;
use loadworthy_formats::text::hex;
use rustix::fs::{AtFlags, OFlags, StatxFlags, statx};

use crate::ledger::sha256;

/// Bytes of a pseudo file that are compared.
const LARGEST: usize = 16 << 20;
/// Folders whose files are made up while they are read.
const MADE_UP: [&str; 3] = ["proc", "sys", "dev"];
/// `STATX_ATTR_VERITY` of `linux/stat.h`: the kernel checks each block that is read against a tree of
/// digests, and the file cannot be written any more.
const VERITY: u64 = 0x0010_0000;
/// Digests of fs-verity, as `linux/fsverity.h` numbers them: `FS_VERITY_HASH_ALG_SHA256`, `_SHA512`.
const SHA256: u8 = 1;
const SHA512: u8 = 2;
/// Seconds within which two changes may bear the same time: far more than a tick of any kernel.
const NEAR: i64 = 2;

/// The state of what is free on a file system.
const ROOM: &str = "room";
/// Stands before the digest of fs-verity in a state.
const MEASURED: &str = "verity ";

/// By what each of these states is compared, and how many are: `times` (device, inode, size, `mtime`,
/// `ctime`), `fs-verity` (those and the digest), `bytes` (SHA-256 of what is read), `absent`.
#[must_use]
pub fn compared_by(states: &BTreeMap<String, String>) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for state in states.values().filter(|state| *state != ROOM) {
        let by = match state.split(' ').next() {
            Some("none") => "absent",
            Some("read" | "names") => "bytes",
            _ if state.contains(MEASURED) => "fs-verity",
            _ => "times",
        };
        *all.entry(by.to_owned()).or_default() += 1;
    }
    all
}

/// What was looked at.
#[derive(Debug, Default)]
pub struct Inputs(Mutex<BTreeSet<Item>>);

/// A view that notes what it is asked.
pub struct Noting {
    of: Box<dyn View>,
    into: Arc<Inputs>,
}

impl std::fmt::Debug for Noting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Noting").field("origin", &self.of.origin()).finish_non_exhaustive()
    }
}

impl Noting {
    /// Looks through `of`.
    #[must_use]
    pub fn new(of: Box<dyn View>, into: Arc<Inputs>) -> Self {
        Self { of, into }
    }

    fn note(&self, item: &Item) {
        let mut all = self.into.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !all.contains(item) {
            all.insert(item.clone());
        }
    }
}

impl View for Noting {
    fn origin(&self) -> Origin {
        self.of.origin()
    }

    fn source(&self) -> Origin {
        self.of.source()
    }

    fn look_into(&self, item: &Item, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
        self.note(item);
        self.of.look_into(item, limit, buffer)
    }

    fn metadata(&self, item: &Item) -> Result<Metadata, Outcome> {
        self.note(item);
        self.of.metadata(item)
    }

    fn sketched(&self, item: &Item) -> Option<Result<Sketched, Error>> {
        self.note(item);
        self.of.sketched(item)
    }

    fn trouble(&self) -> Option<String> {
        self.of.trouble()
    }
}

impl Inputs {
    /// The state of everything that was looked at, a line each.
    #[must_use]
    pub fn stamped(&self, stamps: &Stamps<'_>) -> BTreeMap<String, String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|item| (key(item), stamps.of(item))).collect()
    }
}

/// One item as a key: which way it is looked at, and where.
fn key(item: &Item) -> String {
    let sort = match item {
        Item::File(_) => "file",
        Item::Entries(_) => "entries",
        Item::Link(_) => "link",
        Item::Variable { .. } | Item::MokVariable(_) => "variable",
        Item::Uname => "uname",
        Item::Room(_) => "room",
    };
    format!("{sort} {item}")
}

/// The item of a key; variables are files by now.
fn item(key: &str) -> Option<Item> {
    let (sort, path) = key.split_once(' ')?;
    Some(match sort {
        "file" | "variable" => Item::file(path),
        "entries" => Item::entries(path),
        "link" => Item::Link(HostPath::new(path)),
        "uname" => Item::Uname,
        "room" => Item::Room(HostPath::new(path.strip_prefix("statvfs(2) ")?)),
        _ => return None,
    })
}

/// How states are taken.
pub struct Stamps<'a> {
    view: &'a dyn View,
    folder: Folder,
    /// When it was judged, in seconds since 1970: what changed just before is compared by its bytes.
    judged: i64,
}

impl std::fmt::Debug for Stamps<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stamps").field("judged", &self.judged).finish_non_exhaustive()
    }
}

impl<'a> Stamps<'a> {
    /// Takes states below `root`, which `view` looks at.
    ///
    /// # Errors
    /// What the system says where it cannot be opened.
    pub fn new(view: &'a dyn View, root: &std::path::Path, judged: u64) -> std::io::Result<Self> {
        let judged = i64::try_from(judged).unwrap_or(i64::MAX);
        Ok(Self { view, folder: Folder::open(root)?, judged })
    }

    /// Whether everything is as it was.
    #[must_use]
    pub fn same(&self, before: &BTreeMap<String, String>) -> bool {
        before.iter().all(|(key, state)| item(key).is_some_and(|item| self.of(&item) == *state))
    }

    fn of(&self, item: &Item) -> String {
        // What is free changes all the time, and decides about no verdict.
        if matches!(item, Item::Room(_)) {
            return ROOM.to_owned();
        }
        let Some(path) = item.path() else { return self.read(item) };
        let top = path.as_bytes().split(|b| *b == b'/').next().unwrap_or_default();
        if MADE_UP.iter().any(|folder| folder.as_bytes() == top) {
            return self.read(item);
        }
        let flags = OFlags::PATH | OFlags::CLOEXEC;
        let flags = if matches!(item, Item::Link(_)) { flags | OFlags::NOFOLLOW } else { flags };
        let file = match self.folder.at(path.as_bytes(), flags) {
            Ok(file) => file,
            Err(errno) => return format!("none {}", errno.raw_os_error()),
        };
        let wanted = StatxFlags::BASIC_STATS;
        let Ok(stat) = statx(&file, "", AtFlags::EMPTY_PATH, wanted) else {
            return self.read(item);
        };
        if stat.stx_ctime.tv_sec + NEAR >= self.judged {
            return self.read(item);
        }
        let verity = match stat.stx_attributes.bits() & VERITY != 0 {
            false => String::new(),
            true => match self.measured(&path) {
                Some(digest) => format!(" {MEASURED}{digest}"),
                None => return self.read(item),
            },
        };
        let (changed, modified) = (stat.stx_ctime, stat.stx_mtime);
        format!(
            "{}:{} {} {} {}.{} {}.{}{verity}",
            stat.stx_dev_major,
            stat.stx_dev_minor,
            stat.stx_ino,
            stat.stx_size,
            modified.tv_sec,
            modified.tv_nsec,
            changed.tv_sec,
            changed.tv_nsec
        )
    }

    /// The digest that the kernel holds every block of this file against.
    fn measured(&self, path: &HostPath) -> Option<String> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = self.folder.at(path.as_bytes(), flags).ok()?;
        if let Ok(digest) = fs_ioc_measure_verity::<32>(&file, SHA256) {
            return Some(format!("sha256:{}", hex(&digest)));
        }
        let digest = fs_ioc_measure_verity::<64>(&file, SHA512).ok()?;
        Some(format!("sha512:{}", hex(&digest)))
    }

    fn read(&self, item: &Item) -> String {
        let (outcome, bytes) = self.view.look(item, LARGEST);
        let mut said = match outcome {
            Outcome::Bytes { file_signature } => {
                format!("read {file_signature:?} {}", sha256(&lasting(item, bytes)))
            }
            Outcome::Entries(entries) => {
                let mut all = String::new();
                for entry in &entries {
                    let _ = writeln!(all, "{entry:?}");
                }
                format!("names {}", sha256(all.as_bytes()))
            }
            other => format!("none {other:?}"),
        };
        said.truncate(200);
        said
    }
}

/// What of a text counts: numbers of users and of ticks change while nothing else does.
fn lasting(item: &Item, bytes: Vec<u8>) -> Vec<u8> {
    let Some(path) = item.path() else { return bytes };
    let keep: fn(&[&[u8]]) -> Vec<usize> = match path.as_bytes() {
        // Name, size, users, who, state, address, marks (proc(5)).
        b"proc/modules" => |fields| (0..fields.len()).filter(|n| ![2, 3, 5].contains(n)).collect(),
        // Serial, flags, users, time left, ... (proc(5)).
        b"proc/keys" => |fields| (0..fields.len()).filter(|n| ![1, 2, 3].contains(n)).collect(),
        b"proc/stat" => |fields| match fields.first() {
            Some(name) if *name == b"btime" => vec![0, 1],
            _ => Vec::new(),
        },
        _ => return bytes,
    };
    let mut kept = Vec::new();
    for line in bytes.split(|b| *b == b'\n') {
        let fields: Vec<&[u8]> =
            line.split(u8::is_ascii_whitespace).filter(|f| !f.is_empty()).collect();
        for field in keep(&fields).iter().filter_map(|n| fields.get(*n)) {
            kept.extend_from_slice(field);
            kept.push(b' ');
        }
        kept.push(b'\n');
    }
    kept
}
