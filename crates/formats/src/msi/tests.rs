//! An installer that another tool made, and what happens when its bytes turn.

use crate::limits::Limits;
use crate::msi::installer;

/// Two files in an embedded cabinet; made by `wixl` 0.101.
const SMALL: &[u8] = include_bytes!("samples/small.msi");

#[test]
fn an_installer_of_another_tool() {
    let read = installer::read(SMALL, &Limits::DEFAULT).unwrap();
    assert_eq!(read.deviations, []);
    let installer = read.value;
    assert_eq!(installer.properties["ProductName"], "Demo driver");
    let files: Vec<_> = installer.files.iter().map(|f| (f.path.as_str(), f.size)).collect();
    assert_eq!(files, [("PFiles/Demo/demo.inf", 23), ("PFiles/Demo/x64/demo.sys", 6)]);
    let members = installer::inside(SMALL, &Limits::DEFAULT).unwrap();
    assert_eq!(members.deviations, []);
    assert_eq!(members.value[1].path, "PFiles/Demo/x64/demo.sys");
    assert_eq!(members.value[1].bytes, b"driver");
}

#[test]
fn turned_bytes_come_to_an_end() {
    let mut state = 1_u32;
    for _ in 0..3000 {
        let mut bytes = SMALL.to_vec();
        for _ in 0..4 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = usize::try_from(state >> 4).unwrap() % bytes.len();
            bytes[at] ^= u8::try_from(state & 0xff).unwrap() | 1;
        }
        drop(installer::inside(&bytes, &Limits::DEFAULT));
    }
}
