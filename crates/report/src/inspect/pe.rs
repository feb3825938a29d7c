//! `pe`: what is in an image of firmware or Windows, and the Authenticode signatures over it.
//!
//! Time-stamps are not read here, and nothing is told of them; `null` would mean that there is none.

use loadworthy_core::crypt::digest::{DigestAlgorithm, DigestSet, Hasher};
use loadworthy_formats::authenticode::coverage;
use loadworthy_formats::authenticode::signature as authenticode;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::pe::attribute_certificates::{self, PKCS_SIGNED_DATA};
use loadworthy_formats::pe::header::{self, Image};
use loadworthy_formats::pe::version;
use loadworthy_formats::text::hex;
use loadworthy_formats::uefi::sbat;
use loadworthy_formats::x509::certificate as x509;
use serde::Serialize;

use crate::inspect::page::Page;
use crate::inspect::pkcs7::{Message, digest_name};
use crate::inspect::signature::{Signature, SignedDigest};

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
    /// Authenticode digests.
    pub image_digests: Digests,
    /// Where the signatures are; `null`: there are none.
    pub certificate_table: Option<Table>,
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

/// Reads an image; `None` where it is none.
pub(super) fn read(
    bytes: &[u8],
    limits: &Limits,
    errors: &mut Vec<String>,
    deviations: &mut Vec<String>,
) -> Option<(Pe, Vec<Signature>)> {
    if !header::begins(bytes) {
        return None;
    }
    let read = header::read(bytes, limits).ok()?;
    let image = &read.value;
    let covered = coverage::of(image);
    let table = attribute_certificates::read(image, limits);
    for odd in read.deviations.iter().chain(&covered.deviations).chain(&table.deviations) {
        deviations.push(odd.to_string());
    }
    let digests = digests(&covered.value, bytes);
    let of = |by: DigestAlgorithm| {
        digests.iter().find(|(a, _)| *a == by).map(|(_, d)| d.clone()).unwrap_or_default()
    };
    let mut signatures = Vec::new();
    for (number, entry) in table.value.iter().enumerate() {
        if entry.kind != PKCS_SIGNED_DATA {
            deviations.push(format!("entry {number} is of type {:#x}, no signature", entry.kind));
            continue;
        }
        let place = Place { entry: number, inside: None, depth: 0 };
        if let Err(problem) = signed(entry.content, place, &digests, limits, &mut signatures) {
            errors.push(format!("signature at {:#x}: {problem}", entry.at));
        }
    }
    let told = version::read(image).unwrap_or_default();
    let pe = Pe {
        original_filename: told.original_filename,
        file_version: told.file.map(|[a, b, c, d]| format!("{a}.{b}.{c}.{d}")),
        machine: image.machine_name().map_or_else(|| format!("{:04x}", image.machine), Into::into),
        bits: image.bits,
        subsystem: image.subsystem,
        checksum: format!("{:08x}", image.checksum),
        image_digests: Digests {
            sha1: of(DigestAlgorithm::Sha1),
            sha256: of(DigestAlgorithm::Sha256),
        },
        certificate_table: image.certificate_table().map(|(offset, size)| Table { offset, size }),
        sections: image.sections.iter().map(|s| s.name.clone()).collect(),
        nx_compatible: image.dll_characteristics & header::NX_COMPAT != 0,
        sbat: generations(image, limits),
    };
    Some((pe, signatures))
}

fn generations(image: &Image<'_>, limits: &Limits) -> Option<Vec<[String; 2]>> {
    let section = image.section(".sbat")?;
    let rows = sbat::read(section.content().unwrap_or_default(), limits).value;
    Some(rows.iter().map(|r| [r.component().into(), r.generation_text().into()]).collect())
}

/// Digests of the image as it is now, by algorithm, in hexadecimal digits.
type Now = Vec<(DigestAlgorithm, String)>;

fn digests(covered: &coverage::Coverage, bytes: &[u8]) -> Now {
    let mut algorithms = DigestSet::default();
    for algorithm in [
        DigestAlgorithm::Md5,
        DigestAlgorithm::Sha1,
        DigestAlgorithm::Sha256,
        DigestAlgorithm::Sha384,
        DigestAlgorithm::Sha512,
    ] {
        algorithms.insert(algorithm);
    }
    let mut hasher = Hasher::new(algorithms);
    covered.pieces(bytes).for_each(|piece| hasher.update(piece));
    hasher.finish().into_iter().map(|(by, digest)| (by, digest.to_string())).collect()
}

/// Where a signature stands.
#[derive(Clone, Copy)]
struct Place {
    entry: usize,
    inside: Option<usize>,
    depth: usize,
}

/// Signatures are nested no deeper than this.
const DEEPEST: usize = 8;
/// `szOID_NESTED_SIGNATURE` (1.3.6.1.4.1.311.2.4.1).
const NESTED: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 4, 1];

/// The signature in `message`, and after it those it holds, depth first.
fn signed(
    message: &[u8],
    place: Place,
    now: &Now,
    limits: &Limits,
    found: &mut Vec<Signature>,
) -> Result<(), String> {
    let read = authenticode::read(message, limits).map_err(|e| e.to_string())?;
    let shown = Message::of(&read);
    let index = found.len();
    let Some(mut signature) = Signature::all(&shown, read.content).into_iter().next() else {
        return Err("nobody signed it".to_owned());
    };
    signature.index = index;
    signature.table_entry = Some(place.entry);
    signature.nested_in = place.inside;
    signature.timestamp = None;
    signature.cross_certified = cross_certified(&shown);
    if let Some(indirect) = &read.indirect {
        let value = hex(indirect.digest);
        let by = DigestAlgorithm::from_oid(indirect.digest_algorithm);
        let matches = now.iter().any(|(a, digest)| Some(*a) == by && *digest == value);
        let algorithm = digest_name(indirect.digest_algorithm);
        signature.signed_digest = Some(SignedDigest { algorithm, value });
        signature.digest_matches = Some(matches);
        signature.page_hashes = Some(page_hashes(indirect.data));
        signature.verifies = signature.verifies.map(|holds| holds && matches);
    }
    found.push(signature);
    if place.depth < DEEPEST {
        for signer in &read.signers {
            for nested in signer.unsigned(NESTED) {
                let place =
                    Place { entry: place.entry, inside: Some(index), depth: place.depth + 1 };
                signed(nested.whole, place, now, limits, found)?;
            }
        }
    }
    Ok(())
}

/// Whether a path from the signer leads to a certificate that Microsoft issued to another authority.
fn cross_certified(message: &Message<'_>) -> bool {
    const ROOT: &str = "Microsoft Code Verification Root";
    let inside: Vec<_> =
        message.certificates.iter().filter_map(|der| Some(x509::read(der).ok()?.value)).collect();
    let mut reached: Vec<_> =
        message.signers.iter().filter_map(|signer| message.certificate_of(signer)).collect();
    let mut next = 0;
    while let Some(issuer) = reached.get(next).map(|c| c.issuer) {
        if issuer.common_name().as_deref() == Some(ROOT) {
            return true;
        }
        for above in inside.iter().filter(|c| c.subject == issuer) {
            if !reached.contains(above) {
                reached.push(above.clone());
            }
        }
        next += 1;
    }
    false
}

/// `SPC_PE_IMAGE_PAGE_HASHES_V1` and `_V2` (1.3.6.1.4.1.311.2.3.1 and .2), as elements.
fn page_hashes(data: &[u8]) -> Option<&'static str> {
    const PAGES: [u8; 11] = [6, 10, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 3];
    let at = data.windows(PAGES.len()).position(|window| window == PAGES)?;
    match data.get(at + PAGES.len()) {
        Some(1) => Some("sha1"),
        Some(2) => Some("sha256"),
        _ => None,
    }
}

impl Pe {
    /// What it is, in a few words.
    pub(super) fn headline(&self) -> String {
        let what = match self.subsystem {
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
        for [component, generation] in self.sbat.iter().flatten() {
            page.field("sbat", format!("{component},{generation}"));
        }
    }
}
