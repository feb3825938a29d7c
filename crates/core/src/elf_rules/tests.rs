//! Lines that real 6.1 and 6.12 kernels logged for files broken in the same way.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use alloc::{format, vec};

use loadworthy_formats::elf::survey::survey;
use loadworthy_formats::limits::Limits;

use crate::elf_rules::late::{refused_symbols, symbol_line, writable_executable};
use crate::elf_rules::rules::Rules;
use crate::elf_rules::validity::validity;

/// Offset of the section headers in the file below.
const HEADERS: usize = 0x200;

/// A 64-bit little-endian module `toy`: `.modinfo`, `.gnu.linkonce.this_module`, `.symtab`, `.strtab`, `.shstrtab`.
fn toy() -> Vec<u8> {
    let mut file = vec![0; HEADERS];
    let names = b"\0.modinfo\0.gnu.linkonce.this_module\0.symtab\0.strtab\0.shstrtab\0";
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    file[16..20].copy_from_slice(&[1, 0, 62, 0]);
    file[40..48].copy_from_slice(&0x200_u64.to_le_bytes());
    file[58..64].copy_from_slice(&[64, 0, 6, 0, 5, 0]);
    file[0x40..0x49].copy_from_slice(b"name=toy\0");
    file[0x58..0x5b].copy_from_slice(b"toy");
    file[0x100..0x100 + names.len()].copy_from_slice(names);
    let all = u64::try_from(names.len()).unwrap();
    let sections: [(u32, u32, u64, u64, u64, u32); 6] = [
        (0, 0, 0, 0, 0, 0),
        (1, 1, 2, 0x40, 9, 0),
        (10, 1, 3, 0x40, 0x60, 0),
        (36, 2, 0, 0xa0, 48, 4),
        (44, 3, 0, 0xd0, 8, 0),
        (52, 3, 0, 0x100, all, 0),
    ];
    // Symbol 1: `oops`, of a common block; its name at 1 of `.strtab`.
    file[0xb8] = 1;
    file[0xbc] = 0x11;
    file[0xbe..0xc0].copy_from_slice(&[0xf2, 0xff]);
    file[0xd1..0xd5].copy_from_slice(b"oops");
    for (name, kind, flags, offset, size, link) in sections {
        file.extend(name.to_le_bytes());
        file.extend(kind.to_le_bytes());
        for value in [flags, 0, offset, size] {
            file.extend(value.to_le_bytes());
        }
        file.extend(link.to_le_bytes());
        file.extend([0; 20]);
    }
    file
}

fn section(n: usize, field: usize) -> usize {
    HEADERS + n * 64 + field
}

/// What a kernel of `rules` logs about the toy after `at` was overwritten.
fn said(rules: Rules, at: usize, bytes: &[u8]) -> String {
    let mut file = toy();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    verdict(rules, &file)
}

fn verdict(rules: Rules, file: &[u8]) -> String {
    let s = survey(file, &Limits::DEFAULT).value;
    match validity(&s, u64::try_from(file.len()).unwrap(), &rules) {
        Ok(()) => "taken".to_string(),
        Err(defect) => defect.lines(&s, &rules).join("|"),
    }
}

const ALL: [Rules; 6] =
    [Rules::V5_10, Rules::V6_1, Rules::V6_4, Rules::V6_12, Rules::V6_14, Rules::V7];

#[test]
fn a_sound_module_is_taken_by_all() {
    for rules in ALL {
        assert_eq!(said(rules.with_struct_module(Some(0x60)), 0, b"\x7fELF"), "taken", "{rules:?}");
        // No kernel looks at the byte order that the identification claims.
        assert_eq!(said(rules, 5, &[2]), "taken");
    }
}

#[test]
fn the_header_is_judged_first() {
    for rules in &ALL[1..] {
        assert_eq!(verdict(*rules, b"\x7fELF"), "Invalid ELF header len 4");
        assert_eq!(said(*rules, 0, b"text"), "Invalid ELF header magic: != \\x7fELF");
        assert_eq!(said(*rules, 16, &[2]), "Invalid ELF header type: 2 != 1");
        assert_eq!(said(*rules, 18, &[183]), "Invalid architecture in ELF header: 183");
        assert_eq!(said(*rules, 58, &[40]), "Invalid ELF section header size");
        assert_eq!(said(*rules, 44, &[1]), "Invalid ELF section header overflow");
        assert_eq!(verdict(*rules, &toy()[..0x300]), "Invalid ELF section header overflow");
        assert_eq!(
            said(*rules, 62, &[0xf0, 0xff]),
            "Invalid ELF section name index: 65520 || e_shstrndx (65520) >= e_shnum (6)"
        );
        assert_eq!(
            said(*rules, 60, &[0]),
            "Invalid ELF section name index: 5 || e_shstrndx (5) >= e_shnum (0)"
        );
    }
    assert_eq!(said(Rules::V5_10, 16, &[2]), "Module has invalid ELF structures");
}

#[test]
fn sections_must_lie_in_the_file() {
    let outside = "Invalid ELF section in module (section 4 type 3)";
    let far = |rules| said(rules, section(4, 31), &[0xff]);
    assert_eq!(far(Rules::V6_1), outside);
    assert_eq!(far(Rules::V6_12), outside);
    assert_eq!(far(Rules::V5_10), format!("{outside}|Module has invalid ELF structures"));
    let names = |rules| said(rules, section(5, 31), &[0xff]);
    assert_eq!(names(Rules::V6_1), "Invalid ELF section hdr(type 3)");
    assert_eq!(names(Rules::V6_12), "Invalid ELF section in module (section 5 type 3)");
    let zero = "ELF Spec violation: section 0 type(1)!=SH_NULL or non-zero len or addr";
    assert_eq!(said(Rules::V6_1, section(0, 4), &[1]), zero);
}

#[test]
fn the_sections_a_module_needs() {
    let stripped = "toy: module has no symbols (stripped?)";
    for rules in [Rules::V6_1, Rules::V6_4, Rules::V6_12] {
        assert_eq!(said(rules, section(3, 4), &[1]), stripped);
    }
    let renamed = |rules| said(rules, section(2, 0), &[11]);
    assert_eq!(renamed(Rules::V6_1), "toy: No module found in object");
    let once = "module toy: Exactly one .gnu.linkonce.this_module section must exist.";
    // The line of 6.4 to 6.12.107, in their sources; 6.12.117 has the steps of 6.13.
    assert_eq!(renamed(Rules::V6_4), once.replace("Exactly", "Only"));
    assert_eq!(renamed(Rules::V6_12), once);
    let unnamed = |rules| {
        let mut file = toy();
        file[section(1, 0)] = 2;
        file[section(2, 0)] = 11;
        verdict(rules, &file)
    };
    let nameless = "(missing .modinfo section or name field)";
    assert_eq!(unnamed(Rules::V6_1), format!("{nameless}: No module found in object"));
    let sized = Rules::V6_12.with_struct_module(Some(0x500));
    assert_eq!(
        said(sized, 0, b"\x7f"),
        "module toy: .gnu.linkonce.this_module section size must match the kernel's built struct \
         module size at run time"
    );
    assert_eq!(said(Rules::V6_12, section(4, 4), &[1]), "Invalid ELF symbol string table type: 1");
    assert_eq!(said(Rules::V6_14, 0xd0, b"x"), "symbol string table missing leading NUL");
    assert_eq!(said(Rules::V6_14, 0xb8, &[8]), "symbol name out of bounds in string table");
    assert_eq!(said(Rules::V6_12, 0xb8, &[8]), "taken");
}

#[test]
fn later_objections_name_the_struct() {
    let mut file = toy();
    file[section(1, 8)] = 7;
    let s = survey(&file, &Limits::DEFAULT).value;
    let found = writable_executable(&s, &Rules::V6_1).unwrap();
    assert_eq!(found.line(&s), "toy: section .modinfo (index 1) has invalid WRITE|EXEC flags");
    let lines: Vec<_> = refused_symbols(&s).map(|odd| symbol_line(&odd, &s)).collect();
    assert_eq!(lines, ["toy: please compile with -fno-common"]);
}
