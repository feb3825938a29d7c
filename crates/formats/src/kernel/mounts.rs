//! Mounted file systems and those that are to be: `/proc/PID/mountinfo`, `/proc/mounts`, `fstab`.
//!
//! Sources: `fs/proc_namespace.c` (`show_mountinfo`, `show_vfsmnt`), proc(5), fstab(5), getmntent(3).

use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::reader::wide;
use crate::text;

/// One mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where it is mounted.
    pub at: String,
    /// The type of the file system, `ext4`, `fuse.sshfs`.
    pub kind: String,
    /// What is mounted, as it was given: `/dev/sda1`, `UUID=…`, `host:/path`, `rpool/ROOT`.
    pub source: String,
    /// The number of the device, `8:1`; `None` where the file does not tell.
    pub number: Option<String>,
    /// The options, as written.
    pub options: String,
}

impl Mount {
    /// Whether an option is among them.
    #[must_use]
    pub fn has_option(&self, name: &str) -> bool {
        self.options.split(',').any(|option| option == name)
    }
}

/// Reads `/proc/PID/mountinfo`.
///
/// # Errors
/// `TooLarge` or `TooMany` beyond [`Limits`].
pub fn read_info(bytes: &[u8], limits: &Limits) -> Result<Parsed<Vec<Mount>>, Error> {
    each("mountinfo", bytes, limits, |line| {
        let mut fields = line.split_ascii_whitespace();
        let number = fields.nth(2)?.to_owned();
        let at = unescaped(fields.nth(1)?);
        let options = fields.next()?.to_owned();
        // Optional fields end with a single dash.
        let mut rest = fields.skip_while(|field| *field != "-").skip(1);
        let (kind, source) = (rest.next()?.to_owned(), unescaped(rest.next()?));
        Some(Mount { at, kind, source, number: Some(number), options })
    })
}

/// Reads `/proc/mounts` or `fstab`.
///
/// # Errors
/// `TooLarge` or `TooMany` beyond [`Limits`].
pub fn read_table(bytes: &[u8], limits: &Limits) -> Result<Parsed<Vec<Mount>>, Error> {
    each("mount table", bytes, limits, |line| {
        let mut fields = line.split_ascii_whitespace();
        let (source, at) = (unescaped(fields.next()?), unescaped(fields.next()?));
        let kind = fields.next()?.to_owned();
        let options = fields.next().unwrap_or("defaults").to_owned();
        Some(Mount { at, kind, source, number: None, options })
    })
}

fn each(
    what: &'static str,
    bytes: &[u8],
    limits: &Limits,
    read: impl Fn(&str) -> Option<Mount>,
) -> Result<Parsed<Vec<Mount>>, Error> {
    text::bounded(what, bytes, limits)?;
    let mut parsed = Parsed::clean(Vec::new());
    for (number, line) in text::lines(bytes) {
        if line.trim_start().starts_with('#') || line.trim().is_empty() {
            continue;
        }
        if parsed.value.len() >= limits.items {
            return Err(Error::new(what, number, Kind::TooMany { limit: wide(limits.items) }));
        }
        match read(&line) {
            Some(mount) => parsed.value.push(mount),
            None => parsed.deviations.push(Error::new(what, number, Kind::Unsupported)),
        }
    }
    Ok(parsed)
}

/// `\040` and the like as the characters they stand for (`mangle_path`, getmntent(3)).
fn unescaped(field: &str) -> String {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let octal = tail.get(..3).filter(|digits| *first == b'\\' && is_octal(digits));
        let value = octal.and_then(|d| u8::from_str_radix(str::from_utf8(d).ok()?, 8).ok());
        match value {
            Some(byte) => {
                out.push(byte);
                rest = tail.get(3..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn is_octal(digits: &[u8]) -> bool {
    digits.iter().all(|b| matches!(b, b'0'..=b'7'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_manual_is_read() {
        // proc(5), /proc/pid/mountinfo, and a mount point with a blank.
        let file =
            b"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n\
            26 1 0:23 / /my\\040disk rw shared:3 master:1 - xfs /dev/mapper/a rw\nbroken\n";
        let got = read_info(file, &Limits::DEFAULT).unwrap();
        let [first, second] = got.value.as_slice() else { panic!("{got:?}") };
        assert_eq!((&*first.at, &*first.kind, &*first.source), ("/mnt2", "ext3", "/dev/root"));
        assert_eq!(first.number.as_deref(), Some("98:0"));
        assert!(first.has_option("noatime") && !first.has_option("atime"));
        assert_eq!((&*second.at, &*second.source), ("/my disk", "/dev/mapper/a"));
        assert_eq!(got.deviations.len(), 1);
    }

    #[test]
    fn tables_leave_comments_out() {
        let file = b"# <file system> <mount point>\nUUID=1 / ext4 errors=remount-ro 0 1\n\
            /dev/sdb1 none swap sw 0 0\nLABEL=x /y auto\n";
        let got = read_table(file, &Limits::DEFAULT).unwrap().value;
        let told: Vec<_> = got.iter().map(|m| (&*m.source, &*m.at, &*m.kind)).collect();
        let wanted =
            [("UUID=1", "/", "ext4"), ("/dev/sdb1", "none", "swap"), ("LABEL=x", "/y", "auto")];
        assert_eq!(told, wanted);
    }
}
