//! Writes DER (ITU-T X.690).

/// One element: tag, length, contents.
#[must_use]
pub fn element(tag: u8, contents: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match contents.len() {
        short @ 0..=0x7f => out.push(short as u8),
        long => {
            let bytes = long.to_be_bytes();
            let from = bytes.iter().position(|b| *b != 0).unwrap_or(0);
            out.push(0x80 | (bytes.len() - from) as u8);
            out.extend_from_slice(&bytes[from..]);
        }
    }
    out.extend_from_slice(contents);
    out
}

/// A SEQUENCE of elements.
#[must_use]
pub fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(0x30, &parts.concat())
}

/// A SET OF elements, in the order that DER demands.
#[must_use]
pub fn set(parts: &[Vec<u8>]) -> Vec<u8> {
    let mut parts = parts.to_vec();
    parts.sort();
    element(0x31, &parts.concat())
}

/// An unsigned INTEGER.
#[must_use]
pub fn integer(big_endian: &[u8]) -> Vec<u8> {
    let from = big_endian.iter().position(|b| *b != 0).unwrap_or(big_endian.len().max(1) - 1);
    let mut contents = big_endian[from..].to_vec();
    if contents.first().is_none_or(|b| b & 0x80 != 0) {
        contents.insert(0, 0);
    }
    element(0x02, &contents)
}

/// An OBJECT IDENTIFIER, from its dotted form.
///
/// # Panics
/// When the text is no identifier.
#[must_use]
pub fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted.split('.').map(|a| a.parse().expect("an arc")).collect();
    let mut contents = Vec::new();
    let first = arcs[0] * 40 + arcs[1];
    for arc in [first].iter().chain(&arcs[2..]) {
        let groups = (64 - arc.leading_zeros()).div_ceil(7).max(1);
        for group in (0..groups).rev() {
            let more = if group > 0 { 0x80 } else { 0 };
            contents.push(more | ((arc >> (7 * group)) & 0x7f) as u8);
        }
    }
    element(0x06, &contents)
}

/// NULL.
#[must_use]
pub fn null() -> Vec<u8> {
    vec![0x05, 0x00]
}

/// A BIT STRING of whole bytes.
#[must_use]
pub fn bits(bytes: &[u8]) -> Vec<u8> {
    element(0x03, &[&[0], bytes].concat())
}
