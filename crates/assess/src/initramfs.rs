//! The initramfs: whether it brings what the root file system needs, and whether that loads.
//!
//! What is in it is judged as a machine of its own, with the kernel and the keys of the one that it
//! is for, by the same engine.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use loadworthy_collect::gather::linux::initramfs::{self, Initramfs, Place};
use loadworthy_collect::gather::linux::module::{self, Scratch};
use loadworthy_collect::gather::linux::tree;
use loadworthy_collect::gather::looking::Looking;
use loadworthy_collect::item::HostPath;
use loadworthy_core::answer::{Answered, Kind, Maker, Need, Note, Phase, Subject};
use loadworthy_core::checks::initramfs::{InitramfsCase, judge};
use loadworthy_core::fact::Fact;
use loadworthy_core::proof::{Evidence, Question, Why, gap, text};
use loadworthy_core::verdict::{Judgement, Verdict};
use loadworthy_formats::kernel::name;
use loadworthy_formats::manifest::Class;

use crate::host::{Host, OneKernel, Unpacked};
use crate::judging::Asked;
use crate::names::Names;
use crate::request::{Progress, Request, Trouble};
use loadworthy_collect::pool;

mod copies;
mod inside;
mod anew;
pub(crate) mod crash;

use copies::Difference;
use inside::Inside;

/// Judges the initramfs of the kernel that is asked about; `roots` are the modules under the root
/// file system, `all` those that the host needs otherwise.
pub(crate) fn of_kernel(
    asked: &Asked<'_>,
    roots: &BTreeSet<String>,
    all: &BTreeSet<String>,
    notes: &mut Vec<Note>,
) -> Option<Answered> {
    let release = &asked.kernel.kernel.release;
    // It is made when the package that brings the kernel is installed.
    if asked.host.laid().iter().any(|laid| laid.images.contains(&**release)) {
        return None;
    }
    let looking = asked.host.looking();
    let place = place(asked.host, release);
    let mut host = None;
    let mut open = || match asked.host.take_initramfs(release) {
        Some(unpacked) => {
            host = unpacked.host;
            unpacked.found
        }
        None => initramfs::open(&looking, &place, None),
    };
    let evidence = |item: &str, said: &str| Evidence {
        origin: looking.view.origin(),
        item: text(item),
        said: text(said),
    };
    let (path, found) = match &place {
        Place::NotSeen => return None,
        Place::Missing(_) if roots.is_empty() => return None,
        Place::Missing(why) => {
            let item = match why {
                Why::Missing(item) => item.clone(),
                _ => text(format!("boot/initrd.img-{release}")),
            };
            let there = Fact::absent(false, evidence(&item, ""));
            let case = InitramfsCase::of(there);
            return Some(mended(asked, roots, &item, None, &case));
        }
        Place::Files(_) | Place::Within(_) => (called(&place), open()),
    };
    let found = match found {
        Ok(found) => found,
        Err(why) => {
            let gaps = gap(Question::ImageBytes, why);
            let mut case = InitramfsCase::of(Fact::seen(true, evidence(&path, "is there")));
            case.damage = Fact::unknown(gaps);
            return Some(mended(asked, roots, &path, None, &case));
        }
    };
    // What lies in a file system inside it is reached through modules, too; built-ins have no file.
    let mut roots = roots.clone();
    let openers = found.opened_by().iter().map(|name| (*name).to_owned());
    roots.extend(openers.filter(|name| inside::one(asked.names, name).is_some()));
    let whole;
    let mut inside = Inside::of(asked, &found, &path, host);
    if !inside.kept(&roots, all) {
        whole = initramfs::open(&looking, &place, None).ok()?;
        inside = Inside::of(asked, &whole, &path, None);
    }
    let case = inside.case(asked, &roots, all, notes);
    Some(mended(asked, &roots, &path, found.maker, &case))
}

/// The answer, with what would help where it is refused.
fn mended(
    asked: &Asked<'_>,
    roots: &BTreeSet<String>,
    path: &str,
    maker: Option<Maker>,
    case: &InitramfsCase,
) -> Answered {
    let mut answer = answered(path, None, judge(case), !roots.is_empty());
    if matches!(answer.judgement.verdict, Verdict::Refused(_)) {
        let maker = maker.or_else(|| initramfs::installed_maker(&asked.host.looking()));
        answer.tried.extend(anew::tried(asked, roots, path, maker, case));
    }
    answer
}

/// Where the initramfs of a kernel is: its entry says so, or it lies where they lie.
fn place(host: &Host, release: &str) -> Place {
    let entry = host.next_boot.entry_of(release);
    let named = entry.map(|entry| entry.initrds.as_slice()).unwrap_or_default();
    initramfs::locate(&host.looking(), release, named, entry.map(|entry| &*entry.kernel))
}

/// What an initramfs is called: by the last of its files.
fn called(place: &Place) -> String {
    match place {
        Place::Files(files) => files.last().map(ToString::to_string).unwrap_or_default(),
        Place::Within(image) => format!("{image}: .initrd"),
        Place::Missing(_) | Place::NotSeen => String::new(),
    }
}

/// Unpacks the initramfs of a kernel before it is asked for; of its modules those alone that `wanted`
/// names.
pub(crate) fn unpack(host: &Host, release: &str, wanted: BTreeSet<String>) -> Option<Unpacked> {
    let place = place(host, release);
    if !matches!(place, Place::Files(_) | Place::Within(_)) {
        return None;
    }
    let found = initramfs::open(&host.looking(), &place, Some(Arc::new(wanted)));
    let inside = |found: &Initramfs| host.within(&called(&place), Box::new(found.view.clone()));
    let host = found.as_ref().ok().map(inside).map(Box::new);
    Some(Unpacked { found, host })
}

/// Reads the modules of an initramfs until there is `enough` of it.
pub(crate) fn read_modules(unpacked: &Unpacked, release: &Arc<str>, enough: &AtomicBool) {
    let (Ok(found), Some(host)) = (&unpacked.found, &unpacked.host) else { return };
    let looking = host.looking();
    let tree = tree::gather(&looking, release);
    let walk = tree.walk(&looking);
    let modules = walk.modules.iter().map(|module| module.path.clone());
    let kept = modules.filter(|path| found.keeps(&name::of_path(&path.to_string())));
    host.read_ahead(&kept.collect::<Vec<_>>(), enough);
}

/// Looks at every module in the initramfs of a kernel, so that a view which keeps what it is asked has
/// them all.
pub(crate) fn look_through(host: &Host, kernel: &OneKernel, jobs: usize) {
    let (looking, release) = (host.looking(), &kernel.kernel.release);
    let Ok(found) = initramfs::open(&looking, &place(host, release), None) else { return };
    let inner = Looking::new(&*found.view, looking.limits);
    let tree = tree::gather(&inner, release);
    let paths: Vec<HostPath> =
        tree.walk(&inner).modules.iter().map(|module| module.path.clone()).collect();
    pool::each(&paths, jobs, &|_, _| {}, Scratch::default, |scratch, path| {
        drop(module::gather(&inner, path, scratch));
    });
}

fn answered(path: &str, sha256: Option<[u8; 32]>, judgement: Judgement, needed: bool) -> Answered {
    let name = path.trim_end_matches(": .initrd").rsplit('/').next().unwrap_or(path);
    let need = Need {
        class: Some(Class::Boot),
        blocks: needed,
        loses: if needed { vec!["file system at /".to_owned()] } else { Vec::new() },
        ..Need::default()
    };
    Answered {
        subject: Subject {
            kind: Kind::Initramfs,
            name: text(name),
            path: Some(text(path)),
            sha256,
            required_by: Vec::new(),
            need,
        },
        on: None,
        phase: Phase::Load,
        judgement,
        tried: Vec::new(),
        pending: None,
    }
}

/// Judges a file of the caller's: the image itself, and every module in it for the kernel it is for.
///
/// # Errors
/// When it cannot be read at all, or an assumption cannot be made.
pub(crate) fn of_argument(
    host: &Host,
    request: &Request,
    progress: Progress<'_>,
    path: &str,
    notes: &mut Vec<Note>,
) -> Result<Vec<Answered>, Trouble> {
    let limits = host.looking().limits;
    let found = initramfs::open_argument(Path::new(path), limits)
        .map_err(|e| Trouble::Open { path: path.to_owned(), problem: e.to_string() })?;
    let mut answers = Vec::new();
    for release in &found.releases {
        let which = crate::request::Which::Release(release.clone());
        for kernel in host.asked(&which)? {
            let kernel = host.kernel(kernel, request)?;
            let names = Names::of(&host.looking(), &kernel);
            let asked = Asked { host, kernel: &kernel, names: &names, request, progress };
            let inside = Inside::of(&asked, &found, path, None);
            if answers.is_empty() {
                answers.push(answered(path, None, judge(&inside.whole()), false));
            }
            let inner = inside.host.looking();
            let mut paths: Vec<HostPath> =
                inside.kernel.tree.walk(&inner).modules.iter().map(|m| m.path.clone()).collect();
            paths.sort();
            let copies: Vec<(String, HostPath)> =
                paths.iter().map(|p| (name::of_path(&p.to_string()), p.clone())).collect();
            let mut own = Vec::new();
            answers.extend(inside.judged(&asked, &paths, &mut own));
            notes.extend(own);
            let differ = copies::differing(&inside.host, &asked, &copies);
            notes.extend(differ.into_iter().map(Difference::note));
        }
    }
    if answers.is_empty() {
        let origin = loadworthy_core::proof::Origin::Argument;
        let evidence = |said: &str| Evidence { origin, item: text(path), said: text(said) };
        let mut case = InitramfsCase::of(Fact::seen(true, evidence("is there")));
        let damage = found.damage.as_deref().map(text);
        let said = damage.as_deref().map_or("no modules in it".to_owned(), str::to_owned);
        case.damage = Fact::seen(damage, evidence(&said));
        answers.push(answered(path, None, judge(&case), false));
    }
    Ok(answers)
}

/// Whether this argument is an initramfs.
pub(crate) fn is_one(argument: &str) -> bool {
    initramfs::is_one(Path::new(argument), &loadworthy_formats::limits::Limits::DEFAULT)
}
