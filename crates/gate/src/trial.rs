//! A kernel is started once, on trial: the one that runs stays the default until the machine was seen
//! to be well.
//!
//! GRUB: the kernel that runs is made the default, and `next_entry` asks for the other one at the next
//! boot only. systemd-boot: the entry gets a counter of one (`+1`); once it is used up the entry
//! sorts last. Either way a machine that does not come up again starts the old kernel when
//! somebody, or a watchdog, resets it. A trial that failed holds the kernel back until its files
//! change or somebody clears it. Sources: GRUB manual, *Environment block*, and
//! `util/grub.d/00_header.in` (`next_entry`); systemd, `docs/AUTOMATIC_BOOT_ASSESSMENT.md`.

use loadworthy_core::boot_claim::Loader;
use serde::{Deserialize, Serialize};

use crate::ground::Ground;
use crate::look::Looked;
use crate::places::TRIAL;
use crate::rungs::demote::{self, Menu};
use crate::state::{Demotion, Holding, How, load, save};
use crate::verdict::{Outcome, Trouble, Worth};

/// The code of a trial that failed.
const FAILED: &str = "LW7011";

/// A kernel on trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// Its release.
    pub kernel: String,
    /// The kernel that is started if it fails.
    pub instead: String,
    /// Since when it is to be tried.
    pub since: String,
    /// The boot in which that was said; another one decides it.
    pub boot: Option<String>,
    /// What was changed.
    pub changes: Vec<How>,
    /// Why it failed; `None`: it was not started yet.
    pub failed: Option<String>,
}

/// The boot that is under way, as the kernel numbers it.
#[must_use]
pub fn boot(ground: &Ground) -> Option<String> {
    Some(ground.text("proc/sys/kernel/random/boot_id")?.trim().to_owned())
}

/// The trial that is written down.
#[must_use]
pub fn standing(ground: &Ground) -> Option<Trial> {
    load(ground, TRIAL)
}

/// Arms a trial of `release`, which was judged to be loadworthy.
///
/// # Errors
/// A sentence, where it cannot be tried; then everything is as it was.
pub fn arm(ground: &Ground, looked: &Looked, release: &str, at: &str) -> Result<Trial, String> {
    let running = looked.running.clone().ok_or("it is not known which kernel runs")?;
    if running == release {
        return Err(format!("kernel {release} runs already"));
    }
    if Holding::of(ground).demotion.is_some() {
        return Err("a kernel is held back: loadworthy gate status".to_owned());
    }
    if let Some(there) = standing(ground) {
        let state = if there.failed.is_some() { "failed" } else { "is armed" };
        let said = format!("a trial of {} {state}: loadworthy gate trial --clear", there.kernel);
        return Err(said);
    }
    let entry = demote::entry(&looked.entries, release)
        .ok_or_else(|| format!("{release} has no entry of its own in the boot loader"))?;
    let changes = match entry.loader {
        Loader::Grub => {
            if let Some(why) = looked.one_boot_barred() {
                return Err(format!("GRUB cannot be asked for one boot: {why}"));
            }
            let Demotion { how, .. } = demote::plan(ground, looked, &running)?;
            vec![how, demote::once(ground, &entry.id)?]
        }
        Loader::SystemdBoot => vec![demote::counted(ground, entry)?],
        Loader::Firmware => {
            return Err("the firmware itself starts the kernel, and its variables are left alone"
                .to_owned());
        }
    };
    let trial = Trial {
        kernel: release.to_owned(),
        instead: running,
        since: at.to_owned(),
        boot: boot(ground),
        changes,
        failed: None,
    };
    // What takes it back is written down before anything is changed.
    save(ground, TRIAL, &trial).map_err(|e| format!("/{TRIAL}: {e}"))?;
    for how in &trial.changes {
        if let Err(said) = demote::apply(ground, how, Menu::WriteNow) {
            let _ = clear(ground);
            return Err(said);
        }
    }
    Ok(trial)
}

/// Takes a trial back: the default is again what it was.
///
/// # Errors
/// A sentence, where something of it cannot be taken back.
pub fn clear(ground: &Ground) -> Result<Option<Trial>, String> {
    let Some(trial) = standing(ground) else { return Ok(None) };
    for how in trial.changes.iter().rev() {
        demote::undo(ground, how, Menu::WriteNow)?;
    }
    ground.remove(TRIAL).map_err(|e| format!("/{TRIAL}: {e}"))?;
    Ok(Some(trial))
}

/// What a boot decides of the trial that was armed before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// The kernel is the default from now on.
    Passed(Trial),
    /// It is held back.
    Failed(Trial),
}

/// Decides the trial, if one was armed before this boot; `unwell`: what is not as it should be.
///
/// # Errors
/// A sentence, where what was decided cannot be written down or put into effect.
pub fn decide(
    ground: &Ground,
    running: Option<&str>,
    unwell: Option<String>,
) -> Result<Option<Decided>, String> {
    let Some(mut trial) = standing(ground).filter(|trial| trial.failed.is_none()) else {
        return Ok(None);
    };
    if trial.boot.is_some() && trial.boot == boot(ground) {
        return Ok(None);
    }
    let failed = match running {
        Some(running) if running == trial.kernel => unwell,
        Some(other) => Some(format!("kernel {other} came up in its place")),
        None => return Ok(None),
    };
    let Some(why) = failed else {
        clear(ground)?;
        return Ok(Some(Decided::Passed(trial)));
    };
    trial.failed = Some(why);
    save(ground, TRIAL, &trial).map_err(|e| format!("/{TRIAL}: {e}"))?;
    Ok(Some(Decided::Failed(trial)))
}

/// A kernel whose trial failed is not loadworthy, whatever its files say.
pub(crate) fn apply(ground: &Ground, worths: &mut [Worth]) {
    let Some(trial) = standing(ground) else { return };
    let Some(why) = trial.failed else { return };
    for worth in worths.iter_mut().filter(|worth| worth.kernel == trial.kernel) {
        worth.outcome = Outcome::Refused;
        worth.pending = None;
        worth.blocking.push(Trouble {
            name: trial.kernel.clone(),
            kind: "trial".to_owned(),
            path: None,
            outcome: Outcome::Refused,
            code: Some(FAILED.to_owned()),
            why: format!("its boot on trial was not as it should be: {why}"),
            class: None,
            required_by: vec!["trial".to_owned()],
            loses: Vec::new(),
            pending: None,
            helps: vec!["loadworthy gate trial --clear, once that is mended".to_owned()],
        });
    }
}
