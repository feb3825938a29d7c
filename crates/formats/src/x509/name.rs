//! Distinguished names, for people and for comparison.

use core::fmt;

use crate::der::element::Elements;
use crate::der::oid;

/// A distinguished name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Name<'a> {
    /// Contents octets of the name: what kernels compare, byte for byte.
    pub raw: &'a [u8],
}

/// One attribute of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Its type: contents octets of the object identifier.
    pub oid: &'a [u8],
    /// The tag of its value.
    pub tag: u8,
    /// The contents of its value.
    pub value: &'a [u8],
}

const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const UNIT: &[u8] = &[0x55, 4, 11];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];

/// Short names of attribute types as RFC 4514 and OpenSSL write them.
const SHORT: &[(&[u8], &str)] = &[
    (COMMON_NAME, "CN"),
    (&[0x55, 4, 5], "serialNumber"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1], "emailAddress"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25], "DC"),
];

impl<'a> Name<'a> {
    /// Its attributes, in order; reading stops at the first that is malformed.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        let mut sets = Elements::new(self.raw);
        let mut set = Elements::new(&[]);
        core::iter::from_fn(move || {
            while set.is_done() {
                set = sets.next_element().ok()?.inside();
            }
            let mut pair = set.next_element().ok()?.inside();
            let oid = pair.next_element().ok()?;
            let value = pair.next_element().ok()?;
            Some(Attribute { oid: oid.value, tag: value.tag, value: value.value })
        })
    }

    /// The name in one word: the common name; without one the first organizational unit; without one
    /// the organization; without one the whole name.
    #[must_use]
    pub fn short(&self) -> String {
        let first = |oid| self.attributes().find(|a| a.oid == oid).map(|a| a.text());
        first(COMMON_NAME)
            .or_else(|| first(UNIT))
            .or_else(|| first(ORGANIZATION))
            .unwrap_or_else(|| self.to_string())
    }

    /// The first common name, if there is one.
    #[must_use]
    pub fn common_name(&self) -> Option<String> {
        self.attributes().find(|a| a.oid == COMMON_NAME).map(|a| a.text())
    }
}

impl Attribute<'_> {
    /// The value as text; `BMPString` is UTF-16, `TeletexString` in practice Latin-1 where it is not
    /// UTF-8, everything else is taken for UTF-8.
    #[must_use]
    pub fn text(&self) -> String {
        if self.tag == 0x14 && core::str::from_utf8(self.value).is_err() {
            return self.value.iter().map(|byte| char::from(*byte)).collect();
        }
        if self.tag == 0x1e {
            let units = self.value.as_chunks::<2>().0.iter().map(|&unit| u16::from_be_bytes(unit));
            return char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
        }
        String::from_utf8_lossy(self.value).into_owned()
    }
}

impl fmt::Display for Name<'_> {
    /// `C = GB, O = Example, CN = Example key`: in the order of the bytes, control characters escaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, attribute) in self.attributes().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            match SHORT.iter().find(|(oid, _)| *oid == attribute.oid) {
                Some((_, short)) => f.write_str(short)?,
                None => f.write_str(&oid::to_dotted(attribute.oid))?,
            }
            f.write_str(" = ")?;
            for c in attribute.text().chars() {
                if c.is_control() {
                    write!(f, "{}", c.escape_default())?
                } else {
                    write!(f, "{c}")?
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_as_openssl_prints_it() {
        let raw = [
            &[0x31, 11, 0x30, 9, 6, 3, 0x55, 4, 6, 0x13, 2][..],
            b"GB",
            &[0x31, 13, 0x30, 11, 6, 3, 0x55, 4, 3, 0x1e, 4, 0, b'K', 0, b'\n'],
        ]
        .concat();
        let name = Name { raw: &raw };
        assert_eq!(name.to_string(), "C = GB, CN = K\\n");
        assert_eq!(name.common_name().as_deref(), Some("K\n"));
        assert_eq!(Name { raw: &raw[..20] }.attributes().count(), 1);
    }
}
