//! The initramfs: whether it brings what the root file system needs, and whether that loads.
//!
//! What is in it is judged as a machine of its own, with the kernel and the keys of the one that it
//! is for, by the same engine.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use loadworthy_collect::gather::linux::initramfs::{self, Initramfs, Place, facts_within};
use loadworthy_collect::gather::linux::module::{self, Scratch};
use loadworthy_collect::gather::linux::tree;
use loadworthy_collect::gather::looking::Looking;
use loadworthy_collect::item::HostPath;
use loadworthy_core::answer::{Answered, Kind, Maker, Need, Note, Phase, Subject};
use loadworthy_core::checks::initramfs::{Copied, InitramfsCase, Needed, judge};
use loadworthy_core::codes::{INITRAMFS_COPY_DIFFERS, INSTALL_COMMAND_REPLACES_LOADING};
use loadworthy_core::fact::Fact;
use loadworthy_core::fact::step::Step;
use loadworthy_core::initramfs_claim::InitramfsClaim;
use loadworthy_core::policy::linux::LinuxPolicy;
use loadworthy_core::proof::{Claim, Evidence, Gaps, Question, Rule, gap, text};
use loadworthy_core::verdict::{Judgement, Verdict};
use loadworthy_formats::compress::Compression;
use loadworthy_formats::kernel::name;
use loadworthy_formats::manifest::Class;

use crate::advice;
use crate::host::{Host, OneKernel, known};
use crate::judging::{Asked, Wanted};
use crate::names::{Found, Names};
use crate::request::{Progress, Request, Trouble};
use loadworthy_collect::pool;

mod anew;
pub(crate) mod crash;

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
    let open = || match asked.host.take_ahead(release) {
        Some(found) => found,
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
                loadworthy_core::proof::Why::Missing(item) => item.clone(),
                _ => text(format!("boot/initrd.img-{release}")),
            };
            let there = Fact::absent(false, evidence(&item, ""));
            let case = InitramfsCase::of(there);
            return Some(mended(asked, roots, &item, None, &case));
        }
        Place::Files(files) => {
            let last = files.last().map(ToString::to_string).unwrap_or_default();
            (last, open())
        }
        Place::Within(image) => (format!("{image}: .initrd"), open()),
    };
    let mut found = match found {
        Ok(found) => found,
        Err(why) => {
            let gaps = gap(Question::ImageBytes, why);
            let mut case = InitramfsCase::of(Fact::seen(true, evidence(&path, "is there")));
            case.damage = Fact::unknown(gaps);
            return Some(mended(asked, roots, &path, None, &case));
        }
    };
    let kept = Inside::of(asked, &found, &path).ok()?.kept(roots, all);
    if !kept {
        found = initramfs::open(&looking, &place, None).ok()?;
    }
    let case = Inside::of(asked, &found, &path).ok()?.case(asked, roots, all, notes);
    Some(mended(asked, roots, &path, found.maker, &case))
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

/// Unpacks the initramfs of a kernel, whose image is unpacked beside it; of its modules those alone
/// that `wanted` names.
pub(crate) fn ahead(host: &Host, release: &Arc<str>, wanted: BTreeSet<String>) {
    let place = place(host, release);
    if matches!(place, Place::Files(_) | Place::Within(_)) {
        let found = initramfs::open(&host.looking(), &place, Some(Arc::new(wanted)));
        host.keep_ahead(release, found);
    }
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

/// An initramfs as a machine of its own, with the kernel it is for.
struct Inside<'a> {
    found: &'a Initramfs,
    path: &'a str,
    host: Host,
    kernel: OneKernel,
    names: Names,
}

impl<'a> Inside<'a> {
    fn of(asked: &Asked<'_>, found: &'a Initramfs, path: &'a str) -> Result<Self, Trouble> {
        let host = Host::over(Box::new(found.view.clone()))?;
        let of = asked.kernel;
        let (tree, facts) = {
            let looking = host.looking();
            let tree = tree::gather(&looking, &of.kernel.release);
            let facts = facts_within(&looking, &of.facts, &tree);
            (tree, facts)
        };
        let policy = LinuxPolicy::of(&facts, &of.firmware, &asked.host.tables);
        let firmware = of.firmware.clone();
        // An initramfs holds no kernel image.
        let types = match known(&policy.options.types_must_fit) {
            Some(true) => of.types(asked.host).clone().into(),
            Some(false) | None => OnceLock::new(),
        };
        let kernel = OneKernel { kernel: of.kernel.clone(), tree, facts, firmware, policy, types };
        let names = Names::of(&host.looking(), &kernel);
        Ok(Self { found, path, host, kernel, names })
    }

    fn judged(
        &self,
        asked: &Asked<'_>,
        paths: &[HostPath],
        notes: &mut Vec<Note>,
    ) -> Vec<Answered> {
        let inner = Asked {
            host: &self.host,
            kernel: &self.kernel,
            names: &self.names,
            request: asked.request,
            progress: asked.progress,
        };
        let wanted: Vec<Wanted> = paths
            .iter()
            .map(|path| Wanted { path: path.clone(), required_by: Vec::new() })
            .collect();
        let mut judged = inner.judge_tree(&wanted, &self.names.closure(paths), notes);
        for answer in &mut judged {
            let path = answer.subject.path.take();
            answer.subject.path = path.map(|below| text(format!("{}: {below}", self.path)));
            // What helps is a new initramfs, not a change of the copy in it.
            answer.tried.clear();
        }
        judged
    }

    fn evidence(&self, said: String) -> Evidence {
        let origin = self.host.looking().view.origin();
        Evidence { origin, item: text(self.path), said: text(said) }
    }

    /// What holds of the whole, without a look at its modules.
    fn whole(&self) -> InitramfsCase {
        let mut case = InitramfsCase::of(Fact::seen(true, self.evidence("is there".into())));
        let damage = self.found.damage.as_deref().map(text);
        let said = damage.as_deref().map_or("read to its end".to_owned(), str::to_owned);
        case.damage = Fact::seen(damage, self.evidence(said));
        case.not_unpacked = self.not_unpacked();
        let release = &self.kernel.kernel.release;
        let releases: Vec<&str> = self.found.releases.iter().map(String::as_str).collect();
        let foreign = !releases.is_empty() && !releases.contains(&&**release);
        let others = foreign.then(|| text(releases.join(", ")));
        let said = match releases.as_slice() {
            [] => "no modules".to_owned(),
            some => format!("modules for {}", some.join(", ")),
        };
        case.others = Fact::seen(others, self.evidence(said));
        case
    }

    /// A way of packing that the kernel was built without.
    fn not_unpacked(&self) -> Fact<Option<Arc<str>>> {
        let packed = &self.found.packed;
        let nothing = || Fact::seen(None, self.evidence("how it is packed".into()));
        if packed.is_empty() {
            return nothing();
        }
        let asked = self.kernel.facts.config.fact(|config| {
            // A configuration that says nothing of it is a part of one.
            if !config.is_yes("BLK_DEV_INITRD") {
                return (None, String::new());
            }
            let lacking = packed.iter().find(|packed| !config.is_yes(option(**packed)));
            let said = packed.iter().map(|packed| {
                let option = option(*packed);
                let set = if config.is_yes(option) { "=y" } else { " is not set" };
                format!("CONFIG_{option}{set}")
            });
            (lacking.map(|packed| text(packed.name())), said.collect::<Vec<_>>().join(", "))
        });
        // Where the configuration was not seen, what builders chose for the kernel is believed.
        if known(&asked).is_none() { nothing() } else { asked }
    }

    /// The copies of these modules.
    fn copies(&self, roots: &BTreeSet<String>, all: &BTreeSet<String>) -> Vec<(String, HostPath)> {
        let wanted = roots.union(all);
        wanted.filter_map(|wanted| Some((wanted.clone(), one(&self.names, wanted)?))).collect()
    }

    /// Whether the bytes of these modules, and of what they depend on in here, were kept.
    fn kept(&self, roots: &BTreeSet<String>, all: &BTreeSet<String>) -> bool {
        let paths: Vec<HostPath> = self.copies(roots, all).into_iter().map(|(_, at)| at).collect();
        let mut closure = self.names.closure(&paths).into_iter();
        closure.all(|path| self.found.keeps(&name::of_path(&path.to_string())))
    }

    fn case(
        &self,
        asked: &Asked<'_>,
        roots: &BTreeSet<String>,
        all: &BTreeSet<String>,
        notes: &mut Vec<Note>,
    ) -> InitramfsCase {
        let mut case = self.whole();
        let copies = self.copies(roots, all);
        let paths: Vec<HostPath> = copies.iter().map(|(_, path)| path.clone()).collect();
        let mut own = Vec::new();
        let judged = self.judged(asked, &paths, &mut own);
        notes.extend(own.into_iter().filter(|note| note.code.id == "LW1053"));
        let cut = self.found.damage.is_some() || known(&case.others).flatten().is_some();
        for root in roots.iter().filter(|_| !cut) {
            let path = one(&self.names, root);
            let said = path.as_ref().map_or(String::new(), ToString::to_string);
            let evidence = self.evidence(if said.is_empty() { format!("no {root}") } else { said });
            let shown = path.as_ref().map(|path| format!("{}: {path}", self.path));
            let verdict = judged.iter().find(|a| a.subject.path.as_deref() == shown.as_deref());
            case.needed.push(Needed {
                name: text(root.as_str()),
                inside: Fact::seen(path.is_some(), evidence),
                loads: verdict
                    .map_or_else(|| Fact::unknown(Gaps::new()), |answer| copied(&answer.judgement)),
            });
        }
        notes.extend(self.differing(asked, &copies));
        for root in roots {
            if let (Some(_), Found::Files(paths)) = (one(&self.names, root), asked.names.find(root))
            {
                let tree = paths.first().map(ToString::to_string).unwrap_or_default();
                notes.extend(advice::firmware_inside(asked, &tree, root, &self.found.paths));
            }
        }
        case
    }

    /// Copies that are not the file of the module tree.
    fn differing(&self, asked: &Asked<'_>, copies: &[(String, HostPath)]) -> Vec<Note> {
        static RULE: Rule =
            Rule { name: "initramfs/same-copy", source: "initramfs-tools(7), dracut(8)" };
        let mut scratch = Scratch::default();
        let mut notes = Vec::new();
        for (name, inside) in copies {
            let Found::Files(paths) = asked.names.find(name) else { continue };
            let Some(path) = paths.first() else { continue };
            let mine = self.host.digest(inside, &mut scratch);
            let theirs = asked.host.digest(path, &mut scratch);
            let mut step = Step::of(&RULE);
            let (Ok(mine), Ok(theirs)) =
                (step.consult(&mine).copied(), step.consult(&theirs).copied())
            else {
                continue;
            };
            if mine != theirs {
                let claim = Claim::Initramfs(InitramfsClaim::OtherCopy(text(name.as_str())));
                let because = step.concludes(claim);
                notes.push(Note::new(&INITRAMFS_COPY_DIFFERS, because));
            }
        }
        notes
    }
}

fn one(names: &Names, wanted: &str) -> Option<HostPath> {
    match names.find(wanted) {
        Found::Files(paths) => paths.into_iter().next(),
        Found::None(_) => None,
    }
}

/// What becomes of a copy, by its verdict.
fn copied(judgement: &Judgement) -> Fact<Copied> {
    let proof = judgement.reasons.first().map(|reason| reason.because.clone());
    let proof = proof.or_else(|| judgement.walk.last().map(|walked| walked.proof.clone()));
    match (&judgement.verdict, proof) {
        (Verdict::Unknown(gaps), _) => Fact::unknown(gaps.clone()),
        (_, None) => Fact::unknown(Gaps::new()),
        (Verdict::Refused(code), Some(proof)) if code.id == INSTALL_COMMAND_REPLACES_LOADING.id => {
            Fact::because(Copied::Blocked, proof)
        }
        (Verdict::Refused(_), Some(proof)) => {
            Fact::because(Copied::Refused(judgement.says.errno), proof)
        }
        (Verdict::Loads | Verdict::LoadsTainted, Some(proof)) => {
            Fact::because(Copied::Loads, proof)
        }
    }
}

/// The kernel's option that unpacks it (`usr/Kconfig`).
const fn option(packed: Compression) -> &'static str {
    match packed {
        Compression::Gzip => "RD_GZIP",
        Compression::Xz => "RD_XZ",
        Compression::Zstd => "RD_ZSTD",
        Compression::Lz4Legacy => "RD_LZ4",
        Compression::Lzma => "RD_LZMA",
        Compression::Bzip2 => "RD_BZIP2",
        Compression::Lzo => "RD_LZO",
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
            let inside = Inside::of(&asked, &found, path)?;
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
            notes.extend(inside.differing(&asked, &copies));
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
