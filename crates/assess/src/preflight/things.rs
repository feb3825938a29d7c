//! What an operator has in hand: whatever drives it, and what is lost with it.

use loadworthy_collect::gather::linux::hardware;
use loadworthy_core::answer::{Answered, Note};
use loadworthy_core::preflight::catalogue::Catalogue as _;
use loadworthy_core::preflight::required::{Scene, modalias};
use loadworthy_core::preflight::subject::{self, Typed};
use loadworthy_formats::manifest::{Device, Manifest, Require, What};

use super::catalogue::Modules;
use super::judge;
use super::seen::Seen;
use crate::judging::Asked;
use crate::request::Trouble;

/// Whether an argument can only be a thing of the host: an address, a type, something below `/dev`.
pub(crate) fn can_only_be_one(argument: &str) -> bool {
    Typed::read(argument).is_some()
}

/// Judges what drives the thing that `argument` names; `None` where the host has no such thing.
///
/// # Errors
/// When the argument can be nothing else, and there is no such thing.
pub(crate) fn judged(
    asked: &Asked<'_>,
    seen: &Seen,
    argument: &str,
    notes: &mut Vec<Note>,
) -> Result<Option<Vec<Answered>>, Trouble> {
    let modules = Modules::of(asked, &seen.hardware);
    let scene = Scene { graph: &seen.graph, hardware: &seen.hardware, catalogue: &modules };
    let things = match subject::things(&seen.graph, &seen.stack, argument) {
        found if found.is_empty() => {
            let linked = hardware::device_node(&asked.host.looking(), argument);
            let of = |name: String| subject::things(&seen.graph, &seen.stack, &name);
            linked.map(of).unwrap_or_default()
        }
        found => found,
    };
    if !things.is_empty() {
        let standing = subject::standing(&seen.graph, &things);
        let mut all = scene.of(&standing);
        all.about(&seen.graph, &things);
        return Ok(Some(judge(asked, seen, &modules, &all, notes).0));
    }
    match Typed::read(argument) {
        None => Ok(None),
        // Nothing drives it now: what would?
        Some(Typed::Address(address)) => {
            let idle = seen.hardware.idle.iter().find(|device| *device.address == *address);
            let alias = idle.and_then(|device| device.modalias.clone());
            let alias = alias.ok_or_else(|| nothing(seen, argument))?;
            by_alias(asked, seen, &modules, argument, &alias, notes).map(Some)
        }
        Some(Typed::Type(Device::Id { bus, vendor, device })) => {
            let idle = seen.hardware.idle.iter().find(|d| d.id() == argument.to_lowercase());
            let seen_alias = idle.and_then(|device| device.modalias.as_deref());
            let alias = seen_alias.map_or_else(|| modalias(bus, vendor, device), str::to_owned);
            by_alias(asked, seen, &modules, argument, &alias, notes).map(Some)
        }
        Some(Typed::Type(Device::Class(_)) | Typed::Node(_)) => Err(nothing(seen, argument)),
    }
}

fn by_alias(
    asked: &Asked<'_>,
    seen: &Seen,
    modules: &Modules<'_>,
    argument: &str,
    alias: &str,
    notes: &mut Vec<Note>,
) -> Result<Vec<Answered>, Trouble> {
    let mut names = modules.answering(alias);
    if names.is_empty() {
        names = modules.built_in_answering(alias);
    }
    if names.is_empty() {
        let problem = format!(
            "no driver of {} answers to this device, and none drives it here",
            asked.kernel.kernel.release
        );
        return Err(Trouble::NoThing { named: argument.to_owned(), problem });
    }
    let require = names.iter().map(|name| Require {
        what: What::Module(name.to_string()),
        class: None,
        why: None,
        optional: false,
        lines: Vec::new(),
    });
    let manifest = Manifest { require: require.collect(), ..Manifest::default() };
    let scene = Scene { graph: &seen.graph, hardware: &seen.hardware, catalogue: modules };
    let mut all = scene.by_manifest(&manifest);
    all.asked_by(&format!("device {}", argument.to_lowercase()));
    Ok(judge(asked, seen, modules, &all, notes).0)
}

fn nothing(seen: &Seen, argument: &str) -> Trouble {
    let problem = if seen.hardware.is_seen {
        "no such device, disk, volume or interface is in use here".to_owned()
    } else {
        "which hardware there is was not seen: there is no sys/bus here".to_owned()
    };
    Trouble::NoThing { named: argument.to_owned(), problem }
}
