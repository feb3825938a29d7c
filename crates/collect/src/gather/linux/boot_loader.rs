//! The programs that choose a kernel, and what they go by → facts.

mod variables;
mod programs;
mod grub;
mod entries;
pub mod images;

use loadworthy_core::fact::Fact;
use loadworthy_core::facts::boot_loader::BootLoaderFacts;
use loadworthy_core::proof::{Question, Why, gap, text};

use super::boot;
use crate::gather::firmware::{Firmware, Variables};
use crate::gather::looking::Looking;
use crate::item::{EFIVARS, Item};
use crate::sighting::Outcome;

/// Where EFI system partitions are mounted; the last is where one file system is both.
pub(super) const PARTITIONS: [&str; 3] = ["boot/efi", "efi", "boot"];

/// Looks at everything that decides which kernel starts next.
#[must_use]
pub fn gather(looking: &Looking<'_>) -> BootLoaderFacts {
    let firmware = Firmware { looking, variables: Variables::of(looking) };
    let boot_next = variables::next(&firmware);
    let boot_order = variables::order(&firmware);
    BootLoaderFacts {
        kexec_loaded: kexec_loaded(looking),
        uefi: uefi(&firmware),
        options: variables::options(&firmware, &boot_next, &boot_order),
        boot_next,
        boot_order,
        programs: programs::gather(looking),
        scripts: grub::scripts(looking),
        environment: grub::environment(looking),
        snippets: grub::snippets(looking),
        entries: entries::gather(looking),
        loader_conf: entries::loader_conf(looking),
        one_shot: variables::loader(&firmware, "LoaderEntryOneShot"),
        default_entry: variables::loader(&firmware, "LoaderEntryDefault"),
        last_booted: variables::loader(&firmware, "LoaderEntryLastBooted"),
        os: boot::distribution(looking),
    }
}

fn uefi(firmware: &Firmware<'_>) -> Fact<bool> {
    let said = "the machine was started by UEFI";
    match &firmware.variables {
        Variables::There => Fact::seen(true, firmware.looking.evidence(&text(EFIVARS), said)),
        Variables::None(evidence) => Fact::absent(false, evidence.clone()),
        Variables::Hidden(why) => Fact::unknown(gap(Question::BootEntry, why.clone())),
    }
}

/// Kernels without `kexec` have no such file.
fn kexec_loaded(looking: &Looking<'_>) -> Fact<bool> {
    let item = Item::file("sys/kernel/kexec_loaded");
    let name = text(item.to_string());
    match looking.bytes(&item, 16) {
        Ok(bytes) => {
            let said = String::from_utf8_lossy(&bytes).trim().to_owned();
            Fact::seen(said == "1", looking.evidence(&name, said))
        }
        Err(Outcome::Absent) => Fact::absent(false, looking.evidence(&name, "")),
        Err(_) => Fact::unknown(gap(Question::BootEntry, Why::OutOfReach(name))),
    }
}

#[cfg(test)]
mod tests;
