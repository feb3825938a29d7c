//! One line of a log taken apart: when, on which host, who said it, what was said.
//!
//! Forms: `dmesg` (plain, `-T`, `-x`, `--time-format iso`), `printk` with caller, syslog (RFC 3164
//! and ISO stamps), `journalctl -o short*`. A line that has none of them is all message.
//! Sources: util-linux dmesg(1); systemd journalctl(1); RFC 3164, 4.1; linux, kernel/printk.

use regex::Regex;
use std::borrow::Cow;
use std::sync::OnceLock;

/// A line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line<'a> {
    /// The time stamp as written, without brackets.
    pub stamp: Option<&'a str>,
    /// The host, where the line names one.
    pub host: Option<&'a str>,
    /// Who said it: `kernel`, `systemd-modules-load`.
    pub by: Option<&'a str>,
    /// What was said.
    pub message: &'a str,
}

const PREFIX: &str = r"(?x)^
    (?:<\d{1,3}>)?
    (?:(?:kern|user|mail|daemon|auth|syslog|lpr|news|local\d)\s*:\s*\w+\s*:\s*)?
    (?:(?P<stamp>
        [A-Z][a-z]{2}\ [\ \d]\d\ \d\d:\d\d:\d\d(?:\.\d+)?(?:\ \d{4})?
      | (?:[A-Z][a-z]{2}\ )?\d{4}-\d\d-\d\d[T\ ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:\ ?(?:Z|UTC|[A-Z]{3,4}|[+-]\d\d:?\d\d))?
      | \d{9,10}\.\d{3,6}
    )\s+(?:(?P<host>[A-Za-z0-9][\w.-]*)\s(?P<by>[\w.@/()-]+)(?:\[\d+\])?:\s?)?)?
    (?:\[\s*(?P<clock>\d+\.\d+|[A-Z][a-z]{2}\ [A-Z][a-z]{2}\ [\ \d]\d\ \d\d:\d\d:\d\d(?:\.\d+)?\ \d{4})\]\s*
       (?:\[\s*[TC]\d+\]\s*)?
       (?:(?P<host2>[A-Za-z0-9][\w.-]*)\s(?P<by2>kernel|systemd[\w-]*|modprobe|insmod|audit|dkms[\w.]*)(?:\[\d+\])?:\s?)?)?";

/// What dpkg does and how dnf tells it, where other logs name the host (dpkg.log; dnf.rpm.log).
const HISTORY: [&str; 15] = [
    "install",
    "upgrade",
    "remove",
    "purge",
    "configure",
    "trigproc",
    "status",
    "startup",
    "conffile",
    "SUBDEBUG",
    "DDEBUG",
    "DEBUG",
    "INFO",
    "WARNING",
    "ERROR",
];

/// Takes a line apart.
#[must_use]
pub fn read(line: &str) -> Line<'_> {
    static READER: OnceLock<Option<Regex>> = OnceLock::new();
    let reader = READER.get_or_init(|| Regex::new(PREFIX).ok());
    let Some(found) = reader.as_ref().and_then(|r| r.captures(line)) else {
        return Line { message: line, ..Line::default() };
    };
    let part = |name: &str| found.name(name).map(|m| m.as_str());
    let end = found.get(0).map_or(0, |m| m.end());
    // Histories of packages say there what was done, or how loudly it is told.
    if let Some(said) = found.name("host").filter(|host| HISTORY.contains(&host.as_str())) {
        let message = line.get(said.start()..).unwrap_or(line);
        return Line { stamp: part("stamp"), message, ..Line::default() };
    }
    Line {
        stamp: part("stamp").or_else(|| part("clock")),
        host: part("host").or_else(|| part("host2")),
        by: part("by").or_else(|| part("by2")),
        message: line.get(end..).unwrap_or(line),
    }
}

/// The line without the escape sequences that terminals are coloured with.
#[must_use]
pub fn uncoloured(line: &str) -> Cow<'_, str> {
    if !line.contains('\x1b') {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\x1b') {
        out.push_str(before);
        rest = match after.strip_prefix('[') {
            Some(sequence) => sequence
                .find(|c: char| c.is_ascii_alphabetic())
                .and_then(|end| sequence.get(end.saturating_add(1)..))
                .unwrap_or_default(),
            None => after,
        };
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_time_stamp_is_taken_off() {
        const SAID: &str = "Loading of unsigned module is rejected";
        for (line, host, by) in [
            ("[    3.402118] ", None, None),
            ("[Mon Jan 21 03:14:02 2026] ", None, None),
            ("<5>[    3.402118] ", None, None),
            ("[    3.402118][  T123] ", None, None),
            ("kern  :notice: [    3.402118] ", None, None),
            ("2026-01-21T03:14:02,123456+00:00 ", None, None),
            ("Jan 21 03:14:02 san-7 kernel: ", Some("san-7"), Some("kernel")),
            ("Jan  1 03:14:02 san-7 kernel: [    3.402118] ", Some("san-7"), Some("kernel")),
            ("2026-01-21T03:14:02.5+01:00 san-7 kernel: ", Some("san-7"), Some("kernel")),
            ("2026-01-21 03:14:02 san-7 kernel: ", Some("san-7"), Some("kernel")),
            ("Wed 2026-01-21 03:14:02 UTC san-7 kernel: ", Some("san-7"), Some("kernel")),
            ("1768961642.123456 san-7 kernel: ", Some("san-7"), Some("kernel")),
            ("[    3.402118] san-7 kernel: ", Some("san-7"), Some("kernel")),
            ("", None, None),
        ] {
            let whole = format!("{line}{SAID}");
            let got = read(&whole);
            assert_eq!((got.message, got.host, got.by), (SAID, host, by), "{line}");
            assert_eq!(got.stamp.is_none(), line.is_empty(), "{line}");
        }
        let usb = read("[    1.5] usb 1-1: new device");
        assert_eq!((usb.host, usb.message), (None, "usb 1-1: new device"));
        let said = read("Jan 21 03:14:02 h systemd-modules-load[602]: Failed to insert module 'a'");
        assert_eq!(said.by, Some("systemd-modules-load"));
    }

    #[test]
    fn a_package_is_no_host() {
        let dpkg = read("2026-01-02 06:11:02 upgrade shim-signed:amd64 1.39 1.40");
        assert_eq!((dpkg.host, dpkg.message), (None, "upgrade shim-signed:amd64 1.39 1.40"));
        let dnf = read("2026-01-02T06:11:02+0100 SUBDEBUG Upgraded: kernel-6.6.11-200.fc39");
        assert_eq!((dnf.host, dnf.by), (None, None));
    }

    #[test]
    fn colours_are_taken_off() {
        assert_eq!(uncoloured("\x1b[1;31merror:\x1b[0m bad"), "error: bad");
        assert_eq!(uncoloured("a\x1b[3"), "a");
    }
}
