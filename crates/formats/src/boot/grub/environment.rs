//! `grubenv`: 1024 bytes of `name=value` lines, filled up with `#`.

use crate::error::{Error, Kind, Parsed};

/// What the file begins with.
pub const SIGNATURE: &[u8] = b"# GRUB Environment Block\n";
/// Bytes such a file may hold; GRUB makes 1 KiB, and lists of options have been seen to grow it.
const LARGEST: usize = 1 << 20;

/// The variables of a block, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Names and values; of two with one name the last counts.
    pub variables: Vec<(String, String)>,
}

impl Environment {
    /// The value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut named = self.variables.iter().rev().filter(|(n, _)| n == name);
        named.next().map(|(_, value)| value.as_str())
    }
}

/// Reads a block.
///
/// # Errors
/// `Illegal` without the signature, `TooLarge` beyond a mebibyte.
pub fn read(bytes: &[u8]) -> Result<Parsed<Environment>, Error> {
    if bytes.len() > LARGEST {
        return Err(Error::new("grubenv", 0, Kind::TooLarge { limit: 1 << 20 }));
    }
    let illegal = Error::new("grubenv signature", 0, Kind::Illegal { value: 0 });
    let rest = bytes.strip_prefix(SIGNATURE).ok_or(illegal)?;
    let mut parsed = Parsed::clean(Environment::default());
    for line in logical(rest) {
        if line.first() == Some(&b'#') || line.is_empty() {
            continue;
        }
        let line = String::from_utf8_lossy(&line);
        match line.split_once('=') {
            Some((name, value)) => {
                parsed.value.variables.push((name.to_owned(), value.to_owned()));
            }
            None => parsed.deviations.push(Error::new("grubenv line", 0, Kind::Unsupported)),
        }
    }
    Ok(parsed)
}

/// Lines, where a backslash takes the next byte as it is: also a line end.
fn logical(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut lines, mut line) = (Vec::new(), Vec::new());
    let mut rest = bytes.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'\n' => lines.push(core::mem::take(&mut line)),
            b'\\' => line.extend(rest.next()),
            byte => line.push(*byte),
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_as_grub_editenv_writes_it() {
        let mut block = SIGNATURE.to_vec();
        block.extend(b"saved_entry=gnulinux-advanced-1>gnulinux-6.1.0-9\nkernelopts=a\\\\b=c\n");
        block.resize(1024, b'#');
        let read = read(&block).unwrap();
        assert_eq!(read.value.get("saved_entry"), Some("gnulinux-advanced-1>gnulinux-6.1.0-9"));
        assert_eq!(read.value.get("kernelopts"), Some("a\\b=c"));
        assert_eq!(read.value.get("next_entry"), None);
        assert!(read.deviations.is_empty());
    }

    #[test]
    fn anything_else_is_no_block() {
        assert!(read(b"").is_err() && read(b"saved_entry=1\n").is_err());
    }
}
