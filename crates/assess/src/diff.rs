//! `diff`: two machines compared, and which verdicts each difference turns.
//!
//! What a difference does is not guessed: the first machine is judged again with that one topic as it
//! is on the second.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;
use std::sync::Arc;

use loadworthy_collect::gather::inventory;
use loadworthy_collect::gather::linux::modprobe;
use loadworthy_collect::gather::linux::module::{self, Scratch};
use loadworthy_collect::item::HostPath;
use loadworthy_collect::view::View;
use loadworthy_collect::views::split::{At, Split};
use loadworthy_core::answer::{Answers, Host as Summary, Platform};
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::drift::{
    self, Change, Compared, Difference, Outcome, Portrait, Side, Told, Topic,
};
use loadworthy_core::fact::{Fact, Listing};
use loadworthy_core::facts::firmware::{Certificate, Denied};
use loadworthy_core::proof::Origin;
use loadworthy_core::signature::signer;
use loadworthy_core::verdict::Verdict;
use loadworthy_formats::kernel::modprobe_d::Directive;
use loadworthy_formats::text::hex;

use crate::check::check_on;
use crate::host::{self, Host, OneKernel, known};
use crate::preflight::{profile, seen};
use crate::request::{Request, Source, Subjects, Trouble};

/// Parameters of a command line that name a machine's own disks and addresses: they differ always.
const OWN: [&str; 14] = [
    "BOOT_IMAGE",
    "initrd",
    "root",
    "resume",
    "resume_offset",
    "cryptdevice",
    "rd.luks.uuid",
    "rd.luks.name",
    "rd.lvm.lv",
    "rd.md.uuid",
    "ip",
    "systemd.hostname",
    "systemd.machine_id",
    "rd.iscsi.initiator",
];

/// One machine, looked at.
struct Looked {
    view: Arc<dyn View>,
    answers: Answers,
    portrait: Portrait,
    release: Option<Arc<str>>,
}

/// Compares `a` with `b`; `request` says which kernel, subjects and time.
///
/// # Errors
/// When one of them cannot be opened or judged.
pub fn diff(
    request: &Request,
    (a, a_name): (&Source, String),
    (b, b_name): (&Source, String),
) -> Result<Compared, Trouble> {
    let [a_view, b_view]: [Arc<dyn View>; 2] = [host::view(a)?.into(), host::view(b)?.into()];
    let mut subjects = request.subjects.clone();
    let mut first = look(&a_view, request, &subjects)?;
    let mut second = look(&b_view, request, &subjects)?;
    // Where neither shows what hardware it has, everything that is installed is compared.
    if subjects == Subjects::Used
        && first.answers.answers.is_empty()
        && second.answers.answers.is_empty()
    {
        subjects = Subjects::All;
        first = look(&a_view, request, &subjects)?;
        second = look(&b_view, request, &subjects)?;
    }
    let same_kernel = first.release == second.release;
    let mut turned: BTreeMap<Topic, Option<Vec<Change>>> = BTreeMap::new();
    let mut told = Vec::new();
    for difference in drift::between(&first.portrait, &second.portrait) {
        // Builds for another kernel are other files, which says nothing.
        let named = matches!(difference.topic, Topic::Module | Topic::Signer);
        if named && !same_kernel {
            continue;
        }
        let topic = difference.topic;
        let turns = match turned.entry(topic) {
            Entry::Occupied(known) => known.get().clone(),
            Entry::Vacant(open) => {
                let at = at(topic).filter(|_| difference.is_certain() && same_kernel);
                let turns = at.map(|at| turns(&first, &second, at, request, &subjects));
                open.insert(turns.transpose()?).clone()
            }
        };
        let turns = turns.map(|mut turns| {
            if named {
                turns.retain(|turn| turn.name == difference.name);
            }
            turns
        });
        told.push(Told { difference, turns });
    }
    let verdicts = changes(&outcomes(&first.answers), &outcomes(&second.answers));
    Ok(Compared {
        at: request.at.clone(),
        a: (a_name, first.answers.host),
        b: (b_name, second.answers.host),
        told,
        verdicts,
    })
}

/// Holds a machine against a profile; `wanted` is a manifest of the caller's, or nothing for the
/// machine's own.
///
/// # Errors
/// When the machine or the manifest cannot be opened or judged.
pub fn against_profile(
    request: &Request,
    (of, name): (&Source, String),
    wanted: Option<&Path>,
) -> Result<Compared, Trouble> {
    let view: Arc<dyn View> = host::view(of)?.into();
    let looked = look(&view, request, &request.subjects)?;
    let host = Host::over(Box::new(Split::of(view)))?.knowing(&request.knowledge)?;
    let profile = seen::manifest_of(&host, wanted)?.manifest.profile;
    let before = outcomes(&looked.answers);
    let mut told = Vec::new();
    for kernel in host.asked(&request.kernel)?.into_iter().take(1) {
        let kernel =
            host.kernel(kernel, &asked(request, &request.subjects, request.kernel.clone()))?;
        for differs in profile::differs(&host, &kernel, &profile) {
            // What the profile asks for is tried where an assumption says it.
            let turns = ["secure-boot", "lockdown"].contains(&differs.key) && differs.is.is_some();
            let turns = turns.then(|| {
                let mut again = asked(request, &request.subjects, request.kernel.clone());
                again.assume.push((differs.key.to_owned(), differs.wants.clone()));
                let answers = check_on(&host, &again, &|_, _| {})?;
                let mut turned = changes(&before, &outcomes(&answers));
                turned.retain(|change| change.a.is_some());
                Ok::<_, Trouble>(turned)
            });
            told.push(Told { difference: of_profile(differs), turns: turns.transpose()? });
        }
    }
    let summary = Summary {
        source: Origin::Profile,
        platform: Platform::Linux,
        kernel: None,
        kernels: Vec::new(),
        secure_boot: profile.secure_boot,
        lockdown: profile.lockdown.map(profile::level),
        started_by: None,
        node_of: None,
    };
    let called = profile.name.unwrap_or_else(|| "profile".to_owned());
    Ok(Compared {
        at: request.at.clone(),
        a: (name, looked.answers.host),
        b: (called, summary),
        told,
        verdicts: Vec::new(),
    })
}

fn of_profile(differs: profile::Differs) -> Difference {
    let (topic, name) = match differs.key {
        "secure-boot" => (Topic::SecureBoot, String::new()),
        "lockdown" => (Topic::Lockdown, String::new()),
        "enrolled" => (Topic::OwnerKey, differs.wants.trim_start_matches("sha256:").to_owned()),
        _ => (Topic::Dbx, String::new()),
    };
    let a = match differs.is {
        None => Side::Unknown,
        Some(_) if topic == Topic::OwnerKey => Side::Absent,
        Some(is) => Side::Is(is),
    };
    Difference { topic, name, a, b: Side::Is(differs.wants) }
}

/// The paths of a topic that can be taken from another machine.
fn at(topic: Topic) -> Option<fn(&[u8]) -> At> {
    /// Whether `path` is a variable with one of these names, or one of shim's tables.
    fn variable(path: &[u8], names: &[&str]) -> At {
        let name = ["sys/firmware/efi/efivars/", "sys/firmware/efi/mok-variables/"]
            .iter()
            .find_map(|folder| path.strip_prefix(folder.as_bytes()))
            .map(|rest| rest.split(|b| *b == b'-').next().unwrap_or_default());
        let is = |name: &[u8]| names.iter().any(|wanted| wanted.as_bytes() == name);
        if name.is_some_and(is) { At::There } else { At::Here }
    }
    fn below(path: &[u8], folders: &[&str]) -> At {
        let is = folders.iter().any(|folder| path.starts_with(folder.as_bytes()));
        if is { At::There } else { At::Here }
    }
    Some(match topic {
        Topic::SecureBoot => |path| variable(path, &["SecureBoot", "SetupMode"]),
        Topic::ShimValidation => |path| variable(path, &["MokSBState", "MokSBStateRT"]),
        Topic::Db => |path| variable(path, &["db", "MokIgnoreDB", "MokDBState"]),
        Topic::Dbx => |path| variable(path, &["dbx"]),
        Topic::OwnerKey => {
            |path| variable(path, &["MokList", "MokListRT", "MokListTrusted", "MokListTrustedRT"])
        }
        Topic::OwnerDenied => |path| variable(path, &["MokListX", "MokListXRT"]),
        Topic::CommandLine => |path| {
            below(
                path,
                &["proc/cmdline", "boot/grub", "boot/loader", "boot/efi/loader", "efi/loader"],
            )
        },
        Topic::Loading => |path| below(path, &["proc/sys/kernel/modules_disabled"]),
        Topic::Modprobe => |path| {
            let is = path.windows(11).any(|part| part == b"modprobe.d/")
                || path.ends_with(b"/modprobe.d");
            if is { At::There } else { At::Here }
        },
        Topic::Module | Topic::Signer => |path| below(path, &["lib/modules/", "usr/lib/modules/"]),
        Topic::Kernel
        | Topic::Enforcement
        | Topic::Lockdown
        | Topic::BuiltinKey
        | Topic::SbatLevel
        | Topic::Pending => return None,
    })
}

/// The verdicts of `first` that turn when it has these paths of `second`.
fn turns(
    first: &Looked,
    second: &Looked,
    at: fn(&[u8]) -> At,
    request: &Request,
    subjects: &Subjects,
) -> Result<Vec<Change>, Trouble> {
    let view = Split::new(first.view.clone(), second.view.clone(), at);
    let host = Host::over(Box::new(view))?;
    // The kernel stays the one that was judged.
    let kernel = first.release.as_deref().map_or(request.kernel.clone(), |release| {
        crate::request::Which::Release(release.to_owned())
    });
    let again = check_on(&host, &asked(request, subjects, kernel), &|_, _| {})?;
    let before = outcomes(&first.answers);
    let mut turned = changes(&before, &outcomes(&again));
    turned.retain(|change| change.a.is_some());
    Ok(turned)
}

fn asked(request: &Request, subjects: &Subjects, kernel: crate::request::Which) -> Request {
    Request {
        source: request.source.clone(),
        with: Vec::new(),
        kernel,
        subjects: subjects.clone(),
        assume: request.assume.clone(),
        manifest: request.manifest.clone(),
        at: request.at.clone(),
        cache: None,
        knowledge: request.knowledge.clone(),
        jobs: request.jobs,
        short: false,
    }
}

fn look(view: &Arc<dyn View>, request: &Request, subjects: &Subjects) -> Result<Looked, Trouble> {
    let host = Host::over(Box::new(Split::of(view.clone())))?.knowing(&request.knowledge)?;
    let request = asked(request, subjects, request.kernel.clone());
    let kernels = host.asked(&request.kernel)?;
    let answers = check_on(&host, &request, &|_, _| {})?;
    let mut portrait = Portrait::default();
    let mut release = None;
    for kernel in kernels {
        let kernel = host.kernel(kernel, &request)?;
        release.get_or_insert_with(|| kernel.kernel.release.clone());
        of_policy(&mut portrait, &kernel);
        of_modules(&mut portrait, &host, &answers);
    }
    of_host(&mut portrait, &host);
    Ok(Looked { view: view.clone(), answers, portrait, release })
}

fn one<T: Clone>(
    portrait: &mut Portrait,
    topic: Topic,
    fact: &Fact<T>,
    said: impl Fn(&T) -> String,
) {
    if let Some(value) = known(fact) {
        portrait.add(topic, "", said(&value));
    }
}

fn of_policy(portrait: &mut Portrait, kernel: &OneKernel) {
    let word = |on: &bool| if *on { "on" } else { "off" }.to_owned();
    let yes = |on: &bool| if *on { "yes" } else { "no" }.to_owned();
    let (policy, firmware) = (&kernel.policy, &kernel.firmware);
    portrait.add(Topic::Kernel, "", &*kernel.kernel.release);
    one(portrait, Topic::SecureBoot, &policy.secure_boot, word);
    one(portrait, Topic::ShimValidation, &firmware.mok_sb_state, |state| {
        let off = state.is_some_and(|s| s.value == 1 && !s.non_volatile);
        if off { "off" } else { "on" }.to_owned()
    });
    one(portrait, Topic::Enforcement, &policy.signatures_enforced, yes);
    one(portrait, Topic::Lockdown, &policy.locked_down, yes);
    one(portrait, Topic::Loading, &policy.loading_disabled, yes);
    certificates(portrait, Topic::Db, &firmware.db);
    certificates(portrait, Topic::OwnerKey, &firmware.mok_list);
    certificates(portrait, Topic::BuiltinKey, &kernel.facts.builtin_keys);
    denied(portrait, Topic::Dbx, &firmware.dbx);
    denied(portrait, Topic::OwnerDenied, &firmware.mok_list_x);
    let line = kernel.facts.cmdline.fact(|line| (line.clone(), String::new()));
    if let Some(line) = known(&line) {
        let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for word in line.words.iter().filter(|word| !OWN.contains(&word.name.as_str())) {
            values.entry(&word.name).or_default().push(word.value.as_deref().unwrap_or("set"));
        }
        for (name, values) in values {
            portrait.add(Topic::CommandLine, name, values.join(" "));
        }
        portrait.whole(Topic::CommandLine);
    }
}

fn sha256(of: &[u8]) -> String {
    digest(DigestAlgorithm::Sha256, of).to_string()
}

fn certificates(portrait: &mut Portrait, topic: Topic, list: &Listing<Certificate>) {
    for certificate in list.items().iter().filter_map(known) {
        portrait.add(topic, sha256(&certificate.der), &*certificate.name);
    }
    if known(list.whole()).is_some() {
        portrait.whole(topic);
    }
}

/// Deny lists have hundreds of entries: what differs is told by number and digest of the list.
fn denied(portrait: &mut Portrait, topic: Topic, list: &Listing<Denied>) {
    if known(list.whole()).is_none() {
        return;
    }
    let mut entries: Vec<String> = list
        .items()
        .iter()
        .filter_map(known)
        .map(|entry| match entry {
            Denied::Sha256(digest) => format!("sha256:{}", hex(&digest)),
            Denied::Certificate(certificate) => format!("certificate:{}", sha256(&certificate.der)),
            Denied::CertificateSha256(digest) => format!("certificate-sha256:{}", hex(&digest)),
            Denied::Other => "other".to_owned(),
        })
        .collect();
    entries.sort();
    let of_list = sha256(entries.join("\n").as_bytes());
    let count = match entries.len() {
        1 => "1 entry".to_owned(),
        several => format!("{several} entries"),
    };
    portrait.add(topic, "", format!("{count}, sha256:{of_list}"));
}

fn of_host(portrait: &mut Portrait, host: &Host) {
    let looking = host.looking();
    let found = inventory::gather(&looking);
    one(portrait, Topic::SbatLevel, &found.sbat_level, |level| {
        level.as_deref().unwrap_or("none").to_owned()
    });
    one(portrait, Topic::Pending, &found.pending, |names| {
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    });
    let directives = modprobe::directives(&looking);
    for directive in directives.items().iter().filter_map(known) {
        match directive {
            Directive::Blacklist { module } => {
                portrait.add(Topic::Modprobe, format!("blacklist {module}"), "set");
            }
            Directive::Install { module, command } => {
                portrait.add(Topic::Modprobe, format!("install {module}"), command);
            }
            Directive::Options { module, parameters } => {
                portrait.add(Topic::Modprobe, format!("options {module}"), parameters);
            }
            _ => {}
        }
    }
    if known(directives.whole()).is_some() {
        portrait.whole(Topic::Modprobe);
    }
}

/// Digests and signers of what was judged.
fn of_modules(portrait: &mut Portrait, host: &Host, answers: &Answers) {
    let mut scratch = Scratch::default();
    for answered in &answers.answers {
        let subject = &answered.subject;
        let (Some(path), Some(sha256)) = (&subject.path, subject.sha256) else { continue };
        portrait.add(Topic::Module, &*subject.name, format!("sha256:{}", hex(&sha256)));
        // Signers of a whole tree are one; reading it all again for that would take as long again.
        if answers.answers.len() <= 500 {
            let facts =
                module::gather(&host.looking(), &HostPath::new(path.as_bytes()), &mut scratch);
            let signer = signer(&facts).as_deref().unwrap_or("nobody").to_owned();
            portrait.add(Topic::Signer, &*subject.name, signer);
        }
    }
    portrait.whole(Topic::Module);
}

fn outcomes(answers: &Answers) -> BTreeMap<String, Outcome> {
    let each = answers.answers.iter().map(|a| {
        let code = match &a.judgement.verdict {
            Verdict::Refused(code) => Some(code.id),
            Verdict::Loads | Verdict::LoadsTainted | Verdict::Unknown(_) => None,
        };
        (a.subject.name.to_string(), (a.judgement.verdict.name(), code))
    });
    each.collect()
}

fn changes(a: &BTreeMap<String, Outcome>, b: &BTreeMap<String, Outcome>) -> Vec<Change> {
    let names: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    names
        .into_iter()
        .map(|name| Change { name: name.clone(), a: a.get(name).copied(), b: b.get(name).copied() })
        .filter(|change| change.a != change.b)
        .collect()
}
