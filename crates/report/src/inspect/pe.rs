//! `pe`: what is in an image of firmware or Windows, and the Authenticode signatures over it.

use loadworthy_core::authenticode;
use loadworthy_core::codesigning::image;
use loadworthy_core::crypt::digest::{Digest, DigestAlgorithm, DigestSet};
use loadworthy_core::crypt::paired;
use loadworthy_formats::authenticode::coverage::{self, Coverage};
use loadworthy_formats::authenticode::extent;
use loadworthy_formats::boot::unified;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::attribute_certificates::{self, PKCS_SIGNED_DATA};
use loadworthy_formats::pe::header::{self, Image};
use loadworthy_formats::pe::version;
use loadworthy_formats::processor::has_sha256;
use loadworthy_formats::text::hex;
use loadworthy_formats::uefi::sbat;
use serde::Serialize;

use std::{iter, thread};

use crate::inspect::digest::{self, LARGE};
use crate::inspect::known;
use crate::inspect::page::Page;
use crate::inspect::signature::Signature;

/// An image.
#[derive(Clone, Debug, Serialize)]
pub struct Pe {
    /// The processor: `x64`; its number in hexadecimal where it has no name here.
    pub machine: String,
    /// 32 or 64.
    pub bits: u8,
    /// 10 to 13 for EFI, 1 for Windows drivers.
    pub subsystem: u16,
    /// The checksum as stored, in eight hexadecimal digits.
    pub checksum: String,
    /// The checksum as it should be.
    pub computed_checksum: String,
    /// Authenticode digests.
    pub image_digests: Digests,
    /// Where the signatures are; `null`: there are none.
    pub certificate_table: Option<Table>,
    /// How many entries the table of signatures has, of any type.
    pub certificate_entries: usize,
    /// The names of the sections, in order.
    pub sections: Vec<String>,
    /// Whether the image says that it runs without writable code.
    pub nx_compatible: bool,
    /// How the file was called when it was built, where it has a version resource that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_filename: Option<String>,
    /// The version the file says it is, where it has a version resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_version: Option<String>,
    /// Components and generations of `.sbat`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sbat: Option<Vec<[String; 2]>>,
    /// What it starts, where it is a unified kernel image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unified: Option<Unified>,
}

/// What the sections of a unified kernel image say (UAPI.5).
#[derive(Clone, Debug, Serialize)]
pub struct Unified {
    /// The release of its kernel, where `.uname` tells it.
    pub kernel: Option<String>,
    /// The kernel's command line, where `.cmdline` fixes it.
    pub command_line: Option<String>,
    /// The system that it is of, as `.osrel` calls it.
    pub system: Option<String>,
    /// Whether it brings an initramfs.
    pub initramfs: bool,
}

/// Digests of an image without its signatures.
#[derive(Clone, Debug, Serialize)]
pub struct Digests {
    /// SHA-1.
    pub sha1: String,
    /// SHA-256.
    pub sha256: String,
}

/// A part of a file.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Table {
    /// Where it begins.
    pub offset: u32,
    /// Bytes of it.
    pub size: u32,
}

/// What is told of an image.
pub(super) struct Told {
    pub(super) block: Pe,
    pub(super) signatures: Vec<Signature>,
    /// SHA-256 of the whole file, which is made beside that of the image.
    pub(super) sha256: String,
}

/// Reads an image; `None` where it is none.
pub(super) fn read(
    bytes: &[u8],
    limits: &Limits,
    errors: &mut Vec<String>,
    deviations: &mut Vec<String>,
) -> Option<Told> {
    if !header::begins(bytes) {
        return None;
    }
    let read = header::read(bytes, limits).ok()?;
    let image = &read.value;
    let wanted = DigestSet::of(DigestAlgorithm::Sha1).union(DigestSet::of(DigestAlgorithm::Sha256));
    let by_sections = coverage::of(image).value;
    let differs = !same_bytes(&by_sections, &extent::of(image).value, bytes.len());
    let by = image::declared(image, wanted, limits);
    let Made { digests, firmware, sha256 } = digested(image, by, differs.then_some(&by_sections));
    let signed = image::read_digested(image, digests, known::authorities(), limits);
    deviations.extend(read.deviations.iter().chain(&signed.deviations).map(ToString::to_string));
    let table = attribute_certificates::read(image, limits).value;
    for (number, entry) in table.iter().enumerate() {
        if entry.kind != PKCS_SIGNED_DATA {
            deviations.push(format!("entry {number} is of type {:#x}, no signature", entry.kind));
        }
    }
    for (entry, problem) in &signed.problems {
        let at = table.get(*entry).map_or(0, |e| e.at);
        errors.push(format!("signature at {at:#x}: {problem}"));
    }
    if signed.hidden > 0 {
        deviations.push(format!(
            "{} bytes behind signatures are not zero, and nothing covers them",
            signed.hidden
        ));
    }
    for digest in firmware.values() {
        deviations.push(format!("firmware, which goes by sections, digests it as {digest}"));
    }
    let of = |by: DigestAlgorithm| signed.digests.get(&by).map(ToString::to_string);
    let told = version::read(image).unwrap_or_default();
    let pe = Pe {
        original_filename: told.original_filename,
        file_version: told.file.map(|[a, b, c, d]| format!("{a}.{b}.{c}.{d}")),
        machine: image.machine_name().map_or_else(|| format!("{:04x}", image.machine), Into::into),
        bits: image.bits,
        subsystem: image.subsystem,
        checksum: format!("{:08x}", image.checksum),
        computed_checksum: format!("{:08x}", image.computed_checksum()),
        image_digests: Digests {
            sha1: of(DigestAlgorithm::Sha1).unwrap_or_default(),
            sha256: of(DigestAlgorithm::Sha256).unwrap_or_default(),
        },
        certificate_table: image.certificate_table().map(|(offset, size)| Table { offset, size }),
        certificate_entries: signed.entries,
        sections: image.sections.iter().map(|s| s.name.clone()).collect(),
        nx_compatible: image.dll_characteristics & header::NX_COMPAT != 0,
        sbat: generations(image, limits),
        unified: unified::read(image).map(Unified::from),
    };
    let pages = |number| signed.pages.iter().find(|(n, _)| *n == number).map(|(_, pages)| pages);
    let signatures = signed.signatures.iter().map(|s| Signature::of_code(s, pages(s.index)));
    Some(Told { block: pe, signatures: signatures.collect(), sha256 })
}

/// Digests of an image.
struct Made {
    /// Those that Authenticode covers.
    digests: authenticode::Digests,
    /// What firmware makes of it, where that differs.
    firmware: authenticode::Digests,
    /// SHA-256 of the whole file.
    sha256: String,
}

/// Makes digests, those of a large image side by side.
fn digested(image: &Image<'_>, by: DigestSet, by_sections: Option<&Coverage>) -> Made {
    let (bytes, covered) = (image.bytes, &extent::of(image).value);
    let in_turns = has_sha256();
    // SHA-256 of the image, where it is made in turns with that of the file.
    let flat = || {
        if !in_turns {
            return (None, digest::sha256(bytes));
        }
        let [of_image, of_file] = paired::of_pieces(covered.pieces(bytes), iter::once(bytes));
        (Digest::from_bytes(&of_image), hex(&of_file))
    };
    let apart = by.iter().filter(|by| !in_turns || *by != DigestAlgorithm::Sha256);
    let of_sections = by_sections.map(|sections| (sections, DigestAlgorithm::Sha256));
    let wanted = apart.map(|by| (covered, by)).chain(of_sections);
    let one = |(covered, by): (&Coverage, _)| image::digests(covered, bytes, DigestSet::of(by));
    let (mut made, (of_image, sha256)): (Vec<authenticode::Digests>, _) = if bytes.len() < LARGE {
        (wanted.map(one).collect(), flat())
    } else {
        thread::scope(|scope| {
            let threads: Vec<_> = wanted.map(|what| scope.spawn(move || one(what))).collect();
            let flat = flat();
            let made = threads.into_iter().map(|thread| thread.join().unwrap_or_default());
            (made.collect(), flat)
        })
    };
    let firmware = by_sections.and_then(|_| made.pop()).unwrap_or_default();
    let mut digests: authenticode::Digests = made.into_iter().flatten().collect();
    digests.extend(of_image.map(|made| (DigestAlgorithm::Sha256, made)));
    Made { digests, firmware, sha256 }
}

/// Whether two ways to digest an image take the same bytes in the same order.
fn same_bytes(one: &Coverage, other: &Coverage, length: usize) -> bool {
    let joined = |of: &Coverage| {
        let mut all: Vec<std::ops::Range<usize>> = Vec::new();
        for range in of.ranges.iter().filter(|range| !range.is_empty()) {
            match all.last_mut() {
                Some(last) if last.end == range.start => last.end = range.end,
                _ => all.push(range.clone()),
            }
        }
        let whole: usize = all.iter().map(ExactSizeIterator::len).sum();
        (all, of.padding, whole <= length)
    };
    joined(one) == joined(other)
}

fn generations(image: &Image<'_>, limits: &Limits) -> Option<Vec<[String; 2]>> {
    let section = image.section(".sbat")?;
    let rows = sbat::read(section.content().unwrap_or_default(), limits).value;
    Some(rows.iter().map(|r| [r.component().into(), r.generation_text().into()]).collect())
}

impl From<unified::Unified> for Unified {
    fn from(of: unified::Unified) -> Self {
        let system = of.os("PRETTY_NAME").or_else(|| of.os("ID")).map(str::to_owned);
        let unified::Unified { uname: kernel, cmdline: command_line, initrd: initramfs, .. } = of;
        Self { kernel, command_line, system, initramfs }
    }
}

impl Pe {
    /// What it is, in a few words.
    pub(super) fn headline(&self) -> String {
        let what = match self.subsystem {
            10 if self.unified.is_some() => "unified kernel image",
            10 => "EFI application",
            11 | 12 => "EFI driver",
            1 => "Windows driver",
            _ => "image",
        };
        format!("{what} for {}", self.machine)
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.field("machine", format!("{}, {} bits", self.machine, self.bits));
        page.field("subsystem", self.subsystem.to_string());
        page.field("authenticode sha256", &self.image_digests.sha256);
        page.field("nx", if self.nx_compatible { "compatible" } else { "not told" });
        page.maybe("file version", self.file_version.as_ref());
        page.maybe("original name", self.original_filename.as_ref());
        if let Some(unified) = &self.unified {
            page.maybe("kernel", unified.kernel.as_ref());
            page.maybe("system", unified.system.as_ref());
            page.maybe("command line", unified.command_line.as_ref());
            page.field("initramfs", if unified.initramfs { "inside" } else { "none inside" });
        }
        for [component, generation] in self.sbat.iter().flatten() {
            page.field("sbat", format!("{component},{generation}"));
        }
    }
}
