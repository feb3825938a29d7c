//! What firmware and shim will demand of an image, at the next boot of this machine.

use crate::authenticode::Digested;
use crate::crypt::digest::{Digest, DigestAlgorithm};
use crate::fact::step::{Step, draw};
use crate::fact::{Fact, Listing};
use crate::facts::boot_image::{BootFacts, BootImage, Entry, Level};
use crate::facts::firmware::Certificate;
use crate::proof::{Claim, Gaps, List, Question, Rule, Stage, Why, gap, text};
use crate::sbat;
use crate::tables::Tables;
use crate::tables::shims::KnownShim;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// What decides about images on one machine.
#[derive(Clone, Debug)]
pub struct BootPolicy {
    /// Whether the firmware checks images.
    pub firmware_checks: Fact<bool>,
    /// Whether shim checks images.
    pub shim_checks: Fact<bool>,
    /// Whether the firmware starts boot loaders without shim.
    pub without_shim: Fact<bool>,
    /// What the firmware trusts.
    pub db: Listing<Entry>,
    /// What the firmware denies.
    pub dbx: Listing<Entry>,
    /// Whether db does not count in shim.
    pub ignore_db: Fact<bool>,
    /// What machine owners trust.
    pub mok_list: Listing<Entry>,
    /// What machine owners deny.
    pub mok_list_x: Listing<Entry>,
    /// What shim's vendor trusts.
    pub vendor: Listing<Entry>,
    /// What shim's vendor denies.
    pub vendor_denied: Listing<Entry>,
    /// The revocation level shim goes by, and whether it is the machine's own and not one that shim
    /// brings.
    pub sbat_level: Fact<(Arc<str>, bool)>,
    /// Whether only images are let in that run without writable code.
    pub nx_wanted: Fact<bool>,
}

impl BootPolicy {
    /// Draws the policy from what was seen, with what the tables know of shims that were not.
    #[must_use]
    pub fn of(facts: &BootFacts, tables: &Tables) -> Self {
        let firmware_checks = firmware_checks(facts);
        let (vendor, vendor_denied) = vendor(facts, tables);
        Self {
            shim_checks: shim_checks(facts, &firmware_checks),
            without_shim: without_shim(facts),
            db: facts.db.clone(),
            dbx: facts.dbx.clone(),
            ignore_db: facts.ignore_db.clone(),
            mok_list: facts.mok_list.clone(),
            mok_list_x: facts.mok_list_x.clone(),
            vendor,
            vendor_denied,
            sbat_level: sbat_level(facts, tables),
            nx_wanted: nx_wanted(facts),
            firmware_checks,
        }
    }

    /// The same when `shim` is the shim in question: what it brings along is its own.
    #[must_use]
    pub fn with_shim(facts: &BootFacts, shim: &Fact<Arc<BootImage>>, tables: &Tables) -> Self {
        static RULE: Rule = Rule { name: "boot/shim", source: "the image in question" };
        let known = draw(&RULE, |step| {
            let image = step.consult(shim)?;
            Ok((image.clone(), Claim::ShimIs(text("this image"))))
        });
        let level = draw_level(facts, |step, latest| {
            let image = step.consult(&known)?;
            own_level(image, latest)
        });
        Self { sbat_level: level, ..Self::of(facts, tables) }
    }
}

/// `SecureBoot` says it. A store that was read while no system ran has no such variable, since
/// firmware makes it anew at each start: there EDK II's own switch and the platform key tell.
fn firmware_checks(facts: &BootFacts) -> Fact<bool> {
    static RULE: Rule = Rule {
        name: "boot/firmware-checks",
        source: "UEFI 2.10 §3.3 SecureBoot; EDK II, SecurityPkg/Library/AuthVariableLib/AuthService.c",
    };
    draw(&RULE, |step| {
        let on = match step.consult(&facts.secure_boot)? {
            Some(value) => *value == 1,
            None => match step.consult(&facts.enable)? {
                Some(value) => *value == 1 && *step.consult(&facts.platform_key)?,
                None => false,
            },
        };
        Ok((on, Claim::ImagesChecked(Stage::Firmware, on)))
    })
}

fn shim_checks(facts: &BootFacts, firmware: &Fact<bool>) -> Fact<bool> {
    static RULE: Rule = Rule {
        name: "boot/shim-checks",
        source: "shim 16.1, shim.c secure_mode; mok.c MokSBState",
    };
    draw(&RULE, |step| {
        let on = *step.consult(firmware)?
            && *step.consult(&facts.setup_mode)? != Some(1)
            && *step.consult(&facts.mok_sb_state)? != Some(1);
        Ok((on, Claim::ImagesChecked(Stage::Shim, on)))
    })
}

fn without_shim(facts: &BootFacts) -> Fact<bool> {
    static SEEN: Rule = Rule { name: "boot/shim-found", source: "the EFI system partition" };
    static USUAL: Rule = Rule {
        name: "boot/shim-usual",
        source: "the boot chain that distributions install: firmware, shim, GRUB, kernel",
    };
    let found = facts.shim.fact(|shim| {
        (shim.is_none(), if shim.is_some() { "a shim".into() } else { "no shim".into() })
    });
    draw(&SEEN, |step| {
        let none = *step.consult(&found)?;
        let claim =
            if none { Claim::WithoutShim } else { Claim::ShimIs(text("the one installed")) };
        Ok((none, claim))
    })
    .or(|| draw(&USUAL, |_| Ok((false, Claim::ShimIs(text("one that a distribution installs"))))))
}

/// What the vendor of the installed shim trusts and denies. Of a shim that was not seen, the copies
/// that it made hold both; where there are none, it is one that the tables know and that this
/// system's distribution installs.
fn vendor(facts: &BootFacts, tables: &Tables) -> (Listing<Entry>, Listing<Entry>) {
    static RULE: Rule =
        Rule { name: "boot/vendor", source: "shim 16.1, cert.S cert_table; verify.c" };
    let seen = facts.shim.fact(|shim| (shim.clone(), "shim's vendor table".into()));
    if let Ok(shim) = Step::of(&RULE).consult(&seen) {
        let parts = shim.as_ref().and_then(|image| image.shim.as_ref());
        let listing = |pick: &dyn Fn(&crate::facts::boot_image::Shim) -> Vec<Entry>| {
            let items = parts.map(pick).unwrap_or_default();
            let facts = items.into_iter().map(|e| seen.map(|_| e.clone())).collect();
            Listing::new(facts, seen.map(|_| ()))
        };
        return (listing(&|s| s.authorized.clone()), listing(&|s| s.deauthorized.clone()));
    }
    if Step::of(&RULE).consult(&facts.mirrored) == Ok(&true) {
        let whole = facts.mirrored.map(|_| ());
        return (Listing::new(Vec::new(), whole.clone()), Listing::new(Vec::new(), whole));
    }
    let shims = usual_shims(facts, tables);
    let (mut trusted, mut denied) = (Vec::new(), Vec::new());
    let mut whole = None;
    for shim in &shims {
        let listed = Fact::listed((), shim.row());
        let certificate =
            Certificate { der: shim.certificate.0.clone(), name: text(shim.name.as_str()) };
        trusted.push(listed.map(|()| Entry::Certificate { certificate, first: true }));
        denied.extend(shim.denied.iter().filter_map(|digest| {
            let digest = Digest::from_bytes(&digest.0)?;
            Some(listed.map(|()| Entry::Digest(DigestAlgorithm::Sha256, digest)))
        }));
        whole.get_or_insert(listed);
    }
    match whole {
        Some(whole) => (Listing::new(trusted, whole.clone()), Listing::new(denied, whole)),
        None => {
            let why = || gap(Question::Shim, Why::NoRow(text("firmware/authorities.toml")));
            (Listing::unknown(why()), Listing::unknown(why()))
        }
    }
}

/// The shims of this system's distribution; every known one where it does not say whose it is.
fn usual_shims<'t>(facts: &BootFacts, tables: &'t Tables) -> Vec<&'t KnownShim> {
    static RULE: Rule = Rule { name: "boot/usual-shim", source: "etc/os-release" };
    match Step::of(&RULE).consult(&facts.os).ok().and_then(Option::as_ref) {
        Some(id) => tables.shims.of(id).collect(),
        None => tables.shims.all().iter().collect(),
    }
}

fn sbat_level(facts: &BootFacts, tables: &Tables) -> Fact<(Arc<str>, bool)> {
    let seen = facts.shim.fact(|shim| (shim.clone(), "revocation levels of shim".into()));
    let row = usual_shims(facts, tables).into_iter().next();
    draw_level(facts, |step, latest| match (step.consult(&seen), row) {
        (Ok(Some(image)), _) => own_level(image, latest),
        (Ok(None), _) => Ok(text(sbat::ORIGINAL)),
        (Err(_), Some(shim)) => {
            let date = if latest { &shim.latest } else { &shim.automatic };
            let level = tables.levels.of(date);
            let level = level.map(|l| Fact::listed(text(l.text.as_str()), l.row()));
            let none = || gap(Question::SbatLevel, Why::NoRow(text(format!("sbat.toml, {date}"))));
            step.consult(&level.unwrap_or_else(|| Fact::unknown(none()))).cloned()
        }
        (Err(gaps), None) => Err(gaps),
    })
}

fn own_level(image: &BootImage, latest: bool) -> Result<Arc<str>, Gaps> {
    let levels = image.shim.as_ref();
    let level = levels.and_then(|s| if latest { s.latest.clone() } else { s.automatic.clone() });
    level.ok_or_else(|| gap(Question::SbatLevel, Why::Missing(text("shim: .sbatlevel"))))
}

/// The level in force once shim has started: the machine's own unless shim brings a newer one.
/// `brings` tells what shim brings, the latest level or the one it applies by itself.
fn draw_level(
    facts: &BootFacts,
    brings: impl FnOnce(&mut Step, bool) -> Result<Arc<str>, Gaps>,
) -> Fact<(Arc<str>, bool)> {
    static RULE: Rule =
        Rule { name: "boot/sbat-level", source: "shim 16.1, sbat.c set_sbat_uefi_variable" };
    draw(&RULE, |step| {
        let has = step.consult(&facts.sbat_level)?.clone();
        let latest = *step.consult(&facts.sbat_policy)? == Some(1);
        let kept = |has: &Level, brings: &str| {
            // NV and BS, with or without authenticated writes.
            has.attributes.is_none_or(|a| a == 0x3 || a == 0x23) && sbat::is_kept(&has.text, brings)
        };
        let level = match (has, brings(step, latest)) {
            (Some(has), Ok(brings)) if kept(&has, &brings) => (has.text, true),
            (_, Ok(brings)) => (brings, false),
            // A copy tells what held after shim had started; the same shim brings nothing newer.
            (Some(has), Err(_)) if has.attributes.is_none() && !latest => (has.text, true),
            (_, Err(gaps)) => return Err(gaps),
        };
        let said = level.0.replace('\n', " ");
        Ok((level, Claim::SbatLevelIs(text(said.trim_end()))))
    })
}

fn nx_wanted(facts: &BootFacts) -> Fact<bool> {
    static RULE: Rule = Rule {
        name: "boot/nx-wanted",
        source: "shim 16.1, pe-relocate.c read_header, MOK_POLICY_REQUIRE_NX",
    };
    draw(&RULE, |step| {
        let wanted = step.consult(&facts.mok_policy)?.is_some_and(|policy| policy & 1 == 1);
        Ok((wanted, Claim::NxWanted(wanted)))
    })
}

impl Entry {
    /// Whether it names one of these digests.
    #[must_use]
    pub fn names(&self, digests: &dyn Digested, by: &[DigestAlgorithm]) -> bool {
        match self {
            Self::Digest(algorithm, digest) => {
                by.contains(algorithm) && digests.digest(*algorithm) == Some(*digest)
            }
            Self::Certificate { .. } | Self::SignedPart(..) | Self::Other => false,
        }
    }
}

/// The lists shim denies by, in its own order.
#[must_use]
pub fn shim_denies(policy: &BootPolicy) -> [(List, &Listing<Entry>); 3] {
    [
        (List::VendorDbx, &policy.vendor_denied),
        (List::Dbx, &policy.dbx),
        (List::MokListX, &policy.mok_list_x),
    ]
}
