//! Where the machine's policy is not what its profile says.

use std::collections::HashSet;

use loadworthy_collect::item::{EFIVARS, Item};
use loadworthy_core::answer::Note;
use loadworthy_core::codes::{KEY_FOREIGN, PROFILE_DIFFERS};
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::fact::Fact;
use loadworthy_core::facts::firmware::Denied;
use loadworthy_core::keys::described::Described;
use loadworthy_core::policy::linux::keyrings::Held;
use loadworthy_core::proof::{Claim, Evidence, Ring, Rule, text};
use loadworthy_core::tables::Tables;
use loadworthy_formats::kernel::lockdown::Level;
use loadworthy_formats::manifest::{Dbx, Profile};

use super::telling::{drawn, line};
use crate::host::{Host, OneKernel, known};
use crate::judging::Asked;

static RULE: Rule = Rule { name: "manifest/profile", source: "docs/manifest.md, [profile]" };

/// A key of the profile that the machine does not keep to.
#[derive(Debug)]
pub(crate) struct Differs {
    /// The key.
    pub(crate) key: &'static str,
    /// What it asks for.
    pub(crate) wants: String,
    /// What was seen; `None`: it is not known.
    pub(crate) is: Option<String>,
    /// By which.
    fact: Fact<()>,
}

/// Every difference, as it is told.
pub(super) fn notes(asked: &Asked<'_>, profile: &Profile) -> Vec<Note> {
    let each = differs(asked.host, asked.kernel, profile).into_iter().map(|differs| {
        let Differs { key, wants, is, fact } = differs;
        let facts = [line(asked, &profile.lines, key), fact];
        let is = text(is.as_deref().unwrap_or("not known"));
        let claim = Claim::ProfileDiffers { key, wants: text(wants), is };
        Note::new(&PROFILE_DIFFERS, drawn(&RULE, &facts, claim))
    });
    each.chain(foreign(asked, profile)).collect()
}

/// Every difference. What was not seen differs from what is wanted, too: it is told as not known.
pub(crate) fn differs(host: &Host, kernel: &OneKernel, profile: &Profile) -> Vec<Differs> {
    let policy = &kernel.policy;
    let mut found = Vec::new();
    let mut tell = |key: &'static str, wants: String, is: Option<String>, fact: Fact<()>| {
        found.push(Differs { key, wants, is, fact });
    };
    let on = |on: bool| if on { "on" } else { "off" }.to_owned();
    if let Some(wants) = profile.secure_boot {
        let is = known(&policy.secure_boot);
        if is != Some(wants) {
            tell("secure-boot", on(wants), is.map(on), policy.secure_boot.map(|_| ()));
        }
    }
    if let Some(wants) = profile.lockdown {
        let shown = &kernel.facts.running.lockdown;
        let drawn = known(&policy.locked_down);
        let is = known(shown).or(drawn.map(|on| if on { Level::Integrity } else { Level::None }));
        // That a kernel will be locked down tells not how far.
        let same = match (known(shown), is) {
            (None, Some(Level::Integrity)) => wants != Level::None,
            (_, is) => is == Some(wants),
        };
        if !same {
            let fact = match known(shown) {
                Some(_) => shown.map(|_| ()),
                None => policy.locked_down.map(|_| ()),
            };
            tell("lockdown", level(wants).into(), is.map(|is| level(is).into()), fact);
        }
    }
    for wants in profile.enrolled.iter().flatten() {
        let list = &kernel.firmware.mok_list;
        let enrolled = list.items().iter().filter_map(known).any(|certificate| {
            let own = digest(DigestAlgorithm::Sha256, &certificate.der).to_string();
            own.starts_with(wants.as_str())
        });
        if !enrolled {
            let is = known(list.whole()).map(|()| "not enrolled".to_owned());
            tell("enrolled", format!("sha256:{wants}"), is, list.whole().clone());
        }
    }
    match &profile.dbx {
        Some(Dbx::Since(day)) => {
            let (is, fact) = since(kernel, day);
            if is.as_deref() != Some("complete") {
                tell("dbx", format!(">={day}"), is, fact);
            }
        }
        Some(Dbx::Digest(wants)) => {
            let item = format!("{EFIVARS}/dbx-d719b2cb-3d3a-4596-a3bc-dad00e67656f");
            let looking = host.looking();
            let (_, bytes) = looking.view.look(&Item::file(&item), looking.limits.text_bytes);
            let content = bytes.get(4..);
            let is = content.map(|c| digest(DigestAlgorithm::Sha256, c).to_string());
            if is.as_ref().is_none_or(|is| !is.starts_with(wants.as_str())) {
                let is = is.map(|is| format!("sha256:{is}"));
                let said = text(is.as_deref().unwrap_or("not seen"));
                let origin = looking.view.origin();
                let fact = Fact::seen((), Evidence { origin, item: text(item), said });
                tell("dbx", format!("sha256:{wants}"), is, fact);
            }
        }
        None => {}
    }
    found
}

/// Keys of other environments that vouch for modules here.
fn foreign(asked: &Asked<'_>, profile: &Profile) -> Vec<Note> {
    let kernel = asked.kernel;
    let rings = &kernel.policy.keyrings;
    let platform = known(&rings.platform_asked).is_none_or(|when| &*when != "never");
    let counts = |held: &&Fact<Held>| {
        known(held).is_some_and(|held| platform || held.ring != Ring::Platform)
    };
    let held: Vec<&Fact<Held>> =
        rings.trusted.items().iter().chain(rings.platform.items()).filter(counts).collect();
    let lists = [&kernel.facts.builtin_keys, &kernel.firmware.db, &kernel.firmware.mok_list];
    let mut notes = Vec::new();
    for named in profile.foreign.iter().flatten() {
        let certificate = lists.iter().flat_map(|list| list.items()).find_map(|fact| {
            let certificate = Described::of(&known(fact)?.der).ok()?;
            certificate.sha256.starts_with(named.as_str()).then_some(certificate)
        });
        let Some(certificate) = certificate else { continue };
        let is = |held: &&&Fact<Held>| {
            known(**held).is_some_and(|held| held.anchor.serial_issuer == certificate.id)
        };
        let Some((fact, key)) = held.iter().find(is).and_then(|f| Some((*f, known(*f)?))) else {
            continue;
        };
        let facts = [line(asked, &profile.lines, "foreign"), fact.map(|_| ())];
        let claim = Claim::ForeignKeyTrusted {
            digest: text(named.as_str()),
            name: key.name.clone(),
            ring: key.ring,
        };
        notes.push(Note::new(&KEY_FOREIGN, drawn(&RULE, &facts, claim)));
    }
    notes
}

/// Whether the firmware denies what Microsoft's list denied on this day: the variable does not carry its
/// date, and what it holds tells. `complete`, or up to which day it is.
fn since(kernel: &OneKernel, day: &str) -> (Option<String>, Fact<()>) {
    let list = &kernel.firmware.dbx;
    let whole = list.whole().clone();
    let Ok(table) = Tables::deny_list() else { return (None, whole) };
    if known(&whole).is_none() {
        return (None, whole);
    }
    let held: HashSet<[u8; 32]> = list
        .items()
        .iter()
        .filter_map(known)
        .filter_map(|entry| match entry {
            Denied::Sha256(digest) => Some(digest),
            _ => None,
        })
        .collect();
    let lacking = table.until(day).flat_map(|added| added.digests());
    let lacking = lacking.filter(|digest| !held.contains(*digest)).count();
    if lacking == 0 {
        return (Some("complete".to_owned()), whole);
    }
    let until = table.complete(|digest| held.contains(digest));
    let said = match until {
        Some(added) => format!("{} ({lacking} digests of later days are not in it)", added.id),
        None => format!("older ({lacking} digests are not in it)"),
    };
    (Some(said), whole)
}

/// The word of a level.
pub(crate) const fn level(level: Level) -> &'static str {
    match level {
        Level::None => "none",
        Level::Integrity => "integrity",
        Level::Confidentiality => "confidentiality",
    }
}
