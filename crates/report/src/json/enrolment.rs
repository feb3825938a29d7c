//! `loadworthy/key-enroll/v1`: how far a key has come, and what was done for it.

use crate::enrolment::screens;
use crate::json::document::{KnownHost, Tool, document};
use crate::json::keys::{CertificateDto, FindingDto};
use loadworthy_core::keys::enrolment::{Done, Enrolment, Seen};
use serde::Serialize;
use std::io::{self, Write};

#[derive(Debug, Serialize)]
struct EnrolmentDto<'a> {
    schema: &'static str,
    tool: Tool,
    at: &'a str,
    host: Option<KnownHost<'a>>,
    key: CertificateDto<'a>,
    state: Option<&'static str>,
    keyrings: &'a [&'static str],
    lists: Vec<&'a str>,
    requested_at: Option<&'a str>,
    obstacles: Vec<&'static str>,
    waiting: Vec<&'static str>,
    findings: Vec<FindingDto<'a>>,
    done: DoneDto<'a>,
    room: RoomDto,
}

#[derive(Debug, Serialize)]
struct DoneDto<'a> {
    what: &'static str,
    to: Option<&'a str>,
    password: Option<&'a str>,
    screens: Vec<ScreenDto>,
}

#[derive(Debug, Serialize)]
struct ScreenDto {
    shows: Vec<String>,
    #[serde(rename = "type")]
    type_: String,
}

#[derive(Debug, Serialize)]
struct RoomDto {
    free: Option<u64>,
    needs: u64,
}

/// Writes the document.
///
/// # Errors
/// When `out` does not take it.
pub fn v1(enrolment: &Enrolment, out: &mut dyn Write) -> io::Result<()> {
    let seen = enrolment.seen.as_ref();
    let waiting = seen.map_or(&[][..], |seen| &seen.waiting);
    let done = match &enrolment.done {
        Done::Nothing => DoneDto { what: "nothing", to: None, password: None, screens: Vec::new() },
        Done::Enrolled { to } => {
            DoneDto { what: "enrolled", to: Some(to), password: None, screens: Vec::new() }
        }
        Done::Request { to, password, keys } => DoneDto {
            what: "request",
            to: Some(to),
            password: password.as_deref(),
            screens: screens(waiting, *keys, &enrolment.certificate.sha1, password.as_deref())
                .into_iter()
                .map(|s| ScreenDto { shows: s.shows, type_: s.type_ })
                .collect(),
        },
    };
    let list = |pick: fn(&Seen) -> Vec<&str>| seen.map(pick).unwrap_or_default();
    let value = EnrolmentDto {
        schema: "loadworthy/key-enroll/v1",
        tool: Tool::this(),
        at: &enrolment.at,
        host: seen.map(|seen| KnownHost::from(&seen.host)),
        key: CertificateDto::from(&enrolment.certificate),
        state: seen.map(|seen| seen.state.name()),
        keyrings: seen.map_or(&[][..], |seen| &seen.keyrings),
        lists: list(|seen| seen.lists.iter().map(|list| &**list).collect()),
        requested_at: seen.and_then(|seen| Some(seen.recorded.as_ref()?.at.as_str())),
        obstacles: seen
            .map(|seen| seen.obstacles.iter().map(|o| o.name()).collect())
            .unwrap_or_default(),
        waiting: waiting.iter().map(|request| request.name()).collect(),
        findings: seen
            .map(|seen| seen.findings.iter().map(FindingDto::from).collect())
            .unwrap_or_default(),
        done,
        room: RoomDto { free: enrolment.room.0, needs: enrolment.room.1 },
    };
    document(&value, out)
}
