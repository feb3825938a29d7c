//! A made-up machine in a folder, and a way to open the facts about it.

use std::path::PathBuf;
use std::sync::LazyLock;

use loadworthy_core::fact::Fact;
use loadworthy_core::fact::step::Step;
use loadworthy_core::proof::{Gap, Node, Rule, Why};
use loadworthy_formats::limits::Limits;

use super::looking::Looking;
use crate::views::root::Root;

static LIMITS: LazyLock<Limits> = LazyLock::new(Limits::default);

pub(super) struct Host {
    folder: tempfile::TempDir,
    root: Root,
}

impl Host {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Root::open(folder.path()).unwrap();
        Self { folder, root }
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    pub(super) fn with(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.path(path), bytes).unwrap();
        self
    }

    pub(super) fn with_folder(self, path: &str) -> Self {
        std::fs::create_dir_all(self.path(path)).unwrap();
        self
    }

    pub(super) fn with_link(self, path: &str, target: &str) -> Self {
        std::os::unix::fs::symlink(target, self.path(path)).unwrap();
        self
    }

    pub(super) fn looking(&self) -> Looking<'_> {
        Looking::new(&self.root, &LIMITS)
    }
}

/// The value of a fact and the item it rests on, or the first reason why there is none.
pub(super) fn opened<T: Clone>(fact: &Fact<T>) -> Result<(T, String), Why> {
    static RULE: Rule = Rule { name: "test/open", source: "this test" };
    let item = match fact.proof().node() {
        Node::Seen(evidence) => format!("seen {}", evidence.item),
        Node::Absent(evidence) => format!("absent {}", evidence.item),
        _ => String::new(),
    };
    match Step::of(&RULE).consult(fact) {
        Ok(value) => Ok((value.clone(), item)),
        Err(gaps) => Err(gaps.into_iter().map(|Gap { why, .. }| why).next().unwrap()),
    }
}

/// The value of a fact that must be known.
pub(super) fn value<T: Clone>(fact: &Fact<T>) -> T {
    opened(fact).unwrap_or_else(|why| panic!("not known: {why:?}")).0
}
