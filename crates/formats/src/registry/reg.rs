//! An exported text: `.reg`, of both versions.

use crate::error::{Error, Kind, Parsed};
use crate::inf::encoding;
use crate::limits::Limits;
use crate::registry::value::Value;
use crate::text;

/// A text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reg {
    /// 4: `REGEDIT4`, one byte a letter; 5: `Windows Registry Editor Version 5.00`.
    pub version: u8,
    /// Its keys, in order.
    pub keys: Vec<Key>,
}

/// A key of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// Its path: `HKEY_LOCAL_MACHINE\SYSTEM\…`.
    pub path: String,
    /// Whether it is removed when the text is imported.
    pub is_removed: bool,
    /// Its values.
    pub values: Vec<Value>,
    /// Names of values that are removed.
    pub removed: Vec<String>,
}

const FIRST_LINES: [(&str, u8); 2] = [("REGEDIT4", 4), ("Windows Registry Editor Version 5.00", 5)];

/// Whether a text begins as an export does.
#[must_use]
pub fn begins(bytes: &[u8]) -> bool {
    let start = bytes.get(..256).unwrap_or(bytes);
    let (_, text) = encoding::decode(start).value;
    FIRST_LINES.iter().any(|(line, _)| text.trim_start().starts_with(line))
}

/// Reads a text. Lines that are not understood are deviations, by their number.
///
/// # Errors
/// When it does not begin as an export does, or is too large.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Reg>, Error> {
    text::bounded(".reg", bytes, limits)?;
    let decoded = encoding::decode(bytes);
    let text = decoded.value.1;
    let start = text.trim_start();
    let version = FIRST_LINES.iter().find(|(line, _)| start.starts_with(line));
    let Some((_, version)) = version else { return Err(Error::new(".reg", 0, Kind::Missing)) };
    let mut parsed = Parsed::clean(Reg { version: *version, keys: Vec::new() });
    let mut lines = text.lines().enumerate().skip(1);
    let mut left = limits.items;
    while let Some((number, line)) = lines.next() {
        let mut line = line.trim().to_owned();
        while line.ends_with('\\') && !line.starts_with('[') && line.contains("hex") {
            line.pop();
            let Some((_, next)) = lines.next() else { break };
            line.push_str(next.trim());
        }
        if line.is_empty() || line.starts_with(';') {
            continue;
        }
        let number = number.saturating_add(1);
        let Some(less) = left.checked_sub(1) else {
            let kind = Kind::TooMany { limit: crate::reader::wide(limits.items) };
            parsed.deviations.push(Error::new(".reg line", number, kind));
            break;
        };
        left = less;
        if parsed.value.take(&line).is_none() && parsed.deviations.len() < 64 {
            parsed.deviations.push(Error::new(".reg line", number, Kind::Unsupported));
        }
    }
    Ok(parsed)
}

impl Reg {
    /// The value of a key, both whatever their case; `Ok(None)`: the key is there and the value is not.
    ///
    /// # Errors
    /// `Missing` where the key is not there.
    pub fn value(&self, path: &str, name: &str) -> Result<Option<&Value>, Error> {
        let mut keys =
            self.keys.iter().filter(|key| key.path.eq_ignore_ascii_case(path)).peekable();
        if keys.peek().is_none() {
            return Err(Error::new(".reg key", 0, Kind::Missing));
        }
        let mut values = keys.flat_map(|key| &key.values);
        Ok(values.rfind(|value| value.name.eq_ignore_ascii_case(name)))
    }

    fn take(&mut self, line: &str) -> Option<()> {
        if let Some(path) = line.strip_prefix('[') {
            let path = path.strip_suffix(']')?;
            let removed = path.strip_prefix('-');
            self.keys.push(Key {
                path: removed.unwrap_or(path).to_owned(),
                is_removed: removed.is_some(),
                ..Key::default()
            });
            return Some(());
        }
        let (name, value) = named(line)?;
        let key = self.keys.last_mut()?;
        let (kind, data) = match value.trim() {
            "-" => {
                key.removed.push(name);
                return Some(());
            }
            value => typed(value, self.version)?,
        };
        key.values.push(Value { name, kind, data });
        Some(())
    }
}

/// The name before `=` and what is behind it.
fn named(line: &str) -> Option<(String, &str)> {
    if let Some(value) = line.strip_prefix('@') {
        return Some((String::new(), value.trim_start().strip_prefix('=')?));
    }
    let (name, rest) = quoted(line)?;
    Some((name, rest.trim_start().strip_prefix('=')?))
}

/// A text in quotes, where a backslash stands before quotes and backslashes; and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let text = text.strip_prefix('"')?;
    let mut out = String::new();
    let mut letters = text.char_indices();
    while let Some((at, c)) = letters.next() {
        match c {
            '"' => return text.get(at.saturating_add(1)..).map(|rest| (out, rest)),
            '\\' => out.push(letters.next()?.1),
            c => out.push(c),
        }
    }
    None
}

fn typed(value: &str, version: u8) -> Option<(u32, Vec<u8>)> {
    if value.starts_with('"') {
        let (text, _) = quoted(value)?;
        return Some((1, text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()));
    }
    let (kind, digits) = value.split_once(':')?;
    if kind.eq_ignore_ascii_case("dword") {
        let number = u32::from_str_radix(digits.trim(), 16).ok()?;
        return Some((4, number.to_le_bytes().to_vec()));
    }
    let kind = kind.to_ascii_lowercase();
    let kind = match kind.strip_prefix("hex")? {
        "" => 3,
        number => {
            let number = number.strip_prefix('(')?.strip_suffix(')')?;
            u32::from_str_radix(number, 16).ok()?
        }
    };
    let bytes = digits.split(',').map(str::trim).filter(|d| !d.is_empty());
    let bytes: Option<Vec<u8>> = bytes.map(|d| u8::from_str_radix(d, 16).ok()).collect();
    let mut data = bytes?;
    // The older version writes texts with one byte a letter.
    if version == 4 && matches!(kind, 2 | 7) {
        data = data.iter().flat_map(|byte| [*byte, 0]).collect();
    }
    Some((kind, data))
}
