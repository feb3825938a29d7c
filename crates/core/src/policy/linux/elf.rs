//! How this kernel looks a module's ELF file over.

use super::Ground;
use crate::elf_rules::rules::Rules;
use crate::fact::Fact;
use crate::fact::step::{Step, draw};
use crate::proof::{Claim, Question, Rule, Why, gap, text};
use crate::tables::behaviours::Point;
use alloc::format;
use alloc::vec::Vec;
use loadworthy_formats::elf::layout::{ARM64, Class, PPC64, RISCV, S390, X86_64};

/// `e_machine` and word size by the configuration option of the architecture
/// (`arch/*/include/asm/elf.h`, `ELF_ARCH` and `ELF_CLASS`),
/// and its name in the tables.
const MACHINES: [(&str, u16, Class, &str); 8] = [
    ("X86_64", X86_64, Class::Elf64, "x86_64"),
    ("X86_32", 3, Class::Elf32, "x86"),
    ("ARM64", ARM64, Class::Elf64, "arm64"),
    ("ARM", 40, Class::Elf32, "arm"),
    ("PPC64", PPC64, Class::Elf64, "ppc64"),
    ("S390", S390, Class::Elf64, "s390x"),
    ("ARCH_RV64I", RISCV, Class::Elf64, "riscv64"),
    ("LOONGARCH", 258, Class::Elf64, "loong64"),
];

/// The architecture that the configuration names: option, `e_machine`, word size, name in the tables.
fn machine(ground: &Ground<'_>) -> Fact<Option<(&'static str, u16, Class, &'static str)>> {
    let known: Vec<&str> = MACHINES.iter().map(|(option, ..)| *option).collect();
    ground.configured(&known, |c| {
        let found = MACHINES.iter().find(|(option, ..)| c.is_yes(option));
        let said =
            found.map_or_else(|| "no architecture known".into(), |(o, ..)| format!("CONFIG_{o}=y"));
        (found.copied(), said)
    })
}

/// The name of the architecture in the tables, where it is known.
pub(super) fn architecture(ground: &Ground<'_>) -> Option<&'static str> {
    static RULE: Rule = Rule {
        name: "linux/architecture",
        source: "linux, arch/*/Kconfig; arch/*/include/asm/elf.h",
    };
    Step::of(&RULE).consult(&machine(ground)).ok().copied().flatten().map(|(.., name)| name)
}

pub(super) fn rules(ground: &Ground<'_>) -> Fact<Rules> {
    static RULE: Rule = Rule {
        name: "linux/elf-rules",
        source: "linux, kernel/module/main.c; arch/*/include/asm/elf.h",
    };
    draw(&RULE, |step| {
        let style = step.consult(&ground.behaviour(Point::ElfStyle))?.clone();
        let base = match &*style {
            "5.10" => Rules::V5_10,
            "5.19" => Rules::V6_1,
            "6.4" => Rules::V6_4,
            "6.12" => Rules::V6_12,
            "6.14" => Rules::V6_14,
            "7.0" => Rules::V7,
            _ => {
                let row = text(format!("linux/behaviours.toml, elf-style {style}"));
                return Err(gap(Question::KernelBehaviour, Why::NoRow(row)));
            }
        };
        let Some((_, machine, class, _)) = *step.consult(&machine(ground))? else {
            return Err(gap(Question::KernelConfig, Why::NoRow(text("architectures"))));
        };
        let strict = *step.consult(&ground.option("STRICT_MODULE_RWX"))?;
        let mut rules = base.on(machine, class);
        rules.strict_rwx = strict;
        // Not known is not refused here; the check asks again where it matters.
        if let Ok(size) = step.consult(&ground.host.module_struct_size) {
            rules = rules.with_struct_module(Some(*size));
        }
        Ok((rules, Claim::ElfSound))
    })
}
