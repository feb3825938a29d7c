//! PEM: DER between two lines, in base 64 (RFC 7468).

/// The first block of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// Its bytes.
    pub(super) der: Vec<u8>,
    /// Why they end early.
    pub(super) error: Option<String>,
}

/// Reads the first certificate or signed message; `None` where there is none.
pub(super) fn read(bytes: &[u8]) -> Option<Block> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (label, body) = ["CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE", "PKCS7", "CMS"]
        .iter()
        .filter_map(|label| {
            let begin = format!("-----BEGIN {label}-----");
            let at = text.find(&begin)?;
            Some((at, label, text.get(at + begin.len()..)?))
        })
        .min_by_key(|(at, ..)| *at)
        .map(|(_, label, body)| (label, body))?;
    let (inside, ended) = match body.find("-----") {
        Some(at) => {
            (body.get(..at)?, body.get(at..)?.starts_with(&format!("-----END {label}-----")))
        }
        None => (body, false),
    };
    let mut der = Vec::with_capacity(inside.len() / 4 * 3);
    let (mut held, mut count, mut foreign) = (0_u32, 0, false);
    for byte in inside.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' | b' ' | b'\t' | b'\r' | b'\n' => continue,
            _ => {
                foreign = true;
                break;
            }
        };
        held = held << 6 | u32::from(six);
        count += 1;
        if count == 4 {
            der.extend(held.to_be_bytes().get(1..).unwrap_or_default());
            (held, count) = (0, 0);
        }
    }
    // What is left of the last group: two digits make one byte, three make two.
    held <<= 6 * (4 - count);
    der.extend(held.to_be_bytes().iter().skip(1).take(if count == 0 { 0 } else { count - 1 }));
    let error = match (foreign, ended) {
        (true, _) => Some("PEM: a character that is no base 64".to_owned()),
        (false, false) => Some(format!("PEM: no line -----END {label}----- follows")),
        (false, true) => None,
    };
    Some(Block { der, error })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_64_is_read_as_rfc_4648_writes_it() {
        for (text, der) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9v\nYmFy", "foobar"),
        ] {
            let file = format!(
                "Bag Attributes\n-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"
            );
            let expected = Block { der: der.into(), error: None };
            assert_eq!(read(file.as_bytes()), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_cut_short_is_told() {
        assert!(read(b"-----BEGIN CMS-----\nZm9v").unwrap().error.unwrap().contains("END CMS"));
        assert!(read(b"-----BEGIN CMS-----\nZm!9v").unwrap().error.unwrap().contains("base 64"));
        assert_eq!(read(b"-----BEGIN PRIVATE KEY-----\nZm9v"), None);
        assert_eq!(read(b"\xff-----BEGIN CMS-----"), None);
    }
}
