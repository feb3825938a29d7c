//! The gate on forged hosts: the examples of its codes' pages, one walk from refusal to boot, and
//! what happens when it is stopped half-way.

use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::host::Host;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::markdown::blocks;
use loadworthy_proving::program;
use loadworthy_report::json::schema::misfits::misfits;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use xtask::tree::{root, sources};

mod counted;
mod wrong;

pub(crate) fn trials() -> Vec<Trial> {
    let pages = sources(&root(), "crates/core/codes", &[".md"]);
    let mut trials: Vec<Trial> = pages
        .into_iter()
        .filter(|page| page.text.contains("\nkind: gate\n"))
        .map(|page| Trial::test(page.path.clone(), move || Ok(example(&page.text)?)))
        .collect();
    trials.push(Trial::test("gate: from refusal to a boot as foretold", || Ok(walk()?)));
    trials.push(Trial::test("gate: installed and taken away without a trace", || Ok(traceless()?)));
    trials.push(Trial::test("gate: stopped at any moment, the next run repairs", stopped));
    trials.push(Trial::test("gate: what it prints is what its schemas say", || Ok(described()?)));
    trials.push(Trial::test("gate: a kernel on trial stays or goes", || Ok(on_trial()?)));
    trials.push(Trial::test("gate: what is pending is judged again", || Ok(pending()?)));
    trials.extend(wrong::trials());
    trials.extend(counted::trials());
    trials
}

/// A forged host and the program.
struct Tried {
    folder: tempfile::TempDir,
}

impl Tried {
    fn forge(host: &str, module: &str) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let told = |e: toml::de::Error| e.message().to_owned();
        let host: Host = toml::from_str(host).map_err(told)?;
        let module: Module = toml::from_str(module).map_err(told)?;
        host.forge(&module, &folder.path().join("root"))?;
        Ok(Self { folder })
    }

    fn root(&self) -> std::path::PathBuf {
        self.folder.path().join("root")
    }

    /// Runs `loadworthy gate WORDS --root ROOT`; its exit code and what it prints.
    fn gate(&self, words: &str) -> Result<(i32, String), String> {
        self.run(&format!("gate {words}"))
    }

    /// Runs `loadworthy WORDS --root ROOT`.
    fn run(&self, words: &str) -> Result<(i32, String), String> {
        let at_root = self.root().to_string_lossy().into_owned();
        let mut all = Vec::new();
        let (own, given) = words.split_once(" -- ").unwrap_or((words, ""));
        all.extend(own.split_whitespace());
        all.extend(["--root", &at_root]);
        if !given.is_empty() {
            all.push("--");
            all.extend(given.split_whitespace());
        }
        let done = program::run(&all, self.folder.path())?;
        let mut said = String::from_utf8_lossy(&done.stdout).into_owned();
        said.push_str(&String::from_utf8_lossy(&done.stderr));
        Ok((done.status.code().unwrap_or(-1), said))
    }

    fn must(&self, words: &str, code: i32) -> Result<String, String> {
        match self.gate(words)? {
            (is, said) if is == code => Ok(said),
            (is, said) => Err(format!("{words}: exit code {is}, not {code}: {said}")),
        }
    }

    fn put(&self, path: &str, text: &str) -> Result<(), String> {
        let path = self.root().join(path);
        let folder = path.parent().unwrap_or(Path::new("/"));
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, text)).map_err(|e| e.to_string())
    }

    fn replace(&self, path: &str, from: &str, to: &str) -> Result<(), String> {
        let text =
            fs::read_to_string(self.root().join(path)).map_err(|e| format!("{path}: {e}"))?;
        if !text.contains(from) {
            return Err(format!("{path}: no {from}"));
        }
        self.put(path, &text.replace(from, to))
    }

    /// The release of the newer kernel.
    fn newer(&self) -> Result<String, String> {
        let images = fs::read_dir(self.root().join("boot")).map_err(|e| e.to_string())?;
        images
            .flatten()
            .filter_map(|e| e.file_name().to_str()?.strip_prefix("vmlinuz-").map(str::to_owned))
            .find(|release| release != "5.10.0-9-amd64")
            .ok_or_else(|| "no kernel was forged".to_owned())
    }

    fn verdict(&self) -> Result<Value, String> {
        let path = self.root().join("run/loadworthy/verdict.json");
        let text = fs::read_to_string(path).map_err(|e| e.to_string())?;
        serde_json::from_str(&text).map_err(|e| e.to_string())
    }

    /// Every file, folder and link, with what is in it.
    fn picture(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut left = vec![self.root()];
        while let Some(folder) = left.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let path = entry.path();
                let Ok(kind) = entry.file_type() else { continue };
                let held = match () {
                    () if kind.is_dir() => {
                        left.push(path.clone());
                        b"a folder".to_vec()
                    }
                    () if kind.is_symlink() => b"a link".to_vec(),
                    () => fs::read(&path).unwrap_or_default(),
                };
                found.insert(path.to_string_lossy().into_owned(), held);
            }
        }
        found
    }
}

/// A block `gate`: lines of the program without `loadworthy gate`, `collect …`, `health …` (which is
/// `check --health`), `put PATH TEXT`, `replace PATH FROM TO`, `rename FROM TO`, `link PATH TARGET`,
/// and at the end `tells CODE`.
fn example(page: &str) -> Result<(), String> {
    let blocks = blocks(page);
    let part = |info: &str| blocks.iter().find(|b| b.info == info).map_or("", |b| b.text.as_str());
    let tried = Tried::forge(part("toml host"), part("toml module"))?;
    let mut said = String::new();
    let mut health = Value::Null;
    for line in part("gate").lines() {
        match line.split_once(' ') {
            Some(("put", rest)) => {
                let (path, text) = rest.split_once(' ').ok_or("put PATH TEXT")?;
                tried.put(path, &format!("{text}\n"))?;
            }
            Some(("replace", rest)) => {
                let words: Vec<&str> = rest.splitn(3, ' ').collect();
                let [path, from, to] = words.as_slice() else { return Err(line.to_owned()) };
                tried.replace(path, from, to)?;
            }
            Some(("rename", rest)) => {
                let (from, to) = rest.split_once(' ').ok_or("rename FROM TO")?;
                let root = tried.root();
                fs::rename(root.join(from), root.join(to)).map_err(|e| format!("{from}: {e}"))?;
            }
            Some(("link", rest)) => {
                let (path, target) = rest.split_once(' ').ok_or("link PATH TARGET")?;
                let path = tried.root().join(path);
                drop(fs::remove_file(&path));
                symlink(target, &path).map_err(|e| format!("{}: {e}", path.display()))?;
            }
            Some(("collect", rest)) => said = tried.run(&format!("collect {rest}"))?.1,
            _ if line == "health" || line.starts_with("health ") => {
                let rest = line.trim_start_matches("health");
                let (code, json) = tried.run(&format!("check --health --json{rest}"))?;
                let told: Value =
                    serde_json::from_str(&json).map_err(|e| format!("{json}: {e}"))?;
                if code != 1 {
                    return Err(format!("exit code {code}: {json}"));
                }
                health = told["checks"].clone();
            }
            Some(("tells", code)) if health.is_array() => {
                let told = health.as_array().into_iter().flatten();
                if told.clone().any(|check| check["code"] == code) {
                    return Ok(());
                }
                return Err(format!("{code} is not told: {health}"));
            }
            Some(("tells", code)) => {
                let (_, status) = tried.gate("status --json")?;
                let status: Value = serde_json::from_str(&status).map_err(|e| e.to_string())?;
                let findings = status["findings"].as_array().cloned().unwrap_or_default();
                if findings.iter().any(|finding| finding["code"] == code) {
                    return Ok(());
                }
                return Err(format!("{code} is not told: {findings:?}; {said}"));
            }
            _ => said = tried.gate(line)?.1,
        }
    }
    Err("the example has no `tells CODE`".to_owned())
}

const HOST: &str = r#"
ask = "preflight"
boot_script = """
load_env
set default="${saved_entry}"
menuentry 'Linux RELEASE' {
 linux /boot/vmlinuz-RELEASE root=UUID=0123 ro
}
menuentry 'Linux 5.10.0-9-amd64' {
 linux /boot/vmlinuz-5.10.0-9-amd64 root=UUID=0123 ro
}
"""
older = "whole"

[files]
"etc/apt/apt.conf.d/README" = "\n"
"etc/kernel/postinst.d/README" = "\n"
"usr/lib/systemd/system/README" = "\n"
"run/reboot-required" = "*** System restart required ***\n"
"run/reboot-required.pkgs" = "linux-image-RELEASE\n"
"etc/loadworthy/manifest.toml" = """
[[require]]
module = "demo"
"""
"#;

/// A host whose newer kernel lacks the driver, with a block for GRUB's variables.
fn host() -> Result<(Tried, String), String> {
    let tried = Tried::forge(HOST, "indexed = false\n")?;
    let release = tried.newer()?;
    tried.put("run/reboot-required.pkgs", &format!("linux-image-{release}\n"))?;
    let mut block = "# GRUB Environment Block\n".to_owned();
    block.extend(std::iter::repeat_n('#', 1024 - block.len()));
    tried.put("boot/grub/grubenv", &block)?;
    Ok((tried, release))
}

fn is(verdict: &Value, at: &str, value: &Value) -> Result<(), String> {
    match verdict.pointer(at) {
        Some(found) if found == value => Ok(()),
        found => Err(format!("{at} is {found:?}, not {value}")),
    }
}

fn walk() -> Result<(), String> {
    let (tried, release) = host()?;
    let mark = tried.root().join("run/reboot-required");
    let grubenv = || fs::read_to_string(tried.root().join("boot/grub/grubenv")).unwrap_or_default();
    // Without an accepted manifest it only reports.
    tried.must("run --act --at 2026-11-21", 1)?;
    is(&tried.verdict()?, "/enforce", &"report".into())?;
    if !mark.exists() {
        return Err("the mark was withheld by a gate that only reports".into());
    }
    // Accepted, the kernel that arrives is held back; the package manager is not disturbed.
    tried.must("accept --owner lab --at 2026-11-21", 0)?;
    let said = tried.must(
        &format!("run --act --at 2026-11-21T01:00:00Z --hook kernel-installed -- {release}"),
        0,
    )?;
    if !said.contains("demo") || !said.contains("5.10.0-9-amd64 stays the default") {
        return Err(format!("the reason is not told: {said}"));
    }
    is(&tried.verdict()?, "/next", &"5.10.0-9-amd64".into())?;
    is(&tried.verdict()?, "/outcome", &"loads".into())?;
    if mark.exists() || !grubenv().contains("saved_entry=Linux 5.10.0-9-amd64\n") {
        return Err(format!("the older kernel is not the default: {}", grubenv()));
    }
    tried.must("run --act --kured --at 2026-11-21T01:10:00Z", 1)?;
    tried.must("run --act --nagios --at 2026-11-21T01:10:00Z", 1)?;
    // Break-glass: everything is as it was, for a time.
    tried.must("override --owner lab --reason test --for 4h --at 2026-11-21T02:00:00Z", 0)?;
    if !mark.exists() || grubenv().contains("saved_entry") {
        return Err("the gate is not open".into());
    }
    tried.must("run --act --kured --at 2026-11-21T02:10:00Z", 0)?;
    let said = tried.must("run --act --at 2026-11-21T02:10:00Z", 0)?;
    if !said.contains("LW7003") {
        return Err(format!("the override is not told: {said}"));
    }
    let id = tried.verdict()?["override"]["id"].clone();
    tried.must(&format!("override --close {id} --at 2026-11-21T02:20:00Z"), 1)?;
    // Its time passes, and the gate closes again; a clock that is set back changes nothing.
    let said = tried.must("run --act --at 2026-11-21T07:00:00Z", 0)?;
    if !said.contains("LW7004") || !grubenv().contains("saved_entry=Linux 5.10.0-9-amd64\n") {
        return Err(format!("the gate did not close: {said}"));
    }
    tried.must("run --act --at 2026-11-21T03:00:00Z", 0)?;
    is(&tried.verdict()?, "/override", &Value::Null)?;
    // The driver is there: the kernel is promoted, and what is foretold of it is sealed.
    let index = format!("lib/modules/{release}/modules.dep");
    let text = fs::read_to_string(tried.root().join(&index)).map_err(|e| e.to_string())?;
    tried.put(&index, &format!("{text}kernel/drivers/demo/demo.ko:\n"))?;
    let said = tried.must("run --act --hook built --at 2026-11-21T08:00:00Z", 0)?;
    is(&tried.verdict()?, "/next", &release.clone().into())?;
    if !said.is_empty() || !mark.exists() || grubenv().contains("saved_entry") {
        return Err(format!("the kernel was not promoted: {said}"));
    }
    // It starts, and does what was foretold.
    tried.put("proc/version", &format!("Linux version {release} (x)\n"))?;
    tried.put("proc/sys/kernel/random/boot_id", "0a0a0a0a-0000\n")?;
    tried.put("sys/module/demo/initstate", "live\n")?;
    tried.put("sys/module/demo/taint", "\n")?;
    tried.must("confirm --at 2026-11-21T09:00:00Z", 0)?;
    tried.must("confirm --at 2026-11-21T09:01:00Z", 0)?;
    tried.must("run --act --at 2026-11-21T09:02:00Z", 0)?;
    is(&tried.verdict()?, "/predictions/made", &1.into())?;
    is(&tried.verdict()?, "/predictions/wrong", &0.into())?;
    tried.must("status --verify --at 2026-11-21T09:03:00Z", 0)?;
    Ok(())
}

fn traceless() -> Result<(), String> {
    let (tried, release) = host()?;
    let before = tried.picture();
    tried.must("install", 0)?;
    let installed = tried.picture();
    tried.must("install", 0)?;
    if tried.picture() != installed {
        return Err("installing twice changes something".into());
    }
    // Held back, and then taken away.
    tried.replace(
        "etc/loadworthy/manifest.toml",
        "[[require]]",
        "[gate]\nenforce = \"gate\"\n[[require]]",
    )?;
    tried.must(&format!("run --act --at 2026-11-21 --hook kernel-installed -- {release}"), 0)?;
    tried.replace("etc/loadworthy/manifest.toml", "[gate]\nenforce = \"gate\"\n", "")?;
    tried.must("uninstall", 0)?;
    let after = tried.picture();
    let differs: Vec<&String> = before
        .iter()
        .chain(&after)
        .filter(|(path, held)| before.get(*path) != Some(*held) || after.get(*path) != Some(*held))
        .map(|(path, _)| path)
        .collect();
    match differs.is_empty() {
        true => Ok(()),
        false => Err(format!("left behind or changed: {differs:?}")),
    }
}

/// Every verb's document, on a host where something is held back, opened, tried and confirmed.
fn described() -> Result<(), String> {
    let (tried, release) = host()?;
    let fits = |schema: &str, words: &str| -> Result<(), String> {
        let (code, said) = tried.run(words)?;
        match misfits(schema, said.as_bytes()).as_slice() {
            [] => Ok(()),
            told => Err(format!("{words}: exit code {code}: {told:?}: {said}")),
        }
    };
    fits("gate-install", "gate install --json --dry-run")?;
    fits("gate-install", "gate install --json")?;
    fits("gate-status", "gate status --json --at 2026-11-21")?;
    fits("gate-accept", "gate accept --owner lab --json --at 2026-11-21")?;
    let hook = format!("--hook kernel-installed -- {release}");
    fits("gate-run", &format!("gate run --act --json --at 2026-11-21T01:00:00Z {hook}"))?;
    fits("gate-status", "gate status --json --at 2026-11-21T01:00:00Z")?;
    let opened = "gate override --owner lab --reason x --for 1h --ticket T --json";
    fits("gate-override", &format!("{opened} --at 2026-11-21T02:00:00Z"))?;
    fits("gate-run", "gate run --act --json --at 2026-11-21T02:10:00Z")?;
    fits("gate-status", "gate status --verify --json --at 2026-11-21T02:10:00Z")?;
    tried.put("proc/version", "Linux version 5.10.0-9-amd64 (x)\n")?;
    fits("gate-confirm", "gate confirm --json --at 2026-11-21T03:00:00Z")?;
    fits("gate-trial", "gate trial --json --at 2026-11-21T03:00:00Z")?;
    fits("gate-trial", "gate trial --clear --json --at 2026-11-21T03:00:00Z")?;
    fits("check-health", "check --health --json --at 2026-11-21T03:00:00Z")?;
    fits("gate-status", "gate status --json --at 2026-11-21T09:00:00Z")?;
    fits("gate-uninstall", "gate uninstall --json")
}

/// A build that waits for headers, one that akmods has not come to, and a key that waits for
/// MokManager: each holds the kernel back and is decided when it is done.
fn pending() -> Result<(), String> {
    let held = |tried: &Tried, said: &str| -> Result<(), String> {
        let verdict = tried.verdict()?;
        is(&verdict, "/next", &"5.10.0-9-amd64".into())?;
        let told = verdict["kernels"].to_string().contains(said);
        if told { Ok(()) } else { Err(format!("{said:?} is not told: {}", verdict["kernels"])) }
    };
    let enforced = "[gate]\nenforce = \"gate\"\n[[require]]\nmodule = \"demo\"\n";
    for (source, said) in [("dkms", "DKMS builds demo"), ("akmods", "akmods builds demo")] {
        let (tried, release) = host()?;
        tried.put("etc/loadworthy/manifest.toml", enforced)?;
        let driver = format!("lib/modules/{release}/kernel/drivers/demo/demo.ko");
        let bytes = fs::read(tried.root().join(&driver)).map_err(|e| e.to_string())?;
        fs::remove_file(tried.root().join(&driver)).map_err(|e| e.to_string())?;
        if source == "dkms" {
            let conf = "PACKAGE_NAME=demo\nPACKAGE_VERSION=1.0\nBUILT_MODULE_NAME[0]=demo\n";
            tried.put("usr/src/demo-1.0/dkms.conf", conf)?;
            tried.put("var/lib/dkms/demo/1.0/note", "\n")?;
        } else {
            tried.put("usr/src/akmods/demo-kmod.latest", "\n")?;
            tried.put("lib/modules/5.10.0-9-amd64/extra/demo/demo.ko.xz", "\n")?;
        }
        tried.must("run --act --at 2026-11-21 --hook transaction", 0)?;
        held(&tried, said)?;
        // The build is done: the hook of the builder asks again.
        tried.put(&format!("usr/src/linux-headers-{release}/Makefile"), "\n")?;
        fs::write(tried.root().join(&driver), bytes).map_err(|e| e.to_string())?;
        let index = tried.root().join(format!("lib/modules/{release}/modules.dep"));
        let text = fs::read_to_string(&index).map_err(|e| e.to_string())?;
        fs::write(&index, text + "kernel/drivers/demo/demo.ko:\n").map_err(|e| e.to_string())?;
        tried.must("run --act --at 2026-11-21T01:00:00Z --hook built", 0)?;
        is(&tried.verdict()?, "/next", &release.into())?;
    }
    let module = "signed_by = \"owner\"\n";
    let host = |more: &str| {
        let on = HOST.replace("ask = \"preflight\"\n", &format!("ask = \"preflight\"\n{more}"));
        Tried::forge(&on, module)
    };
    let tried = host("request = true\n")?;
    let release = tried.newer()?;
    let mut block = "# GRUB Environment Block\n".to_owned();
    block.extend(std::iter::repeat_n('#', 1024 - block.len()));
    tried.put("boot/grub/grubenv", &block)?;
    tried.put("etc/loadworthy/manifest.toml", enforced)?;
    tried.must("run --act --at 2026-11-21 --hook transaction", 0)?;
    let verdict = tried.verdict()?;
    if !verdict["kernels"].to_string().contains("MokNew") {
        return Err(format!("the request is not told: {}", verdict["kernels"]));
    }
    // Somebody answered at the console.
    let answered = host("enrolled = [\"owner\"]\n")?;
    for folder in ["sys", "boot"] {
        let (from, to) = (answered.root().join(folder), tried.root().join(folder));
        let grubenv = fs::read(tried.root().join("boot/grub/grubenv")).unwrap_or_default();
        fs::remove_dir_all(&to).and_then(|()| fs::rename(from, to)).map_err(|e| e.to_string())?;
        if folder == "boot" {
            tried.put("boot/grub/grubenv", &String::from_utf8_lossy(&grubenv))?;
        }
    }
    tried.must("run --act --at 2026-11-21T01:00:00Z --hook boot", 0)?;
    is(&tried.verdict()?, "/next", &release.into())?;
    is(&tried.verdict()?, "/outcome", &"loads".into())
}

/// A kernel is started once: it becomes the default where the machine is well, and is held back
/// where it is not. GRUB's words for a wish for one boot: `util/grub.d/00_header.in`.
fn on_trial() -> Result<(), String> {
    let once = "load_env\nif [ \"${next_entry}\" ] ; then\n set default=\"${next_entry}\"\n set next_entry=\n save_env next_entry\nelse\n set default=\"${saved_entry}\"\nfi\n";
    let host_on = HOST.replace("load_env\nset default=\"${saved_entry}\"\n", once);
    let tried = Tried::forge(&host_on, "signed_by = \"distribution\"\n")?;
    let release = tried.newer()?;
    let mut block = "# GRUB Environment Block\n".to_owned();
    block.extend(std::iter::repeat_n('#', 1024 - block.len()));
    tried.put("boot/grub/grubenv", &block)?;
    tried.put(
        "etc/loadworthy/manifest.toml",
        "[[require]]\nmodule = \"demo\"\n[gate]\nenforce = \"gate\"\n[health]\ninterfaces = [\"eth0\"]\n",
    )?;
    let grubenv = || fs::read_to_string(tried.root().join("boot/grub/grubenv")).unwrap_or_default();
    let old = "5.10.0-9-amd64";
    let boots = |kernel: &str, boot: &str, state: &str| -> Result<(), String> {
        tried.put("proc/version", &format!("Linux version {kernel} (x)\n"))?;
        tried.put("proc/sys/kernel/random/boot_id", &format!("{boot}\n"))?;
        tried.put("proc/modules", "demo 16384 0 - Live 0x0\n")?;
        tried.put("sys/class/net/eth0/operstate", &format!("{state}\n"))?;
        // GRUB took the wish back before it started the entry.
        tried.put("boot/grub/grubenv", &grubenv().replace("next_entry=Linux ", "never_entry=Lin "))
    };
    boots(old, "0a", "up")?;
    // Where GRUB cannot take a wish back it would start that entry for ever.
    tried.put("proc/self/mountinfo", "1 0 0:30 / / rw - btrfs /dev/sda1 rw\n")?;
    tried.must("trial --at 2026-11-21", 1)?;
    tried.put("proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n")?;
    let said = tried.must("trial --at 2026-11-21", 0)?;
    let wishes = [format!("next_entry=Linux {release}\n"), format!("saved_entry=Linux {old}\n")];
    if !said.contains(&release) || !wishes.iter().all(|wish| grubenv().contains(wish)) {
        return Err(format!("the trial is not armed: {said}: {}", grubenv()));
    }
    // This boot decides nothing, and two trials at once are none.
    tried.must("confirm --at 2026-11-21T00:01:00Z", 3)?;
    tried.must("trial --at 2026-11-21", 1)?;
    // It comes up without its network: the old kernel stays the default.
    boots(&release, "0b", "down")?;
    let said = tried.must("confirm --at 2026-11-21T01:00:00Z", 1)?;
    if !said.contains("eth0") || !grubenv().contains(&wishes[1]) {
        return Err(format!("the trial did not fail: {said}: {}", grubenv()));
    }
    boots(old, "0c", "up")?;
    tried.must("run --act --at 2026-11-21T02:00:00Z", 0)?;
    let verdict = tried.verdict()?;
    is(&verdict, "/next", &old.into())?;
    // Mended, and tried again: it stays.
    tried.must("trial --clear --at 2026-11-21T03:00:00Z", 0)?;
    if grubenv().contains("saved_entry") {
        return Err(format!("the trial was not taken back: {}", grubenv()));
    }
    tried.must("run --act --at 2026-11-21T03:01:00Z", 0)?;
    tried.must("trial --at 2026-11-21T03:02:00Z", 0)?;
    boots(&release, "0d", "up")?;
    let (_, said) = tried.gate("confirm --at 2026-11-21T04:00:00Z")?;
    if !said.contains("passed") || grubenv().contains("saved_entry") {
        return Err(format!("the trial did not pass: {said}: {}", grubenv()));
    }
    tried.must("status --verify --at 2026-11-21T04:00:00Z", 0).map(drop)
}

/// The same host, where the gate holds back.
fn armed() -> Result<(Tried, String), String> {
    let (tried, release) = host()?;
    tried.replace(
        "etc/loadworthy/manifest.toml",
        "[[require]]",
        "[gate]\nenforce = \"gate\"\n[[require]]",
    )?;
    Ok((tried, release))
}

/// The program is killed after more and more time, while it installs, holds back and lets go.
fn stopped() -> Result<(), Failed> {
    let (tried, release) = armed()?;
    let at_root = tried.root().to_string_lossy().into_owned();
    let hook = [
        "gate",
        "run",
        "--root",
        &at_root,
        "--act",
        "--at",
        "2026-11-21",
        "--hook",
        "kernel-installed",
        "--",
        &release,
    ];
    let install = ["gate", "install", "--root", &at_root];
    let close = [
        "gate",
        "override",
        "--owner",
        "lab",
        "--reason",
        "x",
        "--for",
        "1h",
        "--root",
        &at_root,
        "--at",
        "2026-11-21T01:00:00Z",
    ];
    for n in 0..12_u64 {
        for words in [install.as_slice(), hook.as_slice(), close.as_slice()] {
            let mut child = Command::new(program::path()?)
                .args(words)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()?;
            std::thread::sleep(Duration::from_millis(n * n));
            let _ = child.kill();
            let _ = child.wait();
        }
    }
    tried.must("install", 0)?;
    tried.must("status --verify", 0)?;
    tried.must("run --act --at 2026-11-22", 0)?;
    is(&tried.verdict()?, "/next", &"5.10.0-9-amd64".into())?;
    tried.must("uninstall --purge", 0)?;
    let grubenv = fs::read_to_string(tried.root().join("boot/grub/grubenv"))?;
    let mark = fs::read_to_string(tried.root().join("run/reboot-required"))?;
    if grubenv.len() != 1024 || grubenv.contains("saved_entry") || !mark.starts_with("***") {
        return Err("the host is not as it was".into());
    }
    Ok(())
}
