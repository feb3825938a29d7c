//! A hive of another tool, and texts as the documentation writes them.

#![expect(clippy::arithmetic_side_effects, reason = "offsets in samples of a few kilobytes")]

use crate::limits::Limits;
use crate::registry::{hive, log, reg};

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

fn number(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// A base block with these sequence numbers, of this kind.
fn block(bytes: &mut [u8], sequence: (u32, u32), kind: u32) {
    number(bytes, 4, sequence.0);
    number(bytes, 8, sequence.1);
    number(bytes, 28, kind);
    let words = bytes[..508].chunks(4).map(|w| u32::from_le_bytes(w.try_into().unwrap()));
    let sum = words.fold(0, |sum, word| sum ^ word);
    number(bytes, 508, sum);
}

/// The hive before a write, and what the write changes: a sector of its bins.
fn before() -> (Vec<u8>, usize, Vec<u8>) {
    let state = 0x23c00_u32.to_le_bytes();
    let at = SMALL.windows(4).position(|w| w == state).unwrap();
    let mut hive = SMALL.to_vec();
    number(&mut hive, at, 0x40000);
    block(&mut hive, (8, 7), 0);
    let sector = at / 512 * 512;
    (hive, sector - 4096, SMALL[sector..sector + 512].to_vec())
}

fn state(hive: &[u8]) -> (u32, bool) {
    let read = hive::read(hive, &Limits::DEFAULT).unwrap().value;
    let key = read.key("ControlSet001\\Control\\CI\\Policy").unwrap();
    (key.value("State").unwrap().dword().unwrap(), read.is_whole)
}

/// A log with one entry of this number.
fn log_of(begun: u32, entry: u32, at: usize, page: &[u8]) -> Vec<u8> {
    let mut log = SMALL[..512].to_vec();
    block(&mut log, (begun, begun), 6);
    let mut body = vec![0; 1024 - 40];
    number(&mut body, 0, u32::try_from(at).unwrap());
    number(&mut body, 4, u32::try_from(page.len()).unwrap());
    body[8..8 + page.len()].copy_from_slice(page);
    let mut head = b"HvLE".to_vec();
    let bins = u32::from_le_bytes(SMALL[40..44].try_into().unwrap());
    head.extend([1024, 0, entry, bins, 1].iter().flat_map(|n: &u32| n.to_le_bytes()));
    head.extend(log::marvin(&body).to_le_bytes());
    head.extend(log::marvin(&head).to_le_bytes());
    [log, head, body].concat()
}

#[test]
fn what_stands_in_logs_is_put_in() {
    let (hive, at, page) = before();
    assert_eq!(state(&hive), (0x40000, false));
    let good = log_of(7, 7, at, &page);
    let done = log::recovered(&hive, &[&good]).unwrap();
    assert_eq!(state(&done), (0x23c00, true));
    // Older than the hive, not the log's first, for another sum, and for a hive that is whole.
    assert_eq!(log::recovered(&hive, &[&log_of(6, 6, at, &page)]), None);
    assert_eq!(log::recovered(&hive, &[&log_of(7, 8, at, &page)]), None);
    let mut turned = good.clone();
    turned[600] ^= 1;
    assert_eq!(log::recovered(&hive, &[&turned]), None);
    assert_eq!(log::recovered(SMALL, &[&good]), None);
    // Beyond the bins; nothing at all.
    assert_eq!(log::recovered(&hive, &[&log_of(7, 7, 1 << 20, &page)]), None);
    assert_eq!(log::recovered(&hive, &[]), None);
    // The second log goes on where the first one ends.
    let other = log_of(8, 8, at, &[&page[..4], &[0; 508]].concat());
    let later = log::recovered(&hive, &[&other, &good]).unwrap();
    assert_eq!(later[4..8], 8_u32.to_le_bytes());
    let gap = log_of(9, 9, at, &page);
    assert_eq!(log::recovered(&hive, &[&gap, &good]).unwrap()[4..8], 7_u32.to_le_bytes());
    // A hive whose base block was torn takes the log's.
    let mut torn = hive.clone();
    torn[40] ^= 0xff;
    assert_eq!(state(&log::recovered(&torn, &[&good]).unwrap()), (0x23c00, true));
}

#[test]
fn logs_of_old_hold_sectors() {
    let (hive, at, page) = before();
    let mut log = hive[..512].to_vec();
    block(&mut log, (8, 8), 1);
    let mut vector = vec![0; 508];
    vector[at / 4096] = 1 << (at / 512 % 8);
    let log = [&log[..], b"DIRT", &vector, &page].concat();
    assert_eq!(state(&log::recovered(&hive, &[&log]).unwrap()), (0x23c00, true));
    let mut of_another_time = log.clone();
    of_another_time[12] ^= 1;
    block(&mut of_another_time, (8, 8), 1);
    assert_eq!(log::recovered(&hive, &[&of_another_time]), None);
}

/// The head of an entry that Windows 10 wrote (yarp's `NewDirtyHive1`), and its hash.
#[test]
fn the_hash_of_windows() {
    let head: [u8; 32] = [
        0x48, 0x76, 0x4c, 0x45, 0x00, 0x5e, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00,
        0x00, 0x00, 0x50, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x31, 0xe4, 0x07, 0x18, 0x66, 0x6c,
        0x86, 0x67,
    ];
    assert_eq!(log::marvin(&head), 0xcd44f3cfa7657f02);
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
