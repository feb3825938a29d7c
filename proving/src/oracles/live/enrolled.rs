//! A key on its whole way: asked for with `key enroll`, confirmed at the screens of the real
//! MokManager, and then a module signed with it by `sign` loads in a real kernel under Secure Boot.

use crate::oracles::live::cases::{self, Case};
use crate::oracles::live::desk::Desk;
use crate::oracles::live::editing::Module;
use crate::oracles::live::machine::{Parts, boot};
use crate::oracles::live::packages::{self, home};
use crate::oracles::live::policies::{Drawn, Policy};
use crate::oracles::live::predicted;
use loadworthy_formats::uefi::guid::Guid;
use loadworthy_rehearse::machine::Machine;
use loadworthy_rehearse::operator::{Key as Stroke, Screen, drive, lines};
use loadworthy_rehearse::store::Store;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;
use xtask::kernels::signed;

/// What is typed at MokManager.
const PASSWORD: &str = "bdfhjlnprt";
/// The longest a start may take.
const PATIENCE: Duration = Duration::from_secs(240);

/// Walks the whole way; whether it came out as it must.
///
/// # Errors
/// When the machine cannot be made, or the program does not do its work.
pub fn run(say: &mut dyn FnMut(&str)) -> Result<bool, String> {
    let kernel = signed("6.12", say)?;
    let firmware = packages::firmware(say)?;
    let desk = Desk::new(home().join("enrolled"))?;
    let root = desk.at("root");
    predicted::kernel(&kernel, &root)?;
    let shim = desk.read(&firmware.shim)?;
    let policy =
        Policy::named("sb-on-nomok")?.draw(&desk.read(&firmware.variables)?, &shim, &[], &[])?;
    predicted::policy(&policy, &root)?;
    desk.key("modules")?;
    let certificate = desk.read("modules.der")?;
    desk.put("vars.fd", &policy.store)?;
    desk.put("password", PASSWORD.as_bytes())?;

    let announced = desk.run(
        "key enroll modules.der --store vars.fd -o asked.fd --request --password-file password --json",
        0,
    )?;
    let disk = BTreeMap::from([
        ("EFI/BOOT/BOOTX64.EFI".to_owned(), shim),
        ("EFI/BOOT/mmx64.efi".to_owned(), desk.read(packages::manager(say)?)?),
        ("EFI/BOOT/grubx64.efi".to_owned(), desk.read(&firmware.grub)?),
    ]);
    let machine = Machine {
        code: firmware.code.clone(),
        store: desk.read("asked.fd")?,
        disk,
        memory: 256,
        direct: None,
    };
    let at = desk.at("manager");
    fs::create_dir_all(&at).map_err(|e| e.to_string())?;
    let screens = screens();
    let driven = drive(&at, &machine, &screens, PATIENCE)?;
    let store = Store::open(&driven.store)?;
    let list = store.get("MokList", Guid::SHIM_LOCK).unwrap_or_default();
    let drawn = lines(&desk.read("manager/console")?);
    if let Some(line) = missing(&announced, &drawn)? {
        say(&format!("MokManager never showed {line:?}; it showed {drawn:?}"));
        return Ok(false);
    }
    let there = list.windows(certificate.len()).any(|part| part == certificate);
    let gone = store.get("MokNew", Guid::SHIM_LOCK).is_none();
    say(&format!(
        "MokManager: {} of {} screens, enrolled {there}, request gone {gone}",
        driven.screens,
        screens.len()
    ));
    if !(there && gone) {
        say(&format!("  {}", driven.console));
        return Ok(false);
    }

    let plain = Module::unsigned(&cases::shipped(&kernel, "crc-itu-t")?).bytes;
    desk.put("crc-itu-t.ko", &plain)?;
    let sign =
        "sign crc-itu-t.ko --key modules.key --cert modules.der --log log -o signed.ko --root root";
    desk.run(&format!("{sign} --kernel {} --assume enroll=modules.der", kernel.release), 0)?;
    let case = |name: &str, bytes: Vec<u8>| Case {
        name: name.into(),
        how: name.into(),
        bytes,
        ..Case::default()
    };
    let cases = [case("signed", desk.read("signed.ko")?), case("unsigned", plain)];
    let parts = Parts {
        firmware,
        kernel: kernel.root.join(format!("boot/vmlinuz-{}", kernel.release)),
        autoload: predicted::autoload(&root, &kernel.release)?,
    };
    let drawn = Drawn { store: driven.store, ..policy };
    let booted = boot(&parts, &drawn, &[&cases[0], &cases[1]], PATIENCE)?;
    let errno = |name: &str| booted.heard.iter().find(|h| h.case == name).map(|h| h.errno);
    let letters = booted.heard.iter().find(|h| h.case == "signed").map(|h| h.mod_taint.as_str());
    let (loaded, refused) = (errno("signed"), errno("unsigned"));
    say(&format!(
        "{} under Secure Boot: signed {loaded:?} marks {letters:?}, unsigned {refused:?}",
        kernel.release
    ));
    // 129 is EKEYREJECTED.
    Ok(loaded == Some(None) && letters == Some("") && refused == Some(Some(129)))
}

/// The first line that was announced and not drawn in this order.
fn missing(announced: &[u8], drawn: &[String]) -> Result<Option<String>, String> {
    let told: Value = serde_json::from_slice(announced).map_err(|e| e.to_string())?;
    let screens = told["done"]["screens"].as_array().into_iter().flatten();
    let shows = screens.flat_map(|screen| screen["shows"].as_array().into_iter().flatten());
    let mut rest = drawn.iter();
    let mut shows = shows.filter_map(Value::as_str);
    Ok(shows.find(|wanted| !rest.any(|line| line == wanted)).map(str::to_owned))
}

/// The screens that `key enroll` announces, and what it says to type.
fn screens() -> Vec<Screen> {
    let screen = |shows: &str, keys: &[Stroke]| Screen {
        shows: shows.into(),
        keys: keys.to_vec(),
        // It counts down from ten.
        restless: shows == "Press any key",
    };
    let password: Vec<Stroke> = PASSWORD.chars().map(Stroke::Char).chain([Stroke::Enter]).collect();
    vec![
        screen("Press any key", &[Stroke::Enter]),
        screen("Enroll MOK", &[Stroke::Down, Stroke::Enter]),
        screen("View key 0", &[Stroke::Down, Stroke::Enter]),
        screen("Yes", &[Stroke::Down, Stroke::Enter]),
        // The prompt is cut short on its way through the port.
        screen("", &password),
        screen("Reboot", &[Stroke::Enter]),
    ]
}
