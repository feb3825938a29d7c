//! A kernel module, from what a scenario says of it.

use crate::forge::elf::{ALLOC, EXECUTE, Elf, Kind, NOTE, PROGBITS, WRITE};
use crate::forge::kernel::{self, Kernel};
use crate::forge::key::Key;
use crate::forge::signature::{self, Form, MARKER};
use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use loadworthy_formats::compress::{Compression, pack};
use serde::Deserialize;

/// What a scenario says of a module: the keys of `toml module` (`proving/scenarios/README.md`).
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "they are the marks that .modinfo has")]
#[expect(missing_docs, reason = "the README of the scenarios describes each key")]
pub struct Module {
    pub name: String,
    pub signed_by: String,
    pub digest: String,
    pub form: String,
    pub changed: String,
    pub bytes: String,
    pub machine: String,
    pub this_module: String,
    pub symbols: String,
    pub debug: String,
    pub section_flags: String,
    pub twins: String,
    pub relocation: String,
    pub vermagic: String,
    pub versions: String,
    pub needs: Vec<String>,
    pub exports: Vec<String>,
    pub licence: String,
    pub srcversion: String,
    pub info: Vec<String>,
    pub aliases: Vec<String>,
    pub intree: bool,
    pub staging: bool,
    pub livepatch: bool,
    pub test: bool,
    pub type_information: String,
    pub depends: Vec<String>,
    pub depends_signed_by: Option<String>,
    pub indexed: bool,
    pub file: bool,
    pub packed: String,
}

impl Default for Module {
    fn default() -> Self {
        let word = |w: &str| w.to_owned();
        Self {
            name: word("demo"),
            signed_by: word("distribution"),
            digest: word("sha256"),
            form: word("detached"),
            changed: word("nothing"),
            bytes: word("module"),
            machine: word("x86-64"),
            this_module: word("fits"),
            symbols: word("kept"),
            debug: word("none"),
            section_flags: word("ordinary"),
            twins: String::new(),
            relocation: word("none"),
            vermagic: word("kernel"),
            versions: word("fit"),
            needs: Vec::new(),
            exports: Vec::new(),
            licence: word("GPL"),
            srcversion: String::new(),
            info: Vec::new(),
            aliases: Vec::new(),
            intree: true,
            staging: false,
            livepatch: false,
            test: false,
            type_information: word("none"),
            depends: Vec::new(),
            depends_signed_by: None,
            indexed: true,
            file: true,
            packed: word("no"),
        }
    }
}

impl Module {
    /// The modules this one depends on, forged alike: each exports `NAME_function`.
    #[must_use]
    pub fn dependencies(&self) -> Vec<Self> {
        let signed_by = self.depends_signed_by.as_ref().unwrap_or(&self.signed_by);
        self.depends
            .iter()
            .map(|name| Self {
                name: name.clone(),
                signed_by: signed_by.clone(),
                exports: vec![format!("{name}_function")],
                ..Self::default()
            })
            .collect()
    }

    /// The file as it is stored.
    ///
    /// # Errors
    /// When a word of the scenario is not known.
    pub fn stored(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        let by = match self.packed.as_str() {
            "no" => return Ok(bytes.to_vec()),
            // What `xz` makes unless told otherwise.
            "xz-crc64" => {
                let mut packer = liblzma::write::XzEncoder::new(Vec::new(), 6);
                return std::io::Write::write_all(&mut packer, bytes)
                    .and_then(|()| packer.finish())
                    .map_err(|e| e.to_string());
            }
            name => Compression::named(name).ok_or(format!("packed = {name:?}"))?,
        };
        pack::module(bytes, by).map_err(|e| e.to_string())
    }

    /// The undefined symbols, without what a scenario says of who offers them.
    #[must_use]
    pub fn needed(&self) -> Vec<&str> {
        self.needs.iter().map(|n| n.rsplit(':').next().unwrap_or(n)).collect()
    }

    /// The file.
    ///
    /// # Errors
    /// When a word of the scenario is not known.
    pub fn forge(&self, kernel: &Kernel) -> Result<Vec<u8>, String> {
        let unsigned = match self.bytes.as_str() {
            "module" => self.elf(kernel)?,
            "empty" => return Ok(Vec::new()),
            "few" => return Ok(b"\x7fELF".to_vec()),
            "text" => return Ok(b"This is a text and no module at all.\n".repeat(8)),
            other => return Err(format!("bytes = {other:?}")),
        };
        let form = match self.form.as_str() {
            "detached" => Form::Detached,
            "attached" => Form::Attached,
            "signed-attributes" => Form::SignedAttributes,
            other => return Err(format!("form = {other:?}")),
        };
        let length = unsigned.len();
        let mut file = match self.signed_by.as_str() {
            "none" => unsigned,
            key => signature::append(&unsigned, &Key::named(key)?, &self.digest, form)?,
        };
        match self.changed.as_str() {
            "nothing" => {}
            // A byte of the code, which comes first.
            "body" => file[64] ^= 0x01,
            // The outermost tag of the message.
            "signature" if file.ends_with(MARKER) => file[length] ^= 0x01,
            "marker" if file.ends_with(MARKER) => file.push(b'\n'),
            other => return Err(format!("changed = {other:?}")),
        }
        Ok(file)
    }

    fn elf(&self, kernel: &Kernel) -> Result<Vec<u8>, String> {
        let machine = match self.machine.as_str() {
            "x86-64" => 62,
            "arm64" => 183,
            "ppc64" => 21,
            "riscv64" => 243,
            other => return Err(format!("machine = {other:?}")),
        };
        let mut elf = Elf::new(Kind::Relocatable, machine);
        let flags = match self.section_flags.as_str() {
            "ordinary" => ALLOC | EXECUTE,
            "write-execute" => ALLOC | EXECUTE | WRITE,
            other => return Err(format!("section_flags = {other:?}")),
        };
        let text = elf.section(".text", PROGBITS, flags, &[0x31, 0xc0, 0xc3, 0x90].repeat(16));
        match self.relocation.as_str() {
            "none" => {}
            // R_X86_64_PC32, over the code that is there; a type that nobody has given a meaning.
            "over-code" => elf.relocation(text, 2, 4),
            "unknown-type" => elf.relocation(text, 99, 4),
            other => match other.strip_prefix("type:").and_then(|kind| kind.parse().ok()) {
                Some(kind) => elf.relocation(text, kind, 4),
                None => return Err(format!("relocation = {other:?}")),
            },
        }
        elf.section(".modinfo", PROGBITS, ALLOC, &self.modinfo(kernel)?);
        if let Some(versions) = self.versions()? {
            elf.section("__versions", PROGBITS, ALLOC, &versions);
        }
        if !self.twins.is_empty() {
            elf.section(&self.twins, PROGBITS, ALLOC, b"one");
            elf.section(&self.twins, PROGBITS, ALLOC, b"another");
        }
        self.exports(&mut elf);
        match self.type_information.as_str() {
            "none" => {}
            "fits" => drop(elf.section(".BTF", PROGBITS, 0, &kernel::further_types(0))),
            "longer-strings" => drop(elf.section(".BTF", PROGBITS, 0, &kernel::further_types(4))),
            "own-base" => {
                elf.section(".BTF", PROGBITS, 0, &kernel::further_types(0));
                elf.section(".BTF.base", PROGBITS, 0, b"types of its own");
            }
            "other-kernel" => drop(elf.section(".BTF", PROGBITS, 0, b"types of another kernel")),
            other => return Err(format!("type_information = {other:?}")),
        }
        self.debug(kernel, &mut elf)?;
        let size = match self.this_module.as_str() {
            "fits" => Some(kernel::STRUCT_MODULE),
            "other-size" => Some(kernel::STRUCT_MODULE - 64),
            "absent" => None,
            other => return Err(format!("this_module = {other:?}")),
        };
        if let Some(size) = size {
            // state, two list pointers, then the name.
            let mut record = vec![0; 24];
            record.extend(self.name.as_bytes());
            record.resize(size, 0);
            let section =
                elf.section(".gnu.linkonce.this_module", PROGBITS, ALLOC | WRITE, &record);
            elf.symbol("__this_module", 0x11, section, 0);
        }
        elf.symbol("init_module", 0x12, text, 0);
        for symbol in self.needed() {
            elf.symbol(symbol, 0x10, 0, 0);
        }
        for dependency in &self.depends {
            elf.symbol(&format!("{dependency}_function"), 0x10, 0, 0);
        }
        match self.symbols.as_str() {
            "kept" => Ok(elf.finish(false)),
            "stripped" => Ok(elf.finish(true)),
            other => Err(format!("symbols = {other:?}")),
        }
    }

    /// The build id, and what debuggers read.
    fn debug(&self, kernel: &Kernel, elf: &mut Elf) -> Result<(), String> {
        let debug = match self.debug.as_str() {
            "none" => return Ok(()),
            "kept" => true,
            "stripped" => false,
            other => return Err(format!("debug = {other:?}")),
        };
        let build = digest(DigestAlgorithm::Sha1, &self.modinfo(kernel)?);
        let words = [4u32, 20, 3].map(u32::to_le_bytes).concat();
        let note = [&words[..], b"GNU\0", build.as_bytes()].concat();
        elf.section(".note.gnu.build-id", NOTE, ALLOC, &note);
        if debug {
            elf.section(".debug_info", PROGBITS, 0, &[0x2a; 64]);
        }
        Ok(())
    }

    fn modinfo(&self, kernel: &Kernel) -> Result<Vec<u8>, String> {
        let mut rows = Vec::new();
        if self.licence != "none" {
            rows.push(format!("license={}", self.licence));
        }
        rows.push(format!("depends={}", self.depends.join(",")));
        rows.extend(self.info.iter().cloned());
        if !self.srcversion.is_empty() {
            rows.push(format!("srcversion={}", self.srcversion));
        }
        let marks = [
            ("intree", self.intree),
            ("staging", self.staging),
            ("livepatch", self.livepatch),
            ("test", self.test),
        ];
        rows.extend(marks.iter().filter(|(_, on)| *on).map(|(mark, _)| format!("{mark}=Y")));
        rows.push(format!("name={}", self.name));
        let vermagic = match self.vermagic.as_str() {
            "none" => None,
            "kernel" => Some(kernel.vermagic()),
            "other-release" => Some(format!("5.4.0-1-other {}", kernel.vermagic_options())),
            "other-options" => Some(format!("{} mod_unload ", kernel.release)),
            text if text.contains(' ') => Some(text.to_owned()),
            other => return Err(format!("vermagic = {other:?}")),
        };
        rows.extend(vermagic.map(|v| format!("vermagic={v}")));
        Ok(rows.iter().flat_map(|row| row.bytes().chain([0])).collect())
    }

    /// `__versions`: entries of 64 bytes, the sum first.
    fn versions(&self) -> Result<Option<Vec<u8>>, String> {
        let other = match self.versions.as_str() {
            "none" => return Ok(None),
            "fit" => None,
            "other-layout" => Some("module_layout"),
            text => Some(text.strip_prefix("other:").ok_or(format!("versions = {text:?}"))?),
        };
        let mut names = vec!["module_layout".to_owned()];
        names.extend(self.needed().iter().map(|n| (*n).to_owned()));
        names.extend(self.depends.iter().map(|d| format!("{d}_function")));
        let mut out = Vec::new();
        for name in names {
            let fits = u64::from(kernel::sum(&name));
            let sum = if other == Some(name.as_str()) { fits ^ 0xffff } else { fits };
            out.extend(sum.to_le_bytes());
            let mut field = name.into_bytes();
            field.resize(56, 0);
            out.extend(field);
        }
        Ok(Some(out))
    }

    fn exports(&self, elf: &mut Elf) {
        if self.exports.is_empty() {
            return;
        }
        let table = elf.section("__ksymtab", PROGBITS, ALLOC, &vec![0; 12 * self.exports.len()]);
        let sums: Vec<u8> =
            self.exports.iter().flat_map(|name| kernel::sum(name).to_le_bytes()).collect();
        elf.section("__kcrctab", PROGBITS, ALLOC, &sums);
        let names: Vec<u8> =
            self.exports.iter().flat_map(|name| name.bytes().chain([0, 0])).collect();
        let strings = elf.section("__ksymtab_strings", PROGBITS, ALLOC, &names);
        let (mut entry, mut name_at) = (0, 0);
        for name in &self.exports {
            elf.symbol(&format!("__ksymtab_{name}"), 0x10, table, entry);
            elf.symbol(&format!("__kstrtab_{name}"), 0x10, strings, name_at);
            elf.symbol(
                &format!("__kstrtabns_{name}"),
                0x10,
                strings,
                name_at + name.len() as u64 + 1,
            );
            elf.symbol(name, 0x12, 1, 0);
            entry += 12;
            name_at += name.len() as u64 + 2;
        }
    }
}
