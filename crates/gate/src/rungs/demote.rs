//! Another kernel is made the default; the one that is held back stays installed and in the menu.
//!
//! Sources: GRUB manual, *Simple configuration* (`GRUB_DEFAULT`) and *Environment block* (1024 bytes,
//! `#` behind); Debian's `grub-mkconfig` (`/etc/default/grub.d/*.cfg` after `/etc/default/grub`);
//! loader.conf(5) (`default`); grubby, `--set-default` (`saved_entry` is the identifier of an entry).
//! Variables of the firmware are left alone, so what needs one is told and not done.

use std::io;

use loadworthy_core::boot_claim::Loader;
use loadworthy_formats::boot::entry as boot_entry;
use loadworthy_formats::boot::grub::environment;

use super::start;
use crate::ground::Ground;
use crate::look::{Entry, Looked};
use crate::state::{Demotion, How};

const DEFAULTS: &str = "etc/default/grub.d";
const SNIPPET: &str = "etc/default/grub.d/zz-loadworthy.cfg";
const MKCONFIG: [&str; 2] = ["usr/sbin/grub-mkconfig", "usr/sbin/grub2-mkconfig"];
const ENVIRONMENTS: [&str; 2] = ["boot/grub2/grubenv", "boot/grub/grubenv"];
const SCRIPTS: [&str; 2] = ["boot/grub2/grub.cfg", "boot/grub/grub.cfg"];
const SAVED: &str = "saved_entry";
const NEXT: &str = "next_entry";

/// Whether somebody else writes GRUB's menu anew right after us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Menu {
    /// A later hook of the same transaction.
    WrittenLater,
    /// Nobody: it is done here.
    WriteNow,
}

/// How `release` would be made the default; nothing is changed yet.
///
/// # Errors
/// A sentence, where that cannot be done.
pub fn plan(ground: &Ground, looked: &Looked, release: &str) -> Result<Demotion, String> {
    let entry = entry(&looked.entries, release)
        .ok_or_else(|| format!("{release} has no entry of its own in the boot loader"))?;
    let how = match entry.loader {
        Loader::Grub => grub(ground, entry)?,
        Loader::SystemdBoot => loader_conf(ground, entry)?,
        Loader::Firmware => {
            return Err("the firmware itself starts the kernel, and its variables are left alone"
                .to_owned());
        }
    };
    Ok(Demotion { instead: release.to_owned(), how })
}

/// Does what was planned, and was written down by now.
///
/// # Errors
/// A sentence, where that fails; [`undo`] then takes back what was done of it.
pub fn apply(ground: &Ground, how: &How, menu: Menu) -> Result<(), String> {
    let told = |path: &str, e: io::Error| format!("/{path}: {e}");
    match how {
        How::GrubSnippet { path, entry, .. } => {
            let text = format!(
                "# Written by loadworthy, and taken away when the newer kernel is loadworthy again.\n\
                 # See: loadworthy gate status\nGRUB_DEFAULT='{entry}'\n"
            );
            ground.make_folder(DEFAULTS).map_err(|e| told(path, e))?;
            ground.write(path, text.as_bytes(), 0o644).map_err(|e| told(path, e))?;
            if menu == Menu::WriteNow { write_menu(ground) } else { Ok(()) }
        }
        How::GrubEnvironment { path, after, .. } => {
            set(ground, path, SAVED, Some(after)).map_err(|e| told(path, e))
        }
        How::LoaderConf { path, after, .. } => {
            ground.write(path, after.as_bytes(), 0o644).map_err(|e| told(path, e))
        }
        How::GrubOnce { path, entry } => {
            set(ground, path, NEXT, Some(entry)).map_err(|e| told(path, e))
        }
        How::Counted { path, counted } => ground.rename(path, counted).map_err(|e| told(path, e)),
    }
}

/// The entry is asked for at the next boot only; nothing is changed yet.
///
/// # Errors
/// A sentence, where GRUB's menu or its block of variables cannot do that.
pub fn once(ground: &Ground, id: &str) -> Result<How, String> {
    let script = SCRIPTS.iter().find_map(|path| ground.text(path)).unwrap_or_default();
    if !script.contains(NEXT) {
        return Err("GRUB's menu does not ask for next_entry".to_owned());
    }
    let path = ENVIRONMENTS.iter().find(|path| ground.is_there(path));
    let path = path.ok_or("GRUB takes its wishes from grubenv, which is not there")?;
    Ok(How::GrubOnce { path: (*path).to_owned(), entry: id.to_owned() })
}

/// The entry of systemd-boot gets one boot to show that it works; nothing is changed yet.
///
/// # Errors
/// A sentence, where it has a counter already, or `loader.conf` names an entry whatever counters say.
pub fn counted(ground: &Ground, entry: &Entry) -> Result<How, String> {
    let (folder, name) = entry.file.rsplit_once('/').ok_or("no file of the entry")?;
    let stem = name.strip_suffix(".conf").ok_or("the entry is no file of its own")?;
    // `+` stands in releases, too (`6.12.48+deb13-amd64`).
    if boot_entry::counted(name).1.is_some() {
        return Err(format!("the entry {name} has a counter already"));
    }
    let conf = format!("{}/loader.conf", folder.trim_end_matches("/entries"));
    let fixed = ground.text(&conf).unwrap_or_default();
    let is_default = |line: &str| line.split_whitespace().next() == Some("default");
    if fixed.lines().any(is_default) {
        return Err(format!("/{conf} names the default, so a counter decides nothing"));
    }
    Ok(How::Counted { path: entry.file.clone(), counted: format!("{folder}/{stem}+1.conf") })
}

/// The entry that names this kernel and nothing else: not the first one of the menu, which is that of
/// whichever kernel is newest, and not the one for repairs.
pub(crate) fn entry<'e>(entries: &'e [Entry], release: &str) -> Option<&'e Entry> {
    let own = |e: &&Entry| e.release == release && !e.id.contains("recovery");
    let named = |e: &&Entry| e.loader != Loader::Grub || e.id.contains(release);
    entries.iter().filter(own).find(named)
}

fn grub(ground: &Ground, entry: &Entry) -> Result<How, String> {
    let script = SCRIPTS.iter().find_map(|path| ground.text(path)).unwrap_or_default();
    // What decides is what the menu was written with: a saved entry, or a fixed one.
    if script.contains("default=\"${saved_entry}\"") || script.contains("blscfg") {
        return saved(ground, &entry.id);
    }
    let mkconfig = MKCONFIG.iter().find_map(|path| ground.text(path)).unwrap_or_default();
    if !mkconfig.contains("default/grub.d") {
        return Err("GRUB's menu has a fixed default, and grub-mkconfig reads no \
                    /etc/default/grub.d; set GRUB_DEFAULT=saved"
            .to_owned());
    }
    if entry.id.contains(['\'', '\n', '\\']) {
        return Err(format!("the entry {} cannot be written down for a shell", entry.id));
    }
    let folder_made = !ground.is_folder(DEFAULTS);
    Ok(How::GrubSnippet { path: SNIPPET.to_owned(), entry: entry.id.clone(), folder_made })
}

/// Has GRUB's menu written anew.
fn write_menu(ground: &Ground) -> Result<(), String> {
    if ground.is_there("usr/sbin/update-grub") {
        return start(ground, "update-grub", &[]);
    }
    let program =
        if ground.is_there("usr/sbin/grub2-mkconfig") { "grub2-mkconfig" } else { "grub-mkconfig" };
    let script = SCRIPTS.iter().find(|path| ground.is_there(path)).unwrap_or(&SCRIPTS[1]);
    start(ground, program, &["-o", &format!("/{script}")])
}

fn saved(ground: &Ground, id: &str) -> Result<How, String> {
    let path = ENVIRONMENTS
        .iter()
        .find(|path| ground.is_there(path))
        .ok_or("GRUB takes its default from grubenv, which is not there")?;
    let before = variable(ground, path, SAVED);
    Ok(How::GrubEnvironment { path: (*path).to_owned(), before, after: id.to_owned() })
}

fn variable(ground: &Ground, path: &str, name: &str) -> Option<String> {
    let bytes = ground.read(path).ok()??;
    let read = environment::read(&bytes).ok()?;
    read.value.get(name).map(str::to_owned)
}

/// Sets or takes away a variable, in a block of the same length.
fn set(ground: &Ground, path: &str, name: &str, id: Option<&str>) -> io::Result<()> {
    let bytes = ground.read(path)?.ok_or(io::ErrorKind::NotFound)?;
    let text = String::from_utf8(bytes.clone()).map_err(|_| io::ErrorKind::InvalidData)?;
    let own = format!("{name}=");
    let mut lines: Vec<String> = text
        .trim_end_matches('#')
        .lines()
        .filter(|line| !line.starts_with(&own))
        .map(str::to_owned)
        .collect();
    lines.extend(id.map(|id| format!("{own}{}", id.replace('\\', "\\\\").replace('\n', "\\\n"))));
    let mut block = lines.join("\n") + "\n";
    if block.len() > bytes.len() {
        return Err(io::ErrorKind::StorageFull.into());
    }
    block.extend(std::iter::repeat_n('#', bytes.len() - block.len()));
    // GRUB writes it by its blocks, so it keeps its place on the disk.
    ground.overwrite(path, block.as_bytes())
}

fn loader_conf(ground: &Ground, entry: &Entry) -> Result<How, String> {
    let folder = entry.file.split("/loader/").next().filter(|f| *f != entry.file);
    let path = format!("{}/loader/loader.conf", folder.ok_or("no loader.conf beside the entry")?);
    let before = ground.text(&path).ok_or_else(|| format!("/{path} cannot be read"))?;
    let is_default = |line: &&str| line.split_whitespace().next() == Some("default");
    let mut after: String =
        before.lines().filter(|l| !is_default(l)).map(|l| format!("{l}\n")).collect();
    after.push_str(&format!("default {}\n", entry.id));
    Ok(How::LoaderConf { path, before, after })
}

/// Takes a demotion back. What somebody else has changed in the meantime is left as it is.
///
/// # Errors
/// A sentence, where that cannot be done.
pub fn undo(ground: &Ground, how: &How, menu: Menu) -> Result<(), String> {
    match how {
        How::GrubSnippet { path, folder_made, .. } => {
            ground.remove(path).map_err(|e| format!("/{path}: {e}"))?;
            if *folder_made {
                let _ = ground.remove_folder(DEFAULTS);
            }
            if menu == Menu::WriteNow { write_menu(ground) } else { Ok(()) }
        }
        How::GrubEnvironment { path, before, after } => {
            if variable(ground, path, SAVED).as_ref() != Some(after) {
                return Ok(());
            }
            set(ground, path, SAVED, before.as_deref()).map_err(|e| format!("/{path}: {e}"))
        }
        How::LoaderConf { path, before, after } => {
            if ground.text(path).as_ref() != Some(after) {
                return Ok(());
            }
            ground.write(path, before.as_bytes(), 0o644).map_err(|e| format!("/{path}: {e}"))
        }
        How::GrubOnce { path, entry } => {
            if variable(ground, path, NEXT).as_ref() != Some(entry) {
                return Ok(());
            }
            set(ground, path, NEXT, None).map_err(|e| format!("/{path}: {e}"))
        }
        How::Counted { path, counted } => {
            // The boot loader counts in the name: `+1`, then `+0-1`.
            let folder = counted.rsplit_once('/').map_or("", |(folder, _)| folder);
            let plain = path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name);
            let own = |n: &String| {
                let (id, tries) = boot_entry::counted(n);
                id == plain && tries.is_some()
            };
            match ground.files(folder).into_iter().find(own) {
                Some(now) => ground
                    .rename(&format!("{folder}/{now}"), path)
                    .map_err(|e| format!("/{path}: {e}")),
                None => Ok(()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(lines: &str) -> Vec<u8> {
        let mut block = format!("# GRUB Environment Block\n{lines}").into_bytes();
        block.resize(1024, b'#');
        block
    }

    #[test]
    fn the_saved_entry_is_set_and_taken_back_in_place() {
        let root = tempfile::tempdir().unwrap();
        let ground = Ground::open(Some(root.path())).unwrap();
        ground.make_folder("boot/grub").unwrap();
        for (before, was) in [("saved_entry=new\nother=1\n", Some("new")), ("other=1\n", None)] {
            ground.write("boot/grub/grubenv", &block(before), 0o644).unwrap();
            let inode = ground.stat("boot/grub/grubenv").unwrap().st_ino;
            let how = saved(&ground, "a>old").unwrap();
            apply(&ground, &how, Menu::WriteNow).unwrap();
            assert_eq!(variable(&ground, "boot/grub/grubenv", SAVED).as_deref(), Some("a>old"));
            assert_eq!(ground.stat("boot/grub/grubenv").unwrap().st_ino, inode);
            undo(&ground, &how, Menu::WriteNow).unwrap();
            assert_eq!(variable(&ground, "boot/grub/grubenv", SAVED).as_deref(), was);
            let bytes = ground.read("boot/grub/grubenv").unwrap().unwrap();
            assert_eq!(bytes.len(), 1024);
            assert!(environment::read(&bytes).unwrap().deviations.is_empty());
        }
    }

    #[test]
    fn what_somebody_else_chose_in_the_meantime_stays() {
        let root = tempfile::tempdir().unwrap();
        let ground = Ground::open(Some(root.path())).unwrap();
        ground.make_folder("boot/grub").unwrap();
        ground.write("boot/grub/grubenv", &block(""), 0o644).unwrap();
        let how = saved(&ground, "a>old").unwrap();
        apply(&ground, &how, Menu::WriteNow).unwrap();
        set(&ground, "boot/grub/grubenv", SAVED, Some("own")).unwrap();
        undo(&ground, &how, Menu::WriteNow).unwrap();
        assert_eq!(variable(&ground, "boot/grub/grubenv", SAVED).as_deref(), Some("own"));
    }

    #[test]
    fn the_entry_is_the_one_that_names_the_kernel() {
        let entry_of = |id: &str| Entry {
            loader: Loader::Grub,
            id: id.to_owned(),
            release: "6.1.0-50-amd64".to_owned(),
            file: "boot/grub/grub.cfg".to_owned(),
        };
        let all = [
            entry_of("gnulinux-simple-u"),
            entry_of("gnulinux-advanced-u>gnulinux-6.1.0-50-amd64-recovery-u"),
            entry_of("gnulinux-advanced-u>gnulinux-6.1.0-50-amd64-advanced-u"),
        ];
        let found = entry(&all, "6.1.0-50-amd64").unwrap();
        assert_eq!(found.id, "gnulinux-advanced-u>gnulinux-6.1.0-50-amd64-advanced-u");
        assert_eq!(entry(&all[..2], "6.1.0-50-amd64"), None);
    }
}
