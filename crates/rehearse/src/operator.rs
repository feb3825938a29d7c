//! A person at the machine's keyboard: screens are waited for, keys are typed.
//!
//! The firmware's console is the first serial port. Its screens are drawn with cursor movements, and
//! some of what is drawn is lost where the port is slow, so what is waited for is a word that stands
//! alone, and what follows is typed once nothing more is drawn.

use crate::machine::{Machine, accelerators, command, lay_out, shown};
use std::fs;
use std::io::{ErrorKind, Read, Write};
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
    /// Cursor down (`ESC [ B`, as a terminal sends it).
    Down,
    /// Enter.
    Enter,
    /// A character.
    Char(char),
}

impl Key {
    fn bytes(self) -> Vec<u8> {
        match self {
            Self::Down => b"\x1b[B".to_vec(),
            Self::Enter => b"\r".to_vec(),
            Self::Char(c) => c.to_string().into_bytes(),
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
        .args(["-chardev", "socket,id=c,path=keyboard,server=on,wait=off"])
        .args(["-serial", "chardev:c"])
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
    let mut port = connected(&folder.join("keyboard"), until, running)?;
    let told = |e: std::io::Error| format!("keyboard: {e}");
    port.set_read_timeout(Some(Duration::from_millis(200))).map_err(told)?;
    let mut driven = Driven::default();
    for screen in screens {
        let mut drawn = Vec::new();
        let mut last = Instant::now();
        let came = loop {
            let before = drawn.len();
            read(&mut port, &mut drawn);
            if drawn.len() > before {
                last = Instant::now();
            }
            driven.console = shown_all(&drawn);
            let there = match screen.shows.as_str() {
                "" => !drawn.is_empty(),
                word => driven.console.contains(word),
            };
            if there && (screen.restless || last.elapsed() > REST) {
                break true;
            }
            if Instant::now() > until || running.try_wait().ok().flatten().is_some() {
                break false;
            }
        };
        if !came {
            return Ok(driven);
        }
        driven.screens += 1;
        for key in &screen.keys {
            port.write_all(&key.bytes()).map_err(told)?;
            std::thread::sleep(BETWEEN);
        }
    }
    Ok(driven)
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
            Err(e) if Instant::now() > until => return Err(format!("keyboard: {e}")),
            Err(_) if running.try_wait().ok().flatten().is_some() => {
                return Err("the machine did not start".to_owned());
            }
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn read(port: &mut UnixStream, into: &mut Vec<u8>) {
    let mut piece = [0; 65536];
    match port.read(&mut piece) {
        Ok(length) => into.extend_from_slice(piece.get(..length).unwrap_or_default()),
        Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
        // The machine is gone: whoever waits sees it end.
        Err(_) => std::thread::sleep(Duration::from_millis(50)),
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
