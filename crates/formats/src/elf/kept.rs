//! The bytes of a module that its survey is drawn from, and nothing else of it.
//!
//! Code, data, relocations and local symbols decide about no loading. Whoever keeps only what is named
//! here must survey it again and compare: a file made for it can hide what is read anywhere.

use core::ops::Range;

use crate::elf::header::Section;
use crate::elf::layout::{Class, Order};
use crate::elf::survey::Survey;
use crate::elf::text::until_nul;
use crate::modsig::{Appended, Signature, TRAILER};
use crate::reader::{index, wide};

/// Sections that are read.
const READ: [&[u8]; 13] = [
    b".modinfo",
    b".gnu.linkonce.this_module",
    b"__versions",
    b"__version_ext_crcs",
    b"__version_ext_names",
    b"__ksymtab",
    b"__ksymtab_gpl",
    b"__kcrctab",
    b"__kcrctab_gpl",
    b"__kflagstab",
    b"__ksymtab_strings",
    b".note.gnu.build-id",
    b".shstrtab",
];
/// Names of symbols by which a module says what it offers.
const OFFERS: [&[u8]; 3] = [b"__ksymtab_", b"__kstrtab", b"__crc_"];

/// Offset and length of what is read of a module of `length` bytes, in order, nothing twice.
#[must_use]
pub fn pieces(survey: &Survey, appended: &Appended, length: usize) -> Vec<(u64, u64)> {
    let table = wide(survey.layout.section_size());
    let table = table.saturating_mul(u64::from(survey.header.section_count));
    let mut kept = vec![(0, wide(survey.layout.header_size()))];
    kept.push((survey.header.section_offset, table));
    // The types of its own modules a kernel takes; there are many of them, and much of it.
    let foreign = survey.modinfo().and_then(|info| info.get("intree")) != Some(b"Y");
    let mut keep = |section: &Section| kept.push((section.offset, section.size));
    for (n, section) in survey.sections.iter().enumerate() {
        let name = survey.section_name(n);
        if READ.contains(&name) || (foreign && matches!(name, b".BTF" | b".BTF.base")) {
            keep(section);
        }
    }
    for section in [symbols(survey), names(survey)].into_iter().flatten() {
        keep(section);
    }
    let end = match appended {
        Appended::Nothing => length,
        Appended::MarkerOnly { before } => *before,
        Appended::Signature(Signature { pkcs7: Some(span), .. }) => span.start,
        Appended::Signature(signature) => signature.without_marker.saturating_sub(TRAILER),
    };
    kept.push((wide(end), wide(length.saturating_sub(end))));
    kept.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::new();
    for (start, size) in kept {
        let start = start.min(wide(length));
        let end = start.saturating_add(size).min(wide(length));
        match merged.last_mut() {
            Some((from, size)) if from.saturating_add(*size) >= start => {
                *size = (*size).max(end.saturating_sub(*from));
            }
            _ if end > start => merged.push((start, end.saturating_sub(start))),
            _ => {}
        }
    }
    merged
}

fn symbols(survey: &Survey) -> Option<&Section> {
    survey.sections.get(usize::from(survey.symbol_table?))
}

fn names(survey: &Survey) -> Option<&Section> {
    survey.sections.get(index(u64::from(symbols(survey)?.link)))
}

/// The module with zeros for local symbols and their names. `None` where there is nothing to leave
/// out, or its tables do not lie in it.
#[must_use]
pub fn without_locals(survey: &Survey, module: &[u8]) -> Option<Vec<u8>> {
    let layout = survey.layout;
    if layout.class == Class::Elf32 {
        return None;
    }
    let (symbols, strings) = (span(symbols(survey)?)?, span(names(survey)?)?);
    let text = module.get(strings.clone())?;
    let mut out = module.to_vec();
    let mut kept: Vec<Range<usize>> = Vec::new();
    let mut farthest = 0;
    for entry in out.get_mut(symbols.clone())?.chunks_exact_mut(layout.symbol_size()) {
        let name = layout.u32(entry, 0);
        farthest = name.max(farthest);
        let section = layout.u16(entry, 6);
        let start = index(u64::from(name));
        let said = until_nul(text.get(start..).unwrap_or_default());
        if section == 0
            || section >= survey.header.section_count
            || OFFERS.iter().any(|offers| said.starts_with(offers))
        {
            kept.push(start..start.saturating_add(said.len()));
        } else {
            // What it is called and where it lies; the section it is in stays.
            let (head, rest) = entry.split_at_mut_checked(6)?;
            head.fill(0);
            rest.get_mut(2..)?.fill(0);
        }
    }
    // How far the names reach is a fact of its own. The first entry is not read otherwise.
    let farthest = match layout.order {
        Order::Little => farthest.to_le_bytes(),
        Order::Big => farthest.to_be_bytes(),
    };
    out.get_mut(symbols)?.get_mut(..4)?.copy_from_slice(&farthest);
    let strings = out.get_mut(strings)?;
    // The last byte says whether the table is closed.
    strings.split_last_mut()?.1.fill(0);
    for name in kept {
        if let (Some(to), Some(from)) = (strings.get_mut(name.clone()), text.get(name)) {
            to.copy_from_slice(from);
        }
    }
    Some(out)
}

fn span(section: &Section) -> Option<Range<usize>> {
    let start = index(section.offset);
    Some(start..start.checked_add(index(section.size))?)
}
