//! A machine that was recorded.
//!
//! Everything that was looked at is answered as it was answered then. What was not looked at is
//! *absent* where its folder was listed and does not hold it, and *out of reach* otherwise.

use std::io;
use std::path::Path;
use std::sync::Arc;

use loadworthy_core::proof::Origin;
use loadworthy_formats::bundle::archive::{self, Archive};
use loadworthy_formats::bundle::index::{About, Found, Read, Sort, Source};
use loadworthy_formats::bundle::path;
use loadworthy_formats::error::Error;
use loadworthy_formats::limits::Limits;

use crate::bundle::file::{Bundle, BundleError};
use crate::bundle::records::{key, metadata_key, placed};
use crate::item::{HostPath, Item};
use crate::sighting::{Entry, Kind, Metadata, Outcome, Sketched};
use crate::view::View;

/// The view of a bundle.
#[derive(Debug)]
pub struct Recorded {
    bundle: Arc<Bundle>,
    /// The archive that this is the inside of; empty for the machine.
    place: String,
}

impl Recorded {
    /// Opens the bundle at `path`.
    ///
    /// # Errors
    /// When it cannot be opened or is none.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, BundleError> {
        Bundle::open(path, limits)
            .map(|bundle| Self { bundle: Arc::new(bundle), place: String::new() })
    }

    /// What the bundle says about itself.
    #[must_use]
    pub fn about(&self) -> &About {
        self.bundle.about()
    }

    /// What is known of a thing that was not looked at.
    fn unseen(&self, path: &[u8]) -> Outcome {
        let path = HostPath::new(path);
        let Some(parent) = path.parent() else { return Outcome::OutOfReach };
        let folder = placed(&self.place, (Read::Folder, parent.as_bytes().to_vec()));
        match self.bundle.found(&folder) {
            Some(Found::Entries { entries }) => {
                let name = path::written(path.name());
                let there = entries.iter().any(|(entry, _)| *entry == name);
                if there { Outcome::OutOfReach } else { Outcome::Absent }
            }
            _ => Outcome::OutOfReach,
        }
    }

    fn outcome(&self, found: &Found, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
        match found {
            Found::Bytes { span, .. } if span.size > limit as u64 => {
                Outcome::TooLarge { limit: limit as u64 }
            }
            Found::Bytes { span, ima } => match self.bundle.bytes(span, buffer) {
                Ok(()) => Outcome::Bytes { file_signature: *ima },
                Err(_) => Outcome::Broken(io::ErrorKind::InvalidData),
            },
            Found::Module { .. } | Found::Metadata { .. } | Found::OutOfReach => {
                Outcome::OutOfReach
            }
            Found::Entries { entries } => {
                let entries = entries
                    .iter()
                    .map(|(name, sort)| Some(Entry { name: path::read(name)?, kind: kind(*sort) }));
                entries
                    .collect::<Option<Vec<Entry>>>()
                    .map_or(Outcome::Broken(io::ErrorKind::InvalidData), Outcome::Entries)
            }
            Found::Absent => Outcome::Absent,
            Found::Denied => Outcome::Denied,
            Found::NotRegular { sort } => Outcome::NotRegular(kind(*sort)),
            Found::TooLarge { .. } => Outcome::TooLarge { limit: limit as u64 },
            Found::Broken { said } => Outcome::Broken(named(said)),
        }
    }
}

impl View for Recorded {
    fn origin(&self) -> Origin {
        match self.about().source {
            Source::Live => Origin::Live,
            Source::Root => Origin::Root,
        }
    }

    fn source(&self) -> Origin {
        Origin::Bundle
    }

    fn look_into(&self, item: &Item, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
        buffer.clear();
        let Some(key) = key(item) else { return Outcome::OutOfReach };
        match self.bundle.found(&placed(&self.place, key.clone())) {
            Some(found) => self.outcome(found, limit, buffer),
            None => self.unseen(&key.1),
        }
    }

    fn metadata(&self, item: &Item) -> Result<Metadata, Outcome> {
        let told = |kind, size| Metadata { kind, size, modified: 0, inode: 0, device: 0 };
        let (Some(own), Some(key)) = (metadata_key(item), key(item)) else {
            return Err(Outcome::OutOfReach);
        };
        let (own, seen) = (placed(&self.place, own), placed(&self.place, key.clone()));
        match (self.bundle.found(&own), self.bundle.found(&seen)) {
            (Some(Found::Metadata { sort, size }), _) => Ok(told(kind(*sort), *size)),
            (Some(other), _) => Err(self.outcome(other, 0, &mut Vec::new())),
            (None, Some(Found::Bytes { span, .. })) => Ok(told(Kind::File, span.size)),
            (None, Some(Found::Module { span, ima })) => match self.bundle.sketch(span, *ima) {
                Ok(recorded) => Ok(told(Kind::File, recorded.sketch.stored)),
                Err(_) => Err(Outcome::Broken(io::ErrorKind::InvalidData)),
            },
            (None, Some(Found::Entries { .. })) => Ok(told(Kind::Folder, 0)),
            (None, Some(other)) => Err(self.outcome(other, 0, &mut Vec::new())),
            (None, None) => Err(self.unseen(&key.1)),
        }
    }

    fn sketched(&self, item: &Item) -> Option<Result<Sketched, Error>> {
        match self.bundle.found(&placed(&self.place, key(item)?)) {
            Some(Found::Module { span, ima }) => Some(self.bundle.sketch(span, *ima)),
            _ => None,
        }
    }

    fn archive(&self, place: &str) -> Option<(Archive, Arc<dyn View>)> {
        let key = (Read::Archive, place.as_bytes().to_vec());
        let Some(Found::Bytes { span, .. }) = self.bundle.found(&key) else { return None };
        let mut bytes = Vec::new();
        self.bundle.bytes(span, &mut bytes).ok()?;
        let known = archive::read(&bytes).ok()?;
        Some((known, Arc::new(Self { bundle: self.bundle.clone(), place: place.to_owned() })))
    }

    fn trouble(&self) -> Option<String> {
        self.bundle.damage().map(|error| error.to_string())
    }
}

const fn kind(sort: Sort) -> Kind {
    match sort {
        Sort::File => Kind::File,
        Sort::Folder => Kind::Folder,
        Sort::Link => Kind::Link,
        Sort::Fifo => Kind::Fifo,
        Sort::Device => Kind::Device,
        Sort::Socket => Kind::Socket,
        Sort::Unknown => Kind::Unknown,
    }
}

/// The sort of error that says this. Some have no name of their own yet, only an error number.
fn named(said: &str) -> io::ErrorKind {
    use io::ErrorKind as E;
    #[cfg(target_os = "linux")]
    use rustix::io::Errno;
    #[cfg(target_os = "linux")]
    let numbers = [
        Errno::LOOP,
        Errno::NAMETOOLONG,
        Errno::IO,
        Errno::STALE,
        Errno::NODEV,
        Errno::NXIO,
        Errno::BUSY,
        Errno::MFILE,
        Errno::NOTDIR,
        Errno::ISDIR,
        Errno::INVAL,
        Errno::OPNOTSUPP,
    ];
    // Elsewhere those have other numbers, and what has no name is told as the rest is.
    #[cfg(not(target_os = "linux"))]
    let numbers: [io::Error; 0] = [];
    let numbered = numbers.into_iter().map(|errno| io::Error::from(errno).kind());
    let known = [E::InvalidData, E::OutOfMemory, E::TimedOut, E::Interrupted, E::UnexpectedEof];
    numbered.chain(known).find(|kind| kind.to_string() == said).unwrap_or(E::Other)
}
