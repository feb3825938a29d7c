//! The banner `Linux version …` of `/proc/version` and of kernel images.
//!
//! Source: `init/version.c` (`linux_banner`).

use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::text;

/// What the banner says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The release, as `uname -r` prints it.
    pub release: String,
    /// Number and time of the build, from `#` on.
    pub build: Option<String>,
    /// The whole line.
    pub banner: String,
}

/// Reads a banner.
///
/// # Errors
/// `Missing` when the text is no banner, `TooLarge` beyond [`Limits`].
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Version>, Error> {
    text::bounded("kernel banner", bytes, limits)?;
    let line = bytes.split(|b| matches!(b, 0 | b'\n')).next().unwrap_or_default();
    let banner = String::from_utf8_lossy(line).into_owned();
    let missing = Error::new("kernel banner", 0, Kind::Missing);
    let rest = banner.strip_prefix("Linux version ").ok_or(missing)?;
    let release = rest.split(' ').next().unwrap_or_default().to_owned();
    if release.is_empty() {
        return Err(missing);
    }
    let build = rest.rsplit_once(" #").map(|(_, build)| format!("#{build}"));
    Ok(Parsed::clean(Version { release, build, banner }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn release_and_build_are_cut_out() {
        let line =
            b"Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org) (gcc-12 12.2.0, \
            GNU ld 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)\n";
        let got = read(line, &Limits::DEFAULT).unwrap().value;
        assert_eq!(got.release, "6.1.0-56-amd64");
        assert_eq!(
            got.build.as_deref(),
            Some("#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-2 (2026-11-16)")
        );
        assert!(read(b"Windows", &Limits::DEFAULT).is_err());
    }
}
