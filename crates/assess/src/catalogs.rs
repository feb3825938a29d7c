//! `catalog`: made from a package, held against it, listed.

use std::path::{Path, PathBuf};

use loadworthy_collect::gather::windows::driver::{self, Digested};
use loadworthy_collect::gather::windows::files::{Files, has_extension};
use loadworthy_collect::sighting::Kind;
use loadworthy_collect::views::caller;
use loadworthy_core::codesigning::catalog::{self, Catalog};
use loadworthy_core::codesigning::catalogued::{Covered, Created, Held, HeldFile, Made};
use loadworthy_core::codesigning::cataloguing::{self, How};
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::package::catalog::{Planned, plan, target};
use loadworthy_core::package::contents::folder;
use loadworthy_core::package::plan::Found;
use loadworthy_core::package::signability::Today;
use loadworthy_core::profile::{closest, distance};
use loadworthy_core::proof::Why;
use loadworthy_core::tables::Tables;
use loadworthy_core::tables::authorities::Authorities;
use loadworthy_formats::authenticode::write::Link;
use loadworthy_formats::limits::Limits;

use crate::request::Trouble;

mod defined;

/// What catalogs are to be made of.
#[derive(Clone, Debug)]
pub struct Order {
    /// An INF, a folder with INFs, or a definition (`.cdf`), which says the most of the rest itself.
    pub subject: PathBuf,
    /// The systems, as Inf2Cat's `/os` takes them.
    pub systems: Vec<String>,
    /// 1 or 2; nothing: 2 where every system is Windows 10 or later.
    pub version: Option<u8>,
    /// The identifier; nothing: one that follows from what is in the catalog.
    pub identifier: Option<[u8; 16]>,
    /// When it is made, in seconds since 1970.
    pub time: i64,
    /// What day it is, for `DriverVer`.
    pub today: Today,
    /// Whether images get digests of their pages.
    pub page_hashes: bool,
    /// What stands where a link to the file is wanted.
    pub link: Link,
    /// Further name and value pairs.
    pub attributes: Vec<(String, String)>,
}

/// The first version inside that needs no catalog of version 1.
const WINDOWS_10: (u32, u32) = (10, 0);

/// Makes the catalogs of a package; nothing is written.
///
/// # Errors
/// When a system is not known, or there is no package.
pub fn create(order: &Order) -> Result<Created, Trouble> {
    let limits = &Limits::DEFAULT;
    if is_definition(&order.subject) {
        return defined::create(order, limits);
    }
    let table = Tables::catalog_systems().map_err(|e| Trouble::Table(e.to_string()))?;
    let mut systems = Vec::new();
    for name in &order.systems {
        let system = table.named(name).ok_or_else(|| Trouble::NoThing {
            named: format!("--os {name}"),
            problem: match nearest(name, table.all().iter().map(|s| s.id.as_str())) {
                Some(near) => {
                    format!("not a system that catalogs are made for: did you mean {near}?")
                }
                None => "not a system that catalogs are made for".to_owned(),
            },
        })?;
        if !systems.contains(&system) {
            systems.push(system);
        }
    }
    let (files, only) = opened(&order.subject, limits)?;
    if let Some((path, problem)) = files.contents.unread.first() {
        return Err(open(Path::new(path), &format!("cannot be read as an INF: {problem}")));
    }
    let (mut planned, faults) = plan(&files.contents, only, &systems, &order.today, limits);
    if let Some(only) = only {
        planned.retain(|p| p.infs.contains(&only));
    }
    let created = Created { catalogs: Vec::new(), faults };
    if created.is_stopped() {
        return Ok(created);
    }
    if planned.is_empty() {
        return Err(open(&order.subject, "no INF in it"));
    }
    let modern = systems.iter().all(|s| target(s).is_some_and(|t| t.version >= WINDOWS_10));
    let how = How {
        version: order.version.unwrap_or(if modern { 2 } else { 1 }),
        identifier: [0; 16],
        time: order.time,
        page_hashes: order.page_hashes,
        link: order.link,
        attributes: order.attributes.clone(),
    };
    let mut bytes = |file: usize| files.bytes(file, limits);
    let mut catalogs = Vec::new();
    for planned in planned {
        catalogs.push(made(planned, how.clone(), order, &mut bytes, limits)?);
    }
    Ok(Created { catalogs, ..created })
}

/// Whether a catalog is to be made of a definition, and not of INFs.
#[must_use]
pub fn is_definition(subject: &Path) -> bool {
    subject.extension().is_some_and(|e| e.eq_ignore_ascii_case("cdf"))
}

/// A planned catalog, written down. Its identifier follows from what is in it, where none was ordered.
fn made(
    planned: Planned,
    mut how: How,
    order: &Order,
    bytes: &mut dyn FnMut(usize) -> Result<Vec<u8>, Why>,
    limits: &Limits,
) -> Result<Made, Trouble> {
    let unread = |why: Why| open(&order.subject, &format!("a file cannot be read: {why:?}"));
    let entries = cataloguing::digested(&planned, &how, bytes, limits).map_err(unread)?;
    let written = |how: &How| {
        let written = cataloguing::catalog(&planned, &entries, how);
        written.ok_or_else(|| open(&order.subject, "its time cannot be written into a catalog"))
    };
    how.identifier = match order.identifier {
        Some(identifier) => identifier,
        None => {
            let plain = digest(DigestAlgorithm::Sha256, &written(&how)?);
            plain.as_bytes().first_chunk().copied().unwrap_or_default()
        }
    };
    let bytes = written(&how)?;
    Ok(Made { planned, how, bytes, folder: None })
}

/// Holds the packages in a folder against their catalogs, those of a file's folder against it.
///
/// # Errors
/// When there is nothing there that can be held.
pub fn verify(subject: &Path) -> Result<Vec<Held>, Trouble> {
    let limits = &Limits::DEFAULT;
    let authorities = Tables::authorities().map_err(|e| Trouble::Table(e.to_string()))?;
    let (files, only) = match subject.extension().is_some_and(|e| e.eq_ignore_ascii_case("cat")) {
        true => (Files::below(&parent(subject), limits), None),
        false => opened(subject, limits)?,
    };
    let name = |path: &Path| path.file_name().map(|n| n.to_string_lossy().into_owned());
    let wanted = name(subject).filter(|n| has_extension(n, "cat"));
    let mut held = Vec::new();
    let mut digests: Vec<Option<Digested>> = files.all.iter().map(|_| None).collect();
    for n in files.with("cat").collect::<Vec<_>>() {
        let path = files.all[n].path.clone();
        if wanted.as_ref().is_some_and(|wanted| *wanted != path) {
            continue;
        }
        let bytes =
            files.bytes(n, limits).map_err(|why| open(Path::new(&path), &format!("{why:?}")))?;
        let read = catalog::read(&bytes, &authorities, limits);
        let read = read.map_err(|e| open(Path::new(&path), &e.to_string()))?;
        let against = Against { files: &files, catalog: &read, limits };
        let mut one = against.held(n, only, &mut digests);
        one.catalog = path;
        if only.is_none() || !one.files.is_empty() {
            held.push(one);
        }
    }
    Ok(held)
}

/// What a catalog says.
///
/// # Errors
/// When it is none.
pub fn list(path: &Path) -> Result<Catalog, Trouble> {
    let authorities: Authorities =
        Tables::authorities().map_err(|e| Trouble::Table(e.to_string()))?;
    let limits = &Limits::DEFAULT;
    let mut bytes = Vec::new();
    match caller::look_into(path, limits.kernel_bytes, &mut bytes) {
        loadworthy_collect::sighting::Outcome::Bytes { .. } => {}
        _ => return Err(open(path, "cannot be read")),
    }
    catalog::read(&bytes, &authorities, limits)
        .map_err(|e| open(path, &format!("not a catalog: {e}")))
}

struct Against<'a> {
    files: &'a Files,
    catalog: &'a Catalog,
    limits: &'a Limits,
}

impl Against<'_> {
    /// Every INF that names the catalog number `n`, and what these copy.
    fn held(&self, n: usize, only: Option<usize>, digests: &mut [Option<Digested>]) -> Held {
        let contents = &self.files.contents;
        let systems = Tables::catalog_systems();
        let targets = systems.iter().flat_map(|table| table.all()).filter_map(target);
        let targets: Vec<_> = targets.collect();
        let (mut wanted, mut missing) = (Vec::new(), Vec::new());
        for (inf, described) in contents.infs.iter().enumerate() {
            if only.is_some_and(|only| only != inf) {
                continue;
            }
            let named = described.inf.version().catalog_files;
            let here = folder(&described.path);
            if !named.iter().any(|(_, name)| contents.find(here, name) == Some(n)) {
                continue;
            }
            wanted.push(described.file);
            for on in &targets {
                for file in contents.plan(inf, on, self.limits).files {
                    match file.found {
                        Found::Missing if !missing.contains(&file.path) => missing.push(file.path),
                        Found::There(file) if !wanted.contains(&file) => wanted.push(file),
                        _ => {}
                    }
                }
            }
        }
        let mut rows = Vec::new();
        for file in wanted {
            let covered = self.covered(file, digests);
            rows.push(HeldFile { path: self.files.all[file].path.clone(), covered });
        }
        rows.extend(missing.into_iter().map(|path| HeldFile { path, covered: Covered::Missing }));
        let mut known = vec![false; self.catalog.members.len()];
        for file in 0..self.files.all.len() {
            let own = self.digested(file, digests);
            for member in self
                .catalog
                .covers(own.image.as_ref(), &own.flat)
                .into_iter()
                .flat_map(|c| c.members)
            {
                known[member] = true;
            }
        }
        let strangers = self.catalog.members.iter().zip(&known).filter(|(_, known)| !**known);
        let mut without_file: Vec<String> =
            strangers.map(|(m, _)| m.file.as_ref().unwrap_or(&m.tag_text).to_string()).collect();
        without_file.sort();
        without_file.dedup();
        let signers = self.catalog.signatures.iter();
        Held {
            catalog: String::new(),
            signers: signers
                .map(|s| {
                    (
                        s.signer.as_ref().map_or("?", |c| &*c.name).to_owned(),
                        s.verifies == Some(true),
                    )
                })
                .collect(),
            files: rows,
            without_file,
        }
    }

    fn digested<'d>(&self, file: usize, digests: &'d mut [Option<Digested>]) -> &'d Digested {
        digests[file].get_or_insert_with(|| {
            let bytes = self.files.bytes(file, self.limits).unwrap_or_default();
            driver::digested(&bytes, self.limits)
        })
    }

    fn covered(&self, file: usize, digests: &mut [Option<Digested>]) -> Covered {
        let own = self.digested(file, digests);
        if let Some(covers) = self.catalog.covers(own.image.as_ref(), &own.flat) {
            let by = covers.by.iter().map(|by| by.name()).collect();
            return Covered::By(by, covers.kind == loadworthy_formats::catalog::member::Kind::Pe);
        }
        let bytes = self.files.bytes(file, self.limits).unwrap_or_default();
        self.catalog.changes(&bytes, self.limits).map_or(Covered::No, Covered::After)
    }
}

/// The files of a package, and the INF that was named where one was.
fn opened(subject: &Path, limits: &Limits) -> Result<(Files, Option<usize>), Trouble> {
    let metadata = caller::metadata_of(subject).map_err(|_| open(subject, "no such file"))?;
    if metadata.kind == Kind::Folder {
        return Ok((Files::below(subject, limits), None));
    }
    let files = Files::below(&parent(subject), limits);
    let name = subject.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let at = files.contents.infs.iter().position(|d| d.path == name);
    match at {
        Some(at) => Ok((files, Some(at))),
        None => Err(open(subject, "cannot be read as an INF")),
    }
}

fn parent(path: &Path) -> PathBuf {
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    parent.unwrap_or_else(|| Path::new(".")).to_owned()
}

fn open(path: &Path, problem: &str) -> Trouble {
    Trouble::Open { path: path.display().to_string(), problem: problem.to_owned() }
}

/// What was meant, where something comes near enough.
fn nearest<'n>(given: &str, names: impl Iterator<Item = &'n str>) -> Option<String> {
    Some(closest(given, names)).filter(|near| distance(given, near) <= 3)
}
