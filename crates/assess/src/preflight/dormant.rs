//! Failures that sleep: what is loaded now and would not come back as it is.

use std::collections::HashMap;
use std::sync::Arc;

use loadworthy_collect::gather::linux::builds::{self, LoadedBuild};
use loadworthy_collect::gather::linux::kernels::version_order;
use loadworthy_collect::gather::linux::module::{self, Scratch};
use loadworthy_core::answer::{Answered, Note};
use loadworthy_core::codes::{
    KERNELS_NEVER_STARTED, LOADED_BUILD_NOT_ON_DISK, LOADED_MODULE_REFUSED_NOW,
};
use loadworthy_core::facts::module::{ModuleFacts, ModuleFile};
use loadworthy_core::proof::{Claim, Rule, text};
use loadworthy_core::verdict::Verdict;
use loadworthy_formats::elf::layout::Layout;
use loadworthy_formats::kernel::name;
use loadworthy_formats::text::hex;

use super::catalogue::Modules;
use super::seen::Seen;
use super::telling::{drawn, seen};
use crate::clock::seconds;
use crate::host::known;
use crate::judging::Asked;
use crate::modules;

static BUILDS: Rule = Rule {
    name: "modules/loaded-build",
    source: "kernel/module/main.c (srcversion), kernel/module/sysfs.c (notes)",
};
static AGAIN: Rule = Rule {
    name: "modules/loaded-again",
    source: "kernel/module/main.c load_module: a module is judged while it is loaded, and never again",
};
static STARTED: Rule = Rule { name: "kernel/started", source: "proc(5), /proc/stat btime" };

/// Which builds lie in the files that were read, by the modules' names.
#[derive(Debug, Default)]
pub(crate) struct Stored(HashMap<Arc<str>, Build>);

/// The build in a file.
#[derive(Debug)]
struct Build {
    path: Arc<str>,
    layout: Layout,
    build: LoadedBuild,
}

impl Stored {
    pub(super) fn of(read: &modules::Modules<'_>) -> Self {
        Self(read.all().filter_map(|module| stored(&module.facts)).collect())
    }
}

fn stored(facts: &ModuleFacts) -> Option<(Arc<str>, Build)> {
    let file = known(&facts.file.fact(|f| (f.clone(), String::new())))?;
    let ModuleFile::Read(bytes) = &*file else { return None };
    let survey = &bytes.survey;
    let source = survey.modinfo().and_then(|info| info.get("srcversion"));
    let source = source.map(|text| Arc::from(String::from_utf8_lossy(text)));
    let id = survey.build_id().map(<[u8]>::to_vec);
    let build = LoadedBuild { source, id };
    Some((facts.name.clone(), Build { path: facts.path.clone(), layout: survey.layout, build }))
}

/// What is loaded and not what its file holds, and what would be refused if it were loaded again.
pub(super) fn notes(
    asked: &Asked<'_>,
    host: &Seen,
    modules: &Modules<'_>,
    answers: &[Answered],
    read: &Stored,
) -> Vec<Note> {
    let mut notes = Vec::new();
    let runs = asked.host.kernels.running.as_ref().ok();
    let here = runs.is_some_and(|kernel| kernel.release == asked.kernel.kernel.release);
    let other;
    let stored = if here {
        read
    } else {
        other = outsiders(asked, host, modules);
        &other
    };
    for loaded in &host.hardware.loaded {
        if let Some(file) = stored.0.get(loaded.name.as_str()) {
            notes.extend(differing(asked, &loaded.name, file));
        }
        let Some(answer) = answers.iter().find(|a| here && *a.subject.name == *loaded.name) else {
            continue;
        };
        if let Verdict::Refused(code) = &answer.judgement.verdict {
            let module = text(loaded.name.as_str());
            let mut facts = vec![seen(asked, "proc/modules", format!("{module} is loaded"))];
            if let Some(reason) = answer.judgement.reasons.first() {
                facts.push(loadworthy_core::fact::Fact::because((), reason.because.clone()));
            }
            let claim = Claim::WouldBeRefusedNow { module, code: code.id };
            let because = drawn(&AGAIN, &facts, claim);
            notes.push(Note::new(&LOADED_MODULE_REFUSED_NOW, because));
        }
    }
    notes.extend(since_start(asked));
    notes
}

/// Files of the running kernel's tree for loaded modules that were not built with it: those are
/// replaced while they run.
fn outsiders(asked: &Asked<'_>, host: &Seen, modules: &Modules<'_>) -> Stored {
    let Some(running) = &modules.running else { return Stored::default() };
    let marked =
        |name: &str| host.hardware.loaded(name).is_some_and(|m| m.taint.contains(['O', 'E']));
    if !host.hardware.loaded.iter().any(|m| marked(&m.name)) {
        return Stored::default();
    }
    let Some(index) = known(&running.tree.dependencies.fact(|d| (d.clone(), String::new()))) else {
        return Stored::default();
    };
    let looking = asked.host.looking();
    let mut scratch = Scratch::default();
    let entries = index.entries.iter().filter(|entry| marked(&name::of_path(&entry.path)));
    let paths = entries.filter_map(|entry| running.tree.file(&entry.path).ok());
    Stored(
        paths.filter_map(|path| stored(&module::gather(&looking, &path, &mut scratch))).collect(),
    )
}

/// That the loaded build of a module is not the one in its file.
fn differing(asked: &Asked<'_>, module: &str, file: &Build) -> Option<Note> {
    let loaded = builds::loaded(&asked.host.looking(), module, file.layout);
    // The build id tells every build apart; the source version only those of other sources.
    let (item, loaded, stored) = match (&loaded.id, &file.build.id) {
        (Some(loaded), Some(stored)) => ("notes/.note.gnu.build-id", hex(loaded), hex(stored)),
        _ => {
            let (loaded, stored) = (loaded.source.as_ref()?, file.build.source.as_ref()?);
            ("srcversion", loaded.to_string(), stored.to_string())
        }
    };
    if loaded == stored {
        return None;
    }
    let item = format!("sys/module/{module}/{item}");
    let facts = [seen(asked, &item, loaded.as_str()), seen(asked, &file.path, stored.as_str())];
    let claim = Claim::LoadedBuildDiffers {
        module: text(module),
        loaded: text(loaded),
        stored: text(stored),
    };
    Some(Note::new(&LOADED_BUILD_NOT_ON_DISK, drawn(&BUILDS, &facts, claim)))
}

/// Newer kernels that were installed while this one ran.
fn since_start(asked: &Asked<'_>) -> Option<Note> {
    let running = asked.host.kernels.running.as_ref().ok()?;
    let installed = &asked.host.kernels.installed;
    let newer = installed.iter().filter(|kernel| {
        version_order(&kernel.release, &running.release) == std::cmp::Ordering::Greater
    });
    let newer: Vec<&str> = newer.map(|kernel| &*kernel.release).collect();
    if newer.is_empty() {
        return None;
    }
    let started = builds::started(&asked.host.looking());
    let now = seconds(&asked.request.at);
    let days = started.zip(now).and_then(|(then, now)| Some(now.checked_sub(then)? / 86_400));
    let mut facts =
        vec![running.fact.map(|_| ()), seen(asked, "lib/modules, boot", newer.join(", "))];
    facts.extend(started.map(|btime| seen(asked, "proc/stat", format!("btime {btime}"))));
    let claim = Claim::SinceStart { days, newer: newer.len() };
    Some(Note::new(&KERNELS_NEVER_STARTED, drawn(&STARTED, &facts, claim)))
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn times_are_those_of_date() {
        // `date -u -d TIME +%s`
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2000-02-29T00:00:00Z"), Some(951_782_400));
        assert_eq!(seconds("2026-11-21T00:00:00Z"), Some(1_795_219_200));
        assert_eq!(seconds("x"), None);
    }
}
