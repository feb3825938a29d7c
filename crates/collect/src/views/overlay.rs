//! A machine as it would be with packages installed: layers over another view.
//!
//! A file of a layer hides the one below; folders are one. `lib/…` and `usr/lib/…` of a layer are the
//! same place, because a merged `/usr` makes them so and a package may name either. Indexes that the
//! package manager would write anew are put here by whoever derives them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use loadworthy_core::proof::Origin;
use loadworthy_formats::bundle::archive::Archive;
use loadworthy_formats::error::Error;

use super::layer::{Layer, Place};
use crate::item::{HostPath, Item};
use crate::sighting::{Entry, Kind, Metadata, Outcome, Sketched};
use crate::view::View;

/// Times a path may lead from one layer to another.
const HOPS: usize = 8;

/// Layers over a machine.
pub struct Overlay {
    below: Box<dyn View>,
    layers: RwLock<Vec<Arc<Layer>>>,
    made: RwLock<BTreeMap<HostPath, Arc<[u8]>>>,
}

impl std::fmt::Debug for Overlay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overlay").field("below", &self.below.origin()).finish_non_exhaustive()
    }
}

/// Where a path was found.
enum Found {
    In(Arc<Layer>, HostPath),
    Below(HostPath),
}

impl Overlay {
    /// `layers` over `below`, the last one on top.
    #[must_use]
    pub fn new(below: Box<dyn View>, layers: Vec<Arc<Layer>>) -> Self {
        Self { below, layers: RwLock::new(layers), made: RwLock::default() }
    }

    /// Lays one more on top.
    pub fn lay(&self, layer: Arc<Layer>) {
        self.layers.write().unwrap_or_else(PoisonError::into_inner).push(layer);
    }

    /// Puts a file that follows from the others, such as an index.
    pub fn put(&self, path: HostPath, bytes: Vec<u8>) {
        let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
        made.insert(path, bytes.into());
    }

    /// Whether a layer has the file at `path`, or a link there.
    #[must_use]
    pub fn lays(&self, path: &HostPath) -> bool {
        let has = |layer: &Arc<Layer>| {
            spellings(path)
                .iter()
                .any(|p| matches!(layer.place(p), Place::Here(_) | Place::Elsewhere(_)))
        };
        self.layers().iter().any(has)
    }

    fn layers(&self) -> Vec<Arc<Layer>> {
        self.layers.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn made(&self, path: &HostPath) -> Option<Arc<[u8]>> {
        let made = self.made.read().unwrap_or_else(PoisonError::into_inner);
        spellings(path).iter().find_map(|path| made.get(path).cloned())
    }

    fn find(&self, path: &HostPath) -> Found {
        let layers = self.layers();
        let mut path = path.clone();
        'hop: for _ in 0..HOPS {
            for layer in layers.iter().rev() {
                for spelled in spellings(&path) {
                    match layer.place(&spelled) {
                        Place::Here(at) => return Found::In(layer.clone(), at),
                        Place::Elsewhere(led) => {
                            path = led;
                            continue 'hop;
                        }
                        Place::Nowhere => {}
                    }
                }
            }
            break;
        }
        Found::Below(path)
    }

    /// What the machine below says of `path`, by either name of its folder.
    fn below<T>(
        &self,
        path: &HostPath,
        look: impl Fn(&HostPath) -> Result<T, Outcome>,
    ) -> Result<T, Outcome> {
        let first = look(path);
        if !path_is_shared(path) || !matches!(first, Err(Outcome::Absent | Outcome::OutOfReach)) {
            return first;
        }
        let twin = spellings(path).into_iter().nth(1);
        match (first, twin.map(|twin| look(&twin))) {
            (_, Some(Ok(found))) => Ok(found),
            (first, _) => first,
        }
    }

    /// Absence below is evidence where a layer brings the folder.
    fn absent(&self, path: &HostPath, outcome: Outcome) -> Outcome {
        let brought = path.parent().is_some_and(|parent| self.lays(&parent));
        match outcome {
            Outcome::OutOfReach if brought => Outcome::Absent,
            outcome => outcome,
        }
    }

    fn entries(&self, path: &HostPath) -> Outcome {
        let mut names: BTreeMap<Vec<u8>, Kind> = BTreeMap::new();
        let mut any = false;
        let below =
            self.below(path, |path| match self.below.look(&Item::Entries(path.clone()), 0).0 {
                Outcome::Entries(names) => Ok(names),
                other => Err(other),
            });
        let failed = match below {
            Ok(found) => {
                any = true;
                names.extend(found.into_iter().map(|entry| (entry.name, entry.kind)));
                Outcome::Absent
            }
            Err(failed) => failed,
        };
        for layer in self.layers() {
            let mut told: BTreeSet<HostPath> = BTreeSet::new();
            for spelled in spellings(path) {
                let Place::Here(at) = layer.place(&spelled) else { continue };
                if !told.insert(at.clone()) {
                    continue;
                }
                if let Some(found) = layer.entries(&at) {
                    any = true;
                    names.extend(found.into_iter().map(|entry| (entry.name, entry.kind)));
                }
            }
        }
        if !any {
            return self.absent(path, failed);
        }
        Outcome::Entries(names.into_iter().map(|(name, kind)| Entry { name, kind }).collect())
    }
}

/// Folders that a package may bring by either name.
fn path_is_shared(path: &HostPath) -> bool {
    let path = path.as_bytes();
    let path = path.strip_prefix(b"usr/").unwrap_or(path);
    [b"lib/modules".as_slice(), b"lib/firmware"].iter().any(|at| path.starts_with(at))
}

/// A path, and the other name of it where `/usr` is merged.
fn spellings(path: &HostPath) -> Vec<HostPath> {
    let bytes = path.as_bytes();
    let merged = |rest: &[u8]| {
        [b"lib".as_slice(), b"sbin", b"bin"].iter().any(|top| {
            rest.strip_prefix(*top).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        })
    };
    let twin = match bytes.strip_prefix(b"usr/") {
        Some(rest) if merged(rest) => Some(HostPath::new(rest)),
        None if merged(bytes) => Some(HostPath::new("usr").join(bytes)),
        _ => None,
    };
    [Some(path.clone()), twin].into_iter().flatten().collect()
}

impl View for Overlay {
    fn origin(&self) -> Origin {
        self.below.origin()
    }

    fn source(&self) -> Origin {
        self.below.source()
    }

    fn trouble(&self) -> Option<String> {
        self.below.trouble()
    }

    fn archive(&self, place: &str) -> Option<(Archive, Arc<dyn View>)> {
        self.below.archive(place)
    }

    fn keeping(
        &self,
        place: &str,
        archive: &dyn Fn() -> Archive,
        inside: &Arc<dyn View>,
    ) -> Option<Arc<dyn View>> {
        self.below.keeping(place, archive, inside)
    }

    fn sketched(&self, item: &Item) -> Option<Result<Sketched, Error>> {
        let Item::File(path) = item else { return None };
        match self.find(path) {
            Found::In(..) => None,
            Found::Below(led) => {
                spellings(&led).into_iter().find_map(|path| self.below.sketched(&Item::File(path)))
            }
        }
    }

    fn look_into(&self, item: &Item, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
        buffer.clear();
        if item.row().is_none() {
            return Outcome::OutOfReach;
        }
        match item {
            Item::Entries(path) => self.entries(path),
            Item::File(path) => {
                if let Some(made) = self.made(path) {
                    if made.len() > limit {
                        return Outcome::TooLarge {
                            limit: u64::try_from(limit).unwrap_or(u64::MAX),
                        };
                    }
                    buffer.extend_from_slice(&made);
                    return Outcome::Bytes { file_signature: Some(false) };
                }
                match self.find(path) {
                    Found::In(layer, at) => layer.read(&at, limit, buffer),
                    Found::Below(led) => {
                        let room = std::cell::RefCell::new(&mut *buffer);
                        let found = self.below(&led, |path| {
                            let item = Item::File(path.clone());
                            match self.below.look_into(&item, limit, &mut room.borrow_mut()) {
                                bytes @ Outcome::Bytes { .. } => Ok(bytes),
                                other => Err(other),
                            }
                        });
                        found.unwrap_or_else(|outcome| self.absent(&led, outcome))
                    }
                }
            }
            Item::Link(path) => {
                let layers = self.layers();
                let written = layers.iter().rev().find_map(|layer| {
                    spellings(path).iter().find_map(|path| layer.link(path).map(<[u8]>::to_vec))
                });
                match written {
                    Some(target) => {
                        buffer.extend_from_slice(&target);
                        Outcome::Bytes { file_signature: None }
                    }
                    None => self.below.look_into(item, limit, buffer),
                }
            }
            Item::Variable { .. } | Item::MokVariable(_) | Item::Uname | Item::Room(_) => {
                self.below.look_into(item, limit, buffer)
            }
        }
    }

    fn metadata(&self, item: &Item) -> Result<Metadata, Outcome> {
        if item.row().is_none() {
            return Err(Outcome::OutOfReach);
        }
        let (path, as_folder) = match item {
            Item::File(path) => (path, false),
            Item::Entries(path) => (path, true),
            _ => return self.below.metadata(item),
        };
        if let Some(made) = self.made(path) {
            let size = u64::try_from(made.len()).unwrap_or(u64::MAX);
            return Ok(Metadata { kind: Kind::File, size, modified: 0, inode: 0, device: 0 });
        }
        match self.find(path) {
            Found::In(layer, at) => layer.metadata(&at),
            Found::Below(led) => {
                let found = self.below(&led, |path| {
                    let path = path.clone();
                    let item = if as_folder { Item::Entries(path) } else { Item::File(path) };
                    self.below.metadata(&item)
                });
                found.map_err(|outcome| self.absent(&led, outcome))
            }
        }
    }
}

impl<V: View + ?Sized> View for Arc<V> {
    fn origin(&self) -> Origin {
        (**self).origin()
    }

    fn source(&self) -> Origin {
        (**self).source()
    }

    fn trouble(&self) -> Option<String> {
        (**self).trouble()
    }

    fn archive(&self, place: &str) -> Option<(Archive, Arc<dyn View>)> {
        (**self).archive(place)
    }

    fn keeping(
        &self,
        place: &str,
        archive: &dyn Fn() -> Archive,
        inside: &Arc<dyn View>,
    ) -> Option<Arc<dyn View>> {
        (**self).keeping(place, archive, inside)
    }

    fn sketched(&self, item: &Item) -> Option<Result<Sketched, Error>> {
        (**self).sketched(item)
    }

    fn look_into(&self, item: &Item, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
        (**self).look_into(item, limit, buffer)
    }

    fn metadata(&self, item: &Item) -> Result<Metadata, Outcome> {
        (**self).metadata(item)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;
    use crate::views::root::Root;

    fn folder(files: &[(&str, &str)], links: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, bytes) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        for (path, target) in links {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(target, path).unwrap();
        }
        folder
    }

    fn said(view: &Overlay, path: &str) -> Result<String, Outcome> {
        match view.look(&Item::file(path), 100) {
            (Outcome::Bytes { .. }, bytes) => Ok(String::from_utf8(bytes).unwrap()),
            (other, _) => Err(other),
        }
    }

    fn names(view: &Overlay, path: &str) -> Vec<String> {
        match view.look(&Item::entries(path), 0).0 {
            Outcome::Entries(names) => {
                names.iter().map(|e| String::from_utf8_lossy(&e.name).into_owned()).collect()
            }
            other => vec![format!("{other:?}")],
        }
    }

    #[test]
    fn a_merged_usr_is_one_place_and_what_is_laid_hides_what_is_below() {
        let below = folder(
            &[("usr/lib/modules/1/kernel/a.ko", "old"), ("usr/lib/modules/1/modules.dep", "dep")],
            &[("lib", "usr/lib")],
        );
        let above = folder(
            &[("lib/modules/1/kernel/a.ko", "new"), ("usr/lib/modules/1/extra/b.ko", "b")],
            &[
                ("lib/modules/1/weak-updates/b.ko", "/lib/modules/1/extra/b.ko"),
                ("lib/modules/1/up.ko", "../../../../../../lib/modules/1/kernel/a.ko"),
                ("lib/modules/1/out.ko", "/etc/hostname"),
                ("lib/modules/1/x.ko", "y.ko"),
                ("lib/modules/1/y.ko", "x.ko"),
            ],
        );
        let layer =
            Layer::of_folder(above.path(), &loadworthy_formats::limits::Limits::DEFAULT).unwrap();
        let view = Overlay::new(Box::new(Root::open(below.path()).unwrap()), vec![Arc::new(layer)]);
        for top in ["lib", "usr/lib"] {
            assert_eq!(said(&view, &format!("{top}/modules/1/kernel/a.ko")), Ok("new".into()));
            assert_eq!(said(&view, &format!("{top}/modules/1/extra/b.ko")), Ok("b".into()));
            assert_eq!(said(&view, &format!("{top}/modules/1/modules.dep")), Ok("dep".into()));
            assert_eq!(said(&view, &format!("{top}/modules/1/weak-updates/b.ko")), Ok("b".into()));
            assert_eq!(said(&view, &format!("{top}/modules/1/up.ko")), Ok("new".into()));
            assert!(names(&view, &format!("{top}/modules/1")).contains(&"kernel".to_owned()));
            assert!(names(&view, &format!("{top}/modules/1")).contains(&"extra".to_owned()));
        }
        assert_eq!(said(&view, "lib/modules/1/out.ko"), Err(Outcome::OutOfReach));
        assert!(said(&view, "lib/modules/1/x.ko").is_err());
        assert_eq!(said(&view, "lib/modules/1/extra/c.ko"), Err(Outcome::Absent));
        view.put(HostPath::new("lib/modules/1/modules.dep"), b"anew".to_vec());
        assert_eq!(said(&view, "usr/lib/modules/1/modules.dep"), Ok("anew".into()));
    }

    #[test]
    fn files_and_links_may_be_put_anywhere() {
        let below = folder(&[("lib/modules/1/kernel/a.ko", "a")], &[]);
        let file: PathBuf = below.path().join("lib/modules/1/kernel/a.ko");
        let at = HostPath::new("lib/modules/2/updates/a.ko");
        let layer = Layer::of_files([(at.clone(), file)]);
        let view = Overlay::new(Box::new(Root::open(below.path()).unwrap()), vec![Arc::new(layer)]);
        view.lay(Arc::new(Layer::of_links([(
            HostPath::new("lib/modules/3/weak-updates/a.ko"),
            at,
        )])));
        assert_eq!(said(&view, "lib/modules/3/weak-updates/a.ko"), Ok("a".into()));
        assert_eq!(names(&view, "lib/modules"), ["1", "2", "3"]);
        assert!(view.metadata(&Item::file("lib/modules/3/weak-updates/a.ko")).is_ok());
    }
}
