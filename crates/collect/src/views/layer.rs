//! What a package, or a folder of the caller's, would put on a machine: paths and what lies there.
//!
//! The bytes of a package's files lie unpacked in memory, and where they are many in a temporary file
//! that has no name; those of a folder stay where they are. A member whose path climbs (`..`) is left out
//! and told; links are resolved among the paths of the machine and lead nowhere else.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use loadworthy_formats::limits::Limits;
use loadworthy_formats::package::form;
use loadworthy_formats::package::member::{Member, Package, Sort, UNPACKED};

use super::caller;
use crate::item::{HostPath, Item};
use crate::regular;
use crate::sighting::{Entry, Kind, Metadata, Outcome};
use crate::spelling;
use store::Store;

mod store;
pub mod initramfs;

/// Links that may follow one another, as the kernel counts them (`MAXSYMLINKS`).
const LINKS: usize = 40;
/// Folders of the caller's inside one another.
const DEPTH: usize = 64;

#[derive(Clone, Debug)]
enum Node {
    Folder,
    Link(Vec<u8>),
    /// Bytes of the unpacked package.
    Packed {
        at: u64,
        size: u64,
    },
    /// A file of the caller's.
    Named(PathBuf),
    /// There, and its bytes are nobody's business here.
    Unread {
        size: u64,
    },
}

/// Things to lay over a machine.
#[derive(Debug)]
pub struct Layer {
    nodes: BTreeMap<HostPath, Node>,
    folders: BTreeMap<HostPath, BTreeMap<Vec<u8>, Kind>>,
    store: Option<Store>,
    /// What the package says of itself; nothing for a folder.
    pub about: Option<Package>,
    /// What of it was left out, and why.
    pub odd: Vec<String>,
    /// The file system inside an initramfs that could not be read, and why.
    pub sealed: Option<String>,
    /// What a squashfs inside an initramfs is packed with, as `CONFIG_SQUASHFS_*` names it.
    pub squashed: Option<&'static str>,
}

/// Where a path leads among the things of one layer.
#[derive(Debug)]
pub(super) enum Place {
    /// To this one of them.
    Here(HostPath),
    /// Through a link to a path that is not among them.
    Elsewhere(HostPath),
    /// Nowhere.
    Nowhere,
}

impl Layer {
    fn empty() -> Self {
        let mut folders = BTreeMap::new();
        folders.insert(HostPath::new(""), BTreeMap::new());
        let mut nodes = BTreeMap::new();
        nodes.insert(HostPath::new(""), Node::Folder);
        Self {
            nodes,
            folders,
            store: None,
            about: None,
            odd: Vec::new(),
            sealed: None,
            squashed: None,
        }
    }

    /// The package at `path`.
    ///
    /// # Errors
    /// Where it cannot be read to its end: nobody could install it.
    pub fn of_package(path: &Path, limits: &Limits) -> io::Result<Self> {
        let mut source = regular::open(path)?;
        let mut layer = Self::empty();
        let mut store = Store::default();
        let mut failed = None;
        let parsed = form::walk(&mut source, UNPACKED, limits, &mut |member, data| {
            if failed.is_none()
                && let Err(e) = layer.member(member, data, true, &mut store)
            {
                failed = Some(e);
            }
        });
        let invalid = |e| io::Error::new(io::ErrorKind::InvalidData, e);
        let parsed = parsed.map_err(invalid)?;
        match (failed, parsed.deviations.first()) {
            (Some(e), _) => return Err(e),
            (None, Some(odd)) => return Err(invalid(*odd)),
            (None, None) => {}
        }
        layer.about = Some(parsed.value);
        layer.store = Some(store);
        Ok(layer)
    }

    fn member(
        &mut self,
        member: &Member<'_>,
        data: &mut dyn Read,
        wanted: bool,
        store: &mut Store,
    ) -> io::Result<()> {
        let path = HostPath::new(member.path);
        if member.path.split(|b| *b == b'/').any(|step| step == b"..") {
            self.odd.push(format!("{path}: a path that climbs is left out"));
            return Ok(());
        }
        let node = match member.sort {
            Sort::Folder => Node::Folder,
            Sort::Link(target) => Node::Link(target.to_vec()),
            Sort::HardLink(of) => match self.nodes.get(&HostPath::new(of)) {
                Some(node) => node.clone(),
                None => return Ok(()),
            },
            Sort::File if wanted && Item::File(path.clone()).row().is_some() => {
                let at = store.end();
                store.take(data)?;
                Node::Packed { at, size: store.end() - at }
            }
            Sort::File => Node::Unread { size: member.size },
            Sort::Other => return Ok(()),
        };
        self.put(path, node);
        Ok(())
    }

    /// The folder at `path`, as if it were laid over `/`.
    ///
    /// # Errors
    /// Where it cannot be listed, or holds more than a package may.
    pub fn of_folder(path: &Path, limits: &Limits) -> io::Result<Self> {
        let mut layer = Self::empty();
        let mut ahead = vec![(path.to_path_buf(), HostPath::new(""), 0)];
        while let Some((folder, at, depth)) = ahead.pop() {
            for entry in listed(&folder)? {
                let (from, to) =
                    (folder.join(spelling::spelled(&entry.name)), at.join(&entry.name));
                match entry.kind {
                    Kind::Folder if depth < DEPTH => {
                        layer.put(to.clone(), Node::Folder);
                        ahead.push((from, to, depth + 1));
                    }
                    Kind::File => layer.put(to, Node::Named(from)),
                    Kind::Link => {
                        let target = std::fs::read_link(&from)?;
                        layer.put(to, Node::Link(spelling::steps(target.as_os_str())));
                    }
                    _ => {}
                }
            }
            if layer.nodes.len() > limits.items {
                let what = format!("holds more than {} files", limits.items);
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        }
        Ok(layer)
    }

    /// Files of the caller's, each put at a place of the machine.
    #[must_use]
    pub fn of_files(files: impl IntoIterator<Item = (HostPath, PathBuf)>) -> Self {
        let mut layer = Self::empty();
        for (to, from) in files {
            layer.put(to, Node::Named(from));
        }
        layer
    }

    /// Links, each put at a place of the machine.
    #[must_use]
    pub fn of_links(links: impl IntoIterator<Item = (HostPath, HostPath)>) -> Self {
        let mut layer = Self::empty();
        for (at, target) in links {
            let target = [b"/", target.as_bytes()].concat();
            layer.put(at, Node::Link(target));
        }
        layer
    }

    fn put(&mut self, path: HostPath, node: Node) {
        let kind = match &node {
            Node::Folder => Kind::Folder,
            Node::Link(_) => Kind::Link,
            Node::Packed { .. } | Node::Named(_) | Node::Unread { .. } => Kind::File,
        };
        if kind == Kind::Folder {
            self.folders.entry(path.clone()).or_default();
            // A package may name a folder that it has put a link for; the link stays.
            if self.nodes.contains_key(&path) {
                return;
            }
        }
        let mut below = path.clone();
        self.nodes.insert(path, node);
        let mut kind = kind;
        while let Some(parent) = below.parent() {
            let known = self.folders.contains_key(&parent);
            self.folders.entry(parent.clone()).or_default().insert(below.name().to_vec(), kind);
            self.nodes.entry(parent.clone()).or_insert(Node::Folder);
            if known {
                break;
            }
            (below, kind) = (parent, Kind::Folder);
        }
    }

    /// Every file and link, in order.
    pub fn files(&self) -> impl Iterator<Item = &HostPath> {
        self.nodes.iter().filter(|(_, node)| !matches!(node, Node::Folder)).map(|(path, _)| path)
    }

    /// Where `path` leads.
    pub(super) fn place(&self, path: &HostPath) -> Place {
        let mut ahead: Vec<Vec<u8>> = steps(path.as_bytes());
        let mut here = HostPath::new("");
        let mut links = 0;
        while let Some(step) = ahead.pop() {
            let next = here.join(&step);
            match self.nodes.get(&next) {
                Some(Node::Link(target)) => {
                    links += 1;
                    if links > LINKS {
                        return Place::Nowhere;
                    }
                    if target.first() == Some(&b'/') {
                        here = HostPath::new("");
                    }
                    // `..` of a target counts from the link's folder, never above the root.
                    let led = here.join(target);
                    ahead.extend(steps(led.as_bytes()));
                    here = HostPath::new("");
                }
                Some(_) => here = next,
                None if links == 0 => return Place::Nowhere,
                None => {
                    let rest = ahead.iter().rev().fold(next, |at, step| at.join(step));
                    return Place::Elsewhere(rest);
                }
            }
        }
        Place::Here(here)
    }

    /// Where the link at `path` leads, as written in it.
    pub(super) fn link(&self, path: &HostPath) -> Option<&[u8]> {
        match self.nodes.get(path)? {
            Node::Link(target) => Some(target),
            _ => None,
        }
    }

    /// The names in the folder at `path`.
    pub(super) fn entries(&self, path: &HostPath) -> Option<Vec<Entry>> {
        let names = self.folders.get(path)?;
        let entry = |(name, kind): (&Vec<u8>, &Kind)| Entry { name: name.clone(), kind: *kind };
        Some(names.iter().map(entry).collect())
    }

    /// The bytes of the file at `path`, which [`Layer::place`] gave.
    pub(super) fn read(&self, path: &HostPath, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
        buffer.clear();
        let too_large = Outcome::TooLarge { limit: u64::try_from(limit).unwrap_or(u64::MAX) };
        match (self.nodes.get(path), &self.store) {
            (Some(Node::Named(file)), _) => caller::look_into(file, limit, buffer),
            (Some(Node::Packed { at, size }), Some(store)) => {
                let Ok(size) = usize::try_from(*size) else { return too_large };
                if size > limit {
                    return too_large;
                }
                buffer.resize(size, 0);
                if store.read(*at, buffer).is_err() {
                    buffer.clear();
                    return Outcome::Broken(io::ErrorKind::UnexpectedEof);
                }
                Outcome::Bytes { file_signature: Some(false) }
            }
            (Some(Node::Folder), _) => Outcome::NotRegular(Kind::Folder),
            (Some(Node::Link(_)), _) => Outcome::NotRegular(Kind::Link),
            (Some(Node::Unread { .. } | Node::Packed { .. }), _) => Outcome::OutOfReach,
            (None, _) => Outcome::Absent,
        }
    }

    /// What is known of the thing at `path`, which [`Layer::place`] gave.
    pub(super) fn metadata(&self, path: &HostPath) -> Result<Metadata, Outcome> {
        let (kind, size) = match self.nodes.get(path) {
            Some(Node::Named(file)) => return caller::metadata_of(file),
            Some(Node::Folder) => (Kind::Folder, 0),
            Some(Node::Link(_)) => (Kind::Link, 0),
            Some(Node::Packed { size, .. } | Node::Unread { size }) => (Kind::File, *size),
            None => return Err(Outcome::Absent),
        };
        Ok(Metadata { kind, size, modified: 0, inode: 0, device: 0 })
    }
}

/// The steps of a path, the last one first.
fn steps(path: &[u8]) -> Vec<Vec<u8>> {
    path.split(|b| *b == b'/').filter(|s| !s.is_empty()).rev().map(<[u8]>::to_vec).collect()
}

fn listed(folder: &Path) -> io::Result<Vec<Entry>> {
    match caller::names_in(folder) {
        Outcome::Entries(names) => Ok(names),
        Outcome::Denied => Err(io::ErrorKind::PermissionDenied.into()),
        Outcome::Absent => Err(io::ErrorKind::NotFound.into()),
        Outcome::Broken(kind) => Err(kind.into()),
        _ => Err(io::ErrorKind::NotADirectory.into()),
    }
}
