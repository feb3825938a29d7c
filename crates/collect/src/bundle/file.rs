//! A bundle that is read: its index in memory, its frames unpacked as they are wanted.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io::{self, Read as _, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use loadworthy_formats::bundle::container::{self, HEAD, TAIL};
use loadworthy_formats::bundle::index::{self, About, Found, Read, Span};
use loadworthy_formats::bundle::{path, sketch};
use loadworthy_formats::error::{Error, Kind};
use loadworthy_formats::limits::Limits;

use crate::regular;
use crate::sighting::Sketched;

/// Bytes of unpacked frames that are kept. All modules of a Debian kernel take less.
const KEPT: usize = 64 << 20;

/// Why a bundle cannot be read.
#[derive(Debug)]
pub enum BundleError {
    /// The system refused.
    System(io::Error),
    /// The bytes are not those of a bundle.
    Format(Error),
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(error) => error.fmt(f),
            Self::Format(error) if error.what == "bundle head" => {
                f.write_str("not a bundle: it does not begin with `loadworthy bundle`")
            }
            Self::Format(error) if error.what == "bundle version" => {
                f.write_str("a bundle of another version; this program reads version 1")
            }
            Self::Format(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BundleError {}

impl From<io::Error> for BundleError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl From<Error> for BundleError {
    fn from(error: Error) -> Self {
        Self::Format(error)
    }
}

/// An open bundle.
#[derive(Debug)]
pub struct Bundle {
    file: Mutex<std::fs::File>,
    about: About,
    found: HashMap<(Read, Vec<u8>), Found>,
    frames: Mutex<Frames>,
    limits: Limits,
    damage: OnceLock<Error>,
}

/// Unpacked frames, the oldest first.
#[derive(Debug, Default)]
struct Frames {
    kept: VecDeque<(u32, Arc<Vec<u8>>)>,
    size: usize,
}

impl Bundle {
    /// Opens the bundle at `path`.
    ///
    /// # Errors
    /// When it cannot be opened or is none.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, BundleError> {
        let mut file = regular::open(path)?;
        let length = file.seek(SeekFrom::End(0))?;
        let start = part(&mut file, 0, length.min(HEAD.len() as u64))?;
        container::head(&start)?;
        let tail = TAIL as u64;
        let end = part(&mut file, length.saturating_sub(tail), length.min(tail))?;
        let (at, stored) = container::read_tail(&end, length)?;
        if stored > limits.text_bytes as u64 {
            let limit = limits.text_bytes as u64;
            return Err(Error::new("bundle index", offset(at), Kind::TooLarge { limit }).into());
        }
        let packed = part(&mut file, at, stored)?;
        let index = container::unpack(&packed, at, limits.text_bytes, limits)?;
        let index = index::read(&index, at, limits)?;
        let mut found = HashMap::with_capacity(index.lines.len());
        for line in index.lines {
            let path = path::read(&line.path);
            let path = path.ok_or(Error::new("bundle path", offset(at), Kind::Corrupt))?;
            found.insert((line.read, path), line.found);
        }
        Ok(Self {
            file: Mutex::new(file),
            about: index.about,
            found,
            frames: Mutex::default(),
            limits: *limits,
            damage: OnceLock::new(),
        })
    }

    /// What it says about itself.
    #[must_use]
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// The first thing that turned out to be damaged.
    #[must_use]
    pub fn damage(&self) -> Option<Error> {
        self.damage.get().copied()
    }

    /// What was found of this thing, where it was looked at.
    pub(crate) fn found(&self, key: &(Read, Vec<u8>)) -> Option<&Found> {
        self.found.get(key)
    }

    /// The bytes of a span replace what is in `buffer`. Damage is remembered.
    pub(crate) fn bytes(&self, span: &Span, buffer: &mut Vec<u8>) -> Result<(), Error> {
        buffer.clear();
        let read = self.frame(span.frame).and_then(|frame| {
            let start = offset(span.at);
            let bytes = start.checked_add(offset(span.size)).and_then(|end| frame.get(start..end));
            let (need, have) = (span.size, frame.len() as u64);
            bytes.map(|bytes| buffer.extend_from_slice(bytes)).ok_or(Error::new(
                "bundle frame",
                start,
                Kind::Truncated { need, have },
            ))
        });
        read.inspect_err(|error| {
            let _ = self.damage.set(*error);
        })
    }

    /// A module without its code.
    pub(crate) fn sketch(&self, span: &Span, ima: Option<bool>) -> Result<Sketched, Error> {
        let mut bytes = Vec::new();
        self.bytes(span, &mut bytes)?;
        let (sketch, module) = sketch::read(&bytes, &self.limits).inspect_err(|error| {
            let _ = self.damage.set(*error);
        })?;
        Ok(Sketched { sketch, module, file_signature: ima })
    }

    fn frame(&self, number: u32) -> Result<Arc<Vec<u8>>, Error> {
        let mut frames = self.frames.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, frame)) = frames.kept.iter().find(|(n, _)| *n == number) {
            return Ok(frame.clone());
        }
        let missing = Error::new("bundle frame", 0, Kind::Missing);
        let frame = self.about.frames.get(number as usize).ok_or(missing)?;
        let cut = |_| {
            let kind = Kind::Truncated { need: frame.stored, have: 0 };
            Error::new("bundle frame", offset(frame.at), kind)
        };
        let packed = {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            part(&mut file, frame.at, frame.stored).map_err(cut)?
        };
        let limit = offset(frame.size);
        let bytes = Arc::new(container::unpack(&packed, frame.at, limit, &self.limits)?);
        // One that is as large as all that is kept together is wanted once.
        if bytes.len() < KEPT / 8 {
            frames.size += bytes.len();
            frames.kept.push_back((number, bytes.clone()));
            while frames.size > KEPT
                && let Some((_, oldest)) = frames.kept.pop_front()
            {
                frames.size -= oldest.len();
            }
        }
        Ok(bytes)
    }
}

fn offset(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

fn part(file: &mut std::fs::File, at: u64, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.take(size).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != size {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(bytes)
}
