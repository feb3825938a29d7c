//! The keys that vouch for modules, and what counts against them.

use super::algorithms::Available;
use super::{Ground, fips};
use crate::crypt::digest::{Digest, DigestAlgorithm};
use crate::crypt::key::KeyAlgorithm;
use crate::fact::step::{Step, draw};
use crate::fact::{Fact, Listing};
use crate::facts::firmware::{Certificate, Denied};
use crate::pkcs7::certificate;
use crate::pkcs7::dialect::Dialect;
use crate::pkcs7::kernel::{self, Anchor, Kernel};
use crate::proof::{Claim, Gaps, Proof, Question, Ring, Rule, Why, gap, text};
use crate::tables::behaviours::Point;
use alloc::format;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

/// A certificate in a keyring.
#[derive(Clone, Debug)]
pub struct Held {
    /// The keyring.
    pub ring: Ring,
    /// The certificate's name, for people.
    pub name: Arc<str>,
    /// What it is found by, and its key.
    pub anchor: Arc<Anchor>,
}

/// The keyrings as the kernel consults them for a module.
#[derive(Clone, Debug)]
pub struct Keyrings {
    /// Built-in, secondary and machine keys: what is asked first.
    pub trusted: Listing<Held>,
    /// Keys of the firmware, and machine owner keys that are not for the machine keyring.
    pub platform: Listing<Held>,
    /// When the platform keyring is asked too: `never`, `on-nokey`, `on-any-error`.
    pub platform_asked: Fact<Arc<str>>,
    /// Certificates that end every trust in them.
    pub revoked: Listing<Held>,
    /// Whether revoked certificates end trust in module signers: `none`, `platform`, `all`.
    pub revocation: Fact<Arc<str>>,
    /// SHA-256 of whole files that are refused.
    pub denied_files: Listing<[u8; 32]>,
    /// Whether such digests count for modules.
    pub file_digests_denied: Fact<bool>,
    /// How this kernel reads signatures and certificates.
    pub dialect: Fact<Arc<Dialect>>,
}

impl Keyrings {
    pub(super) fn of(
        ground: &Ground<'_>,
        secure_boot: &Fact<bool>,
        algorithms: &Available,
        dialect: Fact<Arc<Dialect>>,
    ) -> Self {
        let firmware = ground.firmware;
        let runtime = firmware_services(ground);
        let mok = mok_taken_in(ground, &runtime, secure_boot);
        let to_machine = mok_to_machine(ground);
        let taking = Taking { ground, algorithms, dialect: &dialect };
        let built_in =
            taking.take(&ground.host.builtin_keys, None, Ring::Builtin, |_| Ring::Builtin);
        let db =
            taking.take(&firmware.db, Some(&db_taken_in(ground, &runtime)), Ring::Platform, |_| {
                Ring::Platform
            });
        let ca = CaRule::of(ground);
        let owners = taking.take(&firmware.mok_list, Some(&mok), Ring::Machine, |anchor| {
            match Step::of(&MOK_RING).consult(&to_machine) {
                Ok(true) if ca.admits(anchor) => Ring::Machine,
                Ok(_) | Err(_) => Ring::Platform,
            }
        });
        // Where it is not known which of the two rings holds the owners' keys, neither list is whole.
        let sorted = to_machine.map(|_| ());
        let (machine, rest): (Vec<_>, Vec<_>) =
            owners.items.into_iter().partition(|(ring, _)| *ring == Ring::Machine);
        // Where the firmware's lists were not seen, a ring that the running kernel shows to be empty
        // is as good.
        let running = &ground.host.running;
        let (by_power, by_z) =
            (handed_over(ground, "LOAD_PPC_KEYS"), handed_over(ground, "LOAD_IPL_KEYS"));
        let mut wholes = vec![&owners.whole, &sorted];
        wholes.extend(by_power.as_ref());
        let machine_whole = joined(&wholes, Ring::Machine, machine.len())
            .or(|| empty(&running.machine_keys, Ring::Machine));
        wholes.insert(0, &db.whole);
        wholes.extend(by_z.as_ref());
        let platform_whole =
            joined(&wholes, Ring::Platform, rest.len().saturating_add(db.items.len()))
                .or(|| empty(&running.platform_keys, Ring::Platform));
        let trusted_whole = joined(
            &[&built_in.whole, &secondary_empty(), &machine_whole],
            Ring::Secondary,
            built_in.items.len().saturating_add(machine.len()),
        );
        let held = |items: Vec<(Ring, Fact<Held>)>| items.into_iter().map(|(_, fact)| fact);
        Self {
            trusted: Listing::new(
                held(built_in.items).chain(held(machine)).collect(),
                trusted_whole,
            ),
            platform: Listing::new(held(db.items).chain(held(rest)).collect(), platform_whole),
            platform_asked: ground.behaviour(Point::PlatformRing),
            revoked: revoked(&taking, &runtime, &mok),
            revocation: revocation(ground),
            denied_files: denied_files(ground, &runtime, &mok),
            file_digests_denied: ground.does(Point::FileDigests),
            dialect,
        }
    }
}

static MOK_RING: Rule = Rule {
    name: "linux/mok-ring",
    source: "linux, security/integrity/platform_certs/machine_keyring.c imputed_trust_enabled",
};

/// Whether the kernel can ask the firmware for variables at all.
fn firmware_services(ground: &Ground<'_>) -> Fact<bool> {
    static RULE: Rule = Rule {
        name: "linux/firmware-services",
        source: "linux, drivers/firmware/efi/efi.c parse_efi_cmdline, efi_runtime_disabled",
    };
    draw(&RULE, |step| {
        let words = ground.host.cmdline.fact(|c| {
            let off = c.has("noefi") || c.efi().any(|w| w == "noruntime");
            let on = c.efi().any(|w| w == "runtime");
            let said = if off {
                "efi=noruntime"
            } else if on {
                "efi=runtime"
            } else {
                "no efi=noruntime"
            };
            ((off, on), said.into())
        });
        let (off, on) = *step.consult(&words)?;
        let usable = if off {
            false
        } else {
            on || !*step.consult(&ground.option("EFI_DISABLE_RUNTIME"))?
        };
        Ok((usable, Claim::FirmwareAsked(usable)))
    })
}

/// Keys that a kernel of Power or IBM Z gets from other firmware than UEFI, and that nothing here shows; `None`: it
/// looks for none.
fn handed_over(ground: &Ground<'_>, option: &'static str) -> Option<Fact<()>> {
    static RULE: Rule = Rule {
        name: "linux/keys-of-other-firmware",
        source: "linux, security/integrity/platform_certs/load_powerpc.c, load_ipl_s390.c",
    };
    let built = ground.host.config.fact(|c| (c.is_yes(option), format!("CONFIG_{option}")));
    Step::of(&RULE).consult(&built).is_ok_and(|on| *on).then(|| {
        let keys = text("the keys that the machine's own firmware hands over");
        Fact::unknown(gap(Question::Db, Why::OutOfReach(keys)))
    })
}

fn db_taken_in(ground: &Ground<'_>, runtime: &Fact<bool>) -> Fact<bool> {
    static RULE: Rule = Rule {
        name: "linux/db-taken-in",
        source: "linux, security/integrity/platform_certs/load_uefi.c load_uefi_certs, uefi_check_ignore_db",
    };
    draw(&RULE, |step| {
        let configured = ground.option("LOAD_UEFI_KEYS");
        let heeded = ground.firmware.mok_ignore_db.map(|ignored| !ignored);
        let taken = step.all(&[runtime, &configured, &heeded])?;
        Ok((taken, Claim::DbTakenIn(taken)))
    })
}

/// Whether machine owner keys reach the kernel's keyrings.
fn mok_taken_in(ground: &Ground<'_>, runtime: &Fact<bool>, secure_boot: &Fact<bool>) -> Fact<bool> {
    static RULE: Rule = Rule {
        name: "linux/mok-taken-in",
        source: "linux, security/integrity/platform_certs/load_uefi.c load_uefi_certs, load_moklist_certs",
    };
    draw(&RULE, |step| {
        let configured = ground.option("LOAD_UEFI_KEYS");
        let condition = step.consult(&ground.behaviour(Point::MokCondition))?.clone();
        let taken = match &*condition {
            "always" => step.all(&[&configured, runtime])?,
            "ima-secure-boot" => {
                let ima = ground.option("IMA_SECURE_AND_OR_TRUSTED_BOOT");
                step.all(&[&configured, runtime, &ima, secure_boot])?
            }
            _ => step.all(&[&configured, runtime, secure_boot])?,
        };
        Ok((taken, Claim::MokTakenIn(taken)))
    })
}

/// Whether machine owner keys are for the machine keyring, which counts like built-in keys.
fn mok_to_machine(ground: &Ground<'_>) -> Fact<bool> {
    draw(&MOK_RING, |step| {
        let configured = ground.option("INTEGRITY_MACHINE_KEYRING");
        let secondary = ground.option("SECONDARY_TRUSTED_KEYRING");
        let when = step.consult(&ground.behaviour(Point::MokToMachine))?.clone();
        let machine = match &*when {
            "never" => false,
            "always" => step.all(&[&configured, &secondary])?,
            _ => step.all(&[&configured, &secondary, &ground.firmware.mok_list_trusted])?,
        };
        Ok((machine, Claim::MokInMachineRing(machine)))
    })
}

/// What the machine keyring asks of a certificate, where it asks for authorities only
/// (`crypto/asymmetric_keys/restrict.c restrict_link_by_ca`).
struct CaRule {
    authorities_only: bool,
    no_signing_of_data: bool,
}

impl CaRule {
    fn of(ground: &Ground<'_>) -> Self {
        let yes =
            |name: &str| Step::of(&MOK_RING).consult(&ground.option(name)).is_ok_and(|on| *on);
        Self {
            authorities_only: yes("INTEGRITY_CA_MACHINE_KEYRING"),
            no_signing_of_data: yes("INTEGRITY_CA_MACHINE_KEYRING_MAX"),
        }
    }

    const fn admits(&self, anchor: &Anchor) -> bool {
        !self.authorities_only
            || (anchor.is_ca
                && anchor.signs_certificates
                && !(self.no_signing_of_data && anchor.signs_data))
    }
}

/// On a fresh boot nobody has added keys to the secondary keyring yet.
fn secondary_empty() -> Fact<()> {
    static RULE: Rule = Rule {
        name: "linux/secondary-ring",
        source: "linux, certs/system_keyring.c: filled by key_add(2) of the administrator after the boot",
    };
    draw(&RULE, |_| Ok(((), Claim::KeyringHolds { ring: Ring::Secondary, keys: 0 })))
}

/// Taking certificates into a keyring.
struct Taking<'a> {
    ground: &'a Ground<'a>,
    algorithms: &'a Available,
    dialect: &'a Fact<Arc<Dialect>>,
}

/// What was taken, and why there is no more.
struct Taken {
    items: Vec<(Ring, Fact<Held>)>,
    whole: Fact<()>,
}

impl Taking<'_> {
    /// Takes in every certificate that this kernel admits, `when` it looks at the list at all.
    fn take(
        &self,
        list: &Listing<Certificate>,
        when: Option<&Fact<bool>>,
        meant: Ring,
        ring: impl Fn(&Anchor) -> Ring,
    ) -> Taken {
        static RULE: Rule = Rule {
            name: "linux/keyring-admission",
            source: "linux, crypto/asymmetric_keys/x509_public_key.c x509_key_preparse",
        };
        static WHOLE: Rule = Rule {
            name: "linux/keyring-content",
            source: "linux, certs/system_keyring.c; security/integrity/platform_certs/keyring_handler.c",
        };
        if let Some(when) = when {
            match Step::of(&RULE).consult(when) {
                Ok(true) => {}
                Ok(false) => return Taken { items: Vec::new(), whole: when.map(|_| ()) },
                Err(gaps) => return Taken { items: Vec::new(), whole: Fact::unknown(gaps) },
            }
        }
        let mut items = Vec::new();
        let mut refused: Vec<Proof> = Vec::new();
        for certificate in list.items() {
            let mut at = meant;
            let mut admitted = true;
            let fact = draw(&RULE, |step| {
                if let Some(when) = when {
                    step.consult(when)?;
                }
                let certificate = step.consult(certificate)?.clone();
                let dialect = step.consult(self.dialect)?.clone();
                let name = certificate.name.clone();
                let fips = step.consult(&fips::mode(self.ground)).is_ok_and(|on| *on);
                let mut asking = Admission { algorithms: self.algorithms, step, fips };
                match certificate::admit(&certificate.der, &dialect, &mut asking)?.result {
                    Ok(anchor) => {
                        at = ring(&anchor);
                        let claim = Claim::KeyAdmitted { ring: at, name: name.clone() };
                        Ok((Some(Held { ring: at, name, anchor: Arc::new(anchor) }), claim))
                    }
                    Err(failure) => {
                        admitted = false;
                        let errno = failure.errno;
                        Ok((None, Claim::KeyNotAdmitted { ring: meant, name, errno }))
                    }
                }
            });
            if admitted {
                items.push((at, flatten(&fact)));
            } else {
                refused.push(fact.proof());
            }
        }
        let count = items.len();
        let whole = draw(&WHOLE, |step| {
            step.consult(list.whole())?;
            if let Some(when) = when {
                step.consult(when)?;
            }
            for proof in &refused {
                step.consult(&Fact::because((), proof.clone()))?;
            }
            Ok(((), Claim::KeyringHolds { ring: meant, keys: count }))
        });
        Taken { items, whole }
    }
}

fn flatten(fact: &Fact<Option<Held>>) -> Fact<Held> {
    static RULE: Rule = Rule { name: "linux/keyring-admission", source: "" };
    match Step::of(&RULE).consult(fact) {
        Ok(Some(held)) => Fact::because(held.clone(), fact.proof()),
        Ok(None) => Fact::unknown(gap(Question::BuiltinKeys, Why::Missing(text("certificate")))),
        Err(gaps) => Fact::unknown(gaps),
    }
}

fn joined(wholes: &[&Fact<()>], ring: Ring, keys: usize) -> Fact<()> {
    static RULE: Rule = Rule {
        name: "linux/keyring-whole",
        source: "linux, certs/system_keyring.c system_trusted_keyring_init",
    };
    draw(&RULE, |step| {
        for whole in wholes {
            step.consult(whole)?;
        }
        Ok(((), Claim::KeyringHolds { ring, keys }))
    })
}

/// Certificates in dbx and MokListX, where the kernel keeps a list of revoked ones.
fn revoked(taking: &Taking<'_>, runtime: &Fact<bool>, mok: &Fact<bool>) -> Listing<Held> {
    let firmware = taking.ground.firmware;
    let certificates = |list: &Listing<Denied>| {
        let items = list.items().iter().filter_map(|item| {
            static RULE: Rule = Rule { name: "linux/revoked", source: "" };
            match Step::of(&RULE).consult(item) {
                Ok(Denied::Certificate(c)) => Some(Fact::because(c.clone(), item.proof())),
                Ok(_) => None,
                Err(gaps) => Some(Fact::unknown(gaps)),
            }
        });
        Listing::new(items.collect(), list.whole().clone())
    };
    let dbx = taking
        .take(&certificates(&firmware.dbx), Some(runtime), Ring::Blacklist, |_| Ring::Blacklist);
    let mokx = taking
        .take(&certificates(&firmware.mok_list_x), Some(mok), Ring::Blacklist, |_| Ring::Blacklist);
    let whole = joined(
        &[&dbx.whole, &mokx.whole],
        Ring::Blacklist,
        dbx.items.len().saturating_add(mokx.items.len()),
    );
    Listing::new(dbx.items.into_iter().chain(mokx.items).map(|(_, fact)| fact).collect(), whole)
}

fn revocation(ground: &Ground<'_>) -> Fact<Arc<str>> {
    static RULE: Rule = Rule {
        name: "linux/revocation",
        source: "linux, certs/system_keyring.c verify_pkcs7_message_sig, CONFIG_SYSTEM_REVOCATION_LIST",
    };
    draw(&RULE, |step| {
        if !*step.consult(&ground.option("SYSTEM_REVOCATION_LIST"))? {
            return Ok((text("none"), Claim::SignersRevocable(false)));
        }
        let scope = step.consult(&ground.behaviour(Point::RevocationScope))?.clone();
        Ok((scope, Claim::SignersRevocable(true)))
    })
}

/// Digests of whole files in dbx and, where machine owner lists are read, in MokListX.
fn denied_files(ground: &Ground<'_>, runtime: &Fact<bool>, mok: &Fact<bool>) -> Listing<[u8; 32]> {
    static RULE: Rule = Rule {
        name: "linux/denied-files",
        source: "linux, security/integrity/platform_certs/keyring_handler.c uefi_blacklist_binary",
    };
    let mut items = Vec::new();
    let mut wholes = Vec::new();
    for (list, when) in [(&ground.firmware.dbx, runtime), (&ground.firmware.mok_list_x, mok)] {
        let asked = Step::of(&RULE).consult(when).copied();
        wholes.push(match &asked {
            Ok(true) => list.whole().clone(),
            Ok(false) => when.map(|_| ()),
            Err(gaps) => Fact::unknown(gaps.clone()),
        });
        if asked != Ok(true) {
            continue;
        }
        items.extend(list.items().iter().filter_map(|item| match Step::of(&RULE).consult(item) {
            Ok(Denied::Sha256(digest)) => Some(Fact::because(*digest, item.proof())),
            Ok(Denied::Certificate(_) | Denied::CertificateSha256(_) | Denied::Other) => None,
            Err(gaps) => Some(Fact::unknown(gaps)),
        }));
    }
    let count = items.len();
    let wholes: Vec<&Fact<()>> = wholes.iter().collect();
    let whole = joined(&wholes, Ring::Blacklist, count);
    let shown = &ground.host.running.denied_files;
    let known = |whole: &Fact<()>| Step::of(&RULE).consult(whole).is_ok();
    if known(&whole) || !known(shown.whole()) { Listing::new(items, whole) } else { shown.clone() }
}

/// That a ring of the running kernel holds nothing; open where it holds something that was not seen.
fn empty(keys: &Fact<u64>, ring: Ring) -> Fact<()> {
    static RULE: Rule =
        Rule { name: "linux/keyring-empty", source: "linux, security/keys/proc.c proc_keys_show" };
    draw(&RULE, |step| match *step.consult(keys)? {
        0 => Ok(((), Claim::KeyringHolds { ring, keys: 0 })),
        _ => {
            Err(gap(Question::MokList, Why::Missing(text("certificates of the keys in the ring"))))
        }
    })
}

/// What admission of a certificate asks of the machine.
struct Admission<'a> {
    algorithms: &'a Available,
    step: &'a mut Step,
    fips: bool,
}

impl Kernel for Admission<'_> {
    type Doubt = Gaps;

    fn in_fips_mode(&self) -> bool {
        self.fips
    }

    fn digest_available(&mut self, algorithm: DigestAlgorithm) -> Result<bool, Gaps> {
        self.step.consult(&self.algorithms.at_boot(algorithm.name())).copied()
    }

    fn key_algorithm_available(&mut self, algorithm: KeyAlgorithm) -> Result<bool, Gaps> {
        self.step.consult(&self.algorithms.at_boot(family(algorithm))).copied()
    }

    fn content_digest(&mut self, algorithm: DigestAlgorithm) -> Result<Digest, Gaps> {
        Err(gap(Question::ModuleBytes, Why::Missing(text(algorithm.name()))))
    }

    fn find_key(&mut self, _: kernel::Ring, _: &[u8]) -> Result<Option<Arc<Anchor>>, Gaps> {
        Ok(None)
    }

    // Hashes of certificates that are compiled in would be asked here; entries of dbx are kept with
    // their time of revocation and never match (see `Denied::CertificateSha256`).
    fn certificate_blacklisted(&mut self, _: &Digest) -> Result<bool, Gaps> {
        Ok(false)
    }

    fn revocations_matter(&mut self, _: kernel::Ring) -> Result<bool, Gaps> {
        Ok(false)
    }

    fn beyond_us(&mut self, algorithm: KeyAlgorithm) -> Gaps {
        gap(Question::CryptoAlgorithm, Why::NoRow(text(algorithm.name())))
    }
}

/// The row of the table of algorithms that a kind of key belongs to.
pub(crate) const fn family(algorithm: KeyAlgorithm) -> &'static str {
    match algorithm {
        KeyAlgorithm::Rsa => "rsa",
        KeyAlgorithm::EcdsaP192
        | KeyAlgorithm::EcdsaP256
        | KeyAlgorithm::EcdsaP384
        | KeyAlgorithm::EcdsaP521 => "ecdsa",
        KeyAlgorithm::Ecrdsa => "ecrdsa",
        KeyAlgorithm::Sm2 => "sm2",
        KeyAlgorithm::MlDsa44 | KeyAlgorithm::MlDsa65 | KeyAlgorithm::MlDsa87 => "mldsa",
    }
}
