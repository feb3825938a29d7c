//! One machine with some things as they are on another.

use std::sync::Arc;

use loadworthy_core::proof::Origin;
use loadworthy_formats::bundle::archive::Archive;
use loadworthy_formats::error::Error;

use crate::item::Item;
use crate::sighting::{Metadata, Outcome, Sketched};
use crate::view::View;

/// Where an item is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// On the machine itself.
    Here,
    /// On the other one.
    There,
    /// Nowhere: it speaks about a machine that neither is.
    Nowhere,
}

/// The view.
pub struct Split {
    here: Arc<dyn View>,
    there: Arc<dyn View>,
    at: fn(&[u8]) -> At,
}

impl std::fmt::Debug for Split {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Split").field("origin", &self.here.origin()).finish_non_exhaustive()
    }
}

impl Split {
    /// `here`, with the paths for which `at` says so looked at in `there`.
    #[must_use]
    pub fn new(here: Arc<dyn View>, there: Arc<dyn View>, at: fn(&[u8]) -> At) -> Self {
        Self { here, there, at }
    }

    /// `view` alone.
    #[must_use]
    pub fn of(view: Arc<dyn View>) -> Self {
        Self::new(view.clone(), view, |_| At::Here)
    }

    /// `view` without its trust side ([`trust_side`]): that is not known.
    #[must_use]
    pub fn apart(view: Arc<dyn View>) -> Self {
        Self::new(view.clone(), view, |path| match trust_side(path) {
            At::Here => At::Here,
            At::There | At::Nowhere => At::Nowhere,
        })
    }

    fn of_item(&self, item: &Item) -> Option<&dyn View> {
        match item.path().map_or(At::Here, |path| (self.at)(path.as_bytes())) {
            At::Here => Some(&*self.here),
            At::There => Some(&*self.there),
            At::Nowhere => None,
        }
    }
}

impl View for Split {
    fn origin(&self) -> Origin {
        self.here.origin()
    }

    fn source(&self) -> Origin {
        self.here.source()
    }

    fn sketched(&self, item: &Item) -> Option<Result<Sketched, Error>> {
        self.of_item(item)?.sketched(item)
    }

    fn trouble(&self) -> Option<String> {
        self.here.trouble().or_else(|| self.there.trouble())
    }

    fn archive(&self, place: &str) -> Option<(Archive, Arc<dyn View>)> {
        self.here.archive(place)
    }

    fn keeping(
        &self,
        place: &str,
        archive: &dyn Fn() -> Archive,
        inside: &Arc<dyn View>,
    ) -> Option<Arc<dyn View>> {
        self.here.keeping(place, archive, inside)
    }

    fn look_into(&self, item: &Item, limit: usize, buffer: &mut Vec<u8>) -> Outcome {
        buffer.clear();
        let Some(view) = self.of_item(item) else { return Outcome::OutOfReach };
        let outcome = view.look_into(item, limit, buffer);
        // A running machine whose firmware shows nothing hides it; here that must be said.
        let hidden = matches!(&outcome, Outcome::Entries(names) if names.is_empty())
            && view.origin() == Origin::Live
            && self.origin() != Origin::Live
            && item.path().is_some_and(|path| path.as_bytes().starts_with(b"sys/firmware"));
        if hidden { Outcome::OutOfReach } else { outcome }
    }

    fn metadata(&self, item: &Item) -> Result<Metadata, Outcome> {
        self.of_item(item).ok_or(Outcome::OutOfReach)?.metadata(item)
    }
}

/// The trust side of a machine: what its firmware, its command line and its running kernel demand.
/// What would bind that to another kernel, or to another command line, is looked at nowhere.
#[must_use]
pub fn trust_side(path: &[u8]) -> At {
    let starts = |with: &[&str]| with.iter().any(|start| path.starts_with(start.as_bytes()));
    match () {
        () if starts(&[
            "sys/firmware",
            "sys/kernel/security",
            "sys/module/module/parameters/sig_enforce",
            "proc/cmdline",
            "proc/keys",
            "proc/sys/kernel/modules_disabled",
            "proc/sys/kernel/loadpin",
            "etc/ima",
        ]) =>
        {
            At::There
        }
        () if starts(&[
            "proc/version",
            "proc/sys/kernel/osrelease",
            "proc/config.gz",
            "boot/grub",
            "boot/loader",
            "boot/efi/loader",
            "efi/loader",
        ]) =>
        {
            At::Nowhere
        }
        () => At::Here,
    }
}
