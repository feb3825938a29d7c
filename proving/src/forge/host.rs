//! A whole root directory of a Linux host, from what a scenario says of it.

use crate::forge::firmware;
use crate::forge::initramfs::{self, Initramfs};
use crate::forge::kernel::{Export, Kernel};
use crate::forge::key::{self, Key};
use crate::forge::module::Module;
use crate::forge::package;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

mod older;

/// What a scenario says of a host: the keys of `toml host` (`proving/scenarios/README.md`).
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the README of the scenarios describes each key")]
pub struct Host {
    pub kernel: String,
    pub secure_boot: bool,
    pub firmware: String,
    pub cmdline: String,
    pub config: Vec<String>,
    pub enrolled: Vec<String>,
    pub db: Vec<String>,
    pub revoked: Vec<String>,
    pub denied_files: Vec<String>,
    pub builtin: Vec<String>,
    pub crypto_modules: bool,
    pub modprobe_d: Vec<String>,
    pub ask: String,
    pub modules_disabled: bool,
    pub lockdown_file: Option<String>,
    pub boot_entries: bool,
    pub boot_script: Option<String>,
    pub distribution: String,
    pub kexec_loaded: bool,
    pub older: String,
    pub rollback: u32,
    pub request: bool,
    pub deny_update: bool,
    pub files: BTreeMap<String, String>,
    pub links: BTreeMap<String, String>,
    pub packages: Vec<Packed>,
    pub initramfs: Option<Initramfs>,
}

/// A package with the module: the keys of an entry of `packages`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the README of the scenarios describes each key")]
pub struct Packed {
    pub folder: String,
    pub release: Option<String>,
    pub beside: Option<String>,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            kernel: "6.12".to_owned(),
            secure_boot: true,
            firmware: "seen".to_owned(),
            cmdline: String::new(),
            config: Vec::new(),
            enrolled: Vec::new(),
            db: Vec::new(),
            revoked: Vec::new(),
            denied_files: Vec::new(),
            builtin: Vec::new(),
            crypto_modules: true,
            modprobe_d: Vec::new(),
            ask: "file".to_owned(),
            modules_disabled: false,
            lockdown_file: None,
            boot_entries: true,
            boot_script: None,
            distribution: "debian".to_owned(),
            kexec_loaded: false,
            older: "none".to_owned(),
            rollback: 0,
            request: false,
            deny_update: false,
            files: BTreeMap::new(),
            links: BTreeMap::new(),
            packages: Vec::new(),
            initramfs: None,
        }
    }
}

/// A host that was forged.
#[derive(Clone, Debug)]
pub struct Forged {
    /// The kernel's release.
    pub release: String,
    /// The file of the module that the scenario is about.
    pub module: PathBuf,
    /// The name of that module.
    pub name: String,
    /// Packages that hold it, to be laid over the host.
    pub packages: Vec<PathBuf>,
}

/// Modules with digests that Debian does not build in: file and algorithm.
const CRYPTO: [(&str, &str); 2] = [("sha512_generic", "sha512"), ("md4", "md4")];

/// A directory in the making.
struct Root<'p> {
    at: &'p Path,
}

impl Root<'_> {
    fn put(&self, path: &str, bytes: impl AsRef<[u8]>) -> Result<(), String> {
        let path = self.at.join(path);
        let told = |e: std::io::Error| format!("{}: {e}", path.display());
        fs::create_dir_all(path.parent().unwrap_or(self.at)).map_err(told)?;
        fs::write(&path, bytes).map_err(told)
    }

    fn link(&self, path: &str, target: &str) -> Result<(), String> {
        let path = self.at.join(path);
        let told = |e: std::io::Error| format!("{}: {e}", path.display());
        fs::create_dir_all(path.parent().unwrap_or(self.at)).map_err(told)?;
        std::os::unix::fs::symlink(target, &path).map_err(told)
    }

    fn folder(&self, path: &str) -> Result<(), String> {
        let path = self.at.join(path);
        fs::create_dir_all(&path).map_err(|e| format!("{}: {e}", path.display()))
    }
}

impl Host {
    /// Writes the host below `at`, with the module.
    ///
    /// # Errors
    /// When a word of the scenario is not known, or a file cannot be written.
    pub fn forge(&self, module: &Module, at: &Path) -> Result<Forged, String> {
        let root = Root { at };
        let mut kernel = Kernel::new(&self.kernel, &self.config)?;
        kernel.certificates.push(Key::named("distribution")?.certificate);
        // What a scenario says is offered, the kernel offers.
        kernel.exports.extend(
            module.needs.iter().filter(|n| n.contains(':')).map(|needed| Export::of(needed)),
        );
        kernel.builtin.extend(self.builtin.iter().cloned());
        kernel.suse = ["sle", "opensuse"].iter().any(|id| self.distribution.starts_with(id));
        let release = kernel.release.clone();
        root.put(&format!("boot/vmlinuz-{release}"), kernel.image())?;
        root.put(&format!("boot/config-{release}"), &kernel.config)?;
        let distribution = &self.distribution;
        root.put("etc/os-release", format!("ID={distribution}\nVERSION_ID=\"12\"\n"))?;
        self.boot(&root, &release)?;
        self.running(&root, &kernel, module)?;
        let files = self.tree(&root, &kernel, module)?;
        self.firmware(&root, &files)?;
        older::kernel(&root, &self.older, &kernel, module)?;
        if self.rollback > 0 {
            let wanted = format!("[rollback]\nkernels = {}\n", self.rollback);
            root.put("etc/loadworthy/manifest.toml", wanted)?;
        }
        if self.request {
            let path = format!("sys/firmware/efi/efivars/MokNew-{}", firmware::SHIM);
            root.put(&path, firmware::variable(true, b"x"))?;
        }
        if self.deny_update {
            let list = firmware::digests(&[firmware::sha256(b"a boot loader of today")]);
            let path = "usr/share/secureboot/updates/dbx/dbxupdate_x64.bin";
            root.put(path, firmware::signed_update(&list))?;
        }
        root.folder("etc/modprobe.d")?;
        if !self.modprobe_d.is_empty() {
            root.put("etc/modprobe.d/scenario.conf", self.modprobe_d.join("\n") + "\n")?;
        }
        if self.crypto_modules {
            root.put("sbin/modprobe", "#!/bin/sh\n")?;
        } else {
            root.folder("sbin")?;
        }
        for (path, text) in &self.files {
            root.put(path, text)?;
        }
        for (path, target) in &self.links {
            root.link(path, target)?;
        }
        let path = module_path(&module.name);
        let module_file = at.join(format!("lib/modules/{release}/{path}"));
        self.initramfs(&root, &kernel, module, &files)?;
        let packages = self.packages(&root, &release, &files[0])?;
        Ok(Forged { release, module: module_file, name: module.name.clone(), packages })
    }

    /// The initramfs, with the module and what it depends on.
    fn initramfs(
        &self,
        root: &Root<'_>,
        kernel: &Kernel,
        module: &Module,
        files: &[(String, Vec<u8>)],
    ) -> Result<(), String> {
        let Some(asked) = self.initramfs.as_ref().filter(|asked| asked.present) else {
            return Ok(());
        };
        let release = asked.release.as_deref().unwrap_or(&kernel.release);
        let copy = match asked.copy.as_str() {
            "same" => files[0].1.clone(),
            "unsigned" => {
                Module { signed_by: "none".to_owned(), ..module.clone() }.forge(kernel)?
            }
            "stripped" => {
                let (signed_by, debug) = ("none".to_owned(), "stripped".to_owned());
                Module { signed_by, debug, ..module.clone() }.forge(kernel)?
            }
            "rebuilt" => {
                Module { srcversion: "ANEW".to_owned(), ..module.clone() }.forge(kernel)?
            }
            other => return Err(format!("initramfs: copy = {other:?}")),
        };
        let mut inside = vec![("init".to_owned(), b"#!/bin/sh\n".to_vec())];
        let mut index = String::new();
        for (n, (name, bytes)) in files.iter().enumerate() {
            if n > 0 || asked.holds {
                let bytes = if n == 0 { &copy } else { bytes };
                let path = module_path(name);
                index.push_str(&format!("{path}:\n"));
                inside.push((format!("lib/modules/{release}/{path}"), bytes.clone()));
            }
        }
        let of_firmware = |name| (format!("usr/lib/firmware/{name}"), b"x".to_vec());
        inside.extend(asked.firmware.iter().map(of_firmware));
        let at = format!("boot/initrd.img-{}", kernel.release);
        if asked.erofs {
            return root.put(&at, initramfs::image(&initramfs::in_erofs(release), asked.cut));
        }
        if asked.builder == "booster" {
            let inside = initramfs::of_booster(&inside, release);
            return root.put(&at, initramfs::image(&inside, asked.cut));
        }
        inside.push((format!("lib/modules/{release}/modules.dep"), index.into_bytes()));
        inside.push(("usr/sbin/modprobe".to_owned(), Vec::new()));
        let lines = asked.modprobe_d.join("\n") + "\n";
        inside.push(("etc/modprobe.d/initramfs.conf".to_owned(), lines.into_bytes()));
        let image = initramfs::image(&inside, asked.cut);
        root.put(&at, image)
    }

    /// Packages with the module, beside the root; copies of it in the tree where that is asked for.
    fn packages(
        &self,
        root: &Root<'_>,
        release: &str,
        (name, bytes): &(String, Vec<u8>),
    ) -> Result<Vec<PathBuf>, String> {
        let mut paths = Vec::new();
        for (n, packed) in self.packages.iter().enumerate() {
            if let Some(beside) = &packed.beside {
                let under = format!("lib/modules/{release}");
                root.put(&format!("{under}/{beside}/{name}.ko"), bytes)?;
                let index = fs::read_to_string(root.at.join(&under).join("modules.dep"));
                let index = index.unwrap_or_default() + &format!("{beside}/{name}.ko:\n");
                root.put(&format!("{under}/modules.dep"), index)?;
            }
            let of = packed.release.as_deref().unwrap_or(release);
            let file = format!("lib/modules/{of}/{}/{name}.ko", packed.folder);
            let deb = package::deb(&format!("{name}-kmod"), &[(file, bytes.clone())]);
            let path = root.at.with_file_name(format!("{name}-{n}.deb"));
            fs::write(&path, deb).map_err(|e| format!("{}: {e}", path.display()))?;
            paths.push(path);
        }
        Ok(paths)
    }

    fn command_line(&self, release: &str) -> String {
        let plain = format!("BOOT_IMAGE=/boot/vmlinuz-{release} root=UUID=0123 ro quiet");
        format!("{plain} {}", self.cmdline).trim_end().to_owned()
    }

    fn boot(&self, root: &Root<'_>, release: &str) -> Result<(), String> {
        root.put("proc/cmdline", self.command_line(release) + "\n")?;
        if self.kexec_loaded {
            root.put("sys/kernel/kexec_loaded", "1\n")?;
        }
        if !self.boot_entries {
            return Ok(());
        }
        if let Some(script) = &self.boot_script {
            return root.put("boot/grub/grub.cfg", script.replace("RELEASE", release));
        }
        let line = self.command_line(release);
        let options = line.split_once(' ').map_or("", |(_, options)| options);
        if self.older != "none" {
            return older::entries(root, &self.older, release, options);
        }
        root.put(
            "boot/grub/grub.cfg",
            format!(
                "set default=\"0\"\nmenuentry 'Debian GNU/Linux' {{\n\
                 \tlinux /boot/vmlinuz-{release} {options}\n\tinitrd /boot/initrd.img-{release}\n}}\n"
            ),
        )
    }

    /// What only the running kernel knows; there is some only where the question is about it.
    fn running(&self, root: &Root<'_>, kernel: &Kernel, module: &Module) -> Result<(), String> {
        if self.ask == "preflight" {
            root.put("proc/modules", format!("{} 16384 0 - Live 0x0\n", module.name))?;
        }
        if matches!(self.ask.as_str(), "running" | "needed-now") {
            root.put("proc/version", kernel.banner() + "\n")?;
            root.put("proc/sys/kernel/osrelease", format!("{}\n", kernel.release))?;
            root.put("proc/modules", "")?;
        }
        if self.modules_disabled {
            root.put("proc/sys/kernel/modules_disabled", "1\n")?;
        }
        let lockdown = match self.lockdown_file.as_deref() {
            None => return Ok(()),
            Some("none") => "[none] integrity confidentiality\n",
            Some("integrity") => "none [integrity] confidentiality\n",
            Some("confidentiality") => "none integrity [confidentiality]\n",
            Some(other) => return Err(format!("lockdown_file = {other:?}")),
        };
        root.put("proc/version", kernel.banner() + "\n")?;
        root.put("proc/sys/kernel/osrelease", format!("{}\n", kernel.release))?;
        root.put("sys/kernel/security/lockdown", lockdown)
    }

    /// The module tree with its indexes; returns each module's name and file.
    fn tree(
        &self,
        root: &Root<'_>,
        kernel: &Kernel,
        module: &Module,
    ) -> Result<Vec<(String, Vec<u8>)>, String> {
        let under = format!("lib/modules/{}", kernel.release);
        let dependencies = module.dependencies();
        let mut files = vec![(module.name.clone(), module.forge(kernel)?)];
        for dependency in &dependencies {
            files.push((dependency.name.clone(), dependency.forge(kernel)?));
        }
        let mut aliases: String =
            module.aliases.iter().map(|a| format!("alias {a} {}\n", module.name)).collect();
        if self.crypto_modules {
            for (name, algorithm) in CRYPTO {
                let module = Module { name: name.to_owned(), ..Module::default() };
                files.push((name.to_owned(), module.forge(kernel)?));
                aliases.push_str(&format!(
                    "alias crypto-{algorithm} {name}\nalias {algorithm} {name}\n"
                ));
            }
        }
        let mut index = String::new();
        for (name, bytes) in &files {
            let subject = *name == module.name;
            let packed = !self.packages.is_empty();
            if !subject || (module.file && !packed) {
                let stored = if subject { module.stored(bytes)? } else { bytes.clone() };
                root.put(&format!("{under}/{}", module_path(name)), stored)?;
            }
            if !subject || (module.indexed && !packed) {
                index.push_str(&module_path(name));
                index.push(':');
                for dependency in dependencies.iter().filter(|_| subject) {
                    index.push(' ');
                    index.push_str(&module_path(&dependency.name));
                }
                index.push('\n');
            }
        }
        let symbols: String = dependencies
            .iter()
            .chain([module])
            .flat_map(|m| m.exports.iter().map(move |e| format!("alias symbol:{e} {}\n", m.name)))
            .collect();
        let builtin: String =
            kernel.builtin.iter().map(|name| format!("kernel/drivers/{name}.ko\n")).collect();
        // kbuild's record of what is inside the image; `loop` is in every one.
        let inside: String = kernel
            .builtin
            .iter()
            .map(|name| {
                format!(
                    "{name}.parmtype=level:int\0{name}.parm=level:How much\0\
                     {name}.file=drivers/{name}\0{name}.license=GPL\0"
                )
            })
            .collect();
        root.put(&format!("{under}/modules.builtin.modinfo"), inside)?;
        root.put(&format!("{under}/modules.dep"), index)?;
        root.put(&format!("{under}/modules.alias"), aliases)?;
        root.put(&format!("{under}/modules.symbols"), symbols)?;
        root.put(&format!("{under}/modules.softdep"), "")?;
        root.put(&format!("{under}/modules.builtin"), builtin)?;
        Ok(files)
    }

    fn firmware(&self, root: &Root<'_>, files: &[(String, Vec<u8>)]) -> Result<(), String> {
        match self.firmware.as_str() {
            "seen" => {}
            "not-seen" => return Ok(()),
            "none" => return root.folder("sys/firmware"),
            other => return Err(format!("firmware = {other:?}")),
        }
        let variable = |name: &str, vendor: &str, lasting: bool, data: &[u8]| {
            let path = format!("sys/firmware/efi/efivars/{name}-{vendor}");
            root.put(&path, firmware::variable(lasting, data))
        };
        let certificates = |names: &[String]| -> Result<Vec<u8>, String> {
            let lists = names.iter().map(|n| Ok(firmware::certificate(&key::certificate(n)?)));
            Ok(lists.collect::<Result<Vec<_>, String>>()?.concat())
        };
        variable("SecureBoot", firmware::GLOBAL, false, &[u8::from(self.secure_boot)])?;
        variable("SetupMode", firmware::GLOBAL, false, &[0])?;
        if !self.db.is_empty() {
            variable("db", firmware::IMAGE_SECURITY, true, &certificates(&self.db)?)?;
        }
        // The digest of something that is not here, as every machine has some.
        let mut denied = vec![firmware::sha256(b"a boot loader of the past")];
        for name in &self.denied_files {
            let (_, bytes) =
                files.iter().find(|(n, _)| n == name).ok_or(format!("denied_files: {name:?}"))?;
            denied.push(firmware::sha256(bytes));
        }
        let dbx = [firmware::digests(&denied), certificates(&self.revoked)?].concat();
        variable("dbx", firmware::IMAGE_SECURITY, true, &dbx)?;
        if !self.enrolled.is_empty() {
            let list = certificates(&self.enrolled)?;
            variable("MokListRT", firmware::SHIM, false, &list)?;
            root.put("sys/firmware/efi/mok-variables/MokListRT", list)?;
        }
        Ok(())
    }
}

/// Where a module's file lies below its tree.
fn module_path(name: &str) -> String {
    format!("kernel/drivers/demo/{name}.ko")
}

/// Adds to what a variable of the forged host holds.
///
/// # Errors
/// When the file cannot be written.
pub fn add_to_variable(root: &Path, name: &str, vendor: &str, data: &[u8]) -> Result<(), String> {
    let path = root.join(format!("sys/firmware/efi/efivars/{name}-{vendor}"));
    let mut held = fs::read(&path).unwrap_or_else(|_| firmware::variable(false, &[]));
    held.extend(data);
    fs::write(&path, held).map_err(|e| format!("{}: {e}", path.display()))
}
