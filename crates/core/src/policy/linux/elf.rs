//! How this kernel looks a module's ELF file over.

use super::Ground;
use crate::elf_rules::rules::Rules;
use crate::fact::Fact;
use crate::fact::step::draw;
use crate::proof::{Claim, Question, Rule, Why, gap, text};
use crate::tables::behaviours::Point;
use alloc::format;
use alloc::vec::Vec;
use loadworthy_formats::elf::layout::Class;

/// `e_machine` and word size by the configuration option of the architecture
/// (`arch/*/include/asm/elf.h`, `ELF_ARCH` and `ELF_CLASS`).
const MACHINES: [(&str, u16, Class); 8] = [
    ("X86_64", 62, Class::Elf64),
    ("X86_32", 3, Class::Elf32),
    ("ARM64", 183, Class::Elf64),
    ("ARM", 40, Class::Elf32),
    ("PPC64", 21, Class::Elf64),
    ("S390", 22, Class::Elf64),
    ("ARCH_RV64I", 243, Class::Elf64),
    ("64BIT_LOONGARCH", 258, Class::Elf64),
];

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
        let known: Vec<&str> = MACHINES.iter().map(|(option, ..)| *option).collect();
        let machine = ground.configured(&known, |c| {
            let found = MACHINES.iter().find(|(option, ..)| c.is_yes(option));
            (
                found.copied(),
                found.map_or_else(
                    || "no architecture known".into(),
                    |(o, ..)| format!("CONFIG_{o}=y"),
                ),
            )
        });
        let Some((_, machine, class)) = *step.consult(&machine)? else {
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
