//! Laws of the survey, over small generated modules.

use crate::elf::built::{Built, LAYOUTS, toy};
use crate::elf::quick::quick;
use crate::elf::relocations::{Obstacle, Obstacles, obstacles};
use crate::elf::survey::{Survey, survey};
use crate::elf::symbols::Oddity;
use crate::limits::Limits;
use crate::reader::{index, wide};

fn read(bytes: &[u8]) -> Survey {
    survey(bytes, &Limits::DEFAULT).value
}

/// A machine of either class, so that the identification decides the class.
const RISCV: u16 = 243;

#[test]
fn both_classes_and_both_orders_say_the_same() {
    for layout in LAYOUTS {
        let got = survey(&toy(layout, RISCV), &Limits::DEFAULT);
        assert_eq!(got.deviations, [], "{layout:?}");
        let s = got.value;
        assert_eq!(s.layout, layout);
        assert_eq!((s.header.kind, s.header.machine, s.header.section_count), (1, RISCV, 14));
        let info = s.modinfo().unwrap();
        assert_eq!(info.get("name"), Some(&b"toy"[..]));
        assert_eq!(info.all("alias").count(), 2);
        assert_eq!(s.struct_name(), Some(&b"toy"[..]));
        assert_eq!((s.this_module.count, s.this_module.allocated), (1, Some(9)));
        let versions: Vec<_> = s.versions().map(|v| (v.name, v.crc)).collect();
        assert_eq!(versions, [(&b"module_layout"[..], 7), (b"printk", 0xdead_beef)]);
        let needs: Vec<_> = s.undefined().map(|u| (u.index, u.name, u.weak)).collect();
        assert_eq!(needs, [(5, &b"printk"[..], false), (7, b"maybe", true)]);
        let offers: Vec<_> =
            s.exports().map(|e| (e.name, e.namespace, e.gpl_only, e.crc)).collect();
        assert_eq!(
            offers,
            [
                (&b"toy_plain"[..], &b""[..], false, Some(0x1111)),
                (b"toy_gpl", b"TOYS", true, Some(0x2222))
            ]
        );
        assert!(s.section_names.unwrap().ends_with_nul && s.symbol_names.unwrap().starts_with_nul);
        assert_eq!(s.section(b".bss").unwrap().0, 10);
        assert!(s.is_whole);
    }
}

#[test]
fn the_machine_outweighs_the_identification() {
    let mut file = toy(LAYOUTS[0], 62);
    file[5] = 2;
    let got = survey(&file, &Limits::DEFAULT);
    assert_eq!(got.value.layout, LAYOUTS[0]);
    assert_eq!(got.value.undefined().count(), 2);
    assert_eq!(got.deviations[0].to_string(), "elf EI_DATA at 0x5: 0x2 is not allowed here");
}

#[test]
fn extended_versions_pair_with_their_names() {
    let mut b = Built::new(LAYOUTS[0]);
    let crcs = [b.number(1, 4), b.number(2, 4)].concat();
    b.part("__version_ext_crcs", 1, 2, &crcs);
    b.part("__version_ext_names", 1, 2, b"first\0second\0");
    let s = read(&b.file(62));
    let got: Vec<_> = s.extended_versions().map(|v| (v.name, v.crc)).collect();
    assert_eq!(got, [(&b"first"[..], 1), (b"second", 2)]);
    assert!(s.extended_complete);
    let mut b = Built::new(LAYOUTS[0]);
    b.part("__version_ext_crcs", 1, 2, &crcs);
    b.part("__version_ext_names", 1, 2, b"first\0sec");
    assert!(!read(&b.file(62)).extended_complete);
}

#[test]
fn older_checksums_are_found_through_their_symbols() {
    let mut b = Built::new(LAYOUTS[0]);
    let table = b.part("__ksymtab", 1, 2, &[0; 24]);
    let crcs = b.part("__kcrctab", 1, 2, &[0; 8]);
    b.part(".rela__kcrctab", 4, 0, &[]);
    b.parts[2].info = u32::from(crcs);
    let data = b.part(".rodata", 1, 2, &[0, 0, 0, 0, 9, 0, 0, 0]);
    b.symbol("__ksymtab_a", 0, table, 0);
    b.symbol("__ksymtab_b", 0, table, 12);
    b.symbol("__crc_a", 0, 0xfff1, 8);
    b.symbol("__crc_b", 0, data, 4);
    let s = read(&b.file(62));
    assert_eq!(s.exports().map(|e| e.crc).collect::<Vec<_>>(), [Some(8), Some(9)]);
}

#[test]
fn symbols_a_kernel_does_not_take_are_told() {
    let mut b = Built::new(LAYOUTS[0]);
    b.symbol("shared", 0x11, 0xfff2, 4);
    b.symbol("nowhere", 0x10, 77, 0);
    b.symbol("patched", 0x10, 0xff20, 0);
    let s = read(&b.file(62));
    let odd: Vec<_> = s.odd_symbols().map(|o| (o.name, o.oddity)).collect();
    let nowhere = Oddity::NoSection { section: 77 };
    assert_eq!(odd, [(&b"shared"[..], Oddity::Common), (b"nowhere", nowhere)]);
    assert_eq!(s.livepatch_symbols, 1);
}

/// `arch/powerpc/kernel/module_64.c` `dedotify`, `dedotify_versions`.
#[test]
fn on_power_the_table_of_contents_is_nobodys_and_dots_come_off() {
    let needs = |machine| {
        let mut b = Built::new(LAYOUTS[0]);
        for name in [".TOC.", "._printk", "plain"] {
            b.symbol(name, 0x10, 0, 0);
        }
        let s = read(&b.file(machine));
        s.undefined().map(|u| String::from_utf8_lossy(u.name).into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(needs(21), ["_printk", "plain"]);
    assert_eq!(needs(62), [".TOC.", "._printk", "plain"]);
}

#[test]
fn relocations_want_zero_below_them() {
    let of = |layout, machine, kind: u64, target: u8| {
        let mut b = Built::new(layout);
        let text = b.part(".text", 1, 6, &[0, 0, 0, 0, target, 0, 0, 0]);
        let entry = [b.word(4), b.word((1 << 32) | kind), b.word(0)].concat();
        let rela = b.part(".rela.text", 4, 0, &entry);
        b.parts[usize::from(rela) - 1].info = u32::from(text);
        let file = b.file(machine);
        obstacles(&read(&file), &file)
    };
    let relocated = |machine, kind, target| of(LAYOUTS[0], machine, kind, target).usual;
    assert_eq!(relocated(62, 2, 0), None);
    let found = Obstacle::TargetNotZero { kind: 2, section: 1, offset: 4 };
    assert_eq!(relocated(62, 2, 1), Some(found));
    assert_eq!(relocated(62, 42, 0), Some(Obstacle::UnknownType { kind: 42 }));
    // `arch/arm64/kernel/module.c` writes over what is there, and knows R_AARCH64_CALL26, not
    // R_AARCH64_LD64_GOT_LO12_NC.
    assert_eq!(relocated(183, 283, 1), None);
    assert_eq!(relocated(183, 312, 0), Some(Obstacle::UnknownType { kind: 312 }));
    // What another machine's loader knows is not told.
    assert_eq!(relocated(50, 4711, 1), None);
}

/// The kinds by their names in `arch/{riscv,powerpc}/include/uapi/asm/elf.h` and `arch/s390/include/asm/elf.h`.
#[test]
fn each_loader_knows_kinds_of_its_own() {
    let unknown = |kind| Some(Obstacle::UnknownType { kind });
    let of = |layout, machine, kind: u32| {
        let mut b = Built::new(layout);
        let text = b.part(".text", 1, 6, &[0xff; 8]);
        let entry = [b.word(0), b.word((1 << 32) | u64::from(kind)), b.word(0)].concat();
        let rela = b.part(".rela.text", 4, 0, &entry);
        b.parts[usize::from(rela) - 1].info = u32::from(text);
        let file = b.file(machine);
        let Obstacles { usual, other } = obstacles(&read(&file), &file);
        (usual, other)
    };
    let [little, big, narrow, _] = LAYOUTS;
    // R_RISCV_CALL_PLT, R_RISCV_SUB64; R_RISCV_SET_ULEB128 and R_RISCV_PLT32 since; R_RISCV_NONE and R_RISCV_ALIGN
    // never.
    for (kind, usual, other) in [
        (19, None, None),
        (40, None, None),
        (60, None, unknown(60)),
        (59, None, unknown(59)),
        (0, unknown(0), unknown(0)),
        (43, unknown(43), unknown(43)),
        (62, unknown(62), unknown(62)),
    ] {
        assert_eq!(of(little, RISCV, kind), (usual, other), "riscv {kind}");
    }
    // R_PPC64_REL24; R_PPC64_TOC16_HA needs a table, R_PPC64_PCREL34 a kernel without; R_PPC64_REL14 never.
    for (kind, usual, other) in [
        (10, None, None),
        (50, None, unknown(50)),
        (132, unknown(132), None),
        (11, unknown(11), unknown(11)),
    ] {
        assert_eq!(of(little, 21, kind), (usual, other), "ppc64 {kind}");
    }
    // R_390_GOTENT, R_390_GOTPLT20; R_390_RELATIVE is of shared objects, R_390_TLS_LE64 of programs.
    for (kind, both) in [(26, None), (59, None), (12, unknown(12)), (51, unknown(51))] {
        assert_eq!(of(big, 22, kind), (both, both), "s390 {kind}");
        assert_eq!(of(big, 0xa390, kind), (both, both), "s390 {kind}");
    }
    assert_eq!(of(narrow, RISCV, 4711), (None, None));
}

#[test]
fn the_quick_way_finds_the_same_modinfo() {
    for layout in LAYOUTS {
        let mut file = toy(layout, RISCV);
        file.extend_from_slice(b"signature bytes~Module signature appended~\n");
        let mut reads = 0;
        let mut read_at = |at: u64, out: &mut [u8]| {
            reads += 1;
            let from = index(at);
            file.get(from..from + out.len()).map(|b| out.copy_from_slice(b)).is_some()
        };
        let length = wide(file.len());
        let mut end = Vec::new();
        let got = quick(length, &mut read_at, &mut end, &Limits::DEFAULT).unwrap();
        assert_eq!(got.modinfo.as_ref(), read(&file).modinfo());
        assert!(got.has_signature_marker);
        assert!(reads <= 3);
        let mut fails = |at: u64, _: &mut [u8]| at == 0;
        assert!(quick(length, &mut fails, &mut end, &Limits::DEFAULT).is_err());
    }
}

#[test]
fn any_bytes_give_a_survey() {
    let whole = toy(LAYOUTS[0], 62);
    for length in 0..whole.len() {
        let cut = &whole[..length];
        let s = read(cut);
        assert_eq!(s.length, wide(length));
        let _ = obstacles(&s, cut);
    }
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..20_000_usize {
        let mut file = toy(LAYOUTS[round % 4], RISCV);
        for _ in 0..=round % 5 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let at = index(seed % wide(file.len()));
            file[at] = seed.to_le_bytes()[7];
        }
        let s = read(&file);
        let _ = obstacles(&s, &file);
        let total: usize = s.undefined().map(|u| u.name.len()).sum::<usize>()
            + s.exports().map(|e| e.name.len()).sum::<usize>();
        assert!(total <= file.len());
        let mut read_at = |at: u64, out: &mut [u8]| {
            let from = index(at);
            from.checked_add(out.len())
                .and_then(|to| file.get(from..to))
                .map(|b| out.copy_from_slice(b))
                .is_some()
        };
        let _ = quick(wide(file.len()), &mut read_at, &mut Vec::new(), &Limits::DEFAULT);
    }
}

#[test]
fn one_endless_name_shared_by_many_symbols_is_cut() {
    let mut b = Built::new(LAYOUTS[0]);
    let long = "x".repeat(100_000);
    b.symbol(&long, 0x10, 0, 0);
    let entry = b.layout.symbol_size();
    let mut file = b.file(62);
    let table = read(&file).section(b".symtab").unwrap().1.offset;
    // The table's second entry again and again, in place of the names behind it.
    let at = index(table) + entry;
    let copy = file[at..at + entry].to_vec();
    let offset = file.len();
    for _ in 0..5000 {
        file.extend_from_slice(&copy);
    }
    let headers = index(read(&file).header.section_offset);
    let header = headers + 64;
    file[header + 24..header + 32].copy_from_slice(&wide(offset).to_le_bytes());
    file[header + 32..header + 40].copy_from_slice(&wide(entry * 5000).to_le_bytes());
    let s = survey(&file, &Limits::DEFAULT);
    assert!(!s.value.is_whole);
    assert!(s.deviations.iter().any(|d| d.what == "elf names"));
}
