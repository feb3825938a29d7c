//! `Boot####`: what the firmware's boot manager starts, and where it is.
//!
//! Source: UEFI 2.10, §3.1.3 (load options), §10.3 (device paths).

use super::guid::Guid;
use crate::error::{Error, Kind, Parsed};
use crate::reader::{Reader, index, wide};

/// A load option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadOption {
    /// Whether the boot manager starts it by itself (`LOAD_OPTION_ACTIVE`).
    pub active: bool,
    /// Its name for people.
    pub description: String,
    /// Where the image is: the first device path, node by node.
    pub path: Vec<Node>,
    /// What the image is handed: shim takes the name of what it starts next from it.
    pub data: Vec<u8>,
}

impl LoadOption {
    /// The path of a file with slashes, without the leading one, where it names a file.
    #[must_use]
    pub fn file(&self) -> Option<String> {
        let parts: Vec<&str> = self
            .path
            .iter()
            .filter_map(|node| match node {
                Node::File(path) => Some(path.trim_matches('\\')),
                _ => None,
            })
            .collect();
        (!parts.is_empty()).then(|| parts.join("/").replace('\\', "/"))
    }

    /// Whether it starts from the network.
    #[must_use]
    pub fn is_network(&self) -> bool {
        self.path.contains(&Node::Network)
    }

    /// The optional data as text, where it is UCS-2.
    #[must_use]
    pub fn data_text(&self) -> Option<String> {
        (self.data.len() >= 2 && self.data.len().is_multiple_of(2))
            .then(|| ucs2(self.data.chunks_exact(2)))
            .filter(|text| !text.chars().any(char::is_control) && !text.is_empty())
    }
}

/// A node of a device path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A partition of a GPT disk.
    Partition {
        /// Its number.
        number: u32,
        /// The unique identifier of the partition.
        guid: Guid,
    },
    /// A file, with backslashes.
    File(String),
    /// A file inside the firmware.
    Firmware(Guid),
    /// A network card, an address, a URI.
    Network,
    /// Anything else: type and subtype.
    Other(u8, u8),
}

/// The bit of `Attributes` that lets the boot manager start it.
const ACTIVE: u32 = 1;

/// Reads a load option, the data of the variable.
///
/// # Errors
/// `Truncated` where attributes, name or path do not fit.
pub fn read(bytes: &[u8]) -> Result<Parsed<LoadOption>, Error> {
    let mut reader = Reader::new("EFI_LOAD_OPTION", bytes);
    let attributes = reader.u32_le()?;
    let length = usize::from(reader.u16_le()?);
    let mut name = Vec::new();
    loop {
        let unit: [u8; 2] = reader.array()?;
        if unit == [0, 0] {
            break;
        }
        name.extend(unit);
    }
    let description = ucs2(name.chunks_exact(2));
    let at = reader.at();
    let path = reader.take(length)?;
    let data = reader.rest().to_vec();
    let (path, odd) = nodes(path, at);
    let option = LoadOption { active: attributes & ACTIVE != 0, description, path, data };
    Ok(Parsed { value: option, deviations: odd.into_iter().collect() })
}

fn nodes(bytes: &[u8], base: usize) -> (Vec<Node>, Option<Error>) {
    let mut reader = Reader::within("EFI_DEVICE_PATH_PROTOCOL", bytes, base);
    let mut nodes = Vec::new();
    let odd = loop {
        if reader.is_done() {
            break None;
        }
        match node(&mut reader) {
            Ok(Some(node)) => nodes.push(node),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    (nodes, odd)
}

/// The next node; `None` at the end of the path.
fn node(reader: &mut Reader<'_>) -> Result<Option<Node>, Error> {
    let [kind, subtype] = reader.array()?;
    let length = reader.u16_le()?;
    let Some(rest) = usize::from(length).checked_sub(4) else {
        return Err(reader.error(Kind::Illegal { value: length.into() }));
    };
    let at = reader.at();
    let body = reader.take(rest)?;
    Ok(Some(match (kind, subtype) {
        (0x7f, _) => return Ok(None),
        (4, 1) => {
            let mut disk = Reader::within("hard drive device path", body, at);
            let number = disk.u32_le()?;
            disk.skip(16)?;
            Node::Partition { number, guid: Guid::read(&mut disk)? }
        }
        (4, 4) => Node::File(ucs2(body.chunks_exact(2))),
        (4, 6) => Node::Firmware(Guid::read(&mut Reader::within("firmware file", body, at))?),
        // MAC, IPv4, IPv6, URI, Wi-Fi, DNS.
        (3, 11..=13 | 24 | 28 | 31) => Node::Network,
        (kind, subtype) => Node::Other(kind, subtype),
    }))
}

/// UCS-2 up to the first NUL.
fn ucs2<'a>(units: impl Iterator<Item = &'a [u8]>) -> String {
    let units = units.filter_map(|u| u.first_chunk::<2>().copied().map(u16::from_le_bytes));
    let units = units.take_while(|u| *u != 0);
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// A text as EFI variables hold it (`LoaderEntryOneShot`).
#[must_use]
pub fn text(bytes: &[u8]) -> String {
    ucs2(bytes.chunks_exact(2))
}

/// `BootOrder`: numbers of load options.
#[must_use]
pub fn order(bytes: &[u8]) -> Parsed<Vec<u16>> {
    let units = bytes.chunks_exact(2);
    let left = units.remainder().len();
    let value = units.filter_map(|u| u.first_chunk::<2>().copied().map(u16::from_le_bytes));
    let value = value.collect();
    let at = bytes.len().saturating_sub(left);
    let odd = Error::new("BootOrder", at, Kind::Trailing { left: wide(left) });
    Parsed { value, deviations: (index(wide(left)) > 0).then_some(odd).into_iter().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide_text(text: &str) -> Vec<u8> {
        text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
    }

    /// As `efibootmgr` writes it for a loader on a GPT partition (UEFI 2.10, tables 10.48, 10.50).
    fn option(active: u8, file: &str, data: &[u8]) -> Vec<u8> {
        let file = wide_text(file);
        let disk = [&[4, 1, 42, 0, 1, 0, 0, 0][..], &[0; 16], &[7; 16], &[2, 2]].concat();
        let length = u16::try_from(file.len().saturating_add(4)).unwrap().to_le_bytes();
        let path = [&disk[..], &[4, 4], &length, &file, &[0x7f, 0xff, 4, 0]].concat();
        let length = u16::try_from(path.len()).unwrap().to_le_bytes();
        [&[active, 0, 0, 0][..], &length, &wide_text("debian"), &path, data].concat()
    }

    #[test]
    fn a_loader_on_a_partition() {
        let read = read(&option(1, r"\EFI\debian\shimx64.efi", b"")).unwrap();
        assert!(read.deviations.is_empty());
        let option = read.value;
        assert_eq!((option.active, &*option.description), (true, "debian"));
        assert_eq!(option.file().as_deref(), Some("EFI/debian/shimx64.efi"));
        assert!(matches!(option.path.first(), Some(Node::Partition { number: 1, .. })));
        assert_eq!((option.data_text(), option.is_network()), (None, false));
    }

    #[test]
    fn what_shim_is_handed_is_text_or_nothing() {
        let read = |data: &[u8]| read(&option(0, r"\a.efi", data)).unwrap().value;
        let named = read(&wide_text(r"\EFI\Linux\linux.efi"));
        assert_eq!(named.data_text().as_deref(), Some(r"\EFI\Linux\linux.efi"));
        assert!(!named.active);
        assert_eq!(read(&[1, 2, 3]).data_text(), None);
    }

    #[test]
    fn odd_options_are_told() {
        assert!(read(&[]).is_err());
        assert!(read(&[1, 0, 0, 0, 9, 0, 0, 0]).is_err());
        let bad = [&[1, 0, 0, 0, 4, 0, b'x', 0, 0, 0][..], &[4, 4, 0, 0]].concat();
        assert_eq!(read(&bad).unwrap().deviations.len(), 1);
        assert_eq!(order(&[1, 0, 2, 0]).value, [1, 2]);
        assert_eq!(order(&[1, 0, 2]).deviations.len(), 1);
    }
}
