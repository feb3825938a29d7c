//! `--assume KEY=VALUE` on a named platform: from words to facts.

use loadworthy_collect::gather::windows::policy;
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::fact::{Fact, Listing};
use loadworthy_core::facts::windows::{MachineRoot, State, WindowsFacts};
use loadworthy_core::proof::{Assumption, text};

use crate::assumptions::{bytes, certificate};
use crate::request::Trouble;

/// The keys that `--assume` knows with `--on`, with what each takes.
pub const KEYS: [(&str, &str); 6] = [
    ("blocklist", "an App Control policy (.xml, .cip, .p7b): the list of vulnerable drivers"),
    ("app-control", "an App Control policy (.xml, .cip, .p7b) in force"),
    ("trusted-root", "a certificate file, for LocalMachine\\Root"),
    ("trusted-publisher", "a certificate file, for LocalMachine\\TrustedPublisher"),
    ("disallowed", "a certificate file, for LocalMachine\\Disallowed"),
    ("state", "a number (0x23c00), none or no-key: the WinTrust State of the installing account"),
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
                    State::Value(read.ok_or("takes a number such as 0x23c00, none or no-key")?)
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
