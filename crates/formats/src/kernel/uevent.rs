//! `uevent` of a device in sysfs: `KEY=value` a line.
//!
//! Source: `drivers/base/core.c` (`uevent_show`), `drivers/pci/pci-driver.c` (`pci_uevent`).

use crate::error::{Error, Parsed};
use crate::limits::Limits;
use crate::text;

/// The entries of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uevent(Vec<(String, String)>);

impl Uevent {
    /// The value of a key, `DRIVER` or `MODALIAS`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

/// Reads a `uevent` file; lines without `=` say nothing.
///
/// # Errors
/// `TooLarge` beyond [`Limits::text_bytes`].
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Uevent>, Error> {
    text::bounded("uevent", bytes, limits)?;
    let lines = text::lines(bytes).take(limits.items);
    let entries = lines.filter_map(|(_, line)| {
        line.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))
    });
    Ok(Parsed::clean(Uevent(entries.collect())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_their_values() {
        let file = b"DRIVER=lpfc\nPCI_CLASS=C0400\nMODALIAS=pci:v000010DFd0000F400\nodd\n";
        let got = read(file, &Limits::DEFAULT).unwrap().value;
        assert_eq!(got.get("DRIVER"), Some("lpfc"));
        assert_eq!(got.get("MODALIAS"), Some("pci:v000010DFd0000F400"));
        assert_eq!(got.get("odd"), None);
    }
}
