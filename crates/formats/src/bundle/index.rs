//! The index of a bundle: one JSON object a line, the first about the bundle itself.

use serde::{Deserialize, Serialize};

use crate::bundle::container::Frame;
use crate::error::{Error, Kind};
use crate::limits::Limits;
use crate::reader::{index, wide};

/// What [`About::schema`] says.
pub const SCHEMA: &str = "loadworthy/bundle/v1";

/// The first line: who recorded what, when, and where the frames are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of the program that wrote it.
    pub tool: String,
    /// The time as of which it was recorded, as `2026-11-21T00:00:00Z`.
    pub at: String,
    /// Where the looks went.
    pub source: Source,
    /// Whether names and serial numbers were replaced.
    pub redacted: bool,
    /// Whether modules are there as whole files.
    pub full: bool,
    /// The frames, in the order of the file.
    pub frames: Vec<Frame>,
}

/// Where the looks of a bundle went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The running machine.
    Live,
    /// A folder.
    Root,
}

/// How something was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// The bytes of a file.
    File,
    /// The names in a folder.
    Folder,
    /// Where a symbolic link leads.
    Link,
    /// A system call.
    Call,
    /// What is known without the bytes.
    Metadata,
    /// What is in an archive: a [`super::archive`] in place of its bytes.
    Archive,
}

/// What sort of thing a path stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// An ordinary file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// A named pipe.
    Fifo,
    /// A device.
    Device,
    /// A socket.
    Socket,
    /// The file system does not say.
    Unknown,
}

/// Bytes in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Which frame, counted from zero.
    pub frame: u32,
    /// Where in it, in bytes.
    pub at: u64,
    /// How many bytes.
    pub size: u64,
}

/// What looking gave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "found", rename_all = "kebab-case")]
pub enum Found {
    /// Bytes.
    Bytes {
        /// Where they are.
        #[serde(flatten)]
        span: Span,
        /// Whether the file carries a signature for IMA; nothing where that was not seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ima: Option<bool>,
    },
    /// A module without the bytes that no fact is drawn from: a [`super::sketch`].
    Module {
        /// Where the sketch is.
        #[serde(flatten)]
        span: Span,
        /// Whether the file carries a signature for IMA; nothing where that was not seen.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ima: Option<bool>,
    },
    /// The names in a folder, in order of their bytes.
    Entries {
        /// Each name, as [`super::path`] writes it, and what it stands for.
        entries: Vec<(String, Sort)>,
    },
    /// What the file system says.
    Metadata {
        /// What it is.
        sort: Sort,
        /// Its size in bytes.
        size: u64,
    },
    /// It was not there, and the folder it would be in was.
    Absent,
    /// It may not be looked at.
    Denied,
    /// The source could not know.
    OutOfReach,
    /// Something that cannot be read like a file, or listed like a folder.
    NotRegular {
        /// What it is.
        sort: Sort,
    },
    /// It holds more than is read.
    TooLarge {
        /// The limit, in bytes or entries.
        limit: u64,
    },
    /// The system refused in another way.
    Broken {
        /// Its own words.
        said: String,
    },
}

/// A line of the index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// How it was read.
    pub read: Read,
    /// The path below the root, as [`super::path`] writes it.
    pub path: String,
    /// What looking gave.
    #[serde(flatten)]
    pub found: Found,
}

/// An index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The first line.
    pub about: About,
    /// The others.
    pub lines: Vec<Line>,
}

/// Reads an index; `end` is where it begins in its file: no frame reaches further.
///
/// # Errors
/// When a line is not as it must be, with the line's offset in the unpacked index, or there are too many.
pub fn read(bytes: &[u8], end: u64, limits: &Limits) -> Result<Index, Error> {
    let mut at = 0_usize;
    let mut about: Option<About> = None;
    let mut lines = Vec::new();
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let corrupt = || Error::new("bundle index", at, Kind::Corrupt);
        match &about {
            None => {
                let read: About = serde_json::from_slice(line).map_err(|_| corrupt())?;
                if read.schema != SCHEMA {
                    return Err(Error::new("bundle schema", at, Kind::Unsupported));
                }
                frames_fit(&read.frames, end, limits)?;
                about = Some(read);
            }
            Some(about) => {
                let read: Line = serde_json::from_slice(line).map_err(|_| corrupt())?;
                if let Found::Bytes { span, .. } | Found::Module { span, .. } = &read.found {
                    let size = about.frames.get(index(u64::from(span.frame))).map(|f| f.size);
                    if span.at.checked_add(span.size).is_none_or(|end| size.is_none_or(|s| end > s))
                    {
                        let value = span.at;
                        return Err(Error::new("bundle span", at, Kind::Illegal { value }));
                    }
                }
                lines.push(read);
                if lines.len() > limits.items {
                    let limit = wide(limits.items);
                    return Err(Error::new("bundle index", at, Kind::TooMany { limit }));
                }
            }
        }
        at = at.saturating_add(line.len());
    }
    let about = about.ok_or_else(|| Error::new("bundle index", 0, Kind::Missing))?;
    Ok(Index { about, lines })
}

fn frames_fit(frames: &[Frame], end: u64, limits: &Limits) -> Result<(), Error> {
    for frame in frames {
        let what = "bundle frame";
        if frame.at.checked_add(frame.stored).is_none_or(|e| e > end) {
            return Err(Error::new(what, index(frame.at), Kind::Illegal { value: frame.stored }));
        }
        if frame.size > wide(limits.kernel_bytes) {
            let limit = wide(limits.kernel_bytes);
            return Err(Error::new(what, index(frame.at), Kind::TooLarge { limit }));
        }
    }
    Ok(())
}

/// Writes an index.
///
/// # Errors
/// None that can happen: its texts are texts.
pub fn write(index: &Index) -> Result<Vec<u8>, serde_json::Error> {
    let mut out = serde_json::to_vec(&index.about)?;
    for line in &index.lines {
        out.push(b'\n');
        serde_json::to_writer(&mut out, line)?;
    }
    out.push(b'\n');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> Index {
        let span = Span { frame: 0, at: 4, size: 6 };
        let line = |read, path: &str, found| Line { read, path: path.into(), found };
        Index {
            about: About {
                schema: SCHEMA.into(),
                tool: "0.1.0".into(),
                at: "2026-11-21T00:00:00Z".into(),
                source: Source::Root,
                redacted: false,
                full: false,
                frames: vec![Frame { at: 20, stored: 12, size: 10 }],
            },
            lines: vec![
                line(Read::File, "boot/config-1", Found::Bytes { span, ima: Some(false) }),
                line(
                    Read::Folder,
                    "boot",
                    Found::Entries { entries: vec![("a".into(), Sort::Link)] },
                ),
                line(Read::File, "proc/keys", Found::Denied),
            ],
        }
    }

    #[test]
    fn an_index_comes_back_as_it_was_written() {
        let index = small();
        let bytes = write(&index).unwrap();
        assert_eq!(read(&bytes, 32, &Limits::default()), Ok(index));
        let second = bytes.split(|b| *b == b'\n').nth(1).unwrap();
        assert_eq!(
            str::from_utf8(second),
            Ok(
                r#"{"read":"file","path":"boot/config-1","found":"bytes","frame":0,"at":4,"size":6,"ima":false}"#
            )
        );
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_place() {
        let said = |index: &Index, end| {
            let bytes = write(index).unwrap();
            read(&bytes, end, &Limits { items: 3, ..Limits::default() }).unwrap_err().to_string()
        };
        assert_eq!(said(&small(), 31), "bundle frame at 0x14: 0xc is not allowed here");
        let mut beyond = small();
        beyond.about.frames[0].size = 9;
        let at = serde_json::to_vec(&beyond.about).unwrap().len() + 1;
        assert_eq!(said(&beyond, 32), format!("bundle span at {at:#x}: 0x4 is not allowed here"));
        let mut huge = small();
        huge.about.frames[0].size = 1 << 40;
        assert_eq!(said(&huge, 32), "bundle frame at 0x14: larger than 201326592 bytes");
        let mut many = small();
        many.lines.extend(small().lines);
        assert!(said(&many, 32).ends_with("more than 3 items"));
        let other = Index { about: About { schema: "x".into(), ..small().about }, lines: vec![] };
        assert_eq!(said(&other, 32), "bundle schema at 0x0: not a sort that is read");
        assert!(read(b"", 32, &Limits::default()).is_err());
        assert!(read(b"{\"schema\":", 32, &Limits::default()).is_err());
    }
}
