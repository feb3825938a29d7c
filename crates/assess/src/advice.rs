//! Things that look like trust and are not: a driver that loads and still does not work.
//!
//! Told as advice about modules that the host needs; nothing here decides a verdict.

use std::collections::BTreeSet;
use std::sync::Arc;

use loadworthy_collect::gather::looking::Looking;
use loadworthy_collect::item::Item;
use loadworthy_collect::sighting::Outcome;
use loadworthy_core::advice_claim::AdviceClaim;
use loadworthy_core::answer::{Answered, Kind, Note};
use loadworthy_core::codes::{
    FIRMWARE_MISSING, FIRMWARE_NOT_IN_INITRAMFS, MODULE_NOT_IN_INDEX, PACKAGE_LISTS_MODULE,
    PARAMETER_NOT_KNOWN, USER_LAND_OF_ANOTHER_VERSION,
};
use loadworthy_core::fact::Fact;
use loadworthy_core::fact::step::Step;
use loadworthy_core::proof::{Claim, Evidence, Proof, Rule, text};
use loadworthy_core::verdict::Verdict;
use loadworthy_formats::kernel::name;

use crate::host::known;
use crate::judging::Asked;
use crate::modinfo::Said;

/// Where the kernel looks for firmware (`drivers/base/firmware_loader/main.c`, `fw_path`), a folder
/// given with `firmware_class.path` first.
fn firmware_folders(asked: &Asked<'_>) -> Vec<String> {
    let release = &asked.kernel.kernel.release;
    let given = asked.kernel.facts.cmdline.fact(|line| {
        let path = line.last("firmware_class.path").map(str::to_owned);
        (path, String::new())
    });
    let usual = [
        format!("lib/firmware/updates/{release}"),
        "lib/firmware/updates".to_owned(),
        format!("lib/firmware/{release}"),
        "lib/firmware".to_owned(),
    ];
    known(&given).flatten().into_iter().chain(usual).collect()
}

/// Endings that the kernel tries (`CONFIG_FW_LOADER_COMPRESS_*`).
const ENDINGS: [&str; 3] = ["", ".zst", ".xz"];

/// Those of the files that are there; `None`: the folder was not seen, or a name is a pattern.
fn firmware_there<'f>(
    looking: &Looking<'_>,
    folders: &[String],
    files: &'f [String],
) -> Option<Vec<&'f str>> {
    if files.is_empty() || files.iter().any(|file| file.contains(['*', '?', '['])) {
        return None;
    }
    let seen = |folder: &str| looking.view.metadata(&Item::entries(folder));
    if !["lib/firmware", "usr/lib/firmware"].iter().any(|folder| seen(folder).is_ok()) {
        return None;
    }
    let mut there = Vec::new();
    for file in files {
        if is_there(looking, folders, file)? {
            there.push(file.as_str());
        }
    }
    Some(there)
}

/// Whether a file of firmware is in one of the folders; `None`: that cannot be told.
fn is_there(looking: &Looking<'_>, folders: &[String], file: &str) -> Option<bool> {
    let mut found = false;
    for folder in folders {
        for ending in ENDINGS {
            for top in ["", "usr/"] {
                let item = Item::file(format!("{top}{folder}/{file}{ending}"));
                match looking.view.metadata(&item) {
                    Ok(_) => found = true,
                    Err(Outcome::Absent | Outcome::OutOfReach) => {}
                    Err(_) => return None,
                }
            }
        }
    }
    Some(found)
}

fn drawn(rule: &'static Rule, from: &[Fact<()>], claim: AdviceClaim) -> Proof {
    let mut step = Step::of(rule);
    for fact in from {
        let _ = step.consult(fact);
    }
    step.concludes(Claim::Advice(claim))
}

fn seen(asked: &Asked<'_>, item: &str, said: String) -> Fact<()> {
    let origin = asked.host.looking().view.origin();
    Fact::seen((), Evidence { origin, item: text(item), said: text(said) })
}

/// What there is to tell about the modules that are needed.
pub(crate) fn notes(asked: &Asked<'_>, answers: &[Answered]) -> Vec<Note> {
    let mut notes = Vec::new();
    let modules = answers.iter().filter(|a| a.subject.kind == Kind::LinuxModule);
    for answer in modules {
        let name = &answer.subject.name;
        let loads = matches!(answer.judgement.verdict, Verdict::Loads | Verdict::LoadsTainted);
        let said =
            answer.subject.path.as_deref().and_then(|path| Some((path, asked.host.said(path)?)));
        match said {
            Some((path, said)) if loads => {
                notes.extend(firmware(asked, path, name, &said));
                notes.extend(parameters(asked, path, name, &said));
                notes.extend(user_land(asked, path, name, &said));
            }
            _ => {}
        }
        let absent = matches!(&answer.judgement.verdict,
            Verdict::Refused(code) if code.id == MODULE_NOT_IN_INDEX.id || code.id == "LW1101");
        if absent {
            notes.extend(package(asked, name));
        }
    }
    notes
}

fn firmware(asked: &Asked<'_>, path: &str, name: &Arc<str>, said: &Said) -> Option<Note> {
    static RULE: Rule = Rule {
        name: "advice/firmware",
        source: "drivers/base/firmware_loader/main.c fw_get_filesystem_firmware",
    };
    let folders = firmware_folders(asked);
    if !firmware_there(&asked.host.looking(), &folders, &said.firmware)?.is_empty() {
        return None;
    }
    let (module, named) = (name.clone(), said.firmware.len());
    let from = [
        seen(asked, path, format!("firmware={}", said.firmware.join(", "))),
        seen(asked, "lib/firmware", "none of them".to_owned()),
    ];
    let claim = AdviceClaim::NoFirmware { module, named };
    Some(Note::new(&FIRMWARE_MISSING, drawn(&RULE, &from, claim)))
}

/// Firmware that the machine has for a module and its initramfs, which holds the module, does not. Makers
/// put in every file that a module names; which of them a device asks for shows only as it runs.
pub(crate) fn firmware_inside(
    asked: &Asked<'_>,
    path: &str,
    name: &str,
    (inside, paths): (&Looking<'_>, &BTreeSet<String>),
) -> Option<Note> {
    static RULE: Rule =
        Rule { name: "advice/firmware-in-initramfs", source: "initramfs-tools(7), dracut(8)" };
    let said = asked.host.said(path)?;
    let folders = firmware_folders(asked);
    let there = firmware_there(&asked.host.looking(), &folders, &said.firmware)?;
    // A path in there may lead over links, and a bundle knows the paths alone.
    let held = |file: &str| {
        let ends =
            |path: &String| ENDINGS.iter().any(|end| path.ends_with(&format!("/{file}{end}")));
        paths.iter().any(ends) || is_there(inside, &folders, file) == Some(true)
    };
    let lacking: Vec<&str> = there.iter().copied().filter(|file| !held(file)).collect();
    if lacking.is_empty() {
        return None;
    }
    let from = [
        seen(asked, path, format!("firmware={}", said.firmware.join(", "))),
        seen(asked, "lib/firmware", format!("{}, not in the initramfs", lacking.join(", "))),
    ];
    let (lacking, there) = (lacking.len(), there.len());
    let claim = AdviceClaim::NoFirmwareInInitramfs { module: text(name), lacking, there };
    Some(Note::new(&FIRMWARE_NOT_IN_INITRAMFS, drawn(&RULE, &from, claim)))
}

fn parameters(asked: &Asked<'_>, path: &str, module: &Arc<str>, said: &Said) -> Vec<Note> {
    static RULE: Rule = Rule {
        name: "advice/parameter",
        source: "kernel/params.c parse_args; kernel/module/main.c unknown_module_param_cb",
    };
    // The core takes these for any module (`unknown_module_param_cb`).
    let of_core = |parameter: &str| name::same(parameter, "async_probe") || parameter == "dyndbg";
    let known_there = |parameter: &str| said.parameters.iter().any(|p| name::same(p, parameter));
    let line = asked.kernel.facts.cmdline.fact(|line| {
        let set: Vec<String> = line.options_of(module).collect();
        let shown = set.iter().map(|set| format!("{module}.{set}")).collect::<Vec<_>>();
        (set, shown.join(" "))
    });
    let mut given: Vec<(String, Fact<()>)> = Vec::new();
    for set in known(&line).unwrap_or_default() {
        let parameter = set.split('=').next().unwrap_or_default().to_owned();
        given.push((parameter, line.map(|_| ())));
    }
    for (set, fact) in asked.names.options(module) {
        for word in set.split_ascii_whitespace() {
            let parameter = word.split('=').next().unwrap_or_default().to_owned();
            given.push((parameter, fact.clone()));
        }
    }
    let unknown =
        given.into_iter().filter(|(p, _)| !p.is_empty() && !of_core(p) && !known_there(p));
    unknown
        .map(|(parameter, fact)| {
            let listed: Vec<&str> = said.parameters.iter().map(String::as_str).collect();
            let has = if listed.is_empty() { "none".to_owned() } else { listed.join(", ") };
            let from = [fact, seen(asked, path, format!("parameters: {has}"))];
            let parameter = text(parameter);
            let claim = AdviceClaim::NoParameter { module: module.clone(), parameter };
            Note::new(&PARAMETER_NOT_KNOWN, drawn(&RULE, &from, claim))
        })
        .collect()
}

/// The user land of NVIDIA's driver and of ZFS insists on the version of the module.
fn user_land(asked: &Asked<'_>, path: &str, module: &Arc<str>, said: &Said) -> Option<Note> {
    static RULE: Rule = Rule {
        name: "advice/user-land",
        source: "NVIDIA driver README, API mismatch; zfs(8), zfs version",
    };
    let own = said.version.clone()?;
    let looking = asked.host.looking();
    let mut found: Vec<(String, String)> = Vec::new();
    match &**module {
        "nvidia" => {
            for folder in ["usr/lib/x86_64-linux-gnu", "usr/lib64", "usr/lib"] {
                let (Outcome::Entries(names), _) = looking.view.look(&Item::entries(folder), 0)
                else {
                    continue;
                };
                for entry in names {
                    let name = String::from_utf8_lossy(&entry.name).into_owned();
                    let version = name.strip_prefix("libnvidia-ml.so.").filter(|v| v.contains('.'));
                    found.extend(version.map(|v| (format!("{folder}/{name}"), v.to_owned())));
                }
            }
        }
        "zfs" => {
            let status = Item::file("var/lib/dpkg/status");
            let (Outcome::Bytes { .. }, bytes) =
                looking.view.look(&status, looking.limits.text_bytes)
            else {
                return None;
            };
            let status = String::from_utf8_lossy(&bytes);
            let package =
                status.split("\n\n").find(|p| p.starts_with("Package: zfsutils-linux\n"))?;
            let version = package.lines().find_map(|line| line.strip_prefix("Version: "))?;
            found.push(("var/lib/dpkg/status".to_owned(), version.to_owned()));
        }
        _ => return None,
    }
    // Of a package's version, what the distribution added is behind the last `-`.
    let plain = |version: &str| version.split('-').next().unwrap_or_default().to_owned();
    let fits = |version: &str| match &**module {
        "zfs" => plain(version) == plain(&own),
        _ => *version == own,
    };
    if found.is_empty() || found.iter().any(|(_, version)| fits(version)) {
        return None;
    }
    let (item, user) = found.first()?;
    let from = [seen(asked, path, format!("version={own}")), seen(asked, item, user.clone())];
    let (own, user) = (text(own), text(user.as_str()));
    let claim = AdviceClaim::OtherVersion { module: module.clone(), own, user };
    Some(Note::new(&USER_LAND_OF_ANOTHER_VERSION, drawn(&RULE, &from, claim)))
}

/// An installed package whose list of files names the module.
fn package(asked: &Asked<'_>, module: &Arc<str>) -> Option<Note> {
    static RULE: Rule = Rule { name: "advice/package", source: "dpkg(1), /var/lib/dpkg/info" };
    let looking = asked.host.looking();
    let folder = "var/lib/dpkg/info";
    let (Outcome::Entries(names), _) = looking.view.look(&Item::entries(folder), 0) else {
        return None;
    };
    let tree = format!("/lib/modules/{}/", asked.kernel.kernel.release);
    let mut of_another = None;
    for entry in names {
        let list = String::from_utf8_lossy(&entry.name).into_owned();
        let Some(package) = list.strip_suffix(".list") else { continue };
        let brings = ["linux-", "kmod-"].iter().any(|start| package.starts_with(start));
        if !brings && !package.contains("-modules") && !package.contains("-dkms") {
            continue;
        }
        let item = format!("{folder}/{list}");
        let (Outcome::Bytes { .. }, bytes) =
            looking.view.look(&Item::file(&item), looking.limits.text_bytes)
        else {
            continue;
        };
        let lines = String::from_utf8_lossy(&bytes);
        let found = lines.lines().filter(|line| {
            line.contains("/lib/modules/")
                && line.contains(".ko")
                && name::of_path(line) == name::of_path(module)
        });
        // One for this kernel says more than its sibling for another.
        if let Some(line) = found.min_by_key(|line| !line.contains(&tree)) {
            let from = [seen(asked, &item, line.to_owned())];
            let package = text(package.split(':').next().unwrap_or(package));
            let claim = AdviceClaim::PackageLists { module: module.clone(), package };
            let note = Note::new(&PACKAGE_LISTS_MODULE, drawn(&RULE, &from, claim));
            if line.contains(&tree) {
                return Some(note);
            }
            of_another.get_or_insert(note);
        }
    }
    of_another
}
