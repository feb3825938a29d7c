//! A signature put at the end of a module, and taken off.

use super::{Appended, MARKER, PKCS7, read};
use crate::error::{Error, Kind};

/// `content` with `message` behind it, the trailer that tells its length, and the marker.
///
/// # Errors
/// `TooLarge` for a message of four gigabytes and more.
pub fn append(content: &[u8], message: &[u8]) -> Result<Vec<u8>, Error> {
    let too_large = |_| {
        let kind = Kind::TooLarge { limit: u32::MAX.into() };
        Error::new("module signature", content.len(), kind)
    };
    let length = u32::try_from(message.len()).map_err(too_large)?;
    let trailer = [0, 0, PKCS7, 0, 0, 0, 0, 0];
    Ok([content, message, &trailer, &length.to_be_bytes(), MARKER].concat())
}

/// How much of `bytes` is there when every signature is taken off, and how many there were.
///
/// # Errors
/// `Corrupt` where the marker stands behind something that is no signature: what of it belongs to the
/// module cannot be told.
pub fn bare(bytes: &[u8]) -> Result<(&[u8], usize), Error> {
    let (mut content, mut signatures) = (bytes, 0_usize);
    loop {
        let inner = match read(content) {
            Appended::Nothing => return Ok((content, signatures)),
            Appended::Signature(signature) => {
                signature.content_len().and_then(|len| content.get(..len))
            }
            Appended::MarkerOnly { .. } => None,
        };
        let damaged = Error::new("module signature", content.len(), Kind::Corrupt);
        content = inner.ok_or(damaged)?;
        signatures = signatures.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_on_comes_off() {
        let once = append(b"module", b"PKCS").unwrap();
        let Appended::Signature(read) = read(&once) else { panic!("no signature") };
        assert_eq!((read.content_len(), read.trailer.sig_len), (Some(6), 4));
        assert!(read.trailer.unused_are_zero());
        let twice = append(&once, b"more").unwrap();
        assert_eq!(bare(&twice), Ok((&b"module"[..], 2)));
        assert_eq!(bare(b"module"), Ok((&b"module"[..], 0)));
        assert!(bare(MARKER).is_ok());
        assert!(bare(&[b"x", &MARKER[..]].concat()).is_err());
    }
}
