//! `kernel`: what is in a kernel image.
//!
//! An image with an EFI stub is a PE file as well; its kind is `pe`, with this block beside that one.

use loadworthy_formats::compress::Compression;
use loadworthy_formats::kernel::image::{self, Container, KernelImage};
use loadworthy_formats::limits::Limits;
use serde::Serialize;

use crate::inspect::certificate::Certificate;
use crate::inspect::page::Page;

/// A kernel.
#[derive(Clone, Debug, Serialize)]
pub struct Kernel {
    /// The outer shell: `bzimage`, `elf`, `flat`, `zboot`, `packed`, `s390`, `zimage`.
    pub container: &'static str,
    /// Whether firmware can start the file itself.
    pub efi_stub: bool,
    /// The version text of an x86 setup header.
    pub header_version: Option<String>,
    /// The release, as `uname -r` will print it.
    pub release: Option<String>,
    /// The line that begins with `Linux version`.
    pub banner: Option<String>,
    /// The version magic that modules are compared with; ends in a space.
    pub vermagic: Option<String>,
    /// How the payload is compressed.
    pub compression: Option<&'static str>,
    /// Bytes of the unpacked kernel.
    pub unpacked_size: Option<u64>,
    /// The certificates of the built-in keyring.
    pub certificates: Vec<Certificate>,
    /// Whether that list is the kernel's own; if not, it is every certificate in the image.
    pub certificates_delimited: bool,
    /// The certificates of the built-in revocation list.
    pub revoked_certificates: Vec<Certificate>,
    /// Whether the configuration is inside.
    pub config_present: bool,
    /// What strings in the image prove.
    pub probes: Vec<String>,
    /// How many symbols it exports, where its section table is kept.
    pub exports: Option<usize>,
    /// Bytes that `.gnu.linkonce.this_module` of a module must have.
    pub struct_module_size: Option<u64>,
    /// Whether it carries type information.
    pub btf: bool,
}

/// Reads a kernel image; `None` where it is none.
pub(super) fn read(
    bytes: &[u8],
    limits: &Limits,
    errors: &mut Vec<String>,
    deviations: &mut Vec<String>,
) -> Option<Kernel> {
    let header = image::header(bytes).ok()?;
    match image::read(bytes, limits) {
        // Every ELF file has this shell, bare or packed; a kernel says that it is one.
        Ok(found)
            if found.value.banner.is_none()
                && matches!(header.container, Container::Elf | Container::Packed) =>
        {
            None
        }
        Ok(found) => {
            deviations.extend(found.deviations.iter().map(ToString::to_string));
            Some(Kernel::of(&found.value, deviations))
        }
        // Shells that only kernels have; the others are shells of many things.
        Err(e)
            if matches!(
                header.container,
                Container::BzImage | Container::ZBoot | Container::S390 | Container::ZImage
            ) =>
        {
            errors.push(e.to_string());
            Some(Kernel {
                container: container(header.container),
                efi_stub: header.efi_stub,
                header_version: header.version,
                release: None,
                banner: None,
                vermagic: None,
                compression: None,
                unpacked_size: None,
                certificates: Vec::new(),
                certificates_delimited: false,
                revoked_certificates: Vec::new(),
                config_present: false,
                probes: Vec::new(),
                exports: None,
                struct_module_size: None,
                btf: false,
            })
        }
        Err(_) => None,
    }
}

const fn container(of: Container) -> &'static str {
    match of {
        Container::BzImage => "bzimage",
        Container::Elf => "elf",
        Container::Flat => "flat",
        Container::ZBoot => "zboot",
        Container::Packed => "packed",
        Container::S390 => "s390",
        Container::ZImage => "zimage",
    }
}

impl Kernel {
    fn of(image: &KernelImage, deviations: &mut Vec<String>) -> Self {
        let mut certificates = |list: &[Vec<u8>]| -> Vec<Certificate> {
            let one = |der: &Vec<u8>| {
                Certificate::read(der)
                    .map_err(|e| deviations.push(format!("a built-in certificate: {e}")))
                    .ok()
            };
            list.iter().filter_map(one).collect()
        };
        Self {
            certificates: certificates(&image.certificates),
            revoked_certificates: certificates(&image.revoked_certificates),
            container: container(image.container),
            efi_stub: image.efi_stub,
            header_version: image.header_version.clone(),
            release: image.release.clone(),
            banner: image.banner.clone(),
            vermagic: image
                .vermagic
                .as_ref()
                .map(|text| String::from_utf8_lossy(text).into_owned()),
            compression: image.compression.map(Compression::name),
            unpacked_size: Some(image.unpacked_bytes),
            certificates_delimited: image.certificates_delimited,
            config_present: image.config.is_some(),
            probes: image.probes.iter().map(|probe| kebab(&format!("{probe:?}"))).collect(),
            exports: image.exports.as_ref().map(Vec::len),
            struct_module_size: image.struct_module_size,
            btf: image.has_btf,
        }
    }

    /// The release, or what the shell says.
    pub(super) fn headline(&self) -> String {
        let release = self.release.as_deref().or(self.header_version.as_deref());
        format!("{} {}", self.container, release.unwrap_or("without a release"))
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.maybe("release", self.release.as_ref());
        page.maybe("banner", self.banner.as_ref().map(|text| text.trim_end()));
        page.maybe("vermagic", self.vermagic.as_ref());
        page.maybe("compressed", self.compression);
        page.maybe("unpacked", self.unpacked_size.map(|size| format!("{size} bytes")));
        page.field("EFI stub", if self.efi_stub { "yes" } else { "no" });
        page.field("configuration", if self.config_present { "inside" } else { "not inside" });
        page.maybe("exports", self.exports.map(|count| format!("{count} symbols")));
        if !self.probes.is_empty() {
            page.field("shows", self.probes.join(" "));
        }
        for (title, list) in [
            ("built-in certificate", &self.certificates),
            ("revoked certificate", &self.revoked_certificates),
        ] {
            for certificate in list {
                page.group(title);
                certificate.text(page);
            }
        }
    }
}

/// `MokListRt` as `mok-list-rt`.
fn kebab(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 8);
    for (n, c) in name.chars().enumerate() {
        if c.is_ascii_uppercase() && n > 0 {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
