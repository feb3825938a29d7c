//! What shim carries in sections of its own: whom its vendor trusts and denies, and the revocation
//! levels it brings along.
//!
//! Source: shim `cert.S` (`cert_table`), `sbat_var.S` (`sbat_var_payload_header`).

use super::header::Image;
use crate::error::{Error, Kind};
use crate::reader::{Reader, index};

/// `.vendor_cert`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vendor<'a> {
    /// The vendor's certificate (DER), or signature lists in its place; empty: none.
    pub authorized: &'a [u8],
    /// Signature lists of what the vendor denies (*vendor dbx*); empty: none.
    pub deauthorized: &'a [u8],
}

/// `.sbatlevel`: revocation levels as text, as they would be written to `SbatLevel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels<'a> {
    /// Applied by itself where it is newer than what the machine has.
    pub automatic: &'a [u8],
    /// Applied only when the machine's owner asked for it.
    pub latest: &'a [u8],
}

/// Reads `.vendor_cert`; `None` where the image is no shim.
///
/// # Errors
/// When the section does not hold together.
pub fn vendor<'a>(image: &Image<'a>) -> Option<Result<Vendor<'a>, Error>> {
    let section = image.section(".vendor_cert")?;
    let data = section.data.unwrap_or_default();
    let base = index(section.at.into());
    Some((|| {
        let mut reader = Reader::within("shim vendor table", data, base);
        let [authorized_size, deauthorized_size, authorized_at, deauthorized_at] =
            [reader.u32_le()?, reader.u32_le()?, reader.u32_le()?, reader.u32_le()?];
        let part = |at: u32, size: u32| {
            let start = index(at.into());
            start
                .checked_add(index(size.into()))
                .and_then(|end| data.get(start..end))
                .ok_or(Error::new("shim vendor table", base, Kind::Illegal { value: at.into() }))
        };
        Ok(Vendor {
            authorized: part(authorized_at, authorized_size)?,
            deauthorized: part(deauthorized_at, deauthorized_size)?,
        })
    })())
}

/// Reads `.sbatlevel`; `None` where there is none (shim before 15.8 keeps the levels elsewhere).
///
/// # Errors
/// When the section does not hold together, or has another version.
pub fn levels<'a>(image: &Image<'a>) -> Option<Result<Levels<'a>, Error>> {
    let section = image.section(".sbatlevel")?;
    let data = section.data.unwrap_or_default();
    let base = index(section.at.into());
    Some((|| {
        let mut reader = Reader::within("shim SBAT levels", data, base);
        let version = reader.u32_le()?;
        if version != 0 {
            return Err(Error::new("shim SBAT levels", base, Kind::Unsupported));
        }
        // Both count from behind the version.
        let payload = reader.rest();
        let [automatic, latest] = [reader.u32_le()?, reader.u32_le()?];
        let text = |at: u32| {
            let rest = payload.get(index(at.into())..).unwrap_or_default();
            rest.split(|b| *b == 0).next().unwrap_or_default()
        };
        Ok(Levels { automatic: text(automatic), latest: text(latest) })
    })())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::pe::header::{self, tests::forged};

    /// An image whose one section has this name, by way of the string table.
    fn image(name: &str, section: &[u8]) -> Vec<u8> {
        let mut bytes = forged(b"/4\0\0\0\0\0\0", section, &[]);
        let strings = u32::try_from(bytes.len()).unwrap();
        bytes[0x4c..0x50].copy_from_slice(&strings.to_le_bytes());
        bytes.extend([0; 4]);
        bytes.extend(name.as_bytes());
        bytes.push(0);
        bytes
    }

    #[test]
    fn the_vendor_table_tells_whom_the_vendor_trusts_and_denies() {
        let read = |table: &[u8]| {
            let bytes = image(".vendor_cert", table);
            let image = header::read(&bytes, &Limits::DEFAULT).unwrap().value;
            vendor(&image).unwrap().map(|v| (v.authorized.to_vec(), v.deauthorized.to_vec()))
        };
        let table = b"\x03\0\0\0\x02\0\0\0\x10\0\0\0\x13\0\0\0CRTdb";
        assert_eq!(read(table), Ok((b"CRT".to_vec(), b"db".to_vec())));
        assert!(read(b"\x03\0\0\0\x02\0\0\0\x10\0\0\0\xf3\0\0\0CRTdb").is_err());
        let other = forged(b".text\0\0\0", table, &[]);
        assert_eq!(vendor(&header::read(&other, &Limits::DEFAULT).unwrap().value), None);
    }

    #[test]
    fn levels_count_from_behind_the_version() {
        let section = b"\0\0\0\0\x08\0\0\0\x0f\0\0\0sbat,1\0sbat,2\0";
        let bytes = image(".sbatlevel", section);
        let image = header::read(&bytes, &Limits::DEFAULT).unwrap().value;
        let levels = levels(&image).unwrap().unwrap();
        assert_eq!((levels.automatic, levels.latest), (&b"sbat,1"[..], &b"sbat,2"[..]));
    }
}
