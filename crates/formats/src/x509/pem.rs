//! PEM: DER between two lines, in base 64 (RFC 7468).

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

fn blocks(bytes: &[u8], named: &[&str]) -> impl Iterator<Item = Vec<u8>> {
    let blocks = pem::parse_many(bytes).unwrap_or_default();
    blocks.into_iter().filter(|b| named.contains(&b.tag())).map(pem::Pem::into_contents)
}
