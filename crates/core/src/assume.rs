//! *What if*: facts the operator tells us to take for granted, each shown as assumed.

use crate::crypt::digest::{Digest, DigestAlgorithm};
use crate::fact::step::Step;
use crate::fact::{Fact, Listing, Source};
use crate::facts::boot_image::{BootFacts, Entry};
use crate::facts::firmware::{Certificate, Denied, FirmwareFacts};
use crate::facts::linux::{LinuxFacts, Running};
use crate::proof::{Assumption, Question, Rule, Why, gap, text};
use crate::tables::Tables;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::kernel::cmdline::{self, CommandLine};
use loadworthy_formats::kernel::lockdown::Level;
use loadworthy_formats::limits::Limits;

/// One thing to take for granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assume {
    /// Secure Boot is on or off.
    SecureBoot(bool),
    /// The lockdown level.
    Lockdown(Level),
    /// Module signatures are enforced, or not.
    SigEnforce(bool),
    /// This certificate is a machine owner key.
    Enroll(Certificate),
    /// These entries are added to dbx.
    Dbx(Vec<Denied>),
    /// The kernel command line.
    CommandLine(String),
}

/// Applies an assumption, given as `key=value`, to the facts.
pub fn apply(
    assume: &Assume,
    as_given: &Assumption,
    host: &mut LinuxFacts,
    firmware: &mut FirmwareFacts,
) {
    match assume {
        Assume::SecureBoot(on) => secure_boot(*on, as_given, host, firmware),
        Assume::Lockdown(level) => host.running.lockdown = Fact::assumed(*level, as_given.clone()),
        Assume::SigEnforce(on) => host.running.sig_enforce = Fact::assumed(*on, as_given.clone()),
        Assume::Enroll(certificate) => {
            firmware.mok_list.push(Fact::assumed(certificate.clone(), as_given.clone()));
        }
        Assume::Dbx(entries) => {
            for entry in entries {
                firmware.dbx.push(Fact::assumed(entry.clone(), as_given.clone()));
            }
        }
        Assume::CommandLine(line) => host.cmdline = command_line(line, as_given),
    }
}

/// Secure Boot on or off. What the running kernel says of its own boot no longer counts; and where
/// nothing at all is known of the firmware, the rest is that platform's ordinary boot: no additions
/// to MOK or dbx, and a plain command line.
fn secure_boot(
    on: bool,
    as_given: &Assumption,
    host: &mut LinuxFacts,
    firmware: &mut FirmwareFacts,
) {
    static RULE: Rule = Rule { name: "assumed/secure-boot", source: "--assume secure-boot" };
    let known = |fact: &Fact<Option<u8>>| Step::of(&RULE).consult(fact).is_ok_and(Option::is_some);
    let bare = !known(&firmware.secure_boot);
    firmware.secure_boot = Fact::assumed(Some(u8::from(on)), as_given.clone());
    firmware.setup_mode = Fact::assumed(Some(0), as_given.clone());
    firmware.mok_sb_state = Fact::assumed(None, as_given.clone());
    firmware.power_secure_boot = Fact::assumed(on, as_given.clone());
    firmware.z_secure_load = Fact::assumed(on, as_given.clone());
    let other = |question| gap(question, Why::OtherKernel(text("assumed Secure Boot")));
    host.running = Running {
        lockdown: Fact::unknown(other(Question::Lockdown)),
        sig_enforce: Fact::unknown(other(Question::SigEnforce)),
        modules_disabled: host.running.modules_disabled.clone(),
        loadpin: host.running.loadpin.clone(),
        machine_keys: Fact::unknown(other(Question::MokList)),
        platform_keys: Fact::unknown(other(Question::Db)),
        denied_files: Listing::unknown(other(Question::Dbx)),
    };
    if !bare {
        return;
    }
    let ordinary = |what: &str| Assumption {
        key: as_given.key.clone(),
        value: text(format!("{}, ordinary boot: {what}", as_given.value)),
    };
    firmware.db = none(ordinary("nothing added to db"));
    firmware.dbx = none(ordinary("nothing added to dbx"));
    firmware.mok_list = none(ordinary("no machine owner keys"));
    firmware.mok_list_x = none(ordinary("nothing denied by machine owners"));
    firmware.mok_ignore_db = Fact::assumed(false, ordinary("db counts"));
    firmware.mok_list_trusted = Fact::assumed(true, ordinary("machine owner keys trusted"));
    let plain = command_line("", &ordinary("plain command line"));
    if Step::of(&RULE).consult(&host.cmdline.fact(|_| ((), String::new()))).is_err() {
        host.cmdline = plain;
    }
}

/// Applies an assumption to what stands before a kernel; those about a kernel change nothing there.
pub fn apply_to_boot(
    assume: &Assume,
    as_given: &Assumption,
    boot: &mut BootFacts,
    tables: &Tables,
) {
    match assume {
        Assume::SecureBoot(on) => boot_secure_boot(*on, as_given, boot, tables),
        Assume::Enroll(certificate) => {
            let entry = Entry::Certificate { certificate: certificate.clone(), first: true };
            boot.mok_list.push(Fact::assumed(entry, as_given.clone()));
        }
        Assume::Dbx(entries) => {
            for entry in entries {
                boot.dbx.push(Fact::assumed(denied(entry), as_given.clone()));
            }
        }
        Assume::Lockdown(_) | Assume::SigEnforce(_) | Assume::CommandLine(_) => {}
    }
}

fn denied(entry: &Denied) -> Entry {
    let sha256 = DigestAlgorithm::Sha256;
    let digest = |bytes: &[u8]| Digest::from_bytes(bytes);
    match entry {
        Denied::Sha256(bytes) => digest(bytes).map_or(Entry::Other, |d| Entry::Digest(sha256, d)),
        Denied::CertificateSha256(bytes) => {
            digest(bytes).map_or(Entry::Other, |d| Entry::SignedPart(sha256, d))
        }
        Denied::Certificate(certificate) => {
            Entry::Certificate { certificate: certificate.clone(), first: true }
        }
        Denied::Other => Entry::Other,
    }
}

/// As for the kernel. Where no variables were seen, db holds what machines are sold with.
fn boot_secure_boot(on: bool, as_given: &Assumption, boot: &mut BootFacts, tables: &Tables) {
    static RULE: Rule = Rule { name: "assumed/secure-boot", source: "--assume secure-boot" };
    let bare = Step::of(&RULE).consult(boot.db.whole()).is_err();
    boot.secure_boot = Fact::assumed(Some(u8::from(on)), as_given.clone());
    boot.setup_mode = Fact::assumed(Some(0), as_given.clone());
    boot.mok_sb_state = Fact::assumed(None, as_given.clone());
    if !bare {
        return;
    }
    let ordinary = |what: &str| Assumption {
        key: as_given.key.clone(),
        value: text(format!("{}, ordinary boot: {what}", as_given.value)),
    };
    let sold = tables.shims.authorities().iter().map(|authority| {
        let certificate = Certificate {
            der: authority.certificate.0.clone(),
            name: text(authority.name.as_str()),
        };
        Fact::listed(Entry::Certificate { certificate, first: true }, authority.row())
    });
    let whole = Fact::assumed((), ordinary("db as machines are sold"));
    boot.db = Listing::new(sold.collect(), whole);
    boot.dbx = none(ordinary("nothing added to dbx"));
    boot.mok_list = none(ordinary("no machine owner keys"));
    boot.mok_list_x = none(ordinary("nothing denied by machine owners"));
    boot.mirrored = Fact::assumed(false, ordinary("lists without shim's vendor"));
    boot.ignore_db = Fact::assumed(false, ordinary("db counts"));
    boot.sbat_level = Fact::assumed(None, ordinary("no revocation level of its own"));
    boot.sbat_policy = Fact::assumed(None, ordinary("no wish about revocation levels"));
    boot.mok_policy = Fact::assumed(None, ordinary("no policy of shim"));
}

fn none<T>(assumption: Assumption) -> Listing<T> {
    Listing::new(Vec::new(), Fact::assumed((), assumption))
}

fn command_line(line: &str, as_given: &Assumption) -> Source<Arc<CommandLine>> {
    match cmdline::read(line.as_bytes(), &Limits::DEFAULT) {
        Ok(parsed) => Source::assumed(Arc::new(parsed.value), as_given.clone()),
        Err(error) => Source::unknown(gap(
            Question::CommandLine,
            Why::Unreadable(text(format!("--assume {}", as_given.key)), error),
        )),
    }
}
