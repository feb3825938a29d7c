//! The kernel image and its configuration.

use std::sync::Arc;

use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_core::fact::{Fact, Listing, Source};
use loadworthy_core::facts::firmware::Certificate;
use loadworthy_core::facts::linux::Names;
use loadworthy_core::proof::{Question, Why, counted, gap, text};
use loadworthy_formats::boot::unified;
use loadworthy_formats::error::Parsed;
use loadworthy_formats::kernel::btf::Base;
use loadworthy_formats::kernel::image::{self, KernelImage};
use loadworthy_formats::kernel::kconfig::{self, Kconfig};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::header;

use super::boot_loader::{PARTITIONS, images};
use super::runtime::About;
use crate::gather::certificate::named;
use crate::gather::looking::{Looking, Read};
use crate::item::{HostPath, Item};

/// What an image may unpack to, so that together with the file and a decoder's dictionary it stays
/// well within 256 MiB. Debian's kernels are 60 to 80 MB.
const UNPACKED: usize = 144 << 20;

/// What was found of the image.
pub(super) struct Image(pub(super) Result<Read<Arc<KernelImage>>, Why>);

/// Where the image of `release` can be, the one that boots first.
#[must_use]
pub fn places(release: &str) -> Vec<Item> {
    [
        format!("boot/vmlinuz-{release}"),
        format!("lib/modules/{release}/vmlinuz"),
        format!("usr/lib/modules/{release}/vmlinuz"),
        format!("boot/vmlinux-{release}"),
        format!("boot/Image-{release}"),
        format!("boot/image-{release}"),
    ]
    .map(Item::file)
    .into()
}

/// Images in `/boot` whose names do not tell a release (`vmlinuz-linux`, `vmlinuz-lts`), and that say of
/// themselves that they are of this one. Source: Linux, `Documentation/arch/x86/boot.rst`
/// (`kernel_version`).
fn unnamed(looking: &Looking<'_>, release: &str) -> Vec<Item> {
    let names = looking.names(&Item::entries("boot")).unwrap_or_default();
    let names = names.iter().map(|entry| String::from_utf8_lossy(&entry.name));
    let told = |name: &str| {
        name.strip_prefix("vmlinuz-").map(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let named_otherwise = names.filter(|name| told(name) == Some(false));
    let items = named_otherwise.map(|name| Item::file(format!("boot/{name}")));
    let own = |item: &Item| {
        let bytes = looking.bytes(item, looking.limits.kernel_bytes).ok()?;
        let version = image::header(&bytes).ok()?.version?;
        Some(version.split_whitespace().next() == Some(release))
    };
    items.filter(|item| own(item) == Some(true)).collect()
}

/// Unified images on the EFI system partition that hold this kernel.
fn unified_images(looking: &Looking<'_>, release: &str) -> Vec<Item> {
    let folders = PARTITIONS.iter().map(|mount| HostPath::new(mount).join("EFI/Linux"));
    let images = folders.flat_map(|folder| {
        let names = looking.names(&Item::Entries(folder.clone())).unwrap_or_default();
        names.into_iter().map(move |entry| folder.join(&entry.name))
    });
    let own = |path: &HostPath| images::release(looking, path).as_deref() == Some(release);
    images.filter(own).map(Item::File).collect()
}

/// The kernel in a unified image, or the bytes themselves.
fn kernel_in<'b>(bytes: &'b [u8], limits: &Limits) -> &'b [u8] {
    let image = header::read(bytes, limits);
    image.ok().and_then(|image| unified::kernel(&image.value)).unwrap_or(bytes)
}

/// Where an image is looked for: by name, and if none is there by what it says of itself.
fn found(looking: &Looking<'_>, release: &str) -> Vec<Item> {
    let mut places = places(release);
    let is_there = |item: &Item| looking.view.metadata(item).is_ok();
    if !places.iter().any(is_there) {
        places.extend(unnamed(looking, release));
    }
    if !places.iter().any(is_there) {
        places.extend(unified_images(looking, release));
    }
    places
}

pub(super) fn read(looking: &Looking<'_>, release: &str) -> Image {
    let read = looking.first(&found(looking, release), looking.limits.kernel_bytes, |bytes| {
        let kept = looking.keep.and_then(|keep| Some((keep, sha256(bytes)?)));
        if let Some((keep, key)) = &kept
            && let Some(image) = keep.get(key)
        {
            return Ok(Parsed::clean(image));
        }
        let bytes = kernel_in(bytes, looking.limits);
        let read = image::read(bytes, &limits(looking, bytes))?;
        if let Some((keep, key)) = &kept {
            keep.put(key, &read.value);
        }
        Ok(read)
    });
    Image(read.map(|read| Read { value: Arc::new(read.value), item: read.item }))
}

/// The type information in the image of `release`.
pub(super) fn types(looking: &Looking<'_>, release: &str) -> Result<Read<Option<Base>>, Why> {
    looking.first(&found(looking, release), looking.limits.kernel_bytes, |bytes| {
        let bytes = kernel_in(bytes, looking.limits);
        image::types(bytes, &limits(looking, bytes)).map(Parsed::clean)
    })
}

fn limits(looking: &Looking<'_>, image: &[u8]) -> Limits {
    let room = looking.limits.kernel_bytes.saturating_sub(image.len()).min(UNPACKED);
    Limits { kernel_bytes: room, ..*looking.limits }
}

fn sha256(of: &[u8]) -> Option<[u8; 32]> {
    digest(DigestAlgorithm::Sha256, of).as_bytes().try_into().ok()
}

impl Image {
    pub(super) fn source(self, looking: &Looking<'_>) -> Source<Arc<KernelImage>> {
        match self.0 {
            Ok(read) => Source::read(read.value, looking.view.origin(), read.item),
            Err(why) => Source::unknown(gap(Question::KernelImage, why)),
        }
    }

    pub(super) fn certificates(&self, looking: &Looking<'_>) -> Listing<Certificate> {
        let Read { value: image, item } = match &self.0 {
            Ok(read) => read,
            Err(why) => return Listing::unknown(gap(Question::BuiltinKeys, why.clone())),
        };
        let items: Vec<_> = image
            .certificates
            .iter()
            .map(|der| {
                let certificate = named(der);
                let said = certificate.name.to_string();
                Fact::seen(certificate, looking.evidence(item, said))
            })
            .collect();
        let found =
            if image.certificates_delimited { "in its list" } else { "found anywhere in it" };
        let said = format!(
            "{} {found}, and that is all",
            counted(items.len(), "certificate", "certificates")
        );
        Listing::new(items, Fact::seen((), looking.evidence(item, said)))
    }

    pub(super) fn module_struct_size(&self, looking: &Looking<'_>) -> Fact<u64> {
        let question = Question::ModuleStructSize;
        match &self.0 {
            Ok(Read { value, item }) => match value.struct_module_size {
                Some(size) => {
                    let said = format!("struct module has {size} bytes");
                    Fact::seen(size, looking.evidence(item, said))
                }
                None => Fact::unknown(gap(question, Why::Missing(text(format!("{item}: BTF"))))),
            },
            Err(why) => Fact::unknown(gap(question, why.clone())),
        }
    }

    /// Names that code with parameters or a version occupies below `/sys/module`.
    pub(super) fn builtin_names(&self, looking: &Looking<'_>) -> Fact<Names> {
        let question = Question::BuiltinNames;
        let Read { value: image, item } = match &self.0 {
            Ok(read) => read,
            Err(why) => return Fact::unknown(gap(question, why.clone())),
        };
        let Some(names) = &image.builtin_names else {
            return Fact::unknown(gap(question, Why::Missing(text(format!("{item}: __param")))));
        };
        let said = format!("{} names of code with parameters or a version", names.len());
        Fact::seen(Arc::new(names.iter().map(text).collect()), looking.evidence(item, said))
    }

    /// The configuration: a file of that kernel's, the copy inside the image, or what the running
    /// kernel shows.
    pub(super) fn config(
        &self,
        looking: &Looking<'_>,
        release: &str,
        about: &About,
    ) -> Source<Arc<Kconfig>> {
        let parse = |bytes: &[u8]| kconfig::read(&looking.unpacked(bytes)?, looking.limits);
        let files = [
            format!("boot/config-{release}"),
            format!("lib/modules/{release}/config"),
            format!("usr/lib/modules/{release}/config"),
        ]
        .map(Item::file);
        let mut read = looking.first(&files, looking.limits.text_bytes, parse);
        if let (Err(_), Ok(image)) = (&read, &self.0)
            && let Some(config) = &image.value.config
            && let Ok(config) = kconfig::read(config, looking.limits)
        {
            let item = text(format!("{}: IKCONFIG", image.item));
            read = Ok(Read { value: config.value, item });
        }
        if let (Err(_), true) = (&read, about.applies(Question::KernelConfig).is_ok()) {
            let shown = [Item::file("proc/config.gz")];
            if let Ok(config) = looking.first(&shown, looking.limits.text_bytes, parse) {
                read = Ok(config);
            }
        }
        looking.source(Question::KernelConfig, read)
    }
}
