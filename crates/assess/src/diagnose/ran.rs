//! Whose code was running: the images and packages that texts list, held against the files in hand.

use std::path::PathBuf;
use std::sync::Arc;

use loadworthy_collect::gather::windows::files::{At, Bytes, Files};
use loadworthy_collect::gather::windows::package::Package;
use loadworthy_core::codesigning::image;
use loadworthy_core::codesigning::signature::Signature;
use loadworthy_core::crypt::digest::DigestSet;
use loadworthy_core::diagnose::ran::{InHand, Mark, Ran, Same, Vouches};
use loadworthy_core::package::contents::base;
use loadworthy_core::package::plan::Plan;
use loadworthy_core::package::target::Target;
use loadworthy_core::tables::Tables;
use loadworthy_formats::evidence::windows::loaded::{Loaded, Served};
use loadworthy_formats::inf::decoration::Architecture;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::{header, version};

use crate::request::Trouble;
use crate::windows::tables;

/// So far the clock of a machine is from UTC at most, in seconds, and in steps of a quarter of an hour.
const ZONE: i64 = 14 * 3600;
const QUARTER: i64 = 900;
/// Sizes in memory are counted in pages.
const PAGE: u32 = 0x1000;

/// An image and the text that lists it.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    /// The text's name.
    pub(super) text: Arc<str>,
    /// What it says.
    pub(super) image: Loaded,
}

/// An image in hand, as far as texts tell images apart.
struct Held {
    file: usize,
    /// Names without endings count, too: the debugger calls modules so.
    names: Vec<String>,
    stamp: u32,
    size: u32,
    checksum: u32,
    version: Option<[u16; 4]>,
}

/// Each image and package that texts list, with the files that may be it.
///
/// # Errors
/// When a table is not in order.
pub(super) fn of(listed: &[Listed], files: &[PathBuf]) -> Result<Vec<Ran>, Trouble> {
    if listed.is_empty() {
        return Ok(Vec::new());
    }
    let tables = tables(&[])?;
    let hand = Hand::of(files, &tables);
    let mut all: Vec<Ran> = listed.iter().map(|one| hand.told(one)).collect();
    // What a crash is blamed on, and what there is something to say of, comes first.
    all.sort_by_key(|ran| (!ran.blamed, ran.files.is_empty()));
    all.dedup_by(|a, b| a.name == b.name && a.quote == b.quote);
    Ok(all)
}

/// The files in hand.
struct Hand<'t> {
    package: Package<'t>,
    images: Vec<Held>,
    tables: &'t Tables,
}

impl<'t> Hand<'t> {
    fn of(paths: &[PathBuf], tables: &'t Tables) -> Self {
        let limits = &Limits::DEFAULT;
        let mut all = Vec::new();
        for path in paths {
            let shown = path.display().to_string();
            let at = At { path: shown.clone(), bytes: Bytes::Disk(path.clone()) };
            let inside = at.read(limits).ok().and_then(|bytes| Files::inside(&bytes, limits)?.ok());
            match inside {
                Some(inside) => all.extend(
                    inside
                        .all
                        .into_iter()
                        .map(|file| At { path: format!("{shown}/{}", file.path), ..file }),
                ),
                None => all.push(at),
            }
        }
        let files = Files::of(all, limits);
        let package = Package::open("", files, &tables.authorities, limits);
        let numbers = 0..package.files.all.len();
        let images = numbers.filter_map(|n| held(&package, n)).collect();
        Self { package, images, tables }
    }

    fn told(&self, listed: &Listed) -> Ran {
        let image = &listed.image;
        let mut ran = Ran {
            source: format!("{}:{}", listed.text, image.line.saturating_add(1)),
            quote: image.said.clone(),
            name: image.name.clone(),
            blamed: image.blamed,
            unloaded: image.unloaded,
            ..Ran::default()
        };
        match &image.package {
            Some(served) => {
                ran.name.clone_from(&served.inf);
                ran.device = Some(served.device.clone());
                ran.called_signed = served.is_signed;
                ran.manufacturer = Some(served.manufacturer.clone()).filter(|m| !m.is_empty());
                ran.files = self.serving(served);
            }
            None => ran.files = self.bearing(image),
        }
        ran.files.sort_by(|a, b| (a.same, &a.path).cmp(&(b.same, &b.path)));
        ran
    }

    /// Images of that name, and such as are it under another.
    fn bearing(&self, image: &Loaded) -> Vec<InHand> {
        let mut found = Vec::new();
        for held in &self.images {
            let (agrees, differs) = held.marks(image);
            let same = Same::of(&agrees, &differs);
            if held.names.contains(&image.name) || same == Same::Yes {
                let signatures = self.signatures(held.file);
                found.push(InHand {
                    path: self.path(held.file),
                    same,
                    agrees,
                    differs,
                    signatures,
                });
            }
        }
        found
    }

    /// The INF of that name or, where it was installed under a number, those with the device; and what
    /// they bring into the kernel.
    fn serving(&self, served: &Served) -> Vec<InHand> {
        let contents = &self.package.files.contents;
        let mut found: Vec<InHand> = Vec::new();
        for (n, described) in contents.infs.iter().enumerate() {
            let named = base(&described.path).eq_ignore_ascii_case(&served.inf);
            let plans = self.plans(n);
            let device = |plan: &Plan| {
                plan.devices.iter().any(|d| d.description.eq_ignore_ascii_case(&served.device))
            };
            let agrees: Vec<Mark> =
                plans.iter().any(device).then_some(Mark::Device).into_iter().collect();
            let numbered = served.inf.strip_prefix("oem").is_some_and(|rest| {
                rest.strip_suffix(".inf").is_some_and(|n| n.parse::<u32>().is_ok())
            });
            if !named && (agrees.is_empty() || !numbered) {
                continue;
            }
            let same = Same::of(&agrees, &[]);
            let mut brought: Vec<usize> =
                plans.iter().flat_map(|plan| self.package.kernel_files(plan)).collect();
            brought.sort_unstable();
            brought.dedup();
            for file in [described.file].into_iter().chain(brought) {
                let path = self.path(file);
                if !found.iter().any(|known| known.path == path) {
                    let (agrees, signatures) = (agrees.clone(), self.signatures(file));
                    found.push(InHand { path, same, agrees, differs: Vec::new(), signatures });
                }
            }
        }
        found
    }

    /// What an INF is for on any processor.
    fn plans(&self, n: usize) -> Vec<Plan> {
        let newest = self.tables.windows.all().iter().max_by_key(|v| v.build);
        let build = newest.map_or(0, |v| v.build);
        let on = |architecture| Target { architecture, version: (10, 0), build, server: false };
        let plan = |a| self.package.files.contents.plan(n, &on(a), &Limits::DEFAULT);
        Architecture::ALL.map(plan).into()
    }

    fn path(&self, file: usize) -> String {
        self.package.files.all.get(file).map_or_else(String::new, |at| at.path.clone())
    }

    /// Who signed a file: inside it, then in catalogs that list it.
    fn signatures(&self, file: usize) -> Vec<Vouches> {
        let limits = &Limits::DEFAULT;
        let bytes = self.package.files.bytes(file, limits).unwrap_or_default();
        let inside = header::read(&bytes, limits).ok().map(|read| {
            image::read(&read.value, DigestSet::default(), &self.tables.authorities, limits)
        });
        let inside = inside.iter().flat_map(|signed| &signed.signatures);
        let mut all: Vec<Vouches> = inside.map(|one| vouches(one, "embedded")).collect();
        for (path, catalog) in self.package.vouching(file) {
            all.extend(catalog.signatures.iter().map(|one| vouches(one, &path)));
        }
        all
    }
}

fn held(package: &Package<'_>, file: usize) -> Option<Held> {
    let limits = &Limits::DEFAULT;
    let bytes = package.files.bytes(file, limits).ok()?;
    let image = header::read(&bytes, limits).ok()?.value;
    let told = version::read(&image).unwrap_or_default();
    let own = base(&package.files.all.get(file)?.path).to_lowercase();
    let mut names = vec![own];
    names.extend(told.original_filename.map(|name| name.to_lowercase()));
    let stems = names.iter().filter_map(|name| Some(name.rsplit_once('.')?.0.to_owned()));
    // Modules are called as C names things.
    let modules = stems.flat_map(|stem| [stem.replace(['-', '.', ' '], "_"), stem]);
    let modules: Vec<String> = modules.collect();
    names.extend(modules);
    Some(Held {
        file,
        names,
        stamp: image.stamp,
        size: image.image_size,
        checksum: image.checksum,
        version: told.file,
    })
}

impl Held {
    /// What agrees with what a text says, and what does not.
    fn marks(&self, image: &Loaded) -> (Vec<Mark>, Vec<Mark>) {
        let pages = |bytes: u32| bytes.div_ceil(PAGE);
        let linked = |written: &i64| {
            let apart = written.saturating_sub(self.stamp.into());
            apart.abs() <= ZONE && apart % QUARTER == 0
        };
        let compared = [
            (Mark::Stamp, image.stamp.map(|stamp| stamp == self.stamp)),
            (Mark::Size, image.size.map(|size| pages(size) == pages(self.size))),
            (Mark::Checksum, image.checksum.map(|sum| sum == self.checksum)),
            (Mark::Version, image.version.and_then(|v| Some(self.version? == v))),
            (Mark::Linked, image.linked.first().map(|_| image.linked.iter().any(linked))),
        ];
        let of = |wanted: bool| {
            let fits = compared.iter().filter(|(_, said)| *said == Some(wanted));
            fits.map(|(mark, _)| *mark).collect()
        };
        (of(true), of(false))
    }
}

fn vouches(signature: &Signature, place: &str) -> Vouches {
    Vouches {
        publisher: signature.signer_name.to_string(),
        program: signature.opus.program.clone().filter(|program| !program.is_empty()),
        class: signature.class.name(),
        place: place.to_owned(),
        holds: signature.verifies,
    }
}
