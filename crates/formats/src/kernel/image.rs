//! A kernel image: what it will demand of modules, told before it ever runs.
//!
//! The shell is opened, the payload unpacked once, and everything is read out of that: release and
//! banner, the exact version magic, the built-in certificates, the configuration if it is inside,
//! exported symbols with their CRCs, the size of `struct module`, and strings that prove which code
//! is compiled in. No version number is compared here; what follows from all this is for others.
//! Sources: `include/linux/vermagic.h`, `init/version.c`, `kernel/configs.c` and those of the rooms
//! below.

mod container;
mod layout;
mod certificates;
mod exports;
mod found;
mod parameters;
mod probes;
#[cfg(test)]
mod forge;

pub use container::{Container, Header};
pub use exports::Export;
pub use probes::Probe;

use crate::compress::{self, Compression};
use crate::error::{Error, Kind, Parsed};
use crate::kernel::btf::{self, Parts};
use crate::limits::Limits;
use crate::reader::{index, wide};
use layout::{Layout, Numbers};
use memchr::{memchr, memmem};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a kernel image holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelImage {
    /// The outer shell.
    pub container: Container,
    /// The version text of an x86 setup header: release, builder, build.
    pub header_version: Option<String>,
    /// Whether firmware can start the file itself.
    pub efi_stub: bool,
    /// How the payload is compressed, `None` if it is not.
    pub compression: Option<Compression>,
    /// Bytes of the unpacked kernel.
    pub unpacked_bytes: u64,
    /// The release, as `uname -r` will print it.
    pub release: Option<String>,
    /// The line that begins with `Linux version`.
    pub banner: Option<String>,
    /// The version magic modules are compared with, byte for byte; ends in a space.
    pub vermagic: Option<Vec<u8>>,
    /// The certificates of the built-in keyring, as DER.
    pub certificates: Vec<Vec<u8>>,
    /// Whether [`Self::certificates`] is the kernel's own list, found with its lengths. If not, it
    /// is every certificate found in the image, which may be too many.
    pub certificates_delimited: bool,
    /// The certificates of the compiled-in revocation list, as DER.
    pub revoked_certificates: Vec<Vec<u8>>,
    /// The configuration, if it was compiled in (`IKCONFIG`).
    pub config: Option<Vec<u8>>,
    /// What strings in the image prove.
    pub probes: BTreeSet<Probe>,
    /// What the kernel exports; `None` when the image keeps no section table.
    pub exports: Option<Vec<Export>>,
    /// Names that its code occupies below `/sys/module` for parameters and versions; `None` when
    /// the image does not tell.
    pub builtin_names: Option<BTreeSet<String>>,
    /// `sizeof(struct module)`, which `.gnu.linkonce.this_module` must have.
    pub struct_module_size: Option<u64>,
    /// Whether the kernel carries type information to compare that of modules with.
    pub has_btf: bool,
}

/// Reads the shell alone, without unpacking.
///
/// # Errors
/// `Truncated` when the shell promises more than there is, `Unsupported` for a boot protocol that
/// does not name its payload.
pub fn header(bytes: &[u8]) -> Result<Header, Error> {
    container::read(bytes)
}

/// Reads an image: x86 bzImage, vmlinux, arm64 or riscv Image, EFI zboot, one of these packed, and
/// the images of s390 and ARM, which do not say where their packed kernel lies.
///
/// # Errors
/// Those of [`header`]; `Unsupported` when the payload is packed in a way nobody knows, `TooLarge`
/// when it unpacks to more than [`Limits::kernel_bytes`], `Corrupt` when it does not unpack;
/// `Missing` when no kernel is inside.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<KernelImage>, Error> {
    opened(bytes, limits, |opened| contents(opened, limits))
}

/// The kernel's type information, that of modules rests on; `None` where it has none.
///
/// # Errors
/// Those of [`read`].
pub fn types(bytes: &[u8], limits: &Limits) -> Result<Option<btf::Base>, Error> {
    opened(bytes, limits, |opened| {
        let layout = opened.layout(limits)?;
        Ok(layout.named(".BTF").and_then(|section| btf::Base::read(section.bytes)))
    })
}

/// An image with the kernel out of it.
struct Opened<'a> {
    header: Header,
    kernel: &'a [u8],
    compression: Option<Compression>,
    deviations: Vec<Error>,
}

/// Gives the kernel to `then`: it lies in memory no longer than that.
fn opened<T>(
    bytes: &[u8],
    limits: &Limits,
    then: impl FnOnce(Opened<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    let header = container::read(bytes)?;
    let payload = bytes.get(header.payload.clone()).unwrap_or_default();
    let mut deviations = Vec::new();
    if matches!(header.container, Container::S390 | Container::ZImage) {
        let (packed, kernel) = searched(payload, limits)?;
        let compression = Some(packed);
        return then(Opened { header, kernel: &kernel, compression, deviations });
    }
    if is_kernel(payload) {
        return then(Opened { header, kernel: payload, compression: None, deviations });
    }
    let at = header.payload.start;
    let missing = Error::new("kernel payload", at, Kind::Unsupported);
    let packed = compress::sniff(payload).ok_or(missing)?;
    let mut unpacked = Vec::new();
    if let Some(hint) = header.unpacked_bytes {
        unpacked.reserve(index(hint.into()).min(limits.kernel_bytes));
    }
    // Behind every stream but gzip's, which has its own, stands the unpacked size.
    let stream = match (header.container, packed) {
        (Container::BzImage, Compression::Gzip) => payload,
        (Container::BzImage, _) => payload.split_last_chunk::<4>().map_or(payload, |(s, _)| s),
        _ => payload,
    };
    unpack(stream, packed, limits, &mut unpacked)?;
    if !is_kernel(&unpacked) {
        return Err(Error::new("kernel", 0, Kind::Missing));
    }
    let claimed = header.unpacked_bytes.map(u64::from);
    if let Some(value) = claimed.filter(|claimed| *claimed != wide(unpacked.len())) {
        deviations.push(Error::new("kernel payload size", at, Kind::Illegal { value }));
    }
    then(Opened { header, kernel: &unpacked, compression: Some(packed), deviations })
}

/// What the decoder of a kernel may take: kernels are packed by `xz` (since 6.12) and by `zstd` with
/// a window of 128 MiB (`scripts/xz_wrap.sh`, `scripts/Makefile.lib`).
const WINDOW: u64 = 136 << 20;
/// What such a payload, its window and what comes out of it may take together.
const TOGETHER: usize = 224 << 20;

/// Unpacks with the memory that most payloads need, and if the decoder asks for more, once again.
fn unpack(
    stream: &[u8],
    packed: Compression,
    limits: &Limits,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let room = limits.kernel_bytes;
    match compress::unpack(stream, packed, room, limits, out) {
        Err(Error { kind: Kind::TooLarge { limit }, .. }) if limit == limits.decoder_memory => {
            // A window is never touched beyond what came out.
            let room = room.min(TOGETHER.saturating_sub(stream.len()) / 2);
            let limits = Limits { decoder_memory: limits.decoder_memory.max(WINDOW), ..*limits };
            compress::unpack(stream, packed, room, &limits, out).map(drop)
        }
        done => done.map(drop),
    }
}

/// The first packed stream in a loader that has a kernel's banner inside.
fn searched(loader: &[u8], limits: &Limits) -> Result<(Compression, Vec<u8>), Error> {
    let mut kernel = Vec::new();
    let mut tried = 0_usize;
    for at in 0..loader.len() {
        let stream = loader.get(at..).unwrap_or_default();
        // LZMA alone has no magic to look for.
        let Some(packed) = compress::sniff(stream).filter(|p| *p != Compression::Lzma) else {
            continue;
        };
        tried = tried.saturating_add(1);
        if tried > MOST {
            break;
        }
        // What stands behind the stream may look like the next one, and may not: what came out counts.
        let done = unpack(stream, packed, limits, &mut kernel);
        if (done.is_ok() || !kernel.is_empty()) && banner(&kernel).is_some() {
            return Ok((packed, kernel));
        }
    }
    Err(Error::new("kernel", 0, Kind::Missing))
}

/// Whether these are the bytes of a kernel itself.
fn is_kernel(bytes: &[u8]) -> bool {
    container::read(bytes).is_ok_and(|header| match header.container {
        Container::Elf | Container::Flat => true,
        Container::BzImage
        | Container::ZBoot
        | Container::Packed
        | Container::S390
        | Container::ZImage => false,
    })
}

impl<'a> Opened<'a> {
    fn layout(&self, limits: &Limits) -> Result<Layout<'a>, Error> {
        let numbers = match self.header.container {
            Container::S390 => Numbers { wide: true, little: false },
            Container::ZImage => Numbers { wide: false, little: true },
            _ => Numbers { wide: true, little: true },
        };
        let layout = Layout::read(self.kernel, numbers)?;
        Ok(if layout.is_flat() { found::settled(&layout, limits) } else { layout })
    }
}

fn contents(opened: Opened<'_>, limits: &Limits) -> Result<Parsed<KernelImage>, Error> {
    let layout = opened.layout(limits)?;
    let Opened { header, kernel, compression, mut deviations } = opened;
    let constants = layout.constants();
    let banner = constants.iter().find_map(|stretch| banner(stretch));
    let release = match (&banner, &header.version) {
        (Some(banner), _) => banner.split(' ').nth(2),
        (None, Some(version)) => version.split(' ').next(),
        (None, None) => None,
    };
    let release = release.map(str::to_owned);
    if release.is_none() {
        deviations.push(Error::new("kernel banner", 0, Kind::Missing));
    }
    let vermagic = release
        .as_deref()
        .and_then(|release| constants.iter().find_map(|stretch| vermagic(stretch, release)));
    let config = constants.iter().find_map(|stretch| config(stretch, limits, &mut deviations));
    let keys = certificates::find(&layout);
    let btf = layout.named(".BTF").map(|section| section.bytes);
    let value = KernelImage {
        container: header.container,
        header_version: header.version,
        efi_stub: header.efi_stub,
        compression,
        unpacked_bytes: wide(kernel.len()),
        release,
        banner,
        vermagic,
        certificates: keys.trusted,
        certificates_delimited: keys.delimited,
        revoked_certificates: keys.revoked,
        config,
        probes: probes::find(&constants),
        exports: exports::read(&layout, limits, &mut deviations),
        builtin_names: parameters::names(&layout, limits, &mut deviations),
        struct_module_size: btf.and_then(|btf| Parts::of(btf)?.structure_size(b"module")),
        has_btf: btf.is_some(),
    };
    Ok(Parsed { value, deviations })
}

/// How many places that look like a banner or version magic are looked at; real kernels have two.
const MOST: usize = 1024;

/// The banner. Since 6.1 a placeholder without a build number stands before the real one
/// (`init/version.c` and `init/version-timestamp.c`).
fn banner(stretch: &[u8]) -> Option<String> {
    const BEGIN: &[u8] = b"Linux version ";
    let banners = memmem::find_iter(stretch, BEGIN).take(MOST).filter_map(|at| {
        let rest = stretch.get(at..)?;
        let rest = rest.get(..1024).unwrap_or(rest);
        let line = rest.split(|b| matches!(b, 0 | b'\n')).next()?;
        let is_banner = line.get(BEGIN.len()..)?.first().is_some_and(u8::is_ascii_digit);
        is_banner.then_some(line)
    });
    let numbered = |line: &&[u8]| {
        let mut builds = memmem::find_iter(line, b" #");
        builds.any(|at| line.iter().skip(at).nth(2).is_some_and(u8::is_ascii_digit))
    };
    let line = banners.clone().find(numbered).or_else(|| banners.clone().next())?;
    Some(String::from_utf8_lossy(line).into_owned())
}

/// The string that begins with the release and goes on with words of `vermagic.h`.
fn vermagic(stretch: &[u8], release: &str) -> Option<Vec<u8>> {
    let begin = format!("{release} ");
    memmem::find_iter(stretch, begin.as_bytes()).take(MOST).find_map(|at| {
        let rest = stretch.get(at..)?;
        let rest = rest.get(..512).unwrap_or(rest);
        let text = rest.get(..memchr(0, rest)?)?;
        let words = str::from_utf8(text.get(begin.len()..)?).ok()?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b' ' | b'.' | b'-');
        let known = ["SMP", "preempt", "preempt_rt", "mod_unload", "modversions", "aarch64"];
        let is_magic =
            words.bytes().all(plain) && words.split(' ').any(|word| known.contains(&word));
        is_magic.then(|| text.to_vec())
    })
}

/// The configuration between its two marks.
fn config(stretch: &[u8], limits: &Limits, deviations: &mut Vec<Error>) -> Option<Vec<u8>> {
    let (begin, end) = (b"IKCFG_ST", b"IKCFG_ED");
    let at = memmem::find(stretch, begin)?.checked_add(begin.len())?;
    let rest = stretch.get(at..)?;
    let packed = rest.get(..memmem::find(rest, end)?)?;
    let mut text = Vec::new();
    match compress::unpack(packed, compress::sniff(packed)?, limits.text_bytes, limits, &mut text) {
        Ok(_) => Some(text),
        Err(error) => {
            deviations.push(error);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::forge::{NAMES, STRINGS, bz_image, certificate, elf, kernel, relative};
    use super::*;

    fn export(name: &str, crc: Option<u32>, gpl_only: bool, namespace: Option<&str>) -> Export {
        Export { name: name.to_owned(), crc, gpl_only, namespace: namespace.map(str::to_owned) }
    }

    #[test]
    fn a_whole_image_is_read() {
        let kernel = kernel();
        let image = bz_image(&zstd::bulk::compress(&kernel, 3).unwrap(), kernel.len());
        let got = read(&image, &Limits::DEFAULT).unwrap();
        assert_eq!(got.deviations, []);
        let got = got.value;
        assert_eq!((got.container, got.efi_stub), (Container::BzImage, false));
        assert_eq!(got.header_version.as_deref(), Some("6.1.0 (a) #1"));
        assert_eq!(got.compression, Some(Compression::Zstd));
        assert_eq!(got.release.as_deref(), Some("6.1.0"));
        assert_eq!(got.banner.as_deref(), Some("Linux version 6.1.0 (a) #1 SMP"));
        assert_eq!(got.vermagic.as_deref(), Some(&b"6.1.0 SMP preempt mod_unload "[..]));
        assert_eq!(got.certificates, [certificate(1), certificate(2)]);
        assert!(got.certificates_delimited);
        assert_eq!(got.revoked_certificates, [certificate(3)]);
        assert_eq!(
            got.probes.into_iter().collect::<Vec<_>>(),
            [Probe::GateRejects, Probe::LockdownEfiSecureBootMode]
        );
        assert_eq!(got.struct_module_size, Some(896));
        assert!(got.builtin_names.unwrap().iter().eq(["first", "third"]));
        assert_eq!(
            got.exports.unwrap(),
            [
                export("first", Some(0xdead_beef), false, None),
                export("second", Some(1), true, Some("NS")),
                export("third", Some(2), true, None),
            ]
        );
    }

    #[test]
    fn older_and_newer_symbol_tables_are_read() {
        let words = |words: &[u64]| words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let strings = ("__ksymtab_strings", STRINGS, NAMES.to_vec());
        let of = |sections: &[(&str, u64, Vec<u8>)]| {
            read(&elf(sections), &Limits::DEFAULT).unwrap().value.exports.unwrap()
        };
        // By address and without namespaces, CRCs kept elsewhere.
        let far = 0x1000_u32.wrapping_sub(0x7000).to_le_bytes().to_vec();
        let got = of(&[
            (".rodata", 0x1000, 7_u32.to_le_bytes().to_vec()),
            ("__ksymtab", 0x5000, words(&[1, STRINGS + 1])),
            ("__kcrctab", 0x7000, far),
            strings.clone(),
        ]);
        assert_eq!(got, [export("first", Some(7), false, None)]);
        // By address, no namespace as a null pointer.
        let got = of(&[
            ("__ksymtab", 0x5000, words(&[1, STRINGS + 1, 0, 1, STRINGS + 7, STRINGS + 14])),
            strings.clone(),
        ]);
        let expected =
            [export("first", None, false, None), export("second", None, false, Some("NS"))];
        assert_eq!(got, expected);
        // One table and flags.
        let entries = [
            relative(0x5000, [1, STRINGS + 1, STRINGS]),
            relative(0x500c, [1, STRINGS + 7, STRINGS]),
        ];
        let got = of(&[
            ("__ksymtab", 0x5000, entries.concat()),
            ("__kflagstab", 0x7000, vec![0, 1]),
            strings,
        ]);
        assert_eq!(got.iter().map(|export| export.gpl_only).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn other_shells_are_opened() {
        // A flat arm64 image with a configuration inside, packed with gzip as Debian ships it.
        let packed = |bytes: &[u8]| {
            let mut packer = libdeflater::Compressor::default();
            let mut out = vec![0; packer.gzip_compress_bound(bytes.len())];
            let length = packer.gzip_compress(bytes, &mut out).unwrap();
            out.truncate(length);
            out
        };
        let mut flat = vec![0; 64];
        flat[0x38..0x3c].copy_from_slice(b"ARM\x64");
        flat.extend(
            b"\0Linux version 6.12.1 (b) #2 SMP\0\x006.12.1 SMP mod_unload aarch64\0IKCFG_ST",
        );
        flat.extend(packed(b"CONFIG_A=y\n"));
        flat.extend(b"IKCFG_ED");
        let got = read(&packed(&flat), &Limits::DEFAULT).unwrap().value;
        assert_eq!((got.container, got.compression), (Container::Packed, Some(Compression::Gzip)));
        assert_eq!(got.vermagic.as_deref(), Some(&b"6.12.1 SMP mod_unload aarch64"[..]));
        assert_eq!(got.config.as_deref(), Some(&b"CONFIG_A=y\n"[..]));
        assert_eq!((got.exports, got.has_btf), (None, false));
        // The same in a zboot shell.
        let payload = packed(&flat);
        let mut zboot = b"MZ\0\0zimg".to_vec();
        zboot.extend(
            [64, u32::try_from(payload.len()).unwrap()].map(u32::to_le_bytes).as_flattened(),
        );
        zboot.resize(64, 0);
        zboot.extend(payload);
        let got = read(&zboot, &Limits::DEFAULT).unwrap().value;
        assert_eq!((got.container, got.release.as_deref()), (Container::ZBoot, Some("6.12.1")));
        // loong64's image, packed with zstd as Debian's 7.2.13+deb14-loong64 is: shell and image have one mark.
        flat[..2].copy_from_slice(b"MZ");
        flat[0x38..0x3c].copy_from_slice(&0x8182_23cd_u32.to_le_bytes());
        let payload = zstd::bulk::compress(&flat, 3).unwrap();
        let length = u32::try_from(payload.len()).unwrap();
        let mut zboot = b"MZ\0\0zimg".to_vec();
        zboot.extend([64, length].map(u32::to_le_bytes).as_flattened());
        zboot.resize(64, 0);
        zboot[0x38..0x3c].copy_from_slice(&flat[0x38..0x3c]);
        zboot.extend(payload);
        let got = read(&zboot, &Limits::DEFAULT).unwrap().value;
        assert_eq!((got.container, got.compression), (Container::ZBoot, Some(Compression::Zstd)));
        assert_eq!(got.release.as_deref(), Some("6.12.1"));
        assert!(read(b"MZ is no kernel", &Limits::DEFAULT).is_err());
    }

    #[test]
    fn any_bytes_come_to_an_end() {
        let kernel = kernel();
        for at in 0..kernel.len() {
            let mut bytes = kernel.clone();
            bytes[at] ^= if at % 2 == 0 { 0xff } else { 1 };
            let _ = read(&bytes, &Limits::DEFAULT);
            if at % 5 == 0 {
                let _ = read(&kernel[..at], &Limits::DEFAULT);
            }
        }
        let image = bz_image(&zstd::bulk::compress(&kernel, 3).unwrap(), kernel.len());
        for at in 0x1f0..image.len() {
            let mut bytes = image.clone();
            bytes[at] ^= 0xff;
            let _ = read(&bytes, &Limits::DEFAULT);
            let _ = read(&image[..at], &Limits::DEFAULT);
        }
    }
}
