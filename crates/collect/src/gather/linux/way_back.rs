//! What the way back to an older kernel hangs on, beside the kernel: room, a clock that ends a hang,
//! a console that can be reached, whose turn it is to reboot.

use std::collections::BTreeMap;
use std::sync::Arc;

use loadworthy_core::fact::Fact;
use loadworthy_core::proof::{Question, Why, gap, text};
use loadworthy_formats::kernel::mounts::{self, Mount};
use loadworthy_formats::kernel::settings::{self, Setting};

use crate::gather::looking::{Looking, why};
use crate::item::{EFIVARS, HostPath, Item};

/// Bytes of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Those that everybody may still use.
    pub free: u64,
    /// All; 0 where the file system does not tell.
    pub all: u64,
}

/// What is free in the file system with `folder`; the running machine tells it, and of a folder that
/// stands for a machine what somebody wrote down.
#[must_use]
pub fn room(looking: &Looking<'_>, folder: &str) -> Fact<Room> {
    let item = Item::Room(HostPath::new(folder));
    let two = |line: &str| {
        let mut numbers = line.split_ascii_whitespace().map(str::parse);
        Some(Room { free: numbers.next()?.ok()?, all: numbers.next()?.ok()? })
    };
    let read = |bytes: &[u8]| two(str::from_utf8(bytes).ok()?);
    let name = text(item.to_string());
    if let Some(room) = looking.bytes(&item, 100).ok().as_deref().and_then(read) {
        let said = format!("{} of {} bytes free", room.free, room.all);
        return Fact::seen(room, looking.evidence(&name, said));
    }
    let written = Item::file("run/loadworthy/statvfs");
    let bytes = looking.bytes(&written, looking.limits.text_bytes).unwrap_or_default();
    let lines = String::from_utf8_lossy(&bytes);
    let line = lines.lines().find_map(|line| line.strip_prefix(folder)?.strip_prefix(' '));
    match line.and_then(two) {
        Some(room) => {
            let said = format!("{folder}: {} of {} bytes free", room.free, room.all);
            Fact::seen(room, looking.evidence(&text(written.to_string()), said))
        }
        None => Fact::unknown(gap(Question::BootEntry, Why::OutOfReach(name))),
    }
}

/// The settings of one file; `None` where it is not there or cannot be read.
fn lines(looking: &Looking<'_>, path: &HostPath) -> Option<Vec<Setting>> {
    let bytes = looking.bytes(&Item::File(path.clone()), looking.limits.text_bytes).ok()?;
    settings::read(&bytes, looking.limits).ok().map(|read| read.value)
}

/// Files ending in `ending` of several folders by their names; of two with one name that of the later
/// folder.
fn drop_ins(looking: &Looking<'_>, folders: &[&str], ending: &str) -> Vec<HostPath> {
    let mut found: BTreeMap<Vec<u8>, HostPath> = BTreeMap::new();
    for folder in folders {
        let folder = HostPath::new(folder);
        for entry in looking.names(&Item::Entries(folder.clone())).unwrap_or_default() {
            if entry.name.ends_with(ending.as_bytes()) {
                found.insert(entry.name.clone(), folder.join(&entry.name));
            }
        }
    }
    found.into_values().collect()
}

/// The last value of any of `keys` in these files, with the file.
fn setting(looking: &Looking<'_>, files: &[HostPath], keys: &[&str]) -> Option<(Arc<str>, String)> {
    files.iter().rev().find_map(|path| {
        let lines = lines(looking, path)?;
        let line = lines.iter().rev().find(|line| keys.contains(&line.key.as_str()))?;
        Some((text(path.to_string()), format!("{} = {}", line.key, line.value)))
    })
}

fn value(line: &str) -> &str {
    line.rsplit(" = ").next().unwrap_or_default()
}

/// What ends a hang or a panic of a kernel that has come as far as its services: a watchdog, or
/// `kernel.panic`. `None`: nothing was found.
#[must_use]
pub fn restarts(looking: &Looking<'_>) -> Fact<Option<Arc<str>>> {
    let mut systemd = vec![HostPath::new("etc/systemd/system.conf")];
    let parts = ["lib/systemd/system.conf.d", "run/systemd/system.conf.d"];
    let parts = [parts.as_slice(), &["etc/systemd/system.conf.d"]].concat();
    systemd.extend(drop_ins(looking, &parts, ".conf"));
    let sysctl = ["lib/sysctl.d", "usr/local/lib/sysctl.d", "run/sysctl.d", "etc/sysctl.d"];
    let mut sysctl = drop_ins(looking, &sysctl, ".conf");
    sysctl.push(HostPath::new("etc/sysctl.conf"));
    let watchdog = [HostPath::new("etc/watchdog.conf")];
    let asked: [(&[HostPath], &[&str], &[&str]); 3] = [
        (&systemd, &["RuntimeWatchdogSec"], &["0", "off", "infinity", ""]),
        (&sysctl, &["kernel.panic", "kernel/panic"], &["0", ""]),
        (&watchdog, &["watchdog-device"], &[""]),
    ];
    for (files, keys, off) in asked {
        if let Some((item, line)) = setting(looking, files, keys)
            && !off.contains(&value(&line))
        {
            let by = Some(text(line.as_str()));
            return Fact::seen(by, looking.evidence(&item, line));
        }
    }
    match looking.names(&Item::entries("etc/sysctl.d")) {
        Ok(_) => {
            let item = text("etc/systemd/system.conf, etc/sysctl.d");
            Fact::seen(None, looking.evidence(&item, "no watchdog, no kernel.panic"))
        }
        Err(outcome) => Fact::unknown(gap(Question::BootEntry, why("etc/sysctl.d", &outcome))),
    }
}

/// That the console can be reached from afar: a board controller, or a boot loader that takes its
/// input from a serial line.
#[must_use]
pub fn console(looking: &Looking<'_>) -> Fact<bool> {
    let ipmi = "sys/class/ipmi";
    if let Ok(names) = looking.names(&Item::entries(ipmi))
        && !names.is_empty()
    {
        return Fact::seen(true, looking.evidence(&text(ipmi), "a board controller"));
    }
    for script in ["boot/grub/grub.cfg", "boot/grub2/grub.cfg"] {
        let item = Item::file(script);
        let bytes = looking.bytes(&item, looking.limits.text_bytes).unwrap_or_default();
        let script = String::from_utf8_lossy(&bytes);
        let input = script.lines().map(str::trim).find(|line| {
            line.starts_with("terminal_input") && line.split_whitespace().any(|w| w == "serial")
        });
        if let Some(line) = input {
            return Fact::seen(true, looking.evidence(&text(item.to_string()), line));
        }
    }
    Fact::seen(false, looking.evidence(&text(ipmi), "no board controller, no serial line"))
}

/// The mount that holds `path`, as the running machine tells it.
fn mount_of(looking: &Looking<'_>, path: &str) -> Option<Mount> {
    let item = Item::file("proc/self/mountinfo");
    let bytes = looking.bytes(&item, looking.limits.text_bytes).ok()?;
    let mounts = mounts::read_info(&bytes, looking.limits).ok()?.value;
    let path = format!("/{path}");
    let holds = |at: &str| {
        let at = at.trim_end_matches('/');
        path.strip_prefix(at).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    // Of two on one place the later one is seen.
    mounts.into_iter().filter(|mount| holds(&mount.at)).max_by_key(|mount| mount.at.len())
}

/// Why a wish for one boot cannot be written, or not be taken back by the boot loader; `None`: nothing
/// stands in its way. `lvm` says whether a device is one that GRUB does not write to.
#[must_use]
pub fn unwritable(
    looking: &Looking<'_>,
    grub: bool,
    lvm: impl Fn(&Mount) -> bool,
) -> Fact<Option<Arc<str>>> {
    let path = match (grub, looking.names(&Item::entries("boot/grub"))) {
        (false, _) => EFIVARS,
        (true, Ok(_)) => "boot/grub",
        (true, Err(_)) => "boot/grub2",
    };
    let item = text("proc/self/mountinfo");
    let Some(mount) = mount_of(looking, path) else {
        return Fact::unknown(gap(Question::BootEntry, Why::OutOfReach(item)));
    };
    // GRUB writes through the file system's own map of blocks, which these do not give
    // (`grub-core/commands/loadenv.c`; `disk/diskfilter.c` `grub_diskfilter_write`).
    let not_by_grub =
        grub && (["btrfs", "zfs", "f2fs"].contains(&mount.kind.as_str()) || lvm(&mount));
    let because = match () {
        () if mount.has_option("ro") => Some(format!("{} is mounted read-only", mount.at)),
        () if not_by_grub => {
            Some(format!("GRUB does not write to {} ({})", mount.source, mount.kind))
        }
        () => None,
    };
    let said = format!("{} on {}, {}", mount.kind, mount.at, mount.options);
    Fact::seen(because.map(text), looking.evidence(&item, said))
}

/// The setting by which this node of a cluster reboots on its own; `None`: it is no node, or does not.
#[must_use]
pub fn out_of_turn(looking: &Looking<'_>) -> Fact<Option<Arc<str>>> {
    const NODES: [&str; 4] = [
        "var/lib/kubelet",
        "var/lib/rancher/k3s/agent",
        "var/lib/rancher/rke2/agent",
        "etc/corosync",
    ];
    let node = NODES.iter().find(|folder| looking.names(&Item::entries(**folder)).is_ok());
    let Some(node) = node else {
        return Fact::seen(None, looking.evidence(&text(NODES.join(", ")), "not there"));
    };
    let apt = drop_ins(looking, &["etc/apt/apt.conf.d"], "");
    let dnf = [HostPath::new("etc/dnf/automatic.conf")];
    let parts = ["usr/lib/zincati/config.d", "run/zincati/config.d", "etc/zincati/config.d"];
    let coreos = drop_ins(looking, &parts, ".toml");
    let suse =
        [HostPath::new("usr/share/rebootmgr/rebootmgr.conf"), HostPath::new("etc/rebootmgr.conf")];
    let flatcar = [HostPath::new("etc/flatcar/update.conf")];
    // What asks the other nodes first is none of these: fleet_lock, etcd-lock.
    let asked: [(&[HostPath], &[&str], &[&str]); 5] = [
        (&apt, &["Unattended-Upgrade::Automatic-Reboot"], &["true", "1", "yes", "on"]),
        (&dnf, &["reboot"], &["when-needed", "when-changed"]),
        (&coreos, &["strategy", "updates.strategy"], &["immediate", "periodic"]),
        (&suse, &["strategy"], &["instantly", "maint-window", "best-effort"]),
        (&flatcar, &["REBOOT_STRATEGY"], &["reboot"]),
    ];
    for (files, keys, yes) in asked {
        if let Some((item, line)) = setting(looking, files, keys)
            && yes.contains(&value(&line).to_lowercase().as_str())
        {
            let evidence = looking.evidence(&item, format!("{line}; {node} is there"));
            return Fact::seen(Some(text(line)), evidence);
        }
    }
    Fact::seen(None, looking.evidence(&text(*node), "a node; nothing reboots it by itself"))
}

/// How many kernels the package manager keeps; `None`: it sets no limit, or none is known.
#[must_use]
pub fn kept(looking: &Looking<'_>) -> Fact<Option<u32>> {
    let dnf = [HostPath::new("etc/dnf/dnf.conf")];
    match setting(looking, &dnf, &["installonly_limit"]) {
        Some((item, line)) => {
            // 0 stands for no limit; the least is two (dnf.conf(5)).
            let limit = value(&line).parse().ok().filter(|limit: &u32| *limit > 0);
            Fact::seen(limit.map(|limit| limit.max(2)), looking.evidence(&item, line))
        }
        None => Fact::absent(None, looking.evidence(&text("etc/dnf/dnf.conf"), "")),
    }
}

#[cfg(test)]
mod tests {
    use super::out_of_turn;
    use crate::gather::host::{Host, value};

    #[test]
    fn a_node_reboots_by_itself_where_nobody_else_is_asked() {
        for (file, text, alone) in [
            ("etc/zincati/config.d/55.toml", "[updates]\nstrategy = \"immediate\"\n", true),
            ("etc/zincati/config.d/55.toml", "[updates]\nstrategy = \"fleet_lock\"\n", false),
            ("etc/rebootmgr.conf", "[rebootmgr]\nstrategy=maint-window\n", true),
            ("etc/rebootmgr.conf", "[rebootmgr]\nstrategy=off\n", false),
            ("etc/flatcar/update.conf", "REBOOT_STRATEGY=reboot\n", true),
            ("etc/flatcar/update.conf", "REBOOT_STRATEGY=etcd-lock\n", false),
        ] {
            let host = Host::new().with(file, text);
            assert_eq!(value(&out_of_turn(&host.looking())), None, "no node: {text}");
            let node = host.with("var/lib/kubelet/config.yaml", "");
            assert_eq!(value(&out_of_turn(&node.looking())).is_some(), alone, "{text}");
        }
    }
}
