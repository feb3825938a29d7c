//! Entries of the Boot Loader Specification, type 1: `loader/entries/ID.conf`.
//!
//! Sources: UAPI.1 Boot Loader Specification; systemd `boot.c` (`line_get_key_value`,
//! `boot_entry_parse_tries`); GRUB of Fedora, `blscfg.c`.

use crate::error::{Error, Parsed};
use crate::limits::Limits;
use crate::text;

/// One entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Keys and values in the order of the file.
    pub fields: Vec<(String, String)>,
}

impl Entry {
    /// The last value of a key, which is the one that counts where a key may stand once.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.all(key).last()
    }

    /// The first value of a key, as GRUB takes it.
    #[must_use]
    pub fn first(&self, key: &str) -> Option<&str> {
        self.all(key).next()
    }

    /// Every value of a key.
    pub fn all(&self, key: &str) -> impl Iterator<Item = &str> {
        self.fields.iter().filter(move |(k, _)| k == key).map(|(_, value)| value.as_str())
    }
}

/// Reads an entry: a key, blanks, a value. Comments begin with `#`.
///
/// # Errors
/// `TooLarge` beyond [`Limits::text_bytes`].
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Entry>, Error> {
    text::bounded("boot loader entry", bytes, limits)?;
    let mut entry = Entry::default();
    for (_, line) in text::lines(bytes) {
        let line = line.trim_matches([' ', '\t', '\0']);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some((key, value)) = line.split_once([' ', '\t']) {
            entry.fields.push((key.to_owned(), value.trim_start_matches([' ', '\t']).to_owned()));
        }
    }
    Ok(Parsed::clean(entry))
}

/// What a file's name says of boots that are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// Boots that are left; 0 marks an entry as bad.
    pub left: u32,
    /// Boots that were tried and not blessed.
    pub done: u32,
}

/// The identifier in a file's name, without its counter, and the counter: `ID+LEFT[-DONE].EXT`.
#[must_use]
pub fn counted(name: &str) -> (String, Option<Tries>) {
    let whole = || (name.to_owned(), None);
    let Some((stem, ending)) = name.rsplit_once('.') else { return whole() };
    let Some((id, counter)) = stem.rsplit_once('+') else { return whole() };
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten()
    };
    let tries = match counter.split_once('-') {
        Some((left, done)) => number(left).zip(number(done)),
        None => number(counter).map(|left| (left, 0)),
    };
    match tries {
        Some((left, done)) => (format!("{id}.{ending}"), Some(Tries { left, done })),
        None => whole(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_as_kernel_install_writes_it() {
        let bytes = b"# Boot Loader Specification type#1 entry\n\
            title      Debian GNU/Linux 12 (bookworm)\nversion    6.1.0-9-amd64\n\
            sort-key   debian\noptions    root=UUID=1 ro\noptions\tquiet\n\
            linux      /debian/6.1.0-9-amd64/linux\ninitrd     /debian/6.1.0-9-amd64/initrd.img\n";
        let entry = read(bytes, &Limits::DEFAULT).unwrap().value;
        assert_eq!(entry.get("version"), Some("6.1.0-9-amd64"));
        assert_eq!(entry.all("options").collect::<Vec<_>>(), ["root=UUID=1 ro", "quiet"]);
        assert_eq!(entry.first("title"), Some("Debian GNU/Linux 12 (bookworm)"));
    }

    #[test]
    fn boots_are_counted_in_the_name() {
        // UAPI.1, *Boot counting*.
        let tries = |left, done| Some(Tries { left, done });
        for (name, id, wanted) in [
            ("4.14.11-300.fc27.x86_64+3.conf", "4.14.11-300.fc27.x86_64.conf", tries(3, 0)),
            ("a+0-3.conf", "a.conf", tries(0, 3)),
            ("foo+2-1.efi", "foo.efi", tries(2, 1)),
            ("6.12.117+deb12-amd64.conf", "6.12.117+deb12-amd64.conf", None),
            ("a+.conf", "a+.conf", None),
            ("a+1-.conf", "a+1-.conf", None),
            ("plain", "plain", None),
        ] {
            assert_eq!(counted(name), (id.to_owned(), wanted), "{name}");
        }
    }
}
