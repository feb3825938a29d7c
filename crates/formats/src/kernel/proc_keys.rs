//! `/proc/keys`: the keys of the running kernel, as far as the reader may see them.
//!
//! The file names keyrings and keys but does not say which keyring holds which key. Sources:
//! `security/keys/proc.c` (`proc_keys_show`), `crypto/asymmetric_keys/asymmetric_type.c`
//! (`asymmetric_key_describe`), `certs/blacklist.c`.

use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::reader::wide;
use crate::text;

/// One key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its serial number.
    pub serial: u32,
    /// State letters: instantiated, revoked, dead, quota, under construction, negative, invalidated.
    pub flags: String,
    /// The type as printed, cut to nine letters (`asymmetri`).
    pub kind: String,
    /// The whole description.
    pub description: String,
    /// What the description says.
    pub what: What,
}

/// What a description says, for the types that matter to trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A keyring and the number of its keys; `empty` counts as none.
    Keyring {
        /// The name, with its leading dot.
        name: String,
        /// How many keys it links, `None` when the file does not say.
        keys: Option<u64>,
    },
    /// A public key out of a certificate.
    Asymmetric {
        /// The name the kernel made from the subject.
        subject: String,
        /// The subject key identifier, or what stood in for it, as lower-case hexadecimal.
        id: String,
        /// The algorithm, such as `rsa` or `ecdsa`.
        algorithm: Option<String>,
    },
    /// A hash that is not to be trusted.
    Denied {
        /// `bin` for a file's digest, `tbs` for that of a certificate's signed part.
        of: String,
        /// The digest, lower-case hexadecimal.
        hash: String,
    },
    /// Any other type.
    Other,
}

/// Reads the file.
///
/// # Errors
/// `TooLarge` or `TooMany` beyond [`Limits`]. An empty file is no error: without rights that is
/// what one sees.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Vec<Key>>, Error> {
    text::bounded("key list", bytes, limits)?;
    let mut parsed = Parsed::clean(Vec::new());
    for (number, line) in text::lines(bytes) {
        if parsed.value.len() >= limits.items {
            let limit = wide(limits.items);
            return Err(Error::new("key list", number, Kind::TooMany { limit }));
        }
        match key(&line) {
            Some(key) => parsed.value.push(key),
            None => parsed.deviations.push(Error::new("key list line", number, Kind::Unsupported)),
        }
    }
    Ok(parsed)
}

fn key(line: &str) -> Option<Key> {
    // serial flags usage timeout permissions uid gid type description
    let mut rest = line;
    let mut field = || {
        let (field, after) = rest.trim_start().split_once(' ')?;
        rest = after;
        Some(field)
    };
    let serial = u32::from_str_radix(field()?, 16).ok()?;
    let flags = field()?.to_owned();
    for _ in 0..5 {
        field()?;
    }
    let kind = field()?.to_owned();
    let description = rest.trim().to_owned();
    let what = match kind.as_str() {
        "keyring" => keyring(&description),
        "asymmetri" | "asymmetric" => asymmetric(&description),
        "blacklist" => match description.split_once(':') {
            Some((of, hash)) => What::Denied { of: of.to_owned(), hash: hash.to_owned() },
            None => What::Other,
        },
        _ => What::Other,
    };
    Some(Key { serial, flags, kind, description, what })
}

fn keyring(description: &str) -> What {
    let (name, count) = description.rsplit_once(": ").unwrap_or((description, ""));
    let keys = match count.split('/').next().unwrap_or(count) {
        "empty" => Some(0),
        count => count.parse().ok(),
    };
    let name = if keys.is_some() { name } else { description };
    What::Keyring { name: name.to_owned(), keys }
}

/// `SUBJECT: ID: X509.ALGORITHM TAIL []`; the subject may itself hold colons.
fn asymmetric(description: &str) -> What {
    let (name, subtype) = match description.rsplit_once(": ") {
        Some((name, subtype)) if subtype.ends_with("[]") => (name, Some(subtype)),
        _ => (description, None),
    };
    let is_id = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_hexdigit());
    let (subject, id) = match name.rsplit_once(": ") {
        Some((subject, id)) if is_id(id) => (subject, id),
        _ => (name, ""),
    };
    let algorithm = subtype
        .and_then(|text| text.split(' ').next()?.rsplit_once('.'))
        .map(|(_, algorithm)| algorithm.to_owned());
    What::Asymmetric { subject: subject.to_owned(), id: id.to_owned(), algorithm }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_real_kernel_are_understood() {
        let file = b"00e12b88 I------     2 perm 09090000     0     0 blacklist bin:c28557cb\n\
            02271ba8 I------     1 perm 1f010000     0     0 asymmetri Lab: x: 2ca2b306: X509.rsa []\n\
            168f3527 I------     1 perm 0f0b0000     0     0 keyring   .blacklist: 115\n\
            2f7ef124 I------     1 perm 082f0000     0     0 keyring   .fs-verity: empty\n\
            37b52d5f I--Q---     1 perm 3f010000     0     0 user      a: 5\nfoo\n";
        let got = read(file, &Limits::DEFAULT).unwrap();
        let what: Vec<_> = got.value.into_iter().map(|key| key.what).collect();
        let s = str::to_owned;
        assert_eq!(
            what,
            [
                What::Denied { of: s("bin"), hash: s("c28557cb") },
                What::Asymmetric {
                    subject: s("Lab: x"),
                    id: s("2ca2b306"),
                    algorithm: Some(s("rsa"))
                },
                What::Keyring { name: s(".blacklist"), keys: Some(115) },
                What::Keyring { name: s(".fs-verity"), keys: Some(0) },
                What::Other,
            ]
        );
        assert_eq!(got.deviations.len(), 1);
    }
}
