//! Relocations of an x86-64 or arm64 module: what its loader would stumble over.
//!
//! Apart from the survey because a module that was recorded without its code cannot be asked. Sources: `apply_relocations` in
//! `kernel/module/main.c`, `arch/x86/kernel/module.c` (6.1 and 6.12), `arch/arm64/kernel/module.c` (6.12).

use crate::elf::header::{SHF_RELA_LIVEPATCH, SHT_NOBITS, SHT_RELA};
use crate::elf::layout::{ARM64, X86_64, range};
use crate::elf::survey::Survey;
use crate::reader::index;
use serde::{Deserialize, Serialize};

/// Bytes of one relocation with addend, 64 bits.
const ENTRY: usize = 24;

/// The first relocation that cannot be applied, in the order the kernel applies them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Obstacle {
    /// A relocation type that the loader does not know.
    UnknownType {
        /// The type.
        kind: u32,
    },
    /// The place to be written is not zero. Places written by an earlier relocation are not followed.
    TargetNotZero {
        /// The relocation's type.
        kind: u32,
        /// The section that would be written.
        section: u16,
        /// The offset in it, in bytes.
        offset: u64,
    },
}

/// Bytes that the loader of `machine` wants to be zero where it fills in a place of this kind: none, where it
/// does not look; `None`, where it does not know the kind.
const fn wanted_zero(machine: u16, kind: u32) -> Option<u64> {
    match (machine, kind) {
        (X86_64, 0) | (ARM64, 0 | 256..=280 | 282..=293 | 299) => Some(0),
        (X86_64, 1 | 24) => Some(8),
        (X86_64, 2 | 4 | 10 | 11) => Some(4),
        _ => None,
    }
}

/// Walks the relocations of `survey`'s file, `bytes`. Other machines than x86-64 and arm64 have none to tell.
#[must_use]
pub fn obstacle(survey: &Survey, bytes: &[u8]) -> Option<Obstacle> {
    let machine = survey.header.machine;
    if !matches!(machine, X86_64 | ARM64) {
        return None;
    }
    let unloaded = [
        survey.version_sections.allocated,
        survey.extended_crcs.allocated,
        survey.extended_names.allocated,
        survey.modinfo_sections.allocated,
    ];
    for relocations in survey.sections.iter().skip(1) {
        let target = survey.sections.get(index(u64::from(relocations.info)));
        let section = u16::try_from(relocations.info).ok();
        let (Some(target), Some(section)) = (target, section) else { continue };
        if relocations.kind != SHT_RELA
            || relocations.flags & SHF_RELA_LIVEPATCH != 0
            || !target.is_allocated()
            || unloaded.contains(&Some(section))
        {
            continue;
        }
        let image = match target.kind {
            SHT_NOBITS => &[],
            _ => range(bytes, target.offset, target.size).unwrap_or_default(),
        };
        for entry in relocations.data(bytes).unwrap_or_default().chunks_exact(ENTRY) {
            let offset = survey.layout.u64(entry, 0);
            let kind = survey.layout.u32(entry, 8);
            let Some(size) = wanted_zero(machine, kind) else {
                return Some(Obstacle::UnknownType { kind });
            };
            if range(image, offset, size).is_some_and(|place| place.iter().any(|b| *b != 0)) {
                return Some(Obstacle::TargetNotZero { kind, section, offset });
            }
        }
    }
    None
}
