//! What came back from looking. Looking never fails; it tells how it failed.
//!
//! *Absent*, *denied* and *out of reach* are three different things: the first is evidence, the
//! second is a gap that more rights would close, the third is something this source cannot know.

use std::io;

use loadworthy_formats::bundle::sketch::Sketch;
use serde::{Deserialize, Serialize};

/// What a look at an item gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The bytes are in the buffer that was lent.
    Bytes {
        /// Whether the file carries a signature for IMA (`security.ima`); `None`: not seen.
        file_signature: Option<bool>,
    },
    /// The names in the folder, in order of their bytes.
    Entries(Vec<Entry>),
    /// The folder it would be in is there, and it is not in it: evidence.
    Absent,
    /// It may be there; we were not allowed to look.
    Denied,
    /// This source cannot know: the folder it would be in is not there either, or a symbolic link
    /// stands in its place that leads to nothing.
    OutOfReach,
    /// Something is there that cannot be read like a file, or listed like a folder.
    NotRegular(Kind),
    /// It holds more than we are willing to read.
    TooLarge {
        /// The limit, in bytes or entries.
        limit: u64,
    },
    /// The system refused in another way.
    Broken(io::ErrorKind),
}

impl Outcome {
    /// Whether the file carries a signature for IMA, where a file was read and that was seen.
    #[must_use]
    pub const fn file_signature(&self) -> Option<Option<bool>> {
        match self {
            Self::Bytes { file_signature } => Some(*file_signature),
            _ => None,
        }
    }

    /// What an error of the system means, where it does not mean that something is not there.
    #[must_use]
    pub fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::Denied,
            kind => Self::Broken(kind),
        }
    }
}

/// What sort of thing a name in a folder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An ordinary file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A named pipe.
    Fifo,
    /// A character or block device.
    Device,
    /// A socket.
    Socket,
    /// The file system does not say.
    Unknown,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Folder => "folder",
            Self::Link => "symbolic link",
            Self::Fifo => "named pipe",
            Self::Device => "device",
            Self::Socket => "socket",
            Self::Unknown => "something else",
        }
    }
}

/// A name in a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name, as bytes.
    pub name: Vec<u8>,
    /// What it stands for; a link is not followed.
    pub kind: Kind,
}

/// What the file system knows about a file without its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// What it is, links followed.
    pub kind: Kind,
    /// Size in bytes; pseudo files say 0 or a page.
    pub size: u64,
    /// Last change of the bytes, in seconds since 1970.
    pub modified: i64,
    /// Number of the file in its file system.
    pub inode: u64,
    /// Number of the file system.
    pub device: u64,
}

/// Which file it is, and when it was changed last. A view gives one only where the same stamp later means
/// that nothing about the file was changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Number of the file system.
    pub device: u64,
    /// Number of the file in it.
    pub inode: u64,
    /// Bytes.
    pub size: u64,
    /// Last change of the bytes, in seconds and nanoseconds since 1970; anybody can set it.
    pub modified: (i64, u32),
    /// Last change of anything about it, likewise; only the kernel sets it.
    pub changed: (i64, u32),
}

impl Stamp {
    /// Which file it is.
    #[must_use]
    pub const fn file(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// Whether it was changed so long before `clock`, in seconds since 1970, that a further change cannot have
    /// the same time. File systems count in milliseconds at best.
    #[must_use]
    pub const fn settled(&self, clock: i64) -> bool {
        self.changed.0 < clock.saturating_sub(2)
    }
}

/// A module that was recorded without the bytes that no fact is drawn from.
#[derive(Clone, Debug)]
pub struct Sketched {
    /// What is known of the whole.
    pub sketch: Sketch,
    /// The module, unpacked, with zeros for what was left out.
    pub module: Vec<u8>,
    /// Whether the file carries a signature for IMA; `None`: not seen.
    pub file_signature: Option<bool>,
}
