//! `--with PACKAGE`: the machine as it would be with packages installed.
//!
//! Files count, programs do not: nothing of a package is run. What the package manager would derive
//! from the files is derived here: the indexes of `depmod`, and the links of `weak-modules`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loadworthy_collect::gather::linux::dkms::{self, Source};
use loadworthy_collect::gather::linux::module;
use loadworthy_collect::gather::looking::Looking;
use loadworthy_collect::item::HostPath;
use loadworthy_collect::sighting::{Kind, Outcome};
use loadworthy_collect::spelling;
use loadworthy_collect::view::View;
use loadworthy_collect::views::caller;
use loadworthy_collect::views::layer::Layer;
use loadworthy_collect::views::overlay::Overlay;
use loadworthy_core::facts::module::ModuleFile;
use loadworthy_formats::kernel::name::{self, is_module};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::package::form;

use crate::known::known;
use crate::request::Trouble;

pub mod depmod;
pub(crate) mod weak;

/// One thing that was laid over the machine.
#[derive(Debug)]
pub struct Laid {
    /// As it was given.
    pub given: String,
    /// Name and version of a package.
    pub called: String,
    /// Its modules, and the kernels they are for.
    pub modules: Vec<(String, HostPath)>,
    /// Kernels whose image it brings.
    pub images: BTreeSet<String>,
    /// What it brings for DKMS to build.
    pub sources: Vec<Source>,
    /// Whether its scripts ask for modules to be linked to other kernels.
    pub links_modules: bool,
    /// What of it was left out, and why.
    pub odd: Vec<String>,
}

/// A machine with things laid over it.
#[derive(Debug)]
pub struct With {
    /// The view.
    pub view: Arc<Overlay>,
    /// What was laid over it, in the order given.
    pub laid: Vec<Laid>,
}

/// Whether this argument is a package.
#[must_use]
pub fn is_package(argument: &str) -> bool {
    form::sniff(&caller::beginning(Path::new(argument), 24)).is_some()
}

/// Lays `packages` over `view`.
///
/// # Errors
/// When one cannot be read to its end.
pub fn lay(view: Box<dyn View>, packages: &[PathBuf], limits: &Limits) -> Result<With, Trouble> {
    let mut layers = Vec::new();
    for path in packages {
        let open = |e: std::io::Error| Trouble::Open {
            path: path.display().to_string(),
            problem: e.to_string(),
        };
        let given = path.display().to_string();
        match caller::metadata_of(path).map(|metadata| metadata.kind) {
            Ok(Kind::Folder) => {
                layers.extend(of_folder(&given, path, &*view, limits).map_err(open)?);
            }
            Ok(_) => layers.push((given, Layer::of_package(path, limits).map_err(open)?)),
            Err(Outcome::Absent) => return Err(open(std::io::ErrorKind::NotFound.into())),
            Err(Outcome::Denied) => return Err(open(std::io::ErrorKind::PermissionDenied.into())),
            Err(_) => return Err(open(std::io::ErrorKind::Other.into())),
        }
    }
    let layers: Vec<(String, Arc<Layer>)> =
        layers.into_iter().map(|(given, layer)| (given, Arc::new(layer))).collect();
    let over = Overlay::new(view, layers.iter().map(|(_, layer)| layer.clone()).collect());
    let laid = layers.iter().map(|(given, layer)| told(given, layer, &Looking::new(&over, limits)));
    Ok(With { laid: laid.collect(), view: Arc::new(over) })
}

/// A folder of the caller's: a tree to be laid over `/`, packages, or modules.
fn of_folder(
    given: &str,
    folder: &Path,
    below: &dyn View,
    limits: &Limits,
) -> std::io::Result<Vec<(String, Layer)>> {
    let Outcome::Entries(names) = caller::names_in(folder) else {
        return Err(std::io::ErrorKind::PermissionDenied.into());
    };
    let has = |wanted: &str| names.iter().any(|entry| entry.name == wanted.as_bytes());
    if ["lib", "usr", "boot", "etc"].iter().any(|top| has(top)) {
        return Ok(vec![(given.to_owned(), Layer::of_folder(folder, limits)?)]);
    }
    let mut layers = Vec::new();
    let mut modules = Vec::new();
    for path in files_in(folder, limits)? {
        let shown = path.display().to_string();
        if is_package(&shown) {
            layers.push((shown, Layer::of_package(&path, limits)?));
        } else if is_module(shown.as_bytes()) {
            modules.push(path);
        }
    }
    if !modules.is_empty() {
        let looking = Looking::new(below, limits);
        layers.push((given.to_owned(), Layer::of_files(placed(&modules, &looking))));
    }
    if layers.is_empty() {
        let what = "neither packages, nor modules, nor a tree with lib, usr, boot or etc";
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, what));
    }
    Ok(layers)
}

/// Files below a folder of the caller's, in order.
pub(crate) fn files_in(folder: &Path, limits: &Limits) -> std::io::Result<Vec<PathBuf>> {
    let mut ahead = vec![(folder.to_path_buf(), 0)];
    let mut files = Vec::new();
    while let Some((folder, depth)) = ahead.pop() {
        let Outcome::Entries(names) = caller::names_in(&folder) else { continue };
        for entry in names {
            let path = folder.join(spelling::spelled(&entry.name));
            match entry.kind {
                Kind::Folder if depth < 16 => ahead.push((path, depth + 1)),
                Kind::File => files.push(path),
                _ => {}
            }
        }
        if files.len().max(ahead.len()) > limits.items {
            let what = format!("holds more than {} files", limits.items);
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, what));
        }
    }
    files.sort();
    Ok(files)
}

/// Where loose modules go: to `updates`, which is where `make modules_install` puts what is built
/// outside the kernel (`scripts/Makefile.modinst`), of the kernel they say they are for; where that
/// one is not installed, of every kernel that is.
fn placed(modules: &[PathBuf], looking: &Looking<'_>) -> Vec<(HostPath, PathBuf)> {
    let kernels = loadworthy_collect::gather::linux::kernels::gather(looking);
    let installed: Vec<&str> = kernels.installed.iter().map(|k| &*k.release).collect();
    let mut scratch = module::Scratch::default();
    let mut files = Vec::new();
    for path in modules {
        let shown = path.display().to_string();
        let facts = module::gather_argument(path, &shown, &mut scratch, looking.limits);
        let file = known(&facts.file.fact(|file| (file.clone(), String::new())));
        let vermagic = match file.as_deref() {
            Some(ModuleFile::Read(bytes)) => {
                bytes.survey.modinfo().and_then(|info| info.text("vermagic"))
            }
            _ => None,
        };
        let release = vermagic.as_deref().and_then(|v| v.split_ascii_whitespace().next());
        let own = release.filter(|release| installed.contains(release) || installed.is_empty());
        let name = path.file_name().unwrap_or_default();
        let name = spelling::bytes(name);
        for release in own.map_or_else(|| installed.clone(), |own| vec![own]) {
            let at = HostPath::new("lib/modules").join(release).join("updates").join(&name);
            files.push((at, path.clone()));
        }
    }
    files
}

/// The release whose tree a path is in, and whether it is a module there.
fn of_tree(path: &HostPath) -> Option<(String, bool)> {
    let path = path.to_string();
    let path = path.strip_prefix("usr/").unwrap_or(&path);
    let (release, rest) = path.strip_prefix("lib/modules/")?.split_once('/')?;
    Some((release.to_owned(), is_module(rest.as_bytes())))
}

fn told(given: &str, layer: &Layer, looking: &Looking<'_>) -> Laid {
    let mut laid = Laid {
        given: given.to_owned(),
        called: match &layer.about {
            Some(about) => format!("{} {}", about.name, about.version),
            None => given.to_owned(),
        },
        modules: Vec::new(),
        images: BTreeSet::new(),
        sources: Vec::new(),
        links_modules: layer.about.as_ref().is_some_and(|about| {
            about.scripts.iter().any(|(_, script)| script.contains("weak-modules"))
        }),
        odd: layer.odd.clone(),
    };
    for path in layer.files() {
        let shown = path.to_string();
        if let Some((release, true)) = of_tree(path) {
            laid.modules.push((release, path.clone()));
        } else if let Some(release) = image_release(&shown) {
            laid.images.insert(release.to_owned());
        } else if shown.starts_with("usr/src/") && shown.ends_with("/dkms.conf") {
            laid.sources.extend(dkms::source(looking, path));
        }
    }
    laid
}

/// The release of the image at this path.
fn image_release(path: &str) -> Option<&str> {
    let stems = ["boot/vmlinuz-", "boot/vmlinux-", "boot/Image-"];
    stems.iter().find_map(|stem| path.strip_prefix(stem)).or_else(|| {
        let path = path.strip_prefix("usr/").unwrap_or(path);
        path.strip_prefix("lib/modules/")?.strip_suffix("/vmlinuz").filter(|r| !r.contains('/'))
    })
}

impl Laid {
    /// Its modules by name, with the kernels they are for.
    pub(crate) fn names(&self) -> BTreeMap<String, BTreeSet<&str>> {
        let mut names: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for (release, path) in &self.modules {
            names.entry(name::of_path(&path.to_string())).or_default().insert(release);
        }
        names
    }

    /// Kernels it brings modules for.
    pub(crate) fn releases(&self) -> BTreeSet<&str> {
        self.modules.iter().map(|(release, _)| release.as_str()).collect()
    }
}
