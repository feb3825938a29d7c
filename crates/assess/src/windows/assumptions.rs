//! `--assume KEY=VALUE` on a named platform: from words to facts.

use std::path::Path;

use loadworthy_collect::gather::windows::policy;
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::fact::{Fact, Listing};
use loadworthy_core::facts::windows::{Account, MachineRoot, State, WindowsFacts};
use loadworthy_core::proof::{Assumption, text};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::registry::{hive, reg};

use crate::assumptions::{bytes, certificate};
use crate::host::known;
use crate::registry_logs::put_in;
use crate::request::Trouble;

/// The keys that `--assume` knows with `--on`, with what each takes.
pub const KEYS: [(&str, &str); 6] = [
    ("blocklist", "an App Control policy (.xml, .cip, .p7b): the list of vulnerable drivers"),
    ("app-control", "an App Control policy (.xml, .cip, .p7b) in force"),
    ("trusted-root", "a certificate file, for LocalMachine\\Root"),
    ("trusted-publisher", "a certificate file, for LocalMachine\\TrustedPublisher"),
    ("disallowed", "a certificate file, for LocalMachine\\Disallowed"),
    (
        "state",
        "a number (0x23c00), none, no-key, or a .reg export or hive (NTUSER.DAT, DEFAULT): the WinTrust \
         State of the installing account",
    ),
];

/// Applies everything that is assumed, in the order given.
///
/// # Errors
/// When a key is not known or a value cannot be used.
pub fn apply(given: &[(String, String)], facts: &mut WindowsFacts) -> Result<(), Trouble> {
    for (key, value) in given {
        let trouble =
            |problem: String| Trouble::Assumption { given: format!("{key}={value}"), problem };
        let shown = Assumption { key: text(key.as_str()), value: text(value.as_str()) };
        one(key, value, shown, facts).map_err(trouble)?;
    }
    Ok(())
}

fn one(key: &str, value: &str, shown: Assumption, facts: &mut WindowsFacts) -> Result<(), String> {
    let given = || -> Result<MachineRoot, String> {
        let read = certificate(&bytes(value)?)?;
        let sha1 = digest(DigestAlgorithm::Sha1, &read.der);
        let thumbprint = sha1.as_bytes().try_into();
        let thumbprint = thumbprint.map_err(|_| "its digest cannot be made".to_owned())?;
        Ok(MachineRoot { thumbprint, der: read.der })
    };
    let thumbprint = || given().map(|certificate| certificate.thumbprint);
    let policy = || policy::read(&bytes(value)?).map_err(|e| e.to_string());
    let installer = &mut facts.installer;
    match key {
        "blocklist" => {
            // The system's own list is at hand: nothing stands for it.
            if facts.stands_for_list.take().is_some() {
                facts.blocked = Listing::new(Vec::new(), Fact::assumed((), shown.clone()));
            }
            for entry in policy()?.policy.denies {
                facts.blocked.push(Fact::assumed(entry, shown.clone()));
            }
        }
        "app-control" => {
            let read = policy()?;
            if read.demanded.is_some() {
                facts.portal.demanded = Fact::assumed(read.demanded, shown.clone());
            }
            facts.app_control.push(Fact::assumed(read.policy, shown));
        }
        "trusted-root" => installer.roots.push(Fact::assumed(given()?, shown)),
        "trusted-publisher" => installer.publishers.push(Fact::assumed(thumbprint()?, shown)),
        "disallowed" => installer.disallowed.push(Fact::assumed(thumbprint()?, shown)),
        "state" => {
            let state = match value {
                "none" => State::NoValue,
                "no-key" => State::NoKey,
                number => {
                    let digits = number.strip_prefix("0x").or_else(|| number.strip_prefix("0X"));
                    let read = digits
                        .map_or_else(|| number.parse().ok(), |d| u32::from_str_radix(d, 16).ok());
                    match read {
                        Some(number) => State::Value(number),
                        None if Path::new(value).is_file() => {
                            let system = known(&installer.account) == Some(Account::System);
                            state_in(&put_in(&bytes(value)?, Path::new(value)), system)?
                        }
                        None => {
                            let takes = "takes a number such as 0x23c00, none, no-key, or a file of the \
                                         registry";
                            return Err(takes.to_owned());
                        }
                    }
                }
            };
            installer.state = Fact::assumed(state, shown);
        }
        _ => {
            let known: Vec<_> = KEYS.iter().map(|(key, _)| *key).collect();
            return Err(format!("not a key with --on; there are {}", known.join(", ")));
        }
    }
    Ok(())
}

/// Where each account keeps it (Microsoft, *SetReg*).
const PUBLISHING: &str =
    r"Software\Microsoft\Windows\CurrentVersion\WinTrust\Trust Providers\Software Publishing";

/// `State` in an export or a hive. Of several accounts in one export, that of services counts where
/// LocalSystem installs, else the other one.
fn state_in(bytes: &[u8], system: bool) -> Result<State, String> {
    let limits = &Limits::DEFAULT;
    if hive::begins(bytes) {
        let read = hive::read(bytes, limits).map_err(|e| e.to_string())?.value;
        let key = read.key(PUBLISHING);
        return Ok(match key.map(|key| key.value("State").and_then(|v| v.dword())) {
            Some(Some(number)) => State::Value(number),
            Some(None) => State::NoValue,
            None if read.is_whole => State::NoKey,
            None => return Err("the hive is not whole, and has no such key".to_owned()),
        });
    }
    let read = reg::read(bytes, limits).map_err(|e| e.to_string())?.value;
    let (end, services) = (PUBLISHING.to_lowercase(), [".default", "s-1-5-18"]);
    let all = read.keys.iter().filter(|key| key.path.to_lowercase().ends_with(&end));
    let of_services = |key: &&reg::Key| {
        let path = key.path.to_lowercase();
        services.iter().any(|sid| path.split('\\').any(|part| part == *sid))
    };
    let (services, others): (Vec<_>, Vec<_>) = all.partition(of_services);
    let wanted = match (services.as_slice(), others.as_slice()) {
        ([one], []) | ([], [one]) => one,
        ([one], _) if system => one,
        (_, [one]) if !system => one,
        ([], []) => return Err(format!("has no key {PUBLISHING}")),
        _ => return Err("has the key of several accounts: give that of one".to_owned()),
    };
    if wanted.is_removed {
        return Ok(State::NoKey);
    }
    let value = wanted.values.iter().find(|v| v.name.eq_ignore_ascii_case("State"));
    Ok(value.and_then(|v| v.dword()).map_or(State::NoValue, State::Value))
}
