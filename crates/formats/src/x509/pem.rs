//! PEM: DER between two lines, in base 64 (RFC 7468).

use memchr::memmem;

/// The DER of the first block in a file; `None` where there is none that holds together.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Vec<u8>> {
    pem::parse(bytes).ok().map(pem::Pem::into_contents)
}

/// A certificate (DER) as PEM.
#[must_use]
pub fn written(certificate: &[u8]) -> String {
    let lines = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    pem::encode_config(&pem::Pem::new("CERTIFICATE", certificate), lines)
}

/// The DER of the first block that is called a certificate, whatever stands around it.
#[must_use]
pub fn certificate(bytes: &[u8]) -> Option<Vec<u8>> {
    let named = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];
    blocks(bytes, &named).next()
}

/// The DER of all blocks that are called certificates, or messages that hold some, in order.
#[must_use]
pub fn certificates(bytes: &[u8]) -> Vec<Vec<u8>> {
    blocks(bytes, &["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "PKCS7"]).collect()
}

/// The DER of the blocks of these names. No other is decoded: it may be a private key, of which no copy may
/// be left anywhere.
fn blocks<'b>(bytes: &'b [u8], named: &'b [&str]) -> impl Iterator<Item = Vec<u8>> + 'b {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        loop {
            rest = rest.get(memmem::find(rest, b"-----BEGIN ")?..)?;
            let inside = rest.get(BEGIN..)?;
            let label = inside.get(..memmem::find(inside, b"-----")?)?;
            let close = [b"-----END ", label, b"-----"].concat();
            let Some(end) = memmem::find(rest, &close) else {
                rest = inside;
                continue;
            };
            let (block, behind) = rest.split_at_checked(end.saturating_add(close.len()))?;
            rest = behind;
            let wanted = named.iter().any(|name| name.as_bytes() == label);
            if let Some(der) = wanted.then(|| read(block)).flatten() {
                return Some(der);
            }
        }
    })
}

/// The length of what stands before a block's name.
const BEGIN: usize = "-----BEGIN ".len();

#[cfg(test)]
mod tests {
    use super::{certificate, certificates};

    #[test]
    fn blocks_of_other_names_are_passed_over() {
        let block = |name: &str, text: &str| {
            format!("-----BEGIN {name}-----\n{text}\n-----END {name}-----\n")
        };
        let file = [
            "about \u{fc}\n-----BEGIN nothing\n".to_owned(),
            block("PRIVATE KEY", "AAAA"),
            block("CERTIFICATE", "AQID"),
            block("CERTIFICATE", "no base 64 at all!"),
            "-----BEGIN CERTIFICATE-----\nAQ==\n".to_owned(),
            block("PKCS7", "BAUG"),
        ]
        .concat();
        assert_eq!(certificate(file.as_bytes()), Some(vec![1, 2, 3]));
        assert_eq!(certificates(file.as_bytes()), [vec![1, 2, 3], vec![4, 5, 6]]);
        assert_eq!(certificate(block("PRIVATE KEY", "AAAA").as_bytes()), None);
    }
}
