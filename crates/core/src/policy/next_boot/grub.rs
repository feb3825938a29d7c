//! The entry that GRUB starts by itself.
//!
//! Sources: GRUB `normal/menu.c` (`get_entry_number`, `menuentry_eq`, `grub_menu_execute_entry`),
//! and the same file of Fedora's GRUB, which looks for identifiers and titles before numbers.

use super::firmware::Starts;
use super::{BootEntry, Chosen, Remark, bare, joined, none, opened, release_of};
use crate::boot_claim::{BootClaim, By, Loader};
use crate::fact::Fact;
use crate::fact::step::{Step, draw};
use crate::facts::boot_loader::BootLoaderFacts;
use crate::proof::{Claim, Gaps, Proof, Rule, Why, text};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use loadworthy_formats::boot::grub::choices::{Boot, Choice, Leads, Menu};
use loadworthy_formats::boot::grub::menu::{Block, Given, menu};
use loadworthy_formats::boot::grub::script::Script;
use loadworthy_formats::limits::Limits;

static RULE: Rule = Rule {
    name: "boot/grub-default",
    source: "GRUB 2.06, normal/menu.c get_entry_number; Fedora's GRUB, get_entry_number_helper",
};

pub(super) fn choose(
    facts: &BootLoaderFacts,
    starts: &Fact<Starts>,
    folder: Option<&str>,
    entries: &mut Vec<Arc<BootEntry>>,
    remarks: &mut Vec<(Remark, Proof)>,
) -> Fact<Chosen> {
    draw(&RULE, |step| {
        step.consult(starts)?;
        let (path, script) = main_script(facts, folder)
            .ok_or_else(|| none(Why::Missing(text("boot/grub/grub.cfg"))))?;
        let script = step.consult(script)?;
        let menu = shown(facts, script, step)?;
        collect(&menu, path, &mut Vec::new(), entries);
        let Some(default) = menu.default.as_deref() else {
            // A script that reads the environment block leaves it to what stands there.
            step.consult(&facts.environment)?;
            return Err(none(Why::Broken(path.clone(), text(told(&menu)))));
        };
        if menu.choices.is_empty() {
            return Err(none(Why::Broken(path.clone(), text(told(&menu)))));
        }
        let numbers_last = counts_last(facts, &menu);
        let found = pick(&menu, default, numbers_last);
        let mut several = !found.sure;
        if numbers_last.is_none() {
            several |= pick(&menu, default, Some(true)).path != found.path;
        }
        let by = if menu.once {
            By::NextEntry
        } else if default.is_empty() || found.fell_back {
            By::First
        } else {
            By::Default
        };
        let (title, id) = (joined(&found.titles), joined(&found.path));
        if several {
            let claim = Claim::Boot(BootClaim::OtherReading(text(default)));
            remarks.push((Remark::Several, remark(facts, claim)));
        }
        let entry = match found.boot {
            Some(boot) => Arc::new(entry(boot, title.clone(), id, path)),
            None => {
                let claim = Claim::Boot(BootClaim::OtherSystemFirst(title));
                remarks.push((Remark::OtherFirst, remark(facts, claim)));
                let first = entries.first().cloned();
                first.ok_or_else(|| none(Why::Missing(text("an entry that starts a kernel"))))?
            }
        };
        let title = entry.title.clone();
        let claim = BootClaim::EntryChosen { loader: Loader::Grub, title, by };
        Ok((Chosen { entry, by }, Claim::Boot(claim)))
    })
}

fn remark(facts: &BootLoaderFacts, claim: Claim) -> Proof {
    let mut step = Step::of(&RULE);
    for (_, script) in &facts.scripts {
        let _ = step.consult(script);
    }
    step.concludes(claim)
}

fn told(menu: &Menu) -> String {
    menu.doubts.first().cloned().unwrap_or_else(|| "shows no menu".into())
}

type Named<'f> = (&'f Arc<str>, &'f Fact<Arc<Script>>);

/// The script GRUB reads first: beside it on the EFI system partition, else its own folder's.
fn main_script<'f>(facts: &'f BootLoaderFacts, folder: Option<&str>) -> Option<Named<'f>> {
    let all = || facts.scripts.iter().map(|(path, script)| (path, script));
    let beside = folder.and_then(|folder| {
        let tail = alloc::format!("{folder}/grub.cfg").to_ascii_lowercase();
        all().find(|(path, _)| path.to_ascii_lowercase().ends_with(&tail))
    });
    let named = |wanted: &str| all().find(|(path, _)| &***path == wanted);
    beside
        .or_else(|| named("boot/grub2/grub.cfg"))
        .or_else(|| named("boot/grub/grub.cfg"))
        .or_else(|| all().find(|(path, _)| path.ends_with("/grub.cfg")))
}

/// The menu, with everything that it rests on written down.
fn shown(facts: &BootLoaderFacts, script: &Script, step: &mut Step) -> Result<Menu, Gaps> {
    let scripts: Vec<(String, Script)> = facts
        .scripts
        .iter()
        .filter_map(|(path, script)| {
            Some((String::from(&**path), (**opened(script).ok()?).clone()))
        })
        .collect();
    let environment = step.consult(&facts.environment).cloned();
    let block = match &environment {
        Ok(Some(environment)) => Block::Read(environment),
        Ok(None) => Block::Absent,
        Err(_) => Block::Unseen,
    };
    let platform = opened(&facts.uefi).ok().map(|uefi| if *uefi { "efi" } else { "pc" });
    let snippets = opened(&facts.snippets).ok();
    let given =
        Given { platform, environment: block, scripts: &scripts, snippets: snippets.map(|s| &**s) };
    let menu = menu(script, &given, &Limits::DEFAULT);
    if menu.takes_snippets {
        step.consult(&facts.snippets)?;
    }
    Ok(menu)
}

/// Whether this GRUB looks for identifiers and titles before it takes a value for a number;
/// `None`: not known, and numbers come first as upstream has it.
fn counts_last(facts: &BootLoaderFacts, menu: &Menu) -> Option<bool> {
    const FEDORA: [&str; 8] =
        ["fedora", "rhel", "centos", "rocky", "almalinux", "ol", "amzn", "openEuler"];
    const UPSTREAM: [&str; 8] = [
        "debian",
        "ubuntu",
        "linuxmint",
        "proxmox",
        "opensuse-leap",
        "opensuse-tumbleweed",
        "sles",
        "arch",
    ];
    match opened(&facts.os).ok().and_then(Option::as_deref) {
        Some(id) if FEDORA.contains(&id) => Some(true),
        Some(id) if UPSTREAM.contains(&id) => Some(false),
        _ if menu.takes_snippets => Some(true),
        _ => None,
    }
}

/// What was picked.
struct Picked<'m> {
    titles: Vec<String>,
    path: Vec<String>,
    boot: Option<&'m Boot>,
    /// Whether all of the way is there whatever cannot be told.
    sure: bool,
    /// Nothing was named so, and the first entry was taken.
    fell_back: bool,
}

fn pick<'m>(menu: &'m Menu, default: &str, numbers_last: Option<bool>) -> Picked<'m> {
    let mut picked =
        Picked { titles: Vec::new(), path: Vec::new(), boot: None, sure: true, fell_back: false };
    let (mut menu, mut wanted) = (menu, default);
    loop {
        let at = index(menu, wanted, numbers_last.unwrap_or(false));
        let at = at.filter(|at| *at < menu.choices.len()).unwrap_or_else(|| {
            picked.fell_back |= picked.path.is_empty();
            0
        });
        let before = menu.choices.iter().take(at.saturating_add(1));
        picked.sure &= before.clone().all(|choice| choice.sure);
        let Some(choice) = menu.choices.get(at) else { return picked };
        picked.titles.push(choice.title.clone());
        picked.path.push(choice.id.clone());
        match &choice.leads {
            Leads::Kernel(boot) => {
                picked.boot = Some(boot);
                return picked;
            }
            Leads::Elsewhere(_) => return picked,
            Leads::Menu(inner) => {
                menu = inner;
                wanted = behind(wanted);
            }
        }
    }
}

/// What follows the first `>`; `>>` stands for the character itself.
fn behind(wanted: &str) -> &str {
    let mut rest = wanted;
    while let Some((_, after)) = rest.split_once('>') {
        match after.strip_prefix('>') {
            Some(after) => rest = after,
            None => return after,
        }
    }
    ""
}

fn index(menu: &Menu, wanted: &str, numbers_last: bool) -> Option<usize> {
    let is = |name: &str| names(name, wanted);
    let position = |of: fn(&Choice) -> &str| menu.choices.iter().position(|c| is(of(c)));
    if numbers_last {
        let first = wanted.split(char::is_whitespace).next().unwrap_or_default();
        let by_id = menu.choices.iter().position(|c| names(&c.id, wanted) || names(&c.id, first));
        let whole = || {
            let (number, rest) = leading_number(wanted)?;
            rest.chars().next().is_none_or(|c| c.is_whitespace() || c == '>').then_some(number)
        };
        return by_id.or_else(|| position(|c| &c.title)).or_else(whole);
    }
    match leading_number(wanted) {
        Some((number, _)) => Some(number),
        None => menu.choices.iter().position(|c| is(&c.title) || is(&c.id)),
    }
}

/// Whether `name` is what `wanted` names up to its first single `>`.
fn names(name: &str, wanted: &str) -> bool {
    let (mut name, mut wanted) = (name.chars(), wanted.chars().peekable());
    loop {
        match wanted.next() {
            None => return name.next().is_none(),
            Some('>') if wanted.peek() != Some(&'>') => return name.next().is_none(),
            Some('>') => {
                wanted.next();
                if name.next() != Some('>') {
                    return false;
                }
            }
            Some(c) => {
                if name.next() != Some(c) {
                    return false;
                }
            }
        }
    }
}

/// The number that `strtoul` with base 0 finds, and what follows it.
fn leading_number(text: &str) -> Option<(usize, &str)> {
    let text = text.trim_start();
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let (digits, radix) = match hex {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_hexdigit()) => (rest, 16),
        _ if text.starts_with('0') => (text, 8),
        _ => (text, 10),
    };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let (number, rest) = digits.split_at_checked(end)?;
    Some((usize::from_str_radix(number, radix).ok()?, rest))
}

fn entry(boot: &Boot, title: Arc<str>, id: Arc<str>, file: &Arc<str>) -> BootEntry {
    BootEntry {
        loader: Loader::Grub,
        title,
        id,
        file: file.clone(),
        kernel: bare(&boot.kernel),
        initrds: boot.initrds.iter().map(|path| bare(path)).collect(),
        options: boot.sure.then(|| text(boot.options.as_str())),
        release: release_of(&boot.kernel),
        tries_left: None,
    }
}

/// Every entry that starts a kernel, submenus after one another.
fn collect(
    menu: &Menu,
    file: &Arc<str>,
    path: &mut Vec<(String, String)>,
    into: &mut Vec<Arc<BootEntry>>,
) {
    for choice in &menu.choices {
        path.push((choice.title.clone(), choice.id.clone()));
        match &choice.leads {
            Leads::Menu(inner) => collect(inner, file, path, into),
            Leads::Kernel(boot) => {
                let titles: Vec<String> = path.iter().map(|(title, _)| title.clone()).collect();
                let ids: Vec<String> = path.iter().map(|(_, id)| id.replace('>', ">>")).collect();
                into.push(Arc::new(entry(boot, joined(&titles), joined(&ids), file)));
            }
            Leads::Elsewhere(_) => {}
        }
        path.pop();
    }
}
