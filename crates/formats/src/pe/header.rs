//! The headers of an image, and where its parts lie.

use super::sections::{self, Section};
use crate::error::{Deviation, Error, Kind, Parsed};
use crate::limits::Limits;
use crate::reader::{Reader, index, wide};

/// `DllCharacteristics`: the image runs where memory is writable or executable, not both.
pub const NX_COMPAT: u16 = 0x0100;

/// An image, borrowed from its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image<'a> {
    /// The whole file.
    pub bytes: &'a [u8],
    /// `Machine`: which processor it is for.
    pub machine: u16,
    /// `TimeDateStamp` of the COFF header: when it was linked, or a digest of the build.
    pub stamp: u32,
    /// `Characteristics` of the COFF header.
    pub characteristics: u16,
    /// 32 or 64.
    pub bits: u8,
    /// `SizeOfImage`, in bytes.
    pub image_size: u32,
    /// `SizeOfHeaders`, in bytes.
    pub headers_size: u32,
    /// `CheckSum` as stored.
    pub checksum: u32,
    /// Offset of `CheckSum`.
    pub checksum_at: usize,
    /// `Subsystem`: 10 to 13 for EFI, 1 for Windows drivers.
    pub subsystem: u16,
    /// `DllCharacteristics`.
    pub dll_characteristics: u16,
    /// Data directories: address and size.
    pub directories: Vec<(u32, u32)>,
    /// `SectionAlignment`, in bytes.
    pub section_alignment: u32,
    /// `FileAlignment`, in bytes.
    pub file_alignment: u32,
    /// Where the section table ends in the file.
    pub section_table_end: usize,
    /// Offset of the directory entry of the attribute certificate table; `None`: there is none.
    pub certificate_entry_at: Option<usize>,
    /// The sections, in the order of their table.
    pub sections: Vec<Section<'a>>,
}

/// Number of the data directory that tells where the attribute certificates are. Its address is an
/// offset in the file, unlike those of the others.
const CERTIFICATES: usize = 4;

/// Bytes of an entry of the section table.
const SECTION_ENTRY: usize = 40;

impl<'a> Image<'a> {
    /// Where the headers end in the file, by what they hold; `headers_size` is what they say.
    #[must_use]
    pub const fn headers_end(&self) -> usize {
        self.section_table_end
    }

    /// The checksum as it should be: the sum of the file's 16-bit words with carries added back, the
    /// stored one taken for zero, and the length of the file.
    #[must_use]
    pub fn computed_checksum(&self) -> u32 {
        let (before, rest) = self.bytes.split_at_checked(self.checksum_at).unwrap_or_default();
        let after = rest.get(4..).unwrap_or_default();
        // Where the headers begin at an odd offset, the words lie across the hole.
        let sum = if self.checksum_at.is_multiple_of(2) {
            words(before).wrapping_add(words(after))
        } else {
            words(&[before, &[0; 4], after].concat())
        };
        let mut folded = sum;
        while folded > 0xffff {
            folded = (folded & 0xffff).wrapping_add(folded.wrapping_shr(16));
        }
        let length = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX);
        u32::try_from(folded).unwrap_or(0).wrapping_add(length)
    }

    /// Offset and size of the attribute certificate table in the file; `None`: there is none.
    #[must_use]
    pub fn certificate_table(&self) -> Option<(u32, u32)> {
        self.directories.get(CERTIFICATES).copied().filter(|(_, size)| *size > 0)
    }

    /// The first section with this name.
    #[must_use]
    pub fn section(&self, name: &str) -> Option<&Section<'a>> {
        self.sections.iter().find(|s| s.name == name)
    }

    /// The processor, as it is called in speech: `x64`.
    #[must_use]
    pub const fn machine_name(&self) -> Option<&'static str> {
        Some(match self.machine {
            0x014c => "x86",
            0x8664 => "x64",
            0x01c0 | 0x01c2 | 0x01c4 => "arm",
            0xaa64 => "arm64",
            0x0200 => "ia64",
            0x5064 => "riscv64",
            0x0ebc => "ebc",
            _ => return None,
        })
    }
}

/// The sum of 16-bit words; a last odd byte counts as a word of its own.
fn words(bytes: &[u8]) -> u64 {
    // Four words at a time; the sums cannot overflow below 32 GiB.
    let (chunks, rest) = bytes.as_chunks::<8>();
    let (mut low, mut high) = (0_u64, 0_u64);
    for chunk in chunks {
        let word = u64::from_le_bytes(*chunk);
        low = low.wrapping_add(word & 0xffff_ffff);
        high = high.wrapping_add(word.wrapping_shr(32));
    }
    let (pairs, last) = rest.as_chunks::<2>();
    let tail = pairs.iter().map(|pair| u64::from(u16::from_le_bytes(*pair))).sum::<u64>();
    let odd = last.first().map_or(0, |byte| u64::from(*byte));
    // 2^16 is 1 where carries are added back, so words of 32 bits fold as words of 16 do.
    low.wrapping_add(high).wrapping_add(tail).wrapping_add(odd)
}

/// Whether `bytes` begin as an image does.
#[must_use]
pub fn begins(bytes: &[u8]) -> bool {
    bytes.starts_with(b"MZ")
        && start(bytes).is_some_and(|at| bytes.get(at..).is_some_and(|b| b.starts_with(b"PE\0\0")))
}

/// `e_lfanew`: where the headers begin.
fn start(bytes: &[u8]) -> Option<usize> {
    let mut reader = Reader::new("PE e_lfanew", bytes.get(0x3c..)?);
    reader.u32_le().ok().map(|at| index(at.into()))
}

/// Reads the headers of an image.
///
/// # Errors
/// When it is no image, or its headers are not all there.
pub fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Result<Parsed<Image<'a>>, Error> {
    if !bytes.starts_with(b"MZ") {
        return Err(Error::new("PE DOS header", 0, Kind::Missing));
    }
    let Some(at) = start(bytes) else {
        let need = 0x40;
        return Err(Error::new(
            "PE e_lfanew",
            0x3c,
            Kind::Truncated { need, have: wide(bytes.len()) },
        ));
    };
    let mut reader = Reader::within("PE signature", bytes.get(at..).unwrap_or_default(), at);
    if reader.array()? != *b"PE\0\0" {
        return Err(Error::new("PE signature", at, Kind::Missing));
    }
    reader.now("COFF header");
    let machine = reader.u16_le()?;
    let sections = reader.u16_le()?;
    let stamp = reader.u32_le()?;
    let symbols = (reader.u32_le()?, reader.u32_le()?);
    let optional_size = reader.u16_le()?;
    let characteristics = reader.u16_le()?;
    let optional_at = reader.at();
    let mut optional =
        Reader::within("PE optional header", reader.take(optional_size.into())?, optional_at);
    let mut image = Image {
        bytes,
        machine,
        stamp,
        characteristics,
        bits: match optional.u16_le()? {
            0x10b => 32,
            0x20b => 64,
            other => {
                let kind = Kind::Illegal { value: other.into() };
                return Err(Error::new("PE optional header magic", optional_at, kind));
            }
        },
        image_size: 0,
        headers_size: 0,
        checksum: 0,
        checksum_at: 0,
        subsystem: 0,
        dll_characteristics: 0,
        directories: Vec::new(),
        section_alignment: 0,
        file_alignment: 0,
        section_table_end: 0,
        certificate_entry_at: None,
        sections: Vec::new(),
    };
    let mut deviations = Vec::new();
    rest_of_optional(&mut optional, &mut image, &mut deviations)?;
    let table = Reader::within("PE section table", reader.rest(), reader.at());
    image.section_table_end =
        reader.at().saturating_add(usize::from(sections).saturating_mul(SECTION_ENTRY));
    let strings = sections::Strings::behind(symbols, bytes);
    image.sections = sections::read(table, sections, strings, limits, &mut deviations)?;
    if index(image.headers_size.into()) > bytes.len() {
        let kind = Kind::Truncated { need: image.headers_size.into(), have: wide(bytes.len()) };
        deviations.push(Error::new("PE SizeOfHeaders", optional_at, kind));
    }
    Ok(Parsed { value: image, deviations })
}

fn rest_of_optional(
    reader: &mut Reader<'_>,
    image: &mut Image<'_>,
    deviations: &mut Vec<Deviation>,
) -> Result<(), Error> {
    reader.skip(30)?;
    image.section_alignment = reader.u32_le()?;
    image.file_alignment = reader.u32_le()?;
    reader.skip(16)?;
    image.image_size = reader.u32_le()?;
    image.headers_size = reader.u32_le()?;
    image.checksum_at = reader.at();
    image.checksum = reader.u32_le()?;
    image.subsystem = reader.u16_le()?;
    image.dll_characteristics = reader.u16_le()?;
    // Stack and heap: four numbers of the word's size; then the loader's flags.
    reader.skip(if image.bits == 64 { 36 } else { 20 })?;
    let promised = index(reader.u32_le()?.into());
    for number in 0..promised {
        if number == CERTIFICATES {
            image.certificate_entry_at = Some(reader.at());
        }
        let (Ok(address), Ok(size)) = (reader.u32_le(), reader.u32_le()) else {
            if image.directories.len() <= CERTIFICATES {
                image.certificate_entry_at = None;
            }
            deviations.push(reader.error(Kind::TooMany { limit: wide(image.directories.len()) }));
            break;
        };
        image.directories.push((address, size));
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An image of 64 bits with one section and these attribute certificates.
    pub(crate) fn forged(name: &[u8; 8], section: &[u8], certificates: &[u8]) -> Vec<u8> {
        let mut image = b"MZ".to_vec();
        image.resize(0x3c, 0);
        let put = |image: &mut Vec<u8>, n: usize| {
            image.extend(u32::try_from(n).unwrap().to_le_bytes());
        };
        put(&mut image, 0x40);
        image.extend(b"PE\0\0\x64\x86\x01\0");
        image.extend([0; 12]);
        image.extend([240, 0, 0x22, 0]);
        assert_eq!(image.len(), 0x58);
        image.extend([0x0b, 2]);
        image.resize(0x90, 0);
        put(&mut image, 0x2000);
        put(&mut image, 0x200);
        image.extend([0x78, 0x56, 0x34, 0x12, 10, 0, 0, 1]);
        image.resize(0xc4, 0);
        put(&mut image, 16);
        image.resize(0xe8, 0);
        let end = section.len().saturating_add(0x200);
        put(&mut image, if certificates.is_empty() { 0 } else { end });
        put(&mut image, certificates.len());
        image.resize(0x148, 0);
        image.extend(name);
        for n in [section.len(), 0x1000, section.len(), 0x200] {
            put(&mut image, n);
        }
        image.extend([0; 12]);
        image.extend([0x40, 0, 0, 0x40]);
        image.resize(0x200, 0);
        image.extend(section);
        image.extend(certificates);
        image
    }

    #[test]
    fn headers_and_sections_are_found() {
        let bytes = forged(b".sbat\0\0\0", b"sbat,1,a\0", &[]);
        assert!(begins(&bytes));
        let read = read(&bytes, &Limits::DEFAULT).unwrap();
        assert_eq!(read.deviations, []);
        let image = read.value;
        assert_eq!((image.machine_name(), image.bits, image.subsystem), (Some("x64"), 64, 10));
        assert_eq!((image.checksum, image.dll_characteristics), (0x1234_5678, NX_COMPAT));
        assert_eq!(image.certificate_table(), None);
        assert_eq!(image.section(".sbat").and_then(|s| s.data), Some(&b"sbat,1,a\0"[..]));
        assert_eq!(image.section(".text"), None);
    }

    #[test]
    fn every_beginning_of_an_image_is_read_or_refused() {
        let bytes = forged(b".text\0\0\0", b"code", b"12345678");
        for end in 0..bytes.len() {
            let _ = read(&bytes[..end], &Limits::DEFAULT);
        }
        assert_eq!(
            read(&bytes[..0x50], &Limits::DEFAULT).unwrap_err().to_string(),
            "COFF header at 0x50: needs 4 bytes, 0 left"
        );
    }
}
