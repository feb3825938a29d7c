//! PEM: DER between two lines, in base 64 (RFC 7468).

/// The DER of the first block in a file; `None` where there is none that holds together.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Vec<u8>> {
    pem::parse(bytes).ok().map(pem::Pem::into_contents)
}

/// The DER of the first block that is called a certificate, whatever stands around it.
#[must_use]
pub fn certificate(bytes: &[u8]) -> Option<Vec<u8>> {
    let blocks = pem::parse_many(bytes).ok()?;
    let named = ["CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"];
    blocks.into_iter().find(|b| named.contains(&b.tag())).map(pem::Pem::into_contents)
}
