//! A named platform (`--on windows-11-24h2,secure-boot=off`) as facts: what was said is assumed,
//! everything else is that version as it is set up by default.

use crate::fact::{Fact, Listing};
use crate::facts::driver::Start;
use crate::facts::windows::{
    Account, InstallerFacts, PortalSettings, Revocation, State, WindowsFacts,
};
use crate::policy::windows::build;
use crate::proof::windows::{DriverPolicy, Machine, WindowsQuestion};
use crate::proof::{Assumption, Node, Proof, Question, Row, Standing, Why, gap, text};
use crate::tables::Tables;
use crate::tables::block_rules::BlockRules;
use crate::tables::windows::{DriverPolicyRow, Sha2, WindowsVersion};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Reverse;

mod block_list;

/// A named platform.
#[derive(Clone, Debug)]
pub struct Profile {
    /// As it was given.
    pub given: Arc<str>,
    /// The version.
    pub version: Arc<WindowsVersion>,
    /// The processor.
    pub machine: Machine,
    /// What starts the driver, where that was said.
    pub start: Option<Start>,
    /// The system.
    pub facts: WindowsFacts,
}

/// A key of a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub values: &'static [&'static str],
    /// What holds when it is not given.
    pub default: &'static str,
}

/// All keys.
pub static KEYS: [Key; 12] = [
    Key { name: "arch", values: &["x64", "x86", "arm64"], default: "x64" },
    Key { name: "secure-boot", values: SWITCH, default: "on from Windows 8, off before" },
    Key { name: "test-signing", values: SWITCH, default: "off" },
    Key { name: "upgraded", values: ANSWER, default: "no" },
    Key { name: "dse", values: SWITCH, default: "on" },
    Key {
        name: "driver-policy",
        values: &["absent", "evaluation", "enforced"],
        default: "not known on 24H2, 25H2, 26H2 and Server 2025; absent elsewhere",
    },
    Key {
        name: "blocklist",
        values: SWITCH,
        default: "on from Windows 11 22H2, and with hvci or S mode",
    },
    Key { name: "hvci", values: SWITCH, default: "off" },
    Key { name: "sha2", values: ANSWER, default: "yes" },
    Key { name: "start", values: &["demand", "boot"], default: "demand, or what the INF says" },
    Key { name: "s-mode", values: SWITCH, default: "off" },
    Key {
        name: "account",
        values: &["administrator", "user", "system"],
        default: "administrator; system from an .msi",
    },
];

const SWITCH: &[&str] = &["on", "off"];
const ANSWER: &[&str] = &["yes", "no"];

/// The day on which the Windows Driver Policy began to come with updates: 2026-04-14.
const DRIVER_POLICY_SINCE: i64 = 1_776_124_800;

/// What is wrong with a profile, as a sentence that tells what would be right.
pub type Wrong = String;

impl Profile {
    /// The platform that `given` names, as of `at` (seconds since 1970).
    ///
    /// # Errors
    /// When the name, a key or a value is not known, with what comes closest.
    pub fn of(given: &str, at: i64, tables: &Tables) -> Result<Self, Wrong> {
        let mut parts = given.split(',');
        let name = parts.next().unwrap_or_default().trim();
        let all = tables.windows.all();
        let version = tables.windows.named(name).ok_or_else(|| {
            let near = closest(name, all.iter().map(|v| v.id.as_str()));
            format!("{name:?} is no platform; did you mean {near}? --on list prints them all")
        })?;
        let mut said: Vec<(&'static Key, &'static str)> = Vec::new();
        for part in parts {
            said.push(key_and_value(part.trim())?);
        }
        let value = |name: &str| said.iter().rev().find(|(k, _)| k.name == name).map(|(_, v)| *v);
        let machine = match value("arch") {
            Some("x86") => Machine::X86,
            Some("arm64") => Machine::Arm64,
            _ => Machine::X64,
        };
        if !version.runs_on(machine) {
            let (name, is, for_) = (&version.name, machine.name(), version.arch.join(" and "));
            return Err(format!("{name} is not made for {is}; arch= takes {for_} there"));
        }
        let version = Arc::new(version.clone());
        Ok(Self {
            given: text(given),
            machine,
            start: value("start").map(|s| if s == "boot" { Start::Boot } else { Start::Demand }),
            facts: facts(&version, machine, &value, at, &tables.block_rules),
            version,
        })
    }
}

fn key_and_value(part: &str) -> Result<(&'static Key, &'static str), Wrong> {
    let (name, value) = part.split_once('=').unwrap_or((part, ""));
    let key = KEYS.iter().find(|k| k.name == name).ok_or_else(|| {
        let near = closest(name, KEYS.iter().map(|k| k.name));
        let all = KEYS.map(|k| k.name).join(", ");
        format!("{name:?} is no key of a platform; did you mean {near}? There are {all}")
    })?;
    let value = key.values.iter().find(|v| **v == value).ok_or_else(|| {
        let near = closest(value, key.values.iter().copied());
        let all = key.values.join(", ");
        format!("{name}={value}: {name} takes {all}; did you mean {name}={near}?")
    })?;
    Ok((key, value))
}

fn facts(
    version: &Arc<WindowsVersion>,
    machine: Machine,
    value: &dyn Fn(&str) -> Option<&'static str>,
    at: i64,
    rules: &BlockRules,
) -> WindowsFacts {
    // One reason for everything that this version does by default.
    let row = Proof::new(Node::Listed(version.row()));
    let list = block_list::of(version, at, rules);
    let switch = |key: &'static str, otherwise: bool| match value(key) {
        Some(v) => said(key, v, matches!(v, "on" | "yes")),
        None => Fact::because(otherwise, row.clone()),
    };
    let usual = |otherwise: bool| Fact::because(otherwise, row.clone());
    let has_firmware = version.build >= build::WINDOWS_8;
    WindowsFacts {
        version: Fact::because(version.clone(), row.clone()),
        machine: value("arch")
            .map_or_else(|| Fact::because(machine, row.clone()), |v| said("arch", v, machine)),
        // Before Windows 8 nobody asks the firmware.
        secure_boot: if has_firmware {
            switch("secure-boot", version.secure_boot)
        } else {
            usual(false)
        },
        test_signing: switch("test-signing", false),
        enforcement_off: switch("dse", true).map(|on| !on),
        debugger: Fact::because(None, row.clone()),
        portal: PortalSettings {
            upgraded: switch("upgraded", false),
            boot_upgraded: usual(false),
            developer: usual(false),
            settings: Fact::because(0, row.clone()),
            upgrading: usual(false),
            demanded: Fact::because(None, row.clone()),
        },
        sha2_update: switch("sha2", version.sha2 != Sha2::Never),
        hvci: switch("hvci", false),
        block_list: value("blocklist").map_or_else(
            || Fact::because(None, row.clone()),
            |v| said("blocklist", v, Some(v == "on")),
        ),
        blocked: list.on_system,
        published: list.published,
        stands_for_list: Some(list.name),
        revoked: nothing_listed("windows/driver.stl", "no list was given, and none is built in"),
        driver_policy: driver_policy(version, value("driver-policy"), at, &row),
        s_mode: switch("s-mode", false),
        app_control: nothing_listed("windows/app-control", "a system without a policy"),
        installer: installer(value("account"), &row),
        at,
    }
}

fn driver_policy(
    version: &WindowsVersion,
    given: Option<&'static str>,
    at: i64,
    row: &Proof,
) -> Fact<DriverPolicy> {
    let all = [DriverPolicy::Absent, DriverPolicy::Evaluation, DriverPolicy::Enforced];
    if let Some(given) = given
        && let Some(state) = all.into_iter().find(|p| p.name() == given)
    {
        return said("driver-policy", given, state);
    }
    if version.driver_policy == DriverPolicyRow::Absent || at < DRIVER_POLICY_SINCE {
        return Fact::because(DriverPolicy::Absent, row.clone());
    }
    let why = Why::OutOfReach(text(version.name.as_str()));
    Fact::unknown(gap(Question::Windows(WindowsQuestion::DriverPolicy), why))
}

fn installer(account: Option<&'static str>, row: &Proof) -> InstallerFacts {
    let account = match account {
        Some(v @ "user") => said("account", v, Account::User),
        Some(v @ "system") => said("account", v, Account::System),
        Some(v) => said("account", v, Account::Administrator),
        None => Fact::because(Account::Administrator, row.clone()),
    };
    let empty = || nothing_listed("windows/stores", "a machine as it is set up");
    InstallerFacts {
        account,
        roots: nothing_listed("windows/stores", "a machine as it is set up"),
        intermediates: empty(),
        publishers: empty(),
        disallowed: empty(),
        public_roots: Fact::because(true, row.clone()),
        state: Fact::because(State::Value(State::DEFAULT), row.clone()),
        network: Fact::because(true, row.clone()),
        revocation: Fact::because(Revocation::Good, row.clone()),
        restricted: Fact::because(None, row.clone()),
    }
}

/// What was said, as such.
fn said<T>(key: &str, value: &str, meant: T) -> Fact<T> {
    Fact::assumed(meant, Assumption { key: text(key), value: text(value) })
}

/// A list that is empty as things are set up.
fn nothing_listed<T>(id: &str, why: &str) -> Listing<T> {
    let row = Row { id: text(id), source: text(why), standing: Standing::Documented };
    Listing::new(Vec::new(), Fact::listed((), row))
}

/// What comes closest to what was typed, in its first parts or as a whole; of equals the last one, which
/// lists have for the newest.
pub fn closest<'n>(typed: &str, names: impl Iterator<Item = &'n str>) -> String {
    let far = |name: &str| {
        let starts = name.match_indices('-').filter_map(|(at, _)| name.get(..at));
        let start = starts.map(|start| distance(typed, start)).min();
        let whole = distance(typed, name);
        (start.map_or(whole, |start| start.min(whole)), whole)
    };
    names.max_by_key(|name| Reverse(far(name))).unwrap_or_default().to_owned()
}

/// How many letters are to be put in, taken out or changed (Levenshtein), whatever their case.
#[must_use]
pub fn distance(one: &str, other: &str) -> usize {
    strsim::levenshtein(&one.to_ascii_lowercase(), &other.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(given: &str) -> String {
        Profile::of(given, 0, &Tables::built_in().unwrap()).unwrap_err()
    }

    #[test]
    fn every_version_can_be_named() {
        let tables = Tables::built_in().unwrap();
        for version in tables.windows.all() {
            let profile = Profile::of(&version.id, 0, &tables).unwrap();
            assert_eq!(profile.version.name, version.name);
        }
        assert_eq!(tables.windows.all().len(), 33);
    }

    #[test]
    fn what_is_not_known_is_told_with_what_comes_closest() {
        assert!(wrong("windows-11-24h").contains("did you mean windows-11-24h2"));
        assert!(wrong("windows-12").contains("did you mean windows-11"));
        assert!(wrong("windows-10-22h2,secureboot=on").contains("did you mean secure-boot"));
        assert!(wrong("windows-10-22h2,hvci=yes").contains("hvci takes on, off"));
        assert!(wrong("windows-11-24h2,arch=x86").contains("x64 and arm64"));
        assert!(wrong("").contains("is no platform"));
    }

    #[test]
    fn distances_count_letters() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "ab"), 2);
    }
}
