//! A person at the machine's keyboard: screens are waited for, keys are typed.
//!
//! The firmware's console is the first serial port, kept in a file, so that nothing drawn is lost
//! however slow the machine is; keys come from its PS/2 keyboard, through QEMU's monitor. What is
//! waited for is a word that stands alone, and what follows is typed once nothing more is drawn.

use crate::machine::{Machine, accelerators, command, lay_out, shown};
use std::fs;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A screen and what is typed there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// What is waited for; empty: until the screen has changed and rests.
    pub shows: String,
    /// What is typed.
    pub keys: Vec<Key>,
    /// Whether it is drawn anew all the time, as a countdown is: then it is not waited for it to rest.
    pub restless: bool,
}

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Cursor down.
    Down,
    /// Enter.
    Enter,
    /// A small letter or a digit.
    Char(char),
}

impl Key {
    /// Its name in QEMU's `sendkey`.
    fn name(self) -> String {
        match self {
            Self::Down => "down".to_owned(),
            Self::Enter => "ret".to_owned(),
            Self::Char(c) => c.to_string(),
        }
    }
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Driven {
    /// How many screens came.
    pub screens: usize,
    /// Whether the machine ended by itself.
    pub ended: bool,
    /// The firmware's memory afterwards.
    pub store: Vec<u8>,
    /// What the screen showed last, without what moves the cursor.
    pub console: String,
}

/// So long a screen must rest before something is typed.
const REST: Duration = Duration::from_millis(1200);
/// Between two keys.
const BETWEEN: Duration = Duration::from_millis(250);
/// Between two looks at the console.
const LOOK: Duration = Duration::from_millis(100);

/// Starts the machine in `folder`, and types what `screens` say until they are through and it ends.
///
/// # Errors
/// When it cannot be set up; a screen that does not come is told in [`Driven`].
pub fn drive(
    folder: &Path,
    machine: &Machine,
    screens: &[Screen],
    patience: Duration,
) -> Result<Driven, String> {
    lay_out(folder, machine)?;
    let complaints =
        fs::File::create(folder.join("complaints")).map_err(|e| format!("complaints: {e}"))?;
    let accelerator = accelerators().last().copied().unwrap_or("tcg");
    let mut running = command(machine, folder, accelerator)
        .args(["-serial", "file:console"])
        .args(["-monitor", "unix:monitor,server=on,wait=off"])
        .stderr(Stdio::from(complaints))
        .spawn()
        .map_err(|e| format!("{}: {e}", crate::machine::QEMU))?;
    let until = Instant::now() + patience;
    let driven = talk(folder, screens, until, &mut running);
    let ended = driven.is_ok() && ends(&mut running, until);
    drop(running.kill());
    drop(running.wait());
    let mut driven = driven?;
    driven.ended = ended;
    let memory = folder.join("vars.fd");
    driven.store = fs::read(&memory).map_err(|e| format!("{}: {e}", memory.display()))?;
    Ok(driven)
}

fn talk(
    folder: &Path,
    screens: &[Screen],
    until: Instant,
    running: &mut Child,
) -> Result<Driven, String> {
    let mut monitor = connected(&folder.join("monitor"), until, running)?;
    let told = |e: std::io::Error| format!("monitor: {e}");
    let console = folder.join("console");
    let mut driven = Driven::default();
    let mut seen = 0;
    for screen in screens {
        let mut length = seen;
        let mut last = Instant::now();
        let came = loop {
            let all = fs::read(&console).unwrap_or_default();
            if all.len() > length {
                (length, last) = (all.len(), Instant::now());
            }
            driven.console = shown_all(all.get(seen..).unwrap_or_default());
            let there = match screen.shows.as_str() {
                "" => length > seen,
                word => driven.console.contains(word),
            };
            if there && (screen.restless || last.elapsed() > REST) {
                break true;
            }
            if Instant::now() > until || running.try_wait().ok().flatten().is_some() {
                break false;
            }
            std::thread::sleep(LOOK);
        };
        if !came {
            return Ok(driven);
        }
        driven.screens += 1;
        seen = length;
        for key in &screen.keys {
            writeln!(monitor, "sendkey {}", key.name()).map_err(told)?;
            std::thread::sleep(BETWEEN);
        }
    }
    Ok(driven)
}

/// The lines that a console drew, in order, without frames and what moves the cursor; one that was drawn
/// several times after another stands once.
#[must_use]
pub fn lines(drawn: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(drawn);
    let mut lines: Vec<String> = Vec::new();
    for piece in text.split('\x1b') {
        // A sequence ends with its first letter.
        let words = match piece.strip_prefix('[') {
            Some(moves) => moves.split_once(|c: char| c.is_ascii_alphabetic()).map_or("", |p| p.1),
            None => piece,
        };
        for line in words.split(|c: char| c.is_control() || !c.is_ascii()) {
            let line = line.trim();
            if !line.is_empty() && lines.last().is_none_or(|last| last != line) {
                lines.push(line.to_owned());
            }
        }
    }
    lines
}

/// What a screen shows, without what moves the cursor, at its full length.
fn shown_all(drawn: &[u8]) -> String {
    let text = String::from_utf8_lossy(drawn);
    text.split('\x1b')
        .map(|piece| shown(&format!("\x1b{piece}")))
        .filter(|piece| !piece.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn connected(at: &Path, until: Instant, running: &mut Child) -> Result<UnixStream, String> {
    loop {
        match UnixStream::connect(at) {
            Ok(port) => return Ok(port),
            Err(e) if Instant::now() > until => return Err(format!("monitor: {e}")),
            Err(_) if running.try_wait().ok().flatten().is_some() => {
                return Err("the machine did not start".to_owned());
            }
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn ends(running: &mut Child, until: Instant) -> bool {
    while Instant::now() < until {
        if running.try_wait().ok().flatten().is_some() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    false
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn a_console_is_lines_without_frames() {
        let drawn =
            b"\x1b[2J\x1b[01;01H\x1b[0;37;44m\xc9\xcd\xcd\xbb\x1b[04;20HPerform MOK management\
            \xba\x1b[05;10H Continue boot \x1b[05;10H Continue boot \r\n\x1b[=3hEnroll MOK";
        assert_eq!(lines(drawn), ["Perform MOK management", "Continue boot", "Enroll MOK"]);
    }
}
