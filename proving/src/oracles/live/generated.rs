//! Modules at random: valid and nearly valid, each from a seed and a number alone.
//!
//! A case is a row of steps. The same seed, number and row give the same bytes, so a disagreement is
//! made smaller by leaving steps out.

use crate::forge::key::Key;
use crate::forge::signature::{Form, message};
use crate::oracles::live::cases::{BASES, Case, shipped};
use crate::oracles::live::editing::Module;
use crate::oracles::live::nearly::{Random, Signature};
use xtask::kernels::Kernel;

/// Which steps a case is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The number of the case.
    pub number: usize,
    /// Its steps on the module, and those on the signature.
    pub steps: Vec<usize>,
}

impl Recipe {
    /// The whole row of steps of a case.
    #[must_use]
    pub fn of(seed: u64, number: usize) -> Self {
        let mut random = Random::of(seed, number, 0);
        let (contents, signature) = match random.below(8) {
            0 => (0, 0),
            1 | 2 => (1, 0),
            3 => (2, 0),
            4 | 5 => (0, 1),
            6 => (0, 2),
            _ => (1, 1),
        };
        let contents = 1..=contents;
        Self { number, steps: contents.chain(101..=100 + signature).collect() }
    }

    /// The rows that lack one step.
    #[must_use]
    pub fn smaller(&self) -> Vec<Self> {
        (0..self.steps.len())
            .map(|n| {
                let mut less = self.clone();
                less.steps.remove(n);
                less
            })
            .collect()
    }
}

/// Makes cases of the modules of one kernel.
#[derive(Clone, Debug)]
pub struct Generator {
    seed: u64,
    bases: Vec<(&'static str, Vec<u8>)>,
}

impl Generator {
    /// For a kernel and a seed.
    ///
    /// # Errors
    /// When the kernel has not the modules they are made of.
    pub fn new(kernel: &Kernel, seed: u64) -> Result<Self, String> {
        let bases: Result<_, String> =
            BASES.iter().map(|(name, file)| Ok((*name, shipped(kernel, file)?))).collect();
        Ok(Self { seed, bases: bases? })
    }

    /// The case of a recipe.
    ///
    /// # Errors
    /// When a signature cannot be forged.
    pub fn make(&self, recipe: &Recipe) -> Result<Case, String> {
        let mut random = Random::of(self.seed, recipe.number, 1000);
        let (base, file) = &self.bases[random.below(self.bases.len())];
        let mut module = Module::unsigned(file);
        let mut how = vec![(*base).to_owned()];
        for step in recipe.steps.iter().filter(|s| **s < 100) {
            how.push(change(&mut module, &mut Random::of(self.seed, recipe.number, *step)));
        }
        let signer = random.pick(&["none", "owner", "owner", "owner", "owner", "stranger"]);
        let on_signature: Vec<usize> = recipe.steps.iter().copied().filter(|s| *s > 100).collect();
        let bytes = match signer {
            "none" if on_signature.is_empty() => module.bytes,
            key => {
                let key = if key == "none" { "owner" } else { key };
                let digest = random.pick(&["sha256", "sha256", "sha256", "sha384", "sha512"]);
                let mut forms = vec![Form::Detached; 6];
                forms.push(Form::SignedAttributes);
                let form = random.pick(&forms);
                how.push(format!("signed by {key}, {digest}, {form:?}"));
                let message = message(&module.bytes, &Key::named(key)?, digest, form)?;
                let mut signature = Signature::of(message);
                let mut bytes = module.bytes;
                for step in on_signature {
                    let mut random = Random::of(self.seed, recipe.number, step);
                    how.push(signature.change(&mut random, &mut bytes)?);
                }
                signature.behind(bytes)
            }
        };
        let steps: Vec<String> = recipe.steps.iter().map(usize::to_string).collect();
        let name = format!("g{}_{}_{}", self.seed, recipe.number, steps.join("."));
        Ok(Case { name, how: how.join("; "), bytes, ..Case::default() })
    }
}

/// Sections that may be changed without changing code that will run.
const QUIET: [&str; 9] = [
    ".modinfo",
    "__versions",
    ".gnu.linkonce.this_module",
    ".symtab",
    ".strtab",
    ".shstrtab",
    ".comment",
    ".note.GNU-stack",
    ".note.Linux",
];

/// One change of a module; what it was, in words.
fn change(module: &mut Module, random: &mut Random) -> String {
    match random.below(9) {
        0 => {
            let (at, size) = random.pick(&[
                (4, 1),
                (5, 1),
                (6, 1),
                (7, 1),
                (0x10, 2),
                (0x12, 2),
                (0x14, 4),
                (0x20, 8),
                (0x28, 8),
                (0x30, 4),
                (0x34, 2),
                (0x38, 2),
                (0x3a, 2),
                (0x3c, 2),
                (0x3e, 2),
            ]);
            let value = number(module, at, size, random);
            module.poke(at, &value.to_le_bytes()[..size]);
            format!("ELF header {at:#x} := {value:#x}")
        }
        1 => {
            let name = random.pick(&QUIET);
            let Some(section) = module.section(name) else { return "nothing".to_owned() };
            let (field, at, size) = random.pick(&[
                ("name", 0, 4),
                ("type", 4, 4),
                ("flags", 8, 8),
                ("offset", 0x18, 8),
                ("size", 0x20, 8),
                ("link", 0x28, 4),
                ("info", 0x2c, 4),
                ("align", 0x30, 8),
                ("entsize", 0x38, 8),
            ]);
            if name == ".gnu.linkonce.this_module" && ["offset", "size"].contains(&field) {
                // 6.1 would run through what lies there instead.
                return "nothing".to_owned();
            }
            let value = number(module, section.header + at, size, random);
            module.poke(section.header + at, &value.to_le_bytes()[..size]);
            format!("{name} {field} := {value:#x}")
        }
        2 | 3 => information(module, random),
        4 => {
            let versions = module.versions();
            let Some((at, name)) = versions.get(random.below(versions.len())).cloned() else {
                return "nothing".to_owned();
            };
            let at = at + random.pick(&[0, 1, 3, 8, 9]);
            let byte = module.bytes.get(at).map_or(0, |byte| byte ^ (1 << random.below(8)));
            module.poke(at, &[byte]);
            format!("version of {name}, byte {at:#x}")
        }
        5 => {
            let name =
                random.pick(&["", "a", "denied_name", "printk", "kernel", "crc_itu_t", "x-y"]);
            module.rename(name);
            format!("named {name:?}")
        }
        6 => {
            let contents = module.contents(".gnu.linkonce.this_module");
            // Much less, and 6.1 runs through what lies behind it.
            let length = contents.len().saturating_add_signed(random.pick(&[-64, -8, 8, 64]));
            let mut contents = contents;
            contents.resize(length, 0);
            module.replace(".gnu.linkonce.this_module", &contents);
            format!("this_module of {length} bytes")
        }
        7 => {
            let length = random.below(module.bytes.len());
            module.bytes.truncate(length);
            format!("cut to {length} bytes")
        }
        _ => {
            let name =
                random.pick(&["__fentry__", "__x86_return_thunk", "_printk", "module_layout"]);
            module.rename_symbol(name);
            format!("symbol {name} renamed")
        }
    }
}

/// A number near the one that is there, or far from it.
fn number(module: &Module, at: usize, size: usize, random: &mut Random) -> u64 {
    let there = module.bytes.get(at..at + size).unwrap_or_default();
    let there = there.iter().rev().fold(0_u64, |n, b| n << 8 | u64::from(*b));
    let many = random.number();
    random.pick(&[
        0,
        1,
        2,
        there.wrapping_add(1),
        there.wrapping_sub(1),
        there.wrapping_add(64),
        there ^ 1 << (many % (8 * size as u64)),
        u64::MAX,
        many,
    ])
}

/// Module information at random.
fn information(module: &mut Module, random: &mut Random) -> String {
    let vermagic = module.informed("vermagic");
    let other = vermagic.replacen("mod_unload", "mod_unlaod", 1);
    let shorter = vermagic.trim_end().to_owned();
    let (key, value) = random.pick(&[
        ("vermagic", Some(other.as_str())),
        ("vermagic", Some(shorter.as_str())),
        ("vermagic", Some("1.2.3 SMP preempt mod_unload modversions ")),
        ("vermagic", None),
        ("vermagic", Some("")),
        ("intree", None),
        ("intree", Some("N")),
        ("staging", Some("Y")),
        ("livepatch", Some("Y")),
        ("livepatch", Some("N")),
        ("test", Some("Y")),
        ("license", Some("GPL v2")),
        ("license", Some("Dual BSD/GPL")),
        ("license", Some("gpl")),
        ("license", Some("Proprietary")),
        ("license", Some("")),
        ("license", None),
        ("name", None),
        ("name", Some("denied_name")),
        ("import_ns", Some("DMA_BUF")),
        ("retpoline", None),
        ("depends", Some("nobody")),
        ("srcversion", Some("0")),
    ]);
    if random.below(4) == 0 && value.is_some() {
        // A second row behind the first.
        let mut rows = module.modinfo();
        rows.push(format!("{key}={}", value.unwrap_or_default()));
        module.set_modinfo(&rows);
        return format!("modinfo {key}={value:?} again");
    }
    module.inform(key, value);
    format!("modinfo {key}={value:?}")
}
