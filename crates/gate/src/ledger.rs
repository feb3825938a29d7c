//! The ledger: every time the gate was opened, a kernel was held back, or a boot was compared with
//! what was foretold.
//!
//! Each line is a digest and an entry: SHA-256 of the digest of the line before (64 zeros before
//! the first), one blank and the entry's own bytes. Whoever changes, drops or inserts a line has to
//! write all later ones anew, and their last digest is also in the metrics, in the verdict file and
//! in every bundle. The file is small and replaced as a whole, so no line is ever half written.

use std::io;

use loadworthy_core::crypt::digest::{DigestAlgorithm, digest};
use serde::{Deserialize, Serialize};

use crate::ground::Ground;
use crate::places::LEDGER;

/// The digest before the first line.
const FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// What an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The gate was put in place.
    Installed,
    /// The owner accepted the manifest.
    ManifestAccepted,
    /// A kernel is held back.
    Held,
    /// A kernel is no longer held back.
    Promoted,
    /// What the next boot will do was foretold anew.
    Sealed,
    /// Somebody opened the gate.
    OverrideOpened,
    /// Somebody closed it.
    OverrideClosed,
    /// Its time had passed.
    OverrideExpired,
    /// A boot was compared with what was foretold.
    Confirmed,
    /// A kernel is to be started once.
    TrialArmed,
    /// It was, and the machine is well.
    TrialPassed,
    /// It was, and the machine is not.
    TrialFailed,
    /// The platform demands less than before, and nobody had said so here.
    Relaxed,
    /// The ledger before this one was not sound, and was put aside.
    Restarted,
}

impl Event {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> String {
        let word = serde_json::to_value(self).unwrap_or_default();
        word.as_str().unwrap_or_default().to_owned()
    }
}

/// One entry. What does not belong to its event is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number, from one.
    pub n: u64,
    /// When, as `2026-11-21T00:00:00Z`.
    pub at: String,
    /// What about.
    pub event: Event,
    /// The override it is about: the number of the entry that opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A reference to where it is followed up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
    /// The kernel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kernel: Option<String>,
    /// Codes that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    /// How many predictions were compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predictions: Option<u64>,
    /// How many of them were wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong: Option<u64>,
    /// SHA-256 of what it speaks of: a manifest, a sealed prediction, the ledger before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// What else there is to say: the boot it happened in, what is weaker than before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

impl Entry {
    /// An entry of which nothing is known yet but what it is about.
    #[must_use]
    pub const fn new(event: Event) -> Self {
        Self {
            n: 0,
            at: String::new(),
            event,
            of: None,
            owner: None,
            reason: None,
            ticket: None,
            until: None,
            undo: None,
            kernel: None,
            codes: Vec::new(),
            predictions: None,
            wrong: None,
            sha256: None,
            about: None,
        }
    }
}

/// A ledger as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// The entries, as far as the chain holds.
    pub entries: Vec<Entry>,
    /// The digest of the last line that holds.
    pub head: Option<String>,
    /// Where the chain breaks, and how; `None`: it holds.
    pub broken: Option<String>,
    /// SHA-256 of the whole file, where it is broken.
    whole: Option<String>,
}

/// SHA-256 in hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    digest(DigestAlgorithm::Sha256, bytes).to_string()
}

fn link(before: &str, body: &str) -> String {
    sha256(format!("{before} {body}").as_bytes())
}

impl Ledger {
    /// Reads the ledger of a host. One that is not there is empty and sound; one that cannot be read
    /// is not sound.
    #[must_use]
    pub fn of(ground: &Ground) -> Self {
        match ground.read(LEDGER) {
            Ok(None) => Self::default(),
            Ok(Some(bytes)) => Self::read(&bytes),
            Err(error) => Self { broken: Some(error.to_string()), ..Self::default() },
        }
    }

    /// Reads the lines and follows the chain as far as it holds.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let mut ledger = Self::default();
        let text = String::from_utf8_lossy(bytes);
        for (at, line) in text.split_inclusive('\n').enumerate() {
            match ledger.line(line) {
                Ok((entry, own)) => {
                    ledger.entries.push(entry);
                    ledger.head = Some(own);
                }
                Err(said) => {
                    ledger.broken = Some(format!("line {}: {said}", at + 1));
                    ledger.whole = Some(sha256(bytes));
                    break;
                }
            }
        }
        ledger
    }

    fn line(&self, line: &str) -> Result<(Entry, String), &'static str> {
        let line = line.strip_suffix('\n').ok_or("it is cut off")?;
        let (own, body) = line.split_once(' ').ok_or("no digest and entry")?;
        if link(self.head.as_deref().unwrap_or(FIRST), body) != own {
            return Err("the digest is not that of this entry after those before it");
        }
        let entry: Entry = serde_json::from_str(body).map_err(|_| "the entry cannot be read")?;
        if entry.n != self.entries.len() as u64 + 1 {
            return Err("the number is not the next one");
        }
        Ok((entry, own.to_owned()))
    }

    /// Whether the chain holds.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.broken.is_none()
    }

    /// Whether a digest is that of one of the lines: what was written down elsewhere is still in it.
    #[must_use]
    pub fn holds(&self, bytes: &[u8], digest: &str) -> bool {
        let text = String::from_utf8_lossy(bytes);
        self.is_sound() && text.lines().any(|line| line.split(' ').next() == Some(digest))
    }

    /// The later of `at` and the last entry: a clock that was set back does not prolong anything.
    #[must_use]
    pub fn not_before<'a>(&'a self, at: &'a str) -> &'a str {
        self.entries.last().map_or(at, |last| last.at.as_str().max(at))
    }

    /// Appends an entry and writes it down. A ledger that is not sound is put aside first and named
    /// in the new one.
    ///
    /// # Errors
    /// What the system says: the ledger is then as it was.
    pub fn append(&mut self, ground: &Ground, entry: Entry, at: &str) -> io::Result<u64> {
        ground.make_folder(crate::places::STATE)?;
        let mut text = match ground.read(LEDGER)? {
            Some(bytes) if self.is_sound() => {
                String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData)?
            }
            Some(bytes) => {
                let aside = format!("{LEDGER}.broken-{}", at.replace(':', ""));
                ground.write(&aside, &bytes, 0o600)?;
                let mut restarted = Entry::new(Event::Restarted);
                restarted.sha256 = self.whole.clone();
                restarted.about =
                    Some(format!("/{aside}: {}", self.broken.clone().unwrap_or_default()));
                *self = Self::default();
                self.add(restarted, at)?
            }
            None => {
                *self = Self::default();
                String::new()
            }
        };
        text.push_str(&self.add(entry, at)?);
        ground.write(LEDGER, text.as_bytes(), 0o600)?;
        Ok(self.entries.len() as u64)
    }

    fn add(&mut self, entry: Entry, at: &str) -> io::Result<String> {
        let at = self.not_before(at).to_owned();
        let entry = Entry { n: self.entries.len() as u64 + 1, at, ..entry };
        let body = serde_json::to_string(&entry)?;
        let own = link(self.head.as_deref().unwrap_or(FIRST), &body);
        let line = format!("{own} {body}\n");
        self.entries.push(entry);
        self.head = Some(own);
        Ok(line)
    }

    /// All predictions that were compared, and how many were wrong.
    #[must_use]
    pub fn tally(&self) -> (u64, u64) {
        let sum = |of: fn(&Entry) -> Option<u64>| self.entries.iter().filter_map(of).sum();
        (sum(|e| e.predictions), sum(|e| e.wrong))
    }

    /// The last acceptance of a manifest.
    #[must_use]
    pub fn accepted(&self) -> Option<&Entry> {
        self.entries.iter().rev().find(|e| e.event == Event::ManifestAccepted)
    }

    /// What was put aside because it did not hold, until the owner accepts a manifest after that.
    #[must_use]
    pub fn restarted(&self) -> Option<String> {
        let last = |event| self.entries.iter().rev().find(|e| e.event == event);
        let restarted = last(Event::Restarted)?;
        let accepted = self.accepted().is_some_and(|accepted| accepted.n > restarted.n);
        restarted.about.clone().filter(|_| !accepted)
    }

    /// The override that was opened last and neither closed nor reported as expired.
    #[must_use]
    pub fn open_override(&self) -> Option<&Entry> {
        let last = self.entries.iter().rev().find(|e| e.event == Event::OverrideOpened)?;
        let over = |e: &&Entry| {
            e.of == Some(last.n)
                && matches!(e.event, Event::OverrideClosed | Event::OverrideExpired)
        };
        (!self.entries.iter().any(|e| over(&e))).then_some(last)
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Event, FIRST, Ledger, sha256};
    use crate::ground::Ground;
    use crate::places::LEDGER;

    const AT: &str = "2026-11-21T00:00:00Z";

    fn two() -> (tempfile::TempDir, Ground, Ledger) {
        let root = tempfile::tempdir().unwrap();
        let ground = Ground::open(Some(root.path())).unwrap();
        let mut ledger = Ledger::of(&ground);
        ledger.append(&ground, Entry::new(Event::Installed), AT).unwrap();
        let mut opened = Entry::new(Event::OverrideOpened);
        opened.owner = Some("ops".to_owned());
        ledger.append(&ground, opened, AT).unwrap();
        (root, ground, ledger)
    }

    #[test]
    fn lines_are_chained_as_the_page_says() {
        let (_root, ground, ledger) = two();
        let text = ground.text(LEDGER).unwrap();
        let mut before = FIRST.to_owned();
        for line in text.lines() {
            let (own, body) = line.split_once(' ').unwrap();
            assert_eq!(own, sha256(format!("{before} {body}").as_bytes()));
            before = own.to_owned();
        }
        assert_eq!(Ledger::of(&ground), ledger);
        assert_eq!(ledger.open_override().map(|e| e.n), Some(2));
    }

    #[test]
    fn a_change_is_noticed_and_put_aside() {
        let (_root, ground, _) = two();
        let text = ground.text(LEDGER).unwrap();
        for wrong in [
            text.replace("ops", "me"),
            text.lines().skip(1).map(|l| format!("{l}\n")).collect(),
            text.trim_end().to_owned(),
            "nothing of ours\n".to_owned(),
        ] {
            let read = Ledger::read(wrong.as_bytes());
            assert!(!read.is_sound(), "{wrong}");
            assert_eq!(read.entries.iter().filter(|e| e.owner.is_some()).count(), 0);
        }
        ground.write(LEDGER, text.replace("ops", "me").as_bytes(), 0o600).unwrap();
        let mut ledger = Ledger::of(&ground);
        ledger.append(&ground, Entry::new(Event::Installed), AT).unwrap();
        let events: Vec<Event> = Ledger::of(&ground).entries.iter().map(|e| e.event).collect();
        assert_eq!(events, [Event::Restarted, Event::Installed]);
        assert_eq!(ground.files("var/lib/loadworthy").len(), 2);
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_go_back_here() {
        let (_root, ground, mut ledger) = two();
        ledger.append(&ground, Entry::new(Event::Installed), "1970-01-01T00:00:00Z").unwrap();
        assert_eq!(ledger.entries[2].at, AT);
    }
}
