//! The firmware's memory: variables written into a store of OVMF, as the firmware itself would.
//!
//! Sources: `MdePkg/Include/Pi/PiFirmwareVolume.h`,
//! `MdeModulePkg/Include/Guid/VariableFormat.h` (authenticated variables), shim's `mok.c`.

use crate::forge::firmware::guid;

/// `NV+BS`
pub const BOOT: u32 = 3;
/// `NV+BS+RT+TIME_BASED_AUTHENTICATED_WRITE_ACCESS`
pub const AUTHENTICATED: u32 = 0x27;
/// The vendor of `SecureBootEnable`.
pub const SECURE_BOOT_ENABLE: &str = "f0a30bc7-af08-4556-99c4-001009c93a44";

/// The bytes of a variable's header.
const HEADER: usize = 60;
/// `VAR_ADDED`: it is in force.
const ADDED: u8 = 0x3f;

/// A store in the making.
#[derive(Clone, Debug)]
pub struct Store {
    bytes: Vec<u8>,
    /// Where the next variable goes.
    end: usize,
}

impl Store {
    /// Opens a store.
    ///
    /// # Errors
    /// When it is none.
    pub fn open(bytes: &[u8]) -> Result<Self, String> {
        let half = |at: usize| bytes.get(at..at + 2).map(|b| u16::from_le_bytes([b[0], b[1]]));
        if bytes.get(40..44) != Some(b"_FVH") {
            return Err("no firmware volume".to_owned());
        }
        let mut end = usize::from(half(48).ok_or("cut short")?) + 28;
        while half(end) == Some(0x55aa) {
            let (name, data) = sizes(bytes, end);
            end = (end + HEADER + name + data).next_multiple_of(4);
        }
        Ok(Self { bytes: bytes.to_vec(), end })
    }

    /// The data of a variable that is in force.
    #[must_use]
    pub fn get(&self, name: &str, vendor: &str) -> Option<&[u8]> {
        self.find(name, vendor).map(|at| {
            let (name, data) = sizes(&self.bytes, at);
            &self.bytes[at + HEADER + name..at + HEADER + name + data]
        })
    }

    /// Puts a variable in force instead of the one that was.
    ///
    /// # Errors
    /// When the store is full.
    pub fn set(
        &mut self,
        name: &str,
        vendor: &str,
        attributes: u32,
        data: &[u8],
    ) -> Result<(), String> {
        if let Some(at) = self.find(name, vendor) {
            // `VAR_DELETED`
            self.bytes[at + 2] &= 0xfd;
        }
        let text: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        let mut out = vec![0xaa, 0x55, ADDED, 0];
        out.extend(attributes.to_le_bytes());
        out.extend([0; 8]);
        // When it was signed: any time will do.
        let time: [u8; 16] = if attributes == AUTHENTICATED {
            [0xe9, 7, 3, 10, 2, 53, 39, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        } else {
            [0; 16]
        };
        out.extend(time);
        out.extend([0; 4]);
        out.extend((text.len() as u32).to_le_bytes());
        out.extend((data.len() as u32).to_le_bytes());
        out.extend(guid(vendor));
        out.extend(text);
        out.extend(data);
        let end = self.end + out.len();
        // The store proper is followed by the room in which it is tidied up.
        if end > 262_000 {
            return Err(format!("no room for {name}"));
        }
        self.bytes[self.end..end].copy_from_slice(&out);
        self.end = end.next_multiple_of(4);
        Ok(())
    }

    /// The store as a file.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    fn find(&self, name: &str, vendor: &str) -> Option<usize> {
        let text: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        let vendor = guid(vendor);
        let header = usize::from(u16::from_le_bytes([self.bytes[48], self.bytes[49]]));
        let mut at = header + 28;
        while at < self.end {
            let (length, data) = sizes(&self.bytes, at);
            let here = &self.bytes[at + HEADER..at + HEADER + length];
            if self.bytes[at + 2] == ADDED && here == text && self.bytes[at + 44..at + 60] == vendor
            {
                return Some(at);
            }
            at = (at + HEADER + length + data).next_multiple_of(4);
        }
        None
    }
}

/// The sizes of a variable's name and data.
fn sizes(bytes: &[u8], at: usize) -> (usize, usize) {
    let word = |at: usize| {
        bytes.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize)
    };
    (word(at + 36), word(at + 40))
}

/// What shim adds to the lists of the machine's owner: its vendor's certificate and denied hashes,
/// as signature lists, out of the section `.vendor_cert`.
///
/// # Errors
/// When this is no such image.
pub fn vendor(shim: &[u8]) -> Result<(Vec<u8>, Vec<u8>), String> {
    let word = |at: usize| {
        shim.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize)
    };
    let head = word(0x3c);
    let sections = head + 24 + (word(head + 20) & 0xffff);
    for at in (0..word(head + 6) & 0xffff).map(|n| sections + 40 * n) {
        // cert_table: sizes and places of what is allowed and what is denied.
        let table = word(at + 20);
        let (allowed, denied) = (word(table), word(table + 4));
        if word(table + 8) == 16 && word(table + 12) == 16 + allowed && allowed > 0 {
            let from = table + 16;
            let middle = from + allowed;
            let certificate = shim.get(from..middle).ok_or("vendor certificate cut short")?;
            let hashes = shim.get(middle..middle + denied).ok_or("denied hashes cut short")?;
            let mut list = guid("a5c059a1-94e4-4aa7-87b5-ab155c2bf072");
            let entry = 16 + certificate.len();
            for size in [28 + entry, 0, entry] {
                list.extend((size as u32).to_le_bytes());
            }
            list.extend(guid(crate::forge::firmware::SHIM));
            list.extend(certificate);
            return Ok((list, hashes.to_vec()));
        }
    }
    Err("shim without a vendor certificate".to_owned())
}
