//! The firmware's memory: variables written into a store of OVMF, as the firmware itself would.
//!
//! Sources: `MdePkg/Include/Pi/PiFirmwareVolume.h`,
//! `MdeModulePkg/Include/Guid/VariableFormat.h` (authenticated variables), shim's `mok.c`.

use loadworthy_formats::uefi::guid::Guid;

/// `NV+BS`
pub const BOOT: u32 = 3;
/// `NV+BS+RT+TIME_BASED_AUTHENTICATED_WRITE_ACCESS`
pub const AUTHENTICATED: u32 = 0x27;
/// The vendor of `SecureBootEnable` (`gEfiSecureBootEnableDisableGuid`).
pub const SECURE_BOOT_ENABLE: Guid =
    Guid::new(0xf0a3_0bc7, 0xaf08, 0x4556, [0x99, 0xc4, 0x00, 0x10, 0x09, 0xc9, 0x3a, 0x44]);

/// `gEfiAuthenticatedVariableGuid`: how a store of this form begins.
const AUTHENTICATED_STORE: Guid =
    Guid::new(0xaaf3_2c78, 0x947b, 0x439a, [0xa1, 0x80, 0x2e, 0x14, 0x4e, 0xc3, 0x77, 0x92]);
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
        let header = usize::from(half(48).ok_or("cut short")?);
        if bytes.get(header..header + 16) != Some(AUTHENTICATED_STORE.as_bytes()) {
            return Err("no store of authenticated variables".to_owned());
        }
        if bytes.len() < header + 28 || header + word(bytes, header + 16) > bytes.len() {
            return Err("cut short".to_owned());
        }
        let mut end = header + 28;
        while half(end) == Some(0x55aa) {
            let (name, data) = sizes(bytes, end);
            let next = end.saturating_add(HEADER).saturating_add(name).saturating_add(data);
            if next > bytes.len() {
                return Err("a variable is longer than the store".to_owned());
            }
            end = next.next_multiple_of(4);
        }
        Ok(Self { bytes: bytes.to_vec(), end })
    }

    /// The data of a variable that is in force.
    #[must_use]
    pub fn get(&self, name: &str, vendor: Guid) -> Option<&[u8]> {
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
        vendor: Guid,
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
        out.extend(vendor.as_bytes());
        out.extend(text);
        out.extend(data);
        let end = self.end + out.len();
        // The store proper (`VARIABLE_STORE_HEADER.Size`) is followed by the room in which it is
        // tidied up.
        let header = usize::from(u16::from_le_bytes([self.bytes[48], self.bytes[49]]));
        if end > header + word(&self.bytes, header + 16) || end > self.bytes.len() {
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

    fn find(&self, name: &str, vendor: Guid) -> Option<usize> {
        let text: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        let header = usize::from(u16::from_le_bytes([self.bytes[48], self.bytes[49]]));
        let mut at = header + 28;
        while at < self.end {
            let (length, data) = sizes(&self.bytes, at);
            let here = &self.bytes[at + HEADER..at + HEADER + length];
            if self.bytes[at + 2] == ADDED
                && here == text
                && self.bytes[at + 44..at + 60] == *vendor.as_bytes()
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
    (word(bytes, at + 36), word(bytes, at + 40))
}

fn word(bytes: &[u8], at: usize) -> usize {
    bytes.get(at..at + 4).map_or(0, |b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty store: a volume's header, then the store's (`VARIABLE_STORE_HEADER`).
    fn empty(size: u32) -> Vec<u8> {
        let mut bytes = vec![0; 40];
        bytes.extend(b"_FVH");
        bytes.resize(48, 0);
        bytes.extend(72_u16.to_le_bytes());
        bytes.resize(72, 0);
        bytes.extend(AUTHENTICATED_STORE.as_bytes());
        bytes.extend(size.to_le_bytes());
        bytes.extend([0x5a, 0xfe, 0, 0, 0, 0, 0, 0]);
        bytes.resize(72 + size as usize, 0xff);
        bytes
    }

    #[test]
    fn what_is_set_is_there_and_what_was_before_is_not() {
        let mut store = Store::open(&empty(400)).unwrap();
        store.set("A", Guid::SHIM_LOCK, BOOT, b"one").unwrap();
        store.set("B", Guid::SHIM_LOCK, BOOT, b"two").unwrap();
        store.set("A", Guid::SHIM_LOCK, BOOT, b"three").unwrap();
        let store = Store::open(&store.finish()).unwrap();
        assert_eq!(store.get("A", Guid::SHIM_LOCK), Some(&b"three"[..]));
        assert_eq!(store.get("B", Guid::SHIM_LOCK), Some(&b"two"[..]));
        assert_eq!(store.get("A", Guid::GLOBAL_VARIABLE), None);
        assert!(store.clone().set("C", Guid::SHIM_LOCK, BOOT, &[0; 300]).is_err());
    }

    #[test]
    fn what_is_no_store_is_refused_whatever_it_holds() {
        let whole = {
            let mut store = Store::open(&empty(400)).unwrap();
            store.set("A", Guid::SHIM_LOCK, BOOT, b"one").unwrap();
            store.finish()
        };
        for end in 0..whole.len() {
            assert!(Store::open(&whole[..end]).is_err(), "{end}");
        }
        for at in 0..160 {
            for value in [0, 0x7f, 0xff] {
                let mut spoilt = whole.clone();
                spoilt[at] = value;
                if let Ok(store) = Store::open(&spoilt) {
                    let _ = store.get("A", Guid::SHIM_LOCK);
                }
            }
        }
    }
}
