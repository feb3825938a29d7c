//! What is odd about the INFs of an argument, told beside verdicts, with what people do about it applied
//! to the facts and judged again.

use loadworthy_collect::gather::windows::oddities;
use loadworthy_core::answer::{Note, Remedy, Tried};
use loadworthy_core::checks::package::{self as install, PackageCase};
use loadworthy_core::fact::Fact;
use loadworthy_core::facts::driver::{DriverFacts, Start};
use loadworthy_core::facts::package::{Membership, Oddity, PackageFacts};
use loadworthy_core::package::contents::base;
use loadworthy_core::policy::windows::WindowsPolicy;
use loadworthy_core::profile::Profile;
use loadworthy_core::proof::text;

use super::{Opened, What, findings, remedies};
use crate::host::known;

impl Opened<'_> {
    /// What is told of its INFs beside verdicts.
    pub(super) fn notes(&self, on: &Profile) -> Vec<Note> {
        let count = self.package.files.contents.infs.len();
        let infs: Vec<usize> = match &self.what {
            What::Driver(_) => return Vec::new(),
            What::Inf(n) => vec![*n],
            What::Catalog(name) => (0..count).filter(|n| self.names(*n, name, on)).collect(),
            What::All | What::Installer => (0..count).collect(),
        };
        let found = oddities::of(&self.package, &infs, on);
        let told = found.iter().filter(|(_, fact)| match self.what {
            // What else an installer brings is the program's own.
            What::Installer => !matches!(known(fact), Some(Oddity::NotNamed { .. })),
            _ => true,
        });
        let note = |(n, fact): &(usize, Fact<Oddity>)| {
            let name = text(base(&self.package.files.contents.infs.get(*n)?.path));
            let note = findings::note(&name, fact, on.facts.at)?;
            Some(Note { tried: self.tried(*n, &known(fact)?, on), ..note })
        };
        told.filter_map(note).collect()
    }

    /// What people do about something odd in the INF number `n`, applied to the facts and judged again.
    fn tried(&self, n: usize, oddity: &Oddity, on: &Profile) -> Vec<Tried> {
        let policy = WindowsPolicy::of(&on.facts);
        let plan = self.package.plan(n, on);
        let installs = |change: &dyn Fn(&mut PackageFacts)| {
            let mut facts = self.package.facts(n, &plan, None)?;
            change(&mut facts);
            Some(install::judge(&PackageCase::new(&facts, &policy)).verdict)
        };
        let survey = self.package.survey(on);
        // The file of that name, and as the sections of which processor it was odd.
        let brought = |name: &str, at_boot: bool| {
            let all = survey.brought.get(n).into_iter().flatten().flat_map(|of| &of.kernel);
            let named = |file: usize| *self.package.driver(file, None, false).name == *name;
            all.filter(|one| one.at_boot || !at_boot).map(|one| one.file).find(|f| named(*f))
        };
        let driver = |name: &str, at_boot: bool| {
            let file = brought(name, at_boot)?;
            Some(self.package.driver(file, Some(&plan), true))
        };
        let tried: Vec<Option<Tried>> = match oddity {
            Oddity::NotNamed { files } => {
                let files = findings::listed(files);
                // What no INF names, installing does not look at.
                let judged = installs(&|_| {});
                vec![judged.map(|judged| remedies::tried(Remedy::LeaveOut { files }, judged))]
            }
            Oddity::Dated { .. } => {
                let judged = installs(&|facts| facts.inf = remedies::remedy(Membership::Listed));
                vec![judged.map(|judged| remedies::tried(Remedy::DateToday, judged))]
            }
            Oddity::ForeignImage { file, section, .. } => {
                let mut on = on.clone();
                on.machine = *section;
                on.facts.machine = remedies::remedy(*section);
                let policy = WindowsPolicy::of(&on.facts);
                let judged = driver(file, false).map(|facts| {
                    remedies::loading(&facts, &policy, &|facts| {
                        remedies::built_for(facts, *section)
                    })
                });
                let which = Remedy::BuildFor { file: file.clone(), machine: section.name() };
                vec![judged.map(|judged| remedies::tried(which, judged))]
            }
            Oddity::BootFromCatalog { file } => {
                let facts = driver(file, true);
                let of = |which: Remedy, change: &dyn Fn(&mut DriverFacts)| {
                    let judged = remedies::loading(facts.as_ref()?, &policy, change);
                    Some(remedies::tried(which, judged))
                };
                let at = policy.facts.at;
                vec![
                    of(Remedy::SignByPortal, &|facts| {
                        remedies::signed_by_portal(facts, at);
                        facts.start = remedies::remedy(Start::Boot);
                    }),
                    of(Remedy::StartLater, &|facts| facts.start = remedies::remedy(Start::Demand)),
                ]
            }
        };
        tried.into_iter().flatten().collect()
    }
}
