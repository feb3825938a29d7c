//! What modules held when they were read in earlier runs, by the files they were read from.
//!
//! A file is taken for unchanged where device, inode, size and both of its times are what they were; see
//! [`crate::view::View::stamp`] for where that says something. It must not know what is concluded from a module: facts are
//! kept, and judged anew on every run.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm, digest};
use loadworthy_core::facts::module::ModuleBytes;
use loadworthy_formats::compress::{Check, Compression, Packed};
use loadworthy_formats::elf::relocations::{Obstacle, Obstacles};
use loadworthy_formats::elf::survey::Survey;
use loadworthy_formats::modsig::Appended;
use serde::{Deserialize, Serialize};

use crate::keep::Keep;
use crate::sighting::Stamp;

/// Bytes that are kept at most; a tree of four thousand modules takes about two thirds. Beyond that only
/// what the last run met is.
const MOST: usize = 30 << 20;
/// SHA-256 in front of everything.
const DIGEST: usize = 32;

/// A module, as it was found in a file.
#[derive(Clone, Debug)]
pub struct KnownModule {
    /// SHA-256 of the file as it is stored.
    pub sha256: [u8; 32],
    /// How it is packed.
    pub packed: Option<Packed>,
    /// Whether the file carries a signature for IMA; `None`: not seen.
    pub file_signature: Option<bool>,
    /// What it holds.
    pub bytes: Arc<ModuleBytes>,
}

/// The same, as it is written. Nothing in it may be left out where it is empty: fields have no names there.
#[derive(Serialize, Deserialize)]
struct Written<'b> {
    sha256: [u8; 32],
    packed: Option<(Compression, Option<Check>)>,
    file_signature: Option<bool>,
    len: u64,
    appended: Appended,
    #[serde(borrow, with = "serde_bytes")]
    message: Option<Cow<'b, [u8]>>,
    digests: Vec<(String, Vec<u8>)>,
    content: [u8; 32],
    survey: Cow<'b, Survey>,
    usual_obstacle: Option<Obstacle>,
    other_obstacle: Option<Obstacle>,
}

/// Something of each file, by its number, with its stamp at that time.
type ByFile<T> = HashMap<(u64, u64), (Stamp, T)>;

/// The modules.
#[derive(Default)]
pub struct KeptModules {
    /// When this run began; `None`: nothing new is kept.
    began: Option<i64>,
    bytes: Vec<u8>,
    before: ByFile<Range<usize>>,
    now: Mutex<ByFile<Vec<u8>>>,
}

impl fmt::Debug for KeptModules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeptModules({})", self.before.len())
    }
}

impl KeptModules {
    /// Those that are kept.
    #[must_use]
    pub fn read(keep: &Keep) -> Self {
        let bytes = keep.modules().unwrap_or_default();
        let before = index(&bytes).unwrap_or_default();
        Self {
            began: keep.takes_modules().then(|| keep.clock()).flatten(),
            bytes,
            before,
            now: Mutex::default(),
        }
    }

    /// Whether earlier runs left something, or this one can.
    #[must_use]
    pub fn is_of_use(&self) -> bool {
        self.began.is_some() || !self.is_empty()
    }

    /// Whether earlier runs left nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.before.is_empty()
    }

    /// The module that was read from this file, if nothing of it changed since.
    #[must_use]
    pub fn get(&self, stamp: &Stamp) -> Option<KnownModule> {
        let (then, place) = self.before.get(&stamp.file())?;
        if then != stamp {
            return None;
        }
        let written: Written<'_> = postcard::from_bytes(self.bytes.get(place.clone())?).ok()?;
        known(written)
    }

    /// Keeps a module that was read from this file, whose stamp was the same before and after. One that
    /// was changed just before this run is not kept: it could be changed once more at the same time.
    pub fn put(&self, stamp: &Stamp, module: &KnownModule) {
        if !self.began.is_some_and(|began| stamp.settled(began)) {
            return;
        }
        let Ok(written) = postcard::to_allocvec(&written(module)) else { return };
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.insert(stamp.file(), (*stamp, written));
    }

    /// Writes what is new, if anything is.
    pub fn write(&self, keep: &Keep) {
        let now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if now.is_empty() {
            return;
        }
        let mut out = vec![0; DIGEST];
        let add = |out: &mut Vec<u8>, stamp: &Stamp, module: &[u8]| {
            let head = postcard::to_allocvec(&(stamp, module.len())).unwrap_or_default();
            if out.len() + head.len() + module.len() <= MOST {
                out.extend_from_slice(&head);
                out.extend_from_slice(module);
            }
        };
        now.values().for_each(|(stamp, module)| add(&mut out, stamp, module));
        let old = self.before.iter().filter(|(file, _)| !now.contains_key(*file));
        for (_, (stamp, place)) in old {
            add(&mut out, stamp, self.bytes.get(place.clone()).unwrap_or_default());
        }
        let (sum, rest) = out.split_at_mut(DIGEST);
        sum.copy_from_slice(digest(DigestAlgorithm::Sha256, rest).as_bytes());
        keep.put_modules(&out);
    }
}

/// Where each module lies; `None` where the whole is not as it was written.
fn index(bytes: &[u8]) -> Option<ByFile<Range<usize>>> {
    let (sum, rest) = bytes.split_at_checked(DIGEST)?;
    if digest(DigestAlgorithm::Sha256, rest).as_bytes() != sum {
        return None;
    }
    let mut found = HashMap::new();
    let mut left = rest;
    while !left.is_empty() {
        let ((stamp, length), after): ((Stamp, usize), _) = postcard::take_from_bytes(left).ok()?;
        let from = bytes.len() - after.len();
        left = after.get(length..)?;
        found.insert(stamp.file(), (stamp, from..from + length));
    }
    Some(found)
}

fn written(module: &KnownModule) -> Written<'_> {
    let KnownModule { sha256, packed, file_signature, bytes } = module;
    let digests = bytes.digests.iter();
    Written {
        sha256: *sha256,
        packed: packed.map(|packed| (packed.by, packed.check)),
        file_signature: *file_signature,
        len: bytes.len,
        appended: bytes.appended.clone(),
        message: bytes.message.as_deref().map(Cow::Borrowed),
        digests: digests.map(|(of, d)| (of.name().into(), d.as_bytes().to_vec())).collect(),
        content: bytes.sha256,
        survey: Cow::Borrowed(&bytes.survey),
        usual_obstacle: bytes.obstacles.usual,
        other_obstacle: bytes.obstacles.other,
    }
}

fn known(written: Written<'_>) -> Option<KnownModule> {
    let made = |(name, bytes): &(String, Vec<u8>)| {
        let algorithm = DigestAlgorithm::from_name(name)?;
        let made = Digest::from_bytes(bytes)?;
        (bytes.len() == algorithm.output_len()).then_some((algorithm, made))
    };
    Some(KnownModule {
        sha256: written.sha256,
        packed: written.packed.map(|(by, check)| Packed { by, check }),
        file_signature: written.file_signature,
        bytes: Arc::new(ModuleBytes {
            len: written.len,
            appended: written.appended,
            message: written.message.as_deref().map(Into::into),
            digests: written.digests.iter().map(made).collect::<Option<_>>()?,
            sha256: written.content,
            survey: written.survey.into_owned(),
            obstacles: Obstacles { usual: written.usual_obstacle, other: written.other_obstacle },
        }),
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::sync::Arc;

    use loadworthy_formats::limits::Limits;

    use super::{KeptModules, KnownModule};
    use crate::contents;
    use crate::keep::Keep;
    use crate::sighting::Stamp;

    const STAMP: Stamp = Stamp { device: 1, inode: 2, size: 3, modified: (4, 5), changed: (6, 7) };

    fn kept(keep: &Keep) -> KeptModules {
        KeptModules { began: Some(100), ..KeptModules::read(keep) }
    }

    fn module(bytes: &[u8]) -> KnownModule {
        let bytes = Arc::new(contents::bytes(bytes, &Limits::default()));
        KnownModule { sha256: bytes.sha256, packed: None, file_signature: Some(false), bytes }
    }

    #[test]
    fn what_was_read_is_known_for_the_same_stamp_alone() {
        let above = tempfile::tempdir().unwrap();
        let keep = Keep::open(&above.path().join("kept")).unwrap();
        let elf = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let first = kept(&keep);
        first.put(&STAMP, &module(&elf));
        first.put(&Stamp { inode: 9, changed: (98, 1), ..STAMP }, &module(b"young"));
        first.write(&keep);
        let second = kept(&keep);
        let known = second.get(&STAMP).unwrap();
        assert_eq!(known.bytes.survey, module(&elf).bytes.survey);
        assert_eq!((known.sha256, known.file_signature), (module(&elf).sha256, Some(false)));
        for other in [
            Stamp { device: 8, ..STAMP },
            Stamp { inode: 9, changed: (98, 1), ..STAMP },
            Stamp { size: 4, ..STAMP },
            Stamp { modified: (4, 6), ..STAMP },
            Stamp { changed: (6, 8), ..STAMP },
        ] {
            assert!(second.get(&other).is_none(), "{other:?}");
        }
        // What is read anew takes the place of what the file was before.
        let changed = Stamp { changed: (60, 1), ..STAMP };
        second.put(&changed, &module(b"new"));
        second.write(&keep);
        let third = kept(&keep);
        assert!(third.get(&STAMP).is_none());
        assert_eq!(third.get(&changed).unwrap().sha256, module(b"new").sha256);
        let mut bytes = keep.modules().unwrap();
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        keep.put_modules(&bytes);
        assert!(kept(&keep).get(&changed).is_none());
    }
}
