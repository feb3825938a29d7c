//! PEM: DER between two lines, in base 64 (RFC 7468).

/// The DER of the first block in a file; `None` where there is none that holds together.
#[must_use]
pub fn read(bytes: &[u8]) -> Option<Vec<u8>> {
    pem::parse(bytes).ok().map(pem::Pem::into_contents)
}
