//! The gate on forged hosts: the examples of its codes' pages, one walk from refusal to boot, and
//! what happens when it is stopped half-way.

use libtest_mimic::{Failed, Trial};
use loadworthy_proving::forge::host::Host;
use loadworthy_proving::forge::module::Module;
use loadworthy_proving::markdown::blocks;
use loadworthy_proving::program;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use xtask::tree::{root, sources};

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
        let at_root = self.root().to_string_lossy().into_owned();
        let mut all = vec!["gate"];
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

/// A block `gate`: lines of the program without `loadworthy gate`, `put PATH TEXT`,
/// `replace PATH FROM TO`, and at the end `tells CODE`.
fn example(page: &str) -> Result<(), String> {
    let blocks = blocks(page);
    let part = |info: &str| blocks.iter().find(|b| b.info == info).map_or("", |b| b.text.as_str());
    let tried = Tried::forge(part("toml host"), part("toml module"))?;
    let mut said = String::new();
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
    let images = fs::read_dir(tried.root().join("boot")).map_err(|e| e.to_string())?;
    let release = images
        .flatten()
        .filter_map(|e| e.file_name().to_str()?.strip_prefix("vmlinuz-").map(str::to_owned))
        .find(|release| release != "5.10.0-9-amd64")
        .ok_or("no kernel was forged")?;
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

/// The program is killed after more and more time, while it installs, holds back and lets go.
fn stopped() -> Result<(), Failed> {
    let (tried, release) = host()?;
    tried.replace(
        "etc/loadworthy/manifest.toml",
        "[[require]]",
        "[gate]\nenforce = \"gate\"\n[[require]]",
    )?;
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
