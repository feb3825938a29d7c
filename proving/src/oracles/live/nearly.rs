//! Signatures that are nearly right, and the numbers at random that make them so.

use crate::forge::der;
use crate::forge::key::Key;
use crate::forge::signature::MARKER;
use crate::oracles::live::der_tree::{Inside, Node};
use crate::oracles::live::editing::Module;

/// Numbers at random (SplitMix64, Steele and others 2014).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A row of numbers of its own for a step of a case.
    #[must_use]
    pub fn of(seed: u64, case: usize, step: usize) -> Self {
        let mut random = Self(seed ^ (case as u64) << 20 ^ step as u64);
        random.number();
        random
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// The next number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.number() % end.max(1) as u64) as usize
    }

    /// One of several.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// A signature in the making.
#[derive(Clone, Debug)]
pub struct Signature {
    message: Vec<u8>,
    block: [u8; 8],
    /// What the length in the block lies off by.
    less: i64,
}

impl Signature {
    /// As it should be.
    #[must_use]
    pub const fn of(message: Vec<u8>) -> Self {
        Self { message, block: [0, 0, 2, 0, 0, 0, 0, 0], less: 0 }
    }

    /// One change; what it was, in words.
    ///
    /// # Errors
    /// When a test key is not there.
    pub fn change(&mut self, random: &mut Random, module: &mut [u8]) -> Result<String, String> {
        Ok(match random.below(10) {
            0 => {
                let at = random.below(self.message.len());
                if let Some(byte) = self.message.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
                format!("a bit of byte {at} of the message")
            }
            1 => {
                let at = random.below(8);
                self.block[at] = random.pick(&[0, 1, 2, 3, 0xff]);
                format!("block byte {at} := {}", self.block[at])
            }
            2 => {
                self.less = random.pick(&[-1, 1, -16, 40, 1 << 20, -(1 << 20)]);
                format!("length off by {}", self.less)
            }
            3 => {
                let cut = 1 + random.below(40);
                self.message.truncate(self.message.len().saturating_sub(cut));
                format!("message cut by {cut}")
            }
            4 => {
                let byte = random.pick(&[0, 0xff, 0x30]);
                let count = 1 + random.below(9);
                self.message.resize(self.message.len() + count, byte);
                format!("{count} bytes {byte:#x} behind the message")
            }
            5 => {
                // Not in code or in what the kernel runs through: a machine that stops tells nothing.
                let within = Module { bytes: module.to_vec() }
                    .section(random.pick(&[".modinfo", ".comment", "__versions", ".note.Linux"]))
                    .map_or(0..module.len().min(64), |section| section.range);
                let at = within.start + random.below(within.len());
                if let Some(byte) = module.get_mut(at) {
                    *byte ^= 1 << random.below(8);
                }
                format!("a bit of byte {at} of the module, after signing")
            }
            _ => self.structure(random)?,
        })
    }

    /// A change of the message's structure, with fitting lengths.
    fn structure(&mut self, random: &mut Random) -> Result<String, String> {
        let Some(mut tree) = Node::read(&self.message) else {
            return Ok("nothing: the message is no tree any more".to_owned());
        };
        let number = 1 + random.below(tree.count().saturating_sub(1));
        let what = random.below(9);
        let (tag, byte) = (random.pick(&[2_u8, 4, 5, 6, 0x30, 0x31, 0xa0, 0xa1]), random.number());
        let digest = random.pick(&[
            "2.16.840.1.101.3.4.2.1",
            "2.16.840.1.101.3.4.2.2",
            "2.16.840.1.101.3.4.2.3",
            "2.16.840.1.101.3.4.2.8",
            "1.3.14.3.2.26",
            "1.2.840.113549.2.5",
            "1.2.840.113549.1.1.11",
            "1.2.840.113549.1.7.2",
            "1.2.840.10045.4.3.2",
        ]);
        let certificate = Key::named(random.pick(&["owner", "stranger"]))?.certificate;
        let mut told = String::new();
        tree.change(number, &mut |mut node| {
            match what {
                0 => {
                    told = format!("element {number} (tag {:#x}) left out", node.tag);
                    return Vec::new();
                }
                1 => {
                    told = format!("element {number} (tag {:#x}) twice", node.tag);
                    return vec![node.clone(), node];
                }
                2 => {
                    told = format!("element {number}: tag {:#x} := {tag:#x}", node.tag);
                    node.tag = tag;
                }
                3 => {
                    told = format!("element {number} (tag {:#x}) empty", node.tag);
                    node.inside = Inside::Bytes(Vec::new());
                }
                4 => {
                    told = format!("NULL before element {number}");
                    return vec![Node { tag: 5, inside: Inside::Bytes(Vec::new()) }, node];
                }
                5 => {
                    told = format!("certificates before element {number}");
                    let inside = Inside::Bytes(certificate.clone());
                    return vec![Node { tag: 0xa0, inside }, node];
                }
                6 | 7 if node.tag == 6 => {
                    told = format!("identifier {number} := {digest}");
                    node.inside = Inside::Bytes(der::oid(digest)[2..].to_vec());
                }
                _ => {
                    told = format!("element {number} (tag {:#x}): other bytes", node.tag);
                    match &mut node.inside {
                        Inside::Bytes(bytes) => match bytes.first_mut() {
                            Some(first) => *first ^= byte as u8 | 1,
                            None => bytes.push(byte as u8),
                        },
                        Inside::Nodes(nodes) => nodes.reverse(),
                    }
                }
            }
            vec![node]
        });
        self.message = tree.write();
        Ok(told)
    }

    /// The file: module, message, block, marker.
    #[must_use]
    pub fn behind(self, mut module: Vec<u8>) -> Vec<u8> {
        let length = (self.message.len() as i64 + self.less) as u32;
        module.extend(self.message);
        module.extend(self.block);
        module.extend(length.to_be_bytes());
        module.extend(MARKER);
        module
    }
}
