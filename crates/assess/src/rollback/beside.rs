//! What stands in the way of any unattended boot, whichever older kernel it leads back to.

use loadworthy_collect::gather::inventory;
use loadworthy_collect::gather::linux::boot_loader::images;
use loadworthy_collect::gather::linux::way_back;
use loadworthy_collect::item::{EFIVARS, HostPath, Item};
use loadworthy_core::boot_claim::Lack;
use loadworthy_core::codes::{
    HUNG_KERNEL_STAYS, NO_ROOM_FOR_A_KERNEL, NO_ROOM_FOR_A_VARIABLE, NODE_REBOOTS_BY_ITSELF,
    OLDER_KERNEL_WILL_BE_REMOVED, REQUEST_WAITS_FOR_A_PERSON,
};
use loadworthy_core::fact::Fact;
use loadworthy_core::proof::Proof;
use loadworthy_formats::kernel::kconfig::Setting;

use super::{Fault, fault};
use crate::host::known;
use crate::judging::Asked;

/// Below this many bytes a variable of the boot loader may not fit any more.
const VARIABLE: u64 = 1024;

/// All of it; `wanted` older kernels are to stay.
pub(super) fn faults(asked: &Asked<'_>, wanted: u32) -> Vec<Fault> {
    let release = &asked.kernel.kernel.release;
    let looking = asked.host.looking();
    let mut found = Vec::new();
    let mut lack = |code, lacks, because| found.push(fault(code, release, lacks, vec![because]));
    let pending = inventory::gather(&looking).pending;
    for request in known(&pending).unwrap_or_default() {
        lack(&REQUEST_WAITS_FOR_A_PERSON, Lack::Quiet(request), pending.proof());
    }
    if let Some(because) = stays(asked) {
        lack(&HUNG_KERNEL_STAYS, Lack::Restart, because);
    }
    if let Some((free, takes, because)) = crowded(asked) {
        lack(&NO_ROOM_FOR_A_KERNEL, Lack::Room(free, takes), because);
    }
    let store = way_back::room(&looking, EFIVARS);
    if let Some(room) = known(&store).filter(|room| room.all > 0 && room.free < VARIABLE) {
        lack(&NO_ROOM_FOR_A_VARIABLE, Lack::Variables(room.free), store.proof());
    }
    let alone = way_back::out_of_turn(&looking);
    if let Some(by) = known(&alone).flatten() {
        lack(&NODE_REBOOTS_BY_ITSELF, Lack::Turn(by), alone.proof());
    }
    let kept = way_back::kept(&looking);
    if let Some(limit) = known(&kept).flatten().filter(|limit| *limit <= wanted) {
        lack(&OLDER_KERNEL_WILL_BE_REMOVED, Lack::Place(limit), kept.proof());
    }
    found
}

/// Where the next kernel lies less is free than it takes.
fn crowded(asked: &Asked<'_>) -> Option<(u64, u64, Proof)> {
    let looking = asked.host.looking();
    let release = &asked.kernel.kernel.release;
    let entry = asked.host.next_boot.entry_of(release)?;
    let image = images::locate(&looking, &entry.kernel).ok()?;
    let initrds = entry.initrds.iter().filter_map(|named| images::locate(&looking, named).ok());
    let size = |path: HostPath| looking.view.metadata(&Item::File(path)).map_or(0, |m| m.size);
    let takes = initrds.map(size).sum::<u64>() + size(image.clone());
    let folders = ["boot/efi", "efi", "boot"];
    let folder = folders.iter().find(|f| image.to_string().starts_with(&format!("{f}/")))?;
    let room = way_back::room(&looking, folder);
    let free = known(&room).filter(|room| room.all > 0 && room.free < takes)?.free;
    Some((free, takes, room.proof()))
}

/// Why a kernel that panics does not start the machine anew: neither its line nor its configuration
/// nor a service says when.
fn stays(asked: &Asked<'_>) -> Option<Proof> {
    let facts = &asked.kernel.facts;
    let asked_for = facts.cmdline.fact(|line| {
        let panic = line.last("panic").and_then(|v| v.parse::<i64>().ok()).unwrap_or(0);
        (panic != 0, if panic == 0 { "no panic=".into() } else { format!("panic={panic}") })
    });
    let built: Fact<bool> = facts.config.fact(|config| {
        let set = match config.get("PANIC_TIMEOUT") {
            Some(Setting::Number(seconds)) => seconds != "0",
            _ => false,
        };
        (set, "CONFIG_PANIC_TIMEOUT".into())
    });
    let services = way_back::restarts(&asked.host.looking());
    let off = known(&asked_for) == Some(false)
        && known(&built) == Some(false)
        && known(&services).flatten().is_none();
    off.then(|| asked_for.proof())
}
