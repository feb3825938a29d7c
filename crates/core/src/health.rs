//! Whether everything is up that the manifest names, and as it was before.
//!
//! This is no verdict about loading: it says what a machine shows of itself after a reboot or a
//! recovery. What is compared with an earlier time is what a kernel or its drivers can lose:
//! devices, file systems, links. What the owner switched off himself is told just the same, since
//! nobody can tell the difference.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use loadworthy_formats::manifest::{Accept, Manifest};

use crate::answer::Accepted;
use crate::code::Code;
use crate::codes;
use crate::facts::health::Vitals;
use crate::proof::text;
use crate::tables::hardware::Hardware;

mod shown;
mod named;
mod before;

/// Which sort of thing is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// A module.
    Module,
    /// A device.
    Device,
    /// A disk that several paths lead to.
    Multipath,
    /// A file system.
    Mount,
    /// A unit of systemd.
    Unit,
    /// A network interface.
    Interface,
    /// A bond's members.
    Bond,
    /// The speed of a network link.
    LinkSpeed,
    /// Width and speed of a PCIe link.
    PcieLink,
}

impl Sort {
    /// The word in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Device => "device",
            Self::Multipath => "multipath",
            Self::Mount => "mount",
            Self::Unit => "unit",
            Self::Interface => "interface",
            Self::Bond => "bond",
            Self::LinkSpeed => "link-speed",
            Self::PcieLink => "pcie-link",
        }
    }

    /// What is told where it is not up.
    #[must_use]
    pub const fn code(self) -> &'static Code {
        match self {
            Self::Module => &codes::DRIVER_NOT_LOADED,
            Self::Device => &codes::DEVICE_NOT_DRIVEN,
            Self::Multipath => &codes::PATHS_MISSING,
            Self::Mount => &codes::FILE_SYSTEM_NOT_MOUNTED,
            Self::Unit => &codes::UNIT_NOT_ACTIVE,
            Self::Interface => &codes::INTERFACE_NOT_UP,
            Self::Bond => &codes::BOND_LACKS_MEMBERS,
            Self::LinkSpeed | Self::PcieLink => &codes::LINK_SLOWER_THAN_BEFORE,
        }
    }
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// As it should be.
    Up,
    /// Otherwise than before, and as good.
    Changed,
    /// It cannot be told.
    Unknown,
    /// It works, and less well than before.
    Worse,
    /// It is not there or does not work.
    Down,
}

impl State {
    /// All of them, the best first.
    pub const ALL: [Self; 5] = [Self::Up, Self::Changed, Self::Unknown, Self::Worse, Self::Down];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Changed => "changed",
            Self::Unknown => "unknown",
            Self::Worse => "worse",
            Self::Down => "down",
        }
    }
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Which sort of thing.
    pub sort: Sort,
    /// Its name.
    pub name: String,
    /// How it is.
    pub state: State,
    /// Why that is told.
    pub code: Option<&'static Code>,
    /// What it shows, in a few words; of what is not known: which item was not to be seen.
    pub said: String,
    /// What it showed before, where that is another thing.
    pub before: Option<String>,
    /// Who asks: `manifest`, or `before`.
    pub required_by: &'static str,
    /// It is told and decides nothing.
    pub optional: bool,
    /// A known exception of the owner's that covers it.
    pub accepted: Option<Accepted>,
}

impl Check {
    fn new(sort: Sort, name: impl Into<String>, state: State, said: impl Into<String>) -> Self {
        let code = match state {
            State::Up | State::Changed => None,
            State::Unknown => Some(&codes::EVIDENCE_MISSING),
            State::Worse | State::Down => Some(sort.code()),
        };
        Self {
            sort,
            name: name.into(),
            state,
            code,
            said: said.into(),
            before: None,
            required_by: "manifest",
            optional: false,
            accepted: None,
        }
    }

    fn unseen(sort: Sort, name: impl Into<String>, item: &str) -> Self {
        Self::new(sort, name, State::Unknown, format!("{item} was not to be seen"))
    }

    fn since(mut self, before: impl Into<String>) -> Self {
        self.before = Some(before.into());
        self.required_by = "before";
        self
    }

    /// Whether it counts for the exit code.
    #[must_use]
    pub const fn counts(&self) -> bool {
        !self.optional && self.accepted.is_none()
    }
}

/// Checks what the manifest names, and what was there `before`; in the order of [`Sort`].
#[must_use]
pub fn check(
    manifest: &Manifest,
    at: &str,
    now: &Vitals,
    before: Option<&Vitals>,
    table: &Hardware,
) -> Vec<Check> {
    let mut checks = named::checks(manifest, now, table);
    if let Some(before) = before {
        let own: BTreeSet<(Sort, String)> =
            checks.iter().map(|check| (check.sort, check.name.clone())).collect();
        // What the manifest names is told once, with what it was before.
        for more in before::checks(now, before, table) {
            let known = own.contains(&(more.sort, more.name.clone()));
            match checks.iter_mut().find(|c| known && c.sort == more.sort && c.name == more.name) {
                Some(own) if own.state >= more.state => own.before = more.before,
                Some(own) => {
                    *own = Check { required_by: own.required_by, optional: own.optional, ..more };
                }
                None => checks.push(more),
            }
        }
    }
    for check in &mut checks {
        check.accepted = accepted(&manifest.accept, at, check);
    }
    checks.sort_by(|a, b| (a.sort, &a.name).cmp(&(b.sort, &b.name)));
    checks
}

/// An exception of this code about a thing of this name that has not expired.
fn accepted(accept: &[Accept], at: &str, check: &Check) -> Option<Accepted> {
    let code = check.code?;
    let found = accept.iter().find(|accept| {
        accept.code == code.id && accept.subject == check.name && !accept.until.has_passed(at)
    })?;
    Some(Accepted {
        owner: text(found.owner.as_str()),
        reason: text(found.reason.as_str()),
        until: text(found.until.text.as_str()),
    })
}
