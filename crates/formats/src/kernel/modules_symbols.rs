//! `modules.symbols`: which module exports a symbol.
//!
//! Source: kmod `tools/depmod.c` (`output_symbols`).

use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::text;
use std::collections::HashMap;

/// The index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModulesSymbols {
    owners: HashMap<String, String>,
}

impl ModulesSymbols {
    /// The module that exports `symbol`.
    #[must_use]
    pub fn owner(&self, symbol: &str) -> Option<&str> {
        self.owners.get(symbol).map(String::as_str)
    }

    /// How many symbols the index names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.owners.len()
    }

    /// Symbols and the modules that export them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.owners.iter().map(|(symbol, module)| (symbol.as_str(), module.as_str()))
    }

    /// Whether the index names none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }
}

/// Reads the index.
///
/// # Errors
/// `TooLarge` beyond [`Limits::text_bytes`]. An empty file is an empty index.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<ModulesSymbols>, Error> {
    text::bounded("modules.symbols", bytes, limits)?;
    let mut parsed = Parsed::clean(ModulesSymbols::default());
    for (number, line) in text::lines(bytes) {
        if line.starts_with('#') || line.trim().is_empty() {
            continue;
        }
        let mut words = line.split_ascii_whitespace();
        let symbol = words
            .next()
            .filter(|word| *word == "alias")
            .and_then(|_| words.next()?.strip_prefix("symbol:"));
        match (symbol, words.next()) {
            (Some(symbol), Some(module)) => {
                parsed.value.owners.insert(symbol.to_owned(), module.to_owned());
            }
            _ => {
                let deviation = Error::new("modules.symbols line", number, Kind::Unsupported);
                parsed.deviations.push(deviation);
            }
        }
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_has_its_owner() {
        let file = b"# Aliases for symbols\nalias symbol:crypto_ecdh ecdh_generic\nalias x y\n";
        let got = read(file, &Limits::DEFAULT).unwrap();
        assert_eq!(got.value.owner("crypto_ecdh"), Some("ecdh_generic"));
        assert_eq!((got.value.len(), got.deviations.len()), (1, 1));
    }
}
