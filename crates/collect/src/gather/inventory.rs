//! What belongs into an inventory of a machine's trust policy and decides about no module by itself:
//! requests that wait for MokManager, the revocation level, marks on the running kernel.

use std::sync::Arc;

use loadworthy_core::fact::Fact;
use loadworthy_core::proof::{Question, Why, gap, text};
use loadworthy_formats::kernel::taint;
use loadworthy_formats::uefi::guid::Guid;
use loadworthy_formats::uefi::mok::{Mirror, Request};
use loadworthy_formats::uefi::variable::FileName;

use super::firmware::{Firmware, Look, Variables};
use super::looking::{Looking, why};
use crate::item::{EFIVARS, Item};

/// The inventory.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// Requests that the next boot puts before a person, by the names of their variables.
    pub pending: Fact<Vec<Arc<str>>>,
    /// The revocation level in force (SBAT), its rows joined; `None`: shim has left none.
    pub sbat_level: Fact<Option<Arc<str>>>,
    /// The running kernel's marks, as letters.
    pub taint: Fact<Arc<str>>,
    /// Loaded modules that carry marks: name and letters.
    pub marked: Fact<Vec<(Arc<str>, Arc<str>)>>,
}

/// Looks for all of it.
#[must_use]
pub fn gather(looking: &Looking<'_>) -> Inventory {
    Inventory {
        pending: pending(looking),
        sbat_level: sbat_level(looking),
        taint: looking
            .fact(
                &Item::file("proc/sys/kernel/tainted"),
                Question::Taint,
                |b| taint::read(b, looking.limits),
                |n| n.to_string(),
            )
            .map(|number| text(taint::letters(*number))),
        marked: marked(looking),
    }
}

fn pending(looking: &Looking<'_>) -> Fact<Vec<Arc<str>>> {
    let folder = text(EFIVARS);
    match (Variables::of(looking), looking.names(&Item::entries(EFIVARS))) {
        (Variables::None(evidence), _) => Fact::absent(Vec::new(), evidence),
        (Variables::Hidden(why), _) => Fact::unknown(gap(Question::PendingRequests, why)),
        (Variables::There, Err(outcome)) => {
            Fact::unknown(gap(Question::PendingRequests, why(EFIVARS, &outcome)))
        }
        (Variables::There, Ok(names)) => {
            let shims = names.iter().filter_map(|entry| str::from_utf8(&entry.name).ok());
            let found: Vec<Arc<str>> = shims
                .filter_map(FileName::parse)
                .filter(|file| {
                    file.vendor == Guid::SHIM_LOCK && Request::named(file.name).is_some()
                })
                .map(|file| text(file.name))
                .collect();
            let said =
                if found.is_empty() { "no request waits".to_owned() } else { found.join(", ") };
            Fact::seen(found, looking.evidence(&folder, said))
        }
    }
}

fn sbat_level(looking: &Looking<'_>) -> Fact<Option<Arc<str>>> {
    let firmware = Firmware { looking, variables: Variables::of(looking) };
    let name = Mirror::SbatLevel.name();
    let look = match firmware.table(name) {
        found @ Look::Found { .. } => found,
        Look::Absent(_) | Look::Failed(_) => firmware.variable(name, Guid::SHIM_LOCK),
    };
    match look {
        Look::Found { data, item, .. } => {
            let rows = String::from_utf8_lossy(&data);
            let rows: Vec<&str> = rows.split(['\n', '\0']).filter(|row| !row.is_empty()).collect();
            let level = text(rows.join("; "));
            Fact::seen(Some(level.clone()), looking.evidence(&item, &*level))
        }
        Look::Absent(evidence) => Fact::absent(None, evidence),
        Look::Failed(why) => Fact::unknown(gap(Question::SbatLevel, why)),
    }
}

/// `/sys/module/NAME/taint` of every module that is loaded.
fn marked(looking: &Looking<'_>) -> Fact<Vec<(Arc<str>, Arc<str>)>> {
    let folder = text("sys/module");
    let names = match looking.names(&Item::entries("sys/module")) {
        Ok(names) => names,
        Err(outcome) => return Fact::unknown(gap(Question::Taint, why(&folder, &outcome))),
    };
    let mut marked = Vec::new();
    for name in names.iter().filter_map(|entry| str::from_utf8(&entry.name).ok()) {
        let item = Item::file(format!("sys/module/{name}/taint"));
        let Ok(letters) = looking.bytes(&item, 64) else { continue };
        let letters = String::from_utf8_lossy(letters.trim_ascii()).into_owned();
        if !letters.is_empty() {
            marked.push((text(name), text(letters)));
        }
    }
    if marked.is_empty() && names.is_empty() {
        return Fact::unknown(gap(Question::Taint, Why::OutOfReach(folder)));
    }
    let said = format!("{} modules carry marks", marked.len());
    Fact::seen(marked, looking.evidence(&folder, said))
}
