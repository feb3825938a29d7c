//! `loader.conf` of systemd-boot.
//!
//! Source: loader.conf(5), systemd `boot.c` (`config_defaults_load_from_file`).

use super::entry;
use crate::error::{Error, Parsed};
use crate::limits::Limits;

/// What the file says about which entry starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoaderConf {
    /// `default`: a pattern over entry identifiers, or `@saved`; in lower case.
    pub default: Option<String>,
    /// `timeout`, as written.
    pub timeout: Option<String>,
}

/// Reads the file.
///
/// # Errors
/// `TooLarge` beyond [`Limits::text_bytes`].
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<LoaderConf>, Error> {
    let lines = entry::read(bytes, limits)?.value;
    // A value that begins with @ and is no word it knows is passed over.
    let allowed = |value: &&str| !value.starts_with('@') || value.eq_ignore_ascii_case("@saved");
    Ok(Parsed::clean(LoaderConf {
        default: lines.all("default").filter(allowed).last().map(str::to_lowercase),
        timeout: lines.get("timeout").map(str::to_owned),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_default_counts() {
        let read = |text: &str| read(text.as_bytes(), &Limits::DEFAULT).unwrap().value;
        let conf =
            read("timeout 3\n#default x\ndefault Debian-*\ndefault @odd\nconsole-mode max\n");
        assert_eq!(conf.default.as_deref(), Some("debian-*"));
        assert_eq!(conf.timeout.as_deref(), Some("3"));
        assert_eq!(read("default @saved\n").default.as_deref(), Some("@saved"));
    }
}
