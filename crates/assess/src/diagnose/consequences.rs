//! From a driver to what hangs on it, and from a device to the driver it is missing.
//!
//! The way is the one the preflight walks: what stands on what, and who drives it. What is gone now
//! cannot be seen any more, so a record of the machine from before tells most.

use std::collections::BTreeMap;

use loadworthy_core::diagnose::finding::{Diagnosis, Quoted};
use loadworthy_core::preflight::catalogue::Catalogue as _;
use loadworthy_core::preflight::required::Scene;
use loadworthy_formats::manifest::Class;

use crate::host::Host;
use crate::judging::Asked;
use crate::names::Names;
use crate::preflight::kernel::Modules;
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
    /// Looks at a machine; `name` is what it is called as a source.
    pub(super) fn of(host: &Host, request: &Request, kernel: Option<&Which>, name: &str) -> Self {
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
            let lost = lost.map(|what| Quoted { source: name.to_owned(), quote: what.clone() });
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
            let source = format!("sys/bus/{bus}/devices/{address}");
            shown.unbound.push((drivers, Quoted { source, quote }));
        }
        shown
    }

    /// Tells each finding what is missing, or will be, because of its modules; what no finding
    /// speaks of is told by itself.
    pub(super) fn tell(self, told: &mut Diagnosis) {
        let mut alone: Vec<Quoted> = Vec::new();
        for (drivers, quoted) in self.unbound {
            let mut of = told.findings.iter_mut().filter(|f| {
                f.fault && f.about.name.iter().chain(&f.about.also).any(|n| drivers.contains(n))
            });
            match of.next() {
                Some(finding) => finding.consequences.push(quoted),
                None => alone.push(quoted),
            }
        }
        for finding in told.findings.iter_mut().filter(|f| f.fault) {
            let named = finding.about.name.iter().chain(&finding.about.also);
            for lost in named.filter_map(|n| self.hangs.get(n)).flatten() {
                if !finding.consequences.contains(lost) {
                    finding.consequences.push(lost.clone());
                }
            }
        }
        for quoted in alone {
            if !told.unbound.contains(&quoted) {
                told.unbound.push(quoted);
            }
        }
    }
}
