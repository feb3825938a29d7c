//! Notes of an ELF file: the build id that a linker leaves.
//!
//! Source: System V ABI, note section; `NT_GNU_BUILD_ID` (`include/uapi/linux/elf.h`,
//! `lib/buildid.c`). The kernel shows the section of a loaded module as it is
//! (`/sys/module/NAME/notes/.note.gnu.build-id`).

use super::layout::Layout;

/// `NT_GNU_BUILD_ID`.
const BUILD_ID: u32 = 3;
/// Notes that are looked at. Modules have one or two in a section.
const MOST: usize = 64;

/// The build id in a section of notes.
#[must_use]
pub fn build_id(section: &[u8], layout: Layout) -> Option<&[u8]> {
    let mut rest = section;
    for _ in 0..MOST {
        let field = |at| usize::try_from(layout.u32(rest, at)).ok();
        let (name_size, size) = (field(0)?, field(4)?);
        let kind = layout.u32(rest, 8);
        let body = rest.get(12..)?;
        let name = body.get(..name_size)?;
        let data = body.get(name_size.checked_next_multiple_of(4)?..)?;
        if kind == BUILD_ID && name == b"GNU\0" && size > 0 {
            return data.get(..size);
        }
        rest = data.get(size.checked_next_multiple_of(4)?..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_id_is_found_behind_another_note() {
        // `readelf -n` shows both: an ABI note of owner GNU, then the build id.
        let layout = Layout::of(b"\x7fELF\x02\x01");
        let other = [4u32.to_le_bytes(), 4u32.to_le_bytes(), 1u32.to_le_bytes()].concat();
        let own = [4u32.to_le_bytes(), 5u32.to_le_bytes(), 3u32.to_le_bytes()].concat();
        let section = [&other[..], b"GNU\0abcd", &own, b"GNU\0\x01\x02\x03\x04\x05\0\0\0"].concat();
        assert_eq!(build_id(&section, layout), Some(&[1u8, 2, 3, 4, 5][..]));
        assert_eq!(build_id(&section[..section.len() - 4], layout), None);
        assert_eq!(build_id(b"", layout), None);
    }
}
