//! The next boot of a host: everything that must load, why, and what is lost without it.

use loadworthy_collect::gather::linux::hardware;
use loadworthy_collect::item::HostPath;
use loadworthy_core::answer::{Answered, Note};
use loadworthy_core::checks::linux::by_name::NoFile;

use crate::judging::{Asked, Wanted, no_file};
use crate::names::Found;

/// Judges everything that this host needs of the kernel that is asked about.
pub(crate) fn run(asked: &Asked<'_>, notes: &mut Vec<Note>) -> Vec<Answered> {
    let mut answers = used(asked, notes);
    beside(asked, &mut answers, notes);
    answers
}

/// What belongs to the preflight and is judged in rooms of its own: the boot chain, the initramfs,
/// the way back. Each looks at the modules that are needed and adds what it has to say.
fn beside(_asked: &Asked<'_>, _answers: &mut Vec<Answered>, _notes: &mut Vec<Note>) {}

/// What drives the hardware or is loaded now, and what that depends on.
fn used(asked: &Asked<'_>, notes: &mut Vec<Note>) -> Vec<Answered> {
    let hardware = hardware::gather(&asked.host.looking());
    let mut answers = Vec::new();
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut want =
        |name: &str, by: String, answers: &mut Vec<Answered>| match asked.names.find(name) {
            Found::Files(paths) => {
                for path in paths {
                    match wanted.iter_mut().find(|w| w.path == path) {
                        Some(known) if known.required_by.contains(&by) => {}
                        Some(known) => known.required_by.push(by.clone()),
                        None => wanted.push(Wanted { path, required_by: vec![by.clone()] }),
                    }
                }
            }
            Found::None(NoFile::BuiltIn(..)) => {}
            Found::None(case) => answers.push(no_file(name, &case, vec![by])),
        };
    for used in hardware.in_use() {
        for by in &used.required_by {
            want(&used.module, by.clone(), &mut answers);
        }
    }
    wanted.sort_by(|a, b| a.path.cmp(&b.path));
    let paths: Vec<HostPath> = wanted.iter().map(|w| w.path.clone()).collect();
    let mut judged = asked.judge_tree(&wanted, &asked.names.closure(&paths), notes);
    judged.append(&mut answers);
    judged
}
