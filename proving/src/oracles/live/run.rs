//! One question after the other: a kernel, a policy, and all cases in one start.

use crate::oracles::live::built;
use crate::oracles::live::cases::{self, Case};
use crate::oracles::live::comparing::Compared;
use crate::oracles::live::generated::{Generator, Recipe};
use crate::oracles::live::keep::Keeper;
use crate::oracles::live::machine::{Parts, boot};
use crate::oracles::live::packages::{self, home};
use crate::oracles::live::policies::{self, Drawn, Policy};
use crate::oracles::live::predicted;
use loadworthy_rehearse::machine::Booted;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use xtask::kernels::{Kernel, signed};
use xtask::suites::unstable;

/// So many cases are answered in one start.
const BATCH: usize = 500;
/// How long a start may take, and how much more for each case.
const PATIENCE: (Duration, Duration) = (Duration::from_secs(150), Duration::from_millis(300));
/// After so many starts that stopped in the middle, the rest is given up.
const STOPS: usize = 12;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Options {
    /// Families of kernels, and names of those built here.
    pub kernels: Vec<String>,
    /// Policies.
    pub policies: Vec<Policy>,
    /// Only cases with this in their name.
    pub cases: String,
    /// How many cases are made at random, and from which seed.
    pub generate: Option<(usize, u64)>,
    /// Where the answers go, a line of JSON each.
    pub out: PathBuf,
    /// A folder to keep them in as recordings.
    pub keep: Option<PathBuf>,
}

impl Options {
    /// The policies for a kernel: those asked for; where none was, those of the kernel built here,
    /// and all for others.
    fn policies_of(&self, kernel: &str) -> Result<Vec<Policy>, String> {
        if !self.policies.is_empty() {
            return Ok(self.policies.clone());
        }
        match built::all()?.into_iter().find(|k| k.name == kernel) {
            Some(own) => own.policies.iter().map(|name| Policy::named(name)).collect(),
            None => Ok(policies::ALL.to_vec()),
        }
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Cases the kernel answered.
    pub answered: usize,
    /// Those where we said the same.
    pub agreed: usize,
    /// Cases that stopped the machine, or came after too many of those.
    pub unanswered: usize,
}

/// Asks everything.
///
/// # Errors
/// When the machine cannot be built or does not start.
pub fn run(options: &Options, say: &mut dyn FnMut(&str)) -> Result<Score, String> {
    let mut total = Score::default();
    let mut rows = String::new();
    for family in &options.kernels {
        let mut asked = Asked::new(family, options, say)?;
        for policy in options.policies_of(family)?.iter() {
            let (score, lines) = asked.policy(policy, options, say)?;
            total.answered += score.answered;
            total.agreed += score.agreed;
            total.unanswered += score.unanswered;
            rows += &lines;
            fs::write(&options.out, &rows)
                .map_err(|e| format!("{}: {e}", options.out.display()))?;
        }
    }
    say(&format!(
        "{} of {} agree; {} without an answer; {}",
        total.agreed,
        total.answered,
        total.unanswered,
        options.out.display()
    ));
    Ok(total)
}

/// A kernel and everything that is asked of it.
struct Asked {
    family: String,
    /// Keys that the firmware must trust for its image.
    images: Vec<&'static str>,
    kernel: Kernel,
    parts: Parts,
    root: PathBuf,
    cases: Vec<Case>,
    generated: Option<(Generator, Vec<Recipe>)>,
}

impl Asked {
    fn new(family: &str, options: &Options, say: &mut dyn FnMut(&str)) -> Result<Self, String> {
        let built = built::named(family, say)?;
        let images = if built.is_some() { vec![built::IMAGE_KEY] } else { Vec::new() };
        let kernel = match built {
            Some(kernel) => kernel,
            None if family == "sid" => unstable(say)?,
            None => signed(family, say)?,
        };
        let root = home().join(format!("root-{}", kernel.release));
        drop(fs::remove_dir_all(&root));
        predicted::kernel(&kernel, &root)?;
        let parts = Parts {
            firmware: packages::firmware(say)?,
            kernel: kernel.root.join(format!("boot/vmlinuz-{}", kernel.release)),
            autoload: predicted::autoload(&root, &kernel.release)?,
        };
        let (cases, generated) = match options.generate {
            None => (cases::all(&kernel)?, None),
            Some((count, seed)) => {
                let generator = Generator::new(&kernel, seed)?;
                let recipes: Vec<Recipe> = (0..count).map(|n| Recipe::of(seed, n)).collect();
                let cases: Result<_, String> = recipes.iter().map(|r| generator.make(r)).collect();
                (cases?, Some((generator, recipes)))
            }
        };
        let cases = cases.into_iter().filter(|c| c.name.contains(&options.cases)).collect();
        Ok(Self { family: family.to_owned(), images, kernel, parts, root, cases, generated })
    }

    fn policy(
        &mut self,
        policy: &Policy,
        options: &Options,
        say: &mut dyn FnMut(&str),
    ) -> Result<(Score, String), String> {
        let read = |path: &PathBuf| fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
        let firmware = &self.parts.firmware;
        let (variables, shim) = (read(&firmware.variables)?, read(&firmware.shim)?);
        let drawn = policy.draw(&variables, &shim, &self.cases, &self.images)?;
        predicted::policy(&drawn, &self.root)?;
        let asked = self.cases.iter().filter(|c| c.name.contains(policy.only)).cloned();
        let asked: Vec<Case> = asked.collect();
        let (compared, unanswered) = self.ask(&drawn, &asked, say)?;
        let mut rows = String::new();
        let mut score = Score { unanswered, answered: compared.len(), ..Score::default() };
        for one in &compared {
            if one.left_open() {
                score.answered -= 1;
                continue;
            }
            score.agreed += usize::from(one.differs.is_none());
            rows += &format!("{}\n", one.row(&self.kernel.release, policy.name));
            if let Some(how) = &one.differs {
                say(&format!("  {} ({}): {how}", one.case.name, one.case.how));
            }
        }
        say(&format!(
            "{} {}: {} of {} agree",
            self.kernel.release, policy.name, score.agreed, score.answered
        ));
        if let Some(folder) = &options.keep {
            let (release, root) = (self.kernel.release.as_str(), self.root.as_path());
            let set = match options.generate {
                None => "live".to_owned(),
                Some((_, seed)) => format!("generated-{seed}"),
            };
            let keeper = Keeper { folder, family: &self.family, set: &set, release, root };
            keeper.kernel()?;
            keeper.policy(policy, &drawn, compared.iter().map(|one| (one.case, one.answer())))?;
        }
        if let Some((generator, recipes)) = &self.generated {
            let wrong: Vec<&Recipe> = compared
                .iter()
                .filter(|one| one.differs.is_some())
                .filter_map(|one| self.cases.iter().position(|c| c.name == one.case.name))
                .filter_map(|at| recipes.get(at).filter(|_| options.cases.is_empty()))
                .collect();
            self.smaller(generator, &wrong, &drawn, say)?;
        }
        Ok((score, rows))
    }

    /// Hands cases to the kernel and compares.
    fn ask<'c>(
        &self,
        drawn: &Drawn,
        cases: &'c [Case],
        say: &mut dyn FnMut(&str),
    ) -> Result<(Vec<Compared<'c>>, usize), String> {
        let folder = home().join("cases");
        drop(fs::remove_dir_all(&folder));
        // What we say is fixed before the machine starts.
        let said = predicted::ask(&self.root, &self.kernel.release, cases, &folder)?;
        let mut out = Vec::new();
        let (mut at, mut stops, mut unanswered) = (0, 0, 0);
        while at < cases.len() && stops < STOPS {
            let batch: Vec<&Case> = cases[at..].iter().take(BATCH).collect();
            let booted = self.boot(drawn, &batch, say)?;
            let mut printed = BTreeSet::new();
            for (heard, (case, said)) in
                booted.heard.iter().zip(cases[at..].iter().zip(&said[at..]))
            {
                out.push(Compared::of(case, heard, said, &mut printed));
            }
            at += booted.heard.len();
            if !booted.whole {
                stops += 1;
                unanswered += 1;
                let (name, how) = cases.get(at).map_or(("", ""), |c| (&c.name, &c.how));
                say(&format!("  {name} ({how}) stopped the machine"));
                at += 1;
            }
        }
        Ok((out, unanswered + cases.len().saturating_sub(at)))
    }

    /// Starts the machine, a second time if it has to be.
    fn boot(
        &self,
        drawn: &Drawn,
        batch: &[&Case],
        say: &mut dyn FnMut(&str),
    ) -> Result<Booted, String> {
        let patience = PATIENCE.0 + PATIENCE.1 * batch.len() as u32;
        for attempt in 1..=2 {
            let booted = boot(&self.parts, drawn, batch, patience)?;
            if booted.started {
                say(&format!(
                    "  {} cases in {:.0} s",
                    booted.heard.len(),
                    booted.took.as_secs_f64()
                ));
                as_assumed(drawn, &booted)?;
                return Ok(booted);
            }
            say(&format!(
                "  start {attempt} failed after {:.0} s: {}",
                booted.took.as_secs_f64(),
                booted.console.last().map_or("nothing printed", String::as_str)
            ));
        }
        Err("the machine did not start twice".to_owned())
    }

    /// Leaves steps out of what differs, as long as it still differs, and keeps what is left.
    fn smaller(
        &self,
        generator: &Generator,
        wrong: &[&Recipe],
        drawn: &Drawn,
        say: &mut dyn FnMut(&str),
    ) -> Result<(), String> {
        let mut least: Vec<Recipe> = wrong.iter().map(|r| (*r).clone()).collect();
        let tries: Vec<(usize, Recipe)> = least
            .iter()
            .enumerate()
            .flat_map(|(n, r)| r.smaller().into_iter().map(move |less| (n, less)))
            .filter(|(_, less)| !less.steps.is_empty())
            .collect();
        if !tries.is_empty() {
            let made: Result<Vec<Case>, String> =
                tries.iter().map(|(_, r)| generator.make(r)).collect();
            let made = made?;
            for one in self.ask(drawn, &made, say)?.0.iter().filter(|one| one.differs.is_some()) {
                if let Some(at) = made.iter().position(|c| c.name == one.case.name) {
                    let (n, less) = &tries[at];
                    least[*n] = less.clone();
                }
            }
        }
        for recipe in &least {
            let case = generator.make(recipe)?;
            let name = format!("disagreements/{}/{}.ko", self.kernel.release, case.name);
            crate::oracles::roots::put(&home(), &name, &case.bytes)?;
            say(&format!("  kept {name}: {}", case.how));
        }
        Ok(())
    }
}

/// The machine must have come up with the policy that was foretold.
fn as_assumed(drawn: &Drawn, booted: &Booted) -> Result<(), String> {
    for (name, bytes) in &drawn.tables {
        let seen = booted.facts.get(&format!("/sys/firmware/efi/mok-variables/{name}"));
        if seen.is_some_and(|seen| seen != bytes) {
            return Err(format!("the machine shows another {name} than it was started with"));
        }
    }
    let line = booted.facts.get("/proc/cmdline").map(|l| String::from_utf8_lossy(l).into_owned());
    match line {
        Some(line) if line.trim() != drawn.cmdline => {
            Err(format!("the kernel shows another command line: {line}"))
        }
        _ => Ok(()),
    }
}

/// The policies by their names.
///
/// # Errors
/// When there is none of a name.
pub fn policies(names: &[String]) -> Result<Vec<Policy>, String> {
    names.iter().map(|n| Policy::named(n)).collect()
}
