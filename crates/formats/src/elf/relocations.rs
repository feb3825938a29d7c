//! Relocations of a 64-bit module: what its loader would stumble over.
//!
//! Apart from the survey because a module that was recorded without its code cannot be asked. Sources: `apply_relocations` in
//! `kernel/module/main.c`, `arch/{x86,arm64,riscv,s390}/kernel/module.c` and `arch/powerpc/kernel/module_64.c`
//! (6.1, 6.12 and 7.2).

use crate::elf::header::{SHF_RELA_LIVEPATCH, SHT_NOBITS, SHT_RELA};
use crate::elf::layout::{ARM64, Class, PPC64, RISCV, S390, S390_OLD, X86_64, range};
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

/// What the loaders of the module's machine stumble over. There are two where kernels of one machine differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Obstacles {
    /// The loader of most kernels: of riscv64 since 6.12, of ppc64 with a table of contents.
    pub usual: Option<Obstacle>,
    /// The other one: of riscv64 up to 6.1, of ppc64 with `CONFIG_PPC_KERNEL_PCREL`.
    pub other: Option<Obstacle>,
}

/// Bytes that a loader of `machine`, the usual or the other one, wants to be zero where it fills in a place of this
/// kind: none, where it does not look; `None`, where it does not know the kind, or refuses it.
const fn wanted_zero(machine: u16, other: bool, kind: u32) -> Option<u64> {
    match (machine, kind) {
        (ARM64, 0 | 256..=280 | 282..=293 | 299)
        | (RISCV, 1 | 2 | 16..=20 | 23..=28 | 35 | 36 | 39 | 40 | 44 | 45 | 51)
        | (PPC64, 1 | 10 | 26 | 38 | 44 | 118 | 250 | 252)
        | (S390 | S390_OLD, 0..=8 | 13..=36 | 57..=59)
        | (X86_64, 0) => Some(0),
        (RISCV, 33 | 34 | 37 | 38 | 52..=57 | 59..=61)
        | (PPC64, 47 | 48 | 50 | 51 | 63 | 64 | 109)
            if !other =>
        {
            Some(0)
        }
        (PPC64, 116 | 132 | 133) if other => Some(0),
        (X86_64, 1 | 24) => Some(8),
        (X86_64, 2 | 4 | 10 | 11) => Some(4),
        _ => None,
    }
}

/// Walks the relocations of `survey`'s file, `bytes`. Of other machines, and of 32 bits, there is nothing to tell.
#[must_use]
pub fn obstacles(survey: &Survey, bytes: &[u8]) -> Obstacles {
    let (machine, wide) = (survey.header.machine, matches!(survey.layout.class, Class::Elf64));
    match machine {
        X86_64 | ARM64 | S390 | S390_OLD if wide => {
            let usual = obstacle(survey, bytes, false);
            Obstacles { usual, other: usual }
        }
        RISCV | PPC64 if wide => Obstacles {
            usual: obstacle(survey, bytes, false),
            other: obstacle(survey, bytes, true),
        },
        _ => Obstacles::default(),
    }
}

/// Whether `N` bytes from `offset` are zero, or not all there.
#[inline]
fn is_zero<const N: usize>(image: &[u8], offset: u64) -> bool {
    let place = image.get(index(offset)..).and_then(|rest| rest.first_chunk());
    place.is_none_or(|place| *place == [0; N])
}

fn obstacle(survey: &Survey, bytes: &[u8], other: bool) -> Option<Obstacle> {
    let (machine, layout) = (survey.header.machine, survey.layout);
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
        let (entries, _) = relocations.data(bytes).unwrap_or_default().as_chunks::<ENTRY>();
        for entry in entries {
            let offset = layout.u64(entry, 0);
            // The lower half of `r_info`, wherever that half stands.
            let kind = u32::try_from(layout.u64(entry, 8) & 0xffff_ffff).unwrap_or_default();
            let Some(size) = wanted_zero(machine, other, kind) else {
                return Some(Obstacle::UnknownType { kind });
            };
            let taken = match size {
                4 => is_zero::<4>(image, offset),
                8 => is_zero::<8>(image, offset),
                _ => true,
            };
            if !taken {
                return Some(Obstacle::TargetNotZero { kind, section, offset });
            }
        }
    }
    None
}
