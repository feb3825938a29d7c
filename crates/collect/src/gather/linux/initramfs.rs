//! The initramfs of a kernel: where it is, and what is in it, as a machine of its own.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use loadworthy_core::answer::Maker;
use loadworthy_core::fact::Fact;
use loadworthy_core::facts::linux::LinuxFacts;
use loadworthy_core::proof::{Origin, Why, text};
use loadworthy_formats::boot::unified;
use loadworthy_formats::bundle::archive::Archive;
use loadworthy_formats::compress::streaming::stream;
use loadworthy_formats::compress::{Compression, sniff};
use loadworthy_formats::cpio::archive;
use loadworthy_formats::feed::Feed;
use loadworthy_formats::kernel::name::{self, is_module};
use loadworthy_formats::kernel::settings;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::header;

use super::boot;
use super::boot_loader::images;
use super::tree::Tree;
use crate::gather::looking::{Looking, why};
use crate::item::{HostPath, Item};
use crate::regular;
use crate::sighting::{Metadata, Outcome};
use crate::view::View;
use crate::views::layer::Layer;
use crate::views::layer::initramfs::SEALED;
use crate::views::overlay::Overlay;

/// Bytes that a file may have. Ubuntu's with firmware have 150 MB.
const LARGEST: usize = 160 << 20;

/// Where the initramfs of a kernel is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In these files, which the boot loader loads one behind another.
    Files(Vec<HostPath>),
    /// In a unified kernel image.
    Within(HostPath),
    /// Nowhere, although the place where it would be was seen.
    Missing(Why),
    /// That cannot be told.
    NotSeen,
}

/// Looks for the initramfs of `release`; `named` is what its boot-loader entry loads, and `kernel` the
/// image of that entry.
#[must_use]
pub fn locate(
    looking: &Looking<'_>,
    release: &str,
    named: &[Arc<str>],
    kernel: Option<&str>,
) -> Place {
    if !named.is_empty() {
        let mut files = Vec::new();
        for name in named {
            match images::locate(looking, name) {
                Ok(path) => files.push(path),
                Err(why @ Why::Missing(_)) => return Place::Missing(why),
                Err(_) => return Place::NotSeen,
            }
        }
        return Place::Files(files);
    }
    if let Some(path) = kernel.and_then(|kernel| images::locate(looking, kernel).ok())
        && part_of_image(looking, &path).is_some()
    {
        return Place::Within(path);
    }
    let mut first = None;
    for path in usual(looking, release) {
        match looking.view.metadata(&Item::file(&path)) {
            Ok(_) => return Place::Files(vec![HostPath::new(path)]),
            Err(Outcome::Absent) => {
                first.get_or_insert_with(|| why(&path, &Outcome::Absent));
            }
            Err(_) => {}
        }
    }
    first.map_or(Place::NotSeen, Place::Missing)
}

/// Where builders put it: initramfs-tools, dracut, SUSE's dracut, kernel-install, mkinitcpio, booster.
fn usual(looking: &Looking<'_>, release: &str) -> Vec<String> {
    let mut paths = vec![
        format!("boot/initrd.img-{release}"),
        format!("boot/initramfs-{release}.img"),
        format!("boot/initrd-{release}"),
        format!("boot/initrd-{release}.img"),
        format!("boot/initramfs-{release}"),
        format!("lib/modules/{release}/initrd"),
        format!("usr/lib/modules/{release}/initrd"),
    ];
    // Arch names its files by the package of the kernel, which the tree tells.
    for top in ["lib/modules", "usr/lib/modules"] {
        let base = Item::file(format!("{top}/{release}/pkgbase"));
        if let Ok(name) = looking.bytes(&base, 256) {
            let name = String::from_utf8_lossy(name.trim_ascii()).into_owned();
            paths.push(format!("boot/initramfs-{name}.img"));
            paths.push(format!("boot/booster-{name}.img"));
            break;
        }
    }
    paths
}

fn part_of_image(looking: &Looking<'_>, path: &HostPath) -> Option<Vec<u8>> {
    let bytes = looking.bytes(&Item::File(path.clone()), looking.limits.kernel_bytes).ok()?;
    let image = header::read(&bytes, looking.limits).ok()?;
    unified::initrd(&image.value).map(<[u8]>::to_vec)
}

/// An initramfs, taken apart.
pub struct Initramfs {
    /// What is in it, to be looked at like a machine.
    pub view: Arc<dyn View>,
    /// What it is packed with, each once.
    pub packed: Vec<Compression>,
    /// Why it cannot be read to its end.
    pub damage: Option<String>,
    /// The file system inside it that could not be read, and why.
    pub sealed: Option<String>,
    /// What a squashfs inside it is packed with, as `CONFIG_SQUASHFS_*` names it.
    pub squashed: Option<String>,
    /// The kernels that its modules are for.
    pub releases: BTreeSet<String>,
    /// Who made it, where that is known.
    pub maker: Option<Maker>,
    /// The kernel that its builder says it is for, where the paths do not tell.
    release: Option<String>,
    /// Every path in it.
    pub paths: BTreeSet<String>,
    /// Names of the modules whose bytes were kept; nothing: those of all.
    wanted: Option<Arc<BTreeSet<String>>>,
}

impl std::fmt::Debug for Initramfs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Initramfs").field("releases", &self.releases).finish_non_exhaustive()
    }
}

/// A place without anything, for what stands on its own.
#[derive(Debug)]
struct Nothing(Origin);

impl View for Nothing {
    fn origin(&self) -> Origin {
        self.0
    }

    fn look_into(&self, _item: &Item, _limit: usize, buffer: &mut Vec<u8>) -> Outcome {
        buffer.clear();
        Outcome::OutOfReach
    }

    fn metadata(&self, _item: &Item) -> Result<Metadata, Outcome> {
        Err(Outcome::OutOfReach)
    }
}

/// The initramfs at `place`; where some modules are `wanted`, the bytes of others are passed over.
///
/// # Errors
/// Why its bytes could not be had.
pub fn open(
    looking: &Looking<'_>,
    place: &Place,
    wanted: Option<Arc<BTreeSet<String>>>,
) -> Result<Initramfs, Why> {
    let called = match place {
        Place::Files(files) => files.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Place::Within(image) => format!("{image}: .initrd"),
        Place::Missing(_) | Place::NotSeen => String::new(),
    };
    // A bundle has what is known of it, and not its bytes.
    if let Some((known, view)) = looking.view.archive(&called) {
        return Ok(Initramfs::recorded(known, view));
    }
    let mut found = unpacked(looking, place, wanted)?;
    let known = || found.known();
    if let Some(kept) = looking.view.keeping(&called, &known, &found.view) {
        found.view = kept;
    }
    Ok(found)
}

fn unpacked(
    looking: &Looking<'_>,
    place: &Place,
    wanted: Option<Arc<BTreeSet<String>>>,
) -> Result<Initramfs, Why> {
    let mut bytes = Vec::new();
    match place {
        Place::Files(files) => {
            for path in files {
                let item = Item::File(path.clone());
                let room = LARGEST.saturating_sub(bytes.len());
                let found = looking.bytes(&item, room).map_err(|e| why(&path.to_string(), &e))?;
                if bytes.is_empty() {
                    bytes = found;
                } else {
                    bytes.extend(found);
                }
            }
        }
        Place::Within(path) => bytes = part_of_image(looking, path).unwrap_or_default(),
        Place::Missing(why) => return Err(why.clone()),
        Place::NotSeen => return Err(Why::OutOfReach(text("boot/initrd.img"))),
    }
    read(&mut &bytes[..], wanted, looking.view.origin(), looking.limits)
        .map_err(|e| Why::Broken(text("initramfs"), text(e.to_string())))
}

/// A file of the caller's.
///
/// # Errors
/// What the system says to it.
pub fn open_argument(path: &Path, limits: &Limits) -> std::io::Result<Initramfs> {
    read(&mut regular::open(path)?, None, Origin::Argument, limits)
}

fn read(
    source: &mut dyn Read,
    wanted: Option<Arc<BTreeSet<String>>>,
    origin: Origin,
    limits: &Limits,
) -> std::io::Result<Initramfs> {
    let keeps = |path: &[u8]| match &wanted {
        Some(wanted) if is_module(path) => {
            wanted.contains(&name::of_path(&String::from_utf8_lossy(path)))
        }
        _ => true,
    };
    let (layer, parts) = Layer::of_initramfs(source, &keeps, limits)?;
    // The part that could not be read to its end is the last one, and the last deviation says why;
    // bytes behind that are no archive stop the kernel, too.
    let cut = parts.value.last().is_none_or(|part| part.length == 0);
    let stops = |what: &str| matches!(what, "initramfs part" | "initramfs parts" | "cpio entry");
    let damage = parts.deviations.last().filter(|odd| cut || stops(odd.what));
    let mut packed: Vec<Compression> = parts.value.iter().filter_map(|p| p.compression).collect();
    packed.dedup();
    let paths: BTreeSet<String> = layer.files().map(ToString::to_string).collect();
    let (sealed, squashed) = (layer.sealed.clone(), layer.squashed.map(str::to_owned));
    let view = Overlay::new(Box::new(Nothing(origin)), vec![Arc::new(layer)]);
    let release = built_for(&view, limits);
    if let Some(release) = &release {
        view.lay(Arc::new(Layer::of_links(in_tree(&paths, release))));
    }
    Ok(Initramfs {
        damage: damage.map(ToString::to_string),
        sealed,
        squashed,
        packed,
        releases: releases(&paths).into_iter().chain(release.clone()).collect(),
        release,
        maker: maker(&paths),
        view: Arc::new(view),
        paths,
        wanted,
    })
}

/// What booster tells its first program: how it mounts the root, and the kernel that it is for.
const BOOSTER: &str = "etc/booster.init.yaml";

/// The kernel that booster made this for; its modules lie without a folder for it. The file may hold the
/// key of an SSH server, so it is read before a view keeps what it is asked. Source: booster,
/// `generator/config.init.go` (`Kernel`), `generator/kmod.go` (`imageModulesDir`).
fn built_for(view: &dyn View, limits: &Limits) -> Option<String> {
    let bytes = Looking::new(view, limits).bytes(&Item::file(BOOSTER), limits.text_bytes).ok()?;
    let lines = settings::read(&bytes, limits).ok()?.value;
    settings::last(&lines, "kernel:").filter(|release| !release.is_empty()).map(str::to_owned)
}

/// Booster's modules, where every other builder has them: in the tree of their kernel.
fn in_tree(paths: &BTreeSet<String>, release: &str) -> Vec<(HostPath, HostPath)> {
    let tree = HostPath::new("lib/modules").join(release);
    let flat = paths.iter().filter_map(|path| {
        let name = path.strip_prefix("usr/lib/modules/")?;
        let module = is_module(name.as_bytes()) && !name.contains('/');
        module.then(|| (tree.join(name), HostPath::new(path)))
    });
    flat.collect()
}

impl Initramfs {
    /// What a bundle keeps of it beside what is looked at inside.
    fn known(&self) -> Archive {
        Archive {
            packed: self.packed.iter().map(|packed| packed.name().to_owned()).collect(),
            damage: self.damage.clone(),
            sealed: self.sealed.clone(),
            squashed: self.squashed.clone(),
            release: self.release.clone(),
            paths: self.paths.iter().cloned().collect(),
        }
    }

    fn recorded(known: Archive, view: Arc<dyn View>) -> Self {
        let paths: BTreeSet<String> = known.paths.into_iter().collect();
        Self {
            view,
            packed: known.packed.iter().filter_map(|name| Compression::named(name)).collect(),
            damage: known.damage,
            sealed: known.sealed,
            squashed: known.squashed,
            releases: releases(&paths).into_iter().chain(known.release.clone()).collect(),
            release: known.release,
            maker: maker(&paths),
            paths,
            wanted: None,
        }
    }

    /// Modules that its first program loads to open the file system inside it, where there is one.
    #[must_use]
    pub fn opened_by(&self) -> &'static [&'static str] {
        match SEALED.iter().find(|path| self.paths.contains(**path)) {
            Some(&"erofs-root.img") => &["loop", "erofs", "overlay"],
            Some(_) => &["loop", "squashfs", "overlay"],
            None => &[],
        }
    }

    /// Whether the bytes of this module were kept.
    #[must_use]
    pub fn keeps(&self, module: &str) -> bool {
        self.wanted.as_ref().is_none_or(|wanted| wanted.contains(module))
    }
}

/// Who makes an initramfs on this machine, by the programs that are installed.
#[must_use]
pub fn installed_maker(looking: &Looking<'_>) -> Option<Maker> {
    let there = |path: &&str| looking.view.metadata(&Item::file(path)).is_ok();
    let all = [
        ("usr/sbin/update-initramfs", Maker::InitramfsTools),
        ("usr/bin/dracut", Maker::Dracut),
        ("usr/bin/mkinitcpio", Maker::Mkinitcpio),
        ("usr/bin/booster", Maker::Booster),
    ];
    all.into_iter().find(|(path, _)| there(path)).map(|(_, maker)| maker)
}

/// The kernels that modules at these paths are for.
fn releases(paths: &BTreeSet<String>) -> BTreeSet<String> {
    let releases = paths.iter().filter_map(|path| {
        let path = path.strip_prefix("usr/").unwrap_or(path);
        let (release, rest) = path.strip_prefix("lib/modules/")?.split_once('/')?;
        rest.contains(".ko").then(|| release.to_owned())
    });
    releases.collect()
}

fn maker(paths: &BTreeSet<String>) -> Option<Maker> {
    let has = |path: &str| paths.contains(path) || paths.contains(&format!("usr/{path}"));
    let below = |folder: &str| {
        paths.range(folder.to_owned()..).next().is_some_and(|path| path.starts_with(folder))
    };
    match () {
        () if below("usr/lib/dracut/") || below("lib/dracut/") => Some(Maker::Dracut),
        () if has("scripts/functions") || has("conf/initramfs.conf") => Some(Maker::InitramfsTools),
        () if has("buildconfig") && has("init_functions") => Some(Maker::Mkinitcpio),
        () if has(BOOSTER) => Some(Maker::Booster),
        () => None,
    }
}

/// Whether the file at `path` is an initramfs: an archive, or one inside a compressed stream.
#[must_use]
pub fn is_one(path: &Path, limits: &Limits) -> bool {
    let Ok(mut file) = regular::open(path) else { return false };
    let mut feed = Feed::new(&mut file);
    let Ok(start) = feed.peek(16) else { return false };
    if archive::begins(start) {
        return true;
    }
    let Some(packed) = sniff(start).filter(|packed| *packed != Compression::Lzo) else {
        return false;
    };
    let mut magic = [0; 6];
    let unpacked = stream(&mut feed, packed, limits);
    unpacked.is_ok_and(|mut unpacked| unpacked.read_exact(&mut magic).is_ok())
        && archive::begins(&magic)
}

/// What holds for a kernel while only its initramfs is there: modules and `modprobe` of that.
#[must_use]
pub fn facts_within(looking: &Looking<'_>, facts: &LinuxFacts, tree: &Tree) -> LinuxFacts {
    let item = text("sbin/modprobe");
    let found = ["sbin/modprobe", "usr/sbin/modprobe"]
        .iter()
        .any(|path| looking.view.metadata(&Item::file(path)).is_ok());
    let evidence = looking.evidence(&item, "in the initramfs");
    let modprobe = if found { Fact::seen(true, evidence) } else { Fact::absent(false, evidence) };
    LinuxFacts {
        modprobe,
        available: tree.names(),
        ima_policy: boot::no_ima_policy(),
        ..facts.clone()
    }
}
