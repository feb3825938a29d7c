//! Type information (BTF): what the kernel asks of a module's before it takes the module.
//!
//! A module's types count on from the last type of the kernel's, and its names from the end of the
//! kernel's strings; so they fit no other kernel. The kernel checks each type by itself and how long
//! rows of modifiers are, no more. Where kernels differ, or nobody could tell, the answer stays open.
//! Sources: `Documentation/bpf/btf.rst`, `include/uapi/linux/btf.h`; `kernel/bpf/btf.c` of 6.1, 6.12 and
//! 7.2: `btf_parse_module`, `btf_parse_hdr`, `btf_parse_str_sec`, `btf_check_sec_info`, `btf_check_meta` with
//! those of each kind, `btf_check_type_tags` (`btf_check_modifier_chain_length` since 7.0).

mod names;
mod verify;
mod distilled;
#[cfg(test)]
#[expect(clippy::as_conversions, reason = "a length known when it is compiled")]
mod tests;

use crate::reader::{index, wide};
use distilled::Named;
use names::Names;

/// `BTF_MAX_TYPE`
const LAST_TYPE: u32 = 0x000f_ffff;
/// `BTF_KIND_STRUCT`
pub(super) const STRUCT: u32 = 4;
/// `BTF_KIND_TYPE_TAG`
const TYPE_TAG: u32 = 18;
/// `BTF_KIND_ENUM64`, the youngest kind that all these kernels know.
const ENUM64: u32 = 19;

/// Why a module's type information is not simply taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// The kernel answers `EINVAL`, since this stands in it.
    Refused(&'static str),
    /// Kernels differ about this, or answer something else.
    Open(&'static str),
}

/// What of the kernel's type information that of modules rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    little: bool,
    /// Its types, with the one that is none.
    types: u32,
    strings: Vec<u8>,
    /// The kinds that occur, a bit each: this kernel knows them.
    kinds: u64,
    /// The types that are `BTF_KIND_TYPE_TAG`, rising.
    tags: Vec<u32>,
    /// Those that a module may name in `.BTF.base`.
    named: Vec<Named>,
}

impl Base {
    /// Reads the kernel's own `.BTF`; `None` where it is none.
    #[must_use]
    pub fn read(btf: &[u8]) -> Option<Self> {
        let Parts { little, types, strings } = Parts::of(btf)?;
        let mut base = Self {
            little,
            types: 1,
            strings: strings.to_vec(),
            kinds: 0,
            tags: Vec::new(),
            named: Vec::new(),
        };
        for one in (Types { little, rest: types }) {
            let one = one?;
            base.kinds |= 1_u64.checked_shl(one.kind()).unwrap_or_default();
            if one.kind() == TYPE_TAG {
                base.tags.push(base.types);
            }
            base.named.extend(Named::of(one));
            base.types = base.types.checked_add(1).filter(|count| *count <= LAST_TYPE)?;
        }
        Some(base)
    }

    /// How many types there are, with the one that is none.
    #[must_use]
    pub const fn types(&self) -> u32 {
        self.types
    }

    /// How many types the `.BTF` of a module adds.
    ///
    /// # Errors
    /// [`Misfit::Refused`] where this kernel answers `EINVAL`; [`Misfit::Open`] where it takes another
    /// look than ours, or kernels differ.
    pub fn accepts(&self, btf: &[u8]) -> Result<u32, Misfit> {
        verify::verify(self, btf)
    }

    /// The same of a module that brings the types it rests on along, in `.BTF.base`. For kernels since
    /// 6.11; older ones do not look there.
    ///
    /// # Errors
    /// As [`Self::accepts`].
    pub fn accepts_beside(&self, distilled: &[u8], btf: &[u8]) -> Result<u32, Misfit> {
        distilled::accepts(self, distilled, btf)
    }

    const fn knows(&self, kind: u32) -> bool {
        match 1_u64.checked_shl(kind) {
            Some(bit) => self.kinds & bit != 0,
            None => false,
        }
    }

    /// Whether it is of 6.0 or later.
    const fn is_recent(&self) -> bool {
        self.knows(ENUM64)
    }

    const fn names<'a>(&'a self, own: &'a [u8]) -> Names<'a> {
        Names { of_kernel: self.strings.as_slice(), own, recent: self.is_recent() }
    }
}

/// The two areas behind the header.
pub(super) struct Parts<'a> {
    little: bool,
    types: &'a [u8],
    strings: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(super) fn of(btf: &'a [u8]) -> Option<Self> {
        let little = is_little(btf)?;
        let number = |at: usize| word(btf, at, little);
        let after = btf.get(index(number(4)?.into())..)?;
        let area = |offset: u32, length: u32| {
            after.get(index(offset.into())..)?.get(..index(length.into()))
        };
        let types = area(number(8)?, number(12)?)?;
        Some(Self { little, types, strings: area(number(16)?, number(20)?)? })
    }

    /// The size in bytes of the structure of this name; `None` when it cannot be found.
    pub(super) fn structure_size(&self, wanted: &[u8]) -> Option<u64> {
        let named = |name: u32| {
            let rest = self.strings.get(index(name.into())..).unwrap_or_default();
            rest.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(&[0]))
        };
        let types = Types { little: self.little, rest: self.types };
        let types = types.map_while(|one| one);
        let mut structures = types.filter(|one| one.kind() == STRUCT && named(one.name));
        structures.next().map(|one| one.what.into())
    }
}

/// The order of bytes, by the magic number.
const fn is_little(btf: &[u8]) -> Option<bool> {
    match btf {
        [0x9f, 0xeb, ..] => Some(true),
        [0xeb, 0x9f, ..] => Some(false),
        _ => None,
    }
}

fn word(bytes: &[u8], at: usize, little: bool) -> Option<u32> {
    let bytes = *bytes.get(at..)?.first_chunk()?;
    Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
}

/// One type as it is stored.
#[derive(Clone, Copy)]
struct Type<'a> {
    little: bool,
    name: u32,
    info: u32,
    /// Its size, or the type that it leads to.
    what: u32,
    /// What its kind brings along.
    more: &'a [u8],
}

impl<'a> Type<'a> {
    const fn kind(self) -> u32 {
        self.info >> 24 & 0x7f
    }

    /// Members, values, parameters or variables; 16 bits up to 6.x.
    const fn count(self) -> u32 {
        self.info & 0x00ff_ffff
    }

    const fn flag(self) -> bool {
        self.info >> 31 != 0
    }

    const fn is_modifier(self) -> bool {
        matches!(self.kind(), 8..=11 | TYPE_TAG)
    }

    fn word(self, at: usize) -> u32 {
        word(self.more, at, self.little).unwrap_or_default()
    }

    /// What it brings along, in pieces of three words.
    fn threes(self) -> impl Iterator<Item = [u32; 3]> + use<'a> {
        let little = self.little;
        self.more
            .chunks_exact(12)
            .map(move |piece| [0, 4, 8].map(|at| word(piece, at, little).unwrap_or_default()))
    }
}

/// Bytes that a type of this kind brings along; `None` for kinds that nobody knows.
fn more(kind: u32, count: u32) -> Option<u64> {
    let count = u64::from(count);
    Some(match kind {
        2 | 7..=12 | 16 | TYPE_TAG => 0,
        1 | 14 | 17 => 4,
        3 => 12,
        STRUCT | 5 | 15 | ENUM64 => count.saturating_mul(12),
        6 | 13 => count.saturating_mul(8),
        _ => return None,
    })
}

/// Types in a row; `None` once for one that is cut off or of a kind that nobody knows.
struct Types<'a> {
    little: bool,
    rest: &'a [u8],
}

impl<'a> Iterator for Types<'a> {
    type Item = Option<Type<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let found = self.one();
        if found.is_none() {
            self.rest = &[];
        }
        Some(found)
    }
}

impl<'a> Types<'a> {
    fn one(&mut self) -> Option<Type<'a>> {
        let [name, info, what] = [0, 4, 8].map(|at| word(self.rest, at, self.little));
        let mut one =
            Type { little: self.little, name: name?, info: info?, what: what?, more: &[] };
        let length = more(one.kind(), one.count())?;
        let behind = self.rest.get(12..)?;
        if length > wide(behind.len()) {
            return None;
        }
        (one.more, self.rest) = behind.split_at_checked(index(length))?;
        Some(one)
    }
}
