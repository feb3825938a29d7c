//! Names of files, as bytes and as this system spells them.
//!
//! A machine's paths are bytes. Where names are text, those that are no text lead to no file.

use std::borrow::Cow;
use std::ffi::OsStr;

/// The name with these bytes.
#[cfg(unix)]
#[must_use]
pub fn spelled(bytes: &[u8]) -> Cow<'_, OsStr> {
    Cow::Borrowed(std::os::unix::ffi::OsStrExt::from_bytes(bytes))
}

/// The name with these bytes.
#[cfg(not(unix))]
#[must_use]
pub fn spelled(bytes: &[u8]) -> Cow<'_, OsStr> {
    match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_ref()),
        Cow::Owned(text) => Cow::Owned(text.into()),
    }
}

/// The bytes of a name.
#[cfg(unix)]
#[must_use]
pub fn bytes(name: &OsStr) -> Cow<'_, [u8]> {
    Cow::Borrowed(std::os::unix::ffi::OsStrExt::as_bytes(name))
}

/// The bytes of a name.
#[cfg(not(unix))]
#[must_use]
pub fn bytes(name: &OsStr) -> Cow<'_, [u8]> {
    match name.to_string_lossy() {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

/// The bytes of a path, with `/` between steps.
#[must_use]
pub fn steps(path: &OsStr) -> Vec<u8> {
    let mut bytes = bytes(path).into_owned();
    if cfg!(windows) {
        bytes.iter_mut().filter(|b| **b == b'\\').for_each(|b| *b = b'/');
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_comes_back() {
        let name = "Gerät.inf".as_bytes();
        assert_eq!(&*bytes(&spelled(name)), name);
        let windows = OsStr::new("a\\b/c");
        assert_eq!(steps(windows), if cfg!(windows) { b"a/b/c" } else { b"a\\b/c" });
    }
}
