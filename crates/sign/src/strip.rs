//! Signatures taken off.

use std::fs;

use loadworthy_formats::limits::Limits;
use loadworthy_formats::modsig::write as modsig;
use loadworthy_formats::pe;

use crate::authenticode::Code;
use crate::elsewhere::NOTHING;
use crate::error::SignError;
use crate::images::EfiImage;
use crate::order::Task;
use crate::part::{Part, settle_names};

/// Takes all signatures off one file; how many those were. A file without any is left as it is.
///
/// # Errors
/// When it cannot be read or written, is nothing that is signed, or its signatures are not at its end.
pub fn strip(task: &Task) -> Result<usize, SignError> {
    let told = |e: std::io::Error| SignError::file(&task.from, &e);
    let from = fs::canonicalize(&task.from).map_err(told)?;
    let bytes = fs::read(&from).map_err(told)?;
    let (bare, count) = bare(&bytes)?;
    let place = task.to.as_deref().unwrap_or(&from);
    if count == 0 && task.to.is_none() {
        return Ok(0);
    }
    let old = fs::metadata(&from).map_err(told)?;
    let file = |e: std::io::Error| SignError::file(place, &e);
    Part::write(place, &old, &bare, true).map_err(file)?.release().map_err(file)?;
    place.parent().map(settle_names);
    Ok(count)
}

fn bare(bytes: &[u8]) -> Result<(Vec<u8>, usize), SignError> {
    let limits = &Limits::DEFAULT;
    let told = |e: loadworthy_formats::error::Error| SignError::Input(e.to_string());
    if let Some(code) = Code::read(bytes, limits)? {
        return Ok((code.stripped()?, code.signatures));
    }
    if bytes.starts_with(b"\x7fELF") {
        let (bare, count) = modsig::bare(bytes).map_err(told)?;
        return Ok((bare.to_vec(), count));
    }
    match EfiImage::read(bytes.to_vec(), limits)? {
        Some(image) => {
            let read = pe::header::read(bytes, limits).map_err(told)?.value;
            Ok((pe::write::without_signatures(&read).map_err(told)?, image.signatures))
        }
        None => Err(SignError::Input(NOTHING.to_owned())),
    }
}
