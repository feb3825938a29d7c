//! `[Manufacturer]`, the Models sections, and the install sections they ask for.

use super::{Linter, Wanted};
use crate::tables::inf_lints::Level;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use loadworthy_formats::inf::decoration::{Architecture, Decoration};
use loadworthy_formats::inf::document::Section;

/// Builds before this one are not read in decorations: `inf-manufacturer-section`.
const FIRST_WITH_BUILDS: u32 = 14310;

/// Classes whose devices have no driver of their own.
const WITHOUT_SERVICE: [&str; 8] = [
    "printer",
    "monitor",
    "image",
    "modem",
    "extension",
    "softwarecomponent",
    "firmware",
    "processor",
];

impl Linter<'_> {
    pub(super) fn models(&mut self) {
        let inf = self.inf;
        for line in inf.section("Manufacturer").into_iter().flat_map(|s| &s.lines) {
            if line.key.is_some() && line.field(0).is_none() {
                self.say(1011, line.at(), line.key.as_ref().map_or("", |k| &k.text));
            }
        }
        let mut some = false;
        let mut plain_only = true;
        for made in inf.manufacturers() {
            let mut any = false;
            if let Some(section) = inf.section(&made.models) {
                any = true;
                self.devices(section, Decoration::default());
            }
            for target in &made.targets {
                plain_only = false;
                let name = format!("{}.{}", made.models, target.text);
                if name.to_ascii_lowercase().contains("$arch$") {
                    self.say(1274, target.at, name);
                    continue;
                }
                let Some(by) = target.decoration else {
                    self.say(1287, target.at, target.text.as_str());
                    continue;
                };
                let version = (by.major.unwrap_or(0), by.minor.unwrap_or(0));
                if by.build.is_some_and(|b| b < FIRST_WITH_BUILDS) && version >= (10, 0) {
                    self.say(1288, target.at, target.text.as_str());
                }
                if let Some(section) = inf.section(&name) {
                    any = true;
                    self.devices(section, by);
                }
            }
            some |= any;
            let stamped = made.targets.iter().any(|t| t.text.to_lowercase().contains("$arch$"));
            if !any && !stamped && !self.reads_others() {
                self.say(1203, made.at, made.models.as_str());
            }
        }
        for section in &inf.sections {
            if section.name.to_ascii_lowercase().contains("$arch$") {
                self.say(1274, section.at, section.name.as_str());
            }
        }
        let primitive = inf.sections.iter().find(|s| {
            let name = s.name.to_ascii_lowercase();
            name == "defaultinstall" || name.starts_with("defaultinstall.nt")
        });
        match (some, primitive, inf.section("Manufacturer")) {
            (false, None, Some(section)) => self.say(1297, section.at, "Manufacturer"),
            (false, Some(section), _) if !names_processor(&section.name) => {
                self.say(1421, section.at, section.name.as_str());
            }
            (true, _, Some(section)) if plain_only => self.say(2010, section.at, "Manufacturer"),
            _ => {}
        }
        let wanted = self.installs.clone();
        let lacking: Vec<_> = wanted.iter().filter(|wanted| !self.install(wanted)).collect();
        for one in &lacking {
            let said = format!("[{}] for {}", one.base, one.architecture.name());
            // An old way to say that a device needs no driver.
            let none = one.base.replace('_', "").eq_ignore_ascii_case("nodrv");
            let level = match (none, lacking.len() == wanted.len()) {
                (true, _) => Level::Note,
                (false, true) => Level::Error,
                (false, false) => Level::Warning,
            };
            self.say_as(1261, level, one.at, said);
        }
    }

    /// Takes down which install sections the models of a section ask for.
    fn devices(&mut self, section: &Section, by: Decoration) {
        let inf = self.inf;
        let architecture = by.architecture.unwrap_or(Architecture::X86);
        let least = (by.major.unwrap_or(0), by.minor.unwrap_or(0), by.build.unwrap_or(0));
        for line in &section.lines {
            let Some(key) = &line.key else { continue };
            let Some(base) = inf.value(line, 0) else {
                if line.field(1).is_some() {
                    self.say(1271, line.at(), key.text.as_str());
                }
                continue;
            };
            let base = base.into_owned();
            let same = |w: &&mut Wanted| {
                w.architecture == architecture && w.base.eq_ignore_ascii_case(&base)
            };
            let room = self.installs.len() < 4096;
            match self.installs.iter_mut().find(same) {
                Some(known) => known.least = known.least.min(least),
                None if room => {
                    self.installs.push(Wanted { base, architecture, least, at: line.at() });
                }
                None => {}
            }
        }
    }

    /// Looks for the install section of a model, and for its service; whether there is anything of it.
    fn install(&mut self, wanted: &Wanted) -> bool {
        let inf = self.inf;
        let base = &wanted.base;
        let name = wanted.architecture.name();
        let of = |beside: &str| -> Vec<String> {
            vec![
                format!("{base}.nt{name}{beside}"),
                format!("{base}.nt{beside}"),
                format!("{base}{beside}"),
            ]
        };
        let services = of(".Services").iter().any(|n| inf.section(n).is_some());
        let Some(own) = of("").iter().find_map(|n| inf.section(n)) else {
            // A device without a driver has no more than a section of services.
            return services || self.reads_others();
        };
        let class = self.version.class.as_deref().unwrap_or("").to_ascii_lowercase();
        if !services && own.first("Needs").is_none() && !WITHOUT_SERVICE.contains(&class.as_str()) {
            self.say(1296, own.at, own.name.to_string());
        }
        true
    }
}

/// Whether a section name ends in a decoration with a processor: `DefaultInstall.NTamd64`.
fn names_processor(name: &str) -> bool {
    let decoration = name.split_once('.').and_then(|(_, d)| Decoration::read(d));
    decoration.is_some_and(|d| d.architecture.is_some())
}
