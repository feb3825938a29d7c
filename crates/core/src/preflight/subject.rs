//! Things an operator has in hand: an address on a bus, a disk, a mount point, an interface, a pool.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use loadworthy_formats::manifest::Device;

use super::graph::{Graph, Sort};
use crate::facts::stack::Stack;

/// What somebody typed, where it can be no file and no module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// An address on the PCI bus, whole: `0000:3b:00.0`.
    Address(String),
    /// A type of device: `pci:10df:f0f5`.
    Type(Device),
    /// Something below `/dev`, without that.
    Node(String),
}

impl Typed {
    /// Reads an argument; `None` for what may be anything else.
    #[must_use]
    pub fn read(argument: &str) -> Option<Self> {
        if let Some(address) = address(argument) {
            return Some(Self::Address(address));
        }
        if let Some(device) = Device::named(argument) {
            return Some(Self::Type(device));
        }
        argument.strip_prefix("/dev/").map(|name| Self::Node(name.into()))
    }
}

/// `0000:3b:00.0`, also where it was typed without the domain, as lspci prints it.
fn address(text: &str) -> Option<String> {
    let (front, function) = text.rsplit_once('.')?;
    let hex = |part: &str, digits: usize| {
        part.len() == digits && part.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let mut parts = front.rsplit(':');
    let (device, bus) = (parts.next()?, parts.next()?);
    let domain = parts.next().unwrap_or("0000");
    let fits = hex(device, 2) && hex(bus, 2) && hex(domain, 4) && hex(function, 1);
    (fits && parts.next().is_none())
        .then(|| format!("{domain}:{bus}:{device}.{function}").to_lowercase())
}

/// The things an argument names: a mount point, a disk or volume, an interface, a pool, a volume
/// group, a device by address or type. Empty where there is none.
#[must_use]
pub fn things(graph: &Graph, stack: &Stack, argument: &str) -> BTreeSet<usize> {
    let of = |sort, name: &str| graph.find(sort, name).into_iter().collect::<BTreeSet<_>>();
    match Typed::read(argument) {
        Some(Typed::Address(address)) => return of(Sort::Device, &address),
        Some(Typed::Type(device @ Device::Id { .. })) => {
            let label = format!("device {device}");
            let named = graph.nodes().filter(|(_, node)| node.label == label);
            return named.map(|(at, _)| at).collect();
        }
        Some(Typed::Type(Device::Class(class))) => {
            let named = graph.nodes().filter(|(_, node)| node.class == class);
            return named.map(|(at, _)| at).collect();
        }
        Some(Typed::Node(name)) => return blocks(graph, stack, &name),
        None => {}
    }
    let trimmed = argument.trim_end_matches('/');
    let mount = of(Sort::Mount, if trimmed.is_empty() { argument } else { trimmed });
    if argument.starts_with('/') || !mount.is_empty() {
        return mount;
    }
    for sort in [Sort::Interface, Sort::Pool, Sort::Device] {
        let found = of(sort, argument);
        if !found.is_empty() {
            return found;
        }
    }
    blocks(graph, stack, argument)
}

/// A disk, a partition, a volume by any of its names, or all volumes of a group.
fn blocks(graph: &Graph, stack: &Stack, name: &str) -> BTreeSet<usize> {
    let of = |name: &str| {
        let block = stack.block(name)?;
        graph.find(Sort::Block, &block.name)
    };
    // `group/volume` is `group-volume` to device mapper, dashes inside a name doubled (LVM2,
    // lib/misc/lvm-string.c build_dm_name).
    let doubled = |part: &str| part.replace('-', "--");
    let volume = name
        .split_once('/')
        .and_then(|(group, volume)| of(&format!("{}-{}", doubled(group), doubled(volume))));
    if let Some(at) = of(name).or(volume) {
        return [at].into();
    }
    let start = format!("{}-", doubled(name));
    let group = stack.blocks.iter().filter(|block| {
        block.mapped.as_ref().is_some_and(|mapped| {
            let rest = mapped.name.strip_prefix(&*start);
            mapped.uuid.starts_with("LVM-") && rest.is_some_and(|rest| !rest.starts_with('-'))
        })
    });
    group.filter_map(|block| graph.find(Sort::Block, &block.name)).collect()
}

/// These things and everything they stand on.
#[must_use]
pub fn standing(graph: &Graph, things: &BTreeSet<usize>) -> BTreeSet<usize> {
    things.iter().flat_map(|at| graph.below(*at)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_types_are_told_from_names() {
        let address = |text: &str| Typed::read(text) == Some(Typed::Address("0000:3b:00.0".into()));
        assert!(address("0000:3b:00.0") && address("3B:00.0"));
        assert!(matches!(Typed::read("pci:10df:F0F5"), Some(Typed::Type(Device::Id { .. }))));
        assert_eq!(Typed::read("/dev/mapper/a-b"), Some(Typed::Node("mapper/a-b".into())));
        for other in ["eth0.7", "lpfc", "/srv", "6.1.0-52", "pci:v000010DF", "a:b.c", "x.0"] {
            assert_eq!(Typed::read(other), None, "{other}");
        }
    }
}
