//! Stories of the field on a real Debian tree: what an operator is told before the reboot.
//!
//! The tree is installed by the names of its packages (`proving/stories/debian-12.sh`), with a driver that
//! DKMS builds; the firmware's variables and the hardware are written beside it. Opt-in:
//! `LOADWORTHY_FETCH=1`, as root, with `debootstrap`. `LOADWORTHY_STORIES` names a tree that is there.

use crate::skipped;
use libtest_mimic::{Failed, Trial};
use loadworthy_core::tables::Tables;
use loadworthy_formats::modsig;
use loadworthy_proving::forge::firmware;
use loadworthy_proving::forge::key::Key;
use loadworthy_proving::forge::signature::{self, Form};
use loadworthy_proving::program;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

const AT: &str = "2026-11-21";

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("stories of the field on a real Debian", stories)]
}

/// The installed tree and its two kernels.
pub(crate) struct Debian {
    pub(crate) root: PathBuf,
    pub(crate) old: String,
    pub(crate) new: String,
}

/// The tree itself; `None` where nobody asked for one.
pub(crate) fn tree() -> Result<Option<PathBuf>, Failed> {
    if let Some(root) = std::env::var_os("LOADWORTHY_STORIES") {
        return Ok(Some(PathBuf::from(root)));
    }
    if std::env::var_os("LOADWORTHY_FETCH").is_none() {
        skipped::told("a real Debian tree (LOADWORTHY_FETCH=1)");
        return Ok(None);
    }
    let Some(_) = skipped::tool("debootstrap") else { return Ok(None) };
    let user = Command::new("id").arg("-u").output()?.stdout;
    if user.trim_ascii() != b"0" {
        skipped::told("root, for debootstrap (LOADWORTHY_FETCH=1)");
        return Ok(None);
    }
    // One tree for all who want it.
    static BUILDING: Mutex<()> = Mutex::new(());
    let _one = BUILDING.lock().unwrap_or_else(PoisonError::into_inner);
    let home = xtask::tree::root();
    let root = home.join("target/stories/debian-12");
    let built = Command::new(home.join("proving/stories/debian-12.sh")).arg(&root).output()?;
    match built.status.success() {
        true => Ok(Some(root)),
        false => Err(format!("debian-12.sh: {}", String::from_utf8_lossy(&built.stderr)).into()),
    }
}

pub(crate) fn installed() -> Result<Option<Debian>, Failed> {
    let Some(root) = tree()? else { return Ok(None) };
    let built = fs::read_to_string(root.join("built"))?;
    let mut kernels = built.lines().map(str::to_owned);
    let (old, new) = (kernels.next().ok_or("no kernel")?, kernels.next().ok_or("one kernel")?);
    Ok(Some(Debian { root, old, new }))
}

/// A machine of its own: links to what is large, and what only it has.
pub(crate) struct Machine<'d> {
    pub(crate) of: &'d Debian,
    pub(crate) root: PathBuf,
}

pub(crate) const EFIVARS: &str = "sys/firmware/efi/efivars";

/// What the firmware shows of a machine with the tree `of`: Secure Boot on, the authorities it was
/// sold with, a boot loader denied, the key of DKMS enrolled. Paths below `/`, and bytes.
pub(crate) fn firmware_of(of: &Path) -> Result<Vec<(String, Vec<u8>)>, Failed> {
    let tables = Tables::built_in().map_err(|e| e.to_string())?;
    let sold = tables.shims.authorities().iter();
    let db: Vec<u8> = sold.flat_map(|a| firmware::certificate(&a.certificate.0)).collect();
    let denied = firmware::digests(&[firmware::sha256(b"a boot loader of the past")]);
    let owner = firmware::certificate(&fs::read(of.join("var/lib/dkms/mok.pub"))?);
    let variables = [
        ("SecureBoot", firmware::GLOBAL, [1].as_slice()),
        ("SetupMode", firmware::GLOBAL, &[0]),
        ("db", firmware::IMAGE_SECURITY, &db),
        ("dbx", firmware::IMAGE_SECURITY, &denied),
        ("MokListRT", firmware::SHIM, &owner),
    ];
    let shown = variables.map(|(name, vendor, data)| {
        (format!("{EFIVARS}/{name}-{vendor}"), firmware::variable(false, data))
    });
    let table = ("sys/firmware/efi/mok-variables/MokListRT".to_owned(), owner.clone());
    Ok(shown.into_iter().chain([table]).collect())
}

impl<'d> Machine<'d> {
    /// Secure Boot on, DKMS's key enrolled, disks on ahci and on the driver that DKMS builds; the older
    /// kernel runs, and the newer one is next.
    pub(crate) fn new(of: &'d Debian, root: PathBuf) -> Result<Self, Failed> {
        let machine = Self { of, root };
        for path in [
            "boot",
            "usr/lib/modules",
            "usr/lib/modprobe.d",
            "var/lib/dkms/mok.pub",
            "etc/modprobe.d",
            "etc/fstab",
            "etc/os-release",
            "usr/lib/os-release",
            "usr/sbin/modprobe",
            "usr/bin/kmod",
        ] {
            machine.link(path)?;
        }
        symlink("usr/lib", machine.root.join("lib"))?;
        symlink("usr/sbin", machine.root.join("sbin"))?;
        for (path, bytes) in firmware_of(&of.root)? {
            machine.put(&path, bytes)?;
        }
        let (old, line) = (&of.old, "root=/dev/sda1 ro quiet");
        machine.put("proc/version", format!("Linux version {old} (gcc-12) #1 SMP Debian\n"))?;
        machine.put("proc/cmdline", format!("BOOT_IMAGE=/boot/vmlinuz-{old} {line}\n"))?;
        let loaded = "acmedisk 16384 1 - Live 0x0 (OE)\nahci 49152 2 - Live 0x0\n";
        machine.put("proc/modules", loaded)?;
        let mounts =
            "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n41 22 8:17 / /srv rw - ext4 /dev/sdb1 rw\n";
        machine.put("proc/self/mountinfo", mounts)?;
        machine.device(
            "0000:00:1f.2",
            "pci:v00008086d00002922sv0sd0bc01sc06i01",
            "ahci",
            "sda",
            0,
        )?;
        machine.device(
            "0000:3b:00.0",
            "pci:v000010DFd0000F0F5sv0sd0bc01sc07i00",
            "acmedisk",
            "sdb",
            1,
        )?;
        Ok(machine)
    }

    fn device(&self, at: &str, alias: &str, driver: &str, disk: &str, n: u8) -> Result<(), Failed> {
        let device = format!("devices/pci0000:00/{at}");
        let block = format!("{device}/host{n}/target{n}:0:0/{n}:0:0:0/block/{disk}");
        self.put(&format!("sys/{device}/modalias"), alias)?;
        self.put(&format!("sys/{block}/dev"), format!("8:{}\n", 16 * n))?;
        self.put(&format!("sys/{block}/{disk}1/dev"), format!("8:{}\n", 16 * n + 1))?;
        for folder in [format!("sys/module/{driver}"), format!("sys/bus/pci/drivers/{driver}")] {
            fs::create_dir_all(self.root.join(folder))?;
        }
        for (link, target) in [
            (format!("sys/bus/pci/devices/{at}"), format!("../../../{device}")),
            (format!("sys/{device}/driver"), format!("../../../bus/pci/drivers/{driver}")),
            (
                format!("sys/bus/pci/drivers/{driver}/module"),
                format!("../../../../module/{driver}"),
            ),
            (format!("sys/block/{disk}"), format!("../{block}")),
        ] {
            let link = self.root.join(link);
            fs::create_dir_all(link.parent().ok_or("no folder")?)?;
            symlink(target, link)?;
        }
        Ok(())
    }

    /// The same files as in the tree, without copying them.
    fn link(&self, path: &str) -> Result<(), Failed> {
        let (from, to) = (self.of.root.join(path), self.root.join(path));
        fs::create_dir_all(to.parent().ok_or("no folder")?)?;
        let done = Command::new("cp").arg("-al").arg(&from).arg(&to).status()?;
        if done.success() { Ok(()) } else { Err(format!("cp -al {}", from.display()).into()) }
    }

    /// A file of its own, also where the tree has one.
    pub(crate) fn put(&self, path: &str, bytes: impl AsRef<[u8]>) -> Result<(), Failed> {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().ok_or("no folder")?)?;
        drop(fs::remove_file(&path));
        Ok(fs::write(path, bytes)?)
    }

    fn driver(&self) -> String {
        format!("lib/modules/{}/updates/dkms/acmedisk.ko", self.of.new)
    }

    /// The driver without its signature, as a build without a key leaves it.
    fn unsigned(&self) -> Result<Vec<u8>, Failed> {
        let built = fs::read(self.of.root.join("usr").join(self.driver()))?;
        let modsig::Appended::Signature(signature) = modsig::read(&built) else {
            return Err("DKMS did not sign the driver".into());
        };
        let end = signature.content_len().ok_or("no content")?;
        Ok(built.get(..end).ok_or("no content")?.to_vec())
    }

    /// What the program says of it, each kernel by what it is here.
    pub(crate) fn told(&self, more: &[&str]) -> Result<(String, Option<i32>), Failed> {
        let root = self.root.to_string_lossy().into_owned();
        let mut asked = [&["check", "--root", &root, "--at", AT], more].concat();
        if !more.contains(&"--proof") {
            asked.extend(["--proof", "none"]);
        }
        let said = program::run(&asked, self.root.parent().ok_or("no folder")?)?;
        let text = String::from_utf8_lossy(&said.stdout).into_owned();
        let text = text.replace(&self.of.new, "NEXT").replace(&self.of.old, "RUNNING");
        Ok((text + &String::from_utf8_lossy(&said.stderr), said.status.code()))
    }

    /// That these lines are told, in this order, with this exit code.
    pub(crate) fn tells(&self, more: &[&str], code: i32, lines: &[&str]) -> Result<(), Failed> {
        let (text, exit) = self.told(more)?;
        let mut rest = text.as_str();
        for line in lines {
            match rest.find(line) {
                Some(at) => rest = &rest[at + line.len()..],
                None => return Err(format!("not told, or not there: {line:?}\n{text}").into()),
            }
        }
        if exit == Some(code) { Ok(()) } else { Err(format!("exit {exit:?}\n{text}").into()) }
    }
}

fn stories() -> Result<(), Failed> {
    let Some(debian) = installed()? else { return Ok(()) };
    // Beside the tree: hard links do not cross file systems.
    let beside = debian.root.parent().ok_or("no folder")?;
    let folder = tempfile::tempdir_in(beside)?;
    let machine = |name: &str| Machine::new(&debian, folder.path().join(name));

    let sound = machine("sound")?;
    sound.tells(
        &[],
        0,
        &["under NEXT: all will", "will not load: none", "Secure Boot on", "GRUB"],
    )?;

    // A DKMS rebuild that nobody signed.
    let rebuilt = machine("rebuilt")?;
    rebuilt.put(&rebuilt.driver(), rebuilt.unsigned()?)?;
    rebuilt.tells(&[], 1, &[
        "1 will not\nwill not load: acmedisk (storage)\nlost without them: disk sdb, mounted at /srv",
        "refused  acmedisk  lib/modules/NEXT/updates/dkms/acmedisk.ko\nLW1003",
        "EKEYREJECTED; \"Loading of unsigned module is rejected\"",
        "sign it with the enrolled key DKMS module signing key",
    ])?;

    // A vendor's update whose signer is not enrolled, before it is installed.
    let stranger = Key::named("stranger")?;
    let signed = signature::append(&sound.unsigned()?, &stranger, "sha256", Form::Detached)?;
    let vendor = folder.path().join("vendor");
    let update = vendor.join(sound.driver());
    fs::create_dir_all(update.parent().ok_or("no folder")?)?;
    fs::write(update, signed)?;
    let with = vendor.to_string_lossy().into_owned();
    sound.tells(
        &["--with", &with],
        1,
        &[
            "will not load: acmedisk (storage)",
            "LW1004  The module is signed, but by a key this kernel does not trust",
            "note  LW0011",
        ],
    )?;

    // The driver is there for the running kernel alone.
    let missing = machine("missing")?;
    fs::remove_file(missing.root.join(missing.driver()))?;
    let index = format!("lib/modules/{}/modules.dep", debian.new);
    let kept = fs::read_to_string(missing.root.join(&index))?;
    let kept: Vec<&str> = kept.lines().filter(|l| !l.contains("acmedisk")).collect();
    missing.put(&index, kept.join("\n") + "\n")?;
    missing.tells(&[], 1, &[
        "refused  acmedisk\nLW1101  The driver is there for the running kernel and not for this one",
        "lost without it     disk sdb, mounted at /srv",
    ])?;

    // The initramfs is that of the kernel before.
    let stale = machine("stale")?;
    let older = fs::read(debian.root.join(format!("boot/initrd.img-{}", debian.old)))?;
    stale.put(&format!("boot/initrd.img-{}", debian.new), older)?;
    stale.tells(
        &[],
        1,
        &[
            "will not do as initramfs: initrd.img-NEXT (boot)\n",
            "lost without them: file system at /",
            "LW3104  The initramfs was made for another kernel",
        ],
    )?;

    // A grub.cfg that is cut off is what is missing, and nothing of the kernel that runs.
    let cut = machine("cut")?;
    let config = fs::read(debian.root.join("boot/grub/grub.cfg"))?;
    cut.put("boot/grub/grub.cfg", config.get(..3000).ok_or("a short grub.cfg")?)?;
    cut.tells(
        &[],
        3,
        &["what the kernel command line says: boot/grub/grub.cfg: it", "note  LW0004"],
    )?;

    // An update of dbx that denies the boot loader: asked about, and lying ready.
    let grub = debian.root.join("boot/efi/EFI/debian/grubx64.efi");
    let seen = program::run(&["inspect", "--json", &grub.to_string_lossy()], folder.path())?;
    let seen: Value = serde_json::from_slice(&seen.stdout)?;
    let digest = seen["files"][0]["pe"]["image_digests"]["sha256"].as_str().ok_or("no digest")?;
    let digest = loadworthy_formats::text::unhex(digest).ok_or("no digest")?;
    let denies = firmware::signed_update(&firmware::digests(&[digest]));
    let dbx = folder.path().join("dbx.bin");
    fs::write(&dbx, &denies)?;
    let assumed = format!("dbx={}", dbx.display());
    sound.tells(
        &["--assume", &assumed],
        1,
        &[
            "the boot stops at grubx64.efi: no driver comes to load",
            "refused  grubx64.efi  boot/efi/EFI/debian/grubx64.efi\nLW3003",
            "EFI_SECURITY_VIOLATION",
            "note  LW3020",
        ],
    )?;
    let waiting = machine("waiting")?;
    waiting.put("usr/share/secureboot/updates/dbx/dbxupdate_x64.bin", &denies)?;
    waiting.tells(&["--proof", "short"], 0, &["LW3031", "stop grubx64.efi"])?;

    fleet(&machine, &debian, &assumed, folder.path())
}

/// Three machines of one kind, one with an unsigned rebuild and one without Secure Boot.
fn fleet<'d>(
    machine: &dyn Fn(&str) -> Result<Machine<'d>, Failed>,
    debian: &Debian,
    assumed: &str,
    at: &Path,
) -> Result<(), Failed> {
    fs::create_dir(at.join("fleet"))?;
    for name in ["web1", "web2", "web3"] {
        let one = machine(name)?;
        if name == "web2" {
            one.put(&one.driver(), one.unsigned()?)?;
        }
        if name == "web3" {
            let path = format!("{EFIVARS}/SecureBoot-{}", firmware::GLOBAL);
            one.put(&path, firmware::variable(false, &[0]))?;
        }
        let bundle = format!("fleet/{name}.lwb");
        let asked = ["collect", "--root", name, "-o", &bundle, "--kernel", &debian.new, "--at", AT];
        let done = program::run(&asked, at)?;
        if !done.status.success() {
            return Err(String::from_utf8_lossy(&done.stderr).into());
        }
        let size = fs::metadata(at.join(&bundle))?.len();
        if size > 60 << 20 {
            return Err(format!("{bundle} holds modules or an initramfs: {size} bytes").into());
        }
        // The bundle says what the machine says, of the initramfs too.
        let said = |source: [&str; 2]| -> Result<String, Failed> {
            let asked = ["check", "--json", "--at", AT, "--kernel", &debian.new];
            let said = program::run(&[&asked, source.as_slice()].concat(), at)?;
            Ok(String::from_utf8_lossy(&said.stdout).replacen(
                "\"source\":\"bundle\"",
                "\"source\":\"root\"",
                1,
            ))
        };
        if said(["--root", name])? != said(["--bundle", &bundle])? {
            return Err(format!("{bundle}: other verdicts than {name}").into());
        }
    }
    let table = |more: &[&str]| -> Result<String, Failed> {
        let asked = ["check", "--bundle", "fleet", "--at", AT, "--kernel", &debian.new];
        let said = program::run(&[&asked, more].concat(), at)?;
        Ok(String::from_utf8_lossy(&said.stdout).into_owned())
    };
    let plain = table(&[])?;
    let first = "something is refused on 1\nrefused  web2  acmedisk (LW1003)\n";
    if !plain.contains(first) {
        return Err(plain.into());
    }
    let denied = table(&["--assume", assumed])?;
    let broken = "refused  web1  grubx64.efi (LW3003)\n";
    let by_it = "\nwhat is assumed would break web2 (grubx64.efi), web1 (grubx64.efi)\n";
    let told = [by_it, broken, "something is refused on 2"].iter().all(|t| denied.contains(t));
    if !told {
        return Err(denied.into());
    }
    // web3 has no Secure Boot, so nothing breaks there; without an assumption nothing is said of it.
    let broken = |more: &[&str]| -> Result<Vec<Value>, Failed> {
        let told: Value = serde_json::from_str(&table(&[&["--json"], more].concat())?)?;
        let hosts = told["hosts"].as_array().ok_or("no hosts")?;
        let mut all: Vec<&Value> = hosts.iter().collect();
        all.sort_by_key(|host| host["name"].as_str());
        Ok(all.iter().map(|host| host["broken_by_assumption"].clone()).collect())
    };
    let grub = json!(["grubx64.efi"]);
    let (told, untold) = (broken(&["--assume", assumed])?, broken(&[])?);
    if told != [grub.clone(), grub, json!([])] || untold.iter().any(|host| !host.is_null()) {
        return Err(format!("broken: {told:?}, without an assumption {untold:?}").into());
    }
    Ok(())
}
