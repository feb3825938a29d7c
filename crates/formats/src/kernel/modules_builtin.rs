//! `modules.builtin` and `modules.builtin.modinfo`: what is compiled into the kernel, and the
//! `.modinfo` that came with it.
//!
//! Sources: `scripts/Makefile.vmlinux`, kmod `libkmod-builtin.c`.

use crate::error::{Error, Kind, Parsed};
use crate::kernel::modules_alias::Aliases;
use crate::kernel::name;
use crate::limits::Limits;
use crate::reader::wide;
use crate::text;
use std::collections::BTreeMap;

/// Modules compiled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Builtin {
    paths: BTreeMap<String, String>,
}

impl Builtin {
    /// Whether a module, named with `-` or `_`, is compiled in.
    #[must_use]
    pub fn has(&self, module: &str) -> bool {
        self.paths.contains_key(&module.replace('-', "_"))
    }

    /// Names and the paths the modules would have had.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.paths.iter().map(|(name, path)| (name.as_str(), path.as_str()))
    }
}

/// Reads `modules.builtin`.
///
/// # Errors
/// `TooLarge` beyond [`Limits::text_bytes`].
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Builtin>, Error> {
    text::bounded("modules.builtin", bytes, limits)?;
    let lines = text::lines(bytes).map(|(_, line)| line).filter(|line| !line.trim().is_empty());
    let paths = lines.map(|path| (name::of_path(&path), path.into_owned())).collect();
    Ok(Parsed::clean(Builtin { paths }))
}

/// One `key=value` of a built-in module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The module.
    pub module: String,
    /// The key, such as `alias`, `license` or `parmtype`.
    pub key: String,
    /// The value.
    pub value: String,
}

/// Reads `modules.builtin.modinfo`: NUL-terminated `module.key=value`.
///
/// # Errors
/// `TooLarge` or `TooMany` beyond [`Limits`].
pub fn read_modinfo(bytes: &[u8], limits: &Limits) -> Result<Parsed<Vec<Field>>, Error> {
    text::bounded("modules.builtin.modinfo", bytes, limits)?;
    let mut parsed = Parsed::clean(Vec::new());
    let mut at = 0_usize;
    for entry in bytes.split(|b| *b == 0) {
        if parsed.value.len() >= limits.items {
            let limit = wide(limits.items);
            return Err(Error::new("modules.builtin.modinfo", at, Kind::TooMany { limit }));
        }
        let text = String::from_utf8_lossy(entry);
        let field = text.split_once('=').and_then(|(left, value)| {
            let (module, key) = left.split_once('.')?;
            Some(Field { module: module.to_owned(), key: key.to_owned(), value: value.to_owned() })
        });
        match field {
            Some(field) => parsed.value.push(field),
            None if entry.is_empty() => {}
            None => parsed.deviations.push(Error::new(
                "modules.builtin.modinfo entry",
                at,
                Kind::Unsupported,
            )),
        }
        at = at.saturating_add(entry.len()).saturating_add(1);
    }
    Ok(parsed)
}

/// The aliases among the fields, ready to be searched.
#[must_use]
pub fn aliases(fields: &[Field]) -> Aliases {
    let aliases = fields.iter().filter(|field| field.key == "alias");
    Aliases::of(aliases.map(|field| (&*field.value, &*field.module)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_paths_and_aliases_are_found() {
        let got = read(b"kernel/x/amd-uncore.ko\n\n", &Limits::DEFAULT).unwrap().value;
        assert!(got.has("amd-uncore") && got.has("amd_uncore") && !got.has("x"));
        let info = b"a.license=GPL v2\0a.alias=acpi*:PNP0C09:*\0b.parm=c.d:e=f\0zzz\0";
        let got = read_modinfo(info, &Limits::DEFAULT).unwrap();
        assert_eq!((got.value.len(), got.deviations.len()), (3, 1));
        assert_eq!(got.value[2].value, "c.d:e=f");
        assert_eq!(aliases(&got.value).find("acpi:PNP0C09:"), ["a"]);
    }
}
