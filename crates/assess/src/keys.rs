//! What each keyring of a machine holds, where it came from, and what depends on it.
//!
//! The keyrings are those that modules are judged by; beside them stand lists that are looked at and
//! never decide about modules (PK, KEK, `.ima`), and what the running kernel names and no list
//! explains.

use std::sync::Arc;

use loadworthy_collect::gather::linux::builds;
use loadworthy_collect::item::{HostPath, Item};
use loadworthy_collect::sighting::{Entry, Kind, Outcome};
use loadworthy_core::answer::Answered;
use loadworthy_core::answer::Kind as SubjectKind;
use loadworthy_core::fact::Fact;
use loadworthy_core::facts::firmware::Denied;
use loadworthy_core::facts::module::ModuleFile;
use loadworthy_core::keys::described::{Described, signers};
use loadworthy_core::keys::found::{
    Counts, Key, Keyring, Keys, Named, OfHost, OfKernel, Place, Stranger, User,
};
use loadworthy_core::keys::lint::{Asks, Lint};
use loadworthy_core::policy::linux::keyrings::Held;
use loadworthy_core::proof::{Evidence, Proof, Ring, text};
use loadworthy_formats::kernel::name;
use loadworthy_formats::kernel::proc_keys::{self, What};
use loadworthy_formats::manifest::Profile;
use loadworthy_formats::uefi::guid::Guid;
use loadworthy_formats::uefi::signature_list;
use loadworthy_formats::uefi::signature_type::Type;

use crate::check::summary_of;
use crate::host::{Host, OneKernel, known};
use crate::judging::{Asked, Wanted};
use crate::modules;
use crate::names::Names;
use crate::preflight;
use crate::preflight::seen::{self, Seen};
use crate::request::{Progress, Request, Subjects, Trouble};

/// Lists that are shown beside the keyrings: name and vendor.
const SHOWN: [(&str, Guid); 3] =
    [("PK", Guid::GLOBAL_VARIABLE), ("KEK", Guid::GLOBAL_VARIABLE), ("MokNew", Guid::SHIM_LOCK)];
/// Where certificates for `.ima` are loaded from: by the kernel (`CONFIG_IMA_X509_PATH`), by dracut
/// (`modules.d/*integrity/ima-keys-load.sh`).
const IMA_FILE: &str = "etc/keys/x509_ima.der";
const IMA_FOLDER: &str = "etc/keys/ima";

/// Lists the keys of one machine.
///
/// # Errors
/// When our own work cannot be done.
pub fn list(request: &Request, at: i64, progress: Progress<'_>) -> Result<Keys, Trouble> {
    let host = Host::of(request)?;
    let found = list_on(&host, request, at, progress)?;
    Ok(Keys { at: request.at.clone(), hosts: vec![found] })
}

/// The same on a machine that is open already.
///
/// # Errors
/// As [`list`].
pub fn list_on(
    host: &Host,
    request: &Request,
    at: i64,
    progress: Progress<'_>,
) -> Result<OfHost, Trouble> {
    let manifest = seen::manifest(host, request)?;
    let profile = &manifest.manifest.profile;
    let mut kernels = Vec::new();
    let mut summary = None;
    for kernel in host.asked(&request.kernel)? {
        let kernel = host.kernel(kernel, request)?;
        summary.get_or_insert_with(|| summary_of(host, &kernel));
        let names = Names::of(&host.looking(), &kernel);
        let asked = Asked { host, kernel: &kernel, names: &names, request, progress };
        let modules = signed(&asked, &manifest);
        kernels.push(Listing { asked: &asked, profile, at }.of_kernel(modules));
    }
    host.sound()?;
    let host = summary.ok_or_else(|| Trouble::NoKernel { asked: String::new(), there: vec![] })?;
    Ok(OfHost { name: String::new(), host, profile: profile.name.clone(), kernels })
}

/// The keys of one kernel, without looking at any module.
///
/// # Errors
/// When the manifest is not in order.
pub(crate) fn of_kernel(
    host: &Host,
    kernel: &OneKernel,
    request: &Request,
    at: i64,
) -> Result<OfKernel, Trouble> {
    let profile = seen::manifest(host, request)?.manifest.profile;
    let names = Names::of(&host.looking(), kernel);
    let asked = Asked { host, kernel, names: &names, request, progress: &|_, _| {} };
    Ok(Listing { asked: &asked, profile: &profile, at }.of_kernel(Vec::new()))
}

/// A module and how its signature names who made it.
struct Signed {
    user: User,
    signers: Vec<(Vec<u8>, String)>,
}

/// Modules that the machine needs and modules that were added to the kernel's own; or the whole tree.
fn signed(
    asked: &Asked<'_>,
    manifest: &loadworthy_collect::gather::linux::manifest::Found,
) -> Vec<Signed> {
    let looking = asked.host.looking();
    let mut answers: Vec<Answered> = Vec::new();
    let mut notes = Vec::new();
    let mut wanted: Vec<HostPath> = Vec::new();
    if asked.request.subjects == Subjects::All {
        wanted = modules::all(&looking, asked.kernel).0;
    } else {
        let seen = Seen::of(asked.host);
        answers.extend(preflight::run(asked, manifest, &seen, &mut notes));
        answers.retain(|a| a.subject.kind == SubjectKind::LinuxModule && a.subject.path.is_some());
        let release = &asked.kernel.kernel.release;
        let added = builds::added(&looking, &asked.kernel.tree, release);
        let known: Vec<&str> = answers.iter().filter_map(|a| a.subject.path.as_deref()).collect();
        let inside = asked.kernel.tree.base.as_ref().map(ToString::to_string).unwrap_or_default();
        let missing = added
            .values()
            .filter(|path| path.starts_with(inside.as_str()) && !known.contains(&path.as_ref()));
        wanted.extend(missing.map(|path| HostPath::new(path.as_bytes())));
    }
    wanted.sort();
    let list: Vec<Wanted> =
        wanted.iter().map(|path| Wanted { path: path.clone(), required_by: Vec::new() }).collect();
    answers.extend(asked.judge_tree(&list, &asked.names.closure(&wanted), &mut notes));
    let paths: Vec<HostPath> = answers
        .iter()
        .filter_map(|a| Some(HostPath::new(a.subject.path.as_ref()?.as_bytes())))
        .collect();
    let read = asked.read(&paths);
    let mut found = Vec::new();
    for answer in answers {
        let Some(path) = answer.subject.path.clone() else { continue };
        let file = read.get(&path).and_then(|module| {
            known(&module.facts.file.fact(|file| (file.clone(), String::new())))
        });
        let Some(file) = file else { continue };
        let ModuleFile::Read(bytes) = &*file else { continue };
        let user = User {
            module: text(name::of_path(&path)),
            path,
            outcome: answer.judgement.verdict.name(),
            required_by: answer.subject.required_by,
        };
        let signers = bytes.message.as_deref().map(signers).unwrap_or_default();
        found.push(Signed { user, signers });
    }
    found.sort_by(|a, b| a.user.path.cmp(&b.user.path));
    found
}

/// The listing of one kernel in the making.
struct Listing<'a> {
    asked: &'a Asked<'a>,
    profile: &'a Profile,
    at: i64,
}

impl Listing<'_> {
    fn of_kernel(&self, modules: Vec<Signed>) -> OfKernel {
        let OneKernel { kernel, policy, .. } = self.asked.kernel;
        let running = self.running();
        let mut keys = self.certificates();
        let rings = &policy.keyrings;
        for list in [&rings.trusted, &rings.platform, &rings.revoked] {
            for held in list.items().iter().filter_map(known) {
                let at = keys.iter_mut().find(|key| is_held(&key.certificate, &held));
                if let Some(key) = at
                    && !key.keyrings.contains(&held.ring.name())
                {
                    key.keyrings.push(held.ring.name());
                }
            }
        }
        let keyrings = self.keyrings(running.as_deref());
        for key in &mut keys {
            key.counts = counts(key, &keyrings);
        }
        let unseen = unseen(running.as_deref(), &keys);
        let count = modules.len();
        let (mut strangers, mut unsigned) = (Vec::new(), Vec::new());
        for Signed { user, signers } in modules {
            if signers.is_empty() {
                unsigned.push(user);
                continue;
            }
            for (id, said) in signers {
                match keys.iter_mut().find(|key| key.certificate.answers_to(&id)) {
                    Some(key) => key.used_by.push(user.clone()),
                    None => stranger(&mut strangers, said, user.clone()),
                }
            }
        }
        self.findings(&mut keys);
        OfKernel {
            release: kernel.release.clone(),
            keyrings,
            keys,
            unseen,
            strangers,
            unsigned,
            modules: count,
        }
    }

    /// Every certificate of every list, once.
    fn certificates(&self) -> Vec<Key> {
        let OneKernel { facts, firmware, .. } = self.asked.kernel;
        let looking = self.asked.host.looking();
        let mut keys: Vec<Key> = Vec::new();
        let mut put = |list: &str, der: &[u8], because: Proof, of_vendor: bool| {
            // What no certificate reader takes is no key of any kernel.
            let Ok(certificate) = Described::of(der) else { return };
            let place = Place { list: text(list), because };
            match keys.iter_mut().find(|key| key.certificate.der == certificate.der) {
                Some(key) => {
                    key.of_vendor |= of_vendor;
                    if key.places.iter().all(|p| p.list != place.list) {
                        key.places.push(place);
                    }
                }
                None => keys.push(Key {
                    certificate,
                    places: vec![place],
                    of_vendor,
                    keyrings: Vec::new(),
                    counts: Counts::Unknown,
                    used_by: Vec::new(),
                    findings: Vec::new(),
                }),
            }
        };
        for (list, held) in [
            ("kernel image", &facts.builtin_keys),
            ("db", &firmware.db),
            ("MokListRT", &firmware.mok_list),
        ] {
            for (n, fact) in held.items().iter().enumerate() {
                let Some(certificate) = known(fact) else { continue };
                // shim writes its vendor's certificates before the owner's (mok.c,
                // mok_mirror_one_variable); a vendor's is an authority.
                let first = list == "MokListRT" && n == 0;
                let of_vendor =
                    first && Described::of(&certificate.der).is_ok_and(|c| c.may_issue());
                put(list, &certificate.der, fact.proof(), of_vendor);
            }
        }
        for (list, denied) in [("dbx", &firmware.dbx), ("MokListXRT", &firmware.mok_list_x)] {
            for fact in denied.items() {
                if let Some(Denied::Certificate(certificate)) = known(fact) {
                    put(list, &certificate.der, fact.proof(), false);
                }
            }
        }
        for (list, vendor) in SHOWN {
            let item = Item::Variable { name: list.to_owned(), vendor };
            let (Outcome::Bytes { .. }, bytes) =
                looking.view.look(&item, looking.limits.text_bytes)
            else {
                continue;
            };
            let lists = signature_list::read(bytes.get(4..).unwrap_or_default(), looking.limits);
            for der in lists.value.data(Type::X509) {
                put(list, der, self.seen(&item, "a certificate"), false);
            }
        }
        for (path, certificate) in &facts.own_certificates {
            let item = Item::file(path.as_bytes());
            put(path, &certificate.der, self.seen(&item, "a certificate"), false);
        }
        for path in self.ima_files() {
            let item = Item::File(path.clone());
            let (Outcome::Bytes { .. }, der) = looking.view.look(&item, looking.limits.text_bytes)
            else {
                continue;
            };
            put(&path.to_string(), &der, self.seen(&item, "a certificate"), false);
        }
        keys
    }

    fn ima_files(&self) -> Vec<HostPath> {
        let looking = self.asked.host.looking();
        let folder = HostPath::new(IMA_FOLDER);
        let mut files = vec![HostPath::new(IMA_FILE)];
        if let (Outcome::Entries(names), _) = looking.view.look(&Item::Entries(folder.clone()), 0) {
            let plain = |entry: &&Entry| entry.kind != Kind::Folder;
            files.extend(names.iter().filter(plain).map(|entry| folder.join(&entry.name)));
        }
        files
    }

    fn seen(&self, item: &Item, said: &str) -> Proof {
        let origin = self.asked.host.looking().view.origin();
        let evidence = Evidence { origin, item: text(item.to_string()), said: text(said) };
        Fact::seen((), evidence).proof()
    }

    /// What the running kernel names, where it is the kernel asked about.
    fn running(&self) -> Option<Vec<proc_keys::Key>> {
        let running = self.asked.host.kernels.running.as_ref().ok()?;
        if running.release != self.asked.kernel.kernel.release {
            return None;
        }
        let looking = self.asked.host.looking();
        let (Outcome::Bytes { .. }, bytes) =
            looking.view.look(&Item::file("proc/keys"), looking.limits.text_bytes)
        else {
            return None;
        };
        Some(proc_keys::read(&bytes, looking.limits).ok()?.value)
    }

    fn keyrings(&self, running: Option<&[proc_keys::Key]>) -> Vec<Keyring> {
        let rings = &self.asked.kernel.policy.keyrings;
        let held = |name: &str| {
            running?.iter().find_map(|key| match &key.what {
                What::Keyring { name: own, keys } if own == name => *keys,
                _ => None,
            })
        };
        let fallback = match known(&rings.platform_asked).as_deref() {
            Some("never") => Counts::No,
            Some(_) => Counts::Yes,
            None => Counts::Unknown,
        };
        let revoked = match known(&rings.revocation).as_deref() {
            Some("none") => Counts::No,
            Some(_) => Counts::Against,
            None => Counts::Unknown,
        };
        let mut all = Vec::new();
        for (ring, counts, whole) in [
            (Ring::Builtin, Counts::Yes, self.asked.kernel.facts.builtin_keys.whole()),
            (Ring::Secondary, Counts::Yes, rings.trusted.whole()),
            (Ring::Machine, Counts::Yes, rings.trusted.whole()),
            (Ring::Platform, fallback, rings.platform.whole()),
            (Ring::Blacklist, revoked, rings.revoked.whole()),
        ] {
            let because = match ring {
                Ring::Platform => {
                    known(whole).map_or_else(|| whole.proof(), |()| rings.platform_asked.proof())
                }
                Ring::Blacklist => {
                    known(whole).map_or_else(|| whole.proof(), |()| rings.revocation.proof())
                }
                Ring::Builtin | Ring::Secondary | Ring::Machine => whole.proof(),
            };
            all.push(Keyring {
                name: ring.name(),
                counts,
                whole: known(whole).is_some(),
                because: Some(because),
                running: held(ring.name()),
            });
        }
        all.push(Keyring {
            name: ".ima",
            counts: Counts::No,
            whole: false,
            because: None,
            running: held(".ima"),
        });
        all
    }

    /// What is worth telling of keys that modules are signed with here.
    fn findings(&self, keys: &mut [Key]) {
        let kernel = self.asked.kernel;
        let lint = Lint(&self.asked.host.tables.key_lints);
        let yes = |name: &str| {
            known(&kernel.facts.config.fact(|c| (c.is_yes(name), String::new()))) == Some(true)
        };
        let machine = yes("INTEGRITY_MACHINE_KEYRING");
        let asks = Asks {
            at: Some(self.at),
            verifiable: None,
            authorities_only: machine && yes("INTEGRITY_CA_MACHINE_KEYRING"),
            no_signing_of_data: yes("INTEGRITY_CA_MACHINE_KEYRING_MAX"),
        };
        let all: Vec<Described> = keys
            .iter()
            .filter(|key| matches!(key.counts, Counts::Yes | Counts::Unknown))
            .map(|key| key.certificate.clone())
            .collect();
        let foreign = self.profile.foreign.as_deref().unwrap_or_default();
        for key in keys {
            let owners = ["MokListRT", "MokNew"];
            let listed = |place: &Place| owners.contains(&&*place.list) || place.list.contains('/');
            if key.places.iter().any(listed) && !key.of_vendor {
                let verifiable = key
                    .certificate
                    .kernel_algorithm()
                    .and_then(|name| known(&kernel.policy.public_key(name)));
                let asks = Asks { verifiable, ..asks };
                key.findings.extend(lint.certificate(&key.certificate, &asks));
                let others: Vec<&Described> = all.iter().collect();
                key.findings.extend(lint.same_id(&key.certificate, &others));
            }
            if matches!(key.counts, Counts::Yes | Counts::Unknown) {
                key.findings.extend(lint.foreign(&key.certificate, foreign));
            }
        }
    }
}

fn is_held(certificate: &Described, held: &Held) -> bool {
    held.anchor.serial_issuer == certificate.id
        && held.anchor.key_id.as_deref() == certificate.key_id.as_deref()
        && *held.name == *certificate.name
}

/// Whether a key vouches for modules: one of its keyrings does.
fn counts(key: &Key, keyrings: &[Keyring]) -> Counts {
    let of = |name: &str| keyrings.iter().find(|ring| ring.name == name).map(|ring| ring.counts);
    let all: Vec<Counts> = key.keyrings.iter().filter_map(|name| of(name)).collect();
    let open = || {
        let owners = ["MokListRT", "db", "kernel image"];
        let may = key.places.iter().any(|place| owners.contains(&&*place.list));
        may && keyrings.iter().any(|ring| !ring.whole && ring.counts == Counts::Yes)
    };
    [Counts::Yes, Counts::Unknown, Counts::Against]
        .into_iter()
        .find(|counts| all.contains(counts))
        .unwrap_or_else(|| if open() { Counts::Unknown } else { Counts::No })
}

/// Keys that the running kernel names and no list explains.
fn unseen(running: Option<&[proc_keys::Key]>, keys: &[Key]) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    for key in running.unwrap_or_default() {
        let What::Asymmetric { subject, id, algorithm } = &key.what else { continue };
        let explained = keys.iter().any(|key| {
            let certificate = &key.certificate;
            let own = certificate.key_id_text().unwrap_or_else(|| certificate.serial.clone());
            own.ends_with(id.as_str()) || id.ends_with(own.as_str())
        });
        let named =
            Named { subject: subject.clone(), id: id.clone(), algorithm: algorithm.clone() };
        if !explained && !found.contains(&named) {
            found.push(named);
        }
    }
    found
}

fn stranger(strangers: &mut Vec<Stranger>, signer: String, user: User) {
    match strangers.iter_mut().find(|s| s.signer == signer) {
        Some(stranger) => stranger.modules.push(user),
        None => strangers.push(Stranger { signer, modules: vec![user] }),
    }
}

/// Names the machines among several, and tells keys that one machine's profile enrols and another,
/// whose profile does not, trusts as well.
pub fn among(
    keys: &mut Keys,
    lints: &loadworthy_core::tables::key_lints::KeyLints,
    named: &[(Arc<str>, Profile)],
) {
    let lint = Lint(lints);
    for (host, (name, own)) in keys.hosts.iter_mut().zip(named) {
        name.as_ref().clone_into(&mut host.name);
        let mine = own.enrolled.as_deref().unwrap_or_default();
        let others: Vec<(String, &str)> = named
            .iter()
            .filter(|(_, other)| other.name.is_some() && other.name != own.name)
            .flat_map(|(_, other)| {
                let profile = other.name.as_deref().unwrap_or_default();
                other.enrolled.iter().flatten().map(move |digest| (digest.clone(), profile))
            })
            .filter(|(digest, _)| !mine.contains(digest))
            .collect();
        if own.name.is_none() {
            continue;
        }
        for key in host.kernels.iter_mut().flat_map(|kernel| &mut kernel.keys) {
            let counts = matches!(key.counts, Counts::Yes | Counts::Unknown);
            for (digest, profile) in others.iter().filter(|_| counts) {
                let told = key.findings.iter().any(|f| f.code.id == "LW4110");
                if let Some(mut finding) =
                    lint.foreign(&key.certificate, std::slice::from_ref(digest)).filter(|_| !told)
                {
                    finding.detail = format!("{}, of {profile}", finding.detail);
                    key.findings.push(finding);
                }
            }
        }
    }
}
