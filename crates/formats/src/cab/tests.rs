//! Cabinets of other tools, byte for byte, and cabinets that lie.

use crate::cab::cabinet::{self, Compression};
use crate::cab::data;
use crate::error::Kind;
use crate::limits::Limits;

/// Two files, compressed with MSZIP; made by `makecab`, from the tests of the crate `cab` (MIT).
const MSZIP: &[u8] = b"MSCF\0\0\0\0\x88\0\0\0\0\0\0\0\
    \x2c\0\0\0\0\0\0\0\x03\x01\x01\0\x02\0\0\0\x34\x12\0\0\
    \x5b\0\0\0\x01\0\x01\0\
    \x0e\0\0\0\0\0\0\0\0\0\x6c\x22\xe7\x59\x01\0hi.txt\0\
    \x0f\0\0\0\x0e\0\0\0\0\0\x6c\x22\xe7\x59\x01\0bye.txt\0\
    \0\0\0\0\x25\0\x1d\0CK\xf3H\xcd\xc9\xc9\xd7Q(\xcf/\xcaIQ\xe4\
    \nNMU\xa8\xcc/U\xc8I,I-R\xe4\x02\x00\x93\xfc\t\x91";

/// The same with LZX, from the same place.
const LZX: &[u8] = b"\x4d\x53\x43\x46\x00\x00\x00\x00\x97\x00\x00\x00\x00\x00\x00\
    \x00\x2c\x00\x00\x00\x00\x00\x00\x00\x03\x01\x01\x00\x02\x00\
    \x00\x00\x2d\x05\x00\x00\x5b\x00\x00\x00\x01\x00\x03\x13\x0f\
    \x00\x00\x00\x00\x00\x00\x00\x00\x00\x21\x53\x0d\xb2\x20\x00\
    \x68\x69\x2e\x74\x78\x74\x00\x10\x00\x00\x00\x0f\x00\x00\x00\
    \x00\x00\x21\x53\x0b\xb2\x20\x00\x62\x79\x65\x2e\x74\x78\x74\
    \x00\x5c\xef\x2a\xc7\x34\x00\x1f\x00\x5b\x80\x80\x8d\x00\x30\
    \xf0\x01\x10\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x48\
    \x65\x6c\x6c\x6f\x2c\x20\x77\x6f\x72\x6c\x64\x21\x0d\x0a\x53\
    \x65\x65\x20\x79\x6f\x75\x20\x6c\x61\x74\x65\x72\x21\x0d\x0a\
    \x00";

type Told = (Vec<(String, Option<Vec<u8>>)>, Vec<Kind>);

fn inside(bytes: &[u8], limits: &Limits) -> Told {
    let parsed = cabinet::read(bytes, limits).unwrap();
    let unpacked = data::unpack(&parsed.value, limits);
    let files = parsed.value.files.iter();
    let files = files.map(|f| (f.name.clone(), unpacked.bytes(f).map(<[u8]>::to_vec))).collect();
    let odd = parsed.deviations.iter().chain(&unpacked.deviations).map(|d| d.kind).collect();
    (files, odd)
}

#[test]
fn files_of_other_tools_come_out() {
    let (files, odd) = inside(MSZIP, &Limits::DEFAULT);
    assert_eq!(odd, []);
    assert_eq!(files[0], ("hi.txt".to_owned(), Some(b"Hello, world!\n".to_vec())));
    assert_eq!(files[1], ("bye.txt".to_owned(), Some(b"See you later!\n".to_vec())));
    let (files, odd) = inside(LZX, &Limits::DEFAULT);
    assert_eq!(odd, []);
    assert_eq!(files[1], ("bye.txt".to_owned(), Some(b"See you later!\r\n".to_vec())));
    let folders = cabinet::read(LZX, &Limits::DEFAULT).unwrap().value.folders;
    assert_eq!(folders[0].compression, Compression::Lzx(19));
}

#[test]
fn what_lies_is_told() {
    let small = Limits { package_bytes: 10, ..Limits::DEFAULT };
    assert_eq!(inside(MSZIP, &small).1, [Kind::TooLarge { limit: 10 }]);
    // A file behind the end of its folder.
    let mut past = MSZIP.to_vec();
    past[0x2d] = 0xff;
    let (files, odd) = inside(&past, &Limits::DEFAULT);
    assert!(odd.iter().any(|k| matches!(k, Kind::Truncated { .. })), "{odd:?}");
    assert!(files.iter().any(|(_, bytes)| bytes.is_none()));
    // Every cut and every turned bit comes to an end.
    for seed in [MSZIP, LZX] {
        for at in 0..seed.len() {
            drop(
                cabinet::read(&seed[..at], &Limits::DEFAULT)
                    .map(|c| data::unpack(&c.value, &Limits::DEFAULT)),
            );
            for bit in [1, 0x80, 0xff] {
                let mut turned = seed.to_vec();
                turned[at] ^= bit;
                let read = cabinet::read(&turned, &Limits::DEFAULT);
                drop(read.map(|c| data::unpack(&c.value, &Limits::DEFAULT)));
            }
        }
    }
}
