//! A boot beside what was foretold of it: every boot tells whether we were right.
//!
//! A prediction is decided where the boot shows something about it: the module is loaded, or the
//! kernel's log names its refusal. A module that nobody tried to load decides nothing. A
//! prediction that was not sealed in the ledger before the boot does not count.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use loadworthy_assess::record::{How, record};
use loadworthy_assess::request::{Request, Source, Subjects, Trouble, Which};
use loadworthy_collect::item::Item;
use loadworthy_collect::sighting::Outcome as Seen;
use loadworthy_collect::view::View;
use serde::{Deserialize, Serialize};

use crate::ground::Ground;
use crate::inputs::Inputs;
use crate::ledger::{Entry, Event, Ledger, sha256};
use crate::look::{Looked, Question, view};
use crate::places::{LOCK, MISSES, RUN};
use crate::run::{Sealed, sealed_at, unwell};
use crate::rungs::start;
use crate::state::save;
use crate::trial::{self, Decided};
use crate::verdict::{Outcome, Prediction};

/// Bytes of a log that are read.
const LOG: usize = 16 << 20;

/// What came of a boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// `loadworthy/gate-confirm/v1`.
    pub schema: String,
    /// As of when.
    pub at: String,
    /// The kernel that runs.
    pub kernel: Option<String>,
    /// The boot, as the kernel numbers it.
    pub boot: Option<String>,
    /// Predictions that this boot decided.
    pub predictions: u64,
    /// Those about which it shows nothing.
    pub undecided: u64,
    /// Those that were wrong.
    pub misses: Vec<Miss>,
    /// A redacted bundle of the machine, to be judged elsewhere.
    pub case: Option<String>,
    /// The kernel on trial that this boot decided.
    pub trial: Option<Tried>,
    /// What kept something from being compared or written.
    pub troubles: Vec<String>,
}

/// What became of a kernel on trial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// Its release.
    pub kernel: String,
    /// Whether it is the default from now on.
    pub passed: bool,
    /// Why not.
    pub why: Option<String>,
    /// The kernel that the next boot starts then.
    pub instead: Option<String>,
}

/// A prediction that was wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Miss {
    /// The module.
    pub module: String,
    /// What was foretold.
    pub foretold: String,
    /// What happened.
    pub observed: String,
}

/// What a boot shows of one module.
enum Shown {
    Right,
    Wrong(String),
    Nothing,
}

/// Compares the boot that is under way with what was foretold of its kernel, decides whether a kernel on
/// trial becomes the default, and writes that down.
///
/// # Errors
/// When the host cannot be looked at.
pub fn confirm(root: Option<&Path>, at: &str, jobs: usize) -> Result<Compared, Trouble> {
    let mut compared = compare(root, at, jobs)?;
    let ground = opened(root)?;
    if let Err(said) = tried(&ground, root, &mut compared, jobs) {
        compared.troubles.push(said);
    }
    Ok(compared)
}

fn opened(root: Option<&Path>) -> Result<Ground, Trouble> {
    Ground::open(root).map_err(|e| Trouble::Open {
        path: root.unwrap_or(Path::new("/")).display().to_string(),
        problem: e.to_string(),
    })
}

/// A trial passes where what was foretold came true and everything is up that the manifest names.
fn tried(
    ground: &Ground,
    root: Option<&Path>,
    compared: &mut Compared,
    jobs: usize,
) -> Result<(), String> {
    let pending = trial::standing(ground).filter(|trial| trial.failed.is_none());
    let Some(pending) = pending.filter(|t| t.boot.is_none() || t.boot != compared.boot) else {
        return Ok(());
    };
    let _lock =
        ground.make_folder(RUN).and_then(|_| ground.lock(LOCK)).map_err(|e| e.to_string())?;
    let question = Question::plain(root.map(Path::to_owned), compared.at.clone(), jobs);
    let missed: Vec<String> =
        compared.misses.iter().map(|m| format!("{}: {}", m.module, m.observed)).collect();
    let own = compared.kernel.as_deref() == Some(pending.kernel.as_str());
    let unwell = match missed.is_empty() {
        _ if !own => None,
        false => Some(missed.join("; ")),
        true => unwell(&question),
    };
    let decided = trial::decide(ground, compared.kernel.as_deref(), unwell)?;
    let (event, trial) = match decided {
        None => return Ok(()),
        Some(Decided::Passed(trial)) => (Event::TrialPassed, trial),
        Some(Decided::Failed(trial)) => (Event::TrialFailed, trial),
    };
    let entry = Entry {
        kernel: Some(trial.kernel.clone()),
        reason: trial.failed.clone(),
        ..Entry::new(event)
    };
    let written = Ledger::of(ground).append(ground, entry, &compared.at);
    let failed = event == Event::TrialFailed;
    compared.trial = Some(Tried {
        kernel: trial.kernel,
        passed: !failed,
        why: trial.failed,
        instead: failed.then_some(trial.instead),
    });
    written.map_err(|error| format!("the ledger cannot be written: {error}"))?;
    // Only the owner says that a machine may reboot by itself.
    let looked =
        Looked::open(&question, &Arc::new(Inputs::default())).map_err(|e| e.to_string())?;
    if failed && own && looked.manifest.gate.reboot_after_failed_trial == Some(true) {
        start(ground, "systemctl", &["reboot"])?;
    }
    Ok(())
}

fn compare(root: Option<&Path>, at: &str, jobs: usize) -> Result<Compared, Trouble> {
    let view = view(root)?;
    let ground = opened(root)?;
    let mut compared = Compared {
        schema: "loadworthy/gate-confirm/v1".to_owned(),
        at: at.to_owned(),
        kernel: running(&ground),
        boot: ground.text("proc/sys/kernel/random/boot_id").map(|text| text.trim().to_owned()),
        predictions: 0,
        undecided: 0,
        misses: Vec::new(),
        case: None,
        trial: None,
        troubles: Vec::new(),
    };
    let lock = ground.make_folder(RUN).and_then(|_| ground.lock(LOCK));
    if let Err(error) = &lock {
        compared.troubles.push(format!("nothing is written down: /{LOCK}: {error}"));
    }
    let mut ledger = Ledger::of(&ground);
    let Some(sealed) = sealed(&ground, &ledger, &mut compared) else { return Ok(compared) };
    let log = log(&*view, root, &mut compared.troubles);
    for prediction in &sealed.predictions {
        match shown(&*view, prediction, &log) {
            Shown::Right => compared.predictions += 1,
            Shown::Nothing => compared.undecided += 1,
            Shown::Wrong(observed) => {
                compared.predictions += 1;
                compared.misses.push(Miss {
                    module: prediction.module.clone(),
                    foretold: foretold(prediction),
                    observed,
                });
            }
        }
    }
    let about = compared.boot.as_ref().map(|boot| format!("boot {boot}"));
    let told = ledger.entries.iter().any(|e| {
        e.event == Event::Confirmed
            && e.about == about
            && e.kernel == compared.kernel
            && about.is_some()
    });
    if lock.is_ok() && !told {
        if !compared.misses.is_empty() {
            keep_case(&ground, root, &mut compared, jobs);
        }
        let entry = Entry {
            kernel: compared.kernel.clone(),
            predictions: Some(compared.predictions),
            wrong: Some(compared.misses.len() as u64),
            about,
            ..Entry::new(Event::Confirmed)
        };
        if let Err(error) = ledger.append(&ground, entry, at) {
            compared.troubles.push(format!("the ledger cannot be written: {error}"));
        }
    }
    Ok(compared)
}

fn running(ground: &Ground) -> Option<String> {
    let version = ground.text("proc/version")?;
    let from_version = version.split_whitespace().nth(2).map(str::to_owned);
    let release = ground.text("proc/sys/kernel/osrelease").map(|text| text.trim().to_owned());
    release.or(from_version)
}

/// What was foretold of the kernel that runs, if the ledger knows of it.
fn sealed(ground: &Ground, ledger: &Ledger, compared: &mut Compared) -> Option<Sealed> {
    let kernel = compared.kernel.clone()?;
    let path = sealed_at(&kernel)?;
    let Some(bytes) = ground.read(&path).ok().flatten() else {
        compared.troubles.push(format!("nothing was foretold of kernel {kernel}"));
        return None;
    };
    let mut entries = ledger.entries.iter().rev();
    let entry = entries.find(|e| e.event == Event::Sealed && e.kernel.as_ref() == Some(&kernel));
    if entry.and_then(|e| e.sha256.as_deref()) != Some(sha256(&bytes).as_str()) {
        compared.troubles.push(format!("/{path} is not what the ledger says was foretold"));
        return None;
    }
    serde_json::from_slice(&bytes).ok()
}

fn log(view: &dyn View, root: Option<&Path>, troubles: &mut Vec<String>) -> String {
    if root.is_none() {
        let done = Command::new("dmesg").stdin(Stdio::null()).stderr(Stdio::null()).output();
        match done {
            Ok(done) if done.status.success() => {
                return String::from_utf8_lossy(&done.stdout).into_owned();
            }
            _ => troubles.push("the kernel's log cannot be read (dmesg)".to_owned()),
        }
    }
    match view.look(&Item::file("var/log/dmesg"), LOG) {
        (Seen::Bytes { .. }, bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        _ => String::new(),
    }
}

fn text(view: &dyn View, path: &str) -> Option<String> {
    match view.look(&Item::file(path), 4096) {
        (Seen::Bytes { .. }, bytes) => Some(String::from_utf8_lossy(&bytes).trim().to_owned()),
        _ => None,
    }
}

fn shown(view: &dyn View, prediction: &Prediction, log: &str) -> Shown {
    let name = prediction.module.replace('-', "_");
    let live = text(view, &format!("sys/module/{name}/initstate")).is_some_and(|s| s == "live");
    let loads = matches!(prediction.outcome, Outcome::Loads | Outcome::LoadsTainted);
    let refusal = refusal(log, &prediction.module, &name);
    match (prediction.outcome, live) {
        (Outcome::Unknown, _) => Shown::Nothing,
        (Outcome::Refused, true) => Shown::Wrong("it is loaded".to_owned()),
        (_, true) => {
            let marks = text(view, &format!("sys/module/{name}/taint"));
            // The order in which a kernel prints letters is its own.
            let sorted = |text: &str| {
                let mut letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
                letters.sort_unstable();
                letters.dedup();
                letters.into_iter().collect::<String>()
            };
            match marks.map(|marks| sorted(&marks)) {
                Some(marks) if marks != sorted(&prediction.taint) => {
                    Shown::Wrong(format!("it is loaded and marked {marks:?}"))
                }
                _ => Shown::Right,
            }
        }
        (_, false) if loads => match refusal {
            Some(line) => Shown::Wrong(format!("the kernel says: {line}")),
            None => Shown::Nothing,
        },
        (_, false) => {
            let said =
                prediction.log.iter().any(|line| !line.is_empty() && log.contains(line.as_str()));
            if said || refusal.is_some() { Shown::Right } else { Shown::Nothing }
        }
    }
}

/// The line of the log by which the kernel refuses this module. Sources: `kernel/module/main.c`,
/// `kernel/module/signing.c`, `kernel/module/version.c`.
fn refusal(log: &str, module: &str, name: &str) -> Option<String> {
    const WORDS: [&str; 7] = [
        "is rejected",
        "version magic",
        "disagrees about version of symbol",
        "Unknown symbol",
        "exports duplicate symbol",
        "invalid ELF",
        "Invalid relocation",
    ];
    let line = log.lines().find(|line| {
        let said = line.split_once("] ").map_or(*line, |(_, said)| said);
        let named = said.strip_prefix(name).or_else(|| said.strip_prefix(module));
        named.is_some_and(|rest| rest.starts_with(": ") && WORDS.iter().any(|w| rest.contains(w)))
    })?;
    Some(line.split_once("] ").map_or(line, |(_, said)| said).to_owned())
}

fn foretold(prediction: &Prediction) -> String {
    let mut said = prediction.outcome.name().to_owned();
    if let Some(code) = &prediction.code {
        said.push_str(&format!(" ({code})"));
    }
    if !prediction.taint.is_empty() {
        said.push_str(&format!(", marked {}", prediction.taint));
    }
    said
}

/// A bundle without names and numbers, and what was foretold and seen, beside each other.
fn keep_case(ground: &Ground, root: Option<&Path>, compared: &mut Compared, jobs: usize) {
    let request = Request {
        source: root.map_or(Source::Live, |path| Source::Root(path.to_owned())),
        with: Vec::new(),
        kernel: Which::Running,
        subjects: Subjects::Used,
        assume: Vec::new(),
        manifest: None,
        at: compared.at.clone(),
        cache: None,
        knowledge: Vec::new(),
        jobs,
        short: false,
    };
    let name = format!("{MISSES}/{}", compared.at.replace(':', ""));
    let kept = record(&request, How { full: false, redacted: true }, &|_, _| {})
        .map_err(|trouble| trouble.to_string())
        .and_then(|recorded| {
            let mut bytes = Vec::new();
            recorded.write(&mut bytes).map_err(|e| e.to_string())?;
            ground.make_folder(MISSES).map_err(|e| e.to_string())?;
            ground.write(&format!("{name}.lwb"), &bytes, 0o600).map_err(|e| e.to_string())
        });
    match kept {
        Ok(()) => {
            compared.case = Some(format!("/{name}.lwb"));
            if let Err(error) = save(ground, &format!("{name}.json"), compared) {
                compared.troubles.push(format!("/{name}.json: {error}"));
            }
        }
        Err(said) => compared.troubles.push(format!("the case cannot be written: {said}")),
    }
}
