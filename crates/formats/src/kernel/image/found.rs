//! Tables of a kernel that keeps no section headers, found by their shape.
//!
//! An image that is only the kernel's memory (arm64, riscv, s390, ARM) names no sections, but the table of
//! exported symbols is like nothing else: entries of one size, whose names rise, since the kernel
//! searches it by halves. Behind it stand the sums, the flags since 7.0, and the names themselves,
//! without a gap; a table whose neighbours do not fit by their lengths is not taken. Type
//! information begins with a header of its own.
//! Sources: `include/asm-generic/vmlinux.lds.h` `RO_DATA`; `include/linux/export-internal.h`;
//! `kernel/module/main.c` `find_exported_symbol_in_section`; `Documentation/bpf/btf.rst`.

use super::exports::{Shape, is_name};
use super::layout::{Layout, Section};
use crate::kernel::btf::Parts;
use crate::limits::Limits;
use crate::reader::{index, wide};
use memchr::memmem;
use std::collections::BTreeMap;

/// Fewer entries in a row are taken for chance; kernels export thousands.
const FEWEST: usize = 32;
/// Tables lie this close together at most: `ALIGN(8)` between sections.
const SLACK: u64 = 8;
/// More entries than this before the first are no mistake of reading on backwards.
const TOO_MANY: u64 = 16;

/// A flat kernel with the sections of it that can be told.
pub(super) fn settled<'a>(flat: &Layout<'a>, limits: &Limits) -> Layout<'a> {
    let (base, mut found) = symbols(flat, limits).unwrap_or_default();
    found.extend(types(flat));
    flat.at(base, found)
}

/// Entries that lie in a row, their names rising.
#[derive(Clone, Copy)]
struct Run {
    start: u64,
    end: u64,
}

/// How far looking may go: entries that are read, whatever the image claims.
struct Search<'l, 'a> {
    layout: &'l Layout<'a>,
    shape: Shape,
    size: u64,
    left: usize,
}

impl<'a> Search<'_, 'a> {
    /// The name of the entry at `address`, if it is the shape of one.
    fn name(&mut self, address: u64) -> Option<&'a str> {
        self.left = self.left.checked_sub(1)?;
        let (name, space) = self.shape.names(self.layout, self.layout.from(address)?, address)?;
        let plain = |b: u8| b.is_ascii_graphic();
        (is_name(name) && space.bytes().all(plain)).then_some(name)
    }

    /// The rising row that goes on from `address`.
    fn from(&mut self, address: u64) -> Option<Run> {
        let mut last = self.name(address)?;
        let mut end = address.checked_add(self.size)?;
        while let Some(name) = self.name(end).filter(|name| *name > last) {
            last = name;
            end = end.checked_add(self.size)?;
        }
        let run = Run { start: address, end };
        (self.count(run) >= FEWEST).then_some(run)
    }

    /// The same row with what stands before it.
    fn whole(&mut self, mut run: Run) -> Option<Run> {
        let mut first = self.name(run.start)?;
        while let Some(before) = run.start.checked_sub(self.size)
            && let Some(name) = self.name(before).filter(|name| *name < first)
        {
            (first, run.start) = (name, before);
        }
        Some(run)
    }

    fn count(&self, run: Run) -> usize {
        index(run.end.saturating_sub(run.start).checked_div(self.size).unwrap_or_default())
    }

    /// The lowest address behind `end` at which an entry has its name.
    fn strings(&self, runs: &[Run], end: u64) -> Option<u64> {
        let size = usize::try_from(self.size).ok()?;
        let entries = runs.iter().flat_map(|run| (run.start..run.end).step_by(size));
        let named = |at| self.shape.target(self.layout, self.layout.from(at)?, at, 1);
        entries.filter_map(named).filter(|target| *target >= end).min()
    }
}

/// The tables of symbols, and where the kernel lies in memory that has them.
fn symbols<'a>(flat: &Layout<'a>, limits: &Limits) -> Option<(u64, Vec<Section<'a>>)> {
    [true, false].into_iter().find_map(|relative| {
        let shape = Shape { relative, namespaced: true };
        let base = if relative { 0 } else { base(flat)? };
        let layout = &flat.at(base, Vec::new());
        let size = wide(shape.size(layout)?);
        let mut search = Search { layout, shape, size, left: limits.items.saturating_mul(4) };
        let field = shape.field(layout);
        let names = base.checked_add(wide(field))?;
        // Every word that could be where an entry names itself: a text begins where it leads.
        for at in (0..).step_by(field).map_while(|at| names.checked_add(at)) {
            let target = match layout.from(at)? {
                word if relative => at.wrapping_add_signed(layout.u32(word)?.cast_signed().into()),
                word => layout.word(word)?,
            };
            let begins = |target: u64| {
                let before = layout.from(target.checked_sub(1)?)?;
                Some(matches!(before, [0, letter, ..] if *letter != 0))
            };
            if target == at || begins(target) != Some(true) {
                continue;
            }
            let Some(run) = search.from(at.saturating_sub(wide(field))) else { continue };
            let first = search.whole(run)?;
            let second = search.from(first.end);
            if let Some(found) = neighbours(&search, first, second) {
                return Some((base, found));
            }
        }
        None
    })
}

/// The tables, if what lies between them and the names is as long as sums and flags are.
fn neighbours<'a>(
    search: &Search<'_, 'a>,
    mut first: Run,
    second: Option<Run>,
) -> Option<Vec<Section<'a>>> {
    let runs: Vec<Run> = [Some(first), second].into_iter().flatten().collect();
    let end = runs.last()?.end;
    let gap = search.strings(&runs, end)?.checked_sub(end)?;
    let all = wide(runs.iter().map(|run| search.count(*run)).sum());
    let section = |name, address: u64, length: u64| {
        let bytes = search.layout.from(address)?.get(..index(length))?;
        Some(Section { name, address, bytes })
    };
    let (sums, flags) = match second {
        // Without versions the names follow at once.
        Some(_) if gap < SLACK => (0, 0),
        // Reading backwards may have gone on into what only looked like an entry.
        Some(_) if gap.checked_rem(4) == Some(0) => {
            let false_ones = all.checked_sub(gap / 4).filter(|n| *n <= TOO_MANY)?;
            first.start = first.start.checked_add(false_ones.checked_mul(search.size)?)?;
            (4, 0)
        }
        None if gap.checked_sub(all)? < SLACK => (0, 1),
        None if gap.checked_sub(all.checked_mul(5)?)? < SLACK => (4, 1),
        _ => return None,
    };
    let mut found = Vec::new();
    let mut at = end;
    let tables = [("__ksymtab", "__kcrctab"), ("__ksymtab_gpl", "__kcrctab_gpl")];
    let runs: Vec<Run> = [Some(first), second].into_iter().flatten().collect();
    for (run, (symbols, crcs)) in runs.iter().zip(tables) {
        let count = wide(search.count(*run));
        found.push(section(symbols, run.start, run.end.checked_sub(run.start)?)?);
        let length = count.checked_mul(sums)?;
        if length > 0 {
            found.push(section(crcs, at, length)?);
            at = at.checked_add(length)?;
        }
    }
    if flags > 0 {
        found.push(section("__kflagstab", at, all)?);
    }
    Some(found)
}

/// Names that every kernel exports.
const COMMON: [&[u8]; 12] = [
    b"\0kfree\0",
    b"\0vfree\0",
    b"\0jiffies\0",
    b"\0memcpy\0",
    b"\0strlen\0",
    b"\0_printk\0",
    b"\0panic\0",
    b"\0module_layout\0",
    b"\0kmem_cache_alloc\0",
    b"\0schedule\0",
    b"\0mutex_lock\0",
    b"\0sprintf\0",
];
/// How many places of each name are looked at, and how many names must agree.
const PLACES: usize = 8;
const AGREE: u32 = 4;

/// Where the image lies in memory: a multiple of a page with which words of the image lead to the
/// most names. Relocatable kernels are linked to some place, too.
fn base(layout: &Layout<'_>) -> Option<u64> {
    const PAGE: u64 = 0xfff;
    let mut places: BTreeMap<u64, Vec<(u64, u32)>> = BTreeMap::new();
    for (name, number) in COMMON.iter().zip(0_u32..) {
        for at in memmem::find_iter(layout.whole(), name).take(PLACES) {
            let at = wide(at).saturating_add(1);
            places.entry(at & PAGE).or_default().push((at, 1_u32.checked_shl(number)?));
        }
    }
    let mut bases: BTreeMap<u64, u32> = BTreeMap::new();
    for word in layout.whole().chunks_exact(layout.word_size()) {
        let word = layout.word(word)?;
        for (at, name) in places.get(&(word & PAGE)).into_iter().flatten() {
            if let Some(base) = word.checked_sub(*at).filter(|base| *base != 0) {
                *bases.entry(base).or_default() |= name;
            }
        }
    }
    let (base, names) = bases.into_iter().max_by_key(|(_, names)| names.count_ones())?;
    (names.count_ones() >= AGREE).then_some(base)
}

/// The kernel's type information: the first header whose parts lie end to end and hold a structure `module`.
fn types<'a>(layout: &Layout<'a>) -> Option<Section<'a>> {
    let little = b"\x9f\xeb\x01\x00\x18\x00\x00\x00";
    let big = b"\xeb\x9f\x01\x00\x00\x00\x00\x18";
    let header = if layout.little { little } else { big };
    memmem::find_iter(layout.whole(), header).take(PLACES).find_map(|at| {
        let bytes = layout.whole().get(at..)?;
        let number = |at: usize| bytes.get(at..).and_then(|bytes| layout.u32(bytes));
        let (types, strings) = (number(12)?, number(20)?);
        let end = 24_u64.checked_add(types.into())?.checked_add(strings.into())?;
        let bytes = bytes.get(..index(end))?;
        let together = number(8) == Some(0) && number(16) == Some(types);
        let whole =
            together && Parts::of(bytes).is_some_and(|btf| btf.structure_size(b"module").is_some());
        whole.then_some(Section { name: ".BTF", address: wide(at), bytes })
    })
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "sizes of the forged kernels are small")]
mod tests {
    use super::super::{Container, read};
    use crate::limits::Limits;
    use crate::reader::wide;

    /// How the forged kernel is made.
    #[derive(Clone, Copy)]
    struct Made {
        relative: bool,
        wide: bool,
        little: bool,
        versions: bool,
        flags: bool,
    }

    const ARM64: Made =
        Made { relative: true, wide: true, little: true, versions: true, flags: false };

    fn names() -> [Vec<String>; 2] {
        let mut plain: Vec<String> = (0..40).map(|n| format!("p{n:02}")).collect();
        plain.extend(["jiffies", "kfree", "memcpy", "panic", "vfree"].map(str::to_owned));
        plain.sort();
        [plain, (0..40).map(|n| format!("a{n:02}")).collect()]
    }

    /// The memory of a kernel: banner, types, and the tables one behind the other.
    fn memory(made: Made) -> Vec<u8> {
        let number = |value: u64, bytes: usize| {
            let all = value.to_le_bytes();
            let mut kept = all[..bytes].to_vec();
            if !made.little {
                kept.reverse();
            }
            kept
        };
        let base = if made.wide { 0xffff_8000_0000_0000 } else { 0xc000_8000_u64 };
        let field = if made.relative || !made.wide { 4 } else { 8 };
        let mut out = vec![0xee_u8; 0x1000];
        out[..64].fill(0);
        out[0x38..0x3c].copy_from_slice(b"ARM\x64");
        let banner = b"\0Linux version 6.12.1 (b) #2 SMP\0\x006.12.1 SMP mod_unload aarch64\0";
        out[0x100..0x100 + banner.len()].copy_from_slice(banner);
        let mut runs = names().to_vec();
        if made.flags {
            let mut all = runs.concat();
            all.sort();
            runs = vec![all];
        }
        let count: usize = runs.iter().map(Vec::len).sum();
        let entries = 0x1000 + 3 * field * count;
        let sums = if made.versions { 4 * count } else { 0 };
        let flags = if made.flags { count } else { 0 };
        let strings = wide(entries + sums + flags);
        let text: Vec<u8> = runs.concat().iter().flat_map(|n| n.bytes().chain([0])).collect();
        let (mut at, mut name) = (0x1000, strings);
        for one in runs.concat() {
            // A namespace of no letters may be the end of any text.
            for (n, target) in [0x800, name, name + wide(one.len())].into_iter().enumerate() {
                let here = wide(at + n * field);
                let value = if made.relative { target.wrapping_sub(here) } else { base + target };
                out.extend(number(value, field));
            }
            at += 3 * field;
            name += wide(one.len() + 1);
        }
        for n in 0..(sums / 4) {
            out.extend(number(0xaaaa_0000 + wide(n), 4));
        }
        out.extend(runs.concat().iter().take(flags).map(|n| u8::from(n.starts_with('a'))));
        out.extend(text);
        // A structure of that name, 896 bytes.
        let strings = b"\0module\0";
        let (magic, word) = (number(0xeb9f, 2), |n: u64| number(n, 4));
        let parts = [24, 0, 12, 12, wide(strings.len())].map(word).concat();
        let kind = [1, 4 << 24, 896].map(word).concat();
        out.extend([magic, vec![1, 0], parts, kind, strings.to_vec()].concat());
        out
    }

    fn packed(bytes: &[u8]) -> Vec<u8> {
        zstd::bulk::compress(bytes, 3).unwrap()
    }

    fn right(image: &[u8], made: Made) {
        let got = read(image, &Limits::DEFAULT).unwrap().value;
        assert_eq!(got.struct_module_size, Some(896));
        let exports = got.exports.unwrap();
        let mut found: Vec<&str> = exports.iter().map(|e| e.name.as_str()).collect();
        found.sort_unstable();
        let mut all = names().concat();
        all.sort();
        assert_eq!(found, all);
        assert!(exports.iter().all(|e| e.gpl_only == e.name.starts_with('a')));
        assert!(exports.iter().all(|e| e.namespace.is_none()));
        let sums = (0..).map(|n| made.versions.then_some(0xaaaa_0000_u32 + n));
        assert!(exports.iter().map(|e| e.crc).zip(sums).all(|(found, sum)| found == sum));
    }

    #[test]
    fn tables_are_found_however_they_are_written() {
        for made in [
            ARM64,
            Made { versions: false, ..ARM64 },
            Made { flags: true, ..ARM64 },
            Made { flags: true, versions: false, ..ARM64 },
            Made { relative: false, ..ARM64 },
            Made { relative: false, versions: false, flags: true, ..ARM64 },
        ] {
            right(&memory(made), made);
        }
    }

    #[test]
    fn a_loader_is_searched_for_its_kernel() {
        let s390 = Made { relative: false, little: false, ..ARM64 };
        let mut image = vec![0x40; 0x1_0008];
        // What only looks like a stream, as in the loader's own code.
        image.extend(b"S390EP\0\x01\x28\xb5\x2f\xfd\0\0 and \x1f\x8b\x08 no more");
        image.extend(packed(&memory(s390)));
        image.extend([0x40; 0x800]);
        right(&image, s390);
        assert_eq!(read(&image, &Limits::DEFAULT).unwrap().value.container, Container::S390);
        let arm = Made { relative: false, wide: false, ..ARM64 };
        let mut image = vec![0; 0x24];
        image.extend(0x016f_2818_u32.to_le_bytes());
        image.extend([0; 0x100]);
        image.extend(packed(&memory(arm)));
        image.extend([0; 64]);
        right(&image, arm);
        assert_eq!(read(&image, &Limits::DEFAULT).unwrap().value.container, Container::ZImage);
        assert!(read(&image[..0x100], &Limits::DEFAULT).is_err());
    }

    #[test]
    fn a_table_whose_neighbours_do_not_fit_is_not_taken() {
        // Between the entries and the names more was put than sums take.
        let mut image = memory(ARM64);
        let entries = 0x1000 + 12 * 85;
        image.splice(entries..entries, [0; 96]);
        let got = read(&image, &Limits::DEFAULT).unwrap().value;
        assert_eq!(got.exports, None);
    }
}
