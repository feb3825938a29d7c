//! Variables of the firmware's boot manager and of the boot loader interface.

use std::collections::BTreeMap;
use std::sync::Arc;

use loadworthy_core::fact::Fact;
use loadworthy_core::fact::step::Step;
use loadworthy_core::proof::{Evidence, Question, Rule, Why, gap};
use loadworthy_formats::uefi::guid::Guid;
use loadworthy_formats::uefi::load_option::{self, LoadOption};

use crate::gather::firmware::{Firmware, Look};

/// Load options that are looked at; firmware keeps some dozens.
const OPTIONS: usize = 256;

fn read<T>(
    look: Look,
    firmware: &Firmware<'_>,
    value: impl FnOnce(&[u8]) -> (T, String),
) -> Fact<Option<T>> {
    match look {
        Look::Found { data, item, .. } => {
            let (value, said) = value(&data);
            Fact::seen(Some(value), firmware.looking.evidence(&item, said))
        }
        Look::Absent(evidence) => Fact::absent(None, evidence),
        Look::Failed(why) => Fact::unknown(gap(Question::BootEntry, why)),
    }
}

fn numbers(order: &[u16]) -> String {
    order.iter().map(|n| format!("{n:04X}")).collect::<Vec<_>>().join(", ")
}

pub(super) fn next(firmware: &Firmware<'_>) -> Fact<Option<u16>> {
    let look = firmware.variable("BootNext", Guid::GLOBAL_VARIABLE);
    let found = read(look, firmware, |data| {
        let first = load_option::order(data).value.first().copied();
        (first, first.map_or("empty".into(), |n| format!("{n:04X}")))
    });
    found.map(|value| value.flatten())
}

pub(super) fn order(firmware: &Firmware<'_>) -> Fact<Option<Arc<[u16]>>> {
    let look = firmware.variable("BootOrder", Guid::GLOBAL_VARIABLE);
    read(look, firmware, |data| {
        let order = load_option::order(data).value;
        let said = numbers(&order);
        (Arc::from(order), said)
    })
}

/// The options that the boot manager will go through.
pub(super) fn options(
    firmware: &Firmware<'_>,
    next: &Fact<Option<u16>>,
    order: &Fact<Option<Arc<[u16]>>>,
) -> BTreeMap<u16, Fact<Arc<LoadOption>>> {
    static RULE: Rule = Rule { name: "boot/options", source: "UEFI 2.10 §3.3" };
    let mut step = Step::of(&RULE);
    let mut asked: Vec<u16> = step.consult(next).ok().copied().flatten().into_iter().collect();
    if let Ok(Some(order)) = step.consult(order) {
        asked.extend(order.iter().take(OPTIONS));
    }
    asked.into_iter().map(|number| (number, option(firmware, number))).collect()
}

fn option(firmware: &Firmware<'_>, number: u16) -> Fact<Arc<LoadOption>> {
    let unknown = |why| Fact::unknown(gap(Question::BootEntry, why));
    match firmware.variable(&format!("Boot{number:04X}"), Guid::GLOBAL_VARIABLE) {
        Look::Found { data, item, .. } => match load_option::read(&data) {
            Ok(read) => {
                let file = read.value.file().map(|f| format!(": {f}")).unwrap_or_default();
                let said = format!("{}{file}", read.value.description);
                Fact::seen(Arc::new(read.value), firmware.looking.evidence(&item, said))
            }
            Err(error) => unknown(Why::Unreadable(item, error)),
        },
        Look::Absent(Evidence { item, .. }) => unknown(Why::Missing(item)),
        Look::Failed(why) => unknown(why),
    }
}

/// A text of the boot loader interface.
pub(super) fn loader(firmware: &Firmware<'_>, name: &str) -> Fact<Option<Arc<str>>> {
    read(firmware.variable(name, Guid::BOOT_LOADER), firmware, |data| {
        let text = load_option::text(data);
        (Arc::from(text.as_str()), text)
    })
}
