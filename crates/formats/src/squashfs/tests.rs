//! The samples were made of one folder by mksquashfs 4.5.1 (`-b 4096 -no-xattrs -nopad`, `-comp` as they are
//! called); what is in them is as unsquashfs lists and unpacks it.

use super::*;
use crate::text::printable;

const SAMPLES: [(&str, &[u8]); 5] = [
    ("gzip", include_bytes!("samples/gzip.img")),
    ("lz4", include_bytes!("samples/lz4.img")),
    ("lzo", include_bytes!("samples/lzo.img")),
    ("xz", include_bytes!("samples/xz.img")),
    ("zstd", include_bytes!("samples/zstd.img")),
];

/// A line for each thing told: its path, its size, and the CRC-32 of its contents or where it leads.
fn told(bytes: &[u8]) -> Result<Vec<String>, Error> {
    let mut lines = Vec::new();
    walk(bytes, 1 << 24, &Limits::DEFAULT, &mut |member, data| {
        let mut read = Vec::new();
        let whole = data.read_to_end(&mut read).is_ok();
        let of = match member.sort {
            Sort::Folder => "folder".to_owned(),
            Sort::Link(target) => format!("-> {}", printable(target)),
            Sort::File if whole => format!("{} {:#010x}", member.size, libdeflater::crc32(&read)),
            Sort::File => "damaged".to_owned(),
            _ => "other".to_owned(),
        };
        lines.push(format!("{} {of}", printable(member.path)));
    })?;
    Ok(lines)
}

#[test]
fn every_way_of_packing_holds_the_same() {
    for (name, bytes) in SAMPLES {
        let lines = told(bytes).unwrap();
        let expected = [
            "etc folder",
            "etc/deep folder",
            "etc/deep/er folder",
            "etc/deep/er/noise 300 0xae8ae3dd",
            "etc/empty 0 0x00000000",
            "etc/holes 8195 0xe0b52413",
            "etc/link -> ../etc/long",
            "etc/long 9786 0xb67f05f1",
            "etc/other 6 0x0a80ecc7",
            "etc/pipe other",
            "etc/short 6 0x0a80ecc7",
            "etc/twice -> long",
            "etc/whole 4096 0x4eda5d55",
        ];
        assert_eq!(lines, expected, "{name}");
        let option = if name == "gzip" { "ZLIB".to_owned() } else { name.to_uppercase() };
        assert_eq!(packed(bytes), Some(&*option));
    }
}

#[test]
fn what_kernels_do_not_read_is_said() {
    let error = told(include_bytes!("samples/lzma.img")).unwrap_err();
    assert_eq!(error.to_string(), "squashfs superblock at 0x16: not a sort that is read");
    let error = told(b"hsqs").unwrap_err();
    assert_eq!(error.to_string(), "squashfs superblock at 0x4: needs 8 bytes, 0 left");
}

#[test]
fn a_cut_image_says_so() {
    for (name, bytes) in SAMPLES {
        assert!(told(&bytes[..bytes.len() - 200]).is_err(), "{name}");
    }
}

#[test]
fn no_more_is_unpacked_than_asked_for() {
    for (name, bytes) in SAMPLES {
        let mut failed = false;
        let walked = walk(bytes, 40_000, &Limits::DEFAULT, &mut |_, data| {
            failed |= io::copy(data, &mut io::sink()).is_err();
        });
        assert!(failed || walked.is_err(), "{name}");
    }
}

#[test]
fn any_bytes_end() {
    for (_, bytes) in SAMPLES {
        for at in 0..bytes.len() {
            let mut bad = bytes.to_vec();
            bad[at] ^= 0x41;
            let _ = told(&bad);
        }
    }
}
