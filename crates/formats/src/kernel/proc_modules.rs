//! `/proc/modules`: what is loaded now.
//!
//! Source: `kernel/module/procfs.c` (`m_show`), `kernel/module/main.c` (`module_flags`).

use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::reader::wide;
use crate::text;

/// One loaded module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// Its name, with `_`.
    pub name: String,
    /// Bytes of memory it takes.
    pub size: u64,
    /// How often it is in use; `None` for `-`, when it cannot be unloaded at all.
    pub users: Option<u64>,
    /// The modules that use it.
    pub used_by: Vec<String>,
    /// Whether it can never be unloaded.
    pub permanent: bool,
    /// `Live`, `Loading` or `Unloading`.
    pub state: String,
    /// Taint letters, followed by `-` or `+` while it goes or comes.
    pub taint: String,
}

/// Reads the file.
///
/// # Errors
/// `TooLarge` or `TooMany` beyond [`Limits`].
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Vec<Loaded>>, Error> {
    text::bounded("module list", bytes, limits)?;
    let mut parsed = Parsed::clean(Vec::new());
    for (number, line) in text::lines(bytes) {
        if parsed.value.len() >= limits.items {
            let limit = wide(limits.items);
            return Err(Error::new("module list", number, Kind::TooMany { limit }));
        }
        match module(&line) {
            Some(module) => parsed.value.push(module),
            None => {
                parsed.deviations.push(Error::new("module list line", number, Kind::Unsupported));
            }
        }
    }
    Ok(parsed)
}

fn module(line: &str) -> Option<Loaded> {
    let mut fields = line.split_ascii_whitespace();
    let name = fields.next()?.to_owned();
    let size = fields.next()?.parse().ok()?;
    let users = fields.next()?.parse().ok();
    let (mut used_by, mut permanent) = (Vec::new(), false);
    for user in fields.next()?.split(',').filter(|user| !user.is_empty() && *user != "-") {
        if user == "[permanent]" {
            permanent = true;
        } else {
            used_by.push(user.to_owned());
        }
    }
    let state = fields.next()?.to_owned();
    let taint = fields
        .find_map(|field| field.strip_prefix('(')?.strip_suffix(')'))
        .unwrap_or_default()
        .to_owned();
    Some(Loaded { name, size, users, used_by, permanent, state, taint })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_state_and_taint_are_told() {
        let file = b"efivarfs 24576 1 - Live 0xffffffffc02f3000\n\
            drm 10 3 i915,kms,[permanent], Loading 0x0 (OE+)\nx\n";
        let got = read(file, &Limits::DEFAULT).unwrap();
        assert_eq!(got.value[0].users, Some(1));
        assert!(got.value[0].used_by.is_empty() && got.value[0].taint.is_empty());
        assert_eq!(got.value[1].used_by, ["i915", "kms"]);
        assert!(got.value[1].permanent);
        assert_eq!((got.value[1].state.as_str(), got.value[1].taint.as_str()), ("Loading", "OE+"));
        assert_eq!(got.deviations.len(), 1);
    }
}
