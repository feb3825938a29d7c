//! From what was seen to the graph.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::manifest::Class;

use super::catalogue::Want;
use super::graph::{Graph, Node, Sort};
use crate::facts::hardware::{Device, Hardware};
use crate::facts::stack::{Block, Interface, MountPoint, Stack};
use crate::proof::text;
use crate::tables::hardware::{self, Sort as FileSystem};

/// Places whose loss keeps a machine from coming up.
const BOOT: [&str; 5] = ["/", "/usr", "/boot", "/boot/efi", "/efi"];

struct Build<'f> {
    hardware: &'f Hardware,
    stack: &'f Stack,
    table: &'f hardware::Hardware,
    graph: Graph,
    places: BTreeMap<&'f str, usize>,
    addresses: BTreeMap<&'f str, usize>,
    controllers: BTreeMap<&'f str, usize>,
}

/// Lays out what was seen of a host.
#[must_use]
pub fn graph(hardware: &Hardware, stack: &Stack, table: &hardware::Hardware) -> Graph {
    let mut build = Build {
        hardware,
        stack,
        table,
        graph: Graph::default(),
        places: BTreeMap::new(),
        addresses: BTreeMap::new(),
        controllers: BTreeMap::new(),
    };
    build.devices();
    build.nvme();
    build.blocks();
    build.interfaces();
    build.mounts();
    build.graph
}

impl<'f> Build<'f> {
    fn add(&mut self, node: Node) -> usize {
        let at = self.graph.nodes.len();
        self.graph.nodes.push(node);
        at
    }

    fn rest_on(&mut self, at: usize, below: impl IntoIterator<Item = usize>) {
        let Some(node) = self.graph.nodes.get_mut(at) else { return };
        for other in below {
            if other != at && !node.on.contains(&other) {
                node.on.push(other);
            }
        }
    }

    fn devices(&mut self) {
        for device in &self.hardware.devices {
            let node = self.device(device);
            let at = self.add(node);
            self.addresses.entry(&*device.address).or_insert(at);
            if let Some(path) = device.path.as_deref() {
                self.places.insert(path, at);
            }
        }
        for device in &self.hardware.devices {
            let path = device.path.as_deref();
            let (Some(at), Some(parent)) = (
                path.and_then(|path| self.places.get(path).copied()),
                path.and_then(|path| self.under(path)),
            ) else {
                continue;
            };
            self.rest_on(at, [parent]);
        }
    }

    fn device(&self, device: &Device) -> Node {
        let class = device.modalias.as_deref().map_or(Class::Other, |m| self.table.class(m));
        let id = device.id();
        let address = &device.address;
        // VFIO hands a device to a virtual machine or a program (Documentation/driver-api/vfio.rst).
        let given = device.driver.contains("vfio");
        let mut phrase = match class {
            _ if given => format!("device {address} ({id}), given to virtual machines"),
            Class::Gpu => format!("GPU {address}"),
            _ if id.contains(&**address) => format!("device {id}"),
            _ => format!("device {address} ({id})"),
        };
        if device.functions > 0 {
            phrase.push_str(&format!(" with {} virtual functions", device.functions));
        }
        Node {
            sort: Sort::Device,
            name: address.clone(),
            label: format!("device {id}"),
            phrase,
            class: if given { Class::Other } else { class },
            // Where nothing told what is mounted, a disk may be.
            used: class == Class::Storage
                && !self.stack.mounts_seen
                && self.stack.mounts.is_empty(),
            wants: alloc::vec![Want::Driver {
                driver: device.driver.clone(),
                module: device.module.clone(),
                modalias: device.modalias.clone(),
                matters: class != Class::Other,
            }],
            on: Vec::new(),
        }
    }

    /// The nearest device above `path` in the tree of devices.
    fn under(&self, path: &str) -> Option<usize> {
        let mut path = path;
        while let Some((above, _)) = path.rsplit_once('/') {
            if let Some(at) = self.places.get(above) {
                return Some(*at);
            }
            path = above;
        }
        None
    }

    /// The device of something that stands at `path`, or that names its device.
    fn device_of(&self, path: Option<&str>, device: Option<&str>) -> Option<usize> {
        let by_name = || self.addresses.get(device?).copied();
        path.and_then(|path| self.under(path)).or_else(by_name)
    }

    fn nvme(&mut self) {
        let stack = self.stack;
        for controller in &stack.controllers {
            let below = controller.path.as_deref().and_then(|path| self.under(path));
            let module = self.table.transport(&controller.transport);
            let (name, transport) = (&controller.name, &controller.transport);
            let at = self.add(Node {
                sort: Sort::Device,
                name: name.clone(),
                label: format!("controller {name} over {transport}"),
                phrase: format!("controller {name}"),
                class: Class::Storage,
                used: false,
                wants: module.map(|module| Want::Used(module.to_owned())).into_iter().collect(),
                on: below.into_iter().collect(),
            });
            self.controllers.insert(&*controller.name, at);
        }
    }

    fn blocks(&mut self) {
        let stack = self.stack;
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for block in &stack.blocks {
            let node = self.block(block);
            let at = self.add(node);
            numbers.insert(&*block.name, at);
        }
        for block in &stack.blocks {
            let Some(at) = numbers.get(&*block.name).copied() else { continue };
            let lower = block.part_of.iter().chain(&block.on);
            let lower: Vec<usize> =
                lower.filter_map(|name| numbers.get(&**name).copied()).collect();
            self.rest_on(at, lower);
            let Some(path) = block.path.as_deref() else {
                let device = self.device_of(None, block.device.as_deref());
                self.rest_on(at, device);
                continue;
            };
            let ways: Vec<usize> = self.ways(path);
            let device = self.device_of(Some(path), block.device.as_deref());
            self.rest_on(at, ways.into_iter().chain(device));
            let adapter = self.adapter(path);
            self.rest_on(at, adapter);
        }
    }

    /// The NVMe controllers that lead to the namespace at `path`.
    fn ways(&self, path: &str) -> Vec<usize> {
        let steps: Vec<&str> = path.split('/').collect();
        let leads = |name: &str, subsystem: Option<&str>| {
            steps.contains(&name) || subsystem.is_some_and(|s| steps.contains(&s))
        };
        let controllers = self.stack.controllers.iter();
        controllers
            .filter(|c| leads(&c.name, c.subsystem.as_deref()))
            .filter_map(|c| self.controllers.get(&*c.name).copied())
            .collect()
    }

    /// The host adapter on the way to `path`, where it is no device of its own: iSCSI.
    fn adapter(&mut self, path: &str) -> Option<usize> {
        let stack = self.stack;
        let adapter = stack.adapters.iter().find(|a| path.split('/').any(|s| *s == *a.name))?;
        let own = adapter.driver.replace('-', "_");
        let driven = self.hardware.devices.iter().any(|device| {
            let above = device.path.as_deref().is_some_and(|p| path.starts_with(p));
            let module = device.module.as_deref().unwrap_or(&device.driver);
            above && module.replace('-', "_") == own
        });
        if driven || self.hardware.loaded(&own).is_none() {
            return None;
        }
        if let Some(at) = self.graph.find(Sort::Device, &adapter.name) {
            return Some(at);
        }
        let over = if adapter.over.is_empty() { "" } else { " over " };
        Some(self.add(Node {
            sort: Sort::Device,
            name: adapter.name.clone(),
            label: format!("adapter {}{over}{}", adapter.name, adapter.over),
            phrase: format!("adapter {}", adapter.name),
            class: Class::Storage,
            used: false,
            wants: alloc::vec![Want::Used(own)],
            on: Vec::new(),
        }))
    }

    fn block(&self, block: &Block) -> Node {
        let mut wants = Vec::new();
        let name = &block.name;
        let phrase = if let Some(mapped) = &block.mapped {
            let volume = self.table.volume(&mapped.name, &mapped.uuid);
            wants.extend(volume.into_iter().flat_map(|v| &v.modules).cloned().map(Want::Used));
            let word = volume.map_or("volume", |volume| volume.word.as_str());
            format!("{word} {}", mapped.name)
        } else if let Some(level) = &block.level {
            // md_run asks for `md-LEVEL` (drivers/md/md.c).
            wants.push(Want::Used("md_mod".to_owned()));
            wants.push(Want::Alias { alias: format!("md-{level}"), name: (**level).to_owned() });
            format!("array {name}")
        } else {
            wants.extend(self.table.disk(name).map(|module| Want::Used(module.to_owned())));
            format!("{} {name}", if block.part_of.is_some() { "partition" } else { "disk" })
        };
        Node {
            sort: Sort::Block,
            name: name.clone(),
            label: phrase.clone(),
            phrase,
            class: Class::Storage,
            used: false,
            wants,
            on: Vec::new(),
        }
    }

    fn interfaces(&mut self) {
        let stack = self.stack;
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for interface in &stack.interfaces {
            let node = self.interface(interface);
            let at = self.add(node);
            numbers.insert(&*interface.name, at);
        }
        for interface in &stack.interfaces {
            let Some(at) = numbers.get(&*interface.name).copied() else { continue };
            let lower: Vec<usize> =
                interface.over.iter().filter_map(|name| numbers.get(&**name).copied()).collect();
            let device = self.device_of(interface.path.as_deref(), interface.device.as_deref());
            self.rest_on(at, lower.into_iter().chain(device));
        }
    }

    fn interface(&self, interface: &Interface) -> Node {
        let (name, kind) = (&interface.name, &interface.kind);
        let module = self.table.link(kind);
        let wants = module.map(|module| Want::Alias {
            alias: format!("rtnl-link-{kind}"),
            name: module.to_owned(),
        });
        let within = interface.within.as_ref().map(|master| format!(" in {master}"));
        Node {
            sort: Sort::Interface,
            name: name.clone(),
            label: format!("interface {name}"),
            phrase: format!("interface {name}{}", within.unwrap_or_default()),
            class: Class::Network,
            used: interface.up,
            wants: wants.into_iter().collect(),
            on: Vec::new(),
        }
    }

    fn mounts(&mut self) {
        let stack = self.stack;
        for mount in &stack.mounts {
            let (sort, class) = self.table.file_system(&mount.kind);
            if sort == FileSystem::Kernels {
                continue;
            }
            let boot = BOOT.contains(&&*mount.at);
            let on = self.lies_on(mount);
            // `fuse.sshfs` and the like are programs behind one driver (fuse(4)).
            let kind = if mount.kind.starts_with("fuse") { "fuse" } else { &*mount.kind };
            let (at, alias) = (&mount.at, format!("fs-{kind}"));
            self.add(Node {
                sort: Sort::Mount,
                name: at.clone(),
                label: format!("mount {at}"),
                phrase: format!("file system at {at}"),
                class: if boot { Class::Boot } else { class },
                used: !mount.dispensable && (boot || class == Class::Storage),
                wants: alloc::vec![Want::Alias { alias, name: kind.to_owned() }],
                on,
            });
        }
    }

    fn lies_on(&mut self, mount: &MountPoint) -> Vec<usize> {
        if &*mount.kind == "zfs" {
            let pool = mount.source.split('/').next().unwrap_or_default().to_owned();
            let known = self.graph.find(Sort::Pool, &pool);
            return alloc::vec![known.unwrap_or_else(|| self.pool(pool))];
        }
        let Some(block) = mount.block.as_deref() else { return Vec::new() };
        let together = self.stack.btrfs.iter().find(|names| names.iter().any(|n| **n == *block));
        let names: Vec<Arc<str>> = match together {
            Some(names) if &*mount.kind == "btrfs" => names.clone(),
            _ => alloc::vec![text(block)],
        };
        names.iter().filter_map(|name| self.graph.find(Sort::Block, name)).collect()
    }

    fn pool(&mut self, name: String) -> usize {
        self.add(Node {
            sort: Sort::Pool,
            label: format!("pool {name}"),
            phrase: format!("pool {name}"),
            name: text(name),
            class: Class::Storage,
            used: true,
            wants: alloc::vec![Want::Alias { alias: "fs-zfs".to_owned(), name: "zfs".to_owned() }],
            on: Vec::new(),
        })
    }
}
