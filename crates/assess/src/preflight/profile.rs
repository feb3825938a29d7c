//! Where the machine's policy is not what its profile says.

use loadworthy_collect::item::{EFIVARS, Item};
use loadworthy_core::answer::Note;
use loadworthy_core::codes::{KEY_FOREIGN, PROFILE_DIFFERS};
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::fact::Fact;
use loadworthy_core::keys::described::Described;
use loadworthy_core::policy::linux::keyrings::Held;
use loadworthy_core::proof::{Claim, Ring, Rule, text};
use loadworthy_formats::kernel::lockdown::Level;
use loadworthy_formats::manifest::{Dbx, Profile};

use super::telling::{drawn, line, seen};
use crate::host::known;
use crate::judging::Asked;

static RULE: Rule = Rule { name: "manifest/profile", source: "docs/manifest.md, [profile]" };

/// Every difference. What was not seen differs from what is wanted, too: it is told as not known.
pub(super) fn differs(asked: &Asked<'_>, profile: &Profile) -> Vec<Note> {
    let policy = &asked.kernel.policy;
    let mut notes = Vec::new();
    let mut tell = |key: &'static str, wants: &str, is: &str, fact: Fact<()>| {
        let facts = [line(asked, &profile.lines, key), fact];
        let claim = Claim::ProfileDiffers { key, wants: text(wants), is: text(is) };
        notes.push(Note { code: &PROFILE_DIFFERS, because: drawn(&RULE, &facts, claim) });
    };
    let on = |on: Option<bool>| match on {
        Some(true) => "on",
        Some(false) => "off",
        None => "not known",
    };
    if let Some(wants) = profile.secure_boot {
        let is = known(&policy.secure_boot);
        if is != Some(wants) {
            tell("secure-boot", on(Some(wants)), on(is), policy.secure_boot.map(|_| ()));
        }
    }
    if let Some(wants) = profile.lockdown {
        let shown = &asked.kernel.facts.running.lockdown;
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
            tell("lockdown", level(wants), is.map_or("not known", level), fact);
        }
    }
    for wants in profile.enrolled.iter().flatten() {
        let list = &asked.kernel.firmware.mok_list;
        let enrolled = list.items().iter().filter_map(known).any(|certificate| {
            let own = digest(DigestAlgorithm::Sha256, &certificate.der).to_string();
            own.starts_with(wants.as_str())
        });
        if !enrolled {
            let whole = known(list.whole()).is_some();
            let is = if whole { "not enrolled" } else { "not known" };
            tell("enrolled", &format!("sha256:{wants}"), is, list.whole().clone());
        }
    }
    notes.extend(foreign(asked, profile));
    let mut tell = |key: &'static str, wants: &str, is: &str, fact: Fact<()>| {
        let facts = [line(asked, &profile.lines, key), fact];
        let claim = Claim::ProfileDiffers { key, wants: text(wants), is: text(is) };
        notes.push(Note { code: &PROFILE_DIFFERS, because: drawn(&RULE, &facts, claim) });
    };
    if let Some(Dbx::Since(day)) = &profile.dbx {
        let item = format!("{EFIVARS}/dbx-d719b2cb-3d3a-4596-a3bc-dad00e67656f");
        let fact = seen(asked, &item, "the variable does not carry its date");
        tell("dbx", &format!(">={day}"), "not known", fact);
    }
    if let Some(Dbx::Digest(wants)) = &profile.dbx {
        let item = format!("{EFIVARS}/dbx-d719b2cb-3d3a-4596-a3bc-dad00e67656f");
        let looking = asked.host.looking();
        let (_, bytes) = looking.view.look(&Item::file(&item), looking.limits.text_bytes);
        let content = bytes.get(4..);
        let is = content.map(|content| digest(DigestAlgorithm::Sha256, content).to_string());
        if is.as_ref().is_none_or(|is| !is.starts_with(wants.as_str())) {
            let is = is.map_or("not known".to_owned(), |is| format!("sha256:{is}"));
            tell("dbx", &format!("sha256:{wants}"), &is, seen(asked, &item, is.as_str()));
        }
    }
    notes
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
        notes.push(Note { code: &KEY_FOREIGN, because: drawn(&RULE, &facts, claim) });
    }
    notes
}

const fn level(level: Level) -> &'static str {
    match level {
        Level::None => "none",
        Level::Integrity => "integrity",
        Level::Confidentiality => "confidentiality",
    }
}
