//! modprobe: whether the kernel finds it, and what its configuration says.

use std::collections::BTreeMap;

use loadworthy_core::fact::{Fact, Listing};
use loadworthy_core::proof::{Gaps, Question, Why, gap, text};
use loadworthy_formats::kernel::modprobe_d::{self, Directive};

use super::runtime::About;
use crate::gather::looking::{Looking, why};
use crate::item::{HostPath, Item};
use crate::sighting::Outcome;

/// Folders of configuration, the strongest first (kmod 30, `libkmod/libkmod.c`).
const FOLDERS: [&str; 5] = [
    "etc/modprobe.d",
    "run/modprobe.d",
    "usr/local/lib/modprobe.d",
    "usr/lib/modprobe.d",
    "lib/modprobe.d",
];

/// Whether `/sbin/modprobe` is there (`CONFIG_MODPROBE_PATH`). Where there is no `/sbin` at all,
/// as in an unpacked package for a merged `/usr`, `usr/sbin` stands for it.
pub(super) fn program(looking: &Looking<'_>, about: &About, indexed: bool) -> Fact<bool> {
    // An administrator switches it off by writing nothing here (`kernel.modprobe`, kernel/umh.c).
    let setting = Item::file("proc/sys/kernel/modprobe");
    if about.applies(Question::ModprobeConfig).is_ok()
        && looking.bytes(&setting, 4096).is_ok_and(|path| path.trim_ascii().is_empty())
    {
        return Fact::seen(false, looking.evidence(&text(setting.to_string()), "is empty"));
    }
    let mut failed = None;
    for path in ["sbin/modprobe", "usr/sbin/modprobe"] {
        let name = text(path);
        match looking.view.metadata(&Item::file(path)) {
            Ok(_) => return Fact::seen(true, looking.evidence(&name, "is there")),
            Err(Outcome::Absent) => return Fact::absent(false, looking.evidence(&name, "")),
            Err(outcome) => failed = failed.or(Some(why(path, &outcome))),
        }
    }
    // A root whose modules were indexed is a machine's: without `sbin` it has no modprobe. An
    // unpacked package or a few captured files say nothing of the kind.
    if indexed {
        return Fact::absent(false, looking.evidence(&text("sbin"), ""));
    }
    let why = failed.unwrap_or_else(|| Why::Missing(text("sbin/modprobe")));
    Fact::unknown(gap(Question::ModprobeConfig, why))
}

/// Every directive, in the order in which modprobe reads them.
///
/// That nothing else is there is known where `etc` is; of the other folders, those that are missing
/// hold nothing.
#[must_use]
pub fn directives(looking: &Looking<'_>) -> Listing<Directive> {
    let mut paths: BTreeMap<String, HostPath> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    let mut gaps = Gaps::new();
    let mut folders = Vec::new();
    for folder in FOLDERS {
        match looking.names(&Item::entries(folder)) {
            Ok(names) => {
                folders.push(folder);
                for entry in names {
                    let path = HostPath::new(folder).join(&entry.name);
                    order.push(path.to_string());
                    paths.insert(path.to_string(), path);
                }
            }
            Err(Outcome::Absent) => {}
            Err(Outcome::OutOfReach) if folder != FOLDERS[0] => {}
            Err(outcome) => gaps.extend(gap(Question::ModprobeConfig, why(folder, &outcome))),
        }
    }
    let mut found = Vec::new();
    let read = modprobe_d::order(order.iter().map(String::as_str));
    let files = read.len();
    for name in read {
        let Some(path) = paths.get(name) else { continue };
        let lines =
            looking.first(&[Item::File(path.clone())], looking.limits.text_bytes, |bytes| {
                modprobe_d::read(bytes, looking.limits)
            });
        match lines {
            Ok(lines) => found.extend(lines.value.into_iter().map(|line| {
                let item = text(format!("{name}:{}", line.number));
                let said = quoted(&line.directive);
                Fact::seen(line.directive, looking.evidence(&item, said))
            })),
            Err(why) => gaps.extend(gap(Question::ModprobeConfig, why)),
        }
    }
    let whole = if !gaps.is_empty() {
        Fact::unknown(gaps)
    } else if folders.is_empty() {
        Fact::absent((), looking.evidence(&text(FOLDERS[0]), ""))
    } else {
        let said = format!("{files} files, and that is all");
        Fact::seen((), looking.evidence(&text(folders.join(", ")), said))
    };
    Listing::new(found, whole)
}

fn quoted(directive: &Directive) -> String {
    match directive {
        Directive::Alias { pattern, module } => format!("alias {pattern} {module}"),
        Directive::Blacklist { module } => format!("blacklist {module}"),
        Directive::Install { module, command } => format!("install {module} {command}"),
        Directive::Remove { module, command } => format!("remove {module} {command}"),
        Directive::Options { module, parameters } => format!("options {module} {parameters}"),
        Directive::Dependency(_) => "softdep".into(),
        Directive::AllowUnsupported(on) => {
            format!("allow_unsupported_modules {}", u8::from(*on))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gather::host::{Host, opened, value};
    use crate::gather::linux::kernels;

    #[test]
    fn stronger_folders_replace_files_of_the_same_name() {
        let host = Host::new()
            .with("etc/modprobe.d/z.conf", "blacklist a\n")
            .with("etc/modprobe.d/b.conf", "install c /bin/true\n")
            .with("lib/modprobe.d/z.conf", "blacklist other\n")
            .with("lib/modprobe.d/readme", "blacklist other\n");
        let listing = directives(&host.looking());
        let found: Vec<_> = listing.items().iter().map(|fact| opened(fact).unwrap()).collect();
        let install = Directive::Install { module: "c".into(), command: "/bin/true".into() };
        let blacklist = Directive::Blacklist { module: "a".into() };
        assert_eq!(
            found,
            [
                (install, "seen etc/modprobe.d/b.conf:1".into()),
                (blacklist, "seen etc/modprobe.d/z.conf:1".into()),
            ]
        );
        value(listing.whole());
    }

    #[test]
    fn no_folder_is_no_configuration_only_where_etc_is_there() {
        let whole = |host: Host| opened(directives(&host.looking()).whole());
        let plain = whole(Host::new().with("etc/os-release", ""));
        assert_eq!(plain, Ok(((), "absent etc/modprobe.d".into())));
        assert_eq!(whole(Host::new()), Err(Why::OutOfReach(text("etc/modprobe.d"))));
    }

    #[test]
    fn the_kernel_finds_modprobe_or_not() {
        let found = |host: &Host| {
            let looking = host.looking();
            let kernels = kernels::gather(&looking);
            let asked = kernels.named("1", Fact::unknown(Vec::new()));
            opened(&program(&looking, &About::of(&kernels, &asked), false))
        };
        assert!(found(&Host::new()).is_err());
        let merged = Host::new().with("usr/sbin/modprobe", "");
        assert_eq!(found(&merged), Ok((true, "seen usr/sbin/modprobe".into())));
        assert_eq!(found(&merged.with_link("sbin", "usr/sbin")).map(|f| f.0), Ok(true));
        let without = Host::new().with_folder("sbin");
        assert_eq!(found(&without), Ok((false, "absent sbin/modprobe".into())));
        let off = Host::new().with("sbin/modprobe", "").with("proc/sys/kernel/modprobe", "\n");
        assert_eq!(found(&off).map(|f| f.0), Ok(false));
    }
}
