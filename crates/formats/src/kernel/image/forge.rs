//! Small kernels for the tests of this room.
#![expect(clippy::arithmetic_side_effects, reason = "sizes of the forged images are small")]

use crate::reader::wide;

/// A kernel of a few sections: name, address, bytes. Numbers are 64 bits, little-endian.
pub(super) fn elf(sections: &[(&str, u64, Vec<u8>)]) -> Vec<u8> {
    let mut names = vec![0_u8];
    let mut body = Vec::new();
    let mut headers = vec![0_u8; 64];
    let strings = [(".shstrtab", 0, Vec::new())];
    for (name, address, bytes) in sections.iter().chain(&strings) {
        let at = u32::try_from(names.len()).unwrap();
        names.extend(name.bytes().chain([0]));
        let bytes = if *name == ".shstrtab" { &names } else { bytes };
        let kind: u32 = if *name == ".shstrtab" { 3 } else { 1 };
        for word in [at, kind] {
            headers.extend(word.to_le_bytes());
        }
        for word in [2, *address, wide(64 + body.len()), wide(bytes.len()), 0, 1, 0] {
            headers.extend(word.to_le_bytes());
        }
        body.extend_from_slice(bytes);
    }
    let count = u16::try_from(sections.len() + 2).unwrap();
    let mut out = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0".to_vec();
    out.extend([0_u64, 0, wide(64 + body.len())].map(u64::to_le_bytes).as_flattened());
    out.extend([0; 4]);
    out.extend([64, 56, 0, 64, count, count - 1].map(u16::to_le_bytes).as_flattened());
    [out, body, headers].concat()
}

pub(super) fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], length.as_slice(), contents].concat()
}

/// The shape of a certificate, nothing more.
pub(super) fn certificate(serial: u8) -> Vec<u8> {
    let name = der(0x30, &[serial; 300]);
    let signed = [&[0xa0, 3, 2, 1, 2, 2, 1, serial][..], &[0x30, 0].repeat(4), &name].concat();
    der(0x30, &[der(0x30, &signed), vec![0x30, 0], vec![3, 1, 0]].concat())
}

pub(super) const STRINGS: u64 = 0x9000;
pub(super) const NAMES: &[u8] = b"\0first\0second\0NS\0third\0first.p\0version\0";

/// A relative entry of a symbol table at `address`: value, name, namespace.
pub(super) fn relative(address: u64, fields: [u64; 3]) -> Vec<u8> {
    let word = |(field, target): (u64, u64)| {
        let distance = target.wrapping_sub(address + 4 * field);
        distance.to_le_bytes()[..4].to_vec()
    };
    (0..).zip(fields).flat_map(word).collect()
}

pub(super) fn kernel() -> Vec<u8> {
    let mut rodata =
        b"Linux version 6.1.0 (a) # SMP\n\0Linux version 6.1.0 (a) #1 SMP\n\0".to_vec();
    rodata
        .extend(b"x\0\x006.1.0 (a)\x006.1.0 SMP preempt mod_unload \0Loading of %s is rejected\0");
    rodata.extend(b"UEFI Secure Boot\0EFI Secure Boot mode\0");
    let own = [certificate(1), certificate(2)].concat();
    let mut keys = own.clone();
    keys.resize(own.len().next_multiple_of(8), 0);
    keys.extend(wide(own.len()).to_le_bytes());
    keys.extend(wide(certificate(1).len()).to_le_bytes());
    let revoked = certificate(3);
    keys.extend(&revoked);
    keys.resize(keys.len() + revoked.len().next_multiple_of(8) - revoked.len(), 0);
    keys.extend(wide(revoked.len()).to_le_bytes());
    keys.extend([0xff; 8]);
    // One integer, one structure without members of 896 bytes.
    let types = [1, 1 << 24, 4, 32, 6, 4 << 24, 896];
    let mut btf = vec![0x9f, 0xeb, 1, 0];
    btf.extend([24, 0, 28, 28, 14].map(u32::to_le_bytes).as_flattened());
    btf.extend(types.map(u32::to_le_bytes).as_flattened());
    btf.extend(b"\0u32\0xmodule\0\0");
    let plain = [relative(0x5000, [0x1000, STRINGS + 1, STRINGS])].concat();
    let gpl = [
        relative(0x6000, [0x1000, STRINGS + 7, STRINGS + 14]),
        relative(0x600c, [0x1000, STRINGS + 17, STRINGS]),
    ];
    // A parameter of `first`, and the version of `third`.
    let words = |words: &[u64]| words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let parameter = words(&[STRINGS + 23, 0, 0, 0o444, 0]);
    let version = words(&[STRINGS + 31, 0o444, 0, 0, 0, 0, 0, STRINGS + 17, STRINGS]);
    elf(&[
        (".rodata", 0x1000, rodata),
        ("__ksymtab", 0x5000, plain),
        ("__ksymtab_gpl", 0x6000, gpl.concat()),
        ("__kcrctab", 0x7000, 0xdead_beef_u32.to_le_bytes().to_vec()),
        ("__kcrctab_gpl", 0x8000, [1_u32, 2].map(u32::to_le_bytes).concat()),
        ("__ksymtab_strings", STRINGS, NAMES.to_vec()),
        (".init.data", 0xa000, keys),
        (".BTF", 0xb000, btf),
        ("__param", 0xc000, parameter),
        ("__modver", 0xd000, version),
    ])
}

pub(super) fn bz_image(payload: &[u8], unpacked: usize) -> Vec<u8> {
    let mut out = vec![0_u8; 1024];
    out[0x1f1] = 1;
    out[0x202..0x208].copy_from_slice(b"HdrS\x0f\x02");
    out[0x20e] = 0x80;
    out[0x280..0x28c].copy_from_slice(b"6.1.0 (a) #1");
    out[0x24c..0x250].copy_from_slice(&u32::try_from(payload.len() + 4).unwrap().to_le_bytes());
    out.extend(payload);
    out.extend(u32::try_from(unpacked).unwrap().to_le_bytes());
    out
}
