//! Sizes of structures, out of `.BTF`.
//!
//! Source: `Documentation/bpf/btf.rst`, `include/uapi/linux/btf.h`.

use super::layout::Layout;
use crate::reader::index;

/// `BTF_KIND_STRUCT`
const STRUCT: u32 = 4;

/// The size in bytes of the structure of this name; `None` when it cannot be found.
pub(super) fn structure_size(layout: &Layout<'_>, btf: &[u8], wanted: &[u8]) -> Option<u64> {
    // 1. Header: magic, version, flags, its own length; then type and string areas.
    let number = |at: usize| btf.get(at..).and_then(|bytes| layout.u32(bytes));
    if !matches!(btf, [0x9f, 0xeb, ..] | [0xeb, 0x9f, ..]) {
        return None;
    }
    let after = btf.get(index(number(4)?.into())..)?;
    let area =
        |offset: u32, length: u32| after.get(index(offset.into())..)?.get(..index(length.into()));
    let mut types = area(number(8)?, number(12)?)?;
    let strings = area(number(16)?, number(20)?)?;
    // 2. Types: name, kind with member count, size; then what the kind brings along.
    while let [_, _, _, _, ..] = types {
        let name = layout.u32(types)?;
        let what = layout.u32(types.get(4..)?)?;
        let kind = what >> 24 & 0x1f;
        let members = index((what & 0xffff).into());
        if kind == STRUCT {
            let rest = strings.get(index(name.into())..).unwrap_or_default();
            if rest.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(&[0])) {
                return layout.u32(types.get(8..)?).map(u64::from);
            }
        }
        let more = match kind {
            2 | 7..=12 | 16 | 18 => 0,
            1 | 14 | 17 => 4,
            3 => 12,
            STRUCT | 5 | 15 | 19 => members.checked_mul(12)?,
            6 | 13 => members.checked_mul(8)?,
            _ => return None,
        };
        types = types.get(12..)?.get(more..)?;
    }
    None
}
