//! `package`: what a `.deb` or `.rpm` brings that decides about drivers, and what its scripts would run.
//!
//! Nothing of it is installed and nothing is run: members are looked into one by one as they are
//! unpacked, and scripts are only read.

use std::collections::BTreeSet;
use std::io::Read;

use loadworthy_formats::compress;
use loadworthy_formats::error::Deviation;
use loadworthy_formats::feed;
use loadworthy_formats::kernel::image;
use loadworthy_formats::kernel::name::is_module;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::package::form::{self, Form};
use loadworthy_formats::package::member::{Member, Sort, UNPACKED};
use serde::Serialize;
use serde_json::Value;

use crate::inspect::certificate::Certificate;
use crate::inspect::digest;
use crate::inspect::module;
use crate::inspect::noticed::tell;
use crate::inspect::packed;
use crate::inspect::page::Page;
use crate::inspect::{pe, pem};

/// Lines of each sort that are shown to people.
const SHOWN: usize = 10;
/// Bytes of a certificate file or a `dkms.conf` that are read; real ones have a few thousand.
const SMALL: usize = 1 << 20;
/// Characters of a script's line that are kept.
const LINE: usize = 200;

/// A package.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Package {
    /// `deb` or `rpm`.
    pub form: &'static str,
    /// Its name.
    pub name: String,
    /// Its version, with epoch and release where it has them.
    pub version: String,
    /// The architecture it is for, in the distribution's own word.
    pub architecture: String,
    /// How many files, folders and links it brings.
    pub members: usize,
    /// The kernels whose module trees it puts modules into.
    pub releases: BTreeSet<String>,
    /// Its kernel modules.
    pub modules: Vec<Driver>,
    /// Images that firmware or a boot loader starts: kernels, shim, boot loaders.
    pub images: Vec<Bootable>,
    /// Initramfs images.
    pub initramfs: Vec<String>,
    /// Firmware for devices.
    pub firmware: Vec<String>,
    /// Certificates.
    pub certificates: Vec<Carried>,
    /// Source trees that are built when it is installed, or later.
    pub sources: Vec<Source>,
    /// Files that change how modules are loaded or found: `modprobe.d`, `modules-load.d`, `depmod.d`,
    /// `dracut.conf.d`, `initramfs-tools`, `udev` rules.
    pub settings: Vec<String>,
    /// Programs that the package manager would run.
    pub scripts: Vec<Script>,
}

/// A module in a package.
#[derive(Clone, Debug, Serialize)]
pub struct Driver {
    /// Where it would lie.
    pub path: String,
    /// The kernel whose tree it would lie in.
    pub release: Option<String>,
    /// What it calls itself.
    pub name: Option<String>,
    /// What kernel it says it was built for.
    pub vermagic: Option<String>,
    /// SHA-256 of the file as it would lie there.
    pub sha256: String,
    /// `true`, `false`, `malformed` or `old-format`.
    pub signed: Value,
    /// Who signed.
    pub signer_name: Option<String>,
    /// Serial number of the signer's certificate, or its key identifier.
    pub signer_key_id: Option<String>,
}

/// An image in a package.
#[derive(Clone, Debug, Serialize)]
pub struct Bootable {
    /// Where it would lie.
    pub path: String,
    /// The release, where it is a kernel that says so.
    pub release: Option<String>,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Names of those who signed it; empty: nobody.
    pub signers: Vec<String>,
    /// Components and generations of `.sbat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sbat: Option<Vec<[String; 2]>>,
}

/// A certificate in a package.
#[derive(Clone, Debug, Serialize)]
pub struct Carried {
    /// Where it would lie.
    pub path: String,
    /// Its subject's common name, or what stands for it.
    pub subject: String,
    /// The same of its issuer.
    pub issuer: String,
    /// SHA-256 of it.
    pub sha256: String,
}

/// What is built from source.
#[derive(Clone, Debug, Serialize)]
pub struct Source {
    /// Where it would lie.
    pub path: String,
    /// Who builds it: `dkms` or `akmods`.
    pub by: &'static str,
}

/// A program of the package manager's.
#[derive(Clone, Debug, Serialize)]
pub struct Script {
    /// When it runs, in the package's own word: `postinst`, `post`.
    pub name: String,
    /// Its lines that build, sign, load or index modules, or make what boots, as they stand there.
    pub runs: Vec<String>,
}

/// Programs that matter to drivers and to the next boot.
const PROGRAMS: [&str; 33] = [
    "akmods",
    "akmodsbuild",
    "bootctl",
    "common.postinst",
    "depmod",
    "dkms",
    "dkms_autoinstaller",
    "dracut",
    "efibootmgr",
    "grub-install",
    "grub-mkconfig",
    "grub2-mkconfig",
    "grub-set-default",
    "grubby",
    "insmod",
    "install-kernel",
    "installkernel",
    "kernel-install",
    "kmodsign",
    "linux-update-symlinks",
    "mkinitcpio",
    "mkinitrd",
    "modprobe",
    "mokutil",
    "new-kernel-pkg",
    "rmmod",
    "sbsign",
    "sign-file",
    "ukify",
    "update-grub",
    "update-initramfs",
    "update-secureboot-policy",
    "weak-modules",
];
/// Folders whose scripts are run for each kernel that comes.
const HOOKS: [&str; 2] = ["/etc/kernel/", "kernel/install.d"];

/// Reads a package; `None` where it is none.
pub(super) fn read(
    bytes: &[u8],
    limits: &Limits,
    errors: &mut Vec<String>,
    deviations: &mut Vec<String>,
) -> Option<Package> {
    let form = match form::sniff(bytes)? {
        Form::Deb => "deb",
        Form::Rpm => "rpm",
    };
    let mut found = Package { form, ..Package::default() };
    let walked = form::walk(&mut &*bytes, UNPACKED, limits, &mut |member, data| {
        found.members += 1;
        if member.sort == Sort::File {
            found.take(member, data, limits, errors);
        }
    });
    match walked {
        Ok(parsed) => {
            tell(&parsed.deviations, errors, deviations);
            found.name = parsed.value.name;
            found.version = parsed.value.version;
            found.architecture = parsed.value.architecture;
            found.scripts =
                parsed.value.scripts.iter().map(|(name, text)| script(name, text)).collect();
        }
        Err(e) => errors.push(e.to_string()),
    }
    Some(found)
}

fn script(name: &str, text: &str) -> Script {
    let runs = text.lines().map(str::trim).filter(|line| matters(line));
    Script {
        name: name.to_owned(),
        runs: runs.map(|line| line.chars().take(LINE).collect()).collect(),
    }
}

/// Whether a line of a script, comments aside, names one of the programs as a word of its own.
fn matters(line: &str) -> bool {
    if line.starts_with('#') {
        return false;
    }
    let apart = |c: char| c.is_whitespace() || ";|&()`\"'$={}".contains(c);
    // A path counts where programs lie: others are files that happen to be called like one.
    let program = |word: &str| match word.rsplit_once('/') {
        None => PROGRAMS.contains(&word),
        Some((folder, name)) => {
            (folder.ends_with("bin") || folder == "/usr/lib/dkms") && PROGRAMS.contains(&name)
        }
    };
    line.split(apart).any(program) || HOOKS.iter().any(|folder| line.contains(folder))
}

impl Package {
    /// Looks into one file.
    fn take(
        &mut self,
        member: &Member<'_>,
        data: &mut dyn Read,
        limits: &Limits,
        errors: &mut Vec<String>,
    ) {
        let path = String::from_utf8_lossy(member.path);
        let path = path.trim_start_matches("./").trim_start_matches('/').to_owned();
        let plain = path.strip_prefix("usr/").unwrap_or(&path);
        let mut whole = |most: usize, odd: &mut Vec<Deviation>| {
            feed::whole(data, most, ("package member", 0)).map_err(|e| odd.push(e)).ok()
        };
        let mut odd = Vec::new();
        if is_module(path.as_bytes()) {
            if let Some(bytes) = whole(limits.module_bytes, &mut odd) {
                self.modules.push(driver(&path, plain, &bytes, limits, errors));
                self.releases.extend(self.modules.last().and_then(|m| m.release.clone()));
            }
        } else if is_image(plain) {
            if let Some(bytes) = whole(limits.kernel_bytes, &mut odd) {
                self.images.extend(bootable(&path, &bytes, limits));
            }
        } else if is_initramfs(plain) {
            self.initramfs.push(path.clone());
        } else if plain.starts_with("lib/firmware/") {
            self.firmware.push(path.clone());
        } else if is_certificate(plain) {
            let bytes = whole(SMALL, &mut odd).unwrap_or_default();
            let der = pem::read(&bytes).map_or(bytes, |block| block.der);
            // A file called like one that is none is somebody else's business.
            self.certificates.extend(Certificate::read(&der).ok().map(|c| Carried {
                path: path.clone(),
                subject: c.subject,
                issuer: c.issuer,
                sha256: c.sha256,
            }));
        } else if let Some(by) = builder(plain) {
            self.sources.push(Source { path: path.clone(), by });
        } else if is_setting(plain) {
            self.settings.push(path.clone());
        }
        errors.extend(odd.iter().map(|e| format!("{path}: {e}")));
    }
}

fn driver(
    path: &str,
    plain: &str,
    bytes: &[u8],
    limits: &Limits,
    errors: &mut Vec<String>,
) -> Driver {
    let packing = compress::sniff(bytes);
    let (mut wrong, mut odd) = (Vec::new(), Vec::new());
    let unpacked = packing.map(|how| packed::module(bytes, how, limits, &mut wrong, &mut odd));
    let content = unpacked.as_deref().unwrap_or(bytes);
    let (block, _) = module::read(content, None, limits, &mut wrong, &mut odd);
    errors.extend(wrong.iter().map(|e| format!("{path}: {e}")));
    let tree = plain.strip_prefix("lib/modules/").and_then(|rest| rest.split_once('/'));
    Driver {
        path: path.to_owned(),
        release: tree.map(|(release, _)| release.to_owned()),
        name: block.name,
        vermagic: block.vermagic,
        sha256: digest::sha256(bytes),
        signed: block.signed,
        signer_name: block.signer_name,
        signer_key_id: block.signer_key_id,
    }
}

/// An image that boots; `None` where the file is none, whatever it is called.
fn bootable(path: &str, bytes: &[u8], limits: &Limits) -> Option<Bootable> {
    let (mut errors, mut odd) = (Vec::new(), Vec::new());
    let image = pe::read(bytes, limits, &mut errors, &mut odd);
    let header = image::header(bytes).ok();
    if image.is_none() && header.is_none() {
        return None;
    }
    let release = header.and_then(|header| header.version);
    let release = release.and_then(|text| text.split_whitespace().next().map(str::to_owned));
    let (sha256, signatures, sbat) = match image {
        Some(told) => (told.sha256, told.signatures, told.block.sbat),
        None => (digest::sha256(bytes), Vec::new(), None),
    };
    let signers = signatures.into_iter().filter_map(|s| s.signer.name).collect();
    Some(Bootable { path: path.to_owned(), release, sha256, signers, sbat })
}

/// Where kernels and EFI images lie: `/boot`, module trees, what loaders are installed from.
fn is_image(plain: &str) -> bool {
    let name = plain.rsplit('/').next().unwrap_or(plain);
    let efi = [".efi", ".efi.signed", ".EFI"].iter().any(|end| name.ends_with(end));
    let kernel =
        ["vmlinuz", "vmlinux-", "Image-", "bzImage"].iter().any(|stem| name.starts_with(stem));
    efi || (kernel && (plain.starts_with("boot/") || plain.starts_with("lib/modules/")))
}

fn is_initramfs(plain: &str) -> bool {
    let name = plain.strip_prefix("boot/").unwrap_or_default();
    name.starts_with("initrd") || name.starts_with("initramfs-")
}

/// Files called like certificates, and the keys that a kernel package leaves beside its kernel.
fn is_certificate(plain: &str) -> bool {
    [".der", ".cer", ".crt", ".x509", ".pem"].iter().any(|end| plain.ends_with(end))
}

/// Who builds what this file belongs to.
fn builder(plain: &str) -> Option<&'static str> {
    let source = plain.strip_prefix("src/")?;
    match source.split('/').collect::<Vec<_>>().as_slice() {
        [_, "dkms.conf"] => Some("dkms"),
        ["akmods", name] if name.ends_with(".src.rpm") => Some("akmods"),
        _ => None,
    }
}

fn is_setting(plain: &str) -> bool {
    const FOLDERS: [&str; 8] = [
        "etc/modprobe.d/",
        "lib/modprobe.d/",
        "modules-load.d/",
        "depmod.d/",
        "dracut.conf.d/",
        "share/initramfs-tools/",
        "udev/rules.d/",
        "kernel/install.d/",
    ];
    FOLDERS.iter().any(|folder| plain.contains(folder)) || plain.starts_with("etc/kernel/")
}

impl Package {
    /// What it is called, and what in it matters most.
    pub(super) fn headline(&self) -> String {
        format!("{} {} for {}", self.name, self.version, self.architecture)
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.field("form", format!("{}, {} members", self.form, self.members));
        let releases: Vec<&String> = self.releases.iter().collect();
        page.several("for kernels", &releases, SHOWN);
        page.several("modules", &self.counted_modules(), SHOWN);
        let images = self.images.iter().map(|image| {
            let by = match image.signers.as_slice() {
                [] => "not signed".to_owned(),
                signers => format!("signed by {}", signers.join(", ")),
            };
            let of = image.release.as_deref().map_or(String::new(), |of| format!(" ({of})"));
            format!("{}{of}, {by}", image.path)
        });
        page.several("images", &images.collect::<Vec<_>>(), SHOWN);
        page.several("initramfs", &self.initramfs, SHOWN);
        page.several("firmware", &self.firmware, SHOWN);
        let keys = self.certificates.iter().map(|c| format!("{}: {}", c.path, c.subject));
        page.several("certificates", &keys.collect::<Vec<_>>(), SHOWN);
        let sources = self.sources.iter().map(|s| format!("{} (built by {})", s.path, s.by));
        page.several("sources", &sources.collect::<Vec<_>>(), SHOWN);
        page.several("settings", &self.settings, SHOWN);
        for script in &self.scripts {
            match script.runs.as_slice() {
                [] => page.field(&script.name, "nothing that touches modules or the boot"),
                runs => page.several(&script.name, runs, SHOWN),
            }
        }
    }

    /// Modules, those of one signer counted where there are many.
    fn counted_modules(&self) -> Vec<String> {
        let by = |module: &Driver| match (&module.signed, &module.signer_name) {
            (Value::Bool(true), Some(name)) => format!("signed by {name}"),
            (Value::Bool(true), None) => "signed".to_owned(),
            (Value::Bool(false), _) => "not signed".to_owned(),
            (other, _) => format!("signature {}", other.as_str().unwrap_or_default()),
        };
        if self.modules.len() <= SHOWN {
            return self.modules.iter().map(|m| format!("{}, {}", m.path, by(m))).collect();
        }
        let kinds: BTreeSet<String> = self.modules.iter().map(by).collect();
        let count = |kind: &String| self.modules.iter().filter(|m| by(m) == *kind).count();
        kinds.iter().map(|kind| format!("{} {kind}", count(kind))).collect()
    }
}
