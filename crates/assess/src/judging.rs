//! Modules of a kernel's tree, judged as modprobe would load them, with what helps.

use std::sync::Arc;

use loadworthy_collect::item::HostPath;
use loadworthy_core::answer::{Answered, Kind, Need, Note, Phase, Subject};
use loadworthy_core::checks::linux::by_name::{NoFile, judge_no_file};
use loadworthy_core::facts::module::ModuleFacts;
use loadworthy_core::verdict::Verdict;
use loadworthy_formats::kernel::name;

use crate::host::{Host, OneKernel};
use crate::modules::{Modules, missing_file};
use crate::names::Names;
use crate::notes;
use crate::remedies::Remedies;
use crate::request::{Progress, Request};

/// So many refused subjects get their remedies tried; the rest would say the same.
pub(crate) const REMEDIES: usize = 40;

/// One kernel of a machine, and a request about it.
pub(crate) struct Asked<'a> {
    pub(crate) host: &'a Host,
    pub(crate) kernel: &'a OneKernel,
    pub(crate) names: &'a Names,
    pub(crate) request: &'a Request,
    pub(crate) progress: Progress<'a>,
}

/// A file of the tree and who asks for it.
pub(crate) struct Wanted {
    pub(crate) path: HostPath,
    pub(crate) required_by: Vec<String>,
}

impl<'a> Asked<'a> {
    /// Reads and examines files of the tree.
    pub(crate) fn read(&self, paths: &[HostPath]) -> Modules<'a> {
        let Self { host, kernel, names, request, progress } = self;
        Modules::read(host, kernel, names, paths, request.jobs, *progress)
    }

    /// Reads the files of a whole tree, and judges them on the way where nobody asks how what loads did so.
    pub(crate) fn read_whole(&self, paths: &[HostPath]) -> Modules<'a> {
        let Self { host, kernel, names, request, progress } = self;
        if request.short && paths.len() > 1 {
            return Modules::judged(host, kernel, names, paths, request.jobs, *progress);
        }
        self.read(paths)
    }

    /// Judges files of the tree as modprobe would load them; `read` is everything that takes.
    pub(crate) fn judge_tree(
        &self,
        wanted: &[Wanted],
        read: &[HostPath],
        notes: &mut Vec<Note>,
    ) -> Vec<Answered> {
        self.judge(wanted, &mut self.read(read), notes)
    }

    /// The same with modules that were read.
    pub(crate) fn judge(
        &self,
        wanted: &[Wanted],
        modules: &mut Modules<'_>,
        notes: &mut Vec<Note>,
    ) -> Vec<Answered> {
        let (host, kernel) = (self.host, self.kernel);
        let remedies = Remedies::new(host, kernel);
        let mut left = REMEDIES;
        let subjects = || wanted.iter().filter_map(|w| modules.get(&w.path.to_string()));
        notes.extend(notes::blocked(self.names, subjects().map(|m| &m.facts)));
        notes.extend(notes::loaded_first(kernel, subjects().map(|m| m.digests)));
        let mut judged = Vec::new();
        for Wanted { path, required_by } in wanted {
            let path = path.to_string();
            let Some(judgement) = modules.judge(&path) else { continue };
            let mut tried = Vec::new();
            let missing = modules.get(&path).is_some_and(|m| missing_file(&m.facts).is_some());
            let decided =
                !missing && !matches!(judgement.verdict, Verdict::Loads | Verdict::Unknown(_));
            if left > 0 && decided {
                left -= 1;
                let named = format!("/{path}");
                tried = modules
                    .with_case(&path, |case| remedies.tried(case, &named, &judgement))
                    .unwrap_or_default();
            }
            judged.push((path, required_by, tried));
        }
        let mut answers = Vec::new();
        for (path, required_by, tried) in judged {
            if let Some(why) = modules.get(&path).and_then(|m| missing_file(&m.facts)) {
                let name = name::of_path(&path);
                answers.push(no_file(&name, &NoFile::FileMissing(why), required_by.clone()));
                continue;
            }
            let Some(judgement) = modules.take(&path) else { continue };
            let Some(module) = modules.get(&path) else { continue };
            answers.push(Answered {
                subject: subject(&module.facts, required_by.clone()),
                on: None,
                phase: Phase::Load,
                judgement,
                tried,
                pending: None,
            });
        }
        answers
    }
}

pub(crate) fn subject(facts: &ModuleFacts, required_by: Vec<String>) -> Subject {
    Subject {
        kind: Kind::LinuxModule,
        name: facts.name.clone(),
        path: Some(facts.path.clone()),
        sha256: facts.sha256,
        required_by,
        need: Need::default(),
    }
}

pub(crate) fn no_file(name: &str, case: &NoFile, required_by: Vec<String>) -> Answered {
    let kind = match case {
        NoFile::BuiltIn(..) => Kind::BuiltInDriver,
        NoFile::NotInIndex(_) | NoFile::OnlyForAnotherKernel { .. } | NoFile::FileMissing(_) => {
            Kind::LinuxModule
        }
    };
    Answered {
        subject: Subject {
            kind,
            name: Arc::from(name),
            path: None,
            sha256: None,
            required_by,
            need: Need::default(),
        },
        on: None,
        phase: Phase::Load,
        judgement: judge_no_file(case),
        tried: Vec::new(),
        pending: None,
    }
}
