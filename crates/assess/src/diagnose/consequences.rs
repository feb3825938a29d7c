//! From a driver to what hangs on it, and from a device to the driver it is missing.
//!
//! The way is the one the preflight walks: what stands on what, and who drives it. What is gone now
//! cannot be seen any more, so a record of the machine from before tells most.

use std::collections::BTreeMap;

use loadworthy_core::diagnose::finding::{Diagnosis, Finding, Quoted};
use loadworthy_core::preflight::catalogue::Catalogue as _;
use loadworthy_core::preflight::required::Scene;
use loadworthy_formats::kernel::name;
use loadworthy_formats::manifest::Class;

use crate::host::Host;
use crate::judging::Asked;
use crate::names::Names;
use crate::preflight::catalogue::Modules;
use crate::preflight::seen::Seen;
use crate::request::{Request, Which};

/// Devices told at most.
const DEVICES: usize = 32;

/// What a machine shows of devices and drivers.
#[derive(Debug, Default)]
pub(super) struct Shown {
    /// Devices of classes that are missed without a driver, with the modules that answer to them.
    pub(super) unbound: Vec<(Vec<String>, Quoted)>,
    /// What hangs on each driver.
    hangs: BTreeMap<String, Vec<Quoted>>,
}

impl Shown {
    /// Looks at a machine; `source` is what it is called in evidence.
    pub(super) fn of(host: &Host, request: &Request, kernel: Option<&Which>, source: &str) -> Self {
        let mut shown = Self::default();
        let which = kernel.unwrap_or(&request.kernel);
        let Some(kernel) = host.asked(which).ok().and_then(|all| all.into_iter().next()) else {
            return shown;
        };
        let Ok(kernel) = host.kernel(kernel, request) else { return shown };
        let names = Names::of(&host.looking(), &kernel);
        let asked = Asked { host, kernel: &kernel, names: &names, request, progress: &|_, _| {} };
        let seen = Seen::of(host);
        let modules = Modules::of(&asked, &seen.hardware);
        let scene = Scene { graph: &seen.graph, hardware: &seen.hardware, catalogue: &modules };
        for required in scene.by_hardware().iter() {
            let lost = required.need.loses.iter();
            let lost = lost.map(|what| Quoted { source: source.to_owned(), quote: what.clone() });
            shown.hangs.insert(required.name.to_string(), lost.collect());
        }
        for device in seen.hardware.idle.iter().take(DEVICES) {
            let Some(alias) = device.modalias.as_deref() else { continue };
            let class = host.tables.hardware.class(alias);
            if !matches!(class, Class::Storage | Class::Network) {
                continue;
            }
            let drivers: Vec<String> =
                modules.answering(alias).iter().map(ToString::to_string).collect();
            let idle = |name: &String| seen.hardware.loaded(name).is_none();
            if drivers.is_empty() || !drivers.iter().all(idle) {
                continue;
            }
            let (bus, address) = (&device.bus, &device.address);
            let quote = format!(
                "device {address} ({}) is there, its driver {} is in the tree of {}, and nothing is bound to it",
                device.id(),
                drivers.join(" or "),
                kernel.kernel.release
            );
            let place = format!("sys/bus/{bus}/devices/{address}");
            shown.unbound.push((drivers, Quoted { source: place, quote }));
        }
        shown
    }

    /// Tells each finding what is missing, or will be, because of its modules; what no finding
    /// speaks of is told by itself.
    pub(super) fn tell(self, told: &mut Diagnosis) {
        for (drivers, quoted) in self.unbound {
            let of = |f: &&mut Finding| f.fault && modules(f).iter().any(|n| drivers.contains(n));
            match told.findings.iter_mut().find(of) {
                Some(finding) => finding.consequences.push(quoted),
                None => told.unbound.push(quoted),
            }
        }
        for finding in told.findings.iter_mut().filter(|f| f.fault) {
            for lost in modules(finding).iter().filter_map(|n| self.hangs.get(n)).flatten() {
                if !finding.consequences.contains(lost) {
                    finding.consequences.push(lost.clone());
                }
            }
        }
    }
}

/// The modules a finding is about, by their own names and by those of their files.
fn modules(finding: &Finding) -> Vec<String> {
    let about = &finding.about;
    let file = about.path.as_deref().map(|path| name::of_path(path).to_string());
    about.name.iter().chain(&about.also).cloned().chain(file).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use loadworthy_core::diagnose::reason::{Matter, diagnose};
    use loadworthy_core::tables::diagnose::Knowledge;

    #[test]
    fn a_device_goes_to_the_finding_that_explains_it() {
        let knowledge = Knowledge::built_in().unwrap();
        let judged = loadworthy_core::diagnose::joined::Judged {
            name: "acme".into(),
            path: Some("lib/modules/6.1/extra/acme-san.ko.xz".into()),
            outcome: "refused",
            code: Some("LW1003"),
            errno: Some("EKEYREJECTED"),
            log: Vec::new(),
            because: "refused".into(),
            loads_under_secure_boot: false,
            windows: false,
            line_ends: false,
        };
        let matter = Matter { clues: &[], short: true, said: &[], judged: &[judged] };
        let mut told = diagnose(&matter, &knowledge);
        let quoted = |quote: &str| Quoted { source: "before.lwb".into(), quote: quote.into() };
        let shown = Shown {
            unbound: vec![
                (vec!["acme_san".into()], quoted("device 1")),
                (vec!["other".into()], quoted("device 2")),
            ],
            hangs: BTreeMap::from([("acme".into(), vec![quoted("disk sda, mounted at /srv")])]),
        };
        shown.tell(&mut told);
        let said: Vec<&str> = told.findings[0].consequences.iter().map(|q| &*q.quote).collect();
        assert_eq!(said, ["device 1", "disk sda, mounted at /srv"]);
        assert_eq!(told.unbound, [quoted("device 2")]);
    }
}
