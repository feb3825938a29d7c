//! `module`: a Linux kernel module.

use loadworthy_formats::elf::header::ET_REL;
use loadworthy_formats::elf::layout::{Class, Order};
use loadworthy_formats::elf::survey::{Survey, survey};
use loadworthy_formats::limits::Limits;
use loadworthy_formats::modsig::{self, Appended};
use loadworthy_formats::text::hex;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::inspect::noticed::tell;
use crate::inspect::page::Page;
use crate::inspect::pkcs7::{Message, digest_name};
use crate::inspect::signature::{self, Signature};

/// A module.
#[derive(Clone, Debug, Serialize)]
pub struct Module {
    /// The name inside `struct module`; without one, the one `.modinfo` tells.
    pub name: Option<String>,
    /// What machine it is for: `x86_64`.
    pub machine: String,
    /// 32 or 64.
    pub bits: u8,
    /// `little` or `big`.
    pub byte_order: &'static str,
    /// What kernel it says it was built for.
    pub vermagic: Option<String>,
    /// Its licence.
    pub license: Option<String>,
    /// Every key of `.modinfo` with its values in order.
    pub info: Map<String, Value>,
    /// `null`, `xz`, `zst` or `gz`.
    pub compression: Option<&'static str>,
    /// `true`, `false`, `malformed` or `old-format`.
    pub signed: Value,
    /// What the trailer says the signature is: 2 for PKCS#7.
    pub id_type: Option<u8>,
    /// The digest of the first signer: `sha256`.
    pub digest_algorithm: Option<String>,
    /// Who signed: the issuer the first signer names, as `modinfo` shows it.
    pub signer_name: Option<String>,
    /// Serial number of the first signer's certificate, or its key identifier.
    pub signer_key_id: Option<String>,
}

/// Whether a file is a relocatable ELF object.
pub(super) fn is(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x7fELF") && survey_header(bytes) == ET_REL
}

fn survey_header(bytes: &[u8]) -> u16 {
    use loadworthy_formats::elf::header::Header;
    use loadworthy_formats::elf::layout::Layout;
    Header::read(bytes, Layout::of(bytes)).kind
}

/// Where and how a module is signed.
struct Trailer<'a> {
    signed: Value,
    content: &'a [u8],
    id_type: Option<u8>,
    digest_algorithm: Option<String>,
    signer_name: Option<String>,
    signer_key_id: Option<String>,
    signatures: Vec<Signature>,
}

/// Reads a module that is not compressed, or no longer.
pub(super) fn read(
    bytes: &[u8],
    compression: Option<&'static str>,
    limits: &Limits,
    errors: &mut Vec<String>,
    deviations: &mut Vec<String>,
) -> (Module, Vec<Signature>) {
    let trailer = trailer(bytes, deviations);
    let found = survey(trailer.content, limits);
    tell(&found.deviations, errors, deviations);
    let elf = found.value;
    if elf.sections.is_empty() && errors.is_empty() {
        errors.push("elf section headers: there are none".to_owned());
    }
    let info = info(&elf);
    let first = |key: &str| Some(info.get(key)?.get(0)?.as_str()?.to_owned());
    let module = Module {
        name: elf.struct_name().map(lossy).or_else(|| first("name")),
        machine: machine(elf.header.machine),
        bits: if elf.layout.class == Class::Elf32 { 32 } else { 64 },
        byte_order: if elf.layout.order == Order::Big { "big" } else { "little" },
        vermagic: first("vermagic"),
        license: first("license"),
        info,
        compression,
        signed: trailer.signed,
        id_type: trailer.id_type,
        digest_algorithm: trailer.digest_algorithm,
        signer_name: trailer.signer_name,
        signer_key_id: trailer.signer_key_id,
    };
    (module, trailer.signatures)
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn info(elf: &Survey) -> Map<String, Value> {
    let mut info = Map::new();
    for (key, value) in elf.modinfo().into_iter().flat_map(|modinfo| modinfo.entries()) {
        let values = info.entry(lossy(key)).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(values) = values {
            values.push(lossy(value).into());
        }
    }
    info
}

fn trailer<'a>(bytes: &'a [u8], deviations: &mut Vec<String>) -> Trailer<'a> {
    let mut out = Trailer {
        signed: false.into(),
        content: bytes,
        id_type: None,
        digest_algorithm: None,
        signer_name: None,
        signer_key_id: None,
        signatures: Vec::new(),
    };
    let found = match modsig::read(bytes) {
        Appended::Nothing => return out,
        Appended::MarkerOnly { before } => {
            out.content = bytes.get(..before).unwrap_or_default();
            out.signed = "malformed".into();
            return out;
        }
        Appended::Signature(found) => found,
    };
    let trailer = found.trailer;
    out.id_type = Some(trailer.id_type);
    let Some(range) = found.pkcs7.clone().filter(|range| !range.is_empty()) else {
        out.content = bytes.get(..found.without_marker).unwrap_or_default();
        out.signed = "malformed".into();
        return out;
    };
    if trailer.id_type != modsig::PKCS7 {
        old_format(bytes, &trailer, range.start, &mut out);
        return out;
    }
    out.content = bytes.get(..range.start).unwrap_or_default();
    if !trailer.unused_are_zero() {
        out.signed = "malformed".into();
        return out;
    }
    match Message::read(bytes.get(range).unwrap_or_default()) {
        Ok(message) if !message.signers.is_empty() => {
            out.signed = true.into();
            if let Some(signer) = message.signers.first() {
                let told = message.told(signer);
                out.digest_algorithm = Some(digest_name(signer.digest));
                out.signer_name = told.issuer.or(told.name);
                out.signer_key_id = signature::shown_key(signer);
            }
            out.signatures = Signature::all(&message, out.content);
        }
        Ok(_) => {
            deviations.push("the signature names no signer".to_owned());
            out.signed = "malformed".into();
        }
        Err(e) => {
            deviations.push(format!("the signature: {e}"));
            out.signed = "malformed".into();
        }
    }
    out
}

/// What kernels before 4.3 wrote: the signer's name and a key identifier before the signature.
fn old_format<'a>(bytes: &'a [u8], trailer: &modsig::Trailer, start: usize, out: &mut Trailer<'a>) {
    /// `enum pkey_hash_algo` of those kernels.
    const DIGESTS: [&str; 8] =
        ["md4", "md5", "sha1", "rmd160", "sha256", "sha384", "sha512", "sha224"];
    out.signed = "old-format".into();
    out.digest_algorithm = DIGESTS.get(usize::from(trailer.hash)).map(|name| (*name).to_owned());
    let key = start.checked_sub(usize::from(trailer.key_id_len));
    let name = key.and_then(|key| key.checked_sub(usize::from(trailer.signer_len)));
    let (Some(key), Some(name)) = (key, name) else {
        out.signed = "malformed".into();
        return;
    };
    out.content = bytes.get(..name).unwrap_or_default();
    out.signer_name = bytes.get(name..key).map(lossy);
    out.signer_key_id = bytes.get(key..start).map(hex);
}

/// The usual name of an `e_machine` (`include/uapi/linux/elf-em.h`).
fn machine(number: u16) -> String {
    let name = match number {
        2 => "sparc",
        3 => "i386",
        4 => "m68k",
        8 => "mips",
        15 => "parisc",
        20 => "ppc",
        21 => "ppc64",
        22 => "s390",
        40 => "arm",
        42 => "sh",
        43 => "sparc64",
        50 => "ia64",
        62 => "x86_64",
        183 => "aarch64",
        243 => "riscv",
        258 => "loongarch",
        _ => return format!("machine-{number}"),
    };
    name.to_owned()
}

/// Values of one key that are shown to people.
const SHOWN: usize = 6;

impl Module {
    /// Its name, and what it is for.
    pub(super) fn headline(&self) -> String {
        format!("{} for {}", self.name.as_deref().unwrap_or("without a name"), self.machine)
    }

    /// Lines for people.
    pub(super) fn text(&self, page: &mut Page) {
        page.maybe("compressed", self.compression);
        page.field("object", format!("{}-bit, {}-endian", self.bits, self.byte_order));
        page.field(
            "signed",
            match &self.signed {
                Value::Bool(true) => "yes",
                Value::Bool(false) => "no",
                other => other.as_str().unwrap_or_default(),
            },
        );
        for (key, values) in &self.info {
            let values: Vec<_> =
                values.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            page.several(key, &values, SHOWN);
        }
        if self.id_type.is_some_and(|of| of != modsig::PKCS7) {
            page.maybe("signer", self.signer_name.as_ref());
            page.maybe("key id", self.signer_key_id.as_ref());
            page.maybe("digest", self.digest_algorithm.as_ref());
        }
    }
}
