//! Packages as subjects: each of their modules as `modprobe` would load it once they are installed.

use std::collections::BTreeSet;

use loadworthy_collect::item::HostPath;
use loadworthy_core::answer::{Answered, Kind, Need, Note, Phase, Subject};
use loadworthy_core::codes::{
    PACKAGE_FOR_ANOTHER_KERNEL, PACKAGE_LAID_OVER, PACKAGE_MODULE_HIDDEN,
};
use loadworthy_core::proof::{Assumption, Node, Proof, Question, Standing, Why, gap, text};
use loadworthy_core::verdict::{HostSays, Judgement, Verdict};

use crate::judging::{Asked, Wanted, no_file};
use crate::names::Found;
use crate::with::Laid;

/// Judges the modules of `laid` for the kernel that is asked about.
pub(crate) fn judge(asked: &Asked<'_>, laid: &Laid, notes: &mut Vec<Note>) -> Vec<Answered> {
    let by = format!("package {}", laid.called);
    let release = &asked.kernel.kernel.release;
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut answers = Vec::new();
    for (name, releases) in laid.names() {
        match asked.names.find(&name) {
            Found::Files(paths) => {
                for path in paths {
                    if releases.contains(&**release) && !is_of(laid, &path) {
                        notes.push(hidden(laid, &name, &path));
                    }
                    if !wanted.iter().any(|w| w.path == path) {
                        wanted.push(Wanted { path, required_by: vec![by.clone()] });
                    }
                }
            }
            Found::None(case) => answers.push(no_file(&name, &case, vec![by.clone()])),
        }
    }
    for source in &laid.sources {
        for module in &source.modules {
            answers.push(pending(module, &source.name, release, &by));
        }
    }
    wanted.sort_by(|a, b| a.path.cmp(&b.path));
    let paths: Vec<HostPath> = wanted.iter().map(|w| w.path.clone()).collect();
    let mut judged = asked.judge_tree(&wanted, &asked.names.closure(&paths), notes);
    judged.append(&mut answers);
    judged
}

/// Adds the modules of everything that was laid over the machine to what is needed anyway.
pub(crate) fn add(asked: &Asked<'_>, answers: &mut Vec<Answered>, notes: &mut Vec<Note>) {
    for laid in asked.host.laid() {
        for answer in judge(asked, laid, notes) {
            let same = |known: &Answered| {
                known.subject.path == answer.subject.path
                    && known.subject.name == answer.subject.name
            };
            match answers.iter_mut().find(|known| same(known)) {
                Some(known) => known.subject.required_by.extend(answer.subject.required_by),
                None => answers.push(answer),
            }
        }
    }
}

/// Whether a path is one of the package's own, or a link that leads to one.
fn is_of(laid: &Laid, path: &HostPath) -> bool {
    let plain = |path: &HostPath| {
        let path = path.to_string();
        path.strip_prefix("usr/").map_or(path.clone(), str::to_owned)
    };
    laid.modules.iter().any(|(_, own)| plain(own) == plain(path))
}

fn assumed(laid: &Laid, said: &str) -> Proof {
    let value = text(format!("{}: {said}", laid.given));
    Proof::new(Node::Assumed(Assumption { key: text("--with"), value }))
}

fn hidden(laid: &Laid, name: &str, path: &HostPath) -> Note {
    let said = format!("its {name} is not the one that modprobe takes: {path} comes first");
    Note::new(&PACKAGE_MODULE_HIDDEN, assumed(laid, &said))
}

/// What there is to tell of everything that was laid over the machine.
pub(crate) fn notes(asked: &Asked<'_>) -> Vec<Note> {
    let release = &asked.kernel.kernel.release;
    let mut notes = Vec::new();
    for laid in asked.host.laid() {
        let releases: Vec<&str> = laid.releases().into_iter().collect();
        let modules = match laid.names().len() {
            0 => "no module".to_owned(),
            1 => "1 module".to_owned(),
            n => format!("{n} modules"),
        };
        let mut said = format!("{}, {modules}", laid.called);
        if !releases.is_empty() {
            said.push_str(&format!(" for {}", releases.join(", ")));
        }
        for source in &laid.sources {
            said.push_str(&format!(", the source of {}", source.name));
        }
        for odd in &laid.odd {
            said.push_str(&format!("; {odd}"));
        }
        notes.push(Note::new(&PACKAGE_LAID_OVER, assumed(laid, &said)));
        let names: BTreeSet<String> = laid.names().into_keys().collect();
        let is_linked = |path: &HostPath| path.to_string().contains("/weak-updates/");
        let linked = names.iter().any(|name| match asked.names.find(name) {
            Found::Files(paths) => paths.iter().any(is_linked),
            Found::None(_) => false,
        });
        if !releases.is_empty() && !releases.contains(&&**release) && !linked {
            let said = format!("its modules are for {}, not for {release}", releases.join(", "));
            notes.push(Note::new(&PACKAGE_FOR_ANOTHER_KERNEL, assumed(laid, &said)));
        }
    }
    notes
}

/// A module that is built when its package is installed.
fn pending(module: &str, source: &str, release: &str, by: &str) -> Answered {
    let item = format!("{module}.ko, which DKMS builds from {source}");
    let gaps = gap(Question::ModuleBytes, Why::Missing(text(item)));
    let built = format!("`dkms build {} -k {release}`", source.replacen(' ', "/", 1));
    Answered {
        subject: Subject {
            kind: Kind::LinuxModule,
            name: text(module.replace('-', "_")),
            path: None,
            sha256: None,
            required_by: vec![by.to_owned()],
            need: Need::default(),
        },
        on: None,
        phase: Phase::Load,
        judgement: Judgement {
            verdict: Verdict::Unknown(gaps.clone()),
            says: HostSays::default(),
            reasons: Vec::new(),
            walk: Vec::new(),
            standing: Standing::Documented,
        },
        tried: Vec::new(),
        pending: Some(format!(
            "DKMS builds and signs it when the package is installed; {built} makes the file that decides"
        )),
    }
}
