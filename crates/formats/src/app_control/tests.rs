//! A policy put together field by field, as the sources describe the format.

use crate::app_control::policy::{self, Action, Policy, Root, Value};
use crate::error::Kind;
use crate::limits::Limits;

#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn number(mut self, number: u32) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }
    fn numbers(self, all: &[u32]) -> Self {
        all.iter().fold(self, |s, n| s.number(*n))
    }
    fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }
    fn counted(self, bytes: &[u8]) -> Self {
        let fill = bytes.len().wrapping_neg() % 4;
        self.number(u32::try_from(bytes.len()).unwrap()).raw(bytes).raw(&[0; 3][..fill])
    }
    fn text(self, text: &str) -> Self {
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        self.counted(&wide).number(0)
    }
    fn version(self, [major, minor, build, revision]: [u16; 4]) -> Self {
        [revision, build, minor, major].iter().fold(self, |s, n| s.raw(&n.to_le_bytes()))
    }
}

/// Format 6: two file rules, one signer narrowed to the second, the kernel's scenario.
fn sample() -> Vec<u8> {
    let none = [0; 4];
    Bytes::default()
        .number(6)
        .raw(&[0x11; 16])
        .raw(&[0x22; 16])
        .number(1 << 16 | 1 << 7)
        .numbers(&[1, 2, 1, 1])
        .version([10, 0, 27685, 0])
        .number(0x40)
        .counted(&[1, 10, 43, 6, 1, 4, 1, 130, 55, 10, 3, 5])
        // A driver refused by hash; files of one name up to a version.
        .number(0)
        .text("")
        .version(none)
        .counted(&[0xab; 20])
        .number(2)
        .text("demo.sys")
        .version([0, 0, 0, 1])
        .counted(&[])
        .number(0)
        .counted(&[0xcd; 32])
        .numbers(&[1, 0])
        .text("Issuing CA")
        .text("Maker")
        .text("")
        .numbers(&[1, 1])
        .numbers(&[0, 0])
        .numbers(&[131, 0, 0x800c])
        .numbers(&[0, 1, 0, 0, 1, 0])
        .numbers(&[0, 0, 0, 0, 0, 0])
        .number(1)
        .number(1)
        .text("PolicyInfo")
        .text("Information")
        .text("Name")
        .number(3)
        .text("Demo policy")
        .number(3)
        .version(none)
        .number(0)
        .version([1, 2, 3, 4])
        .number(0)
        .raw(&[0; 8])
        .number(4)
        .text("")
        .text("")
        .text("")
        .text("inner")
        .text("")
        .text("Product")
        .number(5)
        .text("")
        .version(none)
        .text("")
        .version(none)
        .number(6)
        .raw(&[0x33; 16])
        .raw(&[0x33; 16])
        .number(0)
        .number(7)
        .0
}

fn check(policy: &Policy) {
    assert_eq!(policy.version, [10, 0, 27685, 0]);
    assert!(policy.is_audit());
    assert_eq!(policy.information("name"), Some("Demo policy"));
    assert_eq!(policy.files[0].action, Action::Deny);
    assert_eq!(policy.files[0].hash, [0xab; 20]);
    let narrowed = &policy.files[1];
    assert_eq!(narrowed.file_name.as_deref(), Some("demo.sys"));
    assert_eq!((narrowed.least, narrowed.greatest), ([0, 0, 0, 1], [1, 2, 3, 4]));
    assert_eq!(narrowed.product.as_deref(), Some("Product"));
    let signer = &policy.signers[0];
    assert_eq!(signer.root, Root::ToBeSigned(vec![0xcd; 32]));
    assert_eq!(signer.publisher.as_deref(), Some("Maker"));
    assert_eq!((signer.ekus.as_slice(), signer.attributes.as_slice()), (&[0][..], &[1][..]));
    let kernel = &policy.scenarios[0];
    assert_eq!((kernel.number, kernel.least_hash), (131, 0x800c));
    assert_eq!(kernel.product.denied, [(0, vec![])]);
    assert_eq!(kernel.product.files, [0]);
    assert_eq!(policy.id, policy.base_id);
    assert_eq!(policy.hvci, 1);
    assert_eq!(policy.settings[0].value, Value::Text("Demo policy".to_owned()));
}

#[test]
fn every_part_of_a_policy_is_read() {
    let bytes = sample();
    assert!(policy::begins(&bytes));
    let read = policy::read(&bytes, &Limits::DEFAULT).unwrap();
    assert_eq!(read.deviations, []);
    check(&read.value);
    assert!(!read.value.is_signed);
}

/// An element with a length in two bytes.
fn der(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).unwrap().to_be_bytes();
    [&[tag, 0x82][..], &length, value].concat()
}

#[test]
fn a_signed_policy_is_read_through_its_message() {
    let octets = der(4, &sample());
    let kind = [6, 9, 0x2b, 6, 1, 4, 1, 0x82, 0x37, 79, 1];
    let content = der(0x30, &[&kind[..], &der(0xa0, &octets)].concat());
    let inside = der(0x30, &[&[2, 1, 1, 0x31, 0][..], &content].concat());
    let outer = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    let message = der(0x30, &[&outer[..], &der(0xa0, &inside)].concat());
    assert!(policy::begins(&message));
    let read = policy::read(&message, &Limits::DEFAULT).unwrap();
    assert!(read.value.is_signed);
    check(&read.value);
}

#[test]
fn cut_and_turned_bytes_come_to_an_end() {
    let bytes = sample();
    for at in 0..bytes.len() {
        if let Ok(read) = policy::read(&bytes[..at], &Limits::DEFAULT) {
            assert!(
                read.deviations.iter().any(|d| matches!(d.kind, Kind::Truncated { .. })),
                "{at}"
            );
        }
        for bit in [1, 0x80, 0xff] {
            let mut turned = bytes.clone();
            turned[at] ^= bit;
            drop(policy::read(&turned, &Limits::DEFAULT));
        }
    }
}
