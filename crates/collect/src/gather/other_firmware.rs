//! Secure Boot of machines without UEFI: Power's device tree, and how IBM Z was loaded.
//!
//! Sources: `arch/powerpc/kernel/secure_boot.c` `is_ppc_secureboot_enabled`; skiboot, `libstb/secureboot.c` (the node
//! is `/ibm,secureboot`); `arch/s390/kernel/ipl.c` `ipl_secure_show`.

use loadworthy_core::fact::Fact;
use loadworthy_core::proof::{Question, Why, gap, text};

use super::looking::{Looking, why};
use crate::item::{DEVICE_TREE, IPL, Item};
use crate::sighting::Outcome;

/// Bytes that one of these files may have.
const WORD: usize = 4096;

/// Whether Power's firmware asks for it: on OpenPOWER by a property without a value, on PowerVM by a number above 1
/// (1: it only audits).
pub(super) fn power(looking: &Looking<'_>) -> Fact<bool> {
    let enforcing = format!("{DEVICE_TREE}/ibm,secureboot/os-secureboot-enforcing");
    if let Some(fact) = read(looking, &enforcing, |_| Some(true)) {
        return fact;
    }
    let mode = |bytes: &[u8]| Some(u32::from_be_bytes(bytes.try_into().ok()?) > 1);
    read(looking, &format!("{DEVICE_TREE}/ibm,secure-boot"), mode)
        .unwrap_or_else(|| without(looking, DEVICE_TREE))
}

/// Whether IBM Z loaded the kernel securely.
pub(super) fn z(looking: &Looking<'_>) -> Fact<bool> {
    let digit = |bytes: &[u8]| match bytes.trim_ascii() {
        b"0" => Some(false),
        b"1" => Some(true),
        _ => None,
    };
    read(looking, &format!("{IPL}/secure"), digit).unwrap_or_else(|| without(looking, IPL))
}

/// What a file says; `None`: there is none.
fn read(
    looking: &Looking<'_>,
    path: &str,
    ask: impl Fn(&[u8]) -> Option<bool>,
) -> Option<Fact<bool>> {
    let item = Item::file(path);
    Some(match looking.bytes(&item, WORD) {
        Ok(bytes) => match ask(&bytes) {
            Some(on) => {
                Fact::seen(on, looking.evidence(&text(path), if on { "on" } else { "off" }))
            }
            None => unknown(Why::Broken(text(path), text("neither on nor off"))),
        },
        Err(Outcome::Absent | Outcome::OutOfReach) => return None,
        Err(outcome) => unknown(why(path, &outcome)),
    })
}

/// Without the file: off, where its folder is there to hold it.
fn without(looking: &Looking<'_>, folder: &str) -> Fact<bool> {
    match looking.names(&Item::entries(folder)) {
        Ok(_) => Fact::absent(false, looking.evidence(&text(folder), "")),
        Err(outcome) => unknown(why(folder, &outcome)),
    }
}

fn unknown(why: Why) -> Fact<bool> {
    Fact::unknown(gap(Question::SecureBoot, why))
}

#[cfg(test)]
mod tests {
    use super::{power, z};
    use crate::gather::host::{Host, opened, value};
    use loadworthy_core::proof::Why;

    const TREE: &str = "sys/firmware/devicetree/base";

    /// The values are those of `is_ppc_secureboot_enabled` and `ipl_secure_show`.
    #[test]
    fn each_firmware_says_it_in_its_own_place() {
        for (number, on) in [(0, false), (1, false), (2, true), (3, true)] {
            let host = Host::new().with(&format!("{TREE}/ibm,secure-boot"), [0, 0, 0, number]);
            assert_eq!(value(&power(&host.looking())), on, "{number}");
        }
        let node = Host::new().with(&format!("{TREE}/ibm,secureboot/os-secureboot-enforcing"), "");
        assert!(value(&power(&node.looking())));
        assert!(!value(&power(&Host::new().with_folder(TREE).looking())));
        for (word, on) in [("0\n", false), ("1\n", true)] {
            assert_eq!(value(&z(&Host::new().with("sys/firmware/ipl/secure", word).looking())), on);
        }
    }

    #[test]
    fn without_a_tree_nothing_is_known() {
        let host = Host::new().with("etc/os-release", "");
        assert!(matches!(
            opened(&power(&host.looking())),
            Err(Why::OutOfReach(_) | Why::Missing(_))
        ));
        assert!(matches!(opened(&z(&host.looking())), Err(Why::OutOfReach(_) | Why::Missing(_))));
    }
}
