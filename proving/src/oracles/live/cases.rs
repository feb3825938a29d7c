//! Module files made of two modules of the kernel at hand, changed and signed by our own keys.
//!
//! `crc-itu-t` brings exports and no code that runs when it is loaded; `dummy` needs symbols of the
//! kernel. Names of cases say base and change; `_s` is signed by the owner's key after the change,
//! `_u` not signed.

use crate::forge::key::Key;
use crate::forge::signature::{Form, MARKER, append, message};
use crate::oracles::live::editing::Module;
use loadworthy_formats::compress::{self, Compression, pack};
use loadworthy_formats::limits::Limits;
use loadworthy_rehearse::runner::Call;
use std::fs;
use xtask::kernels::Kernel;

/// Type information made beside a kernel, and what it brings along of the kernel's
/// (`crates/formats/src/kernel/btf/samples`).
const BESIDE: &[u8] =
    include_bytes!("../../../../crates/formats/src/kernel/btf/samples/beside.btf");
const BROUGHT: &[u8] =
    include_bytes!("../../../../crates/formats/src/kernel/btf/samples/beside.base.btf");

/// A file to be loaded.
#[derive(Clone, Debug, Default)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// How it was made.
    pub how: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// How it is handed over.
    pub call: Call,
    /// Whether more than disk and file decides it, so that we may leave it open.
    pub open: bool,
}

impl Case {
    /// The file as it lies on a disk, and its name: what a program hands over as bytes was packed.
    ///
    /// # Errors
    /// When it cannot be packed.
    pub fn stored(&self) -> Result<(String, Vec<u8>), String> {
        match self.call {
            Call::Memory => {
                let packed = pack::module(&self.bytes, Compression::Xz);
                Ok((format!("{}.ko.xz", self.name), packed.map_err(|e| e.to_string())?))
            }
            Call::File | Call::Elsewhere => Ok((format!("{}.ko", self.name), self.bytes.clone())),
        }
    }
}

/// The modules that cases are made of: the name in a case, and the file.
pub const BASES: [(&str, &str); 2] = [("crc", "crc-itu-t"), ("dummy", "dummy")];

/// A module of a kernel, unpacked, as shipped.
///
/// # Errors
/// When there is none of this name.
pub fn shipped(kernel: &Kernel, file: &str) -> Result<Vec<u8>, String> {
    let is = |path: &&std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.split(".ko").next() == Some(file)
    };
    let path = kernel.modules.iter().find(is).ok_or_else(|| format!("no module {file}"))?;
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let Some(packed) = compress::sniff(&bytes) else { return Ok(bytes) };
    let (mut out, limits) = (Vec::new(), Limits::DEFAULT);
    compress::unpack(&bytes, packed, limits.module_bytes, &limits, &mut out)
        .map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(out)
}

/// All cases for a kernel.
///
/// # Errors
/// When it has not the modules they are made of.
pub fn all(kernel: &Kernel) -> Result<Vec<Case>, String> {
    let mut out = Vec::new();
    let config = kernel.root.join(format!("boot/config-{}", kernel.release));
    let config = fs::read_to_string(&config).map_err(|e| format!("{}: {e}", config.display()))?;
    let pins = config.lines().any(|line| line == "CONFIG_SECURITY_LOADPIN=y");
    for (base, file) in BASES {
        let shipped = shipped(kernel, file)?;
        let made = Made { base, plain: Module::unsigned(&shipped), shipped };
        if pins {
            made.pinned(&mut out)?;
        }
        made.types(&mut out)?;
        made.signatures(&mut out)?;
        made.contents(&mut out)?;
        made.headers(&mut out)?;
    }
    let mut odd = |name: &str, how: &str, bytes: Vec<u8>| {
        out.push(Case { name: name.to_owned(), how: how.to_owned(), bytes, ..Case::default() });
    };
    odd("empty", "no bytes", Vec::new());
    odd("text_u", "a text", b"no module at all\n".repeat(40));
    odd("marker_only", "the marker of a signature and nothing else", MARKER.to_vec());
    odd("text_s", "a text, signed", signed(&b"no module at all\n".repeat(40), "owner")?);
    Ok(out)
}

/// Signed by a key as `sign-file` does, with SHA-256.
fn signed(bytes: &[u8], key: &str) -> Result<Vec<u8>, String> {
    append(bytes, &Key::named(key)?, "sha256", Form::Detached)
}

struct Made {
    base: &'static str,
    shipped: Vec<u8>,
    plain: Module,
}

impl Made {
    fn case(&self, name: &str, how: &str, bytes: Vec<u8>) -> Case {
        let name = format!("{}_{name}", self.base);
        Case { name, how: how.to_owned(), bytes, ..Case::default() }
    }

    /// For kernels with `LoadPin`: the same bytes from the first file system, from another, and from
    /// none. The first case of all pins the file system.
    fn pinned(&self, out: &mut Vec<Case>) -> Result<(), String> {
        let bytes = &self.plain.bytes;
        let mut put = |name: &str, how: &str, bytes: &[u8], call| {
            let made = self.case(&format!("pinned_{name}"), how, bytes.to_vec());
            out.push(Case { call, open: call != Call::Memory, ..made });
        };
        put("here", "from the first file system", bytes, Call::File);
        put("elsewhere", "from another file system", bytes, Call::Elsewhere);
        for (name, how, bytes) in [
            ("memory", "unpacked by a program", bytes.clone()),
            ("memory_shipped", "unpacked by a program, as shipped", self.shipped.clone()),
            ("memory_signed", "unpacked by a program, signed", signed(bytes, "owner")?),
            ("memory_cut", "unpacked by a program, cut", bytes[..100].to_vec()),
            ("memory_short", "unpacked by a program, shorter than a header", bytes[..63].to_vec()),
        ] {
            put(name, how, &bytes, Call::Memory);
        }
        Ok(())
    }

    /// For modules with type information: none, less, and such as was made for another kernel.
    fn types(&self, out: &mut Vec<Case>) -> Result<(), String> {
        let btf = self.plain.contents(".BTF");
        if btf.is_empty() {
            return Ok(());
        }
        let word =
            |at: usize| btf.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        let changed = |at: usize, by: u32| {
            let mut btf = btf.clone();
            let value = word(at).unwrap_or_default().wrapping_add(by);
            if let Some(b) = btf.get_mut(at..at + 4) {
                b.copy_from_slice(&value.to_le_bytes());
            }
            btf
        };
        // The first type lies behind the header: name, kind, type or size.
        let first = word(4).unwrap_or_default() as usize;
        let kindless = 0_u32.wrapping_sub(word(first + 4).unwrap_or_default() & 0x1f00_0000);
        let empty: Vec<u8> = [24_u32, 0, 0, 0, 1].iter().flat_map(|n| n.to_le_bytes()).collect();
        let empty = [&btf[..4], &empty, &[0]].concat();
        for (name, how, btf) in [
            ("none", "without a byte", Vec::new()),
            ("empty", "no type, one name", empty),
            ("cut", "a byte less", btf[..btf.len() - 1].to_vec()),
            ("more", "a byte more", [&btf[..], &[0]].concat()),
            ("magic", "another magic number", changed(0, 1)),
            ("name", "a name far behind the last", changed(first, 15_000_000)),
            ("kind", "a type of no kind", changed(first + 4, kindless)),
            ("leads", "a type that leads to one that is not there", changed(first + 8, 1 << 19)),
        ] {
            let mut module = self.plain.clone();
            module.replace(".BTF", &btf);
            self.both(out, &format!("types_{name}"), how, &module)?;
        }
        let mut module = self.plain.clone();
        module.hide(".BTF");
        self.both(out, "types_hidden", ".BTF renamed", &module)?;
        self.types_beside(out)
    }

    /// Types that pahole made beside a kernel, with those of the kernel that they rest on: by name, and
    /// fit for any kernel that has them.
    fn types_beside(&self, out: &mut Vec<Case>) -> Result<(), String> {
        let renamed = |from: &str, to: &str| {
            let at = BROUGHT.windows(from.len()).position(|w| w == from.as_bytes());
            let at = at.ok_or_else(|| format!("no {from} in the sample"))?;
            Ok::<_, String>([&BROUGHT[..at], to.as_bytes(), &BROUGHT[at + to.len()..]].concat())
        };
        // Where the sixteen bytes of `struct list_head` are written.
        let size = BROUGHT.windows(8).position(|w| w == [0, 0, 0, 4, 16, 0, 0, 0]);
        let mut larger = BROUGHT.to_vec();
        larger[size.ok_or("no struct list_head in the sample")? + 4] = 24;
        for (name, how, brought) in [
            ("good", "as pahole made them", BROUGHT.to_vec()),
            ("empty", "an empty base", Vec::new()),
            ("cut", "a byte less of the base", BROUGHT[..BROUGHT.len() - 1].to_vec()),
            ("unknown", "a structure that no kernel has", renamed("device", "nobody")?),
            ("larger", "a structure of another size, within one of the module's", larger),
        ] {
            let mut module = self.plain.clone();
            module.replace(".BTF", BESIDE);
            module.rename_section(".comment", ".BTF.base");
            module.replace(".BTF.base", &brought);
            self.both(out, &format!("types_beside_{name}"), how, &module)?;
        }
        Ok(())
    }

    /// The two of a change: signed by the owner afterwards, and not signed.
    fn both(
        &self,
        out: &mut Vec<Case>,
        name: &str,
        how: &str,
        module: &Module,
    ) -> Result<(), String> {
        let bytes = &module.bytes;
        for (end, bytes) in [("s", signed(bytes, "owner")?), ("u", bytes.clone())] {
            out.push(self.case(&format!("{name}_{end}"), how, bytes));
        }
        Ok(())
    }

    fn signatures(&self, out: &mut Vec<Case>) -> Result<(), String> {
        let plain = &self.plain.bytes;
        out.push(self.case("shipped", "as Debian ships it", self.shipped.clone()));
        out.push(self.case("unsigned", "Debian's signature removed", plain.clone()));
        for key in ["owner", "stranger"] {
            for digest in ["sha256", "sha384", "sha512", "md5", "sm3"] {
                let bytes = append(plain, &Key::named(key)?, digest, Form::Detached)?;
                out.push(self.case(&format!("{key}_{digest}"), "signed", bytes));
            }
            for (word, form) in
                [("attached", Form::Attached), ("attributes", Form::SignedAttributes)]
            {
                let bytes = append(plain, &Key::named(key)?, "sha256", form)?;
                out.push(self.case(&format!("{key}_{word}"), "signed in another form", bytes));
            }
        }
        let authority = signed(plain, "authority")?;
        out.push(self.case("authority", "signed by an authority", authority));
        let good = signed(plain, "owner")?;
        let message = message(plain, &Key::named("owner")?, "sha256", Form::Detached)?;
        let (start, end) = (plain.len(), plain.len() + message.len());
        let mut changed = |name: &str, how: &str, change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = good.clone();
            change(&mut bytes);
            out.push(self.case(name, how, bytes));
        };
        changed("body_changed", "a byte of the code, after signing", &|b| b[100] ^= 1);
        changed("message_tag", "the message's first byte", &|b| b[start] ^= 1);
        changed("message_length", "the message's length", &|b| b[start + 3] ^= 1);
        changed("value_changed", "the last byte of the signature value", &|b| b[end - 1] ^= 1);
        changed("magic_newline", "a newline behind the marker", &|b| b.push(b'\n'));
        changed("magic_changed", "a byte of the marker", &|b| *b.last_mut().unwrap() = b' ');
        changed("gap", "bytes between module and message", &|b| {
            drop(b.splice(start..start, [0; 16]));
        });
        for (field, name) in
            ["algo", "hash", "id_type", "signer_len", "key_id_len", "pad"].iter().enumerate()
        {
            let name = format!("block_{name}");
            changed(&name, "a field of the block behind the message", &|b| b[end + field] = 1);
        }
        for (name, length) in [
            ("zero", 0_u32),
            ("less", message.len() as u32 - 1),
            ("more", message.len() as u32 + 1),
            ("whole", end as u32),
            ("huge", u32::MAX),
        ] {
            changed(&format!("length_{name}"), "the length in that block", &|b| {
                b[end + 8..end + 12].copy_from_slice(&length.to_be_bytes());
            });
        }
        out.push(self.case("twice", "the owner's signature over Debian's", {
            signed(&self.shipped, "owner")?
        }));
        out.push(self.case("twice_stranger", "a stranger's signature over the owner's", {
            signed(&good, "stranger")?
        }));
        Ok(())
    }

    fn contents(&self, out: &mut Vec<Case>) -> Result<(), String> {
        let vermagic = self.plain.informed("vermagic");
        let (release, options) = vermagic.split_once(' ').unwrap_or_default();
        let informed: [(&str, &str, Option<&str>); 13] = [
            ("vermagic_release", "vermagic", Some(&format!("5.4.0-1-other {options}"))),
            ("vermagic_options", "vermagic", Some(&format!("{release} SMP mod_unload "))),
            ("vermagic_none", "vermagic", None),
            ("not_intree", "intree", None),
            ("staging", "staging", Some("Y")),
            ("livepatch", "livepatch", Some("Y")),
            ("test", "test", Some("Y")),
            ("licence_other", "license", Some("Proprietary")),
            ("licence_none", "license", None),
            ("licence_dual", "license", Some("Dual MIT/GPL")),
            ("name_denied", "name", Some("denied_name")),
            ("import", "import_ns", Some("NOBODYS")),
            ("retpoline_none", "retpoline", None),
        ];
        for (name, key, value) in informed {
            let mut module = self.plain.clone();
            module.inform(key, value);
            self.both(out, name, &format!("modinfo {key}={value:?}"), &module)?;
        }
        type Change = fn(&mut Module);
        let changes: [(&str, &str, Change); 19] = [
            ("sum_layout", "another sum of module_layout", |m| m.other_sum("module_layout")),
            ("sum_fentry", "another sum of __fentry__", |m| m.other_sum("__fentry__")),
            ("versions_none", "__versions renamed", |m| m.hide("__versions")),
            ("modinfo_none", ".modinfo renamed", |m| m.hide(".modinfo")),
            ("this_module_none", "this_module renamed", |m| m.hide(".gnu.linkonce.this_module")),
            ("symtab_none", "the symbol table is of no type", |m| {
                if let Some(section) = m.section(".symtab") {
                    m.poke(section.header + 4, &[1]);
                }
            }),
            ("symbol_unknown", "an undefined symbol nobody exports", |m| {
                m.rename_symbol("__fentry__");
            }),
            ("renamed", "struct module is named otherwise", |m| m.rename("renamed")),
            ("renamed_denied", "named as the command line denies, in both places", |m| {
                m.rename("denied_name");
                m.inform("name", Some("denied_name"));
            }),
            ("renamed_empty", "struct module has no name", |m| m.rename("")),
            ("renamed_printk", "named like built-in code", |m| m.rename("printk")),
            ("struct_short", "this_module is shorter", |m| {
                let contents = m.contents(".gnu.linkonce.this_module");
                m.replace(".gnu.linkonce.this_module", &contents[..contents.len() - 64]);
            }),
            ("twins", "two loaded sections of one name", |m| {
                m.name_like(".note.Linux", ".note.gnu.build-id");
            }),
            ("twins_versions", "the versions named like a loaded section", |m| {
                m.name_like("__versions", ".rodata");
            }),
            ("twins_symtab", "a loaded section named like the symbol table", |m| {
                m.name_like(".note.Linux", ".symtab");
            }),
            ("twins_empty", "an empty section named like a loaded one", |m| {
                m.name_like(".data", ".text");
            }),
            ("twins_unloaded", "a section that is not loaded named like one that is", |m| {
                m.name_like(".comment", ".rodata");
            }),
            ("cut", "cut in half", |m| m.bytes.truncate(m.bytes.len() / 2)),
            ("header_only", "nothing but the ELF header", |m| m.bytes.truncate(64)),
        ];
        for (name, how, change) in changes {
            let mut module = self.plain.clone();
            change(&mut module);
            self.both(out, name, how, &module)?;
        }
        Ok(())
    }

    fn headers(&self, out: &mut Vec<Case>) -> Result<(), String> {
        for (name, at, bytes) in [
            ("elf_magic", 0, &[0x7e_u8][..]),
            ("elf_class", 4, &[1]),
            ("elf_data", 5, &[2]),
            ("elf_abi", 7, &[9]),
            ("elf_pad", 12, &[1]),
            ("elf_type", 0x10, &[2]),
            ("elf_machine", 0x12, &[183]),
            ("elf_version", 0x14, &[2]),
            ("elf_shoff", 0x28, &[0xff; 8]),
            ("elf_shoff_end", 0x28, &[0xf0, 0xff, 0xff, 0x0f, 0, 0, 0, 0]),
            ("elf_shentsize", 0x3a, &[63]),
            ("elf_shnum_none", 0x3c, &[0, 0]),
            ("elf_shnum_many", 0x3c, &[0xff, 0xfe]),
            ("elf_shstrndx_none", 0x3e, &[0, 0]),
            ("elf_shstrndx_many", 0x3e, &[0xff, 0x7f]),
        ] {
            let mut module = self.plain.clone();
            module.poke(at, bytes);
            let how = format!("{} bytes at {at:#x} of the ELF header", bytes.len());
            self.both(out, name, &how, &module)?;
        }
        Ok(())
    }
}
