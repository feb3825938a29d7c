//! An initramfs as a machine of its own: what is in it, judged with the kernel that it is for.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use loadworthy_collect::gather::linux::initramfs::{Initramfs, facts_within};
use loadworthy_collect::gather::linux::tree;
use loadworthy_collect::item::HostPath;
use loadworthy_core::answer::{Answered, Note};
use loadworthy_core::checks::initramfs::{Copied, InitramfsCase, Needed};
use loadworthy_core::code::Bucket;
use loadworthy_core::codes::INSTALL_COMMAND_REPLACES_LOADING;
use loadworthy_core::fact::Fact;
use loadworthy_core::initramfs_claim::CopySignature;
use loadworthy_core::policy::linux::LinuxPolicy;
use loadworthy_core::proof::{Evidence, Gaps, Question, Why, gap, text};
use loadworthy_core::verdict::{Judgement, Verdict};
use loadworthy_formats::compress::Compression;
use loadworthy_formats::kernel::name;

use crate::advice;
use crate::host::{Host, OneKernel, known};
use crate::judging::{Asked, Wanted};
use crate::names::{Found, Names};

use super::copies::{self, Difference};

/// An initramfs as a machine of its own, with the kernel it is for.
pub(super) struct Inside<'a> {
    found: &'a Initramfs,
    path: &'a str,
    pub(super) host: Box<Host>,
    pub(super) kernel: OneKernel,
    names: Names,
}

impl<'a> Inside<'a> {
    /// `host` is what is in it, where it was opened before.
    pub(super) fn of(
        asked: &Asked<'_>,
        found: &'a Initramfs,
        path: &'a str,
        host: Option<Box<Host>>,
    ) -> Self {
        let open = || Box::new(asked.host.within(path, Box::new(found.view.clone())));
        let host = host.unwrap_or_else(open);
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
        Self { found, path, host, kernel, names }
    }

    pub(super) fn judged(
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
    pub(super) fn whole(&self) -> InitramfsCase {
        let mut case = InitramfsCase::of(Fact::seen(true, self.evidence("is there".into())));
        let damage = self.found.damage.as_deref().map(text);
        let said = damage.as_deref().map_or("read to its end".to_owned(), str::to_owned);
        case.damage = match self.sealed() {
            Some(gaps) if damage.is_none() => Fact::unknown(gaps),
            _ => Fact::seen(damage, self.evidence(said)),
        };
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

    /// What is not known because a file system inside it could not be read.
    fn sealed(&self) -> Option<Gaps> {
        let sealed = self.found.sealed.as_deref()?;
        Some(gap(Question::InnerFileSystem, Why::NotRead(text(self.path), text(sealed))))
    }

    /// A way of packing that the kernel was built without.
    fn not_unpacked(&self) -> Fact<Option<Arc<str>>> {
        let nothing = || Fact::seen(None, self.evidence("how it is packed".into()));
        let packed = self.found.packed.iter();
        let outer = packed.map(|by| (option(*by).to_owned(), by.name().to_owned()));
        let inner =
            self.found.squashed.iter().map(|by| {
                (format!("SQUASHFS_{by}"), format!("squashfs with {}", by.to_lowercase()))
            });
        let all: Vec<(String, String)> = outer.chain(inner).collect();
        if all.is_empty() {
            return nothing();
        }
        let asked = self.kernel.facts.config.fact(|config| {
            // A configuration that says nothing of it is a part of one.
            let tells = |option: &str| match option.starts_with("SQUASHFS") {
                true => config.is_enabled("SQUASHFS"),
                false => config.is_yes("BLK_DEV_INITRD"),
            };
            let told = || all.iter().filter(|(option, _)| tells(option));
            let lacking = told().find(|(option, _)| !config.is_yes(option));
            let said = told().map(|(option, _)| {
                let set = if config.is_yes(option) { "=y" } else { " is not set" };
                format!("CONFIG_{option}{set}")
            });
            (lacking.map(|(_, name)| text(name.as_str())), said.collect::<Vec<_>>().join(", "))
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
    pub(super) fn kept(&self, roots: &BTreeSet<String>, all: &BTreeSet<String>) -> bool {
        let paths: Vec<HostPath> = self.copies(roots, all).into_iter().map(|(_, at)| at).collect();
        let mut closure = self.names.closure(&paths).into_iter();
        closure.all(|path| self.found.keeps(&name::of_path(&path.to_string())))
    }

    pub(super) fn case(
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
        let differ = copies::differing(&self.host, asked, &copies);
        let cut = self.found.damage.is_some() || known(&case.others).flatten().is_some();
        for root in roots.iter().filter(|_| !cut) {
            let path = one(&self.names, root);
            let said = path.as_ref().map_or(String::new(), ToString::to_string);
            let evidence = self.evidence(if said.is_empty() { format!("no {root}") } else { said });
            let shown = path.as_ref().map(|path| format!("{}: {path}", self.path));
            let verdict = judged.iter().find(|a| a.subject.path.as_deref() == shown.as_deref());
            case.needed.push(Needed {
                name: text(root.as_str()),
                inside: match self.sealed() {
                    Some(gaps) if path.is_none() => Fact::unknown(gaps),
                    _ => Fact::seen(path.is_some(), evidence),
                },
                loads: verdict
                    .map_or_else(|| Fact::unknown(Gaps::new()), |answer| copied(&answer.judgement)),
                unsigned: verdict.and_then(|answer| {
                    let differs = differ.iter().find(|differs| differs.name == *root)?;
                    unsigned(&answer.judgement, differs)
                }),
            });
        }
        notes.extend(differ.into_iter().map(Difference::note));
        // What is in there is loaded from there, whoever needs it.
        for (name, _) in &copies {
            if let Some(tree) = one(asked.names, name) {
                let inside = (&self.host.looking(), &self.found.paths);
                notes.extend(advice::firmware_inside(asked, &tree.to_string(), name, inside));
            }
        }
        case
    }
}

pub(super) fn one(names: &Names, wanted: &str) -> Option<HostPath> {
    match names.find(wanted) {
        Found::Files(paths) => paths.into_iter().next(),
        Found::None(_) => None,
    }
}

/// What becomes of a copy, by its verdict.
pub(super) fn copied(judgement: &Judgement) -> Fact<Copied> {
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

/// That a copy is refused for want of the signature that the file in the tree has.
fn unsigned(judgement: &Judgement, differs: &Difference) -> Option<Fact<CopySignature>> {
    let Verdict::Refused(code) = &judgement.verdict else { return None };
    let lacks = code.bucket() == Bucket::NeverSigned;
    let signature = differs.same_build.filter(|how| lacks && *how != CopySignature::Another)?;
    Some(Fact::because(signature, differs.because.clone()))
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
