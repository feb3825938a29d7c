//! `loadworthy inspect`: what is in a file, without judgement.
//!
//! The document is `loadworthy/inspect/v1`. An entry names the kind of a file and holds one block for
//! it; a file that cannot be read to its end keeps what was read and says why in `errors`, and what is
//! odd but readable stands in `deviations`. A Linux kernel with an EFI stub is a `pe` with the block of
//! a kernel beside.

mod kind;
mod digest;
mod packed;
mod noticed;
mod page;
mod pem;
mod certificate;
mod trust_list;
mod pkcs7;
mod known;
mod signature;
mod catalog;
mod keys;
mod signature_list;
mod efi_variable;
mod module;
mod kernel_image;
mod initramfs;
mod pe;
mod inf;
mod registry;
mod app_control;
mod archive;
mod package;
mod unreadable;
pub mod kernel_text;

use std::path::Path;
use std::thread;

use loadworthy_formats::compress::{self, Compression};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::header;
use serde::Serialize;
use serde_json::json;

pub use app_control::{AppControlPolicy, PolicyScenario, PolicySigner, Rule, Rules, SignerRef};
pub use archive::Msi;
pub use archive::{Cab, Packed};
pub use catalog::{Catalog, Item as CatalogItem};
pub use certificate::Certificate;
pub use efi_variable::EfiVariable;
pub use inf::Inf;
pub use initramfs::Initramfs;
pub use kernel_image::Kernel;
pub use keys::{Encryption, Mac, Part, Pkcs12, Pvk};
pub use kind::Kind;
pub use module::Module;
pub use package::{Bootable, Carried, Driver, Package, Script, Source};
pub use pe::{Digests, Pe, Table, Unified};
pub use pkcs7::{Pkcs7, Signer};
pub use registry::{Registry, Setting};
pub use signature::{Crossing, Known, PageDiffers, Signature, SignedBy, SignedDigest, Timestamp};
pub use signature_list::{Item, List, Listed, SignatureList};
pub use trust_list::TrustList;

use page::Page;

#[cfg(test)]
mod tests;

/// One file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Entry {
    /// The path as given.
    pub path: String,
    /// SHA-256 of the file; `null` where it was too large to be read.
    pub sha256: Option<String>,
    /// Bytes of the file.
    pub size: u64,
    /// What it is.
    pub kind: Kind,
    /// Why it could not be read to its end.
    pub errors: Vec<String>,
    /// What is odd about it and could be read all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deviations: Vec<String>,
    /// The block of a `linux-module`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<Module>,
    /// The block of a `pe`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pe: Option<Pe>,
    /// The block of a `kernel-image`, or of a `pe` that is a kernel too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kernel: Option<Kernel>,
    /// The block of an `initramfs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initramfs: Option<Initramfs>,
    /// The block of a `package`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
    /// The block of a text of a kernel, under the name of its kind.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub kernel_text: Option<kernel_text::Text>,
    /// The block of a `signature-list`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_list: Option<SignatureList>,
    /// The block of an `efi-variable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub efi_variable: Option<EfiVariable>,
    /// The block of a `certificate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// The block of a `pkcs7`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pkcs7: Option<Pkcs7>,
    /// The block of an `inf`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inf: Option<Inf>,
    /// The block of a `cab`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cab: Option<Cab>,
    /// The block of an `msi`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub msi: Option<Msi>,
    /// The block of a `catalog`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog: Option<Catalog>,
    /// The block of a `pkcs12`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pkcs12: Option<Pkcs12>,
    /// The block of a `pvk`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pvk: Option<Pvk>,
    /// The block of an `app-control-policy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_control_policy: Option<AppControlPolicy>,
    /// The block of a `registry`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry: Option<Registry>,
    /// The signatures of a `linux-module`, `pe` or `catalog`; empty: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signatures: Option<Vec<Signature>>,
}

/// Looks into a file.
#[must_use]
pub fn describe(path: &Path, bytes: &[u8], limits: &Limits) -> Entry {
    let mut entry = Entry {
        path: path.to_string_lossy().into_owned(),
        size: bytes.len() as u64,
        ..Entry::default()
    };
    // That of an image is made beside the digests of what its signature covers.
    if bytes.len() < digest::LARGE || header::begins(bytes) {
        entry.kind = look(path, bytes, limits, &mut entry);
        entry.sha256.get_or_insert_with(|| digest::sha256(bytes));
        return entry;
    }
    entry.sha256 = thread::scope(|scope| {
        let whole = scope.spawn(|| digest::sha256(bytes));
        entry.kind = look(path, bytes, limits, &mut entry);
        whole.join().ok()
    });
    entry
}

/// The entry of a file that is larger than what is looked into.
#[must_use]
pub fn too_large(path: &Path, size: u64, largest: u64) -> Entry {
    Entry {
        path: path.to_string_lossy().into_owned(),
        size,
        errors: vec![format!("{size} bytes are too many to look into; at most {largest} are read")],
        ..Entry::default()
    }
}

/// Fills the block of the file's kind and says which it is.
fn look(path: &Path, bytes: &[u8], limits: &Limits, entry: &mut Entry) -> Kind {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if let Some(block) = package::read(bytes, limits, &mut entry.errors, &mut entry.deviations) {
        entry.package = Some(block);
        return Kind::Package;
    }
    let packing = compress::sniff(bytes);
    let glance = packing.map(|how| packed::glance(bytes, how, limits));
    if module::is(glance.as_deref().unwrap_or(bytes)) {
        return linux_module(bytes, packing, limits, entry);
    }
    if initramfs::begins(glance.as_deref().unwrap_or(bytes)) {
        let block = initramfs::read(bytes, limits, &mut entry.errors, &mut entry.deviations);
        entry.initramfs = Some(block);
        return Kind::Initramfs;
    }
    if let Some(block) = inf::read(&name, bytes, limits, &mut entry.errors, &mut entry.deviations) {
        entry.inf = Some(block);
        return Kind::Inf;
    }
    if let Some(block) = archive::cab(bytes, limits, &mut entry.errors, &mut entry.deviations) {
        entry.cab = Some(block);
        return Kind::Cab;
    }
    if let Some(block) = archive::msi(bytes, limits, &mut entry.errors, &mut entry.deviations) {
        entry.msi = Some(block);
        return Kind::Msi;
    }
    if let Some(block) = app_control::read(bytes, limits, &mut entry.errors, &mut entry.deviations)
    {
        entry.app_control_policy = Some(block);
        return Kind::AppControlPolicy;
    }
    if let Some(block) = registry::read(bytes, limits, &mut entry.errors, &mut entry.deviations) {
        entry.registry = Some(block);
        return Kind::Registry;
    }
    if let Some(kind) = text_of_kernel(path, (bytes, packing), limits, entry) {
        return kind;
    }
    let image = pe::read(bytes, limits, &mut entry.errors, &mut entry.deviations);
    if let Some(told) = image {
        entry.pe = Some(told.block);
        entry.signatures = Some(told.signatures);
        entry.sha256 = Some(told.sha256);
        entry.kernel = kernel_image::read(bytes, limits, &mut entry.errors, &mut entry.deviations);
        return Kind::Pe;
    }
    if let Some(block) = kernel_image::read(bytes, limits, &mut entry.errors, &mut entry.deviations)
    {
        entry.kernel = Some(block);
        return Kind::KernelImage;
    }
    if signature_list::is(&name, bytes) {
        let block = signature_list::read(bytes, limits, &mut entry.errors, &mut entry.deviations);
        entry.signature_list = Some(block);
        return Kind::SignatureList;
    }
    if let Some(block) = efi_variable::read(&name, bytes, limits, &mut entry.deviations) {
        entry.efi_variable = Some(block);
        return Kind::EfiVariable;
    }
    let armoured = pem::read(bytes);
    if let Some(block) = &armoured {
        entry.errors.extend(block.error.clone());
    }
    let der = armoured.as_ref().map_or(bytes, |block| &block.der);
    let kind = signed_or_certificate(der, limits, entry);
    if kind == Kind::Unknown {
        entry.errors.extend(unreadable::why(bytes, limits));
    }
    kind
}

fn linux_module(
    bytes: &[u8],
    packing: Option<Compression>,
    limits: &Limits,
    entry: &mut Entry,
) -> Kind {
    let (errors, deviations) = (&mut entry.errors, &mut entry.deviations);
    let unpacked = packing.map(|how| packed::module(bytes, how, limits, errors, deviations));
    let suffix = packing.and_then(packed::suffix);
    let content = unpacked.as_deref().unwrap_or(bytes);
    let (block, signatures) = module::read(content, suffix, limits, errors, deviations);
    entry.module = Some(block);
    entry.signatures = Some(signatures);
    Kind::LinuxModule
}

/// A text, which some distributions ship compressed.
fn text_of_kernel(
    path: &Path,
    (bytes, packing): (&[u8], Option<Compression>),
    limits: &Limits,
    entry: &mut Entry,
) -> Option<Kind> {
    let unpacked = match packing {
        Some(how) => Some(packed::text(bytes, how, kernel_text::LARGEST, limits)?),
        None => None,
    };
    let content = unpacked.as_deref().unwrap_or(bytes);
    let (kind, block) =
        kernel_text::read(path, content, limits, &mut entry.errors, &mut entry.deviations)?;
    entry.kernel_text = block;
    Some(kind)
}

fn signed_or_certificate(der: &[u8], limits: &Limits, entry: &mut Entry) -> Kind {
    let (errors, deviations) = (&mut entry.errors, &mut entry.deviations);
    if let Some(block) = Pvk::read(der, errors) {
        entry.pvk = Some(block);
        return Kind::Pvk;
    }
    if let Some(block) = Pkcs12::read(der, limits, errors) {
        entry.pkcs12 = Some(block);
        return Kind::Pkcs12;
    }
    if let Some((block, signatures)) = catalog::read(der, limits, errors, deviations) {
        entry.catalog = Some(block);
        entry.signatures = Some(signatures);
        return Kind::Catalog;
    }
    if let Ok(mut block) = Certificate::read(der) {
        entry.deviations.append(&mut block.deviations);
        entry.certificate = Some(block);
        return Kind::Certificate;
    }
    if let Some(block) = pkcs7::read(der, limits, &mut entry.errors, &mut entry.deviations) {
        entry.pkcs7 = Some(block);
        return Kind::Pkcs7;
    }
    Kind::Unknown
}

/// What stands before the entries of the document for programs.
pub const JSON_BEGIN: &str = "{\n  \"schema\": \"loadworthy/inspect/v1\",\n  \"files\": [";

/// One entry of the document, indented; commas stand between them.
#[must_use]
pub fn json_entry(entry: &Entry) -> String {
    let plain = format!("\n{:#}", json!(entry));
    plain.replace('\n', "\n    ")
}

/// What stands behind the entries.
#[must_use]
pub const fn json_end(has_entries: bool) -> &'static str {
    if has_entries { "\n  ]\n}" } else { "]\n}" }
}

/// The document for programs, indented.
#[must_use]
pub fn json(entries: &[Entry]) -> String {
    let each: Vec<String> = entries.iter().map(json_entry).collect();
    format!("{JSON_BEGIN}{}{}", each.join(","), json_end(!entries.is_empty()))
}

/// The lines for people about one file.
#[must_use]
pub fn text(entry: &Entry) -> String {
    let mut page = Page::default();
    page.headline(&entry.path, entry.kind.name(), &headline(entry));
    page.field("size", format!("{} bytes", entry.size));
    page.maybe("sha256", entry.sha256.as_ref());
    if let Some(block) = &entry.module {
        block.text(&mut page);
    }
    if let Some(block) = &entry.pe {
        block.text(&mut page);
    }
    if let Some(block) = &entry.kernel {
        block.text(&mut page);
    }
    if let Some(block) = &entry.initramfs {
        block.text(&mut page);
    }
    if let Some(block) = &entry.package {
        block.text(&mut page);
    }
    if let Some(block) = &entry.kernel_text {
        block.text(&mut page);
    }
    if let Some(block) = &entry.catalog {
        block.text(&mut page);
    }
    for signature in entry.signatures.iter().flatten() {
        signature.text(&mut page);
    }
    if let Some(block) = &entry.signature_list {
        block.text(&mut page);
    }
    if let Some(block) = &entry.efi_variable {
        block.text(&mut page);
    }
    if let Some(block) = &entry.certificate {
        block.text(&mut page);
    }
    if let Some(block) = &entry.pkcs7 {
        block.text(&mut page);
    }
    if let Some(block) = &entry.pkcs12 {
        block.text(&mut page);
    }
    if let Some(block) = &entry.pvk {
        block.text(&mut page);
    }
    if let Some(block) = &entry.inf {
        block.text(&mut page);
    }
    if let Some(block) = &entry.cab {
        block.text(&mut page);
    }
    if let Some(block) = &entry.msi {
        block.text(&mut page);
    }
    if let Some(block) = &entry.app_control_policy {
        block.text(&mut page);
    }
    if let Some(block) = &entry.registry {
        block.text(&mut page);
    }
    page.several("error", &entry.errors, 10);
    page.several("odd", &entry.deviations, 10);
    page.finish()
}

fn headline(entry: &Entry) -> String {
    match entry {
        Entry { module: Some(block), .. } => block.headline(),
        Entry { kernel: Some(block), .. } => block.headline(),
        Entry { pe: Some(block), .. } => block.headline(),
        Entry { initramfs: Some(block), .. } => block.headline(),
        Entry { package: Some(block), .. } => block.headline(),
        Entry { inf: Some(block), .. } => block.headline(),
        Entry { registry: Some(block), .. } => block.headline(),
        Entry { app_control_policy: Some(block), .. } => block.headline(),
        Entry { msi: Some(block), .. } => block.headline(),
        Entry { cab: Some(block), .. } => block.headline(),
        Entry { kernel_text: Some(block), .. } => block.headline(),
        Entry { signature_list: Some(block), .. } => block.headline(),
        Entry { efi_variable: Some(block), .. } => block.name.clone(),
        Entry { certificate: Some(block), .. } => block.subject.clone(),
        Entry { catalog: Some(block), .. } => block.headline(),
        Entry { pkcs7: Some(block), .. } => match block.signers.as_slice() {
            [one] => format!("signed with {}", one.digest_algorithm),
            several => format!("{} signers", several.len()),
        },
        _ => String::new(),
    }
}
