//! What a kernel image tells, without the image: kept as text and certificates, and made into a
//! small image again that reads the same.
//!
//! The stand-in has the real image's banner, version magic, compiled-in certificates, exports with
//! their sums, the names its code occupies, the size of `struct module`, and one string for each piece of code that a string
//! proves.

use crate::forge::elf::{ALLOC, Elf, Kind, PROGBITS};
use crate::forge::kernel::parameters;
use crate::oracles::archive::Archive;
use loadworthy_formats::compress;
use loadworthy_formats::kernel::image::{self, Export, KernelImage, Probe};
use loadworthy_formats::limits::Limits;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Where the strings of the symbol table lie.
const NAMES_AT: u64 = 0x90_0000;
/// The probe whose text is UTF-16, as the name of a firmware variable is.
const WIDE: &str = "MokIgnoreDB";

/// What an image tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of `KernelImage`, which describes them")]
pub struct StandIn {
    pub release: String,
    pub header_version: String,
    pub banner: String,
    pub vermagic: String,
    pub struct_module_size: Option<u64>,
    pub has_btf: bool,
    pub builtin_names: Option<BTreeSet<String>>,
    /// Strings of the image, one for each piece of code that a string proves.
    pub messages: Vec<String>,
    #[serde(skip)]
    pub certificates: Vec<Vec<u8>>,
    #[serde(skip)]
    pub revoked: Vec<Vec<u8>>,
    #[serde(skip)]
    pub exports: Vec<Export>,
}

impl StandIn {
    /// The stand-in of a real image, checked to read the same.
    ///
    /// # Errors
    /// When the image cannot be read, or its stand-in would read otherwise.
    pub fn of(bytes: &[u8]) -> Result<Self, String> {
        let real = read(bytes)?;
        let mut own = Self {
            release: real.release.clone().ok_or("no release")?,
            header_version: real.header_version.clone().unwrap_or_default(),
            banner: real.banner.clone().unwrap_or_default(),
            vermagic: String::from_utf8_lossy(&real.vermagic.clone().unwrap_or_default()).into(),
            struct_module_size: real.struct_module_size,
            has_btf: real.has_btf,
            builtin_names: real.builtin_names.clone(),
            messages: Vec::new(),
            certificates: real.certificates.clone(),
            revoked: real.revoked_certificates.clone(),
            exports: real.exports.clone().unwrap_or_default(),
        };
        own.messages = evidence(bytes, &real.probes)?;
        let back = read(&own.image())?;
        let difference = difference(&real, &back);
        if difference.is_empty() { Ok(own) } else { Err(difference) }
    }

    /// Reads the stand-in that an archive keeps below a folder.
    ///
    /// # Errors
    /// When something is not there or not in order.
    pub fn kept(archive: &Archive, folder: &str) -> Result<Self, String> {
        let told = |e: serde_json::Error| format!("{folder}/image.json: {e}");
        let mut own: Self =
            serde_json::from_slice(archive.get(&format!("{folder}/image.json"))?).map_err(told)?;
        let all = |kind: &str| -> Vec<Vec<u8>> {
            archive.below(&format!("{folder}/{kind}")).map(|(_, der)| der.to_vec()).collect()
        };
        own.certificates = all("certificates");
        own.revoked = all("revoked");
        for line in archive.text(&format!("{folder}/exports"))?.lines() {
            let &[crc, class, name, namespace] = line.split('\t').collect::<Vec<_>>().as_slice()
            else {
                return Err(format!("{folder}/exports: {line}"));
            };
            own.exports.push(Export {
                name: name.to_owned(),
                crc: u32::from_str_radix(crc, 16).ok(),
                gpl_only: class == "gpl",
                namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
            });
        }
        Ok(own)
    }

    /// Keeps it in an archive, below a folder.
    ///
    /// # Errors
    /// Never in practice: it can always be written as JSON.
    pub fn keep(&self, archive: &mut Archive, folder: &str) -> Result<(), String> {
        let json = serde_json::to_string_pretty(self).map_err(|e| e.to_string())?;
        archive.put(&format!("{folder}/image.json"), json + "\n");
        for (kind, all) in [("certificates", &self.certificates), ("revoked", &self.revoked)] {
            for (n, der) in all.iter().enumerate() {
                archive.put(&format!("{folder}/{kind}/{n:03}.der"), der.clone());
            }
        }
        let lines: String = self
            .exports
            .iter()
            .map(|e| {
                let crc = e.crc.map_or("-".to_owned(), |crc| format!("{crc:08x}"));
                let class = if e.gpl_only { "gpl" } else { "any" };
                let space = e.namespace.as_deref().unwrap_or_default();
                format!("{crc}\t{class}\t{}\t{space}\n", e.name)
            })
            .collect();
        archive.put(&format!("{folder}/exports"), lines);
        Ok(())
    }

    /// A bzImage that reads like the real one.
    ///
    /// # Panics
    /// When memory runs out while the payload is packed.
    #[must_use]
    pub fn image(&self) -> Vec<u8> {
        let kernel = self.vmlinux();
        let mut payload = zstd::bulk::compress(&kernel, 1).expect("packs");
        payload.extend((kernel.len() as u32).to_le_bytes());
        // Documentation/arch/x86/boot.rst: one sector of setup code after the boot sector.
        let mut out = vec![0; 1024];
        out[0x1f1] = 1;
        out[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
        out[0x202..0x208].copy_from_slice(b"HdrS\x0f\x02");
        out[0x20e..0x210].copy_from_slice(&0x80_u16.to_le_bytes());
        let version = self.header_version.as_bytes();
        out[0x280..0x280 + version.len()].copy_from_slice(version);
        out[0x24c..0x250].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        out.extend(payload);
        out
    }

    fn vmlinux(&self) -> Vec<u8> {
        let mut elf = Elf::new(Kind::Executable, 62);
        let mut constants = vec![0];
        let texts = [self.banner.clone() + "\n", String::new(), self.vermagic.clone()];
        for text in texts.iter().chain(&self.messages) {
            match text.as_str() {
                WIDE => constants.extend(WIDE.encode_utf16().flat_map(u16::to_le_bytes)),
                text => constants.extend(text.bytes()),
            }
            constants.extend([0; 2]);
        }
        elf.section_at(".rodata", PROGBITS, ALLOC, 0x10_0000, &constants);
        self.tables(&mut elf);
        elf.section_at(".init.data", PROGBITS, ALLOC, 0xa0_0000, &self.certificate_lists());
        if self.has_btf {
            let size = self.struct_module_size.unwrap_or(0) as u32;
            elf.section_at(".BTF", PROGBITS, ALLOC, 0xb0_0000, &types(size));
        }
        if let Some(names) = &self.builtin_names {
            parameters(&mut elf, names.iter().map(String::as_str));
        }
        elf.finish(true)
    }

    /// `__ksymtab` and its neighbours: value, name, namespace, each relative to where it stands.
    /// Where both classes are mixed they lie in one table, with a flag each (`__kflagstab`).
    fn tables(&self, elf: &mut Elf) {
        let mut names = vec![0_u8];
        let mixed = !self.exports.is_sorted_by_key(|e| e.gpl_only);
        if mixed {
            let flags: Vec<u8> = self.exports.iter().map(|e| u8::from(e.gpl_only)).collect();
            elf.section_at("__kflagstab", PROGBITS, ALLOC, 0x78_0000, &flags);
        }
        for (table, sums, gpl_only, at) in [
            ("__ksymtab", "__kcrctab", false, 0x50_0000_u64),
            ("__ksymtab_gpl", "__kcrctab_gpl", true, 0x60_0000),
        ] {
            let (mut entries, mut crcs) = (Vec::new(), Vec::new());
            for export in self.exports.iter().filter(|e| (e.gpl_only && !mixed) == gpl_only) {
                let mut text = |text: &str| {
                    let at = NAMES_AT + names.len() as u64;
                    names.extend(text.bytes().chain([0]));
                    at
                };
                let name_at = text(&export.name);
                let space_at = export.namespace.as_deref().map_or(NAMES_AT, &mut text);
                for target in [0x10_0000, name_at, space_at] {
                    let here = at + entries.len() as u64;
                    entries.extend((target.wrapping_sub(here) as u32).to_le_bytes());
                }
                crcs.extend(export.crc.map(u32::to_le_bytes).into_iter().flatten());
            }
            elf.section_at(table, PROGBITS, ALLOC, at, &entries);
            elf.section_at(sums, PROGBITS, ALLOC, at + 0x8_0000, &crcs);
        }
        elf.section_at("__ksymtab_strings", PROGBITS, ALLOC, NAMES_AT, &names);
    }

    /// `certs/system_certificates.S` and `certs/revocation_certificates.S`: the certificates, then
    /// the size of them all; behind the first list, that of the key made for the build too.
    fn certificate_lists(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for (list, own_key) in [(&self.certificates, true), (&self.revoked, false)] {
            let all = list.concat();
            if all.is_empty() {
                continue;
            }
            out.extend(&all);
            out.resize(out.len().next_multiple_of(8), 0);
            out.extend((all.len() as u64).to_le_bytes());
            if own_key {
                out.extend((list[0].len() as u64).to_le_bytes());
            }
            out.extend([0xff; 8]);
        }
        out
    }
}

fn read(bytes: &[u8]) -> Result<KernelImage, String> {
    image::read(bytes, &Limits::DEFAULT).map(|parsed| parsed.value).map_err(|e| e.to_string())
}

/// What two images tell differently, of what a stand-in must keep.
fn difference(real: &KernelImage, own: &KernelImage) -> String {
    let mut out = String::new();
    let mut hold = |what: &str, same: bool| {
        if !same {
            out += &format!("{what} differs; ");
        }
    };
    hold("release", real.release == own.release);
    hold("header_version", real.header_version == own.header_version);
    hold("banner", real.banner == own.banner);
    hold("vermagic", real.vermagic == own.vermagic);
    hold("certificates", real.certificates == own.certificates);
    hold("delimited", real.certificates_delimited == own.certificates_delimited);
    hold("revoked", real.revoked_certificates == own.revoked_certificates);
    hold("struct_module_size", real.struct_module_size == own.struct_module_size);
    hold("has_btf", real.has_btf == own.has_btf);
    hold("builtin_names", real.builtin_names == own.builtin_names);
    hold("exports", real.exports == own.exports);
    let probes: Vec<_> = real.probes.symmetric_difference(&own.probes).collect();
    hold(&format!("probes {probes:?}"), probes.is_empty());
    out
}

/// One string of the image for each probe it answers.
fn evidence(bytes: &[u8], wanted: &BTreeSet<Probe>) -> Result<Vec<String>, String> {
    let header = image::header(bytes).map_err(|e| e.to_string())?;
    let payload = bytes.get(header.payload).ok_or("no payload")?;
    let mut kernel = Vec::new();
    let packed = compress::sniff(payload).ok_or("an unknown compression")?;
    let limits = Limits::DEFAULT;
    compress::unpack(payload, packed, limits.kernel_bytes, &limits, &mut kernel)
        .map_err(|e| e.to_string())?;
    let mut strings: Vec<&str> = kernel
        .split(|b| *b == 0)
        .filter(|s| (5..200).contains(&s.len()))
        .filter_map(|s| str::from_utf8(s).ok())
        .filter(|s| s.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t' | '\x01')))
        .collect();
    strings.sort_unstable();
    strings.dedup();
    strings.push(WIDE);
    let mut missing = wanted.clone();
    let mut found = Vec::new();
    search(&strings, &mut missing, &mut found)?;
    Ok(found)
}

/// Halves the strings until single ones are left that prove something.
fn search(
    strings: &[&str],
    missing: &mut BTreeSet<Probe>,
    found: &mut Vec<String>,
) -> Result<(), String> {
    let proven = proven(strings)?;
    if proven.is_disjoint(missing) {
        return Ok(());
    }
    if let [one] = strings {
        missing.retain(|probe| !proven.contains(probe));
        found.push((*one).to_owned());
        return Ok(());
    }
    let (left, right) = strings.split_at(strings.len() / 2);
    search(left, missing, found)?;
    search(right, missing, found)
}

/// What strings alone prove.
fn proven(strings: &[&str]) -> Result<BTreeSet<Probe>, String> {
    let alone = StandIn {
        release: String::new(),
        header_version: String::new(),
        banner: String::new(),
        vermagic: String::new(),
        struct_module_size: None,
        has_btf: false,
        builtin_names: None,
        messages: strings.iter().map(|s| (*s).to_owned()).collect(),
        certificates: Vec::new(),
        revoked: Vec::new(),
        exports: Vec::new(),
    };
    read(&alone.vmlinux()).map(|image| image.probes)
}

/// Type information (`Documentation/bpf/btf.rst`): an integer, and `struct module` with its size.
fn types(struct_module: u32) -> Vec<u8> {
    let types = [1, 1 << 24, 4, 32, 5, 4 << 24, struct_module];
    let (strings, length) = (b"\0u32\0module\0", 4 * types.len() as u32);
    let mut out = vec![0x9f, 0xeb, 1, 0];
    for word in [24, 0, length, length, strings.len() as u32].iter().chain(&types) {
        out.extend(word.to_le_bytes());
    }
    out.extend(strings);
    out
}
