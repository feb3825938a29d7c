//! `EFI_SIGNATURE_LIST`: the sequences of lists that `PK`, `KEK`, `db`, `dbx`, `MokListRT` and
//! `MokListXRT` hold.
//!
//! Source: UEFI 2.10, section 32.4.1.

use crate::error::{Deviation, Error, Kind, Parsed};
use crate::limits::Limits;
use crate::reader::{Reader, index, wide};
use crate::uefi::guid::Guid;
use crate::uefi::signature_type::Type;
use crate::uefi::time::Time;

/// Bytes of a list before its header and entries: type, list size, header size, entry size.
const LIST: usize = 28;
/// Bytes of an entry before its data: the owner.
const OWNER: usize = 16;

/// One entry (`EFI_SIGNATURE_DATA`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Offset of the entry in the input, in bytes.
    pub at: usize,
    /// Who put it there.
    pub owner: Guid,
    /// A certificate, a digest, a key: what the list's type says.
    pub data: &'a [u8],
}

impl<'a> Entry<'a> {
    /// The digest and the time of an entry of type [`Type::X509Sha256`] and its kin. A time of zero
    /// means *always revoked*.
    #[must_use]
    pub fn revocation(&self, of: Type) -> Option<(&'a [u8], Time)> {
        let (digest, time) = self.data.split_at_checked(of.revocation_digest_size()?)?;
        let mut reader = Reader::new("EFI_CERT_X509 TimeOfRevocation", time);
        Some((digest, Time::read(&mut reader, &mut Vec::new()).ok()?))
    }
}

/// One list: entries of one type and one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureList<'a> {
    /// Offset of the list in the input, in bytes.
    pub at: usize,
    /// What its entries are.
    pub of: Type,
    /// The header before the entries; empty for every type of the specification.
    pub header: &'a [u8],
    /// Bytes of each entry, the owner's sixteen included.
    pub entry_size: u32,
    /// The entries in order.
    pub entries: Vec<Entry<'a>>,
}

/// The lists of a variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignatureLists<'a> {
    /// The lists in order, up to where reading had to stop.
    pub lists: Vec<SignatureList<'a>>,
    /// Why reading stopped before the end; the same is the last deviation.
    ///
    /// The kernel stops at the same byte with `EBADMSG` and keeps what it met before it.
    pub stopped: Option<Error>,
}

impl<'a> SignatureLists<'a> {
    /// Every entry with its list's type, in order.
    pub fn entries(&self) -> impl Iterator<Item = (Type, &Entry<'a>)> {
        self.lists.iter().flat_map(|list| list.entries.iter().map(|entry| (list.of, entry)))
    }

    /// The data of every entry of one type, in order.
    pub fn data(&self, of: Type) -> impl Iterator<Item = &'a [u8]> {
        self.entries().filter(move |(t, _)| *t == of).map(|(_, entry)| entry.data)
    }

    /// How many entries there are of each type, in order of first appearance.
    #[must_use]
    pub fn counts(&self) -> Vec<(Type, usize)> {
        let mut counts: Vec<(Type, usize)> = Vec::new();
        for list in &self.lists {
            let n = list.entries.len();
            match counts.iter_mut().find(|(of, _)| *of == list.of) {
                Some((_, count)) => *count = count.saturating_add(n),
                None => counts.push((list.of, n)),
            }
        }
        counts
    }
}

/// Reads the lists of a variable; no bytes are no lists.
///
/// Reading stops where the kernel's `parse_efi_signature_list`
/// (`security/integrity/platform_certs/efi_parser.c`) answers `EBADMSG`: fewer than 28 bytes where
/// a list should begin, a list longer than what is left, one shorter than its own headers, entries
/// shorter than sixteen bytes, no entry, or entries that do not fill the list.
///
/// Where this reading and the kernel's differ:
///
/// * The kernel looks at neither the size of an entry's data nor the list header. Here data of
///   another size than the type has, an entry without data and a header are deviations; the entry
///   is kept all the same.
/// * The kernel passes over types it has no use for, after the same tests of sizes; here they are read.
/// * [`Limits::items`] bounds the number of entries; the kernel has no bound but the variable's size.
#[must_use]
pub fn read<'a>(bytes: &'a [u8], limits: &Limits) -> Parsed<SignatureLists<'a>> {
    read_within(bytes, 0, limits)
}

/// As [`read`], for lists that begin `base` bytes into a larger input.
#[must_use]
pub fn read_within<'a>(
    bytes: &'a [u8],
    base: usize,
    limits: &Limits,
) -> Parsed<SignatureLists<'a>> {
    let mut reader = Reader::within("EFI_SIGNATURE_LIST", bytes, base);
    let mut parsed = Parsed::clean(SignatureLists::default());
    let mut room = limits.items;
    while !reader.is_done() {
        match list(&mut reader, &mut room, limits, &mut parsed.deviations) {
            Ok(list) => parsed.value.lists.push(list),
            Err(e) => {
                parsed.value.stopped = Some(e);
                parsed.deviations.push(e);
                break;
            }
        }
    }
    parsed
}

fn list<'a>(
    reader: &mut Reader<'a>,
    room: &mut usize,
    limits: &Limits,
    deviations: &mut Vec<Deviation>,
) -> Result<SignatureList<'a>, Error> {
    let at = reader.at();
    let left = wide(reader.left());
    let illegal = |what, value: u32| Error::new(what, at, Kind::Illegal { value: value.into() });
    reader.now("EFI_SIGNATURE_LIST");
    if left < wide(LIST) {
        return Err(reader.error(Kind::Truncated { need: wide(LIST), have: left }));
    }
    let of = Type::of(Guid::read(reader)?);
    let size = reader.u32_le()?;
    let header_size = reader.u32_le()?;
    let entry_size = reader.u32_le()?;
    if u64::from(size) > left {
        let kind = Kind::Truncated { need: size.into(), have: left };
        return Err(Error::new("EFI_SIGNATURE_LIST SignatureListSize", at, kind));
    }
    let Some(after) = index(size.into()).checked_sub(LIST) else {
        return Err(illegal("EFI_SIGNATURE_LIST SignatureListSize", size));
    };
    let Some(filled) = after.checked_sub(index(header_size.into())) else {
        return Err(illegal("EFI_SIGNATURE_LIST SignatureHeaderSize", header_size));
    };
    let each = index(entry_size.into());
    let uneven = filled.checked_rem(each).is_none_or(|rest| rest != 0);
    if each < OWNER || filled < each || uneven {
        return Err(illegal("EFI_SIGNATURE_LIST SignatureSize", entry_size));
    }
    let count = filled.checked_div(each).unwrap_or_default();
    *room = room
        .checked_sub(count)
        .ok_or_else(|| reader.error(Kind::TooMany { limit: wide(limits.items) }))?;
    if header_size != 0 && !matches!(of, Type::Other(_)) {
        deviations.push(illegal("EFI_SIGNATURE_LIST SignatureHeaderSize", header_size));
    }
    let data = each.saturating_sub(OWNER);
    if data == 0 {
        deviations.push(Error::new("EFI_SIGNATURE_DATA SignatureData", at, Kind::Missing));
    } else if of.data_size().is_some_and(|must| must != data) {
        deviations.push(illegal("EFI_SIGNATURE_LIST SignatureSize", entry_size));
    }
    let header = reader.take(index(header_size.into()))?;
    let entries = (0..count).map(|_| entry(reader, data)).collect::<Result<_, _>>()?;
    Ok(SignatureList { at, of, header, entry_size, entries })
}

fn entry<'a>(reader: &mut Reader<'a>, data: usize) -> Result<Entry<'a>, Error> {
    let at = reader.at();
    Ok(Entry { at, owner: Guid::read(reader)?, data: reader.take(data)? })
}

/// Whether `bytes` begin with a whole list of a known type.
#[must_use]
pub fn begins(bytes: &[u8]) -> bool {
    let mut reader = Reader::new("EFI_SIGNATURE_LIST", bytes);
    let known = Guid::read(&mut reader).is_ok_and(|guid| !matches!(Type::of(guid), Type::Other(_)));
    known && reader.u32_le().is_ok_and(|size| (LIST..=bytes.len()).contains(&index(size.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list as the specification draws it.
    fn forge(of: Type, header: &[u8], entries: &[&[u8]]) -> Vec<u8> {
        let each = [OWNER, entries.first().map_or(0, |e| e.len())].iter().sum();
        let size = entries.iter().map(|_| each).chain([LIST, header.len()]).sum();
        let mut out = of.guid().as_bytes().to_vec();
        for n in [size, header.len(), each] {
            out.extend(u32::try_from(n).unwrap().to_le_bytes());
        }
        out.extend(header);
        for data in entries {
            out.extend(Guid::MICROSOFT.as_bytes());
            out.extend(*data);
        }
        out
    }

    fn patched(at: usize, value: u32) -> Vec<u8> {
        let mut list = forge(Type::Sha256, &[], &[&[1; 32], &[2; 32]]);
        list[at..][..4].copy_from_slice(&value.to_le_bytes());
        list
    }

    #[test]
    fn several_lists_are_read_in_order() {
        let mut bytes = forge(Type::X509, &[], &[b"der"]);
        bytes.extend(forge(Type::Sha256, &[], &[&[1; 32], &[2; 32]]));
        bytes.extend(forge(Type::Other(Guid::SHIM_LOCK), b"head", &[b"x"]));
        bytes.extend(forge(Type::Sha256, &[], &[&[3; 32]]));
        let parsed = read(&bytes, &Limits::DEFAULT);
        assert_eq!(parsed.deviations, []);
        assert_eq!(parsed.value.stopped, None);
        assert_eq!(
            parsed.value.counts(),
            [(Type::X509, 1), (Type::Sha256, 3), (Type::Other(Guid::SHIM_LOCK), 1)]
        );
        assert_eq!(parsed.value.data(Type::X509).collect::<Vec<_>>(), [b"der"]);
        assert_eq!(parsed.value.lists[2].header, b"head");
        assert_eq!(parsed.value.lists[0].entries[0].owner, Guid::MICROSOFT);
        assert_eq!(parsed.value.lists[1].at, 47);
        assert_eq!(parsed.value.lists[1].entries[1].at, 47 + 28 + 48);
        assert!(begins(&bytes));
        assert!(!begins(&bytes[47 + 28 + 96..]));
    }

    #[test]
    fn reading_stops_where_the_kernel_says_ebadmsg() {
        for (bytes, expected) in [
            (vec![0; 27], "EFI_SIGNATURE_LIST at 0x0: needs 28 bytes, 27 left"),
            (
                patched(16, 125),
                "EFI_SIGNATURE_LIST SignatureListSize at 0x0: needs 125 bytes, 124 left",
            ),
            (
                patched(16, 27),
                "EFI_SIGNATURE_LIST SignatureListSize at 0x0: 0x1b is not allowed here",
            ),
            (
                patched(16, 0),
                "EFI_SIGNATURE_LIST SignatureListSize at 0x0: 0x0 is not allowed here",
            ),
            (
                patched(20, 97),
                "EFI_SIGNATURE_LIST SignatureHeaderSize at 0x0: 0x61 is not allowed here",
            ),
            (patched(20, 96), "EFI_SIGNATURE_LIST SignatureSize at 0x0: 0x30 is not allowed here"),
            (patched(24, 0), "EFI_SIGNATURE_LIST SignatureSize at 0x0: 0x0 is not allowed here"),
            (patched(24, 15), "EFI_SIGNATURE_LIST SignatureSize at 0x0: 0xf is not allowed here"),
            (patched(24, 47), "EFI_SIGNATURE_LIST SignatureSize at 0x0: 0x2f is not allowed here"),
            (
                patched(24, u32::MAX),
                "EFI_SIGNATURE_LIST SignatureSize at 0x0: 0xffffffff is not allowed here",
            ),
        ] {
            let parsed = read(&bytes, &Limits::DEFAULT);
            assert_eq!(parsed.value.stopped.unwrap().to_string(), expected);
            assert_eq!(parsed.value.lists, []);
            assert_eq!(parsed.deviations.len(), 1);
        }
    }

    #[test]
    fn what_came_before_a_broken_list_is_kept() {
        let mut bytes = forge(Type::Sha1, &[], &[&[1; 20]]);
        bytes.push(0);
        let parsed = read(&bytes, &Limits::DEFAULT);
        assert_eq!(parsed.value.counts(), [(Type::Sha1, 1)]);
        assert_eq!(parsed.value.stopped.unwrap().at, 64);
    }

    #[test]
    fn oddities_the_kernel_does_not_mind_are_told_and_kept() {
        let short = read(&forge(Type::Sha256, &[], &[&[1; 31]]), &Limits::DEFAULT).deviations.len();
        let empty = read(&forge(Type::X509, &[], &[&[], &[]]), &Limits::DEFAULT).deviations.len();
        assert_eq!((short, empty), (1, 1));
        let bytes = forge(Type::X509, b"head", &[b"der"]);
        let header = read(&bytes, &Limits::DEFAULT);
        assert_eq!(header.deviations.len(), 1);
        assert_eq!(header.value.data(Type::X509).next(), Some(b"der".as_slice()));
    }

    #[test]
    fn a_revocation_has_a_digest_and_a_time() {
        let mut data = vec![9; 32];
        data.extend([0xe8, 0x07, 1, 2, 3, 4, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let bytes = forge(Type::X509Sha256, &[], &[&data]);
        let parsed = read(&bytes, &Limits::DEFAULT);
        let (digest, time) = parsed.value.lists[0].entries[0].revocation(Type::X509Sha256).unwrap();
        assert_eq!(digest, [9; 32]);
        assert_eq!(time.to_string(), "2024-01-02T03:04:05Z");
        assert_eq!(parsed.value.lists[0].entries[0].revocation(Type::Sha256), None);
    }

    #[test]
    fn entries_are_bounded() {
        let limits = Limits { items: 2, ..Limits::DEFAULT };
        let bytes = forge(Type::Sha256, &[], &[&[0; 32], &[0; 32], &[0; 32]]);
        assert_eq!(read(&bytes, &limits).value.stopped.unwrap().kind, Kind::TooMany { limit: 2 });
    }

    #[test]
    fn reading_ends_on_any_bytes() {
        let mut bytes = forge(Type::X509, &[], &[b"der"]);
        bytes.extend(forge(Type::Sha256, &[], &[&[1; 32], &[2; 32]]));
        for at in 0..bytes.len() {
            let _ = read(&bytes[..at], &Limits::DEFAULT);
            for value in [0, 1, 0x0f, 0x10, 0x7f, 0x80, 0xff] {
                let mut bytes = bytes.clone();
                bytes[at] = value;
                let parsed = read(&bytes, &Limits::DEFAULT);
                assert!(parsed.value.entries().count() <= bytes.len() / OWNER);
            }
        }
    }
}
