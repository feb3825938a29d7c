//! Elements put together: DER for what is signed or made here.

use crate::der::grammar::tag;

/// An element: tag, length in as few bytes as possible, contents (X.690 8.1, 10.1).
#[must_use]
pub fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = contents.len();
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let digits = length.to_be_bytes();
            let digits: Vec<u8> = digits.into_iter().skip_while(|d| *d == 0).collect();
            out.push(u8::try_from(digits.len()).unwrap_or(u8::MAX) | 0x80);
            out.extend(digits);
        }
    }
    out.extend_from_slice(contents);
    out
}

/// An element that holds others, in this order.
#[must_use]
pub fn holding(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
    element(tag, &parts.concat())
}

/// SEQUENCE.
#[must_use]
pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    holding(tag::SEQUENCE, parts)
}

/// SET OF: in the order of the encodings (X.690 11.6).
#[must_use]
pub fn set_of(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    holding(tag::SET, &parts)
}

/// INTEGER from the bytes of a number that is not negative, most significant first.
#[must_use]
pub fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|b| **b == 0).count();
    let mut contents = bytes.get(zeros..).unwrap_or_default().to_vec();
    if contents.first().is_none_or(|b| b & 0x80 != 0) {
        contents.insert(0, 0);
    }
    element(tag::INTEGER, &contents)
}

/// `AlgorithmIdentifier` with NULL as its parameters, from the contents of its identifier.
#[must_use]
pub fn algorithm(oid: &[u8]) -> Vec<u8> {
    sequence(&[element(tag::OID, oid), element(tag::NULL, &[])])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::der::element::Elements;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x1_0000] {
            let written = element(tag::OCTET_STRING, &vec![7; length]);
            let read = Elements::new(&written).next_element().unwrap();
            assert_eq!((read.tag, read.value.len(), read.whole.len()), (4, length, written.len()));
        }
        assert_eq!(element(4, &[0; 0x80])[..3], [4, 0x81, 0x80]);
    }

    #[test]
    fn numbers_are_short_and_not_negative() {
        assert_eq!(integer(&[]), [2, 1, 0]);
        assert_eq!(integer(&[0, 0, 0x7f]), [2, 1, 0x7f]);
        assert_eq!(integer(&[0x80]), [2, 2, 0, 0x80]);
        assert_eq!(integer(&0x0200_u32.to_be_bytes()), [2, 2, 2, 0]);
    }

    #[test]
    fn sets_are_in_order() {
        let set = set_of(vec![vec![4, 1, 9], vec![2, 1, 5]]);
        assert_eq!(set, [0x31, 6, 2, 1, 5, 4, 1, 9]);
    }
}
