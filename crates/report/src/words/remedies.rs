//! What a remedy does, in a word, a sentence and a command.

use std::sync::Arc;

use loadworthy_core::answer::{Maker, Remedy};
use loadworthy_core::facts::linux::KeyPair;
use loadworthy_core::initramfs_claim::CopySignature;

/// A remedy's short name in JSON.
#[must_use]
pub const fn does(remedy: &Remedy) -> &'static str {
    match remedy {
        Remedy::Sign { .. } => "sign",
        Remedy::Enroll { .. } => "enroll",
        Remedy::Unblock { .. } => "unblock",
        Remedy::Rebuild { .. } => "rebuild",
        Remedy::Reinstall { .. } => "reinstall",
        Remedy::LinkModules { .. } => "link-modules",
        Remedy::LoadByName { .. } => "load-by-name",
        Remedy::EnforceOff => "enforce-off",
        Remedy::SignImage { .. } => "sign-image",
        Remedy::RemakeInitramfs { .. } => "remake-initramfs",
        Remedy::StartOther { .. } => "start-other",
        Remedy::SecureBootOff => "secure-boot-off",
        Remedy::SignByPortal => "sign-by-portal",
        Remedy::SignPackageByPortal => "sign-package-by-portal",
        Remedy::StartLater => "start-later",
        Remedy::ImportCertificate => "import-certificate",
        Remedy::UndoChange { .. } => "undo-change",
        Remedy::SortCertificates { .. } => "sort-certificates",
        Remedy::TakeRelease => "take-release",
        Remedy::NameCatalog { .. } => "name-catalog",
        Remedy::LeaveOut { .. } => "leave-out",
        Remedy::BuildFor { .. } => "build-for",
        Remedy::DateToday => "date-today",
    }
}

/// A remedy as a sentence that tells what to do.
#[must_use]
pub fn remedy(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Sign { with: Some(key), .. } => format!("sign it with the enrolled key {key}"),
        Remedy::Sign { with: None, keys: Some(pair), .. } => {
            let certificate = &pair.certificate;
            format!("enrol this machine's own certificate, {certificate}, and sign it with its key")
        }
        Remedy::Sign { with: None, keys: None, .. } => {
            "make a key, enrol it as a machine owner key, and sign it".to_owned()
        }
        Remedy::Enroll { signer, certificate: Some(file) } => {
            format!("enrol {signer} as a machine owner key ({file})")
        }
        Remedy::Enroll { signer, certificate: None } => {
            format!("enrol the certificate of {signer} as a machine owner key")
        }
        Remedy::Unblock { name } => {
            format!("take {name} off module_blacklist= of the kernel command line")
        }
        Remedy::Rebuild { release } => format!("build it again for {release}"),
        Remedy::LinkModules { release, .. } => {
            format!("link the build for the running kernel to {release}")
        }
        Remedy::Reinstall { .. } => {
            "install its package again: the bytes the distribution signed".to_owned()
        }
        Remedy::LoadByName { name } => {
            format!("load it by name, so that what it depends on comes first: {name}")
        }
        Remedy::SignImage { with: Some(key), .. } => {
            format!("sign the image with the enrolled key {key}")
        }
        Remedy::SignImage { with: None, .. } => {
            "make a key, enrol it as a machine owner key, and sign the image".to_owned()
        }
        Remedy::RemakeInitramfs { release, unsigned: Some(how), maker, .. }
            if strips_by_a_hook(*maker) =>
        {
            match how {
                CopySignature::StrippedOff => format!(
                    "take out what strips modules, and make the initramfs of {release} again"
                ),
                CopySignature::None | CopySignature::Another => format!(
                    "make the initramfs of {release} again, first without the hook that strips \
                     modules where there is one: it takes the signature off anew"
                ),
            }
        }
        Remedy::RemakeInitramfs { release, modules, .. } if modules.is_empty() => {
            format!("make the initramfs of {release} again")
        }
        Remedy::RemakeInitramfs { release, modules, .. } => {
            format!("make the initramfs of {release} again, with {}", modules.join(", "))
        }
        Remedy::StartOther { release } => {
            format!("start {release}, which is installed and accepted")
        }
        Remedy::EnforceOff => "module.sig_enforce=0 on the kernel command line".to_owned(),
        Remedy::SecureBootOff => {
            "switch Secure Boot off: a last resort, it opens the machine".to_owned()
        }
        Remedy::SignByPortal => {
            "have it tested and signed by Microsoft's hardware portal, or get the vendor's build \
             that it signed"
                .to_owned()
        }
        Remedy::SignPackageByPortal => {
            "have the package tested and signed by Microsoft's hardware portal, or get the \
             vendor's build that it signed"
                .to_owned()
        }
        Remedy::StartLater => "start it later than at boot (StartType 3)".to_owned(),
        Remedy::ImportCertificate => {
            "import its certificate: the kernel asks no certificate store".to_owned()
        }
        Remedy::UndoChange { changes } => {
            format!("undo what was done to files after the catalog was made: {changes}")
        }
        Remedy::SortCertificates { catalog } => {
            format!("sign {catalog} again with a tool that puts the certificates in order")
        }
        Remedy::TakeRelease => {
            "take INF, catalog and files from one release of the package".to_owned()
        }
        Remedy::NameCatalog { catalog } => {
            format!("use {catalog}, which lies beside it and lists it")
        }
        Remedy::LeaveOut { files } => format!("leave {files} out of the package"),
        Remedy::BuildFor { file, machine } => {
            format!("put the build of {file} for {machine} there")
        }
        Remedy::DateToday => "write the day of the release into DriverVer, then make and sign the \
                              catalog again"
            .to_owned(),
    }
}

/// A command that does it, where one command can; [`first`] comes before it.
#[must_use]
pub fn command(remedy: &Remedy) -> Option<String> {
    match remedy {
        Remedy::Enroll { certificate: Some(file), .. } => Some(enroll(file)),
        Remedy::Rebuild { release } => Some(format!("dkms autoinstall -k {release}")),
        Remedy::LoadByName { name } => Some(format!("modprobe {name}")),
        Remedy::LinkModules { release, program } => {
            Some(format!("/{program} --add-kernel {release}"))
        }
        Remedy::Sign { path, with, keys } => {
            let (key, certificate) = match keys {
                Some(KeyPair { key, certificate }) => (&**key, &**certificate),
                None => (KEY, CERTIFICATE),
            };
            Some(sign(key, certificate, with.is_some(), path))
        }
        Remedy::SignImage { path, with } => Some(sign(KEY, CERTIFICATE, with.is_some(), path)),
        Remedy::SortCertificates { catalog } => {
            Some(format!("loadworthy sign --key KEY.pem --cert CERT.pem {catalog}"))
        }
        Remedy::RemakeInitramfs { release, path, there, maker, modules, unsigned } => {
            let stripped = *unsigned == Some(CopySignature::StrippedOff);
            if stripped && strips_by_a_hook(*maker) {
                None
            } else {
                remake(release, (path, *there), (*maker)?, modules)
            }
        }
        Remedy::StartOther { .. }
        | Remedy::Enroll { certificate: None, .. }
        | Remedy::Unblock { .. }
        | Remedy::Reinstall { .. }
        | Remedy::EnforceOff
        | Remedy::SecureBootOff
        | Remedy::SignByPortal
        | Remedy::SignPackageByPortal
        | Remedy::StartLater
        | Remedy::ImportCertificate
        | Remedy::UndoChange { .. }
        | Remedy::TakeRelease
        | Remedy::LeaveOut { .. }
        | Remedy::BuildFor { .. }
        | Remedy::DateToday
        | Remedy::NameCatalog { .. } => None,
    }
}

/// The commands that come before it, in order: a key is made and enrolled before something is signed
/// with it.
#[must_use]
pub fn first(remedy: &Remedy) -> Vec<String> {
    let make = |images: &str| {
        format!(
            "loadworthy key new{images} --name 'Machine owner key' --key {KEY} --cert {CERTIFICATE}"
        )
    };
    match remedy {
        Remedy::RemakeInitramfs { maker: Some(maker), modules, .. } if !modules.is_empty() => {
            name_to(*maker, modules)
        }
        Remedy::Sign { with: None, keys: Some(pair), .. } => vec![enroll(&pair.certificate)],
        Remedy::Sign { with: None, keys: None, .. } => vec![make(""), enroll(CERTIFICATE)],
        Remedy::SignImage { with: None, .. } => vec![make(" --images"), enroll(CERTIFICATE)],
        _ => Vec::new(),
    }
}

/// Whether what strips modules is somebody's hook: dracut strips what is not signed yet, and no other maker
/// strips modules by itself.
fn strips_by_a_hook(maker: Option<Maker>) -> bool {
    maker != Some(Maker::Dracut)
}

/// The command that makes an initramfs. Sources: update-initramfs(8), dracut(8), mkinitcpio(8), booster(1).
fn remake(
    release: &str,
    (path, there): (&str, bool),
    maker: Maker,
    modules: &[Arc<str>],
) -> Option<String> {
    // What lies in a unified image is made with that image.
    let path = match path.split_once(": ") {
        None => format!("/{}", path.trim_start_matches('/')),
        Some(_) => return None,
    };
    Some(match maker {
        // It writes to this place alone.
        Maker::InitramfsTools if !path.ends_with(&format!("/initrd.img-{release}")) => return None,
        Maker::InitramfsTools => {
            let how = if there { "-u" } else { "-c" };
            format!("update-initramfs {how} -k {release}")
        }

        Maker::Dracut => format!("dracut --force {path} {release}"),
        Maker::Mkinitcpio => format!("mkinitcpio -k {release} -g {path}"),
        Maker::Booster if modules.is_empty() => {
            format!("booster build --force --kernel-version {release} {path}")
        }
        Maker::Booster => return None,
    })
}

/// How modules are named to a maker, so that it takes them in every time. Sources: initramfs-tools(7)
/// (`/etc/initramfs-tools/modules`), dracut.conf(5) (`add_drivers`), mkinitcpio.conf(5) (`MODULES`).
fn name_to(maker: Maker, modules: &[Arc<str>]) -> Vec<String> {
    let (lines, words) = (modules.join("\\n"), modules.join(" "));
    match maker {
        Maker::InitramfsTools => {
            vec![format!("printf '{lines}\\n' >> /etc/initramfs-tools/modules")]
        }
        Maker::Dracut => vec![format!(
            "echo 'add_drivers+=\" {words} \"' >> /etc/dracut.conf.d/50-loadworthy.conf"
        )],
        Maker::Mkinitcpio => {
            vec![format!("echo 'MODULES+=({words})' >> /etc/mkinitcpio.conf.d/50-loadworthy.conf")]
        }
        Maker::Booster => Vec::new(),
    }
}

/// Where a key lies that is not known to lie anywhere.
const KEY: &str = "MOK.priv";
/// And its certificate.
const CERTIFICATE: &str = "MOK.der";

fn enroll(certificate: &str) -> String {
    format!("mokutil --import {certificate}")
}

/// A key that is not yet enrolled, but will be, is assumed to be: nothing is released that this machine
/// would refuse.
fn sign(key: &str, certificate: &str, enrolled: bool, path: &str) -> String {
    let assumed = match enrolled {
        true => String::new(),
        false => format!(" --assume enroll={certificate}"),
    };
    format!("loadworthy sign --key {key} --cert {certificate}{assumed} {path}")
}
