//! The menu that a script makes, as GRUB would show it after the next start.
//!
//! A script asks for things that no file tells (which keys are held, what a disk is called). Where
//! that decides, both ways are gone: what comes of it is marked as not sure, and a variable that
//! they leave different is not known.

use super::choices::{Boot, Choice, Leads, Menu};
use super::environment::Environment;
use super::script::{Command, Script};
use super::snippets::{self, Snippet};
use super::values::{Filled, Variables, fill};
use super::words::Word;
use crate::limits::Limits;
use std::collections::{BTreeMap, BTreeSet};

/// What a script finds around it.
#[derive(Clone, Copy, Debug)]
pub struct Given<'s> {
    /// What GRUB runs on: `efi`, `pc`; `None`: not known.
    pub platform: Option<&'s str>,
    /// The environment block.
    pub environment: Block<'s>,
    /// Other scripts, by their paths on the host without a leading slash.
    pub scripts: &'s [(String, Script)],
    /// Entries of the Boot Loader Specification; `None`: their folder could not be seen.
    pub snippets: Option<&'s [Snippet]>,
}

/// What was found of the environment block.
#[derive(Clone, Copy, Debug)]
pub enum Block<'s> {
    /// It was read.
    Read(&'s Environment),
    /// There is none.
    Absent,
    /// It could not be seen.
    Unseen,
}

/// Runs `script`, and then each entry of the menu it made.
#[must_use]
pub fn menu(script: &Script, given: &Given<'_>, limits: &Limits) -> Menu {
    let mut variables = Variables::default();
    // Features of GRUB 2.00 and later (`normal/main.c`, `features`), and what it names itself by.
    for feature in [
        "chainloader_bpb",
        "ntldr",
        "platform_search_hint",
        "default_font_path",
        "all_video_module",
        "menuentry_id",
        "menuentry_options",
        "200_final",
        "nativedisk_cmd",
        "timeout_style",
    ] {
        let name = format!("feature_{feature}");
        variables.set(&name, Some("y".into()));
        variables.export(&name);
    }
    for (name, value) in [
        ("grub_platform", given.platform.map(str::to_owned)),
        ("prefix", Some(PREFIX.into())),
        ("config_directory", Some(PREFIX.into())),
        ("root", Some("root".into())),
        ("grub_cpu", None),
    ] {
        variables.set(name, value);
        variables.export(name);
    }
    let mut run = Run {
        given,
        variables,
        functions: BTreeMap::new(),
        positional: Vec::new(),
        entries: Vec::new(),
        shown: BTreeSet::new(),
        doubts: Vec::new(),
        boot: Taken::default(),
        status: Some(true),
        sure: true,
        stopped: false,
        takes_snippets: false,
        depth: limits.depth.saturating_mul(2),
        steps: STEPS,
    };
    run.script(script);
    run.into_menu()
}

/// Stands for the folder GRUB was installed to.
const PREFIX: &str = "(root)/boot/grub";
/// Commands that one script may run, all its entries together.
const STEPS: usize = 200_000;

/// An entry before it was run.
#[derive(Clone, Debug)]
pub(super) struct Pending<'s> {
    pub(super) title: String,
    pub(super) id: String,
    pub(super) sure: bool,
    pub(super) runs: Runs<'s>,
}

#[derive(Clone, Debug)]
pub(super) enum Runs<'s> {
    Entry { body: &'s Script, positional: Vec<Filled> },
    Submenu { body: &'s Script, positional: Vec<Filled> },
    Snippet(&'s Snippet),
}

/// What loading commands have taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) boot: Option<Boot>,
    /// A hypervisor was loaded: modules behind it are kernel and initial file system.
    pub(super) hypervisor: bool,
    pub(super) elsewhere: Option<String>,
}

/// A script while it runs.
#[derive(Clone, Debug)]
pub(super) struct Run<'s, 'g> {
    pub(super) given: &'g Given<'s>,
    pub(super) variables: Variables,
    pub(super) functions: BTreeMap<String, &'s Script>,
    pub(super) positional: Vec<Filled>,
    pub(super) entries: Vec<Pending<'s>>,
    /// Which snippets are in the menu.
    pub(super) shown: BTreeSet<usize>,
    pub(super) doubts: Vec<String>,
    pub(super) boot: Taken,
    /// What the last command returned.
    pub(super) status: Option<bool>,
    /// Whether this is run whatever cannot be told.
    pub(super) sure: bool,
    /// `return` or `exit` was reached.
    pub(super) stopped: bool,
    pub(super) takes_snippets: bool,
    pub(super) depth: usize,
    pub(super) steps: usize,
}

impl<'s> Run<'s, '_> {
    pub(super) fn doubt(&mut self, what: impl Into<String>) {
        let what = what.into();
        if self.doubts.len() < 16 && !self.doubts.contains(&what) {
            self.doubts.push(what);
        }
    }

    /// Pays for work; false when there was too much of it.
    fn pay(&mut self, price: usize) -> bool {
        match self.steps.checked_sub(price) {
            Some(left) => self.steps = left,
            None => {
                self.steps = 0;
                self.sure = false;
                self.doubt("the script does not come to an end");
            }
        }
        self.steps > 0
    }

    pub(super) fn fill(&self, words: &[Word]) -> Vec<Filled> {
        fill(words, |name| match name {
            "?" => self.status.map(|held| if held { "0" } else { "1" }.to_owned()),
            "#" => Some(self.positional.len().to_string()),
            "@" | "*" => {
                let all: Option<Vec<&str>> = self.positional.iter().map(Filled::value).collect();
                all.map(|all| all.join(" "))
            }
            name => match name.parse::<usize>() {
                Ok(0) => None,
                Ok(n) => match self.positional.get(n.saturating_sub(1)) {
                    Some(word) => word.value().map(str::to_owned),
                    None => Some(String::new()),
                },
                Err(_) => self.variables.get(name).map(str::to_owned),
            },
        })
    }

    pub(super) fn script(&mut self, script: &'s Script) {
        let Some(depth) = self.depth.checked_sub(1) else {
            return self.doubt("the script calls itself over and over");
        };
        self.depth = depth;
        for command in &script.commands {
            if self.stopped || !self.pay(1) {
                break;
            }
            self.command(command);
        }
        self.depth = depth.saturating_add(1);
    }

    fn command(&mut self, command: &'s Command) {
        match command {
            Command::Simple { words, block } => {
                let words = self.fill(words);
                self.simple(&words, block.as_ref());
            }
            Command::If { arms, otherwise } => self.choose(arms, otherwise),
            Command::Function { name, body } => {
                self.functions.insert(name.clone(), body);
            }
            Command::For { variable, over, body } => {
                for word in self.fill(over) {
                    if self.stopped || !self.pay(1) {
                        break;
                    }
                    self.variables.set(variable, word.value().map(str::to_owned));
                    self.script(body);
                }
            }
            Command::While { until, condition, body } => loop {
                self.script(condition);
                match self.status.map(|held| held != *until) {
                    Some(true) if !self.stopped && self.pay(1) => self.script(body),
                    Some(_) => break,
                    None => {
                        self.maybe(|run| run.script(body), |_| ());
                        self.doubt("a loop whose end depends on the machine");
                        break;
                    }
                }
            },
        }
    }

    fn choose(&mut self, arms: &'s [(Script, Script)], otherwise: &'s Script) {
        let Some(((condition, body), rest)) = arms.split_first() else {
            return self.script(otherwise);
        };
        self.script(condition);
        match self.status {
            Some(true) => self.script(body),
            Some(false) => self.choose(rest, otherwise),
            None => self.maybe(|run| run.script(body), |run| run.choose(rest, otherwise)),
        }
    }

    /// Goes both ways, where it cannot be told which one GRUB goes.
    fn maybe(&mut self, one: impl FnOnce(&mut Self), other: impl FnOnce(&mut Self)) {
        if !self.pay(self.variables.len()) {
            return;
        }
        let (before, boot, sure) = (self.variables.clone(), self.boot.clone(), self.sure);
        self.sure = false;
        one(self);
        self.stopped = false;
        let after = core::mem::replace(&mut self.variables, before);
        let taken = core::mem::replace(&mut self.boot, boot);
        other(self);
        self.stopped = false;
        self.variables.or(&after);
        if self.boot != taken {
            self.boot = if self.boot.boot.is_some() { self.boot.clone() } else { taken };
            if let Some(boot) = &mut self.boot.boot {
                boot.sure = false;
            }
        }
        self.sure = sure;
        self.status = None;
    }

    fn into_menu(mut self) -> Menu {
        let default = self.variables.get("default").map(str::to_owned);
        let once = self.variables.get("boot_once") == Some("true");
        let entries = core::mem::take(&mut self.entries);
        let choices = entries.into_iter().map(|entry| self.finish(entry)).collect();
        Menu { choices, default, once, takes_snippets: self.takes_snippets, doubts: self.doubts }
    }

    /// Runs one entry, from what the script left behind.
    fn finish(&mut self, entry: Pending<'s>) -> Choice {
        let leads = match entry.runs {
            Runs::Snippet(snippet) => Leads::Kernel(snippets::boot(snippet, &self.variables)),
            Runs::Entry { body, positional } => {
                let mut run = self.inner(positional, self.variables.clone());
                run.script(body);
                let sure = run.sure;
                self.settle(&run);
                match run.boot {
                    Taken { boot: Some(mut boot), .. } => {
                        boot.sure &= sure;
                        Leads::Kernel(boot)
                    }
                    Taken { elsewhere, .. } => Leads::Elsewhere(elsewhere.unwrap_or_default()),
                }
            }
            Runs::Submenu { body, positional } => {
                let mut run = self.inner(positional, self.variables.exported());
                run.script(body);
                self.settle(&run);
                Leads::Menu(run.into_menu())
            }
        };
        Choice { title: entry.title, id: entry.id, sure: entry.sure, leads }
    }

    fn inner(&mut self, positional: Vec<Filled>, variables: Variables) -> Self {
        let paid = self.pay(variables.len());
        Self {
            given: self.given,
            variables,
            functions: self.functions.clone(),
            positional,
            entries: Vec::new(),
            shown: BTreeSet::new(),
            doubts: Vec::new(),
            boot: Taken::default(),
            status: Some(true),
            sure: paid,
            stopped: false,
            takes_snippets: false,
            depth: self.depth.saturating_sub(1),
            steps: self.steps,
        }
    }

    const fn settle(&mut self, inner: &Run<'_, '_>) {
        self.steps = inner.steps;
    }
}
