//! The gate on a real Debian: apt, dpkg, DKMS, unattended-upgrades and those who reboot run as they
//! are, in a tree of their own (`proving/stories/gate-debian-12.sh`).
//!
//! Only the machine is made up: what firmware and kernel show. Opt-in: `LOADWORTHY_FETCH=all`, as root,
//! with `debootstrap`: the tree alone takes minutes. `LOADWORTHY_GATE_STORY` names a tree that is there.

use crate::skipped;
use crate::stories::firmware_of;
use libtest_mimic::{Failed, Trial};
use loadworthy_proving::program;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("gate: an unattended upgrade on a real Debian", upgraded),
        Trial::test("gate: headers that come in the same transaction are waited for", waited),
        Trial::test("gate: killed in every hook, dpkg finishes and the next run repairs", killed),
        Trial::test("gate: those who reboot ask it, and it leaves no trace", asked),
    ]
}

/// A tree that nobody writes into, and what is changed over it.
pub(crate) struct Machine {
    tree: PathBuf,
    /// The kernel that is installed, and runs.
    old: String,
    state: tempfile::TempDir,
}

impl Machine {
    /// Secure Boot on, the key of DKMS enrolled; the installed kernel runs and has the driver loaded.
    fn new() -> Result<Option<Self>, Failed> {
        let Some(tree) = tree()? else { return Ok(None) };
        let old = fs::read_to_string(tree.join("built"))?.trim().to_owned();
        Self::over(tree, old)
    }

    /// The same over another tree, of which the kernel `old` runs.
    pub(crate) fn over(tree: PathBuf, old: String) -> Result<Option<Self>, Failed> {
        // Beside the tree: an overlay wants both on a file system that can hold it.
        let state = tempfile::tempdir_in(tree.parent().ok_or("no folder")?)?;
        let machine = Self { tree, old, state };
        for (path, bytes) in firmware_of(&machine.tree)? {
            machine.put(&path, bytes)?;
        }
        machine.runs(&machine.old)?;
        machine.put("sys/module/acmedisk/initstate", "live\n")?;
        machine.put("sys/module/acmedisk/taint", "OE\n")?;
        machine.manifest("[[require]]\nmodule = \"acmedisk\"\nclass = \"storage\"\n")?;
        if machine.run("loadworthy --version")?.0 != 0 {
            skipped::told("overlayfs, and a program that runs on Debian 12 (LOADWORTHY_FETCH=1)");
            return Ok(None);
        }
        // A machine starts with an empty /run; a tree keeps the marks of its own installation.
        machine.must("rm -f /run/reboot-required /run/reboot-required.pkgs", 0)?;
        Ok(Some(machine))
    }

    /// What the kernel that runs shows.
    fn runs(&self, release: &str) -> Result<(), Failed> {
        let proc = self.state.path().join("proc");
        fs::create_dir_all(proc.join("sys/kernel"))?;
        fs::write(proc.join("version"), format!("Linux version {release} (gcc-12) #1 SMP\n"))?;
        fs::write(proc.join("sys/kernel/osrelease"), format!("{release}\n"))?;
        let line = format!("BOOT_IMAGE=/boot/vmlinuz-{release} root=/dev/sda1 ro quiet\n");
        fs::write(proc.join("cmdline"), line)?;
        fs::write(proc.join("modules"), "acmedisk 16384 0 - Live 0x0 (OE)\n")?;
        Ok(())
    }

    fn manifest(&self, text: &str) -> Result<(), Failed> {
        self.put("etc/loadworthy/manifest.toml", text)
    }

    fn put(&self, path: &str, bytes: impl AsRef<[u8]>) -> Result<(), Failed> {
        let path = self.state.path().join("upper").join(path);
        fs::create_dir_all(path.parent().ok_or("no folder")?)?;
        Ok(fs::write(path, bytes)?)
    }

    /// Runs a command of the shell inside; its exit code and everything it prints.
    pub(crate) fn run(&self, command: &str) -> Result<(i32, String), Failed> {
        let inside = xtask::tree::root().join("proving/stories/inside.sh");
        let done = Command::new(inside)
            .arg(&self.tree)
            .arg(self.state.path())
            .arg(program::path()?)
            .args(["sh", "-c", &format!("exec 2>&1; {command}")])
            .output()?;
        let mut said = String::from_utf8_lossy(&done.stdout).into_owned();
        said.push_str(&String::from_utf8_lossy(&done.stderr));
        Ok((done.status.code().unwrap_or(-1), said))
    }

    pub(crate) fn must(&self, command: &str, code: i32) -> Result<String, Failed> {
        match self.run(command)? {
            (is, said) if is == code => Ok(said),
            (is, said) => Err(format!("{command}: exit code {is}, not {code}: {said}").into()),
        }
    }

    /// That these words are told, with this exit code.
    fn tells(&self, command: &str, code: i32, words: &[&str]) -> Result<String, Failed> {
        let said = self.must(command, code)?;
        let plain = said.split_whitespace().collect::<Vec<_>>().join(" ");
        match words.iter().find(|word| !plain.contains(**word)) {
            Some(word) => Err(format!("{command} does not tell {word:?}: {said}").into()),
            None => Ok(said),
        }
    }

    fn verdict(&self) -> Result<Value, Failed> {
        let text = self.must("cat /run/loadworthy/verdict.json", 0)?;
        Ok(serde_json::from_str(&text).map_err(|e| format!("{e}: {text}"))?)
    }

    /// The entry that GRUB starts, as its menu was written last.
    fn default_entry(&self) -> Result<String, Failed> {
        self.must("grep -m1 '^ *set default=\"[^$]' /boot/grub/grub.cfg", 0)
    }
}

fn tree() -> Result<Option<PathBuf>, Failed> {
    if let Some(tree) = std::env::var_os("LOADWORTHY_GATE_STORY") {
        return Ok(Some(tree.into()));
    }
    if !skipped::heavy() {
        skipped::told("the gate's Debian tree (LOADWORTHY_FETCH=all)");
        return Ok(None);
    }
    let Some(from) = crate::stories::tree()? else { return Ok(None) };
    static BUILDING: Mutex<()> = Mutex::new(());
    let _one = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
    let home = xtask::tree::root();
    let tree = from.with_file_name("gate-debian-12");
    let built = Command::new(home.join("proving/stories/gate-debian-12.sh"))
        .args([&tree, &from])
        .output()?;
    match built.status.success() {
        true => Ok(Some(tree)),
        false => {
            Err(format!("gate-debian-12.sh: {}", String::from_utf8_lossy(&built.stderr)).into())
        }
    }
}

fn same(what: &str, is: &Value, should: impl Into<Value>) -> Result<(), Failed> {
    let should = should.into();
    if *is == should { Ok(()) } else { Err(format!("{what} is {is}, not {should}").into()) }
}

/// A kernel that comes by itself, with a driver that nobody signed.
fn upgraded() -> Result<(), Failed> {
    let Some(host) = Machine::new()? else { return Ok(()) };
    let old = host.old.clone();
    // Just after a point release both archives name the same kernel.
    let newer = "apt-cache policy linux-image-amd64 | awk '/Installed:/ { i = $2 } \
                 /Candidate:/ { c = $2 } END { exit i == c }'";
    if host.run(newer)?.0 == 1 {
        skipped::told("a kernel newer than the last point release (LOADWORTHY_FETCH=1)");
        return Ok(());
    }
    host.put("etc/dkms/framework.conf.d/nobody-signs.conf", "sign_file=\"/nonexistent\"\n")?;
    host.put(
        "etc/apt/apt.conf.d/51kernels-only",
        "Unattended-Upgrade::Package-Whitelist { \"^linux-\"; };\n",
    )?;
    host.tells(
        "loadworthy gate install",
        0,
        &["zz-loadworthy", "90loadworthy", "molly-guard", "needrestart", "loadworthy-gate.timer"],
    )?;
    host.must("loadworthy gate accept --owner lab --reason story", 0)?;
    host.must("loadworthy gate run", 0)?;
    same("next", &host.verdict()?["next"], old.as_str())?;

    // The upgrade ends well, nothing is half configured, and the old kernel stays the default.
    host.must("unattended-upgrade -v", 0)?;
    same("dpkg --audit", &host.must("dpkg --audit", 0)?.into(), "")?;
    let images = host.must("ls /boot | sed -n 's/^vmlinuz-//p' | sort -V", 0)?;
    let new = images.lines().last().filter(|new| **new != old);
    let new = new.ok_or_else(|| format!("no kernel came: {images}"))?.to_owned();
    let verdict = host.verdict()?;
    same("next", &verdict["next"], old.as_str())?;
    let of_new = verdict["kernels"].as_array().into_iter().flatten().find(|k| k["kernel"] == *new);
    let of_new = of_new.ok_or_else(|| format!("nothing of {new}: {verdict}"))?;
    same("outcome", &of_new["outcome"], "refused")?;
    same("code", &of_new["blocking"][0]["code"], "LW1003")?;
    let default = host.default_entry()?;
    if !default.contains(&old) {
        return Err(format!("{old} is not the default: {default}").into());
    }
    // Those who reboot are told why.
    host.must("test ! -e /run/reboot-required", 0)?;
    let why = ["acmedisk is refused", "LW1003", "held back"];
    host.tells("cat /run/loadworthy/reboot-required.withheld", 0, &why)?;
    host.tells("loadworthy gate run --kured", 1, &["acmedisk is refused (LW1003"])?;
    host.tells("loadworthy gate run --nagios", 1, &["LOADWORTHY WARNING", "LW7001"])?;
    host.must("needrestart -b -k", 0)?;
    host.must("loadworthy gate run --molly-guard", 0)?;

    // An override opens it, and expires.
    host.tells(
        "loadworthy gate override --owner ops --reason 'SAN is down' --for 1h --ticket INC-7",
        0,
        &["open override", "INC-7"],
    )?;
    host.must("test -e /run/reboot-required", 0)?;
    if host.default_entry().is_ok_and(|default| default.contains(&old)) {
        return Err("the gate is open, and the old kernel is the default".into());
    }
    host.tells("loadworthy gate run --kured", 0, &["LW7003"])?;
    host.tells(
        "loadworthy gate run --at $(date -u -d '+2 hours' +%Y-%m-%dT%H:%M:%SZ)",
        0,
        &["LW7004", "held back", &format!("Kernel {old} stays the default")],
    )?;
    if !host.default_entry()?.contains(&old) {
        return Err("the override has expired, and the new kernel is the default".into());
    }

    // The driver is signed with the key that is enrolled: the kernel is promoted.
    let driver = format!("/lib/modules/{new}/updates/dkms/acmedisk.ko");
    host.must(
        &format!(
            "loadworthy sign {driver} --key /var/lib/dkms/mok.key --cert /var/lib/dkms/mok.pub"
        ),
        0,
    )?;
    host.must("loadworthy gate run --hook built", 0)?;
    same("next", &host.verdict()?["next"], new.as_str())?;
    host.must("test -e /run/reboot-required", 0)?;
    if host.default_entry().is_ok_and(|default| default.contains(&old)) {
        return Err("the kernel was not promoted".into());
    }

    // It starts, and does what was foretold.
    host.runs(&new)?;
    let taint = host.must(&format!("cat /var/lib/loadworthy/sealed/{new}.json"), 0)?;
    let sealed: Value = serde_json::from_str(&taint)?;
    let mut foretold = sealed["predictions"].as_array().into_iter().flatten();
    let foretold = foretold.find(|p| p["module"] == "acmedisk").ok_or("nothing was foretold")?;
    let marks = foretold["taint"].as_str().unwrap_or_default();
    host.put("sys/module/acmedisk/taint", format!("{marks}\n"))?;
    host.tells("loadworthy gate confirm", 0, &["1 predictions, 0 wrong"])?;
    host.must("loadworthy gate status --verify", 0)?;
    Ok(())
}

/// The image is configured before its headers, so DKMS cannot build yet: the kernel waits, and is the
/// default once the build is done.
fn waited() -> Result<(), Failed> {
    let Some(host) = Machine::new()? else { return Ok(()) };
    let old = host.old.clone();
    let newest = "apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: linux-image-//p'";
    let new = host.must(newest, 0)?.trim().to_owned();
    if new.is_empty()
        || new == old
        || host.run(&format!("apt-cache show linux-image-{new}"))?.0 != 0
    {
        skipped::told("a kernel newer than the last point release (LOADWORTHY_FETCH=1)");
        return Ok(());
    }
    host.manifest("[gate]\nenforce = \"gate\"\n[[require]]\nmodule = \"acmedisk\"\n")?;
    host.must("loadworthy gate install && loadworthy gate run", 0)?;
    // The image alone, as dpkg meets it first: apt would bring the headers along.
    let image = format!(
        "cd /tmp && apt-get -q download linux-image-{new} && dpkg -i linux-image-{new}_*.deb"
    );
    host.must(&image, 0)?;
    // The boot loader's menu was made after our hook; the timer sees it.
    host.run("loadworthy gate run")?;
    let of = |verdict: &Value| -> Value {
        let kernels = verdict["kernels"].as_array().cloned().unwrap_or_default();
        kernels.into_iter().find(|kernel| kernel["kernel"] == *new).unwrap_or_default()
    };
    let verdict = host.verdict()?;
    let pending = of(&verdict)["pending"].as_str().unwrap_or_default().to_owned();
    if !pending.contains("headers") {
        return Err(format!("it does not wait for headers: {:#}", of(&verdict)).into());
    }
    same("next", &verdict["next"], old.as_str())?;
    if !host.default_entry()?.contains(&old) {
        return Err("the kernel that waits is the default".into());
    }
    host.tells("loadworthy gate status", 0, &["LW7010", "headers"])?;
    // The headers come, DKMS builds and signs, and the same hooks see it.
    host.must(&format!("apt-get -q -y --no-install-recommends install linux-headers-{new}"), 0)?;
    same("next", &host.verdict()?["next"], new.as_str())?;
    if host.default_entry().is_ok_and(|default| default.contains(&old)) {
        return Err("the kernel was not promoted".into());
    }
    same("dpkg --audit", &host.must("dpkg --audit", 0)?.into(), "")
}

/// A package like that of a kernel: its script calls the hooks as those of Debian's kernels do.
const PACKAGE: &str = r#"set -e
mkdir -p /tmp/image/DEBIAN
printf 'Package: linux-image-demo\nVersion: %s\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n' "$1" > /tmp/image/DEBIAN/control
cat > /tmp/image/DEBIAN/postinst <<'END'
#!/bin/sh
set -e
export DEB_MAINT_PARAMS="$*"
for folder in header_postinst.d postinst.d; do
    run-parts --report --exit-on-error --regex='^zz-loadworthy$' --arg=RELEASE --arg=/boot/vmlinuz-RELEASE /etc/kernel/$folder
done
END
chmod 755 /tmp/image/DEBIAN/postinst
dpkg-deb -b /tmp/image /tmp/image.deb
"#;

/// The program is killed after more and more time in every hook that a package manager starts.
fn killed() -> Result<(), Failed> {
    let Some(host) = Machine::new()? else { return Ok(()) };
    let old = host.old.clone();
    host.put("etc/package.sh", PACKAGE.replace("RELEASE", &old))?;
    host.manifest("[gate]\nenforce = \"gate\"\n[[require]]\nmodule = \"acmedisk\"\n")?;
    // Whatever the hooks start dies after $DELAY seconds.
    host.put(
        "usr/local/sbin/dying",
        "#!/bin/sh\nread -r delay < /etc/delay\nexec timeout -s KILL \"$delay\" /usr/bin/loadworthy \"$@\"\n",
    )?;
    host.must("chmod 755 /usr/local/sbin/dying", 0)?;
    host.must("loadworthy gate install --program /usr/local/sbin/dying", 0)?;
    for (n, delay) in ["0.001", "0.02", "0.05", "0.1", "0.3", "0.7", "1.5", "3"].iter().enumerate()
    {
        host.put("etc/delay", format!("{delay}\n"))?;
        let command = format!(
            "sh /etc/package.sh {} && apt-get -q -y install /tmp/image.deb && \
             /etc/initramfs/post-update.d/loadworthy {old} /boot/initrd.img-{old} && \
             /etc/kernel/postrm.d/zz-loadworthy {old} && dpkg --audit && \
             dpkg-query -W -f '${{Status}}' linux-image-demo",
            n + 1
        );
        host.tells(&command, 0, &["install ok installed"])?;
    }
    // kernel-install's plug-ins end well, too: nothing is kept back by an accident.
    host.put("etc/delay", "0.05\n")?;
    for plugin in ["85", "96"] {
        let call = format!("add {old} /boot/x /boot/vmlinuz-{old}");
        host.must(&format!("/etc/kernel/install.d/{plugin}-loadworthy.install {call}"), 0)?;
    }
    host.must("loadworthy gate run", 0)?;
    host.must("loadworthy gate status --verify", 0)?;
    same("next", &host.verdict()?["next"], old.as_str())?;
    let left =
        host.must("find /etc /run /var/lib/loadworthy /boot -name '.loadworthy-new-*'", 0)?;
    same("files left behind", &left.into(), "")
}

/// molly-guard, needrestart, kernel-install, dnf and promtool as Debian ships them; then everything is
/// taken away.
fn asked() -> Result<(), Failed> {
    let Some(host) = Machine::new()? else { return Ok(()) };
    let old = host.old.clone();
    let picture = |host: &Machine| -> Result<BTreeMap<String, String>, Failed> {
        let find = "find /etc /boot /usr/local /usr/lib/systemd /run /var/lib /opt -xdev \
                    ! -path '/var/lib/apt/*' ! -path '/run/systemd/*' -printf '%p %y %m %U:%G %l' \
                    \\( -type f -exec sha256sum {} \\; -o -printf '\\n' \\)";
        let listed = host.must(find, 0)?;
        let line = |line: &str| line.split_once(' ').map(|(a, b)| (a.to_owned(), b.to_owned()));
        Ok(listed.lines().filter_map(line).collect())
    };
    for folder in
        ["etc/ansible/facts.d", "etc/greenboot/check/wanted.d", "var/lib/prometheus/node-exporter"]
    {
        host.put(&format!("{folder}/README"), "\n")?;
    }
    host.put("etc/dnf/plugins/post-transaction-actions.d/README", "\n")?;
    host.put("etc/machine-id", "0123456789abcdef0123456789abcdef\n")?;
    host.put("run/reboot-required", "*** System restart required ***\n")?;
    host.put("run/reboot-required.pkgs", format!("linux-image-{old}\n"))?;
    // No kernel has this driver: no reboot would bring the machine back.
    host.manifest("[gate]\nenforce = \"gate\"\n[[require]]\nmodule = \"nosuch\"\n")?;
    let before = picture(&host)?;
    let installed =
        host.must("loadworthy gate install --only kured; loadworthy gate install", 0)?;
    for name in ["kured", "dnf", "facts.d", "greenboot", "install.d/85", "install.d/96", "inhibit"]
    {
        if !installed.contains(name) {
            return Err(format!("{name} is not installed: {installed}").into());
        }
    }
    host.must("loadworthy gate run", 1)?;
    host.must("test -e /run/loadworthy/block", 0)?;
    host.tells(
        "reboot --molly-guard-do-nothing",
        1,
        &["nosuch", "would not bring this machine back"],
    )?;
    host.tells("shutdown --molly-guard-do-nothing -r now", 1, &["nosuch"])?;
    host.must("/usr/local/bin/loadworthy-kured", 1)?;
    host.must("needrestart -b -k", 0)?;
    host.tells("/etc/ansible/facts.d/loadworthy.fact", 0, &["loadworthy/gate-run/v1", "nosuch"])?;
    host.must("promtool check metrics < /var/lib/prometheus/node-exporter/loadworthy.prom", 0)?;
    host.must("systemd-analyze verify /etc/systemd/system/loadworthy-*.service /etc/systemd/system/loadworthy-*.timer /etc/systemd/system/loadworthy-*.path", 0)?;
    host.must("/usr/sbin/apt-config dump >/dev/null || apt-config dump >/dev/null", 0)?;
    // dnf's own plug-in reads the action, and knows what to run.
    host.tells(
        "python3 -c \"import importlib.util as u, glob; \
         p = glob.glob('/usr/lib/python3*/**/dnf-plugins/post-transaction-actions.py', recursive=True)[0]; \
         s = u.spec_from_file_location('a', p); m = u.module_from_spec(s); s.loader.exec_module(m); \
         c = m.PostTransactionActions.__new__(m.PostTransactionActions); \
         c.actiondir = '/etc/dnf/plugins/post-transaction-actions.d/'; print(c._parse_actions())\"",
        0,
        &["gate run --hook transaction"],
    )?;
    // kernel-install writes no entry for what is held back, and goes on.
    let add = format!(
        "KERNEL_INSTALL_BYPASS=0 BOOT_ROOT=/boot kernel-install add {old} /boot/vmlinuz-{old}"
    );
    host.put("etc/kernel/install.conf", "layout=bls\n")?;
    host.must(&format!("mkdir -p /boot/loader/entries; {add}"), 0)?;
    let written = host.must("ls /boot/loader/entries", 0)?;
    if written.contains(&old) {
        return Err(format!("an entry was written: {written}").into());
    }
    // What kernel-install and this test made is not the gate's to take away.
    host.must("loadworthy gate uninstall", 0)?;
    host.must("rm -rf /boot/loader /boot/$(cat /etc/machine-id) /etc/kernel/install.conf", 0)?;
    let after = picture(&host)?;
    let ignored = ["/etc/kernel", "/boot", "/var/lib", "/etc"];
    let differs: Vec<&String> = before
        .keys()
        .chain(after.keys())
        .filter(|path| before.get(*path) != after.get(*path) && !ignored.contains(&path.as_str()))
        .collect();
    match differs.is_empty() {
        true => Ok(()),
        false => Err(format!("left behind or changed: {differs:?}").into()),
    }
}
