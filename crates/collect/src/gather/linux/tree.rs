//! A kernel's module tree: its indexes, and every module in it.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use loadworthy_core::fact::{Fact, Source};
use loadworthy_core::proof::{Gaps, Question, Why, counted, gap, text};
use loadworthy_formats::error::{Error, Parsed};
use loadworthy_formats::kernel::modules_alias::{self, Aliases};
use loadworthy_formats::kernel::modules_builtin::{self, Builtin};
use loadworthy_formats::kernel::modules_dep::{self, ModulesDep};
use loadworthy_formats::kernel::modules_softdep::{self, SoftDependency};
use loadworthy_formats::kernel::name::{self, is_module};
use loadworthy_formats::limits::Limits;

use crate::gather::looking::{Looking, Read, why};
use crate::item::{HostPath, Item};
use crate::sighting::{Kind, Metadata, Outcome};

/// Folders inside one another that are walked. Real trees are nine deep.
const DEPTH: usize = 64;

/// The tree of one kernel.
#[derive(Clone, Debug)]
pub struct Tree {
    /// Its folder, or why none was found.
    pub base: Result<HostPath, Why>,
    /// `modules.dep`.
    pub dependencies: Source<Arc<ModulesDep>>,
    /// `modules.alias`.
    pub aliases: Arc<AliasIndex>,
    /// `modules.softdep`.
    pub soft_dependencies: Source<Arc<Vec<SoftDependency>>>,
    /// `modules.builtin`.
    pub builtin: Source<Arc<Builtin>>,
    names: Fact<Arc<BTreeSet<Arc<str>>>>,
    walked: OnceLock<Arc<Walk>>,
    indexed: bool,
}

/// `modules.alias`, which is made sense of when somebody asks for a device: names need none of its tens
/// of thousands of lines.
#[derive(Debug, Default)]
pub struct AliasIndex {
    bytes: Vec<u8>,
    limits: Limits,
    read: OnceLock<Aliases>,
}

impl AliasIndex {
    /// The aliases; none where there is no such index, or it is larger than is read.
    #[must_use]
    pub fn all(&self) -> &Aliases {
        let read = || modules_alias::read(&self.bytes, &self.limits).map(|parsed| parsed.value);
        self.read.get_or_init(|| read().unwrap_or_default())
    }
}

/// A module of a tree, not read yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TreeModule {
    /// Bytes of the file as stored.
    pub size: u64,
    /// Where it is.
    pub path: HostPath,
}

/// Every module of a tree.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    /// The modules, largest first, so that two workers end at the same time.
    pub modules: Vec<TreeModule>,
    /// What could not be looked into.
    pub gaps: Gaps,
}

/// Reads the indexes of `release`: below `lib/modules`, or below `usr/lib/modules` where the link
/// between the two is missing, as in an unpacked package.
#[must_use]
pub fn gather(looking: &Looking<'_>, release: &str) -> Tree {
    let mut base = Err(Why::Missing(text(format!("lib/modules/{release}"))));
    for at in ["lib/modules", "usr/lib/modules"] {
        let folder = HostPath::new(at).join(release);
        match looking.names(&Item::Entries(folder.clone())) {
            Ok(_) => base = Ok(folder),
            Err(Outcome::Absent | Outcome::OutOfReach) => continue,
            Err(outcome) => base = Err(why(&folder.to_string(), &outcome)),
        }
        break;
    }
    let mut tree = Tree {
        base,
        dependencies: Source::unknown(Gaps::new()),
        aliases: Arc::default(),
        soft_dependencies: Source::unknown(Gaps::new()),
        builtin: Source::unknown(Gaps::new()),
        names: Fact::unknown(Gaps::new()),
        walked: OnceLock::new(),
        indexed: false,
    };
    let (limits, question) = (looking.limits, Question::ModuleIndex);
    let dependencies = tree.index(looking, "modules.dep", |b| modules_dep::read(b, limits));
    tree.names = match &dependencies {
        Ok(read) => {
            let paths = read.value.entries.iter().map(|entry| text(name::of_path(&entry.path)));
            let names: BTreeSet<_> = paths.collect();
            let said = counted(names.len(), "module", "modules");
            Fact::seen(Arc::new(names), looking.evidence(&read.item, said))
        }
        // No index: the files themselves say what is there.
        Err(_) => match &tree.base {
            Ok(base) => walked_names(looking, base, &tree.walk(looking)),
            Err(why) => Fact::unknown(gap(question, why.clone())),
        },
    };
    tree.indexed = dependencies.is_ok();
    tree.dependencies = looking.source(question, dependencies);
    let aliases = tree.index(looking, "modules.alias", |b| Ok(Parsed::clean(b.to_vec())));
    let bytes = aliases.map(|read| read.value).unwrap_or_default();
    tree.aliases = Arc::new(AliasIndex { bytes, limits: *limits, read: OnceLock::new() });
    let soft = tree.index(looking, "modules.softdep", |b| modules_softdep::read(b, limits));
    tree.soft_dependencies = looking.source(question, soft);
    let builtin = tree.index(looking, "modules.builtin", |b| modules_builtin::read(b, limits));
    tree.builtin = looking.source(question, builtin);
    tree
}

fn walked_names(
    looking: &Looking<'_>,
    base: &HostPath,
    walk: &Walk,
) -> Fact<Arc<BTreeSet<Arc<str>>>> {
    // A link that leads to nothing can be no module; a folder that is shut may hold some.
    let shut: Gaps =
        walk.gaps.iter().filter(|gap| gap.question == Question::ModuleIndex).cloned().collect();
    if !shut.is_empty() {
        return Fact::unknown(shut);
    }
    let paths = walk.modules.iter();
    let names: BTreeSet<_> =
        paths.map(|module| text(name::of_path(&module.path.to_string()))).collect();
    let said = counted(names.len(), "module", "modules");
    Fact::seen(Arc::new(names), looking.evidence(&text(base.to_string()), said))
}

impl Tree {
    /// Whether `depmod` has been here.
    pub(super) fn is_indexed(&self) -> bool {
        self.indexed
    }

    /// Every module of the tree; it is walked when this is asked first.
    #[must_use]
    pub fn walk(&self, looking: &Looking<'_>) -> Arc<Walk> {
        let walked = || self.base.as_ref().map(|base| walk(looking, base)).unwrap_or_default();
        self.walked.get_or_init(|| Arc::new(walked())).clone()
    }

    /// Names of modules that can be loaded.
    #[must_use]
    pub fn names(&self) -> Fact<Arc<BTreeSet<Arc<str>>>> {
        self.names.clone()
    }

    /// What `read` makes of an index of the tree.
    pub(super) fn index<T>(
        &self,
        looking: &Looking<'_>,
        name: &str,
        read: impl Fn(&[u8]) -> Result<Parsed<T>, Error>,
    ) -> Result<Read<T>, Why> {
        let item = Item::File(self.base.as_ref().map_err(Clone::clone)?.join(name));
        looking.first(&[item], looking.limits.text_bytes, read)
    }

    /// What drivers inside the image answer to (`modules.builtin.modinfo`); nothing where that file
    /// is not there.
    #[must_use]
    pub fn built_in_aliases(&self, looking: &Looking<'_>) -> Aliases {
        let read = |bytes: &[u8]| modules_builtin::read_modinfo(bytes, looking.limits);
        let fields = self.index(looking, "modules.builtin.modinfo", read);
        fields.map(|fields| modules_builtin::aliases(&fields.value)).unwrap_or_default()
    }

    /// The file that a path of `modules.dep` stands for.
    ///
    /// # Errors
    /// Why there is no tree.
    pub fn file(&self, path: &str) -> Result<HostPath, Why> {
        let base = self.base.as_ref().map_err(Clone::clone)?;
        Ok(if path.starts_with('/') { HostPath::new(path) } else { base.join(path) })
    }
}

/// Every module below `base`: files, and links to files, that end in `.ko` or `.ko` and a
/// compression. Links to folders are not followed, and `build` and `source` are not part of the
/// tree (kmod `depmod.c`, `depmod_modules_search_dir`).
#[must_use]
fn walk(looking: &Looking<'_>, base: &HostPath) -> Walk {
    let mut found = Walk::default();
    let mut ahead = vec![(base.clone(), 0_usize)];
    while let Some((folder, depth)) = ahead.pop() {
        let names = match looking.names(&Item::Entries(folder.clone())) {
            Ok(names) => names,
            Err(outcome) => {
                let why = why(&folder.to_string(), &outcome);
                found.gaps.extend(gap(Question::ModuleIndex, why));
                continue;
            }
        };
        for entry in names {
            let path = folder.join(&entry.name);
            let item = Item::File(path.clone());
            let module = is_module(&entry.name);
            let kind = match entry.kind {
                Kind::Unknown => match looking.view.metadata(&Item::Entries(path.clone())) {
                    Ok(metadata) => metadata.kind,
                    Err(_) => Kind::Unknown,
                },
                kind => kind,
            };
            match kind {
                Kind::Folder if depth == 0 && matches!(&*entry.name, b"build" | b"source") => {}
                Kind::Folder if depth < DEPTH => ahead.push((path, depth + 1)),
                Kind::Folder => found.gaps.extend(gap(
                    Question::ModuleIndex,
                    Why::Broken(text(path.to_string()), text("too deep")),
                )),
                Kind::File | Kind::Link if module => match looking.view.metadata(&item) {
                    Ok(Metadata { kind: Kind::File, size, .. }) => {
                        found.modules.push(TreeModule { size, path });
                    }
                    Ok(_) => {}
                    Err(outcome) => {
                        let why = why(&path.to_string(), &outcome);
                        found.gaps.extend(gap(Question::ModuleBytes, why));
                    }
                },
                _ => {}
            }
        }
        if found.modules.len().max(ahead.len()) > looking.limits.items {
            let why = Why::Broken(text(base.to_string()), text("too many modules"));
            found.gaps.extend(gap(Question::ModuleIndex, why));
            break;
        }
    }
    found.modules.sort_unstable_by(|a, b| b.size.cmp(&a.size).then_with(|| a.path.cmp(&b.path)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::host::{Host, opened, value};

    #[test]
    fn modules_come_largest_first_and_only_those_of_the_tree() {
        let host = Host::new()
            .with("lib/modules/1/kernel/a.ko", "1")
            .with("lib/modules/1/kernel/b.ko.xz", "333")
            .with("lib/modules/1/kernel/notes.txt", "")
            .with("lib/modules/1/updates/c.ko.zst", "22")
            .with("lib/modules/1/build/d.ko", "4444")
            .with("lib/modules/1/weak/source/e.ko.gz", "55555")
            .with("lib/modules/1/kernel/priv.ko.key", "secret")
            .with("other/f.ko", "666666")
            .with_link("lib/modules/1/extra/f.ko", "/other/f.ko")
            .with_link("lib/modules/1/loop", "../1")
            .with_link("lib/modules/1/gone.ko", "nowhere");
        let base = HostPath::new("lib/modules/1");
        let walk = walk(&host.looking(), &base);
        let names: Vec<_> = walk.modules.iter().map(|m| (m.path.to_string(), m.size)).collect();
        let module = |path: &str, size| (format!("lib/modules/1/{path}"), size);
        assert_eq!(
            names,
            [
                module("extra/f.ko", 6),
                module("weak/source/e.ko.gz", 5),
                module("kernel/b.ko.xz", 3),
                module("updates/c.ko.zst", 2),
                module("kernel/a.ko", 1),
            ]
        );
        // The link that leads to nothing is told.
        assert_eq!(walk.gaps.len(), 1);
    }

    #[test]
    fn names_come_from_the_index_or_from_the_files() {
        let host = Host::new()
            .with("usr/lib/modules/1/kernel/a-b.ko.xz", "")
            .with("usr/lib/modules/1/kernel/c.ko", "");
        let names = |host: &Host| {
            let names = value(&gather(&host.looking(), "1").names());
            names.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(names(&host), ["a_b", "c"]);
        let host = host.with("usr/lib/modules/1/modules.dep", "kernel/c.ko: kernel/a-b.ko.xz\n");
        assert_eq!(names(&host), ["c"]);
        let tree = gather(&host.looking(), "1");
        assert_eq!(tree.file("kernel/c.ko"), Ok(HostPath::new("usr/lib/modules/1/kernel/c.ko")));
        assert_eq!(tree.file("/opt/d.ko"), Ok(HostPath::new("opt/d.ko")));
        let none = gather(&host.looking(), "2");
        assert_eq!(opened(&none.names()), Err(Why::Missing(text("lib/modules/2"))));
    }
}
