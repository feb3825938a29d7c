//! The outer shell of a kernel image and where its payload lies.
//!
//! Sources: `Documentation/arch/x86/boot.rst` (setup header), `arch/arm64/include/asm/image.h`,
//! `arch/riscv/include/asm/image.h`, `arch/loongarch/kernel/head.S`, `include/linux/pe.h`, `drivers/firmware/efi/libstub/zboot-header.S`,
//! `arch/s390/boot/head.S` (`EP_OFFSET`), `arch/arm/boot/compressed/head.S`.

use crate::error::{Error, Kind};
use crate::reader::{Reader, index, wide};
use core::ops::Range;
use serde::{Deserialize, Serialize};

/// The shell of a kernel image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Container {
    /// x86, with a setup header and a compressed vmlinux.
    BzImage,
    /// An ELF file as the linker left it.
    Elf,
    /// arm64, riscv or loong64, unpacked and ready to run.
    Flat,
    /// A PE file that unpacks its payload itself (`zimg`).
    ZBoot,
    /// A compressed file with one of the others inside.
    Packed,
    /// s390: a loader with a packed kernel somewhere behind it.
    S390,
    /// ARM: the same (`zImage`).
    ZImage,
}

/// What can be told without unpacking anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The shell.
    pub container: Container,
    /// The version text of an x86 setup header: release, builder, build.
    pub version: Option<String>,
    /// Whether firmware can start the file itself: it is also a PE file.
    pub efi_stub: bool,
    /// Where the payload lies in the file.
    pub payload: Range<usize>,
    /// The size the shell claims for the unpacked payload.
    pub unpacked_bytes: Option<u32>,
}

/// Reads the shell of an image.
///
/// # Errors
/// `Unsupported` for bytes that are no kernel image of a known sort, `Truncated` when the shell
/// promises more than there is.
pub(super) fn read(bytes: &[u8]) -> Result<Header, Error> {
    let simple = |container, payload| Header {
        container,
        version: None,
        efi_stub: is_pe(bytes),
        payload,
        unpacked_bytes: None,
    };
    let whole = 0..bytes.len();
    if bytes.get(0x202..0x206) == Some(b"HdrS") {
        return bz_image(bytes);
    }
    if bytes.starts_with(b"\x7fELF") {
        return Ok(simple(Container::Elf, whole));
    }
    if bytes.starts_with(b"MZ") && bytes.get(4..8) == Some(b"zimg") {
        let mut r = Reader::new("zboot header", bytes);
        r.skip(8)?;
        let (start, length) = (r.u32_le()?, r.u32_le()?);
        return Ok(simple(Container::ZBoot, part(bytes, "zboot payload", start.into(), length)?));
    }
    // `LINUX_PE_MAGIC` stands there on loong64, whose image has no other mark.
    if matches!(bytes.get(0x38..0x3c), Some(b"ARM\x64" | b"RSC\x05" | b"\xcd\x23\x82\x81")) {
        return Ok(simple(Container::Flat, whole));
    }
    if bytes.get(0x1_0008..0x1_000e) == Some(b"S390EP") {
        return Ok(simple(Container::S390, whole));
    }
    // `_magic_sig`, by which boot loaders know it.
    if bytes.get(0x24..0x28) == Some(&0x016f_2818_u32.to_le_bytes()) {
        return Ok(simple(Container::ZImage, whole));
    }
    Ok(simple(Container::Packed, whole))
}

fn bz_image(bytes: &[u8]) -> Result<Header, Error> {
    const WHAT: &str = "bzImage setup header";
    let field = |at: usize| {
        let mut r = Reader::new(WHAT, bytes);
        r.skip(at).map(|()| r)
    };
    // 1. Sectors of 512 bytes, the boot sector not counted; zero means four.
    let sectors = match field(0x1f1)?.u8()? {
        0 => 4_u64,
        sectors => u64::from(sectors),
    };
    let base = sectors.saturating_add(1).saturating_mul(512);
    // 2. The version text lies 0x200 after its pointer.
    let version = field(0x20e)?.u16_le()?;
    let version = (version != 0)
        .then(|| bytes.get(usize::from(version).saturating_add(0x200)..))
        .flatten()
        .and_then(|text| text.split(|b| *b == 0).next())
        .map(|text| String::from_utf8_lossy(text.get(..256).unwrap_or(text)).into_owned());
    // 3. The payload is named since protocol 2.08.
    let protocol = field(0x206)?.u16_le()?;
    if protocol < 0x208 {
        return Err(Error::new("bzImage boot protocol", 0x206, Kind::Unsupported));
    }
    let mut r = field(0x248)?;
    let (offset, length) = (r.u32_le()?, r.u32_le()?);
    let payload = part(bytes, "bzImage payload", base.saturating_add(offset.into()), length)?;
    // 4. Every compressor leaves the unpacked size behind its stream.
    let unpacked_bytes = bytes
        .get(payload.clone())
        .and_then(|payload| payload.last_chunk::<4>())
        .map(|size| u32::from_le_bytes(*size));
    let efi_stub = is_pe(bytes);
    Ok(Header { container: Container::BzImage, version, efi_stub, payload, unpacked_bytes })
}

fn part(bytes: &[u8], what: &'static str, start: u64, length: u32) -> Result<Range<usize>, Error> {
    let end = start.saturating_add(length.into());
    if end > wide(bytes.len()) {
        let have = wide(bytes.len()).saturating_sub(start);
        return Err(Error::new(what, index(start), Kind::Truncated { need: length.into(), have }));
    }
    Ok(index(start)..index(end))
}

fn is_pe(bytes: &[u8]) -> bool {
    bytes.starts_with(b"MZ")
        && bytes.get(0x3c..).and_then(|rest| rest.first_chunk::<4>()).is_some_and(|at| {
            let at = index(u32::from_le_bytes(*at).into());
            bytes.get(at..).is_some_and(|rest| rest.starts_with(b"PE\0\0"))
        })
}
