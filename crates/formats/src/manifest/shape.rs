//! What a manifest holds, and how one file goes over another.

use std::sync::Arc;

use super::class::Class;
use crate::kernel::lockdown::Level;

/// A key as it was written, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The key.
    pub key: String,
    /// The value, as written; blanks and line ends are one blank.
    pub value: String,
    /// The file.
    pub file: Arc<str>,
    /// The number of the line, counted from one.
    pub number: usize,
}

/// One manifest, of one file or of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// `[profile]`
    pub profile: Profile,
    /// `[[require]]`
    pub require: Vec<Require>,
    /// `[rollback]`
    pub rollback: Rollback,
    /// `[[accept]]`
    pub accept: Vec<Accept>,
    /// `[health]`
    pub health: Health,
    /// `[gate]`
    pub gate: Gate,
}

/// What the host's policy should be; what is left out does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// What the profile is called.
    pub name: Option<String>,
    /// Whether Secure Boot should be on.
    pub secure_boot: Option<bool>,
    /// The lockdown level.
    pub lockdown: Option<Level>,
    /// SHA-256 of the machine owner's certificates (DER) that should be enrolled, in hexadecimal
    /// digits; perhaps only the first ones.
    pub enrolled: Option<Vec<String>>,
    /// The same of certificates of other environments: none of them should vouch for modules here.
    pub foreign: Option<Vec<String>>,
    /// What the firmware should deny.
    pub dbx: Option<Dbx>,
    /// As written.
    pub lines: Vec<Line>,
}

/// What dbx should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dbx {
    /// Not older than this day, `20230501`.
    Since(String),
    /// SHA-256 of its content, in hexadecimal digits; perhaps only the first ones.
    Digest(String),
}

/// One thing that must load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Require {
    /// What.
    pub what: What,
    /// What it is for; `None` where nothing is said.
    pub class: Option<Class>,
    /// Why, in the owner's words.
    pub why: Option<String>,
    /// Told, and decides nothing.
    pub optional: bool,
    /// As written.
    pub lines: Vec<Line>,
}

/// What must load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A module, by its name.
    Module(String),
    /// Whatever drives a device.
    Device(Device),
    /// One of these modules.
    AnyOf(Vec<String>),
}

/// A device, or a sort of devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Device {
    /// `pci:10df:f0f5`, `usb:0bda:8153`: bus, vendor and type.
    Id {
        /// `pci` or `usb`.
        bus: &'static str,
        /// The vendor's number.
        vendor: u16,
        /// The type's number.
        device: u16,
    },
    /// `class:storage`: every device of a class that is in use.
    Class(Class),
}

impl Device {
    /// Reads `pci:10df:f0f5`, `usb:0bda:8153` or `class:storage`.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        let (bus, rest) = text.split_once(':')?;
        if bus == "class" {
            return Class::named(rest).map(Self::Class);
        }
        let bus = ["pci", "usb"].into_iter().find(|known| *known == bus)?;
        let (vendor, device) = rest.split_once(':')?;
        let number = |digits: &str| {
            let hex = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
            u16::from_str_radix(digits, 16).ok().filter(|_| hex)
        };
        Some(Self::Id { bus, vendor: number(vendor)?, device: number(device)? })
    }
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id { bus, vendor, device } => write!(f, "{bus}:{vendor:04x}:{device:04x}"),
            Self::Class(class) => write!(f, "class:{}", class.name()),
        }
    }
}

/// The way back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollback {
    /// So many older kernels must be loadworthy too; `None` where nothing is said.
    pub kernels: Option<u32>,
    /// What the cluster is called that this machine is a node of.
    pub cluster: Option<String>,
    /// So many of its nodes may be rebooted at once.
    pub at_once: Option<u32>,
    /// As written.
    pub lines: Vec<Line>,
}

/// A known exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept {
    /// The code, `LW1002`.
    pub code: String,
    /// The subject's name.
    pub subject: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// How long it holds.
    pub until: Until,
    /// As written.
    pub lines: Vec<Line>,
}

/// The end of an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Until {
    /// As written: `2026-12-31`.
    pub text: String,
    /// The last moment it holds, as `2026-12-31T23:59:59Z`: such texts sort by time.
    pub last: String,
}

impl Until {
    /// Whether it has passed at `at`, a time such as `2026-11-21T00:00:00Z`.
    #[must_use]
    pub fn has_passed(&self, at: &str) -> bool {
        at > self.last.as_str()
    }
}

/// What must be up after a reboot or a recovery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Units of systemd that must be active.
    pub units: Vec<String>,
    /// Mount points.
    pub mounts: Vec<String>,
    /// So many active paths each multipath device must have.
    pub active_paths: Option<u32>,
    /// Network interfaces that must be up.
    pub interfaces: Vec<String>,
    /// As written.
    pub lines: Vec<Line>,
}

/// How the gate of a host behaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gate {
    /// How far it goes; `None` where nothing is said.
    pub enforce: Option<Enforce>,
    /// Days after which a kernel that is held back is a finding of its own.
    pub held_back_days: Option<u32>,
    /// Seconds that an override may last at most.
    pub longest_override: Option<u64>,
    /// The server that is asked before a reboot, `http://host:port`.
    pub fleet_lock: Option<String>,
    /// The group this host belongs to there.
    pub fleet_lock_group: Option<String>,
    /// Whether a boot on trial that is not healthy is followed by a reboot into the kernel before.
    pub reboot_after_failed_trial: Option<bool>,
    /// As written.
    pub lines: Vec<Line>,
}

/// How far a gate goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Enforce {
    /// It does not look.
    Off,
    /// It looks and tells, and changes nothing.
    Report,
    /// It keeps the host from starting a kernel that is not loadworthy.
    Gate,
    /// The same, and transactions of package managers fail.
    Transaction,
}

impl Enforce {
    /// The words, in their order.
    pub const WORDS: [&str; 4] = ["off", "report", "gate", "transaction"];

    /// Reads one of [`Self::WORDS`].
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "off" => Some(Self::Off),
            "report" => Some(Self::Report),
            "gate" => Some(Self::Gate),
            "transaction" => Some(Self::Transaction),
            _ => None,
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Report => "report",
            Self::Gate => "gate",
            Self::Transaction => "transaction",
        }
    }
}

impl Manifest {
    /// Lays `stronger` over this one: keys of single tables replace those of the same name, a
    /// requirement or an exception replaces one about the same thing, others are added.
    pub fn merge(&mut self, stronger: Self) {
        let Profile { name, secure_boot, lockdown, enrolled, foreign, dbx, lines } =
            stronger.profile;
        let own = &mut self.profile;
        replace(&mut own.name, name);
        replace(&mut own.secure_boot, secure_boot);
        replace(&mut own.lockdown, lockdown);
        replace(&mut own.enrolled, enrolled);
        replace(&mut own.foreign, foreign);
        replace(&mut own.dbx, dbx);
        replace_lines(&mut own.lines, lines);
        for new in stronger.require {
            match self.require.iter_mut().find(|old| old.what == new.what) {
                Some(old) => *old = new,
                None => self.require.push(new),
            }
        }
        replace(&mut self.rollback.kernels, stronger.rollback.kernels);
        replace(&mut self.rollback.cluster, stronger.rollback.cluster);
        replace(&mut self.rollback.at_once, stronger.rollback.at_once);
        replace_lines(&mut self.rollback.lines, stronger.rollback.lines);
        for new in stronger.accept {
            let same = |old: &&mut Accept| old.code == new.code && old.subject == new.subject;
            match self.accept.iter_mut().find(same) {
                Some(old) => *old = new,
                None => self.accept.push(new),
            }
        }
        let Health { units, mounts, active_paths, interfaces, lines } = stronger.health;
        let own = &mut self.health;
        let given = |key: &str| lines.iter().any(|line| line.key == key);
        if given("units") {
            own.units = units;
        }
        if given("mounts") {
            own.mounts = mounts;
        }
        if given("interfaces") {
            own.interfaces = interfaces;
        }
        replace(&mut own.active_paths, active_paths);
        replace_lines(&mut own.lines, lines);
        let Gate {
            enforce,
            held_back_days,
            longest_override,
            fleet_lock,
            fleet_lock_group,
            reboot_after_failed_trial,
            lines,
        } = stronger.gate;
        let own = &mut self.gate;
        replace(&mut own.enforce, enforce);
        replace(&mut own.held_back_days, held_back_days);
        replace(&mut own.longest_override, longest_override);
        replace(&mut own.fleet_lock, fleet_lock);
        replace(&mut own.fleet_lock_group, fleet_lock_group);
        replace(&mut own.reboot_after_failed_trial, reboot_after_failed_trial);
        replace_lines(&mut own.lines, lines);
    }

    /// Every table with its lines, in the order of the documentation; tables without lines are left
    /// out.
    #[must_use]
    pub fn tables(&self) -> Vec<(&'static str, &[Line])> {
        let mut tables: Vec<(&'static str, &[Line])> = vec![("[profile]", &self.profile.lines)];
        tables.extend(self.require.iter().map(|r| ("[[require]]", r.lines.as_slice())));
        tables.push(("[rollback]", &self.rollback.lines));
        tables.extend(self.accept.iter().map(|a| ("[[accept]]", a.lines.as_slice())));
        tables.push(("[health]", &self.health.lines));
        tables.push(("[gate]", &self.gate.lines));
        tables.retain(|(_, lines)| !lines.is_empty());
        tables
    }
}

fn replace<T>(own: &mut Option<T>, stronger: Option<T>) {
    if stronger.is_some() {
        *own = stronger;
    }
}

fn replace_lines(own: &mut Vec<Line>, stronger: Vec<Line>) {
    for new in stronger {
        match own.iter_mut().find(|old| old.key == new.key) {
            Some(old) => *old = new,
            None => own.push(new),
        }
    }
}
