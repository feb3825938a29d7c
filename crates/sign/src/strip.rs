//! Signatures taken off.

use loadworthy_core::answer::Kind;
use loadworthy_formats::error::Error;
use loadworthy_formats::limits::Limits;
use loadworthy_formats::modsig::write as modsig;
use loadworthy_formats::pe;

use crate::authenticode::Code;
use crate::elsewhere::NOTHING;
use crate::error::SignError;
use crate::images::EfiImage;

/// A file without signatures.
pub(crate) struct Bare {
    /// What it is.
    pub(crate) kind: Kind,
    /// How many it had.
    pub(crate) signatures: usize,
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
}

/// Takes all signatures off.
///
/// # Errors
/// When it is nothing that is signed, or its signatures are not at its end.
pub(crate) fn bare(bytes: &[u8]) -> Result<Bare, SignError> {
    let limits = &Limits::DEFAULT;
    let told = |e: Error| SignError::Input(e.to_string());
    if let Some(code) = Code::read(bytes, limits)? {
        let (kind, signatures) = (code.kind(), code.signatures);
        return Ok(Bare { kind, signatures, bytes: code.stripped()? });
    }
    if bytes.starts_with(b"\x7fELF") {
        let (bare, signatures) = modsig::bare(bytes).map_err(told)?;
        return Ok(Bare { kind: Kind::LinuxModule, signatures, bytes: bare.to_vec() });
    }
    let image = EfiImage::read(bytes.to_vec(), limits)?;
    let image = image.ok_or_else(|| SignError::Input(NOTHING.to_owned()))?;
    let read = pe::header::read(bytes, limits).map_err(told)?.value;
    let bare = pe::write::without_signatures(&read).map_err(told)?;
    Ok(Bare { kind: Kind::BootImage, signatures: image.signatures, bytes: bare })
}
