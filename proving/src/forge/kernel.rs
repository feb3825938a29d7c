//! A miniature kernel image: what tells about a kernel, in the places where it stands in a real one.
//!
//! A bzImage whose payload is a small ELF file with the banner, the version magic, messages that
//! prove what is compiled in, the built-in certificates, the exported symbols with their sums, and
//! type information with the size of `struct module`.

use crate::forge::elf::{ALLOC, Elf, Kind, PROGBITS};

/// The size of `struct module` in forged kernels.
pub const STRUCT_MODULE: usize = 1024;

/// Where the strings of the symbol table lie.
const NAMES_AT: u64 = 0x90_0000;

/// Where the names of parameters lie.
const PARAMETERS_AT: u64 = 0xc0_0000;

/// A kernel.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The release: what `uname -r` says.
    pub release: String,
    /// The configuration, as in `/boot/config-RELEASE`.
    pub config: String,
    /// Messages in the image.
    pub messages: Vec<String>,
    /// Certificates of the built-in keyring, as DER.
    pub certificates: Vec<Vec<u8>>,
    /// What it exports.
    pub exports: Vec<Export>,
    /// Code inside with a parameter, and so with a name below `/sys/module`.
    pub builtin: Vec<String>,
    version: String,
    /// Built by SUSE.
    pub suse: bool,
}

/// An exported symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// Its name.
    pub name: String,
    /// Whether it is for GPL modules only.
    pub gpl_only: bool,
    /// The namespace; empty for none.
    pub namespace: String,
}

impl Export {
    /// From the words of a scenario: `NAME`, `gpl:NAME`, `ns:SPACE:NAME`.
    #[must_use]
    pub fn of(words: &str) -> Self {
        let parts: Vec<&str> = words.split(':').collect();
        let (gpl_only, namespace, name) = match parts.as_slice() {
            ["gpl", name] => (true, "", *name),
            ["ns", space, name] => (false, *space, *name),
            _ => (false, "", words),
        };
        Self { name: name.to_owned(), gpl_only, namespace: namespace.to_owned() }
    }
}

impl Kernel {
    /// A Debian-like kernel of a family: `6.1`, `6.12`, `newer-than-tables`; with lines of
    /// configuration (`LIVEPATCH=n`) over the family's.
    ///
    /// # Errors
    /// When there is no such family.
    pub fn new(family: &str, lines: &[String]) -> Result<Self, String> {
        let (release, version, config, messages) = match family {
            "6.1" => (
                "6.1.0-99-amd64",
                "6.1.199-1",
                include_str!("../../kernels/6.1.config"),
                include_str!("../../kernels/6.1.strings"),
            ),
            "6.12" => (
                "6.12.199+deb12-amd64",
                "6.12.199-1~deb12u1",
                include_str!("../../kernels/6.12.config"),
                include_str!("../../kernels/6.12.strings"),
            ),
            "newer-than-tables" => (
                "99.1.0+deb99-amd64",
                "99.1.0-1",
                include_str!("../../kernels/6.12.config"),
                include_str!("../../kernels/6.12.strings"),
            ),
            other => return Err(format!("kernel = {other:?}")),
        };
        let mut kernel = Self {
            release: release.to_owned(),
            config: config.to_owned(),
            messages: messages.lines().map(str::to_owned).collect(),
            certificates: Vec::new(),
            exports: ["module_layout", "printk", "_printk", "__fentry__"].map(Export::of).into(),
            builtin: vec!["loop".to_owned()],
            version: version.to_owned(),
            suse: false,
        };
        for line in lines {
            kernel.configure(line)?;
        }
        Ok(kernel)
    }

    /// Sets an option, and the messages of the code that it puts into the image or takes out.
    fn configure(&mut self, line: &str) -> Result<(), String> {
        let (option, value) = line.split_once('=').ok_or(format!("config line {line:?}"))?;
        let is = |l: &str| {
            l.strip_prefix(&format!("CONFIG_{option}")).is_some_and(|r| r.starts_with('='))
                || l == format!("# CONFIG_{option} is not set")
        };
        let mut config: Vec<String> =
            self.config.lines().filter(|l| !is(l)).map(str::to_owned).collect();
        config.push(match value {
            "n" => format!("# CONFIG_{option} is not set"),
            value => format!("CONFIG_{option}={value}"),
        });
        self.config = config.join("\n") + "\n";
        let message = match option {
            "LIVEPATCH" => "tainting kernel with TAINT_LIVEPATCH",
            "MODULE_FORCE_LOAD" => "%s: %s: kernel tainted.",
            "MODVERSIONS" => "disagrees about version of symbol",
            "SECURITY_LOADPIN" => "LoadPin: ",
            "SYSTEM_REVOCATION_LIST" => "Loading compiled-in revocation X.509",
            _ => return Ok(()),
        };
        self.messages.retain(|m| !m.contains(message));
        if value == "y" {
            self.messages.push(message.to_owned());
        }
        Ok(())
    }

    /// Whether an option is set, in any way.
    #[must_use]
    pub fn has(&self, option: &str) -> bool {
        self.config.lines().any(|l| {
            l.strip_prefix("CONFIG_")
                .and_then(|l| l.split_once('='))
                .is_some_and(|(o, _)| o == option)
        })
    }

    /// The exact version magic.
    #[must_use]
    pub fn vermagic(&self) -> String {
        format!("{} {}", self.release, self.vermagic_options())
    }

    /// The version magic without the release (`include/linux/vermagic.h`).
    #[must_use]
    pub fn vermagic_options(&self) -> String {
        let versions = if self.has("MODVERSIONS") { "modversions " } else { "" };
        format!("SMP preempt mod_unload {versions}")
    }

    /// The line that begins with `Linux version`.
    #[must_use]
    pub fn banner(&self) -> String {
        if self.suse {
            return format!(
                "Linux version {} (geeko@buildhost) (gcc (SUSE Linux) 7.5.0, GNU ld (GNU Binutils; \
                 SUSE Linux Enterprise 15) 2.43) #1 SMP PREEMPT_DYNAMIC Sun Nov 1 00:00:00 UTC 2026 \
                 (0123abc)",
                self.release
            );
        }
        format!(
            "Linux version {} (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, \
             GNU ld (GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian {} (2026-11-01)",
            self.release, self.version
        )
    }

    /// The image.
    ///
    /// # Panics
    /// When memory runs out while the payload is packed.
    #[must_use]
    pub fn image(&self) -> Vec<u8> {
        let kernel = self.vmlinux();
        let mut payload = zstd::bulk::compress(&kernel, 3).expect("packs");
        payload.extend((kernel.len() as u32).to_le_bytes());
        // Documentation/arch/x86/boot.rst: one sector of setup code after the boot sector.
        let mut out = vec![0; 1024];
        out[0x1f1] = 1;
        out[0x1fe..0x200].copy_from_slice(&[0x55, 0xaa]);
        out[0x202..0x208].copy_from_slice(b"HdrS\x0f\x02");
        let version = format!("{} (debian-kernel@lists.debian.org) #1 SMP\0", self.release);
        out[0x20e..0x210].copy_from_slice(&0x80_u16.to_le_bytes());
        out[0x280..0x280 + version.len()].copy_from_slice(version.as_bytes());
        out[0x24c..0x250].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        out.extend(payload);
        out
    }

    fn vmlinux(&self) -> Vec<u8> {
        let mut elf = Elf::new(Kind::Executable, 62);
        let mut constants = Vec::new();
        let texts = [self.banner() + "\n", String::new(), self.vermagic()];
        for text in texts.iter().chain(&self.messages) {
            constants.extend(text.bytes().chain([0]));
        }
        constants.extend("MokIgnoreDB".encode_utf16().flat_map(u16::to_le_bytes));
        constants.extend([0; 2]);
        elf.section_at(".rodata", PROGBITS, ALLOC, 0x10_0000, &constants);
        let mut names = vec![0_u8];
        for (table, sums, gpl_only, at) in [
            ("__ksymtab", "__kcrctab", false, 0x50_0000_u64),
            ("__ksymtab_gpl", "__kcrctab_gpl", true, 0x60_0000),
        ] {
            let (mut entries, mut crcs) = (Vec::new(), Vec::new());
            for export in self.exports.iter().filter(|e| e.gpl_only == gpl_only) {
                let name_at = NAMES_AT + names.len() as u64;
                names.extend(export.name.bytes().chain([0]));
                let space_at = match export.namespace.as_str() {
                    "" => NAMES_AT,
                    space => {
                        let at = NAMES_AT + names.len() as u64;
                        names.extend(space.bytes().chain([0]));
                        at
                    }
                };
                // Value, name, namespace: each relative to where it stands.
                for target in [0x10_0000, name_at, space_at] {
                    let here = at + entries.len() as u64;
                    entries.extend((target.wrapping_sub(here) as u32).to_le_bytes());
                }
                crcs.extend(sum(&export.name).to_le_bytes());
            }
            elf.section_at(table, PROGBITS, ALLOC, at, &entries);
            elf.section_at(sums, PROGBITS, ALLOC, at + 0x8_0000, &crcs);
        }
        elf.section_at("__ksymtab_strings", PROGBITS, ALLOC, NAMES_AT, &names);
        elf.section_at(".init.data", PROGBITS, ALLOC, 0xa0_0000, &self.certificate_list());
        elf.section_at(".BTF", PROGBITS, ALLOC, 0xb0_0000, &types());
        parameters(&mut elf, self.builtin.iter().map(String::as_str));
        elf.finish(true)
    }

    /// `certs/system_certificates.S`: the certificates, then the size of them all and of those
    /// that come from the module signing key.
    fn certificate_list(&self) -> Vec<u8> {
        let all = self.certificates.concat();
        let mut out = all.clone();
        out.resize(all.len().next_multiple_of(8), 0);
        out.extend((all.len() as u64).to_le_bytes());
        out.extend((self.certificates.first().map_or(0, Vec::len) as u64).to_le_bytes());
        out.extend([0xff; 8]);
        out
    }
}

/// A parameter of each piece of code: `struct kernel_param` is name, module, operations,
/// permissions, value (`include/linux/moduleparam.h`).
pub fn parameters<'a>(elf: &mut Elf, code: impl IntoIterator<Item = &'a str>) {
    let (mut parameters, mut texts) = (Vec::new(), Vec::new());
    for name in code {
        let name_at = PARAMETERS_AT + texts.len() as u64;
        for word in [name_at, 0, 0x10_0000, 0o444, 0x10_0000] {
            parameters.extend(u64::to_le_bytes(word));
        }
        texts.extend(format!("{name}.level\0").bytes());
    }
    elf.section_at(".init.rodata", PROGBITS, ALLOC, PARAMETERS_AT, &texts);
    elf.section_at("__param", PROGBITS, ALLOC, PARAMETERS_AT + 0x8_0000, &parameters);
}

/// The sum of a symbol: the same in every forged kernel and module.
#[must_use]
pub fn sum(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |sum, b| (sum ^ u32::from(b)).wrapping_mul(0x0100_0193))
}

/// Type information (`Documentation/bpf/btf.rst`): an integer, and `struct module` with its size.
#[must_use]
pub fn types() -> Vec<u8> {
    let types = [1, 1 << 24, 4, 32, 5, 4 << 24, STRUCT_MODULE as u32];
    btf(&types, STRINGS)
}

/// The names of the kernel's types.
const STRINGS: &[u8] = b"\0u32\0module\0";

/// Type information of a module: a structure with a name of its own and a member of the kernel's integer,
/// made against a kernel whose strings are so many bytes longer.
#[must_use]
pub fn further_types(longer: u32) -> Vec<u8> {
    let own = STRINGS.len() as u32 + longer;
    btf(&[own, 4 << 24 | 1, 4, own + 5, 1, 0], b"demo\0value\0")
}

fn btf(types: &[u32], strings: &[u8]) -> Vec<u8> {
    let length = 4 * types.len() as u32;
    let mut out = vec![0x9f, 0xeb, 1, 0];
    for word in [24, 0, length, length, strings.len() as u32].iter().chain(types) {
        out.extend(word.to_le_bytes());
    }
    out.extend(strings);
    out
}
