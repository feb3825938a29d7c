//! Settings of services, a line each: `KEY = VALUE`, or `Key "value";` as apt writes it.
//!
//! Sources: sysctl.conf(5), systemd.syntax(7), watchdog.conf(5), dnf.conf(5), apt.conf(5) (its flat
//! form; blocks in braces are not followed).

use crate::error::{Error, Kind, Parsed};
use crate::limits::Limits;
use crate::reader::wide;
use crate::text;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What is set, as written.
    pub key: String,
    /// To what, without quotes.
    pub value: String,
}

/// Reads the lines in their order; the last one of a key is the one that counts.
///
/// # Errors
/// `TooLarge` or `TooMany` beyond [`Limits`].
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Parsed<Vec<Setting>>, Error> {
    text::bounded("settings", bytes, limits)?;
    let mut settings = Vec::new();
    for (number, line) in text::lines(bytes) {
        let line = line.trim();
        if line.is_empty() || ["#", ";", "//", "["].iter().any(|mark| line.starts_with(mark)) {
            continue;
        }
        if settings.len() >= limits.items {
            let limit = wide(limits.items);
            return Err(Error::new("settings", number, Kind::TooMany { limit }));
        }
        // sysctl: a dash says that failing to set it does not matter.
        let line = line.strip_prefix('-').unwrap_or(line);
        let ends = |c: char| c == '=' || c.is_ascii_whitespace();
        let (key, rest) = line.split_once(ends).unwrap_or((line, ""));
        let value = rest.trim_start_matches(ends).trim_end_matches(';').trim();
        let value = value.trim_matches(['"', '\'']);
        settings.push(Setting { key: key.to_owned(), value: value.to_owned() });
    }
    Ok(Parsed::clean(settings))
}

/// The last value of a key.
#[must_use]
pub fn last<'s>(settings: &'s [Setting], key: &str) -> Option<&'s str> {
    settings.iter().rev().find(|setting| setting.key == key).map(|setting| setting.value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_writes_its_own_way() {
        let read = |text: &str, key: &str| {
            let read = read(text.as_bytes(), &Limits::DEFAULT).unwrap().value;
            last(&read, key).map(str::to_owned)
        };
        // The examples of the manual pages.
        let sysctl = "# x\nkernel.panic = 10\n-net.ipv4.tcp_syncookies=1\nkernel.panic=30\n";
        assert_eq!(read(sysctl, "kernel.panic").as_deref(), Some("30"));
        assert_eq!(read(sysctl, "net.ipv4.tcp_syncookies").as_deref(), Some("1"));
        let systemd = "[Manager]\n#RuntimeWatchdogSec=off\nRuntimeWatchdogSec=1min\n";
        assert_eq!(read(systemd, "RuntimeWatchdogSec").as_deref(), Some("1min"));
        let apt = "// Unattended-Upgrade::Automatic-Reboot \"false\";\n\
            Unattended-Upgrade::Automatic-Reboot \"true\";\n";
        assert_eq!(read(apt, "Unattended-Upgrade::Automatic-Reboot").as_deref(), Some("true"));
        let watchdog = "watchdog-device\t= /dev/watchdog\n";
        assert_eq!(read(watchdog, "watchdog-device").as_deref(), Some("/dev/watchdog"));
        assert_eq!(read("key", "key").as_deref(), Some(""));
    }
}
