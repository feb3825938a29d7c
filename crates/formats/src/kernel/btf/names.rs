//! The names of types: the kernel's first, then the module's.

use super::Misfit;
use crate::reader::index;
use memchr::memchr;

/// `BTF_MAX_NAME_OFFSET`
pub(super) const LAST_NAME: u32 = 0x00ff_ffff;
/// `KSYM_NAME_LEN` up to 6.0, and since.
const LONG: usize = 128;
const TOO_LONG: usize = 512;

/// Both areas of names.
pub(super) struct Names<'a> {
    pub(super) of_kernel: &'a [u8],
    pub(super) own: &'a [u8],
    /// Whether the kernel is of 6.0 or later.
    pub(super) recent: bool,
}

impl<'a> Names<'a> {
    /// The name at an offset; `None` where there is none (`btf_name_offset_valid`).
    pub(super) fn at(&self, offset: u32) -> Option<&'a [u8]> {
        let at = Some(offset).filter(|offset| *offset <= LAST_NAME).map(|o| index(o.into()))?;
        let rest = match at.checked_sub(self.of_kernel.len()) {
            None => self.of_kernel.get(at..)?,
            Some(at) => self.own.get(at..).filter(|rest| !rest.is_empty())?,
        };
        rest.get(..memchr(0, rest)?)
    }

    /// Asks for a name that could stand in a program (`btf_name_valid_identifier`).
    pub(super) fn identifier(&self, offset: u32) -> Result<(), Misfit> {
        const WRONG: Misfit = Misfit::Refused("a name that is none");
        let name = self.at(offset).ok_or(WRONG)?;
        let [first, rest @ ..] = name else { return Err(WRONG) };
        let begins = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'.');
        let plain = begins(*first) && rest.iter().all(|b| begins(*b) || b.is_ascii_digit());
        match plain {
            true if name.len() > TOO_LONG => Err(Misfit::Refused("a name that is too long")),
            true if name.len() > LONG => Err(Misfit::Open("a long name")),
            true if !self.recent && name.contains(&b'.') => Err(Misfit::Open("a name with a dot")),
            true => Ok(()),
            // The kernel counts letters of Latin-1 in.
            false if !name.is_ascii() => Err(Misfit::Open("a name beyond ASCII")),
            false => Err(WRONG),
        }
    }

    /// Asks for a name of a section (`btf_name_valid_section`): what could be told by eye since 6.11, an
    /// identifier before.
    pub(super) fn section(&self, offset: u32) -> Result<(), Misfit> {
        let printed = |name: &[u8]| name.iter().all(|b| matches!(b, b' '..=b'~'));
        match self.identifier(offset) {
            Err(Misfit::Refused(_))
                if self.at(offset).is_some_and(|n| !n.is_empty() && printed(n)) =>
            {
                Err(Misfit::Open("a section's name that is no identifier"))
            }
            asked => asked,
        }
    }

    /// Asks for a name that is not empty.
    pub(super) fn some(&self, offset: u32) -> Result<(), Misfit> {
        match self.at(offset) {
            Some([_, ..]) => Ok(()),
            _ => Err(Misfit::Refused("a tag without a name")),
        }
    }
}
