//! A server that lets one host of a group reboot at a time is asked, where the owner names one.
//!
//! The protocol carries nothing about the host: whether the next kernel is loadworthy is known here
//! and decides before the server is asked, so a host that must not reboot takes nobody's turn.
//! Source: FleetLock protocol (coreos/zincati, `docs/development/fleetlock/protocol.md`): POST
//! `/v1/pre-reboot` and `/v1/steady-state`, header `fleet-lock-protocol: true`, 200 grants, anything
//! else denies with `kind` and `value`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ground::Ground;
use crate::ledger::sha256;
use loadworthy_web::agent;

/// The group of a host that names none.
pub const GROUP: &str = "default";
/// The server is asked once, and its answer waited for this long.
const PATIENCE: Duration = Duration::from_secs(15);
/// Bytes of an answer that are read.
const LARGEST: u64 = 64 << 10;

/// What the server is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The turn to reboot.
    PreReboot,
    /// The host is back: the turn is given up.
    SteadyState,
}

#[derive(Serialize)]
struct Body<'a> {
    client_params: Params<'a>,
}

#[derive(Serialize)]
struct Params<'a> {
    id: &'a str,
    group: &'a str,
}

#[derive(Default, Deserialize)]
struct Denial {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    value: String,
}

/// What this host is called there: of its machine id, which is told to nobody (machine-id(5)).
#[must_use]
pub fn id(ground: &Ground) -> Option<String> {
    let own = ground.text("etc/machine-id")?;
    let own = own.trim();
    let digest = sha256(format!("loadworthy fleet-lock {own}").as_bytes());
    (!own.is_empty()).then(|| digest.get(..32).unwrap_or(&digest).to_owned())
}

/// Asks the server at `base`.
///
/// # Errors
/// A sentence, where it denies or cannot be asked: then the answer is no.
pub fn ask(base: &str, group: Option<&str>, id: &str, wish: Wish) -> Result<(), String> {
    let verb = match wish {
        Wish::PreReboot => "pre-reboot",
        Wish::SteadyState => "steady-state",
    };
    let url = format!("{}/v1/{verb}", base.trim_end_matches('/'));
    let body = Body { client_params: Params { id, group: group.unwrap_or(GROUP) } };
    let body = serde_json::to_string(&body).map_err(|e| e.to_string())?;
    let agent = agent::config(&url, PATIENCE)
        .map_err(|why| format!("{url}: {why}"))?
        // The turn belongs to the server that is named.
        .max_redirects(0)
        .build()
        .new_agent();
    let told = agent
        .post(&url)
        .header("fleet-lock-protocol", "true")
        .header("content-type", "application/json")
        .send(body);
    let mut answer = told.map_err(|error| format!("{url}: {}", agent::told(&error, PATIENCE)))?;
    let status = answer.status().as_u16();
    if status == 200 {
        return Ok(());
    }
    let text = answer.body_mut().with_config().limit(LARGEST).read_to_string();
    let denial: Denial = serde_json::from_str(&text.unwrap_or_default()).unwrap_or_default();
    let why = match (denial.value.is_empty(), denial.kind.is_empty()) {
        (false, false) => format!("{} ({})", denial.value, denial.kind),
        (false, true) => denial.value,
        (true, _) => denial.kind,
    };
    Err(format!("{url} answers {status} {why}").trim_end().to_owned())
}
