//! Break-glass: somebody opens the gate for a time, with a name and a reason.
//!
//! Nothing is open for ever. An entry in the ledger that cannot be followed back along the chain
//! opens nothing. Time does not run backwards here: where the clock was set back, the last entry's
//! time counts.

use std::process::{Command, Stdio};

use loadworthy_assess::clock::{seconds, stamp};
use serde::{Deserialize, Serialize};

use crate::ground::Ground;
use crate::ledger::{Entry, Event, Ledger};
use crate::places::OVERRIDE_HOOKS;

/// The longest an override may last where the manifest says nothing: a week.
pub const LONGEST: u64 = 7 * 86_400;

/// An override as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// The number of its entry in the ledger.
    pub id: u64,
    /// Since when.
    pub since: String,
    /// Until when.
    pub until: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// Where it is followed up.
    pub ticket: Option<String>,
    /// What takes it back.
    pub undo: String,
}

impl From<&Entry> for Opened {
    fn from(entry: &Entry) -> Self {
        Self {
            id: entry.n,
            since: entry.at.clone(),
            until: entry.until.clone().unwrap_or_default(),
            owner: entry.owner.clone().unwrap_or_default(),
            reason: entry.reason.clone().unwrap_or_default(),
            ticket: entry.ticket.clone(),
            undo: entry.undo.clone().unwrap_or_default(),
        }
    }
}

/// What holds at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody opened the gate.
    Closed,
    /// Somebody did, and the time has not passed.
    Open(Opened),
    /// The time has passed, and that was not written down yet.
    Expired(Opened),
}

/// What the ledger says as of `at`.
#[must_use]
pub fn standing(ledger: &Ledger, at: &str) -> Standing {
    let Some(opened) = ledger.open_override().filter(|_| ledger.is_sound()).map(Opened::from)
    else {
        return Standing::Closed;
    };
    if ledger.not_before(at) < opened.until.as_str() {
        Standing::Open(opened)
    } else {
        Standing::Expired(opened)
    }
}

/// Who opens the gate, why, and for how long.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// Seconds.
    pub lasts: u64,
    /// Where it is followed up.
    pub ticket: Option<String>,
}

/// Opens the gate.
///
/// # Errors
/// A sentence, where it would last too long, one is open already, or it cannot be written down: what
/// is not in the ledger opens nothing.
pub fn open(
    ground: &Ground,
    ledger: &mut Ledger,
    wish: &Wish,
    longest: Option<u64>,
    at: &str,
) -> Result<Opened, String> {
    let longest = longest.unwrap_or(LONGEST);
    if wish.lasts > longest {
        let hours = longest / 3_600;
        return Err(format!("an override lasts {hours} hours at most ([gate] longest-override)"));
    }
    if wish.owner.trim().is_empty() || wish.reason.trim().is_empty() {
        return Err("an override has an owner and a reason".to_owned());
    }
    if let Standing::Open(there) = standing(ledger, at) {
        return Err(format!("override {} is open until {}: {}", there.id, there.until, there.undo));
    }
    let now = ledger.not_before(at).to_owned();
    let from = seconds(&now).ok_or("the time cannot be read")?;
    let id = if ledger.is_sound() { ledger.entries.len() as u64 + 1 } else { 2 };
    let entry = Entry {
        owner: Some(wish.owner.clone()),
        reason: Some(wish.reason.clone()),
        ticket: wish.ticket.clone(),
        until: Some(stamp(from + wish.lasts)),
        undo: Some(format!("loadworthy gate override --close {id}")),
        ..Entry::new(Event::OverrideOpened)
    };
    ledger.append(ground, entry, at).map_err(|e| format!("the ledger cannot be written: {e}"))?;
    let opened = ledger.open_override().map(Opened::from).ok_or("the ledger did not keep it")?;
    Ok(opened)
}

/// Writes down that an override has ended.
///
/// # Errors
/// A sentence, where it cannot be written down.
pub fn end(
    ground: &Ground,
    ledger: &mut Ledger,
    opened: &Opened,
    event: Event,
    at: &str,
) -> Result<(), String> {
    let entry =
        Entry { of: Some(opened.id), owner: Some(opened.owner.clone()), ..Entry::new(event) };
    let written = ledger.append(ground, entry, at);
    written.map(|_| ()).map_err(|e| format!("the ledger cannot be written: {e}"))
}

/// Starts the owner's programs: `open`, `close` or `expire`, with what is known in the environment.
/// What they answer does not matter; those that do not start are named.
pub fn tell(ground: &Ground, moment: &str, opened: &Opened) -> Vec<String> {
    let mut troubles = Vec::new();
    for name in ground.files(OVERRIDE_HOOKS) {
        let path = format!("/{OVERRIDE_HOOKS}/{name}");
        if ground.mode(&path).is_none_or(|mode| mode & 0o100 == 0) {
            continue;
        }
        if !ground.live {
            troubles.push(format!("`{path} {moment}` is to be run there"));
            continue;
        }
        let done = Command::new(&path)
            .arg(moment)
            .env("LOADWORTHY_OVERRIDE_ID", opened.id.to_string())
            .env("LOADWORTHY_OVERRIDE_OWNER", &opened.owner)
            .env("LOADWORTHY_OVERRIDE_REASON", &opened.reason)
            .env("LOADWORTHY_OVERRIDE_TICKET", opened.ticket.as_deref().unwrap_or_default())
            .env("LOADWORTHY_OVERRIDE_UNTIL", &opened.until)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status();
        match done {
            Ok(status) if status.success() => {}
            Ok(status) => troubles.push(format!("{path} {moment}: {status}")),
            Err(error) => troubles.push(format!("{path} {moment}: {error}")),
        }
    }
    troubles
}

#[cfg(test)]
mod tests {
    use super::{Standing, Wish, end, open, standing};
    use crate::ground::Ground;
    use crate::ledger::{Event, Ledger};

    const AT: &str = "2026-11-21T12:00:00Z";

    #[test]
    fn an_override_opens_expires_and_is_never_for_ever() {
        let root = tempfile::tempdir().unwrap();
        let ground = Ground::open(Some(root.path())).unwrap();
        let mut ledger = Ledger::of(&ground);
        let wish = |hours: u64| Wish {
            owner: "ops".to_owned(),
            reason: "storage is down".to_owned(),
            lasts: hours * 3_600,
            ticket: None,
        };
        assert!(open(&ground, &mut ledger, &wish(169), None, AT).is_err());
        assert!(open(&ground, &mut ledger, &wish(2), Some(3_600), AT).is_err());
        let opened = open(&ground, &mut ledger, &wish(4), None, AT).unwrap();
        assert_eq!(opened.until, "2026-11-21T16:00:00Z");
        assert_eq!(opened.undo, "loadworthy gate override --close 1");
        assert!(open(&ground, &mut ledger, &wish(4), None, AT).is_err());
        let read = Ledger::of(&ground);
        assert_eq!(standing(&read, "2026-11-21T15:59:59Z"), Standing::Open(opened.clone()));
        // The clock set back prolongs nothing that was opened at noon.
        assert_eq!(standing(&read, "2020-01-01T00:00:00Z"), Standing::Open(opened.clone()));
        assert_eq!(standing(&read, "2026-11-21T16:00:00Z"), Standing::Expired(opened.clone()));
        end(&ground, &mut ledger, &opened, Event::OverrideExpired, "2026-11-21T16:00:01Z").unwrap();
        assert_eq!(standing(&ledger, "2026-11-21T13:00:00Z"), Standing::Closed);
    }
}
