//! The way of a key into a machine: asked for, confirmed by a person, enrolled, trusted.
//!
//! shim's MokManager takes the request out of the firmware's variables as soon as it starts, whatever
//! the person does then (shim, `MokManager.c check_mok_request`): a request that was not confirmed is
//! gone.

use super::described::Described;
use super::lint::Finding;
use crate::answer;
use crate::proof::Proof;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use loadworthy_formats::uefi::mok::Request;

/// How far a key has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The kernel trusts it for modules.
    Trusted,
    /// It is enrolled, and the kernel does not take it for modules.
    WithoutEffect,
    /// A request waits for the next boot.
    Requested,
    /// There was a request, the machine was started since, and the key is not enrolled.
    Lost,
    /// There was a request, and it was taken back before a boot.
    Withdrawn,
    /// Nobody asked for it, as far as is known.
    NotRequested,
    /// What would tell was not seen.
    Unknown,
}

impl State {
    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::WithoutEffect => "without-effect",
            Self::Requested => "requested",
            Self::Lost => "lost",
            Self::Withdrawn => "withdrawn",
            Self::NotRequested => "not-requested",
            Self::Unknown => "unknown",
        }
    }
}

/// A request that was recorded when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// When.
    pub at: String,
    /// In which boot of the machine (`/proc/sys/kernel/random/boot_id`); empty: not known.
    pub boot: String,
    /// SHA-256 of the certificate.
    pub sha256: String,
}

/// What keeps a request from being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The kernel has not the arithmetic of the key.
    NotVerified,
    /// A deny list has the certificate.
    Denied,
    /// The firmware's memory has not enough room.
    NoRoom,
    /// No shim was in the way of the last boot.
    NoShim,
    /// There is a shim and no MokManager beside it.
    NoManager,
}

impl Obstacle {
    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotVerified => "not-verified",
            Self::Denied => "denied",
            Self::NoRoom => "no-room",
            Self::NoShim => "no-shim",
            Self::NoManager => "no-manager",
        }
    }
}

/// What was seen of a key on its way.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The machine.
    pub host: answer::Host,
    /// How far it has come.
    pub state: State,
    /// The keyrings it is in.
    pub keyrings: Vec<&'static str>,
    /// The lists it stands in.
    pub lists: Vec<Arc<str>>,
    /// Why it counts or does not, where a keyring tells.
    pub because: Option<Proof>,
    /// What is worth telling of it.
    pub findings: Vec<Finding>,
    /// The last request that was recorded.
    pub recorded: Option<Recorded>,
    /// Other requests that wait for the next boot.
    pub waiting: Vec<Request>,
    /// What keeps a request from being made.
    pub obstacles: Vec<Obstacle>,
    /// The value of `MokNew` as it is; empty where there is none.
    pub request: Vec<u8>,
    /// The boot the machine is in; empty where that is not known.
    pub boot: String,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// Nothing.
    Nothing,
    /// A request was written.
    Request {
        /// Where.
        to: String,
        /// The password, where it was made here and nobody else knows it.
        password: Option<String>,
        /// How many keys MokManager will show.
        keys: usize,
    },
    /// The key was written into the list itself.
    Enrolled {
        /// Where.
        to: String,
    },
}

/// An enrolment.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// As of when.
    pub at: String,
    /// The key.
    pub certificate: Described,
    /// What was seen on the machine; `None` where only a file was written.
    pub seen: Option<Seen>,
    /// Bytes of the firmware's memory: free, where that is known, and needed.
    pub room: (Option<u64>, u64),
    /// What was done.
    pub done: Done,
}

/// The entries of MokManager's first menu while these requests wait (`MokManager.c enter_mok_menu`).
#[must_use]
pub fn menu(waiting: &[Request]) -> Vec<&'static str> {
    let mut menu = vec!["Continue boot"];
    for (request, entry) in [
        (Request::Enrol, "Enroll MOK"),
        (Request::Remove, "Delete MOK"),
        (Request::EnrolRefused, "Enroll MOKX"),
        (Request::RemoveRefused, "Delete MOKX"),
        (Request::Validation, "Change Secure Boot state"),
        (Request::Password, "Set MOK password"),
        (Request::UseDb, "Change DB state"),
        (Request::TrustList, "Change MOK List Trusted State"),
    ] {
        if waiting.contains(&request) {
            menu.push(entry);
        }
    }
    menu.extend(["Enroll key from disk", "Enroll hash from disk"]);
    menu
}

/// How far a key has come. `in_list` and `in_request`: whether it stands in `MokListRT` and `MokNew`;
/// `None` where that was not seen.
#[must_use]
pub fn state(
    trusted: Option<bool>,
    in_list: Option<bool>,
    in_request: Option<bool>,
    recorded: Option<&Recorded>,
    boot: &str,
) -> State {
    match (trusted, in_list, in_request) {
        (Some(true), ..) => State::Trusted,
        (_, _, Some(true)) => State::Requested,
        (Some(false), Some(true), _) => State::WithoutEffect,
        (None, Some(true), _) | (_, None, _) | (_, _, None) => State::Unknown,
        (_, Some(false), Some(false)) => match recorded {
            None => State::NotRequested,
            Some(recorded) if boot.is_empty() || recorded.boot.is_empty() => State::Lost,
            Some(recorded) if recorded.boot == boot => State::Withdrawn,
            Some(_) => State::Lost,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_is_gone_was_lost_at_a_boot_or_taken_back_before_one() {
        let recorded =
            |boot: &str| Some(Recorded { at: "".into(), boot: boot.into(), sha256: "".into() });
        let no = Some(false);
        let gone = |r: &Option<Recorded>| state(no, no, no, r.as_ref(), "2");
        assert_eq!(gone(&recorded("1")), State::Lost);
        assert_eq!(gone(&recorded("2")), State::Withdrawn);
        assert_eq!(gone(&None), State::NotRequested);
        assert_eq!(state(no, no, Some(true), None, "2"), State::Requested);
        assert_eq!(state(no, Some(true), no, None, "2"), State::WithoutEffect);
        assert_eq!(state(None, None, None, None, "2"), State::Unknown);
        assert_eq!(state(Some(true), Some(true), no, None, "2"), State::Trusted);
    }

    #[test]
    fn the_menu_has_an_entry_for_each_request_that_waits() {
        assert_eq!(
            menu(&[Request::Enrol, Request::Validation]),
            [
                "Continue boot",
                "Enroll MOK",
                "Change Secure Boot state",
                "Enroll key from disk",
                "Enroll hash from disk"
            ]
        );
    }
}
