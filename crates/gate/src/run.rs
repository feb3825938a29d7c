//! One run of the gate: look, weigh, climb the rungs, write down, answer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loadworthy_assess::health;
use loadworthy_assess::request::{Source, Trouble};
use loadworthy_core::health::State;
use loadworthy_core::tables::Tables;
use loadworthy_formats::manifest::Enforce;
use serde::{Deserialize, Serialize};

use crate::breakglass::{self, Standing};
use crate::document::{Accepted, Book, Document, Evidence, Kernel, Manifest, Tally};
use crate::fleet_lock;
use crate::ground::Ground;
use crate::inputs::{Inputs, compared_by};
use crate::ledger::{Entry, Event, Ledger};
use crate::look::{Looked, Question, digest_of};
use crate::metrics;
use crate::places::{LOCK, REBOOT_REQUIRED, RUN, VERDICT};
use crate::rungs::Act;
use crate::state::Holding;
use crate::trial;
use crate::verdict::{Outcome, Told, Worth};
use crate::words;

mod answer;
mod cache;
mod climb;
mod seal;

pub use answer::{Adapter, Moment};
pub use seal::{Sealed, place as sealed_at};

/// Days after which a kernel that is held back is a finding of its own, where the manifest says
/// nothing.
pub const HELD_BACK_DAYS: u32 = 14;

/// What is asked of the gate.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Which host, as of when.
    pub question: Question,
    /// A kernel that is asked about beside the next one.
    pub kernel: Option<String>,
    /// The image of it, as `kernel-install` names it.
    pub image: Option<String>,
    /// Who asks.
    pub adapter: Adapter,
    /// Whether the host is changed and things are written down; without, it is only told.
    pub act: bool,
    /// Whether everything is read again, even what was judged before.
    pub fresh: bool,
}

/// What was judged of a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The kernel the next boot starts.
    pub next: Option<String>,
    /// The one that runs.
    pub running: Option<String>,
    /// What each kernel that matters is worth.
    pub worths: Vec<Worth>,
    /// The digest of the manifest.
    pub manifest: Option<String>,
    /// The files of the manifest.
    pub files: Vec<String>,
    /// `[gate] enforce`.
    pub enforce: Option<String>,
    /// `[gate] held-back-days`.
    pub held_back_days: u32,
    /// `[gate] longest-override`, in seconds.
    pub longest_override: Option<u64>,
    /// `[gate] fleet-lock`.
    #[serde(default)]
    pub fleet_lock: Option<String>,
    /// `[gate] fleet-lock-group`.
    #[serde(default)]
    pub fleet_lock_group: Option<String>,
    /// What the platform demands.
    pub demands: BTreeMap<String, String>,
    /// When an exception of the manifest ends that holds now.
    pub holds_until: Option<String>,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The answer.
    pub document: Document,
    /// The exit code for whoever asked.
    pub code: u8,
    /// One paragraph; empty when all is fine.
    pub said: String,
}

/// Everything a run works with.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    ask: &'a Ask,
    ground: Ground,
    ledger: Ledger,
    /// Where its chain broke when this run began.
    broken: Option<String>,
    holding: Holding,
    looked: Option<Looked>,
    judged: Judged,
    evidence: Evidence,
    mode: Enforce,
    accepted: Accepted,
    standing: Standing,
    acts: Vec<Act>,
    findings: Vec<Told>,
    /// What went wrong with our own writing; never the host's fault.
    troubles: Vec<String>,
    act: bool,
    blocked: bool,
}

/// Runs the gate.
///
/// # Errors
/// When our own work cannot be done. What that means for whoever asked: [`Adapter::failed`].
pub fn run(ask: &Ask) -> Result<Ran, Trouble> {
    let root = ask.question.root.as_deref();
    let ground = Ground::open(root).map_err(|e| opening(root, &e))?;
    let mut troubles = Vec::new();
    let mut act = ask.act;
    let mut lock = None;
    if act {
        match ground.make_folder(RUN).and_then(|_| ground.lock(LOCK)) {
            Ok(held) => lock = Some(held),
            Err(error) => {
                act = false;
                troubles.push(format!("nothing is changed: /{LOCK}: {error}"));
            }
        }
    }
    let ledger = Ledger::of(&ground);
    let holding = Holding::of(&ground);
    let (mut judged, evidence, looked) = judged(ask, &ground, &holding, act, &mut troubles)?;
    trial::apply(&ground, &mut judged.worths);
    let accepted = match (ledger.accepted().map(|e| &e.sha256), &judged.manifest) {
        (Some(Some(then)), Some(now)) if then == now => Accepted::Yes,
        (Some(Some(_)), Some(_)) => Accepted::Changed,
        _ => Accepted::No,
    };
    let named = judged.enforce.as_deref().and_then(Enforce::named);
    let mode = named.unwrap_or(match accepted {
        Accepted::No => Enforce::Report,
        Accepted::Yes | Accepted::Changed => Enforce::Gate,
    });
    let standing = breakglass::standing(&ledger, &ask.question.at);
    let mut work = Work {
        ask,
        ground,
        broken: ledger.broken.clone(),
        ledger,
        holding,
        looked,
        judged,
        evidence,
        mode,
        accepted,
        standing,
        acts: Vec::new(),
        findings: Vec::new(),
        troubles,
        act,
        blocked: false,
    };
    work.expire();
    work.climb();
    work.relaxed();
    work.seal();
    work.findings();
    let document = work.document();
    if work.act {
        work.write(&document);
    }
    let (mut code, mut said) = work.answer(&document);
    if let Err(why) = work.turn(code) {
        code = 1;
        said.push_str(&words::paragraph(&format!("loadworthy: not now: {why}")));
    }
    for trouble in &work.troubles {
        said.push_str(&words::paragraph(&format!("loadworthy: {trouble}")));
    }
    drop(lock);
    Ok(Ran { document, code, said })
}

/// What is not up that the manifest names, in a few words.
pub(crate) fn unwell(question: &Question) -> Option<String> {
    let asked = health::Asked {
        source: question.root.clone().map_or(Source::Live, Source::Root),
        manifest: None,
        since: None,
        at: question.at.clone(),
    };
    let examined = match health::examine(&asked) {
        Ok(examined) => examined,
        Err(trouble) => return Some(trouble.to_string()),
    };
    let down = examined.checks.iter().filter(|c| c.counts() && c.state >= State::Worse);
    let down: Vec<String> =
        down.map(|c| format!("{} {}: {}", c.sort.name(), c.name, c.said)).collect();
    (!down.is_empty()).then(|| down.join("; "))
}

fn opening(root: Option<&Path>, error: &std::io::Error) -> Trouble {
    let path: PathBuf = root.unwrap_or(Path::new("/")).to_owned();
    Trouble::Open { path: path.display().to_string(), problem: error.to_string() }
}

/// The longest an override may last on this host; `None`: nothing is said.
#[must_use]
pub fn longest_override(ask: &Ask) -> Option<u64> {
    let looked = Looked::open(&ask.question, &Arc::new(Inputs::default())).ok()?;
    looked.manifest.gate.longest_override
}

/// What this platform demands less of than at its strictest.
#[must_use]
pub fn weaker(ask: &Ask, ground: &Ground) -> Vec<String> {
    let Ok(looked) = Looked::open(&ask.question, &Arc::new(Inputs::default())) else {
        return Vec::new();
    };
    seal::weaker(ground, &looked.demands())
}

/// What the host is worth: as it was judged before where nothing has changed, else anew.
fn judged(
    ask: &Ask,
    ground: &Ground,
    holding: &Holding,
    act: bool,
    troubles: &mut Vec<String>,
) -> Result<(Judged, Evidence, Option<Looked>), Trouble> {
    let wanted = wanted(ask, holding);
    if !ask.fresh
        && let Some((judged, evidence)) = cache::load(ask, ground, &wanted)
    {
        return Ok((judged, evidence, None));
    }
    let inputs = Arc::new(Inputs::default());
    let mut question = ask.question.clone();
    if act && question.cache.is_none() {
        question.cache = cache::folder(ground, ask.question.root.as_deref());
    }
    let looked = Looked::open(&question, &inputs)?;
    let mut kernels: Vec<String> = looked.next.clone().into_iter().collect();
    for kernel in &wanted {
        if !kernels.contains(kernel)
            && (looked.installed.contains(kernel) || ask.kernel.as_ref() == Some(kernel))
        {
            kernels.push(kernel.clone());
        }
    }
    let mut worths = Vec::new();
    for kernel in &kernels {
        worths.push(looked.worth(kernel)?);
    }
    let gate = &looked.manifest.gate;
    let at = ask.question.at.as_str();
    let ends = looked.manifest.accept.iter().map(|a| a.until.last.clone());
    let judged = Judged {
        next: looked.next.clone(),
        running: looked.running.clone(),
        worths,
        manifest: digest_of(&looked.manifest),
        files: looked.files.clone(),
        enforce: gate.enforce.map(|mode| mode.name().to_owned()),
        held_back_days: gate.held_back_days.unwrap_or(HELD_BACK_DAYS),
        longest_override: gate.longest_override,
        fleet_lock: gate.fleet_lock.clone(),
        fleet_lock_group: gate.fleet_lock_group.clone(),
        demands: looked.demands(),
        holds_until: ends.filter(|end| end.as_str() >= at).min(),
    };
    let stamped = cache::stamped(ask, &inputs);
    let evidence = Evidence {
        how: "read".to_owned(),
        judged_at: at.to_owned(),
        inputs: stamped.as_ref().map_or(0, BTreeMap::len),
        compared_by: stamped.as_ref().map(compared_by).unwrap_or_default(),
    };
    if act
        && let Some(stamped) = stamped
        && let Err(error) = cache::keep(ask, ground, &wanted, &judged, stamped)
    {
        troubles.push(format!("the verdict cannot be kept for the next run: {error}"));
    }
    Ok((judged, evidence, Some(looked)))
}

/// The kernels that matter beside the next one: those held back, and the one that is asked about.
fn wanted(ask: &Ask, holding: &Holding) -> Vec<String> {
    let mut wanted: Vec<String> = holding.kernels.iter().map(|held| held.kernel.clone()).collect();
    wanted.extend(ask.kernel.clone());
    wanted.sort();
    wanted.dedup();
    wanted
}

impl Work<'_> {
    fn at(&self) -> &str {
        &self.ask.question.at
    }

    /// Whether the rungs are climbed.
    const fn is_armed(&self) -> bool {
        matches!(self.mode, Enforce::Gate | Enforce::Transaction)
            && !matches!(self.standing, Standing::Open(_))
    }

    fn worth(&self, kernel: Option<&str>) -> Option<&Worth> {
        self.judged.worths.iter().find(|w| Some(w.kernel.as_str()) == kernel)
    }

    fn tell(&mut self, code: &str, title: impl Into<String>) {
        let told = Told { code: code.to_owned(), title: title.into() };
        if !self.findings.contains(&told) {
            self.findings.push(told);
        }
    }

    fn append(&mut self, entry: Entry) {
        if !self.act {
            return;
        }
        let at = self.at().to_owned();
        if let Err(error) = self.ledger.append(&self.ground, entry, &at) {
            self.troubles.push(format!("the ledger cannot be written: {error}"));
        }
    }

    /// An override whose time has passed is written down once, and the gate closes again.
    fn expire(&mut self) {
        let Standing::Expired(opened) = self.standing.clone() else { return };
        self.tell(
            "LW7004",
            format!(
                "Override {} of {} has expired at {}: {}",
                opened.id, opened.owner, opened.until, opened.reason
            ),
        );
        if self.act {
            let at = self.at().to_owned();
            match breakglass::end(
                &self.ground,
                &mut self.ledger,
                &opened,
                Event::OverrideExpired,
                &at,
            ) {
                Ok(()) => self.troubles.extend(breakglass::tell(&self.ground, "expire", &opened)),
                Err(said) => self.troubles.push(said),
            }
        }
        self.standing = Standing::Closed;
    }

    /// What the gate has to say of itself.
    fn findings(&mut self) {
        for held in self.holding.kernels.clone() {
            let days = held.days(self.at());
            let since = format!("Kernel {} is held back since {}", held.kernel, held.since);
            match (&held.pending, &self.holding.demotion) {
                (Some(pending), _) => {
                    self.tell("LW7010", format!("Kernel {} waits: {pending}", held.kernel));
                }
                (None, Some(d)) => {
                    let said = format!("{since}; {} is started in its place", d.instead);
                    self.tell("LW7001", said);
                }
                (None, None) if self.judged.next.as_ref() == Some(&held.kernel) => {
                    let said = format!("Kernel {} would start all the same", held.kernel);
                    self.tell("LW7008", said);
                }
                (None, None) => self.tell("LW7001", since),
            }
            if days >= u64::from(self.judged.held_back_days) {
                self.tell("LW7002", format!("Kernel {} has been held back for {days} days: fixes of that kernel are missing", held.kernel));
            }
        }
        if let Standing::Open(opened) = self.standing.clone() {
            self.tell(
                "LW7003",
                format!(
                    "Override {} of {} is open until {}: {}",
                    opened.id, opened.owner, opened.until, opened.reason
                ),
            );
        }
        if let Some(broken) = self.broken.clone() {
            self.tell("LW7006", format!("The chain of the ledger does not hold: {broken}"));
        } else if let Some(aside) = self.ledger.restarted() {
            self.tell("LW7006", format!("The ledger before this one did not hold: {aside}"));
        }
        let tally = self.ledger.tally();
        if tally.1 > 0 {
            self.tell(
                "LW7007",
                format!("{} of {} predictions went otherwise at a boot", tally.1, tally.0),
            );
        }
        if let Some(trial) = trial::standing(&self.ground)
            && let Some(why) = trial.failed
        {
            self.tell(
                "LW7011",
                format!("The boot of kernel {} on trial failed: {why}", trial.kernel),
            );
        }
        for act in self.acts.clone().iter().filter(|act| !act.done && act.rung == "demote") {
            self.tell("LW7008", format!("No other kernel could be made the default: {}", act.did));
        }
    }

    fn document(&self) -> Document {
        let next = self.next();
        let worth = self.worth(next.as_deref());
        let kernels = self.judged.worths.iter().map(|worth| {
            let held = self.holding.kernels.iter().find(|held| held.kernel == worth.kernel);
            Kernel {
                next: Some(&worth.kernel) == next.as_ref(),
                running: Some(&worth.kernel) == self.judged.running.as_ref(),
                held_since: held.map(|held| held.since.clone()),
                held_days: held.map(|held| held.days(self.at())),
                worth: worth.clone(),
            }
        });
        let kernels: Vec<Kernel> = kernels.collect();
        let (made, wrong) = self.ledger.tally();
        let tool = [("version", env!("CARGO_PKG_VERSION")), ("knowledge", Tables::KNOWLEDGE)];
        Document {
            schema: "loadworthy/gate-run/v1".to_owned(),
            tool: tool.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            at: self.at().to_owned(),
            evidence: self.evidence.clone(),
            enforce: self.mode.name().to_owned(),
            manifest: Manifest {
                files: self.judged.files.clone(),
                sha256: self.judged.manifest.clone(),
                accepted: self.accepted,
            },
            outcome: worth.map_or(Outcome::Unknown, |worth| worth.outcome),
            pending: worth.and_then(|worth| worth.pending.clone()),
            next,
            blocked: self.blocked,
            opened: match &self.standing {
                Standing::Open(opened) => Some(opened.clone()),
                Standing::Closed | Standing::Expired(_) => None,
            },
            kernels,
            acts: self.acts.clone(),
            findings: self.findings.clone(),
            ledger: Book {
                entries: self.ledger.entries.len() as u64,
                head: self.ledger.head.clone(),
                sound: self.ledger.is_sound(),
            },
            predictions: Tally { made, wrong },
        }
    }

    /// The verdict file and the metrics: rung one, which changes nothing else.
    fn write(&mut self, document: &Document) {
        let text = serde_json::to_string_pretty(document).map(|text| text + "\n");
        let written = text.map_err(std::io::Error::from).and_then(|text| {
            self.ground.make_folder(RUN)?;
            self.ground.write(VERDICT, text.as_bytes(), 0o644)
        });
        if let Err(error) = written {
            self.troubles.push(format!("/{VERDICT}: {error}"));
        }
        if let Err(said) = metrics::write(&self.ground, document) {
            self.troubles.push(said);
        }
    }

    /// The turn to reboot is asked for, or given up after a boot, where the owner names a server.
    fn turn(&mut self, code: u8) -> Result<(), String> {
        let wish = match self.ask.adapter {
            Adapter::FleetLock if code == 0 => fleet_lock::Wish::PreReboot,
            Adapter::Hook(Moment::Boot) if self.act => fleet_lock::Wish::SteadyState,
            _ => return Ok(()),
        };
        let asked = match (self.judged.fleet_lock.as_deref(), fleet_lock::id(&self.ground)) {
            (Some(base), Some(id)) => {
                // A machine that is not well keeps its turn, so that no other follows it.
                let unwell = (wish == fleet_lock::Wish::SteadyState)
                    .then(|| unwell(&self.ask.question))
                    .flatten();
                match unwell {
                    Some(why) => Err(format!("the turn is kept: {why}")),
                    None => {
                        let group = self.judged.fleet_lock_group.as_deref();
                        fleet_lock::ask(base, group, &id, wish)
                    }
                }
            }
            (Some(_), None) => Err("this machine has no machine-id".to_owned()),
            (None, _) if wish == fleet_lock::Wish::SteadyState => Ok(()),
            (None, _) => Err("no server is named ([gate] fleet-lock)".to_owned()),
        };
        match wish {
            fleet_lock::Wish::PreReboot => asked,
            fleet_lock::Wish::SteadyState => {
                self.troubles.extend(asked.err());
                Ok(())
            }
        }
    }

    /// Whether something asks for a reboot that is not withheld.
    fn reboot_is_wanted(&self) -> bool {
        self.ground.is_there(REBOOT_REQUIRED)
    }
}
