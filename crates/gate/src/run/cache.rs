//! A verdict is believed again while nothing that it looked at has changed.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use loadworthy_assess::clock::seconds;
use loadworthy_core::tables::Tables;
use serde::{Deserialize, Serialize};

use super::{Ask, Judged};
use crate::document::Evidence;
use crate::ground::Ground;
use crate::inputs::{Inputs, Stamps, compared_by};
use crate::ledger::sha256;
use crate::look::view;
use crate::places::CACHE;
use crate::state::load as read;

/// Seconds that a verdict is believed at most.
const LONGEST: u64 = 86_400;

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// What was asked, by which version of ours.
    asked: String,
    at: String,
    judged: Judged,
    inputs: BTreeMap<String, String>,
}

/// What the question was: another one has another answer.
fn asked(ask: &Ask, wanted: &[String]) -> String {
    let version = (env!("CARGO_PKG_VERSION"), Tables::KNOWLEDGE);
    let question = &ask.question;
    let asked = (version, &question.assume, &question.with, &question.manifest, wanted);
    sha256(format!("{asked:?}").as_bytes())
}

/// One file a question, since different askers take turns.
fn path(ask: &Ask, wanted: &[String]) -> String {
    let name = asked(ask, wanted);
    format!("{CACHE}/verdict-{}.json", name.get(..16).unwrap_or(&name))
}

/// Whether only files decide that are read through our own view: what the caller names is read again.
fn is_plain(ask: &Ask) -> bool {
    let question = &ask.question;
    question.with.is_empty() && question.manifest.is_none() && question.assume.is_empty()
}

/// The folder for what is found in kernel images, where one can be had.
pub(super) fn folder(ground: &Ground, root: Option<&Path>) -> Option<PathBuf> {
    let path = format!("{CACHE}/images");
    ground.make_folder(CACHE).ok()?;
    // A folder below an image may be a link to elsewhere; it is used on the machine itself alone.
    root.is_none().then(|| Path::new("/").join(path))
}

/// The states of everything that was looked at.
pub(super) fn stamped(ask: &Ask, inputs: &Inputs) -> Option<BTreeMap<String, String>> {
    let root = ask.question.root.as_deref();
    let view = view(root).ok()?;
    let judged = seconds(&ask.question.at).unwrap_or(0);
    let stamps = Stamps::new(&*view, root.unwrap_or(Path::new("/")), judged).ok()?;
    Some(inputs.stamped(&stamps))
}

pub(super) fn keep(
    ask: &Ask,
    ground: &Ground,
    wanted: &[String],
    judged: &Judged,
    inputs: BTreeMap<String, String>,
) -> io::Result<()> {
    if !is_plain(ask) {
        return Ok(());
    }
    ground.make_folder(CACHE)?;
    let at = ask.question.at.clone();
    let kept = Kept { asked: asked(ask, wanted), at, judged: judged.clone(), inputs };
    ground.write(&path(ask, wanted), &serde_json::to_vec(&kept)?, 0o600)
}

pub(super) fn load(ask: &Ask, ground: &Ground, wanted: &[String]) -> Option<(Judged, Evidence)> {
    if !is_plain(ask) {
        return None;
    }
    let path = path(ask, wanted);
    // What anybody else could have written is not believed.
    let stat = ground.stat(&path)?;
    let own = stat.st_uid == rustix::process::geteuid().as_raw() && stat.st_mode & 0o022 == 0;
    let kept: Kept = read(ground, &path).filter(|_| own)?;
    let (then, now) = (seconds(&kept.at)?, seconds(&ask.question.at)?);
    let ended = kept.judged.holds_until.as_ref().is_some_and(|end| ask.question.at > *end);
    let fits = kept.asked == asked(ask, wanted) && now >= then && now - then <= LONGEST && !ended;
    if !fits {
        return None;
    }
    let root = ask.question.root.as_deref();
    let view = view(root).ok()?;
    let stamps = Stamps::new(&*view, root.unwrap_or(Path::new("/")), then).ok()?;
    let evidence = Evidence {
        how: "cached".to_owned(),
        judged_at: kept.at.clone(),
        inputs: kept.inputs.len(),
        compared_by: compared_by(&kept.inputs),
    };
    stamps.same(&kept.inputs).then_some((kept.judged, evidence))
}
