//! `Module.symvers`: exported symbols with their CRC, owner, licence class and namespace.
//!
//! Sources: `scripts/mod/modpost.c` (`read_dump`, `write_dump`). Four columns before Linux 5.4 and
//! for lines without namespace in some kernels, five since; 5.4 alone put the namespace before the
//! owner, which shows in where `EXPORT_` stands.

use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::text;
use core::cmp::Ordering;

/// One exported symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its name.
    pub name: String,
    /// Its CRC; zero on kernels without `MODVERSIONS`.
    pub crc: u32,
    /// Where it comes from: `vmlinux`, or the path of a module without `.ko`.
    pub owner: String,
    /// Whether only modules under a licence compatible with the GPL may use it.
    pub gpl_only: bool,
    /// The namespace a user must import.
    pub namespace: Option<String>,
}

/// A symbol table, sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symvers {
    symbols: Vec<Symbol>,
}

impl Symvers {
    /// A table of these symbols.
    #[must_use]
    pub fn new(mut symbols: Vec<Symbol>) -> Self {
        symbols.sort_by(|a, b| a.name.cmp(&b.name));
        Self { symbols }
    }

    /// The symbol of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Symbol> {
        let at = self.symbols.binary_search_by(|symbol| symbol.name.as_str().cmp(name)).ok()?;
        self.symbols.get(at)
    }

    /// All symbols, sorted by name.
    #[must_use]
    pub fn symbols(&self) -> &[Symbol] {
        &self.symbols
    }
}

/// Reads the file.
///
/// # Errors
/// `TooLarge` beyond [`Limits::text_bytes`]; `Missing` when not a single line can be read.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Symvers>, Error> {
    text::bounded("symbol versions", bytes, limits)?;
    let (mut symbols, mut deviations) = (Vec::new(), Vec::new());
    for (number, line) in text::lines(bytes) {
        match symbol(&line) {
            Some(symbol) => symbols.push(symbol),
            None => deviations.push(Error::new("symbol versions line", number, Kind::Unsupported)),
        }
    }
    if symbols.is_empty() {
        return Err(Error::new("symbol versions", 0, Kind::Missing));
    }
    let value = Symvers::new(symbols);
    let twice = value.symbols.windows(2).filter(|pair| match pair {
        [a, b] => a.name.cmp(&b.name) == Ordering::Equal,
        _ => false,
    });
    deviations
        .extend(twice.map(|_| Error::new("symbol named twice", 0, Kind::Overlap { with: 0 })));
    Ok(Parsed { value, deviations })
}

fn symbol(line: &str) -> Option<Symbol> {
    let fields: Vec<&str> = line.split('\t').collect();
    let (crc, name, owner, export, namespace) = match *fields.as_slice() {
        [crc, name, owner, export] => (crc, name, owner, export, ""),
        [crc, name, namespace, owner, export] if export.starts_with("EXPORT_") => {
            (crc, name, owner, export, namespace)
        }
        [crc, name, owner, export, namespace, ..] => (crc, name, owner, export, namespace),
        _ => return None,
    };
    let crc = u32::from_str_radix(crc.strip_prefix("0x").unwrap_or(crc), 16).ok()?;
    export.starts_with("EXPORT_").then_some(())?;
    Some(Symbol {
        name: name.to_owned(),
        crc,
        owner: owner.to_owned(),
        gpl_only: export.contains("_GPL"),
        namespace: (!namespace.is_empty()).then(|| namespace.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_and_five_columns_are_read() {
        let file = b"0x00000001\tb\tvmlinux\tEXPORT_SYMBOL\n\
            0xd6551b9c\ta\tvmlinux\tEXPORT_SYMBOL_GPL\tDEVMEM\n\
            0x2\tc\tdrivers/x/y\tEXPORT_SYMBOL_GPL\t\n0x3\td\tNS\tvmlinux\tEXPORT_SYMBOL\nzz\n";
        let got = read(file, &Limits::DEFAULT).unwrap();
        let a = got.value.get("a").unwrap();
        assert_eq!(
            (a.crc, a.gpl_only, a.namespace.as_deref()),
            (0xd655_1b9c, true, Some("DEVMEM"))
        );
        assert!(!got.value.get("b").unwrap().gpl_only);
        assert_eq!(got.value.get("c").unwrap().owner, "drivers/x/y");
        assert_eq!(got.value.get("d").unwrap().namespace.as_deref(), Some("NS"));
        assert_eq!((got.value.symbols().len(), got.deviations.len()), (4, 1));
    }
}
