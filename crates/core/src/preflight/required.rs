//! The modules that a host needs, each with who asks and what is lost.

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::manifest::{Class, Device, Manifest, Require, What};

use super::catalogue::{Answering, Catalogue, Presence, Want, answer};
use super::graph::{Graph, reached};
use super::loss;
use crate::answer::Need;
use crate::facts::hardware::Hardware;
use crate::proof::text;

/// A driver that must be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Required {
    /// Its name, with `_`.
    pub name: Arc<str>,
    /// How the kernel has it.
    pub presence: Presence,
    /// Who asks for it.
    pub required_by: Vec<String>,
    /// What hangs on it.
    pub need: Need,
    /// Whether a device, a volume or an interface asks, or the owner: not only that it is loaded.
    pub by_role: bool,
    /// The number of the requirement of which it is one of several ways out: one of them is enough.
    pub one_of: Option<usize>,
}

/// Everything that is required, by name.
#[derive(Clone, Debug, Default)]
pub struct All {
    by_name: BTreeMap<Arc<str>, Required>,
    /// Devices that the manifest asks for and that are not there.
    pub absent: Vec<String>,
    /// Modules that are loaded, that nothing asks for, and that the kernel asked about lacks.
    pub left_behind: Vec<Arc<str>>,
}

impl All {
    /// In the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Required> {
        self.by_name.values()
    }

    /// The one of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Required> {
        self.by_name.get(name)
    }

    /// Tells of each what is lost of the things at these numbers, and nothing else.
    pub fn about(&mut self, graph: &Graph, things: &BTreeSet<usize>) {
        let above = graph.above();
        let mut lost: Vec<String> = Vec::new();
        for at in things {
            for phrase in loss::without(graph, &above, *at) {
                if !lost.contains(&phrase) {
                    lost.push(phrase);
                }
            }
        }
        for required in self.by_name.values_mut() {
            required.need.loses = lost.clone();
        }
    }

    /// Tells of each that only `who` asks for it.
    pub fn asked_by(&mut self, who: &str) {
        for required in self.by_name.values_mut() {
            required.required_by = alloc::vec![who.to_owned()];
        }
    }

    fn add(&mut self, found: &Answering) -> &mut Required {
        self.by_name.entry(found.name.clone()).or_insert_with(|| Required {
            name: found.name.clone(),
            presence: found.presence,
            required_by: Vec::new(),
            need: Need::default(),
            by_role: false,
            one_of: None,
        })
    }
}

impl Required {
    fn asked_by(&mut self, who: &str) {
        if !self.required_by.iter().any(|known| known == who) {
            self.required_by.push(who.to_owned());
        }
    }

    fn is_for(&mut self, class: Class) {
        self.need.class = Some(self.need.class.map_or(class, |known| known.min(class)));
    }

    fn loses(&mut self, what: impl IntoIterator<Item = String>) {
        for phrase in what {
            if !self.need.loses.contains(&phrase) {
                self.need.loses.push(phrase);
            }
        }
    }
}

/// A host, laid out, and the kernel it is held against.
pub struct Scene<'s> {
    /// What stands on what.
    pub graph: &'s Graph,
    /// What is loaded.
    pub hardware: &'s Hardware,
    /// The modules of the kernel.
    pub catalogue: &'s dyn Catalogue,
}

impl core::fmt::Debug for Scene<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Scene").finish_non_exhaustive()
    }
}

impl Scene<'_> {
    /// What the hardware in use needs. Only what is in use can block: the drivers of root, boot,
    /// storage and network.
    #[must_use]
    pub fn by_hardware(&self) -> All {
        let every: BTreeSet<usize> = self.graph.nodes().map(|(at, _)| at).collect();
        let mut all = self.of(&every);
        self.loaded(&mut all);
        all
    }

    /// What the things at these numbers need.
    #[must_use]
    pub fn of(&self, things: &BTreeSet<usize>) -> All {
        let above = self.graph.above();
        let mut all = All::default();
        for (at, node) in self.graph.nodes().filter(|(at, _)| things.contains(at)) {
            if node.wants.is_empty() {
                continue;
            }
            let over = reached(at, |n| above.get(n).map_or(&[], Vec::as_slice));
            let over: Vec<_> = over.into_iter().filter_map(|n| self.graph.get(n)).collect();
            let class = over.iter().map(|n| n.class).min().unwrap_or(node.class);
            // What a file system that the boot can do without stands on may be used by others.
            let used = over.iter().any(|n| n.used);
            for want in &node.wants {
                let Some(found) = answer(want, self.catalogue, self.hardware) else { continue };
                // Inside the image there is nothing to lose; of what matters it is told.
                if found.presence == Presence::BuiltIn && class == Class::Other {
                    continue;
                }
                let required = all.add(&found);
                required.asked_by(&node.label);
                required.is_for(class);
                required.need.blocks |= used && class <= Class::Network;
                required.loses(loss::without(self.graph, &above, at));
                required.by_role = true;
            }
        }
        all
    }

    /// Modules that are loaded: those that were not built with the kernel are somebody's purpose, the
    /// rest is told.
    fn loaded(&self, all: &mut All) {
        for loaded in &self.hardware.loaded {
            let outside = loaded.taint.contains('O');
            let marked = outside || loaded.taint.contains('E');
            let name = loaded.name.as_str();
            let found = answer(&Want::Named(name.to_owned()), self.catalogue, self.hardware);
            let Some(found) = found else { continue };
            match found.presence {
                Presence::BuiltIn => continue,
                Presence::Missing if !marked && !all.by_name.contains_key(&found.name) => {
                    all.left_behind.push(text(name));
                    continue;
                }
                Presence::Module | Presence::Missing => {}
            }
            let heir = self.user_class(name, all);
            let required = all.add(&found);
            if marked {
                required.asked_by(if outside {
                    "loaded, out-of-tree"
                } else {
                    "loaded, unverified"
                });
                required.by_role = true;
            } else if required.required_by.is_empty() {
                required.asked_by("loaded");
            }
            required.is_for(heir.unwrap_or(Class::Other));
        }
    }

    /// What a loaded module is for by what it uses: `nvidia_uvm` uses `nvidia`.
    fn user_class(&self, name: &str, all: &All) -> Option<Class> {
        let uses = self.hardware.loaded.iter().filter(|m| m.used_by.iter().any(|u| u == name));
        let classes = uses.filter_map(|used| all.get(&used.name)?.need.class);
        classes.filter(|class| *class == Class::Gpu).min()
    }

    /// What the manifest asks for; of those, what the hardware says.
    #[must_use]
    pub fn by_manifest(&self, manifest: &Manifest) -> All {
        let hardware = self.by_hardware();
        let mut all = All::default();
        for (number, require) in manifest.require.iter().enumerate() {
            match &require.what {
                What::Module(name) => self.one(&mut all, &hardware, require, name, None),
                What::AnyOf(names) => {
                    // Of those that are not there nothing is to be told while another one is.
                    let missing = |name: &&String| {
                        let found = self.named(name);
                        found.is_none_or(|found| found.presence == Presence::Missing)
                    };
                    let none = names.iter().all(|name| missing(&name));
                    for name in names.iter().filter(|name| none || !missing(name)) {
                        self.one(&mut all, &hardware, require, name, Some(number));
                    }
                }
                What::Device(device) => self.device(&mut all, &hardware, require, device),
            }
        }
        all
    }

    fn named(&self, name: &str) -> Option<Answering> {
        answer(&Want::Named(name.to_owned()), self.catalogue, self.hardware)
    }

    fn one(&self, all: &mut All, by: &All, require: &Require, name: &str, one_of: Option<usize>) {
        if let Some(found) = self.named(name) {
            let required = all.add(&found);
            required.one_of = one_of;
            demanded(required, by.get(&found.name), require);
        }
    }

    fn device(&self, all: &mut All, by: &All, require: &Require, device: &Device) {
        let shown = format!("{device}");
        let things: BTreeSet<usize> = self.things(device);
        if !things.is_empty() {
            for required in self.of(&things).iter() {
                let found = Answering { name: required.name.clone(), presence: required.presence };
                let own = all.add(&found);
                demanded(own, by.get(&found.name), require);
                own.asked_by(&format!("device {shown}"));
            }
            return;
        }
        // Hardware that is not there does not block. Where nobody looked, what would drive it is held
        // to be needed.
        if let (Device::Id { bus, vendor, device }, false) = (device, self.hardware.is_seen) {
            for name in self.catalogue.answering(&modalias(bus, *vendor, *device)) {
                let own = all.add(&Answering { name, presence: Presence::Module });
                demanded(own, None, require);
                own.asked_by(&format!("device {shown}"));
            }
            return;
        }
        all.absent.push(shown);
    }

    /// The devices that a requirement names, as far as they are there.
    fn things(&self, device: &Device) -> BTreeSet<usize> {
        let above = self.graph.above();
        let wanted = |at: usize| match device {
            Device::Id { .. } => {
                let label = format!("device {device}");
                self.graph.get(at).is_some_and(|node| node.label == label)
            }
            Device::Class(class) => {
                let over = reached(at, |n| above.get(n).map_or(&[], Vec::as_slice));
                over.into_iter().filter_map(|n| self.graph.get(n)).any(|n| n.class == *class)
            }
        };
        self.graph.nodes().map(|(at, _)| at).filter(|at| wanted(*at)).collect()
    }
}

/// A device of this type as it would name itself, with nothing else known of it.
#[must_use]
pub fn modalias(bus: &str, vendor: u16, device: u16) -> String {
    match bus {
        "usb" => format!("usb:v{vendor:04X}p{device:04X}d0000dc00dsc00dp00ic00isc00ip00in00"),
        _ => format!("pci:v{vendor:08X}d{device:08X}sv00000000sd00000000bc00sc00i00"),
    }
}

/// What the owner says of a driver, over what the hardware says.
fn demanded(own: &mut Required, seen: Option<&Required>, require: &Require) {
    own.by_role = true;
    own.required_by.insert(0, "manifest".to_owned());
    own.required_by.dedup();
    if let Some(seen) = seen {
        for asked in seen.required_by.iter().filter(|asked| !asked.starts_with("loaded")) {
            own.asked_by(asked);
        }
        own.loses(seen.need.loses.iter().cloned());
    }
    own.loses(require.why.clone());
    let known = seen.and_then(|seen| seen.need.class);
    own.is_for(require.class.or(known).unwrap_or(Class::Other));
    if require.optional {
        own.need.optional = !own.need.blocks;
    } else {
        own.need.optional = false;
        own.need.blocks = true;
    }
}
