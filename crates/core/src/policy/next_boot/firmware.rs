//! What the firmware's boot manager starts.
//!
//! Sources: UEFI 2.10, §3.1 (Firmware Boot Manager), §3.5.1.1 (removable media); shim 16.1,
//! `shim.c` (`set_second_stage`, load options).

use super::{Remark, none, opened};
use crate::boot_claim::{BootClaim, By, Loader};
use crate::fact::Fact;
use crate::fact::step::{Step, draw};
use crate::facts::boot_loader::{BootLoaderFacts, Program, Role};
use crate::proof::{Claim, Gaps, Proof, Rule, Why, text};
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use loadworthy_formats::uefi::load_option::LoadOption;

/// What chooses the kernel.
#[derive(Clone, Debug)]
pub(super) struct Starts {
    pub(super) loader: Loader,
    /// The folder of the program on the EFI system partition.
    pub(super) folder: Option<String>,
    /// The load option's name.
    pub(super) name: Arc<str>,
    /// The programs that run one after the other, by their paths on the EFI system partition.
    pub(super) programs: Vec<Arc<str>>,
    pub(super) by: By,
}

pub(super) fn starts(facts: &BootLoaderFacts, remarks: &mut Vec<(Remark, Proof)>) -> Fact<Starts> {
    let asked = ordered(facts, remarks);
    // What is missing is then what would tell which loader is installed.
    if opened(&asked).is_ok() { asked } else { found(facts, remarks) }
}

/// By `BootNext` and `BootOrder`.
fn ordered(facts: &BootLoaderFacts, remarks: &mut Vec<(Remark, Proof)>) -> Fact<Starts> {
    static RULE: Rule =
        Rule { name: "boot/firmware-order", source: "UEFI 2.10 §3.1.1 Boot Manager Programming" };
    draw(&RULE, |step| {
        let next = *step.consult(&facts.boot_next)?;
        let order = step.consult(&facts.boot_order)?.clone();
        let listed = order.iter().flat_map(|o| o.iter().copied());
        let numbers = next.map(|n| (n, By::BootNext)).into_iter();
        for (number, by) in numbers.chain(listed.map(|n| (n, By::BootOrder))) {
            let missing = || none(Why::Missing(text(format!("Boot{number:04X}"))));
            let Some(option) = facts.options.get(&number) else { return Err(missing()) };
            // One that is not there, or that cannot be read, the firmware passes over as well.
            let Ok(option) = opened(option) else { continue };
            if !option.active && by == By::BootOrder {
                continue;
            }
            match started(facts, option)? {
                Some((loader, programs)) => {
                    step.consult(facts.options.get(&number).ok_or_else(missing)?)?;
                    let name = text(option.description.as_str());
                    let file = programs.first().cloned().unwrap_or_else(|| text(""));
                    let folder = file.rsplit_once('/').map(|(folder, _)| folder.into());
                    let claim = BootClaim::FirmwareStarts { option: name.clone(), file, by };
                    let starts = Starts { loader, folder, name, programs, by };
                    return Ok((starts, Claim::Boot(claim)));
                }
                None => passed(facts, number, option, remarks),
            }
        }
        Err(none(Why::Missing(text("a load option that starts a boot loader"))))
    })
}

/// An option that stands before and leads elsewhere.
fn passed(
    facts: &BootLoaderFacts,
    number: u16,
    option: &LoadOption,
    remarks: &mut Vec<(Remark, Proof)>,
) {
    static RULE: Rule =
        Rule { name: "boot/firmware-order", source: "UEFI 2.10 §3.1.1 Boot Manager Programming" };
    // Menus inside the firmware are no system.
    if option.file().is_none() && !option.is_network() {
        return;
    }
    let mut step = Step::of(&RULE);
    if let Some(fact) = facts.options.get(&number)
        && step.consult(fact).is_ok()
    {
        let name = text(option.description.as_str());
        let claim = Claim::Boot(BootClaim::OtherSystemFirst(name));
        remarks.push((Remark::OtherFirst, step.concludes(claim)));
    }
}

/// A loader, and the programs that lead to it.
type Led = (Loader, Vec<Arc<str>>);

/// What an option leads to; `None`: to nothing that starts a kernel of this system.
fn started(facts: &BootLoaderFacts, option: &LoadOption) -> Result<Option<Led>, Gaps> {
    let Some(file) = option.file() else { return Ok(None) };
    let (role, path) = role_of(facts, &file)?;
    let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
    Ok(match role {
        None | Some(Role::Other) => None,
        Some(Role::Grub) => Some((Loader::Grub, vec![path])),
        Some(Role::SystemdBoot) => Some((Loader::SystemdBoot, vec![path])),
        Some(Role::Unified(_)) => Some((Loader::Firmware, vec![path])),
        Some(Role::Shim) => {
            let second = second_stage(folder, &path, option);
            let (role, second) = role_of(facts, &second)?;
            let loader = match role {
                Some(Role::SystemdBoot) => Loader::SystemdBoot,
                Some(Role::Unified(_)) => Loader::Firmware,
                _ => Loader::Grub,
            };
            Some((loader, vec![path, second]))
        }
    })
}

/// What shim starts: the file its load options name, else GRUB beside it.
fn second_stage(folder: &str, shim: &str, option: &LoadOption) -> String {
    let named = option.data_text().map(|t| t.replace('\\', "/"));
    let named = named.filter(|t| t.to_ascii_lowercase().ends_with(".efi"));
    match named {
        Some(named) if named.starts_with('/') => named.trim_start_matches('/').into(),
        Some(named) => format!("{folder}/{named}"),
        None => {
            let name = shim.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
            let arm = name.contains("aa64");
            format!("{folder}/grub{}.efi", if arm { "aa64" } else { "x64" })
        }
    }
}

/// What a file is, and its path as it is written on the partition. Where the partition was seen the
/// file tells; where it was not, its name does.
fn role_of(facts: &BootLoaderFacts, file: &str) -> Result<(Option<Role>, Arc<str>), Gaps> {
    let mut step = Step::of(&super::LOOK);
    match step.find(&facts.programs, |p: &Program| p.path.eq_ignore_ascii_case(file)) {
        Ok(Some(program)) => Ok((Some(program.role.clone()), program.path.clone())),
        Ok(None) => Ok((None, text(file))),
        Err(gaps) => {
            let name = file.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
            let role = match name.as_str() {
                n if n.starts_with("shim") => Role::Shim,
                n if n.starts_with("grub") => Role::Grub,
                n if n.starts_with("systemd-boot") => Role::SystemdBoot,
                n if n.starts_with("bootmgfw") => Role::Other,
                // Whatever is behind this name was not seen.
                _ => return Err(gaps),
            };
            Ok((Some(role), text(file)))
        }
    }
}

/// By what is installed, where the firmware does not tell.
fn found(facts: &BootLoaderFacts, remarks: &mut Vec<(Remark, Proof)>) -> Fact<Starts> {
    static RULE: Rule =
        Rule { name: "boot/loader-found", source: "GRUB manual, grub.cfg; loader.conf(5)" };
    let programs = || facts.programs.items().iter();
    let systemd = programs()
        .find(|p| opened(p).is_ok_and(|p| p.role == Role::SystemdBoot))
        .map(|p| p.map(|_| ()))
        .or_else(|| {
            let there = opened(&facts.loader_conf).is_ok_and(Option::is_some);
            there.then(|| facts.loader_conf.map(|_| ()))
        });
    let grub = facts.scripts.first().map(|(_, script)| script.map(|_| ()));
    let starts = |loader, programs: Vec<Arc<str>>| Starts {
        loader,
        folder: None,
        name: text(""),
        programs,
        by: By::First,
    };
    let drawn = |loader, because: &Fact<()>, programs: Vec<Arc<str>>| {
        draw(&RULE, |step| {
            step.consult(because)?;
            Ok((starts(loader, programs), Claim::Boot(BootClaim::LoaderFound(loader))))
        })
    };
    let installed = |wanted: &[fn(&Role) -> bool]| -> Vec<Arc<str>> {
        let find = |is: &fn(&Role) -> bool| {
            programs().filter_map(|p| opened(p).ok()).find(|p| is(&p.role)).map(|p| p.path.clone())
        };
        wanted.iter().filter_map(find).collect()
    };
    match (grub, systemd) {
        (Some(grub), other) => {
            if let Some(other) = other {
                let mut step = Step::of(&RULE);
                if step.consult(&other).is_ok() {
                    let claim = BootClaim::OtherReading(text(Loader::SystemdBoot.name()));
                    remarks.push((Remark::Several, step.concludes(Claim::Boot(claim))));
                }
            }
            let chain = installed(&[|r| *r == Role::Shim, |r| *r == Role::Grub]);
            drawn(Loader::Grub, &grub, chain)
        }
        (None, Some(systemd)) => {
            drawn(Loader::SystemdBoot, &systemd, installed(&[|r| *r == Role::SystemdBoot]))
        }
        (None, None) => {
            let mut images =
                programs().filter(|p| opened(p).is_ok_and(|p| matches!(p.role, Role::Unified(_))));
            match (images.next(), images.next()) {
                (Some(one), None) => {
                    let path: Vec<Arc<str>> =
                        opened(one).ok().map(|p| p.path.clone()).into_iter().collect();
                    drawn(Loader::Firmware, &one.map(|_| ()), path)
                }
                _ => Fact::unknown(none(Why::Missing(text("boot/grub/grub.cfg")))),
            }
        }
    }
}
