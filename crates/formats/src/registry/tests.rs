//! A hive of another tool, and texts as the documentation writes them.

use crate::limits::Limits;
use crate::registry::{hive, reg};

/// `SYSTEM\ControlSet001\Control\CI\Policy` with four values and a long one; made by hivexsh 1.3.
const SMALL: &[u8] = include_bytes!("samples/small.hive");

#[test]
fn a_hive_of_another_tool() {
    let read = hive::read(SMALL, &Limits::DEFAULT).unwrap();
    assert!(read.deviations.is_empty());
    let hive = read.value;
    let key = hive.key("controlset001\\Control\\ci\\Policy").unwrap();
    assert_eq!(key.name(), "Policy");
    assert_eq!(key.value("upgradedsystem").unwrap().dword(), Some(1));
    assert_eq!(key.value("State").unwrap().dword(), Some(0x23c00));
    assert_eq!(key.value("Text").unwrap().text().as_deref(), Some("hello"));
    assert_eq!(key.value("Long").unwrap().data.len(), 8);
    assert_eq!(key.values().count(), 4);
    assert!(key.value("nothing").is_none());
    assert!(hive.key("ControlSet001\\Nothing").is_none());
    let names: Vec<_> = hive.key("Many").unwrap().children().map(|k| k.name()).collect();
    assert_eq!(names.len(), 30);
    assert_eq!(names[29], "Sub30");
}

#[test]
fn turned_and_cut_hives_come_to_an_end() {
    fn walk(key: hive::Key<'_>, depth: usize) {
        drop(key.values().collect::<Vec<_>>());
        if depth < 8 {
            for child in key.children().take(40) {
                walk(child, depth + 1);
            }
        }
    }
    let mut state = 7_u32;
    for _ in 0..2000 {
        let mut bytes = SMALL.to_vec();
        for _ in 0..3 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = usize::try_from(state >> 4).unwrap() % bytes.len();
            bytes[at] ^= u8::try_from(state & 0xff).unwrap() | 1;
        }
        bytes.truncate(usize::try_from(state >> 3).unwrap() % bytes.len() + 1);
        if let Ok(read) = hive::read(&bytes, &Limits::DEFAULT)
            && let Some(root) = read.value.root()
        {
            walk(root, 0);
        }
    }
}

#[test]
fn both_versions_of_texts() {
    let text = "Windows Registry Editor Version 5.00\r\n\r\n\
        [HKEY_USERS\\.DEFAULT\\Software\\X]\r\n\"State\"=dword:00023c00\r\n@=\"a \\\"b\\\" \\\\\"\r\n\
        \"Bin\"=hex:01,02,\\\r\n  03\r\n\"Exp\"=hex(2):41,00,00,00\r\n\"Gone\"=-\r\n\
        [-HKEY_USERS\\Y]\r\nnonsense\r\n";
    let wide: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    for bytes in [text.as_bytes(), &wide] {
        assert!(reg::begins(bytes));
        let read = reg::read(bytes, &Limits::DEFAULT).unwrap();
        assert_eq!(read.deviations.len(), 1);
        let reg = read.value;
        let path = "hkey_users\\.default\\software\\x";
        assert_eq!(reg.value(path, "state").unwrap().unwrap().dword(), Some(0x23c00));
        assert_eq!(reg.value(path, "").unwrap().unwrap().text().as_deref(), Some("a \"b\" \\"));
        assert_eq!(reg.value(path, "Bin").unwrap().unwrap().data, [1, 2, 3]);
        assert_eq!(reg.value(path, "Exp").unwrap().unwrap().text().as_deref(), Some("A"));
        assert_eq!(reg.value(path, "Absent"), Ok(None));
        assert!(reg.value("HKEY_USERS\\Z", "State").is_err());
        assert_eq!(reg.keys[0].removed, ["Gone"]);
        assert!(reg.keys[1].is_removed);
    }
    let old = b"REGEDIT4\n[HKEY_LOCAL_MACHINE\\A]\n\"E\"=hex(2):41,00\n";
    let reg = reg::read(old, &Limits::DEFAULT).unwrap().value;
    assert_eq!(
        reg.value("HKEY_LOCAL_MACHINE\\A", "E").unwrap().unwrap().text().as_deref(),
        Some("A")
    );
}
