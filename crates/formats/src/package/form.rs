//! The forms of packages, told apart and walked.

use std::io::Read;

use crate::error::{Error, Kind, Parsed};
use crate::feed::Feed;
use crate::limits::Limits;
use crate::package::member::{Package, Visit};
use crate::package::{deb, rpm};

/// The forms of packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Debian's.
    Deb,
    /// Red Hat's.
    Rpm,
}

/// The form of the package that begins so.
#[must_use]
pub fn sniff(bytes: &[u8]) -> Option<Form> {
    if bytes.starts_with(b"!<arch>\ndebian-binary") {
        return Some(Form::Deb);
    }
    bytes.starts_with(&[0xed, 0xab, 0xee, 0xdb]).then_some(Form::Rpm)
}

/// Walks a package, calling `visit` for each member in order. Together they unpack to no more than `most` bytes.
///
/// # Errors
/// Where it is no package. One that ends before its time gives what came before, with a deviation that says so.
pub fn walk(
    source: &mut dyn Read,
    most: u64,
    limits: &Limits,
    visit: &mut Visit<'_>,
) -> Result<Parsed<Package>, Error> {
    let mut feed = Feed::new(source);
    let start = feed.peek(24).map_err(|e| crate::feed::failed("package", 0, &e))?;
    match sniff(start) {
        Some(Form::Deb) => deb::walk(&mut feed, most, limits, visit),
        Some(Form::Rpm) => rpm::walk(&mut feed, most, limits, visit),
        None => Err(Error::new("package", 0, Kind::Unsupported)),
    }
}
