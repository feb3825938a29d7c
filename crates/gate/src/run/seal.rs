//! What the next boot will do is written down before it happens, and what the platform demands is
//! held against what it demanded before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Work;
use crate::breakglass::Standing;
use crate::ground::Ground;
use crate::ledger::{Entry, Event, sha256};
use crate::places::{DEMANDS, SEALED};
use crate::state::{load, save};
use crate::verdict::{Outcome, Prediction};

/// What was foretold of one kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The kernel.
    pub kernel: String,
    /// The outcome for the host.
    pub outcome: Outcome,
    /// Each module.
    pub predictions: Vec<Prediction>,
}

/// Where that is written down.
pub fn place(kernel: &str) -> Option<String> {
    let plain = !kernel.is_empty() && !kernel.starts_with('.') && !kernel.contains('/');
    plain.then(|| format!("{SEALED}/{kernel}.json"))
}

/// Demands of which the second value is weaker than the first.
const STRICT: [(&str, &str); 4] = [
    ("secure-boot", "on"),
    ("signatures-enforced", "yes"),
    ("locked-down", "yes"),
    ("shim-validation", "on"),
];

impl Work<'_> {
    /// Every kernel that was judged, since any of them may be the next to run.
    pub(super) fn seal(&mut self) {
        if !self.act {
            return;
        }
        for worth in self.judged.worths.clone() {
            let Some(path) = place(&worth.kernel) else { continue };
            let sealed = Sealed {
                kernel: worth.kernel.clone(),
                outcome: worth.outcome,
                predictions: worth.predictions,
            };
            if load::<Sealed>(&self.ground, &path).as_ref() == Some(&sealed) {
                continue;
            }
            match save(&self.ground, &path, &sealed) {
                Ok(()) => {
                    let bytes = self.ground.read(&path).ok().flatten().unwrap_or_default();
                    self.append(Entry {
                        kernel: Some(worth.kernel),
                        sha256: Some(sha256(&bytes)),
                        ..Entry::new(Event::Sealed)
                    });
                }
                Err(error) => self.troubles.push(format!("/{path}: {error}")),
            }
        }
    }

    /// What is weaker than at its strictest, and what shim was told to let pass.
    pub(super) fn relaxed(&mut self) {
        let weaker = weaker(&self.ground, &self.judged.demands);
        let about = weaker.join(", ");
        let known = self.ledger.entries.iter().rev().find(|e| e.event == Event::Relaxed);
        let told = known.and_then(|e| e.about.as_deref()) == Some(about.as_str());
        if !weaker.is_empty() && !matches!(self.standing, Standing::Open(_)) {
            for name in &weaker {
                self.tell(
                    "LW7005",
                    format!("{name} is weaker than before, and no override says why"),
                );
            }
            if !told {
                self.append(Entry { about: Some(about), ..Entry::new(Event::Relaxed) });
            }
        }
        // What was strict stays the measure until the owner accepts the machine anew.
        let before: BTreeMap<String, String> = load(&self.ground, DEMANDS).unwrap_or_default();
        let mut kept = before.clone();
        for (name, strict) in STRICT {
            let Some(value) = self.judged.demands.get(name) else { continue };
            if value == strict || !before.contains_key(name) {
                kept.insert(name.to_owned(), value.clone());
            }
        }
        if self.act
            && kept != before
            && let Err(error) = save(&self.ground, DEMANDS, &kept)
        {
            self.troubles.push(format!("/{DEMANDS}: {error}"));
        }
    }
}

/// Demands that are weaker than at their strictest. Validation that was switched off in shim is
/// never an ordinary state.
pub(super) fn weaker(ground: &Ground, demands: &BTreeMap<String, String>) -> Vec<String> {
    let before: BTreeMap<String, String> = load(ground, DEMANDS).unwrap_or_default();
    let is_weaker = |(name, strict): &&(&str, &str)| {
        let is = demands.get(*name).is_some_and(|value| value != strict);
        let was = before.get(*name).is_some_and(|value| value == strict);
        is && (was || *name == "shim-validation")
    };
    STRICT.iter().filter(is_weaker).map(|(name, _)| (*name).to_owned()).collect()
}
