//! The configuration a kernel was built with: `/boot/config-*`, `/proc/config.gz` unpacked, or the
//! copy inside an image.
//!
//! What a distribution strips from the file it ships is simply absent here, which is not the same
//! as [`Setting::No`]. Source: `scripts/kconfig/confdata.c`.

use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::text;
use std::collections::{BTreeMap, BTreeSet};

/// What an option is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// `# CONFIG_X is not set`, said explicitly.
    No,
    /// `=m`.
    Module,
    /// `=y`.
    Yes,
    /// A string, without its quotes.
    Text(String),
    /// A number as it is written, decimal or `0x`.
    Number(String),
}

/// A kernel configuration. Names are written without `CONFIG_`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kconfig {
    /// The version in the heading, `6.1.192` of `# Linux/x86 6.1.192 Kernel Configuration`.
    pub version: Option<String>,
    /// Only some options are told; what is not named is not known.
    pub partial: bool,
    settings: BTreeMap<String, Setting>,
    /// Options that the file, of which only some are told, does not name.
    absent: BTreeSet<String>,
}

impl Kconfig {
    /// The setting of an option; `None` when the file does not name it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.settings.get(name)
    }

    /// The options that are told where others are not known; of those in `absent` it is told that
    /// the file does not name them.
    #[must_use]
    pub fn of_some(
        settings: impl IntoIterator<Item = (String, Setting)>,
        absent: impl IntoIterator<Item = String>,
    ) -> Self {
        let (settings, absent) = (settings.into_iter().collect(), absent.into_iter().collect());
        Self { version: None, partial: true, settings, absent }
    }

    /// Whether it tells what an option is set to: a whole configuration does by leaving it out, too.
    #[must_use]
    pub fn tells(&self, name: &str) -> bool {
        !self.partial || self.settings.contains_key(name) || self.absent.contains(name)
    }

    /// Whether an option is built in.
    #[must_use]
    pub fn is_yes(&self, name: &str) -> bool {
        self.get(name) == Some(&Setting::Yes)
    }

    /// Whether an option is built in or a module.
    #[must_use]
    pub fn is_enabled(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Setting::Yes | Setting::Module))
    }

    /// The string an option is set to.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Setting::Text(text) => Some(text),
            Setting::No | Setting::Module | Setting::Yes | Setting::Number(_) => None,
        }
    }

    /// All options the file names, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.settings.iter().map(|(name, setting)| (name.as_str(), setting))
    }
}

/// Reads a configuration file.
///
/// # Errors
/// `TooLarge` when the file is larger than [`Limits::text_bytes`]; `Missing` when no line of it is
/// a setting.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Kconfig>, Error> {
    text::bounded("kernel configuration", bytes, limits)?;
    let mut parsed = Parsed::clean(Kconfig::default());
    for (number, line) in text::lines(bytes) {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix('#') {
            let comment = comment.trim();
            if let Some(name) =
                comment.strip_prefix("CONFIG_").and_then(|rest| rest.strip_suffix(" is not set"))
            {
                parsed.value.settings.insert(name.to_owned(), Setting::No);
            } else if parsed.value.version.is_none() && comment.ends_with("Kernel Configuration") {
                parsed.value.version = comment.split(' ').nth(1).map(str::to_owned);
            }
            continue;
        }
        let setting = line
            .strip_prefix("CONFIG_")
            .and_then(|rest| rest.split_once('='))
            .and_then(|(name, value)| Some((name, setting(value)?)));
        match setting {
            Some((name, setting)) => {
                parsed.value.settings.insert(name.to_owned(), setting);
            }
            None if line.is_empty() => {}
            None => parsed.deviations.push(Error::new(
                "kernel configuration line",
                number,
                Kind::Unsupported,
            )),
        }
    }
    if parsed.value.settings.is_empty() {
        return Err(Error::new("kernel configuration", 0, Kind::Missing));
    }
    Ok(parsed)
}

fn setting(value: &str) -> Option<Setting> {
    match value {
        "y" => Some(Setting::Yes),
        "m" => Some(Setting::Module),
        "n" => Some(Setting::No),
        _ => match value.strip_prefix('"') {
            Some(rest) => {
                let mut out = String::with_capacity(rest.len());
                let mut chars = rest.strip_suffix('"')?.chars();
                while let Some(c) = chars.next() {
                    out.push(if c == '\\' { chars.next()? } else { c });
                }
                Some(Setting::Text(out))
            }
            None => value
                .starts_with(|c: char| c.is_ascii_digit() || c == '-')
                .then(|| Setting::Number(value.to_owned())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_setting_is_told_apart() {
        let file = b"#\n# Linux/x86 6.1.192 Kernel Configuration\n#\nCONFIG_A=y\nCONFIG_B=m\n\
            # CONFIG_C is not set\nCONFIG_D=\"a \\\"b\\\"\"\nCONFIG_E=0x10\nwhat\n";
        let got = read(file, &Limits::DEFAULT).unwrap();
        assert_eq!(got.value.version.as_deref(), Some("6.1.192"));
        assert!(got.value.is_yes("A") && got.value.is_enabled("B") && !got.value.is_yes("B"));
        assert_eq!(got.value.get("C"), Some(&Setting::No));
        assert_eq!(got.value.get("Z"), None);
        assert_eq!(got.value.text("D"), Some("a \"b\""));
        assert_eq!(got.value.get("E"), Some(&Setting::Number("0x10".to_owned())));
        assert_eq!(got.deviations.len(), 1);
        assert!(read(b"hello", &Limits::DEFAULT).is_err());
    }
}
